"""What the page of one warning of consistency shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.consistency import repository
from app.consistency.found_sql import Found
from app.consistency.pages import path_of
from app.consistency.repository import Member
from app.consistency.service import one_warning
from app.consistency.wording import KIND, WORD, sentence_of
from app.models import CONTRIBUTORS, Catalogue, ConsistencyAction, ConsistencyKind, Status
from app.platform.identity import CatalogueAccess
from app.terminology.naming import TermName, name_of
from app.terminology.service import current_release
from app.transcoding.unheld import unheld_word
from app.web.templating import PageContext
from app.web.wording import STATUS, Word

MOST_ROWS = 200
"""Rows that the page of one warning shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A row of a warning."""

    row: Member
    url: str
    status: Word
    unheld: Word | None
    """Where the release in use does not hold the code."""
    name: TermName


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """An answer of the history."""

    at: datetime
    author: str
    text: str
    reason: str
    summary: str
    is_of_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPage(PageContext):
    """One warning, its rows and what was answered."""

    active: str = "coherence"
    catalogue: Catalogue
    word: Word
    sentence: str
    found: Found
    kind_word: str
    members: list[MemberLine]
    more: int
    history: list[AnswerLine]
    may_answer: bool
    list_url: str
    answer_url: str
    problem: str = ""
    typed: str = ""


def warning_page(
    session: Session, access: CatalogueAccess, kind: ConsistencyKind, subject: str, problem: str = "", typed: str = ""
) -> WarningPage:
    """One warning as it stands; NotFoundError when there is none any more."""
    found = one_warning(session, access, kind, subject)
    release = current_release(session)
    rows = next(iter(repository.members_of(session, access.catalogue_id, [found], MOST_ROWS).values()), [])
    terms = repository.terms_of(session, release.id or 0, {row.loinc_num for row in rows}) if release else {}
    history = repository.history_of(session, access.catalogue_id, kind, subject)
    return WarningPage(
        title=KIND[kind].text,
        catalogue=access.catalogue,
        word=KIND[kind],
        sentence=sentence_of(found, rows),
        found=found,
        kind_word=WORD[kind],
        members=[
            MemberLine(
                row=row,
                url=f"/catalogues/{access.catalogue_id}/revue/{row.id}",
                status=STATUS[Status(row.status)],
                unheld=unheld_word(row.loinc_num, release, terms),
                name=name_of(terms.get(row.loinc_num)),
            )
            for row in rows
        ],
        more=max(0, found.rows - len(rows)),
        history=[
            AnswerLine(
                at=said.created_at,
                author=author,
                text="Vu, c’est voulu" if said.action == ConsistencyAction.ACCEPT else "Remis à regarder",
                reason=said.reason,
                summary=said.summary,
                is_of_now=said.seen == found.seen,
            )
            for said, author in history
        ],
        may_answer=access.role in CONTRIBUTORS,
        list_url=path_of(access.catalogue_id),
        answer_url=f"{path_of(access.catalogue_id)}/reponse",
        problem=problem,
        typed=typed,
    )
