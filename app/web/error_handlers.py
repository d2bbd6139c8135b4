"""The one table of error handlers: each refusal becomes a French page, or JSON for programs."""

from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.errors import ImportRefusedError, WorkbenchError
from app.patient_guard.refusal import PatientTextError
from app.platform.database import is_busy, is_duplicate
from app.platform.database_faults import fault_of, is_gone
from app.platform.forms import ZERO
from app.platform.identity import (
    CONFIRMATION,
    PasswordChangeRequiredError,
    ReauthenticationRequiredError,
    SecondFactorRequiredError,
    SignInRequiredError,
)
from app.platform.postgresql import is_nul, is_too_long
from app.text import counted
from app.web.form_limits import passed_limit
from app.web.pages import ErrorPage
from app.web.request_log import REQUEST_ID_HEADER, route_template
from app.web.security import security_headers, speaks_tls
from app.web.templating import render

log = structlog.get_logger(__name__)

BUSY_MESSAGE = "La base est occupée par une autre écriture. Rien n'a été enregistré."
BUSY_ADVICE = "Revenez à la page précédente, où votre saisie est gardée, et recommencez dans quelques secondes."
BUSY_ADVICE_TO_SCRIPTS = "Recommencez dans quelques secondes."
NO_SUCH_PAGE = "Cette page n'existe pas."
NOTHING_STORED = "Rien n'a été enregistré."
BUSY_STATUS = 503
RETRY_AFTER = "2"
"""Seconds."""


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _answer(
    request: Request,
    status: int,
    message: str,
    problems: list[str] | None = None,
    code: str = "",
    typed: list[str] | None = None,
) -> Response:
    for prefix, answer in request.app.state.refusals.items():
        if f"{request.url.path}/".startswith(prefix):
            refusal: Response = answer(request, status, message, code)
            return refusal
    if _wants_json(request):
        content: dict[str, Any] = {"detail": message}
        if problems:
            content["problems"] = problems
        return JSONResponse(content, status_code=status)
    page = ErrorPage(
        title="Action impossible", status=status, message=message, problems=problems or [], typed=typed or []
    )
    return render(request, "error.html", page, status_code=status)


async def on_workbench_error(request: Request, error: Exception) -> Response:
    """A refusal of ours, with its own sentence."""
    assert isinstance(error, WorkbenchError)
    if isinstance(error, ImportRefusedError):
        problems = [str(problem) for problem in error.problems]
        return _answer(
            request, error.status_code, "Le fichier a été refusé ; rien n'a été enregistré.", problems
        )
    typed = error.typed if isinstance(error, PatientTextError) else None
    answer = _answer(request, error.status_code, error.message, code=error.code, typed=typed)
    if error.status_code == BUSY_STATUS:
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer


async def on_sign_in_required(request: Request, error: Exception) -> Response:
    """Send a browser to the sign-in page, and back afterwards; a program gets 401."""
    assert isinstance(error, SignInRequiredError)
    if _wants_json(request):
        return JSONResponse({"detail": error.message}, status_code=401)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    suffix = f"?suite={quote(target, safe='')}" if request.method == "GET" and target != "/" else ""
    return RedirectResponse(f"/connexion{suffix}", status_code=303)


async def on_password_change_required(request: Request, error: Exception) -> Response:
    """Send a browser to the page where the password is changed; a program gets 403."""
    assert isinstance(error, PasswordChangeRequiredError)
    if _wants_json(request):
        return JSONResponse({"detail": error.message}, status_code=error.status_code)
    return RedirectResponse("/compte", status_code=303)


async def on_second_factor_required(request: Request, error: Exception) -> Response:
    """Send a browser to the page of the second factor; a program gets 403."""
    assert isinstance(error, SecondFactorRequiredError)
    if _wants_json(request):
        return JSONResponse({"detail": error.message}, status_code=error.status_code)
    target = quote(_page_asked(request), safe="")
    return RedirectResponse(f"{error.page}?suite={target}" if target != "%2F" else error.page, status_code=303)


