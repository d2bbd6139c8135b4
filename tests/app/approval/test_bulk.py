"""Approving many rows together gives, row by row, exactly what approving them one after the other gives."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from app.approval import service
from app.approval.service import RowAnswer
from app.errors import WorkbenchError
from app.models import (
    Action,
    AuditEvent,
    CatalogueCount,
    Decision,
    Level,
    LocalTest,
    LoincTerm,
    ReviewState,
    WorklistEntry,
    metadata,
)
from app.platform.database import Transactions, transaction
from app.proposals.service import prepare_engine
from app.transcoding.weighing import weigh_decided
from tests.app.approval.opened import approve
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST

CODE = "2951-2"
KINDS = (
    "to do", "decided", "own", "doubt", "no code", "out of scope", "contradicted", "deprecated", "justified",
    "one of two codes", "other of two codes", "approved", "sent back", "undone", "commented", "unproposed",
    "elsewhere", "unknown",
)  # fmt: skip
"""What a ticked row can be."""
APPROVED = {"decided", "no code", "out of scope", "one of two codes", "commented"}
"""Those that are approved with the version that was read and without being opened: nothing of them alerts.

The two rows of one local code are approved one without the other, the first one asked for.
"""
SOUND = {
    "decided": ("CRP", "Sérum", "mg/L"),
    "commented": ("NATRIURIE", "Urines", "mmol/L"),
}
"""Label, specimen and unit of rows whose code no other row has."""


@dataclass(frozen=True)
class Pile:
    """A desk with one row of each kind."""

    desk: Desk
    rows: dict[str, int]

    def version(self, kind: str) -> int:
        return self.desk.version(self.rows[kind])


@pytest.fixture
def pile(desk: Desk) -> Pile:
    """One row of each kind, and the means to tick them."""
    other = desk.world.add_catalogue("Autre catalogue")
    with transaction(desk.engine) as session:
        tests = {
            kind: LocalTest(
                catalogue_id=desk.catalogue_id if kind != "elsewhere" else other.id or 0,
                level=Level.ANALYSIS, position=100 + number, label=SOUND.get(kind, (f"SODIUM {number}",))[0],
                unit=SOUND.get(kind, ("", "", "mmol/L"))[2], specimen=SOUND.get(kind, ("", "Sérum"))[1],
                code="DEUX" if kind.endswith("two codes") else f"B{number}",
                occurrence=int(kind.startswith("other of")), annual_volume=10 * number,
            )
            for number, kind in enumerate(KINDS[:-1])
        }  # fmt: skip
        session.add_all(tests.values())
        session.flush()
        rows = {kind: test.id or 0 for kind, test in tests.items()} | {"unknown": 987_654}
    decide = desk.decide
    for kind in ("approved", "sent back", "undone", "other of two codes"):
        decide(rows[kind], Action.NO_LOINC)
    decide(rows["decided"], loinc_num="1988-5")
    decide(rows["commented"], loinc_num="2955-3")
    decide(rows["one of two codes"])
    decide(rows["unproposed"], loinc_num="2956-1", justification="essai")
    decide(rows["own"], Action.NO_LOINC, email=BIOLOGIST)
    decide(rows["doubt"], Action.DOUBT)
    decide(rows["no code"], Action.NO_LOINC)
    decide(rows["out of scope"], Action.OUT_OF_SCOPE)
    decide(desk.sodium, loinc_num="2947-0", justification="sang total en fait")
    rows["contradicted"] = desk.sodium
    decide(rows["deprecated"], loinc_num="14749-6", justification="avant son retrait")
    decide(rows["justified"], loinc_num="14749-6", justification="avant son retrait")
    decide(rows["commented"], Action.COMMENT, comment="vu au téléphone")
    with transaction(desk.engine) as session:
        second, approving = desk.access(SECOND_BIOLOGIST), {"settings": desk.settings, "justification": "essai"}
        approve(session, second, rows["approved"], 1, **approving)  # type: ignore[arg-type]
        service.send_back(session, second, rows["sent back"], 1, "à revoir")
    desk.undo(rows["undone"])
    with transaction(desk.engine) as session:
        term = session.scalars(select(LoincTerm).where(col(LoincTerm.loinc_num) == "14749-6")).one()
        term.status = "DEPRECATED"
        session.add(term)
    prepare_engine(desk.engine, desk.settings)
    return Pile(desk, rows)


class Undoable(Transactions):
    """The transactions of a request, all of them in one that the test takes back."""

    def __init__(self, session: Session, engine: Any) -> None:
        super().__init__(engine)
        object.__setattr__(self, "session", session)

    @contextmanager
    def _same(self) -> Iterator[Session]:
        session: Session = self.session  # type: ignore[attr-defined]
        yield session
        session.flush()

    reading = writing = _same  # type: ignore[assignment]


def one_by_one(pile: Pile, transactions: Transactions, ticked: Sequence[tuple[int, int]]) -> list[RowAnswer]:
    """What a person gets who approves these rows one after the other without opening them."""
    desk, answers = pile.desk, []
    access = desk.access(BIOLOGIST)
    for row_id, version in ticked:
        weighed = weigh_decided(transactions, desk.settings, access, [row_id])
        with transactions.writing() as session:
            test = session.get(LocalTest, row_id)
            if test is None or test.catalogue_id != desk.catalogue_id:
                answers.append(RowAnswer(row_id, "?", "", False, service.NO_SUCH_ROW))
                continue
            message = "Approuvée."
            try:
                service.approve(
                    session, access, row_id, version, settings=desk.settings, weighed=weighed
                )
            except WorkbenchError as error:
                message = error.message
            answers.append(RowAnswer(row_id, test.code, test.label, message == "Approuvée.", message))
    return answers


def written(session: Session) -> dict[str, list[dict[str, Any]]]:
    """All that approvals write, without what no two runs have in common."""
    session.flush()
    found = {}
    for model in (ReviewState, Decision, AuditEvent, WorklistEntry, CatalogueCount):
        table = metadata.tables[str(model.__tablename__)]
        rows = session.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        found[table.name] = [dict(row) for row in rows]
    # Identifiers of facts are not given twice by every database: their rank is.
    rank = {row["id"]: number for number, row in enumerate(found["decision"])} | {None: None}
    for row in found["decision"]:
        row |= {"id": rank[row["id"]], "public_id": "", "created_at": "", "undoes_id": rank[row["undoes_id"]],
                "supersedes_id": rank[row["supersedes_id"]]}  # fmt: skip
    for row in found["review_state"]:
        row |= {"decision_id": rank[row["decision_id"]], "approval_id": rank[row["approval_id"]]}
    for row in found["audit_event"]:
        details = row["details"]
        row |= {"id": 0, "public_id": "", "at": "", "details": details}
        if "decision_id" in details:
            row["details"] = details | {"decision_id": rank[details["decision_id"]]}
    for row in found["worklist_entry"]:
        row["approved_at"] = row["approved_at"] is not None
    found["catalogue_count"] = [row for row in found["catalogue_count"] if row["rows"] or row["volume"]]
    return found


def compare(pile: Pile, ticked: Sequence[tuple[int, int]], at_once: int) -> list[RowAnswer]:
    """Approve both ways, and take both back; returns the answers, which are the same."""
    desk = pile.desk
    results = []
    for way in ("one by one", "together"):
        with Session(desk.engine, expire_on_commit=False) as session, patch.object(service, "ROWS_AT_ONCE", at_once):
            transactions = Undoable(session, desk.engine)
            if way == "together":
                answers = service.approve_many(transactions, desk.access(BIOLOGIST), ticked, desk.settings)
            else:
                answers = one_by_one(pile, transactions, ticked)
            results.append((answers, written(session)))
            session.rollback()
    (answers, facts), (bulk_answers, bulk_facts) = results
    assert bulk_answers == answers
    for name, rows in facts.items():
        assert bulk_facts[name] == rows, name
    return answers


def test_every_kind_of_row_at_once(pile: Pile) -> None:
    ticked = [(row_id, pile.desk.version(row_id)) for row_id in pile.rows.values()]
    answers = compare(pile, ticked, 100)
    approved = {kind for kind, answer in zip(pile.rows, answers, strict=True) if answer.is_approved}
    assert approved == APPROVED
    said = {kind: answer.message for kind, answer in zip(pile.rows, answers, strict=True)}
    assert said["own"] == service.OWN_DECISION
    for kind in ("contradicted", "deprecated", "justified", "unproposed", "other of two codes"):
        assert said[kind].startswith(service.OPEN_THE_ROW)
    assert said["elsewhere"] == said["unknown"] == service.NO_SUCH_ROW


@given(
    ticked=st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from([0, 0, 0, -1, 1])), max_size=25),
    at_once=st.sampled_from([1, 3, 100]),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_rows_in_any_order_with_any_version(pile: Pile, ticked: list[tuple[str, int]], at_once: int) -> None:
    versions = {kind: pile.version(kind) for kind in pile.rows}
    compare(pile, [(pile.rows[kind], versions[kind] + more) for kind, more in ticked], at_once)
