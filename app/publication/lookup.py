"""Which local test a row of a received file speaks of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.files.values import after_apostrophe, bare
from app.models import Level
from app.publication.schemas import PublishedTest

_KEY_FIELDS = ("unit_code", "unit", "specimen_code", "specimen")
"""What tells apart the rows of a free-form file that share a code."""
_SUBSTANCE = ("label", "technique", "scale", "timing")
"""What a LOINC code rests on, beside the unit and the specimen."""
_OTHERS = ("synonym", "property_kind", "nabm")


def _alike(
    tests: Iterable[PublishedTest], fields: Iterable[str], cells: Sequence[str], columns: Mapping[str, int]
) -> list[PublishedTest]:
    """Those of these tests that say the same as the row in these fields, where the file has them."""
    held = [name for name in fields if name in columns]
    return [test for test in tests if all(getattr(test, name) == cell_at(cells, columns, name) for name in held)]


@dataclass(slots=True)
class RowLookup:
    """The local tests of a catalogue, found from the row they were read from or from their code.

    The row wins for the tests read from this very file, since free-form files may repeat a code. The code
    finds the tests that an earlier import created and this file holds again.
    """

    by_row: dict[tuple[Level, int], PublishedTest] = field(default_factory=dict)
    by_code: dict[tuple[Level, str], list[PublishedTest]] = field(default_factory=dict)
    some_left_out: bool = False
    """Rows of this file were left out as it was imported: one that has the code of a test may not be that test."""
    left_rows: frozenset[int] = frozenset()
    """Their numbers: such a row is no test, whatever it shares with one."""

    @classmethod
    def build(
        cls,
        tests: Iterable[PublishedTest],
        row_numbers: Mapping[int, int],
        *,
        some_left_out: bool = False,
        left_rows: Iterable[int] = (),
    ) -> "RowLookup":
        """`row_numbers`: identifier of a stored row of this file -> its row number."""
        lookup = cls(some_left_out=some_left_out, left_rows=frozenset(left_rows))
        for test in tests:
            lookup.by_code.setdefault((test.level, test.code.strip()), []).append(test)
            row_number = row_numbers.get(test.source_row_id) if test.source_row_id else None
            if row_number is not None:
                lookup.by_row[test.level, row_number] = test
        return lookup

    def at_row(
        self, level: Level, row_number: int, cells: Sequence[str], columns: Mapping[str, int]
    ) -> PublishedTest | None:
        """The test read from this row, else the only one that has its code (and unit and specimen)."""
        if row_number in self.left_rows:
            return None
        found = self.by_row.get((level, row_number))
        if found is not None:
            return found
        candidates = self._with_code(level, cell_at(cells, columns, "code"))
        if self.some_left_out:
            candidates = _alike(candidates, (*_KEY_FIELDS, *_SUBSTANCE), cells, columns)
        # A kept row may share its code, and then its unit and its specimen, with another: all else tells them apart.
        for telling in (_KEY_FIELDS, _SUBSTANCE, _OTHERS):
            if len(candidates) > 1:
                candidates = _alike(candidates, telling, cells, columns)
        return candidates[0] if len(candidates) == 1 else None

    def with_code(self, level: Level, code: str) -> PublishedTest | None:
        """The only test with this code; None when there is none, or several."""
        candidates = self._with_code(level, code)
        return candidates[0] if len(candidates) == 1 else None

    def chapter(self, code: str, label: str) -> PublishedTest | None:
        """A chapter; its label stands for its code when it has none."""
        return self.with_code(Level.CHAPTER, code or label)

    def subchapter(self, chapter: str, code: str, label: str) -> PublishedTest | None:
        """A sub-chapter of a chapter, whose code it may share with another chapter's."""
        candidates = [test for test in self._with_code(Level.SUBCHAPTER, code or label) if test.chapter_code == chapter]
        return candidates[0] if len(candidates) == 1 else None

    def _with_code(self, level: Level, code: str) -> list[PublishedTest]:
        told = code.strip()
        found = self.by_code.get((level, told), []) if told else []
        # An import reads a column of codes without the apostrophe that hides them from a spreadsheet.
        return found or self.by_code.get((level, after_apostrophe(told) or told), [])


def sections(
    lookup: RowLookup, cells: Sequence[str], columns: Mapping[str, int]
) -> tuple[PublishedTest | None, PublishedTest | None]:
    """The chapter and the sub-chapter of a row of LOINC_1."""
    code, label = cell_at(cells, columns, "chapter_code"), cell_at(cells, columns, "chapter")
    sub_code, sub_label = cell_at(cells, columns, "subchapter_code"), cell_at(cells, columns, "subchapter")
    return lookup.chapter(code, label), lookup.subchapter(code or label, sub_code, sub_label)


def cell_at(cells: Sequence[str], columns: Mapping[str, int], name: str) -> str:
    """The cell of a field as an import reads it; empty when the file or the row does not have it."""
    position = columns.get(name, -1)
    return bare(cells[position]) if 0 <= position < len(cells) else ""
