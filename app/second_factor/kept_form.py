"""A form that was sent too long after the last proof of who one is: kept in the page that asks for another.

It is never stored: it goes to the browser and comes back with the proof, and is sent again by its author, to the
address that it was meant for, where everything is checked as ever.
"""

import json
from dataclasses import dataclass
from itertools import chain
from typing import Self

from fastapi import Request

from app.accounts.redirects import safe_next
from app.errors import WorkbenchError
from app.platform.forms import SECRETS
from app.platform.request_session import SAFE_METHODS
from app.text import without_controls

MOST_BYTES = 1_000_000
"""Of a form that is kept; 20,000 ticked rows take less than half of it."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where a form goes and what it says."""

    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def written(self) -> str:
        """As the page that asks for a proof carries it."""
        return json.dumps([self.action, self.fields], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, written: str) -> Self | None:
        """The form that this says; None for nothing, or for what no page of ours wrote."""
        try:
            action, fields = json.loads(written)
            kept = cls(str(action), tuple((str(name), str(value)) for name, value in fields))
        except (ValueError, TypeError, RecursionError):
            return None
        # JSON writes any character by its number, also those that no form brings and that no page can hold.
        if any(without_controls(text) != text for text in (kept.action, *chain.from_iterable(kept.fields))):
            return None
        # An address of another site, or what would be one for a browser, is no page of ours.
        return kept if safe_next(kept.action) == kept.action and kept.action.startswith("/") else None


async def form_of(request: Request) -> KeptForm | None:
    """The form of a refused request, when its page can carry it: no file, no password, not too long."""
    sent_as = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in SAFE_METHODS or sent_as != _FORM:
        return None
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return None
    try:
        form = await request.form(max_fields=100_000)
    except WorkbenchError:
        return None
    fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
    if SECRETS & {name for name, _ in fields} or any(without_controls(name) != name for name, _ in fields):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return KeptForm(request.url.path + query, fields)

