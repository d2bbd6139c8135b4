"""The coverage of a catalogue at a past moment (the end of a day of Paris), from what is never rewritten.

Decisions, the changes that newer exports made, the releases in service and the day until which retired codes count
are all facts with their moment. What came later is taken back from the rows of today, the newest first; nothing is read
from the projections, which only know the present.

Two things that no fact tells are taken as follows. A row that a newer export took away counts as run before; the
composition of an exam that was too long to be kept is that of today, and the report says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlmodel import Session

from app.coverage import past_repository
from app.coverage.definitions import CoverageRow
from app.coverage.report import Approver, suspended_sentence
from app.coverage.repository import COUNTED_LEVELS, DEPRECATED, inherited_chapters
from app.errors import InvalidInputError
from app.models import Catalogue, ChangeKind, Decision, Level, Outcome, Status
from app.terminology.grace import end_of
from app.text import PARIS, counted, french_day, in_paris
from app.transcoding.facts import StateValues, derive_state

_ANALYSES = "analyses"
_TRUE = "oui"
_CUT = "…"
Contents = dict[int, list[tuple[str, int | None]]]


@dataclass(slots=True)
class PastRows:
    """The rows at that moment, who had approved them, and what could not be known."""

    rows: list[CoverageRow]
    approvers: tuple[Approver, ...]
    warnings: tuple[str, ...] = ()


def last_moment(day: date) -> datetime:
    """The last moment of a day in Paris."""
    return end_of(day) - timedelta(microseconds=1)


def read_past_day(text: str, now: datetime) -> date | None:
    """The past day that an address names; None for an empty one and for today. Raises InvalidInputError."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(
            f"«\u202f{text.strip()[:30]}\u202f» n'est pas un jour\u202f: attendu AAAA-MM-JJ, par exemple 2026-11-21."
        ) from None
    today = in_paris(now).date()
    if day > today:
        raise InvalidInputError(f"Le {french_day(day)} n'est pas encore passé\u202f: donnez un jour passé.")
    return None if day == today else day


def require_existing(session: Session, catalogue: Catalogue, day: date) -> None:
    """Refuse a day on which the catalogue had received nothing yet."""
    assert catalogue.id is not None
    first = past_repository.first_import(session, catalogue.id) or catalogue.created_at
    if in_paris(first).date() > day:
        raise InvalidInputError(
            f"Ce catalogue n'existait pas encore le {french_day(day)}\u202f: son premier fichier a été reçu le "
            f"{french_day(in_paris(first).date())}."
        )


@dataclass(slots=True)
class _Catalogue:
    """The rows of a catalogue while what came later is being taken back."""

    rows: dict[int, dict[str, Any]]
    contents: Contents
    touched: set[int] = field(default_factory=set)
    cut: set[int] = field(default_factory=set)
    """Exams whose composition of then is not known whole."""

    def take_back(self, change: Any) -> None:
        """Undo one change of a newer export."""
        row = self.rows.get(change.local_test_id)
        if row is None:
            return
        self.touched.add(change.local_test_id)
        if change.kind == ChangeKind.ADDED:
            del self.rows[change.local_test_id]
        elif change.field == _ANALYSES:
            self._take_back_contents(change.local_test_id, change.old)
        elif change.field:
            if change.field in row:
                row[change.field] = _value(change.field, change.old)
        elif change.kind == ChangeKind.REMOVED:
            row["retired_at"], row["is_retired"] = None, False
        elif change.kind == ChangeKind.RETURNED:
            row["retired_at"], row["is_retired"] = datetime.min.replace(tzinfo=PARIS), True

    def _take_back_contents(self, exam_id: int, old: str) -> None:
        if old.endswith(_CUT):
            self.cut.add(exam_id)
            return
        self.cut.discard(exam_id)
        self.contents[exam_id] = [(code, None) for code in old.split(", ") if code]

    def link(self) -> None:
        """Find again the analyses of each exam by their codes, and what an exam has from them."""
        if not self.touched:
            return
        by_code: dict[str, int] = {}
        for row in self.rows.values():
            if row["level"] == Level.ANALYSIS and row["retired_at"] is None:
                by_code.setdefault(row["code"], row["id"])
        for exam_id, held in self.contents.items():
            linked = [(code, id_ if self._is_there(id_) else by_code.get(code)) for code, id_ in held]
            self.contents[exam_id] = linked
            exam = self.rows.get(exam_id)
            # Only where something was taken back: what a file said of an exam itself stays.
            if exam is not None and linked and self._is_touched(exam_id, held, linked):
                inside = [self.rows[id_] if id_ is not None else None for _, id_ in linked]
                exam["is_subcontracted"] = all(row is not None and row["is_subcontracted"] for row in inside)
                retired = all(row is not None and row["is_retired"] for row in inside)
                exam["is_retired"] = exam["retired_at"] is not None or retired

    def _is_there(self, row_id: int | None) -> bool:
        return row_id is not None and row_id in self.rows and self.rows[row_id]["retired_at"] is None

    def _is_touched(self, exam_id: int, held: Sequence[Any], linked: Sequence[Any]) -> bool:
        ids = {exam_id, *(id_ for _, id_ in (*held, *linked) if id_ is not None)}
        return bool(ids & self.touched)


