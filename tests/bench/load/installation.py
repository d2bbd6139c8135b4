"""The installation that is loaded: laboratories with a matched catalogue each, and people who are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.main import JOBS
from app.models import Action, Catalogue, Decision, Laboratory, LocalTest, Membership, Role, User
from app.platform.database import reading, transaction
from app.platform.web_sessions import open_session
from app.proposals.service import ask_for_proposals
from app.settings import Settings
from app.upgrades.start import prepare
from tests.bench.load.catalogue_text import catalogue_csv


@dataclass(frozen=True, slots=True)
class Team:
    """How many people work, and on what."""

    transcoders: int
    biologists: int
    importers: int
    laboratories: int
    rows: int


def _people(session: Session, settings: Settings, team: Team, laboratories: Sequence[int]) -> list[dict[str, object]]:
    people: list[dict[str, object]] = []
    kinds = (
        ("transcode", Role.TRANSCODER, team.transcoders),
        ("approve", Role.BIOLOGIST, team.biologists),
        ("import", Role.TRANSCODER, team.importers),
    )
    for job, role, count in kinds:
        for number in range(count):
            laboratory = laboratories[number % len(laboratories)]
            user = User(email=f"{job}{number}@exemple.fr", display_name=f"{job} {number}", password_hash="!")
            session.add(user)
            session.flush()
            session.add(Membership(user_id=user.id or 0, laboratory_id=laboratory, role=role))
            session.flush()
            cookie = open_session(session, user, settings)
            people.append({"name": user.email, "job": job, "cookie": cookie, "laboratory": laboratory})
    return people


def install(settings: Settings, team: Team) -> list[dict[str, object]]:
    """Build everything, proposals included; returns the people, with their cookie and their catalogue."""
    engine = prepare(settings)
    assert JOBS, "the kinds of jobs are known"
    queue = JobQueue(settings.model_copy(update={"jobs_immediate": True}), engine)
    catalogue_of = {}
    for number in range(team.laboratories):
        with transaction(engine) as session:
            laboratory = Laboratory(name=f"Laboratoire {number + 1}")
            session.add(laboratory)
            session.flush()
            file = IncomingFile("catalogue.csv", catalogue_csv(team.rows, "C"))
            import_files(session, laboratory.id or 0, [file], catalogue_name="Catalogue général")
            catalogue = session.exec(select(Catalogue).where(Catalogue.laboratory_id == laboratory.id)).one()
        with transaction(engine) as session:
            ask_for_proposals(session, queue, catalogue, None)
        catalogue_of[laboratory.id or 0] = catalogue.id
    with transaction(engine) as session:
        people = _people(session, settings, team, sorted(catalogue_of))
    engine.dispose()
    return [one | {"catalogue": catalogue_of[one["laboratory"]]} for one in people]  # type: ignore[index]


@dataclass(frozen=True, slots=True)
class Held:
    """What the database holds after the load."""

    decided: dict[int, tuple[int, str]]
    """Fact → (row, action), of the choices that people made."""
    approvals: dict[str, int]
    """Approvals, by the address of the person."""
    doubled: int
    """Rows with two facts of one person within a second: an answer recorded twice."""
    analyses: int
    """Local tests imported altogether."""


def held(engine: Engine) -> Held:
    """Read it back."""
    with reading(engine) as session:
        facts = session.exec(
            select(Decision.id, Decision.local_test_id, Decision.action, Decision.author_id, Decision.created_at)
            .where(col(Decision.action).in_([Action.CHOOSE, Action.NO_LOINC]))
            .order_by(col(Decision.local_test_id), col(Decision.id))
        ).all()
        approvals = session.exec(
            select(User.email, func.count())
            .join(Decision, col(Decision.author_id) == col(User.id))
            .where(Decision.action == Action.APPROVE)
            .group_by(User.email)
        ).all()
        analyses = session.exec(select(func.count()).select_from(LocalTest)).one()
    doubled = sum(
        one[1] == other[1] and one[3] == other[3] and (other[4] - one[4]).total_seconds() < 1
        for one, other in pairwise(facts)
    )
    return Held({fact[0] or 0: (fact[1], fact[2]) for fact in facts}, dict(approvals), doubled, analyses)
