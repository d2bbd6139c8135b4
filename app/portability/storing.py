"""Storing a verified archive: one transaction, all of it or nothing, with numbers of here and the chain as it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Engine, func, insert, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session, col

from app.audit.imported import Renumbering
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError
from app.laboratories.numbers import next_number
from app.models import (
    Catalogue,
    ImportedArchive,
    Laboratory,
    LocalTest,
    LoincRelease,
    ReleaseStatus,
    User,
    metadata,
    utc_now,
)
from app.models.public_identifiers import new_public_id
from app.platform import locks
from app.platform.chain import link_noted
from app.platform.chain_digests import canonical, digest
from app.platform.database import transaction
from app.platform.open_transactions import forbid_open_transaction
from app.platform.postgresql import is_postgresql
from app.platform.working_folders import working_folder
from app.portability import repository
from app.portability.carried import BYTES, CARRIED, file_of, key_of, references, table_of
from app.portability.encoding import LARGEST, kind_of, moment, raw_json
from app.portability.reading import ArchiveRefusedError, Verified, verify_archive
from app.portability.shapes import is_public_id
from app.portability.writing import LINKS, SALTS, chain_files, content_name
from app.tallies import marks
from app.tallies.rebuilding import bring_up
from app.terminology.carried import missing, release_of, sentence_of
from app.text import counted
from app.transcoding.facts import StateValues, derive_state
from app.transcoding.repository import facts_of_many

ROWS = 500
NOBODY = "autre-installation.invalid"
"""The domain of the addresses of people of other installations: none that can exist."""
FOREIGN = "user.come_from_elsewhere"
GAP = 20
_TAKE_NUMBERS = text(
    "SELECT setval(pg_get_serial_sequence(:table, :column), greatest(CAST(:least AS bigint), "
    "nextval(pg_get_serial_sequence(:table, :column)) + CAST(:size AS bigint)))"
)
_MAPPED = ("user_account", "loinc_release", "laboratory")


@dataclass(frozen=True, slots=True)
class Imported:
    """A laboratory that came in."""

    laboratory_id: int
    name: str
    sha256: str
    rows: int
    people: int
    catalogues: tuple[tuple[int, str], ...]
    awaits: tuple[str, ...]
    """What its figures wait for, each as a sentence."""

    @property
    def sentence(self) -> str:
        """What was done, in French."""
        people = counted(self.people, "personne", "personnes")
        return (
            f"Laboratoire « {self.name} » importé sous le numéro {self.laboratory_id} : "
            f"{counted(self.rows, 'ligne', 'lignes')}, {people} d’une autre installation."
        )


def import_archive(
    engine: Engine,
    path: Path,
    *,
    name: str = "",
    actor: User | None = None,
    progress: Callable[[str], object] = lambda _said: None,
) -> Imported:
    """Verify an archive, then store its laboratory; `name`: another name, where one here has the same.

    Raises InvalidInputError for an archive that does not hold, with its file and line, ConflictError for a laboratory
    that is there already. Nothing is stored then.
    """
    forbid_open_transaction("verify an archive")
    with working_folder("import") as folder:
        progress("Vérification de l’archive")
        verified = verify_archive(path, folder)
        try:
            waits = "" if is_postgresql(engine) else " ; les autres écritures attendent"
            progress(f"Enregistrement du laboratoire{waits}")
            with transaction(engine) as session:
                imported = _Storing(session, verified, name, actor).run()
        finally:
            verified.stage.close()
    for catalogue_id, said in imported.catalogues:
        progress(f"Préparation de « {said} »")
        bring_up(engine, catalogue_id)
    return imported


class _Storing:
    def __init__(self, session: Session, verified: Verified, name: str, actor: User | None) -> None:
        self._session, self._verified, self._actor = session, verified, actor
        self._connection: Connection = session.connection()
        self._stage, self._told = verified.stage, verified.told
        self._name = " ".join((name or self._told.name).split())
        self._moment = utc_now()

    def run(self) -> Imported:
        locks.lock_subject(self._session, locks.Subject.INSTALLATION)
        self._refuse_known()
        releases = self._releases()
        people = self._people()
        laboratory_id = next_number(self._session)
        keys = self._keys(laboratory_id, releases, people)
        self._numbers = Renumbering(keys)
        self._awaits = self._awaited()
        count = 0
        for table in CARRIED:
            count += self._table(table)
        link_noted(self._connection)
        nested = [self._numbers.here("imported_archive", row["id"]) for _, row in self._stage.rows("imported_archive")]
        archive_id = self._archive(laboratory_id, keys)
        self._chain(-archive_id, LINKS, SALTS)
        for place, number in enumerate(nested, start=1):
            self._chain(-(number or 0), *chain_files(place))
        catalogues = self._derive(laboratory_id)
        for person in people.values():
            record(
                self._session, FOREIGN, actor=self._actor, object_type="user", object_id=person,
                email=self._session.get_one(User, person).email,
            )  # fmt: skip
        record(
            self._session, "laboratory.import_archive", actor=self._actor, object_type="laboratory",
            object_id=laboratory_id, laboratory_id=laboratory_id, sha256=self._verified.sha256, name=self._name,
            head_position=self._told.head_position, head_hash=self._told.head_hash, rows=count, people=len(people),
        )  # fmt: skip
        self._session.flush()
        return Imported(
            laboratory_id, self._name, self._verified.sha256, count, len(people), catalogues,
            tuple(map(sentence_of, missing(self._session, self._awaits))),
        )  # fmt: skip

    def _refuse_known(self) -> None:
        known = repository.laboratory_with(self._session, self._told.public_id)
        if known is not None:
            raise ConflictError(
                f"Ce laboratoire est déjà dans cette installation, sous le nom « {known.name} » (numéro {known.id}) : "
                "rien n’a été importé."
            )
        if not 1 <= len(self._name) <= 200:
            raise InvalidInputError("Le nom du laboratoire doit compter de 1 à 200 caractères.")
        same = select(col(Laboratory.id)).where(col(Laboratory.name) == self._name)
        if self._session.execute(same).first() is not None:
            raise ConflictError(
                f"Un laboratoire d’ici s’appelle déjà « {self._name} » : donnez un autre nom avec --nom. Rien n’a été "
                "importé."
            )

    # ---- what rows refer to -----------------------------------------------------------------------------------

    def _releases(self) -> dict[int, int]:
        """Release of there → of here; one that is not loaded gets a line that waits for its terms."""
        found: dict[int, int] = {}
        for number, said in sorted(self._told.releases.items()):
            release = release_of(self._session, said["content_hash"], said["terms_hash"])
            if release is None or release.id in found.values():
                release = self._awaited_release(said, set(found.values()))
            assert release.id is not None
            found[number] = release.id
        return found

    def _awaited_release(self, said: Mapping[str, Any], taken: set[int]) -> LoincRelease:
        waiting = select(LoincRelease).where(
            col(LoincRelease.status) == ReleaseStatus.AWAITED, col(LoincRelease.content_hash) == said["content_hash"],
            col(LoincRelease.terms_hash) == said["terms_hash"], col(LoincRelease.id).not_in(taken),
        )  # fmt: skip
        known: LoincRelease | None = self._session.execute(waiting).scalars().first()
        if known is not None:
            return known
        release = LoincRelease(
            version=said["version"], kind=said["kind"], source_name=said["source_name"],
            content_hash=said["content_hash"], terms_hash=said["terms_hash"], status=ReleaseStatus.AWAITED,
        )  # fmt: skip
        self._session.add(release)
        self._session.flush()
        return release

    def _people(self) -> dict[int, int]:
        """Person of there → an account of here that nothing opens; nobody of here is ever taken for her."""
        found: dict[int, int] = {}
        for number, person in sorted(self._told.people.items()):
            taken = self._session.execute(select(col(User.id)).where(col(User.public_id) == person.public_id)).first()
            public_id = new_public_id() if taken is not None or not is_public_id(person.public_id) else person.public_id
            account = User(
                public_id=public_id, email=f"{public_id}@{NOBODY}", display_name=person.name, password_hash="",
                is_active=False, is_foreign=True, foreign_email=person.email, created_at=self._moment,
            )  # fmt: skip
            self._session.add(account)
            self._session.flush()
            assert account.id is not None
            found[number] = account.id
        return found

    def _keys(self, laboratory_id: int, releases: Mapping[int, int], people: Mapping[int, int]) -> dict[str, Any]:
        shifts: dict[str, int] = {}
        spans: dict[str, list[int]] = {}
        for table in CARRIED:
            span = self._stage.span(table)
            # The key of these two is that of another table.
            if span is None or table in ("laboratory", "batch_answer", "catalogue_habits"):
                continue
            shifts[table] = self._reserve(table, span) - span[0]
            spans[table] = list(span)
        return {
            "shifts": shifts,
            "spans": spans,
            "maps": {
                "laboratory": {str(self._told.number): laboratory_id},
                "user_account": {str(there): here for there, here in people.items()},
                "loinc_release": {str(there): here for there, here in releases.items()},
            },
            "dropped": self._dropped(),
        }

    def _reserve(self, table: str, span: tuple[int, int]) -> int:
        """The first number of here for the rows of a table: as many as are needed are given to nobody else."""
        key: Any = key_of(table)
        size = span[1] - span[0] + 1
        last = int(self._connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one())
        if table == "catalogue":
            # A catalogue that is opened here later never has a number by which one that came in is named.
            named = (row["named_as"] or row["id"] for _, row in self._stage.rows(table))
            last = max(last, *named)
        if is_postgresql(self._connection):
            # Others go on taking numbers: those that they take while this statement runs lie in the gap.
            taken = {"table": table, "column": key.name, "size": size + GAP, "least": last + size}
            last = self._connection.execute(_TAKE_NUMBERS, taken).scalar_one() - size
        if last + size >= LARGEST:
            raise ArchiveRefusedError(
                f"Archive refusée, rien n’a été importé. {file_of(table)} : ses numéros vont de {span[0]} à {span[1]}, "
                "plus que cette base n’en peut donner."
            )
        return last + 1

    def _dropped(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for table in CARRIED:
            for column, target in references(table).items():
                if target not in CARRIED and target not in _MAPPED:
                    found[f"{table}.{column}"] = {
                        str(row[key_of(table).name]): row[column]
                        for _, row in self._stage.rows(table) if row[column] is not None
                    }  # fmt: skip
        return found

    def _awaited(self) -> list[dict[str, Any]]:
        """The releases and lists that the figures of today rest on and that are not loaded."""
        wanted = [
            {name: item[name] for name in ("kind", "version", "content_hash", "terms_hash")} | {"title": ""}
            for item in self._told.releases.values() if item["is_needed"]
        ]  # fmt: skip
        for periods in self._told.context["value_sets_in_service"].values():
            number = periods[-1][1] if periods else None
            item = self._told.value_sets.get(number) if number is not None else None
            if item is not None and item["content_hash"]:
                wanted.append(_named_list(item))
        return missing(self._session, wanted)

    # ---- rows -------------------------------------------------------------------------------------------------

    def _table(self, name: str) -> int:
        count = 0
        batch: list[tuple[int, dict[str, Any]]] = []
        most = 1 if name in BYTES else ROWS
        for line, row in self._stage.rows(name):
            batch.append((line, self._values(name, row)))
            if len(batch) == most:
                self._insert(name, batch)
                count, batch = count + len(batch), []
        self._insert(name, batch)
        return count + len(batch)

    def _values(self, name: str, row: dict[str, Any]) -> dict[str, Any]:
        values = self._numbers.row_here(name, row)
        if name in BYTES:
            values["content"] = self._verified.content(content_name(name, row))
        if name == "laboratory":
            values |= {"id": self._numbers.here("laboratory", row["id"]), "name": self._name,
                       "imported_at": self._moment, "awaits": self._awaits,
                       # The laboratories of there were lent its codes; those of here are others.
                       "allows_reuse": False}  # fmt: skip
        if name in ("laboratory", "catalogue"):
            values["named_as"] = row["named_as"] or row["id"]
        if name == "catalogue":
            for column, table in (("decisions", "decision"), ("rows", "local_test"), ("changes", "catalogue_change")):
                values[f"moved_{column}"] = row[f"moved_{column}"] + self._numbers.shift(table)
            if row["staged_for_job_id"] is not None:
                # Received and never shown: no job of here has a negative number.
                values["staged_for_job_id"] = -values["id"]
        if name == "proposal_run" and row["status"] == "running":
            values["status"] = "failed"
        for column, read in _dated(name):
            value = values.get(column)
            if isinstance(value, str):
                values[column] = read(value)
        return values

    def _insert(self, name: str, batch: Sequence[tuple[int, dict[str, Any]]]) -> None:
        if not batch:
            return
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(table_of(name)), [values for _, values in batch])
        except DBAPIError as error:
            if len(batch) > 1:
                # One of them: which it is.
                for one in batch:
                    self._insert(name, [one])
                return
            if not isinstance(error, (IntegrityError, DataError)):
                raise
            reason = "ce qu’elle dit est déjà dans cette installation, ou deux fois dans l’archive"
            raise ArchiveRefusedError(
                f"Archive refusée, rien n’a été importé. {file_of(name)}, ligne {batch[0][0]} : {reason}."
            ) from error
        link_noted(self._connection)

    def _archive(self, laboratory_id: int, keys: dict[str, Any]) -> int:
        archive = ImportedArchive(
            laboratory_id=laboratory_id, archive_sha256=self._verified.sha256, origin_chain=self._told.number,
            head_position=self._told.head_position, head_hash=self._told.head_hash, stated_at=self._told.stated_at,
            keys=keys, context=self._context(), author_id=self._actor.id if self._actor else None,
            created_at=self._moment,
        )  # fmt: skip
        self._session.add(archive)
        self._session.flush()
        assert archive.id is not None
        return archive.id

    def _context(self) -> dict[str, Any]:
        """What was in service there, with releases of here and lists by their hashes."""
        told = self._told.context
        return {
            "releases": [
                [since, self._numbers.here("loinc_release", number) if number is not None else None]
                for since, number in told["releases_in_service"]
            ],
            "value_sets": {
                kind: [
                    [since, _named_list(self._told.value_sets[number]) if number is not None else None]
                    for since, number in periods
                ]
                for kind, periods in told["value_sets_in_service"].items()
            },
            "grace": [list(pair) for pair in told["grace"]],
        }

    def _chain(self, chain: int, links: str, salts: str) -> None:
        """A chain as it was, link by link, under a negative number."""
        table, beside = metadata.tables["chain_link"], metadata.tables["text_salt"]
        position, before = 0, ""
        for batch in _batches(self._lines(links)):
            rows = []
            for link in batch:
                position, before = link["position"], _hash(link)
                rows.append({**link, "chain": chain, "linked_at": moment(link["linked_at"]), "hash": before})
            self._connection.execute(insert(table), rows)
        for batch in _batches(self._lines(salts)):
            rows = [{"chain": chain, "position": item["position"], "salts": canonical(item["salts"])} for item in batch]
            self._connection.execute(insert(beside), rows)
        if position:
            head = {"chain": chain, "position": position, "hash": before}
            self._connection.execute(insert(metadata.tables["chain_head"]), head)

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        with self._verified.member(name) as file:
            for _, value in raw_json(file):
                yield value

    # ---- what is derived --------------------------------------------------------------------------------------

    def _derive(self, laboratory_id: int) -> tuple[tuple[int, str], ...]:
        """The state of every row from its facts; the catalogues, whose counts are to be brought up."""
        found = select(col(Catalogue.id), col(Catalogue.name)).where(
            col(Catalogue.laboratory_id) == laboratory_id, col(Catalogue.staged_for_job_id).is_(None)
        )
        rows = self._session.execute(found.order_by(col(Catalogue.id)))
        catalogues = tuple((number or 0, said) for number, said in rows)
        for catalogue_id, _ in catalogues:
            marks.mark(self._session, [catalogue_id], True)
            asked = select(col(LocalTest.id)).where(col(LocalTest.catalogue_id) == catalogue_id)
            ids = list(self._session.execute(asked.order_by(col(LocalTest.id))).scalars())
            for start in range(0, len(ids), ROWS):
                facts = facts_of_many(self._session, ids[start : start + ROWS])
                states = (_state(test, derive_state(found)) for test, found in facts.items())
                # None is there yet, and all will be counted: no session needs to be told of each.
                self._connection.execute(insert(metadata.tables["review_state"]), list(states))
                self._session.expunge_all()
        return catalogues


def _named_list(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("kind", "title", "version", "content_hash")} | {"terms_hash": ""}


@cache
def _dated(name: str) -> tuple[tuple[str, Callable[[str], Any]], ...]:
    """The columns of a table that hold a moment or a day, each with what reads it."""
    readers: Mapping[Any, Callable[[str], Any]] = {DateTime: moment, Date: date.fromisoformat}
    kinds = ((column.name, kind_of(column)) for column in table_of(name).columns)
    return tuple((column, readers[kind]) for column, kind in kinds if kind in readers)


def _state(local_test_id: int, values: StateValues) -> dict[str, Any]:
    return {"local_test_id": local_test_id, **{name: getattr(values, name) for name in StateValues.__slots__}}


def _hash(link: Mapping[str, Any]) -> str:
    return digest(canonical(link))


def _batches(lines: Iterator[dict[str, Any]], most: int = 50) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for line in lines:
        batch.append(line)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
