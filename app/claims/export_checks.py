"""The codes of the exports of a pack are those that its facts approve. Pure; nothing of the workbench writes here.

Each code that leaves in LOINC_4, LOINC_5, LOINC_6 and in both ConceptMap is one that was approved for that local code,
and each analysis or exam that counts as transcoded leaves with its code. A received file whose own heading of the
column of codes does not say LOINC is known by its hash alone, and so is a label.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.claims.chain_check import strict_json
from app.claims.reading_facts import Facts, FactsError, Row
from app.claims.recompute import Moment
from app.files.values import after_apostrophe, bare

EXPORTS = "exports/"
_LEVELS = {"LOINC_4": ("chapter", "subchapter"), "LOINC_5": ("exam",), "LOINC_6": ("analysis",)}
_HEADING = re.compile(r"\W*code\b.*\bloinc\b", re.IGNORECASE)
_DELIMITERS = ";,\t|"


@dataclass(slots=True)
class _Approved:
    """What the facts approve."""

    codes: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """Level -> local code -> LOINC codes approved."""
    leaving: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """Level -> local code that one row in use has, and that counts as transcoded -> its LOINC code."""
    known: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Level -> local codes."""


def check_exports(contents: Mapping[str, bytes], facts: Facts, moment: Moment) -> None:
    """Raise FactsError at the first code of an export that the facts do not give, or that is missing from it."""
    approved = _approved(facts, moment)
    for name in sorted(contents):
        if name.endswith(".json"):
            _check_map(name, contents[name], approved)
            continue
        kind = next((kind for kind in _LEVELS if kind in name), None)
        if kind is not None and name.endswith(".csv"):
            _check_table(name, contents[name], _LEVELS[kind], approved)


def _approved(facts: Facts, moment: Moment) -> _Approved:
    found = _Approved()
    decided = moment.decided()
    stands = moment.standings(facts.definitions[0]) if facts.definitions else {}
    in_use: Counter[tuple[str, str]] = Counter()
    transcoded: list[tuple[Row, str]] = []
    for row in facts.rows:
        code = _plain(row["code"])
        found.known[row["level"]].add(code)
        if not row["retired_at"]:
            in_use[row["level"], code] += 1
        state = decided.get(row["row"])
        if state is not None and state.status == "approved" and state.code:
            found.codes[row["level"]][code].add(state.code)
            if stands.get(row["row"]) == "transcoded" and not row["retired_at"]:
                transcoded.append((row, state.code))
    for row, loinc in transcoded:
        code = _plain(row["code"])
        # Rows that share a local code are told apart by all that they say: that is left to the hash.
        if code and in_use[row["level"], code] == 1:
            found.leaving[row["level"]][code] = loinc
    return found


def _plain(text: str) -> str:
    told = bare(text)
    return after_apostrophe(told) or told


def _refuse(name: str, where: str, said: str) -> FactsError:
    return FactsError(f"« {name} », {where} : {said}")


# ---- LOINC_4, LOINC_5, LOINC_6


def _check_table(name: str, content: bytes, levels: tuple[str, ...], approved: _Approved) -> None:
    lines = _lines(content)
    start, places = _places(lines, len(levels))
    if not places:
        return
    for level, place in zip(levels, places, strict=True):
        rows = [(number, cells) for number, cells in enumerate(lines[start:], start=start + 1) if len(cells) > place]
        own = _own_column(rows, approved.known[level], set(places))
        for number, cells in rows:
            loinc = cells[place].strip()
            said = {_plain(cell) for position, cell in enumerate(cells) if position not in places}
            where = f"ligne {number}"
            if loinc and not any(loinc in approved.codes[level].get(code, ()) for code in said):
                raise _refuse(name, where, f"le code {loinc[:20]} n'est pas approuvé pour cette ligne")
            if level in ("analysis", "exam") and own is not None:
                code = _plain(cells[own])
                expected = approved.leaving[level].get(code)
                if expected is not None and expected != loinc:
                    said_of = f"« {code[:60]} » est approuvé avec {expected}, et porte {_or_none(loinc)}"
                    raise _refuse(name, where, said_of)


def _or_none(loinc: str) -> str:
    return loinc[:20] or "aucun code"


def _lines(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _places(lines: list[list[str]], levels: int) -> tuple[int, list[int]]:
    """Where the rows begin, and the columns of the LOINC codes; none when no heading says so."""
    for number, cells in enumerate(lines[:5], start=1):
        found = [place for place, cell in enumerate(cells) if _HEADING.match(cell)]
        if len(found) == levels:
            return number, found
    return 0, []


def _own_column(rows: list[tuple[int, list[str]]], known: set[str], codes: set[int]) -> int | None:
    """The column of the local codes: the first of those that hold most of them."""
    counts: Counter[int] = Counter()
    for _, cells in rows:
        counts.update(p for p, cell in enumerate(cells) if p not in codes and cell and _plain(cell) in known)
    best = max(counts.values(), default=0)
    return min((place for place, count in counts.items() if count == best), default=None)


# ---- ConceptMap


def _check_map(name: str, content: bytes, approved: _Approved) -> None:
    resource = strict_json(content)
    given: set[tuple[str, str]] = set()
    for code, loinc in _targets(resource):
        # A sub-chapter whose code serves several chapters is named with its chapter.
        names = {_plain(code), _plain(code.rpartition("/")[2])}
        if not any(loinc in found.get(own, ()) for found in approved.codes.values() for own in names):
            raise _refuse(name, f"code local « {code[:60]} »", f"le code {loinc[:20]} n'est pas approuvé")
        given.update((own, loinc) for own in names)
    for found in approved.leaving.values():
        for code, loinc in found.items():
            if (code, loinc) not in given:
                raise _refuse(name, f"code local « {code[:60]} »", f"le code approuvé {loinc} n'y est pas")


def _targets(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if resource.get("resourceType") != "ConceptMap":
        return
    for group in resource.get("group", []):
        for element in group.get("element", []):
            for target in element.get("target", []):
                if target.get("code"):
                    yield str(element["code"]), str(target["code"])
