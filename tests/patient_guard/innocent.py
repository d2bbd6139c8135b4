"""Innocent files that look a little like lists of patients."""

import io
import json
import random
from collections.abc import Iterator

from openpyxl import Workbook
from openpyxl.styles import Color, PatternFill
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from tests.patient_guard.invented import FORMATS, Rows, analysis

_LINES = range(14)
_MARGINS = ("0.275590551181102", "0.196850393700787", "0.78740157480315")
"""Seven millimetres in inches have the digits of a number with its key."""


def _with(heading: str, values: list[str]) -> Rows:
    """A catalogue with one more column."""
    rows: list[list[str]] = [["Code", "Libellé", "Unité", heading]]
    return [
        *rows,
        *([*analysis(place), values[place % len(values)]] for place in range(max(len(_LINES), len(values)))),
    ]


def _ean(start: str) -> str:
    digits = start.ljust(12, "7")[:12]
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{(10 - total % 10) % 10}"


def _tables() -> dict[str, tuple[str, Rows]]:
    rng = random.Random(4)
    ranges = [["Code", "Libellé", "Sexe", "Âge", "Valeurs de référence", "Unité", "Créé le"]]
    for place in range(8):
        for sex in "MF":
            for age in ("Adulte", "Enfant"):
                code, label, unit = analysis(place)
                ranges.append([code, label, sex, age, "3-5", unit, f"1{place}/03/20{10 + place}"])
    eponyms = (
        "Facteur Willebrand",
        "Hodgkin",
        "Rosa Waaler",
        "Rose Waaler",
        "Paul Bunnell",
        "Paul-Bunnell-Davidsohn",
        "Coombs direct",
        "Kleihauer Betke",
        "Rose Bengale",
        "Martin Petit",
        "Martin et Petit",
        "Fernand Widal",
        "Widal et Félix",
        "Bence Jones",
        "Ham Dacie",
        "Marie Guillain",
        "Donath Landsteiner",
        "Guthrie",
        "Ziehl Neelsen",
        "Gram",
        "May Grünwald Giemsa",
    )
    staff = ["Marie", "Pierre", "Sophie", "Paul", "Claire", "Youssef", "Aminata"]
    full = ["Anne DUPONT", "Paul MARTIN", "Sophie GARCIA", "Luc MOREAU", "Inès BENALI", "Jean ROUX"]
    digits = [f"{rng.randint(10**14, 10**15 - 1)}" for _ in range(200)]
    return {
        "bornes selon le sexe et l'âge": ("csv xlsx md", ranges),
        "éponymes": (
            "csv xlsx",
            [["Code", "Nom", "Milieu"], *([f"E{n}", name, "Sang"] for n, name in enumerate(eponyms))],
        ),
        "prénoms du personnel (Référent)": ("csv xlsx", _with("Référent", staff)),
        "personnel (Responsable validation)": ("csv", _with("Responsable validation", full)),
        "personnel (Validé par)": ("csv json", _with("Validé par", full)),
        "âge patient min et max": (
            "csv",
            [
                ["Code", "Libellé", "Age patient min", "Age patient max"],
                *([*analysis(n)[:2], "0", "99"] for n in _LINES),
            ],
        ),
        "analyses du donneur et du patient": (
            "csv",
            [
                ["Code", "Libellé", "Patient/Donneur"],
                ["HLA1", "Typage HLA A donneur", "Donneur"],
                ["HLA2", "Typage HLA B receveur", "Patient"],
                ["AMH", "AMH", "Patient"],
            ],
        ),
        "lignes « Date de naissance », « Sexe »": (
            "csv",
            [
                ["Code", "Libellé"],
                ["DDN", "Date de naissance"],
                ["SEX", "Sexe"],
                ["NOM", "Nom du préleveur"],
                ["POIDS", "Poids de naissance"],
                ["NN", "Bilirubine du nouveau-né le 3e jour"],
                ["TERM", "Terme à la naissance"],
            ],
        ),
        "codes EAN": ("csv xlsx", _with("EAN", [_ean(f"3400930{n:03d}") for n in range(100, 140)])),
        "codes article d'un fabricant": (
            "csv",
            _with("Référence fabricant", [_ean(f"76123{n:05d}") for n in range(30)]),
        ),
        "numéros de lot et de série": ("csv", _with("Lot", [f"L{n:06d}" for n in range(30)])),
        "numéros de série de 15 chiffres": ("csv", _with("N° de série", digits)),
        "SIRET, FINESS, RPPS": (
            "csv",
            _with("Identifiant", ["732 829 320 00074", "73282932000074", "750712184", "10003456789", "1 0003456789"]),
        ),
        "téléphones": (
            "csv",
            _with("Téléphone du secteur", ["01 23 45 67 89", "06.12.34.56.78", "+33 1 23 45 67 89"]),
        ),
        "codes LOINC et NABM": ("csv md", _with("Codes", ["2345-7", "0552", "14749-6", "1104", "2951-2"])),
        "dates de création": (
            "csv xlsx",
            _with("Créée le", [f"1{n % 9}/0{1 + n % 9}/20{10 + n}" for n in range(14)]),
        ),
        "dates de validation sur vingt ans": (
            "csv",
            _with("Date de validation", [f"20{n:02d}-03-1{n % 9}" for n in range(24)]),
        ),
        "dates sous un en-tête quelconque": (
            "csv",
            _with("Date", [f"0{1 + n % 9}/11/20{18 + n % 7}" for n in range(14)]),
        ),
        "numérotation hiérarchique": (
            "csv",
            _with("Rubrique", [f"0{1 + n % 9}.{1 + n % 12:02d}.{50 + n}" for n in range(20)]),
        ),
        "laboratoires qui portent un nom": (
            "csv",
            _with("Laboratoire exécutant", ["Claude Bernard", "Robert Debré", "Henri Mondor", "Cerba", "Biomnis"]),
        ),
        "germes et souches": (
            "csv",
            _with("Germe", ["M. tuberculosis", "M. PNEUMONIAE", "C. difficile", "Salmonella Paratyphi", "S. AUREUS"]),
        ),
        "contacts (Dr)": ("csv", _with("Avis", ["Dr Martin au 3456", "voir Dr Leroy", "Pr Bernard"])),
        "volumes et tarifs": ("csv", _with("Volume annuel", [str(n * 137) for n in range(1, 15)])),
        "textes de préanalytique": (
            "csv",
            _with(
                "Consigne",
                ["À jeun depuis 12 h", "Patient couché 30 min", "Tube EDTA, 4 mL, +4 °C", "né(e) prématuré : 1 mL"],
            ),
        ),
        "horodatages": ("csv", _with("Modifié", [f"2024-03-{10 + n} 08:{10 + n}:00" for n in range(14)])),
        "paramètres d'interface": ("csv", _with("Canal", [f"{n:03d}^GLU^99LAB" for n in range(14)])),
        "nouveau-nés et méthodes nées une année": (
            "csv",
            _with(
                "Préanalytique",
                [
                    "Prélever le nouveau né avant le 12/03/2026",
                    "né prématuré, prélevé le 12/03/2026",
                    "enfant né à terme ; validé le 03/04/2025",
                    "méthode née en 2004, revue le 12/03/2024",
                    "ne pas congeler : le 12/03/2024",
                ],
            ),
        ),
        "contrôles de qualité": (
            "csv",
            [
                ["Code", "Libellé", "Niveau", "Moyenne", "Écart type"],
                *([*analysis(n)[:2], f"N{1 + n % 3}", f"{n}.5", "0.2"] for n in _LINES),
            ],
        ),
    }


