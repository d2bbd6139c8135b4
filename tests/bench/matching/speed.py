"""Speed and memory: 5,000 rows against 55,000 and 110,000 terms, most of them synthetic.

`python -m tests.bench.matching.speed [--release PATH] [--freeze]`. Our engine, rapidfuzz token_set_ratio over
everything and character TF-IDF answer the same rows over the same terms in the same run, each in processes of its own.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from loinc_data.tables import load_tables
from matcher.engine import Engine
from matcher.index import TermIndex
from matcher.index_file import dump_index, load_index
from matcher.types import LocalTest
from tests.bench.matching.build import bench_terms
from tests.bench.matching.datasets import CASES, read_cases
from tests.bench.matching.isolate import in_own_process, peak_mb, private_mb
from tests.bench.matching.markdown import freeze, page, table
from tests.bench.matching.plain import PLAIN, query_text, term_text
from tests.bench.matching.synthetic import grown_terms, varied_rows

SIZES = (55_000, 110_000)
ROWS = 5_000
SAMPLE = 150
"""Rows given to rapidfuzz, which is far too slow for all of them; its time per row does not depend on their number."""
TOP = 10
BATCH = 100

Answering = Callable[[list[LocalTest]], int]
_answering: Answering | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """One engine at one size. `per_s` are rows per second of processor time in one process, and of clock in two."""

    engine: str
    terms: int
    build_s: float
    load_s: float
    ready_s: float
    rows: int
    per_s: tuple[float, float]
    peak_mb: float
    together_mb: float
    """Peak of the main process plus what each of two workers has for itself alone."""


def bench_rows(count: int = ROWS) -> list[LocalTest]:
    """The rows of the bench."""
    return varied_rows([case.test for case in read_cases(CASES)], count)


def build_to_file(release: Path | None, size: int, file: Path) -> float:
    """Build an index over `size` terms and write it; the seconds that building took."""
    terms = grown_terms(bench_terms(release), size)
    started = time.perf_counter()
    index = TermIndex.build(terms)
    seconds = time.perf_counter() - started
    file.write_bytes(dump_index(index))
    return seconds


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


def time_ours(size: int, file: Path, build_s: float, count: int) -> Timing:
    """Our engine, its index loaded from its cache; to be called in a process of its own."""
    started = time.perf_counter()
    index = load_index(file.read_bytes())
    load_s = time.perf_counter() - started
    assert index is not None
    started = time.perf_counter()
    engine = Engine(index, load_tables())
    ready_s = time.perf_counter() - started

    def answering(batch: list[LocalTest]) -> int:
        return sum(len(engine.propose(test, TOP, explain=False)) for test in batch)

    one, two, private = _timed(answering, bench_rows(count))
    own = peak_mb()
    return Timing("transcodeur", size, build_s, load_s, ready_s, count, (one, two), own, own + private)


def time_plain(name: str, release: Path | None, size: int, count: int) -> Timing:
    """A plain engine over the same terms and rows; to be called in a process of its own."""
    texts = [term_text(term) for term in grown_terms(bench_terms(release), size)]
    started = time.perf_counter()
    engine = PLAIN[name](texts)
    build_s = time.perf_counter() - started

    def answering(batch: list[LocalTest]) -> int:
        return sum(map(len, engine.search([query_text(test) for test in batch], TOP)))

    one, two, private = _timed(answering, bench_rows(ROWS)[:: ROWS // count][:count])
    own = peak_mb()
    return Timing(name, size, build_s, 0.0, 0.0, count, (one, two), own, own + private)


def timings(release: Path | None) -> list[Timing]:
    """Everything that is measured."""
    found: list[Timing] = []
    with TemporaryDirectory() as folder:
        for size in SIZES:
            file = Path(folder) / f"index-{size}.zip"
            build_s = in_own_process(build_to_file, release, size, file)
            found.append(in_own_process(time_ours, size, file, build_s, ROWS))
        found.append(in_own_process(time_ours, SIZES[-1], file, build_s, ROWS // 2))
        size = SIZES[-1]
        found.append(in_own_process(time_plain, "character TF-IDF", release, size, ROWS))
        found.append(in_own_process(time_plain, "rapidfuzz token_set_ratio", release, size, SAMPLE))
    return found


def _row(item: Timing) -> tuple[str, ...]:
    seconds = [f"{value:.2f}" if value else "" for value in (item.build_s, item.load_s, item.ready_s)]
    rates = [f"{value:.0f}" for value in (*item.per_s, item.peak_mb, item.together_mb)]
    return (item.engine, f"{item.terms:,}", f"{item.rows:,}", *seconds, *rates)


def speed_report(release: Path | None) -> str:
    """The table and the ratios."""
    found = timings(release)
    half, ours, fewer, tfidf, token_set = found
    headings = (
        "engine", "terms", "rows", "build s", "load s", "lexicon s", "rows/s", "rows/s, 2 processes", "peak MB",
        "2 processes MB",
    )  # fmt: skip
    rows = [_row(item) for item in found]
    ratios = (
        ("times the rows/s of token_set_ratio, one process each", ours.per_s[0] / token_set.per_s[0]),
        ("times the rows/s of token_set_ratio, two processes each", ours.per_s[1] / token_set.per_s[1]),
        (
            "times the rows/s of token_set_ratio, two processes against its one",
            ours.per_s[1] / token_set.per_s[0],
        ),
        ("times the rows/s of character TF-IDF, one process each", ours.per_s[0] / tfidf.per_s[0]),
        ("times the rows/s of character TF-IDF, two processes each", ours.per_s[1] / tfidf.per_s[1]),
        ("times the cost per row when terms double", half.per_s[0] / ours.per_s[0]),
        ("times the cost per row when rows double", fewer.per_s[0] / ours.per_s[0]),
    )
    return "\n\n".join((
        f"## Speed: {ROWS:,} rows, each label varied, top {TOP}, terms mostly synthetic",
        table(headings, rows),
        f"rapidfuzz answered {SAMPLE} rows spread over the {ROWS:,}; its rows per second are taken from them. "
        "One process is measured in processor time, two by the clock (the quicker of two runs). "
        "Load is reading the index from its cache; lexicon is compiling our tables. Building TF-IDF is fitting it.",
        table(("ratio", "value"), [(name, f"{value:.2f}") for name, value in ratios]),
    ))  # fmt: skip


def main() -> None:
    """Measure, print, and freeze when asked."""
    parser = argparse.ArgumentParser(description="Speed of the matcher")
    parser.add_argument(
        "--release", type=Path, help="official release, zip or folder; default: the starter terminology"
    )
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/speed.md")
    chosen = parser.parse_args()
    content = speed_report(chosen.release)
    print(content)
    if chosen.freeze:
        command = "python -m tests.bench.matching.speed" + (" --release PATH" if chosen.release else "") + " --freeze"
        freeze("speed.md", page("Speed", command, [content]))


if __name__ == "__main__":
    main()
