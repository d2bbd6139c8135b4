"""Context of the page of exports."""

from dataclasses import dataclass

from app.exports.report import ReportLine
from app.models import Catalogue
from app.publication.schemas import UncodedReason
from app.storage.pages import PreparedLine
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLevelLine:
    """How the rows of one level stand."""

    label: str
    rows: int
    coded: int
    without: list[int]
    """Rows without code, one figure a reason, in the order of the columns."""
    blocking: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLink:
    """Rows that leave without a code for one reason; the link lists them."""

    reason: UncodedReason
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file that can be made, or why it cannot."""

    title: str
    content: str
    file_name: str
    """Name of the file that will be made, or of the received file that it completes."""
    action: str
    extension: str
    unavailable: str = ""
    has_xml: bool = False
    has_archive: bool = True
    check_url: str = ""
    """Where it is said what this file would have to adapt."""
    is_checked: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExport:
    """An export that was made."""

    made_at: str
    made_by: str
    kind: str
    file_name: str
    figures: str
    release: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOffer:
    """Which states of the catalogue the file of evidence can be of."""

    told: str
    """What is given when nothing is chosen, and how much is not in it."""
    last: str
    """The last version that was signed whole; empty when none was."""
    earlier: list[tuple[int, str]]
    """The ones before it, the newest first: number, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsPage(PageContext):
    """The report, the files, the past exports."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    release_title: str
    label_origin: str
    definition: str
    version_label: str
    may_export: bool
    refusal: str
    """Why the export just asked for was refused, if one was."""
    circuit_is_loaded: bool
    levels: list[ExportLevelLine]
    reasons: list[UncodedReason]
    """The columns of `levels`."""
    unsettled: int
    errors: list[ReportLine]
    error_count: int
    blocking_count: int
    reason_links: list[ReasonLink]
    without_code: list[ReportLine]
    without_code_count: int
    offers: list[Offer]
    past: list[PastExport]
    is_large: bool
    """The files are prepared by jobs."""
    evidence: EvidenceOffer
    prepared: list[PreparedLine]
    """Those that the person asked for, newest first."""
