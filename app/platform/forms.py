"""Forms as they are received: no field keeps a character that a database refuses or that nobody can read."""

from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from app.text import without_controls


class CleanRequest(Request):
    """A request whose form has no control characters but tabs and ends of lines; files are left as they are."""

    async def _get_form(self, **limits: Any) -> FormData:
        if self._form is None:
            received = await super()._get_form(**limits)
            self._form = FormData([(name, _clean(value)) for name, value in received.multi_items()])
        return self._form


def _clean(value: Any) -> Any:
    return without_controls(value) if isinstance(value, str) else value
