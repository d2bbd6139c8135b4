"""Which run a report of a moment tells, and what it says of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.coverage.service import coverage_report
from app.effective import service
from app.effective.files import repairs_csv
from app.effective.last_run import reported_section, standing_run
from app.effective.page_building import run_page
from app.effective.pages import RunQuery
from app.effective.reported import NO_INTERVAL, REPAIRS, REPAIRS_SHOWN, EffectiveSection, Interval
from app.effective.sampling import sample_of
from app.models import (
    Action,
    AuditEvent,
    Decision,
    EffectiveCluster,
    EffectiveRun,
    LocalTest,
    LoincRelease,
    Membership,
    ReadingRequest,
    Role,
    User,
    ValueSet,
    ValueSetKind,
    utc_now,
)
from app.platform.database import Transactions, reading, transaction
from app.platform.identity import catalogue_access
from app.publication.service import gather
from tests.app.effective.hand_made import counts_of_results, seen
from tests.app.effective.runs import keep_run
from tests.app.exports.conftest import decided, sample
from tests.app.exports.sample import CREATININE, POTASSIUM, Sample
from tests.conftest import ADMINISTRATOR, BIOLOGIST, TRANSCODER

__all__ = ["decided", "sample"]
INSTANT = timedelta(microseconds=1)


def kept(sample: Sample) -> EffectiveRun:
    return keep_run(sample.world.engine, sample.world.laboratory, sample.catalogue, sample.world.users[TRANSCODER])


def section(sample: Sample, blind_to: int | None = None) -> EffectiveSection:
    with reading(sample.world.engine) as session:
        coverage = coverage_report(session, sample.world.laboratory, sample.catalogue)
        rows = gather(session, sample.world.laboratory, sample.catalogue, blind_to).tests
        found = reported_section(session, coverage, rows, blind_to)
    assert found is not None
    return found


def standing(sample: Sample, clock: datetime | None = None) -> str | None:
    with reading(sample.world.engine) as session:
        found = standing_run(session, sample.catalogue_id, clock)
        return found.run.public_id if found is not None else None


def withdraw(sample: Sample, run: EffectiveRun) -> datetime:
    with transaction(sample.world.engine) as session:
        access = sample.world.catalogue_access(BIOLOGIST, sample.catalogue)
        return service.withdraw(session, access, run.public_id, "Comptes rendus d’essai").created_at


def kept_at(sample: Sample, run: EffectiveRun) -> datetime:
    with reading(sample.world.engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "effective.keep")).all()
    return next(event.at for event in events if event.details["run"] == run.public_id)


def test_a_moment_has_the_last_run_kept_by_then(decided: Sample) -> None:
    assert standing(decided) is None
    first, second = kept(decided), kept(decided)
    moments = [kept_at(decided, run) for run in (first, second)]
    assert standing(decided) == standing(decided, utc_now()) == second.public_id
    assert standing(decided, moments[1] - INSTANT) == first.public_id
    assert standing(decided, moments[0]) == first.public_id
    # It was being read, and not kept yet.
    assert first.created_at < moments[0] - INSTANT
    assert standing(decided, moments[0] - INSTANT) is None


def test_a_run_that_was_taken_back_is_told_until_then_alone(decided: Sample) -> None:
    first, second = kept(decided), kept(decided)
    moment = withdraw(decided, second)
    assert standing(decided) == standing(decided, moment) == first.public_id
    assert standing(decided, moment - INSTANT) == second.public_id
    withdraw(decided, first)
    assert standing(decided) is None


def test_the_runs_of_another_catalogue_are_not_told(decided: Sample) -> None:
    kept(decided)
    other = decided.world.add_catalogue("Autre")
    with reading(decided.world.engine) as session:
        assert standing_run(session, other.id or 0) is None


def test_each_share_stands_beside_its_definition_and_the_coverage(decided: Sample) -> None:
    kept(decided)
    found = section(decided)
    shares = {told.name: (told.share.part, told.share.total) for told in found.shares}
    assert shares == {
        "Par résultats": (100, 249),
        "Par résultats, avec ceux qui n’ont pas de code local": (115, 249),
        "Par codes locaux": (0, 7),
        "Couverture du catalogue": (2, 6),
    }
    assert all(told.definition.endswith(".") and len(told.definition) > 60 for told in found.shares)
    assert [bool(told.interval) for told in found.shares] == [True, False, False, False]
    assert "2\u202f000 tirages avec remise des comptes rendus" in found.interval_note
    assert "60 comptes rendus qui portent un résultat" in found.interval_note
    facts = dict(found.facts)
    assert facts["Comptes rendus"] == "du 01/03/2026 au 31/03/2026"
    assert facts["Lu"] == (
        "2 fichiers, 63 comptes rendus dont 3 sans résultat structuré, 249 résultats, 1 partie abîmée, laissée de côté"
    )
    assert "gardée par Tania Transcodeuse" in facts["Mesure"]
    chapters = {item.name: (item.carried.part, item.carried.total, item.covered.part) for item in found.chapters}
    assert chapters == {
        "Biochimie": (100, 186, 2), "Sans chapitre": (0, 6, 0), "Hors du catalogue": (0, 27, 0),
        "Sans code local": (0, 30, 0),
    }  # fmt: skip
    assert found.moved == ()


def test_what_weighs_most_is_to_be_repaired_first(decided: Sample) -> None:
    many = [[seen(f"X{number}")] * (number + 1) for number in range(REPAIRS_SHOWN + 9)]
    keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None, counts_of_results(many))
    found = section(decided)
    results = [int(line[REPAIRS.index("Résultats")]) for line in found.repairs]
    assert results == sorted(results, reverse=True)
    assert (len(found.repairs), len(found.shown), found.left) == (REPAIRS_SHOWN + 9, REPAIRS_SHOWN, 9)
    assert "gardée par la ligne de commande" in dict(found.facts)["Mesure"]


def test_what_changed_since_is_said(decided: Sample) -> None:
    kept(decided)
    decided.approve("K", POTASSIUM)
    (said,) = section(decided).moved
    assert "ce qui est approuvé a changé pour 1 code local vu\u202f: elle dit ce qui valait le " in said
    # Of a code that no report carried, nothing is compared.
    decided.approve("CREA", CREATININE)
    assert section(decided).moved == (said,)
    with transaction(decided.world.engine) as session:
        session.get_one(LoincRelease, decided.release.id).content_hash = "0" * 64
        circuit = ValueSet(
            kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", is_current=True, content_hash="1" * 64
        )
        session.add(circuit)
    moved = section(decided).moved
    assert "la version de LOINC en service a changé" in moved[0]
    assert "la liste Circuit de la biologie en service a changé" in moved[1]
    assert moved[2] == said


def test_the_coverage_beside_it_is_that_of_the_report_not_of_the_run(decided: Sample) -> None:
    kept(decided)
    decided.approve("K", POTASSIUM)
    last = section(decided).shares[-1]
    assert (last.share.part, last.share.total) == (3, 6)
    assert section(decided).shares[0].share.part == 100, "what the reports carried does not change"


def test_who_may_still_read_a_row_blind_is_told_nothing_of_what_it_carried(decided: Sample) -> None:
    """GLY was approved when the run was kept; it was sent back since, and decided by somebody else."""
    world, row = decided.world, decided.test_id("GLY")
    with transaction(world.engine) as session:
        reader = world.users[ADMINISTRATOR]
        session.add(Membership(user_id=reader.id or 0, laboratory_id=world.laboratory_id, role=Role.TRANSCODER))
        blind_to = reader.id or 0
    run = kept(decided)
    decided.act(row, Action.SEND_BACK, email=BIOLOGIST, reason="unité")
    decided.act(row, Action.CHOOSE, email=BIOLOGIST, loinc_num=POTASSIUM, relation="equivalent")
    with transaction(world.engine) as session:
        fact = session.exec(
            select(Decision).where(Decision.local_test_id == row).order_by(col(Decision.id).desc())
        ).first()
        assert fact is not None
        session.add(ReadingRequest(
            catalogue_id=decided.catalogue_id, local_test_id=row, decision_id=fact.id or 0, discipline="chimie",
            origin="share",
        ))  # fmt: skip
    codes = [{line[1] for line in section(decided, blind).repairs} for blind in (None, blind_to)]
    assert "GLY" in codes[0]
    assert codes[1] == codes[0] - {"GLY"}
    assert "14749-6" not in str(section(decided, blind_to))
    shown = {}
    for who in (blind_to, world.user_id(BIOLOGIST)):
        with reading(world.engine) as session:
            user = session.get_one(User, who)
            access = catalogue_access(session, user, decided.catalogue_id)
            page = run_page(session, access, run.public_id, RunQuery())
            assert sum(item.lines for item in page.facets) == page.repairs_total == len(page.repairs)
        told = "".join(repairs_csv(Transactions(world.engine), access, run.public_id, RunQuery()))
        in_csv = {line.split(";")[1].lstrip("'") for line in told.splitlines()[1:]}
        shown[who] = {item.local for item in page.repairs}, in_csv
    assert shown[world.user_id(BIOLOGIST)] == (codes[0], codes[0])
    assert shown[blind_to] == (codes[1], codes[1])
    # Nor does a newer export that no longer holds the row.
    with transaction(world.engine) as session:
        session.execute(update(LocalTest).where(col(LocalTest.id) == row).values(retired_at=utc_now()))
    assert "14749-6" not in str(section(decided, blind_to))


def test_where_reports_do_not_add_up_no_interval_is_given(decided: Sample) -> None:
    """The name of a domain was erased: its reports would pass for whole ones."""
    run = kept(decided)
    assert section(decided).shares[0].interval
    with transaction(decided.world.engine) as session:
        session.add(EffectiveCluster(run_id=run.id or 0, domain="", results=4, effective=4, reports=9))
    found = section(decided)
    assert (found.shares[0].interval, found.interval_note) == ("", "")
    with reading(decided.world.engine) as session:
        access = decided.world.catalogue_access(BIOLOGIST, decided.catalogue)
        page = run_page(session, access, run.public_id, RunQuery())
    assert page.shares[0].interval == ""
    assert "Tous les résultats" not in [item.domain for item in page.samples]
    assert not page.has_whole


@pytest.mark.parametrize(
    ("kinds", "low", "high", "is_drawn"),
    [
        ([(10, 10, 40)], "91,23\u00a0%", "100,00\u00a0%", False),
        ([], "", "", False),
        ([(2, 0, 20), (2, 2, 20)], "35,00\u00a0%", "65,00\u00a0%", True),
    ],
)
def test_an_interval_is_written_as_it_is_printed(
    kinds: list[tuple[int, int, int]], low: str, high: str, is_drawn: bool
) -> None:
    found = Interval.of(sample_of(kinds))
    assert replace(found, reports=0) == Interval(low, high, is_drawn, 0)
    assert bool(found.text) is bool(low)
    assert NO_INTERVAL.note == ""


def test_few_reports_only_indicate() -> None:
    assert "qu’indicatif" in Interval.of(sample_of([(2, 0, 10), (2, 2, 10)])).note
    assert "qu’indicatif" not in Interval.of(sample_of([(2, 0, 20), (2, 2, 20)])).note
    assert "Wilson" in Interval.of(sample_of([(2, 2, 40)])).note
