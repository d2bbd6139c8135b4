"""The demonstration files: the columns of the ANS exchange files, and codes that agree from one file to the other."""

from collections.abc import Iterator, Mapping, Sequence

from loinc_data.checks.frames import frame_of, placed, repeats
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
_CHAPTER = ["Code chapitre", "Code sous-chapitre"]
_OF_THE_EXAM = ("Libellé examen", "Synonyme", *_CHAPTER, "Milieu", "Codes NABM ou mention HN")


def check_demonstration(sheets: Sheets, units: UnitTable) -> Iterator[Problem]:
    """Every problem of the four files."""
    chapters, exams, analyses, annex = (sheets[name] for name in HEADERS)
    yield from _chapters(chapters)
    yield from _exams(exams, chapters)
    yield from _analyses(analyses, units)
    yield from _analyses_of_exams(exams, analyses)
    yield from _annex(annex, analyses)


def _chapters(rows: Sequence[Row]) -> Iterator[Problem]:
    table = frame_of(rows, _CHAPTER)
    for row, first in repeats(rows, table["Code chapitre"]):
        if first["Libellé chapitre"] != row["Libellé chapitre"]:
            message = f"{row['Code chapitre']} est « {first['Libellé chapitre']} » à la ligne {first.line}"
            yield row.error("conflict", "Libellé chapitre", message)
    yield from _once(rows, *_CHAPTER)
    for row in rows:
        if bool(row["Code sous-chapitre"]) != bool(row["Libellé sous-chapitre"]):
            yield row.error("conflict", "Libellé sous-chapitre", "code et libellé de sous-chapitre vont ensemble")


def _exams(rows: Sequence[Row], chapters: Sequence[Row]) -> Iterator[Problem]:
    table = frame_of(rows, ["Code examen", *_CHAPTER])
    joined = table.merge(frame_of(chapters, _CHAPTER).drop_duplicates(), how="left", on=_CHAPTER, indicator=True)
    for row, chapter in placed(rows, joined["Code chapitre"][joined["_merge"] == "left_only"]):
        if chapter:
            message = f"{chapter} / {row['Code sous-chapitre']} n'est pas dans LOINC_1"
            yield row.error("orphan", "Code chapitre", message)
    for row, first in repeats(rows, table["Code examen"]):
        for column in _OF_THE_EXAM:
            if first[column] != row[column]:
                message = f"l'examen {row['Code examen']} dit « {first[column]} » ligne {first.line}"
                yield row.error("conflict", column, message)
    yield from _once(rows, "Code examen", "Code analyse")


def _analyses(rows: Sequence[Row], units: UnitTable) -> Iterator[Problem]:
    for row in rows:
        if not row["Code analyse"] or not row["Libellé analyse"]:
            yield row.error("empty", "Code analyse", "code et libellé sont obligatoires")
        if bool(row["Libellé unité principale"]) != bool(row["Code unité principale"]):
            yield _unit_conflict(row)
        if row["Libellé unité principale"] and not units.read(row["Libellé unité principale"]).is_known:
            message = f"unité inconnue de notre table : {row['Libellé unité principale']}"
            yield row.error("units", "Libellé unité principale", message)
        if row["Temporalité PT/24H"] not in ("", "PT", "24H"):
            yield row.error("vocabulary", "Temporalité PT/24H", f"« {row['Temporalité PT/24H']} »")
        if row["Echelle QN/ORD"] not in ("", "QN", "ORD"):
            yield row.error("vocabulary", "Echelle QN/ORD", f"« {row['Echelle QN/ORD']} »")
    yield from _once(rows, "Code analyse")
    table = frame_of(rows, ["Code unité principale", "Libellé unité principale"])
    for row, first in repeats(rows, table[(table != "").all(axis="columns")]["Code unité principale"]):
        if first["Libellé unité principale"] != row["Libellé unité principale"]:
            yield _unit_conflict(row)


def _unit_conflict(row: Row) -> Problem:
    code = row["Code unité principale"] or "sans code"
    message = f"{code} et « {row['Libellé unité principale']} » se contredisent"
    return row.error("conflict", "Code unité principale", message)


def _analyses_of_exams(exams: Sequence[Row], analyses: Sequence[Row]) -> Iterator[Problem]:
    prescribed = frame_of(exams, ["Code analyse", "Libellé analyse"])
    described = frame_of(analyses, ["Code analyse", "Libellé analyse"])
    labels = described.drop_duplicates("Code analyse", keep="last").set_index("Code analyse")["Libellé analyse"]
    label = prescribed["Code analyse"].map(labels)
    for row, code in placed(exams, prescribed["Code analyse"][label.isna()]):
        yield row.error("orphan", "Code analyse", f"{code} n'est pas dans LOINC_3")
    for row, text in placed(exams, label[label.notna() & (label != prescribed["Libellé analyse"])]):
        yield row.error("conflict", "Libellé analyse", f"LOINC_3 dit « {text} »")
    unused = ~described["Code analyse"].isin(prescribed["Code analyse"])
    for row, code in placed(analyses, described["Code analyse"][unused]):
        yield row.error("orphan", "Code analyse", f"{code} n'est d'aucun examen de LOINC_2")


def _annex(rows: Sequence[Row], analyses: Sequence[Row]) -> Iterator[Problem]:
    codes = frame_of(rows, ["Code analyse"])["Code analyse"]
    is_described = codes.isin(frame_of(analyses, ["Code analyse"])["Code analyse"])
    for row, code in placed(rows, codes[~is_described | codes.duplicated()]):
        yield row.error("orphan", "Code analyse", f"{code} n'est pas dans LOINC_3, ou est donné deux fois")
    for row in rows:
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


def _once(rows: Sequence[Row], *columns: str) -> Iterator[Problem]:
    """Rows that repeat what is to be said once; the last column is the one at fault."""
    table = frame_of(rows, columns)
    for row, _ in repeats(rows, *(table[column] for column in columns)):
        said = " / ".join(row[column] for column in columns)
        yield row.error("duplicate", columns[-1], f"{said} est déjà dans le fichier")
