"""The elements of a CDA document that say which codes a result carries: names, templates, and what is no result.

Sources: the implementation guide of HL7 France and the CI-SIS of the ANS (CR-BIO, 2017 to 2024), IHE PALM (XD-LAB).
"""

from dataclasses import dataclass, field

from app.emitted.code_systems import bare, is_known, is_known_name, is_loinc
from app.emitted.observed import CodeSystems, ObservedResult

HL7 = "urn:hl7-org:v3 "
DOCUMENTS = frozenset({HL7 + "ClinicalDocument", "ClinicalDocument"})
"""The root of a clinical document; some systems leave its namespace out."""

LAB_ENTRIES = frozenset({"1.3.6.1.4.1.19376.1.3.1", "1.2.250.1.213.1.1.3.21"})
"""Templates of an entry, or of its act, that holds results of a laboratory."""
LAB_STATEMENTS = frozenset(
    {f"1.3.6.1.4.1.19376.1.3.1.{place}" for place in (4, 5, 6)} | {f"1.2.250.1.213.1.1.3.{n}" for n in (78, 79, 80)}
)
"""Templates of a battery, of an isolate and of a result of a laboratory."""
LAB_SECTIONS = frozenset(
    {"1.3.6.1.4.1.19376.1.3.3.2.1", "1.3.6.1.4.1.19376.1.3.3.2.2", "1.2.250.1.213.1.1.2.70", "1.2.250.1.213.1.1.2.71"}
)
"""Templates of the chapters and sub-chapters of a report of a laboratory."""
LAB_DOCUMENTS = frozenset({"1.3.6.1.4.1.19376.1.3.3", "1.2.250.1.213.1.1.1.55"})
LAB_DOCUMENT_CODES = frozenset(
    "11502-2 11526-1 18716-1 18717-9 18718-7 18719-5 18720-3 18721-1 18722-9 18723-7 18724-5 18725-2 18727-8 18728-6 "
    "18729-4 18767-4 18768-2 18769-0 26435-8 26436-6 26437-4 26438-2".split()
)
"""LOINC codes of a report of a laboratory, of several disciplines or of one, and of pathology."""
NO_RESULTS = frozenset({"48767-8", "55112-7", "69764-9", "55107-7", "55108-5", "8251-1", "77202-0", "86467-8"})
"""LOINC codes of what is said beside results: comments, the type of an attached document, the document itself."""
_COMMENT, _PROBLEM = "1.3.6.1.4.1.19376.1.5.3.1.4.2", "1.3.6.1.4.1.19376.1.5.3.1.4.5"
_NOTIFICATION, _ATTACHED = "1.3.6.1.4.1.19376.1.3.1.1", "1.2.250.1.213.1.1.3.18"
NO_RESULT_TEMPLATES = frozenset(
    {_COMMENT, _ATTACHED, "1.2.250.1.213.1.1.3.48.18"}
    | {_PROBLEM, f"{_PROBLEM}.1", f"{_PROBLEM}.2", "1.2.250.1.213.1.1.3.37"}
    | {_NOTIFICATION, *(f"{_NOTIFICATION}.{place}" for place in (1, 2, 3))}
    | {"1.3.6.1.4.1.19376.1.3.1.2", "1.3.6.1.4.1.19376.1.3.1.3", "1.2.250.1.213.1.1.3.77", "1.2.250.1.213.1.1.3.107"}
)
"""Templates of the same: a comment, an attached document and its type; a problem of the patient; what public health is
notified of (a condition, a case, an outbreak); a sampling and its reception."""
NEVER_RESULTS = frozenset(
    "specimen observationRange observationMedia regionOfInterest procedure substanceAdministration supply "
    "encounter".split()
)
"""Elements that neither are results nor hold any."""
STATEMENTS = frozenset({"section", "entry", "act", "organizer", "observation"}) | NEVER_RESULTS
LONGEST_CODE = 200


