"""Reading an official release as the rows that its load stores, in pieces: nothing here writes.

It is done in the process beside (`app/platform/apart.py`), whose memory and time are limited: an archive that unzips
without end, or a table of one line, ends that process and not the worker that asked.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import SQLModel

from app.errors import InvalidInputError
from app.models import FrenchName, LoincTerm, MapTo, PanelMember
from app.terminology.chunks import chunks
from app.terminology.french import french_material
from app.terminology.schemas import LoadReport
from app.terminology.starter import term_row
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

UNKNOWN_TOLERATED = 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """How far the reading is, as a progress bar says it."""

    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one table, and what is said once they are stored."""

    model: type[SQLModel]
    rows: list[dict[str, Any]]
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class LabOrders:
    """The value set that comes with the release: code -> label, in order."""

    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finished:
    """All was read and agrees: the counts, and what is known of the release as a whole."""

    report: LoadReport
    version: str
    """The number that the release states, or the newest change of a term; empty where neither is known."""
    terms_hash: str


Piece = Told | Rows | LabOrders | Finished


def content_hash_of(_engine: Engine | None, path: Path) -> str:
    """The SHA-256 of what a release says; raises InvalidInputError."""
    with _refusals():
        return content_hash(path)


def read_release(_engine: Engine | None, path: Path, name: str, release_id: int, size: int) -> Iterator[Piece]:
    """The rows of a zip or folder, at most `size` at a time; raises InvalidInputError, in French, when it is none.

    What was read before a refusal says nothing: the files are checked against each other as they come.
    """
    with _refusals(), open_source(path) as source:
        yield from _Reading(source, name, release_id, size).pieces()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ReleaseError as error:
        raise InvalidInputError(str(error)) from error


@dataclass(slots=True)
class _Reading:
    """What was read so far, to check the files against each other."""

    source: ReleaseSource
    name: str
    release_id: int
    size: int
    newest_change: str = ""
    codes: set[str] = field(default_factory=set)
    laboratory_codes: set[str] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code → (French name, producer) of the preferred variant."""
    named_codes: set[str] = field(default_factory=set)
    terms: TermsHash = field(default_factory=TermsHash)
    counted: int = 0
    """Rows of the table that is being read."""

    def pieces(self) -> Iterator[Piece]:
        """Everything, in the order in which it is stored."""
        report = LoadReport(self.release_id, "", is_new=True)
        for variant, (name, producer) in french_variants(self.source).items():
            yield Told(0, 0, f"Lecture des noms français ({variant})")
            yield from self._rows(FrenchName, self._variant_rows(variant, name, producer))
            report.french_names[variant] = self.counted
        total, report.last_line_ends = _count_lines(self.source, main_table(self.source))
        yield from self._rows(LoincTerm, self._term_rows(), "Lecture des termes", total)
        report.term_count = self.counted
        self._check_against_table("Une variante linguistique", self.named_codes)
        yield from self._rows(MapTo, self._map_to_rows())
        report.map_to_count = self.counted
        yield from self._rows(PanelMember, self._panel_rows())
        report.panel_members = self.counted
        labels = dict(read_lab_orders(self.source))
        report.lab_orders = len(labels)
        if labels:
            yield LabOrders(labels)
        stated = release_version(self.source, self.name) or self.newest_change
        yield Finished(report, stated, self.terms.value())

    def _rows(
        self, model: type[SQLModel], rows: Iterable[dict[str, Any]], message: str = "", total: int = 0
    ) -> Iterator[Rows]:
        self.counted = 0
        for chunk in chunks(rows, self.size):
            self.counted += len(chunk)
            told = Told(min(self.counted, total), total, message) if message else None
            yield Rows(model, chunk, told)

    def _variant_rows(self, variant: str, name: str, producer: str) -> Iterator[dict[str, Any]]:
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

    def _check_against_table(self, what: str, cited: set[str]) -> None:
        missing = len(cited - self.codes)
        if missing > max(5, UNKNOWN_TOLERATED * len(cited)):
            raise ReleaseError(
                f"{what} cite {missing} codes absents de Loinc.csv\u202f: la table est tronquée, "
                "ou les fichiers ne sont pas de la même version."
            )


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
