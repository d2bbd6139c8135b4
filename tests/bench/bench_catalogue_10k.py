"""How long a large catalogue takes in and out: `python -m tests.bench.bench_catalogue_10k [analyses]`.

Imports a made-up catalogue (LOINC_1, LOINC_2, LOINC_3 and side data), approves every analysis, compares and applies
a newer export of it, and writes each export format. Each step runs in a process of its own, so that the peak memory
shown is its own.
"""

import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from sqlmodel import Session, SQLModel, select

import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.catalogues.service import import_files, plan_import, read_files
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, make_export
from app.files.choices import IncomingFile
from app.models import (
    Action,
    Catalogue,
    Decision,
    FileKind,
    Laboratory,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Membership,
    ReviewState,
    Role,
    User,
)
from app.platform.database import Transactions, make_engine, reading, transaction
from app.platform.identity import CatalogueAccess
from app.reimport.service import apply_update
from app.reimport.service import compared as compared_with
from app.settings import Settings
from loinc_data.tables import STARTER_VERSION, load_starter_terms
from tests.app.catalogues.fixtures import headed, text
from tests.app.files.workbooks import xlsx

ANALYSES = 10_000
UNITS = ("mmol/L", "g/L", "UI/L", "%", "mg/24h", "µmol/L")
SPECIMENS = (("SE", "Sérum"), ("PL", "Plasma"), ("UR", "Urines"), ("SG", "Sang total"))


def rows_of(count: int) -> dict[str, list[tuple[str, ...]]]:
    """Chapters, exams and analyses of a catalogue of this size."""
    names = [term.component for term in load_starter_terms()]
    analyses, exams = [], []
    for number in range(count):
        specimen = SPECIMENS[number % 4]
        label = f"{names[number % len(names)]} {number}"
        code = f"A{number:05d}"
        analyses.append(
            (code, label, f"syn {number}", "", f"U{number % 6}", UNITS[number % 6], "PT", *specimen, "QN",
             "Technique usuelle", f"{number % 9000 + 100:04d}")
        )  # fmt: skip
        exam = f"E{number // 3:05d}"
        exams.append((exam, f"Examen {number // 3}", "", f"C{number % 40 // 3:02d}", "", specimen[1], "", code, label))
    chapters = [(f"C{number:02d}", f"Chapitre {number}", "", "") for number in range(14)]
    # The chapter of an exam is that of its first row.
    first: dict[str, tuple[str, ...]] = {}
    exams = [(*row[:3], *first.setdefault(row[0], row)[3:6], *row[6:]) for row in exams]
    return {"LOINC_1": chapters, "LOINC_2": exams, "LOINC_3": analyses}


def files_of(count: int, *, newer: bool = False) -> list[IncomingFile]:
    """The files of the catalogue; a newer export changes one unit in ten, drops and adds one analysis in a hundred."""
    rows = rows_of(count)
    if newer:
        analyses = [row for number, row in enumerate(rows["LOINC_3"]) if number % 100]
        analyses = [(*row[:5], "nmol/L", *row[6:]) if not n % 10 else row for n, row in enumerate(analyses)]
        rows["LOINC_3"] = analyses + [(f"N{number:05d}", *row[1:]) for number, row in enumerate(analyses[::100])]
    return [
        IncomingFile(f"{kind}_export.csv", text(headed(FileKind(kind), lines), encoding="cp1252"))
        for kind, lines in rows.items()
    ]


def settings_of(folder: Path) -> Settings:
    """The settings of the throw-away installation."""
    return Settings(data_dir=folder, run_jobs_in_server=False)


def prepare(folder: Path) -> None:
    """An empty installation with the starter terms, a laboratory and a biologist."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    SQLModel.metadata.create_all(engine)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire d'essai", finess="750000001")
        user = User(email="essai@exemple.fr", display_name="Essai", password_hash="!")
        release = LoincRelease(version=STARTER_VERSION, kind="starter", is_current=True, status="ready")
        session.add_all([laboratory, user, release])
        session.flush()
        session.add(Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=Role.BIOLOGIST))
        for term in load_starter_terms():
            session.add(
                LoincTerm(
                    release_id=release.id or 0, loinc_num=term.loinc_num, component=term.component,
                    property=term.property, time_aspct=term.time_aspct, system=term.system,
                    scale_typ=term.scale_typ, long_common_name=term.long_common_name, status="ACTIVE",
                )
            )  # fmt: skip
    engine.dispose()


def imported(folder: Path, count: int) -> int:
    """Import the catalogue; returns its bytes."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    files = files_of(count)
    with transaction(engine) as session:
        import_files(session, 1, files, catalogue_name="Grand catalogue")
    return sum(len(file.content) for file in files)


