"""What the addresses of the work lists say."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import QueryParams

from app.platform.database import reading
from app.platform.identity import CatalogueAccess, CatalogueDep
from app.platform.request_session import get_engine
from app.transcoding.readers import blind_person, has_hidden
from app.worklist.query import ReviewQuery


def _as_seen(query: ReviewQuery, request: Request, access: CatalogueAccess) -> ReviewQuery:
    """The query as this person sees it: most have nothing hidden from them, and their counts are those kept."""
    if blind_person(access) is None:
        return query
    with reading(get_engine(request)) as session:
        return query.seen_by(blind_person(access) if has_hidden(session, access) else None)


def review_query(request: Request, access: CatalogueDep) -> ReviewQuery:
    """The queue that the address describes."""
    return _as_seen(ReviewQuery.from_params(request.query_params), request, access)


def acted_on(*beside: str) -> Callable[[Request, CatalogueAccess], ReviewQuery]:
    """The rows that an act falls on, as the address describes them; `beside` are its other parameters.

    A page may leave aside what it does not understand; an act refuses, because fewer filters are more rows.
    """

    def read(request: Request, access: CatalogueDep) -> ReviewQuery:
        return _as_seen(ReviewQuery.of_an_act(request.query_params, beside), request, access)

    return read


QueryDep = Annotated[ReviewQuery, Depends(review_query)]


RowId = Annotated[int, Path()]


def done_id(params: QueryParams) -> int | None:
    """The fact just recorded that the address speaks of."""
    text = params.get("fait", "")
    return int(text) if text.isascii() and text.isdigit() else None
