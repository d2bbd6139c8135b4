"""The database as it was when a version became whole, in a file that lives as long as a pack is being made.

What a pack is made of is read by the same statements as today's state, over the facts of then: those that came later
are left out, what newer exports changed in rows is taken back (`past_rows`), and what is derived is derived again.
What no fact tells any more is refused, and so is what its own signature contradicts.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import ColumnElement, Engine, Table, create_engine, event, insert, or_, select
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Session

from app.catalogues.linking import link_catalogue
from app.claims import chain_repository
from app.claims.past_rows import Rows, refused, rewound
from app.effective.last_run import standing_run
from app.models import Decision, ValueSetKind, metadata
from app.platform import folding
from app.reimport.repository import forget_inherited
from app.tallies.marks import counted_chapters
from app.terminology.past import release_at, value_set_at
from app.transcoding.facts import StateValues, derive_state
from app.versions.schemas import VersionState
from app.versions.whole import WholeVersion

AT_ONCE = 500
"""Rows, or values of a condition, in one statement."""
_ERASED = "un texte de cet état a été effacé depuis, comme le dit le journal"
_RELOADED = "la terminologie de ce jour-là a été chargée de nouveau depuis"
_NO_EVENT = "le journal n'a pas l'événement de sa signature"


@contextmanager
def opened(file: Path) -> Iterator[Session]:
    """A session on a past database; what it writes is for itself alone."""
    engine = _engine(file)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        folding.register(connection)

    return engine


def write_past(source: Session, file: Path, laboratory_id: int, catalogue_id: int, version: WholeVersion) -> None:
    """Write the database of then; raises ConflictError, in French, for what cannot be made again."""
    engine = _engine(file)
    try:
        with Session(engine) as target:
            _Copy(source, target, laboratory_id, catalogue_id, version).run()
            target.commit()
    finally:
        engine.dispose()


def _table(name: str) -> Table:
    return metadata.tables[name]


class _Copy:
    """One catalogue of one laboratory, with what is common to all, as of the signature."""

    def __init__(
        self, source: Session, target: Session, laboratory_id: int, catalogue_id: int, version: WholeVersion
    ) -> None:
        self._source, self._target = source, target
        self._from, self._to = source.connection(), target.connection()
        self.laboratory_id, self.catalogue_id = laboratory_id, catalogue_id
        self._version, self._moment = version, version.signed_at

    def run(self) -> None:
        for table in metadata.sorted_tables:
            # Neither triggers nor the events that add them: nothing here is kept.
            self._to.execute(CreateTable(table, include_foreign_key_constraints=[]))
            for index in table.indexes:
                self._to.execute(CreateIndex(index))
        self._people()
        self._write("catalogue", self._rows("catalogue", _table("catalogue").c.id == self.catalogue_id))
        self._write("laboratory", [self._laboratory_then()])
        self._received()
        self._facts()
        self._trail()
        self._terminology()
        run_id = self._run()
        self._chain(run_id)
        self._derived()
        self._refuse_erased()

    # ---- copying

    def _rows(self, name: str, *conditions: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
        table = _table(name)
        statement = select(table).where(*conditions).order_by(*table.primary_key.columns)
        for row in self._from.execute(statement, execution_options={"yield_per": AT_ONCE}).mappings():
            yield dict(row)

    def _among(
        self, name: str, column: str, values: Sequence[Any], *more: ColumnElement[bool]
    ) -> Iterator[dict[str, Any]]:
        for start in range(0, len(values), AT_ONCE):
            part = _table(name).c[column].in_(values[start : start + AT_ONCE])
            yield from self._rows(name, part, *more)

    def _write(self, name: str, rows: Iterator[dict[str, Any]] | Sequence[dict[str, Any]]) -> None:
        held: list[dict[str, Any]] = []
        for row in rows:
            held.append(row)
            if len(held) == AT_ONCE:
                self._to.execute(insert(_table(name)), held)
                held = []
        if held:
            self._to.execute(insert(_table(name)), held)

    def _until(self, name: str, column: str = "created_at") -> ColumnElement[bool]:
        return _table(name).c[column] <= self._moment

    def _kept(self, name: str, column: str = "id") -> list[Any]:
        """What was written of a column, in order."""
        return sorted(self._to.execute(select(_table(name).c[column])).scalars())

    # ---- what is not of the catalogue alone

    def _people(self) -> None:
        # Names are told, and what opens an account stays where it is.
        self._write("user_account", (
            row | {"password_hash": "", "email": str(row["id"])} for row in self._rows("user_account")
        ))  # fmt: skip

    def _laboratory_then(self) -> dict[str, Any]:
        (row,) = self._rows("laboratory", _table("laboratory").c.id == self.laboratory_id)
        events = _table("audit_event").c
        changes = list(self._rows(
            "audit_event", events.laboratory_id == self.laboratory_id, events.action == "laboratory.change",
            events.at > self._moment,
        ))  # fmt: skip
        for change in reversed(changes):
            before = change["details"].get("before")
            if not isinstance(before, dict):
                raise refused(self._version, _ERASED)
            row |= {name: value for name, value in before.items() if name in row}
        return row

    def _trail(self) -> None:
        events = _table("audit_event").c
        signing = self._from.execute(
            select(events.id).where(
                events.action == "mapping.sign", events.laboratory_id == self.laboratory_id,
                events.object_type == "sign_off", events.object_id == str(self._version.signature.id),
            )
        ).scalar()  # fmt: skip
        if signing is None:
            raise refused(self._version, _NO_EVENT)
        ours = or_(events.laboratory_id == self.laboratory_id, events.laboratory_id.is_(None))
        self._write("audit_event", self._rows("audit_event", ours, events.id <= signing))

    def _terminology(self) -> None:
        current = release_at(self._source, self._moment)
        deciding = {number for number in self._kept_releases() if number is not None}
        releases = {row["id"]: row for row in self._rows("loinc_release")}
        used = deciding | ({current.id} if current is not None and current.id is not None else set())
        if current is None or any(
            number not in releases or releases[number]["loaded_at"] > self._moment for number in used
        ):
            raise refused(self._version, _RELOADED)
        then = [row for row in releases.values() if row["loaded_at"] <= self._moment]
        self._write("loinc_release", [row | {"is_current": row["id"] == current.id} for row in then])
        numbers = sorted({code for code in self._kept("decision", "loinc_num") if code})
        for name in ("loinc_term", "loinc_map_to", "loinc_french_name"):
            column = _table(name).c.release_id
            for row in then:
                self._write(name, self._among(name, "loinc_num", numbers, column == row["id"]))
        lists = {kind: value_set_at(self._source, kind, self._moment) for kind in ValueSetKind}
        in_use = {item.id for item in lists.values() if item is not None}
        if any(item is not None and item.loaded_at > self._moment for item in lists.values()):
            raise refused(self._version, _RELOADED)
        known = self._rows("value_set", self._until("value_set", "loaded_at"))
        self._write("value_set", [row | {"is_current": row["id"] in in_use} for row in known])
        self._write("value_set_member", self._among("value_set_member", "value_set_id", sorted(in_use)))
        self._write("grace_date", self._rows("grace_date", self._until("grace_date")))
        self._write("coverage_definition", self._rows("coverage_definition", self._until("coverage_definition")))

    def _kept_releases(self) -> set[int | None]:
        return set(self._to.execute(select(_table("decision").c.release_id).distinct()).scalars())

    # ---- the catalogue

    def _received(self) -> None:
        """Write the files received until then, and their rows."""
        here = _table("source_file").c.catalogue_id == self.catalogue_id
        self._write("source_file", self._rows("source_file", here, self._until("source_file", "imported_at")))
        files = self._kept("source_file")
        self._write("source_row", self._among("source_row", "source_file_id", files))

    def _facts(self) -> None:
        """Write the tests as they were, what exams contained, and what people had said of them."""
        changes = _table("catalogue_change").c
        here = _table("local_test").c.catalogue_id == self.catalogue_id
        rows = Rows({row["id"]: row for row in self._rows("local_test", here)})
        rows.links = list(self._among("exam_analysis", "exam_id", sorted(rows.by_id)))
        every = list(self._rows("catalogue_change", changes.catalogue_id == self.catalogue_id))
        is_newer = rewound(self._to, self._version, rows, every)
        self._write("local_test", list(rows.by_id.values()))
        self._write("exam_analysis", rows.links)
        self._write("catalogue_change", [row for row in every if row["created_at"] <= self._moment])
        tests = sorted(rows.by_id)
        self._write("decision", self._among("decision", "local_test_id", tests, self._until("decision")))
        here = _table("reading_request").c.catalogue_id == self.catalogue_id
        self._write("reading_request", self._rows("reading_request", here, self._until("reading_request")))
        for name, column, above in (
            ("second_reading", "request_id", "reading_request"),
            ("reading_reconciliation", "reading_id", "second_reading"),
        ):
            self._write(name, self._among(name, column, self._kept(above), self._until(name)))
        here = _table("batch").c.catalogue_id == self.catalogue_id
        self._write("batch", self._rows("batch", here, self._until("batch")))
        signed = _table("sign_off").c
        # What was signed is compared by its hash: its content is not told.
        self._write("sign_off", (
            row | {"content": b""}
            for row in self._rows("sign_off", signed.catalogue_id == self.catalogue_id,
                                  signed.id <= self._version.signature.id)
        ))  # fmt: skip
        self._write("sign_off_withdrawal", self._among(
            "sign_off_withdrawal", "sign_off_id", self._kept("sign_off"), self._until("sign_off_withdrawal")
        ))  # fmt: skip
        if is_newer:
            forget_inherited(self._target, self.catalogue_id)
            link_catalogue(self._target, self.catalogue_id)

    def _run(self) -> int | None:
        """Write the run of emitted reports that stood then, with what it counted; its number, None for none."""
        kept = standing_run(self._source, self.catalogue_id, self._moment)
        if kept is None:
            return None
        self._write("effective_run", self._rows("effective_run", _table("effective_run").c.id == kept.run.id))
        for name in ("effective_count", "effective_cluster"):
            self._write(name, self._rows(name, _table(name).c.run_id == kept.run.id))
        return kept.run.id

    def _chain(self, run_id: int | None) -> None:
        keys = chain_repository.fact_keys(self._target, self.catalogue_id, run_id)
        until = chain_repository.last_link(self._source, self.laboratory_id, keys)
        for name in ("chain_link", "text_salt"):
            columns = _table(name).c
            self._write(name, self._rows(name, columns.chain == self.laboratory_id, columns.position <= until))

    def _derived(self) -> None:
        """The states of the rows, and the chapters under which they are counted."""
        facts: dict[int, list[Decision]] = {}
        table = _table("decision")
        for fact in self._to.execute(select(table).order_by(table.c.id)):
            # A row of the table has here the columns of a Decision that say its state.
            facts.setdefault(fact.local_test_id, []).append(cast("Decision", fact))
        tests = self._kept("local_test")
        self._write("review_state", [
            {"local_test_id": key, **_values(derive_state(facts.get(key, ())))} for key in tests
        ])  # fmt: skip
        chapters: Mapping[int, str] = counted_chapters(self._target, self.catalogue_id, tests)
        blank = {"catalogue_id": self.catalogue_id, "level": "", "status": ""}
        self._write("worklist_entry", [
            blank | {"local_test_id": key, "counted_chapter": chapters.get(key, "")} for key in tests
        ])  # fmt: skip

    def _refuse_erased(self) -> None:
        """Refuse where a text that this state had was erased after it."""
        for name, key in [(row["table_name"], row["row_id"]) for row in self._rows("erasure", ~self._until("erasure"))]:
            table = _table(name)
            if self._to.execute(select(table.c.id).where(table.c.id == key)).first() is not None:
                raise refused(self._version, _ERASED)


def _values(state: StateValues) -> dict[str, Any]:
    return {name: getattr(state, name) for name in StateValues.__slots__}


def refuse_other(version: WholeVersion, found: VersionState, content_sha256: str) -> None:
    """Refuse a state of then that is not the one that was signed, for whatever reason."""
    is_same = found.is_signed and found.number == version.number and found.label == version.label
    if not is_same or content_sha256 != version.signature.mapping_sha256:
        raise refused(version, "l'état refait d'après les faits n'est pas, mot pour mot, celui qui fut signé")


def refuse_figures(version: WholeVersion, figures: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Refuse figures of then, by name and scope, that are not those that the signature holds.

    A definition that the workbench calls otherwise since is compared by the content alone.
    """
    for told in version.signature.coverage:
        found = figures.get((told["name"], told["scope"]))
        if found is not None and found != (told["numerator"], told["denominator"]):
            raise refused(version, "les chiffres refaits d'après les faits ne sont pas ceux qui furent signés")
