"""The laboratory chooses how its FHIR resources are named; the administrator notes it on its page."""

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from app.cli import cli
from app.models import AuditEvent, FhirNaming, Laboratory
from app.platform.database import reading
from app.settings import Settings, get_settings
from tests.app.exports.sample import Sample
from tests.conftest import ADMINISTRATOR, ClientFor, World

FORM = {"nom": "Laboratoire du Parc", "finess": "750000001", "sgl": "", "adresse_fhir": ""}


def naming(world: World) -> str:
    with reading(world.engine) as session:
        laboratory = session.get(Laboratory, world.laboratory_id)
        assert laboratory is not None
        return laboratory.fhir_naming


def test_the_choice_is_kept_and_audited(world: World, client_for: ClientFor) -> None:
    client = client_for(ADMINISTRATOR)
    page = f"/administration/laboratoires/{world.laboratory_id}"
    assert naming(world) == FhirNaming.LABORATORY
    assert client.post(page, data=FORM | {"noms_fhir": "ans"}).status_code == 303
    assert naming(world) == FhirNaming.ANS
    # A form that does not speak of it changes nothing.
    assert client.post(page, data=FORM | {"sgl": "Autre"}).status_code == 303
    assert naming(world) == FhirNaming.ANS
    with reading(world.engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "laboratory.change")).all()
    assert events[0].details["after"]["fhir_naming"] == "ans"
    shown = client.get(page).text
    assert '<option value="ans" selected>' in shown


@pytest.mark.parametrize("change", [{"noms_fhir": "ans", "finess": ""}, {"noms_fhir": "autre"}])
def test_names_that_cannot_be_are_refused(world: World, client_for: ClientFor, change: dict[str, str]) -> None:
    answer = client_for(ADMINISTRATOR).post(f"/administration/laboratoires/{world.laboratory_id}", data=FORM | change)
    assert answer.status_code == 422
    assert naming(world) == FhirNaming.LABORATORY


def test_the_command_line_writes_xml(narrow: Sample, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr("app.exports.cli.open_ready", lambda _settings: narrow.world.engine)
    get_settings.cache_clear()
    output = settings.data_dir / "carte.xml"
    command = ["export", "--catalogue", str(narrow.catalogue_id), "--format", "concept_map_r5", "--syntaxe", "xml"]
    try:
        done = CliRunner().invoke(cli, [*command, "-o", str(output)])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 0
    assert '<relationship value="source-is-narrower-than-target"/>' in output.read_text(encoding="utf-8")
