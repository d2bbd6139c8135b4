"""The curve of a catalogue: its default figure at the end of each past day on which something happened.

A past day never changes, so each is computed once, from the facts until then (`app.coverage.past`), by an idle worker:
from a quarter past midnight on, one catalogue and one day a turn. `doctor` computes the last ones
again and compares.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col
from sqlmodel import select as select_model

from app.coverage import past_repository
from app.coverage.definitions import CountedCatalogue, Definition, Measure
from app.coverage.past import last_moment, past_rows
from app.errors import ConflictError
from app.jobs import registry
from app.models import (
    Catalogue,
    CatalogueChange,
    CoverageDay,
    Decision,
    Laboratory,
    LocalTest,
    SourceFile,
    utc_now,
)
from app.platform.database import reading, transaction
from app.terminology.grace import rule_at
from app.terminology.past import release_at
from app.text import in_paris
from app.transcoding.standing import Standing

LATE = timedelta(minutes=15)
"""How long after midnight a day is taken as over: facts are written a little after their moment."""
FURTHEST = timedelta(days=400)
SHOWN = 400
"""Days of a curve: its last ones."""

log = structlog.get_logger(__name__)


def last_day_over(now: datetime) -> date:
    """The last day of Paris of which everything is written."""
    return in_paris(now - LATE).date() - timedelta(days=1)


def follow(engine: Engine) -> bool:
    """Compute one day of one catalogue that lacks it; whether there was one."""
    with reading(engine) as session:
        last = last_day_over(utc_now())
        line = _next_line(session, last)
        if line is None:
            return False
    with transaction(engine) as session:
        build = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        values = {name: getattr(line, name) for name in CoverageDay.model_fields}
        session.execute(build(CoverageDay.__table__).values(values).on_conflict_do_nothing())  # type: ignore[attr-defined]
    log.info("coverage.day", catalogue_id=line.catalogue_id, day=line.day.isoformat())
    return True


def _next_line(session: Session, last: date) -> CoverageDay | None:
    after = 0
    while (catalogue := _next_catalogue(session, last, after)) is not None:
        try:
            return day_of(session, catalogue, _next_day(session, catalogue, last))
        except ConflictError:
            # It came from elsewhere, and the release of that day is not loaded here: its curve waits, not the others'.
            after = catalogue.id or 0
    return None


def day_of(session: Session, catalogue: Catalogue, day: date) -> CoverageDay:
    """The line of a past day, computed from the facts until its end."""
    assert catalogue.id is not None
    moment = last_moment(day)
    laboratory = session.get(Laboratory, catalogue.laboratory_id)
    release = release_at(session, moment, laboratory)
    over = rule_at(session, moment, laboratory).is_over
    release_id = (release.id or 0) if release else 0
    rows = past_rows(session, catalogue.id, release_id, moment, leaves_out_deprecated=over).rows
    counted = CountedCatalogue(rows, over)
    lines, volumes = counted.figure(Definition()), counted.figure(Definition(measure=Measure.VOLUME))
    return CoverageDay(
        catalogue_id=catalogue.id,
        day=day,
        numerator=lines.numerator,
        denominator=lines.denominator,
        volume_numerator=volumes.numerator,
        volume_denominator=volumes.denominator,
        waiting=lines.standings.get(Standing.WAITING, 0),
    )


def _next_catalogue(session: Session, last: date, after: int) -> Catalogue | None:
    """A catalogue that was there at the end of that day and has no line of it, after this number."""
    known = select(col(CoverageDay.day)).where(
        col(CoverageDay.catalogue_id) == col(Catalogue.id), col(CoverageDay.day) >= last
    )
    statement = select_model(Catalogue).where(
        col(Catalogue.id) > after, col(Catalogue.staged_for_job_id).is_(None),
        col(Catalogue.created_at) <= last_moment(last), ~known.exists(),
    )  # fmt: skip
    return session.exec(statement.order_by(col(Catalogue.id)).limit(1)).first()


def _next_day(session: Session, catalogue: Catalogue, last: date) -> date:
    """The next day on which something happened after those that are kept, at most the last one."""
    assert catalogue.id is not None
    kept = session.execute(
        select(func.max(CoverageDay.day)).where(col(CoverageDay.catalogue_id) == catalogue.id)
    ).scalar()
    if kept is None:
        first = past_repository.first_import(session, catalogue.id) or catalogue.created_at
        return min(last, max(in_paris(first).date(), last - FURTHEST))
    after = last_moment(kept)
    decided = (
        select(func.min(Decision.created_at))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(col(LocalTest.catalogue_id) == catalogue.id, col(Decision.created_at) > after)
    )
    changed = select(func.min(CatalogueChange.created_at)).where(
        col(CatalogueChange.catalogue_id) == catalogue.id, col(CatalogueChange.created_at) > after
    )
    received = select(func.min(SourceFile.imported_at)).where(
        col(SourceFile.catalogue_id) == catalogue.id, col(SourceFile.imported_at) > after
    )
    moments = [session.execute(statement).scalar() for statement in (decided, changed, received)]
    days = [in_paris(moment).date() for moment in moments if moment is not None]
    return min([last, *days])


def days_of(session: Session, catalogue_id: int) -> Sequence[CoverageDay]:
    """The kept days of a catalogue, the oldest first, the last ones when there are many."""
    statement = select_model(CoverageDay).where(CoverageDay.catalogue_id == catalogue_id)
    return session.exec(statement.order_by(col(CoverageDay.day).desc()).limit(SHOWN)).all()[::-1]


def wrong_days(session: Session) -> dict[int, date]:
    """Catalogue -> its last kept day, where it says something else than the facts until then. Nothing is written."""
    found = {}
    newest = (
        select(col(CoverageDay.catalogue_id).label("catalogue_id"), func.max(CoverageDay.day).label("day"))
        .group_by(col(CoverageDay.catalogue_id))
        .subquery()
    )
    statement = (
        select_model(CoverageDay, Catalogue)
        .join(Catalogue, col(Catalogue.id) == col(CoverageDay.catalogue_id))
        .join(newest, (newest.c.catalogue_id == col(CoverageDay.catalogue_id)) & (newest.c.day == col(CoverageDay.day)))
    )
    for line, catalogue in session.exec(statement).all():
        if day_of(session, catalogue, line.day).model_dump() != line.model_dump():
            found[line.catalogue_id] = line.day
    return found


registry.register_sweep(follow)
