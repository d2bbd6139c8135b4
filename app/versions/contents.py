"""The rows of signed versions, read back from the contents that were signed."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from app.errors import ConflictError, NotFoundError
from app.platform.open_transactions import forbid_open_transaction
from app.versions import repository, state
from app.versions.canonical import CanonicalRow, content_sha256, parse_content, without_open_decision
from app.versions.reading import canonical_rows
from app.versions.schemas import Signature

ERASED = (
    "Le contenu signé de cette version a été effacé par un administrateur : le journal dit pourquoi. La signature et "
    "son empreinte restent."
)
ALTERED = (
    "Le contenu gardé de cette version n’a plus l’empreinte qui fut signée : rien n’en est montré. Prévenez "
    "l’administrateur : transcodeur verify-audit dit ce qui a été modifié."
)
_LARGEST = 400_000_000
"""Bytes of a content: no catalogue comes near."""


def signed_content(signature: Signature, compressed: bytes) -> bytes:
    """The canonical content of a signature; ConflictError when it is gone, or is not what was signed."""
    if not compressed:
        raise ConflictError(ERASED)
    try:
        content = zlib.decompressobj().decompress(compressed, _LARGEST)
    except zlib.error as error:
        raise ConflictError(ALTERED) from error
    if content_sha256(content) != signature.content_sha256:
        raise ConflictError(ALTERED)
    return content


class KeptVersion:
    """The stored contents of a version: read with the session, opened without it."""

    def __init__(self, session: Session, signatures: Sequence[Signature], number: int) -> None:
        # A withdrawn signature says what it said.
        as_given = [replace(signature, withdrawn_at=None) for signature in signatures]
        self._chapters = state.covered(as_given, number)
        if not self._chapters:
            raise NotFoundError(f"La version {number} de ce catalogue n’existe pas.")
        self.number = number
        self._signatures = {chapter.signatures[-1].id: chapter.signatures[-1] for chapter in self._chapters.values()}
        self._compressed = repository.contents_of(session, sorted(self._signatures))

    @property
    def release_version(self) -> str:
        """The LOINC release against which it was signed."""
        return next(iter(self._chapters.values())).release_version

    def rows(self) -> list[CanonicalRow]:
        """Its rows, chapter by chapter; slow for a large catalogue."""
        forbid_open_transaction("read a signed content")
        found: list[CanonicalRow] = []
        for key, signature in self._signatures.items():
            names = {name for name, chapter in self._chapters.items() if chapter.signatures[-1].id == key}
            _, rows = parse_content(signed_content(signature, self._compressed.get(key, b"")))
            found += [row for row in rows if row.chapter in names]
        return found


class PresentRows:
    """The rows of the chapters where something is approved, as they stand: what could be signed now."""

    def __init__(self, session: Session, catalogue_id: int) -> None:
        self._names = set(state.signable(repository.chapter_marks(session, catalogue_id)))
        self._rows = canonical_rows(session, catalogue_id)

    def rows(self) -> list[CanonicalRow]:
        """The rows, as a signature would hold them."""
        return [without_open_decision(row) for row in self._rows if row.chapter in self._names]
