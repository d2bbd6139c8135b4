"""The page where the rows of a catalogue are shared out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.assignments import repository
from app.assignments.panel import TeamPanel, share_path, team_panel
from app.assignments.service import may_share_out
from app.models import Catalogue
from app.platform.identity import CatalogueAccess
from app.transcoding.repository import names_of
from app.web.templating import PageContext
from app.worklist.counts import count_total, kept_counts
from app.worklist.facets import BY_KEY, FACETS, PEOPLE
from app.worklist.navigation import queue_url
from app.worklist.query import ReviewQuery

EMPTY_FORM = {"personne": "", "chapitre": "", "de": "", "a": "", "parmi": ""}
SHOWN = 20
"""Assignments of the history."""


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """A line of the history."""

    at: datetime
    author: str
    what: str
    rows: int
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPage(PageContext):
    """Who works on what, and the form that gives rows."""

    active: str = "revue"
    catalogue: Catalogue
    path: str
    team: TeamPanel
    may_share: bool
    filter_words: str
    """The filter that the address carries, in words; empty when it carries none."""
    filter_pairs: list[tuple[str, str]]
    filter_url: str
    """The list of those rows."""
    clear_url: str
    total: int
    total_is_least: bool
    chapters: list[tuple[str, int]]
    history: list[AssignmentLine]
    notice: str = ""
    problem: str = ""
    form: Mapping[str, str]
    """What was sent, to be sent again once corrected."""


def query_words(query: ReviewQuery, names: Mapping[int, str]) -> str:
    """The filter of a list in French, e.g. « Chapitre : Biochimie ; sans État : Approuvée »; empty without one."""
    parts = [f"texte « {query.q} »"] if query.q else []
    for before, values in (("", query.only), ("sans ", query.without)):
        for facet in FACETS:
            if words := values.get(facet.key):
                labels = (_label(facet.key, BY_KEY[facet.key].stored(word), names) for word in words)
                parts.append(f"{before}{facet.title} : {', '.join(labels)}")
    return " ; ".join(parts)


def _label(key: str, value: str, names: Mapping[int, str]) -> str:
    if key in PEOPLE and value.isdigit():
        return names.get(int(value), f"n° {value}")
    return BY_KEY[key].label(value)


def people_in(session: Session, query: ReviewQuery) -> dict[int, str]:
    """The names of the people whom a filter names."""
    words = [word for values in (query.only, query.without) for key in PEOPLE for word in values.get(key, ())]
    # A number beyond those of any database names nobody.
    return names_of(session, {int(word) for word in words if word.isdigit() and len(word) < 10})


def sharing_page(
    session: Session,
    access: CatalogueAccess,
    query: ReviewQuery,
    *,
    notice: str = "",
    problem: str = "",
    form: Mapping[str, str] | None = None,
) -> SharingPage:
    """The page for the rows of this query, or for all of them."""
    plain = query.with_page(1)
    total, is_least = count_total(session, access.catalogue_id, plain)
    chapters = kept_counts(session, access.catalogue_id)["chapitre"]
    counted = [(name, sum(states.values())) for name, states in sorted(chapters.items())]
    return SharingPage(
        title=f"Répartition — {access.catalogue.name}",
        catalogue=access.catalogue,
        path=share_path(access.catalogue_id),
        team=team_panel(session, access),
        may_share=may_share_out(access),
        filter_words=query_words(plain, people_in(session, plain)),
        filter_pairs=plain.params(),
        filter_url=queue_url(access.catalogue_id, plain),
        clear_url=share_path(access.catalogue_id),
        total=total,
        total_is_least=is_least,
        chapters=[(name, rows) for name, rows in counted if rows],
        history=_history(session, access.catalogue_id),
        notice=notice,
        problem=problem,
        form=EMPTY_FORM | dict(form or {}),
    )


def _history(session: Session, catalogue_id: int) -> list[AssignmentLine]:
    facts = repository.latest(session, catalogue_id, SHOWN)
    names = names_of(session, {person for fact in facts for person in (fact.author_id, fact.assignee_id)})
    return [
        AssignmentLine(
            at=fact.created_at,
            author=names.get(fact.author_id, "") if fact.author_id else "ligne de commande",
            what=f"à {names.get(fact.assignee_id, '')}" if fact.assignee_id else "libérées",
            rows=fact.rows,
            scope=fact.scope,
        )
        for fact in facts
    ]
