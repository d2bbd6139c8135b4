"""The filled installation of `bench_growth`: one catalogue of any size, two thirds decided, one third approved."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert
from sqlalchemy import select as sa_select

import app.main
from app.models import (
    Action,
    Catalogue,
    Decision,
    FileKind,
    Laboratory,
    Level,
    LocalTest,
    LoincRelease,
    Membership,
    Proposal,
    ProposalRun,
    ReviewState,
    Role,
    RunStatus,
    SourceFile,
    SourceRow,
    Status,
    User,
    utc_now,
)
from app.platform.database import make_engine, transaction
from app.platform.migrations import upgrade
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.proposals.service import prepare_engine
from app.settings import Settings
from app.upgrades.service import load_starter
from loinc_data.tables import load_starter_terms

CHUNK = 5_000
ROWS_A_DAY = 1_000
UNITS = ("mmol/L", "g/L", "UI/L", "%", "mg/24h", "µmol/L", "")
SPECIMENS = ("Sérum", "Plasma", "Urines", "Sang total", "LCR", "")
BANDS = (("sure", 0.97), ("to_check", 0.74), ("uncertain", 0.31))
AXES = ("component", "property", "time", "system", "scale", "method", "unit")


@dataclass
class Bench:
    """A filled installation, and a browser of each person."""

    engine: Engine
    biologist: TestClient
    transcoder: TestClient
    base: str
    laboratory: str
    todo: list[int]
    waiting: list[int]
    statements: list[str] = field(default_factory=list)


def _evidence(contradicts: bool) -> list[dict[str, Any]]:
    return [
        {
            "axis": axis, "verdict": "contradict" if contradicts and axis == "unit" else "agree",
            "sentence": f"Ligne {axis}.", "local": "", "term": "", "weight": 1.0,
        }
        for axis in AXES
    ]  # fmt: skip


def _test(catalogue_id: int, number: int, name: str) -> dict[str, Any]:
    return {
        "catalogue_id": catalogue_id, "position": number, "level": Level.ANALYSIS, "code": f"A{number:06d}",
        "occurrence": 0, "label": f"{name} {number}"[:200], "synonym": f"syn {number}",
        "unit": UNITS[number % 7], "specimen": SPECIMENS[number % 6], "chapter": f"Chapitre {number % 14}",
        "annual_volume": (number * 7919) % 40_000 if number % 5 and not _is_clear(number) else None,
        "is_subcontracted": number % 11 == 0, "is_retired": number % 97 == 0,
    }  # fmt: skip


def _is_clear(number: int) -> bool:
    """Whether nothing alerts of this decided row: nothing is proposed for it, and it is out of scope."""
    return number % 9 in (1, 4)


def _state_of(number: int) -> str:
    return (Status.TODO, Status.DECIDED, Status.APPROVED)[number % 3]


def _outcome_of(number: int) -> str:
    return ("out_of_scope" if _is_clear(number) else "code") if number % 3 else ""


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def fill(engine: Engine, catalogue_id: int, count: int, people: tuple[int, int]) -> list[int]:
    """Analyses, proposals, facts and states, in one transaction; returns the identifiers of the analyses."""
    transcoder, biologist = people
    terms = load_starter_terms()
    with transaction(engine) as session:
        release = session.execute(sa_select(LoincRelease)).scalars().one()
        run = ProposalRun(catalogue_id=catalogue_id, release_id=release.id or 0, engine_version="essai",
                          status=RunStatus.DONE, is_current=True, label_width=0)  # fmt: skip
        session.add(run)
        session.flush()
        names = [term.component for term in terms]
        for batch in _batches(_test(catalogue_id, number, names[number % len(names)]) for number in range(count)):
            session.execute(insert(LocalTest), batch)
        listed = sa_select(LocalTest.id).where(LocalTest.catalogue_id == catalogue_id)  # type: ignore[call-overload]
        ids = list(session.execute(listed.order_by(LocalTest.position)).scalars())
        proposals = (
            {
                "run_id": run.id, "local_test_id": ids[number], "rank": rank,
                "loinc_num": terms[(number + 31 * rank) % len(terms)].loinc_num,
                "confidence": BANDS[(number + rank) % 3][1] / rank - (number % 200) / 100_000,
                "band": BANDS[(number + rank) % 3][0] if rank == 1 else "uncertain",
                "has_contradiction": number % 9 == 0, "evidence": _evidence(number % 9 == 0), "unread": "",
            }
            for number in range(count)
            if not _is_clear(number)
            for rank in (1, 2, 3)
        )  # fmt: skip
        for batch in _batches(proposals):
            session.execute(insert(Proposal), batch)
        first = {
            test_id: (proposal_id, loinc_num)
            for test_id, proposal_id, loinc_num in session.execute(
                sa_select(Proposal.local_test_id, Proposal.id, Proposal.loinc_num).where(  # type: ignore[call-overload]
                    Proposal.run_id == run.id, Proposal.rank == 1
                )
            )
        }
        content = _file(ids)
        source = SourceFile(
            catalogue_id=catalogue_id, kind=FileKind.LOINC_3, file_name="LOINC_3.csv", content=content,
            sha256=sha256(content).hexdigest(), dialect=_DIALECT, columns=_COLUMNS, row_count=count,
        )  # fmt: skip
        session.add(source)
        session.flush()
        rows = (
            {"source_file_id": source.id, "row_number": number + 2, "cells": [f"A{number:06d}", "x"]}
            for number in range(count)
        )
        for batch in _batches(rows):
            session.execute(insert(SourceRow), batch)
        days = _days(ids)
        choices = (
            {
                "local_test_id": test_id, "created_at": days[test_id],
                "action": Action.OUT_OF_SCOPE, "loinc_num": "", "relation": "",
                "release_id": release.id, "proposal_id": None, "justification": "", "reason": "essai",
                "author_id": transcoder, "author_role": Role.TRANSCODER,
            }
            if _is_clear(number)
            else {
                "local_test_id": test_id, "created_at": days[test_id],
                "action": Action.CHOOSE, "loinc_num": first[test_id][1],
                "relation": "equivalent", "release_id": release.id, "proposal_id": first[test_id][0],
                "justification": "essai", "reason": "", "author_id": transcoder, "author_role": Role.TRANSCODER,
            }
            for number, test_id in enumerate(ids)
            if number % 3
        )  # fmt: skip
        for batch in _batches(choices):
            session.execute(insert(Decision), batch)
        chosen = _facts(session, Action.CHOOSE) | _facts(session, Action.OUT_OF_SCOPE)
        approvals = (
            {
                "local_test_id": test_id, "created_at": days[test_id],
                "action": Action.APPROVE, "loinc_num": first[test_id][1],
                "relation": "equivalent", "release_id": release.id, "proposal_id": first[test_id][0],
                "author_id": biologist, "author_role": Role.BIOLOGIST, "supersedes_id": chosen[test_id],
            }
            for number, test_id in enumerate(ids)
            if number % 3 == 2
        )  # fmt: skip
        for batch in _batches(approvals):
            session.execute(insert(Decision), batch)
        approved = _facts(session, Action.APPROVE)
        states = (
            {
                "local_test_id": test_id, "status": _state_of(number), "outcome": _outcome_of(number),
                "loinc_num": first[test_id][1] if _outcome_of(number) == "code" else "",
                "decision_id": chosen.get(test_id),
                "approval_id": approved.get(test_id), "decided_by_id": transcoder if number % 3 else None,
                "approved_by_id": biologist if number % 3 == 2 else None, "has_comment": False,
                "version": number % 3,
            }
            for number, test_id in enumerate(ids)
        )  # fmt: skip
        for batch in _batches(states):
            session.execute(insert(ReviewState), batch)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return ids


def _days(ids: list[int]) -> dict[int, datetime]:
    """When each row is decided and approved: a team of three decides a thousand rows a day, the last ones today."""
    now = utc_now()
    return {
        test_id: now - timedelta(days=(len(ids) - number) // ROWS_A_DAY) for number, test_id in enumerate(ids, start=1)
    }


_DIALECT = {"format": "csv", "encoding": "utf-8", "bom": False, "delimiter": ";", "quotechar": '"',
            "line_terminator": "\r\n", "header_rows": 1, "sheet": ""}  # fmt: skip
_COLUMNS = {"code": 0, "label": 1}


def _file(ids: list[int]) -> bytes:
    lines = ["code;libelle", *(f"A{number:06d};x" for number in range(len(ids)))]
    return ("\r\n".join(lines) + "\r\n").encode()


def _facts(session: Any, action: Action) -> dict[int, int]:
    statement = sa_select(Decision.local_test_id, Decision.id).where(Decision.action == action)  # type: ignore[call-overload]
    return dict(session.execute(statement).all())


def prepare(folder: Path, count: int, url: str = "") -> Bench:
    """A filled installation of this size; `url` is that of an empty database, SQLite in the folder without it."""
    settings = Settings(data_dir=folder, run_jobs_in_server=False, **({"database_url": url} if url else {}))
    engine = make_engine(settings.resolved_database_url)
    upgrade(engine)
    with transaction(engine) as session:
        load_starter(session)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire d'essai")
        transcoder = User(email="t@exemple.fr", display_name="Tania", password_hash="!")
        biologist = User(email="b@exemple.fr", display_name="Bruno", password_hash="!")
        session.add_all([laboratory, transcoder, biologist])
        session.flush()
        catalogue = Catalogue(laboratory_id=laboratory.id or 0, name="Grand catalogue")
        session.add(catalogue)
        for user, role in ((transcoder, Role.TRANSCODER), (biologist, Role.BIOLOGIST)):
            session.add(Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=role))
        session.flush()
        tokens = [open_session(session, user, settings) for user in (transcoder, biologist)]
    people = (transcoder.id or 0, biologist.id or 0)
    ids = fill(engine, catalogue.id or 0, count, people)
    prepare_engine(engine, settings)
    application = app.main.create_app(settings, engine)
    clients = []
    for token in tokens:
        client = TestClient(application, follow_redirects=False)
        client.cookies.set(SESSION_COOKIE, token)
        clients.append(client)
    todo = [test_id for number, test_id in enumerate(ids) if number % 3 == 0]
    waiting = [test_id for number, test_id in enumerate(ids) if _is_clear(number)]
    return Bench(engine, clients[1], clients[0], f"/catalogues/{catalogue.id}", f"/laboratoires/{laboratory.id}",
                 todo, waiting)  # fmt: skip
