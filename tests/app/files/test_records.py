"""Records: nothing is lost, quotes are understood, and appending leaves the received bytes alone."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.encodings import shown
from app.files.records import (
    DELIMITERS,
    ENCODINGS,
    Dialect,
    UndecodableError,
    complete_dialect,
    detect_dialect,
    encode_cell,
    read_records,
)
from tests.app.files.appending import append_cells

ENCODING = st.sampled_from(sorted(ENCODINGS))
DELIMITER = st.sampled_from(DELIMITERS)
TERMINATOR = st.sampled_from(["\r\n", "\n", "\r"])


def whole(content: bytes, encoding: str = "utf-8", delimiter: str = ";", quotechar: str = '"') -> list[tuple[str, ...]]:
    """The cells of each record, after checking that the records make up the file."""
    records = read_records(content, encoding, delimiter, quotechar)
    assert b"".join(record.raw + record.terminator for record in records) == content
    assert [record.row_number for record in records] == list(range(1, len(records) + 1))
    return [record.cells for record in records]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", [("",)]),
        (b"a;b", [("a", "b")]),
        (b"a;b\r\n", [("a", "b")]),
        (b"a;b;\n", [("a", "b", "")]),
        (b";", [("", "")]),
        (b"\n", [("",)]),
        (b"a\n\nb", [("a",), ("",), ("b",)]),
        (b"a\r\nb\nc\rd", [("a",), ("b",), ("c",), ("d",)]),
        (b"\xef\xbb\xbfa;b\n", [("a", "b")]),
        (b'"a;b";c\n', [("a;b", "c")]),
        (b'"a\r\nb";c\r\nd;e', [("a\r\nb", "c"), ("d", "e")]),
        (b'"a ""b""";c', [('a "b"', "c")]),
        (b'"";c', [("", "c")]),
        (b'""""', [('"',)]),
        # Quotes that are text: inside a cell, before other text, or never closed.
        (b'Ac anti-"X";c', [('Ac anti-"X"', "c")]),
        (b'"X" antigen;c', [('"X" antigen', "c")]),
        (b'"open;c\nd;e', [('"open', "c"), ("d", "e")]),
        (b"caf\xc3\xa9;\xc2\xb5mol/L", [("café", "µmol/L")]),
        # Only CR and LF end a record, whatever else Unicode calls a line end.
        ("a\x0b\x0c\x85\u2028b;c".encode(), [("a\x0b\x0c\x85\u2028b", "c")]),
    ],
)
def test_cells(content: bytes, expected: list[tuple[str, ...]]) -> None:
    assert whole(content) == expected


def test_without_quotes_a_quote_is_text() -> None:
    assert whole(b'"a;b"\n', quotechar="") == [('"a', 'b"')]


def test_blank_records_are_told() -> None:
    records = read_records(b"a;b\n;;\n \xc2\xa0;\n\x1a", "utf-8", ";")
    assert [record.is_blank for record in records] == [False, True, True, True]


def test_undecodable_bytes_name_their_line() -> None:
    with pytest.raises(UndecodableError, match="0x8F n'existe pas dans l'encodage Windows-1252") as caught:
        read_records(b"a;b\nc;d\n\x8fe;f", "cp1252", ";")
    assert caught.value.row_number == 3


@given(st.binary(max_size=200), st.sampled_from(["cp850", "mac-roman", "iso8859-15"]), DELIMITER)
def test_any_bytes_come_back(content: bytes, encoding: str, delimiter: str) -> None:
    whole(content, encoding, delimiter)


@given(st.text(alphabet=st.sampled_from('a";\r\n\t,é'), max_size=60), DELIMITER)
def test_any_text_comes_back(text: str, delimiter: str) -> None:
    whole(text.encode(), "utf-8", delimiter)


def _text_of(encoding: str) -> st.SearchStrategy[str]:
    """Short texts that the encoding can write, with the characters that matter drawn often."""
    single_byte = bytes(range(256)).decode(encoding, "ignore") if not encoding.startswith("utf") else "é€µ\u2028𝛼"
    return st.text(st.sampled_from('";,|\t\r\n a') | st.sampled_from(single_byte), max_size=8)


