"""Everything that a row says reaches the matcher, and the same from the application as from the command line."""

import pytest
from sqlmodel import select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import Level, LocalTest, LoincRelease, Proposal, ProposalRun
from app.platform.database import reading, transaction
from app.proposals import jobs, repository, rows
from app.proposals.files import read_local_tests, width_of
from app.proposals.jobs import run_proposals
from app.proposals.knowledge import knowledge_for
from app.settings import Settings
from matcher import LocalTest as MatcherTest
from tests.app.files.workbooks import xlsx
from tests.app.proposals.test_exams import Listening, add
from tests.bench.bench_growth import counting
from tests.conftest import World
from tests.rewriting import allow_rewriting

EVERY_COLUMN = (
    "Code;Libellé;Synonyme;Grandeur;Code unité;Unité;Temporalité;Code milieu;Milieu;Échelle;Technique;Codes NABM;"
    "Code chapitre;Chapitre;Valeurs usuelles;Exemples de résultats;Examen\n"
    "NA;Sodium;Natrémie;Concentration;MMOLL;mmol/L;PT;SG;Sérum;QN;ISE;1610;BIO;Biochimie;135 à 145;138;Ionogramme\n"
    "HBS;Ag HBs;;;;;;;Sérum;;;;SER;Sérologie;Négatif;Négatif ou Positif;\n"
)
IN_ENGLISH = (
    "code;label;fluid;units;method;scale;category;resultats;panel\n"
    "NA;Sodium;Serum;mmol/L;ISE;QN;Biochimie;138;Ionogramme\nK;Potassium;;;;;;;\n"
)
UNITS_IN_RANGES = (
    "code;libelle;valeurs de reference\nNA;Sodium;135 à 145 mmol/L\nK;Potassium (mmol/L);\nASAT;ASAT;< 40 UI/L\n"
)
CODES_ALONE = "code;libelle;code unite;code milieu;code famille\nNA;Sodium;mmol/L;SG;Biochimie\n"
CUT = "code;libelle;resultat\n" + "".join(f"A{n};Recherche d'anticorps ant{n};Positif\n" for n in range(6))
OF_THE_REQUIREMENT = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;Temporalité PT/24H;"
    "Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN;"
)
NATREMIA = "NA;Sodium;Na;Concentration;MMOLL;mmol/L;PT;SG;Sérum;QN;ISE;1610;"
LOINC_3 = OF_THE_REQUIREMENT + f"Normes;Résultats possibles\n{NATREMIA}135 - 145 mmol/L;138 ou 142\n"
LOINC_6 = OF_THE_REQUIREMENT + f"Code LOINC;Exemple de résultat\n{NATREMIA}2951-2;138\n"
FILES = {
    "every column": ("catalogue.csv", EVERY_COLUMN.encode()),
    "a workbook": (
        "catalogue.xlsx", xlsx({"Catalogue": [line.split(";")[:16] for line in EVERY_COLUMN.splitlines()[:2]]}),
    ),
    "headings in English": ("catalogue.csv", IN_ENGLISH.encode()),
    "units in ranges and labels": ("catalogue.csv", UNITS_IN_RANGES.encode()),
    "codes without labels": ("catalogue.csv", CODES_ALONE.encode()),
    "labels that are cut": ("catalogue.csv", CUT.encode()),
    "LOINC_3 with more columns": ("LOINC_3_export_resultats_20261101.csv", LOINC_3.encode()),
    "LOINC_6 with more columns": ("LOINC_6_export_resultats_20261101.csv", LOINC_6.encode()),
}  # fmt: skip


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch, world: World) -> Listening:
    listening = Listening()
    monkeypatch.setattr(rows, "engine_of_release", lambda *_: listening)
    monkeypatch.setattr(jobs, "engine_of_release", lambda *_: listening)
    with transaction(world.engine) as session:
        session.add(LoincRelease(version="2.80", kind="official", is_current=True, status="ready"))
    return listening


def imported(world: World, name: str, content: bytes) -> int:
    with transaction(world.engine) as session:
        report = import_files(session, world.laboratory_id, [IncomingFile(name, content)], catalogue_name="Essai")
        return report.catalogue_id


