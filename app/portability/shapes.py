"""Which words a column may hold, and of which shape its JSON values are: what pages read is what was checked."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from app.effective.lines import Finding
from app.effective.repairs import Repair
from app.exports.schemas import ExportKind
from app.files.encodings import ENCODINGS
from app.files.kinds import FileKind, Level
from app.files.loinc_cells import CellFinding
from app.files.loinc_cells import Repair as CellRepair
from app.models import (
    Action,
    BatchKind,
    ChangeKind,
    ConsistencyAction,
    ConsistencyKind,
    DeadlineKind,
    EarlierUse,
    EarlierVerdict,
    FhirNaming,
    MethodChoice,
    Proof,
    ReadingOrigin,
    Relation,
    RequestAction,
    RequestStatus,
    Role,
    RunStatus,
    TaskKind,
)
from matcher.types import Axis, Band, Unread, Verdict

_RELATIONS = {"", *(item.value for item in Relation)}
_ROLES = {item.value for item in Role}
_BANDS = tuple(item.value for item in Band)


def _of(enumeration: Any, *more: str) -> frozenset[str]:
    return frozenset({*(item.value for item in enumeration), *more})


WORDS: Mapping[tuple[str, str], Collection[str]] = {
    ("laboratory", "fhir_naming"): _of(FhirNaming),
    ("source_file", "kind"): _of(FileKind),
    ("local_test", "level"): _of(Level),
    ("catalogue_change", "kind"): _of(ChangeKind),
    ("proposal_run", "status"): _of(RunStatus),
    ("proposal", "band"): frozenset(_BANDS),
    ("decision", "action"): _of(Action),
    ("decision", "relation"): _RELATIONS,
    ("decision", "author_role"): _ROLES,
    ("batch", "kind"): _of(BatchKind),
    ("batch", "action"): _of(Action),
    ("batch", "relation"): _RELATIONS,
    ("batch", "lowest_band"): frozenset({"", *_BANDS}),
    ("reading_request", "origin"): _of(ReadingOrigin),
    ("second_reading", "action"): _of(Action),
    ("second_reading", "relation"): _RELATIONS,
    ("second_reading", "author_role"): _ROLES,
    ("reading_reconciliation", "author_role"): _ROLES,
    ("consistency_answer", "kind"): _of(ConsistencyKind),
    ("consistency_answer", "action"): _of(ConsistencyAction),
    ("consistency_answer", "author_role"): _ROLES,
    ("review_task", "kind"): _of(TaskKind),
    ("sign_off", "proof"): _of(Proof),
    ("export_record", "kind"): _of(ExportKind),
    ("earlier_statement", "finding"): _of(CellFinding),
    ("earlier_statement", "repair"): _of(CellRepair, ""),
    ("earlier_statement", "taken_as"): _of(EarlierUse),
    ("earlier_statement", "verdict"): _of(EarlierVerdict),
    ("method_rule", "choice"): _of(MethodChoice),
    ("laboratory_deadline", "kind"): _of(DeadlineKind),
    ("code_request_step", "action"): _of(RequestAction),
    ("code_request_step", "status"): _of(RequestStatus),
    ("code_request_step", "author_role"): _ROLES,
    ("effective_count", "repair"): frozenset({"", *(item.value for item in Repair)}),
}
"""(table, column) → the words that it may hold."""


def _words(enumeration: Any) -> str:
    word = "|".join(item.value for item in enumeration)
    return f"((?:{word})(?: (?:{word}))*)?"


PUBLIC_ID = "[0-9a-f-]{36}"
_DIGEST, _FINESS = "([0-9a-f]{64})?", "([0-9][0-9AB][0-9]{7})?"
FORMS: Mapping[tuple[str, str], str] = {
    ("laboratory", "finess"): _FINESS,
    ("laboratory", "canonical_url"): r"(https?://[^\s<>\"|]{1,240})?",
    ("reading_request", "batch_public_id"): f"({PUBLIC_ID})?",
    ("sign_off", "rpps"): "([0-9]{11})?",
    ("sign_off", "finess_ej"): _FINESS,
    ("sign_off", "finess_et"): _FINESS,
    ("proposal", "unread"): _words(Unread),
    ("effective_count", "findings"): _words(Finding),
    ("code_request_step", "waiting_system"): "([0-9.]*)",
}
"""(table, column) → what its texts look like: pages count on it."""
_COMMON_FORMS = {"public_id": PUBLIC_ID, "sha256": _DIGEST, "compressed_sha256": _DIGEST, "content_sha256": _DIGEST,
                 "mapping_sha256": _DIGEST, "archive_sha256": _DIGEST, "source_sha256": _DIGEST, "head_hash": _DIGEST,
                 "release_hash": _DIGEST, "circuit_hash": _DIGEST}  # fmt: skip
"""The same by the name of the column, in whatever table."""


@cache
def form_of(table: str, column: str) -> re.Pattern[str] | None:
    """What the texts of a column look like; None: like anything."""
    form = FORMS.get((table, column)) or _COMMON_FORMS.get(column)
    return re.compile(form) if form else None


def is_public_id(text: str) -> bool:
    """Whether a text looks like a public identifier: addresses and resources hold it as it is."""
    return re.fullmatch(PUBLIC_ID, text) is not None


BELOW_NOTHING = frozenset({"moved_decisions", "moved_rows", "moved_changes", "staged_for_job_id"})
"""The columns whose whole numbers may be below zero: all others count, or name."""

_TEXT: Mapping[str, Any] = {"type": "string"}
_WHOLE: Mapping[str, Any] = {"type": "integer"}
_BOOLEAN: Mapping[str, Any] = {"type": "boolean"}
_ANY: Mapping[str, Any] = {}
_OBJECT: Mapping[str, Any] = {"type": "object"}
_LIST: Mapping[str, Any] = {"type": "array"}


def _list_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": item}


def _object_of(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "additionalProperties": value}


def _one_of(enumeration: Any) -> Mapping[str, Any]:
    return {"type": "string", "enum": [item.value for item in enumeration]}


_EVIDENCE = {
    "type": "object",
    "properties": {
        "axis": _one_of(Axis), "verdict": _one_of(Verdict), "sentence": _TEXT, "local": _TEXT, "term": _TEXT,
        "weight": {"type": "number"},
    },
    "required": ["axis", "verdict", "sentence"],
}  # fmt: skip
_CHAPTER = {
    "type": "array",
    "prefixItems": [_TEXT, _WHOLE, _WHOLE, _TEXT, {"type": "array", "items": _WHOLE, "minItems": 6, "maxItems": 6}],
    "minItems": 5,
    "maxItems": 5,
}
_FIGURE = {
    "type": "object",
    "properties": {
        "name": _TEXT, "scope": _TEXT, "definition": _TEXT, "numerator": _WHOLE, "denominator": _WHOLE,
        "rows_missing": _WHOLE,
    },
    "required": ["name", "scope", "definition", "numerator", "denominator", "rows_missing"],
    "additionalProperties": False,
}  # fmt: skip
_TERM = {
    "type": "object",
    "properties": dict.fromkeys(
        ("loinc_num", "component", "property", "time_aspct", "system", "scale_typ", "method_typ", "long_common_name",
         "status"), _TEXT,
    ),
}  # fmt: skip
_REPLACEMENT = {
    "type": "object",
    "properties": dict.fromkeys(("loinc_num", "name", "status", "comment"), _TEXT),
    "required": ["loinc_num", "name", "status", "comment"],
}
_DIALECT = {
    "type": "object",
    "properties": {
        "encoding": {"type": "string", "enum": list(ENCODINGS)}, "bom": _BOOLEAN, "delimiter": _TEXT,
        "quotechar": _TEXT, "quoting": _TEXT, "line_terminator": _TEXT, "header_rows": _WHOLE, "format": _TEXT,
        "sheet": _TEXT, "starts": _list_of(_WHOLE), "shape": _TEXT,
    },
}  # fmt: skip
_NUMBERS = _object_of(_WHOLE)
_KEYS = {
    "type": "object",
    "properties": {
        "shifts": _NUMBERS, "maps": _object_of(_NUMBERS), "dropped": _object_of(_NUMBERS),
        "spans": _object_of({"type": "array", "items": _WHOLE, "minItems": 2, "maxItems": 2}),
    },
    "required": ["shifts", "maps", "dropped", "spans"],
}  # fmt: skip
_SERVICE = {
    "type": "object",
    "properties": {"releases": _LIST, "value_sets": _object_of(_LIST), "grace": _LIST},
    "required": ["releases", "value_sets", "grace"],
}
SHAPES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("laboratory", "awaits"): _list_of(_OBJECT),
    ("source_file", "dialect"): _DIALECT,
    ("source_file", "columns"): _object_of(_WHOLE),
    ("source_row", "cells"): _list_of(_TEXT),
    ("proposal_run", "method_rules"): _object_of(_TEXT),
    ("proposal_run", "habits"): _list_of(_ANY),
    ("proposal", "evidence"): _list_of(_EVIDENCE),
    ("review_task", "old"): _TERM,
    ("review_task", "new"): _TERM,
    ("review_task", "replacements"): _list_of(_REPLACEMENT),
    ("sign_off", "chapters"): _list_of(_CHAPTER),
    ("sign_off", "carried"): _list_of(_CHAPTER),
    ("sign_off", "coverage"): _list_of(_FIGURE),
    ("export_record", "counts"): _object_of(_ANY),
    ("earlier_statement", "contradictions"): _list_of(_TEXT),
    ("earlier_statement", "differing"): _list_of(_one_of(Axis)),
    ("catalogue_habits", "habits"): _list_of(_ANY),
    ("import_profile", "choices"): _OBJECT,
    ("import_profile", "headings"): _list_of(_TEXT),
    ("audit_event", "details"): _OBJECT,
    ("waiting_code_rule", "codes"): _list_of({"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2}),
    ("imported_archive", "keys"): _KEYS,
    ("imported_archive", "context"): _SERVICE,
}
"""(table, column) → the JSON Schema of its values. `fits` understands what is used here, and no more."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,),
    "array": (list,),
}  # fmt: skip


def fits(shape: Mapping[str, Any], value: Any) -> bool:
    """Whether a JSON value is of a shape."""
    kind = shape.get("type")
    if kind is not None and type(value) not in _KINDS[kind]:
        return False
    if "enum" in shape and value not in shape["enum"]:
        return False
    if isinstance(value, dict):
        known = shape.get("properties", {})
        others = shape.get("additionalProperties", _ANY)
        if others is False:
            others = _ANY
            if not value.keys() <= known.keys():
                return False
        return all(name in value for name in shape.get("required", ())) and all(
            fits(known.get(name, others), item) for name, item in value.items()
        )
    if isinstance(value, list):
        if not shape.get("minItems", 0) <= len(value) <= shape.get("maxItems", len(value)):
            return False
        first = shape.get("prefixItems", ())
        return all(
            fits(first[place] if place < len(first) else shape.get("items", _ANY), item)
            for place, item in enumerate(value)
        )
    return True
