"""A decided code that the release in use does not hold: how the lists say it, beside the state of the row."""

from collections.abc import Container

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.models import LoincRelease, LoincTerm, Outcome, ReviewState
from app.terminology.service import is_whole
from app.web.wording import Word

TO_CONFIRM = Word("Code à confirmer", "chip-warn", "?")
"""The release does not hold all of LOINC: another may hold the code."""
NO_CODE = Word("Code absent de LOINC", "chip-bad", "✘")
"""The release is whole: it is no code of LOINC."""

NOT_WITH_THIS_RELEASE = (
    "Ce code est absent de la version de LOINC utilisée : la ligne ne pourra être approuvée avec lui qu'une fois "
    "chargée une version qui le contient."
)


def unheld_word(loinc_num: str, release: LoincRelease | None, held: Container[str]) -> Word | None:
    """What is said of a decided code, `held` being those of the codes at hand that the release holds; None of one it
    holds, and where no code was decided or no release is loaded.
    """
    if not loinc_num or release is None or loinc_num in held:
        return None
    return NO_CODE if is_whole(release) else TO_CONFIRM


def is_unheld() -> ColumnElement[bool]:
    """SQL condition on ReviewState: the decided code is not in the release in use; never without a release."""
    current = select(col(LoincRelease.id)).where(col(LoincRelease.is_current)).limit(1).scalar_subquery()
    held = select(col(LoincTerm.id)).where(
        col(LoincTerm.release_id) == current, col(LoincTerm.loinc_num) == col(ReviewState.loinc_num)
    )
    return (
        (col(ReviewState.outcome) == Outcome.CODE.value)
        & (col(ReviewState.loinc_num) != "")
        & current.is_not(None)
        & ~held.correlate(ReviewState).exists()
    )
