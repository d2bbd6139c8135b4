"""The page of figures of the shipped terminology, counted from the files: nothing in it is typed by hand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loinc_data.checks.material import Material
from loinc_data.checks.problem import Level, Problem, Row, typographic
from loinc_data.tables import STARTER_VERSION
from matcher.bench.datasets import all_datasets, tests_only
from matcher.normalise.text import fold

COMMAND = "python -m loinc_data.check --table docs/terminologie.md [--bench DOSSIER]"
DISCIPLINES: Mapping[str, str] = {
    "allergologie": "Allergologie",
    "antibiogramme": "Antibiogramme et antifongigramme",
    "autoimmunite": "Auto-immunité",
    "biochimie": "Biochimie",
    "chapitres": "Chapitres",
    "complements": "Compléments transversaux",
    "cytologie_liquides": "Cytologie des liquides",
    "english": "Noms anglais rencontrés dans les catalogues",
    "examens": "Examens (panneaux)",
    "hematologie": "Hématologie et phénotypage",
    "hemostase": "Hémostase",
    "hormonologie": "Hormonologie, marqueurs tumoraux, dépistage prénatal",
    "immunohematologie": "Immuno-hématologie",
    "microbiologie": "Microbiologie",
    "moleculaire": "Biologie moléculaire",
    "parasitologie": "Parasitologie",
    "pharmaco_toxico": "Pharmacologie et toxicologie",
    "proteines": "Protéines et électrophorèses",
    "serologie": "Sérologie infectieuse",
    "spermiologie": "Spermiologie",
    "urines": "Urines et calculs",
}
KINDS: Mapping[str, str] = {
    "abbreviation": "abréviation",
    "allergen": "allergène",
    "analyte": "analyte",
    "antibody": "anticorps",
    "antigen": "antigène",
    "brand": "nom de marque",
    "challenge": "épreuve dynamique",
    "drug": "médicament ou toxique",
    "emie": "forme en -émie",
    "method": "technique",
    "modifier": "qualificatif",
    "obsolete": "nom ancien",
    "organism": "micro-organisme",
    "panel": "examen (panneau)",
    "specimen": "milieu",
    "synonym": "synonyme",
    "urie": "forme en -urie",
}
TABLES: Mapping[str, str] = {
    "units": "orthographes d'unités → UCUM et dimension",
    "specimens": "milieux → système",
    "label_specimens": "milieux nommés dans un libellé → système",
    "techniques": "techniques → méthode",
    "timing": "temporalités et épreuves",
    "scales": "échelles",
    "chapters": "chapitres → classe et système",
    "chapter_codes": "chapitres → code LOINC (LOINC_4)",
    "nontests": "motifs de lignes qui ne sont pas des analyses",
    "usage": "usage français de codes",
    "vouched": "valeurs LOINC hors du jeu de départ",
}
STARTS_BENCH = "## Part des lignes étiquetées"


def render(material: Material, problems: Sequence[Problem], bench: Path | None) -> str:
    """The page, in French Markdown; `bench` adds the labelled sets of a development folder to our own cases."""
    sections = [
        _head(material, problems),
        _terms(material.terms),
        _lexicon(material.lexicon),
        _tables(material.tables),
        _coverage({row["LOINC_NUM"] for row in material.terms}, bench),
    ]
    return typographic("\n\n".join(sections)) + "\n"


def _head(material: Material, problems: Sequence[Problem]) -> str:
    counts = Counter(problem.level for problem in problems)
    lines = sum(len(rows) for rows in material.tables.values())
    return (
        f"# Terminologie livrée\n\nPage écrite par `{COMMAND}` ; aucun chiffre n'y est saisi à la main. "
        f"Version {STARTER_VERSION}.\n\nLe contrôle `python -m loinc_data.check` lit "
        f"{_number(len(material.terms))} termes, "
        f"{_number(len(material.lexicon))} entrées de lexique et "
        f"{_number(lines)} lignes de tables, et trouve "
        f"{_number(counts[Level.ERROR])} erreur(s) et {_number(counts[Level.WARNING])} avertissement(s)."
    )


def _terms(rows: Sequence[Row]) -> str:
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_file[_discipline(row.file)][row["FR_USAGE"]] += 1
    lines: list[tuple[str | int, ...]] = [
        (name, counter.total(), *(counter[usage] for usage in "123")) for name, counter in sorted(by_file.items())
    ]
    return (
        "## Jeu de départ\n\nUsage 1 : courant en ville ; 2 : courant à l'hôpital ou sous-traité ; 3 : spécialisé.\n\n"
        + (_table(("Discipline", "Termes", "Usage 1", "Usage 2", "Usage 3"), lines, total=True))
    )


def _lexicon(rows: Sequence[Row]) -> str:
    by_file: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_file[_discipline(row.file)].append(row)
    readings = Counter(fold(row["expression"]) for row in rows)
    lines = [
        (
            name,
            len(entries),
            len({fold(row["expression"]) for row in entries}),
            sum(bool(row["context"]) for row in entries),
        )
        for name, entries in sorted(by_file.items())
    ]
    kinds = Counter(KINDS.get(row["kind"], row["kind"]) for row in rows)
    ambiguous = sum(count > 1 for count in readings.values())
    return (
        "## Lexique français\n\n"
        + _table(("Discipline", "Entrées", "Expressions", "Avec contexte"), lines, total=True)
        + f"\n\n{_number(len(readings))} expressions distinctes, dont {_number(ambiguous)} à plusieurs lectures.\n\n"
        + _table(("Nature", "Entrées"), kinds.most_common())
    )


def _tables(tables: Mapping[str, Sequence[Row]]) -> str:
    lines = [(f"`{name}`", text, len(tables[name])) for name, text in TABLES.items()]
    return "## Tables\n\n" + _table(("Table", "Contenu", "Lignes"), lines)


def _coverage(codes: set[str], bench: Path | None) -> str:
    lines: list[tuple[str | int, ...]] = []
    for name, cases in all_datasets(bench).items():
        labelled = tests_only(cases)
        named = [case for case in labelled if case.best]
        best = sum(case.best in codes for case in named)
        right = sum(bool(case.right & codes) for case in labelled)
        lines.append((f"`{name}`", len(labelled), _share(best, len(named)), _share(right, len(labelled))))
    return (
        f"{STARTS_BENCH}\n\nPart des lignes dont le meilleur code, ou un code admis, est dans le jeu de départ.\n\n"
        + _table(("Jeu", "Lignes", "Meilleur code", "Code admis"), lines)
    )


def _discipline(file: str) -> str:
    stem = Path(file).stem.partition("_")[2]
    return DISCIPLINES.get(stem, stem)


def _table(heading: Sequence[str], lines: Iterable[Sequence[str | int]], *, total: bool = False) -> str:
    rows = [tuple(line) for line in lines]
    if total:
        sums = (sum(int(row[column]) for row in rows) for column in range(1, len(heading)))
        rows.append(("**Total**", *sums))
    is_number = [
        all(isinstance(row[column], int) or str(row[column]).endswith(("%", "–")) for row in rows)
        for column in range(len(heading))
    ]
    return "\n".join(
        [
            "| " + " | ".join(heading) + " |",
            "|" + "|".join("---:" if right else "---" for right in is_number) + "|",
            *(
                "| " + " | ".join(_number(cell) if isinstance(cell, int) else cell for cell in row) + " |"
                for row in rows
            ),
        ]
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    return f"{100 * part / whole:.1f}\u00a0%".replace(".", ",")
