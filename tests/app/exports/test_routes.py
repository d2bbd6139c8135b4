"""The page, the downloads, their traces, and who may do what."""

import csv
import hashlib
import io
import json
import re
import zipfile

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlmodel import select, update
from typer.testing import CliRunner

from app.cli import cli
from app.exports import writers
from app.exports.schemas import ExportKind
from app.files.archive import COMPANION_NAME
from app.files.choices import IncomingFile
from app.models import Action, AuditEvent, ExportRecord, LoincTerm, ValueSetKind
from app.platform.database import reading, transaction
from app.publication.statement import LICENCE_NAME, README_NAME, REPORT_NAME
from app.settings import Settings, get_settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import LOINC_3, SODIUM, Sample, add_sample, add_value_set
from tests.conftest import BIOLOGIST, NAMES, OUTSIDER, READER, TRANSCODER, ClientFor, World


def records(world: World) -> list[ExportRecord]:
    with reading(world.engine) as session:
        return list(session.exec(select(ExportRecord)))


@pytest.mark.parametrize("email", [TRANSCODER, BIOLOGIST, READER])
def test_members_read_the_page(decided: Sample, client_for: ClientFor, email: str) -> None:
    answer = client_for(email).get(f"/catalogues/{decided.catalogue_id}/exports")
    assert answer.status_code == 200
    assert "Ce qui sortira" in answer.text
    assert ("formaction" in answer.text) is (email != READER)
    assert "style=" not in answer.text
    assert records(decided.world) == []


def test_the_page_counts_and_names_the_rows(decided: Sample, client_for: ClientFor) -> None:
    decided.approve("TSH", "11580-8")
    client = client_for(TRANSCODER)
    address = f"/catalogues/{decided.catalogue_id}/exports"
    page = client.get(address).text
    assert "1 erreur bloquante pour le SGL" in page
    assert "Le code 11580-8 est absent de la version chargée (LOINC 2.80)." in page
    assert "Circuit de la biologie » n'est pas chargé" in page
    assert page.count("DOSAGE RARE") == 1
    sent_back = client.get(f"{address}?motif=sent_back").text
    assert "CREATININE" in sent_back
    assert "DOSAGE RARE" not in sent_back
    assert client.get(f"{address}?motif=bogus").status_code == 422


def test_the_page_counts_rows_and_leaves_the_rate_to_the_coverage(decided: Sample, client_for: ClientFor) -> None:
    page = client_for(READER).get(f"/catalogues/{decided.catalogue_id}/exports").text
    (table,) = re.findall(r'<table class="table levels".*?</table>', page, re.DOTALL)
    analyses = table.rpartition("<tr>")[2]
    assert re.findall(r"<td[^>]*>\s*([^<]*?)\s*<", analyses)[:2] == ["7", "2"]
    assert "%" not in table


def test_outsiders_and_strangers_see_nothing(decided: Sample, client_for: ClientFor, anonymous: TestClient) -> None:
    address = f"/catalogues/{decided.catalogue_id}/exports"
    for path in (address, f"{address}/rapport.csv"):
        assert client_for(OUTSIDER).get(path).status_code == 404
        assert anonymous.get(path).headers["location"].startswith("/connexion")
    assert client_for(OUTSIDER).post(f"{address}/loinc_6").status_code == 404
    assert client_for(READER).post(f"{address}/loinc_6").status_code == 403
    assert records(decided.world) == []


@pytest.mark.parametrize("kind", list(ExportKind))
def test_each_download_leaves_a_trace(decided: Sample, client_for: ClientFor, kind: ExportKind) -> None:
    client = client_for(BIOLOGIST)
    answer = client.post(f"/catalogues/{decided.catalogue_id}/exports/{kind}", data={"incomplet": "blank"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    (record,) = records(decided.world)
    assert record.kind == kind
    assert record.sha256 == hashlib.sha256(answer.content).hexdigest() == answer.headers["x-content-sha256"]
    assert record.size_bytes == len(answer.content)
    assert record.release_version == "2.80"
    assert record.created_by_id == decided.world.user_id(BIOLOGIST)
    with reading(decided.world.engine) as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "export.create")).one()
    assert event.object_id == str(record.id)
    assert event.details["sha256"] == record.sha256
    assert event.laboratory_id == decided.world.laboratory_id
    page = client.get(f"/catalogues/{decided.catalogue_id}/exports").text
    assert record.sha256 in page
    assert record.file_name in page


