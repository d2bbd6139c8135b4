"""`$translate` gives no code that the release in use does not hold, nor one of a wrong form, in either direction."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.fhir_resources.naming import Canonicals
from app.models import Level, LoincTerm
from app.platform.database import transaction
from tests.app.exports.sample import SODIUM, Sample
from tests.app.fhir.test_translate import ADDRESS, LOINC, said

UNKNOWN, WRONG = "2160-0", "2951-3"


def ask(program: TestClient, sample: Sample, code: str, **more: str) -> tuple[bool, list[tuple[str, str]], str]:
    names = Canonicals(sample.world.laboratory, sample.catalogue)
    system = LOINC if more else names.code_system(Level.ANALYSIS)
    return said(program.get(ADDRESS, params={"url": names.concept_map(), "system": system, "code": code, **more}))


@pytest.mark.parametrize("code", [UNKNOWN, WRONG])
def test_what_was_approved_before_the_check_is_not_given(program: TestClient, narrow: Sample, code: str) -> None:
    narrow.approve("NA", code)
    result, matches, why = ask(program, narrow, "NA")
    assert (result, matches) == (False, [])
    assert code in why
    assert ask(program, narrow, code, reverse="true")[:2] == (False, [])


def test_what_the_release_lost_is_not_given_any_more(program: TestClient, narrow: Sample) -> None:
    with transaction(narrow.world.engine) as session:
        session.delete(session.exec(select(LoincTerm).where(LoincTerm.loinc_num == SODIUM)).one())
    result, matches, why = ask(program, narrow, "NA")
    assert (result, matches) == (False, [])
    assert "absent de la version chargée" in why
    assert ask(program, narrow, SODIUM, reverse="true")[:2] == (False, [])
