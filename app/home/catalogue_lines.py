"""How far the catalogues of a laboratory have come."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlmodel import Session

from app.catalogues.service import IMPORT_JOB
from app.coverage.definitions import Definition
from app.coverage.kept import main_figures
from app.coverage.pages import figure_line
from app.home import repository as home_repository
from app.home.next_step import Waiting, next_step
from app.home.progress import CatalogueLine, StatusCounts
from app.laboratories import repository
from app.models import CONTRIBUTORS, Catalogue, Level, Role, Status
from app.platform.identity import CatalogueAccess
from app.proposals.service import JOB_KIND


def catalogue_lines(session: Session, roles: Mapping[int, Role], user_id: int) -> dict[int, list[CatalogueLine]]:
    """The catalogues of each of these laboratories, with their progress and what this person does next there.

    `roles` gives the role of the person in each laboratory. A fixed number of statements, whatever there is.
    """
    lines: dict[int, list[CatalogueLine]] = {laboratory_id: [] for laboratory_id in roles}
    catalogues = repository.catalogues_of(session, roles.keys())
    for catalogue, line in zip(catalogues, _lines(session, catalogues, roles, user_id), strict=True):
        lines[catalogue.laboratory_id].append(line)
    return lines


def line_of(session: Session, access: CatalogueAccess) -> CatalogueLine:
    """The line of one catalogue."""
    roles = {access.laboratory_id: access.role}
    return _lines(session, [access.catalogue], roles, access.user_id)[0]


def _lines(
    session: Session, catalogues: Sequence[Catalogue], roles: Mapping[int, Role], user_id: int
) -> list[CatalogueLine]:
    identifiers = [catalogue.id for catalogue in catalogues if catalogue.id is not None]
    counts: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    rows: dict[int, Counter[str]] = defaultdict(Counter)
    behind = home_repository.behind_their_facts(session, identifiers)
    for catalogue_id, level, status, count in home_repository.count_statuses(session, identifiers, behind):
        counts[catalogue_id, level][status] = count
        rows[catalogue_id][status] += count
    working = home_repository.being_worked_on(session, identifiers)
    own = home_repository.own_counts(session, identifiers, user_id)
    proposed = home_repository.with_proposals(session, identifiers)
    read_by = [item.id or 0 for item in catalogues if roles[item.laboratory_id] in CONTRIBUTORS]
    readings = home_repository.readings_waiting(session, read_by, user_id) if read_by else {}
    covered = main_figures(session, set(identifiers) - behind)
    lines = []
    for catalogue in catalogues:
        assert catalogue.id is not None
        mine = own.get(catalogue.id, {})
        to_read, to_reconcile = readings.get(catalogue.id, (0, 0))
        waiting = Waiting(
            **rows[catalogue.id],
            own_decided=mine.get(Status.DECIDED, 0),
            own_sent_back=mine.get(Status.SENT_BACK, 0),
            to_read=to_read,
            to_reconcile=to_reconcile,
            has_proposals=catalogue.id in proposed,
            is_importing=catalogue.id in working[IMPORT_JOB],
            is_searching=catalogue.id in working[JOB_KIND],
        )
        role = roles[catalogue.laboratory_id]
        figure = covered.get(catalogue.id)
        line = CatalogueLine(
            id=catalogue.id,
            name=catalogue.name,
            created_at=catalogue.created_at,
            levels={Level(level): StatusCounts(**found) for (number, level), found in counts.items()
                    if number == catalogue.id},
            is_importing=waiting.is_importing,
            step=next_step(role, waiting, catalogue.id, catalogue.laboratory_id, user_id),
            coverage=figure_line(Definition(), figure) if figure and figure.denominator else None,
        )  # fmt: skip
        lines.append(line)
    return lines
