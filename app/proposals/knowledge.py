"""What the matcher may know beside the release: memory of consenting laboratories, NABM, the national set, the rule of
the laboratory on techniques, the habits of the catalogue."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, literal_column
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.catalogues.matcher_input import to_matcher
from app.models import (
    Catalogue,
    Laboratory,
    Level,
    LocalTest,
    MemoryEntry,
    NabmAlignment,
    Outcome,
    ReviewState,
    Status,
    ValueSetKind,
    ValueSetMember,
    WorklistEntry,
)
from app.platform.scoped import ACROSS
from app.proposals import repository
from app.proposals.habits import followed, habits_for
from app.proposals.withdrawals import Withdrawn, withdrawn_among
from app.terminology.value_sets import current_value_set
from matcher import Knowledge, Remembered
from matcher import LocalTest as MatcherTest
from matcher.habits import habits_from_json, habits_to_json
from matcher.knowledge import acts, cut_width, signature

KEYS = 400
"""Signatures asked for in one statement."""


def knowledge_for(session: Session, catalogue_id: int, rows: Sequence[MatcherTest] | None = None) -> Knowledge:
    """Everything that may be evidence for these rows of a catalogue, for all of them when `rows` is None.

    What it costs follows from these rows, not from what other laboratories hold.
    """
    catalogue = session.get_one(Catalogue, catalogue_id)
    if rows is None:
        return Knowledge(
            memory=_memory(session, catalogue, _signatures(session, catalogue_id)),
            nabm=_nabm(session),
            preferred=_preferred(session),
            label_width=_label_width(session, catalogue_id),
            method_rules=repository.method_rules_of(session, catalogue.laboratory_id),
            habits=habits_for(session, catalogue_id),
        )
    # The width is what the last search found: a page does not count the labels of its catalogue.
    width, rules, habits = repository.kept_for_pages(session, catalogue_id)
    return Knowledge(
        memory=_memory(session, catalogue, {signature(row) for row in rows}),
        nabm=_nabm(session, {act for row in rows for act in acts(row.nabm)}),
        preferred=_preferred(session),
        label_width=_label_width(session, catalogue_id) if width is None else width,
        method_rules=rules,
        habits=followed(habits),
    )


def _label_width(session: Session, catalogue_id: int) -> int:
    """The letters at which the labels of the analyses of a catalogue seem to be cut; 0 when they do not."""
    length = func.length(LocalTest.label)
    statement = (
        sa_select(length, func.count())
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == Level.ANALYSIS)
        .group_by(length)
    )
    counts = {int(letters): int(count) for letters, count in session.execute(statement)}
    return cut_width(counts)


def _signatures(session: Session, catalogue_id: int) -> set[str]:
    """The signatures of the rows of a catalogue, an exam of one analysis by itself and by its analysis."""
    found: set[str] = set()
    ids = repository.local_test_ids(session, catalogue_id)
    for start in range(0, len(ids), KEYS):
        tests = repository.local_tests_of(session, ids[start : start + KEYS])
        exams = [test.id for test in tests if test.id and test.level == Level.EXAM]
        analyses = repository.analyses_of(session, exams)
        found.update(signature(to_matcher(test)) for test in tests)
        found.update(signature(to_matcher(test, analyses[test.id])) for test in tests if test.id in analyses)
    return found


def knowledge_to_json(knowledge: Knowledge) -> dict[str, Any]:
    """The same as JSON values, for the chunks of a search, on whatever machine."""
    return {
        "memory": {
            key: [[item.loinc_num, item.count, list(item.origins)] for item in items]
            for key, items in knowledge.memory.items()
        },
        "nabm": {act: sorted(codes) for act, codes in knowledge.nabm.items()},
        "preferred": sorted(knowledge.preferred),
        "label_width": knowledge.label_width,
        "method_rules": dict(knowledge.method_rules),
        "habits": habits_to_json(knowledge.habits),
    }


def knowledge_from_json(values: dict[str, Any]) -> Knowledge:
    """What `knowledge_to_json` wrote."""
    return Knowledge(
        memory={
            key: tuple(Remembered(loinc_num, count, tuple(origins)) for loinc_num, count, origins in items)
            for key, items in values["memory"].items()
        },
        nabm={act: frozenset(codes) for act, codes in values["nabm"].items()},
        preferred=frozenset(values["preferred"]),
        label_width=int(values.get("label_width", 0)),
        method_rules=dict(values.get("method_rules", {})),
        habits=habits_from_json(values.get("habits", [])),
    )


def _memory(
    session: Session, catalogue: Catalogue, signatures: Collection[str]
) -> dict[str, tuple[Remembered, ...]]:
    """What is remembered for these signatures.

    Approved mappings of other catalogues whose laboratory allowed it, and imported ones, less those that this
    laboratory withdrew, and those that a laboratory withdrew of its own. A laboratory's own other catalogues and
    imported transcodings are always its own to reuse.
    """
    ours = catalogue.laboratory_id
    withdrawn: set[Withdrawn] = set()
    origins: dict[tuple[str, str], set[str]] = defaultdict(set)
    wanted = sorted(signatures)
    for start in range(0, len(wanted), KEYS):
        keys = wanted[start : start + KEYS]
        approved = session.execute(_approved(catalogue, keys), execution_options=ACROSS).all()
        withdrawn |= withdrawn_among(session, {ours, *(row[2].laboratory_id for row in approved)}, keys)
        for test, loinc_num, source, laboratory_name in approved:
            key = signature(to_matcher(test))
            if (source.laboratory_id, key, loinc_num) not in withdrawn:
                origins[(key, loinc_num)].add(f"{laboratory_name}, {source.name}")
        entries = select(MemoryEntry.signature, MemoryEntry.loinc_num, MemoryEntry.source_name).where(
            MemoryEntry.laboratory_id == ours, col(MemoryEntry.signature).in_(keys)
        )
        for key, loinc_num, source_name in session.exec(entries):
            origins[(key, loinc_num)].add(source_name or "transcodage importé")
    memory: dict[str, list[Remembered]] = defaultdict(list)
    for (key, loinc_num), names in sorted(origins.items()):
        if key in signatures and (ours, key, loinc_num) not in withdrawn:
            memory[key].append(Remembered(loinc_num, len(names), tuple(sorted(names))))
    return {key: tuple(items) for key, items in memory.items()}


def _approved(catalogue: Catalogue, signatures: Sequence[str]) -> Any:
    """(row, code, catalogue, laboratory) of what was approved under these signatures and may be reused here.

    Entries only find the rows: what they are and what was approved is read from the facts.
    """
    return (
        sa_select(LocalTest, col(ReviewState.loinc_num), Catalogue, col(Laboratory.name))
        .select_from(WorklistEntry)
        .join(LocalTest, col(LocalTest.id) == col(WorklistEntry.local_test_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .join(Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id))
        .where(
            # The index holds these only, and is used only when the question says so.
            col(WorklistEntry.signature) != literal_column("''"),
            col(WorklistEntry.signature).in_(signatures),
            # Written so that the index of statuses, which holds every approved row, is no way to begin.
            func.coalesce(col(ReviewState.status), "") == Status.APPROVED.value,
            col(ReviewState.outcome) == Outcome.CODE,
            col(Catalogue.id) != catalogue.id,
            col(Laboratory.allows_reuse) | (col(Laboratory.id) == catalogue.laboratory_id),
        )
    )


def _nabm(session: Session, wanted: Collection[str] | None = None) -> dict[str, frozenset[str]]:
    """The codes aligned with each act, or with these acts (four digits) only."""
    if wanted is not None and not wanted:
        return {}
    value_set = current_value_set(session, ValueSetKind.NABM)
    if value_set is None:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    statement = select(NabmAlignment.nabm, NabmAlignment.loinc_num)
    if wanted is not None:
        # A list may leave out the zeros in front.
        written = {act[zeros:] for act in wanted for zeros in range(len(act) - len(act.lstrip("0")) + 1)}
        statement = statement.where(col(NabmAlignment.nabm).in_(written))
    for nabm, loinc_num in session.exec(statement.where(NabmAlignment.value_set_id == value_set.id)):
        found[nabm.zfill(4)].add(loinc_num)
    return {act: frozenset(codes) for act, codes in found.items()}


def _preferred(session: Session) -> frozenset[str]:
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    if value_set is None:
        return frozenset()
    statement = select(ValueSetMember.loinc_num).where(ValueSetMember.value_set_id == value_set.id)
    return frozenset(session.exec(statement).all())
