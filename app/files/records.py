"""Splitting a delimited file into records without losing a byte, and appending cells to a record.

Import and export share this module: joining `raw + terminator` of every record gives the file back, so an
export that only appends cells to `raw` leaves the laboratory's own columns byte for byte as received.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Self

from app.files.encodings import BOM, ENCODINGS, MIXTURES, detect, line_of, shown
from app.files.fixed_width import cut
from app.files.markdown import cut as cut_drawn

DELIMITERS = (";", "\t", ",", "|")
ODD_DELIMITERS = ("^", "~", "¦", "\x1f", "\x1e", "\x1d", "\x1c", "\x01", "§", "#", "!")
"""Separators of some systems, of which the whole file must speak alike."""
MARKDOWN, WRAPPED = "markdown", "wrapped"
"""The shapes of a delimited text whose cells are drawn with bars, or whose lines are wholly between quotes."""
JSON = "json"
"""The format of a list of simple objects."""
WORKBOOK_FORMATS = ("xlsx", "xls", "ods")
_SAMPLE_RECORDS = 200
_WHOLE = re.compile(r'"(?:[^"]|"")*+"')
_LINE = re.compile(r"(?P<line>[^\r\n]*)(?P<end>\r\n|\n|\r|\Z)")


class UndecodableError(ValueError):
    """The bytes are not text in this encoding; `row_number` is the line where they stop making sense."""

    def __init__(self, encoding: str, row_number: int, byte: int) -> None:
        name = ENCODINGS.get(encoding, encoding)
        super().__init__(f"l'octet 0x{byte:02X} n'existe pas dans l'encodage {name} ; choisissez un autre encodage")
        self.row_number = row_number


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: a row as the user sees it, possibly over several lines when a cell is quoted."""

    raw: bytes
    """The bytes as received, without the terminator (the first record keeps the byte order mark)."""
    terminator: bytes
    """CR LF, LF or CR in the encoding of the file; empty for a last record without line end."""
    cells: tuple[str, ...]
    """The values, without quotes. A blank line is one empty cell."""
    row_number: int
    """Counts records from 1, header and blank lines included."""

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything (the end-of-file mark of DOS counts as nothing)."""
        return not any(cell.strip(" \t\x1a\xa0\u202f") for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written: everything needed to write cells in the same way."""

    encoding: str = "utf-8"
    """A key of `ENCODINGS`."""
    bom: bool = False
    delimiter: str = ";"
    quotechar: str = '"'
    """Empty when quotes have no meaning in this file."""
    quoting: str = "minimal"
    """`all` when every cell is quoted, `minimal` otherwise."""
    line_terminator: str = "\r\n"
    """The most frequent one; each record keeps its own."""
    header_rows: int = 1
    """How many records come before the first row of data."""
    format: str = "csv"
    """`csv`, a workbook (`xlsx`, `xls`, `ods`), `json` (a list of simple objects) or `fhir`."""
    sheet: str = ""
    """Name of the sheet that was read, for a workbook."""
    starts: tuple[int, ...] = ()
    """Where the columns of a text of fixed width begin; empty for a text with delimiters."""

    shape: str = ""
    """`markdown`, `wrapped` or, for usual texts, empty."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for the column `SourceFile.dialect`."""
        return asdict(self) | {"starts": list(self.starts)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_json`; unknown keys are ignored so that older data stays readable."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(**known | {"starts": tuple(known.get("starts", ()))})

    @property
    def is_workbook(self) -> bool:
        """Whether the file is a workbook, which has sheets and neither encoding nor separator."""
        return self.format in WORKBOOK_FORMATS

    @property
    def is_delimited(self) -> bool:
        """Whether the file is a text whose cells are apart by a delimiter."""
        return self.format == "csv" and not self.starts and self.shape != MARKDOWN

    @property
    def encoding_name(self) -> str:
        """The encoding as a French reader knows it."""
        name = ENCODINGS.get(self.encoding, self.encoding)
        return f"{name} avec BOM" if self.bom and self.encoding == "utf-8" else name


def decode(content: bytes, encoding: str) -> str:
    """The text of a file, byte order mark included; raises UndecodableError, naming the line."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableError(encoding, line_of(content, error.start), content[error.start]) from None


@lru_cache(maxsize=32)
def cell_pattern(delimiter: str, quotechar: str) -> re.Pattern[str]:
    """One cell and what ends it.

    A quote has a meaning only when it opens a cell and another closes that cell; any other quote
    (`Ac anti-"X"`, a stray inch mark) is text.
    """
    stop = re.escape(delimiter)
    end = rf"(?P<end>{stop}|\r\n|\n|\r|\Z)"
    plain = rf"(?P<plain>[^{stop}\r\n]*+)"
    if not quotechar:
        return re.compile(plain + end)
    quote = re.escape(quotechar)
    # Possessive quantifiers: without them a stray quote would make the search quadratic.
    quoted = rf"{quote}(?P<quoted>[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+){quote}(?={stop}|[\r\n]|\Z)"
    return re.compile(rf"(?:{quoted}|{plain}){end}")


def records_of(content: bytes, dialect: Dialect) -> list[Record]:
    """Split a file into records as its dialect says; see `read_records`."""
    if not dialect.starts and dialect.shape != MARKDOWN:
        found = read_records(content, dialect.encoding, dialect.delimiter, dialect.quotechar)
        return [_unwrapped(record, dialect) for record in found] if dialect.shape == WRAPPED else found
    text = decode(content, dialect.encoding)
    records: list[Record] = []
    for place in _LINE.finditer(text):
        line, end = place["line"], place["end"]
        if not line and not end:
            break
        seen = line.removeprefix(BOM) if not records else line
        cells = cut(seen, dialect.starts) if dialect.starts else cut_drawn(seen)
        if dialect.encoding in MIXTURES:
            cells = tuple(map(shown, cells))
        raw, terminator = line.encode(dialect.encoding), end.encode(dialect.encoding)
        records.append(Record(raw, terminator, cells, len(records) + 1))
    return records


def is_wrapped(record: Record, dialect: Dialect) -> bool:
    """Whether a record of a file of wholly quoted lines is such a line."""
    text = record.raw.decode(dialect.encoding).removeprefix(BOM)
    return dialect.shape == WRAPPED and len(record.cells) > 1 and _WHOLE.fullmatch(text) is not None


def _unwrapped(record: Record, dialect: Dialect) -> Record:
    """A record whose line is one quoted cell, with the cells that stand within."""
    text = record.raw.decode(dialect.encoding).removeprefix(BOM)
    if len(record.cells) != 1 or not _WHOLE.fullmatch(text):
        return record
    text = text[1:-1].replace('""', '"')
    within = read_records(text.encode(dialect.encoding), dialect.encoding, dialect.delimiter)
    return replace(record, cells=within[0].cells) if len(within) == 1 else record


def read_records(content: bytes, encoding: str, delimiter: str, quotechar: str = '"') -> list[Record]:
    """Split a file into records: `b"".join(r.raw + r.terminator for r in records) == content`.

    Quoted cells may hold delimiters, doubled quotes and line ends; line ends may be mixed; the last record
    may have none.
    """
    text = decode(content, encoding)
    match = cell_pattern(delimiter, quotechar).match
    records: list[Record] = []
    length = len(text)
    start = 0
    position = 1 if text.startswith(BOM) else 0
    if position == length and length:  # a file that holds only the mark
        return [Record(content, b"", ("",), 1)]
    doubled = quotechar * 2
    while position < length:
        cells: list[str] = []
        while True:
            found = match(text, position)
            assert found is not None  # the plain cell matches everywhere
            quoted = found["quoted"] if quotechar else None
            cells.append(found["plain"] if quoted is None else quoted.replace(doubled, quotechar))
            position = found.end()
            if found["end"] != delimiter:
                break
        terminator = found["end"]
        raw = text[start : position - len(terminator)]
        if encoding in MIXTURES:
            cells = [shown(cell) for cell in cells]
        records.append(Record(raw.encode(encoding), terminator.encode(encoding), tuple(cells), len(records) + 1))
        start = position
    return records


def encode_cell(value: str, dialect: Dialect) -> str:
    """A value as a cell of this file: quoted when the file quotes everything, or when it must be."""
    special = (dialect.delimiter, "\r", "\n") + ((dialect.quotechar,) if dialect.quotechar else ())
    if not dialect.quotechar:
        # A file without quotes cannot hold these characters: a space replaces them.
        for character in special:
            value = value.replace(character, " ")
        return value
    if dialect.quoting == "all" or any(character in value for character in special):
        doubled = value.replace(dialect.quotechar, dialect.quotechar * 2)
        return f"{dialect.quotechar}{doubled}{dialect.quotechar}"
    return value


def _sample(content: bytes, encoding: str) -> str:
    """The first lines, readable whatever the encoding is worth."""
    head = content[: 256 * 1024]
    if encoding.startswith("utf-16"):
        head = head[: len(head) // 2 * 2]
    return shown(head.decode(encoding, "replace"))


def _detect_delimiter(sample: str) -> str:
    """The delimiter that cuts the first records most regularly, then into the most cells."""
    content = sample.encode()
    best, best_score = ";", (0.0, 0.0)
    for delimiter in DELIMITERS:
        records = read_records(content, "utf-8", delimiter)[:_SAMPLE_RECORDS]
        widths = [len(record.cells) for record in records if not record.is_blank]
        usual = max(set(widths), key=widths.count, default=1)
        if usual < 2:
            continue
        regular = widths.count(usual) / len(widths)
        score = (round(regular, 1), min(usual, 40) + regular)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _detect_quoting(records: Sequence[Record], dialect: Dialect) -> str:
    """`all` when each non-empty cell of the first records is written between quotes."""
    pattern = cell_pattern(dialect.delimiter, dialect.quotechar)
    quoted = 0
    for record in records:
        text = record.raw.decode(dialect.encoding).removeprefix(BOM)
        for found in pattern.finditer(text):
            if found["quoted"] is not None:
                quoted += 1
            elif found["plain"]:
                return "minimal"
            if not found["end"]:
                break
    return "all" if quoted else "minimal"


def _detect_line_terminator(sample: str) -> str:
    pairs = sample.count("\r\n")
    counts = {"\r\n": pairs, "\n": sample.count("\n") - pairs, "\r": sample.count("\r") - pairs}
    best = max(counts, key=lambda terminator: counts[terminator])
    return best if counts[best] else "\r\n"


def complete_dialect(content: bytes, dialect: Dialect) -> Dialect:
    """The dialect with quoting and line end observed in the file, once encoding and delimiter are chosen."""
    sample = _sample(content, dialect.encoding)
    records = read_records(sample.encode("utf-8"), "utf-8", dialect.delimiter, dialect.quotechar)
    observed = replace(dialect, encoding="utf-8")
    has_quotes = dialect.quotechar and not dialect.starts and not dialect.shape
    quoting = _detect_quoting(records[:_SAMPLE_RECORDS], observed) if has_quotes else "minimal"
    return replace(dialect, quoting=quoting, line_terminator=_detect_line_terminator(sample))


def detect_dialect(content: bytes, file_name: str = "", encoding: str = "") -> Dialect:
    """How this file seems to be written, by its first lines; the encoding is found unless it is given. The number of
    header rows is set by who recognises headings (`app.files.tabular`); here it is 1."""
    found = detect(content)
    written = encoding or found.encoding
    sample = _sample(content, written)
    is_tabbed = file_name.lower().endswith(".tsv") and "\t" in sample
    delimiter = "\t" if is_tabbed else _detect_delimiter(sample)
    return complete_dialect(content, Dialect(encoding=written, bom=found.bom, delimiter=delimiter))
