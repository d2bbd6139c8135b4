"""FHIR in either of its syntaxes: which one a file is in, and its resource as JSON values."""

from app.files.fhir_json import Json, load, looks_like_json
from app.files.fhir_xml import load_xml
from app.files.foreign import is_fhir_xml, is_xml
from app.files.json_table import is_json_table


def looks_like_fhir(content: bytes) -> bool:
    """Whether a file can only be read as FHIR: a JSON object, or XML that says it is FHIR."""
    return (looks_like_json(content) and not is_json_table(content)) or is_fhir_xml(content)


def load_fhir(content: bytes) -> Json:
    """The resource of a file in JSON or in XML; raises FhirReadError."""
    return load_xml(content) if is_xml(content) else load(content)
