"""From the terminology to its pages: search, and one term."""

from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from app.errors import NotFoundError
from app.models import LoincRelease, LoincTerm, ValueSetKind
from app.terminology import repository, service, value_sets
from app.terminology.pages import (
    AxisFilter,
    AxisLine,
    FrenchLine,
    MembershipLine,
    RelatedLine,
    SearchPage,
    TermLine,
    TermPage,
)
from app.terminology.schemas import SearchFilters
from app.terminology.wording import (
    AXIS_LABELS,
    CLASS_TYPES,
    ORDER_LABELS,
    TERM_STATUS_LABELS,
    USAGE_LABELS,
    french_name,
    release_name,
    status_label,
)
from loinc_data.notice import LOINC_NOTICE

PAGE_SIZE = 50
LARGE_PAGE = 300
SUGGESTIONS = 300
FILTERS = (
    ("property", "Grandeur", "Toutes"),
    ("time_aspct", "Temporalité", "Toutes"),
    ("system", "Milieu", ""),
    ("scale_typ", "Échelle", "Toutes"),
    ("method_typ", "Technique", ""),
    ("class_name", "Classe", ""),
    ("status", "Statut", "Tous"),
    ("order_obs", "Emploi", "Tous"),
)
"""(axis, French label, text of "no restriction" when all values are listed)."""


def chosen_release(session: Session, release_id: int | None) -> LoincRelease | None:
    """The release of the address, else the current one."""
    return service.get_release(session, release_id) if release_id else service.current_release(session)


def search_page(
    session: Session, release: LoincRelease, query: str, filters: SearchFilters, *, large: bool
) -> SearchPage:
    """The hits of a search in a release."""
    assert release.id is not None
    values: dict[str, list[tuple[str, int]]] = {}
    for item in repository.axis_values(session, release.id):
        values.setdefault(item.axis, []).append((item.value, item.term_count))
    filters = _with_exact_values(filters, values)
    result = service.search_counted(session, release.id, query, LARGE_PAGE if large else PAGE_SIZE, filters)
    current = service.current_release(session)
    is_current = current is not None and current.id == release.id
    parameters = {"q": query, **filters.axes(), "version": "" if is_current else str(release.id)}
    if not filters.laboratory_only:
        parameters["tout"] = "1"
    kept = {name: value for name, value in parameters.items() if value}
    return SearchPage(
        title="Terminologie LOINC",
        release=release,
        release_title=release_name(release),
        releases=[(item.id or 0, release_name(item)) for item in service.releases(session)],
        query=query,
        filters=[_filter(name, label, any_text, filters, values.get(name, [])) for name, label, any_text in FILTERS],
        laboratory_only=filters.laboratory_only,
        has_other_classes=release.kind == "official",
        is_filtered=bool(filters.axes()),
        lines=[term_line(term) for term in result.terms],
        total=result.total,
        is_more=result.is_more,
        more_url="" if large or result.total <= PAGE_SIZE else f"?{urlencode({**kept, 'longue': '1'})}",
        suffix="" if is_current else f"?version={release.id}",
    )


def _with_exact_values(filters: SearchFilters, values: dict[str, list[tuple[str, int]]]) -> SearchFilters:
    """The filters with the values as LOINC spells them: a person types `urine` for `Urine`."""
    spelled: dict[str, Any] = {}
    for axis, asked in filters.axes().items():
        known = {value.casefold(): value for value, _ in values.get(axis, [])}
        spelled[axis] = known.get(asked.casefold(), asked)
    return SearchFilters(**spelled, laboratory_only=filters.laboratory_only, any_of=filters.any_of)


def _filter(name: str, label: str, any_text: str, filters: SearchFilters, values: list[tuple[str, int]]) -> AxisFilter:
    shown = [(value, _value_text(name, value, count)) for value, count in values[: None if any_text else SUGGESTIONS]]
    return AxisFilter(name=name, label=label, value=getattr(filters, name), choices=shown, any_text=any_text)


def _value_text(name: str, value: str, count: int) -> str:
    known = {"status": {key: text for key, (text, _) in TERM_STATUS_LABELS.items()}, "order_obs": ORDER_LABELS}
    return f"{known.get(name, {}).get(value, value)} ({count})"


