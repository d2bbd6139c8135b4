"""The whole job as a person does it: import, decide with mouse and keyboard, approve, measure, export."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap
from playwright.sync_api import Browser, Page, Response, expect
from sqlmodel import select

from app.accounts.passwords import hash_password
from app.files.records import read_records
from app.models import Decision, LocalTest, User
from app.platform.database import reading, transaction
from app.upgrades.service import load_starter
from loinc_data.tables import DATA_DIR
from tests.browser.conftest import PATIENCE
from tests.conftest import BIOLOGIST, TRANSCODER, World

pytestmark = pytest.mark.browser

DEMO = DATA_DIR / "demo"
EXAMS = DEMO / "LOINC_2_export_demandes_20261101.csv"
ANALYSES = DEMO / "LOINC_3_export_resultats_20261101.csv"
PASSWORD = "Bilan-Clair-2026"
BY_MOUSE = ("NA", "K", "GLYC")
BY_KEYBOARD = ("CREA", "UREE", "CA")


def _sign_in(page: Page, email: str) -> None:
    page.goto("/connexion")
    page.fill("input[name=email]", email)
    page.fill("input[type=password]", PASSWORD)
    page.locator("main button[type=submit], main button").first.click()
    expect(page.get_by_role("heading", name="Tableau de bord")).to_be_visible()


def _identifiers(world: World, codes: tuple[str, ...]) -> dict[str, int]:
    with reading(world.engine) as session:
        statement = select(LocalTest).where(LocalTest.level == "analysis")
        return {test.code: test.id for test in session.exec(statement) if test.code in codes and test.id}


def _download(page: Page, name: str, target: Path) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    path = target / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_bytes()


def _is_decision(response: Response) -> bool:
    # The page also posts that the row is open: that is no decision.
    return response.url.partition("?")[0].endswith("/decision") and response.status in (200, 303)


def test_the_main_job_from_file_to_file(
    browser: Browser, address: str, world: World, tmp_path: Path
) -> None:
    with transaction(world.engine) as session:
        load_starter(session)
        for email in (TRANSCODER, BIOLOGIST):
            user = session.get_one(User, world.user_id(email))
            user.password_hash = hash_password(PASSWORD)
            session.add(user)

    # The transcoder imports the laboratory's two files.
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    _sign_in(page, TRANSCODER)
    page.goto(f"/laboratoires/{world.laboratory_id}/importer")
    page.set_input_files("input[name=fichiers]", [str(EXAMS), str(ANALYSES)])
    page.fill("input[name=nom]", "Catalogue 2026")
    page.get_by_role("button", name="Envoyer et vérifier").click()
    expect(page.get_by_text("Toutes les cellules d'origine sont conservées")).to_be_visible()
    page.get_by_role("button", name="Importer", exact=True).first.click()
    page.wait_for_url(re.compile(r"/(travaux|catalogues)/\d+"))
    page.goto("/catalogues/1")
    expect(page.get_by_role("heading", name="Catalogue 2026")).to_be_visible()
    identifiers = _identifiers(world, (*BY_MOUSE, *BY_KEYBOARD))
    assert len(identifiers) == 6

    # Three decisions with the mouse …
    for code in BY_MOUSE:
        page.goto(f"/catalogues/1/revue/{identifiers[code]}")
        with page.expect_response(_is_decision):
            page.locator(".candidate").first.locator("button.take").click()
    # … and three with the keyboard.
    for code in BY_KEYBOARD:
        page.goto(f"/catalogues/1/revue/{identifiers[code]}")
        expect(page.locator("#comparaison")).to_be_visible()
        with page.expect_response(_is_decision):
            page.keyboard.press("v")
    context.close()

    with reading(world.engine) as session:
        decisions = session.exec(select(Decision).order_by(Decision.id)).all()  # type: ignore[arg-type]
    assert [decision.action for decision in decisions] == ["choose"] * 6
    assert {decision.author_id for decision in decisions} == {world.user_id(TRANSCODER)}
    chosen = {decision.local_test_id: decision.loinc_num for decision in decisions}
    assert chosen[identifiers["NA"]] == "2951-2"
    assert chosen[identifiers["K"]] == "2823-3"

    # The biologist approves them.
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    _sign_in(page, BIOLOGIST)
    page.goto("/catalogues/1/approbation")
    for _ in range(6):
        row = page.locator("tbody tr").first
        if row.get_by_role("button", name="Approuver").count():
            row.get_by_role("button", name="Approuver").first.click()
        else:
            row.locator("td.label-cell a").click()
            page.locator("#form-approuver button").click()
        page.goto("/catalogues/1/approbation")
    expect(page.get_by_text("Aucune décision ne répond à ces filtres")).to_be_visible()

    # She reads the coverage …
    page.goto("/catalogues/1/couverture")
    with reading(world.engine) as session:
        total = len(session.exec(select(LocalTest).where(LocalTest.level == "analysis")).all())
    expect(page.get_by_text(re.compile(rf"6 analyses transcodées sur {total}"))).to_be_visible()

    # … and downloads what the laboratory system needs.
    page.goto("/catalogues/1/exports")
    results = _download(page, "LOINC_6 — analyses : CSV", tmp_path)
    concept_map = json.loads(_download(page, "FHIR ConceptMap R4 : JSON", tmp_path))
    context.close()

    given = read_records(ANALYSES.read_bytes(), "utf-8", ";")
    returned = read_records(results, "utf-8", ";")
    assert len(returned) == len(given)
    changed = [mine.raw for mine, theirs in zip(returned, given, strict=True) if not mine.raw.startswith(theirs.raw)]
    assert changed == []
    by_code = {row[0]: row for row in csv.reader(io.StringIO(results.decode("utf-8"), newline=""), delimiter=";")}
    for code, identifier in identifiers.items():
        assert by_code[code][12] == chosen[identifier]
        assert by_code[code][13]
    assert sum(bool(row[12]) for row in by_code.values()) == 6 + 1  # and the heading

    parsed = ConceptMap.model_validate(concept_map)
    # An exam may bear the code of its analysis: only the six analyses were approved, so only they have a target.
    elements = {element.code: element for group in parsed.group for element in group.element if element.target}
    assert sorted(elements) == sorted(identifiers)
    for code, identifier in identifiers.items():
        target = elements[code].target[0]
        assert (target.code, target.equivalence) == (chosen[identifier], "equivalent")
    assert parsed.group[0].target == "http://loinc.org"
    assert "LOINC" in (parsed.copyright or "")
