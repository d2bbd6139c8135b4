"""The other answers approved for the local codes of some rows: see `app.transcoding.standing`."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.models import LocalTest, Outcome, ReviewState, Status
from app.transcoding.readers import hidden_among
from app.transcoding.standing import NO_CODE_EXISTS, LocalKey, local_key

# Every case and every decision asks for it: built once. The unique key of rows begins by these columns.
_APPROVED = (
    select(LocalTest, ReviewState.outcome, ReviewState.loinc_num)
    .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
    .where(
        col(LocalTest.catalogue_id) == bindparam("catalogue_id"),
        col(LocalTest.level).in_(bindparam("levels", expanding=True)),
        col(LocalTest.code).in_(bindparam("codes", expanding=True)),
        col(LocalTest.retired_at).is_(None),
        ReviewState.status == Status.APPROVED,
        col(ReviewState.outcome).in_((Outcome.CODE, Outcome.NO_LOINC)),
    )
    .order_by(col(LocalTest.position), col(LocalTest.id))
)


def answer_of(outcome: str, loinc_num: str) -> str | None:
    """What a decision answers for its local code; None when it answers nothing."""
    if outcome == Outcome.CODE:
        return loinc_num
    return NO_CODE_EXISTS if outcome == Outcome.NO_LOINC else None


def other_answers(
    session: Session, catalogue_id: int, asked: Sequence[tuple[LocalTest, str | None]], blind_to: int | None = None
) -> list[list[str]]:
    """For each row and its answer, in order: the different ones approved for other rows of its local code.

    Those whose decision is hidden from a `blind_person` are left out for her.
    """
    coded = [test for test, answer in asked if answer is not None and test.code.strip()]
    if not coded:
        return [[] for _ in asked]
    values = {
        "catalogue_id": catalogue_id,
        "levels": sorted({test.level for test in coded}),
        "codes": sorted({test.code for test in coded}),
    }
    found: dict[LocalKey, list[tuple[int | None, str]]] = defaultdict(list)
    rows = session.exec(_APPROVED, params=values).all()
    unseen = hidden_among(session, blind_to, [test.id or 0 for test, _, _ in rows])
    for test, outcome, loinc_num in rows:
        if test.id in unseen:
            continue
        found[_key(test)].append((test.id, answer_of(outcome, loinc_num) or NO_CODE_EXISTS))
    return [_others(test, answer, found[_key(test)]) for test, answer in asked]


def _key(test: LocalTest) -> LocalKey:
    return local_key(test)  # type: ignore[arg-type]


def _others(test: LocalTest, answer: str | None, approved: Sequence[tuple[int | None, str]]) -> list[str]:
    if answer is None:
        return []
    return list(dict.fromkeys(other for row_id, other in approved if row_id != test.id and other != answer))
