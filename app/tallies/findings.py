"""Keeping the warnings of consistency with each fact: found anew where codes change, for these codes only.

What a warning says of the rows of one key (a LOINC code, a local code, the mark of a label) follows from these rows
alone. Whoever changes one of them finds the warnings of its keys again, in the same transaction, and of no other.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, tuple_, update
from sqlmodel import Session

from app.consistency import repository as consistency
from app.consistency.found_sql import LEVELS, Found, Narrowed, found_among, found_in
from app.consistency.rules import KINDS
from app.consistency.service import SHOWN, narrowed_to, release_values
from app.errors import NotFoundError
from app.models import ConsistencyFinding, ConsistencyKind, CountFamily
from app.platform import locks
from app.tallies import repository
from app.tallies.counting import Counts, difference
from app.terminology.service import current_release

AT_ONCE = 100
"""Keys of one kind in one statement, and in one transaction of those that bring a catalogue up."""
_TABLE = ConsistencyFinding.__table__  # type: ignore[attr-defined]
_KEPT = _TABLE.c
_COMPARED = ("loinc_num", "name_mark", "twin_mark", "opposed", "volume", "level", "code", "position")
"""What of an entry a warning follows from."""
_KEYED = (ConsistencyKind.LABEL, ConsistencyKind.LOCAL_CODE)
"""The kinds that are not about a LOINC code."""
Values = dict[str, Any]
Subject = tuple[str, str]
"""(kind, subject)"""


def touched(pairs: Iterable[tuple[Mapping[str, Any] | None, Mapping[str, Any]]]) -> Narrowed:
    """The keys of the entries, before and after, that say something else of their code."""
    numbers: set[str] = set()
    twins: set[int] = set()
    codes: set[str] = set()
    for before, after in pairs:
        if before is not None and all(before[name] == after[name] for name in _COMPARED):
            continue
        for entry in (before, after):
            if entry is None or not entry["loinc_num"] or entry["level"] not in LEVELS:
                continue
            numbers.add(entry["loinc_num"])
            twins.update({entry["twin_mark"]} - {0})
            codes.update({entry["code"]} - {""})
    return Narrowed(numbers, twins, codes)


def of_answers(answered: Iterable[Subject]) -> Narrowed:
    """The keys of the warnings that somebody answered."""
    found: list[Narrowed] = []
    for kind, subject in answered:
        try:
            found.append(narrowed_to(ConsistencyKind(kind), subject))
        except (NotFoundError, ValueError):
            # An answer names a warning that was there; one that cannot be read names none that will come back.
            continue
    return Narrowed(
        {number for item in found for number in item.numbers},
        {twin for item in found for twin in item.twins},
        {code for item in found for code in item.codes},
    )


def refresh(session: Session, catalogue_id: int, keys: Narrowed) -> None:
    """Find the warnings of these keys again, and store what differs."""
    if not (keys.numbers or keys.twins or keys.codes):
        return
    # Two decisions on one code each see the other's row only once it is written.
    locks.lock_subject(session, locks.Subject.CONSISTENCY, str(catalogue_id))
    release = release_values(current_release(session))
    numbers, twins, codes = sorted(keys.numbers), sorted(keys.twins), sorted(keys.codes)
    for start in range(0, max(len(numbers), len(twins), len(codes)), AT_ONCE):
        end = start + AT_ONCE
        part = Narrowed(numbers[start:end], twins[start:end], codes[start:end])
        found = found_among(session, catalogue_id, release, part)
        _store(session, catalogue_id, _kept_of(session, catalogue_id, part), _values(session, catalogue_id, found))


def count_again(session: Session, catalogue_id: int) -> None:
    """Count the warnings that are kept, whatever their counts were."""
    locks.lock_subject(session, locks.Subject.CONSISTENCY, str(catalogue_id))
    statement = (
        select(_KEPT.kind, _KEPT.is_answered, func.count())
        .where(_KEPT.catalogue_id == catalogue_id)
        .group_by(_KEPT.kind, _KEPT.is_answered)
    )
    kept = {_count_key(kind, is_answered): (rows, 0, 0) for kind, is_answered, rows in session.execute(statement)}
    every = repository.counts(session, catalogue_id)
    counted = {key: amounts for key, amounts in every.items() if key[0] == CountFamily.FINDING}
    repository.add_counts(session, catalogue_id, difference(counted, kept))


def differing(session: Session, catalogue_id: int, found: Mapping[Subject, Values]) -> list[Subject]:
    """The warnings of a catalogue that are kept otherwise than `found` (see `computed`) says, in order."""
    kept = stored(session, catalogue_id)
    return sorted(key for key in found.keys() | kept.keys() if found.get(key) != kept.get(key))


def computed(session: Session, catalogue_id: int) -> dict[Subject, Values]:
    """Every warning of a catalogue, from its entries: reads every row of it."""
    return _values(session, catalogue_id, found_in(session, catalogue_id, release_values(current_release(session))))


def stored(session: Session, catalogue_id: int) -> dict[Subject, Values]:
    """Every warning that is kept of a catalogue."""
    return _by_subject(session.execute(select(_TABLE).where(_KEPT.catalogue_id == catalogue_id)))


def counts_of(findings: Iterable[Mapping[str, Any]]) -> Counts:
    """What warnings add to the counts of their catalogue."""
    found: dict[tuple[str, str], int] = {}
    for item in findings:
        key = _count_key(item["kind"], item["is_answered"])
        found[key] = found.get(key, 0) + 1
    return {key: (rows, 0, 0) for key, rows in found.items()}


def _count_key(kind: str, is_answered: bool) -> tuple[str, str]:
    return str(CountFamily.FINDING), json.dumps((kind, is_answered))


def _by_subject(rows: Iterable[Any]) -> dict[Subject, Values]:
    return {(row.kind, row.subject): dict(row._mapping) for row in rows}


def _values(session: Session, catalogue_id: int, found: Sequence[Found]) -> dict[Subject, Values]:
    examples = consistency.examples_of(session, catalogue_id, found, SHOWN) if found else {}
    return {
        (item.kind.value, item.subject): {
            "catalogue_id": catalogue_id,
            "kind": item.kind.value,
            "subject": item.subject,
            "weight": KINDS.index(item.kind),
            "level": item.level,
            "number": item.number,
            "local_code": item.local_code,
            "twin_mark": item.twin_mark,
            "rows": item.rows,
            "variants": item.variants,
            "volume": item.volume,
            "seen": item.seen,
            "answer_id": item.answer_id,
            "is_answered": item.answer_id is not None,
            "examples": ",".join(str(row_id) for row_id in examples[f"{item.kind} {item.subject}"]),
        }
        for item in found
    }


def _kept_of(session: Session, catalogue_id: int, keys: Narrowed) -> dict[Subject, Values]:
    def named(values: Collection[Any]) -> list[str]:
        return [f"{level}:{value}" for level in LEVELS for value in values]

    about_numbers = [kind.value for kind in KINDS if kind not in _KEYED]
    subject = _KEPT.subject
    here = or_(
        and_(_KEPT.kind.in_(about_numbers), subject.in_(named(keys.numbers))),
        and_(_KEPT.kind == ConsistencyKind.LABEL.value, subject.in_(named(keys.twins))),
        and_(_KEPT.kind == ConsistencyKind.LOCAL_CODE.value, subject.in_(named(keys.codes))),
    )
    return _by_subject(session.execute(select(_TABLE).where(_KEPT.catalogue_id == catalogue_id, here)))


def _store(
    session: Session, catalogue_id: int, before: Mapping[Subject, Values], after: Mapping[Subject, Values]
) -> None:
    gone = sorted(before.keys() - after.keys())
    fresh = [after[key] for key in sorted(after.keys() - before.keys())]
    other = [after[key] for key in sorted(after.keys() & before.keys()) if after[key] != before[key]]
    if gone:
        which = tuple_(_KEPT.kind, _KEPT.subject).in_(gone)
        session.execute(delete(_TABLE).where(_KEPT.catalogue_id == catalogue_id, which))
    if fresh:
        session.execute(insert(_TABLE), fresh)
    for item in other:
        same = (_KEPT[name] == item[name] for name in ("catalogue_id", "kind", "subject"))
        session.execute(update(_TABLE).where(*same).values(item))
    changes = difference(counts_of(before.values()), counts_of(after.values()))
    repository.add_counts(session, catalogue_id, changes)
