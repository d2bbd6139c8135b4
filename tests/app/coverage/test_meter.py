"""The meter, the kept days, the pace, and the figures that left counted again."""

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import select, update
from typer.testing import CliRunner

from app.coverage import days, pace
from app.coverage.composed import all_composed
from app.coverage.definitions import Figure
from app.coverage.pace import Point, curve_of, projection
from app.models import Action, AuditEvent, Catalogue, CoverageDay, Level, SourceFile
from app.platform.database import reading, transaction
from tests.app.coverage.test_composed import PAGE as DEFINITIONS
from tests.app.coverage.test_composed import compose
from tests.app.coverage.test_past import LAST, approve, later_decisions, report_of
from tests.app.coverage.test_past import sample as past_sample
from tests.app.exports.sample import GLUCOSE, Sample
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, ClientFor

sample = past_sample
TODAY = date(2026, 6, 1)


@pytest.mark.parametrize("cut", ["chapitre", "specialite", "sous-traitant", "relecteur"])
def test_the_parts_add_up_to_the_whole(sample: Sample, client_for: ClientFor, cut: str) -> None:
    address = f"/catalogues/{sample.catalogue_id}/couverture/avancement"
    page = unescape(client_for(READER).get(f"{address}?par={cut}").text)
    table = page.split('id="parts"', 1)[1].split("</table>", 1)[0]
    totals = [int(part.split("<", 1)[0]) for part in table.split('data-label="Total">')[1:]]
    assert sum(totals) == report_of(sample).main.denominator
    assert "Avancement" in page


def test_decided_rows_come_first_and_lead_to_the_review(sample: Sample, client_for: ClientFor) -> None:
    page = unescape(client_for(BIOLOGIST).get(f"/catalogues/{sample.catalogue_id}/couverture/avancement").text)
    fast = page.split('id="vite"', 1)[1].split("</table>", 1)[0]
    first = fast.split("<tbody>", 1)[1].split("</tr>", 1)[0]
    assert "Décidée" in first
    assert f"/revue/{sample.test_id('K')}" in first
    by_volume = page.split('id="vite-volume"', 1)[1]
    assert f"/revue/{sample.test_id('K')}" in by_volume


@pytest.mark.parametrize("decision", ["out_of_scope", "no_loinc", "placeholder"])
def test_what_will_never_get_a_code_leads_nowhere_faster(
    sample: Sample, client_for: ClientFor, decision: str
) -> None:
    row = sample.test_id("K")
    if decision == "placeholder":
        sample.choose("K", "19146-0")
    else:
        sample.act(row, Action(decision), reason="motif d’essai")
    page = unescape(client_for(BIOLOGIST).get(f"/catalogues/{sample.catalogue_id}/couverture/avancement").text)
    assert f"/revue/{row}\"" not in page.split('id="vite"', 1)[1]


