"""Cells appended to a record, for the tests that read back what was written."""

from collections.abc import Sequence

from app.files.records import Dialect, Record, encode_cell


def append_cells(record: Record, values: Sequence[str], dialect: Dialect) -> bytes:
    """The record with cells appended and its own line end: the received bytes are a prefix of the result."""
    added = "".join(dialect.delimiter + encode_cell(value, dialect) for value in values)
    return record.raw + added.encode(dialect.encoding) + record.terminator
