"""The pages of the terminology: search, one term, administration."""

from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from app.models import AuditEvent, Job, JobStatus, LoincRelease, StoredFileChunk, ValueSet
from app.platform.database import reading, transaction
from app.settings import Settings
from app.terminology.service import current_release
from app.upgrades.service import load_release, load_starter
from tests.app.terminology.fixtures.official import (
    CREATININE_MOLES,
    GLUCOSE_MASS,
    LIPID_PANEL,
    NOTICE,
    POTASSIUM,
    SODIUM,
    first_release,
    second_release,
)
from tests.conftest import ADMINISTRATOR, READER, ClientFor

ADMIN_PAGE = "/administration/terminologies"


@pytest.fixture
def official(engine: Engine, tmp_path: Path) -> tuple[int, int]:
    """Two official releases, the first of which is current."""
    first = load_release(engine, first_release().write_zip(tmp_path))
    second = load_release(engine, second_release().write_zip(tmp_path))
    return first.release_id, second.release_id


def test_without_release_the_page_says_so(client_for: ClientFor) -> None:
    page = client_for(READER).get("/terminologie")
    assert page.status_code == 200
    assert "Aucune version de LOINC n'est chargée" in unescape(page.text)
    assert client_for(READER).get(f"/terminologie/{SODIUM}").status_code == 404


def test_search_by_word_code_and_axis(client_for: ClientFor, official: tuple[int, int]) -> None:
    client = client_for(READER)
    assert SODIUM in client.get("/terminologie?q=natrémie").text
    assert SODIUM in client.get(f"/terminologie?q={SODIUM}").text
    page = client.get("/terminologie?q=glucose&property=mcnc")
    assert GLUCOSE_MASS in page.text
    assert "14749-6" not in page.text
    nothing = client.get("/terminologie?q=introuvable")
    assert "Aucun terme de LOINC 2.80 ne répond" in nothing.text


def test_the_official_french_name_comes_with_its_producer(client_for: ClientFor, official: tuple[int, int]) -> None:
    page = client_for(READER).get("/terminologie?q=sodium")
    assert "Sodium (nom affiché)" in page.text
    assert "Producteur français" in page.text


def test_a_starter_label_is_marked_as_ours(client_for: ClientFor, engine: Engine) -> None:
    with transaction(engine) as session:
        load_starter(session)
    page = client_for(READER).get(f"/terminologie/{SODIUM}")
    assert "lexique de l&#39;atelier" in page.text
    assert "notre lexique" not in page.text
    assert "n'est pas un nom LOINC" in unescape(page.text)
    assert "Regenstrief" in page.text


def test_the_term_page(client_for: ClientFor, official: tuple[int, int]) -> None:
    client = client_for(READER)
    sodium = client.get(f"/terminologie/{SODIUM}").text
    for expected in (
        "Sodium [Moles/volume] in Serum or Plasma",
        "SCnc",
        "Ser/Plas",
        "nom belge",
        "LOINC Universal Lab Orders",
    ):
        assert expected in sodium
    assert NOTICE in client.get(f"/terminologie/{CREATININE_MOLES}").text
    assert POTASSIUM in client.get(f"/terminologie/{LIPID_PANEL}").text
    assert client.get("/terminologie/0000-0").status_code == 404


def test_a_deprecated_term_shows_every_replacement(client_for: ClientFor, official: tuple[int, int]) -> None:
    page = client_for(READER).get(f"/terminologie/{GLUCOSE_MASS}?version={official[1]}").text
    assert "Retiré de LOINC" in page
    assert "If reported in moles" in page
    assert "If, for the test, it was sodium" in page
    assert "voir dans LOINC 2.80" in page


def test_only_signed_in_people_and_administrators(client_for: ClientFor, official: tuple[int, int]) -> None:
    client = client_for(READER)
    for method, path in (
        ("GET", ADMIN_PAGE),
        ("GET", f"{ADMIN_PAGE}/versions/{official[1]}"),
        ("POST", f"{ADMIN_PAGE}/versions/{official[1]}/utiliser"),
    ):
        assert client.request(method, path).status_code == 403
    upload = {"fichier": ("liste.csv", b"x")}
    assert client.post(f"{ADMIN_PAGE}/versions", files=upload).status_code == 403
    assert client.post(f"{ADMIN_PAGE}/listes", files=upload).status_code == 403


