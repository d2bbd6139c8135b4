"""What the rooms above know of versions and signatures, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

ChapterMark = tuple[int, int, int, int, int, int]
"""What changes when the signed content of a chapter may have changed: rows of the newest export, those with an
approval in force, the sum and the last of the identifiers of approvals, the last row, the last change of a row by a
newer export."""
ERASED = "(effacé)"
"""What stands for the name of a chapter that was erased for ever."""


@dataclass(frozen=True, slots=True)
class SignedChapter:
    """A chapter as it was signed."""

    name: str
    """Empty for the rows without chapter."""
    rows: int
    approved: int
    sha256: str
    """Of the canonical content of its rows alone."""
    mark: ChapterMark

    def as_json(self) -> list[Any]:
        """As a signature stores it."""
        return [self.name, self.rows, self.approved, self.sha256, list(self.mark)]

    @staticmethod
    def from_json(value: list[Any]) -> "SignedChapter":
        """Read back what `as_json` gave; a chapter whose name was erased for ever is one that no catalogue has."""
        if not value:
            return SignedChapter(ERASED, 0, 0, "", (0, 0, 0, 0, 0, 0))
        name, rows, approved, sha256, mark = value
        return SignedChapter(name, rows, approved, sha256, tuple(mark))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, without its content."""

    id: int
    public_id: str
    version: int
    completes: bool
    chapters: tuple[SignedChapter, ...]
    carried: tuple[SignedChapter, ...]
    signer_id: int
    signer_name: str
    rpps: str
    is_rpps_of_provider: bool
    title: str
    finess_ej: str
    finess_et: str
    proof: str
    proved_at: datetime
    release_version: str
    coverage: tuple[dict[str, Any], ...]
    sentence: str
    content_sha256: str
    mapping_sha256: str
    signed_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawal_reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether nobody withdrew it."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class VersionState:
    """Which version a catalogue is at, as every document that leaves it says."""

    number: int
    """That of the last version; 0 when nothing was ever signed."""
    is_signed: bool
    """Whether the mapping as it stands is a whole signed version."""
    is_whole: bool
    """Whether every chapter of the last version is signed, whatever has changed since."""
    label: str
    """In French; it begins with « PROJET » unless `is_signed`."""
    content_sha256: str
    """Of the whole mapping when the last signature in force was given; empty without one."""
    signatures: tuple[Signature, ...]
    """Those in force that make up the last version, the oldest first."""
