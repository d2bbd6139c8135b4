"""How many labelled rows the starter terminology covers: a section of docs/terminologie.md.

`python -m tests.bench.matching.starter_share [--data FOLDER] [--freeze]`; the rest of the page comes first, from
`python -m loinc_data.check --table docs/terminologie.md`.
"""

import argparse
from pathlib import Path

from loinc_data.checks.problem import typographic
from loinc_data.report import table
from loinc_data.tables import load_starter_terms
from tests.bench.matching.datasets import Case, all_datasets, bench_folder, tests_only

PAGE = Path(__file__).resolve().parents[3] / "docs" / "terminologie.md"
COMMAND = "python -m tests.bench.matching.starter_share --freeze [--data DOSSIER]"
HEADING = "## Part des lignes étiquetées"


def share_line(name: str, cases: list[Case], codes: frozenset[str]) -> tuple[str | int, ...]:
    """One set: its rows with a right code, the share whose best code is among `codes`, and any right code."""
    labelled = tests_only(cases)
    named = [case for case in labelled if case.best]
    best = sum(case.best in codes for case in named)
    right = sum(bool(case.right & codes) for case in labelled)
    return (f"`{name}`", len(labelled), french_percent(best, len(named)), french_percent(right, len(labelled)))


def french_percent(part: int, whole: int) -> str:
    """A share with one decimal, rounded down, and the French comma; a dash when there is nothing to share."""
    if not whole:
        return "–"
    units, tenths = divmod(1000 * part // whole, 10)
    return f"{units},{tenths}\u00a0%"


def section(data: Path | None) -> str:
    """The section, in French Markdown; `data` adds the labelled sets of a development folder to our own cases."""
    codes = frozenset(term.loinc_num for term in load_starter_terms())
    lines = [share_line(name, cases, codes) for name, cases in all_datasets(data).items()]
    return typographic(
        f"{HEADING}\n\nPart des lignes dont le meilleur code, ou un code admis, est dans le jeu de départ "
        f"(`{COMMAND}`).\n\n" + table(("Jeu", "Lignes", "Meilleur code", "Code admis"), lines)
    )


def with_section(page: str, written: str) -> str:
    """The page with this section at its end, in place of an earlier one."""
    before, _, _ = page.partition(HEADING)
    return f"{before.rstrip()}\n\n{written}\n"


def main() -> None:
    """Count, print, and write into the page when asked."""
    parser = argparse.ArgumentParser(description="Labelled rows that the starter terminology covers")
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write the section into docs/terminologie.md")
    chosen = parser.parse_args()
    written = section(chosen.data)
    print(written)
    if chosen.freeze:
        PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), written), encoding="utf-8")


if __name__ == "__main__":
    main()
