"""What the records of an XLS workbook say of its sheets: formats of numbers, merged ranges, what is hidden."""

import struct

from app.files import limits
from app.files.number_formats import built_in, is_general
from app.files.sheet_facts import Merge, SheetFacts

_BOF, _EOF, _BOUND_SHEET, _FORMAT, _XF = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0
_NUMBER, _RK, _MULTIPLE_RK, _FORMULA, _BOOLEAN_OR_ERROR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_ROW, _COLUMNS, _PROTECT, _MERGED, _FILTER_MODE = 0x0208, 0x007D, 0x0012, 0x00E5, 0x009B
_BIFF8 = 0x0600
_HIDDEN_ROW = 0x20
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def _text(data: bytes, count: int, flags: int) -> str:
    return data[: 2 * count].decode("utf-16-le", "replace") if flags & 1 else data[:count].decode("latin-1")


class XlsFacts:
    """Follows the records of the workbook stream in their order."""

    def __init__(self) -> None:
        self.is_read = True
        """False for the workbooks before 1997, whose records are others."""
        self.depth = 0
        self.own: dict[int, str] = {}
        self.styles: list[int] = []
        self.names: dict[int, str] = {}
        """Place of a sheet in the stream -> its name."""
        self.sheets: dict[str, SheetFacts] = {}
        self.facts: SheetFacts | None = None

    def see(self, position: int, kind: int, data: bytes) -> None:
        """Note a record; `position` is where it begins."""
        if kind == _BOF:
            self.depth += 1
            if self.depth == 1:
                self._begin(position, data)
        elif kind == _EOF:
            self.depth -= 1
        elif self.depth == 1 and self.is_read:
            if self.facts is None:
                self._global(kind, data)
            else:
                self._of_sheet(self.facts, kind, data)

    def _begin(self, position: int, data: bytes) -> None:
        if position == 0:
            self.is_read = len(data) >= 2 and struct.unpack_from("<H", data)[0] == _BIFF8
        name = self.names.get(position)
        self.facts = None
        if name is not None:
            self.facts = self.sheets.setdefault(name, SheetFacts())

    def _global(self, kind: int, data: bytes) -> None:
        if kind == _BOUND_SHEET and len(data) >= 8:
            place, _, count, flags = struct.unpack_from("<IHBB", data)
            self.names[place] = _text(data[8:], count, flags)
        elif kind == _FORMAT and len(data) >= 5:
            number, count, flags = struct.unpack_from("<HHB", data)
            self.own[number] = _text(data[5:], count, flags)
        elif kind == _XF and len(data) >= 4:
            self.styles.append(struct.unpack_from("<H", data, 2)[0])

    def _format(self, style: int) -> str:
        number = self.styles[style] if style < len(self.styles) else 0
        code = self.own.get(number) or built_in(number)
        return "" if is_general(code) else code

    def _number(self, facts: SheetFacts, row: int, column: int, style: int) -> None:
        code = self._format(style)
        if code:
            facts.number(row + 1, column, code)

    def _of_sheet(self, facts: SheetFacts, kind: int, data: bytes) -> None:
        if kind in (_NUMBER, _RK, _FORMULA, _BOOLEAN_OR_ERROR) and len(data) >= 8:
            self._cell(facts, kind, data)
        elif kind == _MULTIPLE_RK and len(data) >= 12:
            row, first = struct.unpack_from("<HH", data)
            for place in range((len(data) - 6) // 6):
                self._number(facts, row, first + place, struct.unpack_from("<H", data, 4 + 6 * place)[0])
        elif kind == _ROW and len(data) >= 13:
            facts.hidden_rows += bool(data[12] & _HIDDEN_ROW)
        elif kind == _COLUMNS and len(data) >= 10:
            first, last = struct.unpack_from("<HH", data)
            if data[8] & 1:
                facts.hide_columns(first, last, limits.MAX_COLUMNS)
        elif kind == _PROTECT and len(data) >= 2:
            facts.is_protected |= data[0] != 0
        elif kind == _FILTER_MODE:
            facts.is_filtered = True
        elif kind == _MERGED and len(data) >= 2:
            for place in range(min(struct.unpack_from("<H", data)[0], (len(data) - 2) // 8)):
                top, bottom, left, right = struct.unpack_from("<4H", data, 2 + 8 * place)
                facts.merge(Merge(top + 1, bottom + 1, left, right))

    def _cell(self, facts: SheetFacts, kind: int, data: bytes) -> None:
        row, column, style = struct.unpack_from("<3H", data)
        if kind == _BOOLEAN_OR_ERROR:
            if data[7]:
                facts.error(row + 1, column, _ERRORS.get(data[6], "#N/A"))
        elif kind == _FORMULA and len(data) >= 14 and data[12:14] == b"\xff\xff":
            if data[6] == 2:  # the result is an error
                facts.error(row + 1, column, _ERRORS.get(data[8], "#N/A"))
        else:
            self._number(facts, row, column, style)
