"""The French material we ship, read into the matcher's tables."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import dropwhile
from pathlib import Path

from matcher.types import LexiconEntry, Tables, Term

DATA_DIR = Path(__file__).resolve().parent
STARTER_DIR = DATA_DIR / "starter"
LEXICON_DIR = DATA_DIR / "lexicon"
TABLES_DIR = DATA_DIR / "tables"
STARTER_VERSION = "starter-2026.11"
ENGLISH = "en"
IN_CONTEXT = "context"
"""The scope of an entry that is read only where its context is."""
SUFFIX = "suffix"
"""The scope of a specimen that is named so at the end of a label only."""
COLUMN = "column"
"""The scope of a technique that is named so in its column only."""
UNSETTLED = "à vérifier"
"""The source of an entry that nobody could settle yet."""


def read_rows(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    """The rows of one of our files; lines before the header that start with # are the notice."""
    with path.open(encoding="utf-8", newline="") as file:
        # Only the lines above the header are comments: `#/hpf` is a unit.
        lines = dropwhile(lambda line: line.startswith("#"), file)
        for row in csv.DictReader(lines, delimiter=delimiter):
            yield {key: (value or "").strip() for key, value in row.items() if key is not None}


def alternatives(cell: str) -> tuple[str, ...]:
    """A cell with alternatives separated by |, most usual first."""
    return tuple(dict.fromkeys(part.strip() for part in cell.split("|") if part.strip()))


def starter_files() -> list[Path]:
    """The starter term files, one a discipline."""
    return sorted(STARTER_DIR.glob("terms_*.csv"))


def lexicon_files() -> list[Path]:
    """The lexicon files, one a discipline."""
    return sorted(LEXICON_DIR.glob("lexicon_*.csv"))


def material_files() -> list[Path]:
    """Every file of ours that proposals rest on: starter terms, lexicon, tables."""
    return [*starter_files(), *lexicon_files(), *sorted(TABLES_DIR.glob("*.csv"))]


@lru_cache(maxsize=1)
def load_starter_terms() -> tuple[Term, ...]:
    """The starter terminology, in file order."""
    return tuple(
        Term(
            loinc_num=row["LOINC_NUM"],
            component=row["COMPONENT"],
            property=row["PROPERTY"],
            time_aspct=row["TIME_ASPCT"],
            system=row["SYSTEM"],
            scale_typ=row["SCALE_TYP"],
            method_typ=row["METHOD_TYP"],
            class_name=row["CLASS"],
            status=row["STATUS"],
            order_obs=row["ORDER_OBS"],
            long_common_name=row["LONG_COMMON_NAME"],
            units=row["EXAMPLE_UCUM_UNITS"],
            usage=int(row["FR_USAGE"] or 0),
        )
        for path in starter_files()
        for row in read_rows(path, ",")
    )


def _context(cell: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in cell.split(","))
    return tuple((key.strip(), value.strip()) for key, _, value in pairs if value.strip())


def lexicon_entry(row: dict[str, str]) -> LexiconEntry:
    """One row of a lexicon file."""
    return LexiconEntry(
        expression=row["expression"],
        kind=row["kind"],
        component=alternatives(row["component"]),
        property=alternatives(row["property"]),
        time=alternatives(row["time"]),
        system=alternatives(row["system"]),
        scale=alternatives(row["scale"]),
        method=alternatives(row["method"]),
        context=_context(row["context"]),
        priority=int(row["priority"] or 0),
        is_english=ENGLISH in row["scope"].split(),
        needs_context=IN_CONTEXT in row["scope"].split(),
        is_doubtful=row["source"] == UNSETTLED,
    )


def _pairs(
    name: str, column: str, without: str = "", only: str = ""
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rows of a two-column table, less those of the scope `without`, or those of the scope `only`."""
    return tuple(
        (row["expression"], alternatives(row[column]))
        for row in read_rows(TABLES_DIR / name, ";")
        if (not without or without not in row["scope"].split()) and (not only or only in row["scope"].split())
    )


def _triples(name: str, first: str, second: str) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    return tuple(
        (row["expression"], alternatives(row[first]), alternatives(row[second]))
        for row in read_rows(TABLES_DIR / name, ";")
    )


@lru_cache(maxsize=1)
def load_disciplines() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """How a biologist divides the laboratory: key, French name and LOINC classes of each discipline."""
    return tuple(
        (row["key"], row["french_name"], alternatives(row["classes"]))
        for row in read_rows(TABLES_DIR / "disciplines.csv", ";")
    )


@lru_cache(maxsize=1)
def load_tables() -> Tables:
    """The lexicon and all tables."""
    return Tables(
        lexicon=tuple(lexicon_entry(row) for path in lexicon_files() for row in read_rows(path, ";")),
        short_words=tuple((row["expression"], row["short"]) for row in read_rows(TABLES_DIR / "short_words.csv", ";")),
        glued_words=tuple(
            (row["piece"], row["role"], row["reads"], row["scope"])
            for row in read_rows(TABLES_DIR / "glued_words.csv", ";")
        ),
        units=_triples("units.csv", "ucum", "dimension"),
        specimens=_pairs("specimens.csv", "system"),
        label_specimens=_pairs("label_specimens.csv", "system", without=SUFFIX),
        suffix_specimens=_pairs("label_specimens.csv", "system", only=SUFFIX),
        techniques=_pairs("techniques.csv", "method"),
        label_techniques=_pairs("techniques.csv", "method", without=COLUMN),
        timing=_triples("timing.csv", "time", "challenge"),
        scales=_pairs("scales.csv", "scale"),
        properties=_pairs("properties.csv", "property"),
        chapters=_triples("chapters.csv", "class", "system"),
        national=tuple((row["loinc"], row["source"]) for row in read_rows(TABLES_DIR / "national.csv", ";")),
        disciplines=load_disciplines(),
        nontests=tuple((row["pattern"], row["reason"]) for row in read_rows(TABLES_DIR / "nontests.csv", ";")),
        row_words=tuple(
            (row["word"], row["class"], row["reason"]) for row in read_rows(TABLES_DIR / "row_words.csv", ";")
        ),
    )


def with_usage(terms: Iterable[Term]) -> Iterator[Term]:
    """The terms of a release with our French usage, and the class of our starter where the release states none."""
    usage = load_usage()
    classes = {term.loinc_num: term.class_name for term in load_starter_terms()}
    for term in terms:
        class_name = term.class_name or classes.get(term.loinc_num, "")
        yield replace(term, usage=usage.get(term.loinc_num, term.usage), class_name=class_name)


@lru_cache(maxsize=1)
def load_usage() -> dict[str, int]:
    """How usual a code is in French laboratories: 1 everyday, 2 common, 3 specialised."""
    return {row["loinc"]: int(row["usage"]) for row in read_rows(TABLES_DIR / "usage.csv", ";")}
