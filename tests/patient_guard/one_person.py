"""Files that hold the age of invented people beside results, their numbers in other countries, births in short."""

import json
from collections.abc import Callable, Sequence

from tests.app.files.workbooks import ods, xls, xlsx
from tests.patient_guard import elsewhere
from tests.patient_guard.invented import (
    FORMATS,
    Person,
    Rows,
    analysis,
    csv_bytes,
    grouped,
    keyed,
    people,
    xlsx_bytes,
    zip_bytes,
)

Files = list[tuple[str, bytes]]
_FORMATS: dict[str, Callable[[Rows], bytes]] = {
    **FORMATS,
    "ods": lambda rows: ods({"Feuille1": rows}),
    "xls": lambda rows: xls({"Feuil1": rows}),
}


def _noted(formats: str, note: str, heading: str = "Remarque", rows: int = 120) -> Files:
    """A catalogue in each format, with one note in one of its rows."""
    return _said(formats, {rows // 2: note}, heading, rows)


def _said(formats: str, said: dict[int, str], heading: str = "Divers", rows: int = 40) -> Files:
    table = [
        ["Code", "Libellé", "Unité", heading],
        *([*analysis(place), said.get(place, "")] for place in range(rows)),
    ]
    return [(f"{place}.{form}", _FORMATS[form](table)) for place, form in enumerate(formats.split())]


def _beside(said: dict[int, tuple[str, str]]) -> Rows:
    """A catalogue with two more columns, filled in a few rows."""
    return [
        ["Code", "Libellé", "Zone 1", "Zone 2"],
        *([*analysis(place)[:2], *said.get(place, ("", ""))] for place in range(60)),
    ]


def _each(crowd: Sequence[Person], said: Callable[[Person], str]) -> dict[int, str]:
    return {3 * place: said(person) for place, person in enumerate(crowd)}


def _register_day(person: Person) -> str:
    return person.born("{s:02}{m:02}{d:02}")


def _with_letters(number: str) -> str:
    """A number where somebody typed O for nought and l for the last one."""
    head, _, tail = number.replace("0", "O").rpartition("1")
    return f"{head}l{tail}" if head else number.replace("0", "O")


def _dump(heading: str, form: str) -> Rows:
    ages = (61, 34, 8, 77, 29, 47, 83, 52, 19, 68, 41, 26)
    return [
        ["Libellé", "Sexe", heading, "Zone 1", "Unité"],
        *(
            [analysis(n % 4)[1], "MF"[n % 3 == 0], form.format(age), f"{n % 6 + 2},{n % 10}", analysis(n % 4)[2]]
            for n, age in enumerate(ages)
        ),
    ]


def _definition(**more: object) -> bytes:
    code = {"text": "Glucose", "coding": [{"code": "GLU"}]}
    return json.dumps({"resourceType": "ObservationDefinition", "status": "active", "code": code, **more}).encode()


def files() -> dict[str, Files]:
    """Kind -> files."""
    crowd = people(8, 31)
    grown = [person for person in people(40, 77) if person.year < 1980][:8]
    one = grown[0]
    full = f"{one.surname} {one.first_name}"
    catalogue = [["Code", "Libellé"], ["NA", "Sodium"], ["K", "Potassium"]]
    children = [person for person in people(60, 12) if person.year > 2001][:4]
    return {
        "âge d'une personne et son résultat, dans un texte": [
            *_noted("csv xlsx ods txt json", "homme de 54 ans, glycémie 6,2"),
            *_noted("csv", "ferritine 3 µg/L chez une patiente de 30 ans"),
            *_said("xls", {4: "homme de 61 ans, glycémie 9,2"}),
            *_noted("cp1252.csv", "Nourrisson de 7 mois : natrémie 151 mmol/L", "Commentaire"),
            *_noted("md", "Résultat contrôlé, femme 47 ans, TSH à 0,01 (normes 0,4 à 4)"),
            *_noted("csv", "donneuse de 33 ans, sérologie CMV positive"),
            ("a.json", _definition(description="Vérifié pour un homme de 67 ans : kaliémie 7,1 mmol/L")),
            ("a.zip", zip_bytes("note.txt", b"Sodium : femme, 58 ans, 118 mmol/L\nPotassium\n")),
        ],
        "âge d'une personne, le résultat dans la cellule d'à côté": [
            ("a.csv", csv_bytes(_beside({9: ("patient de 71 ans", "INR 8,4")})))
        ],
        "résultats de personnes sans nom, par leur âge": [
            ("a.csv", csv_bytes(_dump("Age", "{}"))),
            ("b.xlsx", xlsx_bytes(_dump("Col3", "{} ans"))),
            ("c.ods", _FORMATS["ods"](_dump("Âge (ans)", "{}"))),
            ("d.csv", csv_bytes(_dump("", "{}")[1:])),
        ],
        "NISS belge": [
            *_said(
                "csv xlsx", _each(crowd, lambda p: elsewhere.niss(_register_day(p) + "123", since_2000=p.year > 1999))
            ),
            *_noted("ods", "NISS " + grouped_niss(elsewhere.niss("610512123"))),
            *_noted("csv", "n° national 61.05.12-123.11"),
            *_noted("txt", elsewhere.niss("614512123")),
        ],
        "matricule luxembourgeois": [
            *_said("csv xls", _each(crowd, lambda p: elsewhere.matricule(p.born("{y}{m:02}{d:02}") + "123"))),
            *_noted("json", "matr. 1961 05 12 123 " + elsewhere.matricule("19610512123")[-2:]),
        ],
        "numéro AVS suisse": [
            *_noted("csv ods", "756.9217.0769.85"),
            *_noted("xlsx", elsewhere.article("756921707698"[:12])),
        ],
        "numéros italiens, espagnols, allemands, néerlandais": [
            *_noted("csv", elsewhere.codice_fiscale("RSSMRA61E12H501")),
            *_noted("csv", "NIE X" + elsewhere.dni("01234567")[1:]),
            *_noted("csv", "Versichertennummer " + elsewhere.kvnr("K", "51234567")),
            *_noted("csv", "BSN 111222333"),
            *_noted("xlsx", elsewhere.european_card("442", "98765432109876")),
        ],
        "NIR où O et l sont tapés pour 0 et 1": [
            *_noted("csv xlsx ods", _with_letters(keyed("1610506088010"))),
            *_noted("txt", grouped(_with_letters(keyed("2840517100456")))),
            *_noted("csv", _with_letters("2840510123450")),
        ],
        "naissances sans séparateurs": [
            *_noted("csv ods", f"{full} {one.born('{d:02}{m:02}{s:02}')}"),
            *_noted("txt", f"{one.first_name} {one.surname.title()} {one.born('{d:02}{m:02}{y}')}"),
            *_noted("csv", f"né le {one.born('{d:02}{m:02}{s:02}')}"),
            *_noted("json", f"D.D.N. {one.born('{d:02}{m:02}{s:02}')}"),
            (
                "a.xlsx",
                xlsx_bytes(_beside({25: (f"{one.first_name} {one.surname.title()}", one.born("{d:02}{m:02}{y}"))})),
            ),
            (
                "b.csv",
                csv_bytes(
                    [
                        ["Fiche"],
                        ["Analyse", "Glucose"],
                        ["Date de naissance", one.born("{d:02}{m:02}{s:02}")],
                        ["Unité", "g/L"],
                    ]
                ),
            ),
        ],
        "mois de naissance": [
            *_noted("csv", f"{full} {one.born('{month} {y}')}"),
            *_noted("xlsx", f"{full} ({one.born('{m:02}/{y}')})"),
            *_noted("ods", f"née en {children[0].born('{month} {y}')}"),
            (
                "a.csv",
                csv_bytes(
                    _beside(
                        {
                            7 * n: (f"{p.first_name} {p.surname.title()}", p.born("{m:02}/{y}"))
                            for n, p in enumerate(children[:3])
                        }
                    )
                ),
            ),
        ],
        "nom et jour d'une personne comme nom de feuille": [
            ("a.xlsx", xlsx({"Catalogue": catalogue, f"{full} 12-03-2026": catalogue})),
            ("b.ods", ods({"Catalogue": catalogue, f"{full} {one.born('{d:02}.{m:02}.{s:02}')}": catalogue})),
            ("c.xls", xls({"Catalogue": catalogue, f"Mme {one.surname.title()} 12 mars 2026": catalogue})),
            ("d.xlsx", xlsx({"Catalogue": catalogue, f"{full} {one.born('{d:02}{m:02}{y}')}": catalogue})),
            ("e.xlsx", xlsx({"Catalogue": catalogue, f"{one.surname}_{one.first_name}_03-1961": catalogue})),
            ("f.ods", ods({"Catalogue": catalogue, "née le 12.03.1961": catalogue})),
            ("g.xls", xls({"Catalogue": catalogue, "homme 54 ans glycémie 6,2": catalogue})),
            ("h.xlsx", xlsx({"Catalogue": catalogue, "61.05.12-123." + elsewhere.niss("610512123")[-2:]: catalogue})),
        ],
        "nom et naissance dans le nom d'un fichier": [
            (f"{one.surname}_{one.first_name}_{one.born('{d:02}-{m:02}-19')}61.csv", csv_bytes(catalogue))
        ],
    }


def grouped_niss(number: str) -> str:
    """A Belgian number as cards show it."""
    return f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"
