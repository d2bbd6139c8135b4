"""Bringing the entries of a whole catalogue up to its facts, some rows in each short transaction.

Whoever changes a catalogue as a whole only marks it. The rows are then taken in turn, here or by any other process:
each transaction takes the rows after those already done, so that two never do the same, and what one that was killed
had done stays done. Counts add up the entries at every moment; a fact written meanwhile changes its own rows, and
a change of the whole catalogue begins again.
"""

import time

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.jobs import registry
from app.platform.database import give_way, reading, transaction, wait_for_disk
from app.tallies import computing, findings, marks, repository
from app.tallies.counting import counts_of, difference

SECONDS = 0.05
"""How long one transaction should last: the rows it takes follow from the one before."""
FIRST, LEAST, MOST = 50, 40, 500
"""Rows of one transaction: of the first one, and whatever the clock says."""
AT_ONCE = 20
"""Catalogues that whoever changed them brings up; nobody waits for those of a whole country."""

log = structlog.get_logger(__name__)


def bring_up(engine: Engine, catalogue_id: int) -> None:
    """Bring up a catalogue, as far as it is not."""
    rows, start = FIRST, time.perf_counter()
    while bring_up_some(engine, catalogue_id, rows):
        spent = time.perf_counter() - start
        give_way(engine)
        start = time.perf_counter()
        rows = max(LEAST, min(MOST, 2 * rows, int(rows * SECONDS / max(spent, 0.001))))
    bring_up_findings(engine, catalogue_id)


def bring_up_marked(engine: Engine) -> bool:
    """Bring up what any process left; whether there was something."""
    with reading(engine) as session:
        left = marks.marked(session)
    for catalogue_id in left:
        bring_up(engine, catalogue_id)
    return bool(left)


def after_commit(engine: Engine, catalogue_ids: list[int]) -> None:
    """Bring up what a transaction that just ended changed. What fails is left for later: its facts are written.

    So are the catalogues beyond the first few, that a change of release concerns: the workers take them.
    """
    for catalogue_id in catalogue_ids[:AT_ONCE]:
        try:
            bring_up(engine, catalogue_id)
        except DBAPIError as error:
            log.warning("tallies.left", catalogue_id=catalogue_id, error=type(error.orig).__qualname__)


def bring_up_some(engine: Engine, catalogue_id: int, rows: int = FIRST) -> bool:
    """Bring up the next rows of a catalogue in one transaction; whether rows or stages of rows may remain."""
    with transaction(engine) as session:
        wait_for_disk(session, False)
        # The catalogue before its mark, like whoever changes it.
        repository.lock(session, catalogue_id, alone=True)
        repository.hold_rule(session, alone=False)
        place = marks.place_of(session, catalogue_id)
        if place is None or place.stage >= marks.FINDINGS:
            return False
        ids = marks.next_rows(session, catalogue_id, place, rows)
        if ids:
            _write(session, catalogue_id, ids)
            marks.move(session, catalogue_id, marks.Place(place.stage, ids[-1]))
        else:
            marks.move(session, catalogue_id, marks.Place(place.stage + 1, 0))
    return True


def bring_up_findings(engine: Engine, catalogue_id: int) -> None:
    """Bring up the warnings of a catalogue whose entries are right, and with that the catalogue.

    What differs is read outside of any write, then found again and written for some keys in each short transaction:
    doing so is right at any moment, even when the catalogue changed meanwhile and begins again.
    """
    with reading(engine) as session:
        if not marks.is_at(session, catalogue_id, marks.FINDINGS):
            return
        wrong = findings.differing(session, catalogue_id, findings.computed(session, catalogue_id))
    for start in range(0, len(wrong), findings.AT_ONCE):
        with transaction(engine) as session:
            wait_for_disk(session, False)
            repository.lock(session, catalogue_id, alone=False)
            findings.refresh(session, catalogue_id, findings.of_answers(wrong[start : start + findings.AT_ONCE]))
        give_way(engine)
    with transaction(engine) as session:
        wait_for_disk(session, False)
        repository.lock(session, catalogue_id, alone=True)
        place = marks.place_of(session, catalogue_id)
        if place is not None and place.stage == marks.FINDINGS:
            findings.count_again(session, catalogue_id)
            marks.move(session, catalogue_id, None)



def _write(session: Session, catalogue_id: int, ids: list[int]) -> None:
    """Write the entries of these rows and of those that share a local code with one of them.

    Rows that were not reached yet may have an older local code in their entry; theirs is looked at when they are.
    """
    keys = {computing.stored_key(row) for row in marks.keyed_rows(session, ids)}
    concerned = set(ids) | marks.rows_of_keys(session, catalogue_id, keys)
    before = repository.stored(session, catalogue_id, concerned)
    after = computing.fresh_rows(session, catalogue_id, concerned)
    fresh, changed = repository.split(before, computing.changed(before, after))
    repository.write(session, fresh, changed, before)
    old = counts_of(before[entry["local_test_id"]] for entry in changed)
    repository.add_counts(session, catalogue_id, difference(old, counts_of([*fresh, *changed])))


registry.register_sweep(bring_up_marked)
