"""All SQL of catalogues that changed as a whole: their marks, and the rows to bring up next."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.coverage import repository as coverage
from app.models import CatalogueTally, ExamAnalysis, Level, LocalTest, WorklistEntry
from app.tallies.repository import BATCH, in_batches

EXAMS = 1
"""The stage of exams."""
FINDINGS = 2
"""The stage of the warnings of consistency, once every entry is right."""
_ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
_MARKS = CatalogueTally.__table__  # type: ignore[attr-defined]

# Every piece of every catalogue runs these: built once, as running them is ten times quicker than building them.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_MINE = _MARKS.c.catalogue_id == bindparam("wanted")
_PLACE = select(_MARKS.c.stage, _MARKS.c.reached).where(_MINE).with_for_update()
_MOVE = update(_MARKS).where(_MINE).values(stage=bindparam("new_stage"), reached=bindparam("new_reached"))
_NEXT = (
    select(col(LocalTest.id))
    .where(col(LocalTest.catalogue_id) == bindparam("wanted"), col(LocalTest.id) > bindparam("reached"))
    .order_by(col(LocalTest.id))
    .limit(bindparam("most"))
)
_NEXT_EXAMS = _NEXT.where(col(LocalTest.level) == Level.EXAM)
_NEXT_OTHERS = _NEXT.where(col(LocalTest.level) != Level.EXAM)
_KEYED = select(col(LocalTest.id), col(LocalTest.level), col(LocalTest.code), col(LocalTest.chapter_code)).where(
    col(LocalTest.id).in_(_IDS)
)
_OF_KEYS = select(_ENTRIES.local_test_id).where(
    _ENTRIES.catalogue_id == bindparam("wanted"), _ENTRIES.local_key.in_(bindparam("keys", expanding=True))
)
_CHAPTERS = select(col(LocalTest.id), col(LocalTest.chapter), col(LocalTest.chapter_code)).where(
    col(LocalTest.id).in_(_IDS), col(LocalTest.level).in_(coverage.COUNTED_LEVELS)
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a catalogue has come."""

    stage: int
    reached: int


def mark(session: Session, catalogue_ids: Iterable[int], about_figures: bool) -> None:
    """Say that these catalogues are to be brought up from their first row, whatever was under way."""
    dialect = session.get_bind().dialect.name
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    for catalogue_id in sorted(catalogue_ids):
        statement = build(_MARKS).values(
            catalogue_id=catalogue_id, is_about_figures=about_figures, stage=0, reached=0
        )
        before = _MARKS.c.is_about_figures
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["catalogue_id"],
                set_={"is_about_figures": before | statement.excluded.is_about_figures, "stage": 0, "reached": 0},
            )
        )


def marked(session: Session) -> list[int]:
    """The catalogues that are not brought up yet."""
    return list(session.scalars(select(_MARKS.c.catalogue_id).order_by(_MARKS.c.catalogue_id)))


def place_of(session: Session, catalogue_id: int) -> Place | None:
    """How far it has come, nobody else advancing meanwhile; None when it is done."""
    row = session.execute(_PLACE, {"wanted": catalogue_id}).first()
    return Place(*row) if row else None


def is_at(session: Session, catalogue_id: int, stage: int) -> bool:
    """Whether it has come to this stage; holds nothing."""
    return session.execute(select(_MARKS.c.stage).where(_MARKS.c.catalogue_id == catalogue_id)).scalar() == stage


def move(session: Session, catalogue_id: int, place: Place | None) -> None:
    """Write how far it has come; None when it is done."""
    if place is None:
        session.execute(delete(_MARKS).where(_MARKS.c.catalogue_id == catalogue_id))
        return
    values = {"new_stage": place.stage, "new_reached": place.reached}
    session.execute(_MOVE, {"wanted": catalogue_id, **values})


def next_rows(session: Session, catalogue_id: int, place: Place, limit: int) -> list[int]:
    """The rows to bring up next, in the order of their identifiers."""
    statement = _NEXT_EXAMS if place.stage == EXAMS else _NEXT_OTHERS
    values = {"wanted": catalogue_id, "reached": place.reached, "most": limit}
    return [row_id for row_id in session.scalars(statement, values) if row_id is not None]


@dataclass(frozen=True, slots=True)
class KeyedRow:
    """What makes the local key of a row."""

    id: int
    level: Level
    code: str
    chapter_code: str


def keyed_rows(session: Session, ids: Iterable[int]) -> list[KeyedRow]:
    """These rows by their facts."""
    return [
        KeyedRow(row_id, Level(level), code, chapter_code)
        for part in in_batches(ids)
        for row_id, level, code, chapter_code in session.execute(_KEYED, {"ids": part})
    ]


def rows_of_keys(session: Session, catalogue_id: int, keys: Collection[str]) -> set[int]:
    """The rows whose entries have one of these local keys."""
    found: set[int] = set()
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        found.update(session.scalars(_OF_KEYS, {"wanted": catalogue_id, "keys": wanted[start : start + BATCH]}))
    return found


def counted_chapters(session: Session, catalogue_id: int, ids: Collection[int]) -> dict[int, str]:
    """The chapter under which coverage counts each of these rows, analyses and exams only."""
    labels = coverage.chapter_labels(session, catalogue_id)
    own: dict[int, str] = {}
    for part in in_batches(ids):
        for row_id, chapter, code in session.execute(_CHAPTERS, {"ids": part}):
            own[row_id] = chapter or labels.get(code, code)
    inherited: dict[int, str] = {}
    for part in in_batches(row_id for row_id, chapter in own.items() if not chapter):
        for analysis_id, chapter, code in session.execute(_exams_of(), {"ids": part}):
            if name := chapter or labels.get(code, code):
                inherited.setdefault(analysis_id, name)
    return {row_id: chapter or inherited.get(row_id, "") for row_id, chapter in own.items()}


@cache
def _exams_of() -> Select[tuple[int, str, str]]:
    """(analysis, chapter of an exam, its code): the exams in the order of `app.coverage.repository.links_of`."""
    exam, link, any_link = LocalTest, ExamAnalysis, aliased(ExamAnalysis)
    first = select(func.min(any_link.id)).where(any_link.exam_id == col(exam.id)).scalar_subquery()  # type: ignore[arg-type]
    return (
        select(col(link.analysis_id), col(exam.chapter), col(exam.chapter_code))  # type: ignore[return-value]
        .join(exam, col(exam.id) == col(link.exam_id))
        .where(col(link.analysis_id).in_(_IDS))
        .order_by(col(exam.position), first)
    )
