"""Emitted reports on their way to the process that reads them: sealed where they wait, and gone once they were read.

They wait in the database, where every worker reaches them, as every received file does. A database keeps for a while
what was removed from it (free pages, journals, backups), and these hold patients: so each is sealed with a key that is
in no table, made of the key of the installation and of a salt drawn for this upload. What opens them is the process
that reads them, into a file that has no name and ends with that process.
"""

import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine

from app.effective import repository
from app.emitted.observed import CatalogueIndex, CodeSystems, Counts
from app.emitted.process import counts_of
from app.errors import InvalidInputError, WorkbenchError
from app.jobs.registry import register_sweep
from app.models import StoredFile, utc_now
from app.platform.database import reading, transaction
from app.second_factor.installation_key import installation_key
from app.settings import Settings
from app.storage import service as storage

KEPT = timedelta(hours=6)
"""How long reports may wait for a worker; then they are gone, read or not."""
KEY_PREFIX = "emis-"
"""How the files are published: nobody is shown them."""
GONE = "Ces comptes rendus ne sont plus gardés\u202f: envoyez-les de nouveau."
UNREADABLE = (
    "Ces comptes rendus n’ont pu être lus, sur une erreur que l’atelier ne prévoit pas. Rien n’est gardé. Envoyez un "
    "fichier à la fois pour trouver celui qui l’arrête."
)
_NONCE_BYTES = 12
_SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """Files that wait, in the order in which they were sent, and what opens them."""

    file_ids: tuple[int, ...]
    key: bytes


def new_salt() -> str:
    """What makes the key of one upload, in hexadecimal."""
    return secrets.token_hex(_SALT_BYTES)


def key_of(settings: Settings, salt: str) -> bytes:
    """The key of an upload, 32 bytes."""
    return hmac.digest(installation_key(settings), b"emitted reports" + bytes.fromhex(salt), "sha256")


def store(engine: Engine, key: bytes, laboratory_id: int, content: IO[bytes]) -> storage.Draft:
    """Keep one file, sealed, where nobody sees it; neither its name nor its own hash is written.

    It has no day of expiry and no catalogue: it is none of the files that are prepared for people.
    """
    return storage.write_draft(
        engine, StoredFile(laboratory_id=laboratory_id), _sealed(key, storage.pieces_of(content))
    )


def _sealed(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    cipher = AESGCM(key)
    for position, piece in enumerate(pieces):
        nonce = secrets.token_bytes(_NONCE_BYTES)
        yield nonce + cipher.encrypt(nonce, piece, str(position).encode())


def _opened(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    cipher = AESGCM(key)
    for position, piece in enumerate(pieces):
        yield cipher.decrypt(piece[:_NONCE_BYTES], piece[_NONCE_BYTES:], str(position).encode())


def counts_of_stored(
    engine: Engine, sealed: Sealed, index: CatalogueIndex, systems: CodeSystems
) -> Counts:
    """What the files that wait carry; to be run apart. Raises InvalidInputError, of words of ours."""
    with ExitStack() as stack:
        paths = []
        for file_id in sealed.file_ids:
            with reading(engine) as session:
                stored = session.get(StoredFile, file_id)
            if stored is None:
                raise InvalidInputError(GONE)
            # It has no name: whatever ends this process, the system takes it away with it.
            file = stack.enter_context(TemporaryFile())
            try:
                file.writelines(_opened(sealed.key, storage.read_pieces(engine, stored)))
            except (InvalidTag, storage.ContentGoneError) as error:
                raise InvalidInputError(GONE) from error
            file.flush()
            paths.append(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        return counts_of_paths(engine, paths, index, systems)


def counts_of_paths(
    engine: Engine | None, paths: Sequence[str], index: CatalogueIndex, systems: CodeSystems
) -> Counts:
    """What these files carry; to be run apart. Raises WorkbenchError, of words of ours.

    What any library says of a file may quote it: no other error leaves with its words, its cause or its trace.
    """
    try:
        return counts_of(engine, paths, index, systems)
    except (WorkbenchError, MemoryError):
        raise
    except Exception:
        raise InvalidInputError(UNREADABLE) from None


def forget_old(engine: Engine) -> bool:
    """Remove the reports that nobody read in time; whether there were some. Called by idle workers."""
    with reading(engine) as session:
        found = repository.waiting_files(session, KEY_PREFIX, utc_now() - KEPT)
    if found:
        with transaction(engine) as session:
            repository.delete_files(session, found)
    return bool(found)


register_sweep(forget_old)
