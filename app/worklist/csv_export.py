"""The filtered rows of the queue as a CSV for spreadsheets: UTF-8 with BOM, semicolons."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from sqlalchemy import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Decision, Level, LoincRelease, LoincTerm, Outcome, Relation, ReviewState, Status
from app.platform.database import reading
from app.terminology.naming import name_of
from app.terminology.service import current_release, terms_by_number
from app.text import paris_time
from app.transcoding import repository
from app.transcoding.readers import BLIND, hidden_in
from app.transcoding.unheld import unheld_word
from app.web.spreadsheet_csv import csv_pieces
from app.web.wording import BAND, LEVEL, OUTCOME, RELATION_SHORT, STATUS
from app.worklist import queue_sql
from app.worklist.best_left import Best, best_left
from app.worklist.query import ReviewQuery
from app.worklist.queue import run_id_of
from matcher.types import Band

BATCH = 500
"""Rows read at a time."""
HEADER = (
    "Code", "Libellé", "Synonyme", "Niveau", "Chapitre", "Milieu", "Unité", "Sous-traitée", "Volume annuel",
    "État", "Décision", "Code LOINC", "Libellé LOINC", "Relation", "Motif", "Commentaire", "Justification",
    "Décidée par", "Décidée le", "Approuvée par", "Approuvée le", "Proposition", "Libellé de la proposition",
    "Confiance", "Contradiction", "Repère", "Note du repère", "Repère posé par", "Repère posé le",
    "Remarque sur le code",
)  # fmt: skip
ALL_ASIDE = "toutes écartées"
_OF_THE_DECISION = (
    "Décision", "Code LOINC", "Libellé LOINC", "Relation", "Motif", "Commentaire", "Justification", "Décidée par",
    "Décidée le", "Approuvée par", "Approuvée le", "Note du repère", "Repère posé par", "Repère posé le",
    "Remarque sur le code",
)  # fmt: skip


def queue_csv(database: Engine, catalogue_id: int, query: ReviewQuery) -> Iterator[str]:
    """Every row of the query, in its order, with decision and best proposal, some rows at a time.

    Nothing is open while a piece is on its way to whoever asked. The rows are those of the moment of the call, and
    each says what it is when its piece is read.
    """
    with reading(database) as session:
        run_id = run_id_of(repository.runs_of(session, catalogue_id))
        ids = queue_sql.all_ids(session, catalogue_id, run_id, query)
        hidden = hidden_in(session, query.blind_to, catalogue_id)
    parts = (_lines(database, catalogue_id, run_id, ids[at : at + BATCH], hidden) for at in range(0, len(ids), BATCH))
    return csv_pieces(HEADER, chain.from_iterable(parts))


def _lines(
    database: Engine, catalogue_id: int, run_id: int, ids: Sequence[int], hidden: Collection[int]
) -> list[list[str]]:
    with reading(database) as session:
        rows = queue_sql.rows_of_ids(session, catalogue_id, run_id, ids)
        decisions = _decisions(session, ids)
        flags = _flags(session, ids)
        people = [fact.author_id for fact in flags.values()]
        people += [fact.author_id for pair in decisions.values() for fact in pair if fact is not None]
        names = repository.names_of(session, people)
        release = current_release(session)
        best = best_left(session, run_id, rows, hidden)
        numbers = {number for row in rows for number in (row.loinc_num, best[row.id].loinc_num) if number}
        terms = terms_by_number(session, release.id or 0, numbers) if release else {}
    lines = {row.id: _line(row, best[row.id], decisions, flags, names, terms, release) for row in rows}
    return [_blind(line) if row_id in hidden else line for row_id, line in lines.items()]


def _blind(line: Sequence[str]) -> list[str]:
    """The line without anything of its decision, for who may read the row a second time."""
    told = dict(zip(HEADER, line, strict=True)) | dict.fromkeys(_OF_THE_DECISION, "")
    return list((told | {"État": BLIND.text, "Repère": ""}).values())


def _decisions(session: Session, ids: Sequence[int]) -> dict[int, tuple[Decision | None, Decision | None]]:
    """(choice in force, approval) of each of these rows that has one."""
    choice, approval = aliased(Decision), aliased(Decision)
    statement = (
        select(ReviewState.local_test_id, choice, approval)
        .outerjoin(choice, col(choice.id) == col(ReviewState.decision_id))
        .outerjoin(approval, col(approval.id) == col(ReviewState.approval_id))
        .where(col(ReviewState.local_test_id).in_(ids))
    )
    return {row_id: (chosen, approved) for row_id, chosen, approved in session.exec(statement)}


def _flags(session: Session, ids: Sequence[int]) -> dict[int, Decision]:
    """The flag on each of these rows that has one."""
    statement = (
        select(Decision)
        .join(ReviewState, col(ReviewState.flag_id) == col(Decision.id))
        .where(col(ReviewState.local_test_id).in_(ids))
    )
    return {fact.local_test_id: fact for fact in session.exec(statement)}


def _line(
    row: object,
    proposed: Best,
    decisions: dict[int, tuple[Decision | None, Decision | None]],
    flags: dict[int, Decision],
    names: dict[int, str],
    terms: dict[str, LoincTerm],
    release: LoincRelease | None,
) -> list[str]:
    get = row._mapping.__getitem__  # type: ignore[attr-defined]
    choice, approval = decisions.get(get("id"), (None, None))
    unheld = unheld_word(get("loinc_num"), release, terms) if get("outcome") == Outcome.CODE else None
    loinc_num, best, flag = get("loinc_num"), proposed.loinc_num, flags.get(get("id"))
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
        best or (ALL_ASIDE if proposed.all_aside else ""),
        name_of(terms.get(best)).main if best else "",
        BAND[Band(proposed.band)].text if proposed.band else "",
        {"1": "oui", "0": "non"}.get(proposed.contradiction, ""),
        "oui" if flag else "non",
        flag.reason if flag else "",
        names.get(flag.author_id, "") if flag else "",
        paris_time(flag.created_at) if flag else "",
        unheld.text if unheld else "",
    ]
