"""The sorts of files that carry a catalogue, and the levels of what they list."""

from enum import StrEnum


class FileKind(StrEnum):
    """The shape of a received file."""

    LOINC_1 = "LOINC_1"
    LOINC_2 = "LOINC_2"
    LOINC_3 = "LOINC_3"
    TABULAR = "TABULAR"
    """Any CSV or workbook whose columns the user confirmed."""
    SIDE_DATA = "SIDE_DATA"
    """Volumes, sub-contracting and retired tests, joined to the analyses by code."""
    FHIR = "FHIR"
    """A FHIR catalogue: Bundle of definitions along the HL7 order-catalog guide, or a CodeSystem, in JSON or XML."""


class Level(StrEnum):
    """What a local test is in the catalogue."""

    ANALYSIS = "analysis"
    EXAM = "exam"
    CHAPTER = "chapter"
    SUBCHAPTER = "subchapter"


WITH_ANALYSES = frozenset({FileKind.LOINC_3, FileKind.TABULAR, FileKind.FHIR})
"""The files that bring analyses."""
SECTIONS = (Level.CHAPTER, Level.SUBCHAPTER)
"""The levels that group exams and analyses."""
LEVEL_NAMES = {
    Level.CHAPTER: "chapitre",
    Level.SUBCHAPTER: "sous-chapitre",
    Level.EXAM: "examen",
    Level.ANALYSIS: "analyse",
}
"""A level in French, in files and on pages alike."""
