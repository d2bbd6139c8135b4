"""Made-up catalogues with their histories: as the CSV that the oracle reads, and as the facts that the application has.

The CSV tells what was so from when on; the facts tell what is so now and what each newer export changed. Rows that
share their local code are never removed, so that which analysis an exam holds is never a matter of judgement.
"""

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from app.models import Action, ChangeKind, Level

START = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
CODES = ("2951-2", "2823-3", "2075-0", "14749-6", "19146-0", "2951-9")
"""The last one has a wrong check digit, the one before is the placeholder."""
RELEASES = (1, 2)
TERMS = {
    1: {"2951-2": "ACTIVE", "2823-3": "ACTIVE", "2075-0": "DEPRECATED", "19146-0": "ACTIVE", "2951-9": "ACTIVE"},
    2: {"2951-2": "ACTIVE", "2823-3": "DEPRECATED", "14749-6": "TRIAL", "19146-0": "ACTIVE"},
}
LISTS = {0: (), 1: ("2951-2", "2075-0", "19146-0"), 2: ("2951-2", "14749-6")}
WHO = 1


@dataclass(frozen=True)
class Row:
    """A row as it is at one moment."""

    id: int
    level: Level
    code: str
    is_subcontracted: bool
    is_retired: bool
    """As the laboratory says, or because it is gone, or of an exam all of whose analyses are."""
    is_gone: bool
    volume: int | None
    links: tuple[int, ...] = ()


@dataclass
class History:
    """A catalogue: its rows now, and all that happened to it."""

    moment: datetime
    rows: dict[int, Row]
    told: list[tuple[datetime, Row]] = field(default_factory=list)
    facts: list[Any] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    suspended: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    releases: list[tuple[datetime, int]] = field(default_factory=list)
    grace: list[tuple[datetime, date | None]] = field(default_factory=list)
    lists: list[tuple[datetime, int]] = field(default_factory=list)

    def at(self, steps: Iterable[tuple[datetime, Any]]) -> Any:
        """The value in force at the moment."""
        return [value for at, value in steps if at <= self.moment][-1]

    @property
    def leaves_out_deprecated(self) -> bool:
        """Whether the day until which retired codes count has passed, at the moment (at midday in Paris and UTC)."""
        last = self.at(self.grace)
        return last is not None and self.moment.date() > last


def _derived(rows: dict[int, Row]) -> dict[int, Row]:
    """Exams have from their analyses whether they are sub-contracted and run."""
    found = dict(rows)
    for row in rows.values():
        if row.level is Level.EXAM and row.links:
            inside = [rows.get(id_) for id_ in row.links]
            held = [item if item is not None and not item.is_gone else None for item in inside]
            is_sub = all(item is not None and item.is_subcontracted for item in held)
            retired = all(item is not None and item.is_retired for item in held)
            found[row.id] = replace(row, is_subcontracted=is_sub, is_retired=row.is_gone or retired)
    return found


def make_history(seed: int) -> History:
    """A catalogue of up to a dozen rows and its history of some days, the same for one seed."""
    dice = random.Random(seed)
    rows: dict[int, Row] = {}
    analyses = list(range(1, dice.randint(1, 9)))
    for id_ in analyses:
        code = dice.choice(["A", "A", "B", f"C{id_}", f"C{id_}"])
        rows[id_] = Row(id_, Level.ANALYSIS, code, dice.random() < 0.25, dice.random() < 0.15, False, _volume(dice))
    for id_ in range(20, 20 + dice.randint(0, 4)):
        links = tuple(dice.sample([*analyses, 99], dice.randint(0, min(3, len(analyses) + 1))))
        rows[id_] = Row(id_, Level.EXAM, f"E{id_}", False, False, False, _volume(dice), links)
    rows = _derived(rows)
    history = History(START, rows)
    history.told = [(START, row) for row in rows.values()]
    history.releases, history.grace, history.lists = [(START, dice.choice(RELEASES))], [(START, None)], [(START, 0)]
    now = START
    for _ in range(dice.randint(0, 40)):
        now += timedelta(hours=dice.choice([1, 5, 24]))
        _happen(history, dice, now)
    # At midday, so that the day is the same in Paris and in UTC.
    day = START + timedelta(days=dice.randint(0, 20))
    history.moment = day.replace(hour=12, minute=dice.randint(0, 59), second=dice.randint(0, 59))
    return history


