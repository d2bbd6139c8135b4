"""Who may read the FHIR service: the bearer of a token, for the one laboratory of that token. No cookie is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from app.fhir import repository
from app.fhir.errors import FhirRequestError
from app.fhir.published import PublishedCache, PublishedCatalogue
from app.fhir_resources.naming import Canonicals
from app.models import Laboratory
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


def reader_of(request: Request) -> Reader:
    """The program that asks; 401 without a token in service."""
    engine: Engine = request.app.state.engine
    with reading(engine) as session:
        token = token_of(session, bearer_of(request))
        laboratory = session.get(Laboratory, token.laboratory_id) if token else None
    if laboratory is None:
        raise FhirRequestError("Donnez un jeton en service : en-tête Authorization: Bearer …", 401)
    request.state.laboratory_id = laboratory.id
    return Reader(scoped(engine, laboratory.id), laboratory, request.app.state.published)


ReaderDep = Annotated[Reader, Depends(reader_of)]
