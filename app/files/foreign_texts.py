"""Texts that are written in another format than a table, told by how they begin and named for what they are."""

import re

_ASK = "demandez au SGL un export en CSV ou en classeur"
_AS_WORKBOOK = "ouvrez-le dans un tableur, puis enregistrez-le en XLSX ou en CSV"
_HEADERS = re.compile(rb"(?:[A-Za-z][A-Za-z-]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\r|\Z)){2}")
"""Two header fields of a message, one after the other, each over one line or more."""
_MIME = re.compile(rb"^(?:mime-version|content-type)\s*:", re.IGNORECASE | re.MULTILINE)
_PAGE = re.compile(rb"multipart/related|snapshot-content-location|saved by", re.IGNORECASE)
_SYLK_LINE = re.compile(rb"(?:ID|P|F|B|C|NN|NE|NU|NL|W|O|E)(?:;.*)?")
_SYLK_CELL = re.compile(rb"^C;(?:[A-Z][^;\r\n]*;)*[XYK]", re.MULTILINE)
_DIF = re.compile(rb"TABLE\s*[\r\n]+0,1\s*[\r\n]")
_LATEX = re.compile(rb"\\(?:documentclass|begin\{(?:tabular|longtable|table|document)[*x]?\})")
_SQL = re.compile(rb"^\s*(?:insert\s+into|create\s+table)\s+\S+", re.IGNORECASE | re.MULTILINE)
_YAML = re.compile(
    rb"(?:%YAML[^\n]*\n)?(?:---[^\n]*\n)?(?:[ \t]*(?:#[^\n]*)?\n)*(?:\w+:[ \t]*\n[ \t]*)?"
    rb"- ['\"]?[A-Za-z_][\w ]*['\"]?:(?: [^;\t|\n]*)?\n"
)
_CARD = re.compile(rb"BEGIN:(?:VCARD|VCALENDAR)", re.IGNORECASE)
_RECORDS = b"\x1e"


def foreign_text(start: bytes) -> str:
    """What a text is, from its first bytes in UTF-8, and what to do with it; empty for what may be a table."""
    found = _named(start)
    return f"c'est {found[0]} ; {found[1]}." if found else ""


def _named(start: bytes) -> tuple[str, str] | None:
    if _HEADERS.match(start) and _MIME.search(start):
        if _PAGE.search(start):
            return "une page web enregistrée en un seul fichier (MHTML), quel que soit son nom", _AS_WORKBOOK
        return "un message électronique", "enregistrez sa pièce jointe, puis envoyez-la"
    if start.startswith(b"ID;P") and _is_sylk(start):
        return "un classeur au format SYLK", _AS_WORKBOOK
    if _DIF.match(start):
        return "un classeur au format DIF", _AS_WORKBOOK
    if _LATEX.search(start):
        return "un document LaTeX", _ASK
    if _SQL.search(start) and b";" in start:
        return "un script SQL", "exportez-en la table en CSV"
    if _YAML.match(start.replace(b"\r\n", b"\n")):
        return "un fichier YAML", _ASK
    if _CARD.match(start):
        return "un carnet d'adresses ou un agenda", _ASK
    if _RECORDS in start and not re.search(rb"[\r\n\0]", start):
        return "un texte dont les lignes finissent par le caractère 0x1E", f"{_ASK}, une ligne par analyse"
    return None


def _is_sylk(start: bytes) -> bool:
    lines = [line.strip() for line in re.split(rb"[\r\n]+", start)][:-1] or [start]
    filled = [line for line in lines if line]
    return bool(_SYLK_CELL.search(start)) and all(map(_SYLK_LINE.fullmatch, filled))
