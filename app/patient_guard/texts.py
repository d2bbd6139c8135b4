"""The guard over what a person types: a comment, a reason, a question, the name of a catalogue."""

from app.patient_guard import births, messages, names, numbers
from app.patient_guard.findings import Kind
from app.patient_guard.names import Strength
from app.patient_guard.refusal import PatientTextError


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
    if births.tells_a_birth(text):
        found.append(Kind.BIRTH)
    if messages.message_in(text):
        found.append(Kind.MESSAGE)
    if Kind.BIRTH not in found and births.holds_a_date(text) and not names.AUTHORED.search(text):
        is_named = bool(names.addressed(text)) or names.names_within(text) is Strength.STRONG
        if is_named:
            found.append(Kind.NAME)
    return found


def refuse_patient_text(*texts: str) -> None:
    """Raise PatientTextError when one of these texts speaks of a patient."""
    kinds = list(dict.fromkeys(kind for text in texts for kind in traces_in(text)))
    if kinds:
        raise PatientTextError(kinds)
