"""Which state of a catalogue a pack holds, and how that is said."""

from dataclasses import dataclass

from sqlmodel import Session

from app.errors import InvalidInputError, NotFoundError
from app.versions.repository import signatures_of
from app.versions.whole import WholeVersion, whole_versions
from app.versions.wording import DRAFT, left_out

DAY = "jour"
"""The state of the day, in a form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for: the last whole sign-off, unless she says otherwise."""

    version: int | None = None
    """An earlier one, by its number."""
    draft: bool = False
    """The state of the day, as a draft."""
    without_pdf: bool = False


def asked_for(state: str, without_pdf: bool) -> Asked:
    """What a form says: nothing, a number of version, or `jour`; raises InvalidInputError for anything else."""
    told = state.strip()
    if not told:
        return Asked(without_pdf=without_pdf)
    if told == DAY:
        return Asked(draft=True, without_pdf=without_pdf)
    if not (told.isascii() and told.isdigit() and len(told) <= 6):
        raise InvalidInputError(f"« {told[:20]} » n’est ni un numéro de version, ni l’état du jour.")
    return Asked(int(told), without_pdf=without_pdf)


def asked_version(session: Session, catalogue_id: int, asked: Asked) -> WholeVersion | None:
    """The sign-off to give; None for the state of the day. Raises what `chosen` says."""
    return chosen(wholes_of(session, catalogue_id), asked)


def wholes_of(session: Session, catalogue_id: int) -> list[WholeVersion]:
    """The whole versions of a catalogue, the oldest first."""
    return whole_versions(signatures_of(session, catalogue_id))


def chosen(wholes: list[WholeVersion], asked: Asked) -> WholeVersion | None:
    """The one of these that is asked for, None for the state of the day.

    Raises InvalidInputError for two choices at once, NotFoundError for a version that was not signed whole or whose
    signature was withdrawn.
    """
    if asked.draft:
        if asked.version is not None:
            raise InvalidInputError("Demandez une version ou l’état du jour, pas les deux.")
        return None
    if asked.version is None:
        return wholes[-1] if wholes else None
    for whole in wholes:
        if whole.number == asked.version:
            return whole
    known = ", ".join(str(whole.number) for whole in wholes) or "aucune"
    raise NotFoundError(
        f"La version {asked.version} n’est pas signée en entier, ou une de ses signatures a été retirée : aucun "
        f"dossier n’en est donné. Versions entières de ce catalogue : {known}."
    )


def given(label: str, number: int, since: int) -> str:
    """Which state a pack holds, and how much is not in it."""
    if not number:
        said = "" if label.startswith(DRAFT) else f"{DRAFT} : "
        return f"{said}{label} ; le dossier dit l’état du jour."
    return f"{label} ; {left_out(since)}"
