"""A whole catalogue is brought up in short transactions: whatever happens meanwhile, entries end equal to the facts.

The shared `engine` compares them with the facts when each test ends.
"""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, delete, event, update
from sqlmodel import Session, col, func, select

from app.coverage.service import coverage_report, shown_report
from app.home.repository import behind_their_facts, count_statuses
from app.jobs import registry
from app.models import (
    CatalogueCount,
    CatalogueTally,
    CountFamily,
    ExamAnalysis,
    Level,
    LocalTest,
    Outcome,
    ReviewState,
    Status,
    WorklistEntry,
)
from app.platform.database import reading, transaction
from app.tallies import keeping, marks, rebuilding
from app.tallies.check import wrong_catalogues
from app.transcoding.repository import status_counts
from tests.app.coverage.sample import Sample, make_sample
from tests.conftest import TRANSCODER, ClientFor, World

ROWS = 260
SODIUM, POTASSIUM = "2951-2", "2823-3"


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    return make_sample(engine, world)


@pytest.fixture
def large(world: World) -> int:
    """A catalogue of more rows than one transaction takes, exams first; some local codes are written twice."""
    catalogue_id = world.add_catalogue("Grand").id
    assert catalogue_id is not None
    with transaction(world.engine) as session:
        exams = [
            LocalTest(catalogue_id=catalogue_id, level=Level.EXAM, code=f"E{n}", label=f"Examen {n}", position=n,
                      chapter=f"Chapitre {n % 3}")
            for n in range(20)
        ]  # fmt: skip
        session.add_all(exams)
        session.flush()
        analyses = [
            LocalTest(
                catalogue_id=catalogue_id, level=Level.ANALYSIS, label=f"Analyse {n}", position=100 + n,
                code=f"A{(n + 131) % ROWS if n % 10 == 1 else n}", occurrence=int(n % 10 == 1), annual_volume=n,
            )
            for n in range(ROWS)
        ]  # fmt: skip
        session.add_all(analyses)
        session.flush()
        session.add_all(ReviewState(local_test_id=test.id or 0) for test in (*exams, *analyses))
        session.add_all(
            ExamAnalysis(exam_id=exams[n % 20].id or 0, analysis_code=test.code + str(n), analysis_id=test.id)
            for n, test in enumerate(analyses)
            if n % 3
        )
    return catalogue_id


def change_every_row(engine: Engine, catalogue_id: int) -> None:
    """Another volume and another label for each row, as a newer export does."""
    with transaction(engine) as session:
        for test in session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id)):
            test.label, test.annual_volume = f"{test.label} nouveau", (test.annual_volume or 0) + 7
            session.add(test)


def approve(engine: Engine, row_id: int, loinc_num: str = SODIUM) -> None:
    with transaction(engine) as session:
        state = session.get_one(ReviewState, row_id)
        state.status, state.outcome, state.loinc_num = Status.APPROVED, Outcome.CODE, loinc_num
        session.add(state)


def analyses_of(engine: Engine, catalogue_id: int) -> list[int]:
    with reading(engine) as session:
        statement = select(LocalTest.id).where(
            LocalTest.catalogue_id == catalogue_id, LocalTest.level == Level.ANALYSIS
        )
        return [row_id for row_id in session.exec(statement.order_by(col(LocalTest.id))) if row_id]


def reached(engine: Engine, catalogue_id: int) -> tuple[int, int] | None:
    with reading(engine) as session:
        found = session.get(CatalogueTally, catalogue_id)
        return (found.stage, found.reached) if found else None


