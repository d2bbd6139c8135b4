"""Which decisions are read twice: drawn when they are made, in their transaction, by nobody's choice."""

import hashlib
from collections.abc import Collection, Iterable

from sqlmodel import Session

from app.double_reading import repository
from app.double_reading.shares import Shares, shares_of
from app.models import Decision, ReadingOrigin, ReadingRequest
from app.platform.identity import CatalogueAccess
from app.proposals.habits import disciplines
from app.transcoding.facts import OUTCOMES
from matcher.disciplines import OTHER

_SALT = "deuxième lecture"
_STEPS = 10_000
LEAST_OF_BATCH = 3
"""Rows of a batch that are read again at any rate: one alone would show an error of one row in two half the time."""


def is_drawn(public_id: str, percent: int) -> bool:
    """Whether a decision is among the `percent` of a hundred that are read twice.

    The random part of its identifier comes into being with the decision: its author cannot know before, nor choose.
    """
    return _position(public_id) < percent * _STEPS // 100


def _position(public_id: str) -> int:
    digest = hashlib.sha256(f"{_SALT}:{public_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _STEPS


def draw(session: Session, access: CatalogueAccess, fact: Decision) -> bool:
    """Ask for a second reading of the decision just made, when it is drawn; one statement more when it is not."""
    if fact.action not in OUTCOMES or fact.id is None:
        return False
    shares = shares_of(session, access.laboratory_id)
    if not is_drawn(fact.public_id, shares.largest):
        return False
    discipline = _disciplines_of(session, access.catalogue_id, [fact]).get(fact.id, OTHER)
    if not is_drawn(fact.public_id, shares.of(discipline)):
        return False
    return ask(session, access.catalogue_id, [fact.id], ReadingOrigin.SHARE) == 1


def sample_of(
    session: Session, catalogue_id: int, decision_ids: Collection[int], shares: Shares, least: int = 1
) -> list[int]:
    """Those of these decisions that the shares draw, `least` of them at any rate: the blind sample of a batch."""
    facts = [fact for fact in repository.decisions(session, decision_ids) if fact.action in OUTCOMES]
    known = _disciplines_of(session, catalogue_id, facts)
    ordered = sorted(facts, key=lambda fact: _position(fact.public_id))
    drawn = [
        fact for fact in ordered if is_drawn(fact.public_id, shares.of(known.get(fact.id or 0, OTHER)))
    ]
    more = [fact for fact in ordered if fact not in drawn]
    return [fact.id or 0 for fact in (*drawn, *more[: max(0, least - len(drawn))])]


def ask_of_batch(
    session: Session, access: CatalogueAccess, decision_ids: Collection[int], batch_public_id: str
) -> int:
    """Ask for the blind sample of the decisions that a batch has just made; how many were asked for.

    The shares draw it, and every batch gives `LEAST_OF_BATCH` rows, or all it has: the first ones that are written.
    """
    least = max(0, LEAST_OF_BATCH - repository.sampled(session, batch_public_id))
    drawn = sample_of(
        session, access.catalogue_id, decision_ids, shares_of(session, access.laboratory_id), least=least
    )
    return ask(session, access.catalogue_id, drawn, ReadingOrigin.BATCH, batch_public_id) if drawn else 0


def ask(
    session: Session, catalogue_id: int, decision_ids: Iterable[int], origin: ReadingOrigin, batch_public_id: str = ""
) -> int:
    """Ask for a second reading of these decisions of a catalogue; how many were asked for.

    To be called in the transaction that made them. Doubts, decisions of another catalogue and those already asked
    for are left out. `batch_public_id` names the batch whose sample they are.
    """
    facts = repository.to_ask_for(session, catalogue_id, decision_ids)
    facts = [fact for fact in facts if fact.action in OUTCOMES]
    if not facts:
        return 0
    found = _disciplines_of(session, catalogue_id, facts)
    session.add_all(
        ReadingRequest(
            catalogue_id=catalogue_id,
            local_test_id=fact.local_test_id,
            decision_id=fact.id or 0,
            discipline=found.get(fact.id or 0, OTHER),
            origin=origin,
            batch_public_id=batch_public_id,
            created_at=fact.created_at,
        )
        for fact in facts
    )
    session.flush()
    return len(facts)


def _disciplines_of(session: Session, catalogue_id: int, facts: Collection[Decision]) -> dict[int, str]:
    """Decision -> its discipline: of its code, else of the best candidate of its row; missing when neither is known."""
    known = disciplines()
    classes = repository.classes_of_codes(session, [fact for fact in facts if fact.loinc_num])
    without = [fact for fact in facts if not classes.get(fact.id or 0)]
    classes |= repository.classes_of_best(session, catalogue_id, without) if without else {}
    return {decision_id: known.of_class(name) for decision_id, name in classes.items() if name}
