"""Of several columns that speak of LOINC, the one that holds the codes is read, and the others are named."""

import pytest

from app.files.advice import advice_on
from app.files.choices import IncomingFile
from app.files.columns import best_columns
from app.files.reading import read_file
from app.files.tabular import read_table


def heading_read(*lines: str) -> str | None:
    table = read_table("liste.csv", "\n".join(lines).encode())
    column = best_columns(table).get("earlier_code")
    return None if column is None else table.heading(column)


@pytest.mark.parametrize(
    ("headings", "rows", "read"),
    [
        ("code;libelle;Code LOINC ancien;LOINC;Libellé LOINC",
         ("A;Na;2947-0;2951-2;Sodium", "B;K;6298-4;2823-3;Potassium"), "LOINC"),
        ("code;libelle;LOINC ancien;LOINC nouveau", ("A;Na;2947-0;2951-2", "B;K;6298-4;2823-3"), "LOINC nouveau"),
        # The best heading holds names.
        ("code;libelle;LOINC;Code LOINC final", ("A;Na;Sodium SerPl;2951-2", "B;K;Potassium;2823-3"),
         "Code LOINC final"),
        # The old codes are all there is.
        ("code;libelle;Code LOINC ancien;LOINC", ("A;Na;2947-0;", "B;K;6298-4;"), "Code LOINC ancien"),
        # Far more codes than under the usual heading.
        ("code;libelle;Code LOINC;LOINC 2024", ("A;Na;2951-2;2951-2", "B;K;;2823-3", "C;Cl;;2075-0"), "LOINC 2024"),
        ("code;libelle;Cible", ("A;Na;2951-2", "B;K;2823‑3"), "Cible"),
        ("Code;Code;Nom", ("2951-2;A;Na", "2823-3;B;K"), "Code"),
        ("Local Code,LOINC Code,Test Name", ("A,2951-2,Na",), "LOINC Code"),
        ("test_code,test_name,loinc_num", ("A,Na,2951-2",), "loinc_num"),
        ("sourceCode,target_concept_code", ("A,2951-2", "B,2823-3"), "target_concept_code"),
        # No LOINC codes: neither a heading nor numbers with a dash make a column of them.
        ("code;libelle;Code cible", ("A;Na;ZZ1", "B;K;ZZ2"), None),
        ("code;libelle;Lot", ("A;Na;2951-3", "B;K;12-5"), None),
    ],
)  # fmt: skip
def test_what_the_cells_hold_decides(headings: str, rows: tuple[str, ...], read: str | None) -> None:
    assert heading_read(headings, *rows) == read


def test_local_codes_are_not_those_of_loinc() -> None:
    table = read_table("liste.csv", b"Code;Code;Nom\n2951-2;A;Na\n2823-3;B;K\n")
    columns = best_columns(table)
    assert (columns["code"], columns["earlier_code"]) == (1, 0)


def test_the_status_beside_codes_of_another_heading_is_read() -> None:
    table = read_table("liste.csv", "code;nom;Cible;Statut\nA;Na;2951-2;ok\nB;K;2823-3;rejeté\n".encode())
    assert {"earlier_code": 2, "earlier_status": 3}.items() <= best_columns(table).items()
    # Without codes, a status speaks of something else.
    table = read_table("liste.csv", b"code;nom;Statut\nA;Na;actif\nB;K;actif\n")
    assert "earlier_status" not in best_columns(table)


ANS = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
    "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN;"
    "Code LOINC ancien;LOINC;Libellé LOINC\n"
    "A;Sodium;;;;mmol/L;;;Sérum;QN;;;2947-0;2951-2;Sodium\n"
    "B;Potassium;;;;mmol/L;;;Sérum;QN;;;6298-4;2823-3;Potassium\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("catalogue.csv", "code;libelle;Code LOINC ancien;LOINC\nA;Na;2947-0;2951-2\nB;K;6298-4;2823-3\n"),
        ("LOINC_6.csv", ANS),
    ],
)
def test_the_column_that_is_read_and_the_others_are_said(name: str, content: str) -> None:
    said = " ".join(advice_on(read_file(IncomingFile(name, content.encode()), 10**6)))
    assert "la colonne « LOINC » porte un code LOINC pour 2 lignes" in said
    assert "la colonne « Code LOINC ancien » (2 codes) porte aussi des codes LOINC, qui ne sont pas lus" in said


def test_rejected_rows_are_said_before_an_import() -> None:
    content = "code;libelle;Code LOINC;Statut\nA;Na;2951-2;Validé\nB;K;2823-3;Rejeté le 12/03\nC;Cl;2075-0;à revoir\n"
    said = " ".join(advice_on(read_file(IncomingFile("catalogue.csv", content.encode()), 10**6)))
    assert "« Statut », 1 dite rejetée, 1 à revoir ou non validée ; un code rejeté n'est jamais repris" in said
