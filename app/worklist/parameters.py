"""What the addresses of the work lists say."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import QueryParams

from app.worklist.query import ReviewQuery


def review_query(request: Request) -> ReviewQuery:
    """The queue that the address describes."""
    return ReviewQuery.from_params(request.query_params)


def acted_on(*beside: str) -> Callable[[Request], ReviewQuery]:
    """The rows that an act falls on, as the address describes them; `beside` are its other parameters.

    A page may leave aside what it does not understand; an act refuses, because fewer filters are more rows.
    """

    def read(request: Request) -> ReviewQuery:
        return ReviewQuery.of_an_act(request.query_params, beside)

    return read


QueryDep = Annotated[ReviewQuery, Depends(review_query)]


RowId = Annotated[int, Path()]


def done_id(params: QueryParams) -> int | None:
    """The fact just recorded that the address speaks of."""
    text = params.get("fait", "")
    return int(text) if text.isascii() and text.isdigit() else None
