"""Two people write in the same place at the same moment: one passes, the other finds the world as the first left it.

`Race` makes both stop just after they checked. Where they take turns only one is there, and goes on alone.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func
from sqlmodel import select

from app.accounts import repository as account_repository
from app.accounts import service as accounts
from app.accounts import signin, throttle
from app.approval import service as approval
from app.catalogues import drafts
from app.errors import ConflictError, WorkbenchError
from app.models import Action, Catalogue, Decision, Job, LoincRelease, SignInAttempt, Status, User, utc_now
from app.platform.database import Transactions, reading, transaction
from app.platform.open_transactions import own_ledger
from app.settings import Settings
from app.terminology import repository as terminology_repository
from app.terminology.starter import store_release
from app.transcoding import repository as transcoding_repository
from app.upgrades.service import make_current
from tests.app.catalogues.conftest import ANALYSES, csv_bytes
from tests.app.catalogues.test_routes import fields_of
from tests.app.review.conftest import Desk, desk
from tests.conftest import ADMINISTRATOR, BIOLOGIST, TRANSCODER, ClientFor, World

__all__ = ["desk"]

MEET_SECONDS = 1.5
"""How long one waits after its check for the other: it comes at once, or is held by its lock."""


class Race:
    """Two actions that meet just after they checked, unless one of them waits for its turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._meeting = threading.Barrier(2)

    def meet_after(self, module: Any, name: str) -> None:
        """Both stop at the end of this function."""
        check = getattr(module, name)

        def checked(*args: Any, **options: Any) -> Any:
            found = check(*args, **options)
            with contextlib.suppress(threading.BrokenBarrierError):
                self._meeting.wait(MEET_SECONDS)
            return found

        self._monkeypatch.setattr(module, name, checked)

    def run(self, *actions: Callable[[], Any]) -> list[Any]:
        """What each action returned, or the refusal that it raised, in the order given."""
        ends: list[Any] = [None] * len(actions)

        def one(place: int, action: Callable[[], Any]) -> None:
            try:
                with own_ledger():
                    ends[place] = action()
            except WorkbenchError as refusal:
                ends[place] = refusal

        threads = [threading.Thread(target=one, args=item) for item in enumerate(actions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ends


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Race:
    return Race(monkeypatch)


def test_of_two_decisions_on_one_row_one_wins(desk: Desk, client_for: ClientFor, race: Race) -> None:
    # The first state of a row is protected by its key alone.
    desk.decide(desk.sodium, loinc_num="2947-0", justification="sang total")
    clients = [client_for(email) for email in (TRANSCODER, BIOLOGIST)]
    race.meet_after(transcoding_repository, "facts_of")

    def decide(client: TestClient) -> int:
        data = {"version": 1, "action": "choose", "loinc_num": "2951-2"}
        headers = {"accept": "application/json"}
        return client.post(f"{desk.base}/revue/{desk.sodium}/decision", data=data, headers=headers).status_code

    ends = race.run(*(lambda client=client: decide(client) for client in clients))
    assert sorted(ends) == [200, 409]
    assert len(desk.facts(desk.sodium)) == 2


def test_an_approval_and_a_new_decision_do_not_cross(desk: Desk, race: Race) -> None:
    desk.decide(desk.sodium)
    race.meet_after(transcoding_repository, "facts_of")

    def approve() -> Decision:
        with transaction(desk.engine) as session:
            return approval.approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)

    ends = race.run(approve, lambda: desk.decide(desk.sodium, Action.NO_LOINC, version=1))
    assert sorted(isinstance(end, ConflictError) for end in ends) == [False, True]
    assert [fact.action for fact in desk.facts(desk.sodium)] in (
        [Action.CHOOSE, Action.APPROVE],
        [Action.CHOOSE, Action.NO_LOINC],
    )


def test_two_bulk_approvals_approve_each_row_once(desk: Desk, race: Race) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    race.meet_after(transcoding_repository, "facts_of")
    ticked = [(desk.sodium, 1), (desk.comment_row, 1)]

    def approve() -> list[bool]:
        transactions, access = Transactions(desk.engine), desk.access(BIOLOGIST)
        return [answer.is_approved for answer in approval.approve_many(transactions, access, ticked, desk.settings)]

    first, second = race.run(approve, approve)
    assert [sum(pair) for pair in zip(first, second, strict=True)] == [1, 1]
    for row in (desk.sodium, desk.comment_row):
        assert [fact.action for fact in desk.facts(row)][1:] == [Action.APPROVE]
        assert desk.state(row).status == Status.APPROVED


def test_bulk_approvals_in_opposite_orders_do_not_block_each_other(
    desk: Desk, client_for: ClientFor, race: Race
) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    race.meet_after(transcoding_repository, "facts_of")
    clients = [client_for(BIOLOGIST) for _ in range(2)]
    ticked = [f"{desk.sodium}:1", f"{desk.comment_row}:1"]

    def approve(client: TestClient, order: list[str]) -> int:
        return client.post(f"{desk.base}/approbation", data={"choix": order, "confirme": "oui"}).status_code

    ends = race.run(lambda: approve(clients[0], ticked), lambda: approve(clients[1], ticked[::-1]))
    assert ends == [303, 303]
    assert [desk.state(row).status for row in (desk.sodium, desk.comment_row)] == [Status.APPROVED] * 2


@pytest.mark.parametrize("way", ["demote", "deactivate"])
def test_the_last_administrator_stays(world: World, engine: Engine, race: Race, way: str) -> None:
    with transaction(engine) as session:
        second, _ = accounts.create_user(session, email="b@exemple.fr", display_name="B", is_administrator=True)
    race.meet_after(account_repository, "count_able_administrators")

    def leave(user_id: int) -> None:
        with transaction(engine) as session:
            user = session.get_one(User, user_id)
            if way == "demote":
                accounts.set_administrator(session, user, False)
            else:
                accounts.set_active(session, user, False)

    assert second.id is not None
    ids = (world.user_id(ADMINISTRATOR), second.id)
    ends = race.run(*(lambda user_id=user_id: leave(user_id) for user_id in ids))
    assert sorted(isinstance(end, ConflictError) for end in ends) == [False, True]
    with reading(engine) as session:
        assert account_repository.count_able_administrators(session, utc_now(), but=0) == 1


def test_one_address_opens_one_account(engine: Engine, race: Race) -> None:
    race.meet_after(account_repository, "find_user_by_email")

    def add() -> None:
        with transaction(engine) as session:
            accounts.create_user(session, email="une@exemple.fr", display_name="Une Seule")

    ends = race.run(add, add)
    assert sorted(isinstance(end, ConflictError) for end in ends) == [False, True]


def test_an_import_confirmed_twice_at_once_makes_one_catalogue(
    world: World, client_for: ClientFor, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.queue.JobQueue._send", lambda _queue, _job_id: None)
    clients = [client_for(TRANSCODER) for _ in range(2)]
    address = f"/laboratoires/{world.laboratory_id}/importer"
    sent = clients[0].post(
        address, files=[("fichiers", ("LOINC_3.csv", csv_bytes(ANALYSES)))], data={"nom": "Neuf", "catalogue": ""}
    )
    assert sent.status_code == 303, sent.text
    draft = sent.headers["location"]
    fields = fields_of(clients[0].get(draft).text)
    race.meet_after(drafts, "create_catalogue")
    ends = race.run(
        *(lambda client=client: client.post(f"{draft}/confirmer", data=fields).status_code for client in clients)
    )
    # The second one either finds the catalogue, or that the import was confirmed meanwhile.
    assert sorted(ends) in ([303, 303], [303, 409])
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Catalogue)) == 1
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_one_release_is_current(engine: Engine, race: Race) -> None:
    with transaction(engine) as session:
        releases = [store_release(session, version=str(number), kind="official", terms=[]) for number in range(3)]
        terminology_repository.set_current(session, releases[2].id or 0)
    race.meet_after(terminology_repository, "current_release")

    def use(release_id: int) -> None:
        make_current(Transactions(engine), release_id)

    race.run(*(lambda release=release: use(release.id or 0) for release in releases[:2]))
    with reading(engine) as session:
        assert sum(release.is_current for release in session.exec(select(LoincRelease)).all()) == 1


def test_guesses_of_several_processes_are_counted_together(
    engine: Engine, settings: Settings, world: World, race: Race
) -> None:
    attempt = signin._Attempt("x@exemple.fr", "0" * 64, "1.2.3.4", old_token="", device="", browser="")
    with transaction(engine) as session:
        for _ in range(throttle.SAME_ADDRESS.free - 1):
            session.add(SignInAttempt(account_hash=attempt.account_hash, address=attempt.address))
    race.meet_after(signin, "_wait")

    def guess() -> bool:
        return signin._conclude(engine, settings, attempt, None, False).is_blocked

    assert sorted(race.run(guess, guess)) == [False, True]
