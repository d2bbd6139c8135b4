"""Texts aligned with spaces: read where the boundaries are certain, refused by their name otherwise."""

import pytest

from app.catalogues.plan import make_plan
from app.errors import ImportRefusedError
from app.exports.append_aligned import append_aligned
from app.files.choices import IncomingFile
from app.files.description import written_as
from app.files.fixed_width import column_starts
from app.files.reading import ReadFile, read_file
from app.files.records import Dialect, records_of
from app.files.tabular import read_table

ALIGNED = """\
Code    Libellé                 Unité    Milieu
NA      Sodium                  mmol/L   Sérum
0012    Potassium, plasma       mmol/L   Sang total

GLU/J   Glycémie à jeun         g/L
HBA1C   HbA1c                   %        Sang
"""
RULED = """\
Catalogue du laboratoire, édité le 2 novembre
CODE   LIBELLE                VOLUME ANNUEL
------ ---------------------- -------------
NA     Sodium                          1500
0012   Potassium  (très long)            12
"""
RIGHT = """\
Code   Libellé            Nombre par an
NA     Sodium                      1500
K      Potassium      12345678901234567
CL     Chlore                        12
"""
HEADINGS = ("Code LOINC", "Nom LOINC")


def read(text: str, name: str = "export.txt", encoding: str = "utf-8") -> ReadFile:
    return read_file(IncomingFile(name, text.encode(encoding)), 1_000_000)


def cells(text: str, encoding: str = "utf-8") -> list[tuple[str, ...]]:
    return [row.cells for row in read(text, encoding=encoding).table.data]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_under_their_headings_are_read(encoding: str, end: str) -> None:
    assert cells(ALIGNED.replace("\n", end), encoding) == [
        ("NA", "Sodium", "mmol/L", "Sérum"),
        ("0012", "Potassium, plasma", "mmol/L", "Sang total"),
        ("GLU/J", "Glycémie à jeun", "g/L", ""),
        ("HBA1C", "HbA1c", "%", "Sang"),
    ]


def test_the_reading_is_said() -> None:
    file = read(ALIGNED)
    assert written_as(file.table.dialect) == "UTF-8, largeur fixe"
    (told,) = make_plan([file]).warnings
    assert "texte à largeur fixe, dont les colonnes commencent aux caractères 1, 9, 33, 42" in told


def test_a_ruler_gives_the_boundaries_and_is_no_row() -> None:
    assert cells(RULED) == [("NA", "Sodium", "1500"), ("0012", "Potassium  (très long)", "12")]
    plan = make_plan([read(RULED)])
    assert [test.annual_volume for test in plan.tests] == [1500, 12]


def test_numbers_may_begin_before_their_heading() -> None:
    assert [row[2] for row in cells(RIGHT)] == ["1500", "12345678901234567", "12"]


@pytest.mark.parametrize(
    "text",
    [
        # A column without heading; two headings one space apart; texts that touch or cross a boundary; no headings.
        ALIGNED.replace("Unité    Milieu", ""),
        ALIGNED.replace("Unité    Milieu", "Unité Milieu"),
        ALIGNED.replace("Sodium                  mmol/L   Sérum", "Sodium dosé par électrode mmol/L Sérum"),
        "Code    Libellé    Unité Milieu\nNA      Sodium     mmol/LSérum\nK       Potassium  mmol/LSang\n",
        "\n".join(ALIGNED.splitlines()[1:]),
        RULED.replace("0012   Potassium  (très long)            12", "0012-BIS Potassium                   12"),
        RULED + RULED,
    ],
    ids=["no heading", "two headings", "crossed", "touching", "headless", "crossed ruler", "pages"],
)
def test_uncertain_boundaries_are_refused_by_the_name_of_the_format(text: str) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        read(text)
    assert "c'est un texte à largeur fixe" in str(refused.value.problems[0])
    assert "Largeur fixe" in str(refused.value.problems[0])


def test_the_one_space_of_the_longest_text_is_no_boundary() -> None:
    lines = ["Code    Libellé                      Unité"]
    lines += [f"A{row:<6} {'Analyse':<28} mmol/L" for row in range(30)]
    lines.append("LONG    Analyse spécifique longue    mmol/L")
    assert column_starts(lines) == (0, 8, 37)


@pytest.mark.parametrize("name", ["export.txt", "export.dat", "export.csv", "export.xls", "export.xlsx", "export"])
@pytest.mark.parametrize("delimiter", [";", "\t", ",", "|"])
def test_a_delimited_text_is_read_under_any_name(name: str, delimiter: str) -> None:
    lines = (("Code", "Libellé", "Unité"), ("NA", "Sodium", "mmol/L"), ("0012", "Potassium", "mmol/L"))
    file = read("\r\n".join(map(delimiter.join, lines)), name)
    assert [row.cells for row in file.table.data] == list(lines[1:])
    assert (file.table.dialect.delimiter, file.table.dialect.starts) == (delimiter, ())


def test_delimited_texts_with_many_spaces_stay_delimited() -> None:
    text = "Code   ;Libellé          ;Unité\nNA     ;Sodium           ;mmol/L\nK      ;Potassium        ;mmol/L\n"
    file = read(text)
    assert file.table.dialect.starts == ()
    assert [line["code"] for line in file.lines()] == ["NA", "K"]


@pytest.mark.parametrize(("text", "end"), [(ALIGNED, "\n"), (RULED, "\r\n"), (RIGHT, "\n")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_new_columns_are_aligned_after_the_received_characters(text: str, end: str, encoding: str) -> None:
    content = text.replace("\n", end).encode(encoding)
    table = read_table("export.txt", content)
    done = append_aligned(content, table.dialect, HEADINGS, lambda record: ("2951-2", f"nom de {record.cells[0]}"))
    assert done.rows == len(table.data)
    for before, after in zip(text.splitlines(), done.content.decode(encoding).splitlines(), strict=True):
        assert after.startswith(before)
    again = read_table("retour.txt", done.content)
    assert [row.cells[-2:] for row in again.data] == [("2951-2", f"nom de {row.cells[0]}") for row in table.data]


def test_a_dialect_of_fixed_width_is_kept_as_json() -> None:
    dialect = Dialect(starts=(0, 8))
    assert Dialect.from_json(dialect.to_json() | {"starts": [0, 8]}) == dialect
    content = b"a       b\r\nc       d"
    records = records_of(content, dialect)
    assert b"".join(record.raw + record.terminator for record in records) == content
    assert [record.cells for record in records] == [("a", "b"), ("c", "d")]
