"""A file comes back as it came: every way of writing a catalogue, imported, approved, exported, imported again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import pytest
from sqlmodel import col, select

from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.files.ans_files import COMPLETED_COLUMNS
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.completed_columns import COMPLETED
from app.files.kinds import FileKind
from app.models import LocalTest, utc_now
from app.platform.database import reading
from app.settings import Settings
from tests.app.exports.sample import GLUCOSE, SODIUM, Sample, add_sample
from tests.conftest import World

COLUMNS = (
    "Code analyse", "Libellé analyse", "Synonyme", "Grandeur", "Code unité principale", "Libellé unité principale",
    "Temporalité PT/24H", "Code milieu", "Libellé milieu", "Echelle QN/ORD", "Technique", "Codes NABM ou mention HN",
)  # fmt: skip
ROWS = (
    ("0012", "SODIUM", "natrémie", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "", "1609"),
    ("GLU/J", "GLYCÉMIE à jeun", "", "", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "", "0552"),
    ("A 1", "CRÉATININE", "", "", "U2", "µmol/L", "PT", "SE", "Sérum", "QN", "enzymatique", "0592"),
    ("007-B", "DOSAGE RARE", "", "", "", "", "", "SE", "Sérum", "QN", "", "HN"),
)
CRLF, LF, CR = "\r\n", "\n", "\r"
MEMBERS = tuple(
    name
    for name in LocalTest.model_fields
    if name in ("level", "code", "label", "synonym", "property_kind", "unit_code", "unit", "timing", "specimen_code",
                "specimen", "scale", "technique", "nabm", "occurrence", "position")
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How a catalogue is written."""

    encoding: str = "utf-8"
    mark: bytes = b""
    ends: tuple[str, ...] = (CRLF,)
    has_last_end: bool = True
    quoting: str = "minimal"
    """`minimal`, `all`, or `none`."""
    has_headings: bool = True
    columns: tuple[str, ...] = COLUMNS
    extra: tuple[str, ...] = ()
    """Columns of the laboratory's own, after the others."""
    trailing: str = ""
    blanks: tuple[int, ...] = ()
    """A blank line stands after these records."""
    delimiter: str = ";"
    rows: tuple[tuple[str, ...], ...] = ROWS
    kind: FileKind | None = FileKind.LOINC_3
    """What a person says that it is; None leaves it to what is recognised."""

    def records(self) -> list[tuple[str, bool]]:
        """Each line without its end, and whether it is given new cells."""
        places = [COLUMNS.index(name) for name in self.columns]
        table = [[row[place] for place in places] + ["à nous"] * len(self.extra) for row in self.rows]
        lines: list[Sequence[str]] = [[*self.columns, *self.extra], *table] if self.has_headings else [*table]
        found: list[tuple[str, bool]] = []
        for number, cells in enumerate(lines):
            found.append((self.delimiter.join(self._cell(cell) for cell in cells) + self.trailing, True))
            if number in self.blanks:
                found.append(("", False))
        return found

    def _cell(self, text: str) -> str:
        must = any(char in text for char in (self.delimiter, '"', "\n", "\r"))
        quoted = self.quoting == "all" or (self.quoting == "minimal" and must)
        return '"' + text.replace('"', '""') + '"' if quoted else text

    def pieces(self) -> list[tuple[bytes, bytes, bool]]:
        """Each line in bytes, its end in bytes, and whether it is given new cells."""
        lines, ends = self.records(), cycle(self.ends)
        found = []
        for number, (text, is_given) in enumerate(lines):
            end = next(ends) if number < len(lines) - 1 or self.has_last_end else ""
            found.append((text.encode(self.encoding), end.encode(self.encoding), is_given))
        return found

    def content(self) -> bytes:
        """The file."""
        return self.mark + b"".join(text + end for text, end, _ in self.pieces())


