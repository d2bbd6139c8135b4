"""The RPPS number, and what an administrator may write of it."""

import pytest
from sqlalchemy import Engine

from app.errors import WorkbenchError
from app.identity_providers.rpps import is_rpps, rpps_of_subject_name
from app.main import create_app
from app.models import ProviderIdentity
from app.platform.database import reading
from app.settings import Settings, get_settings, is_safe_address
from tests.app.identity_providers.conftest import OTHER_RPPS, RPPS
from tests.conftest import ADMINISTRATOR, TRANSCODER, ClientFor, World


@pytest.mark.parametrize("text", ["", RPPS[:-1], f"{RPPS}0", f"{RPPS[:-1]}5", "1000300001४", "abcdefghijk"])
def test_what_is_no_number(text: str) -> None:
    assert not is_rpps(text)
    assert rpps_of_subject_name(f"8{text}") is None


def test_the_name_of_the_subject() -> None:
    assert rpps_of_subject_name(f"8{RPPS}") == RPPS
    assert rpps_of_subject_name(f"0{RPPS}") is None


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://identite.exemple/a", True), ("http://127.0.0.1:80", True), ("http://localhost", True),
        ("http://identite.exemple", False), ("http://127.0.0.1.exemple", False), ("https://nom@exemple", False),
        ("https://exemple:port", False), ("file:///etc/passwd", False),
        ("https://exemple/#a", False), ("//exemple", False),
    ],
)  # fmt: skip
def test_addresses_that_may_be_asked(address: str, is_safe: bool) -> None:
    assert is_safe_address(address) is is_safe


def test_a_provider_half_described_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCODEUR_OIDC_ISSUER", "https://identite.exemple")
    monkeypatch.setenv("TRANSCODEUR_OIDC_CLIENT_SECRET", "tres-secret")
    get_settings.cache_clear()
    with pytest.raises(WorkbenchError, match="TRANSCODEUR_OIDC_CLIENT_ID, TRANSCODEUR_PUBLIC_ADDRESS") as refusal:
        get_settings()
    get_settings.cache_clear()
    assert "tres-secret" not in str(refusal.value)


@pytest.mark.only("sqlite", "no statement of it depends on the database")
def test_the_administrator_enters_the_number(
    client_for: ClientFor, world: World, settings: Settings, engine: Engine
) -> None:
    address = f"/administration/comptes/{world.user_id(TRANSCODER)}"
    client = client_for(ADMINISTRATOR)
    # No provider here: the page has no such field, and the address is nothing.
    assert "identifiant" not in client.get(address).text
    assert client.post(f"{address}/identite", data={"identifiant": RPPS}).status_code == 404
    assert client.get("/connexion/fournisseur").status_code == 404
    client.app = create_app(settings.model_copy(update={
        "public_address": "https://atelier.exemple", "oidc_issuer": "https://identite.exemple",
        "oidc_client_id": "a", "oidc_client_secret": "b", "oidc_profile": "pro-sante-connect",
    }), engine)  # fmt: skip
    client._transport.app = client.app  # type: ignore[attr-defined]
    wrong = client.post(f"{address}/identite", data={"identifiant": f"{RPPS[:-1]}5"})
    assert (wrong.status_code, f'value="{RPPS[:-1]}5"' in wrong.text) == (422, True)
    assert client.post(f"{address}/identite", data={"identifiant": f"8 {RPPS}"}).status_code == 303
    assert f'value="{RPPS}"' in client.get(address).text
    other = f"/administration/comptes/{world.user_id(ADMINISTRATOR)}"
    taken = client.post(f"{other}/identite", data={"identifiant": RPPS})
    assert (taken.status_code, "déjà celui d" in taken.text) == (409, True)
    assert client_for(TRANSCODER).post(f"{address}/identite", data={"identifiant": OTHER_RPPS}).status_code == 403
    assert client.post(f"{address}/identite", data={"identifiant": ""}).status_code == 303
    with reading(engine) as session:
        assert session.get(ProviderIdentity, world.user_id(TRANSCODER)) is None
