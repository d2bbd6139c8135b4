"""Every figure of a pack, today and at any past day, from its CSV files alone.

This is written as a stranger would write it who has the files and what LISEZMOI.txt says of them: only the standard
library, nothing of what the workbench counts with. That both agree is the point.

Moments are texts (UTC, to the microsecond): two of them are in order when their texts are. A day ends at the midnight
of Paris.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from app.claims.past_facts import State, decided_at, end_of_day, take_back
from app.claims.reading_facts import Facts, FactsError, Row

PLACEHOLDERS = {"19146-0"}
_CODE = re.compile(r"[0-9]{1,7}-[0-9]")
_VOLUME = re.compile(r"-?[0-9]{1,30}")


@dataclass(slots=True)
class Counted:
    """An analysis or an exam at a moment."""

    row: Row
    chapter: str
    is_subcontracted: bool
    is_retired: bool
    is_gone: bool
    """A newer export no longer held it."""
    volume: int | None
    state: State
    analyses: list[str] = field(default_factory=list)
    """Of an exam: the rows of its analyses, empty for one that the catalogue does not hold."""

    @property
    def key(self) -> tuple[str, str]:
        """Two rows with the same one are the same test for the laboratory system."""
        code = " ".join(self.row["code"].split())
        return self.row["level"], code or f"\0{self.row['row']}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A share: how much of how much."""

    numerator: int
    denominator: int
    rows_counted: int
    rows_missing: int
    rows_without_volume: int
    rows_emptied: int
    standings: Mapping[str, int]

    @property
    def percent(self) -> str:
        """The share rounded down to two decimals, exactly; empty when there is nothing to count."""
        if not self.denominator:
            return ""
        hundredths = self.numerator * 10_000 // self.denominator
        return f"{hundredths // 100},{hundredths % 100:02d}"

    @property
    def is_reached(self) -> bool:
        """Whether 80 % is reached, without any rounding."""
        return self.denominator > 0 and self.numerator * 5 >= self.denominator * 4


def is_code(text: str) -> bool:
    """Whether a text is a LOINC code with its right check digit (Luhn)."""
    if not _CODE.fullmatch(text):
        return False
    body, check = text.split("-")
    total = 0
    for place, sign in enumerate(reversed(body)):
        digit = int(sign) * (1 if place % 2 else 2)
        total += digit - 9 if digit > 9 else digit
    return -total % 10 == int(check)