def _with(row: int, place: int, text: str) -> tuple[tuple[str, ...], ...]:
    rows = [list(cells) for cells in ROWS]
    rows[row][place] = text
    return tuple(tuple(cells) for cells in rows)


PLAIN = Shape()
SOME = ("Code analyse", "Libellé analyse", "Libellé unité principale", "Libellé milieu")
SHUFFLED = (*COLUMNS[:2], *reversed(COLUMNS[2:]))
LEGACY = _with(0, 2, "œdème, 1 €")
SHAPES = {
    "CR LF": PLAIN,
    "LF": replace(PLAIN, ends=(LF,)),
    "CR": replace(PLAIN, ends=(CR,)),
    "mixed ends": replace(PLAIN, ends=(CRLF, LF, LF, CRLF)),
    "ends of three sorts": replace(PLAIN, ends=(CR, CRLF, LF)),
    "no last end": replace(PLAIN, has_last_end=False),
    "no last end, LF": replace(PLAIN, has_last_end=False, ends=(LF,)),
    "UTF-8 with its mark": replace(PLAIN, mark=b"\xef\xbb\xbf"),
    "UTF-8 with its mark, all quoted": replace(PLAIN, mark=b"\xef\xbb\xbf", quoting="all"),
    "Windows-1252": replace(PLAIN, encoding="cp1252"),
    "Windows-1252, LF": replace(PLAIN, encoding="cp1252", ends=(LF,), rows=LEGACY),
    "ISO-8859-15": replace(PLAIN, encoding="iso8859-15", rows=LEGACY),
    "UTF-16 LE": replace(PLAIN, encoding="utf-16-le", mark=b"\xff\xfe"),
    "UTF-16 BE": replace(PLAIN, encoding="utf-16-be", mark=b"\xfe\xff", ends=(LF,)),
    "UTF-16 without mark": replace(PLAIN, encoding="utf-16-le"),
    "UTF-16, all quoted, mixed ends": replace(
        PLAIN, encoding="utf-16-le", mark=b"\xff\xfe", quoting="all", ends=(CRLF, LF)
    ),
    "all quoted": replace(PLAIN, quoting="all"),
    "none quoted": replace(PLAIN, quoting="none"),
    "a newline in quotes": replace(PLAIN, rows=_with(1, 2, "glucose\r\nsanguin")),
    "a newline in quotes, LF": replace(PLAIN, ends=(LF,), rows=_with(1, 2, "glucose\nsanguin")),
    "another newline in quotes": replace(PLAIN, ends=(CRLF,), rows=_with(1, 2, "glucose\nsanguin")),
    "a delimiter in quotes": replace(PLAIN, rows=_with(1, 2, "glucose ; sucre")),
    "quotes in quotes": replace(PLAIN, rows=_with(1, 2, 'dit "sucre"')),
    "no headings": replace(PLAIN, has_headings=False),
    "no headings, all quoted, CR": replace(PLAIN, has_headings=False, quoting="all", ends=(CR,)),
    "no headings, UTF-16": replace(PLAIN, has_headings=False, encoding="utf-16-le", mark=b"\xff\xfe"),
    "no headings, trailing delimiter": replace(PLAIN, has_headings=False, trailing=";"),
    "more columns": replace(PLAIN, extra=("Automate", "Paillasse")),
    "missing optional columns": replace(PLAIN, columns=COLUMNS[:10]),
    "few columns": replace(PLAIN, columns=SOME, kind=None),
    "reordered columns": replace(PLAIN, columns=SHUFFLED),
    "code not first": replace(PLAIN, columns=("Libellé analyse", "Code analyse", *COLUMNS[2:])),
    "trailing delimiter": replace(PLAIN, trailing=";"),
    "trailing delimiter, all quoted": replace(PLAIN, trailing=";", quoting="all"),
    "trailing delimiter, no last end": replace(PLAIN, trailing=";", has_last_end=False),
    "blank lines": replace(PLAIN, blanks=(0, 2)),
    "blank lines at the end": replace(PLAIN, blanks=(4,), ends=(LF,)),
    "blank lines, CR": replace(PLAIN, blanks=(1,), ends=(CR,)),
    "commas": replace(PLAIN, delimiter=",", quoting="all"),
    "tabs": replace(PLAIN, delimiter="\t"),
    "spaces around codes": replace(PLAIN, rows=_with(0, 0, " 0012 ")),
    "zeros": replace(PLAIN, rows=_with(0, 0, "000")),
    "a code framed for a spreadsheet": replace(PLAIN, rows=_with(0, 0, '="0012"')),
    "a code that looks like a date": replace(PLAIN, rows=_with(0, 0, "1-2")),
    "a code that looks like a number": replace(PLAIN, rows=_with(0, 0, "1E5")),
}


