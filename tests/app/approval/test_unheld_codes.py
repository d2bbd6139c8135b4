"""What the lists say of a decided code that the release in use does not hold, and the ways it may try to go on."""

import csv
import io
from html import unescape

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from app.approval.service import approve_many
from app.errors import InvalidInputError
from app.models import ExamAnalysis, Level, LocalTest, LoincRelease, LoincTerm, Proposal, Status, WorklistEntry
from app.platform.database import Transactions, reading, transaction
from app.proposals.service import prepare_engine
from app.terminology.schemas import FEWEST_TERMS
from app.transcoding import repository
from app.transcoding.errors import JustificationNeededError
from app.worklist.query import ReviewQuery
from app.worklist.queue import rows_of
from tests.app.approval.opened import read_case
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER, ClientFor

UNKNOWN = "2823-3"
"""Well formed, with a right check digit, and in no release of the desk."""
CHIP = "Code à confirmer"
ABSENT = "Code absent de LOINC"


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """The sodium, with a code that the starter does not hold."""
    desk.decide(desk.sodium, loinc_num=UNKNOWN, justification="vu dans LOINC")
    return desk


def switch(desk: Desk, *, is_whole: bool = False, holds: bool = False) -> None:
    """Another release comes into use, with or without the code."""
    with transaction(desk.engine) as session:
        old = session.get_one(LoincRelease, desk.release.id)
        new = LoincRelease(
            version="2.81", kind="official" if is_whole else "starter", term_count=FEWEST_TERMS if is_whole else 11
        )
        session.add(new)
        session.flush()
        terms = session.exec(select(LoincTerm).where(LoincTerm.release_id == old.id)).all()
        values = [term.model_dump(exclude={"id", "release_id"}) for term in terms]
        if holds:
            values.append({**values[0], "loinc_num": UNKNOWN})
        session.add_all(LoincTerm(release_id=new.id or 0, **item) for item in values)
        old.is_current = False
        session.add(old)
        session.flush()
        new.is_current = True
        session.add(new)
        session.flush()


def filtered(desk: Desk, client_for: ClientFor, word: str = "a-confirmer") -> list[dict[str, str]]:
    """The rows of the filter, as the file of the queue has them; the page holds the same ones."""
    client = client_for(READER)
    answer = client.get(f"{desk.base}/revue?version={word}&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    page = client.get(f"{desk.base}/revue?version={word}").text
    assert page.count("<tr id=\"ligne-") == len(rows)
    return rows


def test_the_queue_says_it_beside_the_state_and_has_a_filter(kept: Desk, client_for: ClientFor) -> None:
    page = unescape(client_for(READER).get(f"{kept.base}/revue").text)
    assert page.count(f"</span> {CHIP}</span>") == 1
    assert f"{CHIP} : absent de la version" in page, "the value of the filter"
    (row,) = filtered(kept, client_for)
    assert (row["Code"], row["Code LOINC"], row["Remarque sur le code"]) == ("NA", UNKNOWN, CHIP)
    others = filtered(kept, client_for, "inchangee")
    assert "NA" not in {item["Code"] for item in others}
    assert {item["Remarque sur le code"] for item in others} == {""}


@pytest.mark.parametrize("address", ["/revue/{row}", "/approbation"])
def test_the_case_and_the_approval_list_say_it_and_offer_no_approval(
    kept: Desk, client_for: ClientFor, address: str
) -> None:
    page = client_for(BIOLOGIST).get(kept.base + address.format(row=kept.sodium)).text
    assert f"</span> {CHIP}</span>" in page
    assert 'value="approve"' not in page
    assert 'name="choix"' not in page
    kept.decide(kept.glucose, loinc_num="14749-6")
    page = client_for(BIOLOGIST).get(kept.base + address.format(row=kept.glucose)).text
    assert 'value="approve"' in page


def test_the_exam_says_it_of_its_analysis(kept: Desk, client_for: ClientFor) -> None:
    with transaction(kept.engine) as session:
        exam = LocalTest(catalogue_id=kept.catalogue_id, level=Level.EXAM, code="IONO", label="IONO", position=50)
        session.add(exam)
        session.flush()
        session.add(ExamAnalysis(exam_id=exam.id or 0, analysis_id=kept.sodium, analysis_code="NA"))
        exam_id = exam.id
    assert f"</span> {CHIP}</span>" in client_for(READER).get(f"{kept.base}/revue/{exam_id}").text


def test_a_release_that_holds_it_ends_that_and_one_that_is_whole_says_so(kept: Desk, client_for: ClientFor) -> None:
    switch(kept, is_whole=True)
    page = client_for(BIOLOGIST).get(f"{kept.base}/revue").text
    assert (page.count(f"</span> {CHIP}</span>"), page.count(f"</span> {ABSENT}</span>")) == (0, 1)
    assert [row["Remarque sur le code"] for row in filtered(kept, client_for)] == [ABSENT]


@pytest.mark.parametrize("is_whole", [False, True])
def test_once_a_release_holds_it_nothing_is_left_to_confirm(
    kept: Desk, client_for: ClientFor, is_whole: bool
) -> None:
    switch(kept, is_whole=is_whole, holds=True)
    assert filtered(kept, client_for) == []
    biologist = client_for(BIOLOGIST)
    assert f"</span> {CHIP}</span>" not in biologist.get(f"{kept.base}/revue").text
    form = {"version": "1", "action": "approve", "lu": read_case(biologist, kept.base, kept.sodium)}
    assert biologist.post(f"{kept.base}/approbation/{kept.sodium}?depuis=revue", data=form).status_code == 303
    assert kept.state(kept.sodium).status == Status.APPROVED


def test_undone_or_decided_otherwise_it_is_no_longer_to_be_confirmed(kept: Desk, client_for: ClientFor) -> None:
    kept.undo(kept.sodium)
    assert filtered(kept, client_for) == []
    kept.decide(kept.sodium, loinc_num=UNKNOWN, justification="vu dans LOINC")
    assert len(filtered(kept, client_for)) == 1
    kept.decide(kept.sodium)
    assert filtered(kept, client_for) == []


def test_the_queue_runs_no_more_statements_for_it(desk: Desk) -> None:
    def statements() -> int:
        counted: list[str] = []
        with reading(desk.engine) as session:
            ids = [desk.sodium, desk.glucose, desk.strip]
            runs = repository.runs_of(session, desk.catalogue_id)

            def note(_c: object, _cursor: object, text: str, *_more: object) -> None:
                counted.append(text)

            event.listen(desk.engine, "before_cursor_execute", note)
            try:
                rows_of(session, desk.access(), runs, ReviewQuery(), ids)
            finally:
                event.remove(desk.engine, "before_cursor_execute", note)
        return len(counted)

    before = statements()
    for row in (desk.sodium, desk.glucose, desk.strip):
        desk.decide(row, loinc_num=UNKNOWN, justification="vu dans LOINC")
    assert statements() == before


def test_approving_several_says_why_and_not_to_open_the_row(kept: Desk) -> None:
    (answer,) = approve_many(
        Transactions(kept.engine), kept.access(BIOLOGIST), [(kept.sodium, 1)], settings=kept.settings
    )
    assert not answer.is_approved
    assert "« à confirmer »" in answer.message
    assert "ouvrir la ligne" not in answer.message


def test_a_program_of_the_page_is_refused_as_the_form_is(kept: Desk, client_for: ClientFor) -> None:
    """The keyboard acts by the same address and asks for JSON."""
    headers = {"Accept": "application/json"}
    client = client_for(TRANSCODER)
    form = {"version": "0", "action": "choose", "loinc_num": UNKNOWN}
    answer = client.post(f"{kept.base}/revue/{kept.glucose}/decision", data=form, headers=headers)
    assert answer.status_code == 422
    assert kept.facts(kept.glucose) == []
    form = {"version": "1", "action": "approve", "justification": "j'insiste"}
    answer = client_for(BIOLOGIST).post(f"{kept.base}/approbation/{kept.sodium}", data=form, headers=headers)
    assert answer.status_code == 422
    assert kept.state(kept.sodium).status == Status.DECIDED


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_group_does_not_take_it(desk: Desk, client_for: ClientFor, is_whole: bool) -> None:
    if is_whole:
        switch(desk, is_whole=True)
    ids = add_rows(desk, 3, label="SODIUM")
    form = {"lignes": [f"{row}:0" for row in ids], "action": "choose", "autre_code": UNKNOWN, "loinc_num": "2951-2"}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=form)
    assert answer.status_code == 422
    assert "absent de la version" in unescape(answer.text)
    assert statuses(desk, ids) == [Status.TODO] * 3


