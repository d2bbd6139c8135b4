"""Proposals follow what the decisions of their catalogue show: learned by idle workers, for undecided rows alone."""

import html
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.jobs.lease import JobInterruptedError
from app.models import (
    Action,
    CatalogueHabits,
    EarlierStatement,
    EarlierUse,
    Job,
    JobStatus,
    LoincRelease,
    LoincTerm,
    Proposal,
    RunStatus,
    utc_now,
)
from app.platform.database import reading, transaction
from app.proposals import habits_repository, jobs, service
from app.proposals.habits_job import ASKED, LATER, NEXT_TIME, SAME, ask_where_due
from app.proposals.habits_repository import LEAST_CHANGES, SHARE_OF_CHANGES
from app.proposals.jobs import NOTHING_CONCERNED
from app.proposals.knowledge import knowledge_for, knowledge_from_json, knowledge_to_json
from app.settings import Settings
from app.transcoding.ledger import TAKEN_BACK
from matcher import Habit, Knowledge
from tests.app.proposals.habits_sample import (
    AUTOMATED,
    BLOOD,
    LEAST,
    METHOD,
    PLAIN,
    SODIUM,
    Bench,
    LearningEngine,
    add_release,
    use,
)
from tests.conftest import READER, TRANSCODER, ClientFor, Logs, World


