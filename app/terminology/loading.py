"""Loading an official release: read, checked, stored a few thousand rows at a time, then shown all at once.

The rows are written in short transactions under a release that nobody sees, so that people go on working
during the load; the last transaction makes it visible. A refusal removes every row and changes nothing. A load that
is killed leaves rows that nobody sees: the next attempt of the same work removes them, the next start or any other
load does so once its process is gone. Should the earlier attempt still be alive, its next write is refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from app.errors import ConflictError, InvalidInputError, TooBusyError
from app.models import LoincRelease, ReleaseStatus, ValueSet, ValueSetKind, ValueSetMember
from app.platform.apart import Apart, Here, ReadingStoppedError
from app.platform.apart_process import TooMuchMemoryError
from app.platform.database import give_way, reading, transaction
from app.platform.progress import Progress
from app.terminology import load_lock, removal, repository, search_index
from app.terminology.chunks import chunks
from app.terminology.finish import LoadTakenOverError
from app.terminology.publishing import LoadRequest, already_loaded, publish
from app.terminology.release_reading import Finished, LabOrders, Rows, Told, content_hash_of, read_release
from app.terminology.schemas import AlsoWritten, LoadReport, nothing_more
from app.terminology.starter import OFFICIAL

log = structlog.get_logger(__name__)

LAB_ORDERS_TITLE = "LOINC Universal Lab Orders"
TOO_MUCH_MEMORY = (
    "Cette archive demande plus de mémoire que l'atelier n'en accorde pour lire un fichier ; rien n'a été chargé. Une "
    "distribution officielle en demande bien moins : reprenez-la sur loinc.org, ou augmentez "
    "TRANSCODEUR_READING_MEMORY_BYTES."
)
STOPPED = (
    "La lecture de cette archive a demandé trop de temps ou de mémoire et a été arrêtée ; rien n'a été chargé. "
    "Recommencez dans un moment ; si cela se répète, reprenez la distribution officielle sur loinc.org."
)


def load_release(
    engine: Engine,
    path: Path,
    progress: Progress,
    *,
    version: str = "",
    source_name: str = "",
    actor_id: int | None = None,
    loaded_by: str = "",
    also: AlsoWritten = nothing_more,
    apart: Apart | None = None,
) -> LoadReport:
    """Load a release from its zip or folder; the same contents are never loaded twice.

    It becomes current when it is the first official release and nothing is decided on this installation; otherwise
    somebody looks at what it changes, and chooses when to change. Raises
    InvalidInputError, in French, when the file is no usable release: what was there is then untouched. Raises
    ConflictError when the same contents are being loaded by other work than `loaded_by` (work without a name is never
    the same). `also` writes in the transaction that makes the release ready, and not when these contents were there
    already. The archive is read `apart`, and asks for no more memory and time than is granted there.
    """
    beside = apart or Here()
    try:
        progress(0, 0, "Vérification de l'archive")
        digest = beside.run(content_hash_of, path)
        with reading(engine) as session:
            known = repository.release_by_hash(session, digest)
        if known is not None:
            return already_loaded(known)
        attempt = f"{loaded_by}#{uuid4().hex}"
        asked = LoadRequest(path, source_name or path.name, digest, version, actor_id, attempt, also)
        progress(0, 0, "Effacement de ce qu'un chargement interrompu aurait laissé")
        removed = _clear_the_way(engine, asked)
        with load_lock.alive(engine, attempt):
            report = _load(engine, asked, progress, beside)
        report.removed = removed
        return report
    except TooMuchMemoryError as error:
        raise InvalidInputError(TOO_MUCH_MEMORY) from error
    except TooBusyError as error:
        # Where it was ended because this process stops, the work is put back here, and begun again.
        progress(0, 0, "Lecture interrompue")
        if isinstance(error, ReadingStoppedError):
            raise TooBusyError(STOPPED) from error
        raise


def _load(engine: Engine, asked: LoadRequest, progress: Progress, apart: Apart) -> LoadReport:
    with transaction(engine) as session:
        # A laboratory that came in may name it already: its facts then lead to the terms.
        release = repository.awaited_release(session, asked.digest) or LoincRelease(
            version=asked.version, kind=OFFICIAL, content_hash=asked.digest
        )
        release.kind, release.source_name = OFFICIAL, asked.name[:255]
        release.status, release.loaded_by = ReleaseStatus.LOADING, asked.attempt
        session.add(release)
        session.flush()
        assert release.id is not None
        release_id = release.id
    try:
        finished = _Loader(engine, asked, release_id, progress).run(apart)
        report = finished.report
        report.version = asked.version or finished.version or f"sans numéro {asked.digest[:8]}"
        return publish(engine, report, asked, finished.terms_hash)
    except BaseException:
        removal.remove_unfinished(engine, release_id, asked.attempt)
        raise


@dataclass(slots=True)
class _Loader:
    """One load in progress."""

    engine: Engine
    asked: LoadRequest
    release_id: int
    progress: Progress

    def run(self, apart: Apart) -> Finished:
        """Store everything, read `apart`; the release is still invisible afterwards."""
        finished = None
        pieces = apart.stream(read_release, self.asked.path, self.asked.name, self.release_id, repository.CHUNK)
        with closing(pieces):
            for piece in pieces:
                match piece:
                    case Finished():
                        finished = piece
                    case Told():
                        self._tell(piece)
                    case LabOrders():
                        self._store_lab_orders(piece.labels)
                    case Rows():
                        self._store(piece)
        assert finished is not None
        self._index()
        return finished

    def _tell(self, told: Told) -> None:
        self.progress(told.done, told.total, told.message)

    def _store(self, piece: Rows) -> None:
        with self._writing() as session:
            repository.insert_rows(session.connection(), piece.model, piece.rows)
        if piece.told is not None:
            self._tell(piece.told)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A short transaction that writes a part of the release, while this load still has it."""
        with transaction(self.engine) as session:
            if not repository.still_loading(session, self.release_id, self.asked.attempt):
                raise LoadTakenOverError
            yield session
        give_way(self.engine)

    def _store_lab_orders(self, labels: Mapping[str, str]) -> None:
        with self._writing() as session:
            value_set = ValueSet(
                kind=ValueSetKind.UNIVERSAL_LAB_ORDERS,
                title=LAB_ORDERS_TITLE,
                release_id=self.release_id,
                member_count=len(labels),
            )
            session.add(value_set)
            session.flush()
            rows = [
                {"value_set_id": value_set.id, "loinc_num": code, "label": label, "position": position}
                for position, (code, label) in enumerate(labels.items())
            ]
            repository.insert_rows(session.connection(), ValueSetMember, rows)

    def _index(self) -> None:
        with reading(self.engine) as session:
            ids = search_index.useful_ids(session.connection(), self.release_id)
        done = 0
        for chunk in chunks(ids, search_index.CHUNK):
            with self._writing() as session:
                search_index.index_terms(session.connection(), self.release_id, chunk)
            done += len(chunk)
            self.progress(done, len(ids), "Préparation de la recherche")
        with self._writing() as session:
            search_index.store_axis_values(session.connection(), self.release_id)


