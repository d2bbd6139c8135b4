"""Reading a file of earlier work, whatever its format: FHIR, SSSOM, Usagi, or any table."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.errors import ImportRefusedError, InputProblem
from app.files.choices import Choices
from app.files.fhir_json import FhirReadError
from app.files.fhir_syntax import looks_like_fhir
from app.files.foreign import foreign
from app.files.guard import NOTHING_CLEARED, refuse_patients
from app.files.workbook import workbook_format
from app.memory import repository
from app.memory.catalogue_tables import read_table_with_codes
from app.memory.concept_maps import NoConceptMapError, read_concept_maps
from app.memory.schemas import EarlierMappings
from app.memory.tables import NameLookup, TableReadError, mapping_format, read_table_of_mappings
from app.patient_guard.findings import Kind
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.terminology.service import current_release

_MAX_MAPPINGS = 200_000


def read_mappings(
    transactions: Transactions,
    name: str,
    content: bytes,
    max_bytes: int,
    choices: Choices | None = None,
    cleared: frozenset[Kind] = NOTHING_CLEARED,
) -> EarlierMappings:
    """What a file says of an earlier transcoding; raises ImportRefusedError when it is none that is read.

    With `choices` it is a table whose reading a person settled. `cleared` are the kinds of traces of patients that she
    answered for.
    """
    forbid_open_transaction("read earlier transcodings")

    def codes_of(names: Iterable[str]) -> Mapping[str, str]:
        with transactions.reading() as session:
            release = current_release(session)
            return repository.codes_of_names(session, release.id, names) if release and release.id else {}

    try:
        if not content.strip():
            raise TableReadError("le fichier est vide")
        if len(content) > max_bytes:
            raise TableReadError(f"le fichier dépasse la taille admise ({max_bytes // 1_000_000} Mo)")
        cleared = choices.cleared if choices else cleared
        refuse_patients(name, content, cleared)
        is_settled = choices is not None and own_format(content) is None
        read = (
            read_table_with_codes(name, content, max_bytes, choices)
            if is_settled
            else _read(name, content, max_bytes, codes_of, Choices(cleared=cleared))
        )
    except (FhirReadError, TableReadError) as error:
        raise ImportRefusedError([InputProblem(name, f"{error}.")]) from error
    if len(read.mappings) > _MAX_MAPPINGS:
        raise ImportRefusedError([InputProblem(name, f"le fichier dépasse {_MAX_MAPPINGS} correspondances.")])
    return read


def own_format(content: bytes) -> str | None:
    """The format of a file that says itself what its columns are; None for a table, whose columns a person may name."""
    if looks_like_fhir(content):
        return "FHIR"
    return None if workbook_format(content) or foreign(content) else mapping_format(content)


def _read(
    name: str, content: bytes, max_bytes: int, codes_of: NameLookup, choices: Choices
) -> EarlierMappings:
    if looks_like_fhir(content):
        return _read_fhir(name, content, max_bytes, choices)
    if not workbook_format(content):
        if told := foreign(content):
            raise TableReadError(told.removesuffix("."))
        known = read_table_of_mappings(content, codes_of)
        if known is not None:
            return known
    return read_table_with_codes(name, content, max_bytes, choices)


def _read_fhir(name: str, content: bytes, max_bytes: int, choices: Choices) -> EarlierMappings:
    """What the maps of a FHIR file say, then what its definitions say of codes of which the maps say nothing."""
    try:
        maps = read_concept_maps(content)
    except NoConceptMapError:
        maps = None
    try:
        carried = read_table_with_codes(name, content, max_bytes, choices)
    except (ImportRefusedError, TableReadError):
        carried = None
    if maps is None and carried is None:
        raise TableReadError(
            "ce fichier FHIR ne contient ni ConceptMap, ni analyse ou examen qui porte un code LOINC (dans une "
            "ObservationDefinition, une ActivityDefinition, une PlanDefinition ou un CodeSystem)"
        )
    if maps is None or carried is None:
        return maps or carried or EarlierMappings("FHIR", ())
    said = {item.local_code for item in (*maps.mappings, *maps.others)}
    return replace(
        maps,
        mappings=(*maps.mappings, *(item for item in carried.mappings if item.local_code not in said)),
        others=(*maps.others, *(item for item in carried.others if item.local_code not in said)),
    )
