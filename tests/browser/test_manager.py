"""The laboratory's manager, from her sign-in to a pack of evidence that verifies, in a real browser."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select, update

from app.accounts.passwords import hash_password
from app.models import AuditEvent, User, utc_now
from app.platform.database import reading, transaction
from app.settings import get_settings
from app.text import in_paris
from tests.app.console.conftest import RunMain, run_main
from tests.app.review.conftest import Desk, desk
from tests.app.versions.conftest import Approved, approved
from tests.browser.conftest import PageFor, picture
from tests.conftest import BIOLOGIST

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["approved", "desk", "run_main"]
PASSWORD = "Bilan-Clair-2026"


def in_days(count: int) -> str:
    return (in_paris(utc_now()).date() + timedelta(days=count)).isoformat()


def fits(page: Page, name: str) -> None:
    """No page scrolls sideways, no table is cut, at the usual widths; the narrower one is a picture of the guide."""
    for width in (1920, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        cut = "() => [...document.querySelectorAll('.table-scroll')].filter((it) => it.scrollWidth > it.clientWidth)"
        assert page.evaluate(f"({cut})().length") == 0, f"{name} at {width}"
    picture(page, f"{name}.png")


def ask(page: Page, address: str, button: str) -> None:
    """A file is asked for; the page of the prepared files follows."""
    page.goto(address)
    page.get_by_role("button", name=button).click()
    expect(page.locator("h1")).to_have_text("Fichiers préparés")


def download(page: Page, ending: str, folder: Path) -> tuple[Path, str]:
    """The prepared file of this ending and the SHA-256 that the page shows of it."""
    row = page.locator("tbody tr").filter(has_text=ending).first
    expect(row).to_contain_text("Prêt")
    shown = row.locator(".sha").inner_text().strip()
    with page.expect_download() as waited:
        row.get_by_role("link", name="Télécharger").click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path, shown


def test_the_journey_of_the_manager(
    desk: Desk, page_for: PageFor, approved: Approved, run_main: RunMain, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    approved(desk.sodium)
    approved(desk.glucose)
    with transaction(desk.engine) as session:
        person = update(User).where(col(User.id) == desk.world.user_id(BIOLOGIST))
        session.exec(person.values(password_hash=hash_password(PASSWORD)))
    page = page_for(BIOLOGIST)
    page.context.clear_cookies()
    page.goto("/connexion")
    page.fill("input[name=email]", BIOLOGIST)
    page.fill("input[type=password]", PASSWORD)
    page.locator("main button").first.click()
    expect(page.get_by_role("heading", name="Tableau de bord")).to_be_visible()

    # The deadlines, entered once, are warned of in the portfolio.
    page.goto(f"/laboratoires/{desk.world.laboratory_id}")
    page.get_by_label("Signature du bon de commande").fill(in_days(-3))
    page.get_by_label("Dépôt de la preuve de couverture").fill(in_days(10))
    page.get_by_label("Fin du service").fill(in_days(300))
    page.get_by_role("button", name="Enregistrer les échéances").click()
    page.get_by_role("link", name="Portefeuille").click()
    expect(page.locator(".warn-box")).to_contain_text("dans 10 jours")
    expect(page.locator(".warn-box")).to_contain_text("passée depuis 3 jours")
    fits(page, "portefeuille")
    page.get_by_role("link", name="couverture de Catalogue général").click()

    # The definitions side by side, each with what it lacks; the ministry's one first.
    expect(page.locator("h1")).to_have_text("Couverture")
    expect(page.locator(".coverage-main")).to_contain_text("40,00 %")
    expect(page.locator(".coverage-main")).to_contain_text("2 analyses transcodées sur 5. Il manque 2 analyses")
    figures = page.locator("section[aria-labelledby=indicateurs]")
    expect(figures.get_by_role("columnheader", name="Lignes manquantes")).to_be_visible()
    rows = figures.locator("tbody tr")
    assert rows.count() > 1
    expect(rows.first).to_contain_text("sous-traitées comprises")
    for row in rows.all():
        assert row.locator("td").nth(4).inner_text().strip(), row.inner_text()
    fits(page, "couverture")
    figures.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('indicateurs').scrollIntoView()")
    picture(page, "couverture-definitions.png")
    page.get_by_role("link", name="Avancement et projection").click()
    fits(page, "avancement")

    # The report, to read and to print.
    report = f"{desk.base}/rapport"
    page.goto(f"{desk.base}/couverture")
    page.get_by_role("link", name="Rapport de transcodage").click()
    expect(page.locator("main li")).to_have_count(0)
    fits(page, "rapport")
    ask(page, report, "Rapport à lire (HTML)")
    html, _ = download(page, ".html", tmp_path)
    text = html.read_text()
    assert "40,00" in text
    assert "PROJET" in text
    ask(page, report, "Rapport à imprimer (PDF, A4)")
    pdf, _ = download(page, ".pdf", tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF-")

    # The pack, and the fingerprint that the page shows and the workbench journals.
    ask(page, f"{desk.base}/exports", "Préparer le dossier de preuve (zip)")
    pack, fingerprint = download(page, ".zip", tmp_path)
    fits(page, "fichiers-prepares")
    with reading(desk.engine) as session:
        journaled = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "evidence.create")).one()
    assert fingerprint in str(journaled.details)
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(tmp_path / "ailleurs"))
    get_settings.cache_clear()
    code, said, complaint = run_main("verify-pack", str(pack), "--expect", fingerprint)
    assert (code, complaint) == (0, "")
    assert f"Empreinte {fingerprint}\n" in said
    assert said.endswith("C'est le dossier attendu.\n")
    assert run_main("verify-pack", str(pack), "--expect", "0" * 64)[0] == 1
