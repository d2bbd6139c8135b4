"""The Jinja environment, and `render`: a template receives one typed page context and nothing else."""

from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.settings import resource_dir
from app.text import counted, format_number, paris_time, share_text
from app.web.static_files import static_url


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What every page shows; each page has its own subclass, and its fields are the template's variables."""

    title: str
    """Title of the page, also in the browser's tab."""


def format_percent(value: float | None, decimals: int = 1) -> str:
    """An estimate in [0, 1] as a French percentage, rounded down exactly: 79.99 % never reads 80 %.

    The number is the one that is written (0.29 reads 29 %), with nothing added to it. What is counted has two whole
    numbers, and `app.text.share_text` says it.
    """
    if value is None:
        return share_text(0, 0)
    exact = Fraction(repr(float(value)))
    return share_text(exact.numerator, exact.denominator, decimals)


def format_points(value: float) -> str:
    """A part of a score, with its sign: +9,80, −2,20."""
    return f"{'−' if value < 0 else '+'}{format_number(abs(value), 2)}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of all templates; an unknown variable is an error, not an empty text."""
    jinja = Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals["static_url"] = static_url
    jinja.filters["moment"] = paris_time
    jinja.filters["nombre"] = format_number
    jinja.filters["compte"] = counted
    jinja.filters["pourcent"] = format_percent
    jinja.filters["part"] = share_text
    jinja.filters["points"] = format_points
    return jinja


def render(request: Request, template: str, context: PageContext, status_code: int = 200) -> Response:
    """Render a page for the signed-in person, if any."""
    variables: dict[str, Any] = {item.name: getattr(context, item.name) for item in fields(context)}
    html = environment().get_template(template).render(
        request=request, user=getattr(request.state, "user", None), **variables
    )
    return HTMLResponse(html, status_code=status_code)
