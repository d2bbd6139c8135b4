"""What the pages of consistency show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import field_validator
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.consistency import repository
from app.consistency.found_sql import Found
from app.consistency.kept_sql import ORDERS, counts_of, page_of
from app.consistency.repository import Member
from app.consistency.service import knows_orders
from app.consistency.wording import KIND, KIND_OF_WORD, WORD, sentence_of, summary_of
from app.models import Catalogue, ConsistencyKind
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.terminology.service import current_release
from app.transcoding.readers import blind_person
from app.transcoding.under_way import under_way
from app.web.sorted_lists import HeadCell, SortedQuery, head_cells, toggled
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import PageContext
from app.web.wording import Word

PAGE = 50
AT_ONCE = 200
"""Warnings that one piece of the export reads."""
DEFAULT_ORDER = "gravite"
UNSEEN = (
    "Cet avertissement porte sur une ligne que vous pouvez lire une deuxième fois, à l’aveugle : il se montre après "
    "votre lecture."
)
HEADER = ("Type", "Constat", "Code LOINC", "Code local", "Lignes", "Volume annuel", "Exemples", "Réponse")
COLUMNS = (
    ("gravite", "Type", ""), ("", "Constat", ""), ("", "Lignes concernées", ""), ("lignes", "Nombre", "num"),
    ("volume", "Volume", "num"),
)  # fmt: skip


class ListQuery(SortedQuery):
    """What the address of the list asks for."""

    orders = ORDERS
    default_order = DEFAULT_ORDER

    types: tuple[str, ...] = ()
    vus: bool = False
    tri: str = DEFAULT_ORDER

    @field_validator("types")
    @classmethod
    def _known_types(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word in KIND_OF_WORD for word in words):
            raise ValueError("type inconnu")
        return tuple(sorted(set(words)))

    @classmethod
    def filters_of(cls, params: QueryParams) -> dict[str, Any]:
        """The kinds, and whether what was seen is shown too."""
        return {"types": tuple(params.getlist("type")), "vus": params.get("vus") == "1"}

    def filter_pairs(self) -> Iterator[tuple[str, str]]:
        """The same, as the address writes them."""
        yield from (("type", word) for word in self.types)
        if self.vus:
            yield "vus", "1"

    @property
    def kinds(self) -> list[str]:
        """The stored kinds of the filter."""
        return [KIND_OF_WORD[word].value for word in self.types]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """A filter by kind."""

    word: Word
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningLine:
    """One warning of the list."""

    word: Word
    sentence: str
    members: list[Member]
    more: int
    rows: int
    volume: int
    url: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyPage(PageContext):
    """The warnings of a catalogue."""

    active: str = "coherence"
    catalogue: Catalogue
    kinds: list[KindLine]
    all_url: str
    columns: list[HeadCell]
    lines: list[WarningLine]
    total: int
    first: int
    last: int
    is_answered: bool
    to_look_at: int
    answered: int
    to_look_at_url: str
    answered_url: str
    previous_url: str
    next_url: str
    csv_url: str
    is_under_way: bool
    knows_orders: bool


def path_of(catalogue_id: int) -> str:
    """The list of a catalogue."""
    return f"/catalogues/{catalogue_id}/coherence"


def warning_url(catalogue_id: int, kind: ConsistencyKind, subject: str) -> str:
    """The page of a warning."""
    return f"{path_of(catalogue_id)}/avertissement?{urlencode({'type': WORD[kind], 'sujet': subject})}"


def list_page(session: Session, access: CatalogueAccess, query: ListQuery) -> ConsistencyPage:
    """The warnings of this query."""
    catalogue_id, path = access.catalogue_id, path_of(access.catalogue_id)
    release = current_release(session)
    counts = counts_of(session, catalogue_id)
    side = int(query.vus)
    kinds = [
        KindLine(
            word=KIND[kind],
            count=counts.get(kind, (0, 0))[side],
            url=query.changed(types=toggled(query.types, WORD[kind])).url(path),
            is_chosen=WORD[kind] in query.types,
        )
        for kind in ConsistencyKind
    ]
    chosen = query.kinds or [kind.value for kind in ConsistencyKind]
    total = sum(counts.get(kind, (0, 0))[side] for kind in chosen)
    page = min(query.page, max(1, -(-total // PAGE)))
    found = _read(session, catalogue_id, query, PAGE, (page - 1) * PAGE)
    here = query.model_copy(update={"page": page})
    return ConsistencyPage(
        title=f"Cohérence — {access.catalogue.name}",
        catalogue=access.catalogue,
        kinds=kinds,
        all_url=query.changed(types=()).url(path),
        columns=head_cells(COLUMNS, query.tri, lambda tri: query.changed(tri=tri).url(path)),
        lines=_lines(session, access, found),
        total=total,
        first=(page - 1) * PAGE + 1 if found else 0,
        last=(page - 1) * PAGE + len(found),
        is_answered=query.vus,
        to_look_at=sum(pair[0] for pair in counts.values()),
        answered=sum(pair[1] for pair in counts.values()),
        to_look_at_url=query.changed(vus=False).url(path),
        answered_url=query.changed(vus=True).url(path),
        previous_url=here.model_copy(update={"page": page - 1}).url(path) if page > 1 else "",
        next_url=here.model_copy(update={"page": page + 1}).url(path) if page * PAGE < total else "",
        csv_url=query.changed().url(path, format="csv"),
        is_under_way=catalogue_id in under_way(session, [catalogue_id]),
        knows_orders=knows_orders(release),
    )


def _read(session: Session, catalogue_id: int, query: ListQuery, limit: int, offset: int) -> list[Found]:
    order, is_down = query.tri.removeprefix("-"), query.tri.startswith("-")
    return page_of(
        session, catalogue_id, order=order, is_down=is_down, kinds=query.kinds, is_answered=query.vus, limit=limit,
        offset=offset,
    )  # fmt: skip


def _lines(session: Session, access: CatalogueAccess, found: Sequence[Found]) -> list[WarningLine]:
    catalogue_id = access.catalogue_id
    members = repository.shown_of(session, found)
    hidden = repository.hidden_subjects(session, catalogue_id, found, blind_person(access))
    lines = []
    for item in found:
        if (item.kind, item.subject) in hidden:
            lines.append(_unseen(item))
            continue
        rows = members.get(f"{item.kind} {item.subject}", [])
        lines.append(
            WarningLine(
                word=KIND[item.kind],
                sentence=sentence_of(item, rows),
                members=rows,
                more=max(0, item.rows - len(rows)),
                rows=item.rows,
                volume=item.volume,
                url=warning_url(catalogue_id, item.kind, item.subject),
                reason=item.reason,
            )
        )
    return lines


def _unseen(item: Found) -> WarningLine:
    """A warning of which nothing is said: it would tell a decision that is hidden from this person."""
    return WarningLine(
        word=KIND[item.kind], sentence=UNSEEN, members=[], more=0, rows=0, volume=0, url="", reason=""
    )


def warnings_csv(database: Engine, access: CatalogueAccess, query: ListQuery) -> Iterator[str]:
    """Every warning of the query, some at a time; nothing is open while a piece is on its way."""
    return csv_pieces(HEADER, _csv_rows(database, access, query))


def _csv_rows(database: Engine, access: CatalogueAccess, query: ListQuery) -> Iterator[list[str]]:
    catalogue_id, offset = access.catalogue_id, 0
    while True:
        with reading(database) as session:
            found = _read(session, catalogue_id, query, AT_ONCE, offset)
            members = repository.shown_of(session, found)
            hidden = repository.hidden_subjects(session, catalogue_id, found, blind_person(access))
        for item in found:
            if (item.kind, item.subject) in hidden:
                yield [KIND[item.kind].text, UNSEEN, *[""] * (len(HEADER) - 2)]
                continue
            rows = members.get(f"{item.kind} {item.subject}", [])
            yield [
                KIND[item.kind].text,
                sentence_of(item, rows),
                item.number or ", ".join(sorted({row.loinc_num for row in rows})),
                item.local_code or ", ".join(dict.fromkeys(row.code for row in rows)),
                str(item.rows),
                str(item.volume),
                summary_of(rows),
                item.reason,
            ]
        if len(found) < AT_ONCE:
            return
        offset += AT_ONCE
