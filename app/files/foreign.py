"""Files that are something else than what is read, told by their first bytes and named for what they are."""

import re

from app.files.foreign_packages import foreign_package
from app.files.foreign_texts import foreign_text

_TAG = re.compile(rb"<\s*(?:!doctype\s+)?([a-z:_][\w:.-]*)", re.IGNORECASE)
_SPREADSHEET_2003 = b"urn:schemas-microsoft-com:office:spreadsheet"
_FHIR = re.compile(
    rb"\A(?>\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*+"
    rb"<(?:([a-z_][\w.-]*):)?[a-z]+(?=\s)[^>]*?\sxmlns(?(1):\1)\s*=\s*([\"'])http://hl7\.org/fhir\2",
    re.IGNORECASE | re.DOTALL,
)
"""What comes before the first element, then that element, declared of the namespace of FHIR.

Nothing is read a second way: fifty comments could otherwise be cut in as many ways as there are subsets of them.
"""
_ROOT = re.compile(
    rb"(?>\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*+<([a-z_][\w:.-]*)", re.IGNORECASE | re.DOTALL
)
_FLAT = re.compile(rb"office:mimetype\s*=\s*[\"']application/vnd\.oasis\.opendocument\.(\w+)")
_FLAT_KINDS = {
    "spreadsheet": (
        "un classeur OpenDocument à plat (FODS)",
        "ouvrez-le dans LibreOffice, puis enregistrez-le en ODS, en XLSX ou en CSV",
    ),
    "text": (
        "un document texte OpenDocument à plat (FODT)", "copiez son tableau dans un tableur et enregistrez-le en XLSX",
    ),
    "presentation": (
        "une présentation OpenDocument à plat (FODP)", "copiez son tableau dans un tableur et enregistrez-le en XLSX",
    ),
    "graphics": ("un dessin OpenDocument à plat (FODG)", "demandez au SGL un export en CSV ou en classeur"),
}  # fmt: skip
_HTML = frozenset({b"html", b"head", b"body", b"table", b"meta", b"style", b"div", b"tr", b"td"})
_AS_WORKBOOK = "ouvrez-le dans un tableur, puis enregistrez-le en XLSX ou en CSV"
_SIGNATURES = (
    (b"%PDF", "un document PDF", "demandez au SGL un export en CSV ou en classeur"),
    (rb"{\rtf", "un document RTF", "demandez au SGL un export en CSV ou en classeur"),
    (b"\x1f\x8b", "une archive gzip", "décompressez-la, puis envoyez le fichier qu'elle contient"),
    (b"7z\xbc\xaf\x27\x1c", "une archive 7z", "décompressez-la, puis envoyez les fichiers, ou une archive zip"),
    (b"Rar!", "une archive RAR", "décompressez-la, puis envoyez les fichiers, ou une archive zip"),
    (b"\x00\x01\x00\x00Standard Jet DB", "une base Access", "exportez-en la table en CSV ou en classeur"),
    (b"\x00\x01\x00\x00Standard ACE DB", "une base Access", "exportez-en la table en CSV ou en classeur"),
    (b"SQLite format 3\x00", "une base SQLite", "exportez-en la table en CSV"),
    (b"\x89PNG", "une image", "demandez au SGL un export en CSV ou en classeur"),
    (b"\xff\xd8\xff", "une image", "demandez au SGL un export en CSV ou en classeur"),
    (b"GIF8", "une image", "demandez au SGL un export en CSV ou en classeur"),
    (b"II*\x00", "une image", "demandez au SGL un export en CSV ou en classeur"),
    (b"MM\x00*", "une image", "demandez au SGL un export en CSV ou en classeur"),
    (b"BZh", "une archive bzip2", "décompressez-la, puis envoyez le fichier qu'elle contient"),
    (b"\xfd7zXZ\x00", "une archive xz", "décompressez-la, puis envoyez le fichier qu'elle contient"),
    (b"\x28\xb5\x2f\xfd", "une archive Zstandard", "décompressez-la, puis envoyez le fichier qu'elle contient"),
    (b"PAR1", "un fichier Parquet", "exportez-le en CSV"),
    (b"ARROW1", "un fichier Arrow", "exportez-le en CSV"),
    (b"$FL2", "un fichier SPSS", "exportez-le en CSV"),
    (b"<stata_dta>", "un fichier Stata", "exportez-le en CSV"),
    (b"%!PS", "un document PostScript", "demandez au SGL un export en CSV ou en classeur"),
    *(
        (signature, "un classeur d'Excel d'avant 1997", _AS_WORKBOOK)
        for signature in (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
    ),
    (b"\x00\x00\x02\x00\x04\x04", "un classeur Lotus 1-2-3", _AS_WORKBOOK),
    (b"\x00\x00\x02\x00\x06\x04", "un classeur Lotus 1-2-3", _AS_WORKBOOK),
    (b"MSH|", "un message HL7 v2", "demandez au SGL un export de son catalogue en CSV ou en classeur"),
    (b"H|\\^&", "un message ASTM", "demandez au SGL un export de son catalogue en CSV ou en classeur"),
)
_MESSAGE = re.compile(rb"H\|[~^\\&]{2,4}|(?:FHS|BHS|MSH|PID|OBR|OBX)\||P\|\d+\|")
"""How messages of results begin, whole or cut."""
_PEOPLE_IN_FHIR = re.compile(
    rb'"resourceType"\s*:\s*"(?:Patient|RelatedPerson|Person)"|<(?:\w+:)?(?:Patient|RelatedPerson)[\s/>]'
)
_DBASE = frozenset({0x02, 0x03, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5})
_START = 8_192


def _is_dbase(content: bytes) -> bool:
    """Whether the header is that of a table: a version, the day of its last change, and an end where it says."""
    if len(content) < 64 or content[0] not in _DBASE or not (1 <= content[2] <= 12 and 1 <= content[3] <= 31):
        return False
    end = int.from_bytes(content[8:10], "little")
    return 64 < end <= len(content) and b"\x0d" in content[end - 2 : end]


def text_start(content: bytes) -> bytes:
    """The first bytes of a text without mark, as UTF-8, whatever UTF it is in."""
    head = content[:_START]
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace").encode().lstrip()
    return head.lstrip()


def is_xml(content: bytes) -> bool:
    """Whether a file begins as XML or HTML does; `<Code>;<Libellé>` is the headings of a table."""
    start = text_start(content)
    if start.startswith((b"<?xml", b"<!")):
        return True
    first = _TAG.match(start)
    return first is not None and (b"xmlns" in start or _local(first[1]) in _HTML)


def _local(tag: bytes) -> bytes:
    return tag.rpartition(b":")[2].lower()


def is_fhir_xml(content: bytes) -> bool:
    """Whether a file is FHIR written in XML: its first element, prefixed or not, is of the namespace of FHIR."""
    return is_xml(content) and _FHIR.search(text_start(content)) is not None


def _root(start: bytes) -> str:
    """The local name of the first element of an XML."""
    found = _ROOT.match(start)
    return _local(found[1]).decode("ascii", "replace") if found else ""


def _open_document(start: bytes) -> tuple[str, str] | None:
    """(name, remedy) of a document of OpenDocument in one XML file."""
    found = _FLAT.search(start)
    kind = found[1].decode() if found else ""
    if b"urn:oasis:names:tc:opendocument" not in start:
        return None
    other = ("un document OpenDocument à plat", "enregistrez son tableau en ODS, en XLSX ou en CSV")
    return _FLAT_KINDS.get(kind, other)


def foreign(content: bytes) -> str:
    """What a file is, and what to do with it, in French; empty for what may be a table, a workbook or FHIR."""
    for signature, name, remedy in _SIGNATURES:
        if content.lstrip(b"\xef\xbb\xbf").startswith(signature):
            return f"c'est {name} ; {remedy}."
    if content[257:262] == b"ustar":
        return "c'est une archive tar ; décompressez-la, puis envoyez les fichiers, ou une archive zip."
    if content.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "c'est un texte en UTF-32 ; enregistrez-le en UTF-8."
    if _is_dbase(content):
        return f"c'est une table dBase (DBF) ; {_AS_WORKBOOK}."
    if found := foreign_package(content):
        return f"c'est {found[0]} ; {found[1]}."
    start = text_start(content)
    if _MESSAGE.match(start):
        return (
            "c'est un message de résultats (HPRIM, HL7 ou ASTM), qui parle de patients ; demandez au SGL un export de "
            "son catalogue en CSV ou en classeur."
        )
    if (start.startswith((b"{", b"[")) or is_xml(content)) and _PEOPLE_IN_FHIR.search(content):
        return (
            "ce fichier FHIR contient une ressource Patient ; l'atelier n'enregistre que des catalogues d'analyses, "
            "sans aucune donnée nominative. Demandez au SGL le catalogue seul."
        )
    if not is_xml(content):
        return foreign_text(start)
    if is_fhir_xml(content):
        return ""
    if _SPREADSHEET_2003 in start:
        return f"c'est un classeur au format XML d'Excel 2003 ; {_AS_WORKBOOK}."
    is_open_document = bool(_open_document(start))
    if not is_open_document and _root(start) != "svg" and {_local(tag) for tag in _TAG.findall(start)} & _HTML:
        return f"c'est une page HTML, quel que soit son nom ; {_AS_WORKBOOK}."
    if found := _open_document(start):
        return f"c'est {found[0]} ; {found[1]}."
    if (root := _root(start)) == "svg":
        return "c'est un dessin SVG ; demandez au SGL un export en CSV ou en classeur."
    if root:
        return (
            f"c'est un fichier XML (élément « {root} »), que l'atelier ne lit pas ; demandez au SGL un export en CSV "
            "ou en classeur."
        )
    return "c'est un fichier XML, que l'atelier ne lit pas ; demandez au SGL un export en CSV ou en classeur."
