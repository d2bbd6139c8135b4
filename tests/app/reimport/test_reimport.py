"""Newer exports: what they change, what stays, and that nothing is lost or doubled."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlmodel import select

from app.errors import ConflictError, NotAllowedError
from app.files.choices import IncomingFile
from app.models import (
    Action,
    AuditEvent,
    Catalogue,
    CatalogueChange,
    ChangeKind,
    FileKind,
    Job,
    Level,
    LocalTest,
    SourceFile,
    Status,
)
from app.platform.database import Transactions, reading, transaction
from app.platform.open_transactions import OpenTransactionError
from app.reimport.difference import UNCHANGED
from app.reimport.service import MovedCatalogueError, StaleDifferenceError, apply_update
from app.reimport.service import compared as compared_with
from app.reimport.substance import is_substantive
from app.review import service as review
from tests.app.catalogues.conftest import (
    ANALYSES,
    CHAPTERS,
    EXAMS,
    Importer,
    Rows,
    ans_file,
    csv_bytes,
    free_file,
    loinc_1,
    loinc_2,
    loinc_3,
    side_file,
)
from tests.app.reimport.updates import (
    compared,
    comparison_of,
    decide,
    facts_of,
    linked,
    plan_of,
    state_of,
    states_hold,
    update,
)
from tests.conftest import BIOLOGIST, READER, TRANSCODER, World
from tests.hypothesis_profiles import costly

NA, K, VS = ANALYSES
UNIT, SPECIMEN, TECHNIQUE, SCALE, LABEL = 5, 8, 10, 9, 1


def newer(rows: Rows, kind: FileKind = FileKind.LOINC_3) -> IncomingFile:
    return ans_file(kind, rows, name=f"{kind}_export_20261201.csv")


def changed(row: tuple[str, ...], column: int, value: str) -> tuple[str, ...]:
    return (*row[:column], value, *row[column + 1 :])


def test_what_a_newer_export_would_change_is_known_before_anything_is_written(importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    rows = [changed(NA, UNIT, "g/L"), K, ("CL", "Chlorure", *[""] * 10)]
    difference = compared(importer, catalogue, newer(rows))
    assert difference.counts == {"changed": 1, UNCHANGED: 1, "added": 1, "removed": 1}
    (sodium,) = [test for test in difference.tests if test.kind == ChangeKind.CHANGED]
    assert [(change.field, change.old, change.new) for change in sodium.changes] == [("unit", "mmol/L", "g/L")]
    assert not sodium.goes_back, "nothing was decided"
    assert len(importer.tests(catalogue)) == 3


def all_tests(importer: Importer, catalogue: int) -> list[dict[str, object]]:
    tests = [test for level in Level for test in importer.tests(catalogue, level)]
    return [test.model_dump(exclude={"source_row_id"}) for test in tests]


def test_the_same_file_again_changes_nothing(importer: Importer) -> None:
    catalogue = importer(loinc_1(), loinc_2(), loinc_3(), side_file()).catalogue_id
    before = all_tests(importer, catalogue)
    links = linked(importer, catalogue)
    report = update(importer, catalogue, loinc_1(), loinc_2(), loinc_3(), side_file())
    assert (report.added, report.changed, report.removed, report.returned, report.sent_back) == (0, 0, 0, 0, 0)
    assert all_tests(importer, catalogue) == before
    assert linked(importer, catalogue) == links
    with reading(importer.engine) as session:
        assert session.exec(select(CatalogueChange)).all() == []


def test_decisions_stay_with_unchanged_tests_and_leave_with_their_grounds(importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    sodium, potassium, speed = importer.tests(catalogue)
    decide(importer, sodium)
    decide(importer, potassium, "2823-3")
    decide(importer, speed, "30341-2", approve=False)
    report = update(importer, catalogue, newer([changed(NA, UNIT, "g/L"), K]))
    assert report.sentence == (
        "Mise à jour terminée : 1 modifiée, 1 retirée, 1 inchangée. 1 décision renvoyée en revue."
    )
    state = state_of(importer, sodium)
    assert (state.status, state.loinc_num, state.approved_by_id) == (Status.SENT_BACK, "2951-2", None)
    with reading(world.engine) as session:
        fact = facts_of(session, sodium.id or 0)[-1]
        assert (fact.action, fact.reason) == (Action.REIMPORT, "unité changée : mmol/L → g/L")
        assert fact.author_id == world.user_id(TRANSCODER)
    assert state_of(importer, potassium).status == Status.APPROVED
    assert state_of(importer, speed).status == Status.DECIDED
    gone = importer.test(catalogue, "VS")
    assert gone.is_retired
    assert gone.retired_at is not None
    assert importer.test(catalogue, "NA").unit == "g/L"
    assert states_hold(importer)


@pytest.mark.parametrize(
    ("column", "value", "goes_back"),
    [
        (UNIT, "g/L", True),
        (UNIT, "mmol/l", False),
        (UNIT, "", False),  # the code of the unit still says it
        (SPECIMEN, "Plasma", True),
        (SPECIMEN, "SERUM", False),
        (TECHNIQUE, "Photométrie de flamme", True),
        (SCALE, "ORD", True),
        (SCALE, "qn", False),
        (LABEL, "SODIUM", False),
        (LABEL, "Sodium urinaire", True),
        (2, "natrémie, Na+", False),
        (11, "1610", False),
        (6, "24H", True),
    ],
)
def test_only_a_change_of_substance_sends_back(importer: Importer, column: int, value: str, goes_back: bool) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    sodium = importer.test(catalogue, "NA")
    decide(importer, sodium)
    report = update(importer, catalogue, newer([changed(NA, column, value), K, VS]))
    assert (report.changed, report.sent_back) == (1, int(goes_back))
    assert state_of(importer, sodium).status == (Status.SENT_BACK if goes_back else Status.APPROVED)
    assert states_hold(importer)


def test_giga_is_not_gram() -> None:
    old = {"unit": "g/L", "unit_code": ""}
    assert is_substantive("unit", old, {"unit": "G/L", "unit_code": ""})
    assert not is_substantive("unit", old, {"unit": "g / l", "unit_code": ""})
    assert not is_substantive("unit", {"unit": "µmol/L", "unit_code": ""}, {"unit": "umol/l", "unit_code": ""})


def test_a_removed_test_may_come_back(importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    decide(importer, importer.test(catalogue, "VS"), "30341-2")
    update(importer, catalogue, newer([NA, K]))
    assert importer.test(catalogue, "VS").retired_at is not None
    report = update(importer, catalogue, newer([NA, K, VS]))
    assert (report.returned, report.added, report.sent_back) == (1, 0, 0)
    speed = importer.test(catalogue, "VS")
    assert (speed.is_retired, speed.retired_at) == (False, None)
    assert state_of(importer, speed).status == Status.APPROVED
    assert len(importer.tests(catalogue)) == 3


def test_tests_that_share_a_code_are_told_apart_by_unit_and_specimen(importer: Importer) -> None:
    first = "code;libelle;unite;milieu\nGLU;Glucose;g/L;Sang\nGLU;Glucose;mmol/L;Sang\nNA;Sodium;mmol/L;Sang\n"
    catalogue = importer(free_file(first)).catalogue_id
    grams, moles = [test for test in importer.tests(catalogue) if test.code == "GLU"]
    decide(importer, grams, "2345-7")
    decide(importer, moles, "14749-6")
    second = "code;libelle;unite;milieu\nGLU;Glucose;mmol/L;Sang\nGLU;Glucose;mmol/L;Urine\nNA;Sodium;mmol/L;Sang\n"
    report = update(importer, catalogue, free_file(second))
    assert (report.added, report.removed, report.changed) == (1, 1, 0)
    found = {(test.unit, test.specimen, test.retired_at is None) for test in importer.tests(catalogue)}
    assert found == {
        ("g/L", "Sang", False), ("mmol/L", "Sang", True), ("mmol/L", "Urine", True)
    }  # fmt: skip
    assert state_of(importer, moles).status == Status.APPROVED
    occurrences = sorted(test.occurrence for test in importer.tests(catalogue) if test.code == "GLU")
    assert occurrences == [0, 1, 2]


def test_a_column_that_the_newer_export_lacks_changes_nothing(importer: Importer) -> None:
    catalogue = importer(free_file("code;libelle;unite;technique\nNA;Sodium;mmol/L;ISE\n")).catalogue_id
    report = update(importer, catalogue, free_file("code;libelle;unite\nNA;Sodium;mmol/L\n"))
    assert report.unchanged == 1
    assert importer.test(catalogue, "NA").technique == "ISE"


def test_a_newer_export_may_be_of_another_kind(importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    rows = [
        ("Code", "Libellé", "Unité", "Milieu"), ("NA", "Sodium", "mmol/L", "Sérum"),
        ("K", "Potassium", "mmol/L", "Sérum"), ("VS", "Vitesse de sédimentation", "mm", "Sang"),
    ]  # fmt: skip
    text = csv_bytes(rows).decode()
    assert update(importer, catalogue, free_file(text)).unchanged == 3


def test_exams_follow_their_analyses(importer: Importer) -> None:
    catalogue = importer(loinc_1(), loinc_2(), loinc_3()).catalogue_id
    panel = importer.test(catalogue, "IONO", Level.EXAM)
    decide(importer, panel, "24326-1")
    rows = [EXAMS[0], ("IONO", "Ionogramme sanguin", "iono", "BIO", "ION", "Sérum", "1610", "VS", "VS"), EXAMS[2]]
    report = update(importer, catalogue, newer(rows, FileKind.LOINC_2))
    assert (report.changed, report.sent_back) == (1, 1)
    with reading(importer.engine) as session:
        assert facts_of(session, panel.id or 0)[-1].reason == "composition changée : NA, K → NA, VS"
    assert linked(importer, catalogue) == {("IONO", "NA", True), ("IONO", "VS", True), ("KALI", "K", True)}
    # The chapter of an analysis is that of its exam, also after the change.
    assert importer.test(catalogue, "VS").chapter == "Biochimie"
    assert importer.test(catalogue, "K").chapter == "Hématologie"


def test_a_renamed_chapter_is_renamed_everywhere(importer: Importer) -> None:
    catalogue = importer(loinc_1(), loinc_2(), loinc_3()).catalogue_id
    rows = [tuple("Chimie" if cell == "Biochimie" else cell for cell in row) for row in CHAPTERS]
    report = update(importer, catalogue, newer(rows, FileKind.LOINC_1))
    assert report.removed == report.added == 0
    assert importer.test(catalogue, "NA").chapter == "Chimie"
    assert importer.test(catalogue, "IONO", Level.EXAM).chapter == "Chimie"


def test_links_lead_to_the_analysis_in_use(importer: Importer) -> None:
    catalogue = importer(loinc_2(), loinc_3()).catalogue_id
    update(importer, catalogue, newer([NA, VS]))
    assert linked(importer, catalogue) == {("IONO", "NA", True), ("IONO", "K", False), ("KALI", "K", False)}
    # An exam all of whose analyses are gone is gone too, until one of them is back.
    assert importer.test(catalogue, "KALI", Level.EXAM).is_retired
    update(importer, catalogue, newer([NA, K, VS]))
    assert not importer.test(catalogue, "KALI", Level.EXAM).is_retired
    assert linked(importer, catalogue) == {("IONO", "NA", True), ("IONO", "K", True), ("KALI", "K", True)}


def test_newer_side_data(importer: Importer) -> None:
    catalogue = importer(loinc_3(), side_file()).catalogue_id
    content = csv_bytes([("Code analyse", "Volume annuel"), ("NA", "16000"), ("K", "12")])
    report = update(importer, catalogue, IncomingFile("donnees_annexes.csv", content))
    assert (report.changed, report.removed, report.sent_back) == (2, 0, 0)
    sodium, speed = importer.test(catalogue, "NA"), importer.test(catalogue, "VS")
    assert sodium.annual_volume == 16000
    assert (speed.is_subcontracted, speed.executing_laboratory) == (True, "Institut du Levant")


def test_the_history_of_files_and_changes_is_kept(importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    update(importer, catalogue, newer([changed(NA, UNIT, "g/L"), K]), email=BIOLOGIST)
    with reading(importer.engine) as session:
        names = session.exec(select(SourceFile.file_name).order_by(SourceFile.id)).all()
        assert names == ["LOINC_3_export_20261101.csv", "LOINC_3_export_20261201.csv"]
        changes = session.exec(select(CatalogueChange).order_by(CatalogueChange.id)).all()
        assert [(change.kind, change.field, change.old, change.new) for change in changes] == [
            ("changed", "unit", "mmol/L", "g/L"), ("removed", "", "", "")
        ]  # fmt: skip
        assert {change.author_id for change in changes} == {importer.world.user_id(BIOLOGIST)}
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "catalogue.reimport")).one()
        assert (event.details["changed"], event.details["removed"]) == (1, 1)


def test_what_the_user_did_not_see_is_not_written(importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    file = newer([changed(NA, UNIT, "g/L"), K, VS])
    digest = compared(importer, catalogue, file).digest
    decide(importer, importer.test(catalogue, "NA"))
    plan, comparison = comparison_of(importer, catalogue, file)
    with transaction(world.engine) as session:
        access = world.catalogue_access(TRANSCODER, session.get_one(Catalogue, catalogue))
        with pytest.raises(StaleDifferenceError):
            apply_update(session, access, plan, digest, comparison)
    assert importer.test(catalogue, "NA").unit == "mmol/L"


def test_what_was_written_since_the_comparison_is_noticed(importer: Importer, world: World) -> None:
    """The comparison is made with no transaction open: another person may decide meanwhile."""
    catalogue = importer(loinc_3()).catalogue_id
    plan, comparison = comparison_of(importer, catalogue, newer([changed(NA, UNIT, "g/L"), K, VS]))
    decide(importer, importer.test(catalogue, "NA"))
    with transaction(world.engine) as session:
        access = world.catalogue_access(TRANSCODER, session.get_one(Catalogue, catalogue))
        with pytest.raises(MovedCatalogueError):
            apply_update(session, access, plan, comparison.difference.digest, comparison)
    assert importer.test(catalogue, "NA").unit == "mmol/L"


def test_files_are_never_compared_while_a_transaction_is_open(importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    with reading(world.engine) as session:
        plan = plan_of(session, catalogue, [newer([changed(NA, UNIT, "g/L"), K, VS])])
        session.connection()
        with pytest.raises(OpenTransactionError):
            compared_with(Transactions(world.engine), catalogue, plan)


def test_a_reader_updates_nothing(importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    decide(importer, importer.test(catalogue, "NA"))
    with pytest.raises(NotAllowedError):
        update(importer, catalogue, newer([changed(NA, UNIT, "g/L"), K, VS]), email=READER)
    assert importer.test(catalogue, "NA").unit == "mmol/L"


def test_what_an_export_sent_back_is_decided_again_not_undone(importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    sodium = importer.test(catalogue, "NA")
    decide(importer, sodium)
    update(importer, catalogue, newer([changed(NA, UNIT, "g/L"), K, VS]), email=BIOLOGIST)
    with transaction(world.engine) as session:
        access = world.catalogue_access(BIOLOGIST, session.get_one(Catalogue, catalogue))
        with pytest.raises(ConflictError):
            review.undo(session, access, sodium.id or 0, 3)


def test_proposals_are_asked_for_what_changed(importer: Importer, world: World) -> None:
    from app.jobs.queue import JobQueue
    from app.settings import Settings

    catalogue = importer(loinc_2(), loinc_3()).catalogue_id
    file = newer([changed(NA, UNIT, "g/L"), K, VS, ("CL", "Chlorure", *[""] * 10)])
    plan, comparison = comparison_of(importer, catalogue, file)
    settings_ = Settings(data_dir=world.engine.url.database.rsplit("/", 1)[0], run_jobs_in_server=False)
    with transaction(world.engine) as session:
        access = world.catalogue_access(TRANSCODER, session.get_one(Catalogue, catalogue))
        queue = JobQueue(settings_, world.engine)
        apply_update(session, access, plan, comparison.difference.digest, comparison, queue)
    wanted = {
        importer.test(catalogue, "NA").id, importer.test(catalogue, "CL").id,
        importer.test(catalogue, "IONO", Level.EXAM).id,
    }  # fmt: skip
    with reading(world.engine) as session:
        job = session.exec(select(Job).where(Job.kind == "proposals")).one()
        assert set(job.payload["only"]) == wanted


CODES = st.sampled_from(["A", "B", "C"])
UNITS = st.sampled_from(["g/L", "mmol/L", ""])
EXPORT = st.lists(st.tuples(CODES, UNITS), unique=True, min_size=1, max_size=6)


def _file(rows: list[tuple[str, str]]) -> IncomingFile:
    return free_file("code;libelle;unite\n" + "".join(f"{code};Analyse {code};{unit}\n" for code, unit in rows))


@costly(4, HealthCheck.function_scoped_fixture)
@given(exports=st.lists(EXPORT, min_size=2, max_size=4))
def test_nothing_is_ever_lost_or_doubled(importer: Importer, exports: list[list[tuple[str, str]]]) -> None:
    with reading(importer.engine) as session:
        name = f"Essai {len(session.exec(select(Catalogue)).all())}"
    catalogue = importer(_file(exports[0]), name=name).catalogue_id
    known = {test.id for test in importer.tests(catalogue)}
    for test in importer.tests(catalogue)[::2]:
        decide(importer, test)
    for rows in exports[1:]:
        update(importer, catalogue, _file(rows))
        tests = importer.tests(catalogue)
        assert known <= {test.id for test in tests}
        known = {test.id for test in tests}
        in_use = sorted((test.code, test.unit) for test in tests if test.retired_at is None)
        assert in_use == sorted(rows)
        assert compared(importer, catalogue, _file(rows)).counts == {UNCHANGED: len(rows)}
    assert states_hold(importer)


def test_a_removed_test_is_not_counted_as_coming_from_the_laboratory(importer: Importer) -> None:
    catalogue = importer(loinc_3(), side_file()).catalogue_id
    assert importer.test(catalogue, "VS").is_retired, "said by the side data"
    update(importer, catalogue, newer([NA, K, VS]))
    assert importer.test(catalogue, "VS").is_retired
    assert importer.test(catalogue, "VS").retired_at is None
    assert isinstance(importer.test(catalogue, "VS"), LocalTest)
