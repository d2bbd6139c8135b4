"""What rows refer to and does not travel with them: people, releases, lists, and what was in service since when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.claims.repository import service_periods
from app.models import AuditEvent, GraceDate, Laboratory, LoincRelease, User, ValueSet, ValueSetKind
from app.models.base import utc_now
from app.portability import repository
from app.portability.carried import PEOPLE, RELEASES
from app.terminology.carried import told_before
from app.terminology.past import release_at, value_set_at
from app.terminology.value_sets import current_value_set

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
_LISTS = "terminology.use_value_set"


@dataclass(slots=True)
class Context:
    """Beside the rows of a laboratory."""

    people: list[tuple[User, str]]
    """Each with her role in the laboratory, or none."""
    releases: Sequence[LoincRelease]
    value_sets: Sequence[ValueSet]
    in_service: list[tuple[datetime | None, int | None]]
    lists_in_service: dict[str, list[tuple[datetime | None, int | None]]]
    grace: list[tuple[datetime, date | None]]
    needed: set[int] = field(default_factory=set)
    """The releases without which the figures of today cannot be given: in service, or named by a fact."""

    @property
    def as_json(self) -> dict[str, Any]:
        """As `contexte/contexte.json` says it; numbers are those of this installation."""
        return {
            "releases": [
                {
                    "id": item.id, "public_id": item.public_id, "kind": item.kind, "version": item.version,
                    "source_name": item.source_name, "content_hash": item.content_hash, "terms_hash": item.terms_hash,
                    "term_count": item.term_count, "is_needed": item.id in self.needed,
                }
                for item in self.releases
            ],
            "value_sets": [
                {
                    "id": item.id, "public_id": item.public_id, "kind": item.kind, "title": item.title,
                    "version": item.version, "content_hash": item.content_hash, "member_count": item.member_count,
                }
                for item in self.value_sets
            ],
            "releases_in_service": [[since, number] for since, number in self.in_service],
            "value_sets_in_service": {
                kind: [[since, number] for since, number in periods]
                for kind, periods in sorted(self.lists_in_service.items())
            },
            "grace": [[at, day] for at, day in self.grace],
        }  # fmt: skip


def context_of(session: Session, laboratory: Laboratory) -> Context:
    """Everything that the rows of a laboratory refer to."""
    assert laboratory.id is not None
    now = utc_now()
    persons, told = repository.told_in_events(session, laboratory.id)
    persons |= repository.numbers_in(session, PEOPLE, laboratory.id)
    cited = repository.numbers_in(session, RELEASES, laboratory.id)
    periods = [(since, release.id if release else None) for since, release in _periods(session, laboratory, now)]
    lists = {kind.value: _list_periods(session, laboratory, kind, now) for kind in ValueSetKind}
    in_service = {number for _, number in periods if number is not None}
    return Context(
        people=repository.people(session, persons, laboratory.id),
        releases=repository.releases(session, cited | told | in_service),
        value_sets=repository.value_sets(session, {n for found in lists.values() for _, n in found if n is not None}),
        in_service=periods,
        lists_in_service={kind: found for kind, found in lists.items() if any(number for _, number in found)},
        grace=_grace(session, laboratory),
        needed=cited | ({periods[-1][1]} if periods and periods[-1][1] is not None else set()),
    )


def _periods(
    session: Session, laboratory: Laboratory, now: datetime
) -> list[tuple[datetime | None, LoincRelease | None]]:
    here = service_periods(session, now)
    told = told_before(session, laboratory, BEGINNING)
    if told is None or laboratory.imported_at is None:
        return here
    before: list[tuple[datetime | None, LoincRelease | None]] = [
        (since, session.get(LoincRelease, number) if number is not None else None) for since, number in told.releases
    ]
    arrival = (laboratory.imported_at, release_at(session, laboratory.imported_at))
    return [*before, arrival, *(item for item in here if item[0] is not None and item[0] > laboratory.imported_at)]


def _list_periods(
    session: Session, laboratory: Laboratory, kind: ValueSetKind, now: datetime
) -> list[tuple[datetime | None, int | None]]:
    marks = set(session.exec(select(AuditEvent.at).where(AuditEvent.action == _LISTS)))
    marks |= set(session.exec(select(ValueSet.loaded_at).where(ValueSet.kind == kind)))
    told = told_before(session, laboratory, BEGINNING)
    if told is not None and laboratory.imported_at is not None:
        marks |= {since for since, _ in told.value_sets.get(kind, ()) if since is not None} | {laboratory.imported_at}
    found: list[tuple[datetime | None, int | None]] = []
    for mark in [BEGINNING, *sorted(mark for mark in marks if mark <= now)]:
        value_set = value_set_at(session, kind, mark, laboratory)
        number = value_set.id if value_set is not None else None
        if not found or number != found[-1][1]:
            found.append((None if mark is BEGINNING else mark, number))
    current = current_value_set(session, kind)
    number = current.id if current is not None else None
    return found if found and found[-1][1] == number else [*found, (now, number)]


def _grace(session: Session, laboratory: Laboratory) -> list[tuple[datetime, date | None]]:
    facts = session.exec(select(GraceDate).order_by(col(GraceDate.id)))
    lines = [(fact.created_at, fact.last_day) for fact in facts]
    told = told_before(session, laboratory, BEGINNING)
    if told is None or laboratory.imported_at is None:
        return lines
    here = [line for line in lines if line[0] <= laboratory.imported_at]
    since = [line for line in lines if line[0] > laboratory.imported_at]
    # What held here when it came holds for it from then on.
    return [*told.grace, (laboratory.imported_at, here[-1][1] if here else None), *since]