def _volume(dice: random.Random) -> int | None:
    return dice.choice([None, 0, 1, 7, 50, 99, 100, 101, 999, 1234, 1299, 10**17])


def _happen(history: History, dice: random.Random, now: datetime) -> None:
    kind = dice.random()
    if kind < 0.72 and history.rows:
        _decide(history, dice, now)
    elif kind < 0.80 and history.rows:
        row = dice.choice(list(history.rows.values()))
        history.suspended.append((row.id, now, now + timedelta(hours=dice.choice([2, 30, 500]))))
    elif kind < 0.84:
        history.releases.append((now, dice.choice(RELEASES)))
    elif kind < 0.88:
        history.grace.append((now, dice.choice([None, (START + timedelta(days=dice.randint(-3, 6))).date()])))
    elif kind < 0.92:
        history.lists.append((now, dice.choice([1, 2])))
    elif history.rows:
        _change(history, dice, now)


def _decide(history: History, dice: random.Random, now: datetime) -> None:
    """Something is said of a row, and often approved a little later."""
    row_id = dice.choice(list(history.rows))
    action = _say(history, dice, row_id, now, None)
    if action in (Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE) and dice.random() < 0.7:
        _say(history, dice, row_id, now + timedelta(minutes=20), Action.APPROVE)


def _say(history: History, dice: random.Random, row_id: int, now: datetime, said: Action | None) -> Action:
    mine = [fact for fact in history.facts if fact.local_test_id == row_id]
    actions = [Action.CHOOSE, Action.CHOOSE, Action.CHOOSE, Action.CHOOSE, Action.CHOOSE, Action.APPROVE]
    actions += [Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT, Action.SEND_BACK, Action.COMMENT, Action.FLAG]
    action = said or dice.choice([*actions, *([Action.UNDO] if mine else [])])
    is_code = action is Action.CHOOSE
    history.facts.append(
        SimpleNamespace(
            id=len(history.facts) + 1, local_test_id=row_id, action=action, created_at=now, author_id=WHO, reason="",
            comment="", loinc_num=dice.choice([*CODES[:4], *CODES]) if is_code else "",
            release_id=dice.choice([*RELEASES, None]) if is_code else None,
            undoes_id=dice.choice(mine).id if action is Action.UNDO else None,
        )
    )  # fmt: skip
    return action


def _change(history: History, dice: random.Random, now: datetime) -> None:
    """A newer export changed one analysis, took it away or brought it back."""
    rows = history.rows
    row = dice.choice([row for row in rows.values() if row.level is Level.ANALYSIS] or list(rows.values()))
    if row.level is Level.EXAM:
        return
    kind = dice.choice(["volume", "subcontracted", "retired", "gone"])
    if kind == "gone" and row.code not in ("A", "B"):
        changed = replace(row, is_gone=not row.is_gone, is_retired=not row.is_gone)
        what = ChangeKind.RETURNED if row.is_gone else ChangeKind.REMOVED
        if not row.is_gone and row.is_retired:
            # The workbench does not tell of a removed row whether it was run before: see `app.coverage.past`.
            return
        history.changes.append(_told(history, row.id, what, "", "", now))
    elif row.is_gone or kind == "gone":
        return
    elif kind == "volume":
        changed = replace(row, volume=_volume(dice))
        old = "" if row.volume is None else str(row.volume)
        history.changes.append(_told(history, row.id, ChangeKind.CHANGED, "annual_volume", old, now))
    elif kind == "subcontracted":
        changed = replace(row, is_subcontracted=not row.is_subcontracted)
        old = "oui" if row.is_subcontracted else "non"
        history.changes.append(_told(history, row.id, ChangeKind.CHANGED, "is_subcontracted", old, now))
    else:
        changed = replace(row, is_retired=not row.is_retired)
        old = "oui" if row.is_retired else "non"
        history.changes.append(_told(history, row.id, ChangeKind.CHANGED, "is_retired", old, now))
    before = dict(rows)
    rows[row.id] = changed
    history.rows = _derived(rows)
    history.told += [(now, item) for id_, item in history.rows.items() if item != before[id_]]


def _told(history: History, row_id: int, kind: ChangeKind, name: str, old: str, now: datetime) -> Any:
    return SimpleNamespace(
        id=len(history.changes) + 1, local_test_id=row_id, kind=kind, field=name, old=old, created_at=now
    )


