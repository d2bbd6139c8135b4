"""What the pages of versions and signatures show."""

from dataclasses import dataclass
from datetime import datetime

from app.models import Catalogue
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """A figure of coverage with its definition."""

    name: str
    scope: str
    definition: str
    numerator: int
    denominator: int
    rows_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterLine:
    """A chapter that may be signed."""

    value: str
    """As the form names it."""
    title: str
    rows: int
    approved: int
    can_be_signed: bool
    is_signed: bool
    said: str
    css: str

    @property
    def waiting(self) -> int:
        """Rows that nobody approved."""
        return max(0, self.rows - self.approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """A signature of the list."""

    url: str
    version: int
    signed_at: datetime
    signer: str
    title: str
    chapters: int
    approved: int
    release: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureForm:
    """What is typed, and offered again."""

    title: str = ""
    rpps: str = ""
    finess_ej: str = ""
    finess_et: str = ""
    is_all: bool = True
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsPage(PageContext):
    """What can be signed now, and what was."""

    active: str = "signature"
    catalogue: Catalogue
    label: str
    is_signed: bool
    number: int
    may_sign: bool
    is_under_way: bool
    problem: str
    form: SignatureForm
    known_rpps: str
    """The RPPS number that the provider of identities gave; it is not typed."""
    release: str
    rows: int
    approved: int
    chapters: list[ChapterLine]
    chapters_total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    figures: list[FigureLine]
    unsettled: int
    signatures: list[SignatureLine]
    signatures_total: int
    newer_url: str
    older_url: str
    compare_url: str
    needs_proof: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPage(PageContext):
    """What is about to be signed, to the letter."""

    active: str = "signature"
    catalogue: Catalogue
    version: int
    completes: bool
    sentence: str
    seen: str
    form: SignatureForm
    chapters: list[ChapterLine]
    more_chapters: int
    carried: str
    left_out: str
    figures: list[FigureLine]
    warnings: tuple[str, ...]
    back_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePage(PageContext):
    """One signature, as it was given."""

    active: str = "signature"
    catalogue: Catalogue
    version: int
    holds: bool
    sentence: str
    signer: str
    capacity: str
    rpps: str
    rpps_origin: str
    finess_ej: str
    finess_et: str
    finess_warnings: tuple[str, ...]
    signed_at: datetime
    signed_at_utc: str
    proof: str
    proved_at: datetime
    release: str
    content_sha256: str
    mapping_sha256: str
    chapters: list[ChapterLine]
    more_chapters: int
    carried: str
    figures: list[FigureLine]
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawal_reason: str
    may_withdraw: bool
    problem: str
    typed: str
    back_url: str
    withdraw_url: str
    csv_url: str
    compare_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of two versions to compare."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NatureLink:
    """A filter by nature."""

    text: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceLine:
    """A row that two versions do not hold alike."""

    nature: str
    css: str
    level: str
    code: str
    label: str
    chapter: str
    before: str
    after: str
    changed: list[tuple[str, str, str]]
    """Of what differs beside the code: what it is, before, after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage(PageContext):
    """Two versions row by row."""

    active: str = "signature"
    catalogue: Catalogue
    choices: list[Choice]
    old: str
    new: str
    old_title: str
    new_title: str
    release_sentence: str
    text: str
    natures: list[NatureLink]
    all_url: str
    lines: list[DifferenceLine]
    total: int
    every: int
    first: int
    last: int
    previous_url: str
    next_url: str
    csv_url: str
    back_url: str
