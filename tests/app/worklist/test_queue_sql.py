"""The queue's SQL: filters, counts and order against plain Python, and a constant number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from app.platform.database import reading
from app.worklist import queue_sql
from app.worklist.facets import FACETS
from app.worklist.navigation import position_in
from app.worklist.query import ReviewQuery
from tests.app.review.conftest import Desk
from tests.app.review.sample import Sample, fill
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


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.url(""))
def test_counts_rows_and_order_agree(world: World, big: tuple[int, Sample], query: ReviewQuery) -> None:
    catalogue_id, sample = big
    run_id = sample.run.id or 0
    with reading(world.engine) as session:
        total, counts = queue_sql.facet_counts(session, catalogue_id, run_id, query)
        rows = queue_sql.all_rows(session, catalogue_id, run_id, query)
        ids = [row_id for row_id, _ in queue_sql.ordered_ids(session, catalogue_id, run_id, query)]
        paged = [row.id for row in queue_sql.page_of_rows(session, catalogue_id, run_id, query)]
        assert total == len(rows) == len(ids) > 0
        assert [row.id for row in rows] == ids
        assert paged == ids[: query.taille]
        # What a facet promises is what a click on it gives.
        for facet in FACETS:
            value, promised = next(iter(counts[facet.key].items()), (None, 0))
            if value is None or (not facet.is_free and value not in facet.values):
                continue
            followed = query.without_facet(facet.key).toggled(facet.key, facet.word(value))
            assert len(queue_sql.ordered_ids(session, catalogue_id, run_id, followed)) == promised


def test_text_is_found_without_case_or_accents(world: World, big: tuple[int, Sample]) -> None:
    catalogue_id, sample = big
    with reading(world.engine) as session:
        found = [
            {
                row_id
                for row_id, _ in queue_sql.ordered_ids(session, catalogue_id, sample.run.id or 0, ReviewQuery(q=text))
            }
            for text in ("créatinine", "CREATININE", "Créat", "creat")
        ]
    assert found[0] == found[1] == found[2] == found[3] != set()


def test_a_percent_sign_is_searched_as_itself(world: World, big: tuple[int, Sample]) -> None:
    catalogue_id, sample = big
    with reading(world.engine) as session:
        assert queue_sql.ordered_ids(session, catalogue_id, sample.run.id or 0, ReviewQuery(q="%")) == []


def test_the_row_on_screen_keeps_its_place_when_it_leaves_the_filter(desk: Desk) -> None:
    query = ReviewQuery(only={"etat": ("a-traiter",)}, tri="fichier")
    with reading(desk.engine) as session:
        before = queue_sql.ordered_ids(session, desk.catalogue_id, desk.run.id or 0, query, desk.glucose)
    desk.decide(desk.glucose, loinc_num="14749-6")
    with reading(desk.engine) as session:
        after = queue_sql.ordered_ids(session, desk.catalogue_id, desk.run.id or 0, query, desk.glucose)
    assert [row_id for row_id, _ in before] == [row_id for row_id, _ in after]
    position = position_in(after, desk.glucose)
    assert (position.position, position.previous_id, position.next_id) == (2, desk.sodium, desk.strip)


def test_next_row_to_decide_skips_the_decided_and_wraps_around() -> None:
    rows = [(1, "todo"), (2, "decided"), (3, "doubt"), (4, "sent_back"), (5, "approved")]
    assert position_in(rows, 2).next_to_decide_id == 4
    assert position_in(rows, 2, wants_doubts=True).next_to_decide_id == 3
    assert position_in(rows, 4).next_to_decide_id == 1
    assert position_in([(1, "todo")], 1).next_to_decide_id is None
    assert position_in(rows, 3).next_to_approve_id == 2


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
    assert counts[0] == counts[1] <= 16


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
    assert counts[0] == counts[1] <= 22
