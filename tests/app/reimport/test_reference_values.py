"""Reference values, results and exams in newer exports: followed, told, and a reason to decide again only where they
alone say the unit or the nature of the test."""

import pytest
from sqlmodel import select, update

from app.models import CatalogueChange, ChangeKind, LocalTest, Status
from app.platform.database import reading, transaction
from app.reimport.difference import UNCHANGED
from app.reimport.difference_view import completed_sentences
from tests.app.catalogues.conftest import Importer, free_file
from tests.app.reimport.updates import compared, decide, state_of
from tests.app.reimport.updates import update as update_with

HEADINGS = "code;libelle;unite;valeurs de reference;resultat;examen\n"
FIRST = HEADINGS + "NA;Sodium;mmol/L;135 - 145;138;Ionogramme\nK;Potassium;mmol/L;3,5 - 5;;\n"


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("reference_range", "NA;Sodium;mmol/L;136 - 145;138;Ionogramme\n"),
        ("results", "NA;Sodium;mmol/L;135 - 145;Hémolysé;Ionogramme\n"),
        ("exam", "NA;Sodium;mmol/L;135 - 145;138;Bilan rénal\n"),
    ],
)
def test_a_change_is_kept_and_leaves_the_decision(importer: Importer, field: str, row: str) -> None:
    catalogue = importer(free_file(FIRST)).catalogue_id
    sodium = importer.test(catalogue, "NA")
    decide(importer, sodium)
    newer = free_file(HEADINGS + row + "K;Potassium;mmol/L;3,5 - 5;;\n")
    difference = compared(importer, catalogue, newer)
    assert [test.code for test in difference.tests if test.needs_proposals] == ["NA"]
    report = update_with(importer, catalogue, newer)
    assert (report.changed, report.unchanged, report.sent_back) == (1, 1, 0)
    assert state_of(importer, sodium).status == Status.APPROVED
    assert getattr(importer.test(catalogue, "NA"), field) in row
    with reading(importer.engine) as session:
        change = session.exec(select(CatalogueChange)).one()
        assert (change.kind, change.field, change.is_substantive) == (ChangeKind.CHANGED, field, False)


def test_a_long_cell_is_kept_whole_and_its_change_is_told_shorter(importer: Importer) -> None:
    catalogue = importer(free_file(FIRST)).catalogue_id
    ages = " ; ".join(f"{age} ans : {age} - {age + 10}" for age in range(200)).replace(" ; ", " , ")
    update_with(importer, catalogue, free_file(FIRST.replace("135 - 145", ages)))
    assert importer.test(catalogue, "NA").reference_range == ages
    with reading(importer.engine) as session:
        change = session.exec(select(CatalogueChange)).one()
        assert (len(change.new), change.new[-1]) == (2000, "…")


def test_what_a_newer_export_does_not_say_stays(importer: Importer) -> None:
    catalogue = importer(free_file(FIRST)).catalogue_id
    report = update_with(importer, catalogue, free_file("code;libelle;unite\nNA;Sodium;mmol/L\nK;Potassium;mmol/L\n"))
    assert (report.changed, report.unchanged) == (0, 2)
    assert importer.test(catalogue, "NA").results == "138"


def test_tests_from_before_these_columns_were_kept_are_completed_without_a_change(importer: Importer) -> None:
    catalogue = importer(free_file(FIRST)).catalogue_id
    decide(importer, importer.test(catalogue, "NA"))
    with transaction(importer.engine) as session:
        session.execute(update(LocalTest).values(reference_range=None, results=None, exam=None))
    difference = compared(importer, catalogue, free_file(FIRST))
    assert {(test.kind, test.needs_proposals) for test in difference.tests} == {(UNCHANGED, True)}
    (sentence,) = completed_sentences(difference)
    assert sentence.startswith("2 lignes reçoivent des valeurs de référence")
    report = update_with(importer, catalogue, free_file(FIRST))
    assert (report.changed, report.unchanged, report.sent_back) == (0, 2, 0)
    assert importer.test(catalogue, "NA").reference_range == "135 - 145"
    assert importer.test(catalogue, "K").results == ""
    with reading(importer.engine) as session:
        assert session.exec(select(CatalogueChange)).all() == []
    assert completed_sentences(compared(importer, catalogue, free_file(FIRST))) == []


SILENT = HEADINGS + "NA;Sodium;;135 à 145 mmol/L;138;Ionogramme\nBU;Nitrites;;;Négatif / Positif;Urines\n"


@pytest.mark.parametrize(
    ("code", "row", "reason"),
    [
        ("NA", "NA;Sodium;;3,1 à 3,4 g/L;138;Ionogramme", "unité des valeurs de référence changée"),
        ("NA", "NA;Sodium;;;138;Ionogramme", "unité des valeurs de référence changée"),
        ("BU", "BU;Nitrites;;;0,2 ; 0,5;Urines", "nature des résultats changée"),
        ("NA", "NA;Sodium;;136 à 146 mmol/l;140;Ionogramme", ""),
        ("NA", "NA;Sodium;mmol/L;3,1 à 3,4 g/L;138;Ionogramme", "unité changée"),
    ],
)
def test_what_alone_says_the_unit_sends_back_when_it_says_another(
    importer: Importer, code: str, row: str, reason: str
) -> None:
    catalogue = importer(free_file(SILENT)).catalogue_id
    test = importer.test(catalogue, code)
    decide(importer, test)
    lines = [line for line in SILENT.splitlines() if not line.startswith(f"{code};")]
    quoted = row if row.count(";") == 5 else row.replace("0,2 ; 0,5", '"0,2 ; 0,5"')
    report = update_with(importer, catalogue, free_file("\n".join([*lines, quoted]) + "\n"))
    assert report.sent_back == bool(reason)
    assert (state_of(importer, test).status == Status.APPROVED) is not bool(reason)
    with reading(importer.engine) as session:
        said = [item.field for item in session.exec(select(CatalogueChange)) if item.is_substantive]
    assert bool(said) is bool(reason)
