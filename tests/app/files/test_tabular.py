"""From bytes to a table: encodings, headers, sheets, limits, and recognition of the kind of file."""

import io

import pytest
from openpyxl import Workbook

from app.errors import ImportRefusedError
from app.files import limits
from app.files.ans_files import kind_of_name
from app.files.encodings import ENCODINGS
from app.files.fields import FIELDS, fold_heading, guess_columns
from app.files.reading import recognise
from app.files.records import Dialect
from app.files.tabular import read_table
from app.files.values import boolean, is_boolean, is_volume, volume
from app.models import FileKind
from tests.app.catalogues.conftest import ANALYSES, CHAPTERS, EXAMS, ans_file, csv_bytes


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_a_chosen_encoding_is_followed(encoding: str) -> None:
    label = "fœtal à µ" if "cp850" not in encoding else "été"
    content = csv_bytes([("code", "libellé"), ("A", label)], encoding=encoding)
    table = read_table("a.csv", content, Dialect(encoding=encoding))
    assert table.headings == ("code", "libellé")
    assert table.data[0].cells[1].startswith(("fœtal", "été")) or "iso8859-15" in encoding


@pytest.mark.parametrize(
    ("lines", "header_rows"),
    [
        (["Code;Libellé;Unité", "A;Sodium;mmol/L"], 1),
        (["A;Sodium;mmol/L", "B;Potassium;mmol/L"], 0),
        (["Catalogue 2026;;", ";;", "Code;Libellé;Unité", "A;Sodium;mmol/L"], 3),
        (["Colonne A;Colonne B", "12;x", "13;y"], 1),
        (["Na;Sodium", "K;Potassium"], 0),
        (["NA;Sodium;mmol/L;Sérum;QN", "VOL;Volume;mL;Nature;Test", "K;Potassium;mmol/L;Sérum;QN"], 0),
        (["001;Sodium", "002;Potassium"], 0),
    ],
)
def test_header_rows_are_found(lines: list[str], header_rows: int) -> None:
    assert read_table("a.csv", "\n".join(lines).encode()).dialect.header_rows == header_rows


def test_headings_over_two_rows_are_joined() -> None:
    content = "Analyse;;Unité\nCode;Libellé;\nA;Sodium;mmol/L\n".encode()
    table = read_table("a.csv", content, Dialect(header_rows=2))
    assert table.headings == ("Code", "Libellé", "Unité")
    assert table.heading(1) == "Libellé"
    assert table.heading(7) == "colonne 8"


def test_the_sheet_with_known_headings_is_read_first() -> None:
    workbook = Workbook()
    workbook.active.append(["Consignes"])
    sheet = workbook.create_sheet("Catalogue")
    sheet.append(["Code", "Libellé", "Volume annuel"])
    sheet.append(["007", "Sodium", 1200])
    sheet.append([8, "Potassium", 12.5])
    buffer = io.BytesIO()
    workbook.save(buffer)
    table = read_table("a.xlsx", buffer.getvalue())
    assert table.dialect == Dialect(format="xlsx", sheet="Catalogue", header_rows=1)
    assert table.sheet_names == ("Sheet", "Catalogue")
    assert [row.cells for row in table.data] == [("007", "Sodium", "1200"), ("8", "Potassium", "12.5")]
    other = read_table("a.xlsx", buffer.getvalue(), Dialect(format="xlsx", sheet="Sheet"), detect_header=True)
    assert other.rows[0].cells == ("Consignes",)


def test_the_limits_on_rows_and_cells() -> None:
    """The tests below use smaller ones: what a large file costs to read is not what they prove."""
    assert (limits.MAX_ROWS, limits.MAX_CELLS) == (100_000, 3_000_000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\n" * 1001, "dépasse 1000 lignes"),
        (b"a;b\n" + b";" * 300 + b"\n", "ligne 2 : la ligne dépasse 256 colonnes"),
        (b";" * 30_001, "dépasse 30000 cellules"),
        (b"a;b\nc;" + b"x" * 40_000, "ligne 2 : une cellule est anormalement longue"),
    ],
)
def test_limits(content: bytes, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 1000)
    monkeypatch.setattr(limits, "MAX_CELLS", 30_000)
    assert read_table("a.csv", b"a\n" * 1000).rows
    with pytest.raises(ImportRefusedError, match=message):
        read_table("a.csv", content)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("LOINC_1_export_chapitres_20261101.csv", FileKind.LOINC_1),
        ("loinc-2 demandes.txt", FileKind.LOINC_2),
        ("Loinc3.csv", FileKind.LOINC_3),
        ("LOINC_12.csv", None),
        ("donnees_annexes_20261101.csv", FileKind.SIDE_DATA),
        ("catalogue.csv", None),
    ],
)
def test_names(name: str, kind: FileKind | None) -> None:
    assert kind_of_name(name) is kind


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("kind", "rows"),
    [(FileKind.LOINC_1, CHAPTERS), (FileKind.LOINC_2, EXAMS), (FileKind.LOINC_3, ANALYSES)],
)
def test_ans_files_are_known_by_headings_or_by_columns(
    kind: FileKind, rows: list[tuple[str, ...]], header: bool
) -> None:
    content = ans_file(kind, rows, header=header).content
    assert recognise("export.csv", read_table("export.csv", content)) is kind


def test_other_files_are_free_catalogues() -> None:
    for text in ("code;libelle\nA;B\n", "A;Sodium;mmol/L;Sérum\nB;Potassium;mmol/L;Sérum\n"):
        assert recognise("export.csv", read_table("export.csv", text.encode())) is FileKind.TABULAR


def test_no_heading_has_two_meanings() -> None:
    headings = [heading for field in FIELDS for heading in field.headings]
    assert len(headings) == len(set(headings))
    assert all(fold_heading(heading) == heading for heading in headings)


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (
            "Code SIL n°1;Nom;Unité de réf.;REF NABM;Examen sous-traité;Sous-traitant",
            {"code": 0, "label": 1, "unit": 2, "nabm": 3, "is_subcontracted": 4, "executing_laboratory": 5},
        ),
        ("Code;Code analyse;Libellé", {"code": 1, "label": 2}),
        (
            "code;libelle;synonyme;milieu;unite;technique;echelle;temporalite;nabm;chapitre",
            {
                "code": 0, "label": 1, "synonym": 2, "specimen": 3, "unit": 4, "technique": 5, "scale": 6,
                "timing": 7, "nabm": 8, "chapter": 9,
            },
        ),
        ("Code;Libellé;Libellé unité;Code unité;Unités", {"code": 0, "label": 1, "unit": 4, "unit_code": 3}),
        ("Sérothèque;Fréquence;Sérothèque", {}),
        ("Code LOINC;Code postal;Libellé du chapitre", {"chapter": 2, "earlier_code": 0}),
    ],
)  # fmt: skip
def test_columns_are_guessed(headings: str, columns: dict[str, int]) -> None:
    assert guess_columns(headings.split(";")) == columns


def test_flags_and_volumes() -> None:
    assert [boolean(text) for text in ("O", "oui", "X", "1", "Vrai")] == [True] * 5
    assert [boolean(text) for text in ("N", "Non", "0", "FAUX")] == [False] * 4
    assert [is_boolean(text) for text in ("", "-", "oui", "peut-être")] == [True, True, True, False]
    assert [volume(text) for text in ("15 587", "15\u202f587", "12,0", "", "12,5", "-3")] == [
        15587, 15587, 12, None, None, None
    ]  # fmt: skip
    assert [is_volume(text) for text in ("", "-", "12", "12,5", "beaucoup")] == [True, True, True, False, False]
