"""The small catalogue of the review, and short ways to read it twice."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlmodel import col, select

from app.double_reading import queue_sql
from app.double_reading.asking import ask
from app.double_reading.service import Answer, read, reconcile
from app.models import Action, Decision, Membership, ReadingOrigin, ReadingRequest, Role, SecondReading
from app.platform.database import reading, transaction
from app.transcoding.readings import ReadingStanding, reading_standings
from tests.app.approval.opened import approve
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk, desk
from tests.conftest import BIOLOGIST

__all__ = ["SECOND_BIOLOGIST", "desk"]

SODIUM = "2951-2"
SODIUM_IN_BLOOD = "2947-0"


@dataclass
class Readings:
    """Acts of the double reading on the desk."""

    desk: Desk

    @property
    def base(self) -> str:
        return f"{self.desk.base}/double-lecture"

    def ask(self, *facts: Decision) -> int:
        with transaction(self.desk.engine) as session:
            return ask(session, self.desk.catalogue_id, [fact.id or 0 for fact in facts], ReadingOrigin.SHARE)

    def decide_and_ask(self, local_test_id: int, action: Action = Action.CHOOSE, **said: str) -> Decision:
        fact = self.desk.decide(local_test_id, action, **said)
        assert self.ask(fact) == 1
        return fact

    def request(self, local_test_id: int) -> ReadingRequest:
        """The last request on a row."""
        with reading(self.desk.engine) as session:
            asked = select(ReadingRequest).where(ReadingRequest.local_test_id == local_test_id)
            return session.exec(asked.order_by(col(ReadingRequest.id))).all()[-1]

    def read(self, local_test_id: int, answer: Answer, email: str = BIOLOGIST, request: str = "") -> SecondReading:
        asked = request or self.request(local_test_id).public_id
        with transaction(self.desk.engine) as session:
            return read(
                session, self.desk.access(email), local_test_id, asked, answer, settings=self.desk.settings
            )

    def reconcile(self, local_test_id: int, answer: Answer, email: str = SECOND_BIOLOGIST) -> Decision:
        with transaction(self.desk.engine) as session:
            (found,) = queue_sql.disagreements(session, self.desk.catalogue_id, local_test_id)
            return reconcile(
                session,
                self.desk.access(email),
                local_test_id,
                found.version,
                found.second.public_id,
                answer,
                settings=self.desk.settings,
            )

    def approve(self, local_test_id: int, email: str = BIOLOGIST) -> Decision:
        with transaction(self.desk.engine) as session:
            version = self.desk.version(local_test_id)
            return approve(session, self.desk.access(email), local_test_id, version, settings=self.desk.settings)

    def approve_then_ask(self, local_test_id: int, email: str = SECOND_BIOLOGIST) -> Decision:
        """A row that was approved while nobody could read it again."""
        fact = self.desk.decide(local_test_id)
        self.approve(local_test_id, email)
        assert self.ask(fact) == 1
        return fact

    def give_role(self, email: str, role: Role) -> None:
        with transaction(self.desk.engine) as session:
            user_id = self.desk.world.user_id(email)
            session.exec(select(Membership).where(Membership.user_id == user_id)).one().role = role

    def standing(self, local_test_id: int) -> ReadingStanding:
        with reading(self.desk.engine) as session:
            return reading_standings(session, [local_test_id]).get(local_test_id, ReadingStanding.NONE)

    def waiting(self, email: str = BIOLOGIST) -> queue_sql.Waiting:
        with reading(self.desk.engine) as session:
            world = self.desk.world
            return queue_sql.waiting(session, self.desk.catalogue_id, world.laboratory_id, world.user_id(email))


def other_code(**more: str) -> Answer:
    """Another code than the decision of the desk, justified."""
    return Answer(Action.CHOOSE, SODIUM_IN_BLOOD, justification="sang total", **more)


@pytest.fixture
def readings(desk: Desk) -> Readings:
    return Readings(desk)


@pytest.fixture
def differing(desk: Desk, readings: Readings) -> Callable[[], None]:
    """`differing()`: the sodium, decided and read otherwise."""

    def make() -> None:
        readings.decide_and_ask(desk.sodium)
        readings.read(desk.sodium, other_code())

    return make
