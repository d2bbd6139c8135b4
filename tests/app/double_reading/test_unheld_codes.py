"""A code that the release in use does not hold, by a second reader and by who reconciles."""

import pytest

from app.double_reading.service import Answer
from app.errors import InvalidInputError
from app.models import Action, LoincRelease, Status
from app.platform.database import transaction
from app.terminology.schemas import FEWEST_TERMS
from app.transcoding.errors import JustificationNeededError
from tests.app.double_reading.conftest import Readings
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk

UNKNOWN = "2823-3"


def be_whole(desk: Desk) -> None:
    with transaction(desk.engine) as session:
        release = session.get_one(LoincRelease, desk.release.id)
        release.kind, release.term_count = "official", FEWEST_TERMS
        session.add(release)


def test_a_second_reader_justifies_it_as_the_first_one(desk: Desk, readings: Readings) -> None:
    readings.decide_and_ask(desk.sodium)
    with pytest.raises(JustificationNeededError):
        readings.read(desk.sodium, Answer(Action.CHOOSE, UNKNOWN))
    assert not readings.read(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, justification="vu dans LOINC")).is_agreement


def test_reconciled_with_it_the_row_cannot_be_approved(desk: Desk, readings: Readings) -> None:
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, justification="vu dans LOINC"))
    with pytest.raises(JustificationNeededError):
        readings.reconcile(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, reason="le deuxième a raison"))
    readings.reconcile(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, reason="il a raison", justification="vu dans LOINC"))
    with pytest.raises(InvalidInputError, match="« à confirmer »"):
        readings.approve(desk.sodium)
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_two_readers_who_agree_on_it_do_not_make_it_exist(desk: Desk, readings: Readings) -> None:
    readings.decide_and_ask(desk.sodium, loinc_num=UNKNOWN, justification="vu dans LOINC")
    assert readings.read(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, justification="vu dans LOINC aussi")).is_agreement
    with pytest.raises(InvalidInputError, match="« à confirmer »"):
        readings.approve(desk.sodium, SECOND_BIOLOGIST)


def test_where_the_release_is_whole_neither_reads_nor_reconciles_with_it(desk: Desk, readings: Readings) -> None:
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, Answer(Action.CHOOSE, "2947-0", justification="sang total"))
    be_whole(desk)
    with pytest.raises(InvalidInputError, match="absent de la version"):
        readings.reconcile(desk.sodium, Answer(Action.CHOOSE, UNKNOWN, reason="motif", justification="j'insiste"))
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    with pytest.raises(InvalidInputError, match="absent de la version"):
        readings.read(desk.glucose, Answer(Action.CHOOSE, UNKNOWN, justification="j'insiste"))
