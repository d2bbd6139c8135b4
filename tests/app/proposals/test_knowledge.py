"""What is remembered for some rows is what the whole table would give, and is found without reading the table."""

import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from app.catalogues.matcher_input import to_matcher
from app.models import (
    Catalogue,
    Laboratory,
    Level,
    LocalTest,
    MappingWithdrawal,
    MemoryEntry,
    Outcome,
    ReviewState,
    Status,
)
from app.platform.database import reading, transaction
from app.proposals import knowledge
from app.proposals.knowledge import knowledge_for
from matcher import Remembered
from matcher.knowledge import signature
from tests.conftest import TRANSCODER, World

LABELS = ("Sodium", "SODIUM", "Potassium", "Glucose", "Créatinine")
CODES = ("2951-2", "2823-3", "2345-7")


def everything(session: Session, catalogue_id: int) -> dict[str, tuple[Remembered, ...]]:
    """The definition: every approved row of every other catalogue that may be reused, one by one."""
    catalogue = session.get_one(Catalogue, catalogue_id)
    facts = session.exec(select(MappingWithdrawal).order_by(col(MappingWithdrawal.id)))
    last = {(item.laboratory_id, item.signature, item.loinc_num): item.is_withdrawn for item in facts}
    origins: dict[tuple[str, str], set[str]] = defaultdict(set)
    for state in session.exec(select(ReviewState)):
        test = session.get_one(LocalTest, state.local_test_id)
        other = session.get_one(Catalogue, test.catalogue_id)
        laboratory = session.get_one(Laboratory, other.laboratory_id)
        is_approved = state.status == Status.APPROVED and state.outcome == Outcome.CODE
        may_be_used = laboratory.allows_reuse or laboratory.id == catalogue.laboratory_id
        mapping = (signature(to_matcher(test)), state.loinc_num)
        is_kept_back = last.get((laboratory.id, *mapping), False)
        if is_approved and may_be_used and other.id != catalogue_id and not is_kept_back:
            origins[mapping].add(f"{laboratory.name}, {other.name}")
    for entry in session.exec(select(MemoryEntry).where(MemoryEntry.laboratory_id == catalogue.laboratory_id)):
        origins[(entry.signature, entry.loinc_num)].add(entry.source_name or "transcodage importé")
    memory: dict[str, list[Remembered]] = defaultdict(list)
    for (key, code), names in sorted(origins.items()):
        if not last.get((catalogue.laboratory_id, key, code), False):
            memory[key].append(Remembered(code, len(names), tuple(sorted(names))))
    return {key: tuple(items) for key, items in memory.items()}


def add_catalogue(world: World, laboratory: Laboratory, name: str, chance: random.Random, rows: int) -> int:
    catalogue_id = world.add_catalogue(name, laboratory.id).id or 0
    with transaction(world.engine) as session:
        tests = [
            LocalTest(catalogue_id=catalogue_id, level=chance.choice((Level.ANALYSIS, Level.EXAM)), code=f"C{n}",
                      label=chance.choice(LABELS), position=n, unit=chance.choice(("mmol/L", "g/L", "")),
                      specimen_code=chance.choice(("Sérum", "")))
            for n in range(rows)
        ]  # fmt: skip
        session.add_all(tests)
        session.flush()
        session.add_all(
            ReviewState(
                local_test_id=test.id or 0,
                status=chance.choice((Status.APPROVED, Status.APPROVED, Status.DECIDED)),
                outcome=chance.choice((Outcome.CODE, Outcome.CODE, Outcome.NO_LOINC)),
                loinc_num=chance.choice(CODES),
            )
            for test in tests
        )
    return catalogue_id


def add_imported(world: World, chance: random.Random) -> None:
    """Mappings that both laboratories imported, and some withdrawn."""
    with transaction(world.engine) as session:
        tests = session.exec(select(LocalTest)).all()
        for number in range(12):
            laboratory = chance.choice((world.laboratory, world.other_laboratory))
            key = signature(to_matcher(chance.choice(tests)))
            code = chance.choice(CODES)
            session.add(MemoryEntry(laboratory_id=laboratory.id or 0, signature=key, loinc_num=code,
                                    source_name=chance.choice(("carte.json", ""))))  # fmt: skip
            if number % 4 == 0:
                for is_withdrawn in (True, False, True)[: chance.randint(1, 3)]:
                    session.add(MappingWithdrawal(laboratory_id=chance.choice((1, 2)), signature=key, loinc_num=code,
                                                  is_withdrawn=is_withdrawn, reason="essai",
                                                  author_id=world.user_id(TRANSCODER)))  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_same_as_the_whole_table(world: World, seed: int) -> None:
    chance = random.Random(seed)
    places = (world.laboratory, world.other_laboratory)
    ids = [add_catalogue(world, places[n % 2], f"Catalogue {n}", chance, 15) for n in range(4)]
    add_imported(world, chance)
    for allows in (False, True):
        with transaction(world.engine) as session:
            session.get_one(Laboratory, world.other_laboratory.id).allows_reuse = allows
        with reading(world.engine) as session:
            for catalogue_id in ids:
                known, all_known = knowledge_for(session, catalogue_id).memory, everything(session, catalogue_id)
                tests = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id)).all()
                keys = {signature(to_matcher(test)) for test in tests}
                assert known == {key: items for key, items in all_known.items() if key in keys}
                for test in tests:
                    row = to_matcher(test)
                    found = knowledge_for(session, catalogue_id, [row]).memory
                    assert found.get(signature(row)) == all_known.get(signature(row))
    assert all_known


def rows_read(engine: Engine, catalogue_id: int, tests: Sequence[LocalTest] | None) -> int:
    """How many rows the question made the database hand over, by what the session loaded."""
    loaded: list[object] = []
    with reading(engine) as session:
        rows = None if tests is None else [to_matcher(test) for test in tests]
        event.listen(session, "loaded_as_persistent", lambda _session, item: loaded.append(item))
        knowledge_for(session, catalogue_id, rows)
    return sum(isinstance(item, LocalTest) for item in loaded)


def test_rows_of_other_laboratories_that_resemble_none_of_ours_are_not_read(world: World) -> None:
    ours = world.add_catalogue("Le nôtre").id or 0
    with transaction(world.engine) as session:
        session.get_one(Laboratory, world.other_laboratory.id).allows_reuse = True
        session.add(LocalTest(catalogue_id=ours, level=Level.ANALYSIS, code="X", label="Introuvable ailleurs"))
    add_catalogue(world, world.other_laboratory, "Le leur", random.Random(1), 40)
    with reading(world.engine) as session:
        mine = session.exec(select(LocalTest).where(col(LocalTest.catalogue_id) == ours)).all()
    assert rows_read(world.engine, ours, mine) == 0
    assert rows_read(world.engine, ours, None) == 1


@pytest.mark.only("sqlite", "it tells in words where it begins")
def test_it_begins_with_the_signatures_and_not_with_all_that_is_approved(world: World) -> None:
    catalogue = world.add_catalogue("Le nôtre")
    with reading(world.engine) as session:
        statement = knowledge._approved(catalogue, ["a", "b"])
        asked = statement.compile(session.connection(), compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert "ix_worklist_entry_signature (signature=?)" in plan[0]
