"""What the engine is told beside a row: the exams that hold it, and how wide its catalogue's labels are."""

import json

import pytest

from app.models import ExamAnalysis, Level, LocalTest, LoincRelease
from app.platform.database import reading, transaction
from app.proposals import jobs, repository, rows
from app.proposals.jobs import run_proposals
from app.proposals.knowledge import knowledge_for, knowledge_from_json, knowledge_to_json
from app.settings import Settings
from matcher import Band, Knowledge, Remembered
from matcher import LocalTest as MatcherTest
from matcher import Proposal as MatcherProposal
from tests.conftest import World


class Listening:
    """Proposes one code, and keeps what it was asked and told."""

    def __init__(self) -> None:
        self.asked: dict[str, MatcherTest] = {}
        self.knowledge: Knowledge | None = None

    def with_knowledge(self, knowledge: Knowledge) -> "Listening":
        self.knowledge = knowledge
        return self

    def propose(self, test: MatcherTest, _top: int) -> list[MatcherProposal]:
        self.asked[test.code] = test
        return [MatcherProposal(1, "2951-2", 0.9, Band.TO_CHECK)]


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> Listening:
    listening = Listening()
    monkeypatch.setattr(rows, "engine_of_release", lambda *_: listening)
    monkeypatch.setattr(jobs, "engine_of_release", lambda *_: listening)
    return listening


@pytest.fixture
def catalogue(world: World) -> int:
    with transaction(world.engine) as session:
        session.add(LoincRelease(version="2.80", kind="official", is_current=True, status="ready"))
    return world.add_catalogue("Le nôtre").id or 0


def add(world: World, catalogue: int, level: Level, code: str, label: str) -> int:
    with transaction(world.engine) as session:
        test = LocalTest(catalogue_id=catalogue, level=level, code=code, label=label)
        session.add(test)
        session.flush()
        return test.id or 0


def hold(world: World, exam: int, analysis: int) -> None:
    with transaction(world.engine) as session:
        session.add(ExamAnalysis(exam_id=exam, analysis_code=str(analysis), analysis_id=analysis))


def test_the_exams_of_an_analysis_reach_the_engine(
    world: World, settings: Settings, matcher: Listening, catalogue: int
) -> None:
    urine = add(world, catalogue, Level.EXAM, "ECBU", "Examen des urines")
    spine = add(world, catalogue, Level.EXAM, "PL", "Ponction lombaire")
    leucocytes = add(world, catalogue, Level.ANALYSIS, "LEUC", "Leucocytes")
    proteins = add(world, catalogue, Level.ANALYSIS, "PROT", "Protéines")
    add(world, catalogue, Level.ANALYSIS, "SEUL", "Sodium")
    for exam, analysis in ((urine, leucocytes), (urine, proteins), (spine, proteins)):
        hold(world, exam, analysis)
    run_proposals(world.engine, settings, catalogue, None)
    assert {code: test.exam for code, test in matcher.asked.items()} == {
        "ECBU": "",
        "PL": "",
        "LEUC": "Examen des urines",
        "PROT": "Examen des urines / Ponction lombaire",
        "SEUL": "",
    }
    assert matcher.asked["ECBU"].analyses == ("Leucocytes", "Protéines")


def test_exams_are_found_in_the_order_of_their_file(world: World, catalogue: int) -> None:
    first = add(world, catalogue, Level.EXAM, "Z", "Zeta")
    second = add(world, catalogue, Level.EXAM, "A", "Alpha")
    analysis = add(world, catalogue, Level.ANALYSIS, "X", "Sodium")
    hold(world, first, analysis)
    hold(world, second, analysis)
    with reading(world.engine) as session:
        assert repository.exams_of(session, [analysis]) == {analysis: ["Zeta", "Alpha"]}
        assert repository.exams_of(session, [first]) == {}
        assert repository.exams_of(session, []) == {}


def test_the_engine_is_told_at_what_width_labels_are_cut(
    world: World, settings: Settings, matcher: Listening, catalogue: int
) -> None:
    for number in range(5):
        add(world, catalogue, Level.ANALYSIS, f"A{number}", f"Dosage de la vit. {number}x")
    add(world, catalogue, Level.ANALYSIS, "B", "Sodium")
    add(world, catalogue, Level.EXAM, "E", "Un examen dont le libellé est bien plus long")
    run_proposals(world.engine, settings, catalogue, None)
    assert matcher.knowledge is not None
    assert matcher.knowledge.label_width == len("Dosage de la vit. 0x") == 20
    add(world, catalogue, Level.ANALYSIS, "C", "Dosage de la vitamine D")
    run_proposals(world.engine, settings, catalogue, None)
    assert matcher.knowledge.label_width == 0, "a longer label: none was cut"


def test_knowledge_goes_to_json_and_back() -> None:
    knowledge = Knowledge(
        memory={"sodium|||": (Remembered("2951-2", 2, ("A", "B")),)},
        nabm={"1610": frozenset({"2951-2", "2823-3"})},
        preferred=frozenset({"2951-2"}),
        label_width=24,
    )
    written = json.loads(json.dumps(knowledge_to_json(knowledge)))
    assert knowledge_from_json(written) == knowledge
    assert knowledge_from_json(json.loads(json.dumps(knowledge_to_json(Knowledge())))) == Knowledge()
    del written["label_width"]
    assert knowledge_from_json(written).label_width == 0, "a search begun before widths were told"


def test_what_is_known_of_a_catalogue_holds_its_width(world: World, catalogue: int) -> None:
    for number in range(4):
        add(world, catalogue, Level.ANALYSIS, f"A{number}", f"Anticorps {number}")
    with reading(world.engine) as session:
        assert knowledge_for(session, catalogue).label_width == 0, "eleven letters are no field"
    for number in range(4):
        add(world, catalogue, Level.ANALYSIS, f"B{number}", f"Anticorps anti {number}")
    with reading(world.engine) as session:
        assert knowledge_for(session, catalogue).label_width == 16
