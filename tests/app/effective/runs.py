"""Runs kept for the tests of what is told of them: sixty reports of the sample catalogue of the exports."""

from datetime import date

from sqlalchemy import Engine

from app.effective import service
from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.effective.service import Period
from app.emitted.observed import MASKED, Counts, Damaged, Seen
from app.models import Catalogue, EffectiveRun, Laboratory, User
from app.platform.database import reading, transaction
from tests.app.effective.hand_made import GLUCOSE, POTASSIUM, SODIUM, counts_of_results, seen

PERIOD = Period(date(2026, 3, 1), date(2026, 3, 31))
NA = seen("NA", SODIUM, unit="mmol/L")
OTHER = seen("GLY", POTASSIUM, unit="mmol/L")
GLY = seen("GLY", GLUCOSE, unit="mmol/L")


def reports() -> list[list[Seen]]:
    """Results of every sort: effective, of another code, of none, without local code, unknown, masked, retired."""
    found: list[list[Seen]] = []
    for number in range(60):
        report = [NA, seen("K"), GLY if number % 3 else OTHER]
        if number % 4 == 0:
            report += [seen("", SODIUM), seen("", "1751-7"), seen("NEUF", SODIUM, section="18719-5")]
        if number % 10 == 0:
            report += [seen("NA", SODIUM, POTASSIUM), seen(MASKED), seen("=1+1"), seen("RARE")]
        found.append(report)
    return found


def sample_counts() -> Counts:
    """The counts of these reports, three more being without structure, one damaged."""
    return counts_of_results(
        reports(), level1=3, damaged=[Damaged("fichier 2, message 14", "segment illisible")], effective=[NA, GLY],
        chapters={"GLY": "Biochimie", "NA": "Biochimie", "K": "Biochimie"},
    )  # fmt: skip


def keep_run(
    engine: Engine, laboratory: Laboratory, catalogue: Catalogue, author: User | None, counts: Counts | None = None
) -> EffectiveRun:
    """Judge these counts against the catalogue of now, and keep them."""
    counts = counts or sample_counts()
    with reading(engine) as session:
        against = against_now(session, laboratory, catalogue)
        codes = code_facts(session, against.release_id, seen_codes(counts))
    measured = Measured(against, figures_of(counts, against, codes, 2), counts.damaged, counts.clusters)
    with transaction(engine) as session:
        run = service.keep(session, measured, author, PERIOD)
        session.flush()
        session.expunge(run)
    return run
