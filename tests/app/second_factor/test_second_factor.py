"""Setting up a second factor, signing in with it, and what attackers try against it."""

import html
import math
import re
import stat
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, delete, update
from sqlmodel import col, select

from app.accounts.service import create_user
from app.main import create_app
from app.models import AuditEvent, RecoveryCode, SignInAttempt, TotpSecret, User, UserSession, utc_now
from app.models.base import moment_told
from app.platform.database import reading, transaction
from app.platform.web_sessions import SESSION_COOKIE, hash_token
from app.second_factor import attempts, repository, service, totp
from app.second_factor.installation_key import SecretUnreadableError, decrypt, installation_key
from app.second_factor.kept_form import KeptForm
from app.settings import Settings

EMAIL = "marie.durand@exemple.fr"
PASSWORD = "cheval correct pile agrafe"
STEP = "/connexion/second-facteur"
FACTOR = "/compte/second-facteur"
KEPT = re.compile(r'name="envoi" value="([^"]+)"')
FIELDS = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Person:
    """Marie, her browser, and the application of her telephone."""

    def __init__(self, application: FastAPI, engine: Engine, settings: Settings) -> None:
        self.application, self.engine, self.settings = application, engine, settings
        self.secret = b""
        self.codes: list[str] = []
        with transaction(engine) as session:
            self.user, _ = create_user(
                session, email=EMAIL, display_name="Marie Durand", password=PASSWORD, must_change_password=False
            )

    def browser(self) -> TestClient:
        return TestClient(self.application, follow_redirects=False)

    def give_password(self, client: TestClient | None = None) -> TestClient:
        client = client or self.browser()
        answer = client.post("/connexion", data={"email": EMAIL, "password": PASSWORD, "suite": "/terminologie"})
        assert answer.status_code == 303
        return client

    def code(self, drift: int = 0) -> str:
        return totp.code_of(self.secret, totp.counter_at(utc_now()) + drift)

    def enrol(self, client: TestClient) -> Response:
        assert client.post(f"{FACTOR}/application").status_code == 303
        shown = re.search(r'id="secret">([A-Z2-7 ]+)<', client.get(FACTOR).text)
        assert shown
        with reading(self.engine) as session:
            kept = session.exec(select(TotpSecret).order_by(col(TotpSecret.id).desc())).first()
        assert kept is not None
        self.secret = decrypt(installation_key(self.settings), kept.encrypted, kept.user_id)
        assert shown[1].replace(" ", "") == totp.as_base32(self.secret)
        answer = client.post(f"{FACTOR}/application/confirmer", data={"code": self.code(-1)})
        self.codes = re.findall(r"<code>([a-z0-9-]{29})</code>", answer.text)
        return answer

    def signed_in(self) -> TestClient:
        client = self.give_password()
        self.forget_counter()
        assert client.post(STEP, data={"code": self.code()}).status_code == 303
        return client

    def forget_counter(self) -> None:
        """As if half a minute had passed for each code before."""
        self.run(update(TotpSecret).values(last_counter=0))

    def run(self, statement: object) -> None:
        with transaction(self.engine) as session:
            session.execute(statement)  # type: ignore[call-overload]

    def events(self) -> list[str]:
        with reading(self.engine) as session:
            return [event.action for event in session.exec(select(AuditEvent).order_by(col(AuditEvent.id)))]


@pytest.fixture
def marie(settings: Settings, engine: Engine) -> Person:
    asked = settings.model_copy(update={"second_factor_required": True})
    return Person(create_app(asked, engine), engine, asked)


