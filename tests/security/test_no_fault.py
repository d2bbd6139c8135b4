"""Nothing that is sent, by nobody in particular or by anybody, is answered as a fault of ours."""

import random
from contextlib import suppress
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER
from tests.security.attacks import FAULTS, NUMBERS, TEXTS, Target, shots, targets
from tests.security.conftest import EVERYBODY, NOBODY, Besieged

ROUTES_LEAST = 150
FEW = {NOBODY: 1, OUTSIDER: 1, READER: 1, TRANSCODER: 1, BIOLOGIST: 1, ADMINISTRATOR: 1, EVERYBODY: 5}
"""How many requests each sends to each route."""
on_one = pytest.mark.only("sqlite", "the other database has the same routes, and its own test of impossible values")


def is_fault(status: int, text: str) -> bool:
    return (status >= 500 and status not in (501, 503)) or FAULTS.search(text) is not None


def attacked(besieged: Besieged, email: str, chosen: list[Target], count: int) -> list[str]:
    """What was answered as a fault."""
    client = besieged.client(email)
    found = []
    for target in chosen:
        if email:
            besieged.sign_in(client, email)
        for shot in shots(target, count, besieged.known):
            answer = shot.fire(client)
            if is_fault(answer.status_code, answer.text):
                found.append(f"{answer.status_code} {target.name} {shot}"[:1_500])
    client.close()
    return found


@on_one
@pytest.mark.parametrize("email", FEW)
def test_no_request_to_a_page_is_a_fault(besieged: Besieged, email: str) -> None:
    pages = [target for target in targets() if not target.is_of_programs]
    assert len(pages) >= ROUTES_LEAST - 40
    assert attacked(besieged, email, pages, FEW[email]) == []


@pytest.mark.only("postgresql", "its driver refuses other values than SQLite does")
def test_no_request_to_a_page_is_a_fault_on_a_server(besieged: Besieged) -> None:
    pages = [target for target in targets() if not target.is_of_programs]
    assert attacked(besieged, EVERYBODY, pages, 2) == []


@on_one
def test_no_request_of_a_program_is_a_fault(besieged: Besieged) -> None:
    found = []
    for client in (besieged.client(NOBODY), besieged.program()):
        for target in (target for target in targets() if target.is_of_programs):
            for shot in shots(target, 6, besieged.known):
                answer = shot.fire(client)
                if is_fault(answer.status_code, answer.text):
                    found.append(f"{answer.status_code} {shot}"[:1_500])
    assert found == []


@on_one
def test_no_address_is_a_fault(besieged: Besieged) -> None:
    """Addresses that no route has, and those of the files that are served to everybody."""
    dice = random.Random(1)
    client = besieged.client(NOBODY)
    values = [text.encode() for text in NUMBERS] + list(TEXTS)
    for start in ("/", "/static/", "/static/css/", "/laboratoires/", "/fhir/", "/connexion?suite="):
        for value in values:
            answer = client.request(dice.choice(("GET", "POST", "HEAD")), start + quote_from_bytes(value[:3_000]))
            assert not is_fault(answer.status_code, answer.text), (start, value[:40])


@on_one
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_no_input_made_from_the_description_is_a_fault(besieged: Besieged) -> None:
    """Every operation of the description that FastAPI makes of the routes, as schemathesis reads it."""
    schema = schemathesis.openapi.from_dict(besieged.application.openapi())
    clients = {True: besieged.program(), False: besieged.client(EVERYBODY)}
    found: list[str] = []
    operations = [item.ok() for item in schema.get_all_operations()]
    assert len(operations) >= ROUTES_LEAST
    for operation in operations:
        client = clients[operation.path.startswith("/fhir")]
        found += _thrown(operation, client)
    assert found == []


def _thrown(operation: Any, client: TestClient) -> list[str]:
    found: list[str] = []
    modes = {"generation_mode": schemathesis.GenerationMode.NEGATIVE}

    @settings(max_examples=2, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck), deadline=None)  # fmt: skip
    @given(case=operation.as_strategy() | operation.as_strategy(**modes))
    def throw(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), bytes | str):
            sent["content"] = sent.pop("data")
        answer = client.request(**sent)
        if is_fault(answer.status_code, answer.text):
            found.append(f"{answer.status_code} {sent}"[:1_500])

    with suppress(Unsatisfiable):
        throw()
    return found