class Moment:
    """A catalogue as it stood at a moment."""

    def __init__(self, facts: Facts, moment: str = "") -> None:
        self.facts = facts
        self.moment = moment or facts.now
        self.release = self._release()
        self.leaves_out_deprecated = self._grace_is_over()
        self._codes = {(line["release"], line["loinc_num"]): line["status"] for line in facts.codes}
        self._circuit = {line["loinc_num"] for line in facts.codes if line["in_circuit"] == "oui"}
        self._decided = decided_at(facts, self.moment)
        self.rows = self._counted()
        self._judged: dict[tuple[str, ...], dict[str, str]] = {}
        self._marked: dict[tuple[str, ...], list[Mark]] = {}

    def _release(self) -> str:
        since = [line["since"] for line in self.facts.releases]
        place = bisect_right(since, self.moment)
        return self.facts.releases[place - 1]["release"] if place else ""

    def _grace_is_over(self) -> bool:
        said = [line["last_day"] for line in self.facts.grace if line["at"] <= self.moment]
        return bool(said and said[-1]) and self.moment > end_of_day(date.fromisoformat(said[-1]))

    def _counted(self) -> list[Counted]:
        rows = {line["row"]: dict(line) for line in self.facts.rows if line["level"] in ("analysis", "exam", "chapter")}
        contents: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for line in self.facts.exams:
            contents[line["exam"]].append((line["analysis_code"], line["analysis"]))
        take_back(self.facts.changes, self.moment, rows, contents)
        names = {line["code"]: line["label"] for line in rows.values() if line["level"] == "chapter"}
        counted = [line for line in rows.values() if line["level"] != "chapter"]
        own = {
            line["row"]: line["chapter"] or names.get(line["chapter_code"], line["chapter_code"]) for line in counted
        }
        inherited: dict[str, str] = {}
        for exam, held in contents.items():
            for _, analysis in held:
                if analysis and own.get(exam):
                    inherited.setdefault(analysis, own[exam])
        decided = self._decided
        return [
            Counted(
                row=line,
                chapter=own[line["row"]] or inherited.get(line["row"], ""),
                is_subcontracted=line["is_subcontracted"] == "oui",
                is_retired=line["is_retired"] == "oui",
                is_gone=bool(line["retired_at"]),
                volume=_volume(line["annual_volume"]),
                state=decided.get(line["row"], State()),
                analyses=[analysis for _, analysis in contents.get(line["row"], ())],
            )
            for line in counted
        ]

    def decided(self) -> dict[str, State]:
        """Row -> what had been decided of it, for the rows of which something was said, at every level."""
        return self._decided

    # ---------- where a row stands

    def standings(self, definition: Row) -> dict[str, str]:
        """Row -> where it stands under a definition."""
        key = tuple(definition.get(name) or default for name, default in JUDGING.items())
        if key not in self._judged:
            self._judged[key] = self._standings(dict(zip(JUDGING, key, strict=True)))
        return self._judged[key]

    def _standings(self, judging: Mapping[str, str]) -> dict[str, str]:
        def status(item: Counted) -> str:
            found = item.state.status
            return "approved" if judging["statuses"] == "decided" and found == "decided" else found

        held = {item.key for item in self.rows if not item.is_gone}
        used = [
            item
            for item in self.rows
            if not item.is_gone or (status(item) == "approved" and item.state.code and item.key not in held)
        ]
        answers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for item in used:
            if status(item) == "approved" and item.state.outcome in ("code", "no_loinc"):
                answers[item.key].add(item.state.code)
        found = {item.row["row"]: self._standing(item, status(item), judging, answers) for item in used}
        for item in self.rows:
            is_retired = item.is_retired and not (judging["with_retired"] == "oui" and not item.is_gone)
            if is_retired or item.row["row"] not in found:
                found[item.row["row"]] = "retired"
        return found

    def _standing(
        self, item: Counted, status: str, judging: Mapping[str, str], answers: Mapping[tuple[str, str], set[str]]
    ) -> str:
        if status != "approved":
            return "waiting" if status == "decided" else "unfinished"
        if item.state.outcome != "code":
            return {"out_of_scope": "out_of_scope", "no_loinc": "no_code"}.get(item.state.outcome, "unfinished")
        release = self.release
        if judging["releases"] == "of_decision":
            release = item.state.choice["release"] if item.state.choice else ""
        in_release = self._codes.get((release, item.state.code)) if release else None
        placeholder = item.state.code in PLACEHOLDERS
        if in_release is None or not is_code(item.state.code):
            return "placeholder" if placeholder else "not_in_release"
        if in_release == "DEPRECATED" and (
            judging["deprecated"] == "never"
            or (judging["deprecated"] == "until_grace" and self.leaves_out_deprecated)
        ):
            return "deprecated"
        if len(answers[item.key]) > 1:
            return "several_codes"
        if placeholder:
            return "placeholder"
        is_outside = judging["circuit_only"] == "oui" and item.state.code not in self._circuit
        return "outside_circuit" if is_outside else "transcoded"

    # ---------- figures

    def marks(self, definition: Row) -> list["Mark"]:
        """Each row of the level, in the order of the files, with what it weighs under a definition."""
        names = ("level", "exam_rule", *JUDGING)
        key = tuple(definition.get(name, "") for name in names)
        if key not in self._marked:
            self._marked[key] = self._marks(definition)
        return self._marked[key]

    def _marks(self, definition: Row) -> list["Mark"]:
        stands = self.standings(definition)
        leaving = leaving_of(definition)
        by_analyses = definition["level"] == "exam" and definition["exam_rule"] == "all_analyses"
        found = []
        for item in self.rows:
            if item.row["level"] != definition["level"]:
                continue
            standing = stands[item.row["row"]]
            done, emptied = standing == "transcoded", False
            if by_analyses:
                inside = [stands.get(row, "unfinished") for row in item.analyses] if all(item.analyses) else []
                wanted = [one for one in inside if one not in leaving]
                done = bool(wanted) and set(wanted) == {"transcoded"}
                emptied = bool(inside) and not wanted
            found.append(Mark(item, standing, done, emptied, standing not in leaving and not emptied))
        return found

    def figure(self, definition: Row, chapter: str | None = None) -> Figure:
        """The figure of the catalogue, or of one of its chapters."""
        weighs = definition["measure"] == "volume"
        leaving = leaving_of(definition)
        standings: Counter[str] = Counter()
        numerator = denominator = counted = unknown = emptied = 0
        to_do: list[int] = []
        for mark in self.marks(definition):
            item = mark.counted
            if item.is_subcontracted and definition["with_subcontracted"] == "non":
                continue
            if chapter is not None and item.chapter != chapter:
                continue
            standings[mark.standing] += 1
            emptied += mark.is_emptied and mark.standing not in leaving
            if not mark.counts:
                continue
            if weighs and item.volume is None:
                unknown += 1
                continue
            weight = (item.volume or 0) if weighs else 1
            counted += 1
            denominator += weight
            if mark.is_done:
                numerator += weight
            else:
                to_do.append(weight)
        missing = _rows_to_reach(-(-denominator * 4 // 5) - numerator, to_do)
        return Figure(numerator, denominator, counted, missing, unknown, emptied, dict(standings))

    def chapters(self, level: str) -> list[str]:
        """The chapters of a level, in the order of the catalogue; empty for no chapter."""
        return list(dict.fromkeys(item.chapter for item in self.rows if item.row["level"] == level))


@dataclass(frozen=True, slots=True)
class Mark:
    """A row under a definition."""

    counted: Counted
    standing: str
    is_done: bool
    is_emptied: bool
    """An exam none of whose analyses is in scope, where exams count by their analyses."""
    counts: bool
    """Whether it is in the denominator, volumes apart."""


JUDGING = {
    "with_retired": "non",
    "circuit_only": "non",
    "out_of_scope_leaves": "oui",
    "no_code_leaves": "non",
    "statuses": "approved",
    "releases": "in_service",
    "deprecated": "until_grace",
}
"""What a definition may say of what a row is worth, and what holds when it says nothing."""


def leaving_of(definition: Row) -> set[str]:
    """The standings that take a row out of the denominator."""
    found = {"retired"}
    if (definition.get("out_of_scope_leaves") or "oui") == "oui":
        found.add("out_of_scope")
    if definition.get("no_code_leaves") == "oui":
        found.add("no_code")
    return found


def _volume(text: str) -> int | None:
    if not text:
        return None
    if not _VOLUME.fullmatch(text):
        raise FactsError(f"faits/rows.csv : « {text[:30]} » n'est pas un volume annuel")
    return int(text)


def _rows_to_reach(lacking: int, weights: Iterable[int]) -> int:
    """The fewest rows, the heaviest first, that make up for what is lacking."""
    count = 0
    for weight in sorted(weights, reverse=True):
        if lacking <= 0:
            break
        lacking -= weight
        count += 1
    return count