def _page_asked(request: Request) -> str:
    """The page that a browser reads: the one asked for, or the one whose form was sent."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        sent_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        # No address at all: anybody writes what she likes in a header.
        return "/"
    if sent_from.netloc != request.headers.get("host", "") or not sent_from.path:
        return "/"
    return sent_from.path + (f"?{sent_from.query}" if sent_from.query else "")


async def on_reauthentication_required(request: Request, error: Exception) -> Response:
    """Ask a browser to say again who she is, the form in hand; a script gets 403 and says why."""
    assert isinstance(error, ReauthenticationRequiredError)
    if _wants_json(request):
        content = {"detail": error.message, "confirmation": CONFIRMATION}
        return JSONResponse(content, status_code=error.status_code)
    answer: Response = await request.app.state.ask_again(request, _page_asked(request))
    return answer


async def on_validation_error(request: Request, error: Exception) -> Response:
    """A malformed form or query; an address whose number is none names no page."""
    assert isinstance(error, RequestValidationError)
    if any(item["loc"][0] == "path" for item in error.errors()):
        return _answer(request, 404, NO_SUCH_PAGE)
    fields = [".".join(str(part) for part in item["loc"][1:]) for item in error.errors()]
    long = [item for item in error.errors() if item["type"] == "too_long"]
    if long:
        most = counted(int(long[0]["ctx"]["max_length"]), "ligne", "lignes")
        return _answer(request, 422, f"Trop de lignes cochées : {most} au plus en un envoi. {NOTHING_STORED}")
    texts = [item for item in error.errors() if item["type"] == "string_too_long"]
    if texts:
        most = counted(int(texts[0]["ctx"]["max_length"]), "caractère", "caractères")
        return _answer(request, 422, f"Texte trop long ({texts[0]['loc'][-1]}) : {most} au plus. {NOTHING_STORED}")
    return _answer(request, 422, f"Saisie incomplète ou mal formée : {', '.join(fields)}.")


async def on_http_error(request: Request, error: Exception) -> Response:
    """Errors of the framework: unknown address, method not allowed."""
    assert isinstance(error, HTTPException)
    messages = {
        404: NO_SUCH_PAGE,
        405: "Cette action n'est pas possible ici.",
        408: "L'envoi s'est arrêté en chemin. Rien n'a été enregistré ; recommencez quand la connexion sera meilleure.",
        413: "Ce qui a été envoyé est trop gros pour être accepté.",
    }
    said = passed_limit(str(error.detail))
    if said is not None:
        return _answer(request, 413, said)
    answer = _answer(request, error.status_code, messages.get(error.status_code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


async def on_client_gone(request: Request, error: Exception) -> Response:
    """The sender went away in the middle of its body: nobody reads this answer."""
    log.info("request.abandoned", route=route_template(request.scope), error=type(error).__name__)
    return Response(status_code=400)


async def on_busy_database(request: Request, error: Exception) -> Response:
    """Another writer kept the database for too long: the person tries again in a moment, what she typed is kept.

    So does a server that let another transaction pass, or has no connection left.
    """
    assert isinstance(error, DBAPIError | NoConnectionError)
    if isinstance(error, DBAPIError) and (not is_busy(error) or is_gone(error)):
        return await on_fault_of_the_machine(request, error)
    log.warning("database.busy", route=route_template(request.scope))
    advice = BUSY_ADVICE_TO_SCRIPTS if _wants_json(request) else BUSY_ADVICE
    answer = _answer(request, BUSY_STATUS, f"{BUSY_MESSAGE} {advice}", code="lock-error")
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


async def on_fault_of_the_machine(request: Request, error: Exception) -> Response:
    """No room, a database that is read-only, gone or damaged: said in French, and never as an error of ours."""
    fault = fault_of(error)
    if fault is None:
        raise error
    log.error("database.fault", fault=fault.name, route=route_template(request.scope), error=type(error).__name__)
    answer = _answer(request, fault.status, fault.said, code="exception")
    if fault.status == BUSY_STATUS:
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer


async def on_impossible_value(request: Request, error: Exception) -> Response:
    """What no column can hold: a number, so that it names nothing, a character zero, a text too long."""
    log.info("request.impossible_value", route=route_template(request.scope), error=type(error).__name__)
    if isinstance(error, DBAPIError) and is_nul(error):
        return _answer(request, 400, ZERO)
    if isinstance(error, DBAPIError) and is_too_long(error):
        return _answer(request, 422, "Un des textes envoyés est trop long. Rien n'a été enregistré.")
    return _answer(request, 422, "Un des nombres envoyés est trop grand : il ne désigne rien ici.")


async def on_taken(request: Request, error: Exception) -> Response:
    """Somebody else stored the same thing a moment before: the database holds it once."""
    assert isinstance(error, IntegrityError)
    if not is_duplicate(error):
        raise error
    log.info("request.duplicate", route=route_template(request.scope), error=type(error).__name__)
    return _answer(request, 409, "Quelqu'un vient d'enregistrer la même chose. Rien n'a été enregistré en double.")


async def on_unexpected_error(request: Request, error: Exception) -> Response:
    """A fault of ours; its details go to the log (Starlette raises it again), never to the user."""
    log.error("request.failed", route=route_template(request.scope), error=type(error).__name__)
    message = "Une erreur inattendue s'est produite. Rien n'a été enregistré ; vous pouvez réessayer."
    answer = _answer(request, 500, message)
    # This handler runs outside the middlewares that add the headers elsewhere.
    for name, value in security_headers(speaks_tls(request.app.state.settings, request.scope)):
        answer.headers.setdefault(name, value)
    answer.headers[REQUEST_ID_HEADER] = request.state.request_id
    return answer


HANDLERS: dict[int | type[Exception], Any] = {
    SignInRequiredError: on_sign_in_required,
    PasswordChangeRequiredError: on_password_change_required,
    SecondFactorRequiredError: on_second_factor_required,
    ReauthenticationRequiredError: on_reauthentication_required,
    WorkbenchError: on_workbench_error,
    RequestValidationError: on_validation_error,
    HTTPException: on_http_error,
    ClientDisconnect: on_client_gone,
    OperationalError: on_busy_database,
    InterfaceError: on_busy_database,
    InternalError: on_busy_database,
    NoConnectionError: on_busy_database,
    IntegrityError: on_taken,
    OverflowError: on_impossible_value,
    DataError: on_impossible_value,
    DBAPIError: on_fault_of_the_machine,
    OSError: on_fault_of_the_machine,
    Exception: on_unexpected_error,
}
