"""What a newer export would change in a catalogue, computed before anything is written."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalogues.plan import TEXT_COLUMNS, ImportPlan, PlannedTest
from app.files.fhir_catalogue import LEVEL_OF_WORD
from app.files.kinds import SECTIONS
from app.files.reading import ReadFile
from app.models import ChangeKind, FileKind, Level, Status
from app.reimport.matching import match
from app.reimport.substance import ANALYSES, ColumnChange, is_substantive, reason_of, shown

UNCHANGED = "unchanged"
_FLAGS = ("is_subcontracted", "is_retired", "annual_volume")
_KEPT_LATER = ("reference_range", "results", "exam")
"""What is not known of tests that came in before it was kept: the newer export tells it, and changes nothing."""
_CHAPTER = ("chapter_code", "subchapter_code", "chapter")
_BROUGHT = {
    FileKind.LOINC_1: SECTIONS,
    FileKind.LOINC_2: (Level.EXAM,),
    FileKind.LOINC_3: (Level.ANALYSIS,),
    FileKind.TABULAR: (Level.ANALYSIS,),
}
_MAX_TEXT = 2000


@dataclass(slots=True)
class Compared:
    """One test, before and after."""

    kind: str
    """A value of ChangeKind, or `unchanged`."""
    level: Level
    code: str
    label: str
    planned: PlannedTest | None = None
    stored: Any = None
    """The stored test: a row of `reimport_repository.stored_tests`."""
    values: dict[str, Any] = field(default_factory=dict)
    """Fields to write, by name."""
    changes: tuple[ColumnChange, ...] = ()
    is_completed: bool = False
    """Whether the file tells what was not kept when the test came in."""

    @property
    def is_substantive(self) -> bool:
        """Whether what the LOINC code rests on changed."""
        return any(change.is_substantive for change in self.changes)

    @property
    def goes_back(self) -> bool:
        """Whether a decision was taken, and goes back to review."""
        decided = self.stored is not None and self.stored.status in (Status.DECIDED, Status.APPROVED)
        return decided and self.is_substantive and self.kind != ChangeKind.REMOVED

    @property
    def reason(self) -> str:
        """Why it goes back to review."""
        return reason_of(self.changes)

    @property
    def needs_proposals(self) -> bool:
        """Whether what the matcher reads of it may have changed."""
        return self.is_completed or self.kind in (ChangeKind.ADDED, ChangeKind.RETURNED, ChangeKind.CHANGED)


@dataclass(slots=True)
class Difference:
    """Everything that a newer export would change."""

    tests: list[Compared] = field(default_factory=list)
    levels: tuple[Level, ...] = ()
    """The levels that the new files describe: only these can lose tests."""
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Code of exam -> codes of its analyses in the new file."""

    def count(self, kind: str) -> int:
        """How many tests are of this kind."""
        return sum(test.kind == kind for test in self.tests)

    @property
    def counts(self) -> Counter[str]:
        """How many tests of each kind."""
        return Counter(test.kind for test in self.tests)

    @property
    def sent_back(self) -> list[Compared]:
        """The decided tests that go back to review."""
        return [test for test in self.tests if test.goes_back]

    @property
    def digest(self) -> str:
        """What the user saw: writing is refused when the catalogue moved since."""
        summary = hashlib.sha256()
        for test in self.tests:
            identity = test.stored.id if test.stored is not None else ""
            status = test.stored.status if test.goes_back else ""
            changes = [(change.field, change.old, change.new) for change in test.changes]
            summary.update(repr((test.kind, test.level.value, test.code, identity, status, changes)).encode())
        return summary.hexdigest()[:24]


def carried(file: ReadFile) -> frozenset[str]:
    """The fields that a file says of its tests; what it does not say is never changed."""
    if file.kind is FileKind.FHIR:
        return frozenset({*TEXT_COLUMNS, "is_retired"} - set(_KEPT_LATER))
    names = set(file.columns)
    if file.takes_units:
        names.add("unit")
    if file.kind is FileKind.TABULAR:
        if "subchapter" in names:
            names.add("subchapter_code")
        return frozenset(names & {*TEXT_COLUMNS, *_FLAGS})
    return frozenset(names & set(TEXT_COLUMNS))


def levels_of(files: Sequence[ReadFile]) -> tuple[Level, ...]:
    """The levels that these files describe."""
    found: list[Level] = []
    for file in files:
        if file.kind is FileKind.FHIR:
            found += {LEVEL_OF_WORD[line["level"]] for line in file.lines()}
        found += _BROUGHT.get(file.kind, ())
    return tuple(level for level in Level if level in found)


