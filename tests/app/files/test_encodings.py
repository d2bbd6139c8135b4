"""In which encoding a file is written: found on the whole of it, said when it is not sure, and given back exactly."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ImportRefusedError
from app.exports.append import append_columns
from app.files.choices import Choices, IncomingFile
from app.files.encoding_notes import notes_on, samples
from app.files.encodings import ENCODINGS, MIXED, MIXTURES, WITH_UTF_8, detect, line_of, shown
from app.files.fields import known_fields
from app.files.reading import read_file
from app.files.records import read_records
from app.files.tabular import check_content, read_table

LABELS = (
    "Glycémie à jeun", "Créatinine sérique", "Protéinurie des 24 h", "Fer sérique", "Hémoglobine glyquée", "Œstradiol",
    "Anticorps anti-nucléaires", "ÉLECTROPHORÈSE DES PROTÉINES", "Délai de prélèvement", "Cœliaque (sérologie)",
    "Bêta-2-microglobuline", "Hépatite B, antigène HBs", "Numération formule sanguine", "Sodium", "Potassium",
    "Dosage pondéral (µg/L)", "Température 37 °C", "Chaîne légère kappa", "Leucocytes dans le sang placé",
)  # fmt: skip
ONE_BYTE = ("cp1252", "iso8859-15", "mac-roman", "cp850")
CATALOGUE = "Code;Libellé\r\n" + "".join(f"A{row};{label}\r\n" for row, label in enumerate(LABELS))


def without_ligatures(text: str) -> str:
    """As DOS writes it."""
    return text.replace("Œ", "Oe").replace("œ", "oe")


def catalogue_in(encoding: str) -> bytes:
    return without_ligatures(CATALOGUE).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", *ONE_BYTE, "utf-16-le", "utf-16-be"])
def test_a_catalogue_is_read_in_the_encoding_that_it_is_written_in(encoding: str) -> None:
    content = CATALOGUE.encode(encoding) if encoding != "cp850" else catalogue_in("cp850")
    found = detect(content)
    assert content.decode(found.encoding) == content.decode(encoding)
    assert not found.is_doubtful
    table = read_table("catalogue.csv", content)
    assert table.data[0].cells == ("A0", "Glycémie à jeun")
    assert table.data[7].cells[1] == "ÉLECTROPHORÈSE DES PROTÉINES"


def test_latin_9_is_told_from_windows_by_what_only_one_of_them_makes_a_word_of() -> None:
    assert detect("Code;Nom\nA;Œstradiol\nB;Chœur\nC;Prix 3 €\n".encode("iso8859-15")).encoding == "iso8859-15"
    assert detect("Code;Nom\nA;Œstradiol\nB;Chœur\nC;Prix 3 €\n".encode("cp1252")).encoding == "cp1252"
    assert detect("Code;Nom\nA;Demi-vie ½ élevée\n".encode("cp1252")).encoding == "cp1252"


@given(st.lists(st.sampled_from(LABELS), min_size=3, max_size=30), st.sampled_from([*ONE_BYTE, "utf-8", "utf-16-le"]))
def test_any_choice_of_labels_is_read_right_or_said_to_be_doubtful(labels: list[str], encoding: str) -> None:
    text = "\n".join(labels)
    content = (text if encoding != "cp850" else text.replace("Œ", "Oe").replace("œ", "oe")).encode(encoding)
    found = detect(content)
    assert content.decode(found.encoding) == content.decode(encoding) or found.is_doubtful


def test_the_end_of_a_file_decides_as_much_as_its_beginning() -> None:
    plain = "".join(f"A{row};Sodium\r\n" for row in range(60_000))
    for encoding in ("mac-roman", "cp1252", "utf-8"):
        content = (plain + "B;Créatinine sérique\r\n").encode(encoding)
        assert read_table("a.csv", content).rows[-1].cells == ("B", "Créatinine sérique")


def mixed(ends: str = "\r\n", odd: tuple[int, ...] = (4,)) -> bytes:
    """A catalogue in UTF-8 but for some of its lines, which are in Windows-1252."""
    lines = CATALOGUE.split("\r\n")
    return ends.encode().join(
        line.encode("cp1252" if number in odd else "utf-8") for number, line in enumerate(lines, start=1)
    )


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_a_file_in_utf_8_but_for_some_lines_is_read_and_names_them(ends: str) -> None:
    content = mixed(ends, (4, 9))
    assert (detect(content).encoding, detect(content).odd_lines) == (MIXED, (4, 9))
    read = read_file(IncomingFile("catalogue.csv", content), 1 << 20)
    assert not read.problems
    assert [row.cells[1] for row in read.table.data] == list(LABELS)
    (note,) = read.table.notes
    assert note.startswith("catalogue.csv : 2 lignes ne sont pas en UTF-8 comme le reste (4, 9)")


def test_a_mixed_file_goes_back_out_byte_for_byte() -> None:
    content = mixed(odd=(3, 5))
    records = read_records(content, MIXED, ";")
    assert b"".join(record.raw + record.terminator for record in records) == content
    dialect = read_table("a.csv", content).dialect
    done = append_columns(content, dialect, ["LOINC"], lambda record: [f"é{record.row_number}"])
    lines = done.content.split(b"\r\n")
    assert lines[2] == content.split(b"\r\n")[2] + ";é3".encode()
    assert b"\xe9" in lines[2]


@given(st.binary(max_size=300), st.sampled_from(sorted(MIXTURES)))
def test_any_bytes_in_a_mixed_encoding_come_back(content: bytes, encoding: str) -> None:
    text = content.decode(encoding)
    assert text.encode(encoding) == content
    shown(text).encode("utf-8")
    records = read_records(content, encoding, ";")
    assert b"".join(record.raw + record.terminator for record in records) == content
    detect(content)


def mostly(encoding: str, odd: tuple[int, ...]) -> bytes:
    """A catalogue in an encoding of one byte a character, but for some of its lines, which are in UTF-8."""
    text = without_ligatures(CATALOGUE) if encoding == "cp850" else CATALOGUE
    return b"\r\n".join(
        line.encode("utf-8" if number in odd else encoding) for number, line in enumerate(text.split("\r\n"), start=1)
    )


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850"])
@pytest.mark.parametrize("odd", [(2,), (4, 9), (17, 20)])
def test_a_file_but_for_some_lines_in_utf_8_is_read_and_names_them(encoding: str, odd: tuple[int, ...]) -> None:
    content = mostly(encoding, odd)
    read = read_file(IncomingFile("catalogue.csv", content), 1 << 20)
    assert read.table.dialect.encoding == WITH_UTF_8[encoding]
    assert [without_ligatures(row.cells[1]) for row in read.table.data] == [*map(without_ligatures, LABELS)]
    (note,) = read.table.notes
    assert f"en UTF-8 ({', '.join(map(str, odd))}), et le reste en {ENCODINGS[encoding]}" in note
    done = append_columns(content, read.table.dialect, ["LOINC"], lambda record: ["é"])
    received, completed = content.split(b"\r\n"), done.content.split(b"\r\n")
    assert [line.removesuffix(";é".encode(encoding)) for line in completed[1:]] == received[1:]


def test_an_added_text_that_would_read_as_the_other_encoding_takes_a_close_form() -> None:
    content = mostly("cp1252", (4,))
    dialect = read_table("a.csv", content).dialect
    done = append_columns(content, dialect, ["LOINC"], lambda record: ["lu « Ã© »"])
    assert done.adapted[0].text == "lu « Ã© »"
    assert read_table("a.csv", done.content).data[0].cells[-1].startswith("lu ")


def test_two_encodings_on_one_line_are_told_apart_and_capitals_before_a_closing_mark_are_not() -> None:
    content = b"Code;Libell\xe9;Nom\nA;Glyc\xe9mie;" + "Glycémie".encode() + b"\nB;\xabQUALIT\xc9\xbb;Cr\xe9at\n"
    table = read_table("a.csv", content)
    assert table.headings == ("Code", "Libellé", "Nom")
    assert table.data[0].cells == ("A", "Glycémie", "Glycémie")
    assert table.data[1].cells == ("B", "«QUALITÉ»", "Créat")


@pytest.mark.parametrize("head", ["", "Code;Libellé;Nom\n"])
def test_two_letters_of_windows_are_no_letter_of_utf_8_by_chance(head: str) -> None:
    body = "K;«QUALITÉ»;Créatinine sérique\n".encode("cp1252")
    content = b"\xef\xbb\xbf" + head.encode() + body
    assert content.decode(MIXED).encode(MIXED) == content
    assert read_table("a.csv", content).rows[-1].cells == ("K", "«QUALITÉ»", "Créatinine sérique")


def test_the_odd_bytes_of_a_file_mostly_in_utf_8_are_read_in_their_own_encoding() -> None:
    odd = "A2;Prélèvement à l'hôpital, chaîne légère"
    lines = CATALOGUE.split("\r\n")
    content = "\r\n".join(lines).encode() + odd.encode("mac-roman")
    table = read_table("a.csv", content)
    assert (table.dialect.encoding, table.rows[-1].cells[1]) == (WITH_UTF_8["mac-roman"], odd.removeprefix("A2;"))
    dots = "\r\n".join(lines).encode() + "A2;À suivre".encode() + b"\x85"
    assert read_table("a.csv", dots).rows[-1].cells[1] == "À suivre…"


def test_a_mark_does_not_make_the_odd_lines_of_a_file_unreadable() -> None:
    content = b"\xef\xbb\xbf" + mixed(odd=(4,))
    table = read_table("a.csv", content)
    assert (table.dialect.encoding, table.dialect.bom) == (MIXED, True)
    assert table.headings == ("Code", "Libellé")
    assert [row.cells[1] for row in table.data] == list(LABELS)
    assert "(4)" in table.notes[0]


def test_one_encoding_asked_for_a_file_of_two_is_followed_and_what_it_breaks_is_said() -> None:
    content = mostly("cp1252", (4,))
    dialect = replace(read_table("a.csv", content).dialect, encoding="cp1252")
    read = read_file(IncomingFile("a.csv", content, Choices(dialect=dialect)), 1 << 20)
    assert read.table.data[2].cells[1] == "ProtÃ©inurie des 24 h"
    (note,) = read.table.notes
    assert "comme demandé, alors que 1 ligne est en UTF-8 (4)" in note


def test_one_odd_byte_that_makes_a_better_word_in_another_encoding_than_windows_is_said() -> None:
    content = CATALOGUE.encode() + b"A2;H\x99te\r\n"
    (note,) = read_table("a.csv", content).notes
    assert "Ils semblent d'un autre encodage" in note


def test_two_alphabets_that_are_as_good_are_said_to_be_doubtful() -> None:
    found = detect(b"Code;Nom\nA;\x8e\n")
    assert found.is_doubtful
    (note,) = notes_on("a.csv", b"Code;Nom\nA;\x8e\n", found.encoding, is_chosen=False)
    assert "encodage incertain" in note
    assert list(notes_on("a.csv", b"Code;Nom\nA;\x8e\n", found.encoding, is_chosen=True)) == []


def test_accents_encoded_twice_are_said() -> None:
    content = "Code;Nom\nA;Glycémie\nB;Créatinine\nC;Protéine\n".encode().decode("cp1252").encode()
    (note,) = notes_on("a.csv", content, "utf-8", is_chosen=False)
    assert "deux fois" in note
    assert list(notes_on("a.csv", CATALOGUE.encode(), "utf-8", is_chosen=False)) == []


def test_each_encoding_shows_what_it_makes_of_the_words() -> None:
    found = samples("Code;Nom\nA;Glycémie\n".encode("mac-roman"))
    assert found["mac-roman"] == "Glycémie"
    assert found["cp1252"] == "GlycŽmie"
    assert set(found) == {name for name in ENCODINGS if not name.startswith("utf-16")}
    assert samples(b"Code;Nom\nA;Sodium\n") == {}


def test_lines_are_counted_whatever_ends_them() -> None:
    for content in (b"a\nb\nc", b"a\rb\rc", b"a\r\nb\r\nc"):
        assert line_of(content, content.index(b"c")) == 3


def test_a_byte_of_no_letter_opens_the_preview_and_its_line_is_named() -> None:
    content = "Code;Libellé\nGLU;Glycémie à jeun\nNA;Sodium".encode("cp1252") + b"\x81\nK;Potassium\n"
    table = read_table("a.csv", content)
    assert table.rows[1].cells[1] == "Glycémie à jeun"
    assert any("d'aucune lettre" in note and "(3)" in note for note in table.notes)


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        ("Code;Libellé\nGLU;Gly\0cémie\nNA;Sodium\n".encode(), 2, "est nul"),
        ("Code;Libellé\nGLU;Glycémie\n".encode("utf-16-le") + b"N", 3, "manque un octet"),
        ("Code;Libellé\nGLU;Glycémie\n".encode("utf-16") + b"N", 3, "manque un octet"),
    ],
)
def test_a_damaged_text_is_refused_by_its_line(content: bytes, row: int, message: str) -> None:
    with pytest.raises(ImportRefusedError, match=message) as refused:
        check_content("a.csv", content, 1_000_000)
    assert [problem.row for problem in refused.value.problems] == [row]


def test_headings_encoded_twice_are_known_and_said() -> None:
    table = read_table("a.csv", "Code;LibellÃ©;UnitÃ©\nGLU;GlycÃ©mie;mmol/L\nNA;Sodium;mmol/L\n".encode())
    assert table.dialect.header_rows == 1
    assert {"code", "label", "unit"} <= known_fields(table.headings)
    assert any("encodés deux fois" in note for note in table.notes)