def remove_unfinished(engine: Engine) -> int:
    """Remove what loads that were killed left behind; how many releases that was. Those at work are left alone."""
    with reading(engine) as session:
        unfinished = repository.unfinished_releases(session)
    dead = [release for release in unfinished if not load_lock.is_alive(engine, release.loaded_by)]
    for release in dead:
        _remove(engine, release)
    return len(dead)


def _clear_the_way(engine: Engine, asked: LoadRequest) -> int:
    """Remove what earlier attempts of this work left behind, alive or not, and what any killed load did.

    Returns how many releases that was.
    """
    removed = 0
    with reading(engine) as session:
        unfinished = repository.unfinished_releases(session)
    for release in unfinished:
        work = asked.attempt.partition("#")[0]
        is_mine = work != "" and release.loaded_by.partition("#")[0] == work
        if is_mine or not load_lock.is_alive(engine, release.loaded_by):
            _remove(engine, release)
            removed += 1
        elif release.content_hash == asked.digest:
            raise ConflictError("Cette version de LOINC est déjà en cours de chargement : attendez qu'il finisse.")
    return removed


def _remove(engine: Engine, release: LoincRelease) -> None:
    assert release.id is not None
    log.warning("release.unfinished_removed", release_id=release.id, source=release.source_name)
    removal.remove_unfinished(engine, release.id, release.loaded_by)
    load_lock.forget(engine, release.loaded_by)
