"""Taking one's turn: whoever is about to check and then write holds the row that the check depends on.

SQLite has one writer, which is enough. On a server two transactions run side by side, and each would find the check
right. So a write begins by locking its catalogue, its laboratory or a subject of the whole installation, and reads
afterwards: at READ COMMITTED it then sees what the one before it wrote. A laboratory is locked before its catalogue.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlmodel import Session

from app.models import metadata
from app.platform.postgresql import is_postgresql


class Subject(StrEnum):
    """What has no row of its own to lock."""

    INSTALLATION = "installation"
    """What administrators write: accounts, laboratories, releases, value sets."""
    WITHDRAWALS = "withdrawals"
    """Mappings judged wrong, or put back."""
    CONSISTENCY = "consistency"
    """The warnings kept of a catalogue; taken after its rows and counts."""
    ACCOUNT_ATTEMPTS = "attempts on an account"
    ADDRESS_ATTEMPTS = "attempts from an address"


def lock_laboratory(session: Session, laboratory_id: int) -> None:
    """Be the only one to write in this laboratory, but for its catalogues, until the transaction ends."""
    hold_row(session.connection(), metadata.tables["laboratory"], laboratory_id)


def lock_catalogue(session: Session, catalogue_id: int) -> None:
    """Be the only one to write in this catalogue, until the transaction ends."""
    hold_row(session.connection(), metadata.tables["catalogue"], catalogue_id)


def lock_subject(session: Session, subject: Subject, key: str = "") -> None:
    """Be the only one to write on this subject (of this key), until the transaction ends."""
    hold_subject(session.connection(), subject, key)


def hold_row(connection: Connection, table: Table, row_id: int) -> None:
    """Lock one row. Rows that refer to it may still be added by others (FOR NO KEY UPDATE)."""
    if is_postgresql(connection):
        connection.execute(select(table.c.id).where(table.c.id == row_id).with_for_update(key_share=True))


def hold_subject(connection: Connection, subject: str, key: str = "") -> None:
    """Lock what is no row."""
    if is_postgresql(connection):
        statement: Any = select(func.pg_advisory_xact_lock(func.hashtextextended(f"{subject}:{key}", 0)))
        connection.execute(statement)
