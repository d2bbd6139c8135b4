"""A code that is none of a chapter, or none of an exam: never offered by itself, chosen only with a written reason."""

import re
from itertools import count

import pytest
from sqlmodel import Session, select

from app.models import ExamAnalysis, Level, LocalTest, LoincTerm, Status
from app.platform.database import transaction
from app.transcoding.errors import JustificationNeededError
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor

CHOSEN = re.compile(r'name="loinc_num" value="([^"]+)" form="form-choix"[^>]*checked')
GLUCOSE, SODIUM = "2345-7", "2951-2"
CHEMISTRY = "18719-5"
NUMBERS = count(1)


def term(session: Session, desk: Desk, number: str, like: str = SODIUM, **values: str) -> None:
    """Another term of the small release."""
    found = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == like)).one()
    session.add(LoincTerm(**{**found.model_dump(exclude={"id"}), "loinc_num": number, **values}))


def chapter(desk: Desk, label: str = "Cardiologie biologique") -> int:
    with transaction(desk.engine) as session:
        row = LocalTest(catalogue_id=desk.catalogue_id, level=Level.CHAPTER, code="CAR", label=label, position=90)
        session.add(row)
        session.flush()
        term(session, desk, CHEMISTRY, component="Chemistry studies", class_name="CHEM", scale_typ="-")
        return row.id or 0


def exam(desk: Desk, *analyses: int, label: str = "IONOGRAMME") -> int:
    with transaction(desk.engine) as session:
        code = f"EX{next(NUMBERS)}"
        row = LocalTest(catalogue_id=desk.catalogue_id, level=Level.EXAM, code=code, label=label, position=91)
        session.add(row)
        session.flush()
        for analysis in analyses:
            found = session.get_one(LocalTest, analysis)
            session.add(
                ExamAnalysis(exam_id=row.id or 0, analysis_code=found.code, analysis_label=found.label,
                             analysis_id=analysis)
            )  # fmt: skip
        return row.id or 0


def is_refused(desk: Desk, row: int, code: str) -> str:
    """What is said when the code is chosen in one gesture; nothing is recorded then, and with a reason it is."""
    with pytest.raises(JustificationNeededError) as refusal:
        desk.decide(row, loinc_num=code)
    assert desk.facts(row) == []
    desk.decide(row, loinc_num=code, justification="vu avec le laboratoire")
    assert desk.state(row).status == Status.DECIDED
    return " ".join(check.sentence for check in refusal.value.checks)


def test_a_chapter_takes_no_code_outside_its_list_in_one_gesture(desk: Desk, client_for: ClientFor) -> None:
    row = chapter(desk)
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}?choix={GLUCOSE}").text
    assert GLUCOSE not in CHOSEN.findall(page)
    assert re.search(rf'value="{GLUCOSE}" form="form-choix"[^>]*data-blocking', page)
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{row}/decision", data={"version": 0, "retenir": GLUCOSE})
    assert answer.status_code == 422
    said = is_refused(desk, row, GLUCOSE)
    assert f"{GLUCOSE} n'est pas dans la liste des codes de chapitre (" in said
    assert "studies (set)" in said


def test_a_code_of_the_list_of_chapters_is_chosen_at_once(desk: Desk) -> None:
    row = chapter(desk)
    desk.decide(row, loinc_num=CHEMISTRY)
    assert desk.state(row).loinc_num == CHEMISTRY


def test_an_exam_of_one_analysis_takes_its_code_or_an_order_of_the_same_component(desk: Desk) -> None:
    desk.decide(desk.sodium)
    said = is_refused(desk, exam(desk, desk.sodium, label="NATRÉMIE"), GLUCOSE)
    assert "ni une prescription du même composant : SODIUM (2951-2)" in said
    with transaction(desk.engine) as session:
        term(session, desk, "77139-4")
    for code in (SODIUM, "77139-4"):
        row = exam(desk, desk.sodium, label="NATRÉMIE")
        desk.decide(row, loinc_num=code)
        assert desk.state(row).loinc_num == code


def test_an_analysis_without_decision_is_known_by_what_is_proposed_for_it(desk: Desk) -> None:
    said = is_refused(desk, exam(desk, desk.strip, label="GLUCOSE URINAIRE"), "1988-5")
    assert "GLUCOSE URINAIRE (proposé : 25428-4)" in said


def test_an_exam_of_several_analyses_takes_a_set_an_order_or_one_of_their_codes(desk: Desk) -> None:
    desk.decide(desk.sodium)
    said = is_refused(desk, exam(desk, desk.sodium, desk.unproposed), "1988-5")
    assert "1988-5 n'est ni un ensemble, ni le code d'une des analyses de cet examen : SODIUM (2951-2)." in said
    with transaction(desk.engine) as session:
        term(session, desk, "24326-1", component="Electrolytes 1998 panel", class_name="PANEL.CHEM", scale_typ="-")
        term(session, desk, "20565-8", component="Carbon dioxide", order_obs="Order")
    for code in (SODIUM, "24326-1", "20565-8"):
        row = exam(desk, desk.sodium, desk.unproposed)
        desk.decide(row, loinc_num=code)
        assert desk.state(row).loinc_num == code


def test_an_exam_of_which_nothing_is_known_only_warns(desk: Desk) -> None:
    row = exam(desk, desk.unproposed)
    desk.decide(row, loinc_num=GLUCOSE)
    assert desk.state(row).loinc_num == GLUCOSE


def test_the_approval_list_says_it_and_the_row_is_not_ticked(desk: Desk, client_for: ClientFor) -> None:
    row = chapter(desk)
    desk.decide(row, loinc_num=GLUCOSE, justification="habitude du laboratoire")
    page = client_for(BIOLOGIST).get(f"{desk.base}/approbation").text
    assert "pas dans la liste des codes de chapitre" in page
    assert not re.search(rf'name="choix" value="{row}:', page)


def test_a_batch_leaves_it_to_a_person(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    with transaction(desk.engine) as session:
        session.get_one(LocalTest, ids[0]).level = Level.CHAPTER
    answer = client_for(TRANSCODER).post(f"{desk.base}/lots?chapitre=Lot")
    assert answer.status_code == 303
    assert statuses(desk, ids) == [Status.TODO, Status.DECIDED]
