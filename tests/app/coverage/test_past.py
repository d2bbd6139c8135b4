"""Coverage at the end of a past day: what came later changes nothing in it."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import Session, col, select, update
from typer.testing import CliRunner

import app.coverage.cli
from app.cli import cli
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report
from app.errors import InvalidInputError
from app.files.choices import IncomingFile
from app.models import Action, AuditEvent, Decision, GraceDate, Level, LoincRelease, SourceFile
from app.platform.database import reading, transaction
from app.settings import Settings
from app.transcoding.standing import Standing
from tests.app.catalogues.conftest import Importer
from tests.app.exports.sample import (
    DEPRECATED,
    GLUCOSE,
    LOINC_2,
    LOINC_3,
    SODIUM,
    TSH,
    Sample,
    add_fact,
    add_sample,
    ans_files,
)
from tests.app.reimport.updates import update as newer_export
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

DAY = date(2026, 3, 28)
"""The night that follows is the short one: midnight in Paris is 23:00 UTC."""
LAST = datetime(2026, 3, 28, 22, 59, 59, 999999, tzinfo=UTC)
NEXT = LAST + timedelta(microseconds=1)
SIDE = IncomingFile("donnees.csv", b"Code analyse;Sous-traite;Retire;Volume annuel\r\nNA;;;900\r\nK;oui;;50\r\n")


def fact(session: Session, sample: Sample, test_id: int, action: Action, moment: datetime, **values: str) -> None:
    email = BIOLOGIST if action in (Action.APPROVE, Action.SEND_BACK) else TRANSCODER
    add_fact(session, sample, test_id, action, email, created_at=moment, **values)  # type: ignore[arg-type]


def approve(sample: Sample, code: str, loinc: str, moment: datetime, level: Level = Level.ANALYSIS) -> None:
    with sample.together() as session:
        test_id = sample.test_id(code, level)
        fact(session, sample, test_id, Action.CHOOSE, moment, loinc_num=loinc, relation="equivalent")
        fact(session, sample, test_id, Action.APPROVE, moment)


@pytest.fixture
def sample(world: World) -> Sample:
    """A catalogue received and decided by that day."""
    found = add_sample(world, [*ans_files(), SIDE])
    with found.together() as session:
        session.execute(update(SourceFile).values(imported_at=datetime(2026, 3, 1, tzinfo=UTC)))
        approve(found, "NA", SODIUM, LAST)
        approve(found, "RARE", DEPRECATED, LAST - timedelta(days=1))
        approve(found, "GLY", GLUCOSE, LAST, Level.EXAM)
        fact(session, found, found.test_id("COM"), Action.OUT_OF_SCOPE, LAST, reason="commentaire")
        fact(session, found, found.test_id("COM"), Action.APPROVE, LAST)
        fact(session, found, found.test_id("TSH"), Action.NO_LOINC, LAST, reason="aucun terme")
        fact(session, found, found.test_id("TSH"), Action.APPROVE, LAST)
        fact(session, found, found.test_id("K"), Action.CHOOSE, LAST, loinc_num=TSH)
    return found


def report_of(sample: Sample, day: date | None = None) -> CoverageReport:
    with reading(sample.world.engine) as session:
        return coverage_report(session, sample.world.laboratory, sample.catalogue, None, day)


def said(report: CoverageReport) -> tuple[object, ...]:
    """Everything that a report says, but for its moment."""
    return (
        report.figures, report.chapters, report.out_of_scope, report.without_code, report.approvers, report.warnings,
        report.emptied, report.ambiguous_total, report.context.grace.last_day, report.context.release_id,
    )  # fmt: skip


def later_decisions(sample: Sample) -> None:
    approve(sample, "GLY", GLUCOSE, NEXT)
    with sample.together() as session:
        fact(session, sample, sample.test_id("NA"), Action.SEND_BACK, NEXT, reason="à revoir")
        fact(session, sample, sample.test_id("COM"), Action.CHOOSE, NEXT, loinc_num=TSH)
        fact(session, sample, sample.test_id("K"), Action.APPROVE, NEXT)
        # An approval of that day that is undone the next one was in force that day.
        last = session.exec(
            select(Decision.id).where(Decision.local_test_id == sample.test_id("TSH")).order_by(col(Decision.id).desc())
        ).first()
        fact(session, sample, sample.test_id("TSH"), Action.UNDO, NEXT, undoes_id=last)  # type: ignore[arg-type]


def later_grace_date(sample: Sample) -> None:
    with sample.together() as session:
        author_id = sample.world.user_id(ADMINISTRATOR)
        session.add(GraceDate(last_day=date(2026, 1, 1), author_id=author_id, created_at=NEXT))


def later_release(sample: Sample) -> None:
    with sample.together() as session:
        release = session.get_one(LoincRelease, sample.release.id)
        release.is_current = False
        session.add(release)
        session.flush()
        other = LoincRelease(version="2.81", kind="official", is_current=True)
        session.add(other)
        session.flush()
        session.add(
            AuditEvent(
                action="terminology.make_current", at=NEXT, object_type="loinc_release", object_id=str(other.id),
                details={"version": "2.81", "previous": release.version},
            )
        )  # fmt: skip


def later_export(sample: Sample) -> None:
    """K and COM go, NA changes of exam and volume, FER comes; CREA, gone first, is there again."""
    importer = Importer(sample.world)
    analyses = [line for line in LOINC_3.splitlines() if not line.startswith(("K;", "COM;"))]
    analyses.append("FER;FER SÉRIQUE;;;U2;µmol/L;PT;SE;Sérum;QN;;0548")
    exams = LOINC_2.replace("IONO;IONOGRAMME;;BIO;ION;Sérum;1610;K;POTASSIUM\r\n", "")
    exams += "FER;FER;;BIO;AUT;Sérum;0548;FER;FER SÉRIQUE\r\n"
    side = IncomingFile("donnees.csv", b"Code analyse;Sous-traite;Retire;Volume annuel\r\nNA;oui;;5\r\nTSH;;oui;\r\n")
    without = [line for line in analyses if not line.startswith("CREA;")]
    for lines in (without, analyses):
        content = "".join(f"{line}\r\n" for line in lines).encode()
        newer_export(
            importer,
            sample.catalogue_id,
            IncomingFile("LOINC_2_export_demandes_20260401.csv", exams.encode()),
            IncomingFile("LOINC_3_export_resultats_20260401.csv", content),
            side,
        )


LATER: dict[str, Callable[[Sample], None]] = {
    "decisions": later_decisions,
    "grace date": later_grace_date,
    "release": later_release,
    "exports": later_export,
}


def test_while_nothing_came_later_the_past_day_says_what_today_says(sample: Sample) -> None:
    assert said(report_of(sample, DAY)) == said(report_of(sample))
    assert report_of(sample).main.numerator == 2


@pytest.mark.parametrize("later", LATER)
def test_what_came_later_changes_nothing_in_the_past_day(sample: Sample, later: str) -> None:
    before = said(report_of(sample))
    LATER[later](sample)
    assert said(report_of(sample)) != before
    assert said(report_of(sample, DAY)) == before


def test_the_day_ends_at_the_midnight_of_paris_and_has_its_own_rule(sample: Sample) -> None:
    approve(sample, "CREA", GLUCOSE, NEXT)
    with transaction(sample.world.engine) as session:
        author_id = sample.world.user_id(ADMINISTRATOR)
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        session.add(GraceDate(last_day=DAY, author_id=author_id, created_at=moment))
    that_day, next_day = report_of(sample, DAY), report_of(sample, DAY + timedelta(days=1))
    assert (that_day.main.numerator, next_day.main.numerator) == (2, 2)
    assert not that_day.context.grace.is_over
    assert next_day.context.grace.is_over
    assert [(row.code, standing) for row, standing in next_day.without_code if standing is Standing.DEPRECATED] == [
        ("RARE", Standing.DEPRECATED)
    ]
    # The day before, one of the approvals was not given yet.
    assert report_of(sample, DAY - timedelta(days=1)).main.numerator == 1


def test_before_the_first_file_there_is_nothing_to_say(sample: Sample) -> None:
    with pytest.raises(InvalidInputError, match=r"n'existait pas encore le 28/02/2026"):
        report_of(sample, date(2026, 2, 28))


def test_the_page_and_its_files_speak_of_the_day(sample: Sample, client_for: ClientFor) -> None:
    later_decisions(sample)
    later_grace_date(sample)
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    client = client_for(READER)
    page = unescape(client.get(f"{address}?jour=2026-03-28&version=").text)
    assert "Chiffres de la fin du 28/03/2026 (minuit, heure de Paris)" in page
    assert "comptent et sortent, avec un avertissement." in page
    assert f"rapport.json?version={sample.release.id}&jour=2026-03-28" in page
    assert "Chiffres de la fin du" not in unescape(client.get(f"{address}?jour=&version=").text)
    found = client.get(f"{address}/rapport.json?jour=2026-03-28")
    assert found.json()["figures_of_the_end_of"] == "2026-03-28"
    assert found.json()["figures"][0]["numerator"] == 2
    assert "couverture-1-au-2026-03-28.json" in found.headers["content-disposition"]
    table = client.get(f"{address}/indicateurs.csv?jour=2026-03-28").content.decode("utf-8-sig")
    lines = [line[:2] for line in csv.reader(io.StringIO(table), delimiter=";")]
    assert ["Chiffres de la fin du", "28/03/2026"] in lines
    assert client_for(OUTSIDER).get(f"{address}?jour=2026-03-28").status_code == 404


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("28/03/2026", "n'est pas un jour"),
        ("2026-02-30", "n'est pas un jour"),
        ("9999-12-31", "n'est pas encore passé"),
        ("0001-01-01", "n'existait pas encore"),
        ("x" * 39, "n'est pas un jour"),
    ],
)
def test_odd_days_are_told_what_is_wrong(sample: Sample, client_for: ClientFor, day: str, told: str) -> None:
    answer = client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture", params={"jour": day})
    assert answer.status_code == 422
    assert told in unescape(answer.text)


def test_the_command_asks_a_past_day(sample: Sample, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.coverage.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.coverage.cli, "open_ready", lambda _settings: sample.world.engine)
    later_decisions(sample)
    asked = ["coverage", "--catalogue", str(sample.catalogue_id), "--jour", "2026-03-28"]
    told = CliRunner().invoke(cli, asked)
    assert told.exit_code == 0, told.output
    assert "Chiffres de la fin du 28/03/2026 (minuit, heure de Paris)" in told.output
    found = json.loads(CliRunner().invoke(cli, [*asked, "--json"]).output)
    assert found["figures"][0]["numerator"] == 2
