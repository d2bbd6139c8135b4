"""Rows with a sure proposal each, for batches and groups."""

from collections.abc import Sequence

from sqlmodel import col, select

from app.models import LocalTest, Proposal, ReviewState, Status
from app.platform.database import reading, transaction
from tests.app.review.conftest import Desk
from tests.app.review.sample import evidence


def add_rows(
    desk: Desk, count: int, contradicted: Sequence[int] = (), label: str = "", unit: str = "mmol/L", code: str = "S"
) -> list[int]:
    """Rows with a sure proposal each; the same label makes one group of them."""
    with transaction(desk.engine) as session:
        rows = [
            LocalTest(
                catalogue_id=desk.catalogue_id, level="analysis", code=f"{code}{number:04d}",
                label=label or f"SODIUM {number}", specimen="Sérum", unit=unit, chapter="Lot", position=100 + number,
            )
            for number in range(count)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        ids = [row.id or 0 for row in rows]
        session.add_all(
            Proposal(
                run_id=desk.run.id or 0, local_test_id=row_id, rank=1, loinc_num="2951-2", confidence=0.995,
                band="sure", has_contradiction=number in contradicted, evidence=evidence(number in contradicted),
                unread="",
            )
            for number, row_id in enumerate(ids)
        )  # fmt: skip
    return ids


def statuses(desk: Desk, ids: Sequence[int]) -> list[str]:
    with reading(desk.engine) as session:
        found = dict(
            session.exec(
                select(ReviewState.local_test_id, ReviewState.status).where(col(ReviewState.local_test_id).in_(ids))
            ).all()
        )
    return [found.get(row_id, Status.TODO) for row_id in ids]
