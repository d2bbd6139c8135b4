"""Which systems of codes are national or international, and so of no laboratory: as numbers, addresses and names.

One list for all formats: a system is written as an OID by documents, as an address by FHIR, as either or by a name in
messages. A code of any other system, or of none, is a laboratory's own.

Sources: the registries of HL7 (OIDs, table 0396), the terminology server of the ANS, IHE, DICOM part 16.
"""

import re

LOINC = "2.16.840.1.113883.6.1"
_LOINC = frozenset({LOINC, "http://loinc.org", "https://loinc.org", "loinc", "ln", "lnc"})
_UCUM = frozenset({"2.16.840.1.113883.6.8", "http://unitsofmeasure.org", "https://unitsofmeasure.org", "ucum"})
_ANNOUNCED = re.compile(r"urn:(?:oid|uuid):", re.IGNORECASE)
_OID = re.compile(
    # HL7: its own vocabularies, those it registered (SNOMED CT, UCUM, ATC, CIM-10…), its tables; HL7 France; NCI, NCBI.
    r"2\.16\.840\.1\.113883\.(?:(?:5|6|12|18|21)(?:\.|$)|2\.8\.|3\.(?:9471$|26\.1(?:\.|$)))"
    # The ANS and what it publishes for others (NABM), ANSM, FINESS and RPPS.
    r"|1\.2\.250\.1\.(?:213|215|71)(?:\.|$)"
    # NPU; IHE, with a slip that its documents have; countries (ISO 3166); DICOM.
    r"|1\.2\.208\.176\.2\.1$|1\.3\.[65]\.1\.4\.1\.19376\.|1\.0\.3166\.|1\.2\.840\.10008\."
)
_ADDRESS = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:snomed\.(?:info|org)|unitsofmeasure\.org|hl7\.org|whocc\.no|npu-terminology\.org"
    r"|orpha\.net|id\.who\.int|ihe\.net|ncit?\.nci\.nih\.gov|ncbi\.nlm\.nih\.gov|nlm\.nih\.gov|bioontology\.org"
    r"|bioportal\.[\w.]+|esante\.gouv\.fr|ameli\.fr|dicom\.nema\.org|fhir\.org)(?=[/#:?]|$)"
    r"|urn:(?:iso|ietf|iso-astm|ihe)[:-]"
    # In a path: the host is the laboratory's, and may be called anything.
    r"|(?:https?://[^/]*/|urn:).*(?<![a-z])(?:nabm|ccam|snomed|cim-?10|icd-?1[01])(?![a-z])",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"SNOMED|NABM|CCAM|CIM-?1|ICD-?1|UCUM|ATC$|NCBI|HL7|TRE[_-]|JDV[_-]|TA[_-]|ANSM|EDQM|DICOM|IANA|ISO\d",
    re.IGNORECASE,
)
"""How names of systems begin that only their names tell."""
TABLE_0396 = frozenset(
    "ACR ANS+ ART AS4 AS4E ATC C4 C5 CAS CCAM CCC CD2 CDCA CDCM CDS CDT CE CIM10 CIM-10 CIM11 CLP CPT CPTM CST CVX "
    "DCL DCM E E5 E6 E7 ENZC FDDC FDDX FDK HCPCS HCPT HI HOT HPC I9 I9C I10 I10C I10P IBT IC2 ICD10 ICD-10 ICD10AM "
    "ICDO ICS ISO+ IUPC IUPP JC8 JC10 MCD MCR MDDX MEDC MEDR MEDX MESH MGPI MVX NABM NCBI NDC NIC NPU O301 OHA ORPHA "
    "ORPHANET RXNORM SCT SCT2 SDM SIC SNM SNM3 SNOMED SNOMED-CT SNOMEDCT SNOMED3 SNT UC UCUM UMD UML UPC UPIN WC "
    "ISO3166_1 ISO639 NULLFL".split()
)
"""Names that messages of HL7 v2 give to systems: too short to tell anything elsewhere."""


def bare(written: str) -> str:
    """A system or the root of an identifier in small letters, an OID or a UUID without what announces it."""
    text = written.strip()
    announced = _ANNOUNCED.match(text)
    return (text[announced.end() :] if announced else text).lower()


def is_loinc(written: str) -> bool:
    """Whether a system is LOINC: its number, its address or a name of it."""
    return bare(written).rstrip("/") in _LOINC


def is_ucum(written: str) -> bool:
    """Whether a system is UCUM: its number, its address or its name."""
    return bare(written).rstrip("/") in _UCUM


def is_known(written: str) -> bool:
    """Whether a number or an address is one of a national or international system."""
    system = bare(written)
    return bool(_OID.match(system) or _ADDRESS.match(written.strip()))


def is_known_name(name: str) -> bool:
    """Whether the name of a system is one of a national or international one."""
    return _NAME.match(name.strip()) is not None
