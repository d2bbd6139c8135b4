"""How documents of FHIR relate: which version each is, what it replaces, which of them are parts of one report."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from app.emitted.fhir_scope import Scope, identifier_key, keys_of, version_of
from app.emitted.observed import ObservedReport
from app.files.fhir_json import Json, items, one_line
from app.text import PARIS

_TIMES = ("issued", "date", "effectiveDateTime")
_REPLACING = frozenset({"replaces"})


def version(head: Json, bundle: Json) -> tuple[int, str]:
    """The number and the moments of a report: its own, then that of its last change or of what carries it."""
    written = one_line(head.get("version"))
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 10 else version_of(head)
    own = next((moment(one_line(head[name])) for name in _TIMES if one_line(head.get(name))), "")
    changed = [one_line(meta.get("lastUpdated")) for meta in items(head, "meta")]
    carried = moment(next(filter(None, (*changed, one_line(bundle.get("timestamp")))), ""))
    return number, f"{own} {carried}".strip()


def moment(written: str) -> str:
    """A date or an instant as the digits of the time in Paris, as messages that say no zone write it; what is less
    exact comes before. Empty for what is none."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        digits = "".join(filter(str.isdigit, written[:19]))
        return digits.ljust(14, "0") if digits and digits.isascii() else ""
    return (read.astimezone(PARIS) if read.tzinfo else read).strftime("%Y%m%d%H%M%S")


def replaced_by(head: Json, scope: Scope) -> Iterator[str]:
    """The keys of the documents that a Composition or a DiagnosticReport says it replaces."""
    for relation in items(head, "relatesTo"):
        if _kind(relation) in _REPLACING:
            yield from map(identifier_key, items(relation, "targetIdentifier"))
            for name in ("targetReference", "resourceReference", "target"):
                for reference in items(relation, name):
                    yield from _keys(reference, head, scope)
    for extension in items(head, "extension"):
        if one_line(extension.get("url")).lower().endswith("replaces"):
            for reference in items(extension, "valueReference"):
                yield from _keys(reference, head, scope)


def _kind(relation: Json) -> str:
    """How documents relate: by a code, in R5 of a concept for a DocumentReference, and a type for a Composition."""
    concept = items(relation, "code")
    coded = [one_line(coding.get("code")) for one in concept for coding in items(one, "coding")]
    return next(filter(None, (*coded, one_line(relation.get("code")), one_line(relation.get("type")))), "")


def _keys(reference: Json, head: Json, scope: Scope) -> Iterator[str]:
    yield from map(identifier_key, items(reference, "identifier"))
    found = scope.find(reference, head)
    if found is not None:
        yield from keys_of(found)
    elif address := one_line(reference.get("reference")).split("/_history/")[0]:
        yield address
        yield "/".join(address.rsplit("/", 2)[-2:])


def joined(reports: Iterable[ObservedReport]) -> list[ObservedReport]:
    """These reports, where those of one moment that share an identifier, and are not one resource, are parts of one: a
    discipline each, under one number."""
    found: list[ObservedReport] = []
    places: dict[tuple[str, tuple[int, str]], int] = {}
    for report in reports:
        names = [(key, report.version) for key in report.keys if "|" in key]
        at = next((places[name] for name in names if name in places), None)
        if at is not None and _are_parts(found[at], report):
            found[at] = _one(found[at], report)
        else:
            at = len(found)
            found.append(report)
        places.update(dict.fromkeys(names, at))
    return found


def _are_parts(one: ObservedReport, other: ObservedReport) -> bool:
    is_same_resource = any("|" not in key for key in one.keys & other.keys)
    is_plain = one.is_whole and other.is_whole and not one.is_deletion and not other.is_deletion
    return is_plain and not is_same_resource


def _one(one: ObservedReport, other: ObservedReport) -> ObservedReport:
    slots = {result.slot for result in one.results if result.slot}
    return replace(
        one,
        keys=one.keys | other.keys,
        results=(*one.results, *(result for result in other.results if result.slot not in slots)),
        is_structured=one.is_structured or other.is_structured,
        replaces=one.replaces | other.replaces,
        identities=one.identities | other.identities,
    )
