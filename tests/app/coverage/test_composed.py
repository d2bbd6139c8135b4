"""Definitions composed by an administrator: facts, shown beside the default with what each lacks."""

from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from app.administration.definitions import VOCABULARY
from app.coverage.composed import all_composed
from app.coverage.definitions import Definition
from app.coverage.wording import name_of, sentence_of
from app.models import AuditEvent, CoverageDefinition
from app.platform.database import reading, transaction
from tests.app.coverage.sample import Sample, make_sample
from tests.conftest import ADMINISTRATOR, BIOLOGIST, READER, ClientFor, World

PAGE = "/administration/couverture"


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    return make_sample(engine, world)


def compose(client_for: ClientFor, name: str, **choices: str) -> Any:
    return client_for(ADMINISTRATOR).post(PAGE, data={"nom": name, **choices}, follow_redirects=False)


def test_a_composed_definition_stands_beside_the_default_everywhere(sample: Sample, client_for: ClientFor) -> None:
    assert compose(client_for, "Sans code exclues", sans_code="oui").status_code == 303
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    page = unescape(client_for(READER).get(address).text)
    assert "Sans code exclues" in page
    assert "Les lignes approuvées «\u202faucun code LOINC\u202f» sortent du dénominateur." in page
    assert page.index("Analyses") < page.index("Sans code exclues")
    figures = client_for(READER).get(f"{address}/rapport.json").json()["figures"]
    assert figures[0]["composed"] is None
    assert (figures[0]["numerator"], figures[0]["denominator"]) == (4, 8)
    composed = figures[-1]
    assert (composed["title"], composed["numerator"], composed["denominator"]) == ("Sans code exclues", 4, 7)
    assert composed["rows_missing"] == 2
    assert not composed["is_indicative"]
    assert composed["choices"]["no_code_leaves"] is True


def test_the_page_counts_composed_definitions_as_the_files_do(sample: Sample, client_for: ClientFor) -> None:
    compose(client_for, "Arrêtées comprises", arret="oui")
    compose(client_for, "Volume décidé", poids="volume", statuts="decided")
    compose(client_for, "Circuit exigé", circuit="oui")
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    page = unescape(client_for(READER).get(address).text)
    for figure in client_for(READER).get(f"{address}/rapport.json").json()["figures"][-3:]:
        row = page.split(figure["title"], 1)[1].split("</tr>", 1)[0]
        assert f'<td class="num">{figure["numerator"]}</td>' in row
        assert f'<td class="num">{figure["denominator"]}</td>' in row.replace("\u202f", "")[:10_000] or "\u202f" in row
    assert "aucune n'est chargée" in page
    assert "n'appuie aucune demande" in page


def test_who_composed_and_withdrew_is_in_the_audit_and_nothing_is_rewritten(
    sample: Sample, client_for: ClientFor, engine: Engine
) -> None:
    compose(client_for, "Sans code exclues", sans_code="oui")
    with reading(engine) as session:
        (item,) = all_composed(session)
    client_for(ADMINISTRATOR).post(f"{PAGE}/{item.id}/retirer")
    with reading(engine) as session:
        actions = session.exec(select(AuditEvent.action).where(AuditEvent.object_type == "coverage_definition")).all()
        (item,) = all_composed(session)
    assert actions == ["coverage.compose", "coverage.withdraw"]
    assert item.withdrawn_at is not None
    page = unescape(client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture").text)
    assert "Sans code exclues" not in page
    assert "Sans code exclues" in unescape(client_for(ADMINISTRATOR).get(PAGE).text)
    with pytest.raises(DatabaseError, match="append-only"), transaction(engine) as session:
        session.get_one(CoverageDefinition, item.id).title = "autre"


def test_what_is_not_in_the_vocabulary_is_refused(sample: Sample, client_for: ClientFor) -> None:
    assert compose(client_for, "Autre", unite="patients").status_code == 422
    assert compose(client_for, "x", sans_code="oui").status_code == 422
    assert compose(client_for, "Comme la première").status_code == 409
    assert compose(client_for, "Sans code", sans_code="oui").status_code == 303
    assert compose(client_for, "sans CODE", arret="oui").status_code == 409
    assert compose(client_for, "Autre nom", sans_code="oui").status_code == 409
    assert client_for(ADMINISTRATOR).post(f"{PAGE}/999/retirer").status_code == 404
    for person in (BIOLOGIST, READER):
        assert client_for(person).get(PAGE).status_code == 403
        assert client_for(person).post(PAGE, data={"nom": "Autre", "sans_code": "oui"}).status_code == 403


def test_no_more_than_a_dozen_are_in_service(sample: Sample, client_for: ClientFor) -> None:
    sides = [(version, retires, arret) for version in ("in_service", "of_decision")
             for retires in ("until_grace", "never", "always") for arret in ("non", "oui")]  # fmt: skip
    answers = [
        compose(client_for, f"Définition {number}", version=version, retires=retires, arret=arret, circuit="oui")
        for number, (version, retires, arret) in enumerate(sides)
    ]
    assert {answer.status_code for answer in answers} == {303}
    assert compose(client_for, "Une de trop", sans_code="oui").status_code == 409


def test_every_choice_has_its_french() -> None:
    default = sentence_of(Definition())
    assert default == (
        "Nombre d'analyses approuvées avec un code LOINC, divisé par toutes les analyses du périmètre, sous-traitées "
        "comprises."
    )
    assert name_of(Definition(title="La nôtre")) == "La nôtre"
    assert len({choice.name for choice in VOCABULARY}) == len(VOCABULARY) == 10


@pytest.mark.parametrize(
    "title",
    ["Analyses", "ANALYSES", "Ａnalyses", "Analyses, sous-traitées comprises", "examens  (code propre)",
     "Analyses pondérées par le volume"],
)  # fmt: skip
def test_no_composed_figure_takes_the_name_of_ours(sample: Sample, client_for: ClientFor, title: str) -> None:
    answer = compose(client_for, title, statuts="decided")
    assert answer.status_code == 409
    assert "sur chaque document" in unescape(answer.text)


@pytest.mark.parametrize("title", ["Taux certifié", "Couverture RÉFÉRENCÉE", "Taux officiel"])
def test_no_composed_figure_says_what_nobody_granted(sample: Sample, client_for: ClientFor, title: str) -> None:
    assert compose(client_for, title, sans_code="oui").status_code == 422
