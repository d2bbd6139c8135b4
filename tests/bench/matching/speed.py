"""Speed and memory: 5,000 rows against the terms of a release as it is and against 110,000, most of them synthetic.

`python -m tests.bench.matching.speed [--release PATH] [--before CHECKOUT] [--freeze]`. Our engine, with and without its
file, rapidfuzz token_set_ratio over everything and character TF-IDF answer the same rows over the same terms in the
same run, each in processes of its own; with `--before`, the engine of another checkout of this project too.
"""

import argparse
import gc
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from loinc_data.tables import load_tables
from matcher.compiled.engine_file import dump_engine, load_engine
from matcher.engine import Engine
from matcher.index import TermIndex
from matcher.types import LocalTest, Term
from tests.bench.matching.before import ROUNDS, costs_per_row
from tests.bench.matching.build import bench_terms
from tests.bench.matching.datasets import CASES, read_cases
from tests.bench.matching.isolate import in_own_process, peak_mb, private_mb
from tests.bench.matching.markdown import freeze, page, table
from tests.bench.matching.plain import PLAIN, query_text, term_text
from tests.bench.matching.synthetic import grown_terms, varied_rows

GROWN = 110_000
"""More terms of laboratories than a full release of LOINC holds."""
ROWS = 5_000
SAMPLE = 150
"""Rows given to rapidfuzz, which is far too slow for all of them; its time per row does not depend on their number."""
TOP = 10
KEY = "speed"
BATCH = 100

Answering = Callable[[list[LocalTest]], int]
_answering: Answering | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """One engine at one size. `per_s` are rows per second of processor time in one process, and of clock in two."""

    engine: str
    terms: int
    ready_s: float
    """Seconds of processor time from nothing, or from the engine's file, to an engine that answers."""
    rows: int
    per_s: tuple[float, float]
    peak_mb: float
    together_mb: float
    """Peak of the main process plus what each of two workers has for itself alone."""


def sized_terms(release: Path | None, size: int) -> list[Term]:
    """The terms of a release (or of the starter terminology), as they are, or grown to a size."""
    terms = bench_terms(release)
    return grown_terms(terms, size) if size else terms


def bench_rows(count: int = ROWS) -> list[LocalTest]:
    """The rows of the bench."""
    return varied_rows([case.test for case in read_cases(CASES)], count)


def write_engine(release: Path | None, size: int, file: Path) -> None:
    """Build an engine and write its file."""
    file.write_bytes(dump_engine(Engine(TermIndex.build(sized_terms(release, size)), load_tables()), KEY))


def _answer(batch: list[LocalTest]) -> tuple[int, float]:
    assert _answering is not None
    _answering(batch)
    return os.getpid(), private_mb()


def _timed(answering: Answering, tests: list[LocalTest]) -> tuple[float, float, float]:
    """Rows per second in one process, in two that share what is loaded, and the memory of two for themselves."""
    global _answering
    _answering = answering
    batches = [tests[start : start + BATCH] for start in range(0, len(tests), BATCH)]
    # Two processes first: what one process would remember must not be inherited. The quicker of two runs counts.
    seconds: list[float] = []
    for _ in range(2):
        started = time.perf_counter()
        with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
            private = dict(pool.map(_answer, batches))
        seconds.append(time.perf_counter() - started)
    two = min(seconds)
    # One process is measured in processor time: on a shared machine the clock tells of the neighbours.
    started = time.process_time()
    for batch in batches:
        answering(batch)
    one = time.process_time() - started
    return len(tests) / one, len(tests) / two, sum(private.values())


def time_ours(release: Path | None, size: int, file: Path | None, count: int) -> Timing:
    """Our engine, read from its file or built from the terms; to be called in a process of its own."""
    terms = [] if file else sized_terms(release, size)
    started = time.process_time()
    engine = load_engine(file.read_bytes(), KEY) if file else Engine(TermIndex.build(terms), load_tables())
    ready_s = time.process_time() - started
    assert engine is not None
    # As a server and the command line do: the collector leaves an engine alone.
    gc.freeze()

    def answering(batch: list[LocalTest]) -> int:
        return sum(len(engine.propose(test, TOP, explain=False)) for test in batch)

    one, two, private = _timed(answering, bench_rows(count))
    own = peak_mb()
    name = "transcodeur, from its file" if file else "transcodeur, built"
    return Timing(name, len(engine.index.terms), ready_s, count, (one, two), own, own + private)


