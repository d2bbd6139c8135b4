"""How a received file is written, said in French."""

from app.files.dialects import DELIMITER_NAMES
from app.files.records import JSON, MARKDOWN, WRAPPED, Dialect


def written_as(dialect: Dialect) -> str:
    """How a file is written, in French."""
    if dialect.is_workbook:
        return f"{dialect.format.upper()}, feuille « {dialect.sheet} »"
    if dialect.format in ("fhir", JSON):
        return "JSON"
    if dialect.starts:
        return f"{dialect.encoding_name}, largeur fixe"
    if dialect.shape == MARKDOWN:
        return f"{dialect.encoding_name}, tableau dessiné avec des barres"
    wrapped = ", lignes entre guillemets" if dialect.shape == WRAPPED else ""
    return f"{dialect.encoding_name}, {DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter)}{wrapped}"
