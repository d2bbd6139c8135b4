"""A version is signed by two biologists, changed, compared and withdrawn: in real browsers."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, update

from app.accounts.passwords import hash_password
from app.models import User, UserSession, utc_now
from app.platform.database import transaction
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk, desk
from tests.app.versions.conftest import OTHER_RPPS, RPPS, Approved, approved
from tests.browser.conftest import PageFor, picture
from tests.conftest import BIOLOGIST, READER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["approved", "desk"]
PASSWORD = "Bilan-Clair-2026"
WIDTHS = (320, 1280, 1920)


def look(page: Page, name: str) -> None:
    """Nothing scrolls sideways at any width; at the usual one it is a picture of the guide."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width}"
    page.set_viewport_size({"width": 1280, "height": 900})
    picture(page, f"signature-{name}.png")


def fill(page: Page, rpps: str) -> None:
    page.get_by_label("À quel titre vous signez").fill("biologiste responsable")
    page.get_by_label("Numéro RPPS").fill(rpps)
    page.get_by_label("FINESS de l’entité juridique (EJ)").fill("2A0000015")
    page.get_by_label("FINESS de l’établissement").fill("2A0000154")


def test_the_journey_of_a_signature(desk: Desk, page_for: PageFor, approved: Approved) -> None:
    approved(desk.sodium)
    approved(desk.strip)
    first, second, reader = page_for(BIOLOGIST), page_for(SECOND_BIOLOGIST), page_for(READER)
    first.goto(f"{desk.base}/signature")
    expect(first.locator(".warn-box")).to_contain_text("PROJET : aucune version signée")
    first.get_by_label("Les chapitres cochés ci-dessus").check()
    first.get_by_label("Biochimie").check()
    fill(first, RPPS)
    look(first, "page")
    # Her last proof is too old: it is asked again, and what she had typed is sent afterwards.
    with transaction(desk.engine) as session:
        password = update(User).where(col(User.id) == desk.world.user_id(BIOLOGIST))
        session.exec(password.values(password_hash=hash_password(PASSWORD)))
        session.exec(update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)))
    first.get_by_role("button", name="Relire ce que je signe").click()
    expect(first.locator("h1")).to_have_text("Confirmer qui vous êtes")
    first.get_by_label("Mot de passe").fill(PASSWORD)
    first.get_by_role("button", name="Confirmer").click()
    first.get_by_role("button", name="L’envoyer maintenant").click()
    expect(first.locator(".versions-sentence")).to_contain_text(f"RPPS {RPPS}, ai relu et valide la version 1")
    expect(first.locator(".warn-box").first).to_contain_text("La clé du numéro FINESS EJ 2A0000015")
    expect(first.locator("main")).to_contain_text("Chapitres qu’il faudra encore signer : « Urines »")
    look(first, "relecture")
    first.get_by_role("button", name="Signer la version 1").click()
    expect(first.locator("h1")).to_contain_text("Version 1, signée par")

    # Now of the second biologist, who proved who he is just before.
    with transaction(desk.engine) as session:
        session.exec(update(UserSession).values(authenticated_at=utc_now()))
    second.goto(f"{desk.base}/signature")
    expect(second.locator(".warn-box")).to_contain_text("version 1 signée en partie (1 sur 2 chapitres)")
    fill(second, OTHER_RPPS)
    second.get_by_label("Les chapitres cochés ci-dessus").check()
    second.get_by_label("Urines").check()
    second.get_by_role("button", name="Relire ce que je signe").click()
    expect(second.locator("main")).to_contain_text("la version 1 est entière")
    second.get_by_role("button", name="Signer la version 1").click()
    expect(second.locator("h1")).to_contain_text("Bruno Biologiste")
    look(second, "signature")

    reader.goto(f"{desk.base}/couverture")
    expect(reader.locator(".coverage-head")).to_contain_text("Version 1, signée le")
    approved(desk.glucose)
    reader.goto(f"{desk.base}/exports")
    expect(reader.locator(".page-head")).to_contain_text("PROJET : modifiée depuis la version 1")
    reader.goto(f"{desk.base}/signature")
    expect(reader.locator("main")).to_contain_text("Seul un biologiste du laboratoire signe")
    look(reader, "liste")
    reader.get_by_role("link", name="Comparer deux versions").click()
    expect(reader.locator(".versions-differences tbody tr")).to_have_count(1)
    expect(reader.locator(".versions-differences")).to_contain_text("GLYCÉMIE")
    look(reader, "comparaison")

    second.get_by_label("Pourquoi elle est retirée").fill("signée par erreur")
    second.get_by_role("button", name="Retirer la signature").click()
    expect(second.locator("section[aria-labelledby=signatures]")).to_contain_text("retirée")
