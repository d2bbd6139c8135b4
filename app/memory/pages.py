"""Contexts of the page of the imported memory."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from app.web.templating import PageContext

PAGE_SIZE = 100
STATES = {"": "Toutes", "active": "En usage", "retiree": "Retirées"}


@dataclass(frozen=True, slots=True)
class MemoryQuery:
    """What the address asks to see."""

    source: str = ""
    etat: str = ""
    q: str = ""
    page: int = 1

    def url(self, path: str, **changes: str | int) -> str:
        """The address of the page with other choices."""
        values = {"source": self.source, "etat": self.etat, "q": self.q, "page": 1} | changes
        pairs = [(name, str(value)) for name, value in values.items() if value not in ("", 1)]
        return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A file taken up as memory."""

    name: str
    href: str
    count: int
    from_catalogue: int
    withdrawn: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A remembered mapping."""

    id: int
    local_code: str
    label: str
    unit: str
    specimen: str
    loinc_num: str
    loinc_name: str
    is_known: bool
    """The code is in the loaded release."""
    relation: str
    comment: str
    source: str
    is_from_catalogue: bool
    is_withdrawn: bool
    judged_by: str
    """Who withdrew it last, or put it back; empty when nobody did."""
    judged_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPage(PageContext):
    """What a laboratory remembers of earlier transcodings."""

    laboratory_id: int
    laboratory_name: str
    address: str
    may_act: bool
    allows_reuse: bool
    own_approved: int
    others_approved: int
    sources: list[SourceLine]
    unlinked: int
    query: MemoryQuery
    states: list[tuple[str, str, bool]]
    """(label, address, is chosen)."""
    entries: list[EntryLine]
    total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    csv_url: str
    received: list[str] = field(default_factory=list)
    """What the import just made took up, one sentence a file."""
    message: str = ""
    problems: list[str] = field(default_factory=list)
    asks_articles: bool = False
    """Whether it is asked if numbers of 13 digits are article numbers."""
    are_articles: bool = False