def _import(world: World, name: str, content: bytes, kind: FileKind | None, title: str) -> Sample:
    choices = Choices(kind=kind, duplicates=Duplicates.KEEP)
    return add_sample(world, [IncomingFile(name, content, choices)], title)


def _catalogue(sample: Sample) -> list[tuple[object, ...]]:
    """What is known of each row, in order."""
    with reading(sample.world.engine) as session:
        tests = session.exec(
            select(LocalTest).where(LocalTest.catalogue_id == sample.catalogue_id).order_by(col(LocalTest.position))
        ).all()
    return [tuple(getattr(test, name) for name in MEMBERS) for test in tests]


def _export(sample: Sample, settings: Settings, kind: ExportKind) -> ExportFile:
    request = ExportRequest(kind)
    with reading(sample.world.engine) as session:
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    return build(material, settings, request, utc_now(), "Test")[0]


def _additions(shape: Shape, exported: bytes) -> list[str]:
    """What was added to each line that is given cells; fails when any other byte changed."""
    pattern = re.escape(shape.mark)
    for text, end, is_given in shape.pieces():
        pattern += re.escape(text) + (b"(.*?)" if is_given else b"") + re.escape(end)
    found = re.fullmatch(pattern, exported, re.DOTALL)
    assert found is not None, "a received byte changed"
    return [addition.decode(shape.encoding) for addition in found.groups()]


def _check(shape: Shape, file: ExportFile, new: int) -> None:
    """Each line only grew, by as many cells as there are new columns, and the two approved rows say their codes."""
    additions = _additions(shape, file.content)
    for addition in additions:
        assert "\n" not in addition
        assert addition.count(shape.delimiter) >= new
    rows = additions[1:] if shape.has_headings else additions
    assert [SODIUM in addition for addition in rows] == [True, False, False, False]
    assert [GLUCOSE in addition for addition in rows] == [False, True, False, False]


def test_the_reader_knows_how_many_columns_are_added() -> None:
    assert len(COMPLETED) == COMPLETED_COLUMNS


@pytest.mark.same_sql("the same rows, written otherwise")
@pytest.mark.parametrize("name", SHAPES)
def test_a_file_comes_back_as_it_came_and_says_the_same_again(world: World, settings: Settings, name: str) -> None:
    shape = SHAPES[name]
    sample = _import(world, "LOINC_3_export_resultats_20261101.csv", shape.content(), shape.kind, "Premier")
    codes = [code for _, code in sample.ids]
    with sample.together():
        sample.approve(codes[0], SODIUM)
        sample.approve(codes[1], GLUCOSE)
    known = _catalogue(sample)
    assert len(known) == len(ROWS)
    for kind, new in ((ExportKind.LOINC_6, 2), (ExportKind.ORIGINAL, 8)):
        file = _export(sample, settings, kind)
        _check(shape, file, new)
        assert file.coded == 2
        assert _export(sample, settings, kind).content == file.content
        again = _import(world, file.name, file.content, shape.kind, f"Encore {kind}")
        assert _catalogue(again) == known
