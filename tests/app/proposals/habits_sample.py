"""A catalogue of blood counts whose codes have a sibling by method, and an engine that learns which one is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.jobs.runner import run_job
from app.models import (
    Action,
    AuditEvent,
    Catalogue,
    CatalogueHabits,
    Decision,
    Job,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Proposal,
    ProposalRun,
)
from app.platform.database import reading, transaction
from app.proposals import habits_job, jobs, rows, service
from app.proposals.habits_job import HABITS_JOB, ask_where_due
from app.proposals.jobs import run_proposals
from app.settings import Settings
from app.transcoding.ledger import DecisionContent, append, check_allowed, open_row
from matcher import Band, Habit, Knowledge
from matcher import LocalTest as MatcherTest
from matcher import Proposal as MatcherProposal
from tests.conftest import BIOLOGIST, TRANSCODER, World

PLAIN, AUTOMATED, SODIUM = "26453-1", "789-8", "2951-2"
METHOD = "Automated count"
BLOOD, SALTS = 16, 3
LEAST = 5
"""From so many decisions on the automated count the engine of these tests establishes a habit."""


@dataclass
class LearningEngine:
    """Proposes the code without method first, unless it knows of a habit; what it was asked is kept."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    asked: list[str] = field(default_factory=list)
    learned_from: list[list[tuple[str, str]]] = field(default_factory=list)

    def with_knowledge(self, knowledge: Knowledge) -> "LearningEngine":
        return LearningEngine(knowledge, self.asked, self.learned_from)

    def propose(self, test: MatcherTest, _top: int) -> list[MatcherProposal]:
        self.asked.append(test.code)
        if test.code.startswith("S"):
            codes = [SODIUM]
        else:
            is_habit = any(habit.value == METHOD for habit in self.knowledge.habits)
            codes = [AUTOMATED, PLAIN] if is_habit else [PLAIN, AUTOMATED]
        return [MatcherProposal(rank, code, 0.9 / rank, Band.TO_CHECK) for rank, code in enumerate(codes, 1)]

    def learn(self, decisions: Iterable[tuple[MatcherTest, str]]) -> tuple[Habit, ...]:
        pairs = [(test.code, code) for test, code in decisions]
        self.learned_from.append(pairs)
        count = sum(code == AUTOMATED for _, code in pairs)
        habit = Habit("method", "hematology", METHOD, count, len(pairs), ("Globules 1", "Globules 2"))
        return (habit,) if count >= LEAST else ()


def add_release(session: Session, version: str = "2.80") -> None:
    """A release of three terms."""
    release = LoincRelease(version=version, kind="official", is_current=True, status="ready")
    session.add(release)
    session.flush()
    for number, component, class_name, method in (
        (PLAIN, "Erythrocytes", "HEM/BC", ""),
        (AUTOMATED, "Erythrocytes", "HEM/BC", METHOD),
        (SODIUM, "Sodium", "CHEM", ""),
    ):
        session.add(
            LoincTerm(
                release_id=release.id or 0, loinc_num=number, component=component, class_name=class_name,
                method_typ=method, long_common_name=component,
            )
        )  # fmt: skip


@dataclass
class Bench:
    """The catalogue, its people, and short ways to act on it."""

    world: World
    settings: Settings
    matcher: LearningEngine
    catalogue_id: int
    rows: dict[str, int]

    @classmethod
    def of(cls, world: World, settings: Settings, matcher: LearningEngine) -> "Bench":
        """An imported catalogue, searched once."""
        lines = [f"H{number};Globules {number}" for number in range(1, BLOOD + 1)]
        lines += [f"S{number};Sel {number}" for number in range(1, SALTS + 1)]
        content = "\n".join(["code;libelle", *lines, ""]).encode()
        with transaction(world.engine) as session:
            add_release(session)
            files = [IncomingFile("catalogue.csv", content)]
            catalogue_id = import_files(session, world.laboratory_id, files, catalogue_name="Essai").catalogue_id
        with reading(world.engine) as session:
            tests = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id))
            rows = {test.code: test.id or 0 for test in tests}
        bench = cls(world, settings, matcher, catalogue_id, rows)
        bench.search()
        return bench

    def search(self, only: list[int] | None = None) -> int:
        run_id = run_proposals(self.world.engine, self.settings, self.catalogue_id, only)
        self.matcher.asked.clear()
        return run_id

    def act(self, code: str, action: Action = Action.CHOOSE, loinc_num: str = "", email: str = TRANSCODER) -> None:
        """One fact on a row, as a route would write it."""
        with transaction(self.world.engine) as session:
            access = self.world.catalogue_access(email, session.get_one(Catalogue, self.catalogue_id))
            state = self.version(session, code)
            row = open_row(session, access, self.rows[code], state)
            check_allowed(row, action, "motif")
            undoes = row.in_force.id if action is Action.UNDO and row.in_force is not None else None
            append(session, row, action, DecisionContent(loinc_num, reason="motif"), undoes_id=undoes)

    def choose(self, numbers: Iterable[int], loinc_num: str = AUTOMATED) -> None:
        for number in numbers:
            self.act(f"H{number}", loinc_num=loinc_num)

    def approve(self, code: str) -> None:
        self.act(code, Action.APPROVE, email=BIOLOGIST)

    def version(self, session: Session, code: str) -> int:
        return len(session.exec(select(Decision.id).where(Decision.local_test_id == self.rows[code])).all())

    def look(self) -> bool:
        """What an idle worker does: whether something was to be learned. Then what it asked for is done."""
        is_due = ask_where_due(self.world.engine)
        for job in self.jobs():
            run_job(self.world.engine, self.settings, job.id or 0)
        return is_due

    def jobs(self, kind: str = HABITS_JOB) -> list[Job]:
        with reading(self.world.engine) as session:
            statement = select(Job).where(Job.kind == kind, Job.catalogue_id == self.catalogue_id)
            return list(session.exec(statement.order_by(col(Job.id))))

    def run(self) -> ProposalRun:
        with reading(self.world.engine) as session:
            return session.exec(select(ProposalRun).where(col(ProposalRun.is_current))).one()

    def first_codes(self) -> dict[str, str]:
        """The first code shown for each row."""
        names = {row_id: code for code, row_id in self.rows.items()}
        with reading(self.world.engine) as session:
            statement = (
                select(Proposal.local_test_id, Proposal.loinc_num)
                .join(ProposalRun, col(ProposalRun.id) == Proposal.run_id)
                .where(col(ProposalRun.is_current), Proposal.rank == 1)
            )
            return {names[row_id]: code for row_id, code in session.exec(statement)}

    def known(self) -> CatalogueHabits | None:
        with reading(self.world.engine) as session:
            return session.get(CatalogueHabits, self.catalogue_id)

    def audit(self, prefix: str = "habits.") -> list[AuditEvent]:
        with reading(self.world.engine) as session:
            events = session.exec(select(AuditEvent).order_by(col(AuditEvent.id)))
            return [event for event in events if event.action.startswith(prefix)]


def use(matcher: LearningEngine, monkeypatch: Any) -> None:
    """Have every room ask this engine."""
    for module in (jobs, rows, service, habits_job):
        monkeypatch.setattr(module, "engine_of_release", lambda *_: matcher)
