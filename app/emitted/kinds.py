"""What sort of file was received, told by its content alone: reports that are read, or a sort refused by name."""

import re
from enum import StrEnum

from app.emitted.cda import looks_like_cda
from app.emitted.hl7v2 import looks_like_hl7v2
from app.files.foreign import is_fhir_xml, is_xml, text_start
from app.files.foreign_packages import foreign_package
from app.files.workbook import workbook_format
from app.files.xls_check import OLE_SIGNATURE
from app.files.zip_safety import ZIP_SIGNATURE, entry_names


class ReportKind(StrEnum):
    """The sorts of files that are read."""

    ZIP = "zip"
    CDA = "CDA"
    HL7V2 = "HL7 v2"
    FHIR = "FHIR"


_ASK = "demandez au SGL les comptes rendus en CDA R2 (CR-Bio), en HL7 v2 (ORU^R01) ou en FHIR"
_UNZIP = "décompressez-la, puis envoyez les fichiers qu’elle contient, ou une archive zip"
_HPRIM = f"que l’atelier ne lit pas\u202f; {_ASK}"
EMPTY = "c’est un fichier vide"
UNKNOWN = f"ce n’est d’aucune sorte de compte rendu que l’atelier lit\u202f; {_ASK}"
OTHER_XML = f"c’est un fichier XML qui ne contient aucun compte rendu\u202f; {_ASK}"
_SIGNATURES = (
    (b"%PDF", f"c’est un document PDF, dont aucun résultat structuré ne peut être lu\u202f; {_ASK}"),
    (b"{\\rtf", f"c’est un document RTF, dont aucun résultat structuré ne peut être lu\u202f; {_ASK}"),
    (OLE_SIGNATURE, f"c’est un document de bureautique\u202f; {_ASK}"),
    (b"\x1f\x8b", f"c’est une archive gzip\u202f; {_UNZIP}"),
    (b"7z\xbc\xaf\x27\x1c", f"c’est une archive 7z\u202f; {_UNZIP}"),
    (b"Rar!", f"c’est une archive RAR\u202f; {_UNZIP}"),
    (b"BZh", f"c’est une archive bzip2\u202f; {_UNZIP}"),
    (b"\xfd7zXZ\x00", f"c’est une archive xz\u202f; {_UNZIP}"),
    (b"\x28\xb5\x2f\xfd", f"c’est une archive Zstandard\u202f; {_UNZIP}"),
    (b"PK\x05\x06", "c’est une archive vide"),
    (b"PK\x07\x08", f"c’est une archive en plusieurs volumes\u202f; {_UNZIP}"),
    *(
        (signature, f"c’est une image\u202f; {_ASK}")
        for signature in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
    ),
)
_BARRED = re.compile(rb"[\x0b\x02\s]*\d?H\|[~^\\&]{2,5}")
"""The header of messages of HPRIM Santé and of ASTM, which announce their separators as HL7 does."""
_ASTM = re.compile(rb"[\x0b\x02\s]*\d?H\|\\\^&")
_NET = re.compile(rb"^\*{4} ?(?:LAB|FIN|FINFICHIER|REP) ?\*{4}|^RES\|[^|\r\n]*\|[^|\r\n]*\|[ANC]?\|", re.MULTILINE)
"""What stands in the texts of HPRIM Net (HPRIM Médecin) below the ten lines that identify the patient."""
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)
_HEAD = 65_536


def kind_of(content: bytes) -> ReportKind | str:
    """The sort of a file that is read; else a French sentence that names what it is, and what to send instead.

    Nothing of the content is quoted.
    """
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return EMPTY
    if content.startswith(ZIP_SIGNATURE):
        found = foreign_package(content)
        # One that cannot be listed is damaged, and no workbook more than an archive.
        is_workbook = bool(entry_names(content) and workbook_format(content))
        name = found[0] if found else "un classeur" if is_workbook else ""
        return f"c’est {name}\u202f; {_ASK}" if name else ReportKind.ZIP
    if told := next((told for signature, told in _SIGNATURES if content.startswith(signature)), ""):
        return told
    if content[128:132] == b"DICM":
        return f"c’est une image DICOM\u202f; {_ASK}"
    start = text_start(content)
    if told := _hprim(content, start):
        return told
    if looks_like_hl7v2(content[:_HEAD]):
        return ReportKind.HL7V2
    if start.startswith(b"<") or is_xml(content):
        return _xml(content, start)
    return ReportKind.FHIR if start.startswith((b"{", b"[")) else UNKNOWN


def _hprim(content: bytes, start: bytes) -> str:
    if _ASTM.match(start):
        return f"c’est un message ASTM, d’un automate, {_HPRIM}"
    if _BARRED.match(start):
        return f"c’est un message HPRIM Santé, {_HPRIM}"
    if start.startswith(b"<"):
        return f"c’est un message HPRIM XML, {_HPRIM}" if b"hprim" in start.lower() else ""
    return f"c’est un fichier HPRIM Net (HPRIM Médecin), {_HPRIM}" if _NET.search(content[:_HEAD]) else ""


def _xml(content: bytes, start: bytes) -> ReportKind | str:
    if is_fhir_xml(content):
        return ReportKind.FHIR
    if looks_like_cda(content):
        return ReportKind.CDA
    if _HTML.search(start):
        return f"c’est une page HTML\u202f; {_ASK}"
    return OTHER_XML
