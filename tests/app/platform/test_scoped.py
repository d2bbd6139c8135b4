"""Sessions that are kept to a laboratory: whatever a statement forgets, the other laboratory's rows are not there."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session, SQLModel, col

from app.models import Catalogue, ImportProfile, Laboratory, MappingWithdrawal, MemoryEntry, UploadDraft
from app.platform.database import reading, transaction
from app.platform.scoped import ACROSS, OtherLaboratoryError, scoped, scoped_models
from tests.conftest import OUTSIDER, TRANSCODER, World


@pytest.fixture
def both(world: World) -> World:
    """Each laboratory has a catalogue, a draft, a profile, a memory and a withdrawal."""
    with transaction(world.engine) as session:
        for laboratory, email in ((world.laboratory, TRANSCODER), (world.other_laboratory, OUTSIDER)):
            place, person = laboratory.id or 0, world.user_id(email)
            session.add_all([
                Catalogue(laboratory_id=place, name="Catalogue"),
                UploadDraft(laboratory_id=place, user_id=person),
                ImportProfile(laboratory_id=place, name="Profil"),
                MemoryEntry(laboratory_id=place, signature="x", loinc_num="2951-2"),
                MappingWithdrawal(laboratory_id=place, signature="x", loinc_num="2951-2", reason="x", author_id=person),
            ])  # fmt: skip
    return world


MODELS = (Catalogue, UploadDraft, ImportProfile, MemoryEntry, MappingWithdrawal)


def places(session: Session, model: type, **options: object) -> list[int]:
    """The laboratories whose rows a statement without any condition gives."""
    column = col(model.laboratory_id)  # type: ignore[attr-defined]
    return list(session.execute(select(column).order_by(column), execution_options=options).scalars())


def test_a_statement_without_condition_gives_the_rows_of_the_laboratory(both: World) -> None:
    for place in (1, 2):
        with reading(scoped(both.engine, place)) as session:
            for model in MODELS:
                assert places(session, model) == [place]
                assert places(session, model, **ACROSS) == [1, 2]
                assert session.scalar(select(func.count()).select_from(model)) == 1
            assert [item.id for item in session.scalars(select(Laboratory))] == [place]
    with reading(scoped(both.engine, None)) as session:
        assert places(session, Catalogue) == [1, 2]


def test_a_row_of_another_is_not_opened_by_its_number(both: World) -> None:
    with reading(both.engine) as session:
        rows = {model: session.execute(select(model.id, model.laboratory_id)).all() for model in MODELS}
    with reading(scoped(both.engine, 1)) as session:
        for model, pairs in rows.items():
            assert {place: session.get(model, number) is not None for number, place in pairs} == {1: True, 2: False}
        assert session.get(Laboratory, 2) is None


def test_joined_and_nested_tables_bear_the_condition_too(both: World) -> None:
    pairs = select(MemoryEntry.laboratory_id, Catalogue.laboratory_id).join(
        Catalogue, col(Catalogue.name) != col(MemoryEntry.signature)
    )
    nested = select(MemoryEntry.laboratory_id).where(
        col(MemoryEntry.loinc_num).in_(select(MappingWithdrawal.loinc_num).where(MappingWithdrawal.laboratory_id == 2))
    )
    with reading(scoped(both.engine, 1)) as session:
        assert session.execute(pairs).all() == [(1, 1)]
        assert session.execute(nested).all() == []


def test_a_write_without_condition_leaves_the_others_alone(both: World) -> None:
    with transaction(scoped(both.engine, 1)) as session:
        session.execute(update(ImportProfile).values(name="Changé"))
        session.execute(delete(UploadDraft))
    with reading(both.engine) as session:
        assert dict(session.execute(select(ImportProfile.laboratory_id, ImportProfile.name)).all()) == {
            1: "Changé", 2: "Profil"
        }  # fmt: skip
        assert places(session, UploadDraft) == [2]


def _added(session: Session) -> None:
    session.add(MemoryEntry(laboratory_id=2, signature="y", loinc_num="2951-2"))
    session.flush()


def _moved(session: Session) -> None:
    entry = session.scalars(select(MemoryEntry)).one()
    entry.laboratory_id = 2
    session.flush()


def _inserted(session: Session) -> None:
    session.execute(insert(MemoryEntry), [{"laboratory_id": 2, "signature": "y", "loinc_num": "2951-2"}])


def _changed_by_keys(session: Session) -> None:
    session.execute(update(MemoryEntry), [{"id": number, "loinc_num": "2947-0"} for number in (1, 2)])


@pytest.mark.parametrize("write", [_added, _moved, _inserted, _changed_by_keys])
def test_a_row_of_another_is_not_written(both: World, write: Callable[[Session], None]) -> None:
    with pytest.raises(OtherLaboratoryError), transaction(scoped(both.engine, 1)) as session:
        write(session)
    with reading(both.engine) as session:
        kept = session.execute(select(MemoryEntry.laboratory_id, MemoryEntry.signature, MemoryEntry.loinc_num))
        assert sorted(map(tuple, kept)) == [(1, "x", "2951-2"), (2, "x", "2951-2")]


def test_own_rows_are_written(both: World) -> None:
    with transaction(scoped(both.engine, 1)) as session:
        session.add(MemoryEntry(laboratory_id=1, signature="y", loinc_num="2951-2"))
        session.flush()
        session.execute(insert(MemoryEntry), [{"laboratory_id": 1, "signature": "z", "loinc_num": "2951-2"}])
        assert session.scalar(select(func.count()).select_from(MemoryEntry)) == 3


def test_every_table_that_names_its_laboratory_is_kept() -> None:
    naming = {mapper.class_ for mapper in SQLModel._sa_registry.mappers if "laboratory_id" in mapper.columns}
    assert len(naming) > 12
    assert naming == set(scoped_models()), "give it the mark OfALaboratory"
