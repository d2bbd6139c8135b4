"""What the matcher may know beside the release: memory of consenting laboratories, NABM, the national set."""

from collections import defaultdict
from typing import Any

from sqlmodel import Session, col, select

from app.catalogues.matcher_input import to_matcher
from app.models import (
    Catalogue,
    Laboratory,
    LocalTest,
    MappingWithdrawal,
    MemoryEntry,
    NabmAlignment,
    Outcome,
    ReviewState,
    Status,
    ValueSetKind,
    ValueSetMember,
)
from app.terminology.value_sets import current_value_set
from matcher import Knowledge, Remembered
from matcher.knowledge import signature


def knowledge_for(session: Session, catalogue_id: int) -> Knowledge:
    """Everything that may be evidence for this catalogue."""
    return Knowledge(
        memory=_memory(session, catalogue_id),
        nabm=_nabm(session),
        preferred=_preferred(session),
    )


def knowledge_to_json(knowledge: Knowledge) -> dict[str, Any]:
    """The same as JSON values, for the chunks of a search, on whatever machine."""
    return {
        "memory": {
            key: [[item.loinc_num, item.count, list(item.origins)] for item in items]
            for key, items in knowledge.memory.items()
        },
        "nabm": {act: sorted(codes) for act, codes in knowledge.nabm.items()},
        "preferred": sorted(knowledge.preferred),
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
    )


def _memory(session: Session, catalogue_id: int) -> dict[str, tuple[Remembered, ...]]:
    """Approved mappings of other catalogues whose laboratory allowed it, and imported ones, less the withdrawn.

    A laboratory's own other catalogues and imported transcodings are always its own to reuse.
    """
    catalogue = session.get_one(Catalogue, catalogue_id)
    withdrawn = {(item.signature, item.loinc_num) for item in session.exec(select(MappingWithdrawal))}
    origins: dict[tuple[str, str], set[str]] = defaultdict(set)
    statement = (
        select(LocalTest, ReviewState.loinc_num, Catalogue.name, Laboratory.name)
        .join(ReviewState, col(ReviewState.local_test_id) == LocalTest.id)
        .join(Catalogue, col(Catalogue.id) == LocalTest.catalogue_id)
        .join(Laboratory, col(Laboratory.id) == Catalogue.laboratory_id)
        .where(
            ReviewState.status == Status.APPROVED,
            ReviewState.outcome == Outcome.CODE,
            Catalogue.id != catalogue_id,
            col(Laboratory.allows_reuse) | (col(Laboratory.id) == catalogue.laboratory_id),
        )
    )
    for test, loinc_num, catalogue_name, laboratory_name in session.exec(statement):
        origins[(signature(to_matcher(test)), loinc_num)].add(f"{laboratory_name}, {catalogue_name}")
    entries = select(MemoryEntry).where(MemoryEntry.laboratory_id == catalogue.laboratory_id)
    for entry in session.exec(entries):
        origins[(entry.signature, entry.loinc_num)].add(entry.source_name or "transcodage importé")
    memory: dict[str, list[Remembered]] = defaultdict(list)
    for (key, loinc_num), names in sorted(origins.items()):
        if (key, loinc_num) not in withdrawn:
            memory[key].append(Remembered(loinc_num, len(names), tuple(sorted(names))))
    return {key: tuple(items) for key, items in memory.items()}


def _nabm(session: Session) -> dict[str, frozenset[str]]:
    value_set = current_value_set(session, ValueSetKind.NABM)
    if value_set is None:
        return {}
    acts: dict[str, set[str]] = defaultdict(set)
    statement = select(NabmAlignment.nabm, NabmAlignment.loinc_num)
    for nabm, loinc_num in session.exec(statement.where(NabmAlignment.value_set_id == value_set.id)):
        acts[nabm.zfill(4)].add(loinc_num)
    return {act: frozenset(codes) for act, codes in acts.items()}


def _preferred(session: Session) -> frozenset[str]:
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    if value_set is None:
        return frozenset()
    statement = select(ValueSetMember.loinc_num).where(ValueSetMember.value_set_id == value_set.id)
    return frozenset(session.exec(statement).all())
