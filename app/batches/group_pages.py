"""Building the page of a group."""

from typing import Any

from sqlmodel import Session

from app.batches import repository
from app.batches.asking import as_seen
from app.batches.gate import Candidate, held_for
from app.batches.pages import GroupCandidate, GroupPage, GroupRow
from app.cases.reasons import NO_LOINC_REASONS, OUT_OF_SCOPE_REASONS
from app.errors import NotFoundError
from app.models import Relation, Status
from app.platform.identity import CatalogueAccess
from app.terminology.naming import name_of
from app.terminology.service import current_release, terms_by_number
from app.transcoding import repository as transcoding
from app.transcoding.workflow import DECIDERS
from app.web.wording import BAND, RELATION
from app.worklist import groups
from app.worklist.navigation import case_url, queue_url
from app.worklist.query import ReviewQuery
from app.worklist.queue import QueueRow, rows_of, run_id_of
from matcher.types import Band


def group_page(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    query: ReviewQuery,
    problem: str = "",
    form: dict[str, str] | None = None,
    ticked: set[int] | None = None,
) -> GroupPage:
    """The rows that say the same as this one."""
    test = transcoding.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    ids = groups.ids_of_group(session, access.catalogue_id, local_test_id, groups.MOST + 1)
    shown = ids[: groups.MOST]
    runs = transcoding.runs_of(session, access.catalogue_id)
    rows = rows_of(session, access, runs, query, shown)
    run_id = run_id_of(runs)
    proposals = transcoding.proposals_of(session, run_id, local_test_id) if run_id else []
    ranked = [proposal for proposal in proposals if proposal.rank > 0][:5]
    release = current_release(session)
    members = repository.candidates(
        session, access.catalogue_id, run_id, (release.id or 0) if release else 0, groups.MOST, ids=shown
    )
    known = {member.local_test_id: member for member in as_seen(session, access, members)}
    terms = terms_by_number(session, release.id or 0, {item.loinc_num for item in ranked}) if release else {}
    says = (
        ("Libellé", test.label), ("Synonyme", test.synonym), ("Milieu", test.specimen or test.specimen_code),
        ("Unité", test.unit or test.unit_code), ("Technique", test.technique), ("Échelle", test.scale),
        ("Temporalité", test.timing), ("Grandeur", test.property_kind),
    )  # fmt: skip
    path = f"/catalogues/{access.catalogue_id}/revue/{local_test_id}/groupe"
    return GroupPage(
        title=f"Groupe : {test.label}",
        catalogue=access.catalogue,
        case_url=case_url(access.catalogue_id, local_test_id, query),
        queue_url=queue_url(access.catalogue_id, query.with_page(1)),
        says=[pair for pair in says if pair[1]],
        rows=[_group_row(row, known[row.id], access.user_id, ticked) for row in rows],
        is_cut=len(ids) > groups.MOST,
        candidates=[
            GroupCandidate(
                loinc_num=item.loinc_num,
                name=name_of(terms.get(item.loinc_num)),
                band=BAND[Band(item.band)],
                confidence=item.confidence,
                has_contradiction=item.has_contradiction,
                axes=_axes(terms.get(item.loinc_num)),
            )
            for item in ranked
        ],
        ask_url=query.with_page(1).url(path),
        can_decide=access.role in DECIDERS,
        no_loinc_reasons=NO_LOINC_REASONS,
        out_of_scope_reasons=OUT_OF_SCOPE_REASONS,
        relations=[(relation.value, RELATION[relation]) for relation in Relation],
        problem=problem,
        form=form or {},
    )


def _group_row(row: QueueRow, member: Candidate, user_id: int, ticked: set[int] | None) -> GroupRow:
    held = held_for(member, user_id)
    is_meant = member.status is Status.TODO if ticked is None else row.id in ticked
    return GroupRow(
        row=row,
        version=member.version,
        is_open=not held,
        is_ticked=is_meant and not held,
        held=held if member.status is not Status.APPROVED else "",
    )


def _axes(term: Any) -> str:
    if term is None:
        return ""
    axes = (term.component, term.property, term.time_aspct, term.system, term.scale_typ, term.method_typ)
    return " · ".join(axis for axis in axes if axis)
