"""What was in service in the installation that a laboratory came from, and what its figures wait for here.

LOINC and the lists do not travel with a laboratory: they are named by their hashes. A past day of before it came is
counted by what was in service there; no figure is given as long as something that it rests on is not loaded here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.errors import ConflictError
from app.models import ImportedArchive, Laboratory, LoincRelease, ReleaseStatus, ValueSet, ValueSetKind
from app.terminology.terms_hash import is_known
from loinc_data.tables import STARTER_VERSION

NOTHING = "de quoi compter manque"
STARTER = "starter"


@dataclass(frozen=True, slots=True)
class Carried:
    """What was in service there, since when, in the order of time; None: since the beginning, or nothing."""

    releases: tuple[tuple[datetime | None, int | None], ...]
    value_sets: dict[str, tuple[tuple[datetime | None, dict[str, Any] | None], ...]]
    grace: tuple[tuple[datetime, date | None], ...]

    def release_at(self, session: Session, moment: datetime) -> LoincRelease | None:
        """The release of that moment. Raises ConflictError when it is not loaded here."""
        number = _last(self.releases, moment)
        release = session.get(LoincRelease, number) if number is not None else None
        if release is not None and release.status != ReleaseStatus.READY:
            found = release_of(session, release.content_hash, release.terms_hash)
            if found is None:
                raise ConflictError(_refusal([_named(release)]))
            return found
        return release

    def value_set_at(self, session: Session, kind: str, moment: datetime) -> ValueSet | None:
        """The list of that moment. Raises ConflictError when it is not loaded here."""
        named = _last(self.value_sets.get(kind, ()), moment)
        if named is None:
            return None
        found = value_set_of(session, named["kind"], named["content_hash"])
        if found is None:
            raise ConflictError(_refusal([named]))
        return found


def _last(periods: Sequence[tuple[datetime | None, Any]], moment: datetime) -> Any:
    before = [what for since, what in periods if since is None or since <= moment]
    return before[-1] if before else None


def told_before(session: Session, laboratory: Laboratory | None, moment: datetime) -> Carried | None:
    """What was in service where the laboratory then was; None when it was here."""
    if laboratory is None or laboratory.imported_at is None or moment >= laboratory.imported_at:
        return None
    statement = select(ImportedArchive.context).where(ImportedArchive.laboratory_id == laboratory.id)
    context = session.exec(statement.order_by(col(ImportedArchive.id).desc()).limit(1)).first()
    return None if context is None else read_context(dict(context))


def read_context(context: dict[str, Any]) -> Carried:
    """As `ImportedArchive.context` keeps it."""
    return Carried(
        tuple((_moment(since), number) for since, number in context["releases"]),
        {
            kind: tuple((_moment(since), named) for since, named in periods)
            for kind, periods in context["value_sets"].items()
        },
        tuple((datetime.fromisoformat(at), date.fromisoformat(day) if day else None) for at, day in context["grace"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def release_of(session: Session, content_hash: str, terms_hash: str) -> LoincRelease | None:
    """The loaded release of these contents: of the same files, or else of the same laboratory terms."""
    ready = select(LoincRelease).where(LoincRelease.status == ReleaseStatus.READY).order_by(col(LoincRelease.id))
    found = session.exec(ready.where(LoincRelease.content_hash == content_hash)).first() if content_hash else None
    if found is None and is_known(terms_hash):
        found = session.exec(ready.where(LoincRelease.terms_hash == terms_hash)).first()
    return found


def value_set_of(session: Session, kind: str, content_hash: str) -> ValueSet | None:
    """The loaded list of this kind and of these contents."""
    statement = select(ValueSet).where(ValueSet.kind == kind, ValueSet.content_hash == content_hash)
    return session.exec(statement.order_by(col(ValueSet.id))).first() if content_hash else None


def missing(session: Session, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of these releases and lists (`named`) that are not loaded."""
    return [item for item in wanted if not _is_loaded(session, item)]


def _is_loaded(session: Session, item: dict[str, Any]) -> bool:
    if item["kind"] in set(ValueSetKind):
        return value_set_of(session, item["kind"], item["content_hash"]) is not None
    return release_of(session, item["content_hash"], item["terms_hash"]) is not None


def _named(release: LoincRelease) -> dict[str, Any]:
    return {"kind": release.kind, "version": release.version, "content_hash": release.content_hash,
            "terms_hash": release.terms_hash, "title": ""}  # fmt: skip


def refusal_of(session: Session, awaits: Sequence[dict[str, Any]]) -> str:
    """Why no figure of a laboratory that awaits this is given; empty once all of it is loaded, or of a laboratory of
    here. No statement when it awaits nothing, which is nearly always so."""
    left = missing(session, awaits) if awaits else []
    return _refusal(left) if left else ""


def refuse_figures(session: Session, laboratory: Laboratory) -> None:
    """Raise ConflictError while a release or a list that the figures of a laboratory rest on is not loaded here."""
    refusal = refusal_of(session, laboratory.awaits)
    if refusal:
        raise ConflictError(refusal)


def _refusal(items: Sequence[dict[str, Any]]) -> str:
    told = " ; ".join(map(sentence_of, items))
    return (
        f"Ce laboratoire vient d’une autre installation, et {NOTHING} ici : {told}. Chargez ce qui manque "
        "(transcodeur load-loinc, transcodeur load-valueset, ou la page Terminologie) : les chiffres reviendront."
    )


def sentence_of(item: dict[str, Any]) -> str:
    """A release or a list, by its name and its hash, in French."""
    if item["kind"] in set(ValueSetKind):
        named = f"la liste « {item['title'] or item['kind']} » {item['version']}".rstrip()
    else:
        kind = "la terminologie de départ" if item["kind"] == STARTER else "LOINC"
        named = f"{kind} {item['version']}".rstrip()
    digest = (item["content_hash"] or item["terms_hash"] or "inconnue")[:12]
    return f"{named} (empreinte {digest}{_comes_by_itself(item)})"


def _comes_by_itself(item: dict[str, Any]) -> str:
    """How a starter terminology gets here, as no command loads one; empty for what a command loads."""
    if item["kind"] != STARTER:
        return ""
    if item["version"] == STARTER_VERSION:
        return " ; le démarrage du serveur la charge"
    return " ; seule la version de l’atelier qui la contient la charge, à son démarrage"
