"""Assembling the case page of one row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.cases.comparison import KEYS, ComparedCode, candidates_of, local_values
from app.cases.composition import chapter_codes_of, chapter_name, composition_of
from app.cases.earlier import earlier_lines, suggested_of, to_confirm
from app.cases.history import HistoryLine, history_of
from app.cases.reasons import NO_LOINC_REASONS, OUT_OF_SCOPE_REASONS, usual_reason
from app.cases.searching import MOST, Asked, nothing_found, search_view
from app.cases.view import CandidateColumn, CaseView, Links, Rights, SetAside
from app.earlier import repository as earlier_repository
from app.errors import NotFoundError
from app.files.kinds import SECTIONS
from app.models import Action, Decision, EarlierStatement, Level, LocalTest, Proposal, Relation, Role, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.text import is_written, release_title
from app.transcoding import repository, workflow
from app.transcoding.check_words import Check
from app.transcoding.checks import OF_CONTRADICTIONS
from app.transcoding.facts import JUDGES, StateValues, derive_state, flag_on, in_force, rejected_candidates
from app.transcoding.gathering import MappingContext, mapping_context
from app.transcoding.readers import blind_person
from app.transcoding.repository import Runs
from app.transcoding.unheld import NOT_WITH_THIS_RELEASE, unheld_word
from app.web import wording
from app.worklist.groups import count_group
from app.worklist.navigation import QueuePosition, case_url, find_position, is_of_reading, queue_url, reading_url
from app.worklist.queue import decision_text, run_id_of
from matcher.nontest import PANEL_REASON
from matcher.types import Band

DECIDED = frozenset({Status.DECIDED, Status.APPROVED})
SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a row."""

    test: LocalTest
    facts: list[Decision]
    state: StateValues
    proposals: list[Proposal]
    names: dict[int, str]
    earlier: list[EarlierStatement]


