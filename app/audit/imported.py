"""Facts that came from another installation: what a number of there is here, and back.

A fact that came in has numbers of here; the chain that it came with is over its numbers of there. The line of its
archive says how the ones became the others, so that every digest of that chain can be computed again.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from app.models import metadata

ELSEWHERE = "ailleurs"
"""Marks, in an event, a number of there that means nothing here: it must never be taken for one of ours."""
OBJECTS = {
    "user": "user_account", "export_record": "export_record", "import_profile": "import_profile",
    "memory_entry": "memory_entry", "loinc_release": "loinc_release",
    **{name: name for name in ("batch", "catalogue", "laboratory", "local_test", "sign_off", "decision")},
}  # fmt: skip
"""What an event calls the object that it is about → the table of that object."""
DETAILS = {
    "catalogue_id": "catalogue", "decision_id": "decision", "undoes_id": "decision", "release_id": "loinc_release",
    "draft_id": "upload_draft", "job_id": "job", "batch_id": "batch", "local_test_id": "local_test",
    "run_id": "proposal_run", "source_file_id": "source_file", "user_id": "user_account",
}  # fmt: skip
"""Name in the details of an event → the table whose number it is."""
LOOSE = {"review_task": {"after_decision_id": "decision"}}
"""Columns that hold numbers of rows without saying so to the database."""


@cache
def _references(table: str) -> Mapping[str, str]:
    model = metadata.tables[table]
    found = {column.name: foreign.column.table.name for column in model.columns for foreign in column.foreign_keys}
    (key,) = model.primary_key.columns
    return {key.name: table, **found, **LOOSE.get(table, {})}


@cache
def _numbered(table: str) -> str:
    """The table whose numbers the key of this one holds: itself, or the one that its only key leads to."""
    model = metadata.tables.get(table)
    keys = list(model.primary_key.columns) if model is not None else []
    foreign = [item.column.table.name for item in keys[0].foreign_keys] if len(keys) == 1 else []
    return foreign[0] if foreign else table


class Renumbering:
    """How numbers of there became numbers of here, from `ImportedArchive.keys`."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self._shifts: Mapping[str, int] = keys["shifts"]
        self._maps = {
            table: {int(there): int(here) for there, here in pairs.items()} for table, pairs in keys["maps"].items()
        }
        self._back = {table: {here: there for there, here in pairs.items()} for table, pairs in self._maps.items()}
        self._dropped: Mapping[str, Mapping[str, int]] = keys["dropped"]
        self._spans = {table: (first, last) for table, (first, last) in keys["spans"].items()}

    def shift(self, table: str) -> int:
        """What is added to a number of there."""
        return self._shifts.get(table, 0)

    def here(self, table: str, there: int) -> int | None:
        """The number here of a row of there; None when it did not come."""
        table = _numbered(table)
        if table in self._maps:
            return self._maps[table].get(there)
        first, last = self._spans.get(table, (1, 0))
        return there + self._shifts[table] if first <= there <= last else None

    def there(self, table: str, here: int) -> int | None:
        """The number there of a row of here; None when it did not come from there."""
        table = _numbered(table)
        if table in self._back:
            return self._back[table].get(here)
        first, last = self._spans.get(table, (1, 0))
        there = here - self._shifts.get(table, 0)
        return there if first <= there <= last else None

    def row_here(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of there with our numbers; a number that means nothing here is None, or marked as of elsewhere."""
        found = dict(row)
        for column, target in self._columns(table, row).items():
            # Nothing, or 0, which is no row.
            if row.get(column):
                found[column] = self.here(target, row[column])
        if table == "audit_event":
            found["object_id"] = self._object(row, self.here)
            found["details"] = _told(row["details"], self.here)
        return found

    def row_there(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as it was there, from the row of here; columns that are not given are left out."""
        found = dict(row)
        columns = self._columns(table, row)
        for column, target in columns.items():
            if row.get(column):
                found[column] = self.there(target, row[column])
        key = next(iter(_references(table)))
        for column in columns:
            numbers = self._dropped.get(f"{table}.{column}")
            if numbers and column in row and row[column] is None:
                found[column] = numbers.get(str(found[key]))
        if table == "audit_event":
            if "object_id" in row:
                found["object_id"] = _unmarked(row["object_id"]) or self._object(row, self.there)
            if "details" in row:
                found["details"] = _untold(row["details"], self.there)
        return found

    @staticmethod
    def _columns(table: str, row: Mapping[str, Any]) -> Mapping[str, str]:
        known = _references(table)
        return {**known, "row_id": row["table_name"]} if table == "erasure" else known

    @staticmethod
    def _object(row: Mapping[str, Any], way: Any) -> str:
        said = str(row["object_id"])
        if not said.isdecimal() or not said.isascii():
            return f"{ELSEWHERE}:{said}" if said.startswith(f"{ELSEWHERE}:") else said
        number = way(OBJECTS[row["object_type"]], int(said)) if row["object_type"] in OBJECTS else None
        return str(number) if number is not None and str(int(said)) == said else f"{ELSEWHERE}:{said}"


def _unmarked(said: str) -> str:
    return said.removeprefix(f"{ELSEWHERE}:") if said.startswith(f"{ELSEWHERE}:") else ""


def _told(details: Any, way: Any) -> Any:
    """Details of an event with our numbers."""
    if not isinstance(details, dict):
        return details
    found = dict(details)
    for name in DETAILS.keys() & details.keys():
        value = details[name]
        if value is None or value == "":
            continue
        number = way(DETAILS[name], value) if type(value) is int else None
        found[name] = {ELSEWHERE: value} if number is None else number
    return found


def _untold(details: Any, way: Any) -> Any:
    """The same details as they were written there."""
    if not isinstance(details, dict):
        return details
    found = dict(details)
    for name in DETAILS.keys() & details.keys():
        value = details[name]
        if isinstance(value, dict) and value.keys() == {ELSEWHERE}:
            found[name] = value[ELSEWHERE]
        elif type(value) is int:
            found[name] = way(DETAILS[name], value)
    return found
