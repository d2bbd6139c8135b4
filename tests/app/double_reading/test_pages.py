"""The pages: what a second reader sees, and what she must not."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from app.coverage.service import coverage_report
from app.double_reading.service import Answer
from app.models import (
    Action,
    Catalogue,
    Decision,
    EarlierStatement,
    EarlierUse,
    Laboratory,
    ReadingReconciliation,
    Role,
    SecondReading,
    Status,
    User,
)
from app.platform.database import reading, transaction
from app.review.marks import mark_candidate, mark_row
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, SODIUM, SODIUM_IN_BLOOD, Readings, other_code
from tests.conftest import BIOLOGIST, NAMES, OUTSIDER, READER, TRANSCODER, ClientFor

NO_CODE = Answer(Action.NO_LOINC, reason="aucun")
FIRST_CHOICES: dict[str, tuple[Action, dict[str, str]]] = {
    "the first candidate": (Action.CHOOSE, {"loinc_num": SODIUM, "comment": "mots de la première"}),
    "the second one": (
        Action.CHOOSE,
        {"loinc_num": SODIUM_IN_BLOOD, "justification": "mots de la première", "relation": "related"},
    ),
    "one found by search": (Action.CHOOSE, {"loinc_num": "1988-5", "justification": "mots de la première"}),
    "no code": (Action.NO_LOINC, {"reason": "mots de la première"}),
    "out of scope": (Action.OUT_OF_SCOPE, {"reason": "mots de la première"}),
}
VIEWS = ("", "?candidats=10", "?choix=1988-5", "?recherche=sodium", "?choix=2955-3&recherche=sodium")


def seen(readings: Readings, client_for: ClientFor, address: str) -> str:
    """The page as a second reader gets it, but for the name of the request, which is drawn."""
    answer = client_for(BIOLOGIST).get(address)
    assert answer.status_code == 200, answer.text[:400]
    return answer.text.replace(readings.request(readings.desk.sodium).public_id, "DEMANDE")


@pytest.mark.parametrize("view", VIEWS)
def test_no_byte_of_the_case_tells_the_first_choice(readings: Readings, client_for: ClientFor, view: str) -> None:
    desk = readings.desk
    pages = {}
    for name, (action, said) in FIRST_CHOICES.items():
        readings.decide_and_ask(desk.sodium, action, **said)
        pages[name] = seen(readings, client_for, f"{readings.base}/{desk.sodium}{view}")
        desk.undo(desk.sodium)
    assert len(set(pages.values())) == 1
    page = pages["no code"]
    assert "mots de la première" not in page
    assert NAMES[TRANSCODER] not in page
    assert "is-decided" not in page
    assert f"{desk.base}/revue/" not in page


def test_nor_do_flags_and_candidates_set_aside(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    before = seen(readings, client_for, f"{readings.base}/{desk.sodium}")
    with transaction(desk.engine) as session:
        version = desk.version(desk.sodium)
        mark_candidate(session, desk.access(), desk.sodium, version, Action.REJECT_CANDIDATE, SODIUM_IN_BLOOD)
        mark_row(session, desk.access(), desk.sodium, version + 1, Action.FLAG, "à voir")
    assert seen(readings, client_for, f"{readings.base}/{desk.sodium}") == before
    assert "form-ecarter" not in before


def test_nor_does_the_list(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    pages = set()
    for action, said in FIRST_CHOICES.values():
        readings.decide_and_ask(desk.sodium, action, **said)
        pages.add(seen(readings, client_for, readings.base))
        desk.undo(desk.sodium)
    assert len(pages) == 1
    assert "SODIUM" in pages.pop()


def test_nor_an_earlier_code_that_the_first_reader_took_up(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    with transaction(desk.engine) as session:
        session.add(
            EarlierStatement(
                catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, source_name="ancien.csv",
                finding="code", loinc_num=SODIUM_IN_BLOOD,
            )
        )  # fmt: skip
    readings.decide_and_ask(desk.sodium)
    before = seen(readings, client_for, f"{readings.base}/{desk.sodium}")
    with transaction(desk.engine) as session:
        statement = session.exec(select(EarlierStatement)).one()
        statement.taken_as = EarlierUse.TO_CONFIRM
        statement.taken_by_id = desk.world.user_id(TRANSCODER)
    assert seen(readings, client_for, f"{readings.base}/{desk.sodium}") == before
    assert "Transcodage antérieur" in before


def test_the_rows_stand_in_the_order_of_the_file(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    readings.decide_and_ask(desk.sodium)
    page = client_for(BIOLOGIST).get(readings.base).text
    assert page.index("SODIUM") < page.index("GLUCOSE URINAIRE")


def test_a_reading_leads_to_the_next_row_and_says_nothing_of_the_first(
    readings: Readings, client_for: ClientFor
) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    client = client_for(BIOLOGIST)
    data = {"demande": readings.request(desk.sodium).public_id, "action": "choose", "loinc_num": SODIUM}
    answer = client.post(f"{readings.base}/{desk.sodium}", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{readings.base}/{desk.strip}?fait=lue")
    assert "Deuxième lecture enregistrée" in client.get(answer.headers["location"]).text
    data = {"demande": readings.request(desk.strip).public_id, "action": "doubt", "reason": "laquelle ?"}
    answer = client.post(f"{readings.base}/{desk.strip}", data=data)
    assert answer.headers["location"] == f"{readings.base}?fait=toutes"
    page = client.get(answer.headers["location"]).text
    assert "plus aucune ligne" in page
    assert "GLUCOSE URINAIRE" in page, "in disagreement"


def test_what_is_missing_is_said_and_what_was_written_stays(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    data = {
        "demande": readings.request(desk.glucose).public_id, "action": "choose", "loinc_num": "5792-7",
        "comment": "mes mots",
    }  # fmt: skip
    answer = client_for(BIOLOGIST).post(f"{readings.base}/{desk.glucose}", data=data)
    assert answer.status_code == 422
    assert "Justifiez par écrit" in answer.text
    assert "mes mots" in answer.text
    assert re.search(r'value="5792-7"[^>]*checked', answer.text)


@pytest.mark.parametrize(
    ("email", "status"), [(TRANSCODER, 403), (READER, 403), (OUTSIDER, 404), (BIOLOGIST, 200)]
)
def test_who_may_open_the_blind_case(
    readings: Readings, client_for: ClientFor, email: str, status: int
) -> None:
    readings.decide_and_ask(readings.desk.sodium)
    assert client_for(email).get(f"{readings.base}/{readings.desk.sodium}").status_code == status


def test_a_row_that_nobody_asked_for_is_no_blind_case(readings: Readings, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    answer = client.get(f"{readings.base}/{readings.desk.sodium}")
    assert (answer.status_code, "Aucune deuxième lecture" in answer.text) == (409, True)
    assert client.get(f"{readings.base}/987654").status_code == 404
    assert client.get(f"{readings.base}/{readings.desk.sodium}/conciliation").status_code == 409


@pytest.mark.parametrize("data", [{}, {"demande": "x", "action": "vole"}, {"demande": "x" * 60}, {"version": "abc"}])
def test_bad_input_gives_no_fault(readings: Readings, client_for: ClientFor, data: dict[str, str]) -> None:
    readings.decide_and_ask(readings.desk.sodium)
    client = client_for(BIOLOGIST)
    assert client.post(f"{readings.base}/{readings.desk.sodium}", data=data).status_code == 422
    assert client.post(f"{readings.base}/{readings.desk.sodium}/conciliation", data=data).status_code == 422
    for params in ("?lire=a-b", "?lire=9999999999999-1", "?concilier=-", "?lire=1"):
        assert client.get(readings.base + params).status_code == 200


def test_both_readings_stand_side_by_side(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium, comment="sérum écrit")
    readings.read(desk.sodium, other_code(comment="tube de sang"))
    page = client_for(SECOND_BIOLOGIST).get(f"{readings.base}/{desk.sodium}/conciliation").text
    for text in (SODIUM, SODIUM_IN_BLOOD, "sérum écrit", "tube de sang", "sang total", NAMES[TRANSCODER],
                 NAMES[BIOLOGIST], "Composant", "Unité"):  # fmt: skip
        assert text in page
    assert "Enregistrer la conciliation" in page
    refused = client_for(BIOLOGIST).get(f"{readings.base}/{desk.sodium}/conciliation").text
    assert "Enregistrer la conciliation" not in refused
    assert "un des deux lecteurs" in refused


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ({"retenue": "premiere"}, "choose", SODIUM),
        ({"retenue": "deuxieme"}, "choose", SODIUM_IN_BLOOD),
        ({"retenue": "autre", "action": "choose", "other_code": "2955-3", "justification": "u"}, "choose", "2955-3"),
        ({"retenue": "autre", "action": "no_loinc"}, "no_loinc", ""),
    ],
)
def test_a_reconciliation_from_its_page(
    readings: Readings, client_for: ClientFor, said: dict[str, str], outcome: str, code: str
) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    second = readings.read(desk.sodium, other_code())
    client = client_for(SECOND_BIOLOGIST)
    address = f"{readings.base}/{desk.sodium}/conciliation"
    data = {"version": str(desk.version(desk.sodium)), "lecture": second.public_id, **said}
    answer = client.post(address, data=data)
    assert (answer.status_code, "motif" in answer.text) == (422, True)
    answer = client.post(address, data={**data, "reason": "vu ensemble"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{readings.base}?fait=conciliee")
    with reading(desk.engine) as session:
        found = session.exec(select(ReadingReconciliation)).one()
        fact = session.get(Decision, found.decision_id)
    assert fact is not None
    assert (fact.action, fact.loinc_num, found.reason) == (outcome, code, "vu ensemble")
    assert client.post(address, data={**data, "reason": "encore"}).status_code == 409


def test_what_the_approval_list_says(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    client = client_for(SECOND_BIOLOGIST)
    page = client.get(f"{desk.base}/approbation").text
    assert "Deuxième lecture attendue" in page
    assert f'name="choix" value="{desk.sodium}:' not in page, "it waits for its reading"
    readings.read(desk.sodium, other_code())
    page = client.get(f"{desk.base}/approbation").text
    assert "Lectures en désaccord" in page
    assert f'name="choix" value="{desk.sodium}:' not in page
    assert f"{readings.base}/{desk.sodium}/conciliation" in page
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    readings.read(desk.strip, NO_CODE)
    assert "Lue deux fois, d’accord" in client.get(f"{desk.base}/approbation").text


def test_a_disagreement_is_said_in_the_case_and_refuses_its_approval(
    readings: Readings, client_for: ClientFor
) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, other_code())
    client = client_for(SECOND_BIOLOGIST)
    page = client.get(f"{desk.base}/revue/{desk.sodium}").text
    assert "Voir les deux lectures" in page
    assert 'data-key="a"' not in page
    data = {"version": str(desk.version(desk.sodium)), "action": "approve"}
    answer = client.post(f"{desk.base}/approbation/{desk.sodium}", data=data)
    assert (answer.status_code, "en désaccord" in answer.text) == (409, True)


def test_the_agreement_page(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    client = client_for(READER)
    assert "Aucune ligne de ce catalogue" in client.get(f"{readings.base}/accord").text
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, other_code())
    readings.decide_and_ask(desk.strip, Action.NO_LOINC)
    readings.read(desk.strip, NO_CODE, SECOND_BIOLOGIST)
    page = client.get(f"{readings.base}/accord").text
    assert "50,0" in page
    assert "Biochimie et hormonologie" in page
    # Two pairs, (2951-2, 2947-0) and (none, none): observed 1/2, expected 1/4.
    assert "0,33" in page
    assert "1,00" not in page, "two different codes are no agreement, for kappa neither"
    assert "non défini" in page, "one pair of readers has one category"
    assert NAMES[BIOLOGIST] in page
    assert 'data-export="accord-disciplines"' in page


PLACES = ("revue", "revue/{row}", "revue/{row}?fait={fact}", "revue/{row}/groupe", "approbation")


@pytest.mark.parametrize("place", PLACES)
def test_no_page_tells_the_decision_to_who_may_read_it_again(
    readings: Readings, client_for: ClientFor, place: str
) -> None:
    desk = readings.desk
    readings.give_role(SECOND_BIOLOGIST, Role.TRANSCODER)
    fact = readings.decide_and_ask(desk.sodium, loinc_num="1988-5", justification="mots de la première")
    address = f"{desk.base}/{place.format(row=desk.sodium, fact=fact.id)}"
    told = ("1988-5", "mots de la première")
    blind = client_for(SECOND_BIOLOGIST).get(address).text
    assert all(word not in blind for word in told)
    assert "en attente de deuxième lecture (à l’aveugle)" in blind
    for email in (TRANSCODER, BIOLOGIST):
        assert "1988-5" in client_for(email).get(address).text, "its author and who approves see it"
    readings.read(desk.sodium, other_code(), SECOND_BIOLOGIST)
    assert "1988-5" in client_for(SECOND_BIOLOGIST).get(address).text, "once she has read it"


def test_the_case_names_nobody_and_leads_to_the_blind_reading(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.give_role(SECOND_BIOLOGIST, Role.TRANSCODER)
    readings.decide_and_ask(desk.sodium)
    page = client_for(SECOND_BIOLOGIST).get(f"{desk.base}/revue/{desk.sodium}").text
    assert NAMES[TRANSCODER] not in page
    assert f'href="{readings.base}/{desk.sodium}"' in page
    assert 'id="form-choix"' not in page
    page = client_for(SECOND_BIOLOGIST).get(f"{desk.base}/approbation").text
    assert f'href="{readings.base}/{desk.sodium}"' in page


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_nor_does_the_answer_to_a_decision(readings: Readings, client_for: ClientFor, accept: str) -> None:
    desk = readings.desk
    readings.give_role(SECOND_BIOLOGIST, Role.TRANSCODER)
    readings.decide_and_ask(desk.sodium, loinc_num="1988-5", justification="mots de la première")
    client = client_for(SECOND_BIOLOGIST)
    # She had the row open before it was decided, or after.
    for version in ("0", "1"):
        for action, place in (("choose", "decision"), ("flag", "repere"), ("undo", "annulation")):
            form = {"version": version, "action": action, "loinc_num": SODIUM, "reason": "essai"}
            address = f"{desk.base}/revue/{desk.sodium}/{place}"
            answer = client.post(address, data=form, headers={"accept": accept})
            assert answer.status_code == 409, place
            assert "1988-5" not in answer.text
            assert "à l’aveugle" in answer.text
    assert len(desk.facts(desk.sodium)) == 1


def test_the_approval_says_what_waits_and_what_is_suspended(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    client = client_for(BIOLOGIST)
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    page = client.get(f"{desk.base}/approbation").text
    assert "choisie pour une deuxième lecture" in page
    assert f'value="{desk.glucose}:1"' not in page, "it is not ticked"
    assert "choisie pour une deuxième lecture" in client.get(f"{desk.base}/revue/{desk.glucose}").text
    assert "sans la deuxième lecture" not in page
    readings.approve_then_ask(desk.sodium)
    assert "sans la deuxième lecture" in client.get(f"{desk.base}/approbation").text
    readings.read(desk.sodium, other_code())
    page = client.get(f"{desk.base}/approbation").text
    assert "1 ligne approuvée a deux lectures" in page
    assert "sans la deuxième lecture" not in page
    assert re.search(r"<td[^>]*>Approuvée</td>", client.get(readings.base).text)
    suspended = "1 ligne approuvée ne compte pas ici\u202f: deux lectures y diffèrent"
    assert suspended in client.get(f"{desk.base}/couverture").text
    with reading(desk.engine) as session:
        catalogue = session.get_one(Catalogue, desk.catalogue_id)
        report = coverage_report(session, session.get_one(Laboratory, catalogue.laboratory_id), catalogue)
    assert any(suspended in sentence for sentence in report.all_warnings), "the files say it too"
    readings.reconcile(desk.sodium, other_code(reason="vu ensemble"))
    assert suspended not in client.get(f"{desk.base}/couverture").text


def test_the_reconciliation_says_what_was_decided_since(
    readings: Readings, differing: Callable[[], None], client_for: ClientFor
) -> None:
    desk = readings.desk
    differing()
    address = f"{readings.base}/{desk.sodium}/conciliation"
    client = client_for(SECOND_BIOLOGIST)
    assert "Depuis la première lecture" not in client.get(address).text
    # The plain decision of the second reader, posted as any other, leaves the row where it was.
    form = {"version": str(desk.version(desk.sodium)), "action": "no_loinc", "reason": "aucun"}
    client_for(BIOLOGIST).post(f"{desk.base}/revue/{desk.sodium}/decision", data=form)
    assert desk.state(desk.sodium).outcome == "no_loinc"
    assert f"Depuis la première lecture, {NAMES[BIOLOGIST]} a répondu" in client.get(address).text
    judged = {"version": str(desk.version(desk.sodium)), "action": "approve"}
    assert client.post(f"{desk.base}/approbation/{desk.sodium}", data=judged).status_code == 409
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_a_laboratory_of_one_person_reports_what_waits(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    with transaction(desk.engine) as session:
        for email in (BIOLOGIST, SECOND_BIOLOGIST):
            user = session.get(User, desk.world.user_id(email))
            assert user is not None
            user.is_active = False
    client = client_for(TRANSCODER)
    assert "un deuxième lecteur que le laboratoire n’a pas" in client.get(readings.base).text
    assert "que personne du laboratoire ne peut lire" in client.get(f"{readings.base}/accord").text


def test_the_shares_page(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    address = f"/laboratoires/{desk.world.laboratory_id}/double-lecture"
    assert "Enregistrer les parts" not in client_for(TRANSCODER).get(address).text
    client = client_for(BIOLOGIST)
    page = client.get(address).text
    assert re.search(r'name="part-hematology"[^>]*value="20"', page)
    assert re.search(r'name="part-generale"[^>]*value="5"', page)
    answer = client.post(address, data={"vu": "0", "part-generale": "8", "part-coagulation": "25"})
    assert answer.headers["location"] == f"{address}?change=2"
    page = client.get(answer.headers["location"]).text
    assert "Hémostase : 25\u00a0%" in page
    assert "2 parts sont changées" in page
    assert client.post(address, data={"vu": "0", "part-generale": "9"}).status_code == 409
    answer = client.post(address, data={"part-generale": "deux"})
    assert (answer.status_code, "de 0 à 100" in answer.text) == (422, True)
    assert client_for(TRANSCODER).post(address, data={"part-generale": "8"}).status_code == 403


def test_a_second_reading_leaves_the_row_as_it_was(readings: Readings) -> None:
    desk = readings.desk
    readings.decide_and_ask(desk.sodium)
    before = desk.state(desk.sodium)
    readings.read(desk.sodium, other_code())
    assert desk.state(desk.sodium) == before
    with reading(desk.engine) as session:
        assert len(session.exec(select(SecondReading)).all()) == 1
    assert len(desk.facts(desk.sodium)) == 1
