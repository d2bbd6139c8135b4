"""Comparing earlier work with proposals: after each chunk of a search, and by a job of its own when a file arrives."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, update

from app.audit.service import record
from app.earlier import repository
from app.earlier.comparison import Compared, compare
from app.errors import NotFoundError
from app.files.loinc_cells import CellFinding
from app.files.standings import standing_in_file
from app.files.values import bare
from app.jobs.queue import JobQueue
from app.jobs.registry import Chunks, Part, Plan, register
from app.jobs.work import Work
from app.memory.schemas import EarlierMapping
from app.memory.statements import statement_of
from app.models import Catalogue, EarlierStatement, EarlierUse, EarlierVerdict, Job, Level, Proposal, ProposalRun
from app.platform import locks
from app.platform.database import reading
from app.proposals.rows import after_chunk
from app.proposals.service import current_run, evidence_ahead
from app.settings import Settings
from app.text import counted, format_number
from app.transcoding import repository as transcoding_repository
from app.transcoding.evidence import EvidenceLine, lines_of

JOB_KIND = "earlier"
CHUNK = 200
STORED_AT_ONCE = 200
_TOLD = ("written", "finding", "loinc_num", "relation", "comment", "reason", "author", "dated", "status")
"""When a newer export says one of these otherwise, it is another statement: what was made of the old one is over."""
_LIMITS = {
    "written": 200, "relation": 60, "comment": 4000, "reason": 500, "author": 200, "dated": 60, "status": 60,
    "local_code": 120, "label": 500,
}  # fmt: skip


def values_of(mapping: EarlierMapping) -> dict[str, Any]:
    """The columns of a statement that its file tells."""
    values: dict[str, Any] = {name: getattr(mapping, name) for name in (*_TOLD, "local_code", "label", "row_number")}
    values |= {"repair": mapping.repair or "", "written": mapping.written or mapping.loinc_num}
    return values | {name: values[name][:limit] for name, limit in _LIMITS.items()}


def ask_for_comparison(session: Session, queue: JobQueue, catalogue: Catalogue, asked_by_id: int | None) -> Job:
    """Ask for all of a catalogue; it starts once this transaction commits."""
    assert catalogue.id is not None
    return queue.enqueue(
        session,
        JOB_KIND,
        laboratory_id=catalogue.laboratory_id,
        catalogue_id=catalogue.id,
        created_by_id=asked_by_id,
        payload={"catalogue_id": catalogue.id},
    )


def plan(database: Engine, _settings: Settings, _job_id: int, payload: dict[str, Any], work: Work) -> Plan:
    """Share out the rows of which something earlier is said."""
    catalogue_id = int(payload["catalogue_id"])
    work(0, 0, "Lecture du transcodage antérieur")
    with reading(database) as session:
        if session.get(Catalogue, catalogue_id) is None:
            raise NotFoundError("Ce catalogue n'existe pas.")
        run = current_run(session, catalogue_id)
        files = repository.coded_files(session, catalogue_id)
        ids = repository.tests_to_compare(session, catalogue_id, [file.id for file in files])
    if run is None:
        raise NotFoundError("Cherchez d'abord les propositions de ce catalogue : c'est à elles qu'il est comparé.")
    parts = [Part({"tests": ids[start : start + CHUNK]}, len(ids[start : start + CHUNK]))
             for start in range(0, len(ids), CHUNK)]  # fmt: skip
    return Plan(parts, {"catalogue_id": catalogue_id, "run_id": run.id}, "Comparaison du transcodage antérieur")


def compare_chunk(
    database: Engine, settings: Settings, content: dict[str, Any], data: dict[str, Any], work: Work
) -> None:
    """Compare some rows."""
    compare_some(database, settings, int(content["run_id"]), data["tests"], work)


def compare_some(database: Engine, settings: Settings, run_id: int, test_ids: Sequence[int], work: Work) -> None:
    """Read what the catalogue's own files say of these rows, and compare all that is said of them with a run.

    Done twice, it changes nothing more.
    """
    with reading(database) as session:
        run = session.get(ProposalRun, run_id)
        files = {file.id: file for file in repository.coded_files(session, run.catalogue_id)} if run else {}
        stored = repository.statements_of(session, test_ids)
        if run is None or not (files or stored or repository.has_unlinked(session, run.catalogue_id)):
            return
        rows = repository.rows_of(session, test_ids, files) if files else []
        lost = repository.unlinked_of(session, run.catalogue_id, test_ids)
        tests = transcoding_repository.local_tests(session, run.catalogue_id, test_ids)
        proposals = repository.proposed_codes(session, run_id, test_ids)
    own = [_own_statement(row, files[row.source_file_id]) for row in rows]
    spoken = {row.id for row in rows}
    wanted, gone = _merged(stored, [item for item in own if item is not None], run.catalogue_id, spoken)
    # What came before its row finds it now.
    wanted += [_as_values(item) | {"local_test_id": test_id} for item, test_id in lost]
    codes = {values["loinc_num"] for values in wanted} | {
        found[0].loinc_num for found in proposals.values()
    }
    with reading(database) as session:
        terms = repository.terms_of(session, run.release_id, codes)
    evidence = _evidence(database, settings, run.catalogue_id, wanted, tests, proposals, terms)
    for values in wanted:
        test_id = values["local_test_id"]
        offered = [proposal.loinc_num for proposal in proposals.get(test_id, ())]
        found = compare(
            values["finding"], values["loinc_num"], terms.get(values["loinc_num"]), offered,
            terms.get(offered[0]) if offered else None, evidence.get((test_id, values["loinc_num"]), ()),
            standing_in_file(values["relation"], values["status"]),
        )  # fmt: skip
        values.update(_compared(found), run_id=run_id)
    _store(work, run.catalogue_id, wanted, gone)


def _compared(found: Compared) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "is_contradicted": bool(found.contradictions),
        "contradictions": list(found.contradictions),
        "differing": [axis.value for axis in found.differing],
        "proposed": found.proposed,
        "rank": found.rank,
    }


def _own_statement(row: Any, file: repository.CodedFile) -> dict[str, Any] | None:
    """What the row of a test says in the columns of its own file."""
    values = {
        name: bare(row.cells[column]) for name, column in file.columns.items() if 0 <= column < len(row.cells)
    }
    # A row of LOINC_1 speaks of a chapter and of its sub-chapter; of a FHIR catalogue each has its own.
    is_shared = row.level == Level.SUBCHAPTER and "level" not in file.columns
    name = "earlier_subchapter_code" if is_shared else "earlier_code"
    mapping = statement_of(values, name)
    if mapping is None:
        return None
    told = replace(mapping, local_code=row.code, label=row.label, row_number=row.row_number)
    return values_of(told) | {
        "local_test_id": row.id, "source_file_id": file.id, "source_name": file.name, "source_sha256": file.sha256,
    }  # fmt: skip


def _merged(
    stored: Sequence[EarlierStatement], own: Sequence[dict[str, Any]], catalogue_id: int, spoken: Collection[int]
) -> tuple[list[dict[str, Any]], list[int]]:
    """The statements as they should be, those that are stored with their `id`, and those that say nothing any more.

    Of rows that are not `spoken` of, whose newest file has no column of codes, what older files said stays.
    """
    # Of those of older files, what the newest says is compared with the newest.
    by_test = {item.id: item for item in stored if item.source_file_id is not None}
    newest = {item.local_test_id: item for item in by_test.values()}
    kept = {item.id for item in stored if item.source_file_id is None}
    wanted = [_as_values(item) for item in stored if item.source_file_id is None]
    for values in own:
        known = newest.get(values["local_test_id"])
        if known is not None and all(getattr(known, name) == values[name] for name in _TOLD):
            kept.add(known.id)
            wanted.append(_as_values(known) | values)
        else:
            wanted.append({"catalogue_id": catalogue_id, "taken_as": EarlierUse.NONE.value, **values})
    for item in by_test.values():
        if item.id not in kept and (item.taken_as != EarlierUse.NONE or item.local_test_id not in spoken):
            # A person made something of it: a newer export that says otherwise does not take it away.
            kept.add(item.id)
            wanted.append(_as_values(item))
    return wanted, [item.id for item in stored if item.id is not None and item.id not in kept]


def _as_values(item: EarlierStatement) -> dict[str, Any]:
    return item.model_dump(include={"id", "local_test_id", "loinc_num", "finding", "relation", "status"})


def _evidence(
    database: Engine,
    settings: Settings,
    catalogue_id: int,
    wanted: Sequence[Mapping[str, Any]],
    tests: Mapping[int, Any],
    proposals: Mapping[int, Sequence[Proposal]],
    terms: Mapping[str, Any],
) -> dict[tuple[int, str], list[EvidenceLine]]:
    """(row, code) -> the evidence: that of its proposal, else weighed now."""
    found = {
        (test_id, proposal.loinc_num): lines_of(proposal.evidence)
        for test_id, offered in proposals.items()
        for proposal in offered
    }
    missing = {
        (values["local_test_id"], values["loinc_num"])
        for values in wanted
        if values["finding"] == CellFinding.CODE and values["loinc_num"] in terms
    }
    pairs = [(tests[test_id], code) for test_id, code in sorted(missing - found.keys()) if test_id in tests]
    weighed = evidence_ahead(database, settings, catalogue_id, pairs)
    return found | {
        (test.id, code): lines_of(evidence) for (test, code), evidence in zip(pairs, weighed, strict=True)
    }


def _store(work: Work, catalogue_id: int, wanted: Sequence[dict[str, Any]], gone: Sequence[int]) -> None:
    for start in range(0, max(len(wanted), 1), STORED_AT_ONCE):
        part = wanted[start : start + STORED_AT_ONCE]
        with work.writing() as session:
            # A search and a comparison asked for by hand may meet on one row: the second finds what the first stored.
            locks.lock_catalogue(session, catalogue_id)
            if start == 0 and gone:
                session.execute(delete(EarlierStatement).where(col(EarlierStatement.id).in_(gone)))
            known = [values for values in part if values.get("id") is not None]
            for same in _by_columns(known):
                session.execute(update(EarlierStatement), same)
            fresh = [values for values in part if values.get("id") is None]
            repository.insert_some(session, _not_stored(session, fresh))


def _not_stored(session: Session, fresh: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    stored = repository.statements_of(session, [values["local_test_id"] for values in fresh])
    known = {(item.local_test_id, item.source_file_id) for item in stored}
    return [values for values in fresh if (values["local_test_id"], values["source_file_id"]) not in known]


def _by_columns(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(tuple(row), []).append(row)
    return list(grouped.values())


def _finish(session: Session, job: Job, content: dict[str, Any]) -> str:
    conditions = [col(EarlierStatement.catalogue_id) == int(content["catalogue_id"])]
    counts = repository.counts_by_verdict(session, conditions)
    record(session, "earlier.compare", actor_label="moteur de proposition", object_type="catalogue",
           object_id=int(content["catalogue_id"]), laboratory_id=job.laboratory_id, run_id=content["run_id"],
           verdicts=counts)  # fmt: skip
    same = counts.get(EarlierVerdict.SAME, 0)
    told = counted(same, "ligne identique", "lignes identiques")
    return f"Transcodage antérieur comparé : {told} sur {format_number(sum(counts.values()))}."


register(JOB_KIND, plan, "Comparaison du transcodage antérieur", chunks=Chunks(compare_chunk, _finish))
after_chunk(compare_some)
