"""The demonstration files: the columns of the ANS exchange files, and codes that agree from one file to the other."""

from collections.abc import Iterator, Mapping, Sequence

from loinc_data.checks.problem import Problem, Row
from matcher.normalise.units import UnitTable

HEADERS: Mapping[str, tuple[str, ...]] = {
    "LOINC_1_export_chapitres": ("Code chapitre", "Libellé chapitre", "Code sous-chapitre", "Libellé sous-chapitre"),
    "LOINC_2_export_demandes": (
        "Code examen",
        "Libellé examen",
        "Synonyme",
        "Code chapitre",
        "Code sous-chapitre",
        "Milieu",
        "Codes NABM ou mention HN",
        "Code analyse",
        "Libellé analyse",
    ),
    "LOINC_3_export_resultats": (
        "Code analyse",
        "Libellé analyse",
        "Synonyme",
        "Grandeur",
        "Code unité principale",
        "Libellé unité principale",
        "Temporalité PT/24H",
        "Code milieu",
        "Libellé milieu",
        "Echelle QN/ORD",
        "Technique",
        "Codes NABM ou mention HN",
    ),
    "donnees_annexes": ("Code analyse", "Sous-traité", "Laboratoire exécutant", "Volume annuel", "Retiré"),
}
Sheets = Mapping[str, Sequence[Row]]


def check_demonstration(sheets: Sheets, units: UnitTable) -> Iterator[Problem]:
    """Every problem of the four files."""
    chapters, exams, analyses, annex = (sheets[name] for name in HEADERS)
    yield from _chapters(chapters)
    yield from _exams(exams, {(row["Code chapitre"], row["Code sous-chapitre"]) for row in chapters})
    yield from _analyses(analyses, units)
    labels = {row["Code analyse"]: row["Libellé analyse"] for row in analyses}
    for row in exams:
        label = labels.get(row["Code analyse"])
        if label is None:
            yield row.error("orphan", "Code analyse", f"{row['Code analyse']} n'est pas dans LOINC_3")
        elif label != row["Libellé analyse"]:
            yield row.error("conflict", "Libellé analyse", f"LOINC_3 dit « {label} »")
    prescribed = {row["Code analyse"] for row in exams}
    for row in analyses:
        if row["Code analyse"] not in prescribed:
            yield row.error("orphan", "Code analyse", f"{row['Code analyse']} n'est d'aucun examen de LOINC_2")
    yield from _annex(annex, labels)


def _chapters(rows: Sequence[Row]) -> Iterator[Problem]:
    labels: dict[str, Row] = {}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        first = labels.setdefault(row["Code chapitre"], row)
        if first["Libellé chapitre"] != row["Libellé chapitre"]:
            message = f"{row['Code chapitre']} est « {first['Libellé chapitre']} » à la ligne {first.line}"
            yield row.error("conflict", "Libellé chapitre", message)
        key = (row["Code chapitre"], row["Code sous-chapitre"])
        if key in seen:
            yield row.error("duplicate", "Code sous-chapitre", f"{' / '.join(key)} est déjà dans le fichier")
        seen.add(key)
        if bool(row["Code sous-chapitre"]) != bool(row["Libellé sous-chapitre"]):
            yield row.error("conflict", "Libellé sous-chapitre", "code et libellé de sous-chapitre vont ensemble")


def _exams(rows: Sequence[Row], chapters: set[tuple[str, str]]) -> Iterator[Problem]:
    columns = (
        "Libellé examen",
        "Synonyme",
        "Code chapitre",
        "Code sous-chapitre",
        "Milieu",
        "Codes NABM ou mention HN",
    )
    first_of: dict[str, Row] = {}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if (row["Code chapitre"], row["Code sous-chapitre"]) not in chapters and row["Code chapitre"]:
            message = f"{row['Code chapitre']} / {row['Code sous-chapitre']} n'est pas dans LOINC_1"
            yield row.error("orphan", "Code chapitre", message)
        first = first_of.setdefault(row["Code examen"], row)
        for column in columns:
            if first[column] != row[column]:
                yield row.error(
                    "conflict",
                    column,
                    f"l'examen {row['Code examen']} dit « {first[column]} » ligne {first.line}",
                )
        key = (row["Code examen"], row["Code analyse"])
        if key in seen:
            yield row.error("duplicate", "Code analyse", f"{' / '.join(key)} est déjà dans le fichier")
        seen.add(key)


def _analyses(rows: Sequence[Row], units: UnitTable) -> Iterator[Problem]:
    seen: set[str] = set()
    unit_codes: dict[str, str] = {}
    for row in rows:
        code = row["Code analyse"]
        if not code or not row["Libellé analyse"]:
            yield row.error("empty", "Code analyse", "code et libellé sont obligatoires")
        if code in seen:
            yield row.error("duplicate", "Code analyse", f"{code} est déjà dans le fichier")
        seen.add(code)
        unit, unit_code = row["Libellé unité principale"], row["Code unité principale"]
        if bool(unit) != bool(unit_code) or (unit and unit_codes.setdefault(unit_code, unit) != unit):
            yield row.error(
                "conflict",
                "Code unité principale",
                f"{unit_code or 'sans code'} et « {unit} » se contredisent",
            )
        if unit and not units.read(unit).is_known:
            yield row.error("units", "Libellé unité principale", f"unité inconnue de notre table : {unit}")
        if row["Temporalité PT/24H"] not in ("", "PT", "24H"):
            yield row.error("vocabulary", "Temporalité PT/24H", f"« {row['Temporalité PT/24H']} »")
        if row["Echelle QN/ORD"] not in ("", "QN", "ORD"):
            yield row.error("vocabulary", "Echelle QN/ORD", f"« {row['Echelle QN/ORD']} »")


def _annex(rows: Sequence[Row], labels: Mapping[str, str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for row in rows:
        code = row["Code analyse"]
        if code not in labels or code in seen:
            yield row.error("orphan", "Code analyse", f"{code} n'est pas dans LOINC_3, ou est donné deux fois")
        seen.add(code)
        for column in ("Sous-traité", "Retiré"):
            if row[column] not in ("O", "N"):
                yield row.error("vocabulary", column, f"O ou N attendu, non « {row[column]} »")
        if row["Volume annuel"] and not row["Volume annuel"].isdigit():
            yield row.error("vocabulary", "Volume annuel", f"« {row['Volume annuel']} » n'est pas un nombre entier")
        if (row["Sous-traité"] == "O") != bool(row["Laboratoire exécutant"]):
            yield row.error(
                "conflict",
                "Laboratoire exécutant",
                "un laboratoire exécutant va avec une analyse sous-traitée",
            )
