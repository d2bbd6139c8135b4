"""Matching some rows of a catalogue and storing what is proposed: the work of one chunk."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import Session

from app.catalogues.matcher_input import to_matcher
from app.errors import ConflictError, NotFoundError
from app.files.kinds import SECTIONS
from app.jobs.work import Work
from app.models import LocalTest, LoincRelease
from app.platform.database import reading
from app.proposals import repository
from app.proposals.chapters import chapter_proposals
from app.proposals.engines import engine_of_release, engine_version
from app.proposals.knowledge import knowledge_from_json
from app.settings import Settings
from matcher import Engine, Evidence
from matcher import Proposal as MatcherProposal

TOP = 10
STEP = 25
"""Rows between two looks at whether the work is still wanted."""
PIECE = 150
"""Proposals stored in one transaction."""
MATCHING = "Recherche des propositions"
OTHER_ENGINE = (
    "Cette recherche a été commencée par une autre version de l'atelier. Rien n'en est montré : "
    "relancez-la quand tous les processus sont à jour."
)


AfterChunk = Callable[[DatabaseEngine, Settings, int, Sequence[int], Work], None]
_after_chunk: list[AfterChunk] = []


def after_chunk(function: AfterChunk) -> None:
    """Have `function(engine, settings, run_id, local test ids, work)` called when the proposals of a chunk are stored.

    It may be called again for the same chunk, of a run that is not shown yet and may never be.
    """
    if function not in _after_chunk:
        _after_chunk.append(function)


def evidence_as_json(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Evidence as JSON values."""
    return [
        {
            "axis": item.axis.value, "verdict": item.verdict.value, "sentence": item.sentence, "local": item.local,
            "term": item.term, "weight": item.weight,
        }
        for item in evidence
    ]  # fmt: skip


def match_chunk(
    database: DatabaseEngine, settings: Settings, content: dict[str, Any], data: dict[str, Any], work: Work
) -> None:
    """Propose for the rows that `data` names under `match`, and carry over the proposals of those under `keep`.

    What an attempt before this one stored is replaced: nothing is there twice.
    """
    run_id = int(content["run_id"])
    if content["engine_version"] != engine_version():
        # One run is of one engine: its rows can be compared, and made again.
        raise ConflictError(OTHER_ENGINE)
    if data.get("keep"):
        with work.writing() as session:
            repository.delete_proposals_of(session, run_id, data["keep"])
            repository.copy_proposals(session, int(content["kept_run"]), run_id, data["keep"])
        _tell(database, settings, run_id, data["keep"], work)
        return
    with reading(database) as session:
        release = session.get(LoincRelease, int(content["release_id"]))
        tests = repository.local_tests_of(session, data["match"])
        analyses = repository.analyses_of(session, data["match"])
        exams = repository.exams_of(session, data["match"])
    if release is None:
        raise NotFoundError("La version de LOINC de cette recherche n'est plus chargée.")
    engine = engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)
    engine = engine.with_knowledge(knowledge_from_json(content["knowledge"]))
    rows = _match(engine, tests, analyses, exams, frozenset(content["chapters"]), run_id, work)
    for start in range(0, max(len(rows), 1), PIECE):
        with work.writing() as session:
            if start == 0:
                repository.delete_proposals_of(session, run_id, data["match"])
            _store(session, rows[start : start + PIECE])
    _tell(database, settings, run_id, data["match"], work)


def _tell(database: DatabaseEngine, settings: Settings, run_id: int, test_ids: Sequence[int], work: Work) -> None:
    for function in _after_chunk:
        function(database, settings, run_id, test_ids, work)


def _store(session: Session, rows: list[dict[str, Any]]) -> None:
    repository.insert_proposals(session, rows)


def _match(
    engine: Engine,
    tests: Sequence[LocalTest],
    analyses: Mapping[int, Sequence[LocalTest]],
    exams: Mapping[int, Sequence[str]],
    chapters: Container[str],
    run_id: int,
    work: Work,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for position, test in enumerate(tests):
        if position % STEP == 0:
            work(position, len(tests), MATCHING)
        assert test.id is not None
        if test.level in SECTIONS:
            proposals = chapter_proposals(test.label, chapters)
        else:
            proposals = engine.propose(to_matcher(test, analyses.get(test.id, ()), exams.get(test.id, ())), TOP)
        rows.extend(_row(run_id, test.id, proposal) for proposal in proposals)
    return rows


def _row(run_id: int, local_test_id: int, proposal: MatcherProposal) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "local_test_id": local_test_id,
        "rank": proposal.rank,
        "loinc_num": proposal.loinc_num,
        "confidence": proposal.confidence,
        "band": proposal.band.value,
        "has_contradiction": proposal.has_contradiction,
        "evidence": evidence_as_json(proposal.evidence),
        "unread": " ".join(proposal.unread),
    }