def _value(name: str, text: str) -> Any:
    if name in ("is_subcontracted", "is_retired"):
        return text == _TRUE
    if name == "annual_volume":
        return int(text) if text else None
    return text


@dataclass(frozen=True, slots=True)
class _Codes:
    """What was known of the codes decided."""

    statuses: Mapping[str, str]
    """In the release of then, of those that it held."""
    chosen_in: Mapping[int, Mapping[str, str]]
    """Release -> the same in it, of those that were chosen in it."""
    in_circuit: Set[str]
    leaves_out_deprecated: bool


def past_rows(
    session: Session,
    catalogue_id: int,
    release_id: int,
    moment: datetime,
    *,
    leaves_out_deprecated: bool,
    circuit_id: int = 0,
) -> PastRows:
    """The analyses and exams of a catalogue with the facts in force at a moment.

    `circuit_id` is the list *Circuit de la biologie* that was in service, 0 when none was.
    """
    catalogue = _Catalogue(
        past_repository.rows_now(session, catalogue_id), past_repository.contents_now(session, catalogue_id)
    )
    for change in past_repository.changes_after(session, catalogue_id, moment):
        catalogue.take_back(change)
    catalogue.link()
    facts = past_repository.facts_until(session, catalogue_id, moment)
    # A fact has here the columns of a Decision that say its state.
    states = {test_id: derive_state(cast(Sequence[Decision], found)) for test_id, found in facts.items()}
    suspended = _suspend(states, past_repository.suspended_at(session, catalogue_id, moment))
    by_id = {fact.id: fact for found in facts.values() for fact in found}
    numbers = {state.loinc_num for state in states.values() if state.loinc_num}
    codes = _Codes(
        past_repository.term_statuses(session, release_id, numbers),
        _chosen_in(session, states, by_id),
        past_repository.codes_of_list(session, circuit_id, numbers) if circuit_id else frozenset(),
        leaves_out_deprecated,
    )
    names = past_repository.names_of(session, (fact.author_id for fact in by_id.values()))
    counted_rows = [row for row in catalogue.rows.values() if row["level"] in COUNTED_LEVELS]
    rows = _rows(catalogue, counted_rows, states, by_id, codes)
    rows = [_told(row, states.get(row.id), by_id, names) for row in rows]
    warnings = (*_warnings(catalogue), *suspended_sentence(suspended))
    return PastRows(rows, _approvers(rows, states, by_id, names), warnings)


def _chosen_in(
    session: Session, states: Mapping[int, StateValues], facts: Mapping[int, Any]
) -> Mapping[int, Mapping[str, str]]:
    """Release -> the status in it of each code chosen in it, when it holds that code."""
    chosen: dict[int, set[str]] = defaultdict(set)
    for state in states.values():
        choice = facts.get(state.decision_id or 0)
        if state.loinc_num and choice is not None and (release_id := choice.release_id) is not None:
            chosen[release_id].add(state.loinc_num)
    return {
        release_id: past_repository.term_statuses(session, release_id, numbers)
        for release_id, numbers in chosen.items()
    }


