"""One row at least in every table that an archive carries, so that none is forgotten when a laboratory moves."""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    select,
)

from app.audit.erasing import erase
from app.models import ReviewState
from app.models.chained import ERASABLE
from app.models.public_identifiers import new_public_id
from app.platform.database import transaction
from app.portability.carried import CARRIED, key_of, references, table_of
from app.portability.encoding import kind_of
from app.portability.shapes import SHAPES, WORDS, form_of
from app.tallies import marks
from app.tallies.rebuilding import bring_up
from app.transcoding.facts import derive_state
from app.transcoding.repository import facts_of_many, store_states
from tests.app.exports.sample import Sample
from tests.conftest import BIOLOGIST

MOMENT = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)
NOT_FILLED = {"imported_archive"}
"""That a laboratory came from elsewhere is what a move itself writes."""


def fill_every_table(sample: Sample) -> None:
    """Add a row to each carried table of the laboratory of the sample that has none."""
    with transaction(sample.world.engine) as session:
        connection = session.connection()
        for name in CARRIED:
            table = table_of(name)
            if name not in NOT_FILLED and connection.execute(select(table).limit(1)).first() is None:
                connection.execute(insert(table).values(_row(connection, sample, table)))
        marks.mark(session, [sample.catalogue_id], True)
    bring_up(sample.world.engine, sample.catalogue_id)


def erase_every_text(sample: Sample) -> set[tuple[str, str]]:
    """Erase every text of the first row of each carried table that may be erased; (table, column) of each."""
    erased = set()
    with transaction(sample.world.engine) as session:
        for name, columns in ERASABLE.items():
            if name not in CARRIED:
                continue
            number = session.execute(select(func.min(key_of(name)))).scalar_one()
            for column in columns:
                erase(session, name, number, column, reason="un nom de patient", actor=None)
                erased.add((name, column))
        for state in session.execute(select(ReviewState)).scalars():
            facts = facts_of_many(session, [state.local_test_id])
            store_states(session, {test: derive_state(found) for test, found in facts.items()})
        marks.mark(session, [sample.catalogue_id], True)
    bring_up(sample.world.engine, sample.catalogue_id)
    return erased


def empty_tables(connection: Connection) -> set[str]:
    """The carried tables without any row."""
    return {
        name for name in CARRIED
        if not connection.execute(select(func.count()).select_from(table_of(name))).scalar_one()
    }  # fmt: skip


def _row(connection: Connection, sample: Sample, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in table.columns:
        target = references(table.name).get(column.name)
        if target is not None:
            found[column.name] = _number(connection, sample, target)
        elif not (column.primary_key and column.foreign_keys == set() and column.name == "id"):
            found[column.name] = _value(table.name, column)
    if "content" in found:
        found["content"] = zlib.compress(b"{}")
        digest = hashlib.sha256(found["content"]).hexdigest()
        found |= {name: digest for name in ("sha256", "compressed_sha256") if name in found}
    if table.name == "erasure":
        # What it names is a row that is there.
        found |= {"table_name": "decision", "row_id": _number(connection, sample, "decision"), "column_name": "reason"}
    return found


def _number(connection: Connection, sample: Sample, target: str) -> int | None:
    """A row of the laboratory, the first one."""
    if target == "laboratory":
        return sample.world.laboratory_id
    if target == "user_account":
        return sample.world.user_id(BIOLOGIST)
    if target == "loinc_release":
        return sample.release.id
    if target not in CARRIED:
        return None
    found: int | None = connection.execute(select(func.min(key_of(target)))).scalar_one()
    return found


def _value(table: str, column: Column[Any]) -> Any:
    kind = kind_of(column)
    if (table, column.name) in WORDS:
        return sorted(WORDS[table, column.name])[-1]
    values: Mapping[type, Any] = {
        Boolean: False, Integer: 1, BigInteger: 1, Float: 0.5, DateTime: MOMENT, Date: date(2026, 3, 1),
    }  # fmt: skip
    if kind is JSON:
        return _of_shape(SHAPES[table, column.name])
    if column.name == "public_id":
        return new_public_id()
    if isinstance(column.type, LargeBinary):
        return b""
    form = form_of(table, column.name)
    if form is not None:
        return next(text for text in ("", "0" * 64, "0" * 36, "0" * 11, "0" * 9) if form.fullmatch(text))
    text = f"=é;'{column.name}"
    return values.get(kind, text[: getattr(column.type, "length", None) or 60])


def _of_shape(shape: Mapping[str, Any]) -> Any:
    kind = shape.get("type")
    if kind == "array":
        first = [_of_shape(item) for item in shape.get("prefixItems", ())]
        return first + [_of_shape(shape.get("items", {}))] * max(0, shape.get("minItems", 1) - len(first))
    if kind == "object":
        known = shape.get("properties", {})
        return {name: _of_shape(known.get(name, {})) for name in shape.get("required", ("mot",))}
    if "enum" in shape:
        return shape["enum"][0]
    return {"integer": 1, "number": 0.5}.get(str(kind), "é\"'")
