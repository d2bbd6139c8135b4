"""Whether an old workbook (XLS: a compound file that holds a BIFF stream) is safe to open.

The format has no compression, but one far cell makes a reader reserve the whole rectangle, and a long shared
text may be shown in a million cells.
"""

import struct
from collections import Counter
from collections.abc import Iterator

from app.files import limits
from app.files.sheet_facts import SheetFacts
from app.files.xls_facts import XlsFacts
from app.files.zip_safety import LOCKED_ADVICE, UnsafeWorkbookError

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""
_DAMAGED = "le classeur est abîmé ou incomplet"
_CELLS = frozenset({0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, 0x0006, 0x0206, 0x0406})
_LABEL_SST, _MULTIPLE_RK, _SST, _CONTINUE, _DIMENSIONS, _PASSWORD, _BOF = (
    0x00FD, 0x00BD, 0x00FC, 0x003C, 0x0200, 0x002F, 0x0809,
)  # fmt: skip
_MAX_XLS_ROWS, _MAX_XLS_COLUMNS = 65_536, 256


class _Compound:
    """The streams of a compound file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise UnsafeWorkbookError(_DAMAGED)
        self.size = 1 << shift
        directory, _, self.cutoff, mini_fat, _, difat, difat_count = struct.unpack_from("<7I", content, 48)
        self.fat = self._fat(difat, difat_count)
        self.mini_fat = self._numbers(self._chain(mini_fat, self.fat)) if mini_fat < _END else []
        entries = self._chain(directory, self.fat)
        self.entries = [entries[start : start + 128] for start in range(0, len(entries) - 127, 128)]
        root = next((entry for entry in self.entries if entry[66] == 5), None)
        self.mini_stream = b""
        if root is not None and struct.unpack_from("<I", root, 116)[0] < _END:
            self.mini_stream = self._chain(struct.unpack_from("<I", root, 116)[0], self.fat)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        sector = self.content[start : start + self.size]
        if not sector:
            raise UnsafeWorkbookError(_DAMAGED)
        return sector

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return list(struct.unpack_from(f"<{len(data) // 4}I", data))

    def _fat(self, difat: int, count: int) -> list[int]:
        sectors = list(struct.unpack_from("<109I", self.content, 76))
        for _ in range(min(count, len(self.content) // self.size)):
            if difat >= _END:
                break
            numbers = self._numbers(self._sector(difat))
            sectors += numbers[:-1]
            difat = numbers[-1]
        fat: list[int] = []
        for number in sectors:
            if number < _END:
                fat += self._numbers(self._sector(number))
        return fat

    def _chain(self, start: int, fat: list[int]) -> bytes:
        parts: list[bytes] = []
        number = start
        while number < _END:
            if number >= len(fat) or len(parts) > len(fat):
                raise UnsafeWorkbookError(_DAMAGED)
            parts.append(self._sector(number))
            number = fat[number]
        return b"".join(parts)

    def _mini_chain(self, start: int) -> bytes:
        parts: list[bytes] = []
        number = start
        while number < _END:
            if number >= len(self.mini_fat) or len(parts) > len(self.mini_fat):
                raise UnsafeWorkbookError(_DAMAGED)
            parts.append(self.mini_stream[number * 64 : number * 64 + 64])
            number = self.mini_fat[number]
        return b"".join(parts)

    def stream(self, *names: str) -> bytes | None:
        """The bytes of the first stream of one of these names; None without it."""
        for entry in self.entries:
            length = struct.unpack_from("<H", entry, 64)[0]
            name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if entry[66] == 2 and name.lower() in names:
                start, size = struct.unpack_from("<II", entry, 116)
                data = self._chain(start, self.fat) if size >= self.cutoff else self._mini_chain(start)
                return data[:size]
        return None


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(where it begins, kind, data) of each record."""
    position = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        position += 4
        if position + length > len(stream):
            raise UnsafeWorkbookError(_DAMAGED)
        yield position - 4, kind, stream[position : position + length]
        position += length


