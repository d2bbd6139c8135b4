"""A small catalogue to review: five analyses of a laboratory, proposals, and people of every role."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.models import (
    Action,
    AuditEvent,
    Catalogue,
    Decision,
    Level,
    LocalTest,
    LoincRelease,
    Membership,
    Proposal,
    ProposalRun,
    ReviewState,
    Role,
    RunStatus,
    User,
)
from app.platform.database import reading, transaction
from app.platform.identity import CatalogueAccess
from app.proposals.service import prepare_engine
from app.review import service
from app.settings import Settings
from tests import scenes
from tests.app.review.sample import add_release, evidence
from tests.conftest import BIOLOGIST, TRANSCODER, Scene, World

SECOND_BIOLOGIST = "biologiste2@exemple.fr"


@dataclass
class Desk:
    """The catalogue on the desk, and short ways to act on it."""

    world: World
    settings: Settings
    catalogue: Catalogue
    release: LoincRelease
    run: ProposalRun
    sodium: int
    glucose: int
    strip: int
    comment_row: int
    unproposed: int

    @property
    def engine(self) -> Engine:
        return self.world.engine

    @property
    def catalogue_id(self) -> int:
        assert self.catalogue.id is not None
        return self.catalogue.id

    @property
    def base(self) -> str:
        return f"/catalogues/{self.catalogue_id}"

    def access(self, email: str = TRANSCODER) -> CatalogueAccess:
        if email == SECOND_BIOLOGIST:
            return CatalogueAccess(self.world.users[email], self.world.laboratory, Role.BIOLOGIST, self.catalogue)
        return self.world.catalogue_access(email, self.catalogue)

    def decide(
        self,
        local_test_id: int,
        action: Action = Action.CHOOSE,
        email: str = TRANSCODER,
        version: int | None = None,
        **said: str,
    ) -> Decision:
        if action is Action.CHOOSE:
            said.setdefault("loinc_num", "2951-2")
        if action in (Action.NO_LOINC, Action.OUT_OF_SCOPE):
            said.setdefault("reason", "motif d'essai")
        if action is Action.DOUBT:
            said.setdefault("reason", "sérum ou plasma ?")
        with transaction(self.engine) as session:
            known = self.version(local_test_id) if version is None else version
            return service.decide(
                session, self.access(email), local_test_id, known, action, settings=self.settings, **said
            )

    def undo(self, local_test_id: int, email: str = TRANSCODER, reason: str = "") -> Decision:
        with transaction(self.engine) as session:
            return service.undo(session, self.access(email), local_test_id, self.version(local_test_id), reason)

    def state(self, local_test_id: int) -> ReviewState:
        with reading(self.engine) as session:
            return session.get(ReviewState, local_test_id) or ReviewState(local_test_id=local_test_id)

    def version(self, local_test_id: int) -> int:
        return self.state(local_test_id).version

    def facts(self, local_test_id: int) -> list[Decision]:
        with reading(self.engine) as session:
            statement = select(Decision).where(Decision.local_test_id == local_test_id)
            return list(session.exec(statement.order_by(col(Decision.id))))

    def audit(self) -> list[str]:
        with reading(self.engine) as session:
            return [event.action for event in session.exec(select(AuditEvent).order_by(col(AuditEvent.id)))]


def _add_rows(session: Session, catalogue: Catalogue, run: ProposalRun) -> dict[str, int]:
    rows = {
        "sodium": LocalTest(code="NA", label="SODIUM", specimen="Sérum", unit="mmol/L", chapter="Biochimie",
                            annual_volume=15000, timing="PT", scale="QN"),
        "glucose": LocalTest(code="GLU", label="GLYCÉMIE", synonym="glucose à jeun", specimen="Plasma", unit="mmol/L",
                             chapter="Biochimie", annual_volume=20000),
        "strip": LocalTest(code="GLUU", label="GLUCOSE URINAIRE", specimen="Urines", chapter="Urines",
                           is_subcontracted=True),
        "comment_row": LocalTest(code="COM", label="COMMENTAIRE", chapter="Divers"),
        "unproposed": LocalTest(code="XYZ", label="ANALYSE RARE", unit="g/L", chapter="Divers", annual_volume=3),
    }  # fmt: skip
    for position, row in enumerate(rows.values()):
        row.catalogue_id, row.level, row.position = catalogue.id or 0, Level.ANALYSIS, position
    session.add_all(rows.values())
    session.flush()
    ids = {name: row.id or 0 for name, row in rows.items()}

    def propose(name: str, rank: int, code: str, confidence: float, band: str, contradicted: bool = False) -> None:
        session.add(
            Proposal(
                run_id=run.id or 0,
                local_test_id=ids[name],
                rank=rank,
                loinc_num=code,
                confidence=confidence,
                band=band,
                has_contradiction=contradicted,
                evidence=evidence(contradicted),
                unread="",
            )
        )

    propose("sodium", 1, "2951-2", 0.97, "sure")
    propose("sodium", 2, "2947-0", 0.20, "uncertain", contradicted=True)
    for rank, code in enumerate(("2955-3", "2956-1", "14749-6", "2345-7"), start=3):
        propose("sodium", rank, code, 0.02, "uncertain")
    propose("glucose", 1, "14749-6", 0.80, "to_check")
    propose("glucose", 2, "2345-7", 0.15, "uncertain", contradicted=True)
    propose("strip", 1, "25428-4", 0.60, "to_check")
    propose("comment_row", 0, "", 0.99, "sure")
    return ids


@scenes.builder("desk")
def build_desk(world: World, settings: Settings) -> Desk:
    """The small catalogue, searched once."""
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        release = add_release(session)
        second = User(email=SECOND_BIOLOGIST, display_name="Bruno Biologiste", password_hash="!")
        session.add(second)
        session.flush()
        session.add(Membership(user_id=second.id, laboratory_id=world.laboratory_id, role=Role.BIOLOGIST))
        world.users[SECOND_BIOLOGIST] = second
        run = ProposalRun(
            catalogue_id=catalogue.id or 0,
            release_id=release.id or 0,
            engine_version="essai",
            status=RunStatus.DONE,
            is_current=True,
        )
        session.add(run)
        session.flush()
        ids = _add_rows(session, catalogue, run)
    prepare_engine(world.engine, settings)
    return Desk(world, settings, catalogue, release, run, **ids)


@pytest.fixture
def desk(scene_at_start: Scene, world: World, settings: Settings) -> Desk:
    """The small catalogue, searched once."""
    made = scene_at_start.made
    if not isinstance(made, Desk):
        return build_desk(world, settings)
    # As before any page that decides: an engine is not built inside the transaction of a decision.
    prepare_engine(world.engine, settings)
    return made


Approver = Callable[[int, str], None]


@pytest.fixture
def approved(desk: Desk) -> Callable[[int], None]:
    """`approved(row)`: the transcoder decides on the row and the biologist approves it."""
    from tests.app.approval.opened import approve

    def make(local_test_id: int) -> None:
        desk.decide(local_test_id)
        with transaction(desk.engine) as session:
            approve(session, desk.access(BIOLOGIST), local_test_id, desk.version(local_test_id), settings=desk.settings)

    return make
