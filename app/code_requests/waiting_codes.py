"""The codes d'attente of a laboratory: their system and their codes, as a dated fact. They are no LOINC codes.

The national rules give a system (an OID) and generic codes, which several rows may share. Nothing of them is known to
us but the system: the list begins empty, and the laboratory writes the codes that the national centre publishes.
"""

import re
from dataclasses import dataclass

from sqlmodel import Session

from app.audit.service import record
from app.code_requests import repository
from app.errors import ConflictError, InvalidInputError
from app.models import CONTRIBUTORS, WaitingCodeRule
from app.platform import locks
from app.platform.identity import LaboratoryAccess
from app.settings import LOINC_OID, Settings
from app.text import one_line

MOST_CODES = 60
LONGEST_CODE, LONGEST_LABEL, LONGEST_SYSTEM = 40, 120, 64
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){2,}")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/-]*")
_LOINC_SHAPE = re.compile(r"(L[APG])?[0-9]{1,8}-[0-9]", re.IGNORECASE)
CHANGED = "Ces réglages ont changé depuis que la page a été affichée. Rien n’a été enregistré."


@dataclass(frozen=True, slots=True)
class Rule:
    """The system in force in a laboratory, and its codes."""

    system: str
    codes: tuple[tuple[str, str], ...] = ()
    """(code, what it stands for)."""
    version: int = 0
    """The fact in force, 0 for the setting of the installation."""
    author: str = ""

    @property
    def text(self) -> str:
        """The codes as the form shows them: one a line, `code ; libellé`."""
        return "\n".join(f"{code} ; {label}" if label else code for code, label in self.codes)


def rule_in_force(session: Session, settings: Settings, laboratory_id: int) -> Rule:
    """What the laboratory wrote last, or the system of the installation without any code."""
    found = repository.rule_of(session, laboratory_id)
    if found is None:
        return Rule(settings.waiting_code_system)
    fact, author = found
    # Where the labels were erased for ever, nothing is left of the codes.
    codes = tuple((str(pair[0]), str(pair[1])) for pair in fact.codes if pair)
    return Rule(fact.system, codes, fact.id or 0, author)


def checked_system(text: str) -> str:
    """An OID that is not the one of LOINC; InvalidInputError otherwise."""
    system = text.strip().removeprefix("urn:oid:")
    if len(system) > LONGEST_SYSTEM or not _OID.fullmatch(system):
        raise InvalidInputError(
            "Le système des codes d’attente est un OID\u202f: des nombres séparés par des points, par exemple "
            "1.2.250.1.213.1.1.5.130."
        )
    if system == LOINC_OID:
        raise InvalidInputError("Cet OID est celui de LOINC\u202f: un code d’attente n’est pas un code LOINC.")
    return system


def checked_code(text: str) -> str:
    """A code that nothing can take for one of LOINC; InvalidInputError otherwise."""
    code = text.strip()
    if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
        raise InvalidInputError(
            f"«\u202f{code[:60]}\u202f» n’est pas un code d’attente\u202f: lettres sans accent, chiffres et "
            f". _ : / - , {LONGEST_CODE} caractères au plus."
        )
    # Also with a wrong key: whoever receives it would take it for a mistyped one. So are LP and LA codes of LOINC.
    if _LOINC_SHAPE.fullmatch(code):
        raise InvalidInputError(
            f"«\u202f{code}\u202f» a la forme d’un code LOINC\u202f: un code d’attente ne peut pas être pris pour "
            "un code LOINC."
        )
    return code


def read_codes(text: str) -> tuple[tuple[str, str], ...]:
    """The codes of a form, one a line with its label after a semicolon; InvalidInputError names the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        written, _, label = line.partition(";")
        try:
            code = checked_code(written)
        except InvalidInputError as error:
            raise InvalidInputError(f"Ligne {number}\u202f: {error.message}") from None
        label = one_line(label)
        if len(label) > LONGEST_LABEL:
            raise InvalidInputError(f"Ligne {number}\u202f: ce libellé dépasse {LONGEST_LABEL} caractères.")
        if code in found:
            raise InvalidInputError(f"Ligne {number}\u202f: le code «\u202f{code}\u202f» est écrit deux fois.")
        found[code] = label
    if len(found) > MOST_CODES:
        raise InvalidInputError(f"{MOST_CODES} codes d’attente au plus.")
    return tuple(found.items())


def set_rule(
    session: Session, settings: Settings, access: LaboratoryAccess, system: str, codes: str, version: int
) -> Rule:
    """Write the system and the codes of a laboratory; what was given to rows before stays as it was given."""
    access.require(*CONTRIBUTORS)
    asked = Rule(checked_system(system), read_codes(codes))
    locks.lock_laboratory(session, access.laboratory_id)
    before = rule_in_force(session, settings, access.laboratory_id)
    if before.version != version:
        raise ConflictError(CHANGED)
    if (before.system, before.codes) == (asked.system, asked.codes):
        return before
    session.add(
        WaitingCodeRule(
            laboratory_id=access.laboratory_id,
            system=asked.system,
            codes=[list(pair) for pair in asked.codes],
            author_id=access.user_id,
        )
    )
    session.flush()
    record(
        session, "code_request.set_waiting_codes", actor=access.user, object_type="laboratory",
        object_id=access.laboratory_id, laboratory_id=access.laboratory_id, system=asked.system,
        codes=[code for code, _ in asked.codes], previous_system=before.system,
        previous_codes=[code for code, _ in before.codes],
    )  # fmt: skip
    return rule_in_force(session, settings, access.laboratory_id)
