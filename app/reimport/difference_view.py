"""The page that shows what a newer export would change, before anything is written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from app.models import ChangeKind, Level, Status
from app.reimport.difference import UNCHANGED, Compared, Difference
from app.reimport.substance import FIELD_NAMES, ColumnChange
from app.text import counted
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import PageContext

PAGE_SIZE = 100
KIND_WORDS = {
    ChangeKind.ADDED: ("ajoutee", "Ajoutée", "chip-ok", "Ajoutées"),
    ChangeKind.CHANGED: ("modifiee", "Modifiée", "chip-warn", "Modifiées"),
    ChangeKind.REMOVED: ("retiree", "Retirée", "chip-bad", "Retirées"),
    ChangeKind.RETURNED: ("revenue", "Revenue", "chip-info", "Revenues"),
    UNCHANGED: ("inchangee", "Inchangée", "chip-mute", "Inchangées"),
}
"""Kind -> word of the address, name, chip, name of several."""
LEVEL_FILTERS = {
    Level.ANALYSIS: ("analyse", "Analyse", "Analyses"),
    Level.EXAM: ("examen", "Examen", "Examens"),
    Level.CHAPTER: ("chapitre", "Chapitre", "Chapitres"),
    Level.SUBCHAPTER: ("sous-chapitre", "Sous-chapitre", "Sous-chapitres"),
}
BACK = "renvoyee"
_CSV_HEADER = ("Différence", "Niveau", "Code", "Libellé", "Colonne", "Avant", "Après", "Conséquence")
_WORDS = {words[0]: kind for kind, words in KIND_WORDS.items()}
_LEVELS = {words[0]: level for level, words in LEVEL_FILTERS.items()}


@dataclass(frozen=True, slots=True)
class DifferenceQuery:
    """What the address asks to see."""

    type: str = ""
    """A word of KIND_WORDS, or `renvoyee`; empty for everything but what is unchanged."""
    niveau: str = ""
    colonne: str = ""
    q: str = ""
    page: int = 1

    def url(self, path: str, **changes: str | int) -> str:
        """The address of this page with other choices."""
        asked = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        pairs = [(name, str(value)) for name in asked.__slots__ if (value := getattr(asked, name)) not in ("", 1)]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def keeps(self, test: Compared) -> bool:
        """Whether a test is asked for."""
        if self.type == BACK:
            if not test.goes_back:
                return False
        elif self.type in _WORDS:
            if test.kind != _WORDS[self.type]:
                return False
        elif test.kind == UNCHANGED:
            return False
        if self.niveau and _LEVELS.get(self.niveau) != test.level:
            return False
        if self.colonne and all(change.field != self.colonne for change in test.changes):
            return False
        text = self.q.strip().casefold()
        return not text or text in test.code.casefold() or text in test.label.casefold()


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """A link that keeps one sort of tests."""

    label: str
    count: int
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One test of the table."""

    kind: str
    chip: str
    level: str
    code: str
    label: str
    changes: tuple[ColumnChange, ...]
    outcome: str
    is_sent_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferencePage(PageContext):
    """What a newer export would change."""

    laboratory_id: int
    laboratory_name: str
    catalogue_id: int
    catalogue_name: str
    draft_id: int
    address: str
    digest: str
    file_names: list[str]
    summary: list[tuple[str, int, str]]
    """(label, count, chip) of each kind."""
    sent_back: int
    kinds: list[DifferenceFilter]
    levels: list[DifferenceFilter]
    columns: list[DifferenceFilter]
    query: DifferenceQuery
    csv_url: str
    lines: list[DifferenceLine]
    total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    warnings: list[str]
    has_moved: bool
    """The catalogue changed since the user looked."""


def outcome_of(test: Compared) -> str:
    """What becomes of the test and of its decision."""
    status = test.stored.status if test.stored is not None else Status.TODO
    decided = status in (Status.DECIDED, Status.APPROVED)
    if test.kind == ChangeKind.ADDED:
        return "À traiter"
    if test.kind == ChangeKind.REMOVED:
        return "Marquée retirée ; ses faits sont conservés"
    if test.goes_back:
        return "Décision renvoyée en revue"
    if test.kind == UNCHANGED or decided:
        return "Décision conservée" if decided else "Rien ne change"
    if status == Status.TODO:
        return "À traiter"
    return "Reste en revue"


def completed_sentences(difference: Difference) -> list[str]:
    """What the file tells of tests that did not change, and that was not kept when they came in."""
    count = sum(test.is_completed for test in difference.tests)
    if not count:
        return []
    receive = counted(count, "ligne reçoit", "lignes reçoivent")
    return [
        f"{receive} des valeurs de référence, des exemples de résultats ou un examen, que l'atelier ne gardait pas "
        "quand elles ont été importées ; leurs propositions sont recherchées de nouveau, leurs décisions restent."
    ]


def line_of(test: Compared) -> DifferenceLine:
    """A test as the table shows it."""
    _word, name, chip, _names = KIND_WORDS[test.kind]
    level = LEVEL_FILTERS[test.level][1]
    return DifferenceLine(name, chip, level, test.code, test.label, test.changes, outcome_of(test), test.goes_back)


def choices_of(difference: Difference, query: DifferenceQuery, path: str) -> tuple[list[DifferenceFilter], ...]:
    """The links by kind, by level and by column, with their counts."""
    moved = len(difference.tests) - difference.count(UNCHANGED)
    kinds = [DifferenceFilter("Toutes les différences", moved, query.url(path, type=""), not query.type)]
    counts = difference.counts
    for kind, (word, _name, _chip, names) in KIND_WORDS.items():
        if counts[kind]:
            kinds.append(DifferenceFilter(names, counts[kind], query.url(path, type=word), query.type == word))
    if difference.sent_back:
        back = len(difference.sent_back)
        kinds.append(DifferenceFilter("Décisions renvoyées", back, query.url(path, type=BACK), query.type == BACK))
    asked = replace(query, niveau="", colonne="")
    shown = [test for test in difference.tests if asked.keeps(test)]
    by_level = Counter(test.level for test in shown)
    levels = [
        DifferenceFilter(words[2], by_level[level], _toggled(query, path, "niveau", words[0]), query.niveau == words[0])
        for level, words in LEVEL_FILTERS.items()
        if by_level[level]
    ]
    by_column = Counter(change.field for test in shown for change in test.changes)
    columns = [
        DifferenceFilter(FIELD_NAMES[name], count, _toggled(query, path, "colonne", name), query.colonne == name)
        for name, count in by_column.most_common()
    ]
    return kinds, levels, columns


def _toggled(query: DifferenceQuery, path: str, name: str, value: str) -> str:
    return query.url(path, **{name: "" if getattr(query, name) == value else value})


def difference_csv(tests: Iterable[Compared]) -> Iterator[str]:
    """The differences for a spreadsheet: one line for each column that changes."""
    rows: list[tuple[str, ...]] = []
    for test in tests:
        line = line_of(test)
        head = (line.kind, line.level, line.code, line.label)
        told = [(change.name, change.old, change.new) for change in line.changes] or [("", "", "")]
        rows += [(*head, *change, line.outcome) for change in told]
    return csv_pieces(_CSV_HEADER, rows)
