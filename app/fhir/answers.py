"""Answers of the FHIR service: a resource in the syntax asked for, or an OperationOutcome."""

from fastapi import Request, Response

from app.fhir.dialect import FhirDialect, forgiving_dialect_of
from app.fhir.errors import issue_code
from app.fhir_resources.values import Resource, written


def respond(
    resource: Resource, dialect: FhirDialect, status_code: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Send a resource."""
    content = written(resource, dialect.syntax)
    return Response(content, status_code=status_code, media_type=dialect.media_type, headers=headers)


def outcome(message: str, code: str, severity: str = "error") -> Resource:
    """An OperationOutcome with one issue."""
    issue = {"severity": severity, "code": code, "details": {"text": message}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def refuse(request: Request, status_code: int, message: str, code: str = "") -> Response:
    """The OperationOutcome of a refused request."""
    headers = {"WWW-Authenticate": 'Bearer realm="FHIR"'} if status_code == 401 else None
    resource = outcome(message, code or issue_code(status_code))
    return respond(resource, forgiving_dialect_of(request), status_code, headers)
