"""A newer export of a catalogue brings newer LOINC codes: they are kept and compared, whatever else changed."""

from sqlmodel import select

from app.catalogues.service import plan_import, read_files
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.models import Catalogue, EarlierUse, EarlierVerdict, Job
from app.platform.database import Transactions, reading, transaction
from app.reimport.service import UpdateReport, apply_update, compared
from tests.app.earlier.conftest import HEADINGS, ROWS, Inherited, as_csv
from tests.conftest import TRANSCODER

NEWER = tuple(
    (*row[:4], {"NAU": "2955-3", "RIEN": "2951-2", "CRP": ""}.get(row[0], row[4]), *row[5:]) for row in ROWS
)


def update(inherited: Inherited, content: bytes, name: str = "nouvel_export.csv") -> UpdateReport:
    """Import a newer export as its job does."""
    transactions = Transactions(inherited.engine)
    with reading(inherited.engine) as session:
        files = read_files([IncomingFile(name, content)])
        plan = plan_import(session, files, inherited.catalogue_id, may_update=True)
        assert plan.updates
    comparison = compared(transactions, inherited.catalogue_id, plan)
    with transaction(inherited.engine) as session:
        access = inherited.world.catalogue_access(TRANSCODER, session.get_one(Catalogue, inherited.catalogue_id))
        queue = JobQueue(inherited.settings, inherited.engine)
        return apply_update(session, access, plan, comparison.digest, comparison, queue)


def comparisons_asked(inherited: Inherited) -> int:
    with reading(inherited.engine) as session:
        return len(session.exec(select(Job).where(Job.kind == "earlier")).all())


def test_codes_are_compared_again_where_nothing_else_changed(inherited: Inherited) -> None:
    assert inherited.statements()["NAU"].loinc_num == "2951-2"
    report = update(inherited, as_csv(NEWER))
    assert (report.changed, report.unchanged) == (0, len(ROWS))
    assert "Antérieur" in report.sentence
    assert comparisons_asked(inherited) == 1
    found = inherited.statements()
    assert (found["NAU"].loinc_num, found["NAU"].source_name) == ("2955-3", "nouvel_export.csv")
    assert found["NAU"].verdict == EarlierVerdict.SAME
    assert found["RIEN"].loinc_num == "2951-2"
    assert "CRP" not in found, "its file says nothing of it any more"


def test_an_export_without_codes_takes_no_earlier_work_away(inherited: Inherited) -> None:
    before = {code: item.loinc_num for code, item in inherited.statements().items()}
    bare = as_csv([row[:4] for row in ROWS], ";".join(HEADINGS.split(";")[:4]))
    report = update(inherited, bare)
    assert "Antérieur" not in report.sentence
    assert comparisons_asked(inherited) == 0
    inherited.run()
    assert {code: item.loinc_num for code, item in inherited.statements().items()} == before
    assert {item.taken_as for item in inherited.statements().values()} == {EarlierUse.NONE}
