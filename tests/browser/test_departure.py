"""A laboratory leaves: its archive is prepared, downloaded, and closes it; its biologist reads what happened."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, update

from app.accounts.passwords import hash_password
from app.models import User, UserSession, utc_now
from app.platform.database import transaction
from app.portability.reading import verify_archive
from tests.app.review.conftest import Desk, desk
from tests.app.versions.conftest import Approved, approved
from tests.browser.conftest import PageFor, picture
from tests.browser.test_accessibility import AXE, faults_of
from tests.conftest import ADMINISTRATOR, BIOLOGIST

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["approved", "desk"]
PASSWORD = "Bilan-Clair-2026"
WIDTHS = (320, 1920, 1280)


def look(page: Page, name: str = "") -> None:
    """Nothing scrolls sideways at any width, axe holds nothing against it; what is named is a picture of the guide."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width}"
    if name:
        picture(page, name)
    assert faults_of(page) == []


def test_the_journey_of_a_departure(desk: Desk, page_for: PageFor, approved: Approved, tmp_path: Path) -> None:
    approved(desk.sodium)
    world = desk.world
    page, member = page_for(ADMINISTRATOR), page_for(BIOLOGIST)
    for somebody in (page, member):
        somebody.add_init_script(path=AXE)
    member.goto(f"{desk.base}/couverture")
    expect(member.locator("h1")).to_be_visible()
    page.goto(f"/administration/laboratoires/{world.laboratory_id}")
    page.get_by_role("link", name="Emporter ou fermer ce laboratoire").click()
    expect(page.locator("section[aria-labelledby=fermer]")).to_contain_text("préparez-la et téléchargez-la d’abord")
    look(page)
    page.get_by_role("button", name="Préparer l’archive").click()
    with page.expect_download() as waited:
        page.get_by_role("link", name="Télécharger l’archive").click()
    path = tmp_path / waited.value.suggested_filename
    waited.value.save_as(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    expect(page.locator("#empreinte-archive")).to_have_text(sha256)
    verified = verify_archive(path, tmp_path)
    assert verified.stage.span("decision") is not None
    verified.stage.close()
    look(page, "portabilite.png")

    # Another name is refused, and what was typed stays.
    page.get_by_label("Nom du laboratoire").fill("Un autre")
    page.get_by_label("Empreinte SHA-256").fill(sha256)
    page.get_by_role("button", name="Fermer ce laboratoire").click()
    expect(page.get_by_role("alert")).to_contain_text("écrivez son nom exactement")
    expect(page.get_by_label("Empreinte SHA-256")).to_have_value(sha256)
    page.get_by_label("Nom du laboratoire").fill(world.laboratory.name)
    # The last proof is too old: it is asked again, and what was typed is sent afterwards.
    with transaction(desk.engine) as session:
        account = update(User).where(col(User.id) == world.user_id(ADMINISTRATOR))
        session.exec(account.values(password_hash=hash_password(PASSWORD)))
        session.exec(update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)))
    page.get_by_role("button", name="Fermer ce laboratoire").click()
    expect(page.locator("h1")).to_have_text("Confirmer qui vous êtes")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Confirmer").click()
    page.get_by_role("button", name="L’envoyer maintenant").click()
    expect(page.locator("h1")).to_contain_text("laboratoire fermé")
    expect(page.locator("section[aria-labelledby=reste]")).to_contain_text(sha256)
    look(page, "portabilite-ferme.png")
    page.get_by_role("button", name="Supprimer cette copie").click()
    expect(page.locator(".info-box")).to_contain_text("Aucune copie de son archive")
    page.goto("/administration/laboratoires")
    expect(page.locator("main")).to_contain_text("Laboratoires fermés")
    look(page)

    member.reload()
    expect(member.get_by_role("alert")).to_contain_text(f"Le laboratoire « {world.laboratory.name} » a été fermé le")
    look(member)
    member.goto("/")
    expect(member.locator(".empty")).to_contain_text("a été fermé le")
