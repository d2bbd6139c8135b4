"""Every address under /fhir that no route serves: what is unknown is said so, and what has another method names it."""

from collections.abc import Sequence

from fastapi import Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.fhir.answers import refuse
from app.fhir.published import SLUGS

NO_HISTORY = "L'historique n'est pas servi : seules les versions actuelles le sont."
_ORDER = ("GET", "HEAD", "POST")


class Unserved:
    """Answers, in FHIR, what the routes leave; `routes` is read at each request, as it grows after this is made."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(Request(scope))
        await answer(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.scope["path"]
        methods = self._methods(request.scope, path)
        last = path.rstrip("/").rpartition("/")[2]
        if methods and not last.startswith("$"):
            answer = refuse(request, 405, f"La méthode {request.method} n'est pas servie ici : {', '.join(methods)}.")
            answer.headers["Allow"] = ", ".join(methods)
            return answer
        return self._not_found(request, path, last)

    def _methods(self, scope: Scope, path: str) -> list[str]:
        """The methods by which this address is served."""
        found: set[str] = set()
        for route in self.routes:
            # No method is that one: a route of this address matches it in part.
            match, _ = route.matches({**scope, "path": path, "method": ""})
            if match is Match.PARTIAL:
                found |= set(getattr(route, "methods", None) or ())
        return [method for method in _ORDER if method in found]

    def _not_found(self, request: Request, path: str, last: str) -> Response:
        kind = path.removeprefix(request.scope.get("root_path", "")).split("/")[2:3]
        served = ", ".join(sorted(SLUGS))
        if last.startswith("$"):
            return refuse(request, 404, f"L'opération {last[:60]} n'est pas servie ici.", "not-supported")
        if last == "_history":
            return refuse(request, 404, NO_HISTORY)
        if kind and kind[0] and kind[0] not in SLUGS:
            return refuse(request, 404, f"{kind[0][:60]} n'est pas servi ; le sont : {served}.", "not-supported")
        return refuse(request, 404, f"Rien n'est servi à cette adresse ; le sont : metadata, {served}.")
