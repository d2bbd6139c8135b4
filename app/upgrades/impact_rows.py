"""The rows of laboratories that carry the codes a release changes, for those who may read them. Nothing here writes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import (
    Catalogue,
    Level,
    LocalTest,
    Membership,
    MemoryEntry,
    ReviewState,
    Status,
    User,
)
from app.terminology.chunks import chunks
from app.terminology.wording import TASK_LABELS
from app.text import counted, one_line
from app.transcoding.readers import hidden_from_user
from app.upgrades.impact import UsedCode, decided_rows

AT_ONCE = 500
"""Codes in one statement."""
MEMBERS_ONLY = "réservées aux membres du laboratoire"
SHOWN_IN_TERMINAL = 200
"""Rows of one catalogue."""
_LEVELS = {
    Level.CHAPTER: "chapitre",
    Level.SUBCHAPTER: "sous-chapitre",
    Level.EXAM: "examen",
    Level.ANALYSIS: "",
}
Key = tuple[int, int, str]
"""Laboratory, catalogue (0 for the memory), LOINC code."""


@dataclass(frozen=True, slots=True)
class UsedRow:
    """A row of a laboratory that carries a code."""

    id: int
    """0 for an entry of the memory, which has no page."""
    level: Level
    code: str
    label: str
    is_approved: bool

    @property
    def text(self) -> str:
        """How a person recognises it: code, label, and what it is when it is no analysis."""
        said = " : ".join(text for text in (one_line(self.code), one_line(self.label)) if text)
        level = _LEVELS[self.level]
        return f"{said or 'sans code ni libellé'}{f' ({level})' if level else ''}"


@dataclass(frozen=True, slots=True)
class UsedRows:
    """The rows of some codes that may be shown."""

    open_to: frozenset[int] | None
    """Laboratories whose rows the reader may see; None for all of them."""
    _rows: Mapping[Key, Sequence[UsedRow]] = field(default_factory=dict)

    def of(self, item: UsedCode) -> Sequence[UsedRow] | None:
        """The rows of a code, in the order of the catalogue; None when the reader may not see them."""
        if self.open_to is not None and item.laboratory_id not in self.open_to:
            return None
        return self._rows.get(_key(item), ())


def _key(item: UsedCode) -> Key:
    return item.laboratory_id, item.catalogue_id, item.loinc_num


def rows_for(session: Session, used: Iterable[UsedCode], reader: User | None) -> UsedRows:
    """The rows of these codes that a person may see as a member; without a person, whoever has the database, all."""
    open_to = None if reader is None else _laboratories_of(session, reader)
    items = [item for item in used if open_to is None or item.laboratory_id in open_to]
    found: dict[Key, list[UsedRow]] = defaultdict(list)
    catalogues = {item.catalogue_id for item in items if item.catalogue_id}
    remembering = {item.laboratory_id for item in items if not item.catalogue_id}
    for numbers in chunks(sorted({item.loinc_num for item in items}), AT_ONCE):
        _add_decided(session, found, catalogues, numbers)
        _add_remembered(session, found, remembering, numbers)
    if reader is not None:
        hidden = hidden_from_user(session, reader, [row.id for rows in found.values() for row in rows if row.id])
        found = defaultdict(list, {key: [row for row in rows if row.id not in hidden] for key, rows in found.items()})
    return UsedRows(open_to, found)


def _laboratories_of(session: Session, reader: User) -> frozenset[int]:
    return frozenset(session.exec(select(Membership.laboratory_id).where(Membership.user_id == reader.id)))


def _add_decided(
    session: Session, found: dict[Key, list[UsedRow]], catalogues: Iterable[int], numbers: Sequence[str]
) -> None:
    statement = (
        select_columns(
            col(Catalogue.laboratory_id), col(Catalogue.id), col(ReviewState.loinc_num), col(LocalTest.id),
            col(LocalTest.level), col(LocalTest.code), col(LocalTest.label), col(ReviewState.status),
        )
        .select_from(ReviewState)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .where(*decided_rows(), col(Catalogue.id).in_(sorted(catalogues)), col(ReviewState.loinc_num).in_(numbers))
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )  # fmt: skip
    for laboratory_id, catalogue_id, number, test_id, level, code, label, status in session.execute(statement):
        row = UsedRow(test_id, Level(level), code, label, status == Status.APPROVED)
        found[laboratory_id, catalogue_id, number].append(row)


def _add_remembered(
    session: Session, found: dict[Key, list[UsedRow]], laboratories: Iterable[int], numbers: Sequence[str]
) -> None:
    statement = (
        select_columns(
            col(MemoryEntry.laboratory_id), col(MemoryEntry.loinc_num), col(MemoryEntry.local_code),
            col(MemoryEntry.label),
        )
        .where(col(MemoryEntry.laboratory_id).in_(sorted(laboratories)), col(MemoryEntry.loinc_num).in_(numbers))
        .order_by(col(MemoryEntry.id))
    )  # fmt: skip
    for laboratory_id, number, code, label in session.execute(statement):
        found[laboratory_id, 0, number].append(UsedRow(0, Level.ANALYSIS, code, label, False))


def row_sentences(used: Sequence[UsedCode], rows: UsedRows) -> list[str]:
    """For a terminal: each row of each catalogue under the code that changes."""
    lines: list[str] = []
    counts: Counter[int] = Counter()
    titles = {item.catalogue_id: item.catalogue for item in used}
    for item in used:
        found = rows.of(item) or () if item.catalogue_id else ()
        shown = found[: max(0, SHOWN_IN_TERMINAL - counts[item.catalogue_id])]
        counts[item.catalogue_id] += len(found)
        if shown:
            texts = "\u202f; ".join(row.text for row in shown)
            label = TASK_LABELS[item.kind][0]
            said = f"{label[:1].lower()}{label[1:]}"
            lines.append(f"  {item.catalogue}, {item.loinc_num} ({said})\u202f: {texts}")
    for catalogue_id, number in counts.items():
        if number > SHOWN_IN_TERMINAL:
            others = counted(number - SHOWN_IN_TERMINAL, "autre ligne", "autres lignes")
            lines.append(f"  {titles[catalogue_id]}\u202f: et {others}, que nomme le CSV de la page de cette version")
    return ["Lignes concernées\u202f:", *lines] if lines else []
