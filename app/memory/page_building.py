"""Building the page of the imported memory."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.errors import ImportRefusedError, WorkbenchError
from app.memory import repository
from app.memory.pages import PAGE_SIZE, STATES, EntryLine, MemoryPage, MemoryQuery, SourceLine
from app.memory.relations import relation_of
from app.memory.service import MAY_REMEMBER
from app.models import MemoryEntry
from app.platform.database import reading
from app.platform.identity import LaboratoryAccess
from app.terminology.service import current_release, terms_by_number
from app.text import paris_time
from app.web.spreadsheet_csv import csv_pieces
from app.web.wording import RELATION_SHORT

_HEADER = (
    "Code local", "Libellé", "Unité", "Milieu", "Code LOINC", "Nom LOINC", "Relation", "Commentaire", "Source",
    "Reliée à un catalogue", "État", "Jugée par", "Jugée le", "Motif",
)  # fmt: skip


def address_of(laboratory_id: int) -> str:
    """The page of the memory of a laboratory."""
    return f"/laboratoires/{laboratory_id}/memoire"


def memory_page(
    session: Session,
    access: LaboratoryAccess,
    query: MemoryQuery,
    error: WorkbenchError | None = None,
    received: str = "",
    clearance: Clearance = NO_CLEARANCE,
) -> MemoryPage:
    """The page, with what went wrong if something did."""
    laboratory_id = access.laboratory_id
    address = address_of(laboratory_id)
    asked = (query.source, query.etat, query.q.strip())
    total = repository.count_entries(session, laboratory_id, *asked)
    start = (query.page - 1) * PAGE_SIZE
    rows = repository.entries_of(session, laboratory_id, *asked, offset=start, limit=PAGE_SIZE)
    own, others = repository.reusable_counts(session, laboratory_id)
    refused = error.problems if isinstance(error, ImportRefusedError) else []
    sources = [
        SourceLine(name, query.url(address, source="" if name == query.source else name), *figures)
        for name, *figures in repository.sources_of(session, laboratory_id)
    ]
    csv_url = query.url(address)
    return MemoryPage(
        title="Mémoire des transcodages",
        laboratory_id=laboratory_id,
        laboratory_name=access.laboratory.name,
        address=address,
        may_act=access.role in MAY_REMEMBER,
        allows_reuse=access.laboratory.allows_reuse,
        own_approved=own,
        others_approved=others,
        sources=sources,
        unlinked=sum(source.count - source.from_catalogue for source in sources),
        query=query,
        states=[(label, query.url(address, etat=state), state == query.etat) for state, label in STATES.items()],
        entries=_lines(session, rows),
        total=total,
        first=start + 1 if rows else 0,
        last=start + len(rows),
        previous_url=query.url(address, page=query.page - 1) if query.page > 1 else "",
        next_url=query.url(address, page=query.page + 1) if start + PAGE_SIZE < total else "",
        csv_url=f"{csv_url}{'&' if '?' in csv_url else '?'}format=csv",
        received=_received(session, laboratory_id, received),
        message="" if error is None or refused else error.message,
        asks_articles=clearance.asks_articles(error),
        are_articles=clearance.are_articles,
        problems=[str(problem) for problem in refused],
    )


def _received(session: Session, laboratory_id: int, events: str) -> list[str]:
    """The sentences of these imports, as the trail keeps them."""
    ids = [int(part) for part in events.split("-") if part.isdecimal() and len(part) < 18]
    return repository.import_sentences(session, laboratory_id, ids)


def _lines(session: Session, rows: Sequence[Any]) -> list[EntryLine]:
    release = current_release(session)
    numbers = {row[0].loinc_num for row in rows}
    terms = terms_by_number(session, release.id or 0, numbers) if release else {}
    return [_line(entry, withdrawal, author, terms.get(entry.loinc_num)) for entry, withdrawal, author in rows]


def _line(entry: MemoryEntry, withdrawal: Any, author: str | None, term: Any) -> EntryLine:
    assert entry.id is not None
    return EntryLine(
        id=entry.id,
        local_code=entry.local_code,
        label=entry.label,
        unit=entry.unit,
        specimen=entry.specimen,
        loinc_num=entry.loinc_num,
        loinc_name=term.official_french_name or term.long_common_name if term else "",
        is_known=term is not None,
        relation=RELATION_SHORT[known] if (known := relation_of(entry.relation)) else entry.relation,
        comment=entry.comment,
        source=entry.source_name,
        is_from_catalogue=entry.is_from_catalogue,
        is_withdrawn=withdrawal is not None and withdrawal.is_withdrawn,
        judged_by=(author or "") if withdrawal else "",
        judged_at=withdrawal.created_at if withdrawal else None,
        reason=withdrawal.reason if withdrawal else "",
    )


def memory_csv(database: Engine, access: LaboratoryAccess, query: MemoryQuery) -> Iterator[str]:
    """Every entry of the query, for a spreadsheet, in pieces."""
    asked = (query.source, query.etat, query.q.strip())
    with reading(database) as session:
        lines = _lines(session, repository.entries_of(session, access.laboratory_id, *asked))
    rows = (
        (
            line.local_code, line.label, line.unit, line.specimen, line.loinc_num, line.loinc_name, line.relation,
            line.comment, line.source, "oui" if line.is_from_catalogue else "non",
            "retirée" if line.is_withdrawn else "en usage", line.judged_by, paris_time(line.judged_at), line.reason,
        )
        for line in lines
    )  # fmt: skip
    return csv_pieces(_HEADER, rows)
