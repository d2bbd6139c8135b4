"""Sending decided rows back to review when a newer export changed what their decision rests on."""

from collections.abc import Mapping

from sqlmodel import Session

from app.models import Action
from app.platform.identity import CatalogueAccess
from app.platform.progress import Progress
from app.transcoding import repository
from app.transcoding.facts import choice_in_force, derive_state
from app.transcoding.ledger import DecisionContent, NewFact, OpenRow, append_many, check_allowed

_CHUNK = 200


def send_back_changed(
    session: Session, access: CatalogueAccess, reasons: Mapping[int, str], progress: Progress
) -> None:
    """Add to each of these rows the fact that says why it goes back; authored by the person who re-imports.

    Every row must be decided or approved: the state machine refuses the others.
    """
    ids = sorted(reasons)
    for start in range(0, len(ids), _CHUNK):
        progress(start, len(ids), "Renvoi en revue des décisions concernées")
        part = ids[start : start + _CHUNK]
        tests = repository.local_tests(session, access.catalogue_id, part)
        facts = repository.facts_of_many(session, part)
        asked = []
        for test_id in part:
            row = OpenRow(access, tests[test_id], facts[test_id], derive_state(facts[test_id]))
            check_allowed(row, Action.REIMPORT, reasons[test_id])
            choice = choice_in_force(row.facts)
            said = DecisionContent(reason=reasons[test_id])
            asked.append(NewFact(row, Action.REIMPORT, said, choice.release_id if choice else None))
        append_many(session, asked)
