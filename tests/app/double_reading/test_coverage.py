"""An approval that two readings suspend counts nowhere until they are reconciled: facts, kept counts, past days."""

from datetime import timedelta

from sqlmodel import Session

from app.coverage import past_repository
from app.coverage.past import last_moment, past_rows
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report, shown_report
from app.double_reading.service import Answer
from app.memory.repository import reusable_counts
from app.models import Action, Catalogue, Laboratory, Status, utc_now
from app.platform.database import reading
from app.tallies.check import wrong_catalogues
from app.text import in_paris
from tests.app.double_reading.conftest import Readings, other_code


def reports(session: Session, readings: Readings) -> tuple[CoverageReport, CoverageReport]:
    """The report from the facts, and the one from the counts that are kept with them."""
    catalogue = session.get_one(Catalogue, readings.desk.catalogue_id)
    laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
    return coverage_report(session, laboratory, catalogue), shown_report(session, laboratory, catalogue)


def counted(readings: Readings) -> int:
    """How many rows count as transcoded, everywhere the same."""
    with reading(readings.desk.engine) as session:
        facts, kept = reports(session, readings)
        assert [figure for _, figure in facts.figures] == [figure for _, figure in kept.figures]
        assert facts.chapters == kept.chapters
        assert facts.approvers == kept.approvers
        today = last_moment(in_paris(utc_now()).date())
        release_id = facts.context.release_id
        past = past_rows(session, readings.desk.catalogue_id, release_id, today, leaves_out_deprecated=False)
        assert sum(row.status is Status.APPROVED for row in past.rows) == facts.main.numerator
        assert reusable_counts(session, facts_laboratory(session, readings))[0] == facts.main.numerator
        assert not wrong_catalogues(session)
    return facts.main.numerator


def facts_laboratory(session: Session, readings: Readings) -> int:
    return session.get_one(Catalogue, readings.desk.catalogue_id).laboratory_id


def test_an_approval_counts_until_its_row_is_read_otherwise_and_again_once_reconciled(readings: Readings) -> None:
    row = readings.desk.sodium
    readings.approve_then_ask(row)
    assert counted(readings) == 1
    readings.read(row, other_code())
    assert readings.desk.state(row).status == Status.APPROVED, "the approval is a fact, and stays"
    assert counted(readings) == 0
    readings.reconcile(row, other_code(reason="vu ensemble"))
    assert counted(readings) == 0, "what came of it is not approved yet"
    readings.approve(row)
    assert counted(readings) == 1


def test_a_reading_that_agrees_changes_nothing(readings: Readings) -> None:
    row = readings.desk.sodium
    fact = readings.approve_then_ask(row)
    assert readings.read(row, Answer(Action.CHOOSE, fact.loinc_num)).is_agreement
    assert counted(readings) == 1


def test_a_past_day_knows_what_was_read_by_then(readings: Readings) -> None:
    row = readings.desk.sodium
    readings.approve_then_ask(row)
    said = readings.read(row, other_code())
    settled = readings.reconcile(row, other_code(reason="vu ensemble"))
    instant = timedelta(microseconds=1)
    with reading(readings.desk.engine) as session:
        catalogue_id = readings.desk.catalogue_id
        assert past_repository.suspended_at(session, catalogue_id, said.created_at - instant) == set()
        assert past_repository.suspended_at(session, catalogue_id, said.created_at) == {row}
        later = settled.created_at + timedelta(seconds=60)
        assert past_repository.suspended_at(session, catalogue_id, later) == set()
