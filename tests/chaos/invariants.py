"""What must hold in the database after any kill, whatever was being done."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Connection, text
from sqlmodel import Session, col, select

from app.models import Decision, ReviewState
from app.models.public_identifiers import IDENTIFIED
from app.platform.database import reading
from app.tallies import check as tallies
from app.transcoding.facts import derive_state
from tests.chaos.installation import Installation

NOTHING = {
    # An import that has not ended well leaves what it stored where nobody sees it.
    "files without their rows": "SELECT f.id FROM source_file f JOIN catalogue c ON c.id = f.catalogue_id "
    "WHERE c.staged_for_job_id IS NULL "
    "AND f.row_count > (SELECT count(*) FROM source_row r WHERE r.source_file_id = f.id)",
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
    "chunks that run and that nobody holds": "SELECT id FROM job_chunk WHERE status = 'running' AND owner = ''",
    "jobs that run and that nobody holds": "SELECT j.id FROM job j WHERE j.status = 'running' AND j.owner = '' "
    "AND NOT EXISTS (SELECT 1 FROM job_chunk c WHERE c.job_id = j.id AND c.status <> 'done')",
    "jobs that failed without a word": "SELECT id FROM job WHERE status = 'failed' AND message = ''",
    "exports counted without their event": "SELECT 1 FROM (SELECT count(*) AS n FROM export_record) e, "
    "(SELECT count(*) AS n FROM audit_event WHERE action LIKE 'export.%') a WHERE e.n <> a.n",
}
"""What each query finds must be nothing."""
AT_REST = {
    "jobs that do not end": "SELECT id, status, message FROM job WHERE status IN ('waiting', 'running')",
    "chunks without a job": "SELECT id FROM job_chunk",
    "searches that do not end": "SELECT id FROM proposal_run WHERE status = 'running'",
    "drafts of files": "SELECT id FROM stored_file WHERE published_key IS NULL",
    "files without all their pieces": "SELECT f.id FROM stored_file f WHERE f.removed_at IS NULL "
    "AND f.chunk_count <> (SELECT count(*) FROM stored_file_chunk c WHERE c.file_id = f.id)",
    "proposals stored twice": "SELECT run_id, local_test_id, rank FROM proposal "
    "GROUP BY run_id, local_test_id, rank HAVING count(*) > 1",
}
"""The same, once every job is over."""
WITHOUT_PROPOSALS = (
    "SELECT t.id, t.label FROM local_test t JOIN proposal_run r ON r.catalogue_id = t.catalogue_id AND r.is_current "
    "WHERE NOT EXISTS (SELECT 1 FROM proposal p WHERE p.run_id = r.id AND p.local_test_id = t.id)"
)


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
        wrong = tallies.wrong_catalogues(session)
        assert not wrong, f"what is kept differs from the facts: {wrong}"


def check_at_rest(place: Installation, proposed: Collection[str]) -> None:
    """The same once no job is under way: nothing is half done, and `doctor` says that all is well.

    `proposed` are the labels for which something is proposed.
    """
    check(place)
    for what, query in AT_REST.items():
        found = place.rows(query)
        assert not found, f"{what}: {found[:5]}"
    missing = [row for row in place.rows(WITHOUT_PROPOSALS) if row[1] in proposed]
    assert not missing, f"rows of a search that is shown and gave them nothing: {missing[:5]}"
    code, said, errors = place.attempt("doctor")
    assert code == 0, f"doctor: {said} {errors}"


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
