"""Who may read the FHIR service: the bearer of a token, for the one laboratory of that token. No cookie is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from app.fhir import repository
from app.fhir.errors import FhirRequestError
from app.fhir.published import PublishedCache, PublishedCatalogue
from app.fhir_resources.naming import Canonicals
from app.models import Laboratory
from app.platform.database import reading
from app.tokens.service import token_of


def reading_session(request: Request) -> Iterator[Session]:
    """A session that never writes, for POST too: `$translate` asks and changes nothing."""
    with reading(request.app.state.engine) as session:
        yield session


ReadingSession = Annotated[Session, Depends(reading_session)]


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads one laboratory."""

    session: Session
    laboratory: Laboratory
    cache: PublishedCache

    def published(self, wanted: Callable[[Canonicals], bool] | None = None) -> list[PublishedCatalogue]:
        """The catalogues of the laboratory that have local codes; only those whose addresses are wanted."""
        assert self.laboratory.id is not None
        found = []
        for catalogue in repository.catalogues_of(self.session, self.laboratory.id):
            if wanted is None or wanted(Canonicals(self.laboratory, catalogue)):
                found.append(self.cache.get(self.session, self.laboratory, catalogue))
        return [catalogue for catalogue in found if catalogue.map_groups]


def bearer_of(request: Request) -> str:
    """The token of the request; empty when there is none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def reader_of(request: Request, session: ReadingSession) -> Reader:
    """The program that asks; 401 without a token in service."""
    # In a transaction of its own: the body of a `$translate` is received after this.
    with reading(request.app.state.engine) as first:
        token = token_of(first, bearer_of(request))
        laboratory = first.get(Laboratory, token.laboratory_id) if token else None
    if laboratory is None:
        raise FhirRequestError("Donnez un jeton en service : en-tête Authorization: Bearer …", 401)
    request.state.laboratory_id = laboratory.id
    return Reader(session, laboratory, request.app.state.published)


ReaderDep = Annotated[Reader, Depends(reader_of)]
