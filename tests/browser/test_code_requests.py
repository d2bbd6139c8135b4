"""A row declared without code becomes a request: sent, answered, with its code d'attente, in the national list."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.code_requests.conftest import approve_row
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor, picture
from tests.conftest import TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]
WIDTHS = (320, 1920, 1280)


def look(page: Page, name: str = "") -> None:
    """Nothing scrolls sideways at any width; what is named is a picture of the guide."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width}"
    if name:
        picture(page, name)


def test_the_journey_of_a_request(desk: Desk, page_for: PageFor, tmp_path: Path) -> None:
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/revue/{desk.unproposed}")
    page.locator("summary[data-key=n]").click()
    page.get_by_label("Autre motif", exact=True).first.check()
    page.locator("#autre-aucun").fill("Aucun terme pour cette analyse rare")
    page.get_by_role("button", name="Déclarer").click()
    expect(page.get_by_role("status").filter(has_text="ANALYSE RARE").first).to_be_visible()
    # Declared, it is a request at once; a biologist says that no code exists, and the list moves it.
    page.goto(f"{desk.base}/demandes-de-code?decision=decidee")
    expect(page.locator(".request-table tbody tr")).to_contain_text("Aucun terme pour cette analyse rare")
    approve_row(desk, desk.unproposed)
    page.goto(f"{desk.base}/demandes-de-code")
    row = page.locator(".request-table tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("À préparer")
    look(page, "demandes.png")

    # The codes d'attente of the laboratory are written once, then one is given to the request.
    page.get_by_role("link", name="Codes d’attente", exact=True).click()
    page.get_by_label("Codes, un par ligne").fill("ATT-01 ; analyse sans code")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_label("Codes, un par ligne")).to_have_value("ATT-01 ; analyse sans code")
    page.goto(f"{desk.base}/demandes-de-code/{desk.unproposed}")
    page.get_by_label("Code du système").select_option("ATT-01")
    page.get_by_role("button", name="Enregistrer le code d’attente").click()
    expect(page.locator(".request-facts")).to_contain_text("ne compte pas comme un transcodage")
    page.get_by_label("À qui").fill("ANS, groupe Biologie")
    page.get_by_label("Référence donnée").fill("D-2026-7")
    page.get_by_role("button", name="Inscrire l’envoi").click()
    expect(page.locator(".page-head")).to_contain_text("Envoyée")
    history = page.locator("section[aria-labelledby=historique] tbody tr")
    expect(history).to_have_count(2)
    expect(history.filter(has_text="D-2026-7")).to_have_count(1)
    look(page, "demande.png")
    page.get_by_label("Code LOINC donné").fill("2951-2")
    page.get_by_role("button", name="Inscrire l’acceptation").click()
    expect(page.locator(".page-head")).to_contain_text("Acceptée")
    expect(page.locator(".request-facts")).to_contain_text("il n’est pas choisi pour autant")

    page.get_by_role("link", name="Demandes de code", exact=True).first.click()
    with page.expect_download() as waited:
        page.get_by_role("button", name="CSV", exact=True).click()
    path = tmp_path / waited.value.suggested_filename
    waited.value.save_as(path)
    (line,) = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";")
    assert "ANALYSE RARE" in line.values()
    assert "ATT-01" in line.values()
    assert "2951-2" not in line.values(), "the code that was given is chosen by nobody"
    # Nothing of it counts: the row has no code still.
    assert desk.state(desk.unproposed).loinc_num == ""
