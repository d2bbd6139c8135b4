"""What making a release current would change in the codes that this installation uses. Nothing here writes.

Codes are compared once each, wherever they are used; rows are only counted, so that this costs what the codes cost. The
texts of a laboratory's rows are for its members (`impact_rows.py`): another administrator reads codes and numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.models import (
    Catalogue,
    Laboratory,
    LocalTest,
    LoincRelease,
    MemoryEntry,
    Outcome,
    ReviewState,
    Status,
    TaskKind,
)
from app.terminology import repository
from app.terminology.wording import AXIS_LABELS, TASK_LABELS
from app.text import counted, enumeration
from app.upgrades.report import AXES, CHANGES, TermView, kinds_of_change, view_of

MEMORY = "mémoire du laboratoire"


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A code that a catalogue, or the memory of a laboratory, holds and that the release changes."""

    laboratory_id: int
    laboratory: str
    catalogue_id: int
    """0 for the memory of the laboratory."""
    catalogue: str
    loinc_num: str
    kinds: tuple[TaskKind, ...]
    """Everything that changes, the gravest first."""
    old: TermView | None
    new: TermView | None
    replacements: tuple[str, ...]
    approved: int = 0
    """Rows approved with it."""
    decided: int = 0
    """Rows that it was chosen for and that are not approved."""
    remembered: int = 0
    """Entries of the memory."""

    @property
    def kind(self) -> TaskKind:
        """The gravest thing that changes."""
        return self.kinds[0]

    @property
    def said(self) -> str:
        """Everything that changes, in French, with the values before and after."""
        parts = [TASK_LABELS[kind][0] for kind in self.kinds if kind is not TaskKind.AXES_CHANGED]
        if self.old is not None and self.new is not None:
            parts += [
                f"{AXIS_LABELS[axis]}\u202f: «\u202f{getattr(self.old, axis)}\u202f» devient "
                f"«\u202f{getattr(self.new, axis)}\u202f»"
                for axis in AXES
                if getattr(self.old, axis) != getattr(self.new, axis)
            ]
        return "\u202f; ".join(parts)


@dataclass(frozen=True, slots=True)
class KindCount:
    """How much one kind of change concerns, each code and row under the gravest of its changes."""

    kind: TaskKind
    codes: int
    approved: int
    decided: int
    remembered: int


def used_codes(session: Session, old_release: LoincRelease, new_release: LoincRelease) -> list[UsedCode]:
    """Every code in use that the release changes, by laboratory and catalogue."""
    assert old_release.id is not None
    assert new_release.id is not None
    uses = [*_decided(session), *_remembered(session)]
    numbers = {use[4] for use in uses}
    old_terms = repository.terms_by_number(session, old_release.id, numbers)
    new_terms = repository.terms_by_number(session, new_release.id, numbers)
    kinds = {number: kinds_of_change(old_terms.get(number), new_terms.get(number)) for number in numbers}
    changed = sorted(number for number, found in kinds.items() if found)
    instead = repository.map_to(session, new_release.id, changed)
    return [
        UsedCode(
            laboratory_id, laboratory, catalogue_id, catalogue, number, kinds[number],
            view_of(old_terms.get(number)), view_of(new_terms.get(number)),
            tuple(dict.fromkeys(row.map_to for row in instead.get(number, ()))), approved, decided, remembered,
        )
        for laboratory_id, laboratory, catalogue_id, catalogue, number, approved, decided, remembered in uses
        if kinds[number]
    ]  # fmt: skip


_Use = tuple[int, str, int, str, str, int, int, int]


def decided_rows() -> tuple[ColumnElement[bool], ...]:
    """The decisions in force of rows that are still run."""
    return (
        col(Catalogue.staged_for_job_id).is_(None),
        col(LocalTest.is_retired).is_(False),
        col(ReviewState.outcome) == Outcome.CODE,
    )


def _decided(session: Session) -> list[_Use]:
    """The codes of the decisions in force of rows that are still run."""
    approved = func.sum(case((col(ReviewState.status) == Status.APPROVED, 1), else_=0))
    statement = (
        select_columns(
            col(Laboratory.id), col(Laboratory.name), col(Catalogue.id), col(Catalogue.name),
            col(ReviewState.loinc_num), approved, func.count(),
        )
        .select_from(ReviewState)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .join(Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id))
        .where(*decided_rows(), col(ReviewState.loinc_num) != "")
        .group_by(col(Laboratory.id), col(Laboratory.name), col(Catalogue.id), col(Catalogue.name),
                  col(ReviewState.loinc_num))
        .order_by(col(Laboratory.id), col(Catalogue.id), col(ReviewState.loinc_num))
    )  # fmt: skip
    return [
        (lab_id, lab, id_, name, number, done, rows - done, 0)
        for lab_id, lab, id_, name, number, done, rows in session.execute(statement)
    ]


def _remembered(session: Session) -> list[_Use]:
    """The codes that laboratories imported as memory."""
    statement = (
        select_columns(col(Laboratory.id), col(Laboratory.name), col(MemoryEntry.loinc_num), func.count())
        .select_from(MemoryEntry)
        .join(Laboratory, col(Laboratory.id) == col(MemoryEntry.laboratory_id))
        .group_by(col(Laboratory.id), col(Laboratory.name), col(MemoryEntry.loinc_num))
        .order_by(col(Laboratory.id), col(MemoryEntry.loinc_num))
    )
    return [(lab_id, lab, 0, MEMORY, number, 0, 0, rows) for lab_id, lab, number, rows in session.execute(statement)]


def by_kind(used: Iterable[UsedCode]) -> list[KindCount]:
    """The counts of each kind of change, the gravest first, those of nothing included."""
    found = list(used)
    counts = []
    for kind in CHANGES:
        mine = [item for item in found if item.kind is kind]
        counts.append(
            KindCount(
                kind,
                len({item.loinc_num for item in mine}),
                sum(item.approved for item in mine),
                sum(item.decided for item in mine),
                sum(item.remembered for item in mine),
            )
        )
    return counts


def by_catalogue(used: Iterable[UsedCode]) -> list[tuple[UsedCode, Counter[TaskKind]]]:
    """Each catalogue concerned (by any of its codes) with the rows of each kind."""
    found: dict[int, tuple[UsedCode, Counter[TaskKind]]] = {}
    for item in used:
        if item.catalogue_id:
            found.setdefault(item.catalogue_id, (item, Counter()))[1][item.kind] += item.approved + item.decided
    return list(found.values())


def sentences(used: Sequence[UsedCode], release_title: str) -> list[str]:
    """The same for a terminal: what changes, then where."""
    if not used:
        return [f"{release_title} ne change aucun des codes employés sur cette installation."]
    lines = [f"Ce que {release_title} change aux codes employés ici\u202f:"]
    for count in by_kind(used):
        if count.codes:
            rows = enumeration(
                (
                    (count.approved, "ligne approuvée", "lignes approuvées"),
                    (count.decided, "ligne décidée", "lignes décidées"),
                    (count.remembered, "correspondance en mémoire", "correspondances en mémoire"),
                )
            )
            lines.append(f"  {TASK_LABELS[count.kind][0]}\u202f: {counted(count.codes, 'code', 'codes')}, {rows}")
    for item, counts in by_catalogue(used):
        rows = counted(counts.total(), "décision à revoir", "décisions à revoir")
        catalogue = f"«\u202f{item.catalogue}\u202f» (catalogue {item.catalogue_id})"
        lines.append(f"  {item.laboratory}, {catalogue}\u202f: {rows}")
    return lines
