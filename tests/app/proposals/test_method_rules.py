"""The rule of a laboratory on techniques: who decides, what is kept, what was searched otherwise."""

import html

import pytest
from sqlmodel import col, select

from app.errors import ConflictError, NotAllowedError
from app.models import AuditEvent, Job, Level, LoincRelease, MethodChoice, MethodRule, Role
from app.platform.database import reading, transaction
from app.proposals import jobs, repository, rows
from app.proposals.jobs import run_proposals
from app.proposals.knowledge import knowledge_for, knowledge_from_json, knowledge_to_json
from app.proposals.method_rule_pages import CHANGES_SHOWN
from app.proposals.method_rules import differing, discipline_names, read_choices, rules_of, set_rules
from app.proposals.service import JOB_KIND
from app.settings import Settings
from matcher import Knowledge
from matcher.knowledge import WITH, WITHOUT
from tests.app.proposals.test_exams import Listening, add
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

WITH_TECHNIQUE = {"hematology": MethodChoice.WITH}


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch, world: World) -> Listening:
    listening = Listening()
    monkeypatch.setattr(rows, "engine_of_release", lambda *_: listening)
    monkeypatch.setattr(jobs, "engine_of_release", lambda *_: listening)
    with transaction(world.engine) as session:
        session.add(LoincRelease(version="2.80", kind="official", is_current=True, status="ready"))
    return listening


@pytest.fixture
def catalogue(world: World) -> int:
    number = world.add_catalogue("Le nôtre").id or 0
    add(world, number, Level.ANALYSIS, "NA", "Sodium")
    add(world, number, Level.ANALYSIS, "GR", "Hématies")
    return number


def rule(world: World, choices: dict[str, MethodChoice], seen: int | None = None, email: str = BIOLOGIST) -> int:
    with transaction(world.engine) as session:
        known = repository.newest_method_rule(session, world.laboratory_id) if seen is None else seen
        return set_rules(session, world.access(email), choices, known)


def address(world: World) -> str:
    return f"/laboratoires/{world.laboratory_id}/techniques"


def test_the_words_of_the_rule_are_those_that_the_matcher_reads() -> None:
    assert {MethodChoice.WITH.value, MethodChoice.WITHOUT.value} == {WITH, WITHOUT}
    assert {"hematology", "chemistry", "microbiology"} <= discipline_names().keys()


def test_every_change_is_kept_and_the_newest_is_the_rule(world: World) -> None:
    assert rule(world, WITH_TECHNIQUE | {"chemistry": MethodChoice.NATIONAL}) == 1, "national is what held already"
    assert rule(world, WITH_TECHNIQUE) == 0
    assert rule(world, {"hematology": MethodChoice.WITHOUT, "serology": MethodChoice.WITH}) == 2
    with reading(world.engine) as session:
        assert rules_of(session, world.laboratory_id) == {"hematology": "without", "serology": "with"}
    assert rule(world, {"hematology": MethodChoice.NATIONAL}) == 1
    with reading(world.engine) as session:
        assert rules_of(session, world.laboratory_id) == {"serology": "with"}
        facts = session.exec(select(MethodRule).order_by(col(MethodRule.id))).all()
        assert [(fact.discipline, fact.choice) for fact in facts] == [
            ("hematology", "with"), ("hematology", "without"), ("serology", "with"), ("hematology", "national"),
        ]  # fmt: skip
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "laboratory.set_method_rules")).all()
        assert events[0].details["after"] == ["Hématologie et cytologie sanguine : avec technique"]
        assert len(events) == 3


def test_a_rule_is_that_of_one_laboratory(world: World) -> None:
    rule(world, WITH_TECHNIQUE)
    with reading(world.engine) as session:
        others = [number for number in range(1, 5) if number != world.laboratory_id]
        assert [rules_of(session, number) for number in others] == [{}, {}, {}]


def test_only_a_biologist_decides_and_only_on_what_she_saw(world: World) -> None:
    with pytest.raises(NotAllowedError):
        rule(world, WITH_TECHNIQUE, email=TRANSCODER)
    rule(world, WITH_TECHNIQUE)
    with pytest.raises(ConflictError, match="entre-temps"):
        rule(world, {"hematology": MethodChoice.WITHOUT}, seen=0)
    with reading(world.engine) as session:
        assert rules_of(session, world.laboratory_id) == {"hematology": "with"}


def test_every_search_and_every_weighing_is_told_the_rule(
    world: World, settings: Settings, matcher: Listening, catalogue: int
) -> None:
    rule(world, WITH_TECHNIQUE)
    run_id = run_proposals(world.engine, settings, catalogue)
    assert matcher.knowledge is not None
    assert matcher.knowledge.method_rules == {"hematology": "with"}
    with reading(world.engine) as session:
        assert knowledge_for(session, catalogue, [matcher.asked["GR"]]).method_rules == {"hematology": "with"}
        run = repository.current_run(session, catalogue)
        assert run is not None
        assert (run.id, run.method_rules) == (run_id, {"hematology": "with"})


def test_the_rule_goes_to_the_chunks_of_a_search_and_an_older_search_has_none() -> None:
    written = knowledge_to_json(Knowledge(method_rules={"hematology": "with"}))
    assert knowledge_from_json(written).method_rules == {"hematology": "with"}
    del written["method_rules"]
    assert knowledge_from_json(written).method_rules == {}


