"""What HTTP adds to every answer of the service: HEAD, and nothing sent again that the caller has already."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


def validators(version_id: str, last_updated: str) -> dict[str, str]:
    """The headers by which a caller knows a state again: its versionId, and its moment as an instant of FHIR."""
    moment = datetime.fromisoformat(last_updated.replace("Z", "+00:00")).astimezone(UTC)
    return {"ETag": f'W/"{version_id}"', "Last-Modified": format_datetime(moment, usegmt=True)}


class FhirRoute(APIRoute):
    """A route that also answers HEAD as it does GET, without a body, and 304 to whoever has this state."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with what HTTP adds."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handle(request)
            if request.method not in ("GET", "HEAD") or response.status_code != 200:
                return response
            if _is_known(request, response):
                kept = {name: response.headers[name] for name in ("etag", "last-modified") if name in response.headers}
                return Response(status_code=304, headers=kept)
            if request.method == "HEAD":
                length = response.headers.get("content-length", "0")
                head = Response(status_code=200, headers=dict(response.headers))
                head.headers["content-length"] = length
                return head
            return response

        return answer


def _is_known(request: Request, response: Response) -> bool:
    tag = response.headers.get("etag")
    asked = request.headers.get("if-none-match")
    if asked is not None:
        wanted = {part.strip().removeprefix("W/") for part in asked.split(",")}
        return tag is not None and ("*" in wanted or tag.removeprefix("W/") in wanted)
    since, modified = request.headers.get("if-modified-since"), response.headers.get("last-modified")
    if not since or not modified:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError, OverflowError):
        # A date that cannot be read, or has no time zone, restricts nothing.
        return False
