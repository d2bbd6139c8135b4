"""Innocent files that look like those of one person: ages of reference, names or days of sheets, long numbers."""

import json
from collections.abc import Iterator

from tests.app.files.workbooks import ods, xls, xlsx
from tests.patient_guard import elsewhere
from tests.patient_guard.invented import FORMATS, Rows, analysis

_EAN = "3400930000120"


def _with(heading: str, values: list[str], rows: int = 16) -> list[list[str]]:
    """A catalogue with one more column."""
    count = max(rows, len(values))
    return [
        ["Code", "Libellé", "Unité", heading],
        *([*analysis(place), values[place % len(values)]] for place in range(count)),
    ]


_AGES = (
    "18 à 50 ans : 3,5 à 5,0",
    "Homme > 54 ans : 13–17",
    "Homme > 54 ans : 13,5",
    "Femme de 18 à 50 ans : 12,5 g/dL",
    "Homme 54 ans et plus : 13,5 g/dL",
    "Enfant de 2 ans : 3,5 à 5,0",
    "Nouveau-né de 3 jours : bilirubine < 200 µmol/L",
    "hommes de 54 ans : 6,2 ; femmes de 54 ans : 5,1",
    "jusqu'à 54 ans, homme : 6,2",
    "à partir de 54 ans (homme), PSA 4,5 ng/mL",
    "Homme de 20 ans : 5,2 ; homme de 30 ans : 6,1 ; homme de 40 ans : 6,6",
    "Valeurs de référence, homme de 54 ans : 13,5 g/dL",
    "entre 18 et 54 ans, femme : 6,2 mmol/L",
    "moins de 37 ans, femme : AMH 2,5 ng/mL",
)
_ADVICE = (
    "Enfant de 6 ans : 2 mL de sang",
    "Enfant de moins de 3 ans : tube de 1,2 mL",
    "Femme de 50 ans : 1 frottis tous les 3 ans",
    "Archives : conserver 10 ans, congélateur -20 °C",
    "Prélever l'enfant de 3 mois : 0,5 mL sur EDTA",
    "risque de trisomie 21 pour une femme de 38 ans : 1/150",
    "femme de 54 ans : CA 125 et CA 19-9 sur le même tube",
    "Dosage de la 25-OH vitamine D, enfant de 5 ans",
    "Homme de 54 ans et plus : PSA tous les 2 ans, 1 tube de 5 mL",
    "Kit valable 18 mois, lot H4512",
    "Test de 1 h 30, répété à 3 mois",
    "calcul du DFG, exemple : homme de 54 ans, créatinine 90 µmol/L",
)


def _by_year_of_age() -> Rows:
    """IGF-1, with bounds for each year of age."""
    return [
        ["Code", "Libellé", "Sexe", "Âge", "Borne basse", "Borne haute"],
        *(
            ["IGF1", "IGF-1", sex, str(age), f"{age * 3 + 40},5", f"{age * 9 + 120},5"]
            for sex in "MF"
            for age in range(1, 40)
        ),
    ]


def _one_bound() -> Rows:
    """One bound only, for ages where bounds change."""
    return [
        ["Code", "Libellé", "Sexe", "Âge", "Maximum"],
        *(
            [*analysis(place)[:2], sex, age, f"{place + 3},{place}"]
            for place in range(8)
            for sex in "MF"
            for age in ("1 an", "6 ans", "15 ans", "18 ans", "65 ans")
        ),
    ]


