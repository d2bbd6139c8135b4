"""A text can be erased by one path, which says so; the chain still verifies, and forgives nothing else."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.audit.erasing import erase
from app.errors import InvalidInputError, NotFoundError
from app.models import Decision, Erasure
from app.models.chained import ERASABLE, fact_table
from app.platform.database import transaction
from app.upkeep.audit_check import audit
from tests.app.review.conftest import Desk, desk

__all__ = ["desk"]

SAID = "un nom qui n'a rien à faire là"


def _everything(engine: Engine) -> str:
    with engine.connect() as connection:
        tables = ("decision", "chain_link", "text_salt", "erasure", "audit_event")
        return " ".join(str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables)


def test_an_erased_text_is_gone_and_the_chain_verifies(desk: Desk) -> None:
    fact = desk.decide(desk.sodium, comment=SAID, justification="un milieu dit ailleurs")
    assert SAID in _everything(desk.engine)
    with transaction(desk.engine) as session:
        erase(session, "decision", fact.id or 0, "comment", reason="nom d'un patient", actor=desk.access().user)
    assert SAID not in _everything(desk.engine)
    with Session(desk.engine) as session:
        verdict = audit(session)
        kept = session.get_one(Decision, fact.id)
        said = session.get_one(Erasure, 1)
        assert [item.sentence for item in verdict.findings if item.kind != "forged_state"] == []
        assert verdict.erased == 1
        assert (kept.comment, kept.justification) == ("", "un milieu dit ailleurs")
        assert (said.table_name, said.row_id, said.column_name) == ("decision", fact.id, "comment")
        assert said.laboratory_id == desk.world.laboratory_id
    with pytest.raises(IntegrityError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text("UPDATE decision SET comment = 'x'"))
    with pytest.raises(IntegrityError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text("UPDATE text_salt SET salts = '{}'"))


def test_nothing_may_be_written_where_a_text_was_erased(desk: Desk) -> None:
    fact = desk.decide(desk.sodium, comment=SAID)
    with transaction(desk.engine) as session:
        erase(session, "decision", fact.id or 0, "comment", reason="essai", actor=None)
    with desk.engine.connect() as connection:
        on = " ON decision" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER tr_decision_no_update{on}")
        connection.execute(text("UPDATE decision SET comment = 'autre chose'"))
        with Session(connection) as session:
            found = [item.row for item in audit(session).findings if item.table == "decision"]
        connection.rollback()
    assert fact.id in found


def test_only_texts_are_erased(desk: Desk) -> None:
    fact = desk.decide(desk.sodium, comment=SAID)
    with transaction(desk.engine) as session:
        with pytest.raises(InvalidInputError, match="de ceux qui s'effacent"):
            erase(session, "decision", fact.id or 0, "loinc_num", reason="essai", actor=None)
        with pytest.raises(NotFoundError):
            erase(session, "decision", 999, "comment", reason="essai", actor=None)


FIXED_TEXTS = {
    "audit_event": {"object_type", "object_id", "action", "actor_label"},
    "chain_link": set(),
    "source_file": {"dialect"},
    "export_record": {"counts"},
    "proposal_run": {"method_rules"},
    "review_task": {"old", "new", "replacements"},
    "consistency_answer": {"seen"},
    "sign_off": {"coverage"},
    "imported_archive": {"keys", "context"},
    "closed_laboratory": {"name", "rows"},
    "erasure": {"table_name", "column_name", "reason"},
}
"""Long texts that nobody brought: names of ours, terms of LOINC, counts."""


def test_every_long_text_of_a_fact_is_erasable_or_said_to_be_ours() -> None:
    from app.models import metadata
    from app.models.append_only import MOVABLE
    from app.models.chained import BY_DIGEST, CHAINED_TABLES

    for name in CHAINED_TABLES:
        fact_table(name)
        for column in metadata.tables[name].columns:
            kind = str(column.type)
            length = getattr(column.type, "length", None) or 10_000
            is_long = "JSON" in kind or "BLOB" in kind or ("CHAR" in kind and length > 64)
            known = {*ERASABLE.get(name, ()), *FIXED_TEXTS.get(name, ()), *MOVABLE.get(name, ()),
                     *BY_DIGEST.get(name, ())}  # fmt: skip
            assert not is_long or column.name in known, f"{name}.{column.name}"
