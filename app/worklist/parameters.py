"""What the addresses of the work lists say."""

from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import QueryParams

from app.worklist.query import ReviewQuery


def review_query(request: Request) -> ReviewQuery:
    """The queue that the address describes."""
    return ReviewQuery.from_params(request.query_params)


QueryDep = Annotated[ReviewQuery, Depends(review_query)]


RowId = Annotated[int, Path()]


def done_id(params: QueryParams) -> int | None:
    """The fact just recorded that the address speaks of."""
    text = params.get("fait", "")
    return int(text) if text.isascii() and text.isdigit() else None