def imported_free(folder: Path, count: int) -> int:
    """Import 20,000 rows of a workbook."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    rows = rows_of(2 * count)["LOINC_3"]
    content = xlsx({"Analyses": [("Code", "Libellé", "Unité", "Milieu"), *((r[0], r[1], r[5], r[8]) for r in rows)]})
    with transaction(engine) as session:
        import_files(session, 1, [IncomingFile("grand.xlsx", content)], catalogue_name="Classeur")
    return len(content)


def approve_all(folder: Path, _count: int) -> int:
    """Give every analysis an approved code, as facts."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    numbers = [term.loinc_num for term in load_starter_terms()]
    with transaction(engine) as session:
        other = User(email="autre@exemple.fr", display_name="Autre", password_hash="!")
        session.add(other)
        session.flush()
        statement = select(LocalTest.id).where(LocalTest.catalogue_id == 1, LocalTest.level == Level.ANALYSIS)
        ids = [test_id for test_id in session.exec(statement) if test_id is not None]
        for position, test_id in enumerate(ids):
            number = numbers[position % len(numbers)]
            choice = Decision(
                local_test_id=test_id, action=Action.CHOOSE, loinc_num=number, relation="equivalent", release_id=1,
                author_id=other.id or 0, author_role=Role.TRANSCODER,
            )  # fmt: skip
            approval = Decision(
                local_test_id=test_id, action=Action.APPROVE, author_id=1, author_role=Role.BIOLOGIST, release_id=1
            )
            session.add_all([choice, approval])
            session.flush()
            state = session.get_one(ReviewState, test_id)
            state.status, state.outcome, state.loinc_num, state.version = "approved", "code", number, 2
            state.decision_id, state.approval_id = choice.id, approval.id
            state.decided_by_id, state.approved_by_id = other.id, 1
    return len(ids)


def compared(folder: Path, count: int) -> int:
    """Compare a newer export with the catalogue."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    read = read_files(files_of(count, newer=True))
    with reading(engine) as session:
        plan = plan_import(session, read, 1, may_update=True)
    return len(compared_with(Transactions(engine), 1, plan).difference.sent_back)


def _access(session: Session) -> CatalogueAccess:
    return CatalogueAccess(
        session.get_one(User, 1), session.get_one(Laboratory, 1), Role.BIOLOGIST, session.get_one(Catalogue, 1)
    )


def updated(folder: Path, count: int) -> int:
    """Apply it; one decision in ten goes back to review."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    read = read_files(files_of(count, newer=True))
    with reading(engine) as session:
        plan = plan_import(session, read, 1, may_update=True)
    comparison = compared_with(Transactions(engine), 1, plan)
    with transaction(engine) as session:
        return apply_update(session, _access(session), plan, comparison.difference.digest, comparison).sent_back


def exported(kind: ExportKind) -> Callable[[Path, int], int]:
    """Write one format; returns its bytes."""

    def run(folder: Path, _count: int) -> int:
        settings = settings_of(folder)
        engine = make_engine(settings.resolved_database_url)
        transactions = Transactions(engine)
        with transactions.reading() as session:
            access = _access(session)
        request = ExportRequest(kind)
        file, _record = make_export(transactions, settings, access.laboratory, access.catalogue, request, access.user)
        return len(file.content)

    return run


def steps() -> Iterator[tuple[str, Callable[[Path, int], int], str]]:
    """(title, what runs, what its number counts)."""
    yield "Import LOINC_1, 2 et 3", imported, "octets"
    yield "Import d'un XLSX deux fois plus long", imported_free, "octets"
    yield "Approbation de tout", approve_all, "faits doubles"
    for kind in ExportKind:
        yield f"Export {kind.value}", exported(kind), "octets"
    yield "Comparaison avec un nouvel export", compared, "à renvoyer"
    yield "Mise à jour du catalogue", updated, "renvoyées"


def measured(position: int, folder: Path, count: int) -> tuple[float, float, int]:
    """Seconds, peak megabytes and the number of one step."""
    _title, run, _unit = list(steps())[position]
    started = time.perf_counter()
    number = run(folder, count)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, number


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANALYSES
    out = io.StringIO()
    out.write(f"Catalogue de {count} analyses et {count // 3 + 1} examens, toutes approuvées\n")
    out.write(f"{'Étape':<40}{'secondes':>10}{'Mo au plus':>12}{'compte':>14}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        context = get_context("spawn")
        for position, (title, _run, unit) in enumerate(steps()):
            # A process for each step: the peak of one does not hide that of the next.
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                seconds, peak, number = pool.submit(measured, position, folder, count).result()
            out.write(f"{title:<40}{seconds:>10.2f}{peak:>12.0f}{number:>14} {unit}\n")
    sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
