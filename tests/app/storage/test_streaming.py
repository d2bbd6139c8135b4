"""A stored file is written and sent piece by piece: the memory that takes does not depend on its size."""

import tracemalloc
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete
from sqlmodel import col

from app.models import StoredFile, StoredFileChunk
from app.platform import open_transactions
from app.platform.database import reading, transaction
from app.storage import repository, service
from app.storage.download import stored_download
from app.storage.service import CHUNK_BYTES

PIECES = 40


def content() -> Iterator[bytes]:
    for number in range(PIECES):
        yield bytes([number]) * CHUNK_BYTES


def published(engine: Engine) -> StoredFile:
    draft = service.write_draft(engine, StoredFile(title="Grand"), content())
    with transaction(engine) as session:
        return service.publish(session, draft, "essai")


def test_neither_writing_nor_sending_holds_the_whole_file(engine: Engine) -> None:
    with reading(engine) as session:
        assert repository.published(session, "essai") is None
    tracemalloc.start()
    try:
        file = published(engine)
        answer = stored_download(engine, file)
        assert file.size_bytes == PIECES * CHUNK_BYTES == int(answer.headers["content-length"])
        for number, piece in enumerate(service.read_pieces(engine, file)):
            assert piece[0] == number
            assert open_transactions.count_open() == 0, "a slow browser holds no transaction"
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * CHUNK_BYTES < file.size_bytes


def test_a_file_that_disappears_is_never_taken_for_whole(engine: Engine) -> None:
    file = published(engine)
    pieces = service.read_pieces(engine, file)
    next(pieces)
    with transaction(engine) as session:
        session.execute(delete(StoredFileChunk).where(col(StoredFileChunk.file_id) == file.id))
    with pytest.raises(service.ContentGoneError):
        next(pieces)


def test_the_number_of_a_file_is_never_given_again(engine: Engine) -> None:
    first = service.write_draft(engine, StoredFile(title="Un"), [b"x"])
    service.remove_draft(engine, first.id)
    second = service.write_draft(engine, StoredFile(title="Deux"), [b"x"])
    assert second.id > first.id


def test_two_files_are_not_published_under_one_key(engine: Engine) -> None:
    published(engine)
    draft = service.write_draft(engine, StoredFile(title="Autre"), [b"x"])
    with pytest.raises(service.AlreadyPublishedError), transaction(engine) as session:
        service.publish(session, draft, "essai")


def test_pieces_are_the_content() -> None:
    whole = bytes(range(256)) * 10_000
    assert b"".join(service.pieces(whole)) == whole
    assert [len(piece) for piece in service.pieces(whole)] == [CHUNK_BYTES, CHUNK_BYTES, len(whole) - 2 * CHUNK_BYTES]
    assert list(service.pieces(b"")) == []
