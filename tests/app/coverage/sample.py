"""A small catalogue with facts, written straight into the tables."""

from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import (
    Action,
    Catalogue,
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Outcome,
    ReviewState,
    Role,
    Status,
)
from app.platform.database import transaction
from tests.conftest import BIOLOGIST, TRANSCODER, World


@dataclass
class Sample:
    """The catalogue, its release, and the identifiers of its rows by code."""

    catalogue: Catalogue
    release_id: int
    other_release_id: int
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def catalogue_id(self) -> int:
        assert self.catalogue.id is not None
        return self.catalogue.id


def approve(session: Session, world: World, test_id: int, outcome: Outcome, loinc: str = "", reason: str = "") -> None:
    """Write the facts of a choice and its approval, and the state that follows."""
    action = {Outcome.CODE: Action.CHOOSE, Outcome.NO_LOINC: Action.NO_LOINC}.get(outcome, Action.OUT_OF_SCOPE)
    choice = Decision(
        local_test_id=test_id,
        action=action,
        loinc_num=loinc,
        reason=reason,
        author_id=world.user_id(TRANSCODER),
        author_role=Role.TRANSCODER,
    )
    approval = Decision(
        local_test_id=test_id,
        action=Action.APPROVE,
        author_id=world.user_id(BIOLOGIST),
        author_role=Role.BIOLOGIST,
    )
    session.add(choice)
    session.flush()
    session.add(approval)
    session.flush()
    session.add(
        ReviewState(
            local_test_id=test_id,
            status=Status.APPROVED,
            outcome=outcome,
            loinc_num=loinc,
            decision_id=choice.id,
            approval_id=approval.id,
            decided_by_id=choice.author_id,
            approved_by_id=approval.author_id,
            version=2,
        )
    )


def _release(session: Session, version: str, codes: tuple[str, ...], *, current: bool) -> int:
    release = LoincRelease(version=version, kind="official", term_count=len(codes), is_current=current)
    session.add(release)
    session.flush()
    assert release.id is not None
    session.add_all(LoincTerm(release_id=release.id, loinc_num=code, component=code) for code in codes)
    return release.id


def make_sample(engine: Engine, world: World) -> Sample:
    """Ten analyses and two exams; 4 of the 8 analyses in scope are transcoded, 5 with the other release."""
    catalogue = world.add_catalogue()
    assert catalogue.id is not None
    with transaction(engine) as session:
        sample = Sample(
            catalogue,
            _release(session, "2.80", ("2951-2", "2823-3", "2075-0", "19146-0"), current=True),
            _release(session, "2.81", ("2951-2", "2823-3", "2075-0", "14749-6"), current=False),
        )

        def add(code: str, level: Level = Level.ANALYSIS, **values: object) -> int:
            test = LocalTest(
                catalogue_id=catalogue.id,
                level=level,
                code=code,
                label=f"Libellé {code}",
                position=len(sample.ids),
                **values,
            )
            session.add(test)
            session.flush()
            assert test.id is not None
            sample.ids[code] = test.id
            return test.id

        add("BIO", Level.CHAPTER)
        session.get_one(LocalTest, sample.ids["BIO"]).label = "Biochimie"
        approve(session, world, add("NA", annual_volume=900), Outcome.CODE, "2951-2")
        approve(session, world, add("K", annual_volume=50), Outcome.CODE, "2823-3")
        approve(session, world, add("CL", chapter="Ions"), Outcome.CODE, "2075-0")
        approve(session, world, add("CLU", is_subcontracted=True), Outcome.CODE, "2075-0")
        approve(session, world, add("GLY"), Outcome.CODE, "14749-6")
        approve(session, world, add("DIV"), Outcome.CODE, "19146-0")
        approve(session, world, add("RARE"), Outcome.NO_LOINC, reason="Analyse propre au laboratoire")
        approve(session, world, add("COM"), Outcome.OUT_OF_SCOPE, reason="=Commentaire, texte libre")
        approve(session, world, add("OLD", is_retired=True), Outcome.CODE, "2951-2")
        add("TODO", annual_volume=50)
        exam_id = add("IONO", Level.EXAM, chapter_code="BIO")
        for code in ("NA", "K", "CL"):
            session.add(ExamAnalysis(exam_id=exam_id, analysis_code=code, analysis_id=sample.ids[code]))
        lost_id = add("PERDU", Level.EXAM, chapter_code="BIO")
        session.add(ExamAnalysis(exam_id=lost_id, analysis_code="ABSENT"))
    return sample
