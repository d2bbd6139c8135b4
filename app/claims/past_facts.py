"""What stood at a past moment: decisions of then, and rows from which what came later is taken back.

Only the standard library (see `recompute`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.claims.reading_facts import Facts, Row

CHOICES = {"choose": "code", "no_loinc": "no_loinc", "out_of_scope": "out_of_scope", "doubt": ""}
JUDGES = {"approve": "approved", "send_back": "sent_back", "reimport": "sent_back"}
_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class State:
    """What the facts of a row lead to."""

    status: str = "todo"
    """todo, doubt, decided, sent_back or approved."""
    outcome: str = ""
    """code, no_loinc, out_of_scope, or nothing."""
    code: str = ""
    choice: Row | None = None
    """The fact that chose."""
    approval: Row | None = None
    """The fact that approved, while the row counts as approved."""
    last_approval: Row | None = None
    """The same, and also while two readings that differ keep the row from counting as approved."""


_NOTHING = State()


def end_of_day(day: date) -> str:
    """The last moment of a day in Paris."""
    midnight = datetime.combine(day + timedelta(days=1), time(), _PARIS).astimezone(UTC)
    return _text(midnight - timedelta(microseconds=1))


def moment_of(text: str) -> datetime:
    """A moment of the facts."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def decided_at(facts: Facts, moment: str) -> dict[str, State]:
    """Row -> what had been decided of it, for the rows of which something was said, at every level."""
    by_row: dict[str, list[Row]] = defaultdict(list)
    undone: set[str] = set()
    for fact in facts.decisions:
        if fact["at"] <= moment:
            by_row[fact["row"]].append(fact)
            undone.add(fact["undoes"])
    suspended = _suspended(facts, moment, undone)
    return {row: _state(found, undone, row in suspended) for row, found in by_row.items()}


def _suspended(facts: Facts, moment: str, undone: set[str]) -> set[str]:
    """The rows of which two readings differ, nobody having reconciled them."""
    ended = {
        line["reading"]
        for line in facts.reconciliations
        if line["at"] <= moment and line["decision"] not in undone
    }
    return {
        line["row"]
        for line in facts.readings
        if line["reading"]
        and line["is_agreement"] == "non"
        and line["read_at"] <= moment
        and line["reading"] not in ended
    }


def _state(facts: Sequence[Row], undone: set[str], is_suspended: bool) -> State:
    """What the facts of a row, oldest first, lead to."""
    standing = [fact for fact in facts if fact["fact"] not in undone and fact["action"] in {*CHOICES, *JUDGES}]
    choices = [fact for fact in standing if fact["action"] in CHOICES]
    if not choices:
        return _NOTHING
    choice, last = choices[-1], standing[-1]
    status = JUDGES.get(last["action"]) or ("doubt" if last["action"] == "doubt" else "decided")
    last_approval = last if status == "approved" else None
    outcome = CHOICES[choice["action"]]
    return State(
        status="decided" if status == "approved" and is_suspended else status,
        outcome=outcome,
        code=choice["loinc_num"] if outcome == "code" else "",
        choice=choice,
        approval=None if is_suspended else last_approval,
        last_approval=last_approval,
    )


def take_back(
    changes: Sequence[Row], moment: str, rows: dict[str, Row], contents: dict[str, list[tuple[str, str]]]
) -> None:
    """Undo what newer exports changed after a moment, the newest first: rows by identifier, contents of exams."""
    touched: set[str] = set()
    for change in reversed(changes):
        row = rows.get(change["row"])
        if change["at"] <= moment or row is None:
            continue
        touched.add(change["row"])
        kind, name = change["kind"], change["field"]
        if kind == "added":
            del rows[change["row"]]
        elif name == "analyses":
            # Too long to be kept whole: that of today is taken.
            if not change["old"].endswith("…"):
                contents[change["row"]] = [(code, "") for code in change["old"].split(", ") if code]
        elif name:
            if name in row:
                row[name] = change["old"]
        elif kind == "removed":
            row["retired_at"], row["is_retired"] = "", "non"
        elif kind == "returned":
            row["retired_at"], row["is_retired"] = "0001-01-01T00:00:00.000000Z", "oui"
    if touched:
        _link_again(rows, contents, touched)


def _link_again(rows: Mapping[str, Row], contents: dict[str, list[tuple[str, str]]], touched: set[str]) -> None:
    """Find again the analyses of each exam by their codes, and what an exam has from them."""
    by_code: dict[str, str] = {}
    for row in rows.values():
        if row["level"] == "analysis" and not row["retired_at"]:
            by_code.setdefault(row["code"], row["row"])
    for exam, held in contents.items():
        linked = [(code, row if row in rows and not rows[row]["retired_at"] else by_code.get(code, ""))
                  for code, row in held]  # fmt: skip
        contents[exam] = linked
        concerned = {exam, *(row for _, row in (*held, *linked) if row)}
        if exam in rows and linked and concerned & touched:
            inside = [rows.get(row) for _, row in linked]
            sent = all(row is not None and row["is_subcontracted"] == "oui" for row in inside)
            over = all(row is not None and row["is_retired"] == "oui" for row in inside)
            rows[exam]["is_subcontracted"] = "oui" if sent else "non"
            rows[exam]["is_retired"] = "oui" if rows[exam]["retired_at"] or over else "non"
