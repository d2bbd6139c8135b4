"""The figures of a pack as files that a spreadsheet opens, made from its facts alone. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app.claims.past_facts import moment_of
from app.claims.reading_facts import Facts, Row
from app.claims.recompute import Figure, Moment
from app.claims.tables import NO, YES, csv_bytes
from loinc_data.notice import LOINC_NOTICE

FIGURES, CHAPTERS, LINES = "chiffres/indicateurs.csv", "chiffres/chapitres.csv", "chiffres/lignes.csv"
STANDING_WORDS = {
    "transcoded": "transcodée",
    "waiting": "décidée, à approuver",
    "unfinished": "à traiter, en doute ou renvoyée",
    "no_code": "approuvée sans code LOINC",
    "placeholder": "approuvée avec un code d'attente",
    "not_in_release": "code absent de la version de LOINC",
    "deprecated": "code retiré de LOINC, date limite passée",
    "several_codes": "réponses différentes pour un même code local",
    "outside_circuit": "code hors de « Circuit de la biologie »",
    "out_of_scope": "hors périmètre (approuvée)",
    "retired": "retirée du catalogue",
}
LEVEL_WORDS = {"analysis": "analyse", "exam": "examen"}
NO_CHAPTER = "Sans chapitre"
VERSION = "Version du transcodage"
"""The last column of every table: one that is opened alone says that it is a draft."""
NOTICE = "Mention de LOINC"
_PARIS = ZoneInfo("Europe/Paris")
_DESCRIBED = (
    "Niveau", "Code", "Libellé", "Chapitre", "Sous-traitée", "Volume annuel", "Situation", "LOINC", "Nom LOINC",
    "Relation", "Motif", "Décidée par", "Décidée le", "Approuvée par", "Approuvée le",
)  # fmt: skip


def paris(moment: str) -> str:
    """A moment of the facts by the clock of Paris: 28/11/2026 21:05; empty for none."""
    return moment_of(moment).astimezone(_PARIS).strftime("%d/%m/%Y %H:%M") if moment else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A definition with its figure."""

    definition: Row
    figure: Figure

    @property
    def number(self) -> str:
        """Its number."""
        return self.definition["definition"]

    @property
    def title(self) -> str:
        """Its name and its scope."""
        return f"{self.definition['title']}, {self.definition['scope']}"


def shown_figures(moment: Moment) -> list[Shown]:
    """Every figure of the pack, that of the default definition first."""
    return [Shown(definition, moment.figure(definition)) for definition in moment.facts.definitions]


def column_name(number: int) -> str:
    """The letters of a column of a spreadsheet, counted from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def formula_of(place: int) -> str:
    """What a spreadsheet computes of the lines for the definition at this place: a percentage rounded down."""
    weight, done = (column_name(len(_DESCRIBED) + 2 * place + n) for n in (0, 1))
    return f"=ENT(10000*SOMME({done}:{done})/SOMME({weight}:{weight}))/100"


def figures_csv(facts: Facts, shown: list[Shown]) -> bytes:
    """Every figure, one a line, each with the version that it is of."""
    heads = (
        "Définition", "Intitulé", "Périmètre", "Transcodé", "Total", "Taux (%)", "80 % atteint", "Lignes manquantes",
        "Lignes comptées", "Lignes sans volume connu", "Examens sans analyse dans le périmètre", "Phrase", VERSION,
    )  # fmt: skip
    lines = [
        (
            item.number, item.definition["title"], item.definition["scope"], item.figure.numerator,
            item.figure.denominator, item.figure.percent, item.figure.is_reached, item.figure.rows_missing,
            item.figure.rows_counted, item.figure.rows_without_volume, item.figure.rows_emptied,
            item.definition["sentence"], facts.state["version_label"],
        )
        for item in shown
    ]  # fmt: skip
    return csv_bytes(heads, lines)


def first_of_level(facts: Facts, level: str) -> Row | None:
    """The first definition that counts the rows of a level, whose chapters are shown."""
    return next((item for item in facts.definitions if item["level"] == level), None)


def chapters_csv(moment: Moment) -> bytes:
    """The figure of each chapter under the first definition of each level."""
    heads = ("Niveau", "Définition", "Chapitre", "Transcodé", "Total", "Taux (%)", "Lignes manquantes", VERSION)
    lines = []
    for level, word in LEVEL_WORDS.items():
        definition = first_of_level(moment.facts, level)
        for chapter in moment.chapters(level) if definition else ():
            assert definition is not None
            found = moment.figure(definition, chapter)
            lines.append((word, definition["definition"], chapter or NO_CHAPTER, found.numerator, found.denominator,
                          found.percent, found.rows_missing, moment.facts.state["version_label"]))  # fmt: skip
    return csv_bytes(heads, lines)


def lines_csv(moment: Moment) -> bytes:
    """Every analysis and exam: what was decided, then for each definition what it weighs and how much is transcoded."""
    definitions = moment.facts.definitions
    heads = [*_DESCRIBED]
    for definition in definitions:
        heads += [f"Compte {definition['definition']}", f"Transcodé {definition['definition']}"]
    heads += [NOTICE, VERSION]
    return csv_bytes(heads, _lines(moment, definitions))


def _lines(moment: Moment, definitions: list[Row]) -> Iterator[list[Any]]:
    weights = [_weights(moment, definition) for definition in definitions]
    people = {line["person"]: line["name"] for line in moment.facts.people}
    names = _names(moment)
    stands = moment.standings(definitions[0]) if definitions else {}
    for item in moment.rows:
        choice, approval = item.state.choice or {}, item.state.approval or {}
        line: list[Any] = [
            LEVEL_WORDS[item.row["level"]], item.row["code"], item.row["label"], item.chapter or NO_CHAPTER,
            item.is_subcontracted, item.volume, STANDING_WORDS.get(stands.get(item.row["row"], ""), ""),
            item.state.code, names.get(item.state.code, ""), choice.get("relation", ""), choice.get("reason", ""),
            people.get(choice.get("author", ""), ""), paris(choice.get("at", "")),
            people.get(approval.get("author", ""), ""), paris(approval.get("at", "")),
        ]  # fmt: skip
        for weighed in weights:
            line += weighed.get(item.row["row"], (0, 0))
        # LOINC asks for it in every file that carries its names.
        yield [*line, LOINC_NOTICE if item.state.code in names else "", moment.facts.state["version_label"]]


def _names(moment: Moment) -> Mapping[str, str]:
    return {
        line["loinc_num"]: line["french_name"] or line["long_common_name"]
        for line in moment.facts.codes
        if line["release"] == moment.release
    }


def _weights(moment: Moment, definition: Row) -> Mapping[str, tuple[int, int]]:
    found = {}
    for mark in moment.marks(definition):
        item = mark.counted
        if mark.counts and not (item.is_subcontracted and definition["with_subcontracted"] == NO):
            weight = (item.volume or 0) if definition["measure"] == "volume" else 1
            found[item.row["row"]] = (weight, weight if mark.is_done else 0)
    return found


def yes_no(value: bool) -> str:
    """oui, non."""
    return YES if value else NO
