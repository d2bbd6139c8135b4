"""Importing catalogue files: read everything, refuse or write everything."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app.audit.service import record
from app.catalogues import repository
from app.catalogues.linking import link_catalogue
from app.catalogues.plan import ImportPlan, PlannedTest, make_plan
from app.catalogues.schemas import ImportReport
from app.errors import ImportRefusedError, InputProblem, InvalidInputError, NotFoundError
from app.files import limits
from app.files.choices import IncomingFile
from app.files.kinds import SECTIONS, WITH_ANALYSES
from app.files.left_rows import what_was_chosen
from app.files.reading import ReadFile, read_file, refuse_if
from app.models import CONTRIBUTORS, Catalogue, FileKind, Laboratory, Level, SourceFile, User
from app.patient_guard.refusal import Refusals
from app.platform.progress import Progress, untold
from app.text import counted

if TYPE_CHECKING:
    from app.catalogues.side_data import SideTable
    from app.catalogues.staging import Staged

IMPORT_JOB = "import"
MAY_IMPORT = CONTRIBUTORS
DEFAULT_MAX_BYTES = 20_000_000
KIND_LABELS = {
    FileKind.LOINC_1: "LOINC_1 (chapitres)",
    FileKind.LOINC_2: "LOINC_2 (examens prescriptibles)",
    FileKind.LOINC_3: "LOINC_3 (analyses)",
    FileKind.TABULAR: "catalogue d'analyses (tableau libre)",
    FileKind.SIDE_DATA: "données annexes",
    FileKind.FHIR: "catalogue FHIR",
}


def refuse_too_many(files: Sequence[Any]) -> None:
    """Refuse an import of no file, or of more than an import ever needs."""
    if not files:
        raise InvalidInputError("Choisissez au moins un fichier.")
    if len(files) > limits.MAX_FILES:
        raise InvalidInputError(f"Pas plus de {limits.MAX_FILES} fichiers à la fois.")


def read_files(
    files: Sequence[IncomingFile],
    max_bytes: int = DEFAULT_MAX_BYTES,
    progress: Progress = untold,
    reader: Callable[[IncomingFile, int], ReadFile] = read_file,
) -> list[ReadFile]:
    """Read every file; raises ImportRefusedError with the problems of all of them."""
    refuse_too_many(files)
    read: list[ReadFile] = []
    refused = Refusals()
    for number, incoming in enumerate(files):
        progress(number, len(files) + 1, f"Lecture de {incoming.name}")
        try:
            read.append(reader(incoming, max_bytes))
        except ImportRefusedError as error:
            refused.add(error)
    refused.raise_any()
    return read


@dataclass(frozen=True, slots=True)
class Held:
    """What a catalogue holds already, as far as an import into it must know."""

    kinds: dict[str, str]
    """Kind of file -> name of the file."""
    analysis_codes: frozenset[str]


NOTHING_HELD = Held({}, frozenset())


def held_by(session: Session, catalogue_id: int | None) -> Held:
    """What this catalogue holds; nothing for a new one."""
    if catalogue_id is None:
        return NOTHING_HELD
    codes = repository.test_ids_by_code(session, catalogue_id, Level.ANALYSIS)
    return Held(repository.kinds_of(session, catalogue_id), frozenset(codes))


def plan_import(
    session: Session, files: Sequence[ReadFile], catalogue_id: int | None, *, may_update: bool = False
) -> ImportPlan:
    """What the files will write into a catalogue, see `plan_into`."""
    return plan_into(held_by(session, catalogue_id), files, may_update=may_update)


def plan_into(held: Held, files: Sequence[ReadFile], *, may_update: bool = False) -> ImportPlan:
    """What the files will write into a catalogue that holds this. Problems are gathered in the plan.

    A file that brings what the catalogue already holds is refused, unless `may_update`: it is then a newer
    export, and the plan says so (`updates`).
    """
    again = [file for file in files if _held_again(file.kind, held.kinds)]
    if not may_update:
        for file in again:
            _refuse_again(file, held.kinds)
    for file in again:
        if file.left_rows and may_update:
            file.problem(
                "un nouvel export ne laisse aucune ligne de côté : ses analyses paraîtraient retirées. Corrigez ces "
                "lignes dans le fichier."
            )
    plan = make_plan(files)
    plan.updates = bool(again) and may_update
    if plan.side_data and not plan.problems:
        _check_side_codes(plan, plan.side_data, held.analysis_codes)
    return plan


def _held_again(kind: FileKind, held: dict[str, str]) -> list[str]:
    """The kinds of file of a catalogue that bring the same as this kind."""
    fhir = kind is FileKind.FHIR or FileKind.FHIR in held
    side = kind is FileKind.SIDE_DATA
    return [
        name
        for name in held
        if name == kind
        or (kind in WITH_ANALYSES and name in WITH_ANALYSES)
        or (fhir and not side and name != FileKind.SIDE_DATA and FileKind.FHIR in (kind, name))
    ]


def _refuse_again(file: ReadFile, held: dict[str, str]) -> None:
    """Without being asked to, an import never changes what a catalogue holds."""
    same = _held_again(file.kind, held)[0]
    file.problem(
        f"ce catalogue contient déjà un fichier {KIND_LABELS[FileKind(same)]} : « {held[same]} ». "
        "Comparez-le d'abord avec ce nouvel export (mise à jour), ou importez-le dans un nouveau catalogue."
    )


def _check_side_codes(plan: ImportPlan, side_data: "SideTable", held: frozenset[str]) -> None:
    known = held | {test.code for test in plan.tests if test.level is Level.ANALYSIS}
    unknown = side_data.unknown_codes(known)
    if unknown and len(unknown) == len(side_data):
        message = "aucun code de ces données annexes n'est celui d'une analyse du catalogue."
        plan.problems.append(InputProblem(side_data.file_name, message))
    elif unknown:
        shown = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
        codes = counted(len(unknown), "code inconnu", "codes inconnus")
        plan.warnings.append(f"Données annexes : {codes} du catalogue ({shown}).")


def catalogue_and_laboratory(session: Session, catalogue_id: int) -> tuple[Laboratory, Catalogue]:
    """A catalogue and its laboratory, for the command line, which has no signed-in person; raises NotFoundError."""
    catalogue = session.get(Catalogue, catalogue_id)
    laboratory = session.get(Laboratory, catalogue.laboratory_id) if catalogue else None
    if catalogue is None or laboratory is None or catalogue.staged_for_job_id is not None:
        raise NotFoundError(f"Le catalogue {catalogue_id} n'existe pas.")
    return laboratory, catalogue


def create_catalogue(session: Session, laboratory_id: int, name: str, actor: User | None) -> Catalogue:
    """A new, empty catalogue."""
    name = " ".join(name.split())
    if not name:
        raise InvalidInputError("Donnez un nom au catalogue.")
    if len(name) > 200:
        raise InvalidInputError("Le nom du catalogue dépasse 200 caractères.")
    if repository.find_catalogue(session, laboratory_id, name) is not None:
        raise InvalidInputError(f"Ce laboratoire a déjà un catalogue nommé « {name} ».")
    catalogue = Catalogue(laboratory_id=laboratory_id, name=name, created_by_id=actor.id if actor else None)
    session.add(catalogue)
    session.flush()
    record(
        session,
        "catalogue.create",
        actor=actor,
        object_type="catalogue",
        object_id=catalogue.id,
        laboratory_id=laboratory_id,
        name=name,
    )
    return catalogue


def import_files(
    session: Session,
    laboratory_id: int,
    files: Sequence[IncomingFile],
    *,
    catalogue_id: int | None = None,
    catalogue_name: str = "",
    actor: User | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> ImportReport:
    """Import files into a catalogue, or into a new one named `catalogue_name`, in the session's transaction.

    Raises ImportRefusedError, before anything is written, when any file has any problem.
    """
    plan = plan_import(session, read_files(files, max_bytes), catalogue_id)
    refuse_if(plan.refusals)
    return write_plan(session, laboratory_id, plan, catalogue_id, catalogue_name, actor)


def write_plan(
    session: Session,
    laboratory_id: int,
    plan: ImportPlan,
    catalogue_id: int | None,
    catalogue_name: str,
    actor: User | None,
    staged: "Staged | None" = None,
) -> ImportReport:
    """Write a plan without problems, or show what of it is stored already."""
    catalogue = (
        session.get(Catalogue, catalogue_id)
        if catalogue_id is not None
        else create_catalogue(session, laboratory_id, catalogue_name, actor)
    )
    if catalogue is None or catalogue.id is None or catalogue.laboratory_id != laboratory_id:
        raise NotFoundError("Ce catalogue n'existe pas dans ce laboratoire.")
    if staged is None:
        rows = [write_file(session, catalogue.id, file, actor) for file in plan.files]
        repository.insert_tests(session, (test_values(catalogue.id, test, rows) for test in plan.tests))
        exams = repository.test_ids_by_code(session, catalogue.id, Level.EXAM) if plan.links else {}
        repository.insert_links(session, link_values(plan, exams))
    else:
        staged.show(session, catalogue.id)
    if staged is None or not staged.is_linked:
        if plan.side_data:
            _write_side_data(session, catalogue.id, plan.side_data)
        link_catalogue(session, catalogue.id)
        repository.add_missing_review_states(session, catalogue.id)
    report = ImportReport(
        catalogue.id,
        catalogue.name,
        tuple(file.name for file in plan.files),
        sum(len(file.table.data) for file in plan.files),
        plan.count(Level.ANALYSIS),
        plan.count(Level.EXAM),
        plan.count(*SECTIONS),
        tuple(plan.warnings),
    )
    _record_import(session, laboratory_id, plan, report, actor)
    return report


def link_values(plan: ImportPlan, exams: Mapping[str, Sequence[int]]) -> Iterator[dict[str, Any]]:
    """The columns of the links of a plan; `exams` gives the identifiers of each code of exam."""
    for link in plan.links:
        yield {
            "exam_id": exams[link.exam_code][0],
            "analysis_code": link.analysis_code,
            "analysis_label": link.analysis_label,
        }


def write_file(session: Session, catalogue_id: int, file: ReadFile, actor: User | None) -> dict[int, int]:
    """Store a file and all its rows; returns the identifier of each row number."""
    source = received_file(catalogue_id, file, actor.id if actor else None)
    session.add(source)
    session.flush()
    assert source.id is not None
    return repository.insert_source_rows(session, source.id, file_rows(file))


def file_rows(file: ReadFile) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(row number, cells) of each row of a file."""
    return ((row.row_number, row.cells) for row in file.table.rows)


