"""Leaving for the provider of identities, coming back from it, confirming a first link."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from app.accounts.cookies import address_of, browser_of, session_token, set_session_cookie
from app.accounts.device_cookie import device_of, set_device_cookie
from app.accounts.redirects import safe_next
from app.audit.sampled import journal_of
from app.errors import NotFoundError
from app.identity_providers import service, state
from app.identity_providers.errors import ProviderRefusalError, Refusal
from app.identity_providers.pages import ConfirmPage, RefusedPage
from app.identity_providers.profile import CALLBACK_PATH
from app.platform.authorising import AuthorisedRoute
from app.platform.request_session import EngineDep, SettingsDep
from app.settings import Settings
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)

START = "/connexion/fournisseur"
CONFIRM = "/connexion/fournisseur/confirmer"
FAREWELL = "/connexion/fournisseur/quitter"
_LONGEST = 4000
"""Of what a provider sends in an address; a code or a state is much shorter."""


def _provider(request: Request) -> service.Provider:
    provider: service.Provider | None = request.app.state.identity_provider
    if provider is None:
        raise NotFoundError("Cette installation n'a pas de fournisseur d'identité.")
    return provider


def _refused(request: Request, refusal: ProviderRefusalError, settings: Settings, next_page: str = "/") -> Response:
    page = RefusedPage(
        title="Connexion impossible",
        problem=refusal.message,
        button=settings.oidc_button,
        next_page=next_page,
    )
    response = render(request, "identity_providers/refused.html", page, status_code=refusal.status_code)
    _forget(response, settings)
    return response


def _keep(response: Response, value: str, settings: Settings) -> None:
    # `lax`: the browser must bring it back when the provider sends the person here.
    response.set_cookie(
        state.cookie_name(settings),
        value,
        max_age=state.LASTS_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def _forget(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        state.cookie_name(settings), path="/", httponly=True, samesite="lax", secure=settings.secure_cookies
    )


def _left(request: Request, settings: Settings, provider: service.Provider, purpose: str) -> state.Leaving | None:
    return state.opened(provider.profile, request.cookies.get(state.cookie_name(settings), ""), purpose)


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


@router.get(START)
def leave(request: Request, settings: SettingsDep, suite: str = "/") -> Response:
    """Send the person to the provider; nothing is written.

    Where she is signed in there already she would come back with a session that she never asked for: a page of another
    site leads to the button only.
    """
    provider = _provider(request)
    profile = provider.profile
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return RedirectResponse(f"/connexion?{urlencode({'suite': safe_next(suite)})}", status_code=303)
    try:
        published = provider.discovery.published()
    except ProviderRefusalError as refusal:
        return _refused(request, refusal, settings, safe_next(suite))
    left = state.leaving("leave", safe_next(suite))
    query = {
        "response_type": "code",
        "client_id": profile.client_id,
        "redirect_uri": profile.redirect_uri,
        "scope": profile.scope,
        "state": left.drawn("state"),
        "nonce": left.drawn("nonce"),
        "code_challenge": create_s256_code_challenge(left.drawn("verifier")),
        "code_challenge_method": "S256",
    }
    if profile.acr_values:
        query["acr_values"] = " ".join(profile.acr_values)
    response = RedirectResponse(_with_query(published.authorization, query), status_code=303)
    _keep(response, state.sealed(profile, left), settings)
    return response


@router.get(CALLBACK_PATH)
def come_back(request: Request, engine: EngineDep, settings: SettingsDep) -> Response:
    """The provider sends the person back. The one GET that writes: the protocol knows no other way."""
    provider = _provider(request)
    left = _left(request, settings, provider, "leave")
    sent = {name: request.query_params.get(name, "")[:_LONGEST] for name in ("state", "code", "error", "iss")}
    answer = service.Answer(sent["state"], sent["code"], sent["error"], sent["iss"])
    next_page = left.next_page if left else "/"
    try:
        outcome = service.come_back(
            engine,
            settings,
            provider,
            left,
            answer,
            address=address_of(request),
            browser=browser_of(request),
            old_token=session_token(request, settings),
        )
    except ProviderRefusalError as refusal:
        service.refuse(journal_of(request), refusal, address_of(request))
        return _refused(request, refusal, settings, next_page)
    if outcome.to_confirm is not None:
        response = RedirectResponse(CONFIRM, status_code=303)
        _keep(response, state.sealed(provider.profile, outcome.to_confirm), settings)
        return response
    response = RedirectResponse(safe_next(next_page), status_code=303)
    _forget(response, settings)
    set_session_cookie(response, outcome.token, settings)
    return response


def _confirm_page(provider: service.Provider, left: state.Leaving, problem: str = "") -> ConfirmPage:
    return ConfirmPage(
        title="Première connexion",
        provider=provider.profile.name,
        identifier_name=provider.profile.identifier_name,
        identifier=left.identifier,
        problem=problem,
    )


@router.get(CONFIRM)
def show_confirm(request: Request, settings: SettingsDep) -> Response:
    """Ask for the password of the account that the provider's identifier is written on."""
    provider = _provider(request)
    left = _left(request, settings, provider, "confirm")
    if left is None:
        return _refused(request, ProviderRefusalError(Refusal.STATE), settings)
    return render(request, "identity_providers/confirm.html", _confirm_page(provider, left))


@router.post(CONFIRM)
async def do_confirm(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Link the account, and open the session."""
    provider = _provider(request)
    left = _left(request, settings, provider, "confirm")
    try:
        if left is None:
            raise ProviderRefusalError(Refusal.STATE)
        result = await service.confirm(
            engine,
            settings,
            provider.profile,
            left,
            password=password,
            address=address_of(request),
            browser=browser_of(request),
            device=device_of(request, settings),
            old_token=session_token(request, settings),
        )
    except ProviderRefusalError as refusal:
        await run_in_threadpool(service.refuse, journal_of(request), refusal, address_of(request))
        return _refused(request, refusal, settings)
    if not result.token:
        page = _confirm_page(provider, left, result.problem)
        return render(
            request, "identity_providers/confirm.html", page, status_code=429 if result.is_blocked else 401
        )
    response = RedirectResponse(safe_next(left.next_page), status_code=303)
    _forget(response, settings)
    set_session_cookie(response, result.token, settings)
    set_device_cookie(response, result.device, settings)
    return response


@router.get(FAREWELL)
def leave_for_good(request: Request, settings: SettingsDep) -> Response:
    """Close the session at the provider too; ours was closed before. No token was kept: the provider may ask."""
    provider = _provider(request)
    try:
        address = provider.discovery.published().end_session
    except ProviderRefusalError as refusal:
        return _refused(request, refusal, settings)
    if not address:
        return RedirectResponse("/connexion", status_code=303)
    query = {
        "client_id": provider.profile.client_id,
        "post_logout_redirect_uri": f"{settings.public_address}/connexion",
    }
    return RedirectResponse(_with_query(address, query), status_code=303)