def nothing_is_kept(engine: Engine, settings: Settings) -> bool:
    """Whether no received archive is left: pieces in the database, or the file that a job reads."""
    with Session(engine) as session:
        kept = session.exec(select(StoredFileChunk)).all()
    return not kept and not list((settings.data_dir / "depots").glob("*"))


def test_an_uploaded_release_is_loaded_as_a_job(
    client_for: ClientFor, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    client = client_for(ADMINISTRATOR)
    path = first_release().write_zip(tmp_path)
    answer = client.post(f"{ADMIN_PAGE}/versions", files={"fichier": (path.name, path.read_bytes())})
    assert answer.status_code == 303
    with reading(engine) as session:
        job = session.exec(select(Job)).one()
        assert job.status == JobStatus.DONE, job.message
        assert "LOINC 2.80 chargée" in job.message
        release = current_release(session)
        assert release is not None
        assert (release.version, release.source_name) == ("2.80", path.name)
        actions = {event.action for event in session.exec(select(AuditEvent))}
    assert {"terminology.upload_release", "terminology.load_release"} <= actions
    assert nothing_is_kept(engine, settings)
    assert "LOINC 2.80" in client.get(ADMIN_PAGE).text
    assert client.get(answer.headers["location"]).status_code == 200


def test_a_refused_upload_says_why_and_leaves_nothing(
    client_for: ClientFor, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    client = client_for(ADMINISTRATOR)
    wrong = client.post(f"{ADMIN_PAGE}/versions", files={"fichier": ("Loinc.csv", b"LOINC_NUM\r\n")})
    assert wrong.status_code == 422
    assert "Ce qui était chargé n'a pas changé" in unescape(wrong.text)
    content = first_release().write_zip(tmp_path).read_bytes()
    cut = client.post(f"{ADMIN_PAGE}/versions", files={"fichier": ("Loinc_2.80.zip", content[:2000])})
    assert cut.status_code == 303
    with reading(engine) as session:
        job = session.exec(select(Job)).one()
        assert job.status == JobStatus.FAILED
        assert "archive zip lisible" in job.message
        assert session.exec(select(LoincRelease)).all() == []
    assert nothing_is_kept(engine, settings)


def test_using_another_release(client_for: ClientFor, engine: Engine, official: tuple[int, int]) -> None:
    client = client_for(ADMINISTRATOR)
    before = client.get(f"{ADMIN_PAGE}/versions/{official[1]}")
    assert "Utiliser LOINC 2.81" in before.text
    answer = client.post(f"{ADMIN_PAGE}/versions/{official[1]}/utiliser")
    assert answer.status_code == 303
    assert "LOINC 2.81 est maintenant la version utilisée" in client.get(answer.headers["location"]).text
    with reading(engine) as session:
        release = current_release(session)
        assert release is not None
        assert release.id == official[1]
    assert "déjà celle qui est utilisée" in client.get(f"{ADMIN_PAGE}/versions/{official[1]}").text


def test_value_sets_are_loaded_and_chosen(client_for: ClientFor, engine: Engine, official: tuple[int, int]) -> None:
    client = client_for(ADMINISTRATOR)
    content = f"Code LOINC;Libellé\r\n{POTASSIUM};Potassium\r\nX;Y\r\n".encode()
    answer = client.post(f"{ADMIN_PAGE}/listes", files={"fichier": ("circuit_2026.csv", content)})
    assert answer.status_code == 303
    shown = client.get(answer.headers["location"]).text
    assert "Circuit de la biologie 2026" in shown
    assert "Lignes sans code LOINC" in shown
    other = client.post(
        f"{ADMIN_PAGE}/listes",
        files={"fichier": ("liste.csv", content)},
        data={"type_liste": "circuit_biologie", "colonne_code": "Code LOINC", "version": "v2"},
    )
    assert other.status_code == 303
    page = client.get(f"/terminologie/{SODIUM}").text
    assert "erreur non bloquante" in page
    with reading(engine) as session:
        oldest = session.exec(select(ValueSet).where(ValueSet.version == "2026")).one()
    assert client.post(f"{ADMIN_PAGE}/listes/{oldest.id}/utiliser").status_code == 303
    with reading(engine) as session:
        assert session.get_one(ValueSet, oldest.id).is_current
    refused = client.post(f"{ADMIN_PAGE}/listes", files={"fichier": ("x.csv", b"a;b\r\n1;2\r\n")})
    assert refused.status_code == 422
    assert "aucune colonne de codes LOINC" in refused.text
    assert client.post(f"{ADMIN_PAGE}/listes/999/utiliser").status_code == 404
