"""A catalogue in FHIR along the HL7 order-catalog guide, read into rows (R4 and R5, JSON and XML).

ObservationDefinition is an analysis, ActivityDefinition and PlanDefinition are exams that lead to analyses,
SpecimenDefinition is a specimen, categories and topics are chapters; a CodeSystem completes what definitions leave
unsaid, or is the catalogue alone. LOINC codes that the file carries already are earlier work, as a column of them is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.files.fhir_concepts import codes_of, concepts_of, lists_tests, says_specimens, systems_beside
from app.files.fhir_definitions import (
    RowFields,
    code_of,
    filled,
    first,
    is_hl7,
    label_of,
    references,
    retired,
    section_name,
    synonym_of,
    unit_of,
)
from app.files.fhir_json import (
    Coded,
    FhirReadError,
    Json,
    Resources,
    items,
    nabm_of,
    one_line,
    resources_of,
    said_by,
    texts,
    walk,
)
from app.files.fhir_loinc import loinc_of, loinc_of_plan, told
from app.files.fhir_syntax import load_fhir
from app.files.kinds import LEVEL_NAMES, SECTIONS, Level

FIELDS = (
    "level", "code", "label", "synonym", "property_kind", "unit_code", "unit", "timing", "specimen_code",
    "specimen", "scale", "technique", "nabm", "chapter_code", "chapter", "subchapter_code", "subchapter",
    "analysis_code", "analysis_label", "is_retired", "earlier_code",
)  # fmt: skip
HEADINGS = (
    "Niveau", "Code", "Libellé", "Synonyme", "Grandeur", "Code unité", "Unité", "Temporalité", "Code milieu",
    "Milieu", "Échelle", "Technique", "Codes NABM", "Code chapitre", "Chapitre", "Code sous-chapitre",
    "Sous-chapitre", "Code analyse de l'examen", "Libellé analyse de l'examen", "Retiré", "Code LOINC antérieur",
)  # fmt: skip
LEVEL_OF_WORD = {word: level for level, word in LEVEL_NAMES.items()}
_EXTENSION_SPECIMEN = "extension-ObservationDefinition.specimen"
_MAPS = ("ConceptMap",)
_SPECIMEN = ("specimen_code", "specimen", "timing")
_NO_SPECIMEN = ("", "", "")


@dataclass(slots=True)
class FhirCatalogue:
    """What a FHIR file says of a catalogue."""

    sections: dict[tuple[str, str], RowFields] = field(default_factory=dict)
    """(code of chapter, code of sub-chapter or nothing) -> its values."""
    exams: dict[str, RowFields] = field(default_factory=dict)
    contents: dict[str, dict[str, str]] = field(default_factory=dict)
    """Code of exam -> code of analysis -> its label."""
    analyses: dict[str, RowFields] = field(default_factory=dict)
    has_maps: bool = False

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The catalogue as rows of `FIELDS`."""
        for values in self.sections.values():
            yield _row(values)
        for code, values in self.exams.items():
            for place, (analysis, label) in enumerate((self.contents.get(code) or {"": ""}).items()):
                row = _row(values | {"analysis_code": analysis, "analysis_label": label})
                # An exam has a row for each of its analyses; its own code is said once.
                yield (*row[:-1], "") if place else row
        for values in self.analyses.values():
            yield _row(values)


def _complete(known: RowFields, values: RowFields) -> None:
    """Add what is not said yet; of LOINC codes that differ all are kept, for a person to tell."""
    for name, value in values.items():
        if name == "earlier_code":
            known[name] = told([*known.get(name, "").split(" ; "), *value.split(" ; ")])
        else:
            known.setdefault(name, value)


def _row(values: RowFields) -> tuple[str, ...]:
    shown = values | {"level": LEVEL_NAMES[Level(values["level"])]}
    return tuple(shown.get(name, "") for name in FIELDS)


def read_catalogue(content: bytes) -> FhirCatalogue:
    """The catalogue of a FHIR file; raises FhirReadError when it holds none."""
    root = load_fhir(content)
    if root["resourceType"] in _MAPS:
        raise FhirReadError(
            "c'est une ConceptMap, qui ne décrit pas d'analyses : importez d'abord le catalogue, puis comparez-la-lui "
            "dans sa page « Antérieur » (« Reprendre ») ; ou prenez-la en mémoire, depuis la page du laboratoire"
        )
    return _Reader(resources_of(root)).read()


