"""The panel finds nothing wrong in what we export, and finds each fault that we put in it."""

import copy
from collections.abc import Callable
from typing import Any

from app.exports.schemas import ExportKind
from app.models import LocalTest
from app.platform.database import transaction
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.fhir_resources.fhir_sample import R4_KINDS, exported
from tests.fhir.panel import faults, judge_r4, judge_r5

Fault = Callable[[dict[str, Any]], Any]


def _element(resource: dict[str, Any], with_target: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = next(
        element for group in resource["group"] for element in group["element"] if ("target" in element) is with_target
    )
    return found


def _target(resource: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _element(resource)["target"][0]
    return found


def _unmapped(**values: Any) -> Fault:
    return lambda resource: resource["group"][0].update(unmapped=values)


SHARED_FAULTS: dict[str, Fault] = {
    "no status": lambda r: r.pop("status"),
    "bad status": lambda r: r.update(status="actif"),
    "name that is no name": lambda r: r.update(name="carte locale"),
    "unknown element": lambda r: r.update(statut="active"),
    "no elements": lambda r: r["group"][0].update(element=[]),
    "code with spaces": lambda r: r["group"][0]["element"][0].update(code=" NA"),
    "code as number": lambda r: r["group"][0]["element"][0].update(code=12),
    "doubled code": lambda r: r["group"][0]["element"].append(r["group"][0]["element"][0]),
    "doubled group": lambda r: r["group"].append(r["group"][0]),
    "bad date": lambda r: r.update(date="21/11/2026"),
    "empty display": lambda r: _target(r).update(display=""),
    "list for one": lambda r: r.update(url=[r["url"]]),
    "fixed without code": _unmapped(mode="fixed", relationship="equivalent"),
    "fixed code": _unmapped(mode="fixed", code="1-8", relationship="equivalent"),
    "other map without map": _unmapped(mode="other-map"),
    "unknown mode": _unmapped(mode="ignore", relationship="equivalent"),
    "bad id": lambda r: r.update(id="carte n° 1"),
}
R4_FAULTS: dict[str, Fault] = SHARED_FAULTS | {
    "bad equivalence": lambda r: _target(r).update(equivalence="equivalant"),
    "no equivalence": lambda r: _target(r).pop("equivalence"),
    "R5 relationship": lambda r: _target(r).update(relationship=_target(r).pop("equivalence")),
    "R5 noMap": lambda r: _element(r, with_target=False).update(noMap=True),
    "narrower without comment": lambda r: (_target(r).update(equivalence="narrower"), _target(r).pop("comment")),
    "inexact without comment": lambda r: (_target(r).update(equivalence="inexact"), _target(r).pop("comment")),
    "two sources": lambda r: r.update(sourceCanonical="urn:x"),
    "bad code of a target": lambda r: _target(r).update(code=" 2951-2"),
    "fixed code, R4 only": lambda r: r["group"][0].update(unmapped={"mode": "fixed", "code": "1-8"}),
}
R5_FAULTS: dict[str, Fault] = SHARED_FAULTS | {
    "bad relationship": lambda r: _target(r).update(relationship="wider"),
    "R4 equivalence": lambda r: _target(r).update(equivalence=_target(r).pop("relationship")),
    "R4 version": lambda r: r["group"][0].update(sourceVersion="1"),
    "broader without comment": lambda r: _target(r).update(relationship="source-is-broader-than-target"),
    "unrelated without comment": lambda r: _target(r).update(relationship="not-related-to"),
    "target and noMap": lambda r: _element(r).update(noMap=True),
    "code and value set": lambda r: _element(r).update(valueSet="urn:x"),
    "neither code nor value set": lambda r: _element(r).pop("code"),
    "target with both": lambda r: _target(r).update(valueSet="urn:x"),
    "target without code": lambda r: _target(r).pop("code"),
    "condition without value": lambda r: (
        r.update(additionalAttribute=[{"code": "age", "type": "string"}]),
        _target(r).update(dependsOn=[{"attribute": "age"}]),
    ),
    "code where none may be": _unmapped(mode="use-source-code", code="1-8", relationship="equivalent"),
    "unmapped without relationship": _unmapped(mode="use-source-code"),
    "map where none may be": _unmapped(mode="use-source-code", relationship="equivalent", otherMap="urn:x"),
    "property of type code without system": lambda r: r["property"][0].update(type="code"),
    "bad type of property": lambda r: r["property"][0].update(type="texte"),
    "undeclared property": lambda r: r["property"].pop(),
    "version in the url": lambda r: r.update(url=f"{r['url']}|1"),
}
BUNDLE_FAULTS: dict[str, Fault] = {
    "status of a definition": lambda r: _first(r, "ActivityDefinition").update(status="actif"),
    "definition without status": lambda r: _first(r, "PlanDefinition").pop("status"),
    "analysis without code": lambda r: _first(r, "ObservationDefinition").pop("code"),
    "type of result": lambda r: _first(r, "ObservationDefinition").update(permittedDataType=["Nombre"]),
    "kind of activity": lambda r: _first(r, "ActivityDefinition").update(kind="Demande"),
    "two entries at one address": lambda r: r["entry"].append(r["entry"][0]),
    "type of bundle": lambda r: r.update(type="liste"),
    "doubled concept": lambda r: _first(r, "CodeSystem")["concept"].append(_first(r, "CodeSystem")["concept"][0]),
    "content of a code system": lambda r: _first(r, "CodeSystem").update(content="tout"),
    "provenance of nothing": lambda r: _first(r, "Provenance").pop("target"),
    "provenance of nobody": lambda r: _first(r, "Provenance").pop("agent"),
    "two values of a property": lambda r: _first(r, "CodeSystem")["concept"][0]["property"][0].update(valueCode="x"),
}


def _first(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    )
    return found


def mutants(resource: dict[str, Any], wanted: dict[str, Fault]) -> list[dict[str, Any]]:
    """A copy of the resource for each fault, with that fault alone."""
    made = []
    for fault in wanted.values():
        broken = copy.deepcopy(resource)
        fault(broken)
        assert broken != resource
        made.append(broken)
    return made


def test_nothing_is_wrong_in_any_r4_export(narrow: Sample, sample: Sample, settings: Settings) -> None:
    resources = [exported(narrow, settings, kind) for kind in R4_KINDS]
    assert [faults(verdicts) for verdicts in judge_r4(resources)] == [[], [], []]


def test_nothing_is_wrong_in_exports_of_codes_and_labels_of_all_sorts(narrow: Sample, settings: Settings) -> None:
    odd = {"NA": ("/NA", "  Sodium\t<b>&\n"), "K": ("K  +", "…"), "GLY": (" œ é ", '"'), "CREA": ("*:|#", "0")}
    with transaction(narrow.world.engine) as session:
        for code, (new_code, label) in odd.items():
            test = session.get(LocalTest, narrow.test_id(code))
            assert test is not None
            test.code, test.label, test.unit, test.specimen = new_code, label, "  ", ""
    resources = [exported(narrow, settings, kind) for kind in R4_KINDS]
    assert [faults(verdicts) for verdicts in judge_r4(resources)] == [[], [], []]
    (verdicts,) = judge_r5([exported(narrow, settings, ExportKind.CONCEPT_MAP_R5)])
    assert faults(verdicts) == []


def test_nothing_is_wrong_in_the_r5_export(narrow: Sample, settings: Settings) -> None:
    (verdicts,) = judge_r5([exported(narrow, settings, ExportKind.CONCEPT_MAP_R5)])
    assert faults(verdicts) == []


def test_each_single_fault_in_r4_is_found(narrow: Sample, settings: Settings) -> None:
    concept_map = exported(narrow, settings)
    bundle = exported(narrow, settings, ExportKind.FHIR_CATALOGUE)
    broken = [*mutants(concept_map, R4_FAULTS), *mutants(bundle, BUNDLE_FAULTS)]
    names = [*R4_FAULTS, *BUNDLE_FAULTS]
    assert len(names) >= 15
    survivors = [name for name, verdicts in zip(names, judge_r4(broken), strict=True) if not faults(verdicts)]
    assert survivors == []


def test_each_single_fault_in_r5_is_found(narrow: Sample, settings: Settings) -> None:
    broken = mutants(exported(narrow, settings, ExportKind.CONCEPT_MAP_R5), R5_FAULTS)
    survivors = [name for name, verdicts in zip(R5_FAULTS, judge_r5(broken), strict=True) if not faults(verdicts)]
    assert survivors == []
