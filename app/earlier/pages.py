"""Contexts of the pages of earlier work."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from app.catalogues.pages import FileView
from app.earlier.confirming import Answer
from app.models import Catalogue
from app.terminology.naming import TermName
from app.web.meter import Meter
from app.web.templating import PageContext
from app.web.wording import Word

PAGE_SIZE = 50
SORTS = {
    "code": "Code", "libelle": "Libellé", "anterieur": "Code antérieur", "propose": "Proposé aujourd'hui",
    "verdict": "Comparaison", "source": "Source",
}  # fmt: skip
"""What the list can be sorted by; with a dash before it, from the last."""


@dataclass(frozen=True, slots=True)
class EarlierQuery:
    """What the address asks to see."""

    verdict: str = ""
    source: str = ""
    usage: str = ""
    contredit: str = ""
    q: str = ""
    tri: str = ""
    page: int = 1

    def pairs(self, **changes: str | int) -> list[tuple[str, str]]:
        """What the address of these choices says, with other ones."""
        values: dict[str, str | int] = {
            "verdict": self.verdict, "source": self.source, "usage": self.usage, "contredit": self.contredit,
            "q": self.q, "tri": self.tri, "page": 1,
        }  # fmt: skip
        values.update(changes)
        return [(name, str(value)) for name, value in values.items() if value not in ("", 1)]

    def url(self, path: str, **changes: str | int) -> str:
        """The address of the page with other choices."""
        pairs = self.pairs(**changes)
        return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that can be chosen, with how many rows it keeps."""

    label: str
    url: str
    count: int
    is_current: bool
    word: Word | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the list, which sorts."""

    title: str
    url: str
    aria_sort: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One earlier statement, ready to be shown."""

    id: int
    tick: str
    """What its box sends: `statement:version`."""
    case_url: str
    code: str
    label: str
    specimen: str
    unit: str
    loinc_num: str
    name: TermName | None
    note: str
    relation: str
    reason: str
    comment: str
    said_status: str
    """How the statement stood in its file, as the file says it."""
    who: str
    where: str
    verdict: Word
    differing: list[str]
    contradictions: list[str]
    proposed: str
    proposed_name: TermName | None
    replacements: str
    taken: str
    taken_key: str
    status: Word | None
    decision: str
    unheld: Word | None
    """Where the release in use does not hold the decided code."""
    may_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPage(PageContext):
    """The earlier work on a catalogue against today's proposals."""

    active: str = "anterieur"
    catalogue: Catalogue
    address: str
    query: EarlierQuery
    meter: Meter | None
    verdicts: list[Choice]
    uses: list[Choice]
    sources: list[Choice]
    contradicted: Choice | None
    headings: list[Heading]
    lines: list[StatementLine]
    total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    csv_url: str
    clear_url: str
    hidden: list[tuple[str, str]]
    may_act: bool
    all_count: int
    not_compared: int
    compared_at: datetime | None
    has_run: bool
    done: str = ""
    message: str = ""
    problems: list[str]
    asks_articles: bool = False
    """Whether it is asked if numbers of 13 digits are article numbers."""
    are_articles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPage(PageContext):
    """How files of earlier work are read, to be settled."""

    active: str = "anterieur"
    catalogue: Catalogue
    address: str
    back_url: str
    files: list[FileView]
    others: list[tuple[str, str]]
    """(file, format) of what says itself how it is read."""
    doubts: list[str]
    outcome: list[str]
    problems: list[str]
    must_look_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersPage(PageContext):
    """What became of each statement that was to be confirmed."""

    active: str = "anterieur"
    catalogue: Catalogue
    answers: list[Answer]
    confirmed: int
    back_url: str