@given(st.data(), ENCODING, DELIMITER, TERMINATOR, st.sampled_from(["all", "minimal"]), st.booleans())
def test_any_cells_in_any_dialect(
    data: st.DataObject, encoding: str, delimiter: str, terminator: str, quoting: str, last_end: bool
) -> None:
    dialect = Dialect(encoding=encoding, delimiter=delimiter, quoting=quoting, line_terminator=terminator)
    # A cell that begins with the mark at the start of a file would be read as the mark itself.
    # A mixed encoding cannot write what reads there as the other one.
    cell = _text_of(encoding).map(lambda value: value.replace("\ufeff", "")).filter(
        lambda value: shown(value.encode(encoding).decode(encoding)) == value
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=2, max_size=4), min_size=1, max_size=4))
    lines = [delimiter.join(encode_cell(value, dialect) for value in row) for row in rows]
    content = (terminator.join(lines) + (terminator if last_end else "")).encode(encoding)

    assert whole(content, encoding, delimiter) == [tuple(row) for row in rows]

    added = ["2951-2", data.draw(cell)]
    records = read_records(content, encoding, delimiter)
    exported = b"".join(append_cells(record, added, dialect) for record in records)
    again = read_records(exported, encoding, delimiter)
    assert [record.cells for record in again] == [(*row, *added) for row in rows]
    assert all(new.raw.startswith(old.raw) for new, old in zip(again, records, strict=True))
    assert [new.terminator for new in again] == [old.terminator for old in records]


@given(st.lists(st.lists(st.text(alphabet="ab \"';,\n\r", max_size=6), min_size=2, max_size=3), min_size=1, max_size=5))
def test_agrees_with_the_csv_module(rows: list[list[str]]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=";", lineterminator="\r\n").writerows(rows)
    assert whole(target.getvalue().encode()) == [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Code;Libellé\nA;é\n".encode(), Dialect(line_terminator="\n")),
        (
            b"\xef\xbb\xbf" + '"Code";"Libellé"\r\n"A";"x"\r\n'.encode(),
            Dialect(bom=True, quoting="all"),
        ),
        ("Code;Libellé\r\nA;é\r\n".encode("cp1252"), Dialect(encoding="cp1252")),
        ("Code\tLibellé\r\n".encode("utf-16"), Dialect(encoding="utf-16-le", bom=True, delimiter="\t")),
        (b"code,label\r\nA,x;y\r\nB,z\r\n", Dialect(delimiter=",")),
        (b'code|label|"x"\r\n', Dialect(delimiter="|")),
        (b"A;2,5;3,5\r\nB;2,6;3,6\r\n", Dialect()),
        (b"alone\r\n", Dialect()),
        (b"", Dialect()),
        (b"A;1\rB;2\r", Dialect(line_terminator="\r")),
    ],
)
def test_detection(content: bytes, expected: Dialect) -> None:
    assert detect_dialect(content) == expected


def test_a_large_file_of_stray_quotes_is_read_quickly() -> None:
    records = read_records(b';"' * 200_000 + b"\n", "utf-8", ";")
    assert len(records) == 1
    records = read_records(b'"a;"";' * 100_000, "utf-8", ";")
    assert len(records) == 1


def test_quoting_is_observed_again_for_a_chosen_delimiter() -> None:
    content = b'"a","b"\n"c","d"\n'
    assert complete_dialect(content, Dialect(delimiter=",")).quoting == "all"
    assert complete_dialect(content, Dialect(delimiter=";")).quoting == "minimal"


def test_a_file_without_quotes_cannot_hold_the_delimiter() -> None:
    assert encode_cell("a;b\n", Dialect(quotechar="")) == "a b "


def test_dialect_is_kept_as_json() -> None:
    dialect = Dialect(encoding="cp1252", delimiter=",", header_rows=0, sheet="Feuil1")
    assert Dialect.from_json({**dialect.to_json(), "unknown": 1}) == dialect
    assert Dialect(bom=True).encoding_name == "UTF-8 avec BOM"
