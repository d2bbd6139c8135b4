"""The scoreboard: our engine and plain ones, on the same rows and terms in the same run, one table a data set.

`python -m tests.bench.matching.run [--release PATH] [--data FOLDER] [--speed] [--out FILE] [--freeze]`; without
release and data it uses the starter terminology and our own cases.
"""

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from matcher.types import Proposal
from tests.bench.matching.build import bench_engine, bench_terms
from tests.bench.matching.datasets import Case, all_datasets, answerable, bench_folder, find_release, tests_only
from tests.bench.matching.isolate import in_own_process, peak_mb
from tests.bench.matching.markdown import freeze, page, percent, table
from tests.bench.matching.measure import AXES, NO_PROPOSAL, Answer, answers, by_key, figures, wrong_axes
from tests.bench.matching.plain import PLAIN, query_text, term_text
from tests.bench.matching.speed import speed_report

OURS = "transcodeur"
DEPTH = 50
FROZEN = Path(__file__).resolve().parent / "frozen.json"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is measured: a release (or the starter terminology) and a folder of labelled sets (or ours alone)."""

    release: Path | None
    data: Path | None

    def datasets(self) -> dict[str, list[Case]]:
        """The labelled sets, by name."""
        return all_datasets(self.data)


@dataclass(slots=True)
class Outcome:
    """What one engine answered, how long it took and how much memory it needed."""

    engine: str
    load_s: float
    terms: int = 0
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    called_no_test: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each set: rows that are no tests and recognised as such, and tests taken for no tests."""
    peak_mb: float = 0.0


def measure_ours(scope: Scope) -> Outcome:
    """Our engine over every set; to be called in a process of its own."""
    started = time.perf_counter()
    engine = bench_engine(scope.release)
    outcome = Outcome(OURS, time.perf_counter() - started, len(engine.index.terms))
    for name, cases in scope.datasets().items():
        rows = answerable(cases, engine.index.number_of)
        started = time.perf_counter()
        outcome.answers[name] = answers(engine, rows, DEPTH)
        outcome.seconds[name] = time.perf_counter() - started
        suspected = {case.case_id for case in cases if _is_called_no_test(engine.propose(case.test, 1, explain=False))}
        no_tests = {case.case_id for case in cases if not case.right}
        outcome.called_no_test[name] = (len(suspected & no_tests), len(suspected - no_tests))
    outcome.peak_mb = peak_mb()
    return outcome


def _is_called_no_test(proposals: list[Proposal]) -> bool:
    return bool(proposals) and proposals[0].rank == 0 and proposals[0].confidence > 0.5


def measure_plain(scope: Scope, name: str) -> Outcome:
    """A plain engine over every set; to be called in a process of its own."""
    terms = bench_terms(scope.release)
    numbers = [term.loinc_num for term in terms]
    started = time.perf_counter()
    engine = PLAIN[name]([term_text(term) for term in terms])
    outcome = Outcome(name, time.perf_counter() - started, len(terms))
    known = frozenset(numbers)
    for dataset, cases in scope.datasets().items():
        rows = tests_only(answerable(cases, known))
        started = time.perf_counter()
        found = engine.search([query_text(case.test) for case in rows], DEPTH)
        outcome.seconds[dataset] = time.perf_counter() - started
        outcome.answers[dataset] = [
            Answer(case, tuple(numbers[position] for position in positions), 0.0)
            for case, positions in zip(rows, found, strict=True)
        ]
    outcome.peak_mb = peak_mb()
    return outcome


def dataset_table(name: str, outcomes: list[Outcome]) -> str:
    """One set: a row for each engine."""
    rows = []
    for outcome in outcomes:
        items, seconds = outcome.answers[name], outcome.seconds[name]
        got = figures(items)
        is_ours = outcome.engine == OURS
        rows.append((
            outcome.engine, percent(got.top1), percent(got.top5), percent(got.recall50),
            percent(got.auto99) if is_ours else "", f"{len(items) / seconds:.0f}" if seconds else "",
            f"{outcome.peak_mb:.0f}",
        ))  # fmt: skip
    headings = ("engine", "top-1", "top-5", "recall@50", "auto at 99 %", "rows/s", "peak MB")
    return f"## {name}: {len(outcomes[0].answers[name])} rows\n\n" + table(headings, rows)