@pytest.fixture
def bench(world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Bench:
    matcher = LearningEngine()
    use(matcher, monkeypatch)
    return Bench.of(world, settings, matcher)


def blood(numbers: Iterable[int]) -> list[str]:
    return [f"H{number}" for number in numbers]


def all_proposals(bench: Bench, code: str) -> list[tuple[int, int, str]]:
    with reading(bench.world.engine) as session:
        statement = select(Proposal.run_id, Proposal.rank, Proposal.loinc_num).where(
            Proposal.local_test_id == bench.rows[code]
        )
        return sorted(session.exec(statement))


# ---- learning ---------------------------------------------------------------------------------------------


def test_enough_decisions_change_the_order_of_undecided_rows_and_of_no_other(bench: Bench, logs: Logs) -> None:
    first = bench.run()
    bench.choose(range(1, LEAST_CHANGES))
    assert not bench.look()
    assert bench.jobs() == []
    bench.choose([LEAST_CHANGES])
    assert bench.look()
    undecided = range(LEAST_CHANGES + 1, BLOOD + 1)
    assert bench.matcher.asked == blood(undecided), "neither decided rows nor another discipline are looked at again"
    shown = bench.first_codes()
    assert {shown[code] for code in blood(undecided)} == {AUTOMATED}
    assert {shown[code] for code in blood(range(1, LEAST_CHANGES + 1))} == {PLAIN}
    assert shown["S1"] == SODIUM
    run = bench.run()
    assert run.id != first.id
    assert [habit["value"] for habit in run.habits] == [METHOD]
    assert first.habits == []
    known = bench.known()
    assert known is not None
    assert (known.changes, known.decisions, known.is_due) == (0, LEAST_CHANGES, False)
    assert known.learned_at is not None
    assert [job.message for job in bench.jobs()] == [ASKED]
    [event] = bench.audit()
    assert event.action == "habits.learn"
    assert event.details["before"] == []
    assert event.details["after"] == [f"hematology method « {METHOD} » {LEAST_CHANGES}/{LEAST_CHANGES}"]
    assert [line["catalogue_id"] for line in logs.events("habits.asked")] == [bench.catalogue_id]
    assert len(logs.events("habits.learned")) == 1
    assert not bench.look(), "nothing more is due"


def test_a_code_of_no_discipline_may_belong_to_any(bench: Bench) -> None:
    with transaction(bench.world.engine) as session:
        session.exec(select(LoincTerm).where(LoincTerm.loinc_num == SODIUM)).one().class_name = ""
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    assert {"S1", "S2", "S3"} <= set(bench.matcher.asked)


def test_the_order_of_others_is_kept_with_the_facts_they_rest_on(bench: Bench) -> None:
    before = all_proposals(bench, "H1")
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    kept = [item for item in all_proposals(bench, "H1") if item not in before]
    assert [item[1:] for item in kept] == [item[1:] for item in before], "the same, in the run that is shown now"


def test_habits_go_when_decisions_are_undone(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    for number in range(1, LEAST_CHANGES + 1):
        bench.act(f"H{number}", Action.UNDO)
    assert bench.look()
    assert bench.matcher.learned_from[-1] == []
    assert set(bench.first_codes().values()) == {PLAIN, SODIUM}
    assert bench.run().habits == []
    assert [event.action for event in bench.audit()] == ["habits.learn", "habits.learn"]


def test_a_habit_that_stays_the_same_asks_for_no_search(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    run = bench.run()
    for number in range(1, 6):
        bench.act(f"H{number}", Action.UNDO)
    bench.choose(range(1, 6))
    assert bench.look()
    assert bench.jobs()[-1].message == SAME
    assert bench.run().id == run.id
    assert len(bench.audit()) == 1, "the trail tells of what changes"


def test_what_changes_no_decided_code_counts_for_nothing(bench: Bench) -> None:
    bench.choose(range(1, 6))
    for number in range(1, 6):
        bench.approve(f"H{number}")
        bench.act(f"H{number + 5}", Action.NO_LOINC)
        bench.act(f"H{number + 10}", Action.DOUBT)
    known = bench.known()
    assert known is not None
    assert known.changes == 5
    for number in range(1, 5):
        bench.act(f"H{number}", Action.SEND_BACK, email="biologiste@exemple.fr")
    known = bench.known()
    assert known is not None
    assert known.changes == 5 + 4 * TAKEN_BACK, "a code sent back is decided no more"


def receive(bench: Bench, code: str, loinc_num: str = AUTOMATED) -> None:
    """A code of an earlier transcoding that somebody took over for a row."""
    with transaction(bench.world.engine) as session:
        session.add(
            EarlierStatement(
                catalogue_id=bench.catalogue_id, local_test_id=bench.rows[code], source_name="ancien.csv",
                finding="code", loinc_num=loinc_num, taken_as=EarlierUse.TO_CONFIRM,
            )
        )  # fmt: skip


def test_received_codes_start_the_learning_once_they_are_approved_and_not_before(bench: Bench) -> None:
    rows = range(1, LEAST_CHANGES + 1)
    for code in blood(rows):
        receive(bench, code)
    bench.choose(rows)
    assert not bench.look(), "taken over, and approved by nobody"
    for code in blood(rows):
        bench.approve(code)
    assert bench.look()
    assert bench.matcher.learned_from == [[(code, AUTOMATED) for code in blood(rows)]]
    assert bench.first_codes()["H16"] == AUTOMATED


def test_a_code_counts_once_whether_it_was_chosen_or_received(bench: Bench) -> None:
    def changes() -> int:
        known = bench.known()
        return known.changes if known is not None else 0

    receive(bench, "H1")
    receive(bench, "H2", PLAIN)
    bench.choose([1, 2, 3])
    assert changes() == 2, "H2 was decided otherwise than received, H3 without anything received"
    for code in blood([1, 2, 3]):
        bench.approve(code)
    assert changes() == 3
    bench.act("H1", Action.SEND_BACK, email="biologiste@exemple.fr")
    assert changes() == 3 + TAKEN_BACK
    bench.choose([1])
    bench.act("H1", Action.UNDO)
    assert changes() == 3 + TAKEN_BACK, "nobody approved what came and went"


def test_only_codes_in_force_that_somebody_chose_are_learned_from(bench: Bench) -> None:
    bench.choose(range(1, 11))
    bench.act("H1", Action.UNDO)
    bench.approve("H2")
    bench.act("H2", Action.SEND_BACK, email="biologiste@exemple.fr")
    bench.act("H3", loinc_num=PLAIN)
    bench.approve("H4")
    with transaction(bench.world.engine) as session:
        for code, loinc_num, use_of in (
            ("H4", AUTOMATED, EarlierUse.TO_CONFIRM),  # approved
            ("H5", AUTOMATED, EarlierUse.TO_CONFIRM),  # only taken over
            ("H6", PLAIN, EarlierUse.TO_CONFIRM),  # decided otherwise
            ("H7", AUTOMATED, EarlierUse.LEFT),
        ):
            session.add(
                EarlierStatement(
                    catalogue_id=bench.catalogue_id, local_test_id=bench.rows[code], source_name="ancien.csv",
                    finding="code", loinc_num=loinc_num, taken_as=use_of,
                )
            )  # fmt: skip
    bench.look()
    assert bench.matcher.learned_from == [
        [("H3", PLAIN), ("H4", AUTOMATED), *((f"H{number}", AUTOMATED) for number in range(6, 11))]
    ]


def test_what_learning_costs_grows_with_the_catalogue_and_not_with_its_square(bench: Bench) -> None:
    def is_due(changes: int, decisions: int) -> bool:
        with transaction(bench.world.engine) as session:
            session.merge(CatalogueHabits(catalogue_id=bench.catalogue_id, changes=changes, decisions=decisions))
        with reading(bench.world.engine) as session:
            return habits_repository.due(session, []) == [bench.catalogue_id]

    assert is_due(LEAST_CHANGES, 0)
    assert not is_due(LEAST_CHANGES - 1, 0)
    many = 100 * LEAST_CHANGES * SHARE_OF_CHANGES
    assert not is_due(LEAST_CHANGES, many)
    assert is_due(100 * LEAST_CHANGES, many)


# ---- what may be in the way -------------------------------------------------------------------------------


def test_several_workers_ask_once(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        ask_where_due(bench.world.engine)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.jobs()) == 1


def a_search(bench: Bench, status: JobStatus) -> int:
    with transaction(bench.world.engine) as session:
        job = Job(
            kind=service.JOB_KIND, laboratory_id=bench.world.laboratory_id, catalogue_id=bench.catalogue_id,
            status=status, payload={"catalogue_id": bench.catalogue_id},
        )  # fmt: skip
        session.add(job)
    return job.id or 0


def end(bench: Bench, job_id: int) -> None:
    with transaction(bench.world.engine) as session:
        session.get_one(Job, job_id).status = JobStatus.CANCELLED


@pytest.mark.parametrize("status", [JobStatus.WAITING, JobStatus.RUNNING])
def test_nothing_is_asked_while_a_search_is_under_way(bench: Bench, status: JobStatus) -> None:
    search = a_search(bench, status)
    bench.choose(range(1, LEAST_CHANGES + 1))
    assert not bench.look()
    end(bench, search)
    assert bench.look()
    assert bench.first_codes()["H16"] == AUTOMATED


def test_a_search_asked_for_meanwhile_goes_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    asked: list[int] = []
    learn = bench.matcher.learn

    def learn_slowly(engine: LearningEngine, decisions: Any) -> tuple[Habit, ...]:
        asked.append(a_search(bench, JobStatus.RUNNING))
        return learn(decisions)

    with monkeypatch.context() as patch:
        patch.setattr(LearningEngine, "learn", learn_slowly)
        bench.look()
    assert bench.jobs()[-1].message == LATER
    assert bench.run().habits == []
    assert not bench.look(), "never two at once"
    end(bench, asked[0])
    assert bench.look(), "what was learned is not forgotten"
    assert bench.first_codes()["H16"] == AUTOMATED


def test_learning_that_fails_is_not_begun_again_until_there_is_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_engine: LearningEngine, _decisions: Any) -> tuple[Habit, ...]:
        raise RuntimeError("une panne")

    bench.choose(range(1, LEAST_CHANGES + 1))
    with monkeypatch.context() as patch:
        patch.setattr(LearningEngine, "learn", fail)
        assert bench.look()
        assert [job.status for job in bench.jobs()] == [JobStatus.FAILED]
        assert not bench.look()
    known = bench.known()
    assert known is not None
    assert known.habits == []
    bench.choose(range(1, 7), PLAIN)
    bench.choose(range(11, 15))
    assert bench.look()
    assert [habit["count"] for habit in bench.run().habits] == [8]


def test_learning_that_is_interrupted_is_done_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    learn, begun = LearningEngine.learn, []

    def stop_once(engine: LearningEngine, decisions: Any) -> tuple[Habit, ...]:
        begun.append(1)
        if len(begun) == 1:
            next(iter(decisions))
            raise JobInterruptedError("le serveur s'arrête")
        return learn(engine, decisions)

    monkeypatch.setattr(LearningEngine, "learn", stop_once)
    searches = len(bench.jobs(service.JOB_KIND))
    bench.look()
    bench.look()
    assert [job.status for job in bench.jobs()] == [JobStatus.DONE]
    assert len(bench.jobs(service.JOB_KIND)) == searches + 1
    assert len(bench.audit()) == 1


def test_a_worker_that_was_killed_is_followed_by_another(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    assert ask_where_due(bench.world.engine)
    with transaction(bench.world.engine) as session:
        job = session.get_one(Job, bench.jobs()[0].id)
        job.status, job.owner, job.attempts = JobStatus.RUNNING, "une machine éteinte", 1
        job.lease_expires_at = utc_now() - timedelta(minutes=1)
        session.add(job)
    bench.look()
    assert [(job.status, job.message) for job in bench.jobs()] == [(JobStatus.DONE, ASKED)]
    assert bench.first_codes()["H16"] == AUTOMATED


def test_proposals_of_another_engine_are_no_beginning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (service, jobs):
        monkeypatch.setattr(module, "engine_version", lambda: "une autre")
    monkeypatch.setattr("app.proposals.rows.engine_version", lambda: "une autre")
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    assert bench.jobs()[-1].message == NEXT_TIME
    assert bench.matcher.asked == []
    bench.search()
    assert bench.first_codes()["H16"] == AUTOMATED, "the next search of all rows follows the habits"
    assert bench.run().habits != []


def test_a_release_that_changed_meanwhile_is_no_beginning(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    with transaction(bench.world.engine) as session:
        session.exec(select(LoincRelease)).one().is_current = False
        add_release(session, "2.81")
    bench.look()
    assert bench.jobs()[-1].message == NEXT_TIME
    assert bench.matcher.asked == []


def test_without_a_row_left_to_decide_nothing_is_searched(bench: Bench) -> None:
    run = bench.run()
    bench.choose(range(1, BLOOD + 1))
    bench.look()
    assert bench.jobs(service.JOB_KIND)[-1].message == NOTHING_CONCERNED
    assert bench.matcher.asked == []
    assert bench.run().id == run.id
    assert bench.run().status == RunStatus.DONE


def test_some_rows_matched_again_leave_the_others_with_the_habits_of_before(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    with transaction(bench.world.engine) as session:
        known = session.get_one(CatalogueHabits, bench.catalogue_id)
        known.habits = [{"kind": "method", "discipline": "hematology", "value": METHOD, "count": 9, "total": 9,
                         "examples": []}]  # fmt: skip
        session.add(known)
    bench.search([bench.rows["H16"]])
    assert bench.run().habits == []
    assert bench.first_codes()["H15"] == PLAIN
    bench.look()
    assert bench.first_codes()["H15"] == AUTOMATED


def test_a_search_by_habits_is_not_taken_for_one_of_all_rows(bench: Bench) -> None:
    with transaction(bench.world.engine) as session:
        session.add(
            Job(
                kind=service.JOB_KIND, laboratory_id=bench.world.laboratory_id, catalogue_id=bench.catalogue_id,
                payload={"catalogue_id": bench.catalogue_id, service.BY_HABITS: True},
            )
        )  # fmt: skip
        session.flush()
        assert service.search_that_waits(session, bench.catalogue_id) is None


# ---- what the matcher is told -----------------------------------------------------------------------------


def test_habits_are_among_what_the_matcher_is_told(bench: Bench) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    with reading(bench.world.engine) as session:
        of_all, of_some = knowledge_for(session, bench.catalogue_id), knowledge_for(session, bench.catalogue_id, [])
    assert [habit.value for habit in of_all.habits] == [METHOD]
    assert of_some.habits == of_all.habits
    assert knowledge_from_json(knowledge_to_json(of_all)).habits == of_all.habits


def test_a_plan_of_before_knows_of_no_habit() -> None:
    written = knowledge_to_json(Knowledge())
    del written["habits"]
    assert knowledge_from_json(written).habits == ()


# ---- the switch -------------------------------------------------------------------------------------------


def test_habits_may_be_left_and_followed_again(bench: Bench, client_for: ClientFor) -> None:
    client, page = client_for(TRANSCODER), f"/catalogues/{bench.catalogue_id}"
    assert "Habitudes de ce catalogue" not in client.get(page).text
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    shown = client.get(page).text
    assert f"technique « comptage automatisé » ({METHOD}) (10 décisions sur 10)" in shown
    assert "Hématologie" in shown
    assert "Ne plus suivre ces habitudes" in shown
    bench.matcher.asked.clear()
    assert client.post(f"{page}/habitudes", data={"suivre": "0"}).status_code == 303
    shown = client.get(page).text
    assert "non suivies" in shown
    assert "refaites d'elles-mêmes dans un instant" in html.unescape(shown)
    with reading(bench.world.engine) as session:
        assert knowledge_for(session, bench.catalogue_id).habits == ()
    bench.look()
    assert bench.matcher.asked == blood(range(LEAST_CHANGES + 1, BLOOD + 1))
    assert bench.first_codes()["H16"] == PLAIN
    assert "pas encore conformes" not in client.get(page).text
    assert client.post(f"{page}/habitudes", data={"suivre": "1"}).status_code == 303
    bench.look()
    assert bench.first_codes()["H16"] == AUTOMATED
    events = bench.audit()
    assert [event.action for event in events] == ["habits.learn", "habits.leave", "habits.use"]
    assert {event.actor_id for event in events[1:]} == {bench.world.user_id(TRANSCODER)}
    assert len(bench.matcher.learned_from) == 2, "what is not followed is not learned either"


def test_left_habits_stay_left_as_decisions_go_on(bench: Bench, client_for: ClientFor) -> None:
    page = f"/catalogues/{bench.catalogue_id}/habitudes"
    client = client_for(TRANSCODER)
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    assert client.post(page, data={"suivre": "0"}).status_code == 303
    bench.look()
    learned = list(bench.matcher.learned_from)
    bench.choose(range(LEAST_CHANGES + 1, BLOOD + 1))
    assert not bench.look()
    bench.search()
    assert bench.matcher.learned_from == learned, "nor does a search of all rows learn"
    assert bench.run().habits == []


def test_a_search_of_all_rows_follows_the_decisions_of_then(bench: Bench) -> None:
    bench.choose(range(1, LEAST + 1))
    assert not bench.look(), "too few for workers to look at"
    bench.search()
    assert bench.first_codes()["H16"] == AUTOMATED
    assert [habit["value"] for habit in bench.run().habits] == [METHOD]
    known = bench.known()
    assert known is not None
    assert (known.changes, known.decisions) == (0, LEAST)
    assert [event.action for event in bench.audit()] == ["habits.learn"]
    for number in range(1, LEAST + 1):
        bench.act(f"H{number}", Action.UNDO)
    bench.search()
    assert bench.first_codes()["H16"] == PLAIN
    assert bench.run().habits == []


def test_the_switch_refuses_readers_and_what_it_does_not_know(bench: Bench, client_for: ClientFor) -> None:
    page = f"/catalogues/{bench.catalogue_id}/habitudes"
    assert client_for(READER).post(page, data={"suivre": "0"}).status_code == 403
    client = client_for(TRANSCODER)
    for said in ({}, {"suivre": "peut-être"}, {"suivre": "x" * 50}):
        answer = client.post(page, data=said)
        assert 400 <= answer.status_code < 500, said
    assert bench.known() is None
    for word in ("0", "1"):
        answer = client.post(page, data={"suivre": word})
        assert answer.status_code == 409
        assert "ne montrent encore aucune habitude" in html.unescape(answer.text)
    assert bench.audit() == [], "nothing changed"
    assert bench.known() is None
    bench.choose([1])
    assert client.post(page, data={"suivre": "0"}).status_code == 409, "one decision shows no habit"
    bench.choose(range(2, LEAST_CHANGES + 1))
    bench.look()
    assert client.post(page, data={"suivre": "1"}).status_code == 303
    assert [event.action for event in bench.audit()] == ["habits.learn"], "they were followed already"


def test_a_reader_sees_the_habits_and_no_switch(bench: Bench, client_for: ClientFor) -> None:
    bench.choose(range(1, LEAST_CHANGES + 1))
    bench.look()
    shown = client_for(READER).get(f"/catalogues/{bench.catalogue_id}").text
    assert f"technique « comptage automatisé » ({METHOD})" in shown
    assert "Ne plus suivre" not in shown
