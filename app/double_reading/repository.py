"""All SQL of the double reading: what was asked for, what waits, what is in disagreement."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import and_, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.models import (
    Decision,
    LocalTest,
    LoincTerm,
    Proposal,
    ProposalRun,
    ReadingRequest,
    ReadingShare,
    User,
)
from app.transcoding.readings import has_disagreement


def newest_shares(session: Session, laboratory_id: int) -> dict[str, int | None]:
    """Discipline -> the last share that the laboratory gave it."""
    newest = (
        sa_select(func.max(col(ReadingShare.id)))
        .where(col(ReadingShare.laboratory_id) == laboratory_id)
        .group_by(col(ReadingShare.discipline))
    )
    statement = sa_select(col(ReadingShare.discipline), col(ReadingShare.percent))
    found = session.execute(statement.where(col(ReadingShare.id).in_(newest)))
    return {str(row[0]): row[1] for row in found}


def newest_share(session: Session, laboratory_id: int) -> int:
    """The number of the last change of the shares of a laboratory, 0 before the first."""
    statement = sa_select(func.max(col(ReadingShare.id))).where(col(ReadingShare.laboratory_id) == laboratory_id)
    return session.scalar(statement) or 0


def share_history(session: Session, laboratory_id: int) -> Sequence[tuple[ReadingShare, str]]:
    """Every change of the shares of a laboratory with the name of its author, the newest first."""
    statement = select(ReadingShare, User.display_name).join(User, col(User.id) == col(ReadingShare.author_id))
    statement = statement.where(ReadingShare.laboratory_id == laboratory_id)
    return session.exec(statement.order_by(col(ReadingShare.id).desc())).all()


def decisions(session: Session, decision_ids: Iterable[int]) -> list[Decision]:
    """Facts by their numbers."""
    return list(session.exec(select(Decision).where(col(Decision.id).in_(list(decision_ids)))))


def to_ask_for(session: Session, catalogue_id: int, decision_ids: Iterable[int]) -> list[Decision]:
    """Those of these facts that are about rows of this catalogue and that nobody asked for yet, in their order.

    A row in disagreement waits for its reconciliation, not for one more reading.
    """
    asked = select(ReadingRequest.id).where(ReadingRequest.decision_id == col(Decision.id)).exists()
    statement = (
        select(Decision)
        .join(LocalTest, col(LocalTest.id) == Decision.local_test_id)
        .where(col(Decision.id).in_(list(decision_ids)), LocalTest.catalogue_id == catalogue_id, ~asked)
        .where(~has_disagreement(col(Decision.local_test_id)))
    )
    return list(session.exec(statement.order_by(col(Decision.id))))


def sampled(session: Session, batch_public_id: str) -> int:
    """How many rows of a batch were asked for so far."""
    statement = sa_select(func.count()).where(col(ReadingRequest.batch_public_id) == batch_public_id)
    return int(session.execute(statement.select_from(ReadingRequest)).scalar_one())


def classes_of_codes(session: Session, facts: Collection[Decision]) -> dict[int, str]:
    """Decision -> the LOINC class of its code, in the release it was decided with."""
    if not facts:
        return {}
    statement = (
        sa_select(col(Decision.id), col(LoincTerm.class_name))
        .join(
            LoincTerm,
            and_(
                col(LoincTerm.release_id) == col(Decision.release_id),
                col(LoincTerm.loinc_num) == col(Decision.loinc_num),
            ),
        )
        .where(col(Decision.id).in_([fact.id for fact in facts]))
    )
    return {int(row[0]): str(row[1]) for row in session.execute(statement)}


def classes_of_best(session: Session, catalogue_id: int, facts: Collection[Decision]) -> dict[int, str]:
    """Decision -> the LOINC class of the best candidate that is shown for its row."""
    statement = (
        sa_select(col(Proposal.local_test_id), col(LoincTerm.class_name))
        .join(ProposalRun, col(ProposalRun.id) == col(Proposal.run_id))
        .join(
            LoincTerm,
            and_(
                col(LoincTerm.release_id) == col(ProposalRun.release_id),
                col(LoincTerm.loinc_num) == col(Proposal.loinc_num),
            ),
        )
        .where(
            col(ProposalRun.catalogue_id) == catalogue_id,
            col(ProposalRun.is_current),
            col(Proposal.rank) == 1,
            col(Proposal.local_test_id).in_([fact.local_test_id for fact in facts]),
        )
    )
    found = {int(row[0]): str(row[1]) for row in session.execute(statement)}
    return {fact.id or 0: found[fact.local_test_id] for fact in facts if fact.local_test_id in found}
