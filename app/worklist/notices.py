"""What the page says of the search for proposals, and of a decision just recorded."""

from dataclasses import dataclass

from sqlmodel import Session

from app.models import Action, RunStatus
from app.platform.identity import CatalogueAccess
from app.text import paris_time
from app.transcoding import repository, workflow
from app.transcoding.facts import derive_state, in_force
from app.transcoding.readers import hidden_from
from app.transcoding.repository import Runs
from app.transcoding.under_way import under_way
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence and its colour (the class of the box)."""

    kind: str
    text: str


NOT_RUN = "La recherche de propositions n'a pas encore été lancée sur ce catalogue."
RUNNING = "La recherche de propositions est en cours : les propositions apparaîtront à la fin du calcul."


def run_notice(runs: Runs) -> Notice | None:
    """The state of the search, when it is anything but done: a failure is never shown as nothing found."""
    latest, current = runs.latest, runs.current
    if latest is None:
        return Notice("info-box", NOT_RUN)
    if latest.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        reason = latest.message or "La recherche de propositions a échoué."
        if current is None:
            return Notice("error-box", f"{reason} Aucune conclusion ne peut être tirée de l'absence de proposition.")
        when = paris_time(current.finished_at or current.started_at)
        return Notice("warn-box", f"{reason} Les propositions affichées sont celles de la recherche du {when}.")
    if latest.status == RunStatus.RUNNING:
        if current is None:
            return Notice("info-box", RUNNING)
        return Notice(
            "info-box",
            "Une nouvelle recherche est en cours ; les propositions affichées sont les précédentes.",
        )
    return None


FIGURES = (
    "Ce catalogue vient de changer : cette liste est en préparation. Des lignes peuvent y manquer ou y être à leur "
    "ancienne place ; rechargez la page dans quelques instants."
)
ORDER = (
    "De nouvelles propositions viennent d'arriver : les cas les montrent déjà, mais l'ordre et les filtres de cette "
    "liste suivent encore en partie les précédentes."
)


def under_way_notice(session: Session, catalogue_id: int) -> Notice | None:
    """What the list cannot show yet, while its entries are brought up to the facts."""
    found = under_way(session, [catalogue_id])
    if catalogue_id not in found:
        return None
    return Notice("warn-box", FIGURES) if found[catalogue_id] else Notice("info-box", ORDER)


DONE = {
    Action.CHOOSE: "code {loinc_num} enregistré",
    Action.NO_LOINC: "« aucun code LOINC » enregistré",
    Action.OUT_OF_SCOPE: "classée hors périmètre",
    Action.DOUBT: "doute enregistré",
    Action.COMMENT: "commentaire enregistré",
    Action.APPROVE: "décision approuvée",
    Action.SEND_BACK: "renvoyée au transcodeur",
    Action.UNDO: "décision annulée, la ligne est revenue à son état précédent",
    Action.REIMPORT: "à revoir depuis la réimportation du catalogue",
    Action.REJECT_CANDIDATE: "candidat {loinc_num} écarté",
    Action.RESTORE_CANDIDATE: "candidat {loinc_num} repris",
    Action.FLAG: "repère posé",
    Action.UNFLAG: "repère retiré",
}


@dataclass(frozen=True, slots=True)
class Done:
    """A fact just recorded, and the way to take it back."""

    message: str
    local_test_id: int
    case_url: str
    undo_url: str
    version: int
    needs_reason: bool


def sentence_of(code: str, label: str, action: str, loinc_num: str) -> str:
    """What was done to which row, for the banner and for screen readers."""
    return f"{code} {label} : {DONE[Action(action)].format(loinc_num=loinc_num)}."


def done_notice(session: Session, access: CatalogueAccess, decision_id: int | None, query: ReviewQuery) -> Done | None:
    """The banner of a fact of this catalogue; it can be undone while it is one's own and in force.

    None of a fact that this person may not see yet.
    """
    found = repository.row_of_fact(session, access.catalogue_id, decision_id) if decision_id else None
    if found is None or found[0].id is None:
        return None
    test, facts = found
    if hidden_from(session, access, [test.id or 0]):
        return None
    test_id, fact = test.id or 0, next(fact for fact in facts if fact.id == decision_id)
    last, state = in_force(facts), derive_state(facts)
    transition = workflow.transition(state.status, state.outcome, Action.UNDO, access.role)
    mine = last is not None and last.id == fact.id and fact.author_id == access.user_id
    return Done(
        message=sentence_of(test.code, test.label, fact.action, fact.loinc_num),
        local_test_id=test_id,
        case_url=case_url(access.catalogue_id, test_id, query),
        undo_url=undo_url(access.catalogue_id, test_id, query) if mine and transition else "",
        version=state.version,
        needs_reason=bool(transition and transition.needs_reason),
    )


def undo_url(catalogue_id: int, local_test_id: int, query: ReviewQuery) -> str:
    """Where a fact is undone."""
    return query.with_page(1).url(f"/catalogues/{catalogue_id}/revue/{local_test_id}/annulation")
