"""Approving as from the opened case: with what its page carries at this moment."""

import re

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from app.approval import service
from app.cases.opened import token_of_case
from app.models import Decision
from app.platform.identity import CatalogueAccess
from app.settings import Settings


def word_of(page: Response) -> str:
    """What the page of a case carries; empty where it offers no approval."""
    found = re.search(r'name="lu" value="([^"]*)"', page.text)
    return found[1] if found else ""


def read_case(client: TestClient, base: str, row: int) -> str:
    """Open the case of a row (`base`: address of its catalogue); what its page carries."""
    return word_of(client.get(f"{base}/revue/{row}"))


def approve(
    session: Session, access: CatalogueAccess, row: int, version: int, *, settings: Settings, **said: str
) -> Decision:
    """`service.approve`, of the case as it is now."""
    opened = token_of_case(session, settings, access, row)
    return service.approve(session, access, row, version, settings=settings, opened=opened, **said)