def test_a_person_without_one_sets_it_up_before_anything_else(marie: Person) -> None:
    client = marie.give_password()
    before = client.cookies[SESSION_COOKIE]
    for page in ("/", "/compte", "/terminologie", "/compte/confirmation", STEP):
        answer = client.get(page)
        assert answer.status_code == 303, page
        assert answer.headers["location"].startswith(FACTOR), page
    assert client.post("/compte/mot-de-passe", data={}).headers["location"].startswith(FACTOR)
    assert client.get("/", headers={"accept": "application/json"}).status_code == 403
    assert "mettez-le en place pour continuer" in client.get(FACTOR).text
    assert client.post(f"{FACTOR}/application").status_code == 303
    picture = client.get(f"{FACTOR}/application.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "no-store"
    assert client.post(f"{FACTOR}/application/confirmer", data={"code": "12"}).status_code == 422
    answer = marie.enrol(client)
    assert answer.status_code == 200
    assert len(marie.codes) == 10
    signs = len(service._SIGNS)
    assert all(len(code.replace("-", "")) * math.log2(signs) >= 112 for code in marie.codes), "a plain hash is kept"
    assert client.cookies[SESSION_COOKIE] != before, "the token of the first step opens nothing any more"
    assert client.get("/terminologie").status_code == 200
    assert "mot de passe et second facteur" in client.get("/compte").text
    stolen = marie.browser()
    stolen.cookies.set(SESSION_COOKIE, before)
    assert stolen.get("/compte").headers["location"].startswith("/connexion")
    key_file = marie.settings.data_dir / "installation.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    with reading(marie.engine) as session:
        kept = session.exec(select(TotpSecret)).one()
        assert totp.as_base32(marie.secret) not in kept.encrypted
        with pytest.raises(SecretUnreadableError):
            decrypt(installation_key(marie.settings), kept.encrypted, kept.user_id + 1)
        assert not {row.code_hash for row in session.exec(select(RecoveryCode))} & set(marie.codes)
        told = " ".join(str(event.details) for event in session.exec(select(AuditEvent)))
        assert not any(code in told for code in marie.codes)


def test_who_takes_long_to_set_it_up_is_not_sent_in_circles(marie: Person) -> None:
    client = marie.give_password()
    late = utc_now() - timedelta(minutes=marie.settings.reauthentication_minutes + 2)
    marie.run(update(UserSession).values(authenticated_at=late))
    assert marie.enrol(client).status_code == 200, "the page that asks for a recent proof is not open to her"
    marie.run(update(UserSession).values(authenticated_at=late))
    assert client.post(f"{FACTOR}/codes").headers["location"].startswith("/compte/confirmation"), "she has one now"


def test_signing_in_takes_both_and_each_code_serves_once(marie: Person) -> None:
    marie.enrol(marie.give_password())
    client = marie.give_password()
    half = client.cookies[SESSION_COOKIE]
    assert client.get("/terminologie").headers["location"] == f"{STEP}?suite=%2Fterminologie"
    assert client.post(f"{FACTOR}/application").headers["location"].startswith(STEP), "no other factor meanwhile"
    assert "Marie Durand" not in client.get(STEP).text
    code = marie.code()
    answer = client.post(STEP, data={"code": code[:3] + " " + code[3:], "suite": "//ailleurs.fr"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.cookies[SESSION_COOKIE] != half
    assert client.get("/compte").status_code == 200
    # The same code, and one of the step before, in another browser.
    other = marie.give_password()
    for replayed in (code, marie.code(-1)):
        answer = other.post(STEP, data={"code": replayed})
        assert (answer.status_code, "a déjà servi" in answer.text) == (401, True)
    assert other.get("/compte").status_code == 303
    # A recovery code, once, however it is typed.
    assert other.post(STEP, data={"code": marie.codes[0].upper().replace("-", " ")}).status_code == 303
    third = marie.give_password()
    assert third.post(STEP, data={"code": marie.codes[0]}).status_code == 401
    assert "9 codes restent" in other.get(FACTOR).text
    assert {"second_factor.add", "second_factor.use_code", "session.prove", "session.refuse_second_factor"} <= set(
        marie.events()
    )
    # New codes take the place of the old ones.
    again = other.post(f"{FACTOR}/codes")
    assert len(re.findall(r"<code>[a-z0-9-]{29}</code>", again.text)) == 10
    assert third.post(STEP, data={"code": marie.codes[1]}).status_code == 401


def test_guessing_codes_is_slow_and_a_half_session_ends_soon(marie: Person) -> None:
    marie.enrol(marie.give_password())
    client = marie.give_password()
    statuses = [client.post(STEP, data={"code": "000000"}).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    marie.forget_counter()
    assert client.post(STEP, data={"code": marie.code()}).status_code == 429, "also the right one"
    other = marie.give_password()
    assert other.post(STEP, data={"code": marie.code()}).status_code == 429, "in any session"
    marie.run(update(SignInAttempt).values(at=utc_now() - timedelta(minutes=16)))
    marie.run(update(UserSession).values(created_at=utc_now() - timedelta(minutes=21)))
    assert client.post(STEP, data={"code": marie.code()}).headers["location"].startswith("/connexion")
    assert client.get("/compte").headers["location"].startswith("/connexion?")
    marie.signed_in()


def test_who_knows_the_password_does_not_keep_its_owner_out(marie: Person) -> None:
    """What nobody guesses is not made to wait, and its failures neither close the door nor fill the trail."""
    marie.enrol(marie.give_password())
    thief = marie.give_password()
    statuses = {thief.post(STEP, data={"code": "zzzz-zzzz-zzzz-zzzz"}).status_code for _ in range(9)}
    assert statuses == {401}
    assert marie.events().count("session.refuse_second_factor") == 1
    for _ in range(6):
        refused = thief.post(STEP, data={"code": "000000"})
    assert refused.status_code == 429
    assert "code de secours" in refused.text
    assert marie.give_password().post(STEP, data={"code": marie.codes[0]}).status_code == 303


def test_a_challenge_is_taken_once(marie: Person, engine: Engine) -> None:
    """Whatever came of it, also within one session: a key that counts no use would sign twice otherwise."""
    token_hash = hash_token(marie.give_password().cookies[SESSION_COOKIE])
    with transaction(engine) as session:
        repository.keep_challenge(session, token_hash, "abc")
    taken = []
    for _ in range(2):
        with transaction(engine) as session:
            taken.append(repository.take_challenge(session, token_hash))
    assert taken == ["abc", ""]


def test_a_secret_that_nobody_confirmed_is_soon_shown_no_more(marie: Person) -> None:
    client = marie.give_password()
    assert client.post(f"{FACTOR}/application").status_code == 303
    assert 'id="secret"' in client.get(FACTOR).text
    assert client.get(f"{FACTOR}/application.svg").status_code == 200
    marie.run(update(TotpSecret).values(created_at=utc_now() - timedelta(minutes=21)))
    assert 'id="secret"' not in client.get(FACTOR).text
    assert client.get(f"{FACTOR}/application.svg").status_code == 404
    assert client.post(f"{FACTOR}/application/confirmer", data={"code": "000000"}).status_code == 409


def test_who_is_blocked_does_not_fill_the_trail(marie: Person) -> None:
    marie.enrol(marie.give_password())
    client = marie.give_password()
    for _time in range(20):
        client.post(STEP, data={"code": "000000"})
    told = [event for event in marie.events() if event == "session.refuse_second_factor"]
    assert len(told) == attempts.FAILURES + 1, "each wrong code, then one line for what came too early"
    marie.run(delete(SignInAttempt))
    client = marie.signed_in()
    for _time in range(20):
        client.post("/compte/confirmation", data={"mot_de_passe": "mauvais"})
    assert marie.events().count("session.refuse_confirmation") == attempts.FAILURES + 1


def test_acts_that_matter_ask_for_a_recent_proof(marie: Person) -> None:
    client = marie.give_password()
    marie.enrol(client)
    old = update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16))
    marie.run(old)
    answer = client.post(f"{FACTOR}/codes", headers={"referer": f"http://testserver{FACTOR}", "host": "testserver"})
    assert answer.headers["location"] == "/compte/confirmation?suite=%2Fcompte%2Fsecond-facteur"
    foreign = client.post(f"{FACTOR}/codes", headers={"referer": "http://ailleurs.fr/x", "host": "testserver"})
    assert foreign.headers["location"] == "/compte/confirmation?suite=%2F"
    for nowhere in ("http://[x", "//[", "http://[::1", "http://testserver//ailleurs.fr/x"):
        broken = client.post(f"{FACTOR}/codes", headers={"referer": nowhere, "host": "testserver"})
        page = client.get(broken.headers["location"])
        assert 'name="suite" value="/"' in page.text, nowhere
    program = client.post(f"{FACTOR}/codes", headers={"accept": "application/json"})
    assert (program.status_code, program.json()["confirmation"]) == (403, "/compte/confirmation")
    for path in ("/application", "/application/retirer", "/cle", "/cles", "/cles/1/retirer", "/application/confirmer"):
        assert client.post(FACTOR + path).headers["location"].startswith("/compte/confirmation"), path
    for path in ("/compte/sessions/fermer", f"/compte/sessions/{'0' * 32}/fermer"):
        assert client.post(path).headers["location"].startswith("/compte/confirmation"), path
    wrong = client.post("/compte/confirmation", data={"mot_de_passe": "faux", "suite": FACTOR})
    assert wrong.status_code == 401
    assert client.post("/compte/confirmation", data={"code": marie.codes[0]}).status_code == 401, "no recovery code"
    right = client.post("/compte/confirmation", data={"mot_de_passe": PASSWORD, "suite": FACTOR})
    assert right.headers["location"] == FACTOR
    assert client.post(f"{FACTOR}/codes").status_code == 200
    marie.run(old)
    marie.forget_counter()
    code = marie.code()
    assert client.post("/compte/confirmation", data={"code": code}).status_code == 303
    marie.run(old)
    assert client.post("/compte/confirmation", data={"code": code}).status_code == 401, "it has served"
    statuses = [client.post("/compte/confirmation", data={"mot_de_passe": "faux"}).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert client.post("/compte/confirmation", data={"mot_de_passe": PASSWORD}).status_code == 429
    assert client.post(f"{FACTOR}/codes").status_code == 303
    # The last second factor is not taken away where one is needed.
    marie.run(update(UserSession).values(authenticated_at=utc_now()))
    refused = client.post(f"{FACTOR}/application/retirer")
    assert (refused.status_code, "mettez-en d" in refused.text) == (409, True)


def test_a_form_that_came_too_late_is_kept_in_the_page_and_sent_again_by_its_author(marie: Person) -> None:
    client = marie.give_password()
    marie.enrol(client)
    marie.run(update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)))
    said = {"choix": ["12:1", "13:2"], "motif": "vu avec l'équipe <b> & \"co\""}
    asked = client.post(f"{FACTOR}/codes?page=2", data=said)
    assert asked.status_code == 403
    kept = KEPT.search(asked.text)
    assert kept is not None
    wrong = client.post("/compte/confirmation", data={"mot_de_passe": "faux", "envoi": html.unescape(kept[1])})
    assert wrong.status_code == 401
    assert KEPT.search(wrong.text)[1] == kept[1], "still there after a wrong password"  # type: ignore[index]
    right = client.post("/compte/confirmation", data={"mot_de_passe": PASSWORD, "envoi": html.unescape(kept[1])})
    assert f'action="{FACTOR}/codes?page=2"' in right.text
    fields = [(name, html.unescape(value)) for name, value in FIELDS.findall(right.text)]
    assert fields == [("choix", "12:1"), ("choix", "13:2"), ("motif", said["motif"])]
    assert "<b>" not in right.text
    assert client.post(f"{FACTOR}/codes?page=2", data=said).status_code == 200


@pytest.mark.parametrize(
    "written",
    [
        "", "{", "[]", "null", "[1,2]", '["https://ailleurs.fr/x",[]]', '["//ailleurs.fr",[]]', '["javascript:x",[]]',
        '["/connexion",[["a"]]]', "[" * 100_000,
        '["/x",[["a","\\ud800"]]]', '["/\\ud800",[]]', '["/x",[["\\u0000","b"]]]', '["/x",[["a","\\u202eb"]]]',
    ],
)  # fmt: skip
def test_nothing_is_sent_elsewhere_by_a_form_that_no_page_of_ours_wrote(written: str) -> None:
    assert KeptForm.read(written) is None


def test_who_is_asked_for_one(marie: Person, engine: Engine) -> None:
    settings = marie.settings
    free = {"second_factor_required": False}
    for update_of in (free, {"second_factor_exceptions": f"autre@exemple.fr, {EMAIL.upper()}"}):
        client = TestClient(create_app(settings.model_copy(update=update_of), engine), follow_redirects=False)
        marie.give_password(client)
        assert client.get("/terminologie").status_code == 200
    marie.run(update(User).values(is_demonstration=True))
    assert marie.give_password().get("/terminologie").status_code == 200
    # Whoever has one shows it, even where none is needed; her other sessions wait for it at once.
    elsewhere, client = marie.give_password(), marie.give_password()
    marie.enrol(client)
    assert client.get("/terminologie").status_code == 200
    assert elsewhere.get("/terminologie").headers["location"].startswith(STEP)
    assert client.post(f"{FACTOR}/application/retirer").status_code == 303
    with reading(engine) as session:
        assert session.exec(select(RecoveryCode)).all() == []
    assert marie.give_password().get("/terminologie").status_code == 200


def test_sessions_are_named_and_closed_one_by_one(marie: Person) -> None:
    client = marie.give_password()
    marie.enrol(client)
    other = marie.give_password()
    other.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    marie.forget_counter()
    other.post(STEP, data={"code": marie.code()})
    page = client.get("/compte").text
    assert "Firefox sous Linux" in page
    assert page.count("cette session") == 1
    handles = re.findall(r"/compte/sessions/([0-9a-f]{32})/fermer", page)
    assert len(handles) == 1
    with transaction(marie.engine) as session:
        create_user(session, email="x@exemple.fr", display_name="X", password=PASSWORD, must_change_password=False)
    stranger = marie.browser()
    stranger.post("/connexion", data={"email": "x@exemple.fr", "password": PASSWORD})
    marie.run(update(User).where(col(User.email) == "x@exemple.fr").values(is_demonstration=True))
    assert stranger.post(f"/compte/sessions/{handles[0]}/fermer").status_code == 404
    assert other.get("/compte").status_code == 200
    assert client.post(f"/compte/sessions/{handles[0]}/fermer").status_code == 303
    assert other.get("/compte").headers["location"].startswith("/connexion")
    assert client.post("/compte/sessions/²/fermer").status_code == 404
    # A new password keeps the two factors of this session and closes the others.
    new = "girafe bleue sur un vélo"
    third = marie.signed_in()
    client.post("/compte/mot-de-passe", data={"actuel": PASSWORD, "nouveau": new, "confirmation": new})
    assert client.get("/terminologie").status_code == 200
    assert third.get("/compte").headers["location"].startswith("/connexion")


def test_an_administrator_takes_a_lost_factor_away(marie: Person) -> None:
    client = marie.give_password()
    marie.enrol(client)
    with transaction(marie.engine) as session:
        admin, _ = create_user(
            session, email="admin@exemple.fr", display_name="Aline", password=PASSWORD, is_administrator=True,
            must_change_password=False,
        )  # fmt: skip
        admin.is_demonstration = True
        session.add(admin)
    desk = marie.browser()
    desk.post("/connexion", data={"email": "admin@exemple.fr", "password": PASSWORD})
    address = f"/administration/comptes/{marie.user.id}"
    assert "Retirer son second facteur" in desk.get(address).text
    assert desk.post(f"{address}/sessions/fermer").status_code == 303
    assert client.get("/compte").headers["location"].startswith("/connexion")
    client = marie.signed_in()
    assert client.post(f"/administration/comptes/{admin.id}/second-facteur/retirer").status_code == 403
    assert desk.post(f"/administration/comptes/{admin.id}/second-facteur/retirer").status_code == 409
    assert desk.post(f"{address}/second-facteur/retirer").status_code == 303
    assert client.get("/compte").headers["location"].startswith("/connexion")
    assert marie.give_password().get("/").headers["location"].startswith(FACTOR)
    assert {"session.revoke_all", "second_factor.reset"} <= set(marie.events())
    old = update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16))
    marie.run(old)
    for path, data in (
        (f"{address}/sessions/fermer", {}), (f"{address}/second-facteur/retirer", {}), (f"{address}/mot-de-passe", {}),
        (f"{address}/etat", {"actif": "false"}), (f"{address}/administrateur", {"administrateur": "true"}),
        ("/administration/roles", {"utilisateur": "1", "laboratoire": "1"}), ("/administration/comptes", {}),
        ("/administration/laboratoires/1/jetons", {}), ("/administration/laboratoires/1/jetons/1/revoquer", {}),
    ):  # fmt: skip
        asked = desk.post(path, data=data)
        leads = asked.headers.get("location", "") if asked.status_code == 303 else asked.text
        assert "/compte/confirmation" in leads, path