class _XlsSharedTexts:
    """The lengths of the shared texts, read from the record SST and those that continue it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def lengths(self) -> list[int]:
        found: list[int] = []
        part, position = 0, 8
        while part < len(self.parts):
            data = self.parts[part]
            if position + 3 > len(data):
                part, position = part + 1, 0
                continue
            count, flags = struct.unpack_from("<HB", data, position)
            position += 3
            runs = struct.unpack_from("<H", data, position)[0] if flags & 8 else 0
            position += 2 if flags & 8 else 0
            extra = struct.unpack_from("<I", data, position)[0] if flags & 4 else 0
            position += 4 if flags & 4 else 0
            found.append(count)
            part, position = self._after_text(part, position, count, bool(flags & 1))
            part, position = self._after_bytes(part, position, 4 * runs + extra)
        return found

    def _after_text(self, part: int, position: int, count: int, is_wide: bool) -> tuple[int, int]:
        while count and part < len(self.parts):
            width = 2 if is_wide else 1
            here = min(count, (len(self.parts[part]) - position) // width)
            count -= here
            position += here * width
            if count:
                part += 1
                # A text cut by a new record says again how it is written.
                is_wide = part < len(self.parts) and bool(self.parts[part][:1]) and bool(self.parts[part][0] & 1)
                position = 1
        return part, position

    def _after_bytes(self, part: int, position: int, size: int) -> tuple[int, int]:
        position += size
        while part < len(self.parts) and position > len(self.parts[part]):
            position -= len(self.parts[part])
            part += 1
        return part, position


class _Watch:
    """What a reader will reserve, and whether that is too much."""

    def __init__(self) -> None:
        self.last_row = self.last_column = 0
        self.texts = _XlsSharedTexts()
        self.uses: Counter[int] = Counter()
        self.in_texts = False

    def see(self, kind: int, data: bytes) -> None:
        if self.in_texts and kind == _CONTINUE:
            self.texts.parts.append(data)
            return
        self.in_texts = kind == _SST
        if kind == _SST:
            self.texts.parts = [data]
        elif kind == _PASSWORD:
            raise UnsafeWorkbookError(f"le classeur est protégé par un mot de passe{LOCKED_ADVICE}")
        elif kind == _BOF:
            self.last_row = self.last_column = 0
        elif kind == _DIMENSIONS:
            self._dimensions(data)
        elif kind in _CELLS and len(data) >= 4:
            row, column = struct.unpack_from("<HH", data)
            self._reach(row, column)
            if kind == _LABEL_SST and len(data) >= 10:
                self.uses[struct.unpack_from("<I", data, 6)[0]] += 1
        elif kind == _MULTIPLE_RK and len(data) >= 6:
            row, last = struct.unpack_from("<H", data)[0], struct.unpack_from("<H", data, len(data) - 2)[0]
            self._reach(row, last)

    def _dimensions(self, data: bytes) -> None:
        if len(data) >= 14:
            first, last, left, right = struct.unpack_from("<IIHH", data)
        elif len(data) >= 10:
            first, last, left, right = struct.unpack_from("<HHHH", data)
        else:
            return
        if last < first or right < left or last > _MAX_XLS_ROWS or right > _MAX_XLS_COLUMNS:
            raise UnsafeWorkbookError(_DAMAGED)

    def _reach(self, row: int, column: int) -> None:
        self.last_row = max(self.last_row, row + 1)
        self.last_column = max(self.last_column, column + 1)
        if self.last_column > limits.MAX_COLUMNS or self.last_row > limits.MAX_ROWS:
            raise UnsafeWorkbookError(f"la cellule de la ligne {row + 1}, colonne {column + 1}, est trop éloignée")
        if self.last_row * self.last_column > limits.MAX_CELLS:
            raise UnsafeWorkbookError("une feuille du classeur couvre trop de cellules")

    def check_texts(self) -> None:
        lengths = self.texts.lengths() if self.uses else []
        total = sum(lengths[number] * count for number, count in self.uses.items() if number < len(lengths))
        if total > limits.MAX_TEXT_CHARACTERS:
            raise UnsafeWorkbookError("le classeur répète trop de texte")


def check_xls(content: bytes) -> dict[str, SheetFacts]:
    """Refuse an XLS workbook that is dangerous or impossible to open; raises UnsafeWorkbookError.

    Gives what is known of each sheet beside its values.
    """
    try:
        compound = _Compound(content)
        if compound.stream("encryptedpackage") is not None:
            raise UnsafeWorkbookError(f"le classeur est protégé par un mot de passe{LOCKED_ADVICE}")
        stream = compound.stream("workbook", "book")
        if stream is None:
            raise UnsafeWorkbookError("ce fichier n'est pas un classeur XLS")
        watch, facts = _Watch(), XlsFacts()
        for position, kind, data in _records(stream):
            watch.see(kind, data)
            facts.see(position, kind, data)
        watch.check_texts()
    except (struct.error, IndexError, MemoryError) as error:
        raise UnsafeWorkbookError(_DAMAGED) from error
    return facts.sheets
