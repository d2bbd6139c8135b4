"""The demonstration is created once, and never in a real installation."""

import csv
import io
import shutil
from datetime import date, datetime, time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

import app
from app.accounts.service import create_user
from app.demonstration import emitted, story
from app.demonstration.service import (
    ACCOUNTS,
    DOMAIN,
    PASSWORD,
    accounts_notice,
    create_demonstration,
    demonstration_files,
    prepare_demonstration,
)
from app.double_reading import asking
from app.double_reading.queue_sql import waiting
from app.effective.lines import Finding
from app.errors import ConflictError
from app.main import create_app
from app.models import (
    AuditEvent,
    Batch,
    BatchAnswer,
    Catalogue,
    Decision,
    EffectiveCount,
    EffectiveRun,
    Level,
    LocalTest,
    LoincRelease,
    Proposal,
    ProposalRun,
    ReviewState,
    SecondReading,
    Status,
    WorklistEntry,
    utc_now,
)
from app.platform.database import reading, transaction
from app.settings import Settings
from app.tallies.check import wrong_catalogues
from app.text import PARIS
from app.upgrades.start import prepare
from app.worklist import groups
from tests.conftest import REAL_DRAW

APP = Path(app.__file__).parent


@pytest.fixture(scope="module")
def demo_settings(tmp_path_factory: pytest.TempPathFactory, installation: Path) -> Settings:
    settings = Settings(data_dir=tmp_path_factory.mktemp("demo") / "var", run_jobs_in_server=False)
    with pytest.MonkeyPatch.context() as patch:
        # Decisions are drawn for a second reading as in an installation.
        patch.setattr(asking, "is_drawn", REAL_DRAW)
        list(create_demonstration(prepare_demonstration(settings), settings))
    return settings


def test_the_files_are_the_three_of_the_exchange_and_the_side_data() -> None:
    names = [path.name for path in demonstration_files()]
    assert [name[:7] for name in names] == ["LOINC_1", "LOINC_2", "LOINC_3", "donnees"]


def test_the_demonstration_holds_a_real_looking_catalogue_with_proposals(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        levels = dict(session.exec(select(LocalTest.level, func.count()).group_by(LocalTest.level)).all())
        proposals = session.exec(select(func.count()).select_from(Proposal)).one()
    assert levels[Level.ANALYSIS] >= 250
    assert levels[Level.EXAM] > 50
    assert proposals > levels[Level.ANALYSIS]


def test_creating_it_again_changes_nothing(demo_settings: Settings) -> None:
    engine = prepare(demo_settings)
    assert list(create_demonstration(engine, demo_settings)) == []
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Catalogue)).one() == 1
        assert session.exec(select(func.count()).select_from(ProposalRun)).one() == 1


def test_every_account_signs_in_with_the_printed_password(demo_settings: Settings) -> None:
    engine = prepare(demo_settings)
    notice = accounts_notice(engine)
    with TestClient(create_app(demo_settings, engine), follow_redirects=False) as client:
        for name, _, _ in ACCOUNTS:
            assert name + DOMAIN in notice
            data = {"email": name + DOMAIN, "password": PASSWORD}
            assert client.post("/connexion", data=data).headers["location"] == "/"
    assert PASSWORD in notice


