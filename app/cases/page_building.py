"""From the address of a case to the context of its page."""

from dataclasses import replace

from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.cases.assembly import build_case
from app.cases.opened import token_of_case
from app.cases.pages import CasePage, FoundPage
from app.cases.searching import MOST, Asked, search_view
from app.cases.view import NO_RIGHTS, CaseView
from app.errors import NotFoundError
from app.models import CONTRIBUTORS, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.text import release_title
from app.transcoding import repository
from app.transcoding.gathering import mapping_context
from app.transcoding.readers import BLIND, blind_person, blind_url, hidden_from, kept_by_readings
from app.transcoding.readings import READING, ReadingStanding, reading_standings, reconciliation_url
from app.transcoding.repository import runs_of
from app.upgrades.tasks import open_task_of
from app.worklist.claims import open_elsewhere
from app.worklist.notices import done_notice, run_notice
from app.worklist.query import ReviewQuery


def asked_of(params: QueryParams, query: ReviewQuery) -> Asked:
    """What the address of a case asks for beside its queue."""
    codes = tuple(code.strip() for code in params.getlist("choix") if code.strip())
    return Asked(
        query=query.with_page(1),
        most=params.get("candidats") == str(MOST),
        text=params.get("recherche", "").strip()[:200],
        codes=codes[:3],
        axes=frozenset(params.getlist("axe")) if params.get("axes") else None,
    )


def retired_sentence(case: CaseView) -> str:
    """What to know of a decided code that LOINC retired; nothing of any other."""
    decided = next((candidate for candidate in case.candidates if candidate.is_decided), None)
    checks = decided.checks if decided is not None else []
    return next((check.sentence for check in checks if check.code == "deprecated"), "")


def found_codes(
    session: Session, settings: Settings, access: CatalogueAccess, local_test_id: int, asked: Asked, *, can_decide: bool
) -> FoundPage:
    """What the search of a case finds, and the axes of the row; NotFoundError when the row is not there."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    return FoundPage(
        title=f"{test.code} {test.label}",
        search=search_view(session, settings, access, context, test, asked, with_chips=True),
        release_title=release_title(context.release_version),
        can_decide=can_decide,
    )


def case_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    asked: Asked,
    *,
    done: int | None = None,
    problem: str = "",
    needs_justification: bool = False,
    form: dict[str, str] | None = None,
) -> CasePage:
    """The case of a row; `problem` says why what was sent was not recorded."""
    runs = runs_of(session, access.catalogue_id)
    reading = reading_standings(session, [local_test_id]).get(local_test_id)
    waits, differs = reading is ReadingStanding.WAITING, reading is ReadingStanding.DISAGREED
    is_hidden = waits and bool(hidden_from(session, access, [local_test_id]))
    case = build_case(session, settings, access, local_test_id, runs, asked, is_blind=is_hidden)
    if is_hidden:
        case = replace(case, status=BLIND, status_key=Status.DECIDED, rights=NO_RIGHTS)
    if reading in (ReadingStanding.WAITING, ReadingStanding.DISAGREED) and case.rights.approve:
        kept = kept_by_readings(session, {local_test_id: reading}, access.laboratory_id).get(local_test_id, "")
        case = replace(case, rights=replace(case.rights, approve=not kept, approve_refusal=kept))
    may_work = access.role in CONTRIBUTORS
    return CasePage(
        title=f"{case.test.code} {case.test.label}",
        catalogue=access.catalogue,
        case=case,
        notice=run_notice(runs),
        done=done_notice(session, access, done, asked.query),
        has_open_task=not is_hidden and open_task_of(session, local_test_id) is not None,
        retired=retired_sentence(case),
        reading=READING[reading] if reading and not is_hidden else None,
        blind_url=blind_url(access.catalogue_id, local_test_id) if is_hidden else "",
        reconcile_url=reconciliation_url(access.catalogue_id, local_test_id) if differs else "",
        opened=token_of_case(session, settings, access, local_test_id) if case.rights.approve else "",
        problem=problem,
        needs_justification=needs_justification,
        others=open_elsewhere(session, [local_test_id], access.user_id).get(local_test_id, ""),
        presence_url=f"/catalogues/{access.catalogue_id}/presence/{local_test_id}" if may_work else "",
        form=form or {},
    )
