"""The archive of a release is larger than any other upload: its route alone accepts it."""

import pytest

from app.settings import Settings
from tests.conftest import ADMINISTRATOR, ClientFor


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that accepts small uploads only."""
    return settings.model_copy(update={"max_upload_bytes": 10_000})


def test_only_the_route_of_releases_accepts_more(client_for: ClientFor) -> None:
    client = client_for(ADMINISTRATOR)
    files = {"fichier": ("Loinc_2.80.zip", b"no archive" + bytes(2_000_000))}
    assert client.post("/administration/terminologies/versions", files=files).status_code == 422
    assert client.post("/administration/terminologies/listes", files=files).status_code == 413