def test_the_work_is_part_way_through(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        rows = session.exec(select(func.count()).select_from(LocalTest)).one()
        states = dict(session.exec(select(ReviewState.status, func.count()).group_by(ReviewState.status)).all())
        authors = set(session.exec(select(ReviewState.decided_by_id)))
        own = session.exec(
            select(func.count()).where(col(ReviewState.approved_by_id) == col(ReviewState.decided_by_id))
        ).one()
    approved = states[Status.APPROVED]
    assert 0.30 <= approved / rows <= 0.40
    assert 0.50 <= (approved + states[Status.DECIDED]) / rows <= 0.65
    assert states[Status.DOUBT] >= 3
    assert states[Status.SENT_BACK] >= 2
    assert len(authors - {None}) == 2
    assert own == 0


def test_a_batch_and_a_disagreement_are_there_to_be_seen(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        batches = session.exec(select(Batch)).all()
        answers = session.exec(select(BatchAnswer)).all()
        readings = session.exec(select(SecondReading)).all()
        waits = waiting(session, batches[0].catalogue_id, 1, 0)
    assert len(batches) == 1
    assert sum(answer.decision_id is not None for answer in answers) >= 3
    assert [item.is_agreement for item in readings].count(False) == 1
    assert len(readings) > 3
    assert waits.reconciliation == 1
    assert waits.second > 0


def test_a_week_of_emitted_reports_was_read(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        run = session.exec(select(EffectiveRun)).one()
        counts = session.exec(select(EffectiveCount).where(EffectiveCount.run_id == run.id)).all()
    assert (run.reports, run.level1_reports, run.damaged) == (emitted.REPORTS, 0, 0)
    assert run.period_to is not None
    assert run.period_to < run.created_at.date()
    assert 0 < run.effective < run.results
    findings = {word for line in counts for word in line.findings.split()}
    for finding in (Finding.EFFECTIVE, Finding.LOCAL_ONLY, Finding.DIFFERS, Finding.NOT_IN_CATALOGUE):
        assert finding in findings, "there is something to repair of each usual sort"
    assert Finding.MASKED not in findings


def test_two_groups_of_identical_rows_are_there_one_of_them_untouched(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        rows = session.exec(
            select(WorklistEntry).where(col(WorklistEntry.code).in_(["GLUC1", "GLUC2", "GLUC3", "KURG1", "KURG2"]))
        ).all()
        members = {row.code: groups.count_group(session, row.catalogue_id, row.local_test_id) for row in rows}
        statuses = {row.code: row.status for row in rows}
    assert members == {"GLUC1": 3, "GLUC2": 3, "GLUC3": 3, "KURG1": 2, "KURG2": 2}
    assert all(row.best_loinc for row in rows)
    assert {statuses[code] for code in story.LEFT} == {Status.TODO}


def test_every_analysis_of_the_demonstration_is_in_its_three_files() -> None:
    requests, results, beside = (
        list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))
        for path in demonstration_files()[1:]
    )
    codes = [row["Code analyse"] for row in results]
    assert {row["Code analyse"] for row in requests} == set(codes)
    assert {row["Code analyse"] for row in beside} == set(codes)
    assert len(codes) == len(set(codes))


def test_its_facts_and_events_are_of_past_working_days_and_in_the_order_of_time(demo_settings: Settings) -> None:
    now = utc_now()
    with reading(prepare(demo_settings)) as session:
        facts = session.exec(select(Decision).order_by(col(Decision.id))).all()
        events = session.exec(select(AuditEvent.at).where(col(AuditEvent.action).startswith("decision."))).all()
        loaded = session.exec(select(LoincRelease.loaded_at)).one()
        run = session.exec(select(ProposalRun)).one()
    days = {fact.created_at.astimezone(PARIS).date() for fact in facts}
    assert len(days) == story.DAYS
    assert max(days) < now.astimezone(PARIS).date()
    assert all(day.weekday() < 5 for day in days)
    assert {at.astimezone(PARIS).date() for at in events} == days
    assert loaded is not None
    assert loaded <= run.started_at <= min(fact.created_at for fact in facts)
    of_a_row: dict[int, datetime] = {}
    for fact in facts:
        assert fact.created_at >= of_a_row.get(fact.local_test_id, fact.created_at), "a row's facts follow each other"
        of_a_row[fact.local_test_id] = fact.created_at


def test_what_is_kept_of_it_is_what_its_facts_say(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        assert wrong_catalogues(session) == {}


def test_no_other_room_tells_the_moment() -> None:
    files = [path for path in APP.rglob("*.py") if "moment_told" in path.read_text(encoding="utf-8")]
    users = {path.relative_to(APP).parts[0] for path in files}
    # A file of evidence is written at the moment of the signature that it is of; it writes no fact.
    assert users == {"claims", "demonstration", "models"}


@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 11, 30), date(2027, 1, 1), date(2026, 3, 29)])
def test_the_days_of_the_story_are_working_days_before_today(day: date) -> None:
    days = story.working_days(datetime.combine(day, time(7, 0), PARIS))
    assert len(days) == len(set(days)) == story.DAYS
    assert days == sorted(days)
    assert all(item.date() < day and item.weekday() < 5 for item in days)


def test_a_real_installation_refuses_the_demonstration(tmp_path: Path, installation: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    shutil.copytree(installation, settings.data_dir)
    engine = prepare(settings)
    assert accounts_notice(engine) == ""
    with transaction(engine) as session:
        create_user(session, email="vrai@labo.fr", display_name="Vraie Personne")
    with pytest.raises(ConflictError, match="vrais comptes"):
        list(create_demonstration(engine, settings))
