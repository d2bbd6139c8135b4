"""A code that no loaded release holds: refused where the release is whole, else kept « à confirmer » and no further."""

import pytest
from sqlmodel import select

from app.coverage.repository import coverage_rows
from app.errors import InvalidInputError
from app.models import Decision, LoincRelease, LoincTerm, Status
from app.platform.database import reading, transaction
from app.terminology.schemas import FEWEST_TERMS
from app.transcoding.errors import JustificationNeededError
from app.transcoding.standing import Standing, counted_standings
from tests.app.approval.opened import approve as approve_opened
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor

UNKNOWN = "2823-3"
"""Well formed, with a right check digit, and in no release of the desk."""
SAID = "absent de la version utilisée"


def approve(desk: Desk, row: int, justification: str = "il existe") -> Decision:
    with transaction(desk.engine) as session:
        return approve_opened(
            session, desk.access(BIOLOGIST), row, desk.version(row), settings=desk.settings,
            justification=justification,
        )  # fmt: skip


def be_whole(desk: Desk) -> None:
    """The release in use is an official one that holds all of LOINC."""
    with transaction(desk.engine) as session:
        release = session.get_one(LoincRelease, desk.release.id)
        release.kind, release.term_count = "official", FEWEST_TERMS
        session.add(release)


def load_it(desk: Desk) -> None:
    """A release that holds the code is put in use."""
    with transaction(desk.engine) as session:
        old = session.exec(select(LoincTerm).where(LoincTerm.release_id == desk.release.id)).first()
        assert old is not None
        values = old.model_dump(exclude={"id", "loinc_num", "component"})
        session.add(LoincTerm(**values, loinc_num=UNKNOWN, component="Sodium"))


@pytest.mark.parametrize("written", ["2823-4", "2823", "LA6576-8", "999999999999-9", "abc", "２８２３-３"])
@pytest.mark.parametrize("is_whole", [False, True])
def test_a_code_of_wrong_form_or_check_digit_is_refused_whatever_is_loaded(
    desk: Desk, written: str, is_whole: bool
) -> None:
    if is_whole:
        be_whole(desk)
    with pytest.raises(InvalidInputError):
        desk.decide(desk.sodium, loinc_num=written, justification="j'insiste")
    assert desk.facts(desk.sodium) == []


def test_where_the_release_is_whole_no_justification_will_do(desk: Desk, client_for: ClientFor) -> None:
    be_whole(desk)
    with pytest.raises(InvalidInputError, match=SAID):
        desk.decide(desk.sodium, loinc_num=UNKNOWN, justification="j'insiste")
    client = client_for(TRANSCODER)
    form = {"version": "0", "action": "choose", "retenir": UNKNOWN, "loinc_num": UNKNOWN, "justification": "j'insiste"}
    answer = client.post(f"{desk.base}/revue/{desk.sodium}/decision", data=form)
    assert answer.status_code == 422
    assert SAID in answer.text
    group = {"lignes": f"{desk.sodium}:0", "action": "choose", "autre_code": UNKNOWN, "loinc_num": UNKNOWN}
    assert client.post(f"{desk.base}/revue/{desk.sodium}/groupe", data=group).status_code == 422
    assert desk.facts(desk.sodium) == []


def test_with_the_starter_it_is_kept_to_be_confirmed_and_goes_no_further(desk: Desk, client_for: ClientFor) -> None:
    with pytest.raises(JustificationNeededError) as caught:
        desk.decide(desk.sodium, loinc_num=UNKNOWN)
    assert "« à confirmer »" in caught.value.checks[0].sentence
    desk.decide(desk.sodium, loinc_num=UNKNOWN, justification="vu dans LOINC")
    assert desk.state(desk.sodium).status == Status.DECIDED
    with pytest.raises(InvalidInputError, match="« à confirmer »"):
        approve(desk, desk.sodium)
    biologist = client_for(BIOLOGIST)
    form = {"version": "1", "action": "approve", "justification": "j'insiste"}
    assert biologist.post(f"{desk.base}/approbation/{desk.sodium}", data=form).status_code == 422
    biologist.post(f"{desk.base}/approbation", data={"choix": f"{desk.sodium}:1"})
    assert desk.state(desk.sodium).status == Status.DECIDED, "nor with others"
    load_it(desk)
    assert approve(desk, desk.sodium).loinc_num == UNKNOWN


def test_one_that_a_release_lost_counts_no_more_and_does_not_go_out(desk: Desk) -> None:
    load_it(desk)
    desk.decide(desk.sodium, loinc_num=UNKNOWN, justification="essai")
    approve(desk, desk.sodium)
    assert standing(desk) is Standing.TRANSCODED
    with transaction(desk.engine) as session:
        session.delete(session.exec(select(LoincTerm).where(LoincTerm.loinc_num == UNKNOWN)).one())
    assert standing(desk) is Standing.NOT_IN_RELEASE


def standing(desk: Desk) -> Standing:
    """Where the row of sodium stands in the report of coverage."""
    with reading(desk.engine) as session:
        rows = coverage_rows(session, desk.catalogue_id, desk.release.id or 0)
    return counted_standings(rows)[desk.sodium]
