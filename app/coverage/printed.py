"""The figures that left the workbench, journaled as they were, and the same counted again from the facts until then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import record
from app.coverage.definitions import Definition
from app.coverage.meter import key_of
from app.coverage.past import last_moment
from app.coverage.report import CoverageReport
from app.coverage.service import past_report
from app.coverage.wording import name_of, scope_of
from app.errors import NotFoundError
from app.models import AuditEvent, Catalogue, User
from app.platform.identity import CatalogueAccess
from app.storage.prepared import Order
from app.text import french_day, share_text
from app.web.templating import PageContext

PRINTED = "coverage.print"
LINES = 50
"""Lines of the history that its page shows: the newest."""


def printed_values(report: CoverageReport, document: str) -> dict[str, Any]:
    """What is journaled of a document that leaves: its figures under every definition, exactly, and their moment."""
    context = report.context
    figures = {key_of(definition): [figure.numerator, figure.denominator] for definition, figure in report.figures}
    return {
        "document": document,
        "figures_at": context.computed_at.isoformat(),
        "day": context.day.isoformat() if context.day else "",
        "release_id": context.release_id,
        "figures": figures,
    }


def noted(told: list[dict[str, Any]]) -> Callable[[Session, Order], None]:
    """What journals these `printed_values` of a prepared file, with the file itself; nothing for one without a rate."""

    def note(session: Session, order: Order) -> None:
        for values in told:
            record(
                session, PRINTED, actor=session.get(User, order.person.id), object_type="catalogue",
                object_id=order.catalogue.id, laboratory_id=order.catalogue.laboratory_id, **values,
            )  # fmt: skip

    return note


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """A document that left."""

    id: int
    at: datetime
    who: str
    document: str
    figures_of: str
    """The past day that it speaks of; empty for its own moment."""
    main: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """A figure as printed and as counted again."""

    name: str
    printed: str
    again: str
    is_equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage(PageContext):
    """The figures given so far."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    lines: list[PrintedLine]
    has_older: bool
    compared_id: int
    compared: list[ComparedFigure]
    all_equal: bool
    last_past_day: str


def history_page(session: Session, access: CatalogueAccess, compared_id: int, last_past_day: date) -> HistoryPage:
    """What was printed, and one of it compared with the facts. Raises NotFoundError."""
    statement = (
        select(AuditEvent)
        .where(
            AuditEvent.action == PRINTED,
            AuditEvent.laboratory_id == access.laboratory_id,
            AuditEvent.object_id == str(access.catalogue_id),
        )
        .order_by(col(AuditEvent.id).desc())
    )
    events = session.exec(statement.limit(LINES + 1)).all()
    compared: list[ComparedFigure] = []
    if compared_id:
        event = session.exec(statement.where(AuditEvent.id == compared_id)).first()
        if event is None:
            raise NotFoundError("Ce document n'est pas au journal de ce catalogue.")
        compared = compare(session, access, event.details)
    return HistoryPage(
        title=f"Historique de la couverture — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="couverture",
        laboratory_name=access.laboratory.name,
        lines=[_line(event) for event in events[:LINES]],
        has_older=len(events) > LINES,
        compared_id=compared_id,
        compared=compared,
        all_equal=bool(compared) and all(line.is_equal for line in compared),
        last_past_day=last_past_day.isoformat(),
    )


def _line(event: AuditEvent) -> PrintedLine:
    figures: Mapping[str, Any] = event.details.get("figures", {})
    main = figures.get(key_of(Definition()), [0, 0])
    day = event.details.get("day", "")
    return PrintedLine(
        id=event.id or 0,
        at=event.at,
        who=event.actor_label,
        document=event.details.get("document", ""),
        figures_of=french_day(date.fromisoformat(day)) if day else "",
        main=f"{share_text(*main)} ({main[0]} / {main[1]})",
    )


def compare(session: Session, access: CatalogueAccess, details: Mapping[str, Any]) -> list[ComparedFigure]:
    """Each printed figure beside the same one, counted again from the facts until its moment."""
    printed_at = moment = datetime.fromisoformat(details["figures_at"])
    if details.get("day"):
        moment = last_moment(date.fromisoformat(details["day"]))
    report = past_report(
        session, access.laboratory, access.catalogue, moment, int(details["release_id"]), printed_at=printed_at
    )
    again = {key_of(definition): (definition, figure) for definition, figure in report.figures}
    found = []
    for key, (top, bottom) in details["figures"].items():
        definition, figure = again.get(key, (None, None))
        name = f"{name_of(definition)}, {scope_of(definition)}" if definition else "Définition retirée depuis"
        said = f"{figure.percent} ({figure.numerator} / {figure.denominator})" if figure else "—"
        found.append(
            ComparedFigure(
                name=name,
                printed=f"{share_text(top, bottom)} ({top} / {bottom})",
                again=said,
                is_equal=figure is not None and (figure.numerator, figure.denominator) == (top, bottom),
            )
        )
    return found
