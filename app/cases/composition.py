"""What an exam holds and what its code must cover; what a chapter may be given."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from app.files.kinds import SECTIONS
from app.models import (
    ExamAnalysis,
    Level,
    LocalTest,
    LoincRelease,
    Outcome,
    ReviewState,
    Status,
)
from app.platform.identity import CatalogueAccess
from app.proposals.chapters import french_chapters, likeliest_first
from app.terminology.naming import TermName, name_of
from app.terminology.repository import panel_members
from app.terminology.service import terms_by_number
from app.text import counted
from app.transcoding import outside_sql
from app.transcoding.readers import BLIND, hidden_from
from app.transcoding.unheld import unheld_word
from app.web.wording import STATUS, Word
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery
from app.worklist.queue import decision_text

MOST = 60
"""Analyses of an exam that are shown."""
COVERED, NOT_COVERED = Word("Dans l'ensemble", "chip-ok", "✔"), Word("Hors de l'ensemble", "chip-warn", "⚠")


@dataclass(frozen=True, slots=True)
class ExamPart:
    """An analysis of an exam."""

    code: str
    label: str
    url: str
    """Empty for an analysis that the catalogue does not hold."""
    status: Word | None
    decision: str
    is_coded: bool
    unheld: Word | None
    """Where the release in use does not hold its code."""
    covered: Word | None
    """Whether the panel holds its code; None where nothing tells."""


@dataclass(frozen=True, slots=True)
class Composition:
    """The analyses of an exam beside what its code, decided or chosen first, gathers."""

    parts: Sequence[ExamPart]
    panel: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ChapterCode:
    """A code that a chapter may be given."""

    loinc_num: str
    name: TermName
    """The names of LOINC and ours; that of the list itself for a code that the release does not have."""
    compare_url: str
    is_known: bool
    """Whether the release has it."""


@dataclass(frozen=True, slots=True)
class ChapterCodes:
    """Every code that a chapter may be given, the likeliest first."""

    codes: Sequence[ChapterCode]
    is_pointed: bool
    """Whether the label points at the first one."""

    def stand_in(self, most: int) -> list[str]:
        """Those that stand where candidates do when none is proposed: only codes that can be compared."""
        return [item.loinc_num for item in self.codes if item.is_known][:most]

    def besides(self, shown: Container[str]) -> list[ChapterCode]:
        """Those that are not compared."""
        return [item for item in self.codes if item.loinc_num not in shown]


NO_CHAPTER_CODES = ChapterCodes((), False)


def composition_of(
    session: Session,
    access: CatalogueAccess,
    test: LocalTest,
    release: LoincRelease | None,
    panel: str,
    query: ReviewQuery,
) -> Composition | None:
    """The composition of an exam, in four statements, as this person may see it; None for any other row."""
    if test.level != Level.EXAM:
        return None
    rows = session.exec(
        select(ExamAnalysis, ReviewState)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(ExamAnalysis.analysis_id))
        .where(ExamAnalysis.exam_id == test.id)
        .order_by(col(ExamAnalysis.id))
        .limit(MOST)
    ).all()
    release_id = (release.id or 0) if release else 0
    members = {item.loinc_num for item in panel_members(session, release_id, panel)} if panel else set()
    numbers = {state.loinc_num for _, state in rows if state is not None and state.loinc_num}
    held = terms_by_number(session, release_id, numbers) if numbers else {}
    hidden = hidden_from(session, access, [link.analysis_id for link, _ in rows if link.analysis_id])
    parts = [
        replace(part, status=BLIND, decision="", is_coded=False, unheld=None, covered=None)
        if link.analysis_id in hidden
        else part
        for link, state in rows
        for part in [_part(access.catalogue_id, link, state, members, query, release, held)]
    ]
    return Composition(parts, panel, _sentence(parts, panel, members))


def _part(
    catalogue_id: int,
    link: ExamAnalysis,
    state: ReviewState | None,
    members: set[str],
    query: ReviewQuery,
    release: LoincRelease | None,
    held: Container[str],
) -> ExamPart:
    is_coded = state is not None and state.outcome == Outcome.CODE
    number = state.loinc_num if state is not None and is_coded else ""
    status = Status(state.status) if state is not None else Status.TODO
    return ExamPart(
        code=link.analysis_code,
        label=link.analysis_label,
        url=case_url(catalogue_id, link.analysis_id, query) if link.analysis_id else "",
        status=STATUS[status] if link.analysis_id else None,
        decision=decision_text(state.outcome, state.loinc_num) if state is not None else "",
        is_coded=is_coded,
        unheld=unheld_word(number, release, held),
        covered=(COVERED if number in members else NOT_COVERED) if members and number else None,
    )


def _sentence(parts: Sequence[ExamPart], panel: str, members: set[str]) -> str:
    """What the code must cover and does, as far as the release tells."""
    coded = [part for part in parts if part.is_coded]
    if not panel:
        return "Aucun code n'est encore choisi pour cet examen."
    if not members:
        return f"La version de LOINC chargée ne dit pas ce que {panel} réunit : comparez à ses analyses."
    covered = sum(part.covered is COVERED for part in coded)
    gathers = counted(len(members), "code", "codes")
    if not coded:
        return f"{panel} réunit {gathers} ; aucune de ces analyses n'a encore de code à y chercher."
    known = counted(len(coded), "analyse codée", "analyses codées")
    return f"{panel} réunit {gathers} ; {covered} sur {known} en font partie."


def chapter_name(loinc_num: str, name: TermName) -> TermName:
    """The name of a code with our French of a chapter, where our lexicon has none."""
    return replace(name, ours=name.ours or french_chapters().get(loinc_num, ""))


def chapter_codes_of(
    session: Session, catalogue_id: int, test: LocalTest, release_id: int, query: ReviewQuery
) -> ChapterCodes:
    """Every code that a chapter may be given: of the value set in use, else of our own table; none for other rows."""
    if test.level not in SECTIONS:
        return NO_CHAPTER_CODES
    values = outside_sql.chapter_values(session)
    terms = terms_by_number(session, release_id, values)
    ordered, is_pointed = likeliest_first(test.label, test.chapter, values)
    return ChapterCodes(
        [
            ChapterCode(
                number,
                chapter_name(number, name_of(terms[number]))
                if number in terms
                else replace(name_of(None), main=values[number]),
                case_url(catalogue_id, test.id or 0, query, choix=number) + "#comparaison",
                number in terms,
            )
            for number in ordered
        ],
        is_pointed,
    )
