"""A mapping of an earlier transcoding as a file tells it, and what came of importing it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.files.loinc_cells import CellFinding, Repair
from app.files.standings import Standing, is_known_standing, standing_in_file
from app.memory.reasons import Reason
from app.models import Level
from app.text import counted

_UNKNOWN_SHOWN = 5


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
    chapter: str = ""
    """Of a sub-chapter: the code or the label of its chapter. Two chapters may have sub-chapters of one code."""
    status: str = ""
    """How the statement stood when its file was written, as the file says it."""
    system: str = ""
    """The list that the local code is of, where the file names several and not their levels."""

    @property
    def standing(self) -> Standing:
        """Whether the file affirms it, rejects it, or leaves it to be looked at."""
        return standing_in_file(self.relation, self.status)

    @property
    def is_affirmed_code(self) -> bool:
        """Whether it may be memory: one code, that its file affirms."""
        return self.finding is CellFinding.CODE and self.standing is Standing.AFFIRMED


@dataclass(frozen=True, slots=True)
class EarlierMappings:
    """What a file holds."""

    title: str
    """The format, as the user reads it."""
    mappings: tuple[EarlierMapping, ...]
    """One code each, that the file affirms."""
    skipped: tuple[tuple[Reason, int], ...] = ()
    """(reason, rows) of what is not taken up."""
    others: tuple[EarlierMapping, ...] = ()
    """What it says without one code that can be read, rejects, or leaves in doubt: no memory, and yet earlier work."""
    notes: tuple[str, ...] = ()
    """Sentences on how the file was read."""


def sorted_out(
    title: str, said: Iterable[EarlierMapping], skipped: Mapping[Reason, int], notes: Sequence[str] = ()
) -> EarlierMappings:
    """What a file says, what may be memory apart from the rest; what it rejects or leaves in doubt is counted."""
    mappings = tuple(said)
    counts = Counter(skipped)
    for item in mappings:
        if item.standing is not Standing.AFFIRMED:
            counts[Reason.REJECTED if item.standing is Standing.REJECTED else Reason.TO_REVIEW] += 1
    unknown = Counter(item.status for item in mappings if not is_known_standing(item.status))
    told = [
        f"Statut « {status} » ({counted(count, 'ligne', 'lignes')}) : ce mot n'est pas connu, rien n'en est déduit."
        for status, count in unknown.most_common(_UNKNOWN_SHOWN)
    ]
    return EarlierMappings(
        title,
        tuple(item for item in mappings if item.is_affirmed_code),
        tuple(counts.items()),
        tuple(item for item in mappings if not item.is_affirmed_code),
        (*notes, *told),
    )


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
    skipped: tuple[tuple[Reason, int], ...] = ()
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
            f"{counted(count, 'ligne non reprise', 'lignes non reprises')} : {why.of(count)}."
            for why, count in self.skipped
        ]
        return " ".join(parts)
