"""The definitions of a catalogue in FHIR R4, along the HL7 order catalog guide, with the approved LOINC codings.

An analysis is an ObservationDefinition, an exam an ActivityDefinition; an exam of several analyses is a
PlanDefinition whose action points to its ActivityDefinition, as the guide has it. A specimen is a
SpecimenDefinition. What a laboratory writes stays as it writes it; a unit also gets its UCUM code when the
spelling leaves no doubt.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from app.fhir_resources.bundle import entry_url
from app.fhir_resources.code_systems import loinc_coding
from app.fhir_resources.naming import SPECIMENS, UNITS, Canonicals, computable_name, header
from app.fhir_resources.values import Resource, filled, published
from app.models import Level
from app.publication.assessment import Assessment
from app.publication.local_codes import display_of, local_codes
from app.publication.schemas import ExamContent, PublishedTest
from app.publication.statement import Statement
from app.text import one_line
from loinc_data.tables import load_tables
from loinc_data.units import read_unit
from matcher.knowledge import acts

GUIDE = "http://hl7.org/fhir/uv/order-catalog"
SPECIMEN_OF_OBSERVATION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ObservationDefinition.specimen"
"""R5 has this element, R4 only the extension that stands for it."""
NABM_SYSTEM = "http://www.codage.ext.cnamts.fr/codif/nabm"
UCUM_SYSTEM = "http://unitsofmeasure.org"
_LABORATORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory",
            "display": "Laboratory",
        }
    ]
}


@lru_cache(maxsize=1)
def _scales() -> dict[str, str]:
    return {text.casefold(): scales[0] for text, scales in load_tables().scales if len(scales) == 1}


def ucum_of(unit: str) -> str:
    """The UCUM code of a unit as a laboratory writes it; empty when the spelling allows several, or none."""
    codes = read_unit(unit).ucum
    return codes[0] if len(codes) == 1 else ""


def data_type_of(test: PublishedTest) -> str:
    """The FHIR type of the results of an analysis; empty when the catalogue does not say."""
    by_scale = {"Qn": "Quantity", "Ord": "CodeableConcept", "Nom": "CodeableConcept", "Nar": "string"}
    written = " ".join(test.scale.split()).casefold()
    return by_scale.get(_scales().get(written, ""), "Quantity" if test.unit.strip() and not written else "")


def nabm_codes(cell: str) -> list[str]:
    """The NABM codes of a cell, however they are separated; a mention such as HN is none."""
    return list(acts(cell))


@dataclass(slots=True)
class Definitions:
    """Writes the definitions of one catalogue as JSON values."""

    assessment: Assessment
    statement: Statement
    canonicals: Canonicals
    version: str
    codes: dict[int, str] = field(default_factory=dict)
    sections: dict[tuple[str, str], PublishedTest] = field(default_factory=dict)
    """(chapter code, sub-chapter code or nothing) -> the section of the catalogue."""

    by_id: dict[int, PublishedTest] = field(default_factory=dict)
    systems: dict[Level, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.systems = {level: self.canonicals.code_system(level) for level in Level}
        self.by_id = {test.id: test for test in self.assessment.tests}
        for level in Level:
            self.codes |= local_codes(test for test in self.assessment.tests if test.level is level)
        for test in self.assessment.tests:
            if test.level is Level.CHAPTER:
                self.sections.setdefault((test.code.strip(), ""), test)
            elif test.level is Level.SUBCHAPTER:
                self.sections.setdefault((test.chapter_code.strip(), test.code.strip()), test)

    def coding(self, test: PublishedTest) -> dict[str, str]:
        """The local code of a row."""
        return filled(
            {"system": self.systems[test.level], "code": self.codes.get(test.id, ""), "display": display_of(test)}
        )

    def concept(self, test: PublishedTest) -> dict[str, Any]:
        """What a row is: its local code, its approved LOINC code if it has one, its label."""
        codings = [self.coding(test)] if test.id in self.codes else []
        term = self.assessment.names.get(test.id)
        if term is not None:
            codings.append(loinc_coding(term, self.statement.loinc_version))
        return filled({"coding": codings, "text": display_of(test)})

    def sections_of(self, test: PublishedTest) -> list[dict[str, Any]]:
        """The chapter and the sub-chapter of a row, with their LOINC codes."""
        chapter, sub = test.chapter_code.strip(), test.subchapter_code.strip()
        found = [self.sections.get((chapter, "")), self.sections.get((chapter, sub)) if sub else None]
        concepts = [self.concept(section) for section in found if section is not None]
        if not concepts and test.chapter.strip():
            concepts = [{"text": one_line(test.chapter)}]
        return concepts

    def _identity(self, test: PublishedTest) -> list[dict[str, str]]:
        code = self.codes.get(test.id)
        return [{"system": self.systems[test.level], "value": code}] if code else []

    def _specimen_slug(self, test: PublishedTest) -> str:
        key = f"{one_line(test.specimen_code)}\n{' '.join(test.specimen.split())}"
        return f"milieu-{hashlib.sha256(key.encode()).hexdigest()[:10]}" if key != "\n" else ""

    def reference(self, resource_type: str, slug: str, display: str = "") -> dict[str, str]:
        """A reference to another definition of the same file."""
        identifier = self.canonicals.identifier(slug)
        return filled({"reference": entry_url(self.canonicals, resource_type, identifier), "display": display})

    def specimen_reference(self, test: PublishedTest) -> dict[str, str]:
        """A reference to the specimen of a row; empty when the catalogue names none."""
        slug = self._specimen_slug(test)
        return self.reference("SpecimenDefinition", slug, one_line(test.specimen)) if slug else {}

    def definition_of(self, test: PublishedTest) -> dict[str, str]:
        """The resource that says what a row is: sections are defined by their code system."""
        if test.level is Level.ANALYSIS:
            return self.reference("ObservationDefinition", f"analyse-{self.canonicals.row(test.id)}")
        if test.level is Level.EXAM:
            return self.reference("ActivityDefinition", f"examen-{self.canonicals.row(test.id)}")
        return {"reference": self.canonicals.code_system(test.level)}

    def specimens(self, tests: Iterable[PublishedTest]) -> list[Resource]:
        """The specimens that these rows name, each once."""
        found: dict[str, Resource] = {}
        for test in tests:
            slug = self._specimen_slug(test)
            if slug and slug not in found:
                system = self.canonicals.url("CodeSystem", SPECIMENS)
                code = one_line(test.specimen_code)
                label = one_line(test.specimen) or code
                kind = {"coding": [{"system": system, "code": code, "display": label}] if code else [], "text": label}
                values = {"id": self.canonicals.identifier(slug), "language": "fr", "typeCollected": filled(kind)}
                found[slug] = published("SpecimenDefinition", values)
        return list(found.values())

    def observation(self, test: PublishedTest) -> Resource:
        """An analysis."""
        specimen = self.specimen_reference(test)
        category = [_LABORATORY, *self.sections_of(test)]
        return filled(
            {
                "resourceType": "ObservationDefinition",
                "id": self.canonicals.identifier(f"analyse-{self.canonicals.row(test.id)}"),
                "language": "fr",
                "extension": [{"url": SPECIMEN_OF_OBSERVATION, "valueReference": specimen}] if specimen else [],
                "category": category,
                "code": self.concept(test),
                "identifier": self._identity(test),
                "permittedDataType": [data_type_of(test)] if data_type_of(test) else [],
                "method": filled({"text": one_line(test.technique)}),
                "preferredReportName": display_of(test),
                "quantitativeDetails": self._unit(test),
            }
        )

    def _unit(self, test: PublishedTest) -> dict[str, Any]:
        text = one_line(test.unit or test.unit_code)
        if not text or data_type_of(test) not in ("Quantity", ""):
            return {}
        code, ucum = one_line(test.unit_code), ucum_of(test.unit)
        local = [{"system": self.canonicals.url("CodeSystem", UNITS), "code": code, "display": text}] if code else []
        unit = {"coding": [{"system": UCUM_SYSTEM, "code": ucum}], "text": text} if ucum else {}
        return filled({"customaryUnit": filled({"coding": local, "text": text}), "unit": unit})

    def _published(self, test: PublishedTest, resource_type: str, slug: str) -> dict[str, Any]:
        label = display_of(test) or self.codes.get(test.id, "")
        values = header(
            self.statement,
            id=self.canonicals.identifier(slug),
            url=self.canonicals.url(resource_type, slug),
            version=self.version,
            name="",
            title="",
        )
        name = f"Examen{computable_name(self.codes.get(test.id, ''))}{self.canonicals.row(test.id)}"
        has_loinc = test.id in self.assessment.names
        return values | {
            "extension": [
                {
                    "url": f"{GUIDE}/StructureDefinition/ServiceBillingCode",
                    "valueCodeableConcept": {"coding": [{"system": NABM_SYSTEM, "code": code}]},
                }
                for code in nabm_codes(test.nabm)
            ],
            "name": name,
            "title": label,
            "status": "retired" if test.is_retired else "active",
            "topic": self.sections_of(test),
            "copyright": self.statement.copyright if has_loinc else "",
        }

    def procedure(self, test: PublishedTest, contents: Sequence[ExamContent], in_plan: bool) -> Resource:
        """How an exam is carried out: its specimen and the analyses it gives."""
        results = []
        for item in contents:
            analysis = self.by_id.get(item.analysis_id or 0)
            if analysis is not None:
                named = f"analyse-{self.canonicals.row(analysis.id)}"
                results.append(self.reference("ObservationDefinition", named, display_of(analysis)))
            else:
                known = {"system": self.systems[Level.ANALYSIS], "value": one_line(item.code)}
                results.append(filled({"identifier": known, "display": one_line(item.label)}))
        specimen = self.specimen_reference(test)
        return published(
            "ActivityDefinition",
            self._published(test, "ActivityDefinition", f"examen-{self.canonicals.row(test.id)}")
            | {
                # The identifier is that of the exam: the plan has it when there is one.
                "identifier": [] if in_plan else self._identity(test),
                "kind": "ServiceRequest",
                "code": self.concept(test),
                "specimenRequirement": [specimen] if specimen else [],
                "observationResultRequirement": results,
            },
        )

    def plan(self, test: PublishedTest) -> Resource:
        """An exam of several analyses, as it is ordered."""
        procedure = self.canonicals.url("ActivityDefinition", f"examen-{self.canonicals.row(test.id)}")
        action = {
            "title": display_of(test),
            "code": [self.concept(test)],
            "definitionCanonical": f"{procedure}|{self.version}",
        }
        kind = {"system": f"{GUIDE}/CodeSystem/laboratory-service-definition-type", "code": "panel"}
        return published(
            "PlanDefinition",
            self._published(test, "PlanDefinition", f"bilan-{self.canonicals.row(test.id)}")
            | {"identifier": self._identity(test), "type": {"coding": [kind]}, "action": [filled(action)]},
        )


def level_rows(assessment: Assessment, level: Level) -> list[PublishedTest]:
    """The rows of one level, in the order of the received files."""
    return [test for test in assessment.tests if test.level is level]
