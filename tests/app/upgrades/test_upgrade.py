"""After a new release: what changed in the decisions, and the tasks that people close by deciding again."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from app.models import (
    Action,
    AuditEvent,
    Catalogue,
    Decision,
    LocalTest,
    LoincRelease,
    Outcome,
    ReviewState,
    ReviewTask,
    Role,
    Status,
    TaskKind,
)
from app.platform import open_transactions
from app.platform.database import Transactions, reading, transaction
from app.terminology import repository
from app.terminology.service import get_release
from app.upgrades import opening, service, tasks
from app.upgrades.impact import by_catalogue, used_codes
from app.upgrades.report import AXES, upgrade_report
from app.upgrades.service import load_release, make_current
from tests.app.terminology.fixtures.official import (
    BICARBONATE,
    CHLORIDE,
    GLUCOSE_MASS,
    GLUCOSE_MOLES,
    POTASSIUM,
    SODIUM,
    UREA_MASS,
    first_release,
    second_release,
)
from tests.conftest import ADMINISTRATOR, OUTSIDER, READER, TRANSCODER, ClientFor, World

CODES = {
    "NA": SODIUM, "K": POTASSIUM, "CL": CHLORIDE, "HCO3": BICARBONATE, "GLY": GLUCOSE_MASS, "UREE": UREA_MASS,
}  # fmt: skip


@pytest.fixture
def releases(engine: Engine, tmp_path: Path) -> tuple[int, int]:
    """2.80, current, and 2.81, loaded after it."""
    first = load_release(engine, first_release().write_zip(tmp_path))
    second = load_release(engine, second_release().write_zip(tmp_path))
    return first.release_id, second.release_id


def decide(session: Session, world: World, test_id: int, action: Action, loinc: str = "", **values: object) -> int:
    """Write a fact."""
    decision = Decision(
        local_test_id=test_id, action=action, loinc_num=loinc, author_id=world.user_id(TRANSCODER),
        author_role=Role.TRANSCODER, **values,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    assert decision.id is not None
    return decision.id


@pytest.fixture
def catalogue(engine: Engine, world: World) -> Catalogue:
    """A catalogue with one approved decision for each code, and a row without decision."""
    catalogue = world.add_catalogue()
    with transaction(engine) as session:
        for position, (code, loinc) in enumerate([*CODES.items(), ("RIEN", "")]):
            test = LocalTest(
                catalogue_id=catalogue.id, level="analysis", code=code, label=f"Libellé {code}", position=position
            )
            session.add(test)
            session.flush()
            assert test.id is not None
            if loinc:
                fact = decide(session, world, test.id, Action.CHOOSE, loinc)
                session.add(
                    ReviewState(
                        local_test_id=test.id, status=Status.APPROVED, outcome=Outcome.CODE, loinc_num=loinc,
                        decision_id=fact,
                    )
                )  # fmt: skip
    return catalogue


def open_codes(session: Session, catalogue: Catalogue) -> list[str]:
    assert catalogue.id is not None
    found = [test.code for _, test in tasks.open_tasks(session, catalogue.id)]
    windows = [tasks.open_tasks(session, catalogue.id, 2, start) for start in range(0, len(found), 2)]
    assert [test.code for window in windows for _, test in window] == found
    return found


def test_the_report_lists_what_changed(engine: Engine, catalogue: Catalogue, releases: tuple[int, int]) -> None:
    with reading(engine) as session:
        old, new = (get_release(session, release_id) for release_id in releases)
        assert catalogue.id is not None
        changes = {change.code: change for change in upgrade_report(session, catalogue.id, old, new)}
    assert {code: change.kind for code, change in changes.items()} == {
        "K": TaskKind.AXES_CHANGED,
        "CL": TaskKind.DISCOURAGED,
        "HCO3": TaskKind.NAME_CHANGED,
        "GLY": TaskKind.DEPRECATED,
        "UREE": TaskKind.DEPRECATED,
    }
    old, new = changes["K"].old, changes["K"].new
    assert old is not None
    assert new is not None
    assert [axis for axis in AXES if getattr(old, axis) != getattr(new, axis)] == ["system"]
    glucose = changes["GLY"]
    assert [(item.loinc_num, item.comment) for item in glucose.replacements] == [
        (GLUCOSE_MOLES, "If reported in moles"),
        (SODIUM, "If, for the test, it was sodium"),
    ]
    assert glucose.old is not None
    assert glucose.new is not None
    assert (glucose.old.status, glucose.new.status) == ("ACTIVE", "DEPRECATED")


def test_the_same_release_changes_nothing(engine: Engine, catalogue: Catalogue, releases: tuple[int, int]) -> None:
    with reading(engine) as session:
        release = get_release(session, releases[0])
        assert catalogue.id is not None
        assert upgrade_report(session, catalogue.id, release, release) == []


def test_going_back_finds_codes_that_the_older_release_lacks(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    with transaction(engine) as session:
        old, new = (get_release(session, release_id) for release_id in releases)
        added = second_release().loinc[-1]["LOINC_NUM"]
        test = session.exec(select(LocalTest).where(LocalTest.code == "RIEN")).one()
        assert test.id is not None
        session.add(ReviewState(local_test_id=test.id, status=Status.DECIDED, outcome=Outcome.CODE, loinc_num=added))
        session.flush()
        assert catalogue.id is not None
        (change,) = [item for item in upgrade_report(session, catalogue.id, new, old) if item.code == "RIEN"]
    assert change.kinds == (TaskKind.ABSENT,)
    assert change.new is None


def test_using_the_new_release_opens_a_task_for_each_change(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    make_current(Transactions(engine), releases[1], world.users[ADMINISTRATOR])
    with reading(engine) as session:
        assert open_codes(session, catalogue) == ["K", "CL", "HCO3", "GLY", "UREE"]
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "terminology.open_tasks")).one()
        assert event.details["tasks"] == 5
        task = session.exec(select(ReviewTask).where(ReviewTask.loinc_num == GLUCOSE_MASS)).one()
        assert task.old["status"] == "ACTIVE"
        assert len(task.replacements) == 2
        # Approved history is untouched.
        state = session.get_one(ReviewState, task.local_test_id)
        assert (state.status, state.loinc_num) == (Status.APPROVED, GLUCOSE_MASS)


def test_a_decision_closes_its_task_and_undoing_it_opens_it_again(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    make_current(Transactions(engine), releases[1])
    with transaction(engine) as session:
        test = session.exec(select(LocalTest).where(LocalTest.code == "GLY")).one()
        assert test.id is not None
        decide(session, world, test.id, Action.COMMENT)
        assert tasks.open_task_of(session, test.id) is not None
        fact = decide(session, world, test.id, Action.CHOOSE, GLUCOSE_MOLES)
        assert tasks.open_task_of(session, test.id) is None
        assert "GLY" not in open_codes(session, catalogue)
        waiting = session.exec(select(LocalTest.code).where(tasks.has_open_task())).all()
        assert sorted(waiting) == ["CL", "HCO3", "K", "UREE"]
        decide(session, world, test.id, Action.UNDO, undoes_id=fact)
        assert "GLY" in open_codes(session, catalogue)
        assert catalogue.id is not None
        assert tasks.count_open_tasks(session, catalogue.id) == 5


def test_changing_to_and_fro_opens_no_task_twice(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    for release_id in (releases[1], releases[0], releases[1]):
        make_current(Transactions(engine), release_id)
    with reading(engine) as session:
        opened = session.exec(select(ReviewTask).where(ReviewTask.new_release_id == releases[1])).all()
        assert len(opened) == 5


def state_of(session: Session, code: str) -> ReviewState:
    return session.exec(select(ReviewState).join(LocalTest).where(LocalTest.code == code)).one()


def test_what_changed_while_the_tasks_were_found_is_compared_again(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the finding and the writing: a row decided anew, one retired, one decided for the first time."""
    find = service.prepare_tasks
    compared: list[Collection[int] | None] = []

    def find_then_work(*arguments: Any) -> Any:
        write = find(*arguments)
        with transaction(engine) as session:
            potassium = state_of(session, "K")
            decide(session, world, potassium.local_test_id or 0, Action.CHOOSE, SODIUM)
            potassium.loinc_num, potassium.version = SODIUM, 1
            session.exec(select(LocalTest).where(LocalTest.code == "CL")).one().is_retired = True
            nothing = session.exec(select(LocalTest).where(LocalTest.code == "RIEN")).one()
            decide(session, world, nothing.id or 0, Action.CHOOSE, POTASSIUM)
            session.add(
                ReviewState(
                    local_test_id=nothing.id, status=Status.DECIDED, outcome=Outcome.CODE, loinc_num=POTASSIUM,
                    version=1,
                )
            )  # fmt: skip
        report = opening.upgrade_report

        def counted(*arguments: Any) -> Any:
            compared.append(arguments[4])
            return report(*arguments)

        monkeypatch.setattr(opening, "upgrade_report", counted)
        return write

    monkeypatch.setattr(service, "prepare_tasks", find_then_work)
    make_current(Transactions(engine), releases[1])
    with reading(engine) as session:
        assert open_codes(session, catalogue) == ["HCO3", "GLY", "UREE", "RIEN"]
        changed = {
            test.id for test in session.exec(select(LocalTest)) if test.code in ("K", "RIEN")
        }
        task = session.exec(select(ReviewTask).where(ReviewTask.loinc_num == POTASSIUM)).one()
        assert task.after_decision_id == session.exec(select(func.max(Decision.id))).one()
    assert [set(only or ()) for only in compared] == [changed], "only these rows are compared in the write"