def compare(plan: ImportPlan, stored: Sequence[Any], links: Mapping[int, Sequence[str]]) -> Difference:
    """The plan of the new files against what the catalogue holds.

    `stored` has every test of the catalogue, `links` the codes of the analyses of each stored exam.
    """
    levels = levels_of(plan.files)
    concerned = [test for test in stored if test.level in levels]
    difference = Difference(levels=levels, links=_planned_links(plan))
    matched = match(plan.tests, concerned)
    kept: set[int] = set()
    fields = [carried(file) for file in plan.files]
    told = _side_values(
        plan, ((index, test.code) for index, test in enumerate(plan.tests) if test.level is Level.ANALYSIS)
    )
    for index, planned in enumerate(plan.tests):
        test = matched.get(index)
        values = _values(planned, fields[planned.file_index]) | told.get(index, {})
        if test is None:
            difference.tests.append(_compared(ChangeKind.ADDED, planned, None, values))
            continue
        kept.add(test.id)
        difference.tests.append(_against(planned, test, values, difference.links, links))
    # Where the new files say nothing of the analyses themselves, side data may.
    told = {}
    if Level.ANALYSIS not in levels:
        told = _side_values(plan, ((test.id, test.code) for test in stored if test.level == Level.ANALYSIS))
    for test in stored:
        if test.level in levels and test.id not in kept:
            if test.retired_at is None:
                difference.tests.append(_compared(ChangeKind.REMOVED, None, test, {}))
        elif test.id in told:
            difference.tests.append(_against(None, test, told[test.id], {}, {}))
    return difference


def _compared(kind: str, planned: PlannedTest | None, test: Any, values: dict[str, Any]) -> Compared:
    level = planned.level if planned else Level(test.level)
    label = planned.values["label"] if planned else test.label
    return Compared(kind, level, planned.code if planned else test.code, label, planned, test, values)


def _against(
    planned: PlannedTest | None,
    test: Any,
    values: dict[str, Any],
    new_links: Mapping[str, tuple[str, ...]],
    old_links: Mapping[int, Sequence[str]],
) -> Compared:
    before = {name: getattr(test, name) for name in (*TEXT_COLUMNS, *_FLAGS)}
    returned = planned is not None and test.retired_at is not None
    if returned:
        # The flag came with the removal, and goes with it.
        before["is_retired"] = False
        values.setdefault("is_retired", False)
    after = before | values
    learnt = [name for name in _KEPT_LATER if name in values and before[name] is None]
    changes = [
        ColumnChange(name, _cut(shown(before[name])), _cut(shown(after[name])), is_substantive(name, before, after))
        for name in values
        if before[name] != after[name] and name not in learnt
    ]
    if planned is not None and planned.level is Level.EXAM:
        changes += _composition(old_links.get(test.id, ()), new_links.get(planned.code, ()))
    kind = ChangeKind.RETURNED if returned else ChangeKind.CHANGED if changes else UNCHANGED
    compared = _compared(kind, planned, test, values)
    compared.changes = tuple(changes)
    compared.is_completed = any(values[name] for name in learnt)
    return compared


def _composition(old: Sequence[str], new: Sequence[str]) -> list[ColumnChange]:
    if set(old) == set(new):
        return []
    return [ColumnChange(ANALYSES, _listed(old), _listed(new), True)]


def _listed(codes: Sequence[str]) -> str:
    return _cut(", ".join(codes))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _planned_links(plan: ImportPlan) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for link in plan.links:
        found.setdefault(link.exam_code, []).append(link.analysis_code)
    return {code: tuple(analyses) for code, analyses in found.items()}


def _values(planned: PlannedTest, fields: frozenset[str]) -> dict[str, Any]:
    """What the new file says of a test."""
    if planned.level in SECTIONS:
        return dict(planned.values)
    values: dict[str, Any] = {name: planned.values[name] for name in TEXT_COLUMNS if name in fields}
    if not any(values.get(name) for name in _CHAPTER):
        # An empty cell: the chapter is the one that the exams give.
        values = {name: value for name, value in values.items() if name not in _CHAPTER}
    elif "chapter" in values and not values["chapter"]:
        del values["chapter"]
    if planned.level is Level.ANALYSIS:
        # An exam has its flags from its analyses.
        values |= {name: getattr(planned, name) for name in _FLAGS if name in fields}
    return values


def _side_values(plan: ImportPlan, analyses: Iterable[tuple[int, str]]) -> dict[int, dict[str, Any]]:
    """What side data say of these analyses (number, code), by number."""
    return plan.side_data.told(analyses) if plan.side_data else {}
