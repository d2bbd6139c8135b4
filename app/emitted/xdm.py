"""Reads reports that travel in a zip: an IHE_XDM package, as secure health mail carries them, or plain files together.

A package says in METADATA.XML which of its documents replaces, transforms or completes another; its index, its style
sheets, its signature and the copies to print are no reports. Whatever else a zip holds is read as a file of its own,
named by its place.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.emitted.cda import looks_like_cda, read_cda
from app.emitted.cda_document import document_key
from app.emitted.observed import CodeSystems, Damaged, NoReport, Observed, ObservedReport, Refused
from app.files.zip_safety import ARCHIVE, ZIP_SIGNATURE, Bounds, Feed, UnsafeWorkbookError, plain_path, walk_zip

ReadAny = Callable[[bytes, str, CodeSystems], Iterator[Observed]]
"""Reads a file of any kind."""
MOST = Bounds(parts=20_000, inflated=1_000_000_000)
"""Of one zip: reports are sent by thousands, each with its copy to print."""
MOST_PART_BYTES = 100_000_000
"""Of one part: it is read as a whole."""
MOST_METADATA_BYTES = 5_000_000
_METADATA = "metadata.xml"
_BESIDE = frozenset(".htm .html .xsl .xslt .css .js .pdf .jpg .jpeg .png .gif .svg .ttf .md .p7s .ini .db".split())
"""Endings of what stands beside documents, unless it is a report whatever its name."""
_NOTICE = re.compile(r"(?:lisez|read|a[-_ ]?lire|index|licen[cs]e|notice|signature|manifest).*\.(?:txt|xml)")
_MESSAGE = re.compile(rb"(?:\xef\xbb\xbf)?[\x0b\s]*(?:MSH|FHS|BHS|H)\W")
"""What a message of HL7 v2 or of HPRIM begins with, whatever its file is called."""
_OF_SYSTEMS = re.compile(r"(?:^|/)(?:__macosx/|\.)")
"""Where systems put what is theirs alone."""
_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<")
_FHIR = (b"http://hl7.org/fhir", "http://hl7.org/fhir".encode("utf-16-le"))
_UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
"""Scheme of the identifier of a document (XDSDocumentEntry.uniqueId)."""
_TOO_BIG = f"cette partie de l’archive dépasse {MOST_PART_BYTES // 1_000_000}\u00a0Mo"
_NOTHING = "cette archive ne contient aucun compte rendu"
_REFUSED = "{told}\u202f; elle n’est pas ouverte"


@dataclass(slots=True)
class _Package:
    """What the metadata of a zip say of its documents, by the key of each."""

    is_package: bool = False
    """Whether it has metadata, and so is an IHE_XDM package."""
    documents: set[str] = field(default_factory=set)
    """Names of the parts that are documents, in small letters."""
    replaces: dict[str, set[str]] = field(default_factory=dict)
    same: dict[str, set[str]] = field(default_factory=dict)
    """Documents that they transform or complete."""
    additions: set[str] = field(default_factory=set)

    def applied(self, item: Observed) -> Observed:
        """A report with what is said of it."""
        if not isinstance(item, ObservedReport) or not self.is_package:
            return item
        replaced, others = set(item.replaces), set(item.keys)
        for key in item.keys:
            replaced |= self.replaces.get(key, set())
            others |= self.same.get(key, set())
        is_whole = item.is_whole and self.additions.isdisjoint(item.keys)
        return replace(item, replaces=frozenset(replaced), keys=frozenset(others), is_whole=is_whole)


def looks_like_zip(head: bytes) -> bool:
    """Whether a file is a zip."""
    return head.startswith(ZIP_SIGNATURE)


def read_xdm(content: bytes, place: str, systems: CodeSystems, read_any: ReadAny) -> Iterator[Observed]:
    """The reports of a zip, in the order of its parts; what is damaged or refused is told by its place.

    Inflated twice: within bounds first, for the metadata alone; then part by part, so that one is held at a time.
    `read_any` reads what is no CDA; whether it opens a zip in this one is its choice.
    """
    package = _Package()
    try:
        walk_zip(content, ARCHIVE, lambda entry: _feed(package, entry), bounds=MOST)
    except UnsafeWorkbookError as error:
        # Its sentences say how the container is, not what it holds.
        yield Refused(place, _REFUSED.format(told=str(error).replace("'", "’")))
        return
    number, is_any = 0, False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            path = plain_path(entry.filename)
            if entry.is_dir() or _OF_SYSTEMS.search(path) or PurePosixPath(path).name == _METADATA:
                continue
            if entry.file_size > MOST_PART_BYTES:
                number, is_any = number + 1, True
                yield Damaged(f"{place}, document {number}", _TOO_BIG)
                continue
            with archive.open(entry) as opened:
                part = _whole(opened)
            if not _is_read(package, path, part):
                continue
            number += 1
            for item in _read_part(part, f"{place}, document {number}", systems, read_any):
                is_any = True
                yield package.applied(item)
    if not is_any:
        yield NoReport(place) if package.is_package else Damaged(place, _NOTHING)


def _whole(opened: IO[bytes]) -> bytes:
    return opened.read(MOST_PART_BYTES)


def _read_part(part: bytes, place: str, systems: CodeSystems, read_any: ReadAny) -> Iterator[Observed]:
    # A zip that compresses nothing shows what it holds.
    is_document = looks_like_cda(part) and not looks_like_zip(part)
    return read_cda(part, place, systems) if is_document else read_any(part, place, systems)


def _is_read(package: _Package, path: str, part: bytes) -> bool:
    """Whether a part is read as a report: what is named as an ornament is not, unless it is one."""
    if not part.strip(b" \t\r\n\0"):
        return False
    if looks_like_cda(part):
        return True
    name = PurePosixPath(path)
    if name.suffix in _BESIDE:
        return False
    if _MESSAGE.match(part) or name.name in package.documents:
        return True
    if _NOTICE.match(name.name):
        return False
    # The XML of a package that is no document of its own: a signature, the metadata of a sender.
    return not (package.is_package and _XML.match(part) and not any(space in part[:4_000] for space in _FHIR))


def _feed(package: _Package, entry: zipfile.ZipInfo) -> Feed | None:
    """Gathers the metadata, whose end has them noted."""
    path = plain_path(entry.filename)
    if PurePosixPath(path).name != _METADATA or _OF_SYSTEMS.search(path):
        return None
    package.is_package = True
    if entry.file_size > MOST_METADATA_BYTES:
        return None
    pieces: list[bytes] = []

    def feed(chunk: bytes) -> None:
        if chunk:
            pieces.append(chunk)
        else:
            _note(package, b"".join(pieces))

    return feed


def _note(package: _Package, metadata: bytes) -> None:
    """Note what the metadata say; those that cannot be read say nothing, and the documents still count."""
    try:
        root = fromstring(metadata, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return
    keys: dict[str, str] = {}
    relations: list[Element] = []
    for item in root.iter():
        name = item.tag.rpartition("}")[2]
        if name == "ExtrinsicObject":
            package.documents |= _names_of(item)
            keys[item.get("id", "")] = _key_of(item)
        elif name == "Association":
            relations.append(item)
    for relation in relations:
        kind = relation.get("associationType", "").rpartition(":")[2]
        source, target = (keys.get(relation.get(end, ""), "") for end in ("sourceObject", "targetObject"))
        if not source or not target:
            continue
        if "RPLC" in kind:
            package.replaces.setdefault(source, set()).add(target)
        elif kind in ("XFRM", "APND"):
            package.same.setdefault(source, set()).add(target)
            if kind == "APND":
                package.additions.add(source)


def _names_of(item: Element) -> set[str]:
    """The name of the part that a document is."""
    slots = (slot for slot in item if slot.tag.rpartition("}")[2] == "Slot" and slot.get("name") == "URI")
    texts = (value.text or "" for slot in slots for value in slot.iter() if value.tag.rpartition("}")[2] == "Value")
    return {PurePosixPath(plain_path(text.strip())).name for text in texts if text.strip()}


def _key_of(item: Element) -> str:
    """The key of a document, as the document itself says it."""
    for part in item:
        if part.tag.rpartition("}")[2] == "ExternalIdentifier" and part.get("identificationScheme") == _UNIQUE_ID:
            root, _, extension = part.get("value", "").partition("^")
            return document_key(root, extension)
    return ""
