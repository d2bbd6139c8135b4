"""Forms as they are received: no field keeps a character that a database refuses or that nobody can read."""

from typing import Any

from fastapi import HTTPException, Request
from starlette.datastructures import FormData

from app.text import without_controls

ZERO = "Un des textes envoyés contient un caractère nul, qui ne peut être enregistré."
UNREADABLE = "Un des textes envoyés ne contient que des caractères de contrôle. Rien n'a été enregistré."


class CleanRequest(Request):
    """A request whose form has no control characters but tabs and ends of lines; files are left as they are.

    A character zero is no slip of a keyboard, and a field of which nothing is left would pass for one left empty, which
    may mean everything: both are refused with 400.
    """

    async def _get_form(self, **limits: Any) -> FormData:
        if self._form is None:
            received = await super()._get_form(**limits)
            self._form = FormData([(name, _clean(value)) for name, value in received.multi_items()])
        return self._form


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise HTTPException(400, ZERO)
    kept = without_controls(value)
    if value and not kept:
        raise HTTPException(400, UNREADABLE)
    return kept
