"""The files of requests: their columns, their lines, what is proposed and what is left to a person."""

import csv
import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from app.code_requests.files import LONGEST_CELL, xlsx_bytes
from app.code_requests.national_list import COLUMNS, columns_of
from app.code_requests.preparing import FileFormat, national_file, submission_file, submission_lines
from app.code_requests.repository import Declared
from app.code_requests.submission import HEADINGS, TO_FILL, line_of
from app.errors import InvalidInputError, NotAllowedError, NotFoundError
from app.models import Action, LocalTest, ReviewState
from app.platform.database import Transactions, transaction
from app.proposals.understanding import Understood
from matcher.types import Axis
from tests.app.code_requests.conftest import Requests, approve_row
from tests.conftest import READER, TRANSCODER

PUBLISHED = [
    "Reference #", "Local observation code", "Local observation name", "Observation description", "Reference Info/URL",
    "Component", "Property", "Timing", "System", "Scale", "Method", "Answers", "Units", "Formula",
]  # fmt: skip
"""Written here a second time, as the source quotes them."""


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def national(requests: Requests, across: bool = False, declared: Declared | None = Declared.APPROVED) -> bytes:
    desk = requests.desk
    access = None if across else desk.access()
    transactions = Transactions(desk.engine)
    user = desk.world.users[TRANSCODER]
    return national_file(transactions, desk.settings, user, access, declared, FileFormat.CSV).content


def add_row(requests: Requests, catalogue_id: int, **fields: object) -> int:
    with transaction(requests.desk.engine) as session:
        test = LocalTest(catalogue_id=catalogue_id, level="analysis", position=900, **fields)
        session.add(test)
        session.flush()
        return test.id or 0


def test_the_columns_are_a_setting_and_their_order_too(requests: Requests) -> None:
    default = columns_of(requests.desk.settings.national_request_columns)
    assert default[0] == "reference"
    assert set(default) <= set(COLUMNS)
    assert columns_of(" libelle , code_attente") == ["libelle", "code_attente"]
    for wrong in ("", "libelle,inconnue", "libelle,libelle"):
        with pytest.raises(InvalidInputError, match="NATIONAL_REQUEST_COLUMNS"):
            columns_of(wrong)


def test_the_national_list_says_what_is_asked_and_who_said_so(requests: Requests) -> None:
    (line,) = lines(national(requests))
    assert (line["Libellé"], line["Unité"], line["Volume annuel"]) == ("ANALYSE RARE", "g/L", "3")
    assert line["Motif"] == "Aucun terme pour cette analyse rare"
    assert line["Recherche faite"].endswith("aucune proposition")
    both = lines(national(requests, declared=None))
    assert [item["Libellé"] for item in both] == ["ANALYSE RARE", "GLUCOSE URINAIRE"]
    assert "25428-4" in both[1]["Recherche faite"]


def test_the_same_test_is_one_line_with_its_volumes_together(requests: Requests) -> None:
    desk = requests.desk
    twin = add_row(requests, desk.catalogue_id, code="XYZ2", label="Analyse  rare", unit="g/L", annual_volume=40)
    other = add_row(requests, desk.catalogue_id, code="XYZ3", label="ANALYSE RARE", unit="mmol/L", annual_volume=5)
    for row in (twin, other):
        desk.decide(row, Action.NO_LOINC, reason="Rare aussi")
        approve_row(desk, row)
    found = {line["Codes locaux"]: line for line in lines(national(requests))}
    assert set(found) == {"XYZ2 | XYZ", "XYZ3"}, "another unit is another test"
    assert found["XYZ2 | XYZ"]["Volume annuel"] == "43"
    assert found["XYZ2 | XYZ"]["Motif"] == "Rare aussi | Aucun terme pour cette analyse rare"


