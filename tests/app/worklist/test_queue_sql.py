"""The queue's SQL: filters, counts and order against plain Python, and a constant number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, update
from sqlmodel import Session, col, select
from starlette.datastructures import QueryParams

from app.models import Status, WorklistEntry
from app.platform.database import reading, transaction
from app.tallies import keeping
from app.worklist import counts as counts_module
from app.worklist import entries_sql, navigation
from app.worklist.counts import queue_counts
from app.worklist.navigation import find_position, next_to_work_on
from app.worklist.query import SORTS, ReviewQuery
from app.worklist.queue import pager_of, window_of
from app.worklist.queue_sql import STATUS_ORDER
from tests.app.review.conftest import Desk
from tests.app.review.sample import Sample, fill
from tests.app.worklist import plain
from tests.conftest import TRANSCODER, ClientFor, World

COUNT = 170


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The SQL statements of a block."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def big(world: World) -> tuple[int, Sample]:
    catalogue = world.add_catalogue()
    assert catalogue.id is not None
    return catalogue.id, fill(world.engine, catalogue.id, COUNT, world.user_id(TRANSCODER), top=2)


QUERIES = [
    ReviewQuery(),
    ReviewQuery(q="glycemie jeun"),
    ReviewQuery(q="2951-2", tri="code"),
    ReviewQuery(only={"etat": ("decidee",)}, tri="libelle"),
    ReviewQuery(only={"milieu": ("Urines", ""), "confiance": ("sure",)}, without={"unite": ("%",)}, tri="-volume"),
    ReviewQuery(without={"etat": ("a-traiter",), "niveau": ("examen",)}),
    ReviewQuery(only={"non-analyse": ("oui",)}),
    ReviewQuery(only={"sous-traitance": ("oui",), "contradiction": ("non",)}, tri="-confiance"),
    ReviewQuery(only={"commentaire": ("avec",), "proposition": ("avec",)}),
]


SORTED = [ReviewQuery(tri=sign + word) for word in SORTS for sign in ("", "-")]


@pytest.mark.parametrize("query", [*QUERIES, *SORTED], ids=lambda query: query.url(""))
def test_windows_hold_every_row_once_in_the_plain_order(
    world: World, big: tuple[int, Sample], query: ReviewQuery
) -> None:
    catalogue_id, sample = big
    query = query.with_size(50)
    with reading(world.engine) as session:
        wanted = [row_id for row_id, _ in plain.ordered_ids(session, catalogue_id, sample.run.id or 0, query)]
        shown: list[int] = []
        window = window_of(session, catalogue_id, query)
        page = 1
        while True:
            shown += window.ids
            numbered = window_of(session, catalogue_id, query.with_page(page))
            assert numbered.ids == window.ids
            if not window.has_next:
                break
            page += 1
            before = window.ids
            window = window_of(session, catalogue_id, query.after(before[-1], page))
            assert window_of(session, catalogue_id, query.before(window.ids[0], page - 1)).ids == before
        assert shown == wanted
        assert wanted


@pytest.mark.parametrize("tri", ["-priorite", "etat", "-etat", "confiance", "libelle", "-volume"])
def test_the_next_page_is_the_same_whatever_becomes_of_the_row_before_it(
    world: World, big: tuple[int, Sample], tri: str
) -> None:
    """Somebody acts on the last row of a page: whoever turns the page skips no row, forwards nor backwards."""
    catalogue_id, _ = big
    query = ReviewQuery(tri=tri, taille=50)
    with reading(world.engine) as session:
        first = window_of(session, catalogue_id, query)
        pager = pager_of(query, first, queue_counts(session, catalogue_id, query), "/", (50,))
        asked = ReviewQuery.from_params(QueryParams(pager.next_url.partition("?")[2]))
        second = window_of(session, catalogue_id, asked)
        back = pager_of(asked, second, queue_counts(session, catalogue_id, query), "/", (50,)).previous_url
    assert len(second.ids) == 50
    moved = {first.ids[-1], second.ids[0]}
    for value in (-9, 9):
        values = dict.fromkeys(("status_rank", "priority", "confidence", "volume"), value) | {"label_key": "z" * value}
        with transaction(world.engine) as session:
            session.execute(update(WorklistEntry).where(col(WorklistEntry.local_test_id).in_(moved)).values(**values))
        with reading(world.engine) as session:
            found = [row_id for row_id in window_of(session, catalogue_id, asked).ids if row_id not in moved]
            assert found[:49] == second.ids[1:]
            asked_back = ReviewQuery.from_params(QueryParams(back.partition("?")[2]))
            before = [row_id for row_id in window_of(session, catalogue_id, asked_back).ids if row_id not in moved]
            assert set(before) >= set(first.ids[2:-1])
    keeping.recompute_all(world.engine)


def test_the_next_row_to_decide_follows_the_one_just_decided_in_the_order_of_states(
    world: World, big: tuple[int, Sample]
) -> None:
    catalogue_id, _ = big
    for tri in ("etat", "-etat"):
        query = ReviewQuery(tri=tri)
        with reading(world.engine) as session:
            order = _ids(session, catalogue_id, query)
            status = {
                row.local_test_id: row.status
                for row in session.exec(select(WorklistEntry).where(WorklistEntry.catalogue_id == catalogue_id))
            }
        waiting = [row_id for row_id in order if status[row_id] == Status.TODO]
        here, following = waiting[3], waiting[4]
        with transaction(world.engine) as session:
            values = {"status": Status.DECIDED, "status_rank": STATUS_ORDER.index(Status.DECIDED)}
            session.execute(update(WorklistEntry).where(col(WorklistEntry.local_test_id) == here).values(**values))
        with reading(world.engine) as session:
            assert next_to_work_on(session, catalogue_id, query, here, False, 0) == following
    keeping.recompute_all(world.engine)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.url(""))
def test_counts_are_those_of_the_plain_queue(world: World, big: tuple[int, Sample], query: ReviewQuery) -> None:
    catalogue_id, sample = big
    with reading(world.engine) as session:
        counts = queue_counts(session, catalogue_id, query)
        assert not counts.total_is_least
        assert not counts.least
        assert counts.total == len(plain.ordered_ids(session, catalogue_id, sample.run.id or 0, query)) > 0
        assert counts.facets == plain.facet_counts(session, catalogue_id, sample.run.id or 0, query)


def test_counts_beyond_the_limit_say_that_they_are_lower_bounds(
    world: World, big: tuple[int, Sample], monkeypatch: pytest.MonkeyPatch, client_for: ClientFor
) -> None:
    catalogue_id, _ = big
    monkeypatch.setattr(counts_module, "MOST", 20)
    query = ReviewQuery(only={"sous-traitance": ("non",), "niveau": ("analyse",)})
    with reading(world.engine) as session:
        found = queue_counts(session, catalogue_id, query)
        full = plain.facet_counts(session, catalogue_id, big[1].run.id or 0, query)
    assert (found.total, found.total_is_least) == (20, True)
    assert "milieu" in found.least
    assert all(found.facets["milieu"][value] <= number for value, number in full["milieu"].items())
    page = client_for(TRANSCODER).get(query.url(f"/catalogues/{catalogue_id}/revue")).text
    assert "sur plus de 20" in page
    assert '<span class="sr-only">au moins </span>' in page


def _ids(session: Session, catalogue_id: int, query: ReviewQuery) -> list[int]:
    return [row_id for row_id, _ in entries_sql.first_rows(session, catalogue_id, query, 1_000)]


def test_text_is_found_without_case_or_accents(world: World, big: tuple[int, Sample]) -> None:
    catalogue_id, _ = big
    with reading(world.engine) as session:
        found = [
            set(_ids(session, catalogue_id, ReviewQuery(q=text)))
            for text in ("créatinine", "CREATININE", "Créat", "creat")
        ]
    assert found[0] == found[1] == found[2] == found[3] != set()


def test_a_percent_sign_is_searched_as_itself(world: World, big: tuple[int, Sample]) -> None:
    with reading(world.engine) as session:
        assert _ids(session, big[0], ReviewQuery(q="%")) == []


def test_the_row_on_screen_keeps_its_place_when_it_leaves_the_filter(desk: Desk) -> None:
    query = ReviewQuery(only={"etat": ("a-traiter",)}, tri="fichier")
    with reading(desk.engine) as session:
        before = find_position(session, desk.catalogue_id, query, desk.glucose)
    desk.decide(desk.glucose, loinc_num="14749-6")
    with reading(desk.engine) as session:
        after = find_position(session, desk.catalogue_id, query, desk.glucose)
    assert before == after
    assert (after.position, after.previous_id, after.next_id) == (2, desk.sodium, desk.strip)


@pytest.mark.parametrize("query", [ReviewQuery(), ReviewQuery(tri="milieu"), ReviewQuery(only={"etat": ("doute",)})])
def test_the_next_row_to_work_on_is_the_plain_one(world: World, big: tuple[int, Sample], query: ReviewQuery) -> None:
    catalogue_id, sample = big
    to_decide = {"todo", "sent_back"} | ({"doubt"} if query.only else set())
    with reading(world.engine) as session:
        rows = plain.ordered_ids(session, catalogue_id, sample.run.id or 0, query)
        for number, (row_id, _) in enumerate(rows[::7]):
            found = find_position(session, catalogue_id, query, row_id)
            assert found.position == 7 * number + 1
            assert found.next_to_decide_id == plain.next_of(rows, row_id, to_decide)
            assert found.next_to_approve_id == plain.next_of(rows, row_id, {"decided"})


def test_a_place_far_from_the_beginning_is_a_lower_bound(
    world: World, big: tuple[int, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue_id, sample = big
    query = ReviewQuery(only={"milieu": ("Urines",)}, tri="libelle")
    with reading(world.engine) as session:
        everything = plain.ordered_ids(session, catalogue_id, sample.run.id or 0, ReviewQuery(tri="libelle"))
        kept = [row for row, _ in plain.ordered_ids(session, catalogue_id, sample.run.id or 0, query)]
        before = {row: number for number, (row, _) in enumerate(everything)}
        monkeypatch.setattr(navigation, "MOST", before[kept[3]])
        found = [find_position(session, catalogue_id, query, row) for row in kept]
    assert [place.position for place in found[:4]] == [1, 2, 3, 4]
    assert not any(place.position_is_least for place in found[:4])
    assert all(place.position_is_least for place in found[4:])
    assert all(place.position <= number + 1 for number, place in enumerate(found))
    assert len(kept) > 8


def _statements(client: TestClient, engine: Engine, url: str) -> int:
    client.get(url)
    with counting(engine) as statements:
        assert client.get(url).status_code == 200
    return len([sql for sql in statements if not sql.startswith("BEGIN")])


def test_the_queue_asks_the_same_number_of_statements_whatever_its_size(world: World, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    counts = []
    for size in (20, 150):
        catalogue = world.add_catalogue(f"Catalogue de {size}")
        assert catalogue.id is not None
        fill(world.engine, catalogue.id, size, world.user_id(TRANSCODER), top=2)
        counts.append(_statements(client, world.engine, f"/catalogues/{catalogue.id}/revue"))
    # Three of them for the work: the bars, the pace of the person, who else has which rows open.
    # One for what is hidden from the person, who may have readings to make.
    assert counts[0] == counts[1] <= 20


def test_the_case_asks_the_same_number_of_statements_whatever_the_catalogue(
    world: World, client_for: ClientFor
) -> None:
    client = client_for(TRANSCODER)
    counts = []
    for size in (20, 150):
        catalogue = world.add_catalogue(f"Catalogue de {size}")
        assert catalogue.id is not None
        sample = fill(world.engine, catalogue.id, size, world.user_id(TRANSCODER), top=6)
        counts.append(_statements(client, world.engine, f"/catalogues/{catalogue.id}/revue/{sample.test_ids[1]}"))
    # Two for what is hidden from the person: in the queue, and among the rows that the checks name.
    assert counts[0] == counts[1] <= 28
