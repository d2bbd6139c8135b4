"""Accounts, laboratories and roles, as the administrator handles them."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.models import AuditEvent, Laboratory, Membership, Role, User, UserSession
from app.platform.database import reading, transaction
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

PAGES = ("", "/comptes", "/comptes/1", "/laboratoires", "/laboratoires/1", "/journal")


@pytest.fixture
def admin(client_for: ClientFor) -> TestClient:
    return client_for(ADMINISTRATOR)


def last_event(engine: Engine) -> AuditEvent:
    with reading(engine) as session:
        found = session.exec(select(AuditEvent).order_by(AuditEvent.id.desc())).first()  # type: ignore[union-attr]
    assert found is not None
    return found


def role_of(engine: Engine, user_id: int, laboratory_id: int) -> str | None:
    with reading(engine) as session:
        return session.exec(
            select(Membership.role).where(Membership.user_id == user_id, Membership.laboratory_id == laboratory_id)
        ).first()


@pytest.mark.same_sql("the page differs, and the rights are asked for alike")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("email", [TRANSCODER, BIOLOGIST, READER])
def test_administration_is_closed_to_the_others(client_for: ClientFor, page: str, email: str) -> None:
    assert client_for(email).get(f"/administration{page}").status_code == 403


def test_writes_are_closed_to_the_others_too(client_for: ClientFor, engine: Engine, world: World) -> None:
    client = client_for(BIOLOGIST)
    own = {
        "utilisateur": world.user_id(BIOLOGIST),
        "laboratoire": world.laboratory_id,
        "role": "transcoder",
    }
    forms: list[tuple[str, dict[str, Any]]] = [
        ("comptes", {"email": "x@exemple.fr", "nom": "X"}),
        ("comptes/1/mot-de-passe", {}),
        ("comptes/1/etat", {"actif": "false"}),
        ("comptes/1/administrateur", {"administrateur": "true"}),
        ("roles", own),
        ("laboratoires", {"nom": "X"}),
        ("laboratoires/1", {"nom": "X"}),
    ]
    for path, data in forms:
        assert client.post(f"/administration/{path}", data=data).status_code == 403, path
    assert role_of(engine, world.user_id(BIOLOGIST), world.laboratory_id) == Role.BIOLOGIST


@pytest.mark.parametrize("page", PAGES[1:])
def test_the_administrator_reads_every_page(admin: TestClient, page: str) -> None:
    assert admin.get(f"/administration{page}").status_code == 200


def test_opening_an_account_shows_a_link_once_and_no_password(admin: TestClient, engine: Engine) -> None:
    answer = admin.post("/administration/comptes", data={"email": " Neuf@Exemple.fr", "nom": "Nina  Neuve"})
    assert answer.status_code == 201
    found = re.search(r"/invitation/([A-Za-z0-9_-]{43})", answer.text)
    assert found is not None
    with reading(engine) as session:
        user = session.exec(select(User).where(User.email == "neuf@exemple.fr")).one()
        events = session.exec(select(AuditEvent).order_by("id")).all()
    assert (user.password_hash, user.display_name) == ("", "Nina Neuve")
    assert [(event.action, event.actor_label) for event in events[-2:]] == [
        ("user.create", "Aline Admin"), ("user.invite", "Aline Admin"),
    ]  # fmt: skip
    assert found[1] not in str([event.details for event in events])


@pytest.mark.parametrize(
    ("email", "nom", "status", "reason"),
    [
        ("pas une adresse", "Nina", 422, "mal formée"),
        ("neuf@exemple.fr", " ", 422, "de 1 à 120"),
        (READER, "Lucien", 409, "a déjà un compte"),
    ],
)
def test_a_refused_account_says_why_and_keeps_what_was_typed(
    admin: TestClient, email: str, nom: str, status: int, reason: str
) -> None:
    answer = admin.post("/administration/comptes", data={"email": email, "nom": nom})
    assert answer.status_code == status
    assert reason in answer.text
    assert f'value="{email}"' in answer.text


def test_a_link_for_a_new_password_closes_the_sessions(
    admin: TestClient, client_for: ClientFor, engine: Engine, world: World
) -> None:
    reader = client_for(READER)
    answer = admin.post(f"/administration/comptes/{world.user_id(READER)}/mot-de-passe")
    assert answer.status_code == 200
    assert reader.get("/").status_code == 303
    with reading(engine) as session:
        rows = session.exec(select(UserSession).where(UserSession.user_id == world.user_id(READER))).all()
    assert all(row.revoked_at for row in rows)
    assert last_event(engine).action == "user.invite"


def test_deactivating_and_reactivating(admin: TestClient, client_for: ClientFor, engine: Engine, world: World) -> None:
    reader = client_for(READER)
    path = f"/administration/comptes/{world.user_id(READER)}/etat"
    assert admin.post(path, data={"actif": "false"}).status_code == 303
    assert reader.get("/").status_code == 303
    assert last_event(engine).action == "user.deactivate"
    assert admin.post(path, data={"actif": "true"}).status_code == 303
    assert client_for(READER).get("/").status_code == 200
    assert last_event(engine).action == "user.activate"


def test_nobody_locks_everybody_out(admin: TestClient, engine: Engine, world: World) -> None:
    own = f"/administration/comptes/{world.user_id(ADMINISTRATOR)}"
    assert admin.post(f"{own}/etat", data={"actif": "false"}).status_code == 409
    assert admin.post(f"{own}/administrateur", data={"administrateur": "false"}).status_code == 409
    other = f"/administration/comptes/{world.user_id(READER)}"
    assert admin.post(f"{other}/administrateur", data={"administrateur": "true"}).status_code == 303
    assert last_event(engine).action == "user.promote"
    assert admin.post(f"{own}/administrateur", data={"administrateur": "false"}).status_code == 303
    assert last_event(engine).action == "user.demote"


def test_giving_changing_and_taking_a_role(
    admin: TestClient, client_for: ClientFor, engine: Engine, world: World
) -> None:
    user_id, laboratory_id = world.user_id(OUTSIDER), world.laboratory_id
    outsider = client_for(OUTSIDER)
    assert outsider.get(f"/laboratoires/{laboratory_id}").status_code == 404
    form = {"utilisateur": user_id, "laboratoire": laboratory_id, "role": "reader"}
    assert admin.post("/administration/roles", data=form).headers["location"].endswith(f"comptes/{user_id}?fait=1")
    assert outsider.get(f"/laboratoires/{laboratory_id}").status_code == 200
    admin.post("/administration/roles", data=form | {"role": "biologist"})
    assert role_of(engine, user_id, laboratory_id) == Role.BIOLOGIST
    event = last_event(engine)
    assert (event.action, event.details) == ("membership.change", {"before": "reader", "after": "biologist"})
    assert event.laboratory_id == laboratory_id
    back = admin.post("/administration/roles", data=form | {"role": "", "retour": "laboratoire"})
    assert back.headers["location"].endswith(f"laboratoires/{laboratory_id}?fait=1")
    assert outsider.get(f"/laboratoires/{laboratory_id}").status_code == 404


def test_an_unknown_role_is_refused(admin: TestClient, world: World) -> None:
    form = {"utilisateur": world.user_id(OUTSIDER), "laboratoire": world.laboratory_id, "role": "chef"}
    assert admin.post("/administration/roles", data=form).status_code == 422


def test_creating_and_correcting_a_laboratory(admin: TestClient, engine: Engine) -> None:
    created = admin.post("/administration/laboratoires", data={"nom": "Labo Neuf", "finess": "75 000 000 2"})
    assert created.status_code == 303
    path = created.headers["location"].removesuffix("?fait=1")
    form = {"nom": "Labo Neuf", "sgl": "SGL X", "adresse_fhir": "https://labo.example/fhir/", "finess": ""}
    assert admin.post(path, data=form).status_code == 303
    with reading(engine) as session:
        laboratory = session.exec(select(Laboratory).where(Laboratory.name == "Labo Neuf")).one()
    assert (laboratory.finess, laboratory.sgl_name) == ("", "SGL X")
    assert laboratory.canonical_url == "https://labo.example/fhir"
    event = last_event(engine)
    assert event.action == "laboratory.change"
    assert event.details["before"]["finess"] == "750000002"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"nom": ""}, 422),
        ({"nom": "Labo", "finess": "12"}, 422),
        ({"nom": "Laboratoire du Parc"}, 409),
    ],
)
def test_a_refused_laboratory_says_why(admin: TestClient, form: dict[str, str], status: int) -> None:
    answer = admin.post("/administration/laboratoires", data=form)
    assert answer.status_code == status
    assert 'class="error-box"' in answer.text


def test_a_refused_correction_keeps_what_was_typed(admin: TestClient, world: World) -> None:
    path = f"/administration/laboratoires/{world.laboratory_id}"
    answer = admin.post(path, data={"nom": "Parc", "adresse_fhir": "ftp://x"})
    assert answer.status_code == 422
    assert 'value="ftp://x"' in answer.text
    assert admin.post(path, data={"nom": "Laboratoire de la Gare"}).status_code == 409


def test_the_journal_shows_what_was_done_page_by_page(admin: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        for number in range(130):
            session.add(AuditEvent(actor_label="essai", action=f"test.event{number}"))
    first = admin.get("/administration/journal").text
    assert "test.event129" in first
    assert "test.event20<" not in first
    older = re.search(r'href="(/administration/journal\?avant=\d+)"', first)
    assert older is not None
    assert "test.event20<" in admin.get(older[1]).text


def test_the_pages_of_what_does_not_exist(admin: TestClient) -> None:
    assert admin.get("/administration/comptes/999").status_code == 404
    assert admin.get("/administration/laboratoires/999").status_code == 404
