"""Contexts of the dashboard and of the laboratory page."""

from dataclasses import dataclass

from app.home.progress import CatalogueLine
from app.jobs.pages import JobLine
from app.laboratories.deadlines import Deadline
from app.tokens.pages import TokenLine
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryCard:
    """One laboratory of the person, with its catalogues."""

    id: int
    name: str
    sgl_name: str
    role_label: str
    may_import: bool
    catalogues: list[CatalogueLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPage(PageContext):
    """Everything the person works on."""

    laboratories: list[LaboratoryCard]
    closed: str = ""
    """Where she has no laboratory left: what became of the last one that was closed to her."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A member of the laboratory."""

    name: str
    email: str
    role_label: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusePanel:
    """Whether others may use what is approved here as evidence, and what is remembered of earlier transcodings."""

    is_allowed: bool
    may_decide: bool
    remembered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryPage(PageContext):
    """One laboratory: its catalogues, its members, its latest background work."""

    laboratory_id: int
    finess: str
    sgl_name: str
    role_label: str
    may_import: bool
    catalogues: list[CatalogueLine]
    members: list[MemberLine]
    jobs: list[JobLine]
    reuse: ReusePanel
    method_rules: list[str]
    """The rule on techniques, by discipline, where it is not the national choice."""
    tokens: list[TokenLine]
    tokens_action: str
    """Where tokens are made and revoked; empty for those who may not."""
    fhir_address: str
    deadlines: list[Deadline]
    deadlines_action: str
    """Where deadlines are entered; empty for those who may not."""
