"""The fields where passwords are typed, and how long a chosen password lasts."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import User, utc_now
from app.models.base import moment_told
from app.platform.database import reading
from app.settings import resource_dir
from tests.app.accounts.people import EMAIL, PASSWORD

TEMPLATES = resource_dir("templates")
INPUT = re.compile(r"<input\b[^>]*>")
PASSWORDS = ("password", "mot_de_passe", "actuel", "nouveau", "confirmation")
FIELDS = [
    (path.name, field)
    for path in sorted(TEMPLATES.rglob("*.html"))
    for field in INPUT.findall(path.read_text("utf-8"))
    if 'type="password"' in field or re.search(rf'name="(?:{"|".join(PASSWORDS)})"', field)
]
NEW = "girafe bleue sur un vélo"


@pytest.mark.parametrize(("page", "field"), FIELDS)
def test_every_password_is_masked_and_may_be_pasted(page: str, field: str) -> None:
    assert len(FIELDS) >= 8
    assert 'type="password"' in field, page
    assert re.search(r'autocomplete="(?:current|new)-password"', field), page
    assert not re.search(r"paste|readonly|maxlength|pattern", field), page


def test_a_chosen_password_has_no_end(application: FastAPI, engine: Engine, marie: User) -> None:
    client = TestClient(application, follow_redirects=False)
    client.post("/connexion", data={"email": EMAIL, "password": PASSWORD})
    changed = client.post("/compte/mot-de-passe", data={"actuel": PASSWORD, "nouveau": NEW, "confirmation": NEW})
    assert changed.status_code == 303
    with reading(engine) as session:
        kept = session.get(User, marie.id)
        assert kept is not None
        assert (kept.password_expires_at, kept.must_change_password) == (None, False)
    with moment_told(utc_now() + timedelta(days=3650)):
        later = TestClient(application, follow_redirects=False)
        answer = later.post("/connexion", data={"email": EMAIL, "password": NEW})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert later.get("/compte").status_code == 200
