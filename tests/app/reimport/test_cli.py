"""The command `transcodeur import`."""

import zipfile
from pathlib import Path

import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner

from app.errors import ImportRefusedError, InvalidInputError, NotFoundError
from app.models import (
    Catalogue,
    Decision,
    EarlierStatement,
    Job,
    LocalTest,
    MemoryEntry,
    Proposal,
    SourceFile,
)
from app.patient_guard.refusal import PatientDataError
from app.platform.database import reading, transaction
from app.proposals.jobs import run_proposals
from app.reimport import cli as catalogues_cli
from app.reimport.cli import register
from app.settings import Settings
from tests.app.catalogues.conftest import csv_bytes, loinc_2, loinc_3, side_file
from tests.app.catalogues.test_patient_refusals import ARTICLE, ARTICLES, HELD, NUMBER, events
from tests.app.files.workbooks import xlsx
from tests.app.review.sample import add_release
from tests.conftest import TRANSCODER, World


@pytest.fixture
def command(world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command on the database of the test; the jobs it asks for stay in the queue."""
    queued = settings.model_copy(update={"jobs_immediate": False})
    monkeypatch.setattr(catalogues_cli, "get_settings", lambda: queued)
    monkeypatch.setattr(catalogues_cli, "open_ready", lambda _settings: world.engine)
    monkeypatch.chdir(tmp_path)
    for file in (loinc_2(), loinc_3(), side_file()):
        Path(file.name).write_bytes(file.content)
    application = typer.Typer()
    application.callback()(lambda: None)
    register(application)
    return application


def run(command: typer.Typer, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, ["import", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


LABORATORY = ("--laboratoire", "Laboratoire du Parc", "--catalogue", "Général")


def test_import(command: typer.Typer, world: World) -> None:
    code, output = run(
        command, "LOINC_2_export_20261101.csv", "LOINC_3_export_20261101.csv", *LABORATORY,
        "--annexes", "donnees_annexes.csv",
    )  # fmt: skip
    assert (code, output) == (0, "Import terminé : 3 analyses, 2 examens. Catalogue n° 1 « Général ».\n")
    with reading(world.engine) as session:
        assert session.exec(select(Catalogue.name)).all() == ["Général"]
        assert {test.annual_volume for test in session.exec(select(LocalTest))} == {None, 15587}
        assert session.exec(select(Job.kind)).all() == ["proposals"]


def test_files_are_added_to_the_catalogue_of_that_name(command: typer.Typer, world: World) -> None:
    run(command, "LOINC_2_export_20261101.csv", *LABORATORY)
    assert run(command, "LOINC_3_export_20261101.csv", *LABORATORY)[0] == 0
    code, output = run(command, "LOINC_3_export_20261101.csv", *LABORATORY)
    assert code == 0
    assert "Le catalogue « Général » contient déjà un tel export." in output
    assert "- inchangées : 3" in output


def test_a_newer_export_is_counted_then_confirmed(command: typer.Typer, world: World) -> None:
    run(command, "LOINC_3_export_20261101.csv", *LABORATORY)
    rows = [("Code analyse", "Libellé analyse"), ("NA", "Sodium"), ("CL", "Chlorure")]
    Path("LOINC_3_newer.csv").write_bytes(csv_bytes(rows))
    code, output = run(command, "LOINC_3_newer.csv", *LABORATORY)
    assert code == 3
    assert "- ajoutées : 1\n" in output
    assert "- retirées : 2\n" in output
    with pytest.raises(InvalidInputError, match="donnez son adresse avec --par"):
        run(command, "LOINC_3_newer.csv", *LABORATORY, "--confirmer")
    code, output = run(command, "LOINC_3_newer.csv", *LABORATORY, "--confirmer", "--par", TRANSCODER)
    assert (code, "Mise à jour terminée : 1 ligne ajoutée, 2 retirées, 1 inchangée." in output) == (0, True)
    with reading(world.engine) as session:
        retired = session.exec(select(LocalTest.code).where(LocalTest.retired_at.is_not(None))).all()
        assert sorted(retired) == ["K", "VS"]


def test_files_may_come_in_an_archive(command: typer.Typer, world: World) -> None:
    with zipfile.ZipFile("export.zip", "w") as archive:
        archive.write("LOINC_2_export_20261101.csv", "dossier/LOINC_2_export_20261101.csv")
        archive.write("LOINC_3_export_20261101.csv")
    assert run(command, "export.zip", *LABORATORY)[1].startswith("Import terminé : 3 analyses, 2 examens.")


def test_an_encoding_may_be_imposed(command: typer.Typer, world: World) -> None:
    Path("mac.csv").write_bytes("Code;Libellé\rNA;Protéine\r".encode("mac-roman"))
    assert run(command, "mac.csv", *LABORATORY, "--encodage", "mac-roman")[0] == 0
    with reading(world.engine) as session:
        assert session.exec(select(LocalTest.label)).all() == ["Protéine"]
    assert run(command, "mac.csv", *LABORATORY, "--encodage", "ebcdic")[0] == 2


def test_codes_in_double_are_said_for_on_the_command_line(command: typer.Typer, world: World) -> None:
    Path("double.csv").write_bytes("Code;Libellé;Technique\nNA;Sodium;ISE\nNA;Sodium;Autre\nK;Potassium;ISE\n".encode())
    with pytest.raises(ImportRefusedError, match=r"--doublons : garder, premiere, ecarter"):
        run(command, "double.csv", *LABORATORY)
    done = run(command, "double.csv", *LABORATORY, "--doublons", "ecarter")
    assert done[0] == 0
    assert "2 lignes sont laissées de côté" in done[1]
    with reading(world.engine) as session:
        assert session.exec(select(LocalTest.code)).all() == ["K"]


def test_codes_of_several_units_are_said_on_the_command_line(command: typer.Typer, world: World) -> None:
    Path("libre.csv").write_bytes("Code;Libellé;Unité\nNA;Sodium;mmol/L\nNA;Sodium;g/L\nK;Potassium;mmol/L\n".encode())
    done = run(command, "libre.csv", *LABORATORY)
    assert done[0] == 0
    assert "« NA », lignes 2, 3" in done[1]
    assert "que si leurs réponses approuvées sont les mêmes" in done[1]
    other = ("--laboratoire", LABORATORY[1], "--catalogue", "Autre")
    done = run(command, "libre.csv", *other, "--codes-partages", "premiere")
    assert "la première est gardée, 1 ligne est laissée de côté" in done[1]
    with reading(world.engine) as session:
        assert sorted(session.exec(select(LocalTest.unit))) == ["g/L", "mmol/L", "mmol/L", "mmol/L", "mmol/L"]


def test_an_unknown_laboratory_is_told(command: typer.Typer) -> None:
    with pytest.raises(NotFoundError, match="Aucun laboratoire ne s'appelle « Ailleurs »"):
        run(command, "LOINC_3_export_20261101.csv", "--laboratoire", "Ailleurs", "--catalogue", "X")


def test_a_catalogue_may_come_from_the_standard_input(command: typer.Typer, world: World) -> None:
    def piped(content: bytes, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, ["import", "-", *LABORATORY, *arguments], input=content)
        return result.exit_code, result.output

    content = Path("LOINC_3_export_20261101.csv").read_bytes()
    named = piped(content, "--nom", "LOINC_3_labo.csv")
    assert named == (0, "Import terminé : 3 analyses. Catalogue n° 1 « Général ».\n")
    with reading(world.engine) as session:
        file = session.exec(select(SourceFile)).one()
    assert (file.file_name, file.content) == ("LOINC_3_labo.csv", content)
    code, output = piped(content)
    assert (code, "- inchangées : 3" in output) == (0, True)


def test_an_archive_may_come_from_the_standard_input(command: typer.Typer, world: World) -> None:
    with zipfile.ZipFile("export.zip", "w") as archive:
        archive.write("LOINC_2_export_20261101.csv")
        archive.write("LOINC_3_export_20261101.csv")
    result = CliRunner().invoke(command, ["import", "-", *LABORATORY], input=Path("export.zip").read_bytes())
    assert result.output.startswith("Import terminé : 3 analyses, 2 examens.")


def test_the_sheet_to_read_may_be_named(command: typer.Typer) -> None:
    content = xlsx({"2025": [["Code", "Libellé"], ["NA", "Sodium"]], "2026": [["Code", "Libellé"], ["K", "Potassium"]]})
    Path("deux.xlsx").write_bytes(content)
    with pytest.raises(InvalidInputError, match="pas de feuille « 2027 » ; feuilles du classeur : « 2025 », « 2026 »"):
        run(command, "deux.xlsx", *LABORATORY, "--feuille", "2027")
    code, told = run(command, "deux.xlsx", *LABORATORY, "--feuille", "2026")
    assert code == 0
    assert "la feuille « 2026 » est lue ; « 2025 » (2 lignes) n'est pas lue" in told


def test_numbers_that_may_be_articles_are_asked_and_answered_with_a_reason(command: typer.Typer, world: World) -> None:
    Path("articles.csv").write_bytes(ARTICLES)
    for wrong in ((), ("--codes-articles", "")):
        with pytest.raises(PatientDataError, match=r'--codes-articles "MOTIF"'):
            run(command, "articles.csv", *LABORATORY, *wrong)
    with pytest.raises(InvalidInputError, match="codes d'articles"):
        run(command, "articles.csv", *LABORATORY, "--codes-articles", "  ")
    with pytest.raises(InvalidInputError, match="sécurité sociale"):
        run(command, "articles.csv", *LABORATORY, "--codes-articles", f"vu {NUMBER}")
    with reading(world.engine) as session:
        assert session.exec(select(LocalTest)).all() == []
    assert events(world, "patient_data.answer") == []
    assert run(command, "articles.csv", *LABORATORY, "--codes-articles", "EAN du  fournisseur")[0] == 0
    (event,) = events(world, "patient_data.answer")
    assert event.details["kinds"] == ["article"]
    assert event.details["reason"] == "EAN du fournisseur"
    assert event.laboratory_id == world.laboratory_id
    assert event.details["catalogue_id"]


def test_a_reason_lets_no_number_with_its_key_pass(command: typer.Typer, world: World) -> None:
    Path("patients.csv").write_bytes(HELD)
    with pytest.raises(PatientDataError) as caught:
        run(command, "patients.csv", *LABORATORY, "--codes-articles", "Ce sont des articles")
    assert "--codes-articles" not in str(caught.value)
    assert events(world, "patient_data.answer") == []


def test_an_update_journals_the_reason_once_it_is_confirmed(command: typer.Typer, world: World) -> None:
    run(command, "LOINC_3_export_20261101.csv", *LABORATORY)
    rows = [("Code analyse", "Libellé analyse", "Article"), ("NA", "Sodium", ARTICLE), ("CL", "Chlorure", "")]
    Path("LOINC_3_newer.csv").write_bytes(csv_bytes(rows))
    answered = ("LOINC_3_newer.csv", *LABORATORY, "--codes-articles", "EAN du fournisseur")
    assert run(command, *answered)[0] == 3
    assert events(world, "patient_data.answer") == []
    assert run(command, *answered, "--confirmer", "--par", TRANSCODER)[0] == 0
    (event,) = events(world, "patient_data.answer")
    assert event.actor_id == world.user_id(TRANSCODER)


def test_codes_of_a_file_that_no_release_holds_or_of_a_wrong_form_decide_nothing(
    command: typer.Typer, world: World, settings: Settings
) -> None:
    """They come in as earlier work, each with what is wrong of it, and no row has a code."""
    with transaction(world.engine) as session:
        add_release(session)
    rows = [
        ("Code", "Libellé", "Unité", "Milieu", "Code LOINC"),
        ("NA", "Sodium", "mmol/L", "Sérum", "2160-0"),
        ("NAX", "Sodium bis", "mmol/L", "Sérum", "2951-3"),
    ]
    Path("codes.csv").write_bytes(csv_bytes(rows))
    assert run(command, "codes.csv", *LABORATORY)[0] == 0
    with reading(world.engine) as session:
        catalogue_id = session.exec(select(Catalogue.id)).one()
    run_proposals(world.engine, settings, catalogue_id or 0)
    with reading(world.engine) as session:
        said = {item.local_code: (item.finding, item.verdict) for item in session.exec(select(EarlierStatement))}
        assert said == {"NA": ("code", "absent"), "NAX": ("bad_digit", "unreadable")}
        assert session.exec(select(Decision)).all() == []
        assert session.exec(select(MemoryEntry)).all() == []
        assert not {"2160-0", "2951-3"} & set(session.exec(select(Proposal.loinc_num)))
