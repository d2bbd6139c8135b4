"""Reads reports that travel in a zip: an IHE_XDM package, as secure health mail carries them, or plain files together.

A package says in METADATA.XML which of its documents replaces or transforms another; its index, its style sheets and
the copies to print are no reports. Whatever else the zip holds is read as a file of its own, named by its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.emitted.cda import looks_like_cda, read_cda
from app.emitted.observed import CodeSystems, Damaged, Observed, ObservedReport
from app.files.zip_safety import ARCHIVE, ZIP_SIGNATURE, Feed, UnsafeWorkbookError, plain_path, walk_zip

ReadAny = Callable[[bytes, str, CodeSystems], Iterator[Observed]]
"""Reads a file of any kind."""
_METADATA = "metadata.xml"
MOST_METADATA_BYTES = 20_000_000
_BESIDE = frozenset(".htm .html .txt .xsl .xslt .css .js .pdf .jpg .jpeg .png .gif .svg .ttf .md".split())
"""Endings of what a package holds beside its documents, unless it is a report whatever its name."""
_RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
_UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
"""Scheme of the identifier of a document (XDSDocumentEntry.uniqueId)."""


@dataclass(slots=True)
class _Relations:
    """What the metadata say of the documents, by the key of each."""

    replaces: dict[str, set[str]] = field(default_factory=dict)
    transforms: dict[str, set[str]] = field(default_factory=dict)

    def applied(self, report: ObservedReport) -> ObservedReport:
        """A report with what is said of it."""
        replaced, others = set(report.replaces), set(report.keys)
        for key in report.keys:
            replaced |= self.replaces.get(key, set())
            others |= self.transforms.get(key, set())
        return replace(report, replaces=frozenset(replaced), keys=frozenset(others))


def looks_like_zip(head: bytes) -> bool:
    """Whether a file is a zip."""
    return head.startswith(ZIP_SIGNATURE)


def read_xdm(content: bytes, place: str, systems: CodeSystems, read_any: ReadAny) -> Iterator[Observed]:
    """The reports of a zip, in the order of its parts; what is damaged or refused is told by its place."""
    relations = _Relations()
    number = 0
    found: list[Observed] = []

    def visit_of(name: str) -> Feed:
        pieces: list[bytes] = []

        def feed(chunk: bytes) -> None:
            nonlocal number
            if chunk:
                pieces.append(chunk)
                return
            part = b"".join(pieces)
            pieces.clear()
            if PurePosixPath(plain_path(name)).name == _METADATA:
                _note(relations, part)
            elif _is_read(name, part):
                number += 1
                found.extend(_read_part(part, f"{place}, document {number}", systems, read_any))

        return feed

    try:
        walk_zip(content, ARCHIVE, lambda entry: None if entry.is_dir() else visit_of(entry.filename))
    except UnsafeWorkbookError as error:
        # Its sentences say how the container is, not what it holds.
        yield Damaged(place, str(error))
        return
    if not found:
        yield Damaged(place, "cette archive ne contient aucun compte rendu")
    for item in found:
        yield relations.applied(item) if isinstance(item, ObservedReport) else item


def _read_part(part: bytes, place: str, systems: CodeSystems, read_any: ReadAny) -> Iterator[Observed]:
    if looks_like_zip(part):
        yield Damaged(place, "une archive dans l'archive n'est pas lue : envoyez-la à part")
    elif looks_like_cda(part):
        yield from read_cda(part, place, systems)
    else:
        yield from read_any(part, place, systems)


def _is_read(name: str, part: bytes) -> bool:
    """Whether a part is read as a report: what is named as an ornament of the package is not, unless it is one."""
    return PurePosixPath(plain_path(name)).suffix not in _BESIDE or looks_like_cda(part)


def _note(relations: _Relations, metadata: bytes) -> None:
    """Note what the metadata say; those that cannot be read say nothing, and the documents still count."""
    if len(metadata) > MOST_METADATA_BYTES:
        return
    try:
        root = fromstring(metadata, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return
    keys = {item.get("id", ""): key for item in root.iter(f"{_RIM}ExtrinsicObject") if (key := _key_of(item))}
    for association in root.iter(f"{_RIM}Association"):
        kind = association.get("associationType", "").rpartition(":")[2]
        source, target = (keys.get(association.get(end, ""), "") for end in ("sourceObject", "targetObject"))
        if not source or not target:
            continue
        if "RPLC" in kind:
            relations.replaces.setdefault(source, set()).add(target)
        elif kind == "XFRM":
            relations.transforms.setdefault(source, set()).add(target)


def _key_of(item: Element) -> str:
    """The key of a document, as the document itself says it (`app/emitted/cda.py`)."""
    for identifier in item.iter(f"{_RIM}ExternalIdentifier"):
        if identifier.get("identificationScheme") == _UNIQUE_ID:
            value = identifier.get("value", "")
            return value if "^" in value else f"{value}^"
    return ""