def test_rows_searched_with_another_rule_are_not_carried_over(
    world: World, settings: Settings, matcher: Listening, catalogue: int
) -> None:
    run_proposals(world.engine, settings, catalogue)
    with reading(world.engine) as session:
        first = repository.local_test_ids(session, catalogue)[0]
    matcher.asked.clear()
    run_proposals(world.engine, settings, catalogue, [first])
    assert list(matcher.asked) == ["NA"], "the other row keeps its proposals"
    rule(world, WITH_TECHNIQUE)
    matcher.asked.clear()
    run_proposals(world.engine, settings, catalogue, [first])
    assert set(matcher.asked) == {"NA", "GR"}


def test_what_differs_is_named_in_the_order_of_the_table() -> None:
    assert differing(None, {}) == []
    assert differing({"serology": "with"}, {"serology": "with"}) == []
    assert differing({"hematology": "with"}, {"hematology": "without", "chemistry": "with"}) == [
        "Hématologie et cytologie sanguine", "Biochimie et hormonologie",
    ]  # fmt: skip


def test_the_page_shows_and_changes_the_rule(
    world: World, settings: Settings, matcher: Listening, catalogue: int, client_for: ClientFor
) -> None:
    run_proposals(world.engine, settings, catalogue)
    biologist = client_for(BIOLOGIST)
    page = biologist.get(address(world)).text
    assert "Les propositions de tous les catalogues" in page
    assert "Rechercher de nouveau" not in page
    answer = biologist.post(address(world), data={"vu": "0", "regle-hematology": "with"})
    assert answer.status_code == 303
    page = biologist.get(answer.headers["location"]).text
    assert "La règle est changée pour 1 discipline." in page
    assert f'action="/catalogues/{catalogue}/propositions"' in page
    assert '<option value="with" selected>Avec technique</option>' in page
    overview = biologist.get(f"/catalogues/{catalogue}").text
    assert "changé depuis cette recherche (Hématologie et cytologie sanguine)" in overview
    assert "Hématologie et cytologie sanguine : avec technique" in biologist.get(
        f"/laboratoires/{world.laboratory_id}"
    ).text  # fmt: skip
    with transaction(world.engine) as session:
        job = Job(kind=JOB_KIND, laboratory_id=world.laboratory_id, catalogue_id=catalogue, payload={})
        session.add(job)
        session.flush()
        number = job.id
    page = biologist.get(address(world)).text
    assert f'href="/travaux/{number}"' in page
    assert "Rechercher de nouveau" not in page
    with transaction(world.engine) as session:
        session.delete(session.get_one(Job, number))
    assert biologist.post(f"/catalogues/{catalogue}/propositions").status_code == 303
    assert "Les propositions de tous les catalogues" in biologist.get(address(world)).text
    assert "changé depuis cette recherche" not in biologist.get(f"/catalogues/{catalogue}").text


def test_others_read_the_rule_and_outsiders_do_not(world: World, client_for: ClientFor) -> None:
    rule(world, WITH_TECHNIQUE)
    for email in (TRANSCODER, READER):
        page = client_for(email).get(address(world)).text
        assert "avec technique" in page
        assert "<select" not in page
        answer = client_for(email).post(address(world), data={"vu": "1", "regle-hematology": "without"})
        assert answer.status_code == 403
    assert client_for(OUTSIDER).get(address(world)).status_code == 404


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        ({"vu": "0", "regle-hematology": "parfois"}, 422, "le choix « parfois » est inconnu"),
        ({"vu": "0", "regle-alchimie": "with"}, 422, "La discipline « alchimie » est inconnue"),
        ({"vu": "7", "regle-hematology": "with"}, 409, "changée entre-temps"),
        ({"vu": "99999999999999999999"}, 422, ""),
        ({"vu": "²"}, 422, ""),
    ],
)
def test_what_cannot_be_is_refused_in_french(
    world: World, client_for: ClientFor, data: dict[str, str], status: int, reason: str
) -> None:
    answer = client_for(BIOLOGIST).post(address(world), data=data)
    assert answer.status_code == status
    assert reason in answer.text
    with reading(world.engine) as session:
        assert session.exec(select(MethodRule)).first() is None
        assert world.access(BIOLOGIST).role == Role.BIOLOGIST


def test_a_choice_not_named_stays_as_it_is() -> None:
    assert read_choices({"hematology": "with"}) == WITH_TECHNIQUE
    assert read_choices({}) == {}


def test_the_page_shows_the_last_changes_only_and_says_so(world: World, client_for: ClientFor) -> None:
    discipline, client = next(iter(discipline_names())), client_for(BIOLOGIST)
    choices = [MethodChoice.WITH, MethodChoice.WITHOUT]
    for number in range(CHANGES_SHOWN):
        rule(world, {discipline: choices[number % 2]})
    shown = html.unescape(client.get(address(world)).text)
    assert "derniers changements" not in shown
    rule(world, {discipline: MethodChoice.NATIONAL})
    shown = html.unescape(client.get(address(world)).text)
    assert f"Seuls les {CHANGES_SHOWN} derniers changements sont montrés ; les précédents sont au journal." in shown
    history = shown[shown.index('id="historique"') :]
    assert history.count("<tr>") == 1 + CHANGES_SHOWN
    assert "selon le choix national" in history
