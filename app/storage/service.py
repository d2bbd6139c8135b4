"""Writing a file piece by piece, publishing it once, reading it back piece by piece, and letting it expire.

A file is written in short transactions under a row that nobody sees; publishing it is part of the transaction that
records what it is. A job that is delivered twice, or taken over after it was killed, publishes once: the unique key
of the file says so. The earlier attempt is recognised by its job, its pieces are removed, and should it still be
alive the database refuses its next piece.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.errors import ConflictError, TakenOverError
from app.models import StoredFile, utc_now
from app.platform.database import give_way, reading, transaction
from app.platform.open_transactions import forbid_open_transaction
from app.settings import Settings
from app.storage import repository

CHUNK_BYTES = 1 << 20
DRAFT_LIFE = timedelta(hours=24)
"""How long a file that is not published may take to be written."""

published = repository.published


class AlreadyPublishedError(ConflictError):
    """Another attempt of the same work published its file first: there is nothing left to do."""

    def __init__(self) -> None:
        super().__init__("Ce fichier est déjà prêt.")


class DraftTakenOverError(TakenOverError):
    """The draft was removed by another attempt of the same work."""

    def __init__(self) -> None:
        super().__init__("Ce travail a été repris par un autre processus : celui-ci s'arrête, rien n'est perdu.")


class ContentGoneError(Exception):
    """The content of a file disappeared while it was being read: what was sent is not whole."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is wholly written and not published."""

    id: int
    size: int
    """Bytes."""
    sha256: str


def pieces(content: bytes) -> Iterator[bytes]:
    """A content in pieces of at most `CHUNK_BYTES`, without a copy of the whole."""
    view = memoryview(content)
    for start in range(0, len(view), CHUNK_BYTES):
        yield bytes(view[start : start + CHUNK_BYTES])


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """An open file in pieces of at most `CHUNK_BYTES`."""
    while piece := file.read(CHUNK_BYTES):
        yield piece


def write_draft(engine: Engine, file: StoredFile, content: Iterable[bytes]) -> Draft:
    """Store a file that nobody sees yet, a piece a transaction.

    `file` says whose it is; an earlier draft of the same job is removed. Raises DraftTakenOverError when another
    attempt of the job began meanwhile.
    """
    forbid_open_transaction("store a file")
    with transaction(engine) as session:
        if file.job_id is not None:
            repository.delete_drafts(session, file.job_id)
        session.add(file)
        session.flush()
        assert file.id is not None
        file_id = file.id
    digest, size, count = hashlib.sha256(), 0, 0
    try:
        for count, piece in enumerate(content, start=1):
            with transaction(engine) as session:
                repository.add_chunk(session, file_id, count - 1, piece)
            give_way(engine)
            digest.update(piece)
            size += len(piece)
        with transaction(engine) as session:
            stored = session.get(StoredFile, file_id)
            if stored is None:
                raise DraftTakenOverError
            stored.size_bytes, stored.sha256, stored.chunk_count = size, digest.hexdigest(), count
            session.add(stored)
    except IntegrityError as error:
        raise DraftTakenOverError from error
    except BaseException:
        remove_draft(engine, file_id)
        raise
    return Draft(file_id, size, digest.hexdigest())


def remove_draft(engine: Engine, file_id: int) -> None:
    """Remove a file that will not be published; nothing happens when it was."""
    with transaction(engine) as session:
        repository.delete_draft(session, file_id)


def publish(session: Session, draft: Draft, key: str) -> StoredFile:
    """Make a file visible, in the transaction that records it; the caller fills in what it is called.

    Raises AlreadyPublishedError when a file of this key is published, DraftTakenOverError when the draft is gone.
    """
    if repository.published(session, key) is not None:
        raise AlreadyPublishedError
    stored = session.get(StoredFile, draft.id)
    if stored is None:
        raise DraftTakenOverError
    stored.published_key = key
    session.add(stored)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyPublishedError from error
    return stored


def read_pieces(engine: Engine, file: StoredFile) -> Iterator[bytes]:
    """The content of a file, a piece at a time, no transaction being open between two.

    Raises ContentGoneError when it disappears meanwhile.
    """
    assert file.id is not None
    for position in range(file.chunk_count):
        with reading(engine) as session:
            piece = repository.chunk(session, file.id, position)
        if piece is None:
            raise ContentGoneError(f"piece {position} of file {file.id}")
        yield piece


def remove_content(engine: Engine, file_id: int) -> None:
    """Remove the content of a published file that served; its row still says what it was."""
    with transaction(engine) as session:
        repository.remove_content(session, [file_id], utc_now())


def expire(engine: Engine, settings: Settings) -> int:
    """Remove what is too old, too many for its laboratory, or too much for all; returns the number of files.

    Each file leaves in a transaction of its own.
    """
    now = utc_now()
    with transaction(engine) as session:
        repository.delete_old_drafts(session, now - DRAFT_LIFE)
    with reading(engine) as session:
        files = repository.present(session)
    kept: dict[int | None, int] = {}
    total, gone = 0, []
    for file in files:
        if file.laboratory_id is None:
            # A received archive: neither prepared nor anybody's share.
            if file.expires_at is not None and file.expires_at <= now:
                gone.append(file.id)
            continue
        count = kept.get(file.laboratory_id, 0) + 1
        is_old = file.expires_at is not None and file.expires_at <= now
        is_over = total + file.size_bytes > settings.prepared_total_bytes and total > 0
        if is_old or is_over or count > settings.prepared_per_laboratory:
            gone.append(file.id)
            continue
        kept[file.laboratory_id] = count
        total += file.size_bytes
    for file_id in gone:
        if file_id is not None:
            remove_content(engine, file_id)
    return len(gone)