def time_plain(name: str, release: Path | None, size: int, count: int) -> Timing:
    """A plain engine over the same terms and rows; to be called in a process of its own."""
    texts = [term_text(term) for term in sized_terms(release, size)]
    started = time.process_time()
    engine = PLAIN[name](texts)
    ready_s = time.process_time() - started

    def answering(batch: list[LocalTest]) -> int:
        return sum(map(len, engine.search([query_text(test) for test in batch], TOP)))

    one, two, private = _timed(answering, bench_rows(ROWS)[:: ROWS // count][:count])
    own = peak_mb()
    return Timing(name, len(texts), ready_s, count, (one, two), own, own + private)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is measured at one size."""

    from_file: Timing
    built: Timing
    fewer: Timing
    tfidf: Timing
    token_set: Timing
    costs: tuple[float, float] | None
    """Milliseconds a row, of the other checkout and of ours."""


def compare(release: Path | None, size: int, before: Path | None, folder: Path) -> Comparison:
    """Measure everything at one size."""
    file = folder / f"engine-{size}.bin"
    in_own_process(write_engine, release, size, file)
    return Comparison(
        in_own_process(time_ours, release, size, file, ROWS),
        in_own_process(time_ours, release, size, None, ROWS),
        in_own_process(time_ours, release, size, file, ROWS // 2),
        in_own_process(time_plain, "character TF-IDF", release, size, ROWS),
        in_own_process(time_plain, "rapidfuzz token_set_ratio", release, size, SAMPLE),
        costs_per_row(before, sized_terms(release, size), bench_rows()) if before else None,
    )


def _row(item: Timing) -> tuple[str, ...]:
    rates = [f"{value:.0f}" for value in (*item.per_s, item.peak_mb, item.together_mb)]
    return (item.engine, f"{item.terms:,}", f"{item.rows:,}", f"{item.ready_s:.2f}", *rates)


def _ratios(found: Comparison) -> tuple[tuple[str, float], ...]:
    ours, built, tfidf, token_set = found.from_file, found.built, found.tfidf, found.token_set
    costs = found.costs
    return (
        ("times the rows/s of token_set_ratio, one process each", ours.per_s[0] / token_set.per_s[0]),
        ("times the rows/s of token_set_ratio, two processes each", ours.per_s[1] / token_set.per_s[1]),
        ("times the rows/s of character TF-IDF, one process each", ours.per_s[0] / tfidf.per_s[0]),
        ("times the cost per row when rows double", found.fewer.per_s[0] / ours.per_s[0]),
        ("times quicker ready from the file than built", built.ready_s / ours.ready_s),
        *((("times the cost per row of the other checkout", costs[1] / costs[0]),) if costs else ()),
    )


def speed_report(release: Path | None, before: Path | None = None) -> str:
    """The table and the ratios."""
    with TemporaryDirectory() as folder:
        found = [compare(release, size, before, Path(folder)) for size in (0, GROWN)]
    headings = ("engine", "terms", "rows", "ready s", "rows/s", "rows/s, 2 processes", "peak MB", "2 processes MB")
    rows = [
        _row(item) for each in found for item in (each.from_file, each.built, each.fewer, each.tfidf, each.token_set)
    ]
    as_it_is, grown = found
    sizes = tuple(f"{each.from_file.terms:,} terms" for each in found)
    ratios = [
        (name, f"{value:.2f}", f"{other:.2f}")
        for (name, value), (_, other) in zip(_ratios(as_it_is), _ratios(grown), strict=True)
    ]
    more = as_it_is.from_file.per_s[0] / grown.from_file.per_s[0]
    return "\n\n".join((
        f"## Speed: {ROWS:,} rows, each label varied, top {TOP}",
        table(headings, rows),
        f"The smaller number of terms is the release as it is, the larger the same grown with synthetic ones. "
        f"rapidfuzz answered {SAMPLE} rows spread over the {ROWS:,}; its rows per second are taken from them. "
        "One process is measured in processor time, two by the clock (the quicker of two runs). "
        "Ready is the processor time until an engine answers: reading its file, or building the index and compiling "
        "the lexicon; of TF-IDF, fitting it.",
        table(("ratio", *sizes), ratios),
        f"From the smaller to the larger number of terms the cost of a row is multiplied by {more:.2f}.",
        *([_told(found)] if before else []),
    ))  # fmt: skip


def _told(found: list[Comparison]) -> str:
    costs = (
        f"{each.costs[0]:.3f} and {each.costs[1]:.3f} ms over {each.from_file.terms:,} terms"
        for each in found
        if each.costs
    )
    return (
        f"A row costs the other checkout and this one {', '.join(costs)} (processor time, measured in turn, "
        f"the quickest of {ROUNDS} times each)."
    )


def main() -> None:
    """Measure, print, and freeze when asked."""
    parser = argparse.ArgumentParser(description="Speed of the matcher")
    parser.add_argument(
        "--release", type=Path, help="official release, zip or folder; default: the starter terminology"
    )
    parser.add_argument("--before", type=Path, help="another checkout of this project, whose engine is timed too")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/speed.md")
    chosen = parser.parse_args()
    content = speed_report(chosen.release, chosen.before)
    print(content)
    if chosen.freeze:
        command = "python -m tests.bench.matching.speed" + (" --release PATH" if chosen.release else "")
        command += (" --before CHECKOUT" if chosen.before else "") + " --freeze"
        freeze("speed.md", page("Speed", command, [content]))


if __name__ == "__main__":
    main()
