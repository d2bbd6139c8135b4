"""How a received file is written, said in French."""

from app.files.records import Dialect

_DELIMITER_NAMES = {";": "point-virgule", "\t": "tabulation", ",": "virgule", "|": "barre verticale"}


def written_as(dialect: Dialect) -> str:
    """How a file is written, in French."""
    if dialect.is_workbook:
        return f"{dialect.format.upper()}, feuille « {dialect.sheet} »"
    if dialect.format == "fhir":
        return "JSON"
    if dialect.starts:
        return f"{dialect.encoding_name}, largeur fixe"
    return f"{dialect.encoding_name}, {_DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter)}"
