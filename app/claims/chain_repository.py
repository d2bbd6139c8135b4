"""All SQL of the part of the audit chain that a pack carries."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.models import (
    CatalogueChange,
    ChainLink,
    Decision,
    EffectiveCluster,
    EffectiveCount,
    EffectiveRun,
    LocalTest,
    ReadingReconciliation,
    ReadingRequest,
    SecondReading,
    SignOff,
    SignOffWithdrawal,
    SourceFile,
    TextSalt,
)
from app.models.chained import FactTable, fact_table
from app.platform.chain import read_facts
from app.platform.chain_digests import Member, read_json, read_members


def last_link(session: Session, chain: int, keys: dict[str, set[int]]) -> int:
    """The position of the last link of a chain over one of these facts (table -> keys); 0 when there is none."""
    statement = (
        select_columns(col(ChainLink.position), col(ChainLink.table_name), col(ChainLink.members))
        .where(col(ChainLink.chain) == chain, col(ChainLink.table_name).in_(sorted(keys)))
        .order_by(col(ChainLink.position).desc())
    )
    with session.execute(statement, execution_options={"yield_per": 10}) as found:
        for position, table, members in found:
            if any(member.key in keys[table] for member in read_members(members)):
                return int(position)
    return 0


def links(session: Session, chain: int, until: int) -> Iterator[ChainLink]:
    """The links of a chain up to a position."""
    statement = select_columns(ChainLink).where(col(ChainLink.chain) == chain, col(ChainLink.position) <= until)
    for (link,) in session.execute(statement.order_by(col(ChainLink.position)), execution_options={"yield_per": 10}):
        yield link


def fact_keys(session: Session, catalogue_id: int, run_id: int | None = None) -> dict[str, set[int]]:
    """Table -> keys of the facts of a catalogue that the pack holds and the chain of its laboratory links.

    `run_id`: its run of emitted reports that the pack holds.
    """
    tests = LocalTest
    keys: dict[str, Select[Any]] = {
        "decision": select_columns(col(Decision.id))
        .join(tests, col(tests.id) == col(Decision.local_test_id))
        .where(col(tests.catalogue_id) == catalogue_id),
        "catalogue_change": select_columns(col(CatalogueChange.id)).where(
            col(CatalogueChange.catalogue_id) == catalogue_id
        ),
        "source_file": select_columns(col(SourceFile.id)).where(col(SourceFile.catalogue_id) == catalogue_id),
        "reading_request": select_columns(col(ReadingRequest.id)).where(
            col(ReadingRequest.catalogue_id) == catalogue_id
        ),
        "second_reading": select_columns(col(SecondReading.id))
        .join(ReadingRequest, col(ReadingRequest.id) == col(SecondReading.request_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id),
        "reading_reconciliation": select_columns(col(ReadingReconciliation.id))
        .join(SecondReading, col(SecondReading.id) == col(ReadingReconciliation.reading_id))
        .join(ReadingRequest, col(ReadingRequest.id) == col(SecondReading.request_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id),
        "sign_off": select_columns(col(SignOff.id)).where(col(SignOff.catalogue_id) == catalogue_id),
        "sign_off_withdrawal": select_columns(col(SignOffWithdrawal.id)).where(
            col(SignOffWithdrawal.catalogue_id) == catalogue_id
        ),
    }
    if run_id is not None:
        runs = select_columns(col(EffectiveRun.id)).where(col(EffectiveRun.catalogue_id) == catalogue_id)
        keys["effective_run"] = runs.where(col(EffectiveRun.id) == run_id)
        for name, held in (("effective_count", EffectiveCount), ("effective_cluster", EffectiveCluster)):
            keys[name] = select_columns(col(held.id)).where(col(held.run_id) == run_id)
    return {name: set(session.scalars(statement)) for name, statement in keys.items()}


def linked_facts(
    session: Session, chain: int, until: int, table: str, keys: set[int]
) -> Iterator[tuple[FactTable, Any, Member, dict[str, str]]]:
    """Of these facts of one table: how a link reads them, what they say, what the link says of each, and its salts.

    In the order of the chain; a fact that has no link up to this position is not among them.
    """
    statement = (
        select_columns(ChainLink, col(TextSalt.salts))
        .outerjoin(
            TextSalt,
            (col(TextSalt.chain) == col(ChainLink.chain)) & (col(TextSalt.position) == col(ChainLink.position)),
        )
        .where(
            col(ChainLink.chain) == chain, col(ChainLink.position) <= until, col(ChainLink.table_name) == table
        )
        .order_by(col(ChainLink.position))
    )
    for link, salts in session.execute(statement, execution_options={"yield_per": 10}):
        members = {member.key: member for member in read_members(link.members) if member.key in keys}
        if not members:
            continue
        fixed, _, texts = link.column_names.partition("|")
        facts = fact_table(table, frozenset(f"{fixed},{texts}".split(",")))
        known = read_json(salts) if salts else {}
        for row in read_facts(session.connection(), facts, members):
            key = int(row[facts.key.name])
            yield facts, row, members[key], known.get(str(key), {})