def received_file(catalogue_id: int, file: ReadFile, imported_by_id: int | None) -> SourceFile:
    """A file as it is stored, without its rows."""
    return SourceFile(
        catalogue_id=catalogue_id,
        kind=file.kind,
        file_name=file.name,
        sha256=hashlib.sha256(file.incoming.content).hexdigest(),
        content=file.incoming.content,
        dialect=file.table.dialect.to_json()
        | what_was_chosen(file),
        columns=file.columns,
        row_count=len(file.table.data),
        imported_by_id=imported_by_id,
    )


def test_values(catalogue_id: int, test: PlannedTest, rows: list[dict[int, int]]) -> dict[str, Any]:
    """The columns of a planned test; `rows` gives, for each file, the identifier of each row number."""
    values = {
        "synonym": "", "property_kind": "", "unit_code": "", "unit": "", "timing": "", "specimen_code": "",
        "specimen": "", "scale": "", "technique": "", "nabm": "", "chapter_code": "", "subchapter_code": "",
        "chapter": "", "executing_laboratory": "", "reference_range": "", "results": "", "exam": "",
    }  # fmt: skip
    return {
        **values,
        **test.values,
        "catalogue_id": catalogue_id,
        "source_row_id": rows[test.file_index][test.row_number],
        "position": test.position,
        "level": test.level.value,
        "code": test.code,
        "occurrence": test.occurrence,
        "is_subcontracted": test.is_subcontracted,
        "is_retired": test.is_retired,
        "annual_volume": test.annual_volume,
    }


