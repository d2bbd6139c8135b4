"""The formats that complete no received file but state a version of their own: FHIR resources and SSSOM."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import ConflictError
from app.exports.schemas import ExportFile, ExportKind
from app.exports.sssom import sssom_tsv
from app.fhir_resources.bundle import catalogue_bundle
from app.fhir_resources.concept_map import concept_map
from app.fhir_resources.concept_map_r5 import concept_map_r5
from app.fhir_resources.naming import Canonicals, computable_name
from app.fhir_resources.order_catalog import order_catalog
from app.fhir_resources.values import MEDIA_TYPES, Resource, Syntax, written
from app.publication.assessment import Assessment
from app.publication.schemas import ExamContent
from app.publication.statement import Statement
from app.text import stamp_day

FHIR_VERSIONS = {ExportKind.CONCEPT_MAP_R5: "5.0"}
_FHIR_RESOURCES: dict[ExportKind, tuple[Callable[[Assessment, Statement, Canonicals, str], Resource], str]] = {
    ExportKind.CONCEPT_MAP: (concept_map, "ConceptMap"),
    ExportKind.CONCEPT_MAP_R5: (concept_map_r5, "ConceptMap_R5"),
    ExportKind.FHIR_BUNDLE: (catalogue_bundle, "Bundle"),
}


@dataclass(frozen=True, slots=True)
class Publication:
    """What a versioned export is made of."""

    assessment: Assessment
    statement: Statement
    canonicals: Canonicals
    version: str
    transcoded_at: datetime
    contents: Mapping[int, Sequence[ExamContent]]

    def _name(self, title: str, suffix: str) -> str:
        name = computable_name(self.statement.catalogue)
        return f"{title}_LOINC_{name}_{stamp_day(self.transcoded_at)}{suffix}"

    def _file(self, name: str, media_type: str, content: bytes, notes: tuple[str, ...]) -> ExportFile:
        return ExportFile(
            name=name,
            media_type=media_type,
            content=content,
            rows=len(self.assessment.tests),
            coded=len(self.assessment.names),
            notes=notes,
            business_version=self.version,
        )

    def file(self, kind: ExportKind, syntax: Syntax) -> ExportFile:
        """The export as a file; raises ConflictError when the catalogue has no code to speak of."""
        codeless = sum(not test.code.strip() for test in self.assessment.tests)
        if codeless == len(self.assessment.tests):
            raise ConflictError("Aucune ligne de ce catalogue n'a de code local : FHIR ne peut pas les désigner.")
        notes = (f"Lignes sans code local, absentes du fichier : {codeless}.",) if codeless else ()
        if kind is ExportKind.SSSOM:
            content, _ = sssom_tsv(self.assessment, self.statement, self.canonicals, self.version)
            name = self._name("SSSOM", ".sssom.tsv")
            return self._file(name, "text/tab-separated-values; charset=utf-8", content, notes)
        if kind is ExportKind.FHIR_CATALOGUE:
            title = "Catalogue"
            notes = ()
            resource = order_catalog(self.assessment, self.statement, self.canonicals, self.version, self.contents)
        else:
            make, title = _FHIR_RESOURCES[kind]
            resource = make(self.assessment, self.statement, self.canonicals, self.version)
        media_type = f"{MEDIA_TYPES[syntax]}; fhirVersion={FHIR_VERSIONS.get(kind, '4.0')}"
        return self._file(self._name(title, f".{syntax}"), media_type, written(resource, syntax), notes)
