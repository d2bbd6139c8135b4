"""The guard over what a person types: a comment, a reason, a question, the name of a catalogue."""

import re

from app.patient_guard import abroad, ages, births, messages, names, numbers
from app.patient_guard.findings import Kind
from app.patient_guard.names import Strength
from app.patient_guard.refusal import PatientTextError

_WORK = re.compile(
    r"\b(?:transcod\w*|version|planning|garde|astreinte|visa|relecture|relu\w*|export\w*|saisi\w*|coordonn\w*|secr[ée]tariat"
    r"|h[ôo]pital|clinique|labo\w*|service|site|centre|unit[ée]|paillasse|poste|salle|lot)\b",
    re.IGNORECASE,
)
"""Words of who works, and of places, which bear the names of people."""


def traces_in(text: str) -> list[Kind]:
    """The traces of a patient in a typed text: a number, a birth, a message; a name only beside a date."""
    if len(text) < 8:
        return []
    found: list[Kind] = []
    if numbers.LIKELY.search(text):
        said = numbers.numbers_in(text)
        if said.keyed:
            found.append(Kind.NUMBER)
        elif said.form:
            found.append(Kind.NUMBER_FORM)
    if abroad.signs_in(text):
        elsewhere = abroad.abroad_in(text)
        if elsewhere.sure or elsewhere.bare:
            found.append(Kind.ABROAD)
        elif elsewhere.form and Kind.NUMBER_FORM not in found:
            found.append(Kind.NUMBER_FORM)
    if ages.tells_a_person(text):
        found.append(Kind.AGE)
    if births.tells_a_birth(text):
        found.append(Kind.BIRTH)
    if messages.message_in(text):
        found.append(Kind.MESSAGE)
    is_dated = births.holds_a_date(text) or births.dated(text) is not None
    if Kind.BIRTH not in found and is_dated and not names.AUTHORED.search(text):
        is_named = bool(names.addressed(text)) or names.names_within(text) is Strength.STRONG
        if is_named:
            found.append(Kind.NAME)
    return found


def names_a_person_and_a_day(text: str) -> bool:
    """Whether a title (the name of a sheet) is that of one person: her name and a day, a month or a year of birth.

    Who made, answers for or validated something signs and dates it: those pass, unless the day is from before
    computers.
    """
    year = births.dated(text)
    if year is None:
        return False
    strength = names.names_within(text)
    if year < births.BEFORE_COMPUTERS:
        return strength >= Strength.SURE or names.strength_of(births.undated(text)) > Strength.NONE or _addressed(text)
    if names.AUTHORED.search(text) or _WORK.search(text):
        return False
    if year < births.FEW_CREATIONS and names.strength_of(births.undated(text)) > Strength.NONE:
        return True
    return strength >= Strength.SURE or _addressed(text)


def _addressed(text: str) -> bool:
    return bool(names.addressed(text) or names.addressed_by_surname(text))


def refuse_patient_text(*texts: str) -> None:
    """Raise PatientTextError when one of these texts speaks of a patient."""
    kinds = list(dict.fromkeys(kind for text in texts for kind in traces_in(text)))
    if kinds:
        raise PatientTextError(kinds)
