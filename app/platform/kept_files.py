"""Large received files, kept until a job has read them where that job can find them.

With the embedded database the job runs on the same machine: a file of the data folder is enough. With a server it may
run on another one: the file goes into the database, a piece at a time, each in a short transaction of its own.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from sqlalchemy import Engine, delete, select
from sqlmodel import col

from app.errors import NotFoundError
from app.models import UploadChunk, utc_now
from app.platform.database import reading, transaction
from app.platform.open_transactions import forbid_open_transaction
from app.platform.postgresql import is_postgresql

PREFIX = "base:"
CHUNK_BYTES = 1 << 20
FORGET_AFTER = timedelta(days=30)
"""A file whose job never ended well, and was never started again."""
GONE = "Le fichier reçu n'est plus là. Recommencez l'envoi."


def keep(engine: Engine, folder: Path, content: IO[bytes], suffix: str) -> str:
    """Copy a received file from its present place; returns the name under which the others find it."""
    forbid_open_transaction("keep a received file")
    if is_postgresql(engine):
        return _keep_in_database(engine, content)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{uuid4().hex}{suffix}"
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(content, target, CHUNK_BYTES)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return str(path)


def _keep_in_database(engine: Engine, content: IO[bytes]) -> str:
    key = uuid4().hex
    with transaction(engine) as session:
        session.execute(delete(UploadChunk).where(col(UploadChunk.created_at) < utc_now() - FORGET_AFTER))
    position = 0
    try:
        while block := content.read(CHUNK_BYTES):
            with transaction(engine) as session:
                session.add(UploadChunk(upload_key=key, position=position, content=block))
            position += 1
    except BaseException:
        forget(engine, PREFIX + key)
        raise
    return PREFIX + key


@contextmanager
def as_file(engine: Engine, name: str, suffix: str) -> Iterator[Path]:
    """The kept file as a file of this machine, for as long as the block lasts; NotFoundError when it is gone."""
    if not name.startswith(PREFIX):
        if not Path(name).is_file():
            raise NotFoundError(GONE)
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="transcodeur-") as folder:
        path = Path(folder) / f"recu{suffix}"
        with path.open("wb") as target:
            position = 0
            while (block := _chunk(engine, name.removeprefix(PREFIX), position)) is not None:
                target.write(block)
                position += 1
        if position == 0:
            raise NotFoundError(GONE)
        yield path


def _chunk(engine: Engine, key: str, position: int) -> bytes | None:
    with reading(engine) as session:
        statement = select(col(UploadChunk.content)).where(
            col(UploadChunk.upload_key) == key, col(UploadChunk.position) == position
        )
        return session.scalar(statement)


def forget(engine: Engine, name: str) -> None:
    """Delete a kept file; nothing happens when it is gone."""
    if not name.startswith(PREFIX):
        Path(name).unlink(missing_ok=True)
        return
    with transaction(engine) as session:
        session.execute(delete(UploadChunk).where(col(UploadChunk.upload_key) == name.removeprefix(PREFIX)))
