"""What a new release brings to rows declared without LOINC code: two releases, made here."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from app.models import (
    Action,
    Catalogue,
    CodeRequestStep,
    LocalTest,
    Outcome,
    RequestAction,
    RequestStatus,
    ReviewState,
    ReviewTask,
    Role,
    Status,
    TaskKind,
)
from app.platform import open_transactions
from app.platform.database import Transactions, reading, transaction
from app.terminology.service import get_release
from app.upgrades import requested, service, tasks
from app.upgrades.service import load_release, make_current
from matcher.types import Axis, Band, Evidence, Proposal, Term, Unread, Verdict
from tests.app.terminology.fixtures.official import first_release, table_row
from tests.app.upgrades.test_upgrade import decide
from tests.conftest import ADMINISTRATOR, READER, TRANSCODER, ClientFor, World

BROUGHT = Term(
    "99001-0", "Zorbine", "MCnc", "Pt", "Ser/Plas", "Qn", class_name="CHEM",
    long_common_name="Zorbine [Mass/volume] in Serum or Plasma", units="ug/L",
)  # fmt: skip
IN_URINE = Term(
    "99002-8", "Zorbine", "MCnc", "Pt", "Urine", "Qn", class_name="CHEM",
    long_common_name="Zorbine [Mass/volume] in Urine", units="ug/L",
)  # fmt: skip
ROWS = {
    "SERUM": LocalTest(label="Zorbine", specimen="Sérum", unit="µg/L"),
    "MOLES": LocalTest(label="Zorbine", specimen="Sérum", unit="nmol/L"),
    "LIQUIDE": LocalTest(label="Zorbine", specimen="Liquide céphalorachidien", unit="µg/L"),
    "MOTS": LocalTest(label="Zorbine fraction bizarroïde", specimen="Sérum", unit="µg/L"),
    "RIEN": LocalTest(label="Zorbine"),
    "SANS_UNITE": LocalTest(label="Zorbine", specimen="Sérum"),
    "AUTRE": LocalTest(label="Quarkoline", specimen="Sérum", unit="µg/L"),
}
"""One row of each sort, declared without code."""


@pytest.fixture
def releases(engine: Engine, tmp_path: Path) -> tuple[int, int]:
    """2.80, current; 2.81, the same with two terms more."""
    newer = first_release()
    newer.version = "2.81"
    newer.loinc += [table_row(term, "2.81") for term in (BROUGHT, IN_URINE)]
    first = load_release(engine, first_release().write_zip(tmp_path))
    second = load_release(engine, newer.write_zip(tmp_path))
    return first.release_id, second.release_id


@pytest.fixture
def catalogue(engine: Engine, world: World) -> Catalogue:
    """The rows of ROWS, each approved without code."""
    catalogue = world.add_catalogue()
    with transaction(engine) as session:
        for position, (code, row) in enumerate(ROWS.items()):
            test = LocalTest(
                catalogue_id=catalogue.id or 0, level="analysis", code=code, label=row.label, specimen=row.specimen,
                unit=row.unit, position=position,
            )  # fmt: skip
            session.add(test)
            session.flush()
            fact = decide(session, world, test.id or 0, Action.NO_LOINC, reason="Aucun terme")
            session.add(
                ReviewState(
                    local_test_id=test.id, status=Status.APPROVED, outcome=Outcome.NO_LOINC, decision_id=fact, version=1
                )
            )
    return catalogue


def row_of(session: Session, code: str) -> LocalTest:
    return session.exec(select(LocalTest).where(LocalTest.code == code)).one()


def promise(session: Session, world: World, code: str, number: str, status: str = RequestStatus.ACCEPTED) -> None:
    """A step of the request of a row, as the follow-up writes it."""
    test = row_of(session, code)
    session.add(
        CodeRequestStep(
            laboratory_id=world.laboratory_id, catalogue_id=test.catalogue_id, local_test_id=test.id or 0,
            action=RequestAction.ACCEPT, status=status, loinc_num=number, author_id=world.user_id(TRANSCODER),
            author_role=Role.TRANSCODER,
        )
    )  # fmt: skip


def opened(session: Session, catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    found = tasks.open_tasks(session, catalogue.id or 0)
    return {test.code: (task.kind, task.loinc_num) for task, test in found}


def test_a_new_term_that_agrees_on_every_axis_opens_a_task_and_no_other_does(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    make_current(Transactions(engine), releases[1], world.users[ADMINISTRATOR])
    with reading(engine) as session:
        assert opened(session, catalogue) == {"SERUM": (TaskKind.CODE_PLAUSIBLE, BROUGHT.loinc_num)}
        task = session.exec(select(ReviewTask)).one()
        assert task.new["long_common_name"] == BROUGHT.long_common_name
        assert task.old == {}
        state = session.get_one(ReviewState, task.local_test_id)
        assert (state.status, state.outcome) == (Status.APPROVED, Outcome.NO_LOINC), "nothing is decided"


def test_the_code_that_was_given_opens_a_task_when_it_comes(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    with transaction(engine) as session:
        promise(session, world, "AUTRE", IN_URINE.loinc_num)
        promise(session, world, "RIEN", "99009-3")
        promise(session, world, "MOTS", BROUGHT.loinc_num, RequestStatus.REFUSED)
    make_current(Transactions(engine), releases[1])
    with reading(engine) as session:
        assert opened(session, catalogue) == {
            "SERUM": (TaskKind.CODE_PLAUSIBLE, BROUGHT.loinc_num),
            "AUTRE": (TaskKind.CODE_ARRIVED, IN_URINE.loinc_num),
        }


def test_the_code_given_wins_over_one_that_only_agrees(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    with transaction(engine) as session:
        promise(session, world, "SERUM", BROUGHT.loinc_num)
    make_current(Transactions(engine), releases[1])
    with reading(engine) as session:
        assert opened(session, catalogue)["SERUM"] == (TaskKind.CODE_ARRIVED, BROUGHT.loinc_num)


def test_a_decision_closes_the_task_and_coming_back_opens_none_twice(
    engine: Engine, world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    for release_id in (releases[1], releases[0], releases[1]):
        make_current(Transactions(engine), release_id)
    with transaction(engine) as session:
        assert len(session.exec(select(ReviewTask)).all()) == 1
        row = row_of(session, "SERUM").id or 0
        fact = decide(session, world, row, Action.CHOOSE, BROUGHT.loinc_num)
        assert opened(session, catalogue) == {}
        decide(session, world, row, Action.UNDO, undoes_id=fact)
        assert set(opened(session, catalogue)) == {"SERUM"}


def test_a_row_decided_otherwise_meanwhile_has_no_task(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = service.prepare_tasks

    def find_then_work(*arguments: object) -> object:
        write = find(*arguments)  # type: ignore[arg-type]
        with transaction(engine) as session:
            state = session.get_one(ReviewState, row_of(session, "SERUM").id)
            state.outcome, state.loinc_num, state.status = Outcome.CODE, BROUGHT.loinc_num, Status.DECIDED
        return write

    monkeypatch.setattr(service, "prepare_tasks", find_then_work)
    make_current(Transactions(engine), releases[1])
    with reading(engine) as session:
        assert opened(session, catalogue) == {}


def test_no_engine_is_built_inside_of_a_transaction(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[list[str]] = []

    class Watched(requested.Matcher):
        def __init__(self, *arguments: object) -> None:
            modes.append(sorted(open_transactions._current().values()))
            super().__init__(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(requested, "Matcher", Watched)
    make_current(Transactions(engine), releases[1])
    assert modes == [[]]


def test_what_an_official_release_has_more_than_a_subset_is_not_new(
    engine: Engine, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    with transaction(engine) as session:
        get_release(session, releases[0]).kind = "starter"
    with reading(engine) as session:
        old, new = (get_release(session, release_id) for release_id in releases)
    assert requested.plausible_codes(engine, old, new) == {}


def test_the_page_of_tasks_says_what_came(
    engine: Engine, client_for: ClientFor, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    make_current(Transactions(engine), releases[1])
    page = client_for(READER).get(f"/catalogues/{catalogue.id}/mises-a-jour").text
    assert "Nouveau code plausible" in page
    assert BROUGHT.long_common_name in page


WELL = dict.fromkeys(Axis, Verdict.AGREE)


@pytest.mark.parametrize(
    ("changed", "time", "unread", "expected"),
    [
        ({}, "24H", None, True),
        ({Axis.TIME: Verdict.UNKNOWN}, "Pt", None, True),
        ({Axis.TIME: Verdict.UNKNOWN}, "24H", None, False),
        ({Axis.METHOD: Verdict.COMPATIBLE}, "Pt", None, True),
        ({Axis.METHOD: Verdict.CONTRADICT}, "Pt", None, False),
        ({Axis.UNIT: Verdict.CONTRADICT}, "Pt", None, False),
        ({Axis.COMPONENT: Verdict.COMPATIBLE}, "Pt", None, False),
        ({Axis.SYSTEM: Verdict.UNKNOWN}, "Pt", None, False),
        ({Axis.SCALE: Verdict.COMPATIBLE}, "Pt", None, False),
        ({}, "Pt", Unread.WORDS, False),
    ],
)
def test_what_agreeing_on_every_axis_means(
    changed: dict[Axis, Verdict], time: str, unread: Unread | None, expected: bool
) -> None:
    evidence = [Evidence(axis, verdict, "") for axis, verdict in (WELL | changed).items()]
    if unread:
        evidence.append(Evidence(Axis.COMPONENT, Verdict.UNKNOWN, "", unread=unread))
    assert requested.agrees(Proposal(1, BROUGHT.loinc_num, 0.9, Band.SURE, tuple(evidence)), time) is expected
