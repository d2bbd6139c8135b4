"""Marked secrets go through a real server; then every byte that it wrote is searched for them."""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from sqlalchemy import Engine, text

from app.accounts.passwords import hash_password
from app.models import Laboratory, Membership, Role, User
from app.platform.database import make_engine, transaction
from app.settings import Settings
from app.tokens.service import create_token
from tests.app.operations.processes import address_of, started
from tests.conftest import Logs, World

PASSWORD = "phrase-marquee-soleil-41"
WRONG = "phrase-fausse-lune-42"
EMAIL = "marquee.nuage@exemple.fr"
NAME = "Prénom-marqué Vent"
SEARCHED = "recherche-marquee-43"
CONTENT = "contenu-marque-44"
IDENTIFIER = "identifiant-marque-45"
LABORATORY = "Laboratoire-marqué-46"
AGENT = "navigateur-marque-47"
METRICS_TOKEN = "jeton-marque-des-mesures-48"
NOT_A_TOKEN = "tlfhir_faux-jeton-marque-49"


@pytest.fixture
def data_dir(tmp_path: Path, installation: Path) -> Path:
    return Path(shutil.copytree(installation, tmp_path / "var"))


@pytest.fixture
def fhir_token(data_dir: Path) -> str:
    """A person who may sign in, her laboratory, and a token of it."""
    with transaction(make_engine(Settings(data_dir=data_dir).resolved_database_url)) as session:
        laboratory = Laboratory(name=LABORATORY)
        user = User(email=EMAIL, display_name=NAME, password_hash=hash_password(PASSWORD), is_administrator=True)
        session.add_all([laboratory, user])
        session.flush()
        session.add(Membership(user_id=user.id, laboratory_id=laboratory.id, role=Role.TRANSCODER))
        _, token = create_token(session, laboratory, name="Programme", lifetime="90", actor=user)
    return token


def converse(address: str, fhir_token: str) -> tuple[list[str], list[str]]:
    """Do what people and programs do, well and badly. (every secret that went through, the identifiers received)."""
    identifiers: list[str] = []
    headers = {"User-Agent": AGENT, "Referer": f"{address}/?texte={SEARCHED}", "X-Request-ID": IDENTIFIER}
    with httpx2.Client(base_url=address, headers=headers, timeout=60) as client:

        def ask(method: str, path: str, expected: int, **sent: object) -> httpx2.Response:
            answer = client.request(method, path, **sent)  # type: ignore[arg-type]
            assert answer.status_code == expected, (method, path, answer.text)
            identifiers.append(answer.headers["x-request-id"])
            return answer

        ask("POST", "/connexion", 401, data={"email": EMAIL, "password": WRONG})
        ask("POST", "/connexion", 303, data={"email": EMAIL, "password": PASSWORD, "suite": f"/?x={SEARCHED}"})
        session = client.cookies["transcodeur_session"]
        home = ask("GET", "/", 200).text
        laboratory = re.search(r"/laboratoires/(\d+)", home)
        assert laboratory is not None
        ask("GET", f"/terminologie?q={SEARCHED}", 200)
        ask("GET", f"/absent/{SEARCHED}?q={SEARCHED}", 404)
        ask("POST", "/compte/mot-de-passe", 422, data={"actuel": WRONG, "nouveau": WRONG, "confirmation": "autre"})
        files = {"fichiers": (f"{CONTENT}.csv", f"code;libelle\n1;{CONTENT}\n".encode(), "text/csv")}
        draft = ask("POST", f"{laboratory[0]}/importer", 303, data={"nom": CONTENT}, files=files).headers["location"]
        assert CONTENT in ask("GET", draft, 200).text
        assert ask("POST", f"{draft}/confirmer", 303, data={"nom": CONTENT}).status_code == 303
        unreadable = {"fichiers": (f"{CONTENT}.xlsx", f"PK{CONTENT}".encode(), "application/zip")}
        answer = ask("POST", f"{laboratory[0]}/importer", 303, data={"nom": CONTENT}, files=unreadable)
        ask("GET", answer.headers["location"], 200)
        client.post(f"{laboratory[0]}/importer", content=CONTENT, headers={"Content-Type": "multipart/form-data"})
        for token, status in ((fhir_token, 200), (NOT_A_TOKEN, 401)):
            ask("GET", f"/fhir/ConceptMap?url={SEARCHED}", status, headers={"Authorization": f"Bearer {token}"})
        ask("GET", "/metrics", 200, headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        ask("GET", "/metrics", 403, headers={"Authorization": f"Bearer {NOT_A_TOKEN}", "Via": "1.1 x"})
        ask("POST", "/deconnexion", 303)
    secrets = [PASSWORD, WRONG, EMAIL, NAME, SEARCHED, CONTENT, IDENTIFIER, LABORATORY, AGENT, METRICS_TOKEN]
    return [*secrets, NOT_A_TOKEN, fhir_token, session, "marqu"], identifiers


def test_no_secret_reaches_the_log_of_a_server(data_dir: Path, fhir_token: str) -> None:
    settings = {"metrics_token": METRICS_TOKEN, "second_factor_required": "false"}
    with started("app.cli", data_dir, "serve", "--port", "0", **settings) as server:
        secrets, identifiers = converse(address_of(server), fhir_token)
        server.terminate()
        out, err = server.communicate(timeout=120)
    assert server.returncode == 0, err
    assert [secret for secret in secrets if secret in out + err] == []
    lines = [json.loads(line) for line in err.splitlines()]
    written = [line["request_id"] for line in lines if line["event"] == "request"]
    assert set(identifiers) <= set(written)
    assert len(written) == len(set(written)), "one line a request"
    assert [line for line in lines if line["level"] not in ("info", "warning")] == []


# ---------- faults of ours, in a server of this process ----------


@pytest.fixture
def faulty(application: FastAPI, world: World, engine: Engine) -> Iterator[str]:
    """The address of a server whose pages fail while they hold what was sent."""

    @application.post("/panne/{word}")
    def fail(request: Request, word: str, said: str = Form()) -> str:
        raise RuntimeError(f"{word} {said} {request.url} {request.headers['cookie']}")

    @application.post("/doublon/{word}")
    def insert(word: str) -> None:
        with transaction(engine) as session:
            statement = text("INSERT INTO laboratory (id, name) VALUES (:id, :name)")
            session.connection().execute(statement, {"id": world.laboratory_id, "name": word})

    config = uvicorn.Config(application, port=0, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(60)


def test_a_fault_is_told_without_what_it_held(logs: Logs, faulty: str) -> None:
    headers = {"Cookie": f"transcodeur_session={PASSWORD}"}
    first = httpx2.post(f"{faulty}/panne/{SEARCHED}?q={WRONG}", data={"said": CONTENT}, headers=headers, timeout=60)
    second = httpx2.post(f"{faulty}/doublon/{SEARCHED}", timeout=60)
    assert (first.status_code, second.status_code) == (500, 500)
    deadline = time.monotonic() + 60
    while len([line for line in logs.events() if "frames" in line]) < 2:  # written after the answer is sent
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [secret for secret in (SEARCHED, WRONG, CONTENT, PASSWORD, "marqu") if secret in logs.text] == []
    told = [line for line in logs.events() if "frames" in line]
    assert [line["error"] for line in told] == ["RuntimeError", "IntegrityError"]
    assert [line["request_id"] for line in told] == [a.headers["x-request-id"] for a in (first, second)]
    assert told[0]["frames"][-1].endswith(" fail")
    assert told[1]["error_code"] in ("SQLITE_CONSTRAINT_NOTNULL", "23502"), "that of the database, here or on a server"
