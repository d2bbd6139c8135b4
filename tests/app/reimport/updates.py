"""Catalogues with decisions, and newer exports of them."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from app.catalogues.plan import ImportPlan
from app.catalogues.service import plan_import, read_files
from app.files.choices import IncomingFile
from app.models import Action, Catalogue, Decision, ExamAnalysis, Level, LocalTest, ReviewState, Role
from app.platform.database import Transactions, reading, transaction
from app.reimport.difference import Difference
from app.reimport.service import Comparison, UpdateReport, apply_update
from app.reimport.service import compared as compared_with
from app.transcoding.facts import StateValues, derive_state
from tests.app.catalogues.conftest import Importer
from tests.conftest import BIOLOGIST, TRANSCODER


def plan_of(session: Session, catalogue_id: int, files: Iterable[IncomingFile]) -> ImportPlan:
    """The plan of newer exports; they must be readable."""
    plan = plan_import(session, read_files(list(files)), catalogue_id, may_update=True)
    assert plan.problems == []
    assert plan.updates
    return plan


def comparison_of(importer: Importer, catalogue_id: int, *files: IncomingFile) -> tuple[ImportPlan, Comparison]:
    """The plan of these files, compared with the catalogue as the job does it."""
    with reading(importer.engine) as session:
        plan = plan_of(session, catalogue_id, files)
    return plan, compared_with(Transactions(importer.engine), catalogue_id, plan)


def compared(importer: Importer, catalogue_id: int, *files: IncomingFile) -> Difference:
    """What these files would change."""
    return comparison_of(importer, catalogue_id, *files)[1].difference


def update(importer: Importer, catalogue_id: int, *files: IncomingFile, email: str = TRANSCODER) -> UpdateReport:
    """Import newer exports, as this person confirmed what she saw."""
    plan, comparison = comparison_of(importer, catalogue_id, *files)
    with transaction(importer.engine) as session:
        catalogue = session.get_one(Catalogue, catalogue_id)
        access = importer.world.catalogue_access(email, catalogue)
        return apply_update(session, access, plan, comparison.difference.digest, comparison)


def decide(importer: Importer, test: LocalTest, loinc_num: str = "2951-2", *, approve: bool = True) -> None:
    """A transcoder chooses a code; a biologist approves it."""
    world = importer.world
    with transaction(importer.engine) as session:
        facts = [(Action.CHOOSE, TRANSCODER, Role.TRANSCODER)]
        if approve:
            facts.append((Action.APPROVE, BIOLOGIST, Role.BIOLOGIST))
        for action, email, role in facts:
            number = loinc_num if action is Action.CHOOSE else ""
            session.add(
                Decision(
                    local_test_id=test.id or 0, action=action, loinc_num=number, relation="equivalent",
                    author_id=world.user_id(email), author_role=role,
                )
            )  # fmt: skip
            session.flush()
        store_derived(session, test.id or 0)


def store_derived(session: Session, test_id: int) -> None:
    """The state that the facts mean."""
    state = session.get_one(ReviewState, test_id)
    values = derive_state(facts_of(session, test_id))
    for name in StateValues.__slots__:
        setattr(state, name, getattr(values, name))
    session.add(state)


def facts_of(session: Session, test_id: int) -> list[Decision]:
    """The facts of a test, oldest first."""
    statement = select(Decision).where(Decision.local_test_id == test_id).order_by(col(Decision.id))
    return list(session.exec(statement))


def states_hold(importer: Importer) -> bool:
    """Whether every stored state is the one that its facts mean."""
    with reading(importer.engine) as session:
        for state in session.exec(select(ReviewState)):
            derived = derive_state(facts_of(session, state.local_test_id))
            if any(getattr(state, name) != getattr(derived, name) for name in StateValues.__slots__):
                return False
    return True


def state_of(importer: Importer, test: LocalTest) -> ReviewState:
    """The stored state of a test."""
    with reading(importer.engine) as session:
        return session.get_one(ReviewState, test.id)


def linked(importer: Importer, catalogue_id: int) -> set[tuple[str, str, bool]]:
    """(code of exam, code of analysis, whether that analysis is in use) of each link."""
    with reading(importer.engine) as session:
        statement = (
            select(LocalTest.code, ExamAnalysis.analysis_code, ExamAnalysis.analysis_id)
            .join(ExamAnalysis, col(ExamAnalysis.exam_id) == col(LocalTest.id))
            .where(LocalTest.catalogue_id == catalogue_id, LocalTest.level == Level.EXAM)
        )
        found = set()
        for exam, analysis, analysis_id in session.exec(statement):
            test = session.get(LocalTest, analysis_id) if analysis_id else None
            found.add((exam, analysis, test is not None and test.retired_at is None))
        return found