def _suspend(states: dict[int, StateValues], differing: Iterable[int]) -> int:
    """Take the approved rows of which two readings differed for decided ones; how many they are."""
    suspended = {id_ for id_ in differing if id_ in states and states[id_].status is Status.APPROVED}
    for row_id in suspended:
        states[row_id] = replace(states[row_id], status=Status.DECIDED)
    return len(suspended)


def _rows(
    catalogue: _Catalogue,
    rows: Iterable[Mapping[str, Any]],
    states: Mapping[int, StateValues],
    facts: Mapping[int, Any],
    codes: _Codes,
) -> list[CoverageRow]:
    found = list(rows)
    labels = {row["code"]: row["label"] for row in catalogue.rows.values() if row["level"] == Level.CHAPTER}
    own = {row["id"]: row["chapter"] or labels.get(row["chapter_code"], row["chapter_code"]) for row in found}
    links = {exam_id: [id_ for _, id_ in held] for exam_id, held in catalogue.contents.items()}
    inherited = inherited_chapters(links, own)
    made = []
    for row in found:
        state = states.get(row["id"], StateValues())
        status = codes.statuses.get(state.loinc_num)
        choice = facts.get(state.decision_id or 0)
        status_then = codes.chosen_in.get(choice.release_id, {}).get(state.loinc_num) if choice else None
        made.append(
            CoverageRow(
                id=row["id"],
                level=Level(row["level"]),
                code=row["code"],
                label=row["label"],
                chapter=own[row["id"]] or inherited.get(row["id"], ""),
                is_subcontracted=row["is_subcontracted"],
                chapter_code=row["chapter_code"],
                is_retired=row["is_retired"],
                retired_at=row["retired_at"],
                annual_volume=row["annual_volume"],
                status=state.status,
                outcome=state.outcome,
                loinc_num=state.loinc_num,
                code_exists=status is not None,
                code_is_left_out=codes.leaves_out_deprecated and status == DEPRECATED,
                code_is_deprecated=status == DEPRECATED,
                in_circuit=state.loinc_num in codes.in_circuit,
                code_existed=status_then is not None,
                code_was_deprecated=status_then == DEPRECATED,
                analysis_ids=tuple(links.get(row["id"], ())),
            )
        )
    return made


def _told(
    row: CoverageRow, state: StateValues | None, facts: Mapping[int, Any], names: Mapping[int, str]
) -> CoverageRow:
    """The row with what was written when it was decided, and by whom it was approved."""
    if state is None or state.decision_id is None:
        return row
    reason = facts[state.decision_id].reason
    return replace(row, reason=reason, approved_by=names.get(state.approved_by_id or 0, ""))


def _approvers(
    rows: Iterable[CoverageRow], states: Mapping[int, StateValues], facts: Mapping[int, Any], names: Mapping[int, str]
) -> tuple[Approver, ...]:
    """Who had approved the rows in force, and how many; the busiest first."""
    approved: dict[int, list[tuple[bool, datetime]]] = defaultdict(list)
    for row in rows:
        state = states.get(row.id)
        if row.status is Status.APPROVED and not row.is_retired and state is not None and state.approval_id:
            fact = facts[state.approval_id]
            approved[fact.author_id].append((row.outcome is Outcome.CODE, fact.created_at))
    lines = [
        Approver(
            names[person],
            sum(has_code for has_code, _ in found),
            sum(not has_code for has_code, _ in found),
            min(moment for _, moment in found),
            max(moment for _, moment in found),
        )
        for person, found in approved.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.with_code - line.without_code, line.name)))


def _warnings(catalogue: _Catalogue) -> tuple[str, ...]:
    exams = [exam_id for exam_id in catalogue.cut if exam_id in catalogue.rows]
    if not exams:
        return ()
    many = counted(len(exams), "examen, trop longue, n'a pas été gardée", "examens, trop longue, n'a pas été gardée")
    return (f"La composition d'alors de {many} en entier\u202f: celle d'aujourd'hui est prise.",)
