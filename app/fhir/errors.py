"""Refusals of the FHIR service: each has an HTTP status and a code of OperationOutcome."""

from app.errors import WorkbenchError

_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    500: "exception",
}


class FhirRequestError(WorkbenchError):
    """A request that cannot be answered; the caller is a program, the sentence is for who reads its log."""

    def __init__(self, message: str, status_code: int = 400, code: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code or issue_code(status_code)


def issue_code(status_code: int) -> str:
    """The code of an issue for an HTTP status."""
    return _CODES.get(status_code, "processing" if status_code < 500 else "exception")
