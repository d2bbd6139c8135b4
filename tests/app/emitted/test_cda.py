"""Reports in CDA: what is a result and what is none, its codes, its unit, its chapter, and nothing of persons."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.emitted.cda import looks_like_cda, read_cda
from app.emitted.observed import CodeSystems, Damaged, ObservedReport, ObservedResult
from tests.app.emitted.cda_documents import (
    ATTACHED,
    CHEMISTRY,
    HAEMATOLOGY,
    LAB_OBSERVATION,
    LEVEL_1,
    LOCAL,
    MARK,
    MICROBIOLOGY,
    NABM,
    NUMBER,
    SNOMED,
    WAITING,
    act,
    battery,
    chapter,
    code,
    document,
    observation,
    quantity,
    related,
    replaces,
)

PUBLIC = Path(os.environ.get("EMITTED_REPORTS", ""))
"""Where the public examples of the ANS are, for whoever has them."""
SODIUM, POTASSIUM, GLUCOSE = "2951-2", "2823-3", "2345-7"


def read(text: str, encoding: str = "utf-8") -> list[ObservedReport | Damaged]:
    return list(read_cda(text.encode(encoding), "fichier 1", CodeSystems()))


def report(*sections: str) -> ObservedReport:
    (found,) = read(document(*sections))
    assert isinstance(found, ObservedReport), found
    return found


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
    ],
)
def test_what_is_said_beside_results_is_none(inner: str, expected: int) -> None:
    assert len(results(inner)) == expected


def test_an_attached_document_is_no_result() -> None:
    assert report(ATTACHED).results == ()
    assert report(ATTACHED).is_structured


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


def test_a_level_1_has_no_structure() -> None:
    (found,) = read(document(body=LEVEL_1))
    assert isinstance(found, ObservedReport)
    assert not found.is_structured
    assert found.results == ()


def test_versions_replacements_and_transformations_are_told() -> None:
    (second,) = read(document(identifier="1.2.3.2", version=2, related_to=replaces("1.2.3.1")))
    assert isinstance(second, ObservedReport)
    assert second.keys == {"1.2.3.2^", "1.2.3^"}
    assert second.replaces == {"1.2.3.1^"}
    assert second.version == (2, "20260102102")
    (other,) = read(document(identifier="9.1", set_id="9", related_to=replaces("1.2.3.1", kind="XFRM"), body=LEVEL_1))
    assert isinstance(other, ObservedReport)
    assert other.keys == {"9.1^", "9^", "1.2.3.1^", "1.2.3^"}
    assert other.replaces == frozenset()
    (added,) = read(document(identifier="9.1", set_id="9", related_to=replaces("1.2.3.1", kind="APND")))
    assert isinstance(added, ObservedReport)
    assert added.keys == {"9.1^", "9^"}


def test_documents_are_found_at_any_depth_and_numbered() -> None:
    first, second = document(chapter(act(observation(code(SODIUM))))), document(identifier="2", set_id="2")
    found = read(f'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"><a><b>{first}</b>{second}</a></x:stylesheet>')
    assert [(item.place, len(item.results)) for item in found if isinstance(item, ObservedReport)] == [
        ("fichier 1", 1), ("fichier 1, document 2", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""), ("utf-8-sig", ""), ("utf-8", "UTF-8"), ("iso-8859-1", "ISO-8859-1"),
        ("iso-8859-15", "ISO-8859-15"), ("cp1252", "windows-1252"), ("utf-16", "UTF-16"),
        # Written in one way and declared in another, as is seen.
        ("iso-8859-1", ""), ("cp1252", "UTF-8"),
    ],
)  # fmt: skip
def test_every_encoding_that_is_seen_is_read(encoding: str, declared: str) -> None:
    text = document(chapter(act(observation(code("CRÉAT", LOCAL))), coded=code(CHEMISTRY)), person="HÉLÈNE")
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content = (head + text).encode(encoding)
    assert looks_like_cda(content)
    (found,) = read_cda(content, "fichier 1", CodeSystems())
    assert isinstance(found, ObservedReport)
    assert found.results[0].local == ("CRÉAT",)
    assert "helene" in found.identities


def test_words_of_persons_are_kept_apart() -> None:
    found = report(
        chapter(act(observation(code(SODIUM), inner='<performer><assignedEntity><assignedPerson><name><family>'
                                'LEBIOLOGISTE</family></name></assignedPerson></assignedEntity></performer>')))
    )  # fmt: skip
    assert {"dupontel", "marque", NUMBER, "19790328", "lebiologiste"} <= found.identities
    assert SODIUM not in found.identities


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
MANY = document(chapter(act(*[observation(code(SODIUM))] * 100_001)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(BOMB + document(), "DTD", id="entities that multiply"),
        pytest.param('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + document(), "DTD", id="an external DTD"),
        pytest.param("<a>" * 100_000 + document(), "niveaux", id="too many levels"),
        pytest.param(MANY, "résultats", id="too many results"),
        pytest.param("", "bien formé", id="nothing"),
        pytest.param("<a/>", "aucun document CDA", id="no document"),
        pytest.param(f"<a {' '.join(f'a{n}=' + chr(34) * 2 for n in range(200_000))}/>", "aucun", id="attributes"),
    ],
)
def test_what_is_hostile_is_refused_by_its_place(content: str, said: str) -> None:
    started = time.process_time()
    (found,) = (item for item in read(content) if isinstance(item, Damaged))
    assert said in found.reason
    assert found.place == "fichier 1"
    assert time.process_time() - started < 20


def test_what_was_read_before_the_damage_counts() -> None:
    whole = document(chapter(act(observation(code(SODIUM)))))
    found = read(f"<a>{whole}{whole[: len(whole) // 2]}")
    assert [type(item) for item in found] == [ObservedReport, Damaged]


@given(st.data())
@settings(max_examples=150)
def test_damage_anywhere_never_raises_and_never_tells_what_is_written(data: st.DataObject) -> None:
    content = bytearray(document(chapter(act(observation(code(MARK, LOCAL))))).encode())
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for item in read_cda(bytes(content[:cut]), "fichier 1", CodeSystems()):
        if isinstance(item, Damaged):
            assert not any(word in f"{item.place} {item.reason}" for word in (MARK, NUMBER, "DUPONTEL", "19790328"))


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
