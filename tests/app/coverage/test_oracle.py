"""Every definition, at any moment of any history, gives the figure that an independent count of plain CSV gives."""

import ast
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.coverage import past
from app.coverage.definitions import CountedCatalogue, Definition, ExamRule, Measure, choices_of
from app.coverage.judging import DeprecatedRule, Judging, ReleaseRule, Statuses
from app.models import Level
from tests.app.coverage import oracle
from tests.app.coverage.histories import Facts, History, as_tables, make_history

CATALOGUES = 20
"""In one example: the oracle counts them together, as pandas is slow to begin."""
judgings = st.builds(
    Judging,
    with_retired=st.booleans(),
    circuit_only=st.booleans(),
    out_of_scope_leaves=st.booleans(),
    no_code_leaves=st.booleans(),
    statuses=st.sampled_from(Statuses),
    releases=st.sampled_from(ReleaseRule),
    deprecated=st.sampled_from(DeprecatedRule),
)
definitions = st.builds(
    Definition,
    level=st.sampled_from([Level.ANALYSIS, Level.EXAM]),
    measure=st.sampled_from(Measure),
    with_subcontracted=st.booleans(),
    exam_rule=st.sampled_from(ExamRule),
    judging=st.just(Judging()) | judgings,
)


def counted_past(history: History) -> CountedCatalogue:
    """The rows of a history at its moment, taken back from what it is now."""
    over = history.leaves_out_deprecated
    with patch.object(past, "past_repository", Facts(history)):
        found = past.past_rows(
            cast(Any, None), 1, history.at(history.releases), history.moment,
            leaves_out_deprecated=over, circuit_id=history.at(history.lists),
        )  # fmt: skip
    return CountedCatalogue(found.rows, over)


# A seed is as good as any other: there is nothing to make smaller.
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**40), st.lists(definitions, min_size=1, max_size=3))
def test_any_definition_at_any_past_moment_is_what_the_oracle_counts(first: int, asked: list[Definition]) -> None:
    histories = [make_history(first + number) for number in range(CATALOGUES)]
    counted = [counted_past(history) for history in histories]
    tables = as_tables(histories)
    for definition in asked:
        wanted = oracle.figures(tables, choices_of(definition))
        for number, catalogue in enumerate(counted):
            figure = catalogue.figure(definition)
            found = (figure.numerator, figure.denominator, figure.rows_missing)
            assert found == wanted[str(number)], f"seed {first + number}: {definition}"


def test_the_histories_reach_every_corner() -> None:
    histories = [make_history(seed) for seed in range(400)]
    tables = as_tables(histories)
    seen: set[str] = set()
    standings = {item for history in histories for item in counted_past(history).standings.values()}
    for history in histories:
        seen |= {change.kind for change in history.changes if change.created_at > history.moment}
        seen |= {"over"} if history.leaves_out_deprecated else set()
    assert {"removed", "returned", "changed", "over"} <= seen
    assert len(standings) == 10, standings
    rates = [top / bottom for top, bottom, _ in oracle.figures(tables, choices_of(Definition())).values() if bottom]
    assert min(rates) == 0
    assert max(rates) == 1
    assert len(set(rates)) > 10


def test_the_oracle_shares_no_code_with_the_application() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"io", "collections.abc", "functools", "pandas"}
