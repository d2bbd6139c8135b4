"""An approved row that a second reader read otherwise counts as decided, everywhere, until both are reconciled."""

from dataclasses import replace
from datetime import date

from sqlmodel import select

from app.coverage.definitions import Definition, ExamRule, Measure
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report, shown_report
from app.models import Catalogue, Laboratory, Level, Status, WorklistEntry
from app.platform.database import reading
from app.publication import repository as publication
from app.tallies.check import wrong_catalogues
from app.worklist.bars import bars_of
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, Readings
from tests.app.double_reading.test_service import other_code
from tests.conftest import TRANSCODER, ClientFor

EVERY = [
    Definition(level, measure, subcontracted, ExamRule.OWN_CODE)
    for level in (Level.ANALYSIS,)
    for measure in Measure
    for subcontracted in (True, False)
]


def reports(readings: Readings, day: date | None = None) -> list[CoverageReport]:
    """The report of the files and of the command line, and that of the page."""
    desk = readings.desk
    with reading(desk.engine) as session:
        catalogue = session.get_one(Catalogue, desk.catalogue_id)
        laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
        assert wrong_catalogues(session) == {}, "what is kept is what the facts say"
        return [make(session, laboratory, catalogue, day=day) for make in (coverage_report, shown_report)]


def numerators(report: CoverageReport) -> list[int]:
    return [figure.numerator for definition, figure in report.figures if definition in EVERY]


def status_of(readings: Readings, row_id: int) -> tuple[str, str, str]:
    """What the kept entry, the exports and the facts say."""
    with reading(readings.desk.engine) as session:
        entry = session.exec(select(WorklistEntry).where(WorklistEntry.local_test_id == row_id)).one()
        release = publication.current_release(session)
        tests = publication.every_test(session, readings.desk.catalogue_id, release)
        gone_out = next(test for test in tests if test.id == row_id)
        return entry.status, gone_out.status, readings.desk.state(row_id).status


def test_it_counts_nowhere_until_the_reconciliation(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.approve_then_ask(desk.sodium)
    counted = numerators(reports(readings)[0])
    assert all(counted), "it counts as long as nobody read it otherwise"
    readings.read(desk.sodium, other_code())
    for report in reports(readings):
        assert not any(numerators(report))
        assert report.approvers == ()
        assert sum("ne compte pas ici" in sentence for sentence in report.all_warnings) == 1
    assert status_of(readings, desk.sodium) == (Status.DECIDED, Status.DECIDED, Status.APPROVED)
    with reading(desk.engine) as session:
        assert all("0 sur" in bar.sentence for bar in bars_of(session, desk.catalogue_id))
    page = client_for(TRANSCODER).get(f"{desk.base}/revue?etat=approuvee").text
    assert f"/revue/{desk.sodium}" not in page
    readings.reconcile(desk.sodium, other_code(reason="vu ensemble"))
    assert not any(numerators(reports(readings)[0])), "the outcome waits for its own approval"
    desk.undo(desk.sodium, SECOND_BIOLOGIST)
    assert not any(numerators(reports(readings)[0])), "undone, the disagreement is open again"


def test_agreeing_readings_take_nothing_away(readings: Readings) -> None:
    desk = readings.desk
    readings.approve_then_ask(desk.sodium)
    before = numerators(reports(readings)[0])
    readings.read(desk.sodium, replace(other_code(), loinc_num="2951-2"))
    assert [numerators(report) for report in reports(readings)] == [before, before]
