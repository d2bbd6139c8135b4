"""Reports in CDA: what is a result and what is none, its codes, its unit and its chapter."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.emitted.cda import read_cda
from app.emitted.observed import CodeSystems, ObservedReport, ObservedResult
from tests.app.emitted.cda_documents import (
    ATTACHED,
    CHEMISTRY,
    GLUCOSE,
    HAEMATOLOGY,
    LAB_OBSERVATION,
    LOCAL,
    MICROBIOLOGY,
    NABM,
    POTASSIUM,
    SNOMED,
    SODIUM,
    WAITING,
    act,
    battery,
    chapter,
    code,
    observation,
    quantity,
    related,
    report,
)

PUBLIC = Path(os.environ.get("EMITTED_REPORTS", ""))
"""Where the public examples of the ANS are, for whoever has them."""


def results(*inner: str) -> tuple[ObservedResult, ...]:
    """The results of an act of chemistry that holds this."""
    return report(chapter(act(*inner))).results


def one(coded: str, value: str = quantity()) -> ObservedResult:
    (found,) = results(observation(coded, value))
    return found


def test_a_result_carries_its_code_its_unit_and_its_chapter() -> None:
    assert one(code(SODIUM)) == ObservedResult((SODIUM,), (), "mmol/L", CHEMISTRY)


@pytest.mark.parametrize(
    ("coded", "loinc", "local", "waits"),
    [
        (code("NA", LOCAL), (), ("NA",), False),
        (code(SODIUM, inner=code("NA", LOCAL, tag="translation")), (SODIUM,), ("NA",), False),
        (code("NA", LOCAL, code(SODIUM, tag="translation")), (SODIUM,), ("NA",), False),
        (f'<code nullFlavor="UNK">{code("NA", LOCAL, tag="translation")}</code>', (), ("NA",), False),
        (f'<code>{code("NA", LOCAL, tag="translation")}</code>', (), ("NA",), False),
        (code(SODIUM, inner=code(POTASSIUM, tag="translation")), (SODIUM, POTASSIUM), (), False),
        (code(SODIUM, inner=code("NA", LOCAL, code("NA2", LOCAL, tag="translation"), "translation")), (SODIUM,),
         ("NA", "NA2"), False),
        (code("A-123", WAITING, code("NA", LOCAL, tag="translation")), (), ("NA",), True),
        (code("1806", NABM), (), (), False),
        (code("39972003", SNOMED), (), (), False),
        ('<code code="NA"/>', (), ("NA",), False),
        ('<code code="2951-2" codeSystemName="LOINC"/>', (SODIUM,), (), False),
        (code(SODIUM, "http://loinc.org"), (SODIUM,), (), False),
        (code(SODIUM, "urn:oid:2.16.840.1.113883.6.1"), (SODIUM,), (), False),
        ('<code code="39972003" codeSystemName="SNOMED CT"/>', (), (), False),
        ('<code code="NA" codeSystemName="Table du laboratoire"/>', (), ("NA",), False),
        (code(SODIUM, inner=code("1806", NABM, code("NA", LOCAL, tag="translation"), "translation")), (SODIUM,),
         ("NA",), False),
        ('<code nullFlavor="NI"/>', (), (), False),
        (code("  2951-2 "), (SODIUM,), (), False),
    ],
)  # fmt: skip
def test_codes_are_told_apart_by_their_system(
    coded: str, loinc: tuple[str, ...], local: tuple[str, ...], waits: bool
) -> None:
    found = one(coded)
    assert (found.loinc, found.local, found.has_waiting_code) == (loinc, local, waits)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (quantity(unit="g/L"), "g/L"),
        (quantity(unit="1"), ""),
        ('<value xsi:type="PQ" value="3"/>', ""),
        ('<value xsi:type="IVL_PQ"><high value="1.0" unit="mg/L" inclusive="true"/></value>', "mg/L"),
        ('<value xsi:type="IVL_PQ"><low value="1.0" unit="mg/L"/><high value="2" unit="g/L"/></value>', "mg/L"),
        ('<value xsi:type="RTO_PQ_PQ"><numerator value="1" unit="mg"/><denominator value="1" unit="mmol"/></value>',
         "mg/mmol"),
        ('<value xsi:type="RTO"><numerator value="1"/><denominator value="80"/></value>', ""),
        ('<value xsi:type="ST">positif</value>', ""),
        ('<value xsi:type="CD"><originalText><reference value="#a"/></originalText></value>', ""),
        ('<value xsi:type="ED"><reference value="#a"/></value>', ""),
        ('<value xsi:type="PQ" nullFlavor="NA"/>', ""),
        ('<value xsi:type="PQ" value="1" unit="g/L"><translation value="2" unit="mmol/L"/></value>', "g/L"),
        (quantity(unit="g/L") + quantity(unit="mmol/L"), "g/L"),
        ('<value xsi:type="IVL_PQ"><low value="1.0"/><high value="2" unit="g/L"/></value>', "g/L"),
        ('<value xsi:type="SLIST_PQ"><origin value="0" unit="g/L"/><scale value="1" unit="g/L"/></value>', "g/L"),
        ('<value xsi:type="ED" mediaType="text/plain">positif</value>', ""),
    ],
)  # fmt: skip
def test_any_value_or_reason_of_its_absence_makes_a_result(value: str, unit: str) -> None:
    assert one(code(SODIUM), value).unit == unit


def test_without_value_it_is_no_result_unless_it_says_that_it_has_none() -> None:
    assert results(observation(code(SODIUM), "")) == ()
    (found,) = results(observation(code(SODIUM), "", attributes='nullFlavor="NI"'))
    assert found.loinc == (SODIUM,)


def test_batteries_isolates_and_nested_observations_give_their_results_once() -> None:
    antibiogram = battery(observation(code("18928-2"), quantity(unit="ug/mL")), coded=code("18769-0"))
    isolate = (
        '<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.5"/>'
        '<specimen typeCode="SPC"><specimenRole><specimenPlayingEntity>'
        f'{code("58800005", SNOMED)}</specimenPlayingEntity></specimenRole></specimen>'
        f'<component>{observation(code("51480-2"), quantity(unit="/mL"))}</component>'
        f"<component>{antibiogram}</component></organizer>"
    )
    nested = observation(code(SODIUM), inner=related(observation(code(POTASSIUM))))
    found = results(battery(observation(code(GLUCOSE)), coded=code("57698-3")), isolate, nested)
    assert [item.loinc[0] for item in found] == [GLUCOSE, "51480-2", "18928-2", POTASSIUM, SODIUM]
    assert {item.section for item in found} == {CHEMISTRY}


def test_the_chapter_is_the_outermost_section_that_has_a_code() -> None:
    below = chapter(act(observation(code(SODIUM))), coded=code("57698-3"), template="1.3.6.1.4.1.19376.1.3.3.2.2")
    found = report(
        chapter(below), chapter(act(observation(code("718-7")), coded=code(HAEMATOLOGY)), coded=code(HAEMATOLOGY)),
        chapter(act(observation(code("630-4")), coded=code(MICROBIOLOGY)), coded='<code nullFlavor="NI"/>'),
    )  # fmt: skip
    assert [item.section for item in found.results] == [CHEMISTRY, HAEMATOLOGY, MICROBIOLOGY]


EARLIER = observation(code(SODIUM), inner=related(observation(code(SODIUM)), "REFR"))
COMMENT = (
    '<act classCode="ACT" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.2"/>'
    f"{code('48767-8')}<text>commentaire</text>{related(observation(code(POTASSIUM)))}</act>"
)
RANGE = (
    '<referenceRange typeCode="REFV"><observationRange classCode="OBS" moodCode="EVN.CRT">'
    '<value xsi:type="IVL_PQ"><low value="1" unit="g/L"/></value></observationRange></referenceRange>'
)
MEDIA = (
    '<observationMedia classCode="OBS" moodCode="EVN"><value mediaType="image/png" representation="B64">AA==</value>'
    "</observationMedia>"
)
SAMPLING = (
    f'<procedure classCode="PROC" moodCode="EVN">{code("5201", NABM)}<participant typeCode="PRD"><participantRole>'
    f'<playingEntity>{code("UR", "2.16.840.1.113883.18.311")}</playingEntity></participantRole></participant>'
    '<entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN">'
    '<code code="SPRECEIVE" codeSystem="1.3.5.1.4.1.19376.1.5.3.2"/></act></entryRelationship></procedure>'
)
NOTIFICATION = (
    '<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.1"/><component>'
    f'<observation classCode="COND" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.1.1"/>'
    f'{code("170516003", SNOMED)}<value xsi:type="CE" code="27836007" codeSystem="{SNOMED}"/></observation>'
    "</component></organizer>"
)
PROBLEM = (
    '<observation classCode="OBS" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.5"/>'
    f'{code("55607006", SNOMED)}<value xsi:type="CD" code="B97.7" codeSystem="2.16.840.1.113883.6.3"/></observation>'
)
PICTURE = '<value xsi:type="ED" mediaType="image/png" representation="B64">AA==</value>'
MISTAKE = observation(code(SODIUM)).replace("completed", "nullified")
ATTACHED_BELOW = ATTACHED[ATTACHED.index("<organizer") : ATTACHED.index("</entry>")]
PRESCRIBED = f'<act classCode="ACT" moodCode="RQO">{code(SODIUM)}{related(observation(code(POTASSIUM)))}</act>'
GOAL = f'<observation classCode="OBS" moodCode="GOL">{LAB_OBSERVATION}{code(SODIUM)}{quantity()}</observation>'


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param(EARLIER, 1, id="an earlier result that a result refers to"),
        pytest.param(COMMENT, 0, id="a comment"),
        pytest.param(observation(code("48767-8"), '<value xsi:type="ST">x</value>'), 0, id="a comment as observation"),
        pytest.param(observation(code(SODIUM), "", RANGE), 0, id="a range of reference"),
        pytest.param(observation(code(SODIUM), "", related(MEDIA, "COMP")), 0, id="a picture"),
        pytest.param(SAMPLING, 0, id="a sampling"),
        pytest.param(battery(coded=code("57698-3")), 0, id="an empty battery"),
        pytest.param(GOAL, 0, id="what is only aimed at"),
        pytest.param(NOTIFICATION, 0, id="what public health is notified of"),
        pytest.param(PROBLEM, 0, id="a problem of the patient"),
        pytest.param(observation(code(SODIUM), PICTURE), 0, id="a picture as value"),
        pytest.param(MISTAKE, 0, id="a result written by mistake"),
        pytest.param(ATTACHED_BELOW, 0, id="a document attached to results"),
        pytest.param(PRESCRIBED, 0, id="a prescription"),
        pytest.param(SAMPLING.replace("</procedure>", related(observation(code(SODIUM))) + "</procedure>"), 0,
                     id="what is said of a sampling"),
    ],
)
def test_what_is_said_beside_results_is_none(inner: str, expected: int) -> None:
    assert len(results(inner)) == expected


def test_an_attached_document_is_no_result() -> None:
    assert report(ATTACHED, chapter(act(observation(code(SODIUM))))).results == (
        ObservedResult((SODIUM,), (), "mmol/L", CHEMISTRY),
    )


@pytest.mark.parametrize("sections", [(ATTACHED,), (ATTACHED, chapter()), (chapter(),)])
def test_sections_that_hold_but_a_pdf_or_texts_are_no_structure(sections: tuple[str, ...]) -> None:
    found = report(*sections)
    assert not found.is_structured
    assert found.results == ()


def test_an_act_without_results_is_a_structure_all_the_same() -> None:
    assert report(chapter(act())).is_structured


def test_observations_of_other_sections_are_none() -> None:
    problems = chapter(
        f'<entry><act classCode="ACT" moodCode="EVN"><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/>'
        f'{related(observation(code("75326-9"), "<value xsi:type=" + chr(34) + "CD" + chr(34) + "/>"))}</act></entry>',
        coded=code("11450-4"), template="1.3.6.1.4.1.19376.1.5.3.1.3.6",
    )  # fmt: skip
    assert report(problems, chapter(act(observation(code(SODIUM))))).results == (
        ObservedResult((SODIUM,), (), "mmol/L", CHEMISTRY),
    )


def test_a_report_whose_sections_say_nothing_of_themselves_is_read() -> None:
    plain = (
        f'<section>{code(CHEMISTRY)}<entry><act classCode="ACT" moodCode="EVN">{code(CHEMISTRY)}'
        f"{related(observation(code(SODIUM)))}</act></entry></section>"
    )
    assert len(report(plain).results) == 1


def test_results_that_only_say_to_be_some_are_read_where_a_laboratory_writes() -> None:
    loose = f"<entry>{observation(code(SODIUM))}</entry>"
    assert len(report(f"<section>{code(CHEMISTRY)}{loose}</section>").results) == 1
    assert len(report(chapter(loose)).results) == 1
    assert len(report(chapter(loose.replace(LAB_OBSERVATION, ""))).results) == 1
    other = f'<section><templateId root="1.2.250.1.213.1.1.2.147"/>{code("11369-6")}{loose}</section>'
    assert report(other).results == ()


def test_results_under_no_act_of_a_laboratory_are_none() -> None:
    history = code("29762-2")
    plain = observation(code("8867-4")).replace(LAB_OBSERVATION, "")
    entry = f"<entry><act>{history}<entryRelationship>{plain}</entryRelationship></act></entry>"
    kept = chapter(act(observation(code(SODIUM))))
    assert len(report(kept, f"<section>{history}{entry}</section>").results) == 1, "an act of another section"
    loose = f"<entry>{observation(code(SODIUM))}</entry>"
    assert len(report(kept, f"<section>{history}{loose}</section>").results) == 1, "under no act"
    for section in (code(CHEMISTRY), ""):
        untold = f"<section>{section}{entry.replace('8867-4', '2823-3')}</section>"
        assert len(report(kept, untold).results) == 2, "a section of a laboratory, or one that says nothing"
    said = f"<section>{history}{act(observation(code('2823-3')))}</section>"
    assert len(report(kept, said).results) == 2, "an act that says to be of a laboratory"


def test_a_chapter_is_of_a_laboratory_whatever_section_it_stands_in() -> None:
    wrapped = f'<section>{code("30954-2")}<component>{chapter(act(observation(code(SODIUM))))}</component></section>'
    assert report(wrapped).results[0].section == CHEMISTRY


def test_sub_contracted_chapters_count_and_their_laboratory_is_told_apart() -> None:
    performer = (
        '<performer typeCode="PRF"><templateId root="1.3.6.1.4.1.19376.1.3.3.1.7"/><assignedEntity>'
        '<id root="1.2.250.1.71.4.2.1" extension="801234567833"/><assignedPerson><name><family>SOUSTRAITE</family>'
        "</name></assignedPerson></assignedEntity></performer>"
    )
    entry = act(observation(code("14340-4"))).replace("<entryRelationship", f"{performer}<entryRelationship", 1)
    found = report(chapter(entry, coded=code("1443252", WAITING)), chapter(act(observation(code(SODIUM)))))
    assert [item.loinc[0] for item in found.results] == ["14340-4", SODIUM]
    assert {"soustraite", "801234567833"} <= found.identities


DECOYS = (COMMENT, EARLIER.replace(SODIUM, "1-8"), SAMPLING, NOTIFICATION, PROBLEM, GOAL, MISTAKE, MEDIA, battery())
ISOLATE = '<organizer classCode="CLUSTER" moodCode="EVN"><templateId root="1.3.6.1.4.1.19376.1.3.1.5"/>{}</organizer>'


def written(item: object) -> str:
    """A tree of results: a name, a decoy's number, or a battery, an isolate or a result that holds others."""
    if isinstance(item, str):
        return observation(code(item, LOCAL))
    if isinstance(item, int):
        return DECOYS[item]
    assert isinstance(item, tuple)
    kind, held = item
    inner = [written(one) for one in held]
    if kind == "battery":
        return battery(*inner)
    if kind == "isolate":
        return ISOLATE.format("".join(f"<component>{one}</component>" for one in inner))
    return observation(code("PARENT", LOCAL), inner="".join(related(one) for one in inner))