class Facts:
    """What `app.coverage.past_repository` answers of a history."""

    def __init__(self, history: History) -> None:
        self._history = history

    def rows_now(self, _session: Any, _catalogue_id: int) -> dict[int, dict[str, Any]]:
        return {
            row.id: {
                "id": row.id, "level": row.level, "code": row.code, "label": "", "chapter": "", "chapter_code": "",
                "is_subcontracted": row.is_subcontracted, "is_retired": row.is_retired,
                "retired_at": START if row.is_gone else None, "annual_volume": row.volume,
            }
            for row in self._history.rows.values()
        }  # fmt: skip

    def contents_now(self, _session: Any, _catalogue_id: int) -> dict[int, list[tuple[str, int | None]]]:
        return {row.id: self._held(row) for row in self._history.rows.values() if row.links}

    def _held(self, exam: Row) -> list[tuple[str, int | None]]:
        rows = self._history.rows
        held = [rows.get(id_) for id_ in exam.links]
        return [("?", None) if row is None else (row.code, None if row.is_gone else row.id) for row in held]

    def changes_after(self, _session: Any, _catalogue_id: int, moment: datetime) -> Sequence[Any]:
        return [change for change in reversed(self._history.changes) if change.created_at > moment]

    def facts_until(self, _session: Any, _catalogue_id: int, moment: datetime) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for fact in self._history.facts:
            if fact.created_at <= moment:
                found[fact.local_test_id].append(fact)
        return found

    def suspended_at(self, _session: Any, _catalogue_id: int, moment: datetime) -> set[int]:
        return {row_id for row_id, start, end in self._history.suspended if start <= moment < end}

    def term_statuses(self, _session: Any, release_id: int, numbers: Iterable[str]) -> dict[str, str]:
        return {code: TERMS[release_id][code] for code in numbers if code in TERMS[release_id]}

    def codes_of_list(self, _session: Any, value_set_id: int, numbers: Iterable[str]) -> set[str]:
        return set(numbers) & set(LISTS[value_set_id])

    def names_of(self, _session: Any, user_ids: Iterable[int]) -> dict[int, str]:
        return dict.fromkeys(user_ids, "Biologiste")


def as_tables(histories: Sequence[History]) -> dict[str, str]:
    """The histories as the oracle reads them; each is the catalogue of its place."""
    lines: dict[str, list[list[Any]]] = {
        "moments.csv": [["catalogue", "moment"]],
        "rows.csv": [["catalogue", "row", "at", "level", "code", "subcontracted", "retired", "gone", "volume"]],
        "links.csv": [["catalogue", "exam", "analysis"]],
        "decisions.csv": [["catalogue", "row", "fact", "at", "action", "loinc", "release", "undoes"]],
        "suspended.csv": [["catalogue", "row", "from", "until"]],
        "releases.csv": [["catalogue", "at", "service"]],
        "grace.csv": [["catalogue", "at", "last_day"]],
        "lists.csv": [["catalogue", "at", "list"]],
        "terms.csv": [["release", "loinc", "status"]],
        "members.csv": [["list", "loinc"]],
    }
    for number, history in enumerate(histories):
        lines["moments.csv"].append([number, _iso(history.moment)])
        for at, row in history.told:
            volume = "" if row.volume is None else row.volume
            flags = [int(row.is_subcontracted), int(row.is_retired), int(row.is_gone)]
            lines["rows.csv"].append([number, row.id, _iso(at), row.level.value, row.code, *flags, volume])
        for row in history.rows.values():
            lines["links.csv"] += [[number, row.id, id_] for id_ in row.links]
        for fact in history.facts:
            undoes, release = fact.undoes_id or "", fact.release_id or ""
            lines["decisions.csv"].append(
                [number, fact.local_test_id, fact.id, _iso(fact.created_at), fact.action.value, fact.loinc_num,
                 release, undoes]
            )  # fmt: skip
        lines["suspended.csv"] += [[number, id_, _iso(start), _iso(end)] for id_, start, end in history.suspended]
        lines["releases.csv"] += [[number, _iso(at), release] for at, release in history.releases]
        lines["grace.csv"] += [[number, _iso(at), last or ""] for at, last in history.grace]
        lines["lists.csv"] += [[number, _iso(at), value] for at, value in history.lists]
    lines["terms.csv"] += [[release, code, status] for release, held in TERMS.items() for code, status in held.items()]
    lines["members.csv"] += [[number, code] for number, held in LISTS.items() for code in held]
    return {name: _csv(found) for name, found in lines.items()}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _csv(lines: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()