def test_counts_of_a_record(decided: Sample, client_for: ClientFor) -> None:
    client_for(TRANSCODER).post(f"/catalogues/{decided.catalogue_id}/exports/loinc_6")
    (record,) = records(decided.world)
    assert record.counts == {
        "rows": 7,
        "coded": 2,
        "blocking": 0,
        "warnings": 0,
        "notes": 0,
        "tests": 7,
        "tests_coded": 2,
        "without": {"decided": 1, "sent_back": 1, "doubt": 1, "out_of_scope": 1, "no_loinc": 1},
    }


def test_the_archive_holds_the_exact_file_the_notice_and_the_report(decided: Sample, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    address = f"/catalogues/{decided.catalogue_id}/exports/loinc_6"
    bare = client.post(address).content
    answer = client.post(f"{address}?emballage=zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in members if name.startswith("LOINC_6_transcodage_demandes_"))
    assert set(members) == {name, README_NAME, LICENCE_NAME, REPORT_NAME, COMPANION_NAME}
    assert members[name] == bare
    readme = members[README_NAME].decode("utf-8-sig")
    assert LOINC_NOTICE in readme
    assert "Version de LOINC : LOINC 2.80" in readme
    assert f"Approuvé par (lignes avec un code, chapitres compris) : {NAMES[BIOLOGIST]} (2)" in readme
    assert hashlib.sha256(bare).hexdigest() in readme
    assert "nom français officiel (Association de test)" in readme
    assert members[LICENCE_NAME].decode().strip() == LOINC_NOTICE


def test_the_report_lists_errors_then_rows_without_code(decided: Sample, client_for: ClientFor) -> None:
    add_value_set(decided.world, ValueSetKind.CIRCUIT_BIOLOGIE, {"14749-6": "Glucose"})
    decided.approve("TSH", "11580-8")
    answer = client_for(READER).get(f"/catalogues/{decided.catalogue_id}/exports/rapport.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[:3] for row in rows[1:5]] == [
        ["bloquante", "analyse", "TSH"],
        ["non bloquante", "analyse", "NA"],
        ["non bloquante", "chapitre", "BIO"],
        ["non bloquante", "examen", "GLY"],
    ]
    without = {row[2]: row[5] for row in rows if row[0] == "ligne sans code" and row[1] == "analyse"}
    assert without == {
        "K": "décidé, pas encore approuvé",
        "CREA": "renvoyé par le biologiste",
        "TSH": "code approuvé que le SGL refuserait",
        "COM": "hors périmètre (approuvé) : commentaire",
        "RARE": "aucun code LOINC n'existe (approuvé) : aucun terme",
    }


def test_a_refused_export_leaves_nothing(decided: Sample, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    address = f"/catalogues/{decided.catalogue_id}/exports/loinc_6"
    answer = client.post(address, data={"incomplet": "refuse"})
    assert answer.status_code == 409
    assert "Export refusé, comme demandé" in answer.text
    assert "Ce qui sortira" in answer.text
    for_programs = client.post(address, data={"incomplet": "refuse"}, headers={"Accept": "application/json"})
    assert for_programs.json()["detail"].startswith("Export refusé")
    assert records(decided.world) == []
    assert client.post(f"{address.removesuffix('6')}9").status_code == 404


def test_labels_that_the_encoding_lacks_are_announced(world: World, client_for: ClientFor) -> None:
    content = LOINC_3.encode("cp1252")
    sample = add_sample(world, [IncomingFile("LOINC_3_export_resultats_20261101.csv", content)])
    add_value_set(world, ValueSetKind.CIRCUIT_BIOLOGIE, {SODIUM: "Sodium ≥ α"})
    sample.approve("NA", SODIUM)
    client = client_for(TRANSCODER)
    address = f"/catalogues/{sample.catalogue_id}/exports?verifier=loinc_6"
    assert f"{address}#fichiers" in client.get(f"/catalogues/{sample.catalogue_id}/exports").text
    page = client.get(address).text
    assert "ligne 2, « Sodium ≥ α » écrit « Sodium &gt;= alpha »" in page
    file = client.post(f"/catalogues/{sample.catalogue_id}/exports/loinc_6")
    assert f";{SODIUM};Sodium >= alpha\r\n" in file.content.decode("cp1252")
    assert file.headers["content-type"] == "text/csv; charset=windows-1252"


def test_the_files_of_a_large_catalogue_are_not_made_for_nothing_inside_a_page(
    decided: Sample, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(TRANSCODER)
    address = f"/catalogues/{decided.catalogue_id}/exports"
    assert "verifier=loinc_6" in client.get(address).text
    application = client.app
    large = application.state.settings.model_copy(update={"prepared_above_rows": 0})  # type: ignore[attr-defined]
    monkeypatch.setattr(application.state, "settings", large)  # type: ignore[attr-defined]
    made: list[object] = []
    monkeypatch.setattr(writers, "completed", lambda *given: made.append(given))
    page = client.get(f"{address}?verifier=loinc_6")
    assert page.status_code == 200
    assert "verifier=" not in page.text
    assert made == []


def test_the_decision_workbook_can_be_read_by_a_person(decided: Sample, client_for: ClientFor) -> None:
    decided.act(decided.test_id("TSH"), Action.COMMENT, comment="+33 à rappeler")
    answer = client_for(TRANSCODER).post(f"/catalogues/{decided.catalogue_id}/exports/xlsx")
    workbook = load_workbook(io.BytesIO(answer.content))
    assert workbook.sheetnames == ["À lire", "Décisions", "Erreurs attendues"]
    about = {row[0].value: row[1].value for row in workbook["À lire"].iter_rows(min_row=3)}
    assert about["Notice LOINC"] == LOINC_NOTICE
    assert about["Version de LOINC"] == "LOINC 2.80"
    sheet = workbook["Décisions"]
    headings = [cell.value for cell in sheet[1]]
    rows = {
        (row[0].value, row[1].value): dict(zip(headings, (cell.value for cell in row), strict=True))
        for row in sheet.iter_rows(min_row=2)
    }
    assert len(rows) == 7 + 2 + 3 + 2  # the sub-chapter AUT exists twice
    sodium, potassium = rows["analyse", "NA"], rows["analyse", "K"]
    assert sodium["Code LOINC approuvé"] == SODIUM
    assert sodium["Approuvé par"] == NAMES[BIOLOGIST]
    assert potassium["Code LOINC approuvé"] is None
    assert potassium["Code décidé, non approuvé"] == "2823-3"
    # Excel shows the text as it was written: the cell is a text, not a formula.
    assert rows["analyse", "TSH"]["Commentaire"] == "deux unités ? +33 à rappeler"


def test_a_third_party_notice_travels_with_its_term(decided: Sample, client_for: ClientFor) -> None:
    with transaction(decided.world.engine) as session:
        session.execute(
            update(LoincTerm)
            .where(LoincTerm.loinc_num == SODIUM)  # type: ignore[arg-type]
            .values(external_copyright_notice="© Tiers")
        )
    answer = client_for(TRANSCODER).post(f"/catalogues/{decided.catalogue_id}/exports/concept_map")
    assert json.loads(answer.content)["copyright"] == f"{LOINC_NOTICE}\n© Tiers"


def test_an_empty_catalogue_says_so(world: World, client_for: ClientFor) -> None:
    catalogue = world.add_catalogue()
    client = client_for(TRANSCODER)
    page = client.get(f"/catalogues/{catalogue.id}/exports")
    assert page.status_code == 200
    assert "ne contient encore aucune ligne" in page.text
    assert "Toutes les lignes ont un code approuvé" not in page.text, "an import may still wait for its turn"
    assert "rien ne peut sortir" in page.text
    assert client.post(f"/catalogues/{catalogue.id}/exports/xlsx").status_code == 409


def test_command_line(decided: Sample, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr("app.exports.cli.open_ready", lambda _settings: decided.world.engine)
    get_settings.cache_clear()
    output = settings.data_dir / "sortie.csv"
    command = ["export", "--catalogue", str(decided.catalogue_id), "--format", "loinc_6", "-o", str(output)]
    try:
        done = CliRunner().invoke(cli, command)
        refused = CliRunner().invoke(cli, [*command, "--refuse-incomplete"])
        unknown = CliRunner().invoke(cli, ["export", "--catalogue", "99", *command[3:]])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 0
    assert f"NA;SODIUM;natrémie;;U1;mmol/L;PT;SE;Sérum;QN;;1609;{SODIUM};" in output.read_text(encoding="utf-8")
    assert re.search(r"2 lignes codées sur 7", done.output)
    (record,) = records(decided.world)
    assert record.created_by_id is None
    assert record.sha256 in done.output
    assert refused.exit_code != 0
    assert unknown.exit_code != 0
