"""Building the page that confirms a batch of approvals, and the page of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from app.approval.batch_acts import MOST, lines_of_batch, origin_of, standing_approvals
from app.approval.batch_pages import ApprovalBatchPage, ConfirmPage, approval_batch_url
from app.approval.confirming import sort_out
from app.approval.listing import rows_to_judge
from app.approval.reading import base_of, part_query, reading_url, scope_title
from app.approval.schemas import Scope
from app.models import Batch, BatchKind, Role
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.transcoding.readers import blind_person, hidden_from
from app.transcoding.repository import runs_of
from app.worklist.query import ReviewQuery

SOMETHING_KEPT = "Cette ligne ne s’approuvait pas avec d’autres : son motif se lit chez un biologiste."


def confirm_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    query: ReviewQuery,
    ids: Sequence[int],
    versions: Mapping[int, int] | None,
    scope: Scope,
    *,
    more: bool = False,
    row_id: int = 0,
) -> ConfirmPage:
    """What becomes of these rows, at most `MOST`, when the biologist confirms; `versions` of those that she ticked."""
    rows = rows_to_judge(session, settings, access, runs_of(session, access.catalogue_id), query, ids[:MOST], {})
    found = sort_out(rows, versions, by_chapter=scope is Scope.CHAPTER)
    base = base_of(access.catalogue_id)
    label = next((row.label for row in rows if row.id == row_id), "")
    following = ""
    if more and scope is Scope.CHAPTER:
        following = query.with_page(query.page + 1).url(f"{base}/lot", perimetre=scope.value, depuis="lecture")
    return ConfirmPage(
        title="Approuver ces lignes ?",
        catalogue=access.catalogue,
        scope_title=scope_title(query, scope.value, len(rows), label),
        going=found.going,
        left=found.left,
        has_more=more,
        next_url=following,
        confirm_url=query.url(base),
        scope=scope.value,
        back_url=back_url(access, query, scope),
        can_confirm=access.role is Role.BIOLOGIST and bool(found.going),
    )


def back_url(access: CatalogueAccess, query: ReviewQuery, scope: Scope) -> str:
    """Where a person comes from: the reading of a chapter, or the list."""
    if scope is Scope.CHAPTER:
        return reading_url(access.catalogue_id, query.with_page(1))
    if query.depuis == "lecture" or scope is Scope.GROUP:
        return reading_url(access.catalogue_id, query)
    return query.with_page(1).url(base_of(access.catalogue_id))


def batch_page(
    session: Session,
    access: CatalogueAccess,
    batch: Batch,
    query: ReviewQuery,
    *,
    problem: str = "",
    reason: str = "",
) -> ApprovalBatchPage:
    """A batch of approvals, with what became of each row."""
    found = lines_of_batch(session, batch)
    hidden = hidden_from(session, access, [line.local_test_id for line in found])
    lines = [line for line in found if line.local_test_id not in hidden]
    if blind_person(access) is not None:
        # What kept a row out may name the decision of another one, which is hidden from her.
        lines = [replace(line, message=SOMETHING_KEPT if line.message else "") for line in lines]
    origin = origin_of(session, batch)
    is_back = batch.kind == BatchKind.UNAPPROVE
    standing = 0 if is_back else standing_approvals(session, batch)
    url = approval_batch_url(access.catalogue_id, batch.public_id)
    part = part_query(query).with_page(query.page)
    return ApprovalBatchPage(
        title=f"{'Reprise' if is_back else 'Lot d’approbations'} n° {batch.id}",
        catalogue=access.catalogue,
        batch=batch,
        author=origin.author,
        is_taking_back=is_back,
        lines=lines,
        done=sum(line.is_done for line in lines),
        standing=standing,
        may_take_back=access.role is Role.BIOLOGIST and batch.author_id == access.user_id and standing > 0,
        take_back_url=part.url(f"{url}/reprise"),
        other_url=approval_batch_url(access.catalogue_id, origin.other.public_id) if origin.other else "",
        other_number=origin.other.id if origin.other else None,
        list_url=base_of(access.catalogue_id),
        reading_url=reading_url(access.catalogue_id, part),
        problem=problem,
        reason=reason,
    )