def build_case(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    runs: Runs,
    asked: Asked,
    *,
    is_blind: bool = False,
) -> CaseView:
    """The case page of a row of the catalogue; NotFoundError when it is not there.

    `is_blind`: as if nobody had ever acted on the row, for a second reader. Nothing that a person decided, wrote,
    flagged, set aside or took up from earlier work is read then; what the engine and the file say stays.
    """
    known = _read(session, access, local_test_id, runs, is_blind)
    test, state = known.test, known.state
    context = mapping_context(session, access.catalogue_id, access.laboratory_id, blind_person(access))
    position = find_position(session, access.catalogue_id, asked.query, local_test_id, access.user_id)
    aside = {
        code: _set_aside(fact, known.names)
        for code, fact in rejected_candidates(known.facts).items()
        if code != state.loinc_num
    }
    # Stable: those set aside come after the others, each in the order of its rank.
    ranked = sorted(
        (proposal for proposal in known.proposals if proposal.rank > 0), key=lambda item: item.loinc_num in aside
    )
    nontest = next((proposal for proposal in known.proposals if proposal.rank == 0), None)
    most = MOST if asked.most else SHOWN
    # One set aside leaves its place to the next one, and stays in sight.
    shown = [item for rank, item in enumerate(ranked) if rank < most or (item.loinc_num in aside and item.rank <= most)]
    columns = [ComparedCode(proposal.loinc_num, proposal) for proposal in shown]
    confirmed = to_confirm(known.earlier, state)
    instead = replacements_of_decided(session, context, state)
    chapters = chapter_codes_of(session, access.catalogue_id, test, context.release_id, asked.query)
    stand_ins = [] if ranked else chapters.stand_in(KEYS)
    wanted = [*([confirmed.loinc_num] if confirmed else []), *instead, *stand_ins, *asked.codes]
    columns += _extra_columns(state, wanted, ranked, shown)
    columns.sort(key=lambda column: column.loinc_num in aside)
    offered = [column.loinc_num for column in columns if column.loinc_num not in aside]
    names_a_set = _first_sentence(nontest) == PANEL_REASON
    no_test = nontest is not None and not names_a_set and (not ranked or nontest.confidence > ranked[0].confidence)
    # A set is neither a test nor to be left out of scope: a person chooses, and no key accepts either for them.
    first = "" if no_test or names_a_set or state.outcome else next(iter(offered), "")
    if first in stand_ins and not chapters.is_pointed:
        first = ""
    first = confirmed.loinc_num if confirmed and confirmed.loinc_num in offered else first
    chosen = [code for code in asked.codes if code not in aside]
    selected = chosen[-1] if chosen else state.loinc_num or first
    candidates, families = candidates_of(session, settings, context, test, columns, selected, state.loinc_num, aside)
    stays = {asked.chosen, state.loinc_num if state.status in DECIDED else ""}
    candidates = [_offered(candidate, stays) for candidate in candidates]
    is_chapter = test.level in SECTIONS
    if is_chapter:
        candidates = [replace(item, name=chapter_name(item.loinc_num, item.name)) for item in candidates]
    compared = {column.loinc_num for column in columns}
    choice = next((fact for fact in known.facts if fact.id == state.decision_id), None)
    history = history_of(known.facts, known.names)
    is_empty = runs.current is not None and not known.proposals and not stand_ins
    exams = [] if is_chapter else list(repository.exams_with(session, local_test_id))
    mates, mates_count = repository.exam_mates(session, local_test_id) if exams else ([], 0)
    decided = next((candidate for candidate in candidates if candidate.is_decided), None)
    held = {candidate.loinc_num for candidate in candidates if candidate.is_held}
    unheld = unheld_word(state.loinc_num, context.release, held)
    return CaseView(
        test=test,
        level=wording.LEVEL[Level(test.level)],
        version=state.version,
        status=wording.STATUS[state.status],
        status_key=state.status,
        decision=decision_text(state.outcome, state.loinc_num),
        unheld=unheld,
        decided_by=known.names.get(state.decided_by_id or 0, ""),
        reason=choice.reason if choice else "",
        judgement=_judgement(known.facts, history),
        asks_approver=bool(decided and choice and _asks_approver(decided.blocking, choice)),
        local=local_values(test, ranked[0] if ranked else None),
        candidates=candidates,
        families=families,
        nontest_reason=_first_sentence(nontest),
        likely_reason=usual_reason(_first_sentence(nontest)) if nontest else "",
        names_a_set=names_a_set,
        is_probably_no_test=no_test and state.status is Status.TODO,
        nontest_band=wording.BAND[Band(nontest.band)] if nontest else None,
        nothing_found=nothing_found(session, settings, context, test) if is_empty else None,
        exams=exams,
        mates=mates,
        mates_count=mates_count,
        group_count=count_group(session, access.catalogue_id, local_test_id),
        group_url=asked.query.with_page(1).url(f"/catalogues/{access.catalogue_id}/revue/{local_test_id}/groupe"),
        composition=composition_of(
            session, access, test, context.release, state.loinc_num or selected, asked.query
        ),
        chapter_values=chapters.besides(compared),
        from_chapters=stand_ins,
        history=history,
        earlier=earlier_lines(access.catalogue_id, asked.query, known.earlier, compared),
        suggested=suggested_of(confirmed),
        instead=instead,
        search=search_view(session, settings, access, context, test, asked, compared),
        hidden=asked.query.with_page(1).params(candidats=MOST if asked.most else None),
        position=position,
        rights=_not_unheld(rights_of(access, known.facts, state), unheld),
        links=_links(access, test, asked, position, has_more=len(ranked) > len(shown)),
        no_loinc_reasons=NO_LOINC_REASONS,
        out_of_scope_reasons=OUT_OF_SCOPE_REASONS,
        relations=[(relation.value, wording.RELATION[relation]) for relation in Relation],
        release_title=release_title(context.release_version),
        flag=_set_aside(flag, known.names) if (flag := flag_on(known.facts)) else None,
    )


def _offered(candidate: CandidateColumn, stays: Collection[str]) -> CandidateColumn:
    """A candidate that the row contradicts is never selected, except what a person chose herself (`stays`)."""
    if candidate.is_selected and candidate.is_contradicted and candidate.loinc_num not in stays:
        return replace(candidate, is_selected=False)
    return candidate


def _asks_approver(blocking: Sequence[Check], choice: Decision) -> bool:
    """Whether an approval needs a justification: what contradictions alone ask was asked of who chose the code."""
    return not is_written(choice.justification) and any(check.code not in OF_CONTRADICTIONS for check in blocking)


def _set_aside(fact: Decision, names: Mapping[int, str]) -> SetAside:
    return SetAside(names.get(fact.author_id, f"n° {fact.author_id}"), fact.created_at, fact.reason)


def replacements_of_decided(session: Session, context: MappingContext, state: StateValues) -> Sequence[str]:
    """What LOINC gives in place of the decided code: offered beside it, for a person to choose."""
    if not state.loinc_num:
        return ()
    return repository.replacements_of(session, context.release_id, {state.loinc_num}).get(state.loinc_num, ())[:SHOWN]


