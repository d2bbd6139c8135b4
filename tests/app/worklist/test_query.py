"""The ReviewQuery is its address, both ways."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from app.errors import InvalidInputError
from app.worklist.facets import FACETS
from app.worklist.query import PAGE_SIZES, SORTS, ReviewQuery

_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


def _words(free: bool, words: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(_TEXT if free else st.sampled_from(words), max_size=3).map(tuple)


_VALUES = st.fixed_dictionaries(
    {}, optional={facet.key: _words(facet.is_free, [word for word, _ in facet.values.values()]) for facet in FACETS}
)
QUERIES = st.builds(
    ReviewQuery,
    q=_TEXT.map(str.strip),
    only=_VALUES,
    without=_VALUES,
    tri=st.sampled_from([sign + word for word in SORTS for sign in ("", "-")]),
    page=st.integers(1, 500),
    taille=st.sampled_from(PAGE_SIZES),
)


def read(url: str) -> ReviewQuery:
    return ReviewQuery.from_params(QueryParams(urlsplit(url).query))


@given(QUERIES)
def test_an_address_gives_its_query_back(query: ReviewQuery) -> None:
    assert read(query.url("/revue")) == query


@given(QUERIES, st.sampled_from(FACETS))
def test_toggling_twice_changes_nothing(query: ReviewQuery, facet: object) -> None:
    query = query.model_copy(update={"without": {}, "page": 1})
    assert query.toggled("milieu", "Sérum").toggled("milieu", "Sérum") == query
    assert query.negated("milieu", "Sérum").negated("milieu", "Sérum") == query.model_copy(
        update={"only": ReviewQuery(only={**query.only, "milieu": tuple(
            word for word in query.only.get("milieu", ()) if word != "Sérum")}).only}
    )  # fmt: skip


def test_the_plain_queue_has_a_plain_address() -> None:
    assert ReviewQuery().url("/revue") == "/revue"


def test_a_facet_is_kept_or_left_out_never_both() -> None:
    query = ReviewQuery().toggled("etat", "doute")
    assert query.only == {"etat": ("doute",)}
    assert query.negated("etat", "doute").only == {}
    assert query.negated("etat", "doute").without == {"etat": ("doute",)}


def test_changing_the_rows_goes_back_to_the_first_page() -> None:
    query = ReviewQuery(page=4)
    assert query.toggled("etat", "doute").page == 1
    assert query.with_sort("code").page == 1
    assert query.with_text("sodium").page == 1


def test_a_second_click_on_a_heading_turns_the_order_round() -> None:
    query = ReviewQuery().with_sort("code")
    assert (query.tri, query.with_sort("code").tri) == ("code", "-code")


@pytest.mark.parametrize("text", ["tri=rien", "etat=inconnu", "taille=7", "page=0", "page=deux", "sauf-etat=x"])
def test_an_unknown_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        ReviewQuery.from_params(QueryParams(text))


def test_parameters_of_the_page_around_are_left_alone() -> None:
    query = ReviewQuery.from_params(QueryParams("recherche=fer&choix=2951-2&fait=3&format=csv&milieu="))
    assert query == ReviewQuery(only={"milieu": ("",)})


def test_extra_parameters_of_a_link_come_last_and_none_is_left_out() -> None:
    url = ReviewQuery(q="é").url("/revue", fait=3, choix=None)
    assert parse_qsl(urlsplit(url).query) == [("q", "é"), ("fait", "3")]
    assert urlencode([("q", "é")]) in url
