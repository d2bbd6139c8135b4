"""The small catalogue of the review, with codes that contradict each other."""

from collections.abc import Callable, Mapping

import pytest

from app.models import Level, LocalTest, LoincTerm
from app.platform.database import transaction
from tests.app.review.conftest import Desk, desk

__all__ = ["Code", "add_rows", "desk"]
Code = tuple[LocalTest, str]


@pytest.fixture
def add_rows(desk: Desk) -> Callable[[Mapping[str, Code]], dict[str, int]]:
    """`add_rows({name: (row, LOINC code)})`: rows of the catalogue, decided by the transcoder; name -> identifier."""

    def add(rows: Mapping[str, Code]) -> dict[str, int]:
        with transaction(desk.engine) as session:
            for position, (row, _) in enumerate(rows.values(), start=200):
                row.catalogue_id, row.position = desk.catalogue_id, position
                row.level = row.level or Level.ANALYSIS
            session.add_all(row for row, _ in rows.values())
            session.flush()
            ids = {name: row.id or 0 for name, (row, _) in rows.items()}
        for name, (_, code) in rows.items():
            if code:
                desk.decide(ids[name], loinc_num=code, justification="essai")
        return ids

    return add


@pytest.fixture
def add_term(desk: Desk) -> Callable[..., None]:
    """`add_term(loinc_num, **fields)`: one more term of the release in use."""

    def add(loinc_num: str, **fields: str) -> None:
        with transaction(desk.engine) as session:
            session.add(LoincTerm(release_id=desk.release.id or 0, loinc_num=loinc_num, **fields))  # type: ignore[arg-type]

    return add
