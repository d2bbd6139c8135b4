"""The small catalogue of the review, and short ways to sign it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.platform.database import reading, transaction
from app.versions.repository import signatures_of
from app.versions.schemas import Signature, VersionState
from app.versions.service import version_of
from tests.app.approval.opened import approve
from tests.app.review.conftest import Desk, desk
from tests.conftest import BIOLOGIST, ClientFor

__all__ = ["Signing", "approved", "desk", "signing"]
RPPS, OTHER_RPPS = "10003000014", "10100000024"
FINESS_EJ, FINESS_ET = "2A0000014", "2A0000154"


@dataclass
class Signing:
    """Two biologists before the page of signatures."""

    desk: Desk
    client_for: ClientFor
    clients: dict[str, TestClient] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.desk.base}/signature"

    def client(self, email: str = BIOLOGIST) -> TestClient:
        if email not in self.clients:
            self.clients[email] = self.client_for(email)
        return self.clients[email]

    def form(self, *chapters: str, **typed: str) -> dict[str, object]:
        said: dict[str, object] = {
            "titre": "biologiste responsable", "rpps": RPPS, "finess_ej": FINESS_EJ, "finess_et": FINESS_ET,
        }  # fmt: skip
        chosen: dict[str, object] = {"portee": "tout"}
        if chapters:
            chosen = {"portee": "chapitres", "chapitre": [f"={name}" for name in chapters]}
        return said | chosen | typed

    def read(self, *chapters: str, email: str = BIOLOGIST, **typed: str) -> Response:
        return self.client(email).post(f"{self.path}/relecture", data=self.form(*chapters, **typed))

    def confirm(self, seen: str, *chapters: str, email: str = BIOLOGIST, **typed: str) -> Response:
        return self.client(email).post(self.path, data=self.form(*chapters, **typed) | {"vu": seen})

    def sign(self, *chapters: str, email: str = BIOLOGIST, **typed: str) -> Signature:
        """Read, then sign; the signature."""
        shown = self.read(*chapters, email=email, **typed)
        assert shown.status_code == 200, shown.text
        answer = self.confirm(seen_in(shown), *chapters, email=email, **typed)
        assert answer.status_code == 303, answer.text
        return self.signatures()[-1]

    def signatures(self) -> list[Signature]:
        with reading(self.desk.engine) as session:
            return signatures_of(session, self.desk.catalogue_id)

    def state(self) -> VersionState:
        with reading(self.desk.engine) as session:
            return version_of(session, self.desk.catalogue_id)


def seen_in(page: Response) -> str:
    found = re.search(r'name="vu" value="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.fixture
def signing(desk: Desk, client_for: ClientFor) -> Signing:
    return Signing(desk, client_for)


Approved = Callable[[int], None]


@pytest.fixture
def approved(desk: Desk) -> Approved:
    """`approved(row)`: the transcoder decides on the row, whatever is odd in it, and the biologist approves it."""

    def make(local_test_id: int) -> None:
        desk.decide(local_test_id, justification="essai")
        with transaction(desk.engine) as session:
            approve(session, desk.access(BIOLOGIST), local_test_id, desk.version(local_test_id), settings=desk.settings)

    return make