def test_where_nothing_is_in_scope_nothing_is_missing(sample: Sample, client_for: ClientFor) -> None:
    with sample.together():
        for (level, _), rows in sample.ids.items():
            for row in rows if level is Level.ANALYSIS else ():
                sample.act(row, Action.OUT_OF_SCOPE, reason="essai")
                sample.act(row, Action.APPROVE, email=BIOLOGIST)
    page = unescape(client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture/avancement").text)
    fast = page.split('id="vite"', 1)[1].split("D'abord", 1)[0]
    assert "il n'y a rien à mesurer" in fast
    assert "Il manque" not in fast


@pytest.mark.parametrize("asked", ["par=rien", "definition=inconnue"])
def test_what_cannot_be_asked_is_told(sample: Sample, client_for: ClientFor, asked: str) -> None:
    address = f"/catalogues/{sample.catalogue_id}/couverture/avancement"
    assert client_for(READER).get(f"{address}?{asked}").status_code == 422
    assert client_for(OUTSIDER).get(address).status_code == 404


def follow_all(sample: Sample) -> list[CoverageDay]:
    with transaction(sample.world.engine) as session:
        # A catalogue is made before its first file.
        created = datetime(2026, 3, 1, tzinfo=UTC)
        session.execute(update(Catalogue).values(created_at=created))
        session.execute(update(SourceFile).values(imported_at=created))
    while days.follow(sample.world.engine):
        pass
    with reading(sample.world.engine) as session:
        return list(days.days_of(session, sample.catalogue_id))


def test_the_kept_days_are_those_on_which_something_happened_and_say_what_the_page_says(sample: Sample) -> None:
    later_decisions(sample)
    kept = follow_all(sample)
    told = [line.day.isoformat() for line in kept]
    assert told[:4] == ["2026-03-01", "2026-03-27", "2026-03-28", "2026-03-29"]
    assert kept[-1].day == days.last_day_over(datetime.now(UTC))
    for line in kept:
        figure = report_of(sample, line.day).main
        assert (line.numerator, line.denominator) == (figure.numerator, figure.denominator)
    assert not days.follow(sample.world.engine)


def test_doctor_tells_a_day_that_says_something_else(sample: Sample) -> None:
    follow_all(sample)
    with reading(sample.world.engine) as session:
        assert days.wrong_days(session) == {}
    with transaction(sample.world.engine) as session:
        session.execute(update(CoverageDay).values(numerator=99))
    with reading(sample.world.engine) as session:
        assert list(days.wrong_days(session)) == [sample.catalogue_id]


def test_the_page_draws_the_days(sample: Sample, client_for: ClientFor) -> None:
    follow_all(sample)
    page = unescape(client_for(READER).get(f"/catalogues/{sample.catalogue_id}/couverture/avancement").text)
    assert '<svg class="burn-up"' in page
    assert "?jour=2026-03-28" in page


def figure(numerator: int, denominator: int) -> Figure:
    return Figure(numerator, denominator, denominator, 0, 0, 0, {})


def point(ago: int, numerator: int) -> Point:
    return Point(TODAY - timedelta(days=ago), numerator, 100, 0)


def test_the_projection_follows_the_pace_of_the_last_days() -> None:
    # 20 in the 30 days since the point in force four weeks ago: 40 are missing, hence 60 days.
    said = projection([point(60, 0), point(30, 20), point(3, 39)], figure(40, 100), TODAY)
    assert "31/07/2026" in said
    assert "30 jours" in said
    assert said.startswith("Projection, et rien de plus")


@pytest.mark.parametrize(
    ("points", "now", "told"),
    [
        ([], 10, "il faut 7 jours"),
        ([(3, 0)], 10, "il y en a 3"),
        ([(30, 10)], 10, "n'a pas augmenté"),
        ([(30, 40)], 80, "est atteint"),
        ([(400, 0)], 1, "avant cinq ans"),
    ],
)
def test_no_pace_no_projection(points: list[tuple[int, int]], now: int, told: str) -> None:
    assert told in projection([point(*item) for item in points], figure(now, 100), TODAY)


def test_a_curve_has_two_days_at_least() -> None:
    assert curve_of([point(0, 1)]) is None
    curve = curve_of([point(10, 0), point(0, 100)])
    assert curve is not None
    assert curve.rows == f"{pace.LEFT}.0,{pace.HEIGHT - pace.BOTTOM}.0 {pace.WIDTH - 10}.0,{pace.TOP}.0"
    assert curve.volume == ""


def test_what_was_printed_is_counted_again_from_the_facts(sample: Sample, client_for: ClientFor) -> None:
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    client = client_for(READER)
    client.get(f"{address}/rapport.json")
    client.get(f"{address}/indicateurs.csv?jour=2026-03-28")
    approve(sample, "CREA", GLUCOSE, datetime.now(UTC))
    later_decisions(sample)
    with reading(sample.world.engine) as session:
        printed = session.exec(select(AuditEvent).where(AuditEvent.action == "coverage.print")).all()
    assert len(printed) == 2
    assert "Rapport de couverture" in unescape(client.get(f"{address}/historique").text)
    for event in printed[1:]:
        page = unescape(client.get(f"{address}/historique?verifier={event.id}").text)
        assert "est égal à celui qui a été remis" in page
    assert client.get(f"{address}/historique?verifier=999999").status_code == 404
    assert client_for(OUTSIDER).get(f"{address}/historique?verifier={printed[0].id}").status_code == 404


def test_a_past_day_is_counted_again_by_a_definition_that_was_in_service_when_it_was_printed(
    sample: Sample, client_for: ClientFor
) -> None:
    """It was composed after that day, and is withdrawn since: it counted none the less in what was printed."""
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    compose(client_for, "Sans code exclues", sans_code="oui")
    client_for(READER).get(f"{address}/indicateurs.csv?jour=2026-03-28")
    with reading(sample.world.engine) as session:
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "coverage.print")).all()
        (item,) = all_composed(session)
    client_for(ADMINISTRATOR).post(f"{DEFINITIONS}/{item.id}/retirer")
    page = unescape(client_for(READER).get(f"{address}/historique?verifier={event.id}").text)
    assert "Sans code exclues" in page
    assert "est égal à celui qui a été remis" in page


@pytest.mark.parametrize("options", [[], ["--json"], ["--jour", "2026-03-28"]])
def test_what_the_command_prints_is_in_the_history(
    sample: Sample, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    import app.coverage.cli
    from app.cli import cli

    monkeypatch.setattr(app.coverage.cli, "open_ready", lambda _settings: sample.world.engine)
    result = CliRunner().invoke(cli, ["coverage", "--catalogue", str(sample.catalogue_id), *options])
    assert result.exit_code == 0, result.output
    with reading(sample.world.engine) as session:
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "coverage.print")).all()
    numerator, denominator = event.details["figures"]["analysis-rows-own_code-avec"]
    said = f"{numerator} analyses transcodées sur {denominator}"
    assert said in result.output or f'"numerator": {numerator}' in result.output
    assert event.actor_label == "ligne de commande"
    address = f"/catalogues/{sample.catalogue_id}/couverture/historique"
    page = unescape(client_for(READER).get(f"{address}?verifier={event.id}").text)
    assert "la commande coverage" in page
    assert "est égal à celui qui a été remis" in page


def test_a_printed_figure_of_now_equals_the_one_counted_at_its_moment(sample: Sample, client_for: ClientFor) -> None:
    address = f"/catalogues/{sample.catalogue_id}/couverture"
    client = client_for(READER)
    client.get(f"{address}/rapport.json")
    approve(sample, "CREA", GLUCOSE, datetime.now(UTC))
    with reading(sample.world.engine) as session:
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "coverage.print")).all()
    page = unescape(client.get(f"{address}/historique?verifier={event.id}").text)
    assert "est égal à celui qui a été remis" in page
    assert report_of(sample).main.numerator == event.details["figures"]["analysis-rows-own_code-avec"][0] + 1
    # A decision that slips into the past is seen.
    approve(sample, "TSH", GLUCOSE, LAST)
    assert "diffère" in unescape(client.get(f"{address}/historique?verifier={event.id}").text)