def _tables() -> dict[str, tuple[str, Rows]]:
    rpps = [f"1010{n:06d}" + elsewhere.luhn(f"1010{n:06d}") for n in range(100_117, 100_117 + 24 * 37, 37)]
    orders = [f"2026{1 + n % 12:02d}{1 + n % 28:02d}{n:05d}" for n in range(120)]
    return {
        "âges de référence dans un texte": ("csv xlsx md ods", _with("Commentaire", list(_AGES))),
        "âges de référence sous « Valeurs usuelles »": (
            "csv json",
            _with("Valeurs usuelles", [*_AGES, "Homme 54 ans : 13,5", "Femme 54 ans : 12,5"]),
        ),
        "âges dans des consignes": ("csv xls txt", _with("Préanalytique", list(_ADVICE))),
        "bornes par année d'âge": ("csv xlsx", _by_year_of_age()),
        "un seul seuil selon le sexe et l'âge": ("csv ods", _one_bound()),
        "tranches d'âge en colonne": (
            "csv",
            _with(
                "Population", ["Homme 18-54 ans", "Femme > 54 ans", "Enfant 2 ans", "NN J3", "Adulte", "54 ans et +"]
            ),
        ),
        "numéros RPPS": ("csv xlsx", _with("Identifiant", rpps)),
        "numéros de demande datés": ("csv xlsx", _with("Dernière demande", orders)),
        "téléphones en onze chiffres": (
            "csv",
            _with("Astreinte", [f"33{n}{n}0{n}1{n}2{n}3"[:11] for n in range(1, 6)] + ["+33 1 45 67 89 10"]),
        ),
        "codes article suisses": (
            "csv",
            _with("Référence fabricant", [elsewhere.article(f"76{n:010d}") for n in range(12345, 12385)]),
        ),
        "références de lettres et de chiffres": (
            "csv ods",
            _with("Référence", ["O1l2-IO45", "2IO-7781-lOI", "LOI1O1OIl2", "A1O0B2", "RSSMRA61E12H501Z", "10OO1"]),
        ),
        "numéros de lot datés": ("csv", _with("Lot", [f"12{n % 12 + 1:02d}25" for n in range(24)])),
        "péremptions par mois": (
            "csv xlsx",
            _with("Péremption", ["03/2027", "mars 2027", "2027-06", "11/2026", "déc. 2026"]),
        ),
        "mois de création": ("csv", _with("Créé en", [f"{1 + n % 12:02d}/{2009 + n}" for n in range(15)])),
        "dilutions et rapports": ("csv", _with("Titre", ["1/1280", "1/1920", "12/1950", "1/40", "1/2000"])),
        "personnel et mois": (
            "csv",
            _with("Habilité par", ["Anne Dupont 03/2024", "Paul Martin mars 2025", "Sophie Garcia 120324"]),
        ),
        "éponymes et mois": (
            "csv",
            _with(
                "Méthode",
                ["Paul Bunnell 03/2024", "Rose Bengale mars 2023", "Martin Petit 2024", "Bence Jones 120324"],
            ),
        ),
        "positifs et négatifs": (
            "csv json",
            _with(
                "Interprétation",
                [
                    "Positif si > 5",
                    "positive chez la femme enceinte",
                    "négatif attendu, enfant de 2 ans",
                    "élevée après 50 ans",
                ],
            ),
        ),
        "antigènes et facteurs numérotés": (
            "csv",
            _with("Synonyme", ["F10", "F13 B", "H1N1", "CD4 ans", "Facteur 8, homme", "H 50", "CA 72-4", "T4 L"]),
        ),
    }


def files() -> Iterator[tuple[str, str, bytes]]:
    """(kind, name, content) of each."""
    formats = {**FORMATS, "ods": lambda rows: ods({"Feuille1": rows}), "xls": lambda rows: xls({"Feuil1": rows})}
    for kind, (wanted, rows) in _tables().items():
        for place, form in enumerate(wanted.split()):
            yield kind, f"catalogue{place}.{form}", formats[form](rows)
    catalogue = _with("Référence", ["A1", "A2"])
    yield (
        "feuilles par spécialité et par année",
        "a.xlsx",
        xlsx({"Hématologie 2024": catalogue, "Bactério 2023-2024": catalogue, "Dr Martin": catalogue}),
    )
    yield (
        "feuilles datées",
        "b.ods",
        ods({"Validité 31-12-2026": catalogue, "Export 12.03.2026": catalogue, "Créé le 120324": catalogue}),
    )
    yield (
        "feuilles datées",
        "c.xls",
        xls({"Lot 120361": catalogue, "mars 2026": catalogue, "Mise à jour 03-2026": catalogue}),
    )
    yield (
        "feuilles au nom du personnel",
        "d.xlsx",
        xlsx(
            {
                "Dr Martin 12-03-2026": catalogue,
                "Validé Sophie Garcia 2026": catalogue,
                "Marie 12-03-2026": catalogue,
                "Garde Anne Dupont 12-03-26": catalogue,
            }
        ),
    )
    yield (
        "feuilles au nom d'un hôpital",
        "e.ods",
        ods({"Robert Debré 12-03-2026": catalogue, "Jean Moulin 03-2026": catalogue, "St Martin 12-03-26": catalogue}),
    )
    yield (
        "fichier signé et daté d'un mois",
        "Catalogue_Sandrine_MOREAU_mars_2026.csv",
        FORMATS["csv"](catalogue),
    )
    bounds = {"low": {"value": 18, "unit": "ans"}, "high": {"value": 54, "unit": "ans"}}
    qualified = [{"age": bounds, "condition": text} for text in _AGES]
    definition = {
        "resourceType": "ObservationDefinition",
        "status": "active",
        "code": {"text": "Hémoglobine", "coding": [{"code": "HB"}]},
        "qualifiedInterval": qualified,
        "identifier": [{"system": "urn:oid:2.16.756.5.30.1.123", "value": _EAN}],
    }
    yield "ObservationDefinition FHIR avec ses bornes", "bornes.json", json.dumps(definition).encode()
    yield "texte de consignes", "consignes.txt", "\n".join(_ADVICE).encode()