@dataclass(slots=True)
class Codes:
    """The codes of one element, its translations included."""

    loinc: dict[str, None] = field(default_factory=dict)
    local: dict[str, None] = field(default_factory=dict)
    has_waiting_code: bool = False

    def add(self, attributes: dict[str, str], systems: CodeSystems) -> None:
        """One `code` or `translation`."""
        code = attributes.get("code", "").strip()[:LONGEST_CODE]
        if not code:
            return
        written = attributes.get("codeSystem", "").strip()
        system, name = bare(written), attributes.get("codeSystemName", "")
        if is_loinc(written or name):
            self.loinc[code] = None
        elif system in systems.waiting or written in systems.waiting:
            self.has_waiting_code = True
        elif not (is_known(written) if written else is_known_name(name)):
            self.local[code] = None


@dataclass(slots=True)
class Statement:
    """An open element that has a code or holds others: a section, an entry, an act, a battery, an observation."""

    tag: str
    depth: int
    codes: Codes = field(default_factory=Codes)
    chapter: str = ""
    """LOINC code of the outermost section that has one, of those of a laboratory where it stands in one; without any,
    of the outermost act or battery."""
    is_lab_document: bool = False
    """Whether its document says to be a report of a laboratory."""
    is_lab_section: bool = False
    """Whether it stands in a section of a laboratory, or is one."""
    has_template: bool = False
    """Whether its section says what kind of section it is."""
    is_chapter: bool | None = None
    """Whether its section has the LOINC code of a chapter of a laboratory; None for a section without LOINC code."""
    in_act: bool = False
    """Whether it is an act, or stands below one."""
    is_lab: bool = False
    """Whether it is, or stands below, an act of results of a laboratory."""
    is_apart: bool = False
    """Whether it says no result, and nothing below it: a comment, an earlier result, the type of a document."""
    has_value: bool = False
    unit: str = ""

    def below(self, tag: str, depth: int) -> "Statement":
        """One that stands in this one."""
        return Statement(
            tag,
            depth,
            Codes(),
            self.chapter,
            self.is_lab_document,
            self.is_lab_section,
            self.has_template,
            self.is_chapter,
            self.in_act,
            self.is_lab,
            self.is_apart,
        )

    def take_template(self, root: str) -> None:
        """What kind of statement it says it is."""
        if root in LAB_SECTIONS and not self.is_lab_section:
            self.is_lab_section, self.chapter = True, next(iter(self.codes.loinc), "")
        self.has_template |= self.tag == "section"
        self.is_lab |= root in LAB_ENTRIES
        is_untold = self.is_lab_document and not self.has_template
        is_where_labs_write = self.is_lab_section or (is_untold and bool(self.in_act or self.is_chapter))
        self.is_lab |= root in LAB_STATEMENTS and is_where_labs_write
        self.is_apart |= root in NO_RESULT_TEMPLATES

    def take_code(self, attributes: dict[str, str], systems: CodeSystems) -> None:
        """Its code, or a translation of it."""
        self.codes.add(attributes, systems)
        self.is_apart |= not NO_RESULTS.isdisjoint(self.codes.loinc)
        if self.tag == "section" and self.codes.loinc:
            self.is_chapter = not LAB_DOCUMENT_CODES.isdisjoint(self.codes.loinc)
        if not self.chapter and self.tag != "observation":
            self.chapter = next(iter(self.codes.loinc), "")

    def take_unit(self, attributes: dict[str, str], *, is_divisor: bool = False) -> None:
        """The unit of its value, or of a bound or a term of it; the first one holds."""
        unit = attributes.get("unit", "").strip()[:LONGEST_CODE]
        if unit in ("", "1"):
            return
        if is_divisor:
            self.unit = f"{self.unit}/{unit}"
        elif not self.unit:
            self.unit = unit

    def result(self) -> ObservedResult | None:
        """What it says as a result; None when it says none."""
        if self.tag != "observation" or not self.is_lab or self.is_apart or not self.has_value:
            return None
        return ObservedResult(
            loinc=tuple(self.codes.loinc),
            local=tuple(self.codes.local),
            unit=self.unit,
            section=self.chapter,
            has_waiting_code=self.codes.has_waiting_code,
        )
