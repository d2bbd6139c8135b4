"""What a write answers: a redirect for a browser's form, JSON for the script that sends it unseen."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlmodel import Session

from app.cases.history import history_of
from app.cases.pages import ConflictPage
from app.errors import NotFoundError
from app.models import MARKS, Action, Decision
from app.platform.identity import CatalogueAccess
from app.terminology.naming import name_of
from app.terminology.service import current_release, terms_by_number
from app.text import paris_time
from app.transcoding import repository
from app.transcoding.errors import StaleVersionError
from app.transcoding.facts import derive_state
from app.web.templating import render
from app.web.wording import STATUS
from app.worklist.navigation import case_url, is_of_reading, next_to_work_on, queue_url, reading_url
from app.worklist.notices import DONE, done_notice
from app.worklist.query import ReviewQuery


def wants_json(request: Request) -> bool:
    """Whether the script asks, and shows the answer itself."""
    return "application/json" in request.headers.get("accept", "")


def answer_done(
    request: Request, session: Session, access: CatalogueAccess, query: ReviewQuery, fact: Decision
) -> Response:
    """After a fact: the next row to work on in the same order; after a comment, a mark or an undo, the same row."""
    url = _next_url(session, access, query, fact)
    if not wants_json(request):
        return RedirectResponse(url, status_code=303)
    done = done_notice(session, access, fact.id, query)
    assert done is not None
    return JSONResponse(
        {
            "message": done.message,
            "case_url": done.case_url,
            "undo_url": done.undo_url,
            "version": done.version,
            "needs_reason": done.needs_reason,
            "next_url": url,
        }
    )


def _next_url(session: Session, access: CatalogueAccess, query: ReviewQuery, fact: Decision) -> str:
    action = Action(fact.action)
    if action in (Action.COMMENT, Action.UNDO) or action in MARKS:
        return case_url(access.catalogue_id, fact.local_test_id, query, fait=fact.id)
    is_judged = action in (Action.APPROVE, Action.SEND_BACK)
    next_id = next_to_work_on(session, access.catalogue_id, query, fact.local_test_id, is_judged, access.user_id)
    if next_id is None and is_of_reading(query) and is_judged:
        return reading_url(access.catalogue_id, query.with_page(1), fait=fact.id)
    if next_id is None:
        return queue_url(access.catalogue_id, query.with_page(1), fait=fact.id)
    return case_url(access.catalogue_id, next_id, query, fait=fact.id)


def conflict_json(
    session: Session,
    access: CatalogueAccess,
    query: ReviewQuery,
    local_test_id: int,
    error: StaleVersionError,
    action: Action,
    loinc_num: str,
    comment: str = "",
) -> JSONResponse:
    """409 for the script: what the other person did, beside what was not recorded."""
    names = repository.names_of(session, [fact.author_id for fact in error.newer])
    release = current_release(session)
    numbers = {number for number in (loinc_num, *(fact.loinc_num for fact in error.newer)) if number}
    terms = terms_by_number(session, release.id or 0, numbers) if release else {}
    newer = [
        {
            "who": line.author,
            "when": paris_time(line.at),
            "what": line.action,
            "code": line.loinc_num,
            "name": name_of(terms.get(line.loinc_num)).main if line.loinc_num in terms else "",
            "said": " · ".join(text for text in (line.reason, line.comment, line.justification) if text),
        }
        for line in history_of(error.newer, names)
    ]
    mine = {
        "what": DONE[action].format(loinc_num=loinc_num).removesuffix(" enregistré"),
        "code": loinc_num,
        "name": name_of(terms.get(loinc_num)).main if loinc_num in terms else "",
        "said": comment,
    }
    facts = repository.facts_of(session, local_test_id)
    status = STATUS[derive_state(facts).status]
    conflict = {
        "heading": error.heading,
        "status": {"text": status.text, "chip": status.chip, "icon": status.icon},
        "newer": newer,
        "mine": mine,
        "case_url": case_url(access.catalogue_id, local_test_id, query),
    }
    return JSONResponse({"detail": error.message, "conflict": conflict}, status_code=409)


def conflict_page(
    request: Request,
    session: Session,
    access: CatalogueAccess,
    query: ReviewQuery,
    local_test_id: int,
    error: StaleVersionError,
    action: Action,
    loinc_num: str,
) -> Response:
    """409: what the other person did, and what was not recorded."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    names = repository.names_of(session, [fact.author_id for fact in error.newer])
    page = ConflictPage(
        title="Décision concurrente",
        catalogue=access.catalogue,
        local_code=test.code,
        local_label=test.label,
        heading=error.heading,
        message=error.message,
        newer=history_of(error.newer, names),
        mine=DONE[action].format(loinc_num=loinc_num).removesuffix(" enregistré"),
        case_url=case_url(access.catalogue_id, local_test_id, query),
        queue_url=queue_url(access.catalogue_id, query),
    )
    return render(request, "cases/conflict.html", page, status_code=409)
