"""The page and the CSV « Ce que cette version changera »."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from app.models import LoincRelease, TaskKind, User
from app.terminology import service
from app.terminology.wording import TASK_LABELS, release_name
from app.upgrades.impact import UsedCode, by_catalogue, by_kind, used_codes
from app.upgrades.impact_rows import MEMBERS_ONLY, UsedRows, rows_for
from app.upgrades.pages import ImpactCodeLine, ImpactHeading, ImpactKindLine, ImpactLine, ImpactPage, ImpactRowLink
from app.upgrades.report import CHANGES
from app.web.spreadsheet_csv import csv_pieces

PAGE_SIZE = 100
SHOWN_ROWS = 3
"""Rows named beside a code; the CSV names them all."""
SORTS: dict[str, tuple[str, Callable[[UsedCode], Any]]] = {
    "nature": ("Changement", lambda item: list(TaskKind).index(item.kind)),
    "code": ("LOINC", lambda item: item.loinc_num),
    "laboratoire": ("Laboratoire", lambda item: item.laboratory.casefold()),
    "catalogue": ("Catalogue", lambda item: item.catalogue.casefold()),
    "approuvees": ("Approuvées", lambda item: item.approved),
    "decidees": ("Décidées", lambda item: item.decided),
    "memoire": ("Mémoire", lambda item: item.remembered),
}
"""Name in the address -> heading, key."""
HEADER = (
    "Changement", "LOINC", "Détail", "Nom avant", "Nom après", "LOINC propose", "Laboratoire", "Catalogue",
    "Lignes approuvées", "Lignes décidées", "Mémoire", "Lignes du laboratoire",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImpactQuery:
    """What the list shows, as read from its address; what means nothing there is left out."""

    kind: TaskKind | None = None
    sort: str = "nature"
    is_descending: bool = False
    page: int = 1

    @staticmethod
    def read(nature: str, tri: str, ordre: str, page: int) -> "ImpactQuery":
        """From the parameters of an address."""
        kind = TaskKind(nature) if nature in list(TaskKind) else None
        return ImpactQuery(kind, tri if tri in SORTS else "nature", ordre == "decroissant", page)

    def url(self, path: str, **extra: str) -> str:
        """The address of this list."""
        values = {
            "nature": self.kind or "",
            "tri": self.sort if self.sort != "nature" else "",
            "ordre": "decroissant" if self.is_descending else "",
            "page": str(self.page) if self.page > 1 else "",
            **extra,
        }
        given = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{given}" if given else path

    def of(self, used: Sequence[UsedCode]) -> list[UsedCode]:
        """The lines that it asks for, in its order."""
        kept = [item for item in used if self.kind in (None, item.kind)]
        kept.sort(key=lambda item: (item.loinc_num, item.laboratory_id, item.catalogue_id))
        return sorted(kept, key=SORTS[self.sort][1], reverse=self.is_descending)


def impact_of(session: Session, release: LoincRelease) -> list[UsedCode]:
    """What this release changes, against the one in service."""
    current = service.current_release(session)
    return used_codes(session, current, release) if current is not None and current.id != release.id else []


def impact_page(session: Session, release: LoincRelease, query: ImpactQuery, reader: User) -> ImpactPage:
    """Before changing release: what it changes, by kind, by catalogue, code by code."""
    current = service.current_release(session)
    used = impact_of(session, release)
    lines = query.of(used)
    path = f"/administration/terminologies/versions/{release.id}"
    last = max(1, -(-len(lines) // PAGE_SIZE))
    page = replace(query, page=min(query.page, last))
    start = (page.page - 1) * PAGE_SIZE
    shown = lines[start : start + PAGE_SIZE]
    rows = rows_for(session, shown, reader)
    return ImpactPage(
        title=f"Ce que {release_name(release)} changera",
        release=release,
        release_title=release_name(release),
        current_title=release_name(current) if current else "aucune version",
        is_current=release.is_current,
        doubt=service.doubt_of(current, release),
        kinds=[TASK_LABELS[kind][0] for kind in CHANGES],
        counts=[_kind_line(count, query, path) for count in by_kind(used)],
        lines=[
            ImpactLine(
                laboratory=item.laboratory,
                catalogue=item.catalogue,
                counts=[counts[kind] for kind in CHANGES],
                total=counts.total(),
            )
            for item, counts in by_catalogue(used)
        ],
        kind=query.kind,
        every_url=replace(page, kind=None, page=1).url(path) + "#codes",
        headings=[_heading(name, page, path) for name in SORTS],
        codes=[_code_line(item, rows) for item in shown],
        total=len(lines),
        first=start + 1 if lines else 0,
        last=min(start + PAGE_SIZE, len(lines)),
        previous_url=replace(page, page=page.page - 1).url(path) if page.page > 1 else "",
        next_url=replace(page, page=page.page + 1).url(path) if page.page < last else "",
        csv_url=replace(page, page=1).url(path, format="csv"),
    )


def _code_line(item: UsedCode, rows: UsedRows) -> ImpactCodeLine:
    found = rows.of(item)
    return ImpactCodeLine(
        code=item,
        rows=[
            ImpactRowLink(
                text=row.text, url=f"/catalogues/{item.catalogue_id}/revue/{row.id}" if item.catalogue_id else ""
            )
            for row in (found or ())[:SHOWN_ROWS]
        ],
        others=max(0, len(found or ()) - SHOWN_ROWS),
        is_hidden=found is None,
    )


def _kind_line(count: Any, query: ImpactQuery, path: str) -> ImpactKindLine:
    label, css_class = TASK_LABELS[count.kind]
    return ImpactKindLine(
        label=label,
        css_class=css_class,
        codes=count.codes,
        approved=count.approved,
        decided=count.decided,
        remembered=count.remembered,
        url=replace(query, kind=count.kind, page=1).url(path) + "#codes",
        is_chosen=query.kind is count.kind,
    )


def _heading(name: str, query: ImpactQuery, path: str) -> ImpactHeading:
    is_sorted = name == query.sort
    order = ("descending" if query.is_descending else "ascending") if is_sorted else "none"
    turned = replace(query, sort=name, is_descending=is_sorted and not query.is_descending, page=1)
    return ImpactHeading(
        title=SORTS[name][0],
        url=turned.url(path) + "#codes",
        order=order,
        is_number=name in ("approuvees", "decidees", "memoire"),
    )


def impact_csv(used: Sequence[UsedCode], query: ImpactQuery, rows: UsedRows) -> Iterator[str]:
    """Every line of the list, for a spreadsheet."""
    return csv_pieces(HEADER, (_cells(item, rows) for item in query.of(used)))


def _cells(item: UsedCode, rows: UsedRows) -> Sequence[str]:
    found = rows.of(item)
    return (
        TASK_LABELS[item.kind][0], item.loinc_num, item.said, item.old.long_common_name if item.old else "",
        item.new.long_common_name if item.new else "", ", ".join(item.replacements), item.laboratory, item.catalogue,
        str(item.approved), str(item.decided), str(item.remembered),
        MEMBERS_ONLY if found is None else " | ".join(row.text for row in found),
    )  # fmt: skip
