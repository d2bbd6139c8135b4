"""One laboratory at a time: what a session that was opened for a laboratory asks of the tables of laboratories.

The engine that a request about a laboratory is given, or about one of its catalogues, and that of a program with a
token, hold the laboratory of the person's rights, and so does every session opened on it. Every statement that such a
session runs on a table with a `laboratory_id`, `session.get` and joined tables included, then bears the condition,
whoever wrote it and whatever it forgot; a row of another laboratory is not written there either. What is asked of a
connection, or of the bare table, bears nothing: the same test lists who does so.

A statement that must read what other laboratories allow says so (`ACROSS`); a
test lists those that do, and checks that the other tables, which belong to a catalogue, are only asked about within one
(`tests/architecture/test_scope.py`).
"""

from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Engine, Integer, column, event
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, SQLModel

from app.models import Laboratory
from app.models.base import OfALaboratory

HELD = "laboratory_id"
"""The execution option of an engine that keeps its sessions to a laboratory."""
ACROSS = {"across_laboratories": True}
"""Execution options of a statement that reads other laboratories, under a condition of its own."""

# The condition is written for the mark once, before it is for each table. Given after the tables were made: pydantic
# takes it for a field that they hide.
OfALaboratory.laboratory_id = column("laboratory_id", Integer)  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def scoped_models() -> tuple[type[SQLModel], ...]:
    """Every table that is kept, but for the laboratories themselves, by name."""
    mappers = SQLModel._sa_registry.mappers
    found = [mapper.class_ for mapper in mappers if issubclass(mapper.class_, OfALaboratory)]
    return tuple(sorted(cast("list[type[SQLModel]]", found), key=lambda model: model.__name__))


class OtherLaboratoryError(RuntimeError):
    """A session that keeps to a laboratory was about to write a row of another: a fault of ours, nothing is written."""

    def __init__(self, table: str) -> None:
        super().__init__(f"a row of {table} of another laboratory is not written here")


def scoped(engine: Engine, laboratory_id: int | None) -> Engine:
    """The same engine, whose sessions keep to one laboratory; None: the request is about none."""
    return engine if laboratory_id is None else engine.execution_options(**{HELD: laboratory_id})


@lru_cache(maxsize=256)
def _conditions(laboratory_id: int) -> tuple[Any, ...]:
    """Two options for all tables: one for each would cost every statement as much as running it."""
    # Loads that follow from a statement pass by the listener too: nothing need be kept with what was loaded.
    every = {"include_aliases": True, "propagate_to_loaders": False}
    return (
        with_loader_criteria(OfALaboratory, lambda model: model.laboratory_id == laboratory_id, **every),
        with_loader_criteria(Laboratory, cast("Any", Laboratory).id == laboratory_id, **every),
    )


@event.listens_for(Session, "do_orm_execute")
def _keep_to_the_laboratory(state: ORMExecuteState) -> None:
    laboratory_id = state.session.get_bind().get_execution_options().get(HELD)
    if laboratory_id is None or state.execution_options.get("across_laboratories"):
        return
    if state.is_insert or (state.is_update and isinstance(state.parameters, list)):
        _refuse_rows_of_others(state, laboratory_id)
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(*_conditions(laboratory_id))


def _refuse_rows_of_others(state: ORMExecuteState, laboratory_id: int) -> None:
    """Many rows at once: those to insert say whose they are, and those to change by their keys bear no condition."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, OfALaboratory):
        return
    given: Any = state.parameters if isinstance(state.parameters, list) else [state.parameters or {}]
    if state.is_update or any(row.get("laboratory_id", laboratory_id) not in (laboratory_id, None) for row in given):
        raise OtherLaboratoryError(mapper.class_.__name__)


@event.listens_for(Session, "before_flush")
def _write_for_the_laboratory(session: Session, _context: object, _instances: object) -> None:
    laboratory_id = session.get_bind().get_execution_options().get(HELD)
    if laboratory_id is None:
        return
    for item in (*session.new, *session.dirty):
        if isinstance(item, OfALaboratory) and cast("Any", item).laboratory_id not in (laboratory_id, None):
            raise OtherLaboratoryError(type(item).__name__)
