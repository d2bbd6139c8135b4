"""How a file is read when a person said it beforehand, on the command line: its encoding, or a sheet."""

from collections.abc import Sequence

from app.errors import InvalidInputError
from app.files.dialects import find_dialect
from app.files.encodings import ENCODINGS
from app.files.fhir_syntax import looks_like_fhir
from app.files.foreign import foreign
from app.files.json_table import is_json_table
from app.files.records import Dialect
from app.files.workbook import is_workbook, workbook_format


def asked_dialect(name: str, content: bytes, encoding: str = "", sheet: str = "") -> Dialect | None:
    """The dialect of a file read as asked; None where nothing that was asked is about such a file.

    Raises InvalidInputError for an encoding that does not exist, ImportRefusedError for a file that is not in it.
    """
    if encoding and encoding not in ENCODINGS:
        raise InvalidInputError(f"Encodage inconnu ; choisissez parmi {', '.join(ENCODINGS)}.")
    if is_workbook(content):
        return Dialect(format=workbook_format(content), sheet=sheet) if sheet else None
    if not encoding or looks_like_fhir(content) or is_json_table(content) or foreign(content):
        return None
    return find_dialect(name, content, encoding)


def check_sheet(file_name: str, names: Sequence[str], read: str, asked: str) -> None:
    """Refuse when a workbook has no sheet of the name that was asked for: another one would be read instead."""
    if asked and names and read != asked:
        listed = ", ".join(f"« {name} »" for name in names)
        raise InvalidInputError(f"{file_name} n'a pas de feuille « {asked} » ; feuilles du classeur : {listed}.")
