"""What the files of a catalogue say of earlier codes, against the proposals of today."""

from sqlmodel import select

from app.earlier import jobs, repository
from app.models import EarlierUse, EarlierVerdict, LocalTest, SourceFile, SourceRow
from app.platform.database import reading, transaction
from tests.app.earlier.conftest import ROWS, Inherited


def test_each_earlier_code_is_compared_with_what_is_proposed(inherited: Inherited) -> None:
    assert inherited.verdicts() == {
        "NA": EarlierVerdict.SAME,
        "NAU": EarlierVerdict.CONTRADICTED,
        "CRP": EarlierVerdict.METHOD,
        "GLU": EarlierVerdict.UNREADABLE,
        "GLY": EarlierVerdict.UNREADABLE,
        "OLD": EarlierVerdict.DEPRECATED,
        "ABS": EarlierVerdict.ABSENT,
        "COM": EarlierVerdict.NO_CODE,
    }


def test_what_the_file_says_is_kept_as_it_says_it(inherited: Inherited) -> None:
    sodium = inherited.statements()["NA"]
    assert (sodium.loinc_num, sodium.written, sodium.repair) == ("2951-2", "2951‑2", "form")
    assert (sodium.relation, sodium.comment) == ("équivalent", "vérifié au 2e passage")
    assert (sodium.author, sodium.dated) == ("Dr Anne Roy", "12/03/2021")
    assert (sodium.source_name, sodium.row_number) == ("ancien_catalogue.csv", 2)
    assert sodium.taken_as == EarlierUse.NONE, "nothing is made of it before a person says so"
    urine = inherited.statements()["NAU"]
    assert urine.is_contradicted
    assert "system" in urine.differing


def test_comparing_again_changes_nothing_more(inherited: Inherited) -> None:
    before = {code: item.model_dump(exclude={"run_id"}) for code, item in inherited.statements().items()}
    inherited.run()
    inherited.run([inherited.test_id("NA")])
    after = {code: item.model_dump(exclude={"run_id"}) for code, item in inherited.statements().items()}
    assert after == before
    runs = {item.run_id for item in inherited.statements().values()}
    assert len(runs) == 1, "kept rows are compared with the new run, too"


def test_two_comparisons_that_meet_store_a_row_once(inherited: Inherited) -> None:
    values = {"local_test_id": inherited.test_id("NA"), "source_file_id": 1}
    with transaction(inherited.engine) as session:
        assert jobs._not_stored(session, [values]) == []
        assert jobs._not_stored(session, [values | {"source_file_id": 2}]) != []


def test_a_newer_export_that_says_another_code_is_another_statement(inherited: Inherited) -> None:
    before = inherited.statements()["CRP"]
    changed = [row if row[0] != "CRP" else (*row[:4], "1988-5", *row[5:]) for row in ROWS]
    with transaction(inherited.engine) as session:
        assert before.id is not None
        repository.mark(session, [before.id], {"taken_as": EarlierUse.TO_CONFIRM.value})
        row = session.exec(select(SourceRow).join(LocalTest).where(LocalTest.id == before.local_test_id)).one()
        newer = SourceFile(
            catalogue_id=inherited.catalogue_id, kind="TABULAR", file_name="nouveau.csv", sha256="b", content=b"",
            columns=session.get_one(SourceFile, row.source_file_id).columns,
        )  # fmt: skip
        session.add(newer)
        session.flush()
        assert newer.id is not None
        received = SourceRow(source_file_id=newer.id, row_number=4, cells=list(changed[2]))
        session.add(received)
        session.flush()
        session.get_one(LocalTest, before.local_test_id).source_row_id = received.id
    inherited.run()
    inherited.run()
    after = inherited.statements()["CRP"]
    assert (after.loinc_num, after.source_name, after.taken_as) == ("1988-5", "nouveau.csv", EarlierUse.NONE)
    assert after.verdict == EarlierVerdict.SAME
    with reading(inherited.engine) as session:
        said = repository.statements_on(session, inherited.test_id("CRP"))
    assert [item.taken_as for item in said] == [EarlierUse.NONE, EarlierUse.TO_CONFIRM], "hers is not taken away"
