"""What newer exports changed in a catalogue since it was first imported, as it was kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from app.models import Catalogue, CatalogueChange, ChangeKind, Level, LocalTest, SourceFile, User
from app.platform.database import reading
from app.reimport.difference_view import KIND_WORDS, LEVEL_FILTERS
from app.reimport.substance import FIELD_NAMES
from app.text import paris_time
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import PageContext

PAGE_SIZE = 200
_HEADER = ("Date", "Fichier", "Par", "Différence", "Niveau", "Code", "Libellé", "Colonne", "Avant", "Après")


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One thing that changed."""

    at: datetime
    file_name: str
    author: str
    kind: str
    chip: str
    level: str
    test_id: int
    code: str
    label: str
    column: str
    old: str
    new: str
    is_substantive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPage(PageContext):
    """The changes of a catalogue, the latest first."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    address: str
    lines: list[ChangeLine]
    total: int
    first: int
    last: int
    previous_url: str
    next_url: str


def count_changes(session: Session, catalogue_id: int) -> int:
    """How many changes were kept."""
    statement = select(func.count()).where(col(CatalogueChange.catalogue_id) == catalogue_id)
    return session.scalar(statement) or 0


def change_lines(
    session: Session, catalogue_id: int, *, offset: int = 0, limit: int | None = None
) -> list[ChangeLine]:
    """The changes of a catalogue, the latest update first, each update in the order of its file."""
    statement = (
        select(
            CatalogueChange,
            col(LocalTest.level),
            col(LocalTest.code),
            col(LocalTest.label),
            col(SourceFile.file_name),
            col(User.display_name),
        )
        .join(LocalTest, col(LocalTest.id) == col(CatalogueChange.local_test_id))
        .join(SourceFile, col(SourceFile.id) == col(CatalogueChange.source_file_id))
        .join(User, col(User.id) == col(CatalogueChange.author_id), isouter=True)
        .where(col(CatalogueChange.catalogue_id) == catalogue_id)
        .order_by(col(CatalogueChange.created_at).desc(), col(CatalogueChange.id))
        .offset(offset)
    )
    rows: Sequence[Any] = session.execute(statement.limit(limit) if limit is not None else statement).all()
    return [_line(*row) for row in rows]


def _line(change: CatalogueChange, level: str, code: str, label: str, file_name: str, author: str | None) -> ChangeLine:
    _word, name, chip, _names = KIND_WORDS[ChangeKind(change.kind)]
    return ChangeLine(
        at=change.created_at,
        file_name=file_name,
        author=author or "",
        kind=name,
        chip=chip,
        level=LEVEL_FILTERS[Level(level)][1],
        test_id=change.local_test_id,
        code=code,
        label=label,
        column=FIELD_NAMES.get(change.field, ""),
        old=change.old,
        new=change.new,
        is_substantive=change.is_substantive,
    )


def changes_csv(database: Engine, catalogue_id: int) -> Iterator[str]:
    """All changes, for a spreadsheet, in pieces."""
    with reading(database) as session:
        lines = change_lines(session, catalogue_id)
    rows = (
        (
            paris_time(line.at), line.file_name, line.author, line.kind, line.level, line.code, line.label,
            line.column, line.old, line.new,
        )
        for line in lines
    )  # fmt: skip
    return csv_pieces(_HEADER, rows)
