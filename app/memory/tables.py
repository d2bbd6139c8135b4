"""SSSOM/TSV and Usagi CSV in. Only what a person mapped is taken; a machine's suggestion is no memory."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from app.files.encodings import detect, shown
from app.files.fhir_concepts import level_named
from app.files.fields import fold_heading
from app.files.loinc_cells import CellFinding, read_code
from app.files.records import UndecodableError, read_records
from app.files.standings import Standing
from app.memory.reasons import Reason
from app.memory.schemas import EarlierMapping, EarlierMappings, sorted_out
from app.memory.statements import day_of
from loinc_data.checkdigit import is_valid_loinc

NameLookup = Callable[[Iterable[str]], Mapping[str, str]]
"""Long common names of LOINC -> codes: Usagi may keep the name of the target only."""

_CURIE_LINE = re.compile(r"^#\s+([A-Za-z_][\w.-]*)\s*:\s*[\"']?(\S+?)[\"']?\s*$")
_LOINC = re.compile(r"(\d{1,7}-\d)/?$")
_OBO_LOINC = re.compile(r"(?:^obo:|/obo/)LOINC_\d{1,7}-\d/?$", re.IGNORECASE)
"""The form of the OBO foundry, of codes of other systems too."""
_USAGI_TARGETS = frozenset({"targetconceptcode", "conceptcode", "targetconceptname", "conceptname", "mappingstatus"})
_UNTOUCHED = frozenset({"UNCHECKED", "AUTO_MAPPED", "AUTO_MAPPED_TO_1", "IGNORED"})
"""What Usagi found by itself and nobody looked at, or set aside."""
_MACHINE = frozenset({"semapv:LexicalMatching", "semapv:SemanticSimilarityThresholdMatching"})
_ADDED = {
    "unit": "unite unit units",
    "specimen": "milieu specimen",
    "technique": "technique methode method",
    "scale": "echelle scale",
    "timing": "temporalite timing",
    "synonym": "synonyme synonym",
}


REASON_KEY = "no_code_reason"
"""Key of the reason alone, in the column `other`, of a row whose comment holds a reason and a comment."""


class TableReadError(ValueError):
    """The file cannot be read as earlier mappings; the message says why, in French."""


def read_table_of_mappings(content: bytes, codes_of: NameLookup) -> EarlierMappings | None:
    """The mappings to LOINC of a SSSOM/TSV or Usagi file; None when it is neither. Raises TableReadError."""
    lines = _text(content).splitlines(keepends=True)
    comments = [line for line in lines if line.startswith("#")]
    body = "".join(line for line in lines if not line.startswith("#"))
    header = _header(lines)
    match _format_of(header):
        case "SSSOM/TSV":
            return _sssom(_records(body, _delimiter(header, "\t,;")), comments)
        case "Usagi":
            return _usagi(_records(body, _delimiter(header, ",;\t")), codes_of)
    return None


def _text(content: bytes) -> str:
    return shown(content.decode(detect(content).encoding, "replace")).removeprefix("\ufeff")


def _header(lines: Iterable[str]) -> str:
    return next((line for line in lines if line.strip() and not line.startswith("#")), "")


def _delimiter(header: str, known: str) -> str:
    """The delimiter that the headings have most of, the usual one first."""
    return max(known, key=lambda delimiter: (header.count(delimiter), -known.index(delimiter)))


def _format_of(header: str) -> str | None:
    names = {name.strip().strip('"').strip().lower() for name in re.split(r"[\t,;]", header)}
    if {"subject_id", "object_id"} <= names:
        return "SSSOM/TSV"
    return "Usagi" if {"sourcecode", "sourcename"} <= names and names & _USAGI_TARGETS else None


def mapping_format(content: bytes) -> str | None:
    """Which of the two formats a file is, by its headings; None when it is neither."""
    return _format_of(_header(_text(content[:65_536]).splitlines()))


def _records(body: str, delimiter: str) -> list[dict[str, str]]:
    try:
        records = read_records(body.encode(), "utf-8", delimiter)
    except UndecodableError as error:
        raise TableReadError(str(error)) from None
    filled = [record for record in records if not record.is_blank]
    if not filled:
        raise TableReadError("le fichier est vide")
    names = [cell.strip().strip('"') for cell in filled[0].cells]
    return [
        {name: " ".join(cell.split()) for name, cell in zip(names, record.cells, strict=False)} for record in filled[1:]
    ]


# ---------- SSSOM ----------


def _prefixes(comments: Sequence[str]) -> dict[str, str]:
    found = {"loinc": "https://loinc.org/"}
    for line in comments:
        match = _CURIE_LINE.match(line)
        if match and "/" in match[2]:
            found[match[1].lower()] = match[2]
    return found


def _loinc_of(object_id: str, prefixes: Mapping[str, str]) -> str | None:
    """The LOINC code that an identifier names; None when it is of another system."""
    prefix, _, rest = object_id.partition(":")
    address = object_id if rest.startswith("//") else prefixes.get(prefix.lower(), "")
    if "loinc.org" not in address.lower() and not _OBO_LOINC.search(object_id):
        return None
    found = _LOINC.search(object_id)
    return found[1] if found else ""


def _sssom(rows: Sequence[Mapping[str, str]], comments: Sequence[str]) -> EarlierMappings:
    prefixes = _prefixes(comments)
    skipped: Counter[Reason] = Counter()
    said: list[EarlierMapping] = []
    for row in rows:
        object_id = row.get("object_id", "")
        loinc_num = _loinc_of(object_id, prefixes)
        if not row.get("subject_id", "") and not row.get("subject_label", ""):
            skipped[Reason.NO_LOCAL_CODE] += 1
        elif object_id.lower().endswith("notermfound"):
            skipped[Reason.NO_MATCH] += 1
            said.append(_sssom_without_code(row))
        elif loinc_num is None:
            skipped[Reason.OTHER_TARGET] += 1
        elif row.get("mapping_justification", "") in _MACHINE and not row.get("reviewer_label"):
            skipped[Reason.AUTOMATIC] += 1
        elif not is_valid_loinc(loinc_num):
            cell = read_code(object_id)
            if cell.code:
                said.append(replace(_of_sssom(row), loinc_num=cell.code, written=object_id, repair=cell.repair))
                continue
            skipped[Reason.INVALID_OR_LOST] += 1
            said.append(unread(_of_sssom(row), object_id))
        else:
            said.append(replace(_of_sssom(row), loinc_num=loinc_num))
    return sorted_out("SSSOM/TSV", said, skipped)


def _sssom_without_code(row: Mapping[str, str]) -> EarlierMapping:
    """A row that says that there is no code; `other` of this product keeps the reason apart from the comment."""
    said = replace(_of_sssom(row), finding=CellFinding.NO_CODE, relation="")
    told = row.get("comment", "")
    other = dict(part.strip().partition("=")[::2] for part in row.get("other", "").split("|"))
    reason = other.get(REASON_KEY, told)
    return replace(said, reason=reason, comment=told.removeprefix(reason).strip())


def unread(mapping: EarlierMapping, written: str) -> EarlierMapping:
    """The mapping with what its cell says, which is no valid code."""
    cell = read_code(written)
    finding = CellFinding.UNREADABLE if cell.finding in (CellFinding.CODE, CellFinding.EMPTY) else cell.finding
    return replace(mapping, written=written, finding=finding)


def _of_sssom(row: Mapping[str, str]) -> EarlierMapping:
    """What a row says of its subject, without the code."""
    subject = row.get("subject_id", "")
    prefix, _, code = subject.partition(":")
    if code.startswith("//"):
        prefix, code = subject.rsplit("/", 1)
    code = unquote(code) or subject
    return EarlierMapping(
        local_code=code,
        label=row.get("subject_label", "") or code,
        loinc_num="",
        relation=row.get("predicate_id", ""),
        comment=row.get("comment", ""),
        level=level_named(prefix),
        status=row.get("predicate_modifier", ""),
        author=row.get("author_label", "") or row.get("author_id", "") or row.get("creator_label", ""),
        dated=row.get("mapping_date", ""),
    )


# ---------- Usagi ----------


def _usagi(rows: Sequence[Mapping[str, str]], codes_of: NameLookup) -> EarlierMappings:
    skipped: Counter[Reason] = Counter()
    kept: list[tuple[Mapping[str, str], str, str]] = []
    for line in rows:
        said = {name.lower(): value for name, value in line.items()}
        if said.get("mappingstatus", "APPROVED").upper() in _UNTOUCHED:
            skipped[Reason.NOT_APPROVED] += 1
            continue
        vocabulary = said.get("targetvocabularyid", "") or said.get("vocabularyid", "")
        if vocabulary.upper() not in ("", "NONE", "LOINC"):
            skipped[Reason.OTHER_TARGET] += 1
            continue
        code = said.get("targetconceptcode", "") or said.get("conceptcode", "")
        name = said.get("targetconceptname", "") or said.get("conceptname", "")
        kept.append((said, code, name))
    by_name = codes_of(name for _, code, name in kept if not code and name)
    found: list[EarlierMapping] = []
    for known, code, name in kept:
        if not known.get("sourcecode", "") and not known.get("sourcename", ""):
            skipped[Reason.NO_LOCAL_CODE] += 1
            continue
        written = code or by_name.get(name, "")
        cell = read_code(written)
        mapping = _with_added(_of_usagi(known), known)
        if cell.code:
            found.append(replace(mapping, loinc_num=cell.code, written=written, repair=cell.repair))
        elif cell.finding is CellFinding.NO_CODE or (not written and not name and _is_unmatched(mapping)):
            skipped[Reason.NO_MATCH] += 1
            without = replace(mapping, finding=CellFinding.NO_CODE, written=written, relation="")
            found.append(replace(without, reason=mapping.comment, comment=""))
        elif cell.finding is CellFinding.EMPTY and written and not name:
            skipped[Reason.NOT_DONE] += 1
        else:
            skipped[Reason.INVALID_OR_LOST] += 1
            if written or name:
                found.append(unread(mapping, name if cell.finding is CellFinding.EMPTY else written))
    return sorted_out("Usagi", found, skipped)


def _is_unmatched(mapping: EarlierMapping) -> bool:
    return mapping.relation.upper() == "UNMATCHED" and mapping.standing is Standing.AFFIRMED


def _of_usagi(said: Mapping[str, str]) -> EarlierMapping:
    """What a row says of its source, without the code."""
    on = said.get("statusseton", "") or said.get("createdon", "")
    return EarlierMapping(
        local_code=said.get("sourcecode", ""),
        label=said.get("sourcename", "") or said.get("sourcecode", ""),
        loinc_num="",
        relation=said.get("equivalence", ""),
        comment=said.get("comment", ""),
        status=said.get("mappingstatus", ""),
        author=said.get("statussetby", "") or said.get("createdby", ""),
        dated=day_of(on),
    )


def _with_added(mapping: EarlierMapping, said: Mapping[str, str]) -> EarlierMapping:
    """The mapping with the columns that Usagi carries along under `ADD_INFO:`."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        if name.startswith("add_info:"):
            heading = fold_heading(name.removeprefix("add_info:"))
            for field, words in _ADDED.items():
                if heading in words.split() and value:
                    found.setdefault(field, value)
    return replace(mapping, **found)