class _Reader:
    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.found = FhirCatalogue()
        self.codes: dict[int, str] = {}
        """Identity of an ObservationDefinition -> its local code."""
        self.ordered: dict[str, list[RowFields]] = {}
        """Code of an analysis -> the exams that lead to it."""

    def read(self) -> FhirCatalogue:
        """Definitions first; code systems complete them."""
        for resource in self.resources.of_type("ObservationDefinition"):
            self._analysis(resource)
        for resource in self.resources.of_type("PlanDefinition", "ActivityDefinition"):
            self._exam(resource)
        self._composition()
        beside = systems_beside(self.resources)
        systems = [item for item in self.resources.of_type("CodeSystem") if lists_tests(item, beside)]
        self._share_specimens(systems)
        for system in systems:
            self._code_system(system)
        self.found.has_maps = any(self.resources.of_type(*_MAPS))
        if not (self.found.analyses or self.found.exams or self.found.sections):
            raise FhirReadError(
                "aucune analyse n'y est décrite : il faut des ObservationDefinition, des ActivityDefinition, des "
                "PlanDefinition ou un CodeSystem"
            )
        return self.found

    # ---------- definitions ----------

    def _analysis(self, resource: Json) -> None:
        concept = first(resource, "code")
        code = code_of(resource, concept)
        if not code:
            return
        self.codes[id(resource)] = code
        label = label_of(resource, concept, "preferredReportName", "title")
        values: RowFields = {
            "level": Level.ANALYSIS,
            "code": code,
            "label": label or code,
            "synonym": synonym_of(concept, label),
            "technique": said_by(first(resource, "method")).text,
            "scale": "QN" if texts(resource, "permittedDataType") == ["Quantity"] else "",
            "nabm": nabm_of([concept]),
            "is_retired": retired(resource),
            "earlier_code": loinc_of(concept),
        }
        values |= unit_of(resource) | self._specimen(resource) | self._chapter(resource, "category")
        self.found.analyses.setdefault(code, filled(values))

    def _exam(self, resource: Json) -> None:
        concept = first(resource, "code")
        code = code_of(resource, concept)
        if not code:
            return
        label = label_of(resource, concept, "title", "name")
        values: RowFields = {
            "level": Level.EXAM,
            "code": code,
            "label": label or code,
            "synonym": one_line(resource.get("subtitle")),
            "nabm": nabm_of([concept, *items(resource, "topic")]),
            "is_retired": retired(resource),
            "earlier_code": told([loinc_of(concept), loinc_of_plan(resource)]),
        }
        values |= self._specimen(resource) | self._chapter(resource, "topic")
        # A PlanDefinition and the ActivityDefinition of its action may be one exam.
        known = self.found.exams.setdefault(code, {})
        _complete(known, filled(values))
        contents = self.found.contents.setdefault(code, {})
        for analysis in self._analyses_of(resource, 0):
            self.ordered.setdefault(analysis, []).append(known)
            contents.setdefault(analysis, self.found.analyses[analysis]["label"])

    def _analyses_of(self, resource: Json, depth: int) -> Iterator[str]:
        """The analyses that an exam leads to, through its actions and requirements."""
        if depth > 8:
            return
        targets: list[Any] = [
            *references(resource, "observationResultRequirement"),
            *references(resource, "hasMember"),
        ]
        for _, action in walk(items(resource, "action"), "action"):
            targets += [
                action.get("definitionCanonical"),
                action.get("definitionUri"),
                *references(action, "definition"),
            ]
        for target in targets:
            found = self.resources.find(target)
            if found is None or found is resource:
                continue
            if found.get("resourceType") == "ObservationDefinition":
                if id(found) in self.codes:
                    yield self.codes[id(found)]
            else:
                yield from self._analyses_of(found, depth + 1)

    def _specimen(self, resource: Json) -> RowFields:
        """The specimen: R5 says it of the analysis, R4 in an extension or of the exam."""
        named: list[Any] = [*references(resource, "specimen"), *references(resource, "specimenRequirement")]
        for extension in items(resource, "extension"):
            if one_line(extension.get("url")).endswith(_EXTENSION_SPECIMEN):
                named.append(extension.get("valueReference"))
        for reference in named:
            specimen = self.resources.find(reference)
            if specimen is not None:
                said = said_by(first(specimen, "typeCollected"))
                timing = one_line(specimen.get("timeAspect"))
                return {"specimen_code": said.code, "specimen": said.text, "timing": timing}
            if isinstance(reference, dict) and one_line(reference.get("display")):
                return {"specimen": one_line(reference["display"])}
        return {}

    def _share_specimens(self, systems: Sequence[Json]) -> None:
        """An analysis without specimen has that of its exams, when those that name one agree.

        Not so where the file lists its analyses with their specimens, as ours do: what is not said there is unknown.
        """
        told = {code for system in systems if says_specimens(system) for code in codes_of(system)}
        for analysis, exams in self.ordered.items():
            values = self.found.analyses[analysis]
            if analysis in told or values.get("specimen") or values.get("specimen_code"):
                continue
            said = {tuple(exam.get(name, "") for name in _SPECIMEN) for exam in exams} - {_NO_SPECIMEN}
            if len(said) == 1:
                values |= {name: text for name, text in zip(_SPECIMEN, said.pop(), strict=True) if text}

    # ---------- chapters ----------

    def _chapter(self, resource: Json, name: str) -> RowFields:
        said = [said_by(concept) for concept in items(resource, name) if not is_hl7(concept)][:2]
        if not said:
            return {}
        chapter, sub = said[0], said[1] if len(said) > 1 else Coded()
        return self._section(chapter, sub)

    def _section(self, chapter: Coded, sub: Coded) -> RowFields:
        """Note a chapter, and a sub-chapter of it; returns what a test below them says."""
        code, sub_code = chapter.code or chapter.text[:60], sub.code or sub.text[:60]
        values: RowFields = {"chapter_code": code, "chapter": chapter.text or code}
        # A file that writes `chapter/sub-chapter` tells apart the sub-chapters of two chapters.
        sub_code = sub_code.removeprefix(f"{code}/")
        self.found.sections.setdefault(
            (code, ""), {"level": Level.CHAPTER, "code": code, "label": values["chapter"], **values}
        )
        if sub_code:
            values |= {"subchapter_code": sub_code, "subchapter": sub.text or sub_code}
            below = {"level": Level.SUBCHAPTER, "code": sub_code, "label": values["subchapter"], **values}
            self.found.sections.setdefault((code, sub_code), below)
        return values

    def _composition(self) -> None:
        """A catalogue header may sort its entries in sections: chapters, and sub-chapters inside."""
        for composition in self.resources.of_type("Composition"):
            for section in items(composition, "section"):
                chapter = section_name(section)
                if chapter.text:
                    self._place(section, self._section(chapter, Coded()))
                    for inner in items(section, "section"):
                        sub = section_name(inner)
                        self._place(inner, self._section(chapter, sub) if sub.text else {})

    def _place(self, section: Json, values: RowFields) -> None:
        for reference in items(section, "entry"):
            resource = self.resources.find(reference)
            if resource is None:
                continue
            code = self.codes.get(id(resource)) or code_of(resource, first(resource, "code"))
            is_analysis = resource.get("resourceType") == "ObservationDefinition"
            test = (self.found.analyses if is_analysis else self.found.exams).get(code, {})
            if not test.get("chapter_code"):
                test |= values

    # ---------- code systems ----------

    def _code_system(self, system: Json) -> None:
        for values in concepts_of(system):
            level = Level(values["level"])
            if level in SECTIONS:
                self._concept_section(level, values)
                continue
            known = self.found.analyses if level is Level.ANALYSIS else self.found.exams
            test = known.setdefault(values["code"], {})
            _complete(test, values)
            if test.get("chapter") and not test.get("chapter_code"):
                test["chapter_code"] = self._chapter_code(test["chapter"])

    def _concept_section(self, level: Level, values: RowFields) -> None:
        placed = self._placed(level, values)
        section = self.found.sections[placed["chapter_code"], placed.get("subchapter_code", "")]
        _complete(section, {"earlier_code": values.get("earlier_code", "")})

    def _placed(self, level: Level, values: RowFields) -> RowFields:
        own = Coded(values["code"], values["label"])
        if level is Level.CHAPTER:
            return self._section(own, Coded())
        label = values.get("chapter", "")
        code = values.get("chapter_code") or self._chapter_code(label) or values["code"].rpartition("/")[0]
        if code or label:
            return self._section(Coded(code, label or code), own)
        return self._section(own, Coded())

    def _chapter_code(self, label: str) -> str:
        """The code of the chapter of this label, or of this very code."""
        for (code, sub), values in self.found.sections.items():
            if not sub and label in (values["label"], code):
                return code
        return ""


def columns_said(table_rows: Iterable[Sequence[str]]) -> dict[str, int]:
    """Field -> column of a table of `FIELDS`; that of earlier codes only where there are any."""
    has_codes = any(row[-1] for row in table_rows)
    return {name: column for column, name in enumerate(FIELDS) if has_codes or name != "earlier_code"}
