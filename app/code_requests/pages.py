"""What the pages of requests show."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import field_validator
from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.code_requests import repository
from app.code_requests.preparing import searched_texts
from app.code_requests.repository import ORDERS, Counts, Declared, Found
from app.code_requests.wording import DECLARED, DECLARED_WORD, STATUS, STATUS_WORD
from app.models import CONTRIBUTORS, Catalogue, Level, RequestStatus
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.text import french_day, paris_time
from app.transcoding.readers import blind_person
from app.web.sorted_lists import HeadCell, SortedQuery, head_cells, toggled
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import PageContext
from app.web.wording import LEVEL, Word

PAGE = 50
AT_ONCE = 200
"""Requests that one piece of the export reads."""
DEFAULT_ORDER = "libelle"
APPROVED_WORD = "approuvee"
HEADER = (
    "Laboratoire", "Niveau", "Code local", "Libellé", "Unité", "Milieu", "Technique", "Volume annuel", "Décision",
    "Motif", "Recherche faite", "Déclarée par", "Déclarée le", "Approuvée par", "État de la demande", "Destinataire",
    "Référence", "Date", "Code LOINC donné", "Motif de la dernière étape", "Code d’attente",
    "Système du code d’attente",
)  # fmt: skip
Whose = Sequence[ColumnElement[bool]]


class ListQuery(SortedQuery):
    """What the address of a list asks for."""

    orders = ORDERS
    default_order = DEFAULT_ORDER

    decision: str = APPROVED_WORD
    """A word of DECLARED_WORD."""
    etats: tuple[str, ...] = ()
    tri: str = DEFAULT_ORDER

    @field_validator("decision")
    @classmethod
    def _known_decision(cls, word: str) -> str:
        if word not in DECLARED_WORD:
            raise ValueError("décision inconnue")
        return word

    @field_validator("etats")
    @classmethod
    def _known_states(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word in STATUS_WORD for word in words):
            raise ValueError("état inconnu")
        return tuple(sorted(set(words)))

    @classmethod
    def filters_of(cls, params: QueryParams) -> dict[str, Any]:
        """The decision and the states."""
        return {"decision": params.get("decision") or APPROVED_WORD, "etats": tuple(params.getlist("etat"))}

    def filter_pairs(self) -> Iterator[tuple[str, str]]:
        """The same, as the address writes them."""
        if self.decision != APPROVED_WORD:
            yield "decision", self.decision
        yield from (("etat", word) for word in self.etats)

    @property
    def declared(self) -> Declared:
        """The decision of the filter."""
        return DECLARED_WORD[self.decision]

    @property
    def statuses(self) -> list[RequestStatus]:
        """The states of the filter."""
        return [STATUS_WORD[word] for word in self.etats]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterLink:
    """A filter with its count."""

    text: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request of a list."""

    found: Found
    status: Word
    declared: Word
    searched: str
    url: str
    day: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPage(PageContext):
    """The requests of a catalogue, or of the laboratories of a person (`catalogue` is None)."""

    active: str = "demandes"
    catalogue: Catalogue | None
    laboratory_id: int
    path: str
    decisions: list[FilterLink]
    states: list[FilterLink]
    all_url: str
    columns: list[HeadCell]
    lines: list[RequestLine]
    total: int
    first: int
    last: int
    approved: int
    decided: int
    with_waiting_code: int
    may_follow: bool
    query: ListQuery
    csv_url: str
    previous_url: str
    next_url: str
    problem: str
    chosen: Collection[int]
    """Rows whose boxes stay ticked when a form is shown again."""
    typed: dict[str, str]


def path_of(catalogue_id: int | None) -> str:
    """The list of a catalogue, or of all laboratories."""
    return f"/catalogues/{catalogue_id}/demandes-de-code" if catalogue_id else "/demandes-de-code"


def row_url(catalogue_id: int, row_id: int) -> str:
    """The page of a request."""
    return f"{path_of(catalogue_id)}/{row_id}"


