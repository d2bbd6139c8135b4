"""The page of figures of the shipped terminology, counted from the files: nothing in it is typed by hand.

The bench that holds the labelled rows adds its own section to the page: the share of them that the starter covers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from loinc_data.checks.frames import frame_of
from loinc_data.checks.material import Material
from loinc_data.checks.problem import Level, Problem, Row, typographic
from loinc_data.tables import STARTER_VERSION
from matcher.normalise.text import fold

COMMAND = "python -m loinc_data.check --table docs/terminologie.md"
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
    "sgl": "Mnémoniques des systèmes de gestion de laboratoire",
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
    "properties": "grandeurs → propriété",
    "short_words": "mots et leurs abréviations",
    "glued_words": "morceaux de mots collés",
    "disciplines": "disciplines du laboratoire → classes",
    "national": "choix nationaux parmi les codes qui ne diffèrent que par la technique ou la précision",
    "chapters": "chapitres → classe et système",
    "chapter_codes": "chapitres → code LOINC (LOINC_4)",
    "nontests": "motifs de lignes qui ne sont pas des analyses",
    "row_words": "mots des lignes qui ne sont pas des analyses, ou qui en nomment plusieurs",
    "usage": "usage français de codes",
    "vouched": "valeurs LOINC hors du jeu de départ",
}
LAST_HEADING = "## Tables"


def render(material: Material, problems: Sequence[Problem]) -> str:
    """The page, in French Markdown, without the section of the labelled rows."""
    sections = [
        _head(material, problems),
        _terms(material.terms),
        _lexicon(material.lexicon),
        _tables(material.tables),
    ]
    return typographic("\n\n".join(sections)) + "\n"


def added_after(page: str) -> str:
    """What other tools wrote in a page after our sections, its blank line included; empty when there is nothing."""
    _, heading, rest = page.partition(LAST_HEADING)[2].partition("\n## ")
    return f"{heading}{rest}"


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
    usage = frame_of(rows, ["FR_USAGE"])["FR_USAGE"]
    counts = pd.crosstab(_disciplines(rows), usage)
    counts.insert(0, "all", counts.sum(axis="columns"))
    lines = counts.reindex(columns=["all", "1", "2", "3"], fill_value=0)
    return (
        "## Jeu de départ\n\nUsage 1 : courant en ville ; 2 : courant à l'hôpital ou sous-traité ; 3 : spécialisé.\n\n"
        + (table(("Discipline", "Termes", "Usage 1", "Usage 2", "Usage 3"), _lines(lines), total=True))
    )


def _lexicon(rows: Sequence[Row]) -> str:
    entries = frame_of(rows, ["expression", "context", "kind"])
    entries["expression"] = entries["expression"].map(fold)
    entries["context"] = entries["context"] != ""
    by_discipline = entries.groupby(_disciplines(rows)).agg(
        entries=("kind", "size"), expressions=("expression", "nunique"), with_context=("context", "sum")
    )
    readings = entries["expression"].value_counts()
    ambiguous = int((readings > 1).sum())
    # Kinds as numerous as one another stay in the order of the files.
    kinds = entries["kind"].replace(KINDS).value_counts(sort=False).sort_values(ascending=False, kind="stable")
    return (
        "## Lexique français\n\n"
        + table(("Discipline", "Entrées", "Expressions", "Avec contexte"), _lines(by_discipline), total=True)
        + f"\n\n{_number(len(readings))} expressions distinctes, dont {_number(ambiguous)} à plusieurs lectures.\n\n"
        + table(("Nature", "Entrées"), _lines(kinds.to_frame()))
    )


def _lines(counts: pd.DataFrame) -> Iterable[tuple[str | int, ...]]:
    """What a line is called, then its counts."""
    return counts.itertuples(name=None)


def _tables(tables: Mapping[str, Sequence[Row]]) -> str:
    lines = [(f"`{name}`", text, len(tables[name])) for name, text in TABLES.items()]
    return f"{LAST_HEADING}\n\n" + table(("Table", "Contenu", "Lignes"), lines)


def _disciplines(rows: Sequence[Row]) -> "pd.Series[str]":
    stems = [Path(row.file).stem.partition("_")[2] for row in rows]
    return pd.Series([DISCIPLINES.get(stem, stem) for stem in stems], dtype=str)


def table(heading: Sequence[str], lines: Iterable[Sequence[str | int]], *, total: bool = False) -> str:
    """A French Markdown table: figures to the right, in groups of three digits; `total` adds a line of sums."""
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
