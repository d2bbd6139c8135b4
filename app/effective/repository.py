"""All SQL of the effective transcoding."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.effective.judging import TermFacts
from app.models import LoincTerm
from app.terminology.chunks import chunks
from app.terminology.terms_hash import LABORATORY

AT_ONCE = 900


def terms_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, TermFacts]:
    """What a release says of those of these codes that it holds."""
    found: dict[str, TermFacts] = {}
    for some in chunks(sorted(set(numbers)), AT_ONCE):
        statement = select(col(LoincTerm.loinc_num), col(LoincTerm.status), col(LoincTerm.property)).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num).in_(some)
        )
        found.update((number, TermFacts(status, kind)) for number, status, kind in session.execute(statement))
    return found


def example_units(session: Session, release_id: int) -> list[tuple[str, str, int]]:
    """(example units, property, terms) of the laboratory terms of a release that give example units."""
    statement = (
        select(col(LoincTerm.example_ucum_units), col(LoincTerm.property), func.count())
        .where(
            col(LoincTerm.release_id) == release_id,
            col(LoincTerm.class_type) == LABORATORY,
            col(LoincTerm.example_ucum_units) != "",
        )
        .group_by(col(LoincTerm.example_ucum_units), col(LoincTerm.property))
    )
    return [(units, kind, terms) for units, kind, terms in session.execute(statement)]
