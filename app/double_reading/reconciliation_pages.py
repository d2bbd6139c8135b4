"""Building the page of two readings that differ, side by side."""

from sqlmodel import Session

from app.cases.assembly import build_case
from app.cases.searching import Asked
from app.cases.view import CaseView
from app.double_reading import queue_sql
from app.double_reading.page_building import ANSWERS, NO_SUCH_ROW, base_of
from app.double_reading.pages import ReadingSide, ReconciliationPage
from app.double_reading.queue_sql import Disagreement
from app.double_reading.service import NO_DISAGREEMENT, why_not
from app.errors import ConflictError, NotFoundError
from app.models import Action, Decision, Relation, Role, SecondReading, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.transcoding import repository
from app.transcoding.readers import require_seen
from app.transcoding.readings import reconciliation_url
from app.transcoding.repository import runs_of
from app.web.wording import RELATION, RELATION_SHORT, ROLE, STATUS
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery


def reconciliation_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    *,
    problem: str = "",
    form: dict[str, str] | None = None,
) -> ReconciliationPage:
    """Two readings of a row that differ; ConflictError when nothing is to be reconciled there."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError(NO_SUCH_ROW)
    # What was decided since may have been drawn in its turn, for her to read.
    require_seen(session, access, local_test_id)
    found = queue_sql.disagreements(session, access.catalogue_id, local_test_id)
    if not found:
        raise ConflictError(NO_DISAGREEMENT)
    item = found[0]
    names = repository.names_of(session, [item.first.author_id, item.second.author_id])
    codes = tuple(code for code in (item.first.loinc_num, item.second.loinc_num) if code)
    runs = runs_of(session, access.catalogue_id)
    case = build_case(session, settings, access, local_test_id, runs, Asked(ReviewQuery(), codes=codes))
    here = reconciliation_url(access.catalogue_id, local_test_id)
    return ReconciliationPage(
        title=f"Conciliation — {test.code} {test.label}",
        catalogue=access.catalogue,
        test=test,
        status=STATUS[Status(case.status_key)],
        is_approved=case.status_key == Status.APPROVED,
        since=_since(item, case),
        case=case,
        sides=[_side("Première lecture", item.first, names), _side("Deuxième lecture", item.second, names)],
        columns=[
            next((column for column in case.candidates if code and column.loinc_num == code), None)
            for code in (item.first.loinc_num, item.second.loinc_num)
        ],
        version=item.version,
        reading=item.second.public_id,
        address=here,
        list_url=base_of(access.catalogue_id),
        case_url=case_url(access.catalogue_id, local_test_id, ReviewQuery()),
        refusal=why_not(session, access, item),
        relations=[(relation.value, RELATION[relation]) for relation in Relation],
        problem=problem,
        form=form or {},
    )


def _since(item: Disagreement, case: CaseView) -> str:
    """What became of the first reader's decision, which ends no disagreement; empty while it is in force."""
    if item.decision_id == item.first.id:
        return ""
    if item.decision_id is None:
        return "La décision de la première lecture a été annulée depuis."
    said = case.decision or "un doute"
    return f"Depuis la première lecture, {case.decided_by} a répondu : {said}."


def _side(title: str, said: Decision | SecondReading, names: dict[int, str]) -> ReadingSide:
    return ReadingSide(
        title=title,
        author=names.get(said.author_id, f"n° {said.author_id}"),
        role=ROLE.get(Role(said.author_role), said.author_role),
        at=said.created_at,
        answer=ANSWERS[Action(said.action)],
        loinc_num=said.loinc_num,
        relation=RELATION_SHORT[Relation(said.relation)] if said.relation else "",
        reason=said.reason,
        comment=said.comment,
        justification=said.justification,
        can_be_kept=said.action != Action.DOUBT,
    )


def kept_side(found: Disagreement, word: str) -> Decision | SecondReading | None:
    """The reading that a form keeps; None when it gives another answer."""
    if word == "premiere":
        return found.first
    return found.second if word == "deuxieme" else None
