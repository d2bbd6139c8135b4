"""A security key, as Chromium's virtual authenticator: set up, used to sign in and to confirm; its answers replayed."""

import re
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import Engine, update

from app.accounts.service import create_user
from app.models import UserSession, utc_now
from app.platform.database import transaction
from tests.browser.conftest import PATIENCE

EMAIL = "marie.durand@exemple.fr"
PASSWORD = "cheval correct pile agrafe"
STEP = "/connexion/second-facteur"
WIDTHS = (1280, 320)


def no_sideways(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
    page.set_viewport_size({"width": 1280, "height": 900})


def give_password(page: Page) -> None:
    page.goto("/connexion?suite=/terminologie")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Se connecter')")


@pytest.mark.browser
@pytest.mark.only("sqlite", "the database decides nothing here")
def test_a_key_from_its_first_touch_to_a_replay(
    browser: Browser, application: FastAPI, engine: Engine, address: str
) -> None:
    origin = f"http://localhost:{urlsplit(address).port}"
    application.state.settings = application.state.settings.model_copy(
        update={"second_factor_required": True, "public_address": origin}
    )
    with transaction(engine) as session:
        create_user(session, email=EMAIL, display_name="Marie Durand", password=PASSWORD, must_change_password=False)
    context = browser.new_context(base_url=origin, locale="fr-FR")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True,
               "automaticPresenceSimulation": True}  # fmt: skip
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    give_password(page)
    expect(page.locator("h1")).to_have_text("Second facteur")
    no_sideways(page)
    page.fill("#nom-cle", "Clé bleue")
    page.click("button:has-text('Ajouter une clé de sécurité')")
    expect(page.locator("h1")).to_have_text("Codes de secours")
    no_sideways(page)
    assert page.locator("ol li").count() == 10
    page.click("text=Je les ai gardés, continuer")
    expect(page).to_have_url(re.compile("/terminologie$"))
    page.click("button:has-text('Se déconnecter')")

    answers: list[str] = []

    def keep(request: Request) -> None:
        if request.method == "POST" and request.url.endswith(STEP):
            answers.append(request.post_data or "")

    page.on("request", keep)
    give_password(page)
    no_sideways(page)
    page.click("button:has-text('Employer ma clé de sécurité')")
    expect(page).to_have_url(re.compile("/terminologie$"))
    page.goto("/compte")
    expect(page.locator("text=second facteur").first).to_be_visible()
    no_sideways(page)

    with transaction(engine) as session:
        session.execute(update(UserSession).values(authenticated_at=utc_now().replace(year=2020)))
    page.goto("/compte/second-facteur")
    expect(page.locator("text=Clé bleue").first).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('Donner dix nouveaux codes')")
    expect(page.locator("h1")).to_have_text("Confirmer qui vous êtes")
    no_sideways(page)
    page.click("button:has-text('Employer ma clé de sécurité')")
    # What had been sent before is sent again, by one press.
    expect(page.locator("h1")).to_have_text("Identité confirmée")
    no_sideways(page)
    page.click("button:has-text('L’envoyer maintenant')")
    expect(page.locator("h1")).to_have_text("Codes de secours")
    page.click("button:has-text('Se déconnecter')")
    # The page that asks again who one is answers 403 to what was sent, which a browser writes in its console.
    assert [text for text in complaints if "403 (Forbidden)" not in text] == []

    # The answer seen at the first sign-in, sent again: without a challenge, then after another challenge was asked.
    give_password(page)
    expect(page.locator("h1")).to_have_text("Second facteur")
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert len(answers) == 1
    assert "cle=%7B" in answers[0]
    for asks_first in (False, True):
        if asks_first:
            assert context.request.post(f"{STEP}/cle").ok
        answer = context.request.post(STEP, data=answers[0], headers=form, max_redirects=0)
        assert (answer.status, "pas été reconnue" in answer.text()) == (401, True)
    for broken in ("{}", "[]", "x", '{"id":"a","rawId":"a","type":"public-key","response":{}}'):
        answer = context.request.post(STEP, form={"cle": broken}, max_redirects=0)
        assert answer.status in (401, 429)
    context.close()
