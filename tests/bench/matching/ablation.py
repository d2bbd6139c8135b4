"""What each part is worth: every weight set to zero, every option turned off, every table emptied, one at a time.

`python -m tests.bench.matching.ablation [--release PATH] [--data FOLDER] [--freeze]`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from loinc_data.tables import load_tables
from matcher.engine import Engine, EngineOptions
from matcher.index import TermIndex
from matcher.scoring import WEIGHTS
from matcher.types import Tables
from tests.bench.matching.build import bench_terms
from tests.bench.matching.datasets import Case, all_datasets, answerable, bench_folder, find_release
from tests.bench.matching.markdown import freeze, page, percent, table
from tests.bench.matching.measure import Figures, answers, figures

FAMILIES = {
    "unit, in all its uses": ("property", "unit"),
    "specimen and chapter": ("system", "class_name"),
    "how usual the code is": ("prior", "subject", "status", "order"),
    "everything but the component": (
        "property", "time", "system", "scale", "method", "unit", "divisor", "challenge", "nature", "class_name", "veto",
    ),
}  # fmt: skip
"""Weights that stand in for each other: one alone may cost nothing because another says the same."""


def variants(tables: Tables) -> Iterator[tuple[str, EngineOptions, Tables]]:
    """Each thing taken away: its name, and the options and tables without it."""
    whole = EngineOptions()
    for name, weight in WEIGHTS.table():
        # Retrieval itself rests on the component: it can be weakened, not taken away.
        left = weight / 2 if name == "component" else 0.0
        yield f"weight {name} = {left:g}", replace(whole, weights=replace(WEIGHTS, **{name: left})), tables
    for family, names in FAMILIES.items():
        without = replace(WEIGHTS, **dict.fromkeys(names, 0.0))
        yield f"family {family}", replace(whole, weights=without), tables
    for option in fields(EngineOptions):
        if getattr(whole, option.name) is True:
            yield f"option {option.name} off", replace(whole, **{option.name: False}), tables  # type: ignore[arg-type]
    for item in fields(Tables):
        if getattr(tables, item.name):
            yield f"table {item.name} empty", whole, replace(tables, **{item.name: ()})


def measured(index: TermIndex, options: EngineOptions, tables: Tables, cases: list[Case]) -> Figures:
    """The figures of one variant."""
    return figures(answers(Engine(index, tables, options), cases))


def ablation_table(release: Path | None, data: Path | None) -> str:
    """The whole engine, then each variant with the points that it loses."""
    index = TermIndex.build(bench_terms(release))
    sets = all_datasets(data)
    # A set of codes per label says little of one axis more or less.
    cases = [case for found in sets.values() for case in answerable(found, index.number_of) if case.best]
    tables = load_tables()
    whole = measured(index, EngineOptions(), tables, cases)
    rows = [("whole engine", percent(whole.top1), percent(whole.top5), percent(whole.recall50), "", "")]
    for name, options, left in variants(tables):
        got = measured(index, options, left, cases)
        rows.append((
            name, percent(got.top1), percent(got.top5), percent(got.recall50),
            f"{100 * (got.top1 - whole.top1):+.1f}", f"{100 * (got.top5 - whole.top5):+.1f}",
        ))  # fmt: skip
    headings = ("without", "top-1", "top-5", "recall@50", "top-1 points", "top-5 points")
    return f"{len(cases)} rows over {len(index.terms):,} terms.\n\n" + table(headings, rows)


def main() -> None:
    """Measure, print, and freeze when asked."""
    parser = argparse.ArgumentParser(description="Ablation of the matcher")
    parser.add_argument(
        "--release", type=Path, help="official release; default: the one under --data, else the starter"
    )
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/ablation.md")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    content = ablation_table(chosen.release or (find_release(data) if data else None), data)
    print(content)
    if chosen.freeze:
        flags = (" --data FOLDER" if data else "") + (" --release PATH" if chosen.release else "") + " --freeze"
        freeze("ablation.md", page("Ablation", "python -m tests.bench.matching.ablation" + flags, [content]))


if __name__ == "__main__":
    main()
