"""Who may read the metrics: a program of this machine, or the bearer of the token of the settings. Nobody else."""

import hmac

from fastapi import Request

from app.errors import WorkbenchError
from app.settings import SHORTEST_TOKEN
from app.web.proxies import is_from_this_machine


class MetricsAccess:
    """The rule of one installation. Raises WorkbenchError for a token that could be guessed."""

    def __init__(self, token: str) -> None:
        if token and len(token) < SHORTEST_TOKEN:
            raise WorkbenchError(
                f"TRANSCODEUR_METRICS_TOKEN est trop court : {SHORTEST_TOKEN} caractères au moins. "
                "Par exemple : openssl rand -hex 32."
            )
        self._token = token.encode()

    def admits(self, request: Request) -> bool:
        """Whether this request may have them."""
        return self._bears_the_token(request) or is_from_this_machine(request.state.peer, request.headers)

    def _bears_the_token(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not self._token or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode(), self._token)
