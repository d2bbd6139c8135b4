"""Reading the warnings of a catalogue, and answering them."""

from typing import TYPE_CHECKING

from sqlmodel import Session

from app.audit.service import record
from app.consistency import repository
from app.consistency.found_sql import Found, Narrowed, found_among
from app.consistency.wording import summary_of
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import CONTRIBUTORS, ConsistencyAction, ConsistencyAnswer, ConsistencyKind, Level, LoincRelease
from app.platform import locks
from app.platform.written import require_written
from app.terminology.service import current_release
from app.terminology.starter import OFFICIAL
from app.text import seen as visible
from app.transcoding.readers import blind_person

if TYPE_CHECKING:
    # The command line judges consistency too, and starts without the web.
    from app.platform.identity import CatalogueAccess

SHOWN = 6
"""Rows of a warning that a list shows."""
LONGEST_REASON = 500
GONE = "Cet avertissement n’existe plus : les codes ou les lignes ont changé. Rien n’a été enregistré."
OTHERWISE = (
    "Les lignes ou les codes de cet avertissement ont changé depuis que la page a été affichée. Rien n’a été "
    "enregistré : regardez-le tel qu’il est maintenant."
)


def knows_orders(release: LoincRelease | None) -> bool:
    """Whether the release says itself which codes are only ordered: our own subset does not."""
    return release is not None and release.kind == OFFICIAL


def release_values(release: LoincRelease | None) -> dict[str, int]:
    """What the statements are told of the release in use."""
    return {"release_id": (release.id or 0) if release else 0, "knows_orders": int(knows_orders(release))}


def narrowed_to(kind: ConsistencyKind, subject: str) -> Narrowed:
    """The rows of one warning; NotFoundError when no warning can be named so."""
    level, _, key = subject.partition(":")
    if level not in (Level.ANALYSIS, Level.EXAM) or not key:
        raise NotFoundError(GONE)
    if kind is ConsistencyKind.LABEL:
        if not (key.isascii() and key.isdigit() and len(key) <= 15):
            raise NotFoundError(GONE)
        return Narrowed((), (int(key),), ())
    if kind is ConsistencyKind.LOCAL_CODE:
        return Narrowed((), (), (key,))
    return Narrowed((key,), (), ())


def one_warning(session: Session, access: "CatalogueAccess", kind: ConsistencyKind, subject: str) -> Found:
    """A warning as it stands; NotFoundError when there is none any more, or none that this person may see yet."""
    catalogue_id = access.catalogue_id
    release = release_values(current_release(session))
    found = found_among(session, catalogue_id, release, narrowed_to(kind, subject))
    warning = next((item for item in found if item.kind is kind and item.subject == subject), None)
    if warning is None or repository.hidden_subjects(session, catalogue_id, [warning], blind_person(access)):
        raise NotFoundError(GONE)
    return warning


def answer(
    session: Session,
    access: "CatalogueAccess",
    kind: ConsistencyKind,
    subject: str,
    seen: str,
    action: ConsistencyAction,
    reason: str,
) -> ConsistencyAnswer:
    """Say that a warning is meant so, with a reason, or that it is to be looked at again.

    `seen` is what made the warning when the person saw it: if it changed since, ConflictError.
    """
    access.require(*CONTRIBUTORS)
    reason = visible(reason)
    if action is ConsistencyAction.ACCEPT:
        require_written(reason, "Écrivez pourquoi c’est voulu : ce motif reste dans l’historique de l’avertissement.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(f"Ce motif est trop long : {LONGEST_REASON} caractères au plus.")
    locks.lock_catalogue(session, access.catalogue_id)
    warning = one_warning(session, access, kind, subject)
    if warning.seen != seen:
        raise ConflictError(OTHERWISE)
    if (warning.answer_id is not None) is (action is ConsistencyAction.ACCEPT):
        raise ConflictError(
            "Quelqu’un a déjà répondu à cet avertissement." if warning.answer_id else "Il est déjà à regarder."
        )
    members = repository.members_of(session, access.catalogue_id, [warning], SHOWN)
    said = ConsistencyAnswer(
        catalogue_id=access.catalogue_id,
        kind=kind,
        subject=subject,
        seen=seen,
        action=action,
        reason=reason,
        summary=summary_of(next(iter(members.values()), [])),
        author_id=access.user_id,
        author_role=access.role,
    )
    session.add(said)
    session.flush()
    record(
        session,
        f"consistency.{action}",
        actor=access.user,
        object_type="catalogue",
        object_id=access.catalogue_id,
        laboratory_id=access.laboratory_id,
        kind=kind,
        subject=subject,
        reason=reason,
    )
    return said
