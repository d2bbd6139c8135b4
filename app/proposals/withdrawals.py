"""Mappings that a laboratory judged wrong: whose they are, and whether they still stand."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import MappingWithdrawal
from app.platform.scoped import ACROSS

Withdrawn = tuple[int | None, str, str]
"""Laboratory, signature, LOINC code."""


def last_fact(laboratory_id: Any, signature: Any, loinc_num: Any) -> Any:
    """SQL: the identifier of the last fact of a laboratory on a mapping; nothing where it said nothing.

    Each argument is a value or a column of the statement around it. What another laboratory said is never read.
    """
    other = aliased(MappingWithdrawal)
    same = and_(
        col(other.laboratory_id) == laboratory_id,
        col(other.signature) == signature,
        col(other.loinc_num) == loinc_num,
    )
    return select(func.max(col(other.id))).where(same).correlate_except(other).scalar_subquery()


def withdrawn_among(
    session: Session, laboratory_ids: Collection[int | None], signatures: Collection[str]
) -> set[Withdrawn]:
    """The mappings of these signatures that each of these laboratories withdrew and did not put back.

    Other laboratories' are those whose approved mappings may be reused here: only which ones is read, never who or why.
    """
    fact = MappingWithdrawal
    statement = (
        select(col(fact.laboratory_id), col(fact.signature), col(fact.loinc_num), col(fact.is_withdrawn))
        .where(col(fact.laboratory_id).in_(laboratory_ids), col(fact.signature).in_(signatures))
        .order_by(col(fact.id))
    )
    facts = session.execute(statement, execution_options=ACROSS)
    last = {(place, signature, number): stands for place, signature, number, stands in facts}
    return {mapping for mapping, stands in last.items() if stands}
