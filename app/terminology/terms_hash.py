"""What the terms of a release say, as one hash: the same in every process, and another one when a term is edited.

It is kept with the release (`LoincRelease.terms_hash`). A trigger puts a mark in its place when somebody changes a term
of the database (`app.models.edited_terms`); whoever needs the hash next computes it again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, select, update
from sqlmodel import Session, col

from app.models import LoincRelease, LoincTerm
from app.models.edited_terms import EDITED_MARK
from app.platform.database import reading, transaction

LABORATORY = 1
"""The class type of the terms that the matcher knows; a release also holds clinical terms and surveys."""
FIELDS = (
    "loinc_num",
    "component",
    "property",
    "time_aspct",
    "system",
    "scale_typ",
    "method_typ",
    "class_name",
    "status",
    "order_obs",
    "long_common_name",
    "short_name",
    "example_ucum_units",
    "common_test_rank",
    "fr_usage",
    "official_french_name",
)
"""The columns that the matcher reads."""


class TermsHash:
    """The hash of terms given one after the other, in the order in which they are stored."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a stored term; those that are not of the laboratory change nothing."""
        if row["class_type"] == LABORATORY:
            self.add_values(tuple(row[name] for name in FIELDS))

    def add_values(self, values: tuple[Any, ...]) -> None:
        """The same, from the values of FIELDS."""
        self._digest.update(repr(values).encode())

    def value(self) -> str:
        """64 hexadecimal digits."""
        return self._digest.hexdigest()


def stored_values(session: Session, release_id: int) -> Iterator[tuple[Any, ...]]:
    """The values of FIELDS of each laboratory term of a release, in the order in which they were stored."""
    statement = (
        select(*(getattr(LoincTerm, name) for name in FIELDS))
        .where(col(LoincTerm.release_id) == release_id, col(LoincTerm.class_type) == LABORATORY)
        .order_by(col(LoincTerm.id))
        .execution_options(yield_per=2_000)
    )
    for row in session.execute(statement):
        yield tuple(row)


def hash_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """The hash of these values of FIELDS."""
    found = TermsHash()
    for values in rows:
        found.add_values(values)
    return found.value()


def known_hash(database: Engine, release_id: int) -> str:
    """The hash of a release: the one kept with it, or computed again and kept. Not to be called in a transaction."""
    with reading(database) as session:
        seen = session.scalar(select(col(LoincRelease.terms_hash)).where(col(LoincRelease.id) == release_id)) or ""
        if is_known(seen):
            return seen
        computed = hash_of(stored_values(session, release_id))
    statement = update(LoincRelease).where(
        # A term edited meanwhile has left another mark: this hash is then of before, and is not kept.
        col(LoincRelease.id) == release_id,
        col(LoincRelease.terms_hash) == seen,
    )
    with transaction(database) as session:
        session.execute(statement.values(terms_hash=computed))
    return computed


def is_known(kept: str) -> bool:
    """Whether this is a hash, and not the mark that the trigger leaves when a term is edited."""
    return bool(kept) and not kept.startswith(EDITED_MARK)