def term_line(term: LoincTerm) -> TermLine:
    """A term as lists show it."""
    french, source = french_name(term)
    label, css_class = status_label(term.status)
    return TermLine(
        loinc_num=term.loinc_num,
        long_common_name=term.long_common_name,
        french=french,
        french_source=source,
        is_official_french=bool(term.official_french_name),
        component=term.component,
        property=term.property,
        time_aspct=term.time_aspct,
        system=term.system,
        scale_typ=term.scale_typ,
        method_typ=term.method_typ,
        units=term.example_ucum_units,
        status_label=label,
        status_class=css_class,
        is_usable=term.status == "ACTIVE",
    )


def term_page(session: Session, release: LoincRelease, loinc_num: str) -> TermPage:
    """Everything that is loaded about one code."""
    assert release.id is not None
    term = service.find_term(session, release.id, loinc_num)
    if term is None:
        raise NotFoundError(f"Le code {loinc_num} n'existe pas dans {release_name(release)}.")
    current = service.current_release(session)
    suffix = "" if current is not None and current.id == release.id else f"?version={release.id}"
    french, source = french_name(term)
    label, css_class = status_label(term.status)
    names = repository.french_names(session, release.id, loinc_num)
    first = names[0] if names else None
    return TermPage(
        title=f"{term.loinc_num} {term.long_common_name}",
        term=term,
        release_title=release_name(release),
        suffix=suffix,
        french=french,
        french_source=source,
        is_official_french=bool(term.official_french_name),
        status_label=label,
        status_class=css_class,
        order_label=ORDER_LABELS.get(term.order_obs, term.order_obs),
        class_type=CLASS_TYPES.get(term.class_type, ""),
        usage=USAGE_LABELS.get(term.fr_usage, ""),
        axes=[
            AxisLine(label=text, value=getattr(term, axis), french=getattr(first, axis) if first else "")
            for axis, text in AXIS_LABELS.items()
        ],
        replacements=_replacements(session, release.id, loinc_num),
        french_names=[
            FrenchLine(
                variant=name.variant,
                producer=name.producer,
                name=name.display_name or name.long_common_name,
                short_name=name.short_name,
                parts=":".join(getattr(name, axis) for axis in AXIS_LABELS).rstrip(":"),
            )
            for name in names
        ],
        memberships=_memberships(session, release.id, loinc_num),
        siblings=_siblings(session, term),
        panel=_panel(session, release.id, loinc_num),
        nabm=value_sets.nabm_of(session, loinc_num),
        other_releases=_other_releases(session, release.id, loinc_num),
        notice=LOINC_NOTICE,
    )


def related(term: LoincTerm | None, loinc_num: str, note: str = "") -> RelatedLine:
    """Another term, by its code; it may be absent from the release."""
    label, css_class = status_label(term.status) if term else ("Absent de cette version", "chip-mute")
    name = term.long_common_name if term else ""
    return RelatedLine(loinc_num=loinc_num, name=name, status_label=label, status_class=css_class, note=note)


def _replacements(session: Session, release_id: int, loinc_num: str) -> list[RelatedLine]:
    rows = repository.map_to(session, release_id, [loinc_num]).get(loinc_num, [])
    targets = service.terms_by_number(session, release_id, [row.map_to for row in rows])
    return [related(targets.get(row.map_to), row.map_to, row.comment) for row in rows]


def _panel(session: Session, release_id: int, loinc_num: str) -> list[RelatedLine]:
    rows = repository.panel_members(session, release_id, loinc_num)
    members = service.terms_by_number(session, release_id, [row.loinc_num for row in rows])
    return [related(members.get(row.loinc_num), row.loinc_num, row.requirement) for row in rows]


def _memberships(session: Session, release_id: int, loinc_num: str) -> list[MembershipLine]:
    found = value_sets.memberships(session, loinc_num, release_id)
    lines = [
        MembershipLine(title=item.title, version=item.version, label=label, is_member=True) for item, label in found
    ]
    if not any(item.kind == ValueSetKind.CIRCUIT_BIOLOGIE for item, _ in found):
        circuit = value_sets.current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
        if circuit is not None:
            lines.insert(0, MembershipLine(title=circuit.title, version=circuit.version, label="", is_member=False))
    return lines


def _siblings(session: Session, term: LoincTerm) -> list[RelatedLine]:
    if not value_sets.outside_circuit(session, [term.loinc_num]):
        return []
    return [related(item, item.loinc_num) for item in value_sets.siblings_in_circuit(session, term)]


def _other_releases(session: Session, release_id: int, loinc_num: str) -> list[tuple[str, str]]:
    return [
        (f"/terminologie/{loinc_num}?version={other.id}", release_name(other))
        for other in service.releases(session)
        if other.id is not None and other.id != release_id and service.find_term(session, other.id, loinc_num)
    ]
