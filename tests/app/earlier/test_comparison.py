"""What the files of a catalogue say of earlier codes, against the proposals of today."""

from app.models import EarlierUse, EarlierVerdict
from tests.app.earlier.conftest import Inherited


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
