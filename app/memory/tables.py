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
from app.files.records import UndecodableError, read_records
from app.memory.schemas import EarlierMapping, EarlierMappings
from loinc_data.checkdigit import is_valid_loinc

NameLookup = Callable[[Iterable[str]], Mapping[str, str]]
"""Long common names of LOINC -> codes: Usagi may keep the name of the target only."""

_CURIE_LINE = re.compile(r"^#\s+([A-Za-z_][\w.-]*)\s*:\s*[\"']?(\S+?)[\"']?\s*$")
_LOINC = re.compile(r"(\d{1,7}-\d)/?$")
_OBO_LOINC = re.compile(r"(?:^obo:|/obo/)LOINC_\d{1,7}-\d/?$", re.IGNORECASE)
"""The form of the OBO foundry, of codes of other systems too."""
_NO_MATCH = "déclarées sans correspondance"
_NOT_APPROVED = "non approuvées dans Usagi"
_OTHER_TARGET = "vers un autre système que LOINC"
_INVALID = "code LOINC mal formé ou introuvable"
_NO_CODE = "sans code ni libellé local"
_AUTOMATIC = "proposées par un programme, sans personne"
_MACHINE = frozenset({"semapv:LexicalMatching", "semapv:SemanticSimilarityThresholdMatching"})
_ADDED = {
    "unit": "unite unit units",
    "specimen": "milieu specimen",
    "technique": "technique methode method",
    "scale": "echelle scale",
    "timing": "temporalite timing",
    "synonym": "synonyme synonym",
}


class TableReadError(ValueError):
    """The file is neither SSSOM nor Usagi; the message says why, in French."""


def read_table_of_mappings(content: bytes, codes_of: NameLookup) -> EarlierMappings:
    """The mappings to LOINC of a SSSOM/TSV or Usagi file; raises TableReadError."""
    text = shown(content.decode(detect(content).encoding, "replace")).removeprefix("\ufeff")
    lines = text.splitlines(keepends=True)
    comments = [line for line in lines if line.startswith("#")]
    body = "".join(line for line in lines if not line.startswith("#"))
    header = next((line for line in body.splitlines() if line.strip()), "")
    names = {name.strip().lower() for name in re.split(r"[\t,;]", header)}
    if {"subject_id", "object_id"} <= names:
        return _sssom(_records(body, "\t" if "\t" in header else ","), comments)
    if {"sourcecode", "sourcename"} <= {name.strip('"') for name in names}:
        return _usagi(_records(body, ";" if header.count(";") > header.count(",") else ","), codes_of)
    raise TableReadError(
        "ce n'est ni une ConceptMap, ni un fichier SSSOM/TSV (colonnes subject_id et object_id), ni un fichier Usagi "
        "(colonnes sourceCode et sourceName)"
    )


def _records(body: str, delimiter: str) -> list[dict[str, str]]:
    try:
        records = read_records(body.encode(), "utf-8", delimiter)
    except UndecodableError as error:
        raise TableReadError(str(error)) from None
    filled = [record for record in records if not record.is_blank]
    if not filled:
        raise TableReadError("le fichier est vide")
    names = [cell.strip() for cell in filled[0].cells]
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
    skipped: Counter[str] = Counter()
    mappings: list[EarlierMapping] = []
    for row in rows:
        object_id = row.get("object_id", "")
        loinc_num = _loinc_of(object_id, prefixes)
        if object_id.lower().endswith("notermfound") or row.get("predicate_modifier", "").lower() == "not":
            skipped[_NO_MATCH] += 1
        elif loinc_num is None:
            skipped[_OTHER_TARGET] += 1
        elif not is_valid_loinc(loinc_num):
            skipped[_INVALID] += 1
        elif not row.get("subject_id", "") and not row.get("subject_label", ""):
            skipped[_NO_CODE] += 1
        elif row.get("mapping_justification", "") in _MACHINE and not row.get("reviewer_label"):
            skipped[_AUTOMATIC] += 1
        else:
            subject = row.get("subject_id", "")
            prefix, _, code = subject.partition(":")
            if code.startswith("//"):
                prefix, code = subject.rsplit("/", 1)
            code = unquote(code) or subject
            mappings.append(
                EarlierMapping(
                    local_code=code,
                    label=row.get("subject_label", "") or code,
                    loinc_num=loinc_num,
                    relation=row.get("predicate_id", ""),
                    comment=row.get("comment", ""),
                    level=level_named(prefix),
                )
            )
    return EarlierMappings("SSSOM/TSV", tuple(mappings), tuple(skipped.items()))


# ---------- Usagi ----------


def _usagi(rows: Sequence[Mapping[str, str]], codes_of: NameLookup) -> EarlierMappings:
    skipped: Counter[str] = Counter()
    kept: list[tuple[Mapping[str, str], str, str]] = []
    for line in rows:
        said = {name.lower(): value for name, value in line.items()}
        if said.get("mappingstatus", "APPROVED").upper() != "APPROVED":
            skipped[_NOT_APPROVED] += 1
            continue
        vocabulary = said.get("targetvocabularyid", "") or said.get("vocabularyid", "")
        if vocabulary and vocabulary.upper() != "LOINC":
            skipped[_OTHER_TARGET] += 1
            continue
        code = said.get("targetconceptcode", "") or said.get("conceptcode", "")
        name = said.get("targetconceptname", "") or said.get("conceptname", "")
        kept.append((said, code, name))
    by_name = codes_of(name for _, code, name in kept if not code and name)
    mappings: list[EarlierMapping] = []
    for known, code, name in kept:
        loinc_num = code or by_name.get(name, "")
        if not is_valid_loinc(loinc_num):
            skipped[_INVALID] += 1
            continue
        if not known.get("sourcecode", "") and not known.get("sourcename", ""):
            skipped[_NO_CODE] += 1
            continue
        mapping = EarlierMapping(
            local_code=known.get("sourcecode", ""),
            label=known.get("sourcename", "") or known.get("sourcecode", ""),
            loinc_num=loinc_num,
            relation=known.get("equivalence", ""),
            comment=known.get("comment", ""),
        )
        mappings.append(_with_added(mapping, known))
    return EarlierMappings("Usagi", tuple(mappings), tuple(skipped.items()))


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
