"""Appending columns: the received bytes stay, whatever the file looks like."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports.append import Appended, append_columns
from app.exports.charset import close_form
from app.files.records import Dialect, Record, complete_dialect, read_records

HEADINGS = ("Code LOINC", "Libellé LOINC")


def code_and_name(record: Record) -> Sequence[str]:
    return ("2951-2", "Sodium ; « Na »") if record.cells[0].strip("\ufeff") == "NA" else ("", "")


def append(content: bytes, dialect: Dialect, width: int | None = None) -> Appended:
    return append_columns(content, complete_dialect(content, dialect), HEADINGS, code_and_name, width)


def test_a_file_without_headings_gets_none() -> None:
    content = b"NA;SODIUM\nK;POTASSIUM"
    done = append(content, Dialect(header_rows=0))
    assert done.content.decode() == 'NA;SODIUM;2951-2;"Sodium ; « Na »"\nK;POTASSIUM;;'


def test_rows_above_the_headings_and_blank_rows_stay_as_they_are() -> None:
    content = b"Catalogue 2026;\n\nCode;Nom\nNA;SODIUM\n;\n\nK;POTASSIUM\n"
    done = append(content, Dialect(header_rows=3))
    assert done.content.decode().split("\n") == [
        "Catalogue 2026;",
        "",
        "Code;Nom;Code LOINC;Libellé LOINC",
        'NA;SODIUM;2951-2;"Sodium ; « Na »"',
        ";",
        "",
        "K;POTASSIUM;;",
        "",
    ]


def test_a_delimiter_at_the_end_of_each_row_is_kept_there() -> None:
    content = b"Code;Nom;\nNA;SODIUM;\nK;POTASSIUM;\n"
    done = append(content, Dialect())
    assert done.content.decode().split("\n")[1] == 'NA;SODIUM;2951-2;"Sodium ; « Na »";'
    assert done.content.decode().split("\n")[2] == "K;POTASSIUM;;;"
    assert done.width == 2


def test_without_headings_only_the_known_width_tells_a_trailing_delimiter_from_an_empty_column() -> None:
    content = b"NA;SODIUM;\nK;POTASSIUM;\n"
    assert append(content, Dialect(header_rows=0), width=2).content.startswith(b"NA;SODIUM;2951-2;")
    assert append(content, Dialect(header_rows=0), width=3).content.startswith(b"NA;SODIUM;;2951-2;")


def test_short_rows_are_filled_so_that_the_new_columns_fall_in_their_place() -> None:
    done = append(b"Code;Nom;Milieu\nNA\nK;POTASSIUM;Sang\n", Dialect())
    assert done.content.decode().split("\n")[1].startswith("NA;;;2951-2;")
    assert done.short_rows == (2,)


def test_long_rows_are_named() -> None:
    done = append(b"Code;Nom\nNA;SODIUM;de trop\n", Dialect())
    assert done.content.decode().split("\n")[1].startswith("NA;SODIUM;de trop;2951-2;")
    assert done.long_rows == (2,)


def test_a_file_where_quotes_mean_nothing_gets_no_delimiter_inside_a_cell() -> None:
    content = 'Code;Nom\nNA;SODIUM "dosé\n'.encode()
    done = append(content, Dialect(quotechar=""))
    assert done.content.decode().split("\n")[1] == 'NA;SODIUM "dosé;2951-2;Sodium , « Na »'
    assert [item.written for item in done.adapted] == ["Sodium , « Na »"]


def test_a_stray_quote_at_the_end_of_a_row_does_not_swallow_the_new_cells() -> None:
    content = b'Code;Nom\nNA;"SODIUM\nK;5\n'
    done = append(content, Dialect())
    assert [record.cells for record in read_records(done.content, "utf-8", ";")] == [
        ("Code", "Nom", *HEADINGS),
        ("NA", '"SODIUM', "2951-2", "Sodium ; « Na »"),
        ("K", "5", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("Sérum ≥ 2 µg", "cp1252", "Sérum >= 2 µg"),
        ("β-hCG, α-fœto", "cp1252", "bêta-hCG, alpha-fœto"),
        ("œstradiol €", "iso8859-15", "œstradiol €"),
        ("œstradiol", "cp850", "oestradiol"),
        ("1\u202f000 \u03bcg", "cp1252", "1 000 µg"),
        ("Ω", "cp1252", "O"),
        ("β", "ascii", "beta"),
        ("β", "utf-8", "β"),
    ],
)
def test_characters_that_the_encoding_lacks_take_a_close_form(text: str, encoding: str, written: str) -> None:
    assert close_form(text, encoding) == written


@given(st.text(), st.sampled_from(["utf-8", "cp1252", "iso8859-15", "mac-roman", "cp850", "ascii"]))
def test_a_close_form_can_always_be_written(text: str, encoding: str) -> None:
    close_form(text, encoding).encode(encoding)


cells = st.text(st.characters(codec="cp1252", exclude_characters="\r\n"), max_size=12)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    rows=st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=6),
    ends=st.lists(st.sampled_from(["\r\n", "\n", "\r"]), min_size=6, max_size=6),
    appended=st.tuples(anything, anything),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
    delimiter=st.sampled_from([";", "\t", ",", "|"]),
    quotechar=st.sampled_from(['"', ""]),
    header_rows=st.integers(0, 2),
    last_end=st.booleans(),
    bom=st.booleans(),
    width=st.sampled_from([None, 1, 2, 3]),
)
def test_any_text_any_dialect(
    rows: list[list[str]],
    ends: list[str],
    appended: tuple[str, str],
    encoding: str,
    delimiter: str,
    quotechar: str,
    header_rows: int,
    last_end: bool,
    bom: bool,
    width: int | None,
) -> None:
    """Cells are written raw: stray quotes and delimiters make files that nobody would write on purpose."""
    text = "".join(delimiter.join(row) + end for row, end in zip(rows, ends, strict=False))
    text = ("\ufeff" if bom and encoding == "utf-8" else "") + text
    if not last_end:
        text = text.rstrip("\r\n")
    content = text.encode(encoding)
    dialect = complete_dialect(
        content, Dialect(encoding=encoding, delimiter=delimiter, quotechar=quotechar, header_rows=header_rows)
    )
    received = read_records(content, encoding, delimiter, quotechar)
    done = append_columns(content, dialect, appended, lambda _record: appended, width)
    written = read_records(done.content, encoding, delimiter, quotechar)
    assert len(written) == len(received)
    position = 0
    for before, after in zip(received, written, strict=True):
        # The bytes of each received record are found unchanged at the start of the written one.
        assert done.content[position : position + len(before.raw)] == before.raw
        assert after.terminator == before.terminator
        assert after.cells[: len(before.cells) - 1] == before.cells[:-1]
        position += len(after.raw) + len(after.terminator)
    assert position == len(done.content)
