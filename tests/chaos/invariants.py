"""What must hold in the database after any kill, whatever was being done."""

from collections import defaultdict
from dataclasses import asdict

from sqlalchemy import Connection, text
from sqlmodel import Session, col, select

from app.models import Decision, ReviewState
from app.models.public_identifiers import IDENTIFIED
from app.platform.database import reading
from app.transcoding.facts import derive_state
from tests.chaos.installation import Installation

NOTHING = {
    "files without their rows": "SELECT f.id FROM source_file f WHERE f.row_count > "
    "(SELECT count(*) FROM source_row r WHERE r.source_file_id = f.id)",
    "rows read twice into tests": "SELECT source_row_id FROM local_test WHERE source_row_id IS NOT NULL "
    "GROUP BY source_row_id HAVING count(*) > 1",
    "two current runs of a catalogue": "SELECT catalogue_id FROM proposal_run WHERE is_current "
    "GROUP BY catalogue_id HAVING count(*) > 1",
    "a current run that did not end well": "SELECT id FROM proposal_run WHERE is_current AND status <> 'done'",
    "a release in service that is not whole": "SELECT id FROM loinc_release WHERE is_current AND status <> 'ready'",
    "ready releases without all their terms": "SELECT r.id FROM loinc_release r WHERE r.status = 'ready' AND "
    "r.term_count <> (SELECT count(*) FROM loinc_term t WHERE t.release_id = r.id)",
    "two facts that supersede the same one": "SELECT supersedes_id FROM decision WHERE supersedes_id IS NOT NULL "
    "GROUP BY supersedes_id HAVING count(*) > 1",
    "exports counted without their event": "SELECT 1 FROM (SELECT count(*) AS n FROM export_record) e, "
    "(SELECT count(*) AS n FROM audit_event WHERE action LIKE 'export.%') a WHERE e.n <> a.n",
}
"""What each query finds must be nothing."""


def check(place: Installation) -> None:
    """Raise AssertionError, saying what is wrong, when something does not hold."""
    with place.engine() as engine, reading(engine) as session:
        connection = session.connection()
        if engine.dialect.name == "sqlite":
            _check_file(connection)
        for what, query in NOTHING.items():
            found = connection.execute(text(query)).all()
            assert not found, f"{what}: {found[:5]}"
        for table in IDENTIFIED:
            given, different = connection.execute(
                text(f"SELECT count(*), count(DISTINCT public_id) FROM {table}")
            ).one()
            assert given == different, f"{table}: {given} rows, {different} public identifiers"
        _check_states(session)


def _check_file(connection: Connection) -> None:
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
    assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def _check_states(session: Session) -> None:
    """Every state is what the facts of its test say."""
    facts: dict[int, list[Decision]] = defaultdict(list)
    for fact in session.exec(select(Decision).order_by(col(Decision.id))):
        facts[fact.local_test_id].append(fact)
    states = {state.local_test_id: state for state in session.exec(select(ReviewState))}
    assert not set(facts) - set(states), "tests that have facts and no state"
    for test_id, state in states.items():
        derived = asdict(derive_state(facts[test_id]))
        kept = {name: getattr(state, name) for name in derived}
        assert kept == derived, f"test {test_id}: {kept} is kept, its facts say {derived}"
