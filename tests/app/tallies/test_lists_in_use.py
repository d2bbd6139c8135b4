"""Entries follow the lists in use, of which a decision reads its own codes alone."""

from collections.abc import Collection

import pytest
from sqlmodel import Session, col, select

from app.models import ValueSetKind, WorklistEntry
from app.platform.database import reading
from app.publication import repository
from tests.app.exports.sample import add_value_set
from tests.app.review.conftest import Desk, approved, desk

__all__ = ["approved", "desk"]

SODIUM = "2951-2"


def test_a_decision_reads_what_a_list_says_of_its_own_codes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {f"{number}-0": "Autre" for number in range(1000, 1700)}
    add_value_set(desk.world, ValueSetKind.CIRCUIT_BIOLOGIE, numbers)
    asked: list[Collection[str] | None] = []
    labels = repository.value_set_labels

    def spy(
        session: Session, kind: ValueSetKind, wanted: Collection[str] | None = None
    ) -> dict[str, str] | None:  # fmt: skip
        asked.append(wanted)
        return labels(session, kind, wanted)

    monkeypatch.setattr(repository, "value_set_labels", spy)
    desk.decide(desk.sodium, loinc_num=SODIUM)
    assert asked
    assert all(wanted is not None and set(wanted) <= {SODIUM} for wanted in asked)


@pytest.mark.parametrize(("code", "warnings"), [(SODIUM, 0), ("2823-3", 1)])
def test_a_code_outside_of_the_list_is_counted_as_a_warning(
    desk: Desk, approved: object, code: str, warnings: int
) -> None:
    add_value_set(desk.world, ValueSetKind.CIRCUIT_BIOLOGIE, {code: "Sodium"})
    approved(desk.sodium)  # type: ignore[operator]
    with reading(desk.engine) as session:
        entry = session.exec(select(WorklistEntry).where(col(WorklistEntry.local_test_id) == desk.sodium)).one()
        assert entry.warnings == warnings


def test_labels_of_some_codes_are_those_of_the_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    add_value_set(desk.world, ValueSetKind.CIRCUIT_BIOLOGIE, {SODIUM: "Sodium", "2823-3": "Potassium"})
    monkeypatch.setattr(repository, "NUMBERS_AT_ONCE", 1)
    with reading(desk.engine) as session:
        whole = repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE)
        some = repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE, [SODIUM, "2823-3", "1-8"])
        assert some == whole
        assert repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE, []) == {}
        assert repository.value_set_labels(session, ValueSetKind.CHAPTERS, [SODIUM]) is None
