"""The grouped statement of composed definitions says what the rows say, and what the oracle says."""

import random
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from app.coverage import repository
from app.coverage.aggregate import Axis, JudgedCatalogue, Sources
from app.coverage.definitions import CountedCatalogue, Definition, ExamRule, Measure, choices_of
from app.coverage.judging import DeprecatedRule, Judging, ReleaseRule, Statuses
from app.models import (
    Catalogue,
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    ReviewState,
    Role,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform.database import reading, transaction
from app.transcoding.facts import derive_state
from tests.app.coverage import oracle
from tests.app.coverage.histories import LISTS, START, TERMS, History, Row, as_tables, make_history
from tests.conftest import TRANSCODER, World

SEEDS = range(900, 918)


def _terminology(session: Session) -> tuple[dict[int, int], dict[int, int]]:
    """(release of the histories -> ours, list of the histories -> ours)."""
    releases, lists = {}, {}
    for number, terms in TERMS.items():
        release = LoincRelease(version=f"2.8{number}", kind="official", is_current=number == 1)
        session.add(release)
        session.flush()
        session.add_all(
            LoincTerm(release_id=release.id, loinc_num=code, component=code, status=status)
            for code, status in terms.items()
        )
        releases[number] = release.id or 0
    for number, codes in LISTS.items():
        value_set = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title=str(number), content_hash=str(number))
        session.add(value_set)
        session.flush()
        session.add_all(ValueSetMember(value_set_id=value_set.id, loinc_num=code) for code in codes)
        lists[number] = value_set.id or 0
    return releases, lists


def _store(session: Session, world: World, catalogue: Catalogue, history: History, releases: dict[int, int]) -> None:
    ids = {}
    for row in history.rows.values():
        test = LocalTest(
            catalogue_id=catalogue.id, level=row.level, code=row.code, occurrence=row.id, label=f"Libellé {row.id}",
            is_subcontracted=row.is_subcontracted, is_retired=row.is_retired, annual_volume=row.volume,
            retired_at=START if row.is_gone else None, chapter=f"Chapitre {row.id % 3}", position=row.id,
            executing_laboratory="Autre" if row.is_subcontracted else "",
        )  # fmt: skip
        session.add(test)
        session.flush()
        ids[row.id] = test.id or 0
    for row in history.rows.values():
        for id_ in row.links:
            held = history.rows.get(id_)
            analysis_id = ids[id_] if held is not None and not held.is_gone else None
            session.add(ExamAnalysis(exam_id=ids[row.id], analysis_code=f"?{id_}", analysis_id=analysis_id))
    facts: dict[int, list[Decision]] = {}
    stored: dict[int, Decision] = {}
    for fact in history.facts:
        decision = Decision(
            local_test_id=ids[fact.local_test_id], action=fact.action, loinc_num=fact.loinc_num,
            release_id=releases.get(fact.release_id), author_id=world.user_id(TRANSCODER),
            author_role=Role.TRANSCODER, created_at=fact.created_at,
            undoes_id=stored[fact.undoes_id].id if fact.undoes_id else None,
        )  # fmt: skip
        session.add(decision)
        session.flush()
        stored[fact.id] = decision
        facts.setdefault(decision.local_test_id, []).append(decision)
    for test_id, found in facts.items():
        state = derive_state(found)
        session.add(ReviewState(local_test_id=test_id, **{name: getattr(state, name) for name in state.__slots__}))


def _stored_volume(row: Row) -> Row:
    """A volume that the columns of any database hold, and the counts that add them up."""
    return replace(row, volume=10**8) if (row.volume or 0) > 2**31 else row


def _histories() -> list[History]:
    found = []
    for seed in SEEDS:
        history = make_history(seed)
        # All of it is past; what two readings suspend is counted elsewhere.
        history.suspended = []
        history.rows = {id_: _stored_volume(row) for id_, row in history.rows.items()}
        history.told = [(at, _stored_volume(row)) for at, row in history.told]
        history.moment = START.replace(year=2027)
        found.append(history)
    return found


def _definitions() -> list[Definition]:
    dice = random.Random(5)
    judgings = [
        Judging(*flags, statuses, releases, deprecated)
        for *flags, statuses, releases, deprecated in product(
            *[(False, True)] * 4, Statuses, ReleaseRule, DeprecatedRule
        )
    ]
    units = list(product([Level.ANALYSIS, Level.EXAM], Measure, (True, False), ExamRule))
    return [Definition(*dice.choice(units), judging=judging) for judging in judgings]


@pytest.fixture
def stored(world: World, engine: Engine) -> tuple[list[tuple[int, History]], dict[int, int], dict[int, int]]:
    histories = _histories()
    catalogues = [world.add_catalogue(f"Catalogue {number}") for number in range(len(histories))]
    with transaction(engine) as session:
        releases, lists = _terminology(session)
        for catalogue, history in zip(catalogues, histories, strict=True):
            _store(session, world, catalogue, history, releases)
    return [(item.id or 0, history) for item, history in zip(catalogues, histories, strict=True)], releases, lists


def test_one_statement_says_of_every_definition_what_rows_and_oracle_say(
    stored: tuple[list[tuple[int, History]], dict[int, int], dict[int, int]], engine: Engine
) -> None:
    found, releases, lists = stored
    definitions = _definitions()
    tables = as_tables([history for _, history in found])
    wanted = [oracle.figures(tables, choices_of(definition)) for definition in definitions[::8]]
    with reading(engine) as session:
        for number, (catalogue_id, history) in enumerate(found):
            over = history.leaves_out_deprecated
            release_id, circuit_id = releases[history.at(history.releases)], lists[history.at(history.lists)]
            rows = repository.coverage_rows(session, catalogue_id, release_id, None, over, circuit_id)
            counted = CountedCatalogue(rows, over)
            judged = JudgedCatalogue(session, catalogue_id, Sources(release_id, over, circuit_id), definitions)
            for definition in definitions:
                assert judged.figure(definition) == counted.figure(definition), (SEEDS[number], definition)
            for definition, told in zip(definitions[::8], wanted, strict=True):
                figure = judged.figure(definition)
                assert (figure.numerator, figure.denominator, figure.rows_missing) == told[str(number)]


def test_an_axis_cuts_the_figure_into_its_parts(
    stored: tuple[list[tuple[int, History]], dict[int, int], dict[int, int]], engine: Engine
) -> None:
    found, releases, lists = stored
    definition = Definition(judging=Judging(with_retired=True, no_code_leaves=True))
    with reading(engine) as session:
        for catalogue_id, _history in found:
            sources = Sources(releases[1], False, lists[1])
            whole = JudgedCatalogue(session, catalogue_id, sources, [definition]).figure(definition)
            for axis in Axis:
                parts = JudgedCatalogue(session, catalogue_id, sources, [definition], axis).by_value(definition)
                assert sum(part.numerator for part in parts.values()) == whole.numerator
                assert sum(part.denominator for part in parts.values()) == whole.denominator
