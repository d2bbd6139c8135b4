"""Which words a column may hold, and of which shape its JSON values are: what pages read is what was checked."""

from collections.abc import Collection, Mapping
from typing import Any

from app.effective.repairs import Repair
from app.files.kinds import FileKind, Level
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
    Outcome,
    Proof,
    ReadingOrigin,
    Relation,
    RequestAction,
    RequestStatus,
    Role,
    RunStatus,
    TaskKind,
)

_RELATIONS = {"", *(item.value for item in Relation)}
_ROLES = {item.value for item in Role}


def _of(enumeration: Any, *more: str) -> frozenset[str]:
    return frozenset({*(item.value for item in enumeration), *more})


WORDS: Mapping[tuple[str, str], Collection[str]] = {
    ("laboratory", "fhir_naming"): _of(FhirNaming),
    ("source_file", "kind"): _of(FileKind),
    ("local_test", "level"): _of(Level),
    ("catalogue_change", "kind"): _of(ChangeKind),
    ("proposal_run", "status"): _of(RunStatus),
    ("proposal", "band"): frozenset({"sure", "to_check", "uncertain"}),
    ("decision", "action"): _of(Action),
    ("decision", "relation"): _RELATIONS,
    ("decision", "author_role"): _ROLES,
    ("batch", "kind"): _of(BatchKind),
    ("batch", "relation"): _RELATIONS,
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
OUTCOMES = _of(Outcome)

_TEXT: Mapping[str, Any] = {"type": "string"}
_WHOLE: Mapping[str, Any] = {"type": "integer"}
_ANY: Mapping[str, Any] = {}
_OBJECT: Mapping[str, Any] = {"type": "object"}
_LIST: Mapping[str, Any] = {"type": "array"}


def _list_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": item}


def _object_of(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "additionalProperties": value}


_EVIDENCE = {
    "type": "object",
    "properties": {
        "axis": _TEXT, "verdict": _TEXT, "sentence": _TEXT, "local": _TEXT, "term": _TEXT, "weight": {"type": "number"},
    },
    "required": ["axis", "verdict", "sentence"],
}  # fmt: skip
_CHAPTER = {
    "type": "array",
    "prefixItems": [_TEXT, _WHOLE, _WHOLE, _TEXT, {"type": "array", "items": _WHOLE, "minItems": 6, "maxItems": 6}],
    "minItems": 5,
    "maxItems": 5,
}
SHAPES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("laboratory", "awaits"): _list_of(_OBJECT),
    ("source_file", "dialect"): _OBJECT,
    ("source_file", "columns"): _object_of(_ANY),
    ("source_row", "cells"): _list_of(_TEXT),
    ("proposal_run", "method_rules"): _object_of(_TEXT),
    ("proposal_run", "habits"): _list_of(_ANY),
    ("proposal", "evidence"): _list_of(_EVIDENCE),
    ("review_task", "old"): _OBJECT,
    ("review_task", "new"): _OBJECT,
    ("review_task", "replacements"): _list_of(_OBJECT),
    ("sign_off", "chapters"): _list_of(_CHAPTER),
    ("sign_off", "carried"): _list_of(_CHAPTER),
    ("sign_off", "coverage"): _list_of(_ANY),
    ("export_record", "counts"): _object_of(_ANY),
    ("earlier_statement", "contradictions"): _list_of(_TEXT),
    ("earlier_statement", "differing"): _list_of(_TEXT),
    ("catalogue_habits", "habits"): _list_of(_ANY),
    ("import_profile", "choices"): _OBJECT,
    ("import_profile", "headings"): _list_of(_TEXT),
    ("audit_event", "details"): _OBJECT,
    ("waiting_code_rule", "codes"): _list_of({"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2}),
    ("imported_archive", "keys"): _OBJECT,
    ("imported_archive", "context"): _OBJECT,
}
"""(table, column) → the JSON Schema of its values. `fits` understands what is used here, and no more."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "object": (dict,), "array": (list,),
}  # fmt: skip


def fits(shape: Mapping[str, Any], value: Any) -> bool:
    """Whether a JSON value is of a shape."""
    kind = shape.get("type")
    if kind is not None and type(value) not in _KINDS[kind]:
        return False
    if isinstance(value, dict):
        known = shape.get("properties", {})
        others = shape.get("additionalProperties", _ANY)
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
