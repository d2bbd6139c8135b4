"""Removing a release that never became ready, a few thousand rows a transaction."""

from collections.abc import Callable

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import FrenchName, LoincTerm, MapTo, PanelMember
from app.platform.database import give_way, transaction
from app.terminology import repository, search_index

OWNED = (PanelMember, FrenchName, MapTo, LoincTerm)


def remove_unfinished(engine: Engine, release_id: int, loaded_by: str) -> None:
    """Give up the release of an attempt and remove every row of it. Nothing happens to a release that is ready.

    Whoever was loading it adds nothing more; a removal that is interrupted is taken up by the next load.
    """
    with transaction(engine) as session:
        if not repository.give_up(session, release_id, loaded_by):
            return
    _repeat(engine, lambda session: search_index.remove_some(session.connection(), release_id, search_index.CHUNK))
    for model in OWNED:

        def remove(session: Session, model: repository.Owned = model) -> int:
            return repository.delete_some(session, model, release_id, repository.CHUNK)

        _repeat(engine, remove)
    with transaction(engine) as session:
        search_index.remove_release(session.connection(), release_id)
        repository.delete_release(session, release_id)


def _repeat(engine: Engine, remove: Callable[[Session], int]) -> None:
    while True:
        with transaction(engine) as session:
            count = remove(session)
        give_way(engine)
        if not count:
            return
