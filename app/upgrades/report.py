"""What a newer release changes in the decisions of a catalogue. Nothing here writes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Level, LocalTest, LoincRelease, LoincTerm, MapTo, Outcome, ReviewState, Status, TaskKind
from app.terminology import repository

AXES = ("component", "property", "time_aspct", "system", "scale_typ", "method_typ")
CHANGES = (
    TaskKind.ABSENT,
    TaskKind.DEPRECATED,
    TaskKind.DISCOURAGED,
    TaskKind.AXES_CHANGED,
    TaskKind.NAME_CHANGED,
)
"""What a release may change in the code of a decision, the gravest first."""
RETIREMENTS = {"DEPRECATED": TaskKind.DEPRECATED, "DISCOURAGED": TaskKind.DISCOURAGED}


@dataclass(frozen=True, slots=True)
class TermView:
    """What matters of a term when two releases are compared."""

    loinc_num: str
    component: str
    property: str
    time_aspct: str
    system: str
    scale_typ: str
    method_typ: str
    long_common_name: str
    status: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """A code that LOINC gives in place of another; the comment says when. A human chooses."""

    loinc_num: str
    name: str
    status: str
    comment: str


@dataclass(frozen=True, slots=True)
class Change:
    """A decision whose code changed."""

    local_test_id: int
    level: Level
    code: str
    label: str
    status: Status
    loinc_num: str
    kinds: tuple[TaskKind, ...]
    """Everything that changed, the gravest first."""
    old: TermView | None
    """None when the older release does not hold the code (a starter terminology is a subset)."""
    new: TermView | None
    replacements: tuple[Replacement, ...]

    @property
    def kind(self) -> TaskKind:
        """The gravest thing that changed."""
        return self.kinds[0]


def upgrade_report(
    session: Session,
    catalogue_id: int,
    old_release: LoincRelease,
    new_release: LoincRelease,
    only: Collection[int] | None = None,
) -> list[Change]:
    """The decisions in force of a catalogue whose code the new release changes, in the catalogue's order.

    With `only`, those of these local tests.
    """
    assert old_release.id is not None
    assert new_release.id is not None
    decided = _decided(session, catalogue_id, only)
    numbers = {loinc_num for _, _, loinc_num in decided}
    old_terms = repository.terms_by_number(session, old_release.id, numbers)
    new_terms = repository.terms_by_number(session, new_release.id, numbers)
    replacements = _replacements(session, new_release.id, numbers)
    changes = []
    for test, status, loinc_num in decided:
        old, new = old_terms.get(loinc_num), new_terms.get(loinc_num)
        kinds = kinds_of_change(old, new)
        if kinds:
            assert test.id is not None
            changes.append(
                Change(
                    local_test_id=test.id,
                    level=Level(test.level),
                    code=test.code,
                    label=test.label,
                    status=Status(status),
                    loinc_num=loinc_num,
                    kinds=kinds,
                    old=view_of(old),
                    new=view_of(new),
                    replacements=tuple(replacements.get(loinc_num, ())),
                )
            )
    return changes


def kinds_of_change(old: LoincTerm | None, new: LoincTerm | None) -> tuple[TaskKind, ...]:
    """What changed between two states of a term; nothing when a person has nothing to look at."""
    if new is None:
        # A code that neither release holds is no news of the newer one.
        return (TaskKind.ABSENT,) if old is not None else ()
    kinds = []
    if new.status in RETIREMENTS and (old is None or old.status != new.status):
        kinds.append(RETIREMENTS[new.status])
    if old is not None and any(getattr(old, axis) != getattr(new, axis) for axis in AXES):
        kinds.append(TaskKind.AXES_CHANGED)
    if old is not None and old.long_common_name != new.long_common_name:
        kinds.append(TaskKind.NAME_CHANGED)
    return tuple(kinds)


def _decided(
    session: Session, catalogue_id: int, only: Collection[int] | None = None
) -> Sequence[tuple[LocalTest, str, str]]:
    if only is not None and len(only) > repository.IN_LIMIT:
        return [row for row in _decided(session, catalogue_id) if row[0].id in only]
    statement = (
        select(LocalTest, ReviewState.status, ReviewState.loinc_num)
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(
            LocalTest.catalogue_id == catalogue_id,
            col(LocalTest.is_retired).is_(False),
            ReviewState.outcome == Outcome.CODE,
            ReviewState.loinc_num != "",
        )
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )
    if only is not None:
        statement = statement.where(col(LocalTest.id).in_(only))
    return session.exec(statement).all()


def view_of(term: LoincTerm | None) -> TermView | None:
    """What matters of a term; None for none."""
    if term is None:
        return None
    return TermView(**{name: getattr(term, name) for name in TermView.__slots__})


def _replacements(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, list[Replacement]]:
    rows = repository.map_to(session, release_id, numbers)
    targets = repository.terms_by_number(session, release_id, {row.map_to for found in rows.values() for row in found})
    return {code: [_replacement(row, targets) for row in found] for code, found in rows.items()}


def _replacement(row: MapTo, targets: dict[str, LoincTerm]) -> Replacement:
    target = targets.get(row.map_to)
    return Replacement(
        loinc_num=row.map_to,
        name=target.long_common_name if target else "",
        status=target.status if target else "",
        comment=row.comment,
    )
