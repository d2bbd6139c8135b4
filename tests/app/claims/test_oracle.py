"""An oracle that reads the facts of a pack alone agrees with every figure that the workbench gives, past days too."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlmodel import Session

from app.claims.collecting import collect_facts, write_table
from app.claims.past_facts import end_of_day
from app.claims.reading_facts import Facts, read_facts
from app.claims.recompute import Moment
from app.claims.tables import FILES, STATE, moment_text
from app.coverage.report import CoverageReport
from app.coverage.service import coverage_report
from app.models import Catalogue
from tests.app.claims.histories import History, histories, write
from tests.app.claims.oracle import Oracle
from tests.conftest import World
from tests.hypothesis_profiles import costly

NAMES = ("numerator", "denominator", "rows_counted", "rows_missing", "rows_without_volume", "rows_emptied")


def facts_in(folder: Path) -> Facts:
    return read_facts({file.table: (folder / f"{file.table}.csv").read_bytes() for file in FILES})


def said_by(report: CoverageReport) -> list[dict[str, object]]:
    return [
        {name: getattr(figure, name) for name in NAMES}
        | {"standings": {standing.value: count for standing, count in figure.standings.items() if count}}
        for _, figure in report.figures
    ]


def recomputed(moment: Moment) -> list[dict[str, object]]:
    found = [moment.figure(definition) for definition in moment.facts.definitions]
    return [
        {name: getattr(figure, name) for name in NAMES} | {"standings": dict(figure.standings)} for figure in found
    ]


@pytest.mark.only("sqlite", "the rows are drawn; what differs between databases is compared elsewhere")
@costly(2, HealthCheck.function_scoped_fixture)
@given(history=histories())
def test_every_figure_of_every_day_is_that_of_the_oracle(history: History, world: World, tmp_path: Path) -> None:
    with Session(world.engine) as session:
        try:
            catalogue = write(session, world, history)
            _compare(session, world, catalogue, history, tmp_path)
        finally:
            session.rollback()


def _compare(session: Session, world: World, catalogue: Catalogue, history: History, folder: Path) -> None:
    report = coverage_report(session, world.laboratory, catalogue)
    told = collect_facts(session, folder, world.laboratory, catalogue, report)
    write_table(folder, STATE, [("stated_at", told.last), ("first_received_at", told.first_received_at)])
    facts = facts_in(folder)
    now = moment_text(told.last)
    assert recomputed(Moment(facts)) == Oracle(folder, now).figures() == said_by(report)
    _compare_chapters(report, Moment(facts), Oracle(folder, now))
    for day in history.days:
        past = coverage_report(session, world.laboratory, catalogue, None, day)
        moment = end_of_day(day)
        again = Moment(facts, moment)
        # The definitions of a day are those for which the catalogue had rows then.
        titles = [(item.level.value, item.measure.value, item.with_subcontracted, item.exam_rule.value)
                  for item, _ in past.figures]  # fmt: skip
        mine = {
            (line["level"], line["measure"], line["with_subcontracted"] == "oui", line["exam_rule"]): figures
            for line, *figures in zip(
                facts.definitions, recomputed(again), Oracle(folder, moment).figures(), strict=True
            )
        }
        for title, figure in zip(titles, said_by(past), strict=True):
            if title in mine:
                assert mine[title] == [figure, figure], (day, title)


def _compare_chapters(report: CoverageReport, moment: Moment, oracle: Oracle) -> None:
    for level, chapters in report.chapters.items():
        definition = next(line for line in moment.facts.definitions if line["level"] == level.value)
        assert moment.chapters(level.value) == list(chapters)
        for name, figure in chapters.items():
            found = moment.figure(definition, name)
            expected = (figure.numerator, figure.denominator)
            assert (found.numerator, found.denominator) == expected
            counted = oracle.figure(definition, name)
            assert (counted["numerator"], counted["denominator"]) == expected


CHOICES = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["analysis", "exam"]), "measure": st.sampled_from(["rows", "volume"]),
        "with_subcontracted": st.sampled_from(["oui", "non"]),
        "exam_rule": st.sampled_from(["own_code", "all_analyses"]),
        "with_retired": st.sampled_from(["oui", "non"]), "circuit_only": st.sampled_from(["oui", "non"]),
        "out_of_scope_leaves": st.sampled_from(["oui", "non"]), "no_code_leaves": st.sampled_from(["oui", "non"]),
        "statuses": st.sampled_from(["approved", "decided"]),
        "releases": st.sampled_from(["in_service", "of_decision"]),
        "deprecated": st.sampled_from(["until_grace", "never", "always"]),
    }
)  # fmt: skip


@pytest.mark.only("sqlite", "the rows are drawn; what differs between databases is compared elsewhere")
@costly(5, HealthCheck.function_scoped_fixture)
@given(history=histories(), definitions=st.lists(CHOICES, min_size=3, max_size=6))
def test_any_composed_definition_is_recomputed_alike(
    history: History, definitions: list[dict[str, str]], world: World, tmp_path: Path
) -> None:
    with Session(world.engine) as session:
        try:
            catalogue = write(session, world, history)
            report = coverage_report(session, world.laboratory, catalogue)
            told = collect_facts(session, tmp_path, world.laboratory, catalogue, report)
        finally:
            session.rollback()
    write_table(tmp_path, STATE, [("stated_at", told.last)])
    facts = facts_in(tmp_path)
    for moment in (moment_text(told.last), *map(end_of_day, history.days)):
        again, oracle = Moment(facts, moment), Oracle(tmp_path, moment)
        for definition in definitions:
            figure = again.figure(definition)
            found = {name: getattr(figure, name) for name in NAMES} | {"standings": dict(figure.standings)}
            assert found == oracle.figure(definition), (moment, definition)