def rights_of(access: CatalogueAccess, facts: Sequence[Decision], state: StateValues) -> Rights:
    """What this person may do to a row in this state."""

    def may(action: Action) -> workflow.Transition | None:
        return workflow.transition(state.status, state.outcome, action, access.role)

    approve, undo, choose = may(Action.APPROVE), may(Action.UNDO), may(Action.CHOOSE)
    last = in_force(facts)
    is_own = state.decided_by_id == access.user_id
    mine = last is not None and last.author_id == access.user_id and last.action != Action.REIMPORT
    return Rights(
        decide=choose is not None,
        approve=approve is not None and not is_own,
        approve_refusal=(
            "Vous avez pris cette décision : un autre biologiste doit l'approuver." if approve and is_own else ""
        ),
        send_back=may(Action.SEND_BACK) is not None,
        undo=undo is not None and mine,
        undo_reason=undo is not None and undo.needs_reason,
        reopen_reason=choose is not None and choose.needs_reason,
    )


def _not_unheld(rights: Rights, unheld: wording.Word | None) -> Rights:
    """Nobody is offered to approve a code that the release in use does not hold."""
    if not (rights.approve and unheld):
        return rights
    return replace(rights, approve=False, approve_refusal=NOT_WITH_THIS_RELEASE)


def _read(session: Session, access: CatalogueAccess, local_test_id: int, runs: Runs, is_blind: bool) -> _Known:
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    facts = [] if is_blind else repository.facts_of(session, local_test_id)
    run_id = run_id_of(runs)
    proposals = repository.proposals_of(session, run_id, local_test_id) if run_id else []
    names = repository.names_of(session, [fact.author_id for fact in facts])
    earlier = list(earlier_repository.statements_on(session, local_test_id))
    if is_blind:
        earlier = [EarlierStatement(**{**item.model_dump(), "taken_as": ""}) for item in earlier]
    return _Known(test, facts, derive_state(facts), proposals, names, earlier)


def _extra_columns(
    state: StateValues, asked: Sequence[str], ranked: Sequence[Proposal], shown: Sequence[Proposal]
) -> list[ComparedCode]:
    """The decided code, and those of earlier work and of a search, when they are not among the proposals shown."""
    by_number = {proposal.loinc_num: proposal for proposal in ranked}
    present = {proposal.loinc_num for proposal in shown}
    wanted = [state.loinc_num, *asked] if state.loinc_num else list(asked)
    extra = [number for number in dict.fromkeys(wanted) if number not in present]
    return [ComparedCode(number, by_number.get(number)) for number in extra]


def _judgement(facts: Sequence[Decision], history: Sequence[HistoryLine]) -> HistoryLine | None:
    """The line of the fact in force, when it judges the choice."""
    last = in_force(facts)
    if last is None or Action(last.action) not in JUDGES:
        return None
    return next(line for fact, line in zip(reversed(facts), history, strict=True) if fact is last)


def _first_sentence(proposal: Proposal | None) -> str:
    if proposal is None:
        return ""
    return str(proposal.evidence[0].get("sentence", "")) if proposal.evidence else ""


def _links(access: CatalogueAccess, test: LocalTest, asked: Asked, position: QueuePosition, has_more: bool) -> Links:
    catalogue_id, query, test_id = access.catalogue_id, asked.query, test.id or 0

    def to(row_id: int | None) -> str:
        return case_url(catalogue_id, row_id, query) if row_id else ""

    here = f"/catalogues/{catalogue_id}/revue/{test_id}"
    first_page = query.with_page(1)
    page = position.page_of(query)
    is_read = access.role is Role.BIOLOGIST and is_of_reading(query)
    back = reading_url(catalogue_id, first_page) if is_read else queue_url(catalogue_id, page)
    return Links(
        queue=f"{back}#ligne-{test_id}",
        queue_name="Lecture" if is_read else "Revue",
        previous=to(position.previous_id),
        next=to(position.next_id),
        next_to_decide=to(position.next_to_decide_id),
        next_to_approve=to(position.next_to_approve_id),
        decide=first_page.url(f"{here}/decision"),
        undo=first_page.url(f"{here}/annulation"),
        undo_newest=first_page.url(f"/catalogues/{catalogue_id}/revue/annuler"),
        mark_candidate=first_page.url(f"{here}/candidat"),
        mark_row=first_page.url(f"{here}/repere"),
        approve=first_page.url(f"/catalogues/{catalogue_id}/approbation/{test_id}", depuis="revue"),
        search=first_page.url(f"{here}/recherche"),
        more=first_page.url(here, candidats=MOST, recherche=asked.text or None) if has_more else "",
    )
