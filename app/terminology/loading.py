"""Loading an official release: read, checked, stored a few thousand rows at a time, then shown all at once.

The rows are written in short transactions under a release that nobody sees, so that people go on working
during the load; the last transaction makes it visible. A refusal removes every row and changes nothing. A load that
is killed leaves rows that nobody sees: the next attempt of the same work removes them, the next start or any other
load does so once its process is gone. Should the earlier attempt still be alive, its next write is refused.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel

from app.errors import ConflictError, InvalidInputError
from app.models import (
    FrenchName,
    LoincRelease,
    LoincTerm,
    MapTo,
    PanelMember,
    ReleaseStatus,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform.database import give_way, reading, transaction
from app.platform.progress import Progress
from app.terminology import load_lock, removal, repository, search_index
from app.terminology.chunks import chunks
from app.terminology.finish import LoadTakenOverError
from app.terminology.french import french_material
from app.terminology.publishing import LoadRequest, already_loaded, publish
from app.terminology.schemas import AlsoWritten, LoadReport, nothing_more
from app.terminology.starter import OFFICIAL, term_row
from app.terminology.terms_hash import TermsHash
from loinc_data.accessories import french_variants, read_lab_orders, read_map_to, read_panels, read_variant
from loinc_data.release import (
    LABORATORY,
    ReleaseError,
    ReleaseSource,
    content_hash,
    main_table,
    open_source,
    read_release_terms,
    release_version,
)
from loinc_data.tables import load_usage

log = structlog.get_logger(__name__)

UNKNOWN_TOLERATED = 0.05
LAB_ORDERS_TITLE = "LOINC Universal Lab Orders"


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
) -> LoadReport:
    """Load a release from its zip or folder; the same contents are never loaded twice.

    It becomes current when it is the first official release and nothing is decided on this installation; otherwise
    somebody looks at what it changes, and chooses when to change. Raises
    InvalidInputError, in French, when the file is no usable release: what was there is then untouched. Raises
    ConflictError when the same contents are being loaded by other work than `loaded_by` (work without a name is never
    the same). `also` writes in the transaction that makes the release ready, and not when these contents were there
    already.
    """
    try:
        progress(0, 0, "Vérification de l'archive")
        digest = content_hash(path)
        with reading(engine) as session:
            known = repository.release_by_hash(session, digest)
        if known is not None:
            return already_loaded(known)
        with open_source(path) as source:
            attempt = f"{loaded_by}#{uuid4().hex}"
            asked = LoadRequest(source, source_name or path.name, digest, version, actor_id, attempt, also)
            progress(0, 0, "Effacement de ce qu'un chargement interrompu aurait laissé")
            removed = _clear_the_way(engine, asked)
            with load_lock.alive(engine, attempt):
                report = _load(engine, asked, progress)
            report.removed = removed
            return report
    except ReleaseError as error:
        raise InvalidInputError(str(error)) from error


def _load(engine: Engine, asked: LoadRequest, progress: Progress) -> LoadReport:
    with transaction(engine) as session:
        release = LoincRelease(
            version=asked.version,
            kind=OFFICIAL,
            source_name=asked.name[:255],
            content_hash=asked.digest,
            status=ReleaseStatus.LOADING,
            loaded_by=asked.attempt,
        )
        session.add(release)
        session.flush()
        assert release.id is not None
        release_id = release.id
    try:
        loader = _Loader(engine, asked.source, release_id, asked.attempt, progress)
        report = loader.run()
        stated = asked.version or release_version(asked.source, asked.name)
        report.version = stated or loader.newest_change or f"sans numéro {asked.digest[:8]}"
        return publish(engine, report, asked, loader.terms.value())
    except BaseException:
        removal.remove_unfinished(engine, release_id, asked.attempt)
        raise


@dataclass(slots=True)
class _Loader:
    """One load in progress: what was read so far, to check the files against each other."""

    engine: Engine
    source: ReleaseSource
    release_id: int
    attempt: str
    progress: Progress
    newest_change: str = ""
    codes: set[str] = field(default_factory=set)
    laboratory_codes: set[str] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code → (French name, producer) of the preferred variant."""
    named_codes: set[str] = field(default_factory=set)
    terms: TermsHash = field(default_factory=TermsHash)

    def run(self) -> LoadReport:
        """Store everything; the release is still invisible afterwards."""
        report = LoadReport(self.release_id, "", is_new=True)
        for variant, (name, producer) in french_variants(self.source).items():
            report.french_names[variant] = self._store(FrenchName, self._variant_rows(variant, name, producer))
        total, report.last_line_ends = _count_lines(self.source, main_table(self.source))
        report.term_count = self._store(LoincTerm, self._term_rows(), "Lecture des termes", total)
        self._check_against_table("Une variante linguistique", self.named_codes)
        report.map_to_count = self._store(MapTo, self._map_to_rows())
        report.panel_members = self._store(PanelMember, self._panel_rows())
        report.lab_orders = self._store_lab_orders()
        self._index()
        return report

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A short transaction that writes a part of the release, while this load still has it."""
        with transaction(self.engine) as session:
            if not repository.still_loading(session, self.release_id, self.attempt):
                raise LoadTakenOverError
            yield session
        give_way(self.engine)

    def _store(self, model: type[SQLModel], rows: Iterable[dict[str, Any]], message: str = "", total: int = 0) -> int:
        stored = 0
        for chunk in chunks(rows, repository.CHUNK):
            with self._writing() as session:
                repository.insert_rows(session.connection(), model, chunk)
            stored += len(chunk)
            if message:
                self.progress(min(stored, total), total, message)
        return stored

    def _variant_rows(self, variant: str, name: str, producer: str) -> Iterator[dict[str, Any]]:
        self.progress(0, 0, f"Lecture des noms français ({variant})")
        for item in read_variant(self.source, name):
            self.named_codes.add(item.loinc_num)
            best = item.best()
            if best:
                self.names.setdefault(item.loinc_num, (best, producer))
            yield {
                "release_id": self.release_id,
                "loinc_num": item.loinc_num,
                "variant": variant,
                "producer": producer,
                "component": item.component,
                "property": item.property,
                "time_aspct": item.time_aspct,
                "system": item.system,
                "scale_typ": item.scale_typ,
                "method_typ": item.method_typ,
                "short_name": item.short_name,
                "long_common_name": item.long_common_name,
                "display_name": item.display_name,
            }

    def _term_rows(self) -> Iterator[dict[str, Any]]:
        french, usage = french_material(), load_usage()
        for item in read_release_terms(self.source):
            term = item.term
            self.codes.add(term.loinc_num)
            if item.class_type == LABORATORY:
                self.laboratory_codes.add(term.loinc_num)
            self.newest_change = max(self.newest_change, item.version_last_changed, key=_as_number)
            name, producer = self.names.get(term.loinc_num, ("", ""))
            row = term_row(
                self.release_id,
                term,
                french,
                class_type=item.class_type,
                external_copyright_notice=item.external_copyright_notice,
                official_french_name=name,
                french_producer=producer,
            )
            row["fr_usage"] = usage.get(term.loinc_num, 0)
            self.terms.add(row)
            yield row

    def _map_to_rows(self) -> Iterator[dict[str, Any]]:
        cited: set[str] = set()
        for item in read_map_to(self.source):
            cited.add(item.loinc_num)
            yield {
                "release_id": self.release_id,
                "loinc_num": item.loinc_num,
                "map_to": item.map_to,
                "comment": item.comment,
            }
        self._check_against_table("MapTo.csv", cited)

    def _panel_rows(self) -> Iterator[dict[str, Any]]:
        for item in read_panels(self.source):
            if item.panel_num in self.laboratory_codes:
                yield {
                    "release_id": self.release_id,
                    "panel_num": item.panel_num,
                    "loinc_num": item.loinc_num,
                    "sequence": item.sequence,
                    "requirement": item.requirement[:20],
                }

    def _store_lab_orders(self) -> int:
        labels = dict(read_lab_orders(self.source))
        if not labels:
            return 0
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
        return len(labels)

    def _check_against_table(self, what: str, cited: set[str]) -> None:
        missing = len(cited - self.codes)
        if missing > max(5, UNKNOWN_TOLERATED * len(cited)):
            raise ReleaseError(
                f"{what} cite {missing} codes absents de Loinc.csv\u202f: la table est tronquée, "
                "ou les fichiers ne sont pas de la même version."
            )

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


def _as_number(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _count_lines(source: ReleaseSource, name: str) -> tuple[int, bool]:
    """The lines below the headings, and whether the last one has its end."""
    lines, last = 0, b"\n"
    with source.open(name) as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    return max(lines - 1, 0), last == b"\n"


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
