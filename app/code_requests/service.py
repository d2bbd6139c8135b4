"""Following requests: each step is a fact, written with its audit event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.audit.service import record
from app.code_requests import repository
from app.code_requests.repository import Declared, Found
from app.code_requests.waiting_codes import rule_in_force
from app.code_requests.workflow import NEEDS, require
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import CONTRIBUTORS, CodeRequestStep, RequestAction, RequestStatus, utc_now
from app.platform import locks
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.settings import Settings
from app.terminology.service import current_release
from app.text import french_day, in_paris, one_line, seen
from app.transcoding.readers import blind_person
from app.transcoding.standing import PLACEHOLDER_CODES
from app.upgrades.requested import open_promised_tasks
from loinc_data.checkdigit import is_valid_loinc

AT_ONCE = 200
"""Requests that one act follows, or that one file of LOINC holds."""
EARLIEST = date(2000, 1, 1)
LENGTHS = {"recipient": 120, "reference": 60, "reason": 500}
GONE = "Cette demande n’existe pas ou ne vous est pas ouverte."
OTHERWISE = "Quelqu’un a suivi cette demande depuis que la page a été affichée. Rien n’a été enregistré."
CLOSED = "La ligne «\u202f{code}\u202f» n’est plus déclarée sans code LOINC\u202f: sa demande ne se suit plus."


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says with a step, as the form sends it."""

    recipient: str = ""
    reference: str = ""
    day: str = ""
    loinc_num: str = ""
    waiting_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Checked:
    recipient: str
    reference: str
    day: date | None
    loinc_num: str
    reason: str


def one_request(session: Session, access: CatalogueAccess, row_id: int) -> Found:
    """The request of a row of this catalogue; NotFoundError where there is none that this person may see."""
    whose = repository.of_catalogue(access.catalogue_id, blind_person(access))
    found = repository.page_of(session, whose, rows=[row_id], limit=1)
    if not found:
        raise NotFoundError(GONE)
    return found[0]


def follow(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    row_ids: Collection[int],
    action: RequestAction,
    said: Said,
    version: int | None = None,
) -> int:
    """Add a step to these requests, all or none; how many. `version`: the newest step that the person was shown.

    Raises NotFoundError, NotAllowedError, ConflictError, InvalidInputError.
    """
    access.require(*CONTRIBUTORS)
    wanted = sorted(set(row_ids))
    if not wanted:
        raise InvalidInputError("Cochez au moins une demande.")
    if len(wanted) > AT_ONCE:
        raise InvalidInputError(f"{AT_ONCE} demandes au plus à la fois.")
    checked = _checked(action, said)
    locks.lock_catalogue(session, access.catalogue_id)
    whose = repository.of_catalogue(access.catalogue_id, blind_person(access))
    found = repository.page_of(session, whose, rows=wanted, limit=AT_ONCE)
    if len(found) != len(wanted):
        raise NotFoundError(GONE)
    if version is not None and any(item.version != version for item in found):
        raise ConflictError(OTHERWISE)
    system, code = _waiting(session, settings, access, action, said.waiting_code)
    steps = [_step(access, item, action, checked, system, code) for item in found]
    session.add_all(steps)
    session.flush()
    for item, step in zip(found, steps, strict=True):
        _tell(session, access, item, step)
    release = current_release(session)
    if action is RequestAction.ACCEPT and release is not None:
        open_promised_tasks(session, access.catalogue_id, release, wanted)
    return len(steps)


def _step(
    access: CatalogueAccess, item: Found, action: RequestAction, said: _Checked, system: str, code: str
) -> CodeRequestStep:
    # First who may, and from where: a person who may not learns nothing of the row.
    found = require(item.status, action, access.role)
    if item.declared is Declared.CLOSED and action is not RequestAction.WITHDRAW:
        raise ConflictError(CLOSED.format(code=item.code))
    if item.status is RequestStatus.SENT and said.day is not None and item.day is not None and said.day < item.day:
        raise InvalidInputError(
            f"La réponse ne peut pas être d’avant l’envoi, le {french_day(item.day)} (ligne «\u202f{item.code}\u202f»)."
        )
    if action is RequestAction.WAITING_CODE and (system, code) == (item.waiting_system, item.waiting_code):
        raise ConflictError("Cette demande porte déjà ce code d’attente, ou n’en porte aucun.")
    return CodeRequestStep(
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        local_test_id=item.row_id,
        action=action,
        status=found.to_status,
        recipient=said.recipient,
        reference=said.reference,
        day=said.day,
        loinc_num=said.loinc_num,
        waiting_system=system,
        waiting_code=code,
        reason=said.reason,
        author_id=access.user_id,
        author_role=access.role,
    )


