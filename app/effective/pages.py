"""What the pages of the effective transcoding show."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from app.effective.lists_sql import SORTS
from app.effective.repairs import Repair
from app.jobs.pages import JobLine
from app.models import Catalogue
from app.web.meter import Meter
from app.web.templating import PageContext

DEFAULT_MARGIN = 3
MARGINS = (1, 2, 3, 5, 10)
"""Points, either way."""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """What the page of a run shows, as read from its address; what means nothing there is left out."""

    repair: Repair = Repair.NONE
    sort: str = "resultats"
    is_descending: bool = True
    page: int = 1
    unseen: int = 1
    """Page of the analyses that were not seen."""
    margin: int = DEFAULT_MARGIN
    """Points, either way, that the sample plan is for."""

    @staticmethod
    def read(nature: str, tri: str, ordre: str, page: int, jamais: int, marge: str) -> "RunQuery":
        """From the parameters of an address."""
        repair = Repair(nature) if nature in set(Repair) else Repair.NONE
        margin = int(marge) if marge in {str(value) for value in MARGINS} else DEFAULT_MARGIN
        return RunQuery(repair, tri if tri in SORTS else "resultats", ordre != "croissant", page, jamais, margin)

    def url(self, path: str, **extra: str) -> str:
        """The address of this page."""
        values = {
            "nature": self.repair.value,
            "tri": self.sort if self.sort != "resultats" else "",
            "ordre": "" if self.is_descending else "croissant",
            "page": str(self.page) if self.page > 1 else "",
            "jamais": str(self.unseen) if self.unseen > 1 else "",
            "marge": str(self.margin) if self.margin != DEFAULT_MARGIN else "",
            **extra,
        }
        given = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{given}" if given else path

    def turned(self, sort: str) -> "RunQuery":
        """The same list by this column, the other way round where it already was."""
        return replace(self, sort=sort, is_descending=not self.is_descending if sort == self.sort else True, page=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in the list."""

    url: str
    at: datetime
    author: str
    period: str
    reports: int
    results: int
    effective: int
    local_codes: int
    effective_local_codes: int
    withdrawn: str
    """By whom it was taken back; empty when it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePage(PageContext):
    """The runs of a catalogue, and the form that sends reports."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    may_act: bool
    problem: str
    first: str
    last: str
    most_files: int
    most_megabytes: int
    jobs: list[JobLine]
    """Readings under way, and the last one."""
    runs: list[RunLine]
    total: int
    previous_url: str
    next_url: str
    definition: str
    by_codes: str
    without_pilot: int
    """Reports to read for the default margin where none was read."""
    margin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """A share with its definition, and how sure it is."""

    name: str
    part: int
    total: int
    interval: str
    """Empty where none is given."""
    definition: str
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """How many results something is said of; None where nobody can tell."""

    name: str
    results: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterLine:
    """The results of a chapter, beside its coverage."""

    chapter: str
    effective: int
    results: int
    meter: Meter
    transcoded: int
    analyses: int
    coverage_meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """How sure the share of a domain is, and how many reports to read."""

    domain: str
    reports: int
    results: int
    effective: int
    interval: str
    design_effect: float | None
    needed: int
    is_sure: bool
    is_assumed: bool
    """Whether the number of reports rests on no reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairLine:
    """Results that should be sent otherwise, and what to do."""

    title: str
    local: str
    label: str
    url: str
    """Of its row; empty without."""
    chapter: str
    loinc: str
    unit: str
    results: int
    reports: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFacet:
    """A thing to do, and how much of it there is."""

    title: str
    lines: int
    results: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading that sorts."""

    title: str
    url: str
    order: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenLine:
    """An analysis of the catalogue, transcoded, that no report carried."""

    code: str
    label: str
    chapter: str
    loinc: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage(PageContext):
    """One run."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    address: str
    may_act: bool
    problem: str
    typed: str
    at: datetime
    author: str
    period: str
    release: str
    circuit: str
    files: int
    reports: int
    level1_reports: int
    deleted_reports: int
    damaged: int
    results: int
    withdrawn_by: str
    withdrawn_at: datetime | None
    withdrawn_reason: str
    shares: list[ShareLine]
    what_is_a_result: str
    no_patient: str
    no_circuit: str
    findings: list[FindingLine]
    overlap: str
    chapters: list[ChapterLine]
    by_chapter: str
    coverage: str
    has_whole: bool
    """Whether the first of the samples is that of all results."""
    samples: list[SampleLine]
    margin: int
    margins: tuple[int, ...]
    without_pilot: int
    draws: int
    """How often reports are drawn again."""
    facets: list[RepairFacet]
    every_url: str
    headings: list[Heading]
    repairs: list[RepairLine]
    repairs_total: int
    repairs_first: int
    repairs_last: int
    previous_url: str
    next_url: str
    csv_url: str
    hides_approved: bool
    hides_lines: bool
    """Whether lines of rows that this person is still to read blind are left out."""
    adopt_url: str
    retired_url: str
    unseen: list[UnseenLine]
    unseen_total: int
    unseen_previous_url: str
    unseen_next_url: str
    unseen_csv_url: str
