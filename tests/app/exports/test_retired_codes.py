"""Codes that LOINC retired: they count and leave with a warning, until the day that an administrator set has passed."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import select

from app.coverage.service import coverage_report, shown_report
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir.dialect import FhirVersion
from app.fhir.published import PublishedCache
from app.jobs import registry
from app.models import AuditEvent, CatalogueTally, GraceDate, Laboratory, MapTo, WorklistEntry
from app.platform.database import Transactions, reading, transaction
from app.publication.service import CatalogueFacts, gather
from app.settings import Settings
from app.tallies import rule
from app.tallies.check import wrong_catalogues
from app.terminology import grace
from app.transcoding.standing import Standing
from app.transcoding.under_way import are_figures_behind
from tests.app.exports.sample import DEPRECATED, GLUCOSE, Sample
from tests.conftest import ADMINISTRATOR, TRANSCODER, ClientFor

LAST = date(2026, 12, 31)
BEFORE = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
"""Midnight in Paris."""


class Clock:
    """The moment that it is, for the rule."""

    def __init__(self) -> None:
        self.now = BEFORE

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(grace, "utc_now", found)
    monkeypatch.setattr("app.coverage.service.utc_now", found)
    return found


@pytest.fixture
def retired(decided: Sample, clock: Clock) -> Sample:
    """One more approved row, whose code LOINC retired and replaces."""
    with decided.together() as session:
        session.add(MapTo(release_id=decided.release.id or 0, loinc_num=DEPRECATED, map_to=GLUCOSE))
        decided.approve("RARE", DEPRECATED)
    return decided


def set_day(sample: Sample, day: date | None, moment: datetime = BEFORE) -> None:
    with transaction(sample.world.engine) as session:
        session.add(
            GraceDate(last_day=day, author_id=sample.world.user_id(ADMINISTRATOR), created_at=moment)
        )


def figures(sample: Sample) -> tuple[int, int]:
    """Analyses transcoded, from the facts and as the page shows them: the same."""
    with reading(sample.world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.world.laboratory_id)
        report = coverage_report(session, laboratory, sample.catalogue)
        shown = shown_report(session, laboratory, sample.catalogue)
    assert [figure for _, figure in report.figures] == [figure for _, figure in shown.figures]
    return report.main.numerator, report.main.denominator


def standing(sample: Sample) -> tuple[str, str, str]:
    with reading(sample.world.engine) as session:
        entry = session.exec(
            select(WorklistEntry).where(WorklistEntry.local_test_id == sample.test_id("RARE"))
        ).one()
    return entry.standing, entry.leaves, entry.task


def exported(sample: Sample, settings: Settings, kind: ExportKind) -> tuple[str, list[list[str]], str]:
    """The file as text, the lines of its report, and its read-me."""
    request = ExportRequest(kind, packaging=Packaging.ZIP)
    with reading(sample.world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.world.laboratory_id)
    file, _ = make_export(Transactions(sample.world.engine), settings, laboratory, sample.catalogue, request)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        names = archive.namelist()
        content = archive.read(names[0]).decode("utf-8", "replace")
        report = archive.read("rapport_export.csv").decode("utf-8-sig")
        readme = archive.read("LISEZMOI_LOINC.txt").decode("utf-8-sig")
    return content, list(csv.reader(io.StringIO(report), delimiter=";")), readme


FORMATS = (
    ExportKind.LOINC_6, ExportKind.ORIGINAL, ExportKind.XLSX, ExportKind.SSSOM, ExportKind.CONCEPT_MAP,
    ExportKind.CONCEPT_MAP_R5, ExportKind.FHIR_BUNDLE, ExportKind.FHIR_CATALOGUE,
)  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("is_over", [False, True])
def test_every_report_names_the_row(
    retired: Sample, clock: Clock, settings: Settings, kind: ExportKind, is_over: bool
) -> None:
    set_day(retired, LAST)
    clock.now = AFTER if is_over else BEFORE
    content, report, readme = exported(retired, settings, kind)
    told = [line for line in report if line[2] == "RARE"]
    assert any(DEPRECATED in line[5] and GLUCOSE in line[5] for line in told)
    assert any("date limite" in line[5] for line in told) is is_over
    assert ("ne comptent plus" in " ".join(readme.split())) is is_over
    assert "31/12/2026 inclus" in readme
    assert ("LOINC l'a retiré et la date limite est passée : 1" in readme) is is_over
    assert ("donnés avec un avertissement : 1" in readme) is not is_over
    if kind is not ExportKind.XLSX:
        assert (DEPRECATED in content) is not is_over


def test_without_a_day_retired_codes_count(retired: Sample, clock: Clock) -> None:
    clock.now = AFTER + timedelta(days=4000)
    assert figures(retired) == (3, 6)
    assert standing(retired) == (Standing.TRANSCODED, "coded", "0")


def test_the_figures_change_at_the_midnight_of_paris(retired: Sample, clock: Clock) -> None:
    set_day(retired, LAST)
    clock.now = AFTER - timedelta(microseconds=1)
    assert not registry.sweep(retired.world.engine)
    assert figures(retired) == (3, 6)
    clock.now = AFTER
    # Nobody pressed anything: pages count from the facts until an idle worker has followed.
    assert standing(retired)[0] == Standing.TRANSCODED
    assert figures(retired) == (2, 6)
    with reading(retired.world.engine) as session:
        assert are_figures_behind(session, retired.catalogue_id)
    assert registry.sweep(retired.world.engine)
    while registry.sweep(retired.world.engine):
        pass
    with reading(retired.world.engine) as session:
        assert not are_figures_behind(session, retired.catalogue_id)
        assert wrong_catalogues(session) == {}
    assert standing(retired) == (Standing.DEPRECATED, "deprecated", "1")
    assert figures(retired) == (2, 6)


def test_only_the_catalogues_concerned_are_brought_up(
    retired: Sample, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "MARGIN", 0)
    other = retired.world.add_catalogue("Autre")
    set_day(retired, LAST)
    clock.now = AFTER
    assert rule.follow(retired.world.engine)
    with reading(retired.world.engine) as session:
        marked = [item.catalogue_id for item in session.exec(select(CatalogueTally))]
    assert marked == [retired.catalogue_id] != [other.id]
    while registry.sweep(retired.world.engine):
        pass


def test_a_day_that_is_taken_back_or_moved_counts_again(retired: Sample, clock: Clock) -> None:
    clock.now = AFTER
    set_day(retired, LAST)
    assert standing(retired)[0] == Standing.DEPRECATED
    set_day(retired, None, AFTER)
    assert standing(retired)[0] == Standing.TRANSCODED
    assert figures(retired) == (3, 6)


def test_the_rule_of_a_past_moment_stays_known(retired: Sample, clock: Clock) -> None:
    set_day(retired, LAST, datetime(2026, 11, 1, tzinfo=UTC))
    set_day(retired, date(2027, 6, 30), datetime(2027, 2, 1, tzinfo=UTC))
    with reading(retired.world.engine) as session:
        past = grace.rule_at(session, datetime(2027, 1, 15, tzinfo=UTC))
        clock.now = datetime(2027, 3, 1, tzinfo=UTC)
        now = grace.rule_at(session)
        never = grace.rule_at(session, datetime(2026, 10, 1, tzinfo=UTC))
    assert (past.last_day, past.is_over, past.since) == (LAST, True, AFTER)
    assert (now.last_day, now.is_over) == (date(2027, 6, 30), False)
    assert never == grace.GraceRule()


def test_a_retired_code_blocks_its_local_code_row_by_row_too(retired: Sample, clock: Clock) -> None:
    """The workbook lists rows one by one: the code is left out there as everywhere."""
    set_day(retired, LAST)
    clock.now = AFTER
    with reading(retired.world.engine) as session:
        laboratory = session.get_one(Laboratory, retired.world.laboratory_id)
        facts = gather(session, laboratory, retired.catalogue)
    tests = (replace(test, code="NA") if test.code == "RARE" else test for test in facts.tests)
    again = replace(facts, tests=tuple(tests))
    for assessment in (again.assessment(), again.assessment(row_by_row=True)):
        assert retired.test_id("RARE") not in assessment.names


def test_an_administrator_sets_the_day(retired: Sample, client_for: ClientFor) -> None:
    client = client_for(ADMINISTRATOR)
    address = "/administration/terminologies/codes-retires"
    answer = client.get(client.post(address, data={"jour": "2020-01-31"}).headers["location"])
    assert answer.status_code == 200
    assert "31/01/2020 inclus" in answer.text
    assert 'value="2020-01-31"' in answer.text
    coverage = client_for(TRANSCODER).get(f"/catalogues/{retired.catalogue_id}/couverture").text
    assert "depuis le 01/02/2020 ils ne comptent plus" in " ".join(coverage.split())
    assert "Code retiré de LOINC, date limite passée" in coverage
    client.post(address, data={"jour": "2020-01-31"})
    client.post(address, data={"jour": ""})
    with reading(retired.world.engine) as session:
        facts = session.exec(select(GraceDate).order_by(GraceDate.id)).all()  # type: ignore[arg-type]
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "terminology.set_grace_date")).all()
    assert [fact.last_day for fact in facts] == [date(2020, 1, 31), None]
    assert [event.details["last_day"] for event in events] == ["2020-01-31", ""]


@pytest.mark.parametrize("text", ["31/12/2026", "2026-02-30", "0001-01-01", "9999-12-31", "jamais", "\x00"])
def test_what_is_no_day_is_refused_by_a_sentence(retired: Sample, client_for: ClientFor, text: str) -> None:
    answer = client_for(ADMINISTRATOR).post("/administration/terminologies/codes-retires", data={"jour": text})
    assert 400 <= answer.status_code < 500
    with reading(retired.world.engine) as session:
        assert session.exec(select(GraceDate)).first() is None


def test_only_administrators_set_it(retired: Sample, client_for: ClientFor) -> None:
    answer = client_for(TRANSCODER).post("/administration/terminologies/codes-retires", data={"jour": "2020-01-31"})
    assert answer.status_code == 403


def test_the_case_of_a_retired_code_offers_what_replaces_it(
    retired: Sample, clock: Clock, client_for: ClientFor
) -> None:
    address = f"/catalogues/{retired.catalogue_id}/revue/{retired.test_id('RARE')}"
    client = client_for(TRANSCODER)
    before = " ".join(unescape(client.get(address).text).split())
    assert f"{DEPRECATED} est retiré de LOINC (DEPRECATED). LOINC le remplace par {GLUCOSE}." in before
    assert f'value="{GLUCOSE}"' in before
    assert "Donné par LOINC à la place" in before
    set_day(retired, LAST)
    assert "Il ne comptera et ne sortira que jusqu'au 31/12/2026 inclus." in unescape(client.get(address).text)
    clock.now = AFTER
    assert "Depuis le 01/01/2027 il ne compte plus et ne sort plus." in unescape(client.get(address).text)
    while registry.sweep(retired.world.engine):
        pass
    queue = client.get(f"/catalogues/{retired.catalogue_id}/revue?version=a-revoir").text
    assert "DOSAGE RARE" in queue
    assert "SODIUM" not in queue


def test_the_fhir_service_answers_anew_when_the_day_has_passed(retired: Sample, clock: Clock) -> None:
    cache = PublishedCache()
    set_day(retired, LAST)

    def published() -> tuple[str, bool]:
        with reading(retired.world.engine) as session:
            laboratory = session.get_one(Laboratory, retired.world.laboratory_id)
            found = cache.look(session, laboratory, retired.catalogue)
        known = cache.publish(found) if isinstance(found, CatalogueFacts) else found
        return known.version, DEPRECATED in str(known.resources("ConceptMap", FhirVersion.R4))

    version, holds = published()
    assert holds
    clock.now = AFTER
    later, still = published()
    assert not still
    assert later != version
