"""Who may read the FHIR service: the bearer of a token, for the one laboratory of that token. No cookie is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request
from sqlalchemy import Engine

from app.audit.sampled import journal_of
from app.fhir import repository
from app.fhir.errors import FhirRequestError
from app.fhir.published import PublishedCache, PublishedCatalogue
from app.fhir_resources.naming import Canonicals
from app.models import ApiToken, Laboratory, TokenScope
from app.platform.database import reading
from app.platform.scoped import scoped
from app.publication.service import CatalogueFacts
from app.tokens.service import token_of


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads one laboratory."""

    engine: Engine
    laboratory: Laboratory
    cache: PublishedCache

    def published(self, wanted: Callable[[Canonicals], bool] | None = None) -> list[PublishedCatalogue]:
        """The catalogues of the laboratory that have local codes; only those whose addresses are wanted.

        They are read at one moment, by a transaction that ends before anything is made of them.
        """
        assert self.laboratory.id is not None
        with reading(self.engine) as session:
            found = [
                self.cache.look(session, self.laboratory, catalogue)
                for catalogue in repository.catalogues_of(session, self.laboratory.id)
                if wanted is None or wanted(Canonicals(self.laboratory, catalogue))
            ]
        catalogues = [self.cache.publish(item) if isinstance(item, CatalogueFacts) else item for item in found]
        return [catalogue for catalogue in catalogues if catalogue.map_groups]


def bearer_of(request: Request) -> str:
    """The token of the request; empty when there is none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _tell(request: Request, action: str, kind: str, token: ApiToken | None, reason: str = "") -> None:
    """Journal a use or a refusal of a token, once in a while; never the text that was sent."""
    journal_of(request).tell(
        action, kind, actor_label=f"jeton {token.name}" if token else "programme", object_type="api_token",
        object_id=token.id if token else "", laboratory_id=token.laboratory_id if token else None,
        address=request.client.host if request.client else "", reason=reason,
    )  # fmt: skip


def reader_of(request: Request, background: BackgroundTasks) -> Reader:
    """The program that asks; 401 without a token in service, 403 for more than it permits."""
    engine: Engine = request.app.state.engine
    text = bearer_of(request)
    with reading(engine) as session:
        token = token_of(session, text)
        laboratory = session.get(Laboratory, token.laboratory_id) if token else None
    if token is None or laboratory is None:
        if text:
            address = request.client.host if request.client else ""
            _tell(request, "token.refuse", address, None, "aucun jeton en service")
        raise FhirRequestError("Donnez un jeton en service : en-tête Authorization: Bearer …", 401)
    if token.scope != TokenScope.READ and not request.url.path.endswith("/$translate"):
        _tell(request, "token.refuse", f"{token.id}", token, "portée")
        raise FhirRequestError("Ce jeton ne permet que de traduire un code, par $translate.", 403)
    # After the answer: a program that reads never waits for a writer.
    background.add_task(_tell, request, "token.use", f"{token.id}", token)
    request.state.laboratory_id = laboratory.id
    return Reader(scoped(engine, laboratory.id), laboratory, request.app.state.published)


ReaderDep = Annotated[Reader, Depends(reader_of)]