def _write_side_data(session: Session, catalogue_id: int, side_data: "SideTable") -> None:
    for changes in side_changes(session, catalogue_id, side_data):
        repository.update_tests(session, changes)


def side_changes(session: Session, catalogue_id: int, side_data: "SideTable") -> list[list[dict[str, Any]]]:
    """What completes the analyses, by groups of the same columns; what the side file leaves empty is left as it is."""
    ids = repository.test_ids_by_code(session, catalogue_id, Level.ANALYSIS)
    told = side_data.told((test_id, code) for code, test_ids in ids.items() for test_id in test_ids)
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for test_id, values in told.items():
        by_columns.setdefault(tuple(values), []).append({"id": test_id, **values})
    return list(by_columns.values())


def _record_import(
    session: Session, laboratory_id: int, plan: ImportPlan, report: ImportReport, actor: User | None
) -> None:
    files = [
        {
            "name": file.name,
            "kind": file.kind.value,
            "sha256": hashlib.sha256(file.incoming.content).hexdigest(),
            "rows": len(file.table.data),
        }
        for file in plan.files
    ]
    record(
        session,
        "catalogue.import",
        actor=actor,
        object_type="catalogue",
        object_id=report.catalogue_id,
        laboratory_id=laboratory_id,
        files=files,
        analyses=report.analyses,
        exams=report.exams,
        chapters=report.chapters,
        warnings=list(report.warnings),
    )
