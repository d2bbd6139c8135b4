"""A transcoder drops emitted reports, reads what they carried, opens what to repair and takes the list away."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.emitted import cda_documents as cda
from tests.app.emitted import messages
from tests.app.review.conftest import Desk, desk
from tests.app.versions.conftest import Approved, approved
from tests.browser.conftest import PageFor, picture
from tests.conftest import READER, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["approved", "desk"]
WIDTHS = (320, 1920, 1280)
SODIUM = "2951-2"


def look(page: Page, name: str = "") -> None:
    """Nothing scrolls sideways at any width; what is named is a picture of the guide."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width}"
    if name:
        picture(page, name)


def reports() -> list[dict[str, object]]:
    """A CR-Bio whose sodium carries its approved code, and a file of messages whose glucose carries none.

    An analysis of the second is not in the catalogue; one person has a name that no answer may tell.
    """
    local = cda.code("NA", cda.LOCAL, tag="translation")
    sodium = cda.observation(cda.code(SODIUM, inner=local))
    document = cda.document(cda.chapter(cda.act(sodium)))
    oru = [
        messages.message(
            messages.obx("GLU^Glycémie^L", "5.1", "mmol/L"), messages.obx("NEUVE^Analyse neuve^L", "2", "g/L"),
            filler=f"F{number}",
        )
        for number in range(3)
    ]  # fmt: skip
    return [
        {"name": "DUPONTEL-MARQUE.xml", "mimeType": "text/xml", "buffer": document.encode()},
        {"name": "envoi.hl7", "mimeType": "text/plain", "buffer": "".join(oru).encode()},
    ]


def test_the_journey_of_emitted_reports(
    desk: Desk, page_for: PageFor, approved: Approved, tmp_path: Path
) -> None:
    approved(desk.sodium)
    page = page_for(TRANSCODER)
    page.goto(f"{desk.base}/effectif")
    expect(page.locator("#mesures ~ .empty")).to_contain_text("Aucun compte rendu émis")
    page.get_by_label("Comptes rendus", exact=True).set_input_files(reports())  # type: ignore[arg-type]
    page.get_by_label("Premier jour").fill("2026-03-01")
    page.get_by_label("Dernier jour").fill("2026-03-31")
    page.get_by_role("button", name="Lire et compter").click()
    run = page.locator("section[aria-labelledby=mesures] tbody tr")
    expect(run).to_have_count(1)
    expect(run).to_contain_text("En vigueur")
    expect(run.locator("td[data-label=Résultats]")).to_have_text("7")
    look(page)
    run.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("Mesure du")
    expect(page.locator(".page-head")).to_contain_text("4 comptes rendus")
    shares = page.locator(".effective-shares tbody tr").first
    expect(shares).to_contain_text("14,28 %")
    assert cda.MARK not in page.content()
    assert "GRANDJEAN" not in page.content()
    look(page, "effectif.png")

    # The worst first: what three reports carry without a code.
    repairs = page.locator(".effective-repairs tbody tr")
    expect(repairs).to_have_count(2)
    first = repairs.filter(has_text="GLU")
    expect(first.locator("td.num").first).to_have_text("3")
    expect(first).to_contain_text("Faites d’abord approuver un code LOINC")
    page.locator("#a-corriger").evaluate("item => item.scrollIntoView()")
    picture(page, "effectif-a-corriger.png")
    with page.expect_download() as waited:
        page.locator("section[aria-labelledby=a-corriger]").get_by_role("link", name="Tout en CSV").click()
    path = tmp_path / waited.value.suggested_filename
    waited.value.save_as(path)
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
    # A local code that the catalogue does not know may be a name: it is masked.
    assert {row[1] for row in rows[1:]} == {"GLU", "•"}
    first.get_by_role("link", name="GLU").click()
    expect(page).to_have_url(re.compile(rf"{desk.base}/revue/{desk.glucose}\b"))
    expect(page.locator("h2, h1").filter(has_text="GLYCÉMIE").first).to_be_visible()

    reader = page_for(READER)
    reader.goto(f"{desk.base}/effectif")
    expect(reader.locator("section[aria-labelledby=mesures] tbody tr")).to_have_count(1)
    expect(reader.get_by_role("button", name="Lire et compter")).to_have_count(0)