def _laid_out() -> bytes:
    """A workbook whose margins, tints and widths have many decimals."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in _with("Référence", ["A1", "A2"]):
        sheet.append(list(row))
    sheet.page_margins = PageMargins(*map(float, _MARGINS))
    sheet["A1"].fill = PatternFill("solid", fgColor=Color(theme=0, tint=-0.249977111117893))
    sheet["E2"].value = 0.275590551181102
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _catalogue() -> dict[str, object]:
    entries = [
        {
            "resource": {
                "resourceType": "ObservationDefinition",
                "status": "active",
                "code": {"text": analysis(n)[1]},
                "subjectReference": {"display": "Patient"},
            }
        }
        for n in range(3)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def files() -> Iterator[tuple[str, str, bytes]]:
    """(kind, name, content) of each."""
    for kind, (formats, rows) in _tables().items():
        for place, form in enumerate(formats.split()):
            yield kind, f"catalogue{place}.{form}", FORMATS[form](rows)
    yield "classeur mis en page", "catalogue.xlsx", _laid_out()
    yield "fichier signé et daté par qui l'a fait", "Transcodage_Sandrine_MOREAU_12-03-2026.csv", FORMATS["csv"](
        _with("Référence", ["A1", "A2"])
    )
    yield "fichier daté à la milliseconde", "export_1784051712345.csv", FORMATS["csv"](_with("Référence", ["A1", "A2"]))
    yield "catalogue FHIR", "catalogue.json", json.dumps(_catalogue()).encode()
    system = {
        "resourceType": "CodeSystem",
        "status": "active",
        "content": "complete",
        "url": "http://labo.example/cs",
        "contact": [{"name": "DUPONT Anne"}],
        "concept": [{"code": "PAT", "display": "Patient"}],
    }
    yield "CodeSystem FHIR avec son contact", "systeme.json", json.dumps(system).encode()
