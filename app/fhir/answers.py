"""Answers of the FHIR service: a resource in the syntax asked for, or an OperationOutcome."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response

from app.fhir.dialect import FhirDialect, forgiving_dialect_of
from app.fhir.errors import issue_code
from app.fhir_resources.values import Resource, written
from app.platform.open_transactions import forbid_open_transaction
from app.text import UNPRINTABLE

_VARIES = {"Vary": "Accept, Authorization"}
_KEPT = {"Cache-Control": "private, no-cache"}
"""A program may keep a resource, and asks each time whether it changed."""
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def respond(
    request: Request,
    resource: Resource,
    dialect: FhirDialect,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send a resource; its headers alone for HEAD."""
    forbid_open_transaction("write a FHIR answer")
    content = written(resource, dialect.syntax)
    sent = {**_VARIES, **(headers or {})}
    if request.method == "HEAD":
        sent["Content-Length"], content = str(len(content)), b""
    return Response(content, status_code=status_code, media_type=dialect.media_type, headers=sent)


def respond_with_version(
    request: Request, resource: Resource, shown: Resource, changed_at: datetime, dialect: FhirDialect
) -> Response:
    """Send a resource with its version, or say that the caller's copy is still the one; `shown` is what is sent."""
    tag = resource["meta"]["versionId"]
    moment = changed_at.astimezone(UTC).replace(microsecond=0)
    headers = {**_KEPT, "ETag": f'W/"{tag}"', "Last-Modified": format_datetime(moment, usegmt=True)}
    if _is_known(request, tag, moment):
        return Response(status_code=304, headers={**_VARIES, **headers})
    return respond(request, shown, dialect, headers=headers)


def _is_known(request: Request, tag: str, moment: datetime) -> bool:
    """Whether the caller has this version: its tags say so, and only without tags its date."""
    tags = ",".join(request.headers.getlist("if-none-match")).strip()
    if tags:
        return tags == "*" or tag in _TAG.findall(tags)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return moment <= (since if since.tzinfo else since.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        return False


def outcome(message: str, code: str, severity: str = "error") -> Resource:
    """An OperationOutcome with one issue."""
    # It may quote what was sent, which XML could not hold.
    issue = {"severity": severity, "code": code, "details": {"text": UNPRINTABLE.sub("\ufffd", message)}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def refuse(request: Request, status_code: int, message: str, code: str = "") -> Response:
    """The OperationOutcome of a refused request."""
    headers = {"WWW-Authenticate": 'Bearer realm="FHIR"'} if status_code == 401 else None
    resource = outcome(message, code or issue_code(status_code))
    return respond(request, resource, forgiving_dialect_of(request), status_code, headers)
