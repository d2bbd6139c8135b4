"""Small catalogue files for the tests of imports."""

from collections.abc import Callable, Sequence

import pytest
from sqlmodel import col, select

from app.catalogues.schemas import ImportReport
from app.catalogues.service import import_files
from app.files.ans_files import ANS_COLUMNS
from app.files.choices import Choices, IncomingFile
from app.models import ExamAnalysis, FileKind, Level, LocalTest
from app.platform.database import reading, transaction
from tests.conftest import World

Rows = Sequence[Sequence[str]]

CHAPTERS: Rows = [
    ("BIO", "Biochimie", "ION", "Ionogramme"),
    ("BIO", "Biochimie", "LIP", "Lipides"),
    ("HEM", "Hématologie", "", ""),
]
EXAMS: Rows = [
    ("IONO", "Ionogramme sanguin", "iono", "BIO", "ION", "Sérum", "1610", "NA", "Sodium"),
    ("IONO", "Ionogramme sanguin", "iono", "BIO", "ION", "Sérum", "1610", "K", "Potassium"),
    ("KALI", "Kaliémie", "", "HEM", "", "Sérum", "1608", "K", "Potassium"),
]
ANALYSES: Rows = [
    ("NA", "Sodium", "natrémie", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "ISE", "1609"),
    ("K", "Potassium", "", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "ISE", "1608"),
    ("VS", "Vitesse de sédimentation", "", "", "", "mm", "", "SG", "Sang", "QN", "", ""),
]
SIDE: Rows = [
    ("Code analyse", "Sous-traité", "Laboratoire exécutant", "Volume annuel", "Retiré"),
    ("NA", "N", "", "15 587", "N"),
    ("VS", "O", "Institut du Levant", "", "O"),
]


def csv_bytes(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ";", end: str = "\r\n") -> bytes:
    """Rows as a delimited file without quotes."""
    return "".join(delimiter.join(row) + end for row in rows).encode(encoding)


def ans_file(kind: FileKind, rows: Rows, *, header: bool = True, name: str = "", **how: str) -> IncomingFile:
    """An ANS file of these rows."""
    headings = [tuple(column.heading for column in ANS_COLUMNS[kind])] if header else []
    return IncomingFile(name or f"{kind}_export_20261101.csv", csv_bytes([*headings, *rows], **how))


def loinc_1() -> IncomingFile:
    return ans_file(FileKind.LOINC_1, CHAPTERS)


def loinc_2() -> IncomingFile:
    return ans_file(FileKind.LOINC_2, EXAMS)


def loinc_3() -> IncomingFile:
    return ans_file(FileKind.LOINC_3, ANALYSES)


def side_file() -> IncomingFile:
    return IncomingFile("donnees_annexes.csv", csv_bytes(SIDE))


def free_file(text: str, name: str = "catalogue.csv", choices: Choices | None = None) -> IncomingFile:
    return IncomingFile(name, text.encode(), choices or Choices())


class Importer:
    """Imports files into the laboratory of the world, and looks at what was written."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine = world.engine

    def __call__(self, *files: IncomingFile, catalogue_id: int | None = None, name: str = "Essai") -> ImportReport:
        with transaction(self.engine) as session:
            return import_files(
                session, self.world.laboratory_id, files, catalogue_id=catalogue_id, catalogue_name=name
            )

    def tests(self, catalogue_id: int, level: Level = Level.ANALYSIS) -> list[LocalTest]:
        with reading(self.engine) as session:
            statement = select(LocalTest).where(LocalTest.catalogue_id == catalogue_id, LocalTest.level == level)
            return list(session.exec(statement.order_by(col(LocalTest.position), col(LocalTest.id))))

    def test(self, catalogue_id: int, code: str, level: Level = Level.ANALYSIS) -> LocalTest:
        (found,) = [test for test in self.tests(catalogue_id, level) if test.code == code]
        return found

    def links(self, catalogue_id: int) -> list[tuple[str, str, bool]]:
        """(code of exam, code of analysis, whether the analysis is known)."""
        with reading(self.engine) as session:
            statement = (
                select(LocalTest.code, ExamAnalysis.analysis_code, ExamAnalysis.analysis_id)
                .join(ExamAnalysis, col(ExamAnalysis.exam_id) == col(LocalTest.id))
                .where(LocalTest.catalogue_id == catalogue_id)
                .order_by(col(ExamAnalysis.id))
            )
            return [(exam, analysis, known is not None) for exam, analysis, known in session.exec(statement)]


@pytest.fixture
def importer(world: World) -> Callable[..., ImportReport]:
    """`importer(*files)` imports into the laboratory of the world."""
    return Importer(world)
