"""Why `$translate` gives no code: each reason is the true one, in R4 and in R5, in both directions."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.catalogues.service import import_files
from app.fhir import reasons
from app.fhir_resources.naming import Canonicals
from app.models import Action, GraceDate, Level, LocalTest, LoincRelease, MapTo
from app.platform.database import transaction
from tests.app.exports.sample import DEPRECATED, GLUCOSE, POTASSIUM, SODIUM, TSH, Sample, add_fact, ans_files
from tests.app.fhir.test_translate import ADDRESS, LOINC, parameters, said
from tests.app.fhir_resources.test_code_systems import remove
from tests.conftest import ADMINISTRATOR, BIOLOGIST, TRANSCODER, World


@pytest.fixture
def system(narrow: Sample) -> str:
    return Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)


def why(program: TestClient, **asked: str) -> str:
    """The reason that R4 and R5 give alike; `code` is a local code, `loinc` a LOINC code."""
    system = asked.pop("system", LOINC)
    given, is_reverse = asked.pop("code", "") or asked["loinc"], "loinc" in asked
    extra = {key: value for key, value in asked.items() if key not in ("code", "loinc")}
    older = {"system": system, "code": given} | ({"reverse": "true"} if is_reverse else {})
    recent = {"system": system, ("targetCode" if is_reverse else "sourceCode"): given}
    result, matches, message = said(program.get(ADDRESS, params=older | extra))
    assert (result, matches) == (False, [])
    if not extra:
        assert said(program.get(ADDRESS, params=recent)) == (False, [], message)
    return message


def test_a_code_that_is_approved_and_left_the_release(program: TestClient, narrow: Sample, system: str) -> None:
    with transaction(narrow.world.engine) as session:
        session.get_one(LoincRelease, narrow.release.id).is_current = False
        session.add(LoincRelease(version="2.81", kind="official", is_current=True))
    told = f"Le code {SODIUM} est absent de la version chargée (LOINC 2.81)."
    assert why(program, system=system, code="NA") == reasons.BLOCKED.format(why=told)
    assert why(program, loinc=SODIUM) == reasons.BLOCKED_LOINC.format(why=told)
    assert why(program, system=system, code="RARE") == reasons.NO_LOINC


def test_an_approval_that_was_taken_back(program: TestClient, narrow: Sample, system: str) -> None:
    narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    assert why(program, system=system, code="NA") == reasons.WITHDRAWN
    assert why(program, loinc=SODIUM) == reasons.NO_LOCAL_CODE
    narrow.choose("NA", POTASSIUM, relation="equivalent")
    assert why(program, system=system, code="NA") == reasons.WITHDRAWN
    narrow.act(narrow.test_id("NA"), Action.APPROVE, email=BIOLOGIST)
    answer = program.get(ADDRESS, params={"system": system, "code": "NA"})
    assert said(answer) == (True, [("equivalent", POTASSIUM)], "")


def test_a_row_in_each_state(program: TestClient, narrow: Sample, system: str) -> None:
    examples = {"TSH": "en doute"}
    with transaction(narrow.world.engine) as session:
        for code in ("RARE2", "NOUVEAU"):
            values = session.get_one(LocalTest, narrow.test_id("RARE")).model_dump(exclude={"id", "public_id", "code"})
            test = LocalTest(**values, code=code)
            session.add(test)
            session.flush()
            assert test.id is not None
            narrow.ids[Level.ANALYSIS, code] = [test.id]
    narrow.choose("RARE2", GLUCOSE, relation="equivalent")
    examples |= {"RARE2": "décidé, pas encore approuvé", "NOUVEAU": "non décidé"}
    for code, state in examples.items():
        assert why(program, system=system, code=code) == reasons.NOT_APPROVED.format(state=state)
    assert why(program, system=system, code="COM") == reasons.OUT_OF_SCOPE
    assert why(program, system=system, code="RARE") == reasons.NO_LOINC
    assert why(program, system=system, code="ABSENT") == reasons.UNKNOWN


def test_a_removed_row(program: TestClient, narrow: Sample, system: str) -> None:
    remove(narrow, narrow.test_id("RARE"), narrow.test_id("NA"))
    assert why(program, system=system, code="RARE") == reasons.REMOVED
    # Its approved code still leaves: results that carry it are in files.
    assert said(program.get(ADDRESS, params={"system": system, "code": "NA"}))[0]


def test_two_rows_of_one_code_that_disagree(program: TestClient, narrow: Sample, system: str) -> None:
    with transaction(narrow.world.engine) as session:
        test = session.get_one(LocalTest, narrow.test_id("K"))
        test.code, test.occurrence = "NA", 1
    told = f"Plusieurs codes LOINC pour ce code local : {', '.join(sorted((SODIUM, POTASSIUM)))}."
    assert why(program, system=system, code="NA") == reasons.BLOCKED.format(why=told)
    assert why(program, loinc=SODIUM) == reasons.BLOCKED_LOINC.format(why=told)


def test_a_question_that_our_maps_do_not_answer(program: TestClient, narrow: Sample, system: str) -> None:
    snomed = "http://snomed.info/sct"
    asked: dict[str, Any] = {"system": system, "code": "NA"}
    assert why(program, **asked, targetsystem=snomed) == reasons.OTHER_TARGET.format(system=snomed)
    assert why(program, **asked, target="urn:t") == reasons.OTHER_TARGET_SCOPE.format(scope="urn:t")
    assert why(program, **asked, source="urn:s") == reasons.OTHER_SOURCE_SCOPE.format(scope="urn:s")
    assert why(program, system="urn:x", code="NA") == reasons.OTHER_SYSTEM.format(system="urn:x")
    assert why(program, system=system, loinc="NA") == reasons.NOT_LOINC.format(system=system)
    assert why(program, loinc=SODIUM, targetsystem="urn:x") == reasons.NO_SUCH_LOCAL_SYSTEM.format(system="urn:x")
    assert why(program, loinc=SODIUM, target="urn:x") == reasons.OTHER_SOURCE_SCOPE.format(scope="urn:x")
    refused = program.get(ADDRESS, params=asked | {"url": "https://absente.exemple.fr/carte"})
    assert refused.status_code == 404
    assert "https://absente.exemple.fr/carte" in refused.json()["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    ("relation", "older", "back", "recent"),
    [
        ("equivalent", "equivalent", "equivalent", "equivalent"),
        ("related", "relatedto", "relatedto", "related-to"),
        ("loinc_wider", "wider", "narrower", "source-is-narrower-than-target"),
        ("loinc_narrower", "narrower", "wider", "source-is-broader-than-target"),
    ],
)
def test_r4_reads_from_the_code_asked_for_and_r5_from_the_source_of_the_map(
    program: TestClient, narrow: Sample, system: str, relation: str, older: str, back: str, recent: str
) -> None:
    narrow.approve("RARE", "2350-7", relation=relation)
    there = {"system": system, "code": "RARE"}
    assert said(program.get(ADDRESS, params=there))[1] == [(older, "2350-7")]
    assert said(program.get(ADDRESS, params={"system": system, "sourceCode": "RARE"}))[1] == [(recent, "2350-7")]
    reverse = {"system": LOINC, "code": "2350-7", "reverse": "true"}
    assert said(program.get(ADDRESS, params=reverse))[1] == [(back, "RARE")]
    for name in ("system", "targetSystem"):
        found = said(program.get(ADDRESS, params={name: LOINC, "targetCode": "2350-7"}))
        assert found[:2] == (True, [(recent, "RARE")])


def test_all_local_codes_each_once(program: TestClient, narrow: Sample) -> None:
    for code in ("NA", "K", "RARE"):
        narrow.approve(code, SODIUM)
    narrow.approve("IONO", SODIUM, Level.EXAM)
    wanted = [("equivalent", code) for code in ("NA", "K", "RARE", "IONO")]
    assert said(program.get(ADDRESS, params={"system": LOINC, "code": SODIUM, "reverse": "true"}))[1] == wanted
    codings = [{"system": address, "code": SODIUM} for address in (LOINC, "http://loinc.org/", "https://loinc.org")]
    concept = ("valueCodeableConcept", {"coding": [*codings, {"system": LOINC, "code": TSH}]})
    both = said(program.post(ADDRESS, json=parameters(targetCodeableConcept=concept)))[1]
    assert both == [*wanted, ("equivalent", "GLY")]


def test_two_codings_of_one_target_give_it_once(program: TestClient, narrow: Sample, system: str) -> None:
    narrow.approve("K", SODIUM)
    codings = [{"system": system, "code": code} for code in ("NA", "K", "NA", "TSH", "ABSENT")]
    answer = program.post(ADDRESS, json=parameters(codeableConcept=("valueCodeableConcept", {"coding": codings})))
    result, matches, message = said(answer)
    assert (result, matches) == (True, [("equivalent", SODIUM)])
    # What had no match is said beside what had one.
    told = {"TSH": reasons.NOT_APPROVED.format(state="en doute"), "ABSENT": reasons.UNKNOWN}
    assert message == "\n".join(f"{code} : {reason}" for code, reason in told.items())


def test_a_retired_code_is_given_with_a_warning_until_its_day_has_passed(
    program: TestClient, narrow: Sample, system: str
) -> None:
    with narrow.together() as session:
        session.add(MapTo(release_id=narrow.release.id or 0, loinc_num=DEPRECATED, map_to=GLUCOSE))
        narrow.approve("RARE", DEPRECATED)
    there = {"system": system, "code": "RARE"}
    back = {"system": LOINC, "code": DEPRECATED, "reverse": "true"}
    instead = f"LOINC propose {GLUCOSE} ; choisissez et faites approuver."
    for asked, code in ((there, DEPRECATED), (back, "RARE")):
        result, matches, message = said(program.get(ADDRESS, params=asked))
        assert (result, matches) == (True, [("equivalent", code)])
        assert message == f"Le code {DEPRECATED} est supprimé dans la version chargée (DEPRECATED). {instead}"
    with transaction(narrow.world.engine) as session:
        session.add(GraceDate(last_day=date(2020, 12, 31), author_id=narrow.world.user_id(ADMINISTRATOR)))
    gone = f"Le code {DEPRECATED}, retiré de LOINC (DEPRECATED), ne sort plus."
    told = f"{gone} La date limite était le 31/12/2020 inclus. {instead}"
    assert why(program, system=system, code="RARE") == reasons.BLOCKED.format(why=told)
    assert why(program, loinc=DEPRECATED) == reasons.BLOCKED_LOINC.format(why=told)


@pytest.fixture
def second(narrow: Sample, world: World) -> Sample:
    """Another catalogue of the laboratory, in which sodium is chosen and not approved."""
    with transaction(world.engine) as session:
        report = import_files(
            session, world.laboratory_id, ans_files(), catalogue_name="Second", actor=world.users[TRANSCODER]
        )
        catalogue = session.get_one(type(narrow.catalogue), report.catalogue_id)
        found = Sample(world, catalogue, narrow.release)
        rows = session.exec(select(LocalTest).where(LocalTest.catalogue_id == report.catalogue_id)).all()
        for row in rows:
            found.ids.setdefault((Level(row.level), row.code), []).append(row.id or 0)
        add_fact(session, found, found.test_id("NA"), Action.NO_LOINC, TRANSCODER, reason="essai")
        add_fact(session, found, found.test_id("NA"), Action.APPROVE, BIOLOGIST)
    return found


def test_of_several_maps_the_one_that_is_named_gives_the_reason(program: TestClient, second: Sample) -> None:
    names = Canonicals(second.world.laboratory, second.catalogue)
    system = names.code_system(Level.ANALYSIS)
    # The first map of the laboratory leads to this code, the one that is named does not.
    assert why(program, loinc=SODIUM, targetsystem=system) == reasons.NO_LOCAL_CODE
    assert why(program, loinc=SODIUM, target=names.value_set()) == reasons.NO_LOCAL_CODE
    assert why(program, system=system, code="NA", source=names.value_set()) == reasons.NO_LOINC


def test_one_code_of_two_systems_has_two_reasons(program: TestClient, narrow: Sample, system: str) -> None:
    exams = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.EXAM)
    codings = [{"system": item, "code": "TSH"} for item in (system, exams)]
    asked = parameters(codeableConcept=("valueCodeableConcept", {"coding": codings}))
    result, _, message = said(program.post(ADDRESS, json=asked))
    assert not result
    assert message.splitlines() == [
        f"{system}|TSH : {reasons.NOT_APPROVED.format(state='en doute')}",
        f"{exams}|TSH : {reasons.UNKNOWN}",
    ]


def test_a_code_of_another_version_is_answered_and_said(program: TestClient, narrow: Sample, system: str) -> None:
    asked = {"system": system, "code": "NA"}
    held = program.get("/fhir/ConceptMap").json()["entry"][0]["resource"]["version"]
    told = reasons.OTHER_VERSION.format(asked="1", system=system, held=held)
    assert said(program.get(ADDRESS, params=asked | {"version": "1"})) == (True, [("equivalent", SODIUM)], told)
    assert said(program.get(ADDRESS, params=asked | {"version": held})) == (True, [("equivalent", SODIUM)], "")
    back = {"system": f"{LOINC}|2.70", "code": SODIUM, "reverse": "true"}
    told = reasons.OTHER_VERSION.format(asked="2.70", system=LOINC, held="2.80")
    assert said(program.get(ADDRESS, params=back)) == (True, [("equivalent", "NA")], told)
    wrong = {"system": system, "code": "NA", "version": 3}
    assert program.post(ADDRESS, json=parameters(coding=("valueCoding", wrong))).status_code == 400
