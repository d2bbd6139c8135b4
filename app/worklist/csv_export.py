"""The filtered rows of the queue as a CSV for spreadsheets: UTF-8 with BOM, semicolons."""


from sqlmodel import Session, col, select

from app.models import Decision, Level, LocalTest, LoincTerm, Outcome, Relation, ReviewState, Status
from app.terminology.naming import name_of
from app.terminology.service import current_release, terms_by_number
from app.text import paris_time
from app.transcoding import repository
from app.web.spreadsheet_csv import csv_text
from app.web.wording import BAND, LEVEL, OUTCOME, RELATION_SHORT, STATUS
from app.worklist import queue_sql
from app.worklist.query import ReviewQuery
from matcher.types import Band

HEADER = (
    "Code", "Libellé", "Synonyme", "Niveau", "Chapitre", "Milieu", "Unité", "Sous-traitée", "Volume annuel",
    "État", "Décision", "Code LOINC", "Libellé LOINC", "Relation", "Motif", "Commentaire", "Justification",
    "Décidée par", "Décidée le", "Approuvée par", "Approuvée le", "Proposition", "Libellé de la proposition",
    "Confiance", "Contradiction",
)  # fmt: skip


def queue_csv(session: Session, catalogue_id: int, run_id: int, query: ReviewQuery) -> str:
    """Every row of the query, in its order, with decision and best proposal."""
    rows = queue_sql.all_rows(session, catalogue_id, run_id, query)
    decisions = _decisions(session, catalogue_id)
    people = [fact.author_id for pair in decisions.values() for fact in pair if fact is not None]
    names = repository.names_of(session, people)
    release = current_release(session)
    numbers = {number for row in rows for number in (row.loinc_num, row.best_loinc) if number}
    terms = terms_by_number(session, release.id or 0, numbers) if release else {}

    def line(row: object) -> list[str]:
        return _line(row, decisions, names, terms)

    return csv_text(HEADER, map(line, rows))


def _decisions(session: Session, catalogue_id: int) -> dict[int, tuple[Decision | None, Decision | None]]:
    """(choice in force, approval) of each row that has one."""
    facts = {
        fact.id: fact
        for fact in session.exec(
            select(Decision)
            .join(LocalTest, col(LocalTest.id) == Decision.local_test_id)
            .where(LocalTest.catalogue_id == catalogue_id)
        )
    }
    states = session.exec(
        select(ReviewState)
        .join(LocalTest, col(LocalTest.id) == ReviewState.local_test_id)
        .where(LocalTest.catalogue_id == catalogue_id)
    )
    return {state.local_test_id: (facts.get(state.decision_id), facts.get(state.approval_id)) for state in states}


def _line(
    row: object,
    decisions: dict[int, tuple[Decision | None, Decision | None]],
    names: dict[int, str],
    terms: dict[str, LoincTerm],
) -> list[str]:
    get = row._mapping.__getitem__  # type: ignore[attr-defined]
    choice, approval = decisions.get(get("id"), (None, None))
    loinc_num, best = get("loinc_num"), get("best_loinc")
    return [
        get("code"),
        get("label"),
        get("synonym"),
        LEVEL[Level(get("level"))],
        get("chapter"),
        get("specimen"),
        get("unit"),
        "oui" if get("subcontracted") == "1" else "non",
        str(get("volume")) if get("volume") >= 0 else "",
        STATUS[Status(get("status"))].text,
        OUTCOME[Outcome(get("outcome"))].text if get("outcome") else "",
        loinc_num,
        name_of(terms.get(loinc_num)).main if loinc_num else "",
        RELATION_SHORT[Relation(choice.relation)] if choice and choice.relation else "",
        choice.reason if choice else "",
        choice.comment if choice else "",
        choice.justification if choice else "",
        names.get(choice.author_id, "") if choice else "",
        paris_time(choice.created_at) if choice else "",
        names.get(approval.author_id, "") if approval else "",
        paris_time(approval.created_at) if approval else "",
        best,
        name_of(terms.get(best)).main if best else "",
        BAND[Band(get("band"))].text if get("band") else "",
        {"1": "oui", "0": "non"}.get(get("contradiction"), ""),
    ]
