"""The demonstration is created once, and never in a real installation."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import func, select

from app.accounts.service import create_user
from app.demonstration.service import (
    ACCOUNTS,
    DOMAIN,
    PASSWORD,
    accounts_notice,
    create_demonstration,
    demonstration_files,
)
from app.errors import ConflictError
from app.main import create_app
from app.models import Catalogue, Level, LocalTest, Proposal, ProposalRun
from app.platform.database import reading, transaction
from app.settings import Settings
from app.upgrades.start import prepare


@pytest.fixture(scope="module")
def demo_settings(tmp_path_factory: pytest.TempPathFactory, installation: Path) -> Settings:
    settings = Settings(data_dir=tmp_path_factory.mktemp("demo") / "var", run_jobs_in_server=False)
    shutil.copytree(installation, settings.data_dir)
    list(create_demonstration(prepare(settings), settings))
    return settings


def test_the_files_are_the_three_of_the_exchange_and_the_side_data() -> None:
    names = [path.name for path in demonstration_files()]
    assert [name[:7] for name in names] == ["LOINC_1", "LOINC_2", "LOINC_3", "donnees"]


def test_the_demonstration_holds_a_real_looking_catalogue_with_proposals(demo_settings: Settings) -> None:
    with reading(prepare(demo_settings)) as session:
        levels = dict(session.exec(select(LocalTest.level, func.count()).group_by(LocalTest.level)).all())
        proposals = session.exec(select(func.count()).select_from(Proposal)).one()
    assert levels[Level.ANALYSIS] >= 250
    assert levels[Level.EXAM] > 50
    assert proposals > levels[Level.ANALYSIS]


def test_creating_it_again_changes_nothing(demo_settings: Settings) -> None:
    engine = prepare(demo_settings)
    assert list(create_demonstration(engine, demo_settings)) == []
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Catalogue)).one() == 1
        assert session.exec(select(func.count()).select_from(ProposalRun)).one() == 1


def test_every_account_signs_in_with_the_printed_password(demo_settings: Settings) -> None:
    engine = prepare(demo_settings)
    notice = accounts_notice(engine)
    with TestClient(create_app(demo_settings, engine), follow_redirects=False) as client:
        for name, _, _ in ACCOUNTS:
            assert name + DOMAIN in notice
            data = {"email": name + DOMAIN, "password": PASSWORD}
            assert client.post("/connexion", data=data).headers["location"] == "/"
    assert PASSWORD in notice


def test_a_real_installation_refuses_the_demonstration(tmp_path: Path, installation: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    shutil.copytree(installation, settings.data_dir)
    engine = prepare(settings)
    assert accounts_notice(engine) == ""
    with transaction(engine) as session:
        create_user(session, email="vrai@labo.fr", display_name="Vraie Personne")
    with pytest.raises(ConflictError, match="vrais comptes"):
        list(create_demonstration(engine, settings))
