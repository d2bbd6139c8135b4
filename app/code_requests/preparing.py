"""Making the files of requests, with the trace that each leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement
from sqlmodel import Session

from app.audit.service import record
from app.catalogues.matcher_input import to_matcher
from app.code_requests import repository
from app.code_requests.files import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes
from app.code_requests.national_list import Asked, columns_of, table_of
from app.code_requests.repository import Declared, Found
from app.code_requests.service import AT_ONCE, GONE
from app.code_requests.submission import HEADINGS, Line, line_of
from app.errors import InvalidInputError, NotFoundError
from app.models import CONTRIBUTORS, LocalTest, User, utc_now
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.proposals.service import prepare_engine
from app.proposals.understanding import understood
from app.settings import Settings
from app.terminology.service import current_release
from app.text import counted, release_title, stamp_day
from app.transcoding.readers import blind_person
from matcher.knowledge import signature

MOST = 5_000
"""Requests of one national list."""
OPEN = (Declared.APPROVED, Declared.DECIDED)
Whose = Sequence[ColumnElement[bool]]


class FileFormat(StrEnum):
    """How a file is written."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A file to send."""

    name: str
    content: bytes
    media_type: str


def searched_text(found: repository.Searched | None, is_searched: bool, release: str) -> str:
    """What was searched for a row, in French."""
    if not is_searched:
        return "aucune recherche des propositions"
    if found is None:
        return f"{release}\u202f: aucune proposition"
    codes = ", ".join(found.codes)
    return f"{release}\u202f: {counted(found.proposals, 'proposition', 'propositions')}, dont {codes}"


def searched_texts(session: Session, requests: Sequence[Found]) -> dict[int, str]:
    """Row -> what was searched for it, in French."""
    catalogues = {item.catalogue_id for item in requests}
    release = current_release(session)
    title = release_title(release.version) if release else "LOINC"
    done = repository.searched_catalogues(session, catalogues)
    texts: dict[int, str] = {}
    for start in range(0, len(requests), repository.IN_LIMIT):
        part = requests[start : start + repository.IN_LIMIT]
        found = repository.searched_of(session, catalogues, [item.row_id for item in part])
        texts |= {
            item.row_id: searched_text(found.get(item.row_id), item.catalogue_id in done, title) for item in part
        }
    return texts


def asked_of(session: Session, whose: Whose, declared: Collection[Declared]) -> list[Asked]:
    """The requests of these rows with what the national list says of each; InvalidInputError when they are too many."""
    requests = repository.page_of(session, whose, declared=declared, limit=MOST + 1)
    if len(requests) > MOST:
        raise InvalidInputError(f"Une liste porte {MOST} demandes au plus\u202f: demandez-la catalogue par catalogue.")
    tests = repository.rows_of(session, whose, [item.row_id for item in requests])
    searched = searched_texts(session, requests)
    return [_asked(item, tests[item.row_id], searched[item.row_id]) for item in requests]


def _asked(found: Found, test: LocalTest, searched: str) -> Asked:
    return Asked(
        found=found,
        reference=test.public_id,
        signature=signature(to_matcher(test)),
        synonym=test.synonym,
        property_kind=test.property_kind,
        timing=test.timing,
        scale=test.scale,
        nabm=test.nabm,
        searched=searched,
    )


def national_file(
    transactions: Transactions,
    settings: Settings,
    user: User,
    access: CatalogueAccess | None,
    declared: Declared | None,
    file_format: FileFormat,
) -> RequestFile:
    """The national list of a catalogue, or of all the laboratories of a person; its making is recorded.

    `declared`: approved or decided ones only; None for both.
    """
    columns = columns_of(settings.national_request_columns)
    with transactions.reading() as session:
        if access is not None:
            whose = repository.of_catalogue(access.catalogue_id, blind_person(access))
        else:
            whose = repository.of_member(user.id or 0)
        asked = asked_of(session, whose, OPEN if declared is None else (declared,))
    header, rows = table_of(asked, columns)
    moment = utc_now()
    if file_format is FileFormat.CSV:
        content = csv_bytes(header, rows)
    else:
        content = xlsx_bytes("Demandes de code", header, rows, moment)
    place = f"catalogue_{access.catalogue_id}_" if access else ""
    name = f"demandes_de_code_{place}{stamp_day(moment)}.{file_format}"
    with transactions.writing() as session:
        _tell(session, user, access, name, "national", [item.found for item in asked])
    return RequestFile(name, content, _type_of(file_format))


def submission_lines(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, row_ids: Collection[int]
) -> list[tuple[Found, Line]]:
    """The lines for LOINC of these requests, in the order of their labels.

    To be called with no transaction open: the engine of the release is prepared. Raises NotFoundError for a row that is
    no request that this person may see, InvalidInputError for none or too many.
    """
    wanted = sorted(set(row_ids))
    if not wanted:
        raise InvalidInputError("Cochez au moins une demande.")
    if len(wanted) > AT_ONCE:
        raise InvalidInputError(f"{AT_ONCE} demandes au plus à la fois.")
    prepare_engine(transactions.engine, settings)
    with transactions.reading() as session:
        whose = repository.of_catalogue(access.catalogue_id, blind_person(access))
        found = repository.page_of(session, whose, declared=OPEN, rows=wanted, limit=AT_ONCE)
        tests = repository.rows_of(session, whose, [item.row_id for item in found])
        if len(found) != len(wanted):
            raise NotFoundError(GONE)
        release = current_release(session)
        return [
            (item, line_of(tests[item.row_id], understood(session, settings, release, tests[item.row_id])))
            for item in found
        ]


def submission_file(
    transactions: Transactions,
    settings: Settings,
    access: CatalogueAccess,
    row_ids: Collection[int],
    file_format: FileFormat,
) -> RequestFile:
    """The lines for LOINC of these requests as a file; its making is recorded."""
    access.require(*CONTRIBUTORS)
    lines = submission_lines(transactions, settings, access, row_ids)
    rows = [line.row for _, line in lines]
    moment = utc_now()
    if file_format is FileFormat.CSV:
        content = csv_bytes(HEADINGS, rows)
    else:
        content = xlsx_bytes("New terms", HEADINGS, rows, moment)
    name = f"loinc_new_terms_catalogue_{access.catalogue_id}_{stamp_day(moment)}.{file_format}"
    with transactions.writing() as session:
        _tell(session, access.user, access, name, "loinc", [item for item, _ in lines])
    return RequestFile(name, content, _type_of(file_format))


def _type_of(file_format: FileFormat) -> str:
    return CSV_TYPE if file_format is FileFormat.CSV else XLSX_TYPE


def _tell(
    session: Session, user: User, access: CatalogueAccess | None, name: str, kind: str, requests: Sequence[Found]
) -> None:
    """One event for each laboratory: its trail says which of its rows left in a file."""
    of = [access.laboratory_id] if access else sorted({item.laboratory_id for item in requests})
    for laboratory_id in of:
        mine = [item for item in requests if item.laboratory_id == laboratory_id]
        record(
            session, "code_request.export", actor=user, object_type="catalogue" if access else "laboratory",
            object_id=access.catalogue_id if access else laboratory_id, laboratory_id=laboratory_id, file=name,
            kind=kind, requests=len(mine), codes=[item.code for item in mine][:AT_ONCE],
        )  # fmt: skip
