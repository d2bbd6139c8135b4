"""How far the catalogues of a laboratory have come."""

from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session

from app.home import repository as home_repository
from app.home.progress import CatalogueLine, StatusCounts
from app.laboratories import repository
from app.models import Level


def catalogue_lines(session: Session, laboratory_ids: Collection[int]) -> dict[int, list[CatalogueLine]]:
    """The catalogues of each of these laboratories, with their progress, in three queries."""
    catalogues = repository.catalogues_of(session, laboratory_ids)
    counts: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    identifiers = [catalogue.id for catalogue in catalogues if catalogue.id is not None]
    for catalogue_id, level, status, count in home_repository.count_statuses(session, identifiers):
        counts[catalogue_id, level][status] = count
    importing = home_repository.being_imported(session, identifiers)
    lines: dict[int, list[CatalogueLine]] = defaultdict(list)
    for catalogue in catalogues:
        assert catalogue.id is not None
        line = CatalogueLine(
            id=catalogue.id,
            name=catalogue.name,
            created_at=catalogue.created_at,
            analyses=StatusCounts(**counts[catalogue.id, Level.ANALYSIS]),
            exams=StatusCounts(**counts[catalogue.id, Level.EXAM]),
            is_importing=catalogue.id in importing,
        )
        lines[catalogue.laboratory_id].append(line)
    return lines
