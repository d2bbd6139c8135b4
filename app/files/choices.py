"""What a person settled of how a received file is read."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from app.files.kinds import FileKind
from app.files.records import Dialect
from app.patient_guard.findings import Kind


class Duplicates(StrEnum):
    """What becomes of rows that share a code and say different things."""

    KEEP = "garder"
    """All are kept, each an analysis of its own."""
    FIRST = "premiere"
    """The first of each code is kept."""
    LEAVE = "ecarter"
    """None is kept."""


DUPLICATES_LABELS = {
    Duplicates.KEEP: "Garder toutes les lignes, numérotées, chacune comme une analyse",
    Duplicates.FIRST: "Garder la première ligne de chaque code",
    Duplicates.LEAVE: "Laisser de côté toutes ces lignes",
}
SHARED_LABELS = {
    Duplicates.KEEP: "Garder toutes les lignes, chacune comme une analyse",
    Duplicates.FIRST: "Garder la première ligne de chaque code",
    Duplicates.LEAVE: "Laisser de côté toutes ces lignes",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user settled about a file; whatever is None is recognised from the file."""

    kind: FileKind | None = None
    dialect: Dialect | None = None
    detect_header: bool = False
    """Look for the header row again, for instance after another sheet was chosen."""
    columns: dict[str, int] | None = None
    """Field -> column, counted from 0."""
    takes_units: bool = True
    """Without column of units, take them from reference ranges and labels."""
    profile: int | None = None
    """The saved reading that was applied."""
    duplicates: Duplicates | None = None
    """Nobody guesses it: None as long as no person has said it."""
    shared: Duplicates = Duplicates.KEEP
    """What becomes of rows that share a code, with another unit or specimen."""
    leaves_rows: bool = False
    """Rows that cannot come in are left out, and the others taken."""

    beside: tuple[str, ...] = ()
    """What is said of the files that came with this one and are no table."""
    cleared: frozenset[Kind] = frozenset()
    """What looked like patients and is none: a person answered for it. It is never part of a saved reading."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": self.kind,
            "dialect": self.dialect.to_json() if self.dialect else None,
            "detect_header": self.detect_header,
            "columns": self.columns,
            "takes_units": self.takes_units,
            "profile": self.profile,
            "duplicates": self.duplicates,
            "shared": self.shared,
            "leaves_rows": self.leaves_rows,
            "beside": list(self.beside),
            "cleared": sorted(self.cleared),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        kind, dialect, columns = (values.get(name) for name in ("kind", "dialect", "columns"))
        duplicates = values.get("duplicates")
        return cls(
            FileKind(kind) if kind else None,
            Dialect.from_json(dialect) if dialect else None,
            bool(values.get("detect_header")),
            columns,
            bool(values.get("takes_units", True)),
            values.get("profile"),
            Duplicates(duplicates) if duplicates else None,
            Duplicates(values.get("shared") or Duplicates.KEEP),
            bool(values.get("leaves_rows")),
            tuple(values.get("beside", ())),
            frozenset(map(Kind, values.get("cleared", ()))),
        )


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file as received, and what the user settled about it."""

    name: str
    content: bytes
    choices: Choices = field(default_factory=Choices)