def test_no_release_is_compared_inside_of_the_write(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = opening.upgrade_report
    modes: list[list[str]] = []

    def watched(*arguments: Any) -> Any:
        modes.append(sorted(open_transactions._current().values()))
        return report(*arguments)

    monkeypatch.setattr(opening, "upgrade_report", watched)
    make_current(Transactions(engine), releases[1])
    assert modes == [[open_transactions.READS]]


def test_somebody_else_changes_release_meanwhile(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found against the release before is found again against the one that came into use."""
    find = service.prepare_tasks
    found: list[int | None] = []

    def find_late(engine_: Engine, old: LoincRelease, new: LoincRelease) -> Any:
        write = find(engine_, old, new)
        if not found:
            with transaction(engine) as session:
                other = LoincRelease(version="2.79", kind="official")
                session.add(other)
                session.flush()
                repository.set_current(session, other.id or 0)
        found.append(old.id)
        return write

    monkeypatch.setattr(service, "prepare_tasks", find_late)
    make_current(Transactions(engine), releases[1])
    assert found[0] == releases[0]
    assert len(found) == 2
    with reading(engine) as session:
        assert {task.old_release_id for task, _ in tasks.open_tasks(session, catalogue.id or 0)} <= {found[1]}


def test_the_impact_is_counted_before(engine: Engine, catalogue: Catalogue, releases: tuple[int, int]) -> None:
    with reading(engine) as session:
        old, new = (get_release(session, release_id) for release_id in releases)
        ((found, counts),) = by_catalogue(used_codes(session, old, new))
    assert found.catalogue_id == catalogue.id
    assert counts == {"deprecated": 2, "discouraged": 1, "axes_changed": 1, "name_changed": 1}


def test_the_page_of_tasks(
    engine: Engine, client_for: ClientFor, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    address = f"/catalogues/{catalogue.id}/mises-a-jour"
    assert "Aucune décision n'est à revoir" in client_for(READER).get(address).text
    make_current(Transactions(engine), releases[1])
    page = client_for(READER).get(address).text
    assert "If reported in moles" in page
    assert "Ser/Plas" in page
    assert f"/catalogues/{catalogue.id}/revue/" in page
    assert client_for(OUTSIDER).get(address).status_code == 404


def test_the_administrator_sees_the_impact(
    client_for: ClientFor, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    page = client_for(ADMINISTRATOR).get(f"/administration/terminologies/versions/{releases[1]}").text
    assert catalogue.name in page
    assert "Décisions à revoir" in page
