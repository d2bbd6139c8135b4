"""What a list and the page of a catalogue say of the work: bars, pace, what remains, whose rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from app.assignments import repository
from app.assignments.pace import NOTHING_DONE, Pace, paces_of, remaining_words, whole_team
from app.models import CONTRIBUTORS, Status
from app.platform.identity import CatalogueAccess
from app.text import counted, format_number
from app.transcoding.repository import names_of
from app.worklist.bars import WorkBar, bars_of
from app.worklist.counts import Kept, kept_counts
from app.worklist.navigation import queue_url
from app.worklist.ordering import EXPLAINED_WITH_VOLUMES, EXPLAINED_WITHOUT_VOLUMES
from app.worklist.query import DEFAULT_SORT, ReviewQuery

ASSIGNED = "attribuee"
TO_DECIDE = (Status.TODO, Status.SENT_BACK, Status.DOUBT)
HOW_ESTIMATED = (
    "Temps restant = lignes à décider (à traiter, renvoyées, en doute) ÷ lignes décidées par heure de travail effectif "
    "cette semaine. Le travail effectif est le temps entre deux actes de suite d’une même personne dans ce "
    "catalogue ; une pause de plus de dix minutes n’y compte pas, une décision annulée non plus."
)
_ORDERS = {
    "code": "code local",
    "libelle": "libellé",
    "milieu": "milieu",
    "unite": "unité",
    "proposition": "code de la meilleure proposition",
    "confiance": "confiance de la meilleure proposition",
    "etat": "état",
    "volume": "volume annuel",
    "fichier": "ordre du fichier",
    "priorite": "priorité",
}


@dataclass(frozen=True, slots=True)
class WorkPanel:
    """The head of a list."""

    bars: list[WorkBar]
    pace: str
    """What the person did, and what remains; empty for a reader."""
    how: str
    mine: int
    """Rows assigned to the person."""
    mine_to_decide: int
    mine_url: str
    is_mine: bool
    """The list already shows her rows only."""
    everything_url: str
    share_url: str
    order: str


def order_words(query: ReviewQuery, has_volumes: bool) -> str:
    """In which order the rows are, and why."""
    if query.tri == DEFAULT_SORT:
        return EXPLAINED_WITH_VOLUMES if has_volumes else EXPLAINED_WITHOUT_VOLUMES
    way = "décroissant" if query.tri.startswith("-") else "croissant"
    return f"{_ORDERS[query.tri.removeprefix('-')]}, {way}"


def to_decide(states: Mapping[str, int]) -> int:
    """How many of these rows wait for a decision."""
    return sum(states.get(status, 0) for status in TO_DECIDE)


def share_path(catalogue_id: int) -> str:
    """The page where rows are shared out."""
    return f"/catalogues/{catalogue_id}/repartition"


def mine_query(query: ReviewQuery, user_id: int) -> ReviewQuery:
    """The same list with the rows of this person only."""
    return query.without_facet(ASSIGNED).toggled(ASSIGNED, str(user_id))


def work_panel(
    session: Session, access: CatalogueAccess, query: ReviewQuery, kept: Kept, has_volumes: bool
) -> WorkPanel:
    """The head of the queue: two statements, over what is kept and over what the person did this week."""
    me = str(access.user_id)
    states = kept[ASSIGNED].get(me, {})
    decides = access.role in CONTRIBUTORS
    pace = paces_of(session, access.catalogue_id, [access.user_id]).get(access.user_id, NOTHING_DONE)
    mine, left = sum(states.values()), to_decide(states)
    all_left = sum(to_decide(of_value) for of_value in kept[ASSIGNED].values())
    return WorkPanel(
        bars=bars_of(session, access.catalogue_id),
        pace=_pace_words(pace, left if mine else all_left, bool(mine)) if decides else "",
        how=HOW_ESTIMATED,
        mine=mine,
        mine_to_decide=left,
        mine_url=queue_url(access.catalogue_id, mine_query(query, access.user_id)),
        is_mine=query.only.get(ASSIGNED) == (me,),
        everything_url=queue_url(access.catalogue_id, query.without_facet(ASSIGNED)),
        share_url=query.with_page(1).url(share_path(access.catalogue_id)),
        order=order_words(query, has_volumes),
    )


def _pace_words(pace: Pace, left: int, is_mine: bool) -> str:
    done = f"Aujourd’hui : {counted(pace.today, 'ligne décidée', 'lignes décidées')}"
    if pace.week != pace.today:
        done += f" ({format_number(pace.week)} cette semaine)"
    where = " dans ma file" if is_mine else ""
    rest = f"reste {counted(left, 'ligne', 'lignes')} à décider{where}"
    if pace.per_hour and left:
        rest += f", environ {remaining_words(left, pace)} à votre rythme ({format_number(pace.per_hour)} par heure)"
    return f"{done} · {rest}"


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person's part of a catalogue."""

    id: int
    name: str
    rows: int
    left: int
    url: str
    today: int
    week: int
    per_hour: int | None
    remaining: str
    is_self: bool
    is_member: bool
    """False for somebody who no longer decides here but whose rows were not freed."""


@dataclass(frozen=True, slots=True)
class TeamPanel:
    """The work of a catalogue by person."""

    bars: list[WorkBar]
    people: list[PersonLine]
    free_rows: int
    """Rows assigned to nobody."""
    free_left: int
    free_url: str
    left: int
    remaining: str
    """For one person at the pace of the team."""
    share_url: str
    mine_url: str
    how: str


def team_panel(session: Session, access: CatalogueAccess) -> TeamPanel:
    """The people who decide in this catalogue: rows, pace, what remains. Five statements, whatever its size."""
    catalogue_id = access.catalogue_id
    kept = kept_counts(session, catalogue_id)[ASSIGNED]
    members = repository.contributors(session, access.laboratory_id)
    holders = {int(value) for value, states in kept.items() if value.isdigit() and any(states.values())}
    others = names_of(session, holders - members.keys())
    paces = paces_of(session, catalogue_id, {*members, *others})
    everything = ReviewQuery()
    people = []
    for user_id, name in {**members, **others}.items():
        states, pace = kept.get(str(user_id), {}), paces.get(user_id, NOTHING_DONE)
        people.append(
            PersonLine(
                id=user_id,
                name=name,
                rows=sum(states.values()),
                left=to_decide(states),
                url=queue_url(catalogue_id, mine_query(everything, user_id)),
                today=pace.today,
                week=pace.week,
                per_hour=pace.per_hour,
                remaining=remaining_words(to_decide(states), pace),
                is_self=user_id == access.user_id,
                is_member=user_id in members,
            )
        )
    free = kept.get("", {})
    left = sum(to_decide(states) for states in kept.values())
    return TeamPanel(
        bars=bars_of(session, catalogue_id),
        people=people,
        free_rows=sum(free.values()),
        free_left=to_decide(free),
        free_url=queue_url(catalogue_id, everything.toggled(ASSIGNED, "")),
        left=left,
        remaining=remaining_words(left, whole_team(paces)),
        share_url=share_path(catalogue_id),
        mine_url=queue_url(catalogue_id, mine_query(everything, access.user_id)),
        how=HOW_ESTIMATED,
    )
