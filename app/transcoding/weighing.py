"""Weighing codes that no proposal explains, before the transaction that decides or approves them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session

from app.models import LocalTest, Outcome
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.proposals.service import evidence_ahead
from app.settings import Settings
from app.transcoding import repository
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.facts import choice_in_force, derive_state
from app.transcoding.gathering import evidence_now

Weighed = Mapping[tuple[int, str], Sequence[EvidenceLine]]
"""(row, code) -> the evidence, for the codes weighed ahead."""
NOTHING_WEIGHED: Weighed = {}


def weigh_choice(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, local_test_id: int, loinc_num: str
) -> Weighed:
    """The evidence of a code about to be chosen; nothing when a proposal of the row explains it."""
    with transactions.reading() as session:
        test = repository.local_test(session, access.catalogue_id, local_test_id)
        run = repository.runs_of(session, access.catalogue_id).current
        proposals = repository.proposals_of(session, run.id, local_test_id) if run and run.id else []
    if test is None or not loinc_num or any(item.rank > 0 and item.loinc_num == loinc_num for item in proposals):
        return NOTHING_WEIGHED
    return weigh_pairs(transactions, settings, access, [(test, loinc_num)])


def weigh_decided(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, local_test_ids: Iterable[int]
) -> Weighed:
    """The evidence of the decided codes of these rows that no proposal explains."""
    with transactions.reading() as session:
        # Whoever asks chose these numbers: nothing is read of a row of another catalogue.
        tests = repository.local_tests(session, access.catalogue_id, local_test_ids)
        facts = repository.facts_of_many(session, tests)
    pairs = []
    for local_test_id, test in tests.items():
        choice = choice_in_force(facts[local_test_id])
        is_code = derive_state(facts[local_test_id]).outcome is Outcome.CODE
        if choice is not None and is_code and choice.proposal_id is None:
            pairs.append((test, choice.loinc_num))
    return weigh_pairs(transactions, settings, access, pairs)


def weigh_pairs(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, pairs: Sequence[tuple[LocalTest, str]]
) -> Weighed:
    """The evidence of these codes for these rows of the catalogue."""
    found = evidence_ahead(transactions.engine, settings, access.catalogue_id, pairs)
    return {
        (test.id or 0, loinc_num): lines_of(evidence)
        for (test, loinc_num), evidence in zip(pairs, found, strict=True)
    }


def evidence_of(
    session: Session, settings: Settings, test: LocalTest, loinc_num: str, weighed: Weighed
) -> Sequence[EvidenceLine]:
    """The evidence weighed ahead; computed now for what came into being meanwhile."""
    ahead = weighed.get((test.id or 0, loinc_num))
    return evidence_now(session, settings, test.catalogue_id, [(test, loinc_num)])[0] if ahead is None else ahead
