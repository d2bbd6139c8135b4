"""Habits, simulated: the first fifth of a catalogue is decided, one decision in twenty wrong; the rest is re-ranked.

`python -m tests.bench.matching.habits [--release PATH] [--data FOLDER] [--freeze]`. Twenty orders, drawn from a fixed
seed. Every labelled source of 60 rows or more, those of the set that judges included (as totals only), and two
laboratories made from our own cases that have one habit each.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matcher import Engine, Habit
from matcher.families import OTHER_PROPERTY
from tests.bench.matching.build import bench_engine
from tests.bench.matching.datasets import (
    CASES,
    Case,
    all_datasets,
    answerable,
    bench_folder,
    find_release,
    read_cases,
)
from tests.bench.matching.judge import JUDGING
from tests.bench.matching.markdown import freeze, page, table

ORDERS, SHARE, WRONG, LEAST, SEED = 20, 0.2, 0.05, 60, 20261128
SETS_OF_CODES = ("nabm", "indicate_sets_fr")
"""Sets that give several codes a row: nothing is strict in them."""
AUTOMATED, MASS = "Automated count", "MCnc"
Decision = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Order:
    """What one order gave: the rows first right without habits and with them, of how many, and the habits learned."""

    rows: int
    without: int
    learned: int
    habits: tuple[Habit, ...]

    @property
    def gain(self) -> int:
        """The rows won, negative when they are lost."""
        return self.learned - self.without


class Source:
    """A catalogue, and what the engine answers to each of its rows without habits."""

    def __init__(self, name: str, engine: Engine, cases: Sequence[Case]) -> None:
        self.name = name
        self.engine = engine
        self.cases = [case for case in cases if case.best in engine.index.number_of]
        self.codes = [_codes(engine, case) for case in self.cases]

    def orders(self) -> Iterator[Order]:
        """The catalogue decided in each of the orders."""
        for number in range(ORDERS):
            yield self.decided(random.Random(f"{SEED} {self.name} {number}"))

    def decided(self, draw: random.Random) -> Order:
        """The first fifth of one order decided, and the rest proposed with what that shows."""
        places = draw.sample(range(len(self.cases)), len(self.cases))
        count = round(SHARE * len(places))
        first, rest = places[:count], places[count:]
        wrong = set(draw.sample(first, max(1, round(WRONG * count))))
        decisions = [(place, self._wrong(place, draw) if place in wrong else self.cases[place].best) for place in first]
        habits = self.engine.learn((self.cases[place].test, code) for place, code in decisions)
        without = sum(self.codes[place][:1] == [self.cases[place].best] for place in rest)
        if not habits:
            return Order(len(rest), without, without, ())
        knowing = self.engine.with_knowledge(replace(self.engine.knowledge, habits=habits))
        learned = sum(_codes(knowing, self.cases[place])[:1] == [self.cases[place].best] for place in rest)
        return Order(len(rest), without, learned, habits)

    def _wrong(self, place: int, draw: random.Random) -> str:
        """A wrong decision: the second proposal half of the time, else another of the first five."""
        others = [code for code in self.codes[place][:5] if code != self.cases[place].best]
        if not others:
            return self.cases[place].best
        second = self.codes[place][1] if len(self.codes[place]) > 1 else others[0]
        return second if second in others and draw.random() < 0.5 else draw.choice(others)


def _codes(engine: Engine, case: Case) -> list[str]:
    return [item.loinc_num for item in engine.propose(case.test, 5, explain=False) if item.rank > 0]


def labelled(data: Path | None, engine: Engine) -> dict[str, list[Case]]:
    """The catalogues of the labelled sets that are large enough, by name."""
    found: dict[str, list[Case]] = defaultdict(list)
    for name, cases in all_datasets(data).items():
        for case in answerable(cases, engine.index.number_of) if name not in SETS_OF_CODES else ():
            found[case.group].append(case)
    for case in answerable(read_cases(JUDGING), engine.index.number_of):
        found[f"judging: {case.group}"].append(case)
    return {name: cases for name, cases in found.items() if len(cases) >= LEAST}


def with_technique(engine: Engine) -> list[Case]:
    """A laboratory that takes the automated count in haematology wherever LOINC has it: from our own cases."""
    chooser, terms = engine.chooser, engine.index.terms
    found: list[Case] = []
    for case in _once(answerable(read_cases(CASES), engine.index.number_of)):
        position = engine.index.number_of.get(case.best, -1)
        if position < 0 or case.shape == "English" or case.test.technique:
            continue
        if chooser.disciplines.of_class(terms[position].class_name) != "hematology":
            continue
        members = chooser.families.members(position)
        settled = [place for place in members if place in engine.national.sources]
        automated = [place for place in members if terms[place].method_typ == AUTOMATED]
        best = terms[(settled or automated or [position])[0]].loinc_num
        found.append(replace(case, best=best, acceptable=frozenset()))
    return found


def in_mass(engine: Engine) -> list[Case]:
    """A laboratory that measures in mass and whose file has no unit: from our own cases."""
    families, terms = engine.chooser.families, engine.index.terms
    by_measurement: dict[int, list[int]] = defaultdict(list)
    for position, number in enumerate(families.of_measurement.tolist()):
        by_measurement[number].append(position)
    found: list[Case] = []
    for case in _once(answerable(read_cases(CASES), engine.index.number_of)):
        position = engine.index.number_of.get(case.best, -1)
        if position < 0 or case.shape == "English" or terms[position].property not in (MASS, OTHER_PROPERTY[MASS]):
            continue
        same = by_measurement[int(families.of_measurement[position])]
        plain = [place for place in same if terms[place].property == MASS and terms[place].usage]
        plain.sort(key=lambda place: (bool(terms[place].method_typ), -engine.index.prior[place]))
        best = terms[plain[0]].loinc_num if plain else case.best
        found.append(replace(case, test=replace(case.test, unit=""), best=best, acceptable=frozenset()))
    return found


def _once(cases: Sequence[Case]) -> list[Case]:
    """Each label once for a specimen and a unit: one laboratory writes no row twice."""
    return list({(case.test.label.lower(), case.test.specimen, case.test.unit): case for case in cases}.values())


def sources(data: Path | None, engine: Engine) -> list[Source]:
    """Every source of the bench."""
    made: Mapping[str, list[Case]] = {
        "made: automated count in haematology": with_technique(engine),
        "made: mass, no unit": in_mass(engine),
    }
    return [Source(name, engine, cases) for name, cases in {**labelled(data, engine), **made}.items()]


def line(source: Source, orders: Sequence[Order]) -> tuple[str, ...]:
    """The figures of a source as the cells of a row."""
    gains = [order.gain for order in orders]
    rows = orders[0].rows
    return (
        source.name, str(len(source.cases)), str(rows),
        f"{sum(order.without for order in orders) / ORDERS:.1f}",
        f"{sum(order.learned for order in orders) / ORDERS:.1f}",
        f"{sum(gains) / ORDERS:+.2f}", f"{min(gains):+d}", f"{max(gains):+d}",
        str(sum(bool(order.habits) for order in orders)),
    )  # fmt: skip


def shown(habits: Counter[tuple[str, str, str]]) -> str:
    """The habits of a source, and in how many orders each was established."""
    return ", ".join(f"{kind} {value or 'none'} in {discipline} ({count})" for (kind, discipline, value), count in
                     sorted(habits.items(), key=lambda item: (-item[1], item[0])))  # fmt: skip


def main() -> None:
    """Measure every source, print the page, and freeze it when asked."""
    parser = argparse.ArgumentParser(description="Habits, simulated")
    parser.add_argument("--release", type=Path, help="official release; default: the one under --data, or ours")
    parser.add_argument("--data", type=Path, default=bench_folder(), help="folder of labelled sets")
    parser.add_argument("--freeze", action="store_true", help="write docs/bench/habits.md")
    chosen = parser.parse_args()
    data: Path | None = chosen.data
    engine = bench_engine(chosen.release or (find_release(data) if data else None))
    lines: list[tuple[str, ...]] = []
    habits: list[str] = []
    for source in sources(data, engine):
        orders = list(source.orders())
        lines.append(line(source, orders))
        seen = Counter((item.kind, item.discipline, item.value) for order in orders for item in order.habits)
        if seen:
            habits.append(f"- `{source.name}`: {shown(seen)}")
    headings = (
        "source", "rows", "not decided", "right without", "right with", "mean gain", "worst order", "best order",
        "orders with a habit",
    )  # fmt: skip
    facts = (
        f"{ORDERS} orders of each source. {SHARE:.0%} of its rows are decided, of which {WRONG:.0%} wrong (at least "
        "one: the second proposal, or another of the first five). Figures are rows whose first code is strictly the "
        "best one, among those not decided, as means over the orders."
    )
    body = table(headings, lines)
    established = "Habits established, and in how many orders:\n\n" + ("\n".join(habits) or "none")
    print("\n\n".join((facts, body, established)))
    if chosen.freeze:
        flags = (" --data FOLDER" if data else "") + (" --release PATH" if chosen.release else "") + " --freeze"
        command = "python -m tests.bench.matching.habits" + flags
        freeze("habits.md", page("Habits, simulated", command, [facts, body, established]))


if __name__ == "__main__":
    main()
