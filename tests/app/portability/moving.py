"""A laboratory that moves from one database to another, and what is compared then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlmodel import Session

from app.coverage.service import coverage_report
from app.errors import WorkbenchError
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import instant
from app.models import Catalogue, Laboratory, metadata
from app.models.base import moment_told
from app.models.public_identifiers import new_public_id
from app.platform.database import Transactions, reading, transaction
from app.portability.storing import Imported, import_archive
from app.portability.writing import Archive, make_archive
from app.settings import Settings
from app.upkeep.audit_check import audit
from app.versions.service import version_of

CLOCK = datetime(2027, 5, 4, 10, tzinfo=UTC)
_OF_RELEASES = ("loinc_term", "loinc_map_to", "loinc_french_name", "loinc_panel_member")


@dataclass
class Place:
    """An installation."""

    engine: Engine
    settings: Settings


class Delivered:
    """The bytes of an export, and how it says the state of its installation.

    Two are the same when they differ by nothing else: the words of both states are left out of both, since a fact may
    have the moment at which one of the installations last changed.
    """

    def __init__(self, content: bytes, state: tuple[tuple[bytes, bytes], ...]) -> None:
        self.content, self.state = content, state

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Delivered):
            return False
        said = (*self.state, *other.state)
        return self._without(said) == other._without(said)

    def __hash__(self) -> int:
        return 0

    def _without(self, said: tuple[tuple[bytes, bytes], ...]) -> bytes:
        content = self.content
        for word, name in said:
            content = content.replace(word, name)
        return content


def archived(engine: Engine, laboratory_id: int, path: Path) -> Archive:
    """The archive of a laboratory, in this file."""
    return make_archive(Transactions(engine), laboratory_id, lambda file, _said: path.write_bytes(file.read_bytes()))


def arrived(engine: Engine, path: Path, name: str = "") -> Imported:
    return import_archive(engine, path, name=name)


def name_contents(engine: Engine) -> None:
    """Give the releases and lists of a test the hashes that a load gives them."""
    with transaction(engine) as session:
        for table, said in (("loinc_release", "version"), ("value_set", "kind")):
            model = metadata.tables[table]
            for row in session.execute(select(model)).mappings().all():
                if not row["content_hash"]:
                    digest = sha256(f"{table} {row[said]} {row['id']}".encode()).hexdigest()
                    session.execute(update(model).where(model.c.id == row["id"]).values(content_hash=digest))


def load_terminology(source: Engine, target: Engine, above: int = 40) -> None:
    """Load in another installation what this one has loaded, under other numbers, at another moment."""
    name_contents(source)
    with source.connect() as there, transaction(target) as session:
        here = session.connection()
        release, value_set = metadata.tables["loinc_release"], metadata.tables["value_set"]
        numbers = _copied(there, here, release, {}, above)
        for name in _OF_RELEASES:
            _copied(there, here, metadata.tables[name], {"release_id": numbers}, None)
        lists = _copied(there, here, value_set, {"release_id": numbers}, above)
        for name in ("value_set_member", "nabm_alignment"):
            _copied(there, here, metadata.tables[name], {"value_set_id": lists}, None)


def _copied(
    there: Connection, here: Connection, table: Any, maps: dict[str, dict[int, int]], above: int | None
) -> dict[int, int]:
    numbers: dict[int, int] = {}
    last = here.execute(select(func.max(table.c.id))).scalar() or 0
    for row in there.execute(select(table).order_by(table.c.id)).mappings().all():
        values = dict(row)
        key = values.pop("id")
        if "public_id" in values:
            values["public_id"] = new_public_id()
        for column, numbered in maps.items():
            if values[column] is not None:
                if values[column] not in numbered:
                    break
                values[column] = numbered[values[column]]
        else:
            if above is not None:
                if values.get("content_hash") and here.execute(
                    select(table.c.id).where(table.c.content_hash == values["content_hash"])
                ).first():
                    continue
                last += above
                values["id"] = last
                numbers[key] = last
            here.execute(insert(table).values(values))
    return numbers


def laboratory_named(session: Session, name: str) -> Laboratory:
    return session.execute(select(Laboratory).where(Laboratory.name == name)).scalar_one()  # type: ignore[arg-type]


def catalogues_of(session: Session, laboratory: Laboratory) -> Sequence[Catalogue]:
    asked = select(Catalogue).where(
        Catalogue.laboratory_id == laboratory.id, Catalogue.staged_for_job_id.is_(None)  # type: ignore[arg-type,union-attr]
    )
    return session.execute(asked.order_by(Catalogue.id)).scalars().all()  # type: ignore[arg-type]


def figures(engine: Engine, name: str, days: Sequence[date] = ()) -> dict[Any, Any]:
    """Every figure of every catalogue of a laboratory, today and on past days; a refusal is its sentence."""
    found: dict[Any, Any] = {}
    with reading(engine) as session, moment_told(CLOCK):
        laboratory = laboratory_named(session, name)
        for catalogue in catalogues_of(session, laboratory):
            for day in (None, *days):
                try:
                    report = coverage_report(session, laboratory, catalogue, None, day)
                except WorkbenchError as error:
                    found[catalogue.name, day] = error.message
                    continue
                found[catalogue.name, day] = (
                    [
                        (str(definition), figure.numerator, figure.denominator, figure.rows_counted,
                         figure.rows_missing, figure.rows_without_volume, dict(figure.standings))
                        for definition, figure in report.figures
                    ],
                    [(line.name, line.with_code, line.without_code, line.first, line.last) for line in report.approvers]
                    if hasattr(report.approvers[0] if report.approvers else None, "first") else
                    [str(line) for line in report.approvers],
                    report.warnings,
                    report.context.release_version,
                    report.context.grace.sentence,
                    [(row.code, row.reason) for row in report.out_of_scope],
                )  # fmt: skip
    return found


def exports(engine: Engine, settings: Settings, name: str) -> dict[Any, Any]:
    """The bytes of every export that can leave; a refusal is its sentence.

    The version of a FHIR resource, and its date, are the moment at which its installation last changed anything that
    leaves (also the release in service): they are left out.
    """
    found: dict[Any, Any] = {}
    with reading(engine) as session:
        laboratory = laboratory_named(session, name)
        catalogues = catalogues_of(session, laboratory)
    for catalogue in catalogues:
        for kind in ExportKind:
            try:
                with reading(engine) as session, moment_told(CLOCK):
                    material = read_material(session, laboratory, catalogue, ExportRequest(kind))
                with moment_told(CLOCK):
                    file, _ = build(material, settings, ExportRequest(kind), CLOCK, "essai")
            except WorkbenchError as error:
                found[catalogue.name, kind] = error.message
                continue
            stated = Canonicals(laboratory, catalogue).version(material.facts.state).encode()
            moment = instant(material.facts.state.changed_at).encode()
            found[catalogue.name, kind] = Delivered(file.content, ((stated, b"VERSION"), (moment, b"MOMENT")))
    return found


def versions(engine: Engine, name: str) -> dict[str, Any]:
    """At which version each catalogue is."""
    with reading(engine) as session:
        laboratory = laboratory_named(session, name)
        return {
            catalogue.name: (state.number, state.is_signed, state.is_whole, state.label, state.content_sha256)
            for catalogue in catalogues_of(session, laboratory)
            for state in [version_of(session, catalogue.id or 0)]
        }  # fmt: skip


def anomalies(engine: Engine) -> list[str]:
    """What verify-audit says."""
    with reading(engine) as session:
        return [item.sentence for item in audit(session).findings]