@pytest.mark.parametrize("file", FILES)
def test_the_application_and_the_command_line_ask_the_same(
    world: World, settings: Settings, matcher: Listening, file: str
) -> None:
    name, content = FILES[file]
    told, _notes = read_local_tests(name, content)
    run_proposals(world.engine, settings, imported(world, name, content))
    assert [matcher.asked[test.code] for test in told] == told
    assert len(matcher.asked) == len(told)
    assert matcher.knowledge is not None
    assert matcher.knowledge.label_width == width_of(told)
    assert (width_of(told) > 0) is (file == "labels that are cut")


def test_every_column_is_read() -> None:
    told, _notes = read_local_tests(*FILES["every column"])
    assert told[0] == MatcherTest(
        code="NA", label="Sodium", synonym="Natrémie", specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN",
        timing="PT", property_kind="Concentration", nabm="1610", chapter="Biochimie", exam="Ionogramme",
        reference_range="135 à 145", results="138",
    )  # fmt: skip
    assert (told[1].reference_range, told[1].results, told[1].exam) == ("Négatif", "Négatif ou Positif", "")
    for file in ("LOINC_3 with more columns", "LOINC_6 with more columns"):
        beside = read_local_tests(*FILES[file])[0][0]
        assert (beside.technique, beside.results[:3]) == ("ISE", "138")


def test_rows_of_one_analysis_say_its_results_and_exams_together(world: World) -> None:
    content = (
        "code;libelle;examen;resultat\nHBS;Ag HBs;Hépatite B;Négatif\nHBS;Ag HBs;Bilan;Positif\n"
        "HBS;Ag HBs;Bilan;Négatif\nNA;Sodium;Ionogramme;138\n"
    )
    catalogue = imported(world, "catalogue.csv", content.encode())
    with reading(world.engine) as session:
        tests = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue)).all()
    assert sorted((test.code, test.results, test.exam) for test in tests) == [
        ("HBS", "Négatif ; Positif", "Hépatite B / Bilan"), ("NA", "138", "Ionogramme"),
    ]  # fmt: skip


def test_a_catalogue_of_exams_is_not_taken_for_one_of_analyses(world: World) -> None:
    catalogue = imported(world, "catalogue.csv", b"code;examen;libelle examen\nNA;iono;Ionogramme\n")
    with reading(world.engine) as session:
        test = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue)).one()
    assert (test.label, test.exam) == ("Ionogramme", "")


def test_weighing_one_code_knows_the_width_that_the_search_found(
    world: World, settings: Settings, matcher: Listening
) -> None:
    catalogue = imported(world, *FILES["labels that are cut"])
    run_proposals(world.engine, settings, catalogue)
    rows_asked = [matcher.asked["A0"]]
    with reading(world.engine) as session:
        assert knowledge_for(session, catalogue, rows_asked).label_width == len(matcher.asked["A0"].label) > 0
        run = repository.current_run(session, catalogue)
        assert run is not None
        assert run.label_width == len(matcher.asked["A0"].label)
    # What the search kept is what counts, until the next one: the catalogue is not counted again for a page.
    add(world, catalogue, Level.ANALYSIS, "LONG", "Recherche d'anticorps anti-cytoplasme des polynucléaires")
    with reading(world.engine) as session, counting(world.engine) as statements:
        assert knowledge_for(session, catalogue, rows_asked).label_width > 0
    assert not any("length(" in statement.lower() for statement in statements)


def test_a_search_from_before_widths_were_kept_counts_them(
    world: World, settings: Settings, matcher: Listening
) -> None:
    catalogue = imported(world, *FILES["labels that are cut"])
    run_id = run_proposals(world.engine, settings, catalogue)
    with transaction(world.engine) as session:
        allow_rewriting(session.connection(), "proposal_run")
        run = session.get_one(ProposalRun, run_id)
        run.label_width = None
        session.add(run)
        assert session.exec(select(Proposal).where(Proposal.run_id == run_id)).first() is not None
    with reading(world.engine) as session:
        assert knowledge_for(session, catalogue, [matcher.asked["A0"]]).label_width == len(matcher.asked["A0"].label)
