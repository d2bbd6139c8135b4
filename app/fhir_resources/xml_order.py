"""What may follow, in the definitions of R4 and R5, the elements that a received file in XML is given.

In XML the order of elements counts; a new element goes before the first of those that follow it.
"""

_AFTER_COPYRIGHT = frozenset(
    {"copyrightLabel", "approvalDate", "lastReviewDate", "effectivePeriod", "topic", "author", "editor", "reviewer",
     "endorser", "relatedArtifact"}
)  # fmt: skip
_OF_ACTIVITY = frozenset(
    {"intent", "priority", "doNotPerform", "timingTiming", "timingDateTime", "timingAge", "timingPeriod", "timingRange",
     "timingDuration", "asNeededBoolean", "asNeededCodeableConcept", "location", "participant", "productReference",
     "productCodeableConcept", "quantity", "dosage", "bodySite", "specimenRequirement", "observationRequirement",
     "observationResultRequirement", "transform", "dynamicValue"}
)  # fmt: skip
_AFTER_ACTION = frozenset({"asNeededBoolean", "asNeededCodeableConcept"})
_AFTER_ACTION_CODE = frozenset(
    {"reason", "documentation", "goalId", "subjectCodeableConcept", "subjectReference", "subjectCanonical", "trigger",
     "condition", "input", "output", "relatedAction", "timingDateTime", "timingAge", "timingPeriod", "timingDuration",
     "timingRange", "timingTiming", "location", "participant", "type", "groupingBehavior", "selectionBehavior",
     "requiredBehavior", "precheckBehavior", "cardinalityBehavior", "definitionCanonical", "definitionUri", "transform",
     "dynamicValue", "action"}
)  # fmt: skip
_OF_OBSERVATION = frozenset(
    {"permittedDataType", "multipleResultsAllowed", "bodySite", "method", "specimen", "device", "preferredReportName",
     "permittedUnit", "qualifiedValue", "hasMember", "component", "quantitativeDetails", "qualifiedInterval",
     "validCodedValueSet", "normalCodedValueSet", "abnormalCodedValueSet", "criticalCodedValueSet"}
)  # fmt: skip
_OF_SYSTEM = frozenset(
    {"caseSensitive", "valueSet", "hierarchyMeaning", "compositional", "versionNeeded", "content", "supplements",
     "count", "filter", "property", "concept"}
)  # fmt: skip

FOLLOWERS: dict[tuple[str, str], frozenset[str]] = {
    ("code", "coding"): frozenset({"text"}),
    ("concept", "property"): frozenset({"concept"}),
    ("CodeSystem", "property"): frozenset({"concept"}),
    ("CodeSystem", "copyright"): _AFTER_COPYRIGHT | _OF_SYSTEM,
    ("ActivityDefinition", "copyright"): _AFTER_COPYRIGHT | _OF_ACTIVITY | {"library", "kind", "profile", "code"},
    ("ActivityDefinition", "code"): _OF_ACTIVITY,
    ("PlanDefinition", "copyright"): _AFTER_COPYRIGHT | _AFTER_ACTION | {"library", "goal", "actor", "action"},
    ("PlanDefinition", "action"): _AFTER_ACTION,
    ("action", "code"): _AFTER_ACTION_CODE,
    ("ObservationDefinition", "code"): _OF_OBSERVATION,
}
"""Resource type or element, and the element that is new in it -> what may follow it."""
