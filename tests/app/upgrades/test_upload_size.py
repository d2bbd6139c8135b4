"""The archive of a release is larger than any other upload: its route alone accepts it."""

from pathlib import Path

import pytest

from app.settings import Settings
from tests.conftest import ADMINISTRATOR, ClientFor


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that accepts small uploads only."""
    return Settings(data_dir=tmp_path / "var", run_jobs_in_server=False, jobs_immediate=True, max_upload_bytes=10_000)


def test_only_the_route_of_releases_accepts_more(client_for: ClientFor) -> None:
    client = client_for(ADMINISTRATOR)
    files = {"fichier": ("Loinc_2.80.zip", b"no archive" + bytes(2_000_000))}
    assert client.post("/administration/terminologies/versions", files=files).status_code == 422
    assert client.post("/administration/terminologies/listes", files=files).status_code == 413