def names(item: object) -> list[str]:
    """The results of such a tree."""
    if isinstance(item, str):
        return [item]
    if isinstance(item, int):
        return ["1-8"] if item == 1 else []
    assert isinstance(item, tuple)
    return [name for one in item[1] for name in names(one)] + (["PARENT"] if item[0] == "result" else [])


TREES = st.recursive(
    st.sampled_from(["NA", "K", "CL"]) | st.integers(0, len(DECOYS) - 1),
    lambda inner: st.tuples(st.sampled_from(["battery", "isolate", "result"]), st.lists(inner, max_size=4)),
    max_leaves=20,
)


@given(st.lists(TREES, max_size=5))
@settings(max_examples=150)
def test_every_result_of_any_nesting_counts_once_and_nothing_else_does(trees: list[object]) -> None:
    found = results(*map(written, trees))
    assert [(*item.local, *item.loinc)[0] for item in found] == [name for tree in trees for name in names(tree)]


@pytest.mark.skipif(not os.environ.get("EMITTED_REPORTS"), reason="the public examples are not here")
def test_the_public_examples_are_read_as_they_were_counted_by_hand() -> None:
    """Counted on the XML: four results of a battery of lipids, four of chemistry, CRP given by a text, TSH and T4."""
    (whole,) = read_cda((PUBLIC / "BIO-CR-BIO_2021.01_Auto-Presentable.xml").read_bytes(), "a", CodeSystems())
    assert isinstance(whole, ObservedReport)
    assert [(item.loinc[0], item.unit) for item in whole.results] == [
        ("2571-8", "g/L"), ("2093-3", "g/L"), ("2085-9", "g/L"), ("13457-7", "g/L"), ("53049-3", "g/L"),
        ("30239-8", "[IU]/L"), ("1743-4", "[IU]/L"), ("2324-2", "[IU]/L"), ("1988-5", ""), ("3016-3", "m[IU]/L"),
        ("3024-7", "pg/mL"),
    ]  # fmt: skip
    (crp,) = read_cda((PUBLIC / "BIO-CR-BIO_2024.01_CRP_non_LOINC.xml").read_bytes(), "b", CodeSystems())
    assert isinstance(crp, ObservedReport)
    assert crp.results == (ObservedResult((), ("1234",), "mg/L", CHEMISTRY),)
    (level_1,) = read_cda((PUBLIC / "BIO-CR-BIO_2021.01_CDA-R2-Niveau-1.xml").read_bytes(), "c", CodeSystems())
    assert isinstance(level_1, ObservedReport)
    assert not level_1.is_structured
