"""Hands down to coverage how many requests of codes a catalogue has."""

from sqlmodel import Session

from app.code_requests import repository
from app.code_requests.pages import path_of
from app.code_requests.repository import Declared
from app.coverage.requests_told import ToldRequests, tell_requests_with
from app.models import RequestStatus


def counted(session: Session, catalogue_id: int, blind: int | None) -> ToldRequests:
    """The requests of the rows approved without code, and the codes d'attente given."""
    whose = repository.of_catalogue(catalogue_id, blind)
    approved = {
        status: count
        for (declared, status), count in repository.counts_of(session, whose).items()
        if declared is Declared.APPROVED
    }
    return ToldRequests(
        total=sum(approved.values()),
        sent=approved.get(RequestStatus.SENT, 0),
        accepted=approved.get(RequestStatus.ACCEPTED, 0),
        with_waiting_code=repository.waiting_codes_given(session, whose),
        url=path_of(catalogue_id),
    )


tell_requests_with(counted)
