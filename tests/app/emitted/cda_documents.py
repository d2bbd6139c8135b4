"""CDA reports written for the tests, element by element: a document, its chapters, its acts, its observations."""

from app.emitted.cda import read_cda
from app.emitted.observed import CodeSystems, Observed, ObservedReport

LOINC = "2.16.840.1.113883.6.1"
LOCAL = "1.2.250.1.999.7"
WAITING = "1.2.250.1.213.1.1.5.130"
NABM = "1.2.250.1.213.2.7"
SNOMED = "2.16.840.1.113883.6.96"
CHEMISTRY, HAEMATOLOGY, MICROBIOLOGY = "18719-5", "18723-7", "18725-2"
SODIUM, POTASSIUM, GLUCOSE = "2951-2", "2823-3", "2345-7"
LAB_OBSERVATION = '<templateId root="1.3.6.1.4.1.19376.1.3.1.6"/>'
MARK = "DUPONTEL-MARQUE"
"""A name that stands wherever a person may be named."""
NUMBER = "279035121518989"


def code(value: str, system: str = LOINC, inner: str = "", tag: str = "code") -> str:
    """A code, with its translations inside."""
    return f'<{tag} code="{value}" codeSystem="{system}" displayName="nom">{inner}</{tag}>'


def quantity(value: str = "5.1", unit: str = "mmol/L") -> str:
    return f'<value xsi:type="PQ" value="{value}" unit="{unit}"/>'


def observation(coded: str, value: str = quantity(), inner: str = "", attributes: str = "") -> str:
    """An observation of a laboratory."""
    return (
        f'<observation classCode="OBS" moodCode="EVN" {attributes}>{LAB_OBSERVATION}{coded}'
        f'<statusCode code="completed"/><effectiveTime value="20260102"/>{value}{inner}</observation>'
    )


def related(inner: str, kind: str = "COMP") -> str:
    return f'<entryRelationship typeCode="{kind}">{inner}</entryRelationship>'


def battery(*inner: str, coded: str = "") -> str:
    """An organizer of results."""
    held = "".join(f"<component>{item}</component>" for item in inner)
    return (
        f'<organizer classCode="BATTERY" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.4"/>{coded}'
        f'<statusCode code="completed"/>{held}</organizer>'
    )


def act(*inner: str, coded: str = code(CHEMISTRY)) -> str:
    """The act that holds the results of a section, in its entry."""
    held = "".join(related(item) for item in inner)
    return (
        '<entry typeCode="DRIV"><templateId root="1.3.6.1.4.1.19376.1.3.1"/>'
        f'<act classCode="ACT" moodCode="EVN">{coded}<statusCode code="completed"/>{held}</act></entry>'
    )


def chapter(*inner: str, coded: str = code(CHEMISTRY), template: str = "1.3.6.1.4.1.19376.1.3.3.2.1") -> str:
    """A section of a laboratory: with entries, or with sections below."""
    held = "".join(f"<component>{item}</component>" if item.startswith("<section") else item for item in inner)
    said = f'<templateId root="{template}"/>' if template else ""
    return f"<section>{said}{coded}<title>Chapitre</title><text>texte</text>{held}</section>"


ATTACHED = (
    f'<section><templateId root="1.2.250.1.213.1.1.2.243"/>{code("55108-5")}<entry>'
    f'<organizer classCode="CLUSTER" moodCode="EVN">{code("55107-7")}<component>'
    f'<observation classCode="OBS" moodCode="EVN">{code("69764-9")}'
    f'<value xsi:type="CD" code="55108-5" codeSystem="{LOINC}"/></observation></component>'
    '<component><observationMedia classCode="OBS" moodCode="EVN"><value mediaType="application/pdf" '
    'representation="B64">JVBERi0xLjQ=</value></observationMedia></component></organizer></entry></section>'
)
"""A copy of the report as PDF, attached to it."""


LAB_HEAD = f'<templateId root="1.3.6.1.4.1.19376.1.3.3"/>{code("11502-2")}'
"""What says that a document is a report of a laboratory."""


def document(
    *sections: str,
    identifier: str = "1.2.3.1",
    set_id: str = "1.2.3",
    version: int = 1,
    related_to: str = "",
    body: str | None = None,
    person: str = MARK,
    head: str = LAB_HEAD,
) -> str:
    """A whole document about a person; `body` instead of its sections for a level 1, `head` for another kind."""
    held = "".join(f"<component>{section}</component>" for section in sections)
    content = f"<structuredBody>{held}</structuredBody>" if body is None else body
    return (
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'{head}<id root="{identifier}"/>'
        f'<effectiveTime value="202601021{version:02}000"/><setId root="{set_id}"/><versionNumber value="{version}"/>'
        f'<recordTarget><patientRole><id extension="{NUMBER}" root="1.2.250.1.213.1.4.8"/><patient><name>'
        f'<family>{person}</family></name><birthTime value="19790328"/></patient></patientRole></recordTarget>'
        f"{related_to}<component>{content}</component></ClinicalDocument>"
    )


LEVEL_1 = '<nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0xLjQ=</text></nonXMLBody>'


def replaces(identifier: str, set_id: str = "1.2.3", kind: str = "RPLC") -> str:
    return (
        f'<relatedDocument typeCode="{kind}"><parentDocument><id root="{identifier}"/><setId root="{set_id}"/>'
        "</parentDocument></relatedDocument>"
    )


def read(text: str, encoding: str = "utf-8") -> list[Observed]:
    return list(read_cda(text.encode(encoding), "fichier 1", CodeSystems()))


def report(*sections: str) -> ObservedReport:
    (found,) = read(document(*sections))
    assert isinstance(found, ObservedReport), found
    return found
