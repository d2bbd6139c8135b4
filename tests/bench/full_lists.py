"""A large catalogue whose report has something in each of its lists: `decide` and a dozen composed `definitions`.

Of a hundred analyses, twelve are out of scope and eight without a code, each with its reason; six have a code that
LOINC retired or that is none, four a relation that is not exact, and a third a justification as long as people write.
Of twenty, three were read twice: one agreed, one differed and was reconciled, one still differs.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import Session, col, select, update

import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.cases.reasons import NO_LOINC_REASONS, OUT_OF_SCOPE_REASONS
from app.coverage.judging import DeprecatedRule, ReleaseRule, Statuses
from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.effective.service import Period, keep
from app.emitted.observed import Cluster, Counts, Seen
from app.models import (
    Action,
    Catalogue,
    CoverageDefinition,
    Decision,
    Laboratory,
    Level,
    LocalTest,
    LoincTerm,
    ReadingReconciliation,
    ReadingRequest,
    ReviewState,
    Role,
    SecondReading,
    User,
)
from app.platform.database import make_engine, reading, transaction
from app.transcoding.facts import derive_state
from loinc_data.tables import load_starter_terms
from tests.bench.bench_catalogue_10k import settings_of

JUSTIFICATION = (
    "Le libellé du laboratoire nomme le milieu du tube et non celui de l’examen ; la technique a été relue avec le "
    "fournisseur, et l’unité du compte rendu est celle de ce code depuis le changement d’automate de mars 2025."
)
PLACEHOLDER = "19146-0"
DEFINITIONS = 12
CHUNK = 1_000


def definitions(author_id: int) -> Iterator[CoverageDefinition]:
    """Composed definitions of every sort, as many as may be in service."""
    for number in range(DEFINITIONS):
        level, rule = [("analysis", "own_code"), ("exam", "own_code"), ("exam", "all_analyses")][number % 3]
        yield CoverageDefinition(
            title=f"Définition {number}", level=level, exam_rule=rule,
            measure="volume" if number % 2 else "rows", with_subcontracted=number % 5 != 0,
            with_retired=number % 4 == 0, circuit_only=number % 3 == 1, out_of_scope_leaves=number % 7 != 0,
            no_code_leaves=number % 2 == 0, statuses=list(Statuses)[number % 2],
            releases=list(ReleaseRule)[number % 4 // 2], deprecated=list(DeprecatedRule)[number % 3],
            author_id=author_id,
        )  # fmt: skip


def decide(folder: Path, _count: int) -> int:
    """Decide and approve every analysis of the catalogue of `bench_catalogue_10k`; returns how many."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    with transaction(engine) as session:
        people = [User(email=f"{name}@exemple.fr", display_name=name, password_hash="!") for name in ("Tania", "Lise")]
        session.add_all(people)
        session.flush()
        transcoder, second = (person.id or 0 for person in people)
        session.add_all(definitions(1))
        # Without volumes, the definitions that count them are left out.
        session.execute(update(LocalTest).values(annual_volume=col(LocalTest.id) * 7919 % 9000 + 1))
        numbers = [term.loinc_num for term in load_starter_terms()]
        session.execute(
            update(LoincTerm).where(col(LoincTerm.loinc_num).in_(numbers[::50])).values(status="DEPRECATED")
        )
        statement = select(LocalTest.id).where(LocalTest.catalogue_id == 1, LocalTest.level == Level.ANALYSIS)
        ids = [test_id for test_id in session.exec(statement) if test_id is not None]
    for start in range(0, len(ids), CHUNK):
        with transaction(engine) as session:
            for number, test_id in enumerate(ids[start : start + CHUNK], start):
                _decide(session, number, test_id, numbers, transcoder, second)
    return len(ids)


