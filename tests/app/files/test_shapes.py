"""Texts of unusual shapes: read where the whole file has the shape, and given back in it byte for byte."""

import pytest

from app.errors import ImportRefusedError
from app.exports.append import append_columns
from app.files.asked import asked_dialect
from app.files.choices import IncomingFile
from app.files.description import written_as
from app.files.reading import ReadFile, read_file
from app.files.records import ODD_DELIMITERS, Dialect, records_of
from app.files.tabular import read_table

ROWS = [
    ("Code", "Libellé", "Unité"),
    ("NA", "Sodium, sérum", "mmol/L"),
    ("K", "Potassium ; plasma", "mmol/L"),
    ("GLU", "Glucose « à jeun »", ""),
    ("AC", "Ac anti-\"X\" | M", "U/mL"),
]
HEADINGS = ["Code LOINC", "Nom LOINC"]


def read(content: bytes, name: str = "catalogue.txt") -> ReadFile:
    return read_file(IncomingFile(name, content), 1 << 20)


def cells(content: bytes) -> list[tuple[str, ...]]:
    file = read(content)
    assert file.problems == []
    return [row.cells for row in file.table.data]


def completed(content: bytes, added: tuple[str, str]) -> bytes:
    table = read_table("catalogue.txt", content)
    done = append_columns(content, table.dialect, HEADINGS, lambda record: added)
    again = read_table("catalogue.txt", done.content)
    assert [row.cells for row in again.data] == [(*row.cells, *added) for row in table.data]
    assert again.headings == (*table.headings, *HEADINGS)
    return done.content


# ---- separators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", ODD_DELIMITERS)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_an_unusual_separator_is_read_where_the_whole_file_has_it(delimiter: str, encoding: str) -> None:
    content = "\r\n".join(map(delimiter.join, ROWS)).encode(encoding)
    file = read(content)
    assert [row.cells for row in file.table.data] == ROWS[1:]
    assert file.columns["code"] == 0
    assert any("le séparateur est inhabituel" in note for note in file.table.notes)
    added = completed(content, ("2951-2", "Sodium [Moles/volume]"))
    mark = "\ufeff" if encoding == "utf-8-sig" else ""
    lines = added.decode(encoding.removesuffix("-sig")).removeprefix(mark).split("\r\n")
    for before, after in zip(ROWS, lines, strict=True):
        assert after.startswith(delimiter.join(before))


def test_a_sign_that_some_lines_lack_is_no_separator() -> None:
    content = b"Code^Libelle\nNA^Sodium\nK;Potassium\n"
    with_problem = read(content)
    assert with_problem.table.dialect.delimiter == ";"
    assert with_problem.problems


def test_a_sign_in_each_label_is_no_separator_of_a_usual_file() -> None:
    lines = ["Catalogue#2026", "N#;Libelle;Unite;Milieu", "A#1;Sodium;mmol/L;Serum", "A#2;Potassium;mmol/L;Serum"]
    assert read("\n".join(lines).encode()).table.dialect.delimiter == ";"


def test_a_separator_that_an_encoding_lacks_is_refused_by_its_name() -> None:
    content = "Code¦Libellé\nNA¦Sodium\n".encode()
    with pytest.raises(ImportRefusedError) as caught:
        read_table("a.csv", content, Dialect(encoding="mac-roman", delimiter="¦"))
    assert "le séparateur (barre brisée) n'existe pas en Mac OS Roman" in str(caught.value.problems[0])


# ---- lines wholly between quotes --------------------------------------------------------------------------


def wrapped(rows: list[tuple[str, ...]], delimiter: str, *, only: bool = False) -> str:
    """Each row as one quoted cell, or only those that hold a quote: how spreadsheets save lines they did not cut."""
    lines = []
    for row in rows:
        line = delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if delimiter in cell else cell for cell in row)
        is_quoted = not only or '"' in line
        lines.append(f'"{line.replace(chr(34), chr(34) * 2)}"' if is_quoted else line)
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_lines_wholly_between_quotes_are_unwrapped(delimiter: str, only: bool) -> None:
    rows = [*ROWS[:4], ("AC", "Anticorps" + delimiter + " anti-M", "U/mL")]
    content = wrapped(rows, delimiter, only=only).encode("cp1252")
    assert cells(content) == rows[1:]
    assert "lignes entre guillemets" in written_as(read(content).table.dialect)
    added = completed(content, ("2951-2", 'dit "sodium"'))
    for before, after in zip(content.splitlines(), added.splitlines(), strict=True):
        assert after.startswith(before.removesuffix(b'"'))
        assert after.endswith(b'"') or not before.endswith(b'"')


def test_a_wrapped_line_of_another_width_is_named() -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read(b'"Code;Libelle;Unite"\n"NA;Sodium;mmol/L"\n"K;Potassium"\n"CL;Chlore;mmol/L"\n')
    (problem,) = caught.value.problems
    assert problem.row == 3
    assert "tout entières entre guillemets" in problem.message
    assert "(2 au lieu de 3)" in problem.message


