"""Runs are kept as counts, read again as they were, and taken back by a fact."""

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from app.audit.verification import verify
from app.effective import repository, service
from app.effective.judging import seen_codes
from app.effective.lines import Figures, Finding
from app.effective.measuring import Against, Measured, against_now, code_facts, figures_of
from app.emitted.observed import Counts, Damaged
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import AuditEvent, EffectiveRun, LocalTest
from app.platform.database import reading, transaction
from tests.app.coverage.sample import Sample, make_sample
from tests.app.effective.hand_made import GLUCOSE, POTASSIUM, SODIUM, counts_of_results, seen
from tests.conftest import BIOLOGIST, READER, TRANSCODER, World

COUNTS = counts_of_results(
    [[seen("NA", SODIUM, unit="mmol/L"), seen("K")], [seen("NA", POTASSIUM), seen("", SODIUM), seen("GLY", GLUCOSE)]],
    level1=1,
    damaged=[Damaged("fichier 1, message 3", "segment illisible")],
    effective=[seen("NA", SODIUM, unit="mmol/L")],
    chapters={"NA": "Biochimie"},
)


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    """The catalogue of the tests of coverage."""
    return make_sample(engine, world)


def against(engine: Engine, world: World, sample: Sample) -> Against:
    with reading(engine) as session:
        return against_now(session, world.laboratory, sample.catalogue)


def measured(engine: Engine, world: World, sample: Sample, counts: Counts = COUNTS) -> Measured:
    found = against(engine, world, sample)
    with reading(engine) as session:
        codes = code_facts(session, found.release_id, seen_codes(counts))
    return Measured(found, figures_of(counts, found, codes, 2), counts.damaged, counts.clusters)


def kept(engine: Engine, world: World, sample: Sample) -> EffectiveRun:
    found = measured(engine, world, sample)
    with transaction(engine) as session:
        return service.keep(session, found, world.users[TRANSCODER], service.read_period("2026-01-01", "2026-03-31"))


def as_values(figures: Figures) -> tuple[object, ...]:
    return (
        figures.reports, figures.level1_reports, figures.files, figures.damaged, figures.has_circuit,
        [figures.count(finding) for finding in Finding], figures.by_results, figures.by_codes, figures.by_chapter,
    )  # fmt: skip


def test_a_kept_run_says_what_was_measured(engine: Engine, world: World, sample: Sample) -> None:
    run = kept(engine, world, sample)
    with reading(engine) as session:
        again = service.figures_of_run(session, run)
        lines = repository.lines_of(session, run.id or 0)
        clusters = repository.clusters_of(session, run.id or 0)
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "effective.keep"))
        verdict = verify(session)
    fresh = measured(engine, world, sample)
    assert as_values(again) == as_values(fresh.figures)
    assert lines == fresh.figures.lines
    assert clusters == COUNTS.clusters
    assert (run.results, run.effective, run.by_loinc_alone) == (5, 1, 1)
    assert (run.effective_local_codes, run.local_codes) == (0, 3)
    assert (run.release_version, run.has_circuit, str(run.period_from)) == ("2.80", False, "2026-01-01")
    assert event.details["counts"]["results"] == 5
    assert SODIUM not in str(event.details)
    assert (verdict.findings, verdict.facts > 10) == ([], True), "every line is chained"


def test_it_stays_as_it_was_when_the_catalogue_changes(engine: Engine, world: World, sample: Sample) -> None:
    run = kept(engine, world, sample)
    with reading(engine) as session:
        before = as_values(service.figures_of_run(session, run))
    with transaction(engine) as session:
        test = session.get_one(LocalTest, sample.ids["NA"])
        test.code, test.chapter = "SODIUM", "Autre"
        session.add(test)
    with reading(engine) as session:
        assert as_values(service.figures_of_run(session, run)) == before
    assert measured(engine, world, sample).figures.by_results.part == 0


def test_taking_a_run_back(engine: Engine, world: World, sample: Sample) -> None:
    run = kept(engine, world, sample)
    access = world.catalogue_access(BIOLOGIST, sample.catalogue)
    with transaction(engine) as session:
        service.withdraw(session, access, run.public_id, "Comptes rendus d’essai")
    with reading(engine) as session:
        (found,) = repository.runs_of(session, sample.catalogue_id)
        assert found.withdrawal is not None
        assert (found.withdrawal.reason, found.withdrawn_by) == ("Comptes rendus d’essai", "Béatrice Biologiste")
        assert service.figures_of_run(session, found.run).results == 5, "nothing is erased"
    with transaction(engine) as session, pytest.raises(ConflictError, match="déjà été retirée par Béatrice"):
        service.withdraw(session, access, run.public_id, "Encore une fois")


@pytest.mark.parametrize("reason", ["", " . ", "aaa", "x" * 400 + " y" * 100])
def test_a_run_is_taken_back_with_a_reason(engine: Engine, world: World, sample: Sample, reason: str) -> None:
    run = kept(engine, world, sample)
    access = world.catalogue_access(BIOLOGIST, sample.catalogue)
    with transaction(engine) as session, pytest.raises(InvalidInputError):
        service.withdraw(session, access, run.public_id, reason)


def test_readers_take_nothing_back_and_runs_of_others_do_not_exist(
    engine: Engine, world: World, sample: Sample
) -> None:
    run = kept(engine, world, sample)
    with transaction(engine) as session, pytest.raises(NotAllowedError):
        service.withdraw(session, world.catalogue_access(READER, sample.catalogue), run.public_id, "Erreur de lot")
    other = world.add_catalogue("Autre")
    with transaction(engine) as session, pytest.raises(NotFoundError):
        service.withdraw(session, world.catalogue_access(BIOLOGIST, other), run.public_id, "Erreur de lot")


def test_what_is_no_laboratory_is_not_kept(
    engine: Engine, world: World, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_LINES", 4)
    with pytest.raises(InvalidInputError, match="plus de 4 sortes de résultats"):
        kept(engine, world, sample)
    with reading(engine) as session:
        assert repository.count_runs(session, sample.catalogue_id) == 0


@pytest.mark.parametrize(
    ("first", "last"), [("hier", ""), ("", "2026-13-01"), ("2026-02-01", "2026-01-01"), ("1900-01-01", "")]
)
def test_periods_that_are_none(first: str, last: str) -> None:
    with pytest.raises(InvalidInputError):
        service.read_period(first, last)