def measure(folder: Path, count: int) -> int:
    """Keep a run of emitted reports over each of these analyses, a third of them to be repaired; returns its lines."""
    engine = make_engine(settings_of(folder).resolved_database_url)
    with reading(engine) as session:
        catalogue = session.exec(select(Catalogue)).one()
        against = against_now(session, session.get_one(Laboratory, catalogue.laboratory_id), catalogue)
    carried: Counter[Seen] = Counter()
    clusters: Counter[Cluster] = Counter()
    for number, (local, analysis) in enumerate(sorted(against.analyses.items())):
        approved = tuple(sorted(analysis.approved)[:1])
        carried[Seen(local, approved if number % 3 else ("2951-2",), "mmol/L", "")] += number % 90 + 1
        clusters[Cluster("", number % 40 + 1, number % (number % 40 + 1))] += 1
    carried.update({Seen(f"NEUF{number}", (), "", ""): 3 for number in range(count // 10)})
    counts = Counts(len(carried), 0, dict(carried), dict.fromkeys(carried, 1), dict(clusters), ())
    with reading(engine) as session:
        codes = code_facts(session, against.release_id, seen_codes(counts))
    measured = Measured(against, figures_of(counts, against, codes, 40), (), counts.clusters)
    with transaction(engine) as session:
        keep(session, measured, None, Period())
    return len(carried)


def _decide(session: Session, number: int, test_id: int, numbers: list[str], transcoder: int, second: int) -> None:
    """The facts of one row: a decision, perhaps a second reading, an approval; and the state that they mean."""
    choice = _choice(number, test_id, numbers, transcoder)
    session.add(choice)
    session.flush()
    facts = [choice]
    kind = number % 20
    if kind in (3, 9, 15):
        facts += _read_twice(session, choice, kind, numbers[(number + 1) % len(numbers)], second)
    approval = Decision(
        local_test_id=test_id, action=Action.APPROVE, author_id=1, author_role=Role.BIOLOGIST, release_id=1
    )
    session.add(approval)
    session.flush()
    found = derive_state([*facts, approval])
    state = session.get_one(ReviewState, test_id)
    for name in found.__slots__:
        setattr(state, name, getattr(found, name))


def _choice(number: int, test_id: int, numbers: list[str], author_id: int) -> Decision:
    """What the transcoder decided of a row."""
    found = Decision(
        local_test_id=test_id, action=Action.CHOOSE, relation="equivalent", release_id=1, author_id=author_id,
        author_role=Role.TRANSCODER, loinc_num=numbers[number % len(numbers)],
        justification=JUSTIFICATION if number % 3 == 0 else "",
    )  # fmt: skip
    share = number * 37 % 100
    if share < 20:
        reasons = OUT_OF_SCOPE_REASONS if share < 12 else NO_LOINC_REASONS
        found.action = Action.OUT_OF_SCOPE if share < 12 else Action.NO_LOINC
        found.reason, found.loinc_num, found.relation = reasons[number % len(reasons)], "", ""
    elif share < 24:
        found.loinc_num = PLACEHOLDER
    elif share < 28:
        found.relation, found.comment = "loinc_narrower", "Le code est plus précis que l’analyse du laboratoire."
    return found


def _read_twice(session: Session, choice: Decision, kind: int, other: str, second: int) -> list[Decision]:
    """A second reading: the same answer (3), another one that was reconciled (9), one that still stands (15)."""
    request = ReadingRequest(
        catalogue_id=1, local_test_id=choice.local_test_id, decision_id=choice.id or 0, discipline="chemistry",
        origin="share",
    )  # fmt: skip
    session.add(request)
    session.flush()
    is_same = kind == 3
    reading = SecondReading(
        request_id=request.id or 0, action=choice.action if is_same else Action.CHOOSE,
        loinc_num=choice.loinc_num if is_same else other, relation=choice.relation if is_same else "equivalent",
        reason=choice.reason if is_same else "", release_id=1, is_agreement=is_same, author_id=second,
        author_role=Role.TRANSCODER,
    )  # fmt: skip
    session.add(reading)
    session.flush()
    if kind != 9:
        return []
    again = Decision(
        local_test_id=choice.local_test_id, action=Action.CHOOSE, loinc_num=other, relation="equivalent",
        release_id=1, author_id=second, author_role=Role.TRANSCODER, supersedes_id=choice.id,
        justification=JUSTIFICATION,
    )  # fmt: skip
    session.add(again)
    session.flush()
    session.add(
        ReadingReconciliation(
            reading_id=reading.id or 0, decision_id=again.id or 0, author_id=second, author_role=Role.TRANSCODER,
            reason="Les deux lecteurs ont relu la notice du réactif et retenu le code du second.",
        )
    )  # fmt: skip
    return [again]
