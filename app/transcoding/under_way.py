"""Catalogues whose kept entries and counts are being brought up to their facts: what a page may say meanwhile."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from app.errors import TooBusyError
from app.models import CatalogueTally, TallyRule
from app.terminology.grace import rule_at

BEING_PREPARED = (
    "Ce catalogue vient de changer : ses chiffres sont en préparation. Rien n'est perdu ; rechargez cette page dans "
    "quelques instants."
)


def leaves_out_deprecated(session: Session) -> bool:
    """Whether what is kept was counted without the codes that LOINC retired."""
    rule = session.get(TallyRule, 1, populate_existing=True)
    return rule is not None and rule.leaves_out_deprecated


def is_rule_behind(session: Session) -> bool:
    """Whether what is kept was counted by another rule than that of the moment: a day has just ended."""
    return leaves_out_deprecated(session) is not rule_at(session).is_over


def under_way(session: Session, catalogue_ids: Collection[int]) -> dict[int, bool]:
    """Those of these catalogues that are being brought up -> whether their counts may differ from their facts.

    When they may not, only the order of rows by their proposals and the filters on proposals are behind.
    """
    if is_rule_behind(session):
        return dict.fromkeys(catalogue_ids, True)
    statement = select(CatalogueTally.catalogue_id, CatalogueTally.is_about_figures)
    return dict(session.exec(statement.where(col(CatalogueTally.catalogue_id).in_(catalogue_ids))).all())


def are_figures_behind(session: Session, catalogue_id: int) -> bool:
    """Whether the counts of this catalogue may differ from its facts for now."""
    return under_way(session, [catalogue_id]).get(catalogue_id, False)


def require_figures(session: Session, catalogue_id: int) -> None:
    """Refuse to show counts that may be wrong; raises TooBusyError."""
    if are_figures_behind(session, catalogue_id):
        raise TooBusyError(BEING_PREPARED)