def test_a_quoted_title_or_a_quoted_file_is_not_unwrapped() -> None:
    assert cells(b'"Catalogue ; 2026"\n"Code";"Libelle";"Unite"\n"NA";"Sodium";"mmol/L"\n') == [
        ("NA", "Sodium", "mmol/L")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Code~|~Libelle\nNA~|~Sodium\nK~|~Potassium\n", "« ~|~ », de plusieurs caractères"),
        (b"Code;#Libelle\nNA;#Sodium\nK;#Potassium\n", "« ;# », de plusieurs caractères"),
        (b"'Code;Libelle'\n'NA;Sodium'\n'K;Potassium'\n", "commence et finit par une apostrophe"),
        (b'"Code,Libelle",,\n"NA,Sodium",,\n"K,Potassium",,\n', "suivie de séparateurs"),
        (b'Catalogue\n"Code;Libelle"\n"NA;Sodium"\n"K;Potassium"\n', "(1 au lieu de 2)"),
    ],
)
def test_what_would_leave_a_piece_of_a_separator_in_each_cell_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read(content)
    (problem,) = caught.value.problems
    assert problem.row == 1
    assert reason in problem.message


def test_cells_between_apostrophes_are_read_without_them_and_given_back_with_them() -> None:
    content = "'Code';'Libellé'\n'NA';'Sodium ; l''ion'\n'K';'Potassium'\n".encode()
    assert cells(content) == [("NA", "Sodium ; l'ion"), ("K", "Potassium")]
    assert b"'K';'Potassium';'2951-2';'l''ion'\n" in completed(content, ("2951-2", "l'ion"))


def test_the_separator_that_a_file_declares_is_followed() -> None:
    assert cells(b"sep=^\nCode^Libelle\nNA^Sodium\nK^Potassium, plasma\n") == [
        ("NA", "Sodium"), ("K", "Potassium, plasma"),
    ]  # fmt: skip


# ---- tables drawn with bars -------------------------------------------------------------------------------

MARKDOWN = """| Code | Libellé | Unité |
|------|:--------|:-----:|
| NA   | Sodium  | mmol/L |
| `K`  | **Potassium** | mmol/L |
| GLU\\_1 | Glucose \\| à jeun |  |
"""
LOOSE = "Code | Libellé | Unité\n--- | --- | ---\nNA | Sodium | mmol/L\nK | Potassium | mmol/L\n"
PRINTED = (
    "+------+-----------+--------+\n| Code | Libelle   | Unite  |\n+------+-----------+--------+\n"
    "| NA   | Sodium    | mmol/L |\n| K    | Potassium | mmol/L |\n+------+-----------+--------+\n"
)
PSQL = (
    " Code |  Libelle  | Unite  \n------+-----------+--------\n"
    " NA   | Sodium    | mmol/L\n K    | Potassium | mmol/L\n"
)


def test_a_markdown_table_is_read_as_it_reads() -> None:
    assert cells(MARKDOWN.encode()) == [
        ("NA", "Sodium", "mmol/L"), ("K", "Potassium", "mmol/L"), ("GLU_1", "Glucose | à jeun", ""),
    ]  # fmt: skip
    assert any("tableau dessiné avec des barres" in note for note in read(MARKDOWN.encode()).table.notes)


@pytest.mark.parametrize("text", [LOOSE, PRINTED, PSQL])
def test_other_drawn_tables_are_read(text: str) -> None:
    assert cells(text.encode()) == [("NA", "Sodium", "mmol/L"), ("K", "Potassium", "mmol/L")]


@pytest.mark.parametrize("text", [MARKDOWN, LOOSE, PRINTED, PSQL])
def test_a_drawn_table_grows_at_the_end_of_its_rows(text: str) -> None:
    content = ("\ufeff" + text).replace("\n", "\r\n").encode()
    added = completed(content, ("2951-2", "a | b \\ `c`"))
    for before, after in zip(content.splitlines(), added.splitlines(), strict=True):
        assert after.startswith(before)


def test_two_drawn_tables_in_a_file_are_refused_with_the_row() -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read((MARKDOWN + "\n" + MARKDOWN).encode())
    (problem,) = caught.value.problems
    assert "plusieurs tableaux dessinés" in problem.message
    assert problem.row == 8


def test_bars_without_ruler_are_separators() -> None:
    content = b"Code|Libelle|Unite\nNA|Sodium|mmol/L\n-|-|-\n"
    assert read(content).table.dialect.shape == ""


@pytest.mark.parametrize("text", [MARKDOWN, wrapped(ROWS[:4], ";"), "^".join("ab") + "\n"])
def test_the_records_of_a_shape_give_the_file_back_and_its_dialect_is_kept(text: str) -> None:
    content = text.encode()
    dialect = read_table("a.txt", content).dialect
    records = records_of(content, Dialect.from_json(dialect.to_json()))
    assert b"".join(record.raw + record.terminator for record in records) == content
    assert Dialect.from_json(dialect.to_json()) == dialect


def test_an_encoding_asked_for_keeps_the_shape() -> None:
    content = MARKDOWN.encode("mac-roman")
    dialect = asked_dialect("a.md", content, "mac-roman")
    assert dialect is not None
    assert read_table("a.md", content, dialect, detect_header=True).data[0].cells == ("NA", "Sodium", "mmol/L")
    aligned = b"CODE    LIBELLE          UNITE\nNA      Sodium           mmol/L\nK       Potassium        mmol/L\n"
    found = asked_dialect("a.txt", aligned, "cp1252")
    assert found is not None
    assert len(found.starts) == 3
