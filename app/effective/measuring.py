"""Measuring what reports carry: read apart, judged against the catalogue and the terminology of the moment.

Nothing of a report but counts comes out of the process that reads it; nothing is written here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from app.coverage.definitions import CountedCatalogue, Definition, Figure
from app.coverage.repository import coverage_rows
from app.effective import repository
from app.effective.catalogue_index import Analyses, analyses_of, index_of
from app.effective.judging import CodeFacts, judged, seen_codes
from app.effective.lines import Figures
from app.effective.uploads import Sealed, counts_of_paths, counts_of_stored
from app.emitted.observed import Cluster, CodeSystems, Counts, Damaged, Refused
from app.errors import ConflictError, InvalidInputError
from app.models import Catalogue, Laboratory, ValueSetKind, utc_now
from app.platform.apart import Apart
from app.platform.database import reading
from app.settings import Settings
from app.terminology.chunks import chunks
from app.terminology.grace import rule_at
from app.terminology.service import current_release
from app.terminology.value_sets import current_value_set
from app.text import release_title, with_capital
from app.transcoding.repository import in_circuit
from matcher.evidence.property import property_shares
from matcher.normalise.units import example_dimensions

NOTHING_COUNTED = "Rien n’est compté ni gardé\u202f: retirez ce qui n’est pas lu, et recommencez."
MOST_NAMED = 20
_FILE = re.compile(r"fichier \d+")
"""The place of a whole file; a part of an archive, or a message, has a longer one."""
AT_ONCE = 900
"""Codes in one statement."""
NO_RELEASE = "Aucune version de LOINC n’est chargée\u202f: les codes des comptes rendus ne peuvent être jugés."


@dataclass(frozen=True, slots=True)
class CircuitUsed:
    """The list *Circuit de la biologie* that codes are looked up in."""

    title: str
    version: str
    content_hash: str

    @property
    def name(self) -> str:
        """As users name it."""
        return " ".join(filter(None, (self.title, self.version)))


@dataclass(frozen=True, slots=True)
class Against:
    """What a reading is judged against, as it was at one moment."""

    laboratory_id: int
    laboratory: str
    catalogue_id: int
    catalogue: str
    at: datetime
    release_id: int
    release_version: str
    release_hash: str
    """SHA-256 of its contents."""
    circuit: CircuitUsed | None
    """The list *Circuit de la biologie* in service; None when none is loaded."""
    analyses: Analyses
    coverage: Figure
    """Of the catalogue, by the default definition."""
    waiting_system: str = ""
    """OID of the codes d'attente that the laboratory wrote for itself; empty where it follows the installation."""

    @property
    def release_title(self) -> str:
        """The release as users name it."""
        return release_title(self.release_version)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted, judged."""

    against: Against
    figures: Figures
    damaged: Sequence[Damaged]
    clusters: Mapping[Cluster, int]


def code_systems(settings: Settings, against: Against) -> CodeSystems:
    """How the codes of reports are told apart: those of the system of the installation, or of the one that the
    laboratory wrote for itself, are codes d'attente."""
    return CodeSystems(waiting=frozenset(filter(None, (settings.waiting_code_system, against.waiting_system))))


def against_now(session: Session, laboratory: Laboratory, catalogue: Catalogue) -> Against:
    """The catalogue, the release and the list of now. Raises ConflictError where no release is loaded."""
    release = current_release(session)
    if release is None or release.id is None:
        raise ConflictError(NO_RELEASE)
    assert laboratory.id is not None
    assert catalogue.id is not None
    circuit = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    is_over = rule_at(session).is_over
    rows = coverage_rows(session, catalogue.id, release.id, None, is_over)
    return Against(
        laboratory_id=laboratory.id,
        laboratory=laboratory.name,
        catalogue_id=catalogue.id,
        catalogue=catalogue.name,
        at=utc_now(),
        release_id=release.id,
        release_version=release.version,
        release_hash=release.content_hash,
        circuit=CircuitUsed(circuit.title, circuit.version, circuit.content_hash) if circuit else None,
        analyses=analyses_of(rows),
        coverage=CountedCatalogue(rows, is_over).figure(Definition()),
        waiting_system=repository.waiting_system_of(session, laboratory.id),
    )


def measure(
    engine: Engine, settings: Settings, apart: Apart, against: Against, files: Sequence[Path] | Sealed
) -> Measured:
    """Read these files apart, with no transaction open, and judge what they carry.

    Raises InvalidInputError for a file that cannot be read at all, named by its number.
    """
    given = (index_of(against.analyses), code_systems(settings, against))
    if isinstance(files, Sealed):
        counts, number = apart.run(counts_of_stored, files, *given), len(files.file_ids)
    else:
        counts, number = apart.run(counts_of_paths, [str(path) for path in files], *given), len(files)
    _require_all_read(counts)
    with reading(engine) as session:
        codes = code_facts(session, against.release_id, seen_codes(counts))
    return Measured(against, figures_of(counts, against, codes, number), counts.damaged, counts.clusters)


def _require_all_read(counts: Counts) -> None:
    """Refuse the whole where a file is of a sort that is not read: figures without it would pass for those of all."""
    refused = [item for item in counts.damaged if isinstance(item, Refused) and _FILE.fullmatch(item.place)]
    if refused:
        told = "\n".join(f"{with_capital(item.place)}\u202f: {item.reason}." for item in refused[:MOST_NAMED])
        raise InvalidInputError(f"{told}\n{NOTHING_COUNTED}")


def code_facts(session: Session, release_id: int, numbers: set[str]) -> CodeFacts:
    """What a release and the list in service say of these codes."""
    units = repository.example_units(session, release_id)
    return CodeFacts(
        terms=repository.terms_of(session, release_id, numbers),
        circuit=_in_circuit(session, numbers),
        shares=property_shares((example_dimensions(example), kind, terms) for example, kind, terms in units),
    )


def _in_circuit(session: Session, numbers: set[str]) -> frozenset[str] | None:
    found = [in_circuit(session, some) for some in chunks(sorted(numbers), AT_ONCE)] or [in_circuit(session, ())]
    return None if None in found else frozenset().union(*(part for part in found if part is not None))


def figures_of(counts: Counts, against: Against, codes: CodeFacts, files: int) -> Figures:
    """The figures of a reading."""
    return Figures(
        reports=counts.reports,
        level1_reports=counts.level1_reports,
        files=files,
        damaged=counts.damaged_total,
        lines=judged(counts, against.analyses, codes),
        has_circuit=codes.circuit is not None,
        deleted_reports=counts.deleted_reports,
    )