def list_page(
    session: Session,
    user_id: int,
    access: CatalogueAccess | None,
    query: ListQuery,
    problem: str = "",
    chosen: Collection[int] = (),
    typed: dict[str, str] | None = None,
) -> RequestsPage:
    """The requests of this query."""
    whose = _whose(user_id, access)
    path = path_of(access.catalogue_id if access else None)
    counts = repository.counts_of(session, whose)
    total = sum(
        count
        for (declared, status), count in counts.items()
        if declared is query.declared and (not query.etats or status in query.statuses)
    )
    page = min(query.page, max(1, -(-total // PAGE)))
    found = _read(session, whose, query, PAGE, (page - 1) * PAGE)
    searched = searched_texts(session, found)
    here = query.model_copy(update={"page": page})
    return RequestsPage(
        title=f"Demandes de code LOINC — {access.catalogue.name}" if access else "Demandes de code LOINC",
        catalogue=access.catalogue if access else None,
        laboratory_id=access.laboratory_id if access else 0,
        path=path,
        decisions=_decisions(query, path, counts),
        states=_states(query, path, counts),
        all_url=query.changed(etats=()).url(path),
        columns=_columns(query, path, access is None),
        lines=[list_line(item, searched[item.row_id]) for item in found],
        total=total,
        first=(page - 1) * PAGE + 1 if found else 0,
        last=(page - 1) * PAGE + len(found),
        approved=_count(counts, Declared.APPROVED),
        decided=_count(counts, Declared.DECIDED),
        with_waiting_code=repository.waiting_codes_given(session, whose),
        may_follow=access is not None and access.role in CONTRIBUTORS,
        query=here,
        csv_url=query.changed().url(path, format="csv"),
        previous_url=here.model_copy(update={"page": page - 1}).url(path) if page > 1 else "",
        next_url=here.model_copy(update={"page": page + 1}).url(path) if page * PAGE < total else "",
        problem=problem,
        chosen=chosen,
        typed=typed or {},
    )


def _whose(user_id: int, access: CatalogueAccess | None) -> Whose:
    if access is None:
        return repository.of_member(user_id)
    return repository.of_catalogue(access.catalogue_id, blind_person(access))


def _read(session: Session, whose: Whose, query: ListQuery, limit: int, offset: int) -> list[Found]:
    return repository.page_of(
        session, whose, declared=[query.declared], statuses=query.statuses, order=query.tri.removeprefix("-"),
        is_down=query.tri.startswith("-"), limit=limit, offset=offset,
    )  # fmt: skip


def _count(counts: Counts, declared: Declared) -> int:
    return sum(count for (kind, _), count in counts.items() if kind is declared)


def _decisions(query: ListQuery, path: str, counts: Counts) -> list[FilterLink]:
    texts = {"approuvee": "Approuvées", "decidee": "Décidées seulement", "close": "Closes"}
    return [
        FilterLink(
            text=texts[word],
            count=_count(counts, declared),
            url=query.changed(decision=word, etats=()).url(path),
            is_chosen=query.decision == word,
        )
        for word, declared in DECLARED_WORD.items()
    ]


def _states(query: ListQuery, path: str, counts: Counts) -> list[FilterLink]:
    return [
        FilterLink(
            text=STATUS[status].text,
            count=counts.get((query.declared, status), 0),
            url=query.changed(etats=toggled(query.etats, word)).url(path),
            is_chosen=word in query.etats,
        )
        for word, status in STATUS_WORD.items()
    ]


def _columns(query: ListQuery, path: str, is_across: bool) -> list[HeadCell]:
    titles = [("laboratoire", "Laboratoire", "")] if is_across else []
    titles += [
        ("libelle", "Analyse", ""), ("", "Unité, milieu, technique", ""), ("volume", "Volume", "num"),
        ("declaree", "Motif et recherche", ""), ("etat", "État", ""), ("", "Code d’attente", ""),
    ]  # fmt: skip
    return head_cells(titles, query.tri, lambda tri: query.changed(tri=tri).url(path))


def list_line(found: Found, searched: str) -> RequestLine:
    """A request as lists and its page show it."""
    return RequestLine(
        found=found,
        status=STATUS[found.status],
        declared=DECLARED[found.declared],
        searched=searched,
        url=row_url(found.catalogue_id, found.row_id),
        day=french_day(found.day),
        level=LEVEL[Level(found.level)],
    )


def requests_csv(
    database: Engine, user_id: int, access: CatalogueAccess | None, query: ListQuery
) -> Iterator[str]:
    """Every request of the query, some at a time; nothing is open while a piece is on its way."""
    return csv_pieces(HEADER, _csv_rows(database, user_id, access, query))


def _csv_rows(database: Engine, user_id: int, access: CatalogueAccess | None, query: ListQuery) -> Iterator[list[str]]:
    whose, offset = _whose(user_id, access), 0
    while True:
        with reading(database) as session:
            found = _read(session, whose, query, AT_ONCE, offset)
            searched = searched_texts(session, found)
        for item in found:
            yield [
                item.laboratory, LEVEL[Level(item.level)], item.code, item.label, item.unit, item.specimen,
                item.technique, "" if item.volume is None else str(item.volume), DECLARED[item.declared].text,
                item.reason, searched[item.row_id], item.declared_by, paris_time(item.declared_at), item.approved_by,
                STATUS[item.status].text, item.recipient, item.reference, french_day(item.day), item.loinc_num,
                item.said, item.waiting_code, item.waiting_system,
            ]  # fmt: skip
        if len(found) < AT_ONCE:
            return
        offset += AT_ONCE
