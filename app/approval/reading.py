"""The biologist's reading: one chapter at a time, twelve rows a screen, the riskiest first, each with its reasons."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.approval import reading_sql
from app.approval.batch_pages import ChapterChoice, ReadingPage, ReadRow
from app.approval.listing import ApprovalRow, rows_to_judge
from app.approval.reading_sql import Part
from app.cases.alerts import Alert
from app.earlier.repository import statements_of
from app.models import Action, Decision, EarlierStatement, Role, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.text import counted, format_number
from app.transcoding.facts import in_force
from app.transcoding.readers import blind_person
from app.transcoding.repository import facts_of_many, runs_of
from app.worklist.counts import Kept, kept_counts
from app.worklist.facets import BY_KEY
from app.worklist.navigation import READING_ORDER, READING_STATES
from app.worklist.notices import done_notice
from app.worklist.query import ReviewQuery

ROWS = 12
"""Rows of a screen: what fits in a window of 1280 by 800."""
HIGH_VOLUME = 10_000
CHAPTERS = 300
"""Chapters offered at most."""
NO_CHAPTER = "Sans chapitre"
REASONS: dict[str, str] = {
    "justified": "Contrôle justifié",
    "contradiction": "Contradiction",
    "relation": "Pas équivalent",
    "doubt": "Doute posé",
    "readings": "Deux lectures différentes",
    "sure_proposal": "Contre une proposition sûre",
    "against_proposal": "Contre une proposition",
    "same_code": "Code partagé",
    "opposed": "Code partagé",
    "same_label": "Même libellé, autre code",
    "same_local_code": "Même code local, autre réponse",
    "circuit": "Hors Circuit de la biologie",
    "deprecated": "Code retiré",
    "discouraged": "Code déconseillé",
    "trial": "Code à l’essai",
    "task": "Nouvelle version de LOINC",
    "sent_back": "Déjà renvoyée",
    "flag": "Repère posé",
    "unit": "Unité",
    "property": "Grandeur",
    "percent_absolute": "Grandeur",
    "time": "Temps",
    "collection": "Temps",
    "scale": "Échelle",
    "unit_scale": "Échelle",
    "no_unit": "Unité absente",
    "specimen": "Milieu",
    "no_specimen": "Milieu absent",
    "method": "Technique",
    "method_unproven": "Technique non prouvée",
    "method_sibling": "Technique plus précise",
    "component": "Composant",
    "order": "Prescription ou résultat",
    "panel": "Code d’ensemble",
    "outside_chapters": "Hors des chapitres",
    "outside_exam": "Hors de l’examen",
    "absent": "Code absent",
    "format": "Code mal formé",
    "placeholder": "Code d’attente",
}
"""Alert -> why the row is read with care, in two or three words; the gravest first."""


def reasons_of(alerts: Sequence[Alert], volume: int | None) -> list[str]:
    """Why a row is read with care, in few words, the gravest first; nothing where nothing asks for it."""
    order = list(REASONS)
    known = sorted({alert.code for alert in alerts if alert.code in REASONS}, key=order.index)
    said = [REASONS[code] for code in known]
    if any(alert.code not in REASONS for alert in alerts):
        said.append("Autre alerte")
    if volume is not None and volume >= HIGH_VOLUME:
        said.append(f"{format_number(volume)} par an")
    return list(dict.fromkeys(said))


def base_of(catalogue_id: int) -> str:
    """The address of the approval of a catalogue."""
    return f"/catalogues/{catalogue_id}/approbation"


def reading_url(catalogue_id: int, query: ReviewQuery, *, rank: int = 0, **extra: str | int | None) -> str:
    """The address of the reading of the chapter and the levels of a query, on its row of this rank, from 1."""
    address = part_query(query).with_page(query.page).url(f"{base_of(catalogue_id)}/lecture", **extra)
    return f"{address}#rang-{rank}" if rank else address


def rank_of(params: QueryParams) -> int:
    """Which row of the screen, from 1, the act of an address is about; 0 where it says none."""
    text = params.get("rang", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(ROWS)) else 0


def part_query(query: ReviewQuery) -> ReviewQuery:
    """Only what says which part of the catalogue is read."""
    kept = {key: words for key, words in query.only.items() if key in ("chapitre", "niveau")}
    return query.cleared().model_copy(update={"only": kept, "tri": READING_ORDER})


def part_of(catalogue_id: int, query: ReviewQuery) -> Part:
    """The part of the catalogue that a query names; one chapter at most."""
    chapters = query.only.get("chapitre", ())
    levels = tuple(BY_KEY["niveau"].stored(word) for word in query.only.get("niveau", ()))
    return Part(catalogue_id, chapters[0] if chapters else None, levels)


def reading_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    asked: ReviewQuery,
    *,
    done: int | None = None,
    problem: str = "",
) -> ReadingPage:
    """One screen of the reading; the first chapter where something waits, unless the address names one."""
    kept = kept_counts(session, access.catalogue_id)
    query = part_query(asked)
    waiting_by_chapter = _waiting(kept, "chapitre")
    if "chapitre" not in query.only and waiting_by_chapter:
        query = query.model_copy(update={"only": {**query.only, "chapitre": (next(iter(waiting_by_chapter)),)}})
    part = part_of(access.catalogue_id, query)
    waiting = reading_sql.count_waiting(session, part)
    pages = max(1, -(-min(waiting, reading_sql.MOST) // ROWS))
    page = min(asked.page, pages)
    is_blind = blind_person(access) is not None
    ids = reading_sql.riskiest(session, part, ROWS, (page - 1) * ROWS, in_file_order=is_blind)
    # From an opened row, the next one to judge is one of the same chapter.
    inside = query.model_copy(update={"only": {**query.only, "etat": READING_STATES}})
    found = rows_to_judge(session, settings, access, runs_of(session, access.catalogue_id), inside, ids, {})
    facts = facts_of_many(session, ids)
    earlier = _earlier(statements_of(session, ids))
    base = base_of(access.catalogue_id)
    path = f"{base}/lecture"
    chapters = _chapters(waiting_by_chapter, query, part, path)
    current = next((number for number, item in enumerate(chapters) if item.is_current), None)
    notice = done_notice(session, access, done, query)
    return ReadingPage(
        title=f"Lecture — {access.catalogue.name}",
        catalogue=access.catalogue,
        path=path,
        chapters=chapters,
        chapter=chapters[current] if current is not None else None,
        previous_chapter_url=chapters[current - 1].url if current else "",
        next_chapter_url=chapters[current + 1].url if current is not None and current + 1 < len(chapters) else "",
        levels=_levels(kept, query, path),
        level_params=[("niveau", word) for word in query.only.get("niveau", ())],
        rows=[
            _read_row(access, query.with_page(page), row, rank, facts[row.id], earlier.get(row.id, []))
            for rank, row in enumerate(found, start=1)
        ],
        page=page,
        pages=pages,
        waiting=min(waiting, reading_sql.MOST),
        is_cut=waiting > reading_sql.MOST,
        previous_url=query.with_page(page - 1).url(path) if page > 1 else "",
        next_url=query.with_page(page + 1).url(path) if page < pages else "",
        ticked_url=query.with_page(page).url(base, depuis="lecture"),
        chapter_url=query.url(f"{base}/lot", perimetre="chapitre", depuis="lecture"),
        list_url=base,
        can_judge=access.role is Role.BIOLOGIST,
        done=notice,
        problem=problem,
    )


def _waiting(kept: Kept, key: str) -> dict[str, int]:
    """Value of a facet -> rows that wait for a biologist, by name."""
    counts = {
        value: sum(states.get(status.value, 0) for status in (Status.DECIDED, Status.DOUBT))
        for value, states in kept[key].items()
    }
    # Rows without chapter come last.
    return {value: counts[value] for value in sorted(counts, key=lambda text: (not text, text)) if counts[value]}


def _chapters(
    waiting: Mapping[str, int], query: ReviewQuery, part: Part, path: str
) -> list[ChapterChoice]:
    names = list(waiting)[:CHAPTERS]
    if part.chapter is not None and part.chapter not in names:
        names.append(part.chapter)
    rest = {key: words for key, words in query.only.items() if key != "chapitre"}
    return [
        ChapterChoice(
            name=name or NO_CHAPTER,
            value=name,
            waiting=waiting.get(name, 0),
            url=query.with_page(1).model_copy(update={"only": {"chapitre": (name,), **rest}}).url(path),
            is_current=name == part.chapter,
        )
        for name in names
    ]


def _levels(kept: Kept, query: ReviewQuery, path: str) -> list[tuple[str, str, bool]]:
    facet = BY_KEY["niveau"]
    chosen = query.only.get("niveau", ())
    every = query.without_facet("niveau")
    shown = [("Tous", every.url(path), not chosen)]
    for value in _waiting(kept, "niveau"):
        word = facet.word(value)
        one = every.model_copy(update={"only": {**every.only, "niveau": (word,)}})
        shown.append((facet.label(value), one.url(path), chosen == (word,)))
    return shown


def _earlier(statements: Sequence[EarlierStatement]) -> dict[int, list[str]]:
    """Row -> what earlier work said of it, in words."""
    found: dict[int, list[str]] = {}
    for item in statements:
        said = item.loinc_num or item.written
        if item.local_test_id is not None and said:
            found.setdefault(item.local_test_id, []).append(f"{said} ({item.source_name})")
    return {row_id: list(dict.fromkeys(said))[:2] for row_id, said in found.items()}


def _read_row(
    access: CatalogueAccess,
    query: ReviewQuery,
    row: ApprovalRow,
    rank: int,
    facts: Sequence[Decision],
    earlier: list[str],
) -> ReadRow:
    base = base_of(access.catalogue_id)
    last = in_force(facts)
    is_doubt = last is not None and last.action == Action.DOUBT and not row.blind_url
    is_answered = is_doubt and any(
        fact.action == Action.COMMENT and (fact.id or 0) > (last.id or 0) for fact in facts if last is not None
    )
    return ReadRow(
        row=row,
        rank=rank,
        reasons=[] if row.blind_url else reasons_of(row.alerts, row.volume),
        earlier=[] if row.blind_url else earlier,
        question=last.reason if is_doubt and last is not None else "",
        is_answered=is_answered,
        judge_url=query.url(f"{base}/{row.id}", depuis="lecture", rang=rank),
        answer_url=query.url(f"{base}/{row.id}/reponse", depuis="lecture", rang=rank),
        group_url=query.url(f"{base}/lot", perimetre="groupe", ligne=row.id, depuis="lecture"),
    )


def scope_title(query: ReviewQuery, scope: str, rows: int, label: str = "") -> str:
    """Which rows a batch is about, in words."""
    if scope == "chapitre":
        part = query.only.get("chapitre", ("",))[0] or NO_CHAPTER
        facet = BY_KEY["niveau"]
        levels = [facet.label(facet.stored(word)).lower() for word in query.only.get("niveau", ())]
        return f"chapitre « {part} »" + (f", {', '.join(levels)}" if levels else "")
    if scope == "groupe":
        return f"groupe de « {label} »" if label else "groupe de lignes identiques"
    return counted(rows, "ligne cochée", "lignes cochées")
