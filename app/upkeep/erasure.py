"""Erasing texts that should never have come in, wherever they are, and saying so without what they were."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Table, UniqueConstraint, and_, delete, func, select, update
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, col

from app.accounts.repository import find_user_by_email
from app.audit.erasing import FactText, erase_all, is_erasable
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import Job, JobStatus, LocalTest, User, metadata
from app.models.append_only import APPEND_ONLY_TABLES
from app.models.chained import ERASABLE
from app.patient_guard.texts import refuse_patient_text
from app.platform.database import reading, transaction
from app.settings import Settings
from app.tallies.rebuilding import bring_up, bring_up_marked
from app.text import seen
from app.transcoding.facts import derive_state
from app.transcoding.repository import facts_of_many, store_states
from app.upkeep.embedded import embedded_file
from app.upkeep.erasure_places import Place, Wanted, looked_at, places, without

LEFT = frozenset({"user_account", "user_session", "api_token", "membership"})
"""What an administrator changes on a page: a name there is that of somebody who works here."""
_WITH_IT = {
    "mapping_withdrawal": ("signature", "label"),
    "memory_entry": ("signature", "label"),
    "worklist_entry": ("signature", "group_key", "label_key", "local_key"),
}
"""Columns made of the same words, in another order or spelling: they go together."""
_NOT_ALLOWED = "42501"
"""The code by which a server refuses what the owner alone may do."""
_MOST_FILE = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """Where the texts are."""

    places: list[Place]

    @property
    def by_table(self) -> list[tuple[str, int]]:
        """Table -> rows, in the order of the tables."""
        rows = Counter(table for table, _ in {(item.table, item.key) for item in self.places})
        return sorted(rows.items())


@dataclass(slots=True)
class Erased:
    """What was done, and what is left to the person who asked."""

    rows: list[tuple[str, int]]
    files: int = 0
    """Received files whose original content went with them."""
    left: list[Place] = field(default_factory=list)
    """Values that this does not change."""
    on_disk: list[Path] = field(default_factory=list)
    """Files of the data folder that still hold one of the texts: backups, most often."""
    is_server: bool = False


def find(engine: Engine, wanted: Wanted) -> Found:
    """Where these texts are; nothing is written."""
    with reading(engine) as session:
        return Found(places(session.connection(), wanted))


def erase(engine: Engine, settings: Settings, wanted: Wanted, *, email: str, reason: str) -> Erased:
    """Erase these texts for good: facts, the content of the files that brought them, copies, drafts and free pages.

    Raises InvalidInputError without a reason, or with one that says what is erased; NotFoundError for another person
    than an administrator; ConflictError while a job works on one of them.
    """
    if not seen(reason).strip():
        raise InvalidInputError("Un effacement porte son motif : donnez-le avec --motif, sans ce qui est effacé.")
    refuse_patient_text(reason)
    if wanted.within(reason):
        raise InvalidInputError("Le motif contient un texte à effacer : il serait gardé.")
    with transaction(engine) as session:
        actor = _administrator(session, email)
        found = places(session.connection(), wanted)
        _refuse_jobs(session, found)
        files = _erase_facts(session, found, reason=reason, actor=actor)
        catalogues = _erase_others(session, wanted, found)
        done = Erased(Found([item for item in found if item.table not in LEFT]).by_table, files)
        record(
            session, "erasure.done", actor=actor,
            rows=dict(done.rows), files=files, texts=len(wanted.texts), reason=reason,
        )  # fmt: skip
    for catalogue in catalogues:
        bring_up(engine, catalogue)
    bring_up_marked(engine)
    _erase_derived(engine, wanted)
    done.left = find(engine, wanted).places
    done.is_server = embedded_file(settings) is None
    _empty_pages(engine)
    done.on_disk = list(_files_with(settings.data_dir, wanted, embedded_file(settings)))
    return done


def _administrator(session: Session, email: str) -> User:
    person = find_user_by_email(session, email.strip()) if email.strip() else None
    if person is None or not person.is_active or not person.is_administrator:
        raise NotFoundError(
            "Un effacement est fait au nom d'un administrateur : donnez son adresse avec --par."
        )
    return person


def _refuse_jobs(session: Session, found: Sequence[Place]) -> None:
    """A job that works on a text would write it again."""
    jobs = {item.key[0] for item in found if item.table == "job"}
    jobs |= {item.key[0] for item in found if item.table in ("job_chunk", "job_plan")}
    over = [status for status in JobStatus if status.is_over]
    statement = select(col(Job.id)).where(col(Job.id).in_(jobs), col(Job.status).not_in(over))
    if session.execute(statement).first() is not None:
        raise ConflictError("Un travail en cours tient un de ces textes : attendez sa fin, ou annulez-le.")


# ---- facts ----------------------------------------------------------------------------------------------------


def _erase_facts(session: Session, found: Sequence[Place], *, reason: str, actor: User) -> int:
    """Erase what stands in append-only tables, and the received files that brought it; how many files."""
    texts: dict[FactText, None] = {}
    for item in found:
        if item.table in APPEND_ONLY_TABLES and is_erasable(item.table, item.column):
            names = {item.column} | ({*_WITH_IT.get(item.table, ())} & {*ERASABLE.get(item.table, ())})
            texts.update(dict.fromkeys(FactText(item.table, item.key[0], name) for name in sorted(names)))
    rows = [item.key[0] for item in found if item.table == "source_row"]
    source_row, source_file = metadata.tables["source_row"], metadata.tables["source_file"]
    files: set[int] = {item.key[0] for item in found if item.table == "source_file" and item.column == "content"}
    for start in range(0, len(rows), 500):
        asked = select(source_row.c.source_file_id).where(source_row.c.id.in_(rows[start : start + 500])).distinct()
        files |= set(session.execute(asked).scalars())
    asked = select(source_file.c.id).where(source_file.c.id.in_(files), func.length(source_file.c.content) > 0)
    with_content = set(session.execute(asked).scalars())
    texts.update(dict.fromkeys(FactText("source_file", number, "content") for number in sorted(with_content)))
    if texts:
        erase_all(session, list(texts), reason=reason, actor=actor)
        _derive_again(session, [item.row for item in texts if item.table == "decision"])
    return len(with_content)


def _derive_again(session: Session, decisions: Sequence[int]) -> None:
    """A state says whether its decision has a comment."""
    decision = metadata.tables["decision"]
    for start in range(0, len(decisions), 500):
        part = decisions[start : start + 500]
        tests = session.execute(select(decision.c.local_test_id).where(decision.c.id.in_(part)).distinct()).scalars()
        session.expire_all()
        facts = facts_of_many(session, sorted(tests))
        store_states(session, {test: derive_state(found) for test, found in facts.items()})


# ---- everything else ------------------------------------------------------------------------------------------


def _erase_others(session: Session, wanted: Wanted, found: Sequence[Place]) -> list[int]:
    """Take the texts out of the other tables; the catalogues whose rows changed."""
    connection = session.connection()
    others = [item for item in found if item.table not in APPEND_ONLY_TABLES and item.table not in LEFT]
    drafts = {item.key[0] for item in others if item.table == "upload_draft"}
    files = [item.key[0] for item in others if item.table == "upload_draft_file"]
    _remove_drafts(connection, drafts, files)
    if found:
        # A copy made for a download holds what the catalogue holds, cut into pieces and compressed: all go.
        stored, pieces = metadata.tables["stored_file"], metadata.tables["stored_file_chunk"]
        connection.execute(delete(pieces))
        connection.execute(update(stored).where(stored.c.removed_at.is_(None)).values(removed_at=func.now()))
    if any(item.table == "job_plan" for item in others):
        connection.execute(delete(metadata.tables["job_plan"]).where(
            metadata.tables["job_plan"].c.job_id.in_([item.key[0] for item in others if item.table == "job_plan"])
        ))  # fmt: skip
    done = {"upload_draft", "upload_draft_file", "stored_file_chunk", "job_plan"}
    columns: dict[tuple[str, tuple[Any, ...]], set[str]] = {}
    for item in others:
        if item.table not in done:
            columns.setdefault((item.table, item.key), set()).add(item.column)
    catalogues: set[int] = set()
    for (table, key), names in columns.items():
        if table == "local_test":
            catalogues.add(_empty_test(session, key[0], names))
        else:
            _empty_row(connection, wanted, table, key, names)
    session.flush()
    return sorted(catalogues)


def _remove_drafts(connection: Connection, drafts: set[int], files: Iterable[int]) -> None:
    draft, draft_file = metadata.tables["upload_draft"], metadata.tables["upload_draft_file"]
    drafts |= set(connection.execute(select(draft_file.c.draft_id).where(draft_file.c.id.in_(list(files)))).scalars())
    connection.execute(delete(draft_file).where(draft_file.c.draft_id.in_(drafts)))
    connection.execute(delete(draft).where(draft.c.id.in_(drafts)))


def _empty_test(session: Session, key: int, names: set[str]) -> int:
    """Through the session: what is counted of a row follows."""
    test = session.get_one(LocalTest, key)
    for name in names:
        setattr(test, name, _instead(LocalTest.__table__, name, key))  # type: ignore[attr-defined]
    session.add(test)
    return test.catalogue_id


def _instead(table: Table, column: str, key: object) -> str:
    """What stands in the place of a text: nothing, or a word where a row must be told from another or read."""
    unique = {
        name.name for item in table.constraints if isinstance(item, UniqueConstraint) for name in item.columns
    } | {name.name for name in table.columns if name.unique}
    return f"effacé {key}" if column in unique or column in ("label", "name") else ""


def _empty_row(connection: Connection, wanted: Wanted, name: str, key: tuple[Any, ...], columns: set[str]) -> None:
    table = metadata.tables[name]
    here = and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))
    row = connection.execute(select(table).where(here)).mappings().first()
    if row is None:
        return
    names = columns | ({*_WITH_IT.get(name, ())} if columns & {*_WITH_IT.get(name, ())} else set())
    values: dict[str, Any] = {}
    for column in sorted(names):
        if (name, column) == ("proposal", "evidence"):
            values[column] = [_told_less(wanted, line) for line in row[column]]
        elif isinstance(table.c[column].type, JSON):
            values[column] = without(wanted, row[column])
        else:
            values[column] = _instead(table, column, "-".join(map(str, key)))
    primary = {column.name for column in table.primary_key.columns}
    if primary & values.keys():
        # A row of a table that is computed: it is computed again without the text.
        connection.execute(delete(table).where(here))
    else:
        connection.execute(update(table).where(here).values(values))


def _told_less(wanted: Wanted, line: dict[str, Any]) -> dict[str, Any]:
    """A line of evidence that keeps its axis and its verdict, and no longer says what it was read from."""
    return {**line, "sentence": "", "local": "", "term": ""} if wanted.within_value(line) else line


def _erase_derived(engine: Engine, wanted: Wanted) -> None:
    """What is computed from the rows was computed again; what still holds a text (an old count) is emptied."""
    with transaction(engine) as session:
        left = [
            item for item in places(session.connection(), wanted)
            if item.table not in APPEND_ONLY_TABLES and item.table not in LEFT
        ]  # fmt: skip
        _erase_others(session, wanted, left)


# ---- pages and files ------------------------------------------------------------------------------------------


def _empty_pages(engine: Engine) -> None:
    """Write the database again without its free pages, and its journal; raises ConflictError while others use it."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Every table: an erasure that was killed before this, and is asked for again, finds nothing any more. And
            # what the server knows of the values of each column is made of them.
            for name in (*(table.name for table in looked_at()), "text_salt"):
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {name}")
            try:
                connection.exec_driver_sql("VACUUM FULL pg_catalog.pg_statistic")
                connection.exec_driver_sql("CHECKPOINT")
            except ProgrammingError as error:
                # Whoever does not own the database leaves both to the server, which does them by itself in time.
                if getattr(error.orig, "sqlstate", "") != _NOT_ALLOWED:
                    raise
        return
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None, timeout=15)) as connection:
        try:
            connection.execute("VACUUM")
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            busy = 1
    if busy:
        raise ConflictError(
            "Les textes sont effacés, mais un programme lit la base : ses pages libres et son journal les gardent. "
            "Arrêtez `serve` et `worker`, puis relancez la même commande."
        )


def _files_with(folder: Path, wanted: Wanted, database: Path | None) -> Iterable[Path]:
    """Files of the data folder, the database's own aside, that hold one of the texts."""
    for path in sorted(folder.rglob("*")):
        is_own = database is not None and path.name.startswith(database.name) and path.parent == database.parent
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_FILE:
            continue
        if not is_own and path.name.endswith((".sqlite3", ".dump", ".partiel")):
            # Compressed contents and dumps are not read: a copy of the database made before is taken to hold them.
            yield path
        elif wanted.within_bytes(path.read_bytes()):
            yield path