@pytest.fixture
def nobody_follows(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Whoever changes a catalogue is killed right after its commit, until what is returned is called."""
    with_follow_up = rebuilding.after_commit
    monkeypatch.setattr(rebuilding, "after_commit", lambda _engine, _ids: None)
    return lambda: monkeypatch.setattr(rebuilding, "after_commit", with_follow_up)


def test_the_transaction_that_changes_a_catalogue_only_marks_it(world: World, large: int) -> None:
    """It writes no entry; those that do take some rows each."""
    written: list[int] = [0]

    def note(_conn: object, _cursor: object, statement: str, parameters: object, _context: object, many: bool) -> None:
        if statement.startswith(("UPDATE worklist_entry", "INSERT INTO worklist_entry")):
            written[-1] += len(parameters) if many else 1  # type: ignore[arg-type]

    def commit(_conn: object) -> None:
        written.append(0)

    event.listen(world.engine, "before_cursor_execute", note)
    event.listen(world.engine, "commit", commit)
    change_every_row(world.engine, large)
    event.remove(world.engine, "before_cursor_execute", note)
    event.remove(world.engine, "commit", commit)
    assert written[0] == 0
    assert sum(written) >= ROWS
    assert max(written) <= rebuilding.MOST
    assert sum(count > 0 for count in written) >= 2


@pytest.mark.usefixtures("nobody_follows")
def test_what_a_killed_process_left_is_taken_up_where_it_stopped(world: World, large: int) -> None:
    rebuilding.bring_up(world.engine, large)
    change_every_row(world.engine, large)
    assert reached(world.engine, large) == (0, 0)
    assert rebuilding.bring_up_some(world.engine, large, 100)
    stopped = analyses_of(world.engine, large)[99]
    assert reached(world.engine, large) == (0, stopped)
    taken: list[int] = []
    write = rebuilding._write

    def noting(session: Session, catalogue_id: int, ids: list[int]) -> None:
        taken.extend(ids)
        write(session, catalogue_id, ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuilding, "_write", noting)
        # What an idle worker does, of any process.
        assert registry.sweep(world.engine)
    assert not set(taken) & set(analyses_of(world.engine, large)[:100])
    assert len(taken) == len(set(taken)) == 20 + ROWS - 100
    assert reached(world.engine, large) is None
    assert not registry.sweep(world.engine)


def test_a_transaction_of_rows_that_fails_leaves_nothing_half_done(
    world: World, large: int, nobody_follows: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilding.bring_up(world.engine, large)
    change_every_row(world.engine, large)
    with monkeypatch.context() as patch:
        patch.setattr(marks, "move", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuilding.bring_up_some(world.engine, large)
    assert reached(world.engine, large) == (0, 0)
    nobody_follows()
    # The next look of any worker.
    rebuilding.bring_up_marked(world.engine)


@pytest.mark.usefixtures("nobody_follows")
def test_facts_written_meanwhile_are_counted_at_once_and_stay(world: World, large: int) -> None:
    """On rows already brought up, on rows that are not, and on two rows of one local code on either side."""
    rebuilding.bring_up(world.engine, large)
    rows = analyses_of(world.engine, large)
    change_every_row(world.engine, large)
    rebuilding.bring_up_some(world.engine, large, 3)
    for row_id in (rows[0], rows[-1], rows[142]):
        approve(world.engine, row_id)
    approve(world.engine, rows[11], POTASSIUM)
    with reading(world.engine) as session:
        assert status_counts(session, large)[Status.APPROVED] == 4
        kept = session.exec(select(WorklistEntry.status).where(col(WorklistEntry.status) == Status.APPROVED)).all()
        assert len(kept) == 4
    rebuilding.bring_up(world.engine, large)


@pytest.mark.usefixtures("nobody_follows")
def test_a_change_meanwhile_begins_again(world: World, large: int) -> None:
    rebuilding.bring_up(world.engine, large)
    change_every_row(world.engine, large)
    rebuilding.bring_up_some(world.engine, large, 100)
    change_every_row(world.engine, large)
    assert reached(world.engine, large) == (0, 0)
    rebuilding.bring_up(world.engine, large)


def test_two_at_once_and_decisions_meanwhile(
    world: World, large: int, nobody_follows: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilding.bring_up(world.engine, large)
    rows = analyses_of(world.engine, large)
    change_every_row(world.engine, large)
    monkeypatch.setattr(rebuilding, "FIRST", 10)
    monkeypatch.setattr(rebuilding, "MOST", 10)
    errors: list[BaseException] = []
    barrier = threading.Barrier(4)

    def run(act: Callable[[], None]) -> None:
        try:
            barrier.wait(30)
            act()
        except BaseException as error:
            errors.append(error)

    def decide(chosen: list[int], loinc_num: str) -> None:
        for row_id in chosen:
            approve(world.engine, row_id, loinc_num)

    acts: list[Callable[[], None]] = [
        lambda: rebuilding.bring_up(world.engine, large),
        lambda: rebuilding.bring_up(world.engine, large),
        lambda: decide(rows[::9], SODIUM),
        lambda: decide(rows[1::10][::-1], POTASSIUM),
    ]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not errors, errors
    assert reached(world.engine, large) is None
    nobody_follows()


# ---- what pages say meanwhile --------------------------------------------------------------------------------


def forget_all(engine: Engine, catalogue_id: int) -> None:
    """A catalogue that was just received, before its entries are there."""
    with transaction(engine) as session:
        session.execute(delete(WorklistEntry).where(col(WorklistEntry.catalogue_id) == catalogue_id))
        session.execute(delete(CatalogueCount).where(col(CatalogueCount.catalogue_id) == catalogue_id))
        marks.mark(session, [catalogue_id], about_figures=True)


def level_counts(session: Session, catalogue_id: int) -> list[tuple[int, str, str, int]]:
    behind = behind_their_facts(session, [catalogue_id])
    return sorted(count_statuses(session, [catalogue_id], behind))


def test_figures_are_those_of_the_facts_while_counts_are_not_there(
    world: World, sample: Sample, client_for: ClientFor
) -> None:
    catalogue_id = sample.catalogue.id or 0
    with reading(world.engine) as session:
        statuses, levels = status_counts(session, catalogue_id), level_counts(session, catalogue_id)
    forget_all(world.engine, catalogue_id)
    with reading(world.engine) as session:
        shown = shown_report(session, world.laboratory, sample.catalogue)
        exact = coverage_report(session, world.laboratory, sample.catalogue)
        assert shown.figures == exact.figures
        assert shown.main.denominator > 0
        assert status_counts(session, catalogue_id) == statuses
        assert level_counts(session, catalogue_id) == levels
    client = client_for(TRANSCODER)
    assert "cette liste est en préparation" in client.get(f"/catalogues/{catalogue_id}/revue").text
    answer = client.get(f"/catalogues/{catalogue_id}/exports")
    assert answer.status_code == 503
    assert "ses chiffres sont en préparation" in answer.text
    rebuilding.bring_up_marked(world.engine)
    assert "en préparation" not in client.get(f"/catalogues/{catalogue_id}/revue").text
    assert client.get(f"/catalogues/{catalogue_id}/exports").status_code == 200


def test_new_proposals_never_put_figures_in_doubt(world: World, sample: Sample, client_for: ClientFor) -> None:
    catalogue_id = sample.catalogue.id or 0
    with transaction(world.engine) as session:
        marks.mark(session, [catalogue_id], about_figures=False)
    client = client_for(TRANSCODER)
    assert "suivent encore en partie les précédentes" in client.get(f"/catalogues/{catalogue_id}/revue").text
    assert client.get(f"/catalogues/{catalogue_id}/exports").status_code == 200
    rebuilding.bring_up_marked(world.engine)


@pytest.mark.usefixtures("nobody_follows")
def test_a_catalogue_that_is_behind_is_not_said_to_be_wrong_and_one_that_is_wrong_is(world: World, large: int) -> None:
    with reading(world.engine) as session:
        assert wrong_catalogues(session) == {}
        assert session.exec(select(func.count()).select_from(WorklistEntry)).one() == 0
    rebuilding.bring_up(world.engine, large)
    row_id = analyses_of(world.engine, large)[0]

    def write(volume: int) -> None:
        with world.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE worklist_entry SET volume = {volume} WHERE local_test_id = {row_id}")

    with reading(world.engine) as session:
        volume = session.get_one(WorklistEntry, row_id).volume
    write(volume + 1)
    with reading(world.engine) as session:
        assert list(wrong_catalogues(session)) == [large]
    write(volume)


def test_counts_that_went_wrong_are_made_again_from_the_facts(world: World, sample: Sample) -> None:
    catalogue_id = sample.catalogue.id or 0
    with transaction(world.engine) as session:
        session.execute(update(CatalogueCount).where(CatalogueCount.catalogue_id == catalogue_id).values(rows=7_000))
        session.execute(delete(WorklistEntry).where(col(WorklistEntry.catalogue_id) == catalogue_id))
    with reading(world.engine) as session:
        assert list(wrong_catalogues(session)) == [catalogue_id]
    assert keeping.recompute_all(world.engine) == 1
    with reading(world.engine) as session:
        assert wrong_catalogues(session) == {}


def test_volumes_add_up_past_what_32_bits_hold(world: World, large: int) -> None:
    with transaction(world.engine) as session:
        for row_id in analyses_of(world.engine, large)[:3]:
            session.get_one(LocalTest, row_id).annual_volume = 2_000_000_000
    with reading(world.engine) as session:
        counts = select(CatalogueCount.volume).where(
            CatalogueCount.catalogue_id == large, CatalogueCount.family == CountFamily.SIDE
        )
        assert sum(session.exec(counts)) > 6_000_000_000
    assert reached(world.engine, large) is None
