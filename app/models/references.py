"""Indexes of columns by which many rows refer to many others, so that a row goes without its table being read whole.

Whoever deletes a row has the database look for those that refer to it, one by one: a laboratory that is closed, a
search of proposals that ended badly. Without these indexes each row costs a reading of every other laboratory's.
"""

from sqlalchemy import Index

from app.models.base import metadata

REFERRING = {
    "decision": ("proposal_id", "supersedes_id"),
    "review_state": ("decision_id", "approval_id", "flag_id"),
    "batch_row": ("proposal_id", "decision_id"),
    "second_reading": ("proposal_id",),
    "local_test": ("source_row_id",),
    "consistency_finding": ("answer_id",),
}
"""Table → its columns. Most are empty in most rows, which the index then leaves out."""


def install() -> None:
    """Declare them, once every table is."""
    for table, columns in REFERRING.items():
        for name in columns:
            column = metadata.tables[table].c[name]
            given = column.is_not(None)
            Index(f"ix_{table}_{name}", column, sqlite_where=given, postgresql_where=given)
