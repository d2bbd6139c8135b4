"""Which cases PostgreSQL does without: see `tests.conftest.spared`."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.conftest import spared


class Case:
    """A collected test, as far as it is looked at."""

    def __init__(self, name: str, kind: str, mark: pytest.Mark | None) -> None:
        self.nodeid = f"tests/app/test_it.py::{name}-{kind}]"
        self.callspec = SimpleNamespace(params={"database_kind": kind})
        self._mark = mark

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self._mark if name == "same_sql" else None


def left(cases: Sequence[Case]) -> list[str]:
    """What is spared of these, in their order."""
    items: Any = cases
    found = cast("set[Case]", spared(items))
    return [case.nodeid.rpartition("::")[2] for case in cases if case in found]


READ = pytest.mark.same_sql("refused as it is read").mark


def test_two_cases_of_each_test_stay_on_postgresql_and_all_on_sqlite() -> None:
    cases = [Case(f"test_a[{name}", kind, READ) for kind in ("sqlite", "postgresql") for name in "abcd"]
    cases += [Case(f"test_b[{name}", "postgresql", READ) for name in "ab"]
    assert left(cases) == ["test_a[b-postgresql]", "test_a[c-postgresql]"]


def test_what_is_not_marked_stays() -> None:
    assert left([Case(f"test_a[{name}", "postgresql", None) for name in "abcd"]) == []


def test_a_mark_says_why() -> None:
    with pytest.raises(AssertionError, match="reason"):
        left([Case("test_a[a", "postgresql", pytest.mark.same_sql("").mark)])
