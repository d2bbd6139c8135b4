"""Files that hold invented patients where a guard may forget to look, or written as it may not expect."""

import io
import json
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tests.patient_guard.invented import Rows, analysis, csv_bytes, grouped, keyed, zip_bytes

_NUMBER = keyed("2840517123456")
Files = list[tuple[str, bytes]]


def _with(heading: str, said: dict[int, str], rows: int = 20) -> Rows:
    """A catalogue with one more column, filled in a few rows."""
    return [
        ["Code", "Libellé", "Unité", heading],
        *([*analysis(place), said.get(place, "")] for place in range(rows)),
    ]


def _noted(*notes: str) -> Files:
    """A catalogue for each note, which stands in one of its rows."""
    return [(f"{place}.csv", csv_bytes(_with("Remarque", {7: note}))) for place, note in enumerate(notes)]


def _book(change: Callable[[Workbook, Any], None]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in _with("Remarque", {}):
        sheet.append(list(row))
    change(book, sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _named_sheet(book: Workbook, _sheet: Any) -> None:
    book.create_sheet(_NUMBER)


def _named_range(book: Workbook, _sheet: Any) -> None:
    book.defined_names["choix"] = DefinedName("choix", attr_text=f'"{_NUMBER}"')


def _listed(_book: Workbook, sheet: Any) -> None:
    choice = DataValidation(type="list", formula1='"a,b"', promptTitle="Dossier", prompt=f"NIR {_NUMBER}")
    sheet.add_data_validation(choice)
    choice.add("D2")


def _formatted(_book: Workbook, sheet: Any) -> None:
    sheet["D2"].value = 1
    sheet["D2"].number_format = f'"{_NUMBER}"'


def _linked(_book: Workbook, sheet: Any) -> None:
    sheet["D2"].value = "lien"
    sheet["D2"].hyperlink = f"mailto:accueil@labo.example?subject={_NUMBER}"


def _computed(_book: Workbook, sheet: Any) -> None:
    sheet["D2"].value = f'=CONCATENATE("{_NUMBER}","")'


def _fhir(**more: object) -> bytes:
    code = {"text": "Glucose", "coding": [{"code": "GLU"}]}
    defined = {"resourceType": "ObservationDefinition", "status": "active", "code": code}
    return json.dumps({**defined, **more}).encode()


def _on_several_columns() -> Rows:
    parts = ["2", "84", "05", "17", "123", "456", _NUMBER[13:]]
    return [
        ["Code", "Libellé", "a", "b", "c", "d", "e", "f", "g"],
        *([*analysis(place)[:2], *(parts if place == 9 else [""] * 7)] for place in range(20)),
    ]


def _across() -> Rows:
    return [
        ["Libellé", "Personne 1", "Personne 2", "Personne 3"],
        ["Né(e) le", "12/03/1961", "04/05/1978", "30/11/1949"],
        ["Glucose", "5,2", "6,1", "4,9"],
        ["Sodium", "140", "138", "141"],
    ]


def _late_header() -> Rows:
    return [
        ["Extraction du système"],
        *([f"ligne {place}"] for place in range(20)),
        ["Code", "Libellé", "Nom", "Prénom", "DDN"],
        ["GLU", "Glucose", "Zielonka", "Wieslawa", "12/03/1961"],
        ["NA", "Sodium", "Ngo", "Bich", "04/05/1978"],
    ]


def files() -> dict[str, Files]:
    """Kind -> files."""
    catalogue = csv_bytes(_with("Remarque", {}))
    return {
        "NIR en groupes, séparés par autre chose": [
            *_noted(*(grouped(_NUMBER, by) for by in (":", ",", "|", "   "))),
            ("lignes.xlsx", _book(lambda _, sheet: sheet.__setitem__("D9", grouped(_NUMBER, "\n")))),
            ("colonnes.csv", csv_bytes(_on_several_columns())),
        ],
        "NIR aux tirets ou caractères invisibles": _noted(
            grouped(_NUMBER[:13], "\u2013"), f"{_NUMBER[:6]}\u200b{_NUMBER[6:]}", "\u00ad".join(_NUMBER)
        ),
        "NIR dans un format, un lien, une formule ou un nom de feuille": [
            (f"{place}.xlsx", _book(change))
            for place, change in enumerate((_named_sheet, _named_range, _listed, _formatted, _linked, _computed))
        ],
        "NIR dans le nom d'un fichier": [
            (f"{_NUMBER}.csv", catalogue),
            ("a.zip", zip_bytes(f"dossier_{_NUMBER}.csv", catalogue)),
        ],
        "naissance dans le nom d'un fichier": [("resultats_nee_le_12-03-1961.csv", catalogue)],
        "FHIR : NIR dans un identifiant ou une adresse": [
            ("a.json", _fhir(id=_NUMBER)),
            ("b.json", _fhir(url=f"http://labo.example/{_NUMBER}")),
            ("d.json", _fhir(contact=[{"name": f"Secrétariat {_NUMBER}"}])),
            ("c.json", _fhir(extension=[{"url": "http://labo.example/n", "valueInteger64": int(_NUMBER)}])),
        ],
        "« née à … le … », « née X le … », « D.N. »": _noted(
            "née à Lyon le 12/03/1961",
            "née DUPONT le 12 mars 1961",
            "née un 12 février 1961",
            "né le lundi 4 mai 1978",
            "D.N. 12/03/61",
        ),
        "en-têtes espagnols, polonais, néerlandais, norvégiens, roumains": [
            ("es.csv", csv_bytes([["Prueba", "Apellido", "F. nacimiento"], ["Glucosa", "x", "y"]])),
            ("pl.csv", csv_bytes([["Badanie", "Imię", "PESEL"], ["Glukoza", "x", "y"]])),
            ("nl.csv", csv_bytes([["Test", "Voornaam", "Geboortedatum"], ["Glucose", "x", "y"]])),
            ("no.csv", csv_bytes([["Analyse", "Fornavn", "Fødselsdato"], ["Glukose", "x", "y"]])),
            ("ro.csv", csv_bytes([["Analiza", "Prenumele", "CNP"], ["Glucoza", "x", "y"]])),
        ],
        "en-têtes à la vingtième ligne": [("a.csv", csv_bytes(_late_header()))],
        "naissances en ligne, une personne par colonne": [("a.csv", csv_bytes(_across()))],
    }
