"""Forms as they are received: no field keeps a character that a database refuses or that nobody can read."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile

from app.patient_guard.refusal import PatientTextError
from app.patient_guard.texts import refuse_patient_text
from app.text import plain_file_name, without_controls

ZERO = "Un des textes envoyés contient un caractère nul, qui ne peut être enregistré."
UNREADABLE = "Un des textes envoyés ne contient que des caractères de contrôle. Rien n'a été enregistré."
ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1", "latin-1", "windows-1252"})
"""Those in which the fields of a form may be said to be written: others are no letters, or turn what was sent."""
OTHER_ENCODING = "Ce formulaire est dit écrit dans un encodage inconnu ici : envoyez-le en UTF-8."
_DIGEST = re.compile(r"(?=(?:[^a-f]*[a-f]){4})(?:[0-9]{1,12}\.)?[0-9a-f]{32,128}")
"""What our own pages send back (identifiers, fingerprints, signed words): some of their digits now and then have the
form and the key of a person's number, which refused an approval for nothing."""
SECRETS = frozenset({"password", "actuel", "nouveau", "confirmation"})
"""Fields that are passwords: they are stored nowhere as they are typed, and never shown again."""


class FormRefusedError(HTTPException):
    """Carries the refusal of a form through the framework, which takes any other for a form that is broken."""

    def __init__(self, error: PatientTextError) -> None:
        super().__init__(error.status_code, error.message)
        self.error = error


class CleanRequest(Request):
    """A request whose form has no control characters but tabs and ends of lines, and whose files have plain names.

    What the files hold is left as it is.

    A character zero is no slip of a keyboard, and a field of which nothing is left would pass for one left empty, which
    may mean everything: both are refused with 400. What speaks of a patient raises FormRefusedError, unless the route
    looks at its texts itself (`keeps_what_is_typed`).
    """

    looks_for_patients = True

    async def _get_form(self, **limits: Any) -> FormData:
        if self._form is None:
            _require_known_encoding(self.headers.get("content-type", ""))
            received = await super()._get_form(**limits)
            self._form = FormData([(name, _clean(value)) for name, value in received.multi_items()])
            if self.looks_for_patients:
                try:
                    refuse_patients(self._form)
                except PatientTextError as error:
                    await self._form.close()
                    raise FormRefusedError(error) from error
        return self._form


Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def keeps_what_is_typed(endpoint: Endpoint) -> Endpoint:
    """Say of a route that it refuses patients in its texts itself, and shows its form again as it was filled in."""
    endpoint.keeps_what_is_typed = True  # type: ignore[attr-defined]
    return endpoint


def refuse_patients(form: FormData) -> None:
    """Refuse a form of which a field speaks of a patient; raises PatientTextError, with what was typed."""
    texts = [value for name, value in form.multi_items() if isinstance(value, str) and name not in SECRETS]
    for text in texts:
        if _DIGEST.fullmatch(text):
            continue
        try:
            refuse_patient_text(text)
        except PatientTextError as error:
            error.typed = [value for value in texts if " " in value.strip()]
            raise


def _require_known_encoding(content_type: str) -> None:
    """The framework decodes the parts of a form by the name of an encoding that their sender chose among all."""
    # Read as the framework reads it: of two, the same one.
    _, options = parse_options_header(content_type)
    if b"charset" in options and options[b"charset"].decode("latin-1").strip().lower() not in ENCODINGS:
        raise HTTPException(400, OTHER_ENCODING)


def _clean(value: Any) -> Any:
    if isinstance(value, UploadFile):
        # A field without a file has an empty name, and stays so.
        value.filename = plain_file_name(value.filename) if value.filename else value.filename
        return value
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise HTTPException(400, ZERO)
    kept = without_controls(value)
    if value and not kept:
        raise HTTPException(400, UNREADABLE)
    return kept
