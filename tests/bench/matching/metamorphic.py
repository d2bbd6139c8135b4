"""What the same row written otherwise changes: case, accents, order, abbreviations, brands, units in words, damage.

`python -m tests.bench.matching.metamorphic [--release PATH] [--data FOLDER] [--freeze]`. Each transformation is made
of every row that it can change; the first answer should be what it was, or at least never wrong at « sûr » where it
was not.
"""

import argparse
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matcher.calibration import SURE_AT
from matcher.engine import Engine
from matcher.knowledge import Knowledge
from matcher.types import LocalTest
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import Case, all_datasets, answerable, bench_folder, find_release
from tests.bench.matching.markdown import freeze, page, percent, table

SHORTEST = 3
"""The letters of a word that may be moved: bilirubine T is not T bilirubine."""
LONG = 5
"""The letters of a word from which one is lost, or an accent is damaged."""
_WORDS = {
    "mmol/L": "millimoles par litre", "µmol/L": "micromoles par litre", "g/L": "grammes par litre",
    "mg/L": "milligrammes par litre", "µg/L": "microgrammes par litre", "ng/mL": "nanogrammes par millilitre",
    "UI/L": "unités internationales par litre", "pmol/L": "picomoles par litre", "nmol/L": "nanomoles par litre",
    "%": "pour cent", "G/L": "giga par litre", "T/L": "téra par litre", "g/dL": "grammes par décilitre",
    "mg/dL": "milligrammes par décilitre", "mg/24h": "milligrammes par 24 heures", "s": "secondes",
    "fL": "femtolitres", "pg": "picogrammes", "pg/mL": "picogrammes par millilitre", "mUI/L": "mUI par litre",
}  # fmt: skip
_SHORT = (
    ("cholestérol", "chol."), ("immunoglobuline", "Ig"), ("anticorps", "ac"), ("antigène", "ag"), ("facteur", "F"),
    ("acide", "ac."), ("urinaire", "ur."), ("plasmatique", "plasm."), ("hémoglobine", "Hb"), ("créatinine", "créat."),
    ("bilirubine", "bili"), ("polynucléaires", "PN"), ("vitamine", "vit."), ("recherche", "rech."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A way to write a row otherwise; `make` gives the row itself when it has nothing to change."""

    name: str
    make: Callable[[LocalTest], LocalTest]
    width: int = 0
    """The width at which the labels of the catalogue are cut."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did to the rows that it could change."""

    name: str
    rows: int
    unchanged: int
    changed_and_sure: int
    """Another first answer, at « sûr »."""
    newly_wrong_and_sure: int


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text)
    return "".join(char for char in flat if not unicodedata.combining(char))


def _label(change: Callable[[str], str]) -> Callable[[LocalTest], LocalTest]:
    return lambda test: replace(test, label=change(test.label))


def _longest(text: str) -> re.Match[str] | None:
    found = list(re.finditer(r"[^\W\d_]+", text))
    longest = max(found, key=lambda match: len(match.group()), default=None)
    return longest if longest is not None and len(longest.group()) >= LONG else None


def _letter_lost(text: str) -> str:
    """A letter in the middle of the longest word, which is where fingers slip."""
    match = _longest(text)
    if match is None:
        return text
    place = match.start() + len(match.group()) // 2
    return text[:place] + text[place + 1 :]


def _reordered(text: str) -> str:
    parts = text.split()
    is_movable = 2 <= len(parts) <= 3 and all(part.isalpha() and len(part) >= SHORTEST for part in parts)
    return " ".join([*parts[1:], parts[0]]) if is_movable else text


def _abbreviated(text: str) -> str:
    for word, short in _SHORT:
        text = re.sub(rf"\b{word}\b", short, text, flags=re.IGNORECASE)
    return text


def _mojibake(text: str) -> str:
    return text.encode("utf-8").decode("cp1252", errors="replace")


def _question_marks(text: str) -> str:
    return re.sub(r"[^\x00-\x7f]", "?", text)


CHANGES = (
    Change("upper case", _label(str.upper)),
    Change("lower case", _label(str.lower)),
    Change("no accents", _label(_plain)),
    Change("another order", _label(_reordered)),
    Change("abbreviations", _label(_abbreviated)),
    Change("units in words", lambda test: replace(test, unit=_WORDS.get(test.unit, test.unit))),
    Change("spaced unit", lambda test: replace(test, unit=test.unit.replace("/", " / "))),
    Change("spaces", _label(lambda text: "  " + text.replace(" ", "   ") + " ")),
    Change("cut at 30", _label(lambda text: text[:30]), 30),
    Change("cut at 20", _label(lambda text: text[:20]), 20),
    Change("one letter lost", _label(_letter_lost)),
    Change("? for an accent", _label(_question_marks)),
    Change("mojibake", _label(_mojibake)),
)


def first(engine: Engine, test: LocalTest) -> tuple[str, float]:
    """The first code and its confidence; empty when there is none."""
    for proposal in engine.propose(test, 1, explain=False):
        if proposal.rank == 1:
            return proposal.loinc_num, proposal.confidence
    return "", 0.0


def outcome(engine: Engine, change: Change, cases: Sequence[Case]) -> Outcome:
    """What a change does to the cases that it can change."""
    rows = unchanged = sure = wrong = 0
    changed = engine.with_knowledge(Knowledge(label_width=change.width)) if change.width else engine
    for case in cases:
        made = change.make(case.test)
        if made == case.test:
            continue
        rows += 1
        before, after = first(engine, case.test), first(changed, made)
        unchanged += before[0] == after[0]
        if after[1] >= SURE_AT and after[0] != before[0]:
            sure += 1
            was_wrong_and_sure = before[1] >= SURE_AT and before[0] not in case.right
            wrong += after[0] not in case.right and not was_wrong_and_sure
    return Outcome(change.name, rows, unchanged, sure, wrong)


def main() -> None:
    """Measure, print, and freeze when asked."""
    parser = argparse.ArgumentParser(description="The same rows written otherwise")
    parser.add_argument("--release", type=Path, help="official release; default: the one under --data, or ours")
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/metamorphic.md")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    release: Path | None = chosen.release or (find_release(data) if data else None)
    engine = bench_engine(release)
    cases = answerable(all_datasets(None)["cases"], engine.index.number_of)
    lines = [
        (
            item.name,
            str(item.rows),
            percent(item.unchanged / item.rows) if item.rows else "",
            str(item.changed_and_sure),
            str(item.newly_wrong_and_sure),
        )
        for item in (outcome(engine, change, cases) for change in CHANGES)
    ]
    body = table(("change", "rows", "same first answer", "another, sûr", "newly wrong, sûr"), lines)
    print(body)
    if chosen.freeze:
        flags = (" --data FOLDER" if data else "") + (" --release PATH" if chosen.release else "") + " --freeze"
        command = "python -m tests.bench.matching.metamorphic" + flags
        content = page("The same rows written otherwise", command, [body])
        freeze("metamorphic.md", content)


if __name__ == "__main__":
    main()