def group_table(title: str, groups: dict[str, list[Answer]]) -> str:
    """Our figures for each group of rows."""
    rows = []
    for name, items in groups.items():
        got = figures(items)
        rows.append((
            name, str(got.count), percent(got.top1), percent(got.top5), percent(got.recall50), percent(got.auto99),
            percent(got.sure), percent(got.sure_right),
        ))  # fmt: skip
    headings = ("", "rows", "top-1", "top-5", "recall@50", "auto at 99 %", "in band sûr", "right in it")
    return f"## {title}\n\n" + table(headings, rows)


def axes_table(scope: Scope, ours: Outcome) -> str:
    """Which axis was wrong when the first proposal was."""
    terms = {term.loinc_num: term for term in bench_terms(scope.release)}
    kinds = (*AXES, NO_PROPOSAL)
    rows = []
    for name, items in ours.answers.items():
        counter = wrong_axes(terms, items)
        wrong = sum(item.rank != 1 for item in items)
        rows.append((name, str(wrong), *(str(counter[kind]) for kind in kinds)))
    return "## Wrong first proposals: which axis was wrong\n\n" + table(("set", "wrong", *kinds), rows)


def no_test_table(scope: Scope, ours: Outcome) -> str:
    """How the rows that are no tests were told from the others."""
    rows = []
    for name, cases in scope.datasets().items():
        recognised, mistaken = ours.called_no_test[name]
        no_tests = sum(not case.right for case in cases)
        rows.append((name, str(no_tests), str(recognised), str(len(cases) - no_tests), str(mistaken)))
    headings = ("set", "no tests", "recognised", "tests", "taken for no tests")
    return "## Rows that are no tests (probability above 0.5)\n\n" + table(headings, rows)


def report(scope: Scope) -> tuple[list[str], Outcome]:
    """All parts of the scoreboard, and our own outcome."""
    ours = in_own_process(measure_ours, scope)
    outcomes = [ours, *(in_own_process(measure_plain, scope, name) for name in PLAIN)]
    everything = [item for items in ours.answers.values() for item in items]
    parts = [f"{ours.terms:,} terms; each engine in a process of its own, one thread; memory with the terms in it."]
    parts += [dataset_table(name, outcomes) for name in ours.answers]
    parts.append(group_table("Our engine by what the row tells, all sets but those of codes", by_key(
        [item for item in everything if item.case.best], lambda item: item.case.shape)))  # fmt: skip
    for name, items in ours.answers.items():
        if len(groups := by_key(items, lambda item: item.case.tier)) > 1:
            parts.append(group_table(f"Our engine by tier: {name}", groups))
        if len(groups := by_key(items, lambda item: item.case.group)) > 1:
            parts.append(group_table(f"Our engine by laboratory: {name}", groups))
    parts += [axes_table(scope, ours), no_test_table(scope, ours)]
    return parts, ours


def write_frozen(ours: Outcome) -> None:
    """The figures that the tests hold us to: our own cases over the starter terminology."""
    items = ours.answers["cases"]
    groups = {"all": items, **by_key(items, lambda item: item.case.tier)}
    frozen = {
        name: {
            "rows": got.count,
            "top1": round(got.top1, 4),
            "top5": round(got.top5, 4),
            "recall50": round(got.recall50, 4),
        }
        for name, got in ((name, figures(members)) for name, members in groups.items())
    }
    FROZEN.write_text(json.dumps(frozen, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print, and write or freeze when asked."""
    parser = argparse.ArgumentParser(description="Scoreboard of the matcher")
    parser.add_argument("--release", type=Path, help="official release, zip or folder; default: the one under --data")
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--speed", action="store_true", help="measure speed over synthetic terms as well")
    parser.add_argument("--out", type=Path, help="write the tables to this file")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench and, for the starter, frozen.json")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    scope = Scope(chosen.release or (find_release(data) if data else None), data)
    parts, ours = report(scope)
    if chosen.speed:
        parts.append(speed_report(scope.release))
    print("\n\n".join(parts))
    command = (
        "python -m tests.bench.matching.run"
        + (" --data FOLDER" if data else "")
        + (" --release PATH" if chosen.release else "")
    )
    title = "Scoreboard over a LOINC release" if scope.release else "Scoreboard over the starter terminology"
    content = page(title, command + (" --freeze" if chosen.freeze else ""), parts)
    if chosen.out:
        chosen.out.write_text(content, encoding="utf-8")
    if chosen.freeze:
        freeze("scoreboard-release.md" if scope.release else "scoreboard-starter.md", content)
        if scope.release is None:
            write_frozen(ours)


if __name__ == "__main__":
    main()