def test_a_test_of_two_catalogues_of_a_laboratory_is_done_once(requests: Requests) -> None:
    """A copy of a catalogue, or a newer one beside it: its volume is not told twice."""
    desk = requests.desk
    copy = desk.world.add_catalogue("Copie").id or 0
    twin = add_row(requests, copy, code="XYZ", label="ANALYSE RARE", unit="g/L", annual_volume=2)
    with transaction(desk.engine) as session:
        session.add(ReviewState(local_test_id=twin, status="approved", outcome="no_loinc"))
    (line,) = lines(national(requests, across=True))
    assert (line["Codes locaux"], line["Volume annuel"]) == ("XYZ", "3")
    with transaction(desk.engine) as session:
        session.get_one(LocalTest, twin).annual_volume = 7
    (line,) = lines(national(requests, across=True))
    assert line["Volume annuel"] == "7"
    with transaction(desk.engine) as session:
        session.delete(session.get_one(ReviewState, twin))


def test_a_text_longer_than_a_cell_says_where_its_end_is() -> None:
    content = xlsx_bytes("Essai", ["Motif"], [["é" * 40_000]], datetime(2026, 11, 2, tzinfo=UTC))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    text = str(sheet["A2"].value)
    assert len(text) == LONGEST_CELL
    assert text.endswith("La suite est dans le fichier CSV.")


def test_an_xlsx_holds_texts_and_no_formula(requests: Requests) -> None:
    desk = requests.desk
    row = add_row(requests, desk.catalogue_id, code="0012", label="=1+1", unit="g/L")
    desk.decide(row, Action.NO_LOINC, reason="Essai de formule")
    transactions = Transactions(desk.engine)
    file = national_file(
        transactions, desk.settings, desk.world.users[TRANSCODER], desk.access(), Declared.DECIDED, FileFormat.XLSX
    )
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    cells = {str(cell.value): cell.data_type for line in sheet.iter_rows() for cell in line if cell.value}
    assert cells["=1+1"] == "s"
    assert cells["0012"] == "s"
    assert "'=1+1" in national(requests, declared=Declared.DECIDED).decode("utf-8-sig")
    assert desk.audit().count("code_request.export") == 2


def test_the_columns_for_loinc_are_those_that_were_read(requests: Requests) -> None:
    assert list(HEADINGS) == PUBLISHED
    desk = requests.desk
    file = submission_file(
        Transactions(desk.engine), desk.settings, desk.access(), [requests.decided], FileFormat.CSV
    )
    (line,) = lines(file.content)
    assert list(line) == PUBLISHED
    assert (line["Local observation code"], line["Local observation name"]) == ("GLUU", "GLUCOSE URINAIRE")
    assert (line["Component"], line["System"]) == ("Glucose", "Urine")
    assert line["Observation description"] == TO_FILL
    assert line["Property"] == TO_FILL, "a row without unit says nothing of it, and nothing is guessed"


def test_what_is_not_read_or_not_sure_is_left_to_a_person() -> None:
    test = LocalTest(catalogue_id=1, level="analysis", code="X", label="DOSAGE INCONNU", unit="mg/L", results="++")
    line = line_of(
        test,
        Understood(
            words=(("dosage", "Sodium"),),
            unread=("inconnu",),
            axes=((Axis.SYSTEM, ("Ser", "Plas")), (Axis.SCALE, ("Qn",)), (Axis.PROPERTY, ("MCnc",))),
        ),
    )
    assert line.cells["Component"] == TO_FILL, "a word that nothing explains may make it another test"
    assert line.cells["System"] == TO_FILL
    assert line.choices["System"] == ("Ser", "Plas")
    assert (line.cells["Property"], line.cells["Scale"], line.cells["Units"]) == ("MCnc", "Qn", "mg/L")
    assert (line.cells["Method"], line.cells["Answers"]) == ("", "")
    assert line.to_fill == ["Observation description", "Component", "Timing", "System"]


def test_who_may_make_the_file_for_loinc_and_of_which_rows(requests: Requests) -> None:
    desk = requests.desk
    transactions = Transactions(desk.engine)
    with pytest.raises(NotAllowedError):
        submission_file(transactions, desk.settings, desk.access(READER), [requests.approved], FileFormat.CSV)
    with pytest.raises(NotFoundError):
        submission_lines(transactions, desk.settings, desk.access(), [requests.approved, desk.sodium])
    with pytest.raises(InvalidInputError):
        submission_lines(transactions, desk.settings, desk.access(), [])
    with pytest.raises(InvalidInputError, match="200"):
        submission_lines(transactions, desk.settings, desk.access(), range(1, 202))