def _tell(session: Session, access: CatalogueAccess, item: Found, step: CodeRequestStep) -> None:
    record(
        session,
        f"code_request.{step.action}",
        actor=access.user,
        object_type="local_test",
        object_id=item.row_id,
        laboratory_id=access.laboratory_id,
        step=step.public_id,
        local_code=item.code,
        status=step.status,
        recipient=step.recipient,
        reference=step.reference,
        day=step.day.isoformat() if step.day else "",
        loinc_num=step.loinc_num,
        waiting_system=step.waiting_system,
        waiting_code=step.waiting_code,
        reason=step.reason,
    )


def _waiting(
    session: Session, settings: Settings, access: CatalogueAccess, action: RequestAction, typed: str
) -> tuple[str, str]:
    """The system and the code to give, both empty to take it away: only a code of the laboratory's list is given."""
    code = typed.strip()
    if action is not RequestAction.WAITING_CODE or not code:
        return "", ""
    rule = rule_in_force(session, settings, access.laboratory_id)
    if code not in dict(rule.codes):
        raise InvalidInputError(
            f"«\u202f{code[:40]}\u202f» n’est pas un code d’attente de ce laboratoire\u202f: la liste se règle à "
            "la page « Codes d’attente »."
        )
    return rule.system, code


def _checked(action: RequestAction, said: Said) -> _Checked:
    """What was said, once everything that this action needs is there and nothing else is kept."""
    needs = NEEDS[action].split()
    texts = {name: one_line(seen(getattr(said, name))) for name in LENGTHS}
    for name, text in texts.items():
        if len(text) > LENGTHS[name]:
            raise InvalidInputError(f"{FIELD[name]}\u202f: {LENGTHS[name]} caractères au plus.")
    if "recipient" in needs and not texts["recipient"]:
        raise InvalidInputError("Indiquez à qui la demande est envoyée.")
    if "reason" in needs:
        require_written(texts["reason"], "Indiquez le motif.")
    loinc_num = said.loinc_num.strip() if "code" in needs else ""
    if loinc_num in PLACEHOLDER_CODES:
        raise InvalidInputError(
            f"{loinc_num} ne désigne aucune analyse\u202f: ce n’est pas le code donné à une demande."
        )
    # LOINC writes no zero in front: such a code would never be found in a release.
    if "code" in needs and (not is_valid_loinc(loinc_num) or loinc_num.startswith("0")):
        raise InvalidInputError(
            f"«\u202f{loinc_num[:20]}\u202f» n’est pas un code LOINC\u202f: des chiffres, un tiret et la clé, par "
            "exemple 2951-2."
            if loinc_num
            else "Indiquez le code LOINC donné."
        )
    return _Checked(
        recipient=texts["recipient"] if "recipient" in needs else "",
        reference=texts["reference"] if "day" in needs else "",
        day=_day(said.day) if "day" in needs else None,
        loinc_num=loinc_num,
        reason=texts["reason"],
    )


def _day(text: str) -> date:
    today = in_paris(utc_now()).date()
    if not text.strip():
        return today
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(f"«\u202f{text[:30]}\u202f» n’est pas une date\u202f: attendu AAAA-MM-JJ.") from None
    if not EARLIEST <= day <= today:
        raise InvalidInputError(f"La date doit être comprise entre le {french_day(EARLIEST)} et aujourd’hui.")
    return day


FIELD = {"recipient": "Destinataire", "reference": "Référence", "reason": "Motif"}
