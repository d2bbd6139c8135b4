"""One request with its history and its forms, the lines for LOINC before they are sent, the codes d'attente."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.code_requests import repository
from app.code_requests.pages import RequestLine, list_line, path_of, row_url
from app.code_requests.preparing import searched_texts
from app.code_requests.repository import Declared, Found
from app.code_requests.service import one_request
from app.code_requests.submission import BESIDE, FRENCH, HEADINGS, Line
from app.code_requests.waiting_codes import Rule, rule_in_force
from app.code_requests.wording import ACTION_DONE, TOOK_AWAY
from app.code_requests.workflow import actions_of
from app.models import CONTRIBUTORS, Catalogue, CodeRequestStep, RequestAction
from app.platform.identity import CatalogueAccess, LaboratoryAccess
from app.settings import Settings
from app.text import french_day
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the history."""

    at: datetime
    author: str
    text: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage(PageContext):
    """One request."""

    active: str = "demandes"
    catalogue: Catalogue
    line: RequestLine
    is_closed: bool
    list_url: str
    row_url: str
    follow_url: str
    codes_url: str
    actions: list[str]
    """The words of the actions that this person may do now."""
    codes: list[tuple[str, str]]
    system: str
    history: list[StepLine]
    problem: str
    typed: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionLine:
    """A line for LOINC, and what a person must fill in it."""

    found: Found
    url: str
    known: list[tuple[str, str]]
    to_fill: list[tuple[str, str]]
    """(what, the values between which the engine hesitates)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage(PageContext):
    """The lines for LOINC, before they are sent."""

    active: str = "demandes"
    catalogue: Catalogue
    lines: list[SubmissionLine]
    missing: int
    beside: tuple[str, ...]
    list_url: str
    file_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCodesPage(PageContext):
    """The codes d'attente of a laboratory."""

    laboratory_id: int
    laboratory_name: str
    rule: Rule
    system: str
    codes: str
    may_change: bool
    address: str
    problem: str
    notice: str


def request_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    row_id: int,
    problem: str = "",
    typed: dict[str, str] | None = None,
) -> RequestPage:
    """One request of the catalogue; NotFoundError where there is none."""
    found = one_request(session, access, row_id)
    rule = rule_in_force(session, settings, access.laboratory_id)
    is_closed = found.declared is Declared.CLOSED
    allowed = [] if is_closed else actions_of(found.status, access.role)
    return RequestPage(
        title=f"Demande de code — {found.label}",
        catalogue=access.catalogue,
        line=list_line(found, searched_texts(session, [found])[row_id]),
        is_closed=is_closed,
        list_url=path_of(access.catalogue_id),
        row_url=f"/catalogues/{access.catalogue_id}/revue/{row_id}",
        follow_url=f"{path_of(access.catalogue_id)}/suivi",
        codes_url=codes_path(access.laboratory_id),
        actions=[action.value for action in allowed],
        codes=list(rule.codes),
        system=rule.system,
        history=[_step(step, name) for step, name in repository.steps_of(session, access.catalogue_id, row_id)],
        problem=problem,
        typed=typed or {},
    )


def _step(step: CodeRequestStep, author: str) -> StepLine:
    action = RequestAction(step.action)
    took_away = action is RequestAction.WAITING_CODE and not step.waiting_code
    parts = [
        f"à {step.recipient}" if step.recipient else "",
        f"référence {step.reference}" if step.reference else "",
        f"le {french_day(step.day)}" if step.day else "",
        f"code LOINC {step.loinc_num}" if step.loinc_num else "",
        f"{step.waiting_code} (système {step.waiting_system})" if step.waiting_code else "",
        step.reason,
    ]
    return StepLine(
        at=step.created_at,
        author=author,
        text=TOOK_AWAY if took_away else ACTION_DONE[action],
        said="\u202f; ".join(part for part in parts if part),
    )


def submission_page(access: CatalogueAccess, lines: Sequence[tuple[Found, Line]]) -> SubmissionPage:
    """What each line says and what it lacks."""
    shown = [
        SubmissionLine(
            found=found,
            url=row_url(access.catalogue_id, found.row_id),
            known=[
                (heading, line.cells[heading])
                for heading in HEADINGS
                if line.cells[heading] and heading not in line.to_fill and heading != "Reference #"
            ],
            to_fill=[(FRENCH[heading], ", ".join(line.choices.get(heading, ()))) for heading in line.to_fill],
        )
        for found, line in lines
    ]
    return SubmissionPage(
        title=f"Demande à LOINC — {access.catalogue.name}",
        catalogue=access.catalogue,
        lines=shown,
        missing=sum(len(line.to_fill) for line in shown),
        beside=BESIDE,
        list_url=path_of(access.catalogue_id),
        file_url=f"{path_of(access.catalogue_id)}/fichier",
    )


def codes_path(laboratory_id: int) -> str:
    """The page of the codes d'attente of a laboratory."""
    return f"/laboratoires/{laboratory_id}/codes-attente"


def waiting_codes_page(
    session: Session,
    settings: Settings,
    access: LaboratoryAccess,
    *,
    problem: str = "",
    notice: str = "",
    typed: tuple[str, str] | None = None,
) -> WaitingCodesPage:
    """The system and the codes in force, or those that were typed and refused."""
    rule = rule_in_force(session, settings, access.laboratory_id)
    return WaitingCodesPage(
        title=f"Codes d’attente — {access.laboratory.name}",
        laboratory_id=access.laboratory_id,
        laboratory_name=access.laboratory.name,
        rule=rule,
        system=typed[0] if typed else rule.system,
        codes=typed[1] if typed else rule.text,
        may_change=access.role in CONTRIBUTORS,
        address=codes_path(access.laboratory_id),
        problem=problem,
        notice=notice,
    )
