"""What the queue may filter and count by, for a person from whom the decisions of some rows are hidden.

To her such a row (`app.transcoding.readers`) has a value of its own in each facet that tells something of its decision:
no filter finds it by one, a filter that leaves a value out keeps it, and no count holds it. Its text is searched
without the decided code.
"""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, and_, bindparam, case, func, or_

from app.models import WorklistEntry
from app.transcoding.readers import is_hidden

ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
TELLING = frozenset({"decision", "commentaire", "repere", "auteur", "version"})
"""The facets that tell something of a decision. That there is one is no secret."""
HIDDEN = "?"
"""The value of a hidden row in these facets: none of theirs."""
PERSON = "blind_person"


def hidden_row(local_test_id: Any = ENTRIES.local_test_id) -> ColumnElement[bool]:
    """SQL: the row is hidden from the person that the statement is given as `PERSON`."""
    person: BindParameter[int] = bindparam(PERSON, type_=Integer)
    return is_hidden(person, local_test_id)


def kept(condition: ColumnElement[bool], key: str, row_id: Any = ENTRIES.local_test_id) -> ColumnElement[bool]:
    """SQL: a facet that keeps values."""
    return and_(condition, ~hidden_row(row_id)) if key in TELLING else condition


def left_out(condition: ColumnElement[bool], key: str, row_id: Any = ENTRIES.local_test_id) -> ColumnElement[bool]:
    """SQL: a facet that leaves values out."""
    return or_(condition, hidden_row(row_id)) if key in TELLING else condition


def searched() -> ColumnElement[str]:
    """SQL: the text of an entry, without the code decided when it is hidden.

    The text ends by the decided code and the proposed one, as `app.tallies.computing` writes it.
    """
    proposed = case((ENTRIES.best_loinc != "", func.length(ENTRIES.best_loinc) + 1), else_=0)
    start = func.length(ENTRIES.searched) - func.length(ENTRIES.loinc_num) - proposed
    without = func.substr(ENTRIES.searched, 1, start).concat(ENTRIES.best_loinc)
    is_coded_unseen = and_(ENTRIES.loinc_num != "", hidden_row())
    return case((is_coded_unseen, without), else_=ENTRIES.searched)
