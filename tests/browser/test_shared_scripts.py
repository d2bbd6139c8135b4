"""Tables, questions before a form, the watch on a job: what the shared components do."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.models import Job, JobStatus, Level, LocalTest, utc_now
from app.platform.database import transaction
from tests.browser.conftest import PageFor
from tests.conftest import ADMINISTRATOR, OUTSIDER, READER, TRANSCODER, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]


def column(page: Page, number: int) -> list[str]:
    return [text.strip() for text in page.locator(f"tbody tr > :nth-child({number})").all_inner_texts()]


@pytest.fixture
def catalogues(world: World) -> None:
    for name, count in (("Épreuves", 2), ("Analyses", 10), ("=cmd|calc", 9)):
        catalogue = world.add_catalogue(name)
        with transaction(world.engine) as session:
            for number in range(count):
                session.add(
                    LocalTest(catalogue_id=catalogue.id or 0, level=Level.ANALYSIS, code=str(number), label="x")
                )


def test_tables_sort_by_number_and_by_french_text(page_for: PageFor, catalogues: None) -> None:
    page = page_for(READER)
    page.goto("/")
    page.get_by_role("button", name="Analyses", exact=True).click()
    assert column(page, 3) == ["2", "9", "10"]
    header = page.get_by_role("columnheader", name="Analyses", exact=True)
    expect(header).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Analyses", exact=True).click()
    assert column(page, 3) == ["10", "9", "2"]
    page.get_by_role("button", name="Catalogue").click()
    assert [text.splitlines()[0] for text in column(page, 1)[1:]] == ["Analyses", "Épreuves"]


def test_a_column_of_buttons_is_not_sorted(page_for: PageFor, catalogues: None) -> None:
    page = page_for(READER)
    page.goto("/")
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend", `<table id="choses" x-data="dataTable"
        data-sortable><thead><tr><th>Code</th><th><span class="sr-only">Actions</span></th><th>Vu
        <span class="sr-only">par qui</span></th></tr></thead><tbody></tbody></table>`)"""
    )
    expect(page.locator("#choses th[aria-sort]")).to_have_text(["Code", "Vu par qui"])


def test_tables_are_exported_without_formulas(page_for: PageFor, catalogues: None, tmp_path: Path) -> None:
    page = page_for(READER)
    page.goto("/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Exporter ce tableau (CSV)").click()
    assert download.value.suggested_filename == "catalogues.csv"
    target = tmp_path / "export.csv"
    download.value.save_as(target)
    content = target.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith("Catalogue;À faire maintenant;Analyses;Décidées;dont approuvées")
    assert sorted(line.split(";")[0] for line in lines[1:-1]) == ["'=cmd|calc", "Analyses", "Épreuves"]


def test_a_dangerous_form_asks_first(page_for: PageFor, world: World) -> None:
    page = page_for(ADMINISTRATOR)
    address = f"/administration/comptes/{world.user_id(READER)}"
    page.goto(address)
    asked: list[str] = []

    def refuse(dialog: object) -> None:
        asked.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.once("dialog", refuse)
    page.get_by_role("button", name="Désactiver le compte").click()
    assert asked == ["Désactiver le compte de Lucien Lecteur ?"]
    expect(page.get_by_text("désactivé", exact=True)).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Désactiver le compte").click()
    expect(page.get_by_text("désactivé", exact=True)).to_be_visible()


def test_the_job_page_follows_the_job_to_its_end(page_for: PageFor, world: World) -> None:
    with transaction(world.engine) as session:
        job = Job(kind="essai", laboratory_id=world.laboratory_id, status=JobStatus.RUNNING, total=200, done=20)
        session.add(job)
    page = page_for(TRANSCODER)
    page.goto(f"/travaux/{job.id}")
    expect(page.get_by_text("20 sur 200")).to_be_visible()

    seen = threading.Event()

    def work() -> None:
        with transaction(world.engine) as session:
            running = session.get_one(Job, job.id)
            running.done, running.message = 150, "Presque fini"
        seen.wait()
        with transaction(world.engine) as session:
            running = session.get_one(Job, job.id)
            running.status, running.finished_at, running.message = JobStatus.DONE, utc_now(), "200 lignes lues."

    worker = threading.Thread(target=work)
    worker.start()
    try:
        expect(page.get_by_text("150 sur 200")).to_be_visible()
        expect(page.get_by_text("Presque fini")).to_be_visible()
    finally:
        seen.set()
    expect(page.get_by_text("200 lignes lues.")).to_be_visible()
    worker.join()


def test_the_keyboard_reaches_the_content_first(page_for: PageFor, world: World) -> None:
    page = page_for(READER)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_signing_in_and_out_by_hand(page_for: PageFor, world: World) -> None:
    page = page_for(OUTSIDER)
    page.goto("/")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_title("Connexion — Atelier de transcodage LOINC")
    page.get_by_label("Adresse électronique").fill(OUTSIDER)
    page.get_by_label("Mot de passe").fill("faux")
    with page.expect_response("**/connexion") as answer:
        page.get_by_role("button", name="Se connecter").click()
    assert answer.value.status == 401
    expect(page.get_by_role("alert")).to_have_text("Adresse ou mot de passe inconnu.")


def test_pages_stay_inside_a_narrow_window(page_for: PageFor, world: World, catalogues: None) -> None:
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": 640, "height": 900})
    for path in ("/", "/compte", f"/laboratoires/{world.laboratory_id}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
