"""The lists of a run for a spreadsheet."""

from collections.abc import Iterator

from app.effective import lists_sql, service
from app.effective.page_building import hides_approved, repair_lines, unseen_line
from app.effective.pages import RunQuery
from app.effective.reported import REPAIRS
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.web.spreadsheet_csv import csv_pieces

UNSEEN = ("Code local", "Libellé", "Chapitre", "Code LOINC approuvé")


def repairs_csv(
    transactions: Transactions, access: CatalogueAccess, public_id: str, query: RunQuery
) -> Iterator[str]:
    """What to repair, all of it, in the order of the page; raises NotFoundError before anything is written."""
    with transactions.reading() as session:
        run = service.get_run(session, access.catalogue_id, public_id).run
        found = lists_sql.to_repair(session, run.id or 0, query.repair, query.sort, query.is_descending)
        lines = repair_lines(session, access, found, hides_approved(session, access))
    return csv_pieces(
        REPAIRS,
        [
            (
                line.title, line.local, line.label, line.chapter, line.loinc, line.unit, str(line.results),
                str(line.reports), line.sentence,
            )
            for line in lines
        ],
    )  # fmt: skip


def unseen_csv(transactions: Transactions, access: CatalogueAccess, public_id: str) -> Iterator[str]:
    """The transcoded analyses that no report carried, all of them; raises NotFoundError."""
    with transactions.reading() as session:
        run = service.get_run(session, access.catalogue_id, public_id).run
        rows = lists_sql.never_seen(session, access.catalogue_id, run.id or 0)
        hides = hides_approved(session, access)
    lines = [unseen_line(row, access.catalogue_id, hides) for row in rows]
    return csv_pieces(UNSEEN, [(line.code, line.label, line.chapter, line.loinc) for line in lines])
