"""A mapping of an earlier transcoding as a file tells it, and what came of importing it."""

from dataclasses import dataclass

from app.files.loinc_cells import CellFinding, Repair
from app.models import Level
from app.text import counted


@dataclass(frozen=True, slots=True)
class EarlierMapping:
    """A local code that a file gives a LOINC code."""

    local_code: str
    label: str
    loinc_num: str
    relation: str = ""
    """As the file says it."""
    comment: str = ""
    level: Level | None = None
    synonym: str = ""
    unit: str = ""
    specimen: str = ""
    technique: str = ""
    scale: str = ""
    timing: str = ""
    written: str = ""
    """The code as the file writes it, where that is not `loinc_num`."""
    finding: CellFinding = CellFinding.CODE
    """What the file says: a code, that there is none, or what cannot be read as one code."""
    repair: Repair | None = None
    reason: str = ""
    """Why there is no code, as the file says it."""
    author: str = ""
    dated: str = ""
    """When it was decided, as the file says it."""
    row_number: int | None = None
    system: str = ""
    """The list that the local code is of, where the file names several and not their levels."""


@dataclass(frozen=True, slots=True)
class EarlierMappings:
    """What a file holds."""

    title: str
    """The format, as the user reads it."""
    mappings: tuple[EarlierMapping, ...]
    skipped: tuple[tuple[str, int], ...] = ()
    """(reason, rows) of what is not taken up."""
    others: tuple[EarlierMapping, ...] = ()
    """What it says without one code that can be read: no memory, and yet earlier work."""
    notes: tuple[str, ...] = ()
    """Sentences on how the file was read."""


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """What an import wrote."""

    title: str
    source_name: str
    added: int
    known: int
    """Mappings that the same source had brought already."""
    from_catalogue: int
    """Entries whose local code is that of a test of the laboratory."""
    skipped: tuple[tuple[str, int], ...] = ()
    event_id: int = 0
    """The event of the trail."""

    @property
    def sentence(self) -> str:
        """The outcome as the user reads it."""
        taken = counted(self.added, "correspondance prise", "correspondances prises")
        parts = [
            f"{self.title} « {self.source_name} » : {taken} en mémoire, dont {self.from_catalogue} pour un code de vos "
            "catalogues."
        ]
        if self.known:
            parts.append(f"{counted(self.known, 'était déjà connue', 'étaient déjà connues')}.")
        parts += [
            f"{counted(count, 'ligne non reprise', 'lignes non reprises')} : {why}." for why, count in self.skipped
        ]
        return " ".join(parts)
