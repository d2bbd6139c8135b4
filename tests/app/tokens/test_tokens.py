"""Tokens: who makes them, what they open, how they end."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.accounts.service import set_active, set_administrator, set_role
from app.models import ApiToken, AuditEvent, Laboratory, Role, User, utc_now
from app.platform.database import reading, transaction
from app.tokens.service import LOST_RIGHTS, MOST_TOKENS, PREFIX
from tests.app.exports.sample import Sample
from tests.app.fhir.conftest import ProgramFor, new_token
from tests.conftest import ADMINISTRATOR, BIOLOGIST, NAMES, OUTSIDER, READER, TRANSCODER, ClientFor, World

DATA = {"nom": "SGL du Parc", "duree": "90"}


def tokens(world: World) -> list[ApiToken]:
    with reading(world.engine) as session:
        return list(session.exec(select(ApiToken)))


def events(world: World, action: str) -> list[AuditEvent]:
    with reading(world.engine) as session:
        return list(session.exec(select(AuditEvent).where(AuditEvent.action == action)))


@pytest.mark.parametrize(
    ("email", "prefix"), [(BIOLOGIST, ""), (ADMINISTRATOR, "/administration")], ids=["biologist", "administrator"]
)
def test_a_token_is_shown_once_and_kept_as_a_hash(
    decided: Sample, client_for: ClientFor, anonymous: TestClient, email: str, prefix: str
) -> None:
    world = decided.world
    client = client_for(email)
    page = f"{prefix}/laboratoires/{world.laboratory_id}"
    answer = client.post(f"{page}/jetons", data=DATA)
    assert answer.status_code == 201
    (text,) = re.findall(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", answer.text)
    (token,) = tokens(world)
    assert text not in repr(token)
    assert token.token_hash != text
    assert token.laboratory_id == world.laboratory_id
    assert token.created_by_id == world.user_id(email)
    assert token.expires_at is not None
    assert timedelta(days=89) < token.expires_at - utc_now() <= timedelta(days=90)
    (event,) = events(world, "token.create")
    assert text not in repr(event)
    assert event.laboratory_id == world.laboratory_id
    listed = client.get(page).text
    assert "SGL du Parc" in listed
    assert text not in listed
    headers = {"Authorization": f"Bearer {text}"}
    assert anonymous.get("/fhir/ConceptMap", headers=headers).json()["total"] == 1

    revoked = client.post(f"{page}/jetons/{token.id}/revoquer")
    assert revoked.headers["location"] == f"{page}#jetons"
    client.post(f"{page}/jetons/{token.id}/revoquer")
    assert len(events(world, "token.revoke")) == 1
    assert anonymous.get("/fhir/ConceptMap", headers=headers).status_code == 401
    assert "révoqué le" in client.get(page).text


@pytest.mark.parametrize(("email", "status"), [(TRANSCODER, 403), (READER, 403), (OUTSIDER, 404), (ADMINISTRATOR, 404)])
def test_others_neither_make_nor_revoke(world: World, client_for: ClientFor, email: str, status: int) -> None:
    new_token(world, world.laboratory)
    (token,) = tokens(world)
    client = client_for(email)
    page = f"/laboratoires/{world.laboratory_id}"
    assert client.post(f"{page}/jetons", data=DATA).status_code == status
    assert client.post(f"{page}/jetons/{token.id}/revoquer").status_code == status
    assert [item.revoked_at for item in tokens(world)] == [None]


def test_members_see_the_tokens_and_only_the_biologist_the_forms(world: World, client_for: ClientFor) -> None:
    new_token(world, world.laboratory)
    for email in (TRANSCODER, BIOLOGIST, READER):
        page = client_for(email).get(f"/laboratoires/{world.laboratory_id}").text
        assert "en service" in page
        assert NAMES[BIOLOGIST] in page
        assert ("Créer un jeton" in page) is (email == BIOLOGIST)


def test_only_administrators_reach_the_administration(world: World, client_for: ClientFor) -> None:
    page = f"/administration/laboratoires/{world.laboratory_id}/jetons"
    assert client_for(BIOLOGIST).post(page, data=DATA).status_code == 403
    assert tokens(world) == []


def test_the_token_of_another_laboratory_is_not_revoked_here(world: World, client_for: ClientFor) -> None:
    new_token(world, world.other_laboratory)
    (token,) = tokens(world)
    page = f"/laboratoires/{world.laboratory_id}/jetons/{token.id}/revoquer"
    assert client_for(BIOLOGIST).post(page).status_code == 404
    assert tokens(world)[0].revoked_at is None


@pytest.mark.parametrize("data", [{"nom": " "}, {"nom": "x" * 81}, {"nom": "SGL", "duree": "99999"}])
def test_a_token_needs_a_name_and_a_known_duration(world: World, client_for: ClientFor, data: dict[str, str]) -> None:
    answer = client_for(BIOLOGIST).post(f"/laboratoires/{world.laboratory_id}/jetons", data=data)
    assert answer.status_code == 422
    assert tokens(world) == []


def test_a_laboratory_has_so_many_live_tokens(world: World, client_for: ClientFor) -> None:
    with transaction(world.engine) as session:
        for number in range(MOST_TOKENS):
            session.add(
                ApiToken(
                    laboratory_id=world.laboratory_id,
                    name="SGL",
                    token_hash=f"{number:064d}",
                    created_by_id=world.user_id(BIOLOGIST),
                    expires_at=utc_now() + timedelta(days=1),
                )
            )
    answer = client_for(BIOLOGIST).post(f"/laboratoires/{world.laboratory_id}/jetons", data=DATA)
    assert answer.status_code == 422


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer faux", "Basic YTpi", "Token x"])
def test_nothing_is_read_without_a_token_in_service(anonymous: TestClient, decided: Sample, header: str) -> None:
    for path in ("/fhir/ConceptMap", "/fhir/CodeSystem", "/fhir/ConceptMap/$translate?code=NA&system=x"):
        answer = anonymous.get(path, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["issue"][0]["code"] == "login"


def test_a_token_ends_at_its_date(anonymous: TestClient, decided: Sample) -> None:
    world = decided.world
    headers = {"Authorization": f"Bearer {new_token(world, world.laboratory)}"}
    assert anonymous.get("/fhir/ConceptMap", headers=headers).status_code == 200
    with transaction(world.engine) as session:
        token = session.exec(select(ApiToken)).one()
        token.expires_at = utc_now()
    assert anonymous.get("/fhir/ConceptMap", headers=headers).status_code == 401


def test_a_session_cookie_opens_nothing_here(decided: Sample, client_for: ClientFor) -> None:
    assert client_for(BIOLOGIST).get("/fhir/ConceptMap").status_code == 401


def test_a_token_opens_one_laboratory_and_no_page(decided: Sample, program_for: ProgramFor) -> None:
    other = program_for(decided.world.other_laboratory)
    assert other.get("/fhir/ConceptMap").json()["total"] == 0
    assert other.get(f"/fhir/ConceptMap/catalogue-{decided.catalogue_id}-loinc").status_code == 404
    assert other.get(f"/catalogues/{decided.catalogue_id}/exports").headers["location"].startswith("/connexion")


def test_a_program_may_post_from_anywhere_and_a_page_of_another_site_may_not(
    decided: Sample, program_for: ProgramFor, client_for: ClientFor
) -> None:
    elsewhere = {"Origin": "https://sgl.exemple.fr", "Sec-Fetch-Site": "cross-site"}
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "coding", "valueCoding": {"system": "urn:x", "code": "NA"}}],
    }
    program = program_for(decided.world.laboratory)
    assert program.post("/fhir/ConceptMap/$translate", json=body, headers=elsewhere).status_code == 200
    # A cookie opens nothing there, and a token sent to a page does not escape the refusal.
    browser = client_for(BIOLOGIST)
    refused = browser.post("/fhir/ConceptMap/$translate", json=body, headers=elsewhere)
    assert (refused.status_code, refused.json()["resourceType"]) == (401, "OperationOutcome")
    page = f"/catalogues/{decided.catalogue_id}/exports/loinc_6"
    with_token = {**elsewhere, "Authorization": program.headers["authorization"]}
    assert browser.post(page, headers=with_token).status_code == 403


def read_with(anonymous: TestClient, text: str, path: str = "/fhir/ConceptMap") -> int:
    return anonymous.get(path, headers={"Authorization": f"Bearer {text}"}).status_code


def test_a_token_ends_with_the_rights_and_the_account_of_its_author(world: World, anonymous: TestClient) -> None:
    text = new_token(world, world.laboratory)
    by_administrator = new_token(world, world.other_laboratory)
    assert read_with(anonymous, text) == read_with(anonymous, by_administrator) == 200
    # Another role, though she still belongs to the laboratory; and a right given back revives nothing.
    for role, expected in ((Role.TRANSCODER, 401), (Role.BIOLOGIST, 401)):
        with transaction(world.engine) as session:
            author = session.get_one(User, world.user_id(BIOLOGIST))
            set_role(session, author, session.get_one(Laboratory, world.laboratory_id), role)
        assert read_with(anonymous, text) == expected
    assert events(world, "token.revoke")[0].details["reason"] == LOST_RIGHTS

    text = new_token(world, world.laboratory)
    with transaction(world.engine) as session:
        set_active(session, session.get_one(User, world.user_id(BIOLOGIST)), False)
        add_administrator(session)
        set_administrator(session, session.get_one(User, world.user_id(ADMINISTRATOR)), False)
    assert read_with(anonymous, text) == read_with(anonymous, by_administrator) == 401
    assert [token.revoked_at is None for token in tokens(world)] == [False] * 3


def add_administrator(session: Session) -> None:
    session.add(User(email="b@exemple.fr", display_name="B", password_hash="!", is_administrator=True))
    session.flush()


def test_a_token_is_dead_even_where_nobody_told_that_its_author_lost_her_rights(
    world: World, anonymous: TestClient
) -> None:
    text = new_token(world, world.laboratory)
    with transaction(world.engine) as session:
        session.get_one(User, world.user_id(BIOLOGIST)).is_active = False
    assert read_with(anonymous, text) == 401


def test_a_token_has_a_scope_and_always_an_end(decided: Sample, client_for: ClientFor, anonymous: TestClient) -> None:
    world = decided.world
    text = new_token(world, world.laboratory, scope="translate")
    assert read_with(anonymous, text, "/fhir/ConceptMap/$translate?code=NA&system=x") == 200
    for path in ("/fhir/ConceptMap", f"/fhir/ConceptMap/catalogue-{decided.catalogue_id}-loinc", "/fhir/CodeSystem"):
        assert read_with(anonymous, text, path) == 403
    (refused,) = events(world, "token.refuse")
    assert (refused.object_id, refused.details["reason"]) == (str(tokens(world)[0].id), "portée")
    page = f"/laboratoires/{world.laboratory_id}"
    biologist = client_for(BIOLOGIST)
    for data in ({"duree": "0"}, {"duree": "730"}, {"portee": "write"}):
        assert biologist.post(f"{page}/jetons", data={**DATA, **data}).status_code == 422
    with transaction(world.engine) as session:
        session.exec(select(ApiToken)).first().expires_at = None  # type: ignore[union-attr]
    assert read_with(anonymous, text, "/fhir/ConceptMap/$translate?code=NA&system=x") == 401


def test_the_use_of_a_token_is_journaled_once_in_a_while_and_a_false_one_without_its_text(
    world: World, anonymous: TestClient
) -> None:
    text = new_token(world, world.laboratory)
    for _ in range(3):
        assert read_with(anonymous, text) == 200
        assert read_with(anonymous, "tlfhir_faux") == 401
    (used,), (refused,) = events(world, "token.use"), events(world, "token.refuse")
    assert (used.laboratory_id, used.actor_label, used.details["times"]) == (world.laboratory_id, "jeton SGL", 1)
    assert "faux" not in repr(refused)
    assert text not in repr(used)