def test_a_batch_leaves_a_proposal_that_the_release_lost(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    with transaction(desk.engine) as session:
        for proposal in session.exec(select(Proposal).where(col(Proposal.local_test_id).in_(ids[:1]))):
            proposal.loinc_num = UNKNOWN
            session.add(proposal)
    client = client_for(TRANSCODER)
    answer = client.post(f"{desk.base}/lots?chapitre=Lot")
    assert answer.status_code == 303
    assert statuses(desk, ids) == [Status.TODO, Status.DECIDED]
    assert "Laissée" in client.get(f"{answer.headers['location']}?format=csv").text


@pytest.mark.parametrize("level", [Level.EXAM, Level.CHAPTER, Level.SUBCHAPTER])
def test_exams_and_chapters_are_held_as_analyses_are(desk: Desk, client_for: ClientFor, level: Level) -> None:
    with transaction(desk.engine) as session:
        row = LocalTest(catalogue_id=desk.catalogue_id, level=level, code="E1", label="BIOCHIMIE", position=60)
        session.add(row)
        session.flush()
        row_id = row.id or 0
    with pytest.raises(JustificationNeededError):
        desk.decide(row_id, loinc_num=UNKNOWN)
    desk.decide(row_id, loinc_num=UNKNOWN, justification="vu dans LOINC")
    form = {"version": "1", "action": "approve", "justification": "j'insiste"}
    assert client_for(BIOLOGIST).post(f"{desk.base}/approbation/{row_id}", data=form).status_code == 422
    assert desk.state(row_id).status == Status.DECIDED
    assert [row["Code"] for row in filtered(desk, client_for)] == ["E1"]
    switch(desk, is_whole=True)
    prepare_engine(desk.engine, desk.settings)
    with pytest.raises(InvalidInputError):
        desk.decide(row_id, loinc_num=UNKNOWN, justification="j'insiste")


def test_the_kept_entries_say_what_the_facts_say(kept: Desk) -> None:
    with reading(kept.engine) as session:
        told = dict(session.exec(select(WorklistEntry.local_test_id, WorklistEntry.task)).all())
    assert {row for row, task in told.items() if task == "2"} == {kept.sodium}
