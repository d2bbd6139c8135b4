"""The set that judges: 928 rows in the style of six catalogues, on which nothing is tuned.

`python -m tests.bench.matching.judge [--release PATH] [--data FOLDER] [--freeze]`. Two readers, apart from each other,
labelled each row without sight of the lexicon, the second without sight of the first's codes; a code that either of
them accepts is right, and a row on whose best code each refuses the other's is left out (2 of 930). Its errors are
printed, never mended one by one. It takes the place of a set that the work had come to know, which now learns.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import matcher
from matcher.calibration import SURE_AT, TO_CHECK_AT, least_share
from matcher.engine import Engine
from matcher.types import Band
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import Case, answerable, bench_folder, find_release, read_cases
from tests.bench.matching.markdown import freeze, page, percent, table
from tests.bench.matching.measure import Answer, answers, figures

JUDGING = Path(__file__).resolve().parent / "judging.csv"
DEPTH = 50
BLIND = (
    "Nobody who works on the matcher has read its rows nor its errors; its totals were seen when the band « sûr » was "
    "set, from the rows that judged before (`read_twice.csv`)."
)
JUDGED = Path(matcher.__file__).parent / "judged_data.py"
STYLES = {
    "catalogue1": "private laboratories, labels in full",
    "catalogue2": "hospital, abbreviated, with specimen and unit",
    "catalogue3": "specialised, with technique",
    "catalogue4": "labels alone, in full",
    "catalogue5": "labels alone, mnemonics of 25 characters",
    "catalogue6": "labels with chapter and exam",
}
LABELS_ALONE = ("catalogue4", "catalogue5", "catalogue6")


def sure_without_right(engine: Engine, cases: Sequence[Case]) -> int:
    """How many rows would still be « sûr » if their right codes were not in the terminology."""
    found = 0
    for case in cases:
        candidates, nontest, _ = engine.ranked(case.test, DEPTH)
        left = [item for item in candidates if engine.index.terms[item.position].loinc_num not in case.right]
        if left:
            scores = [item.score for item in left[:10]]
            doubtful = engine.is_doubtful(left[0])
            confidence = engine.calibration.confidences(engine.signals(left, nontest), scores, False, doubtful)[0]
            found += confidence >= SURE_AT
    return found


def line(name: str, items: Sequence[Answer]) -> tuple[str, ...]:
    """The figures of some answers as the cells of a row."""
    got = figures(items)
    sure = [item for item in items if item.confidence >= SURE_AT]
    right = sum(item.rank == 1 for item in sure)
    bound = percent(least_share(right, len(sure))) if sure else ""
    return (
        name, str(got.count), percent(got.top1), percent(got.top5), percent(got.recall50), percent(got.sure),
        f"{right} of {len(sure)}", bound,
    )  # fmt: skip


def by_band(items: Sequence[Answer]) -> dict[str, tuple[int, int]]:
    """Band -> (right, all) of the first answers that have its confidence."""
    found: dict[str, tuple[int, int]] = {}
    for band, least, most in (
        (Band.SURE, SURE_AT, 2.0), (Band.TO_CHECK, TO_CHECK_AT, SURE_AT), (Band.UNCERTAIN, 0.0, TO_CHECK_AT),
    ):  # fmt: skip
        inside = [item for item in items if least <= item.confidence < most]
        found[band.value] = (sum(item.rank == 1 for item in inside), len(inside))
    return found


def keep(found: dict[str, tuple[int, int]]) -> None:
    """Write what a batch is told of each band, beside the calibration."""
    lines = "\n".join(f'    "{band}": ({right}, {count}),' for band, (right, count) in found.items())
    JUDGED.write_text(
        '"""Counted by `python -m tests.bench.matching.judge --freeze`; do not edit by hand."""\n\n'
        f"JUDGED: dict[str, tuple[int, int]] = {{\n{lines}\n}}\n"
        '"""Band -> (right, all) of the rows that judge."""\n',
        encoding="utf-8",
    )


def main() -> None:
    """Measure, print the errors, and freeze the figures when asked."""
    parser = argparse.ArgumentParser(description="The set that judges")
    parser.add_argument("--release", type=Path, help="official release; default: the one under --data, or ours")
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/judging.md")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    release: Path | None = chosen.release or (find_release(data) if data else None)
    engine = bench_engine(release)
    cases = answerable(read_cases(JUDGING), engine.index.number_of)
    found = answers(engine, cases, DEPTH)
    lines = [line(name, [item for item in found if item.case.group == style]) for style, name in STYLES.items()]
    lines.append(line("with a unit", [item for item in found if item.case.test.unit]))
    lines.append(line("labels alone", [item for item in found if item.case.group in LABELS_ALONE]))
    lines.append(line("all", found))
    headings = ("catalogue", "rows", "top-1", "top-5", "recall@50", "band sûr", "right in it", "95 % lower bound")
    absent = sure_without_right(engine, cases)
    facts = (
        f"{len(cases)} rows over {len(engine.index.terms):,} terms. With the right codes of each row taken out of the "
        f"terminology, {absent} rows ({percent(absent / len(cases))}) are still « sûr »."
    )
    facts += f" {BLIND}"
    body = table(headings, lines)
    print(f"{facts}\n\n{body}\n")
    for item in found:
        if item.rank != 1:
            test = item.case.test
            written = f"{test.label} | {test.specimen} | {test.unit}"
            print(f"{item.case.case_id} {written}: {item.codes[:1]}, expected {item.case.best}")
    if chosen.freeze:
        flags = (" --data FOLDER" if data else "") + (" --release PATH" if chosen.release else "") + " --freeze"
        content = page("The set that judges", "python -m tests.bench.matching.judge" + flags, [facts, body])
        freeze("judging.md", content)
        keep(by_band(found))


if __name__ == "__main__":
    main()
