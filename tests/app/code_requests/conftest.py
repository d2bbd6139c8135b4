"""A catalogue with two rows declared without LOINC code, one approved and one not."""

from dataclasses import dataclass

import pytest
from sqlmodel import col, select

from app.code_requests import service
from app.code_requests.repository import Found
from app.code_requests.service import Said
from app.code_requests.waiting_codes import rule_in_force, set_rule
from app.models import Action, CodeRequestStep, RequestAction
from app.platform.database import reading, transaction
from tests.app.approval.opened import approve
from tests.app.review.conftest import Desk, desk
from tests.conftest import BIOLOGIST, TRANSCODER

__all__ = ["Requests", "desk", "requests"]
WAITING, OTHER_WAITING = "ATT-01", "ATT-02"


@dataclass
class Requests:
    """The desk, and short ways to follow its requests."""

    desk: Desk

    @property
    def approved(self) -> int:
        """The row approved without code."""
        return self.desk.unproposed

    @property
    def decided(self) -> int:
        """The row declared without code that nobody approved."""
        return self.desk.strip

    @property
    def base(self) -> str:
        return f"{self.desk.base}/demandes-de-code"

    def follow(self, row: int, action: RequestAction, email: str = TRANSCODER, **said: str) -> int:
        with transaction(self.desk.engine) as session:
            return service.follow(
                session, self.desk.settings, self.desk.access(email), [row], action, Said(**said)
            )

    def found(self, row: int, email: str = TRANSCODER) -> Found:
        with reading(self.desk.engine) as session:
            return service.one_request(session, self.desk.access(email), row)

    def steps(self) -> list[CodeRequestStep]:
        with reading(self.desk.engine) as session:
            return list(session.exec(select(CodeRequestStep).order_by(col(CodeRequestStep.id))))

    def allow(self, *codes: str, system: str = "1.2.250.1.213.1.1.5.130") -> None:
        """Write the codes d'attente of the laboratory."""
        with transaction(self.desk.engine) as session:
            access = self.desk.access(TRANSCODER)
            version = rule_in_force(session, self.desk.settings, access.laboratory_id).version
            set_rule(session, self.desk.settings, access, system, "\n".join(codes), version)

    def give(self, row: int, code: str = WAITING) -> None:
        self.follow(row, RequestAction.WAITING_CODE, waiting_code=code)


def approve_row(desk: Desk, row: int) -> None:
    """A biologist approves the row as it is."""
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), row, desk.version(row), settings=desk.settings)


@pytest.fixture
def requests(desk: Desk) -> Requests:
    """Two rows declared without code: `approved` and `decided`."""
    made = Requests(desk)
    desk.decide(made.approved, Action.NO_LOINC, reason="Aucun terme pour cette analyse rare")
    approve_row(desk, made.approved)
    desk.decide(made.decided, Action.NO_LOINC, reason="Technique sans code LOINC")
    return made
