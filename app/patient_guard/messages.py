"""Messages of results, and resources that describe a patient, whole or quoted: HL7 v2, HPRIM, ASTM, CDA, FHIR."""

import re

_RESOURCES = (
    "Patient|RelatedPerson|Person|Observation|DiagnosticReport|Encounter|EpisodeOfCare|Condition|Immunization"
    "|AllergyIntolerance|MedicationRequest|MedicationStatement|FamilyMemberHistory|Coverage|ImagingStudy|Specimen"
    "|ServiceRequest|Appointment|CarePlan|Procedure|Claim"
)
_Q = r"[\\\"']{1,6}"
_BREAK = r"(?:^|[\s\x0b\x02\x1c\x05\"';>\ufeff]|\d(?=H\|))"
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("MSH|", "PID|", "FHS|", "BHS|", "OBX|", "OBR|"),
        re.compile(rf"{_BREAK}(?:(?:MSH|FHS|BHS)\|\^?[~\\&^]|PID\|[^|\r\n]{{0,20}}\||OB[XR]\|\d*\|[^|\r\n]{{0,60}}\|)"),
    ),
    (("H|",), re.compile(rf"{_BREAK}H\|[~^\\&]{{2,4}}\|?")),
    (("P|",), re.compile(rf"{_BREAK}\d?P\|\d{{1,5}}\|[^\r\n]{{0,300}}?(?:\^|\|(?:18|19|20)\d{{6}}[|\r\n]|\|[MFUX]\|)")),
    (
        ("ClinicalDocument", "recordTarget", "patientRole", "patientPatient"),
        re.compile(r"<(?:[\w.-]{1,40}:)?(?:ClinicalDocument|recordTarget|patientRole|patientPatient)[\s/>]"),
    ),
    (("resourceType",), re.compile(rf"resourceType{_Q}\s{{0,9}}:\s{{0,9}}{_Q}(?:{_RESOURCES}){_Q}")),
    (
        ("http://hl7.org/fhir",),
        re.compile(r"<(?:[\w.-]{1,40}:)?(?:Patient|RelatedPerson|Person)(?:\s[^>]{0,300})?/?>"),
    ),
    (
        ("Patient/",),
        re.compile(rf"reference{_Q}\s{{0,9}}:\s{{0,9}}{_Q}[^\s\"']{{0,200}}Patient/|<reference\s+value=[\"'][^\"']{{0,200}}Patient/"),
    ),
    (
        ("subject",),
        re.compile(rf"{_Q}subject{_Q}\s{{0,9}}:\s{{0,9}}\{{[^{{}}]{{0,500}}{_Q}(?:display|reference){_Q}|<subject>\s{{0,40}}<(?:reference|display)\s"),
    ),
)  # fmt: skip
_FIRST_FIELDS = frozenset({"MSH", "PID", "OBX", "OBR", "P", "H", "1H", "2P"})


def message_in(text: str) -> bool:
    """Whether a text holds a message of results or a resource of a patient."""
    return any(any(mark in text for mark in marks) and pattern.search(text) for marks, pattern in _PATTERNS)


def message_in_bytes(content: bytes) -> bool:
    """The same of a file, in whatever encoding: the marks are plain letters, two bytes each or not."""
    if b"\x00" in content[:4096]:
        content = content.replace(b"\x00", b"")
    if not any(
        mark in content
        for mark in (b"MSH|", b"PID|", b"HS|", b"OBX|", b"OBR|", b"H|", b"P|", b"ClinicalDocument", b"recordTarget",
                     b"atientRole", b"resourceType", b"hl7.org/fhir", b"Patient/", b"subject", b"patientPatient")
    ):  # fmt: skip
        return False
    return message_in(content.decode("latin-1"))


def message_in_cells(cells: tuple[str, ...]) -> bool:
    """Whether a row is a segment of a message that was read as a table, its bars taken for separators of columns."""
    if not cells or cells[0].strip().lstrip("\ufeff\x0b\x02") not in _FIRST_FIELDS:
        return False
    return message_in("|".join((cells[0].strip().lstrip("\ufeff\x0b\x02"), *cells[1:])) + "|")
