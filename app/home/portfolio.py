"""The portfolio: every catalogue of the laboratories that a person sees, how far it is and by when it must be.

A fixed number of statements, whatever there is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from app.coverage.definitions import Definition, Figure
from app.coverage.kept import main_figures
from app.coverage.pages import TARGET_PERCENT
from app.coverage.wording import sentence_of
from app.home import repository as home_repository
from app.laboratories import repository
from app.laboratories.deadlines import LABELS, Deadline, deadlines_of
from app.models import User, utc_now
from app.text import in_paris
from app.transcoding.standing import Standing
from app.web.meter import Meter, stacked_meter
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioLine:
    """A catalogue, or a laboratory that has none yet."""

    laboratory_id: int
    laboratory: str
    laboratory_url: str
    """Empty where the person has no page of it."""
    catalogue_id: int
    """0 where the laboratory has no catalogue."""
    catalogue: str
    is_open: bool
    """Whether the person is a member of the laboratory, and may open the catalogue."""
    percent: str
    rate: float
    numerator: int
    denominator: int
    missing: int
    waiting: int
    is_behind: bool
    """Its counts are being brought up to its facts."""
    meter: Meter | None
    deadlines: list[Deadline]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage(PageContext):
    """All that a person sees, side by side."""

    lines: list[PortfolioLine]
    is_whole: bool
    """Of the whole installation: the person administers it."""
    sentence: str
    deadline_labels: list[str]
    warned: list[tuple[str, str, Deadline]]
    """(laboratory, its page, deadline): those that are near or past."""


def portfolio_page(session: Session, user: User) -> PortfolioPage:
    """The laboratories of the person, or all of them for an administrator."""
    assert user.id is not None
    mine = {laboratory.id or 0: laboratory for laboratory, _ in repository.laboratories_of(session, user.id)}
    shown = mine
    if user.is_administrator:
        shown = {laboratory.id or 0: laboratory for laboratory in repository.list_laboratories(session)}
    today = in_paris(utc_now()).date()
    deadlines = deadlines_of(session, list(shown), today)
    catalogues = repository.catalogues_of(session, list(shown))
    ids = [catalogue.id or 0 for catalogue in catalogues]
    behind = home_repository.behind_their_facts(session, ids)
    figures = main_figures(session, set(ids) - behind)
    lines = []
    for number, laboratory in shown.items():
        held = [(item.id or 0, item.name) for item in catalogues if item.laboratory_id == number] or [(0, "")]
        for catalogue_id, name in held:
            line = _line(catalogue_id, name, figures.get(catalogue_id), behind, deadlines[number])
            url = _url(number, mine, user)
            lines.append(
                PortfolioLine(
                    laboratory_id=number, laboratory=laboratory.name, laboratory_url=url, is_open=number in mine, **line
                )
            )
    warned = [
        (shown[number].name, _url(number, mine, user), item)
        for number, found in deadlines.items()
        for item in found
        if item.said
    ]
    return PortfolioPage(
        title="Portefeuille",
        lines=lines,
        is_whole=user.is_administrator,
        sentence=sentence_of(Definition()),
        deadline_labels=list(LABELS.values()),
        warned=sorted(warned, key=lambda item: item[2].day or date.max),
    )


def _url(laboratory_id: int, mine: Collection[int], user: User) -> str:
    if laboratory_id in mine:
        return f"/laboratoires/{laboratory_id}"
    return f"/administration/laboratoires/{laboratory_id}" if user.is_administrator else ""


def _line(
    catalogue_id: int, name: str, figure: Figure | None, behind: Collection[int], deadlines: list[Deadline]
) -> dict[str, Any]:
    is_told = figure is not None and figure.denominator > 0
    meter = None
    if figure is not None and is_told:
        label = f"{name}\u202f: {figure.percent}"
        meter = stacked_meter(figure.denominator, (("part-ok", figure.numerator),), label, TARGET_PERCENT)
    return {
        "catalogue_id": catalogue_id,
        "catalogue": name,
        "percent": figure.percent if figure else "—",
        "rate": figure.rate if figure is not None and figure.rate is not None else -1,
        "numerator": figure.numerator if figure else 0,
        "denominator": figure.denominator if figure else 0,
        "missing": figure.rows_missing if figure else 0,
        "waiting": figure.standings.get(Standing.WAITING, 0) if figure else 0,
        "is_behind": catalogue_id in behind,
        "meter": meter,
        "deadlines": deadlines,
    }