def test_another_site_sends_none_of_these_forms(marie: Person) -> None:
    client = marie.give_password()
    forms = (STEP, f"{STEP}/cle", "/compte/confirmation", f"{FACTOR}/application", f"{FACTOR}/cles", f"{FACTOR}/codes")
    for path in forms:
        assert client.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403, path


def test_a_lost_key_of_the_installation_is_said_and_recovery_codes_still_serve(marie: Person) -> None:
    marie.enrol(marie.give_password())
    (marie.settings.data_dir / "installation.key").unlink()
    client = marie.give_password()
    answer = client.post(STEP, data={"code": "123456"})
    assert (answer.status_code, "n’est plus celle" in answer.text.replace("&#39;", "’")) == (409, True)
    assert client.post(STEP, data={"code": marie.codes[0]}).status_code == 303
    assert client.get(FACTOR).status_code == 200


def test_two_codes_of_one_moment_are_one(marie: Person) -> None:
    """A code of the step after is accepted, and then the present one is not."""
    marie.enrol(marie.give_password())
    with moment_told(utc_now()):
        client, other = marie.give_password(), marie.give_password()
        assert client.post(STEP, data={"code": marie.code(1)}).status_code == 303
        assert other.post(STEP, data={"code": marie.code(0)}).status_code == 401
