"""Whoever writes to the database itself is found, and where: each way on both databases.

Nothing is committed: each test changes rows in a transaction that it gives up, and verifies within it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, text
from sqlmodel import Session, col

from app.audit.heads import Head, heads
from app.audit.verification import Finding, Verdict
from app.errors import ConflictError
from app.models import Action, AuditEvent, LinkKind, SourceFile, SourceRow, metadata
from app.models.chained import CHAINED_TABLES, fact_table
from app.platform.chain import Adding
from app.platform.database import transaction
from app.publication.repository import every_test
from app.upkeep.audit_check import audit
from tests.app.review.conftest import Desk, desk
from tests.conftest import ADMINISTRATOR, TRANSCODER, ClientFor

__all__ = ["desk"]


@dataclass
class Scene:
    """A laboratory at work, and a way to its database that asks nobody."""

    desk: Desk
    connection: Connection
    heads: list[Head]

    @property
    def is_server(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def run(self, statement: str, **values: object) -> None:
        """Run a statement as the owner of the database, with every trigger off; then they are as before."""
        if self.is_server:
            self.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            self.connection.execute(text(statement), values)
            self.connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
            return
        self.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        triggers = self.connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in triggers:
            self.connection.exec_driver_sql(f"DROP TRIGGER {name}")
        self.connection.execute(text(statement), values)
        for _, sql in triggers:
            self.connection.exec_driver_sql(sql)

    def verdict(self, kept: list[Head] | None = None) -> Verdict:
        with Session(self.connection) as session:
            return audit(session, kept or ())

    def found(self, kept: list[Head] | None = None) -> list[Finding]:
        return self.verdict(kept).findings

    def value(self, statement: str) -> object:
        return self.connection.exec_driver_sql(statement).scalar()


@pytest.fixture
def scene(desk: Desk) -> Iterator[Scene]:
    with transaction(desk.engine) as session:
        file = SourceFile(
            catalogue_id=desk.catalogue_id, kind="TABULAR", file_name="reçu.csv", content=b"a;b",
            sha256=hashlib.sha256(b"a;b").hexdigest(), columns={"code": 0},
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.connection().execute(
            insert(SourceRow),
            [{"source_file_id": file.id, "row_number": number, "cells": [f"K{number}", "Potassium"]}
             for number in (1, 2, 3)],
        )  # fmt: skip
    desk.decide(desk.sodium, comment="vu avec le laboratoire")
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    with desk.engine.connect() as connection:
        scene = Scene(desk, connection, [])
        before = scene.verdict()
        assert before.findings == []
        assert before.facts > 7
        scene.heads = before.heads
        yield scene
        connection.rollback()


ALTERED = {
    "the code of a decision": ("UPDATE decision SET loinc_num = '2823-3' WHERE id = 1", "decision", 1),
    "the author of a decision": ("UPDATE decision SET author_id = author_id + 1 WHERE id = 1", "decision", 1),
    "the role of its author": ("UPDATE decision SET author_role = 'biologist' WHERE id = 1", "decision", 1),
    "the moment of a decision": ("UPDATE decision SET created_at = '2020-01-01 00:00:00+00:00' WHERE id = 1",
                                 "decision", 1),
    "a comment": ("UPDATE decision SET comment = 'jamais dit' WHERE id = 1", "decision", 1),
    "a text where there was none": ("UPDATE decision SET justification = 'dit' WHERE id = 1", "decision", 1),
    "a comment taken away": ("UPDATE decision SET comment = '' WHERE id = 1", "decision", 1),
    "the identifier of a decision": ("UPDATE decision SET public_id = 'autre' WHERE id = 1", "decision", 1),
    "the row that it is about": ("UPDATE decision SET local_test_id = local_test_id + 1 WHERE id = 1", "decision", 1),
    "who an event is about": ("UPDATE audit_event SET actor_label = 'Une autre' WHERE id = 1", "audit_event", 1),
    "the details of an event": ("UPDATE audit_event SET details = '{}' WHERE id = 1", "audit_event", 1),
    "cells of a received row": ("""UPDATE source_row SET cells = '["K9", "Potassium"]' WHERE id = 2""",
                                "source_row", 2),
    "the place of a received row": ("UPDATE source_row SET row_number = 9 WHERE id = 2", "source_row", 2),
    "the name of a file": ("UPDATE source_file SET file_name = 'autre.csv' WHERE id = 1", "source_file", 1),
    "the version of the engine": ("UPDATE proposal_run SET engine_version = '0' WHERE id = 1", "proposal_run", 1),
}  # fmt: skip


@pytest.mark.parametrize("way", ALTERED)
def test_an_altered_column_is_found_in_its_row(scene: Scene, way: str) -> None:
    statement, table, row = ALTERED[way]
    scene.run(statement.replace(":00", "\\:00"))
    # What is derived from the facts no longer follows from them either.
    found = [item for item in scene.found() if item.kind not in ("forged_state", "forged_right")]
    assert [(item.table, item.row) for item in found] == [(table, row)]
    assert "Laboratoire du Parc" in found[0].sentence


@pytest.mark.only("sqlite", "a server stores no such JSON")
def test_a_value_that_cannot_be_read_is_found_in_its_row(scene: Scene) -> None:
    scene.run("UPDATE source_row SET cells = '[\"K' WHERE id = 2")
    assert [(item.kind, item.row) for item in scene.found()] == [("unreadable", 2)]


def test_the_bytes_of_a_file_are_compared_too(scene: Scene) -> None:
    scene.connection.execute(select(1))
    scene.run("UPDATE source_file SET content = :content WHERE id = 1", content=b"a;c")
    assert [(item.kind, item.table, item.row) for item in scene.found()] == [("altered", "source_file", 1)]


def test_two_authors_that_change_places_are_both_found(scene: Scene) -> None:
    first, second = (scene.value(f"SELECT author_id FROM decision WHERE id = {number}") for number in (1, 2))
    if first == second:
        second = int(str(first)) + 1
    scene.run(f"UPDATE decision SET author_id = CASE id WHEN 1 THEN {second} ELSE {first} END, "
              "comment = CASE id WHEN 1 THEN '' ELSE 'échangé' END WHERE id IN (1, 2)")  # fmt: skip
    found = {(item.table, item.row) for item in scene.found() if item.table == "decision"}
    assert found == {("decision", 1), ("decision", 2)}


def test_rows_in_another_order_are_found(scene: Scene) -> None:
    scene.run("UPDATE source_row SET id = -id WHERE id IN (1, 2)")
    scene.run("UPDATE source_row SET id = 3 + id WHERE id < 0")
    found = {(item.kind, item.table, item.row) for item in scene.found()}
    assert found == {("altered", "source_row", 1), ("altered", "source_row", 2)}


@pytest.mark.parametrize(("table", "row"), [("decision", 2), ("audit_event", 1), ("source_row", 3)])
def test_a_removed_row_is_found(scene: Scene, table: str, row: int) -> None:
    scene.run(f"DELETE FROM {table} WHERE id = {row}")
    assert [(item.kind, item.table, item.row) for item in scene.found() if item.table == table] == [
        ("removed", table, row)
    ]


def test_an_inserted_row_is_found(scene: Scene) -> None:
    scene.run("INSERT INTO source_row (id, source_file_id, row_number, cells) VALUES (99, 1, 99, '[]')")
    assert [(item.kind, item.table, item.row) for item in scene.found()] == [("inserted", "source_row", 99)]


@pytest.mark.only("sqlite", "a server has TRUNCATE, and no REPLACE")
def test_a_row_that_was_replaced_is_found(scene: Scene) -> None:
    scene.run("INSERT OR REPLACE INTO source_row (id, source_file_id, row_number, cells) VALUES (2, 1, 2, '[]')")
    assert [(item.kind, item.table, item.row) for item in scene.found()] == [("altered", "source_row", 2)]


def test_an_emptied_table_is_found_row_by_row(scene: Scene) -> None:
    count = int(str(scene.value("SELECT count(*) FROM source_row")))
    assert count == 3
    scene.run("TRUNCATE source_row CASCADE" if scene.is_server else "DELETE FROM source_row")
    found = [item for item in scene.found() if item.table == "source_row"]
    assert [(item.kind, item.row) for item in found] == [("removed", number) for number in (1, 2, 3)]


@pytest.mark.parametrize("column", ["members", "column_names", "linked_at", "previous_hash", "hash", "kind"])
def test_a_link_that_was_changed_is_found(scene: Scene, column: str) -> None:
    changed = {"linked_at": "'2020-01-01 00\\:00\\:00+00\\:00'", "kind": "'sealed'", "members": "'[]'"}
    value = changed.get(column, repr("0" * 60))
    scene.run(f"UPDATE chain_link SET {column} = {value} WHERE chain = 1 AND position = 2")
    found = {(item.kind, item.position) for item in scene.found()}
    # The next link says so too where the hash itself was changed.
    assert ("broken_link", 2) in found
    assert (("broken_link", 3) in found) == (column == "hash")


def test_a_removed_link_is_found(scene: Scene) -> None:
    scene.run("DELETE FROM text_salt WHERE chain = 1 AND position = 2")
    scene.run("DELETE FROM chain_link WHERE chain = 1 AND position = 2")
    assert ("removed", 3) in {(item.kind, item.position) for item in scene.found()}


def test_a_tail_that_was_cut_is_found(scene: Scene) -> None:
    last = next(head for head in scene.heads if head.chain == 1)
    scene.run(f"DELETE FROM text_salt WHERE chain = 1 AND position = {last.position}")
    scene.run(f"DELETE FROM chain_link WHERE chain = 1 AND position = {last.position}")
    found = scene.found()
    assert [item.position for item in found if item.kind == "cut"] == [last.position]
    assert any(item.kind == "inserted" for item in found), "its facts have no link any more"


def _cut_with_its_head(scene: Scene) -> int:
    """The last link, its facts and the head with them: nothing inside the database tells."""
    links = metadata.tables["chain_link"]
    *_, before, last = scene.connection.execute(
        select(links).where(links.c.chain == 1).order_by(links.c.position)
    ).all()
    for key, *_ in json.loads(last.members):
        scene.run(f"DELETE FROM {last.table_name} WHERE {fact_table(last.table_name).key.name} = {key}")
    for table in ("text_salt", "chain_link"):
        scene.run(f"DELETE FROM {table} WHERE chain = 1 AND position = {last.position}")
    scene.run("UPDATE chain_head SET position = :position, hash = :hash WHERE chain = 1",
              position=before.position, hash=before.hash)  # fmt: skip
    return int(last.position)


def test_a_tail_cut_with_its_head_needs_a_kept_head(scene: Scene) -> None:
    position = _cut_with_its_head(scene)
    assert [item for item in scene.found() if item.table not in ("review_state",)] == []
    assert [(item.kind, item.position) for item in scene.found(scene.heads) if item.table != "review_state"] == [
        ("cut", position)
    ]


def _recompute(scene: Scene) -> None:
    """Make every chain again over the facts as they are now, as the owner of the database may."""
    for table in ("text_salt", "chain_link", "chain_head"):
        scene.run(f"DELETE FROM {table}")
    chains: dict[int, Adding] = {}
    for name in CHAINED_TABLES:
        facts = fact_table(name)
        for row in scene.connection.execute(facts.all_rows.order_by(facts.key)).mappings().all():
            chain = row.get("chain_of_row", 0)
            chains.setdefault(chain, Adding(scene.connection, chain)).add(LinkKind.FACTS, facts, [row])
    for adding in chains.values():
        adding.store()


def test_a_chain_made_again_needs_a_kept_head(scene: Scene) -> None:
    scene.run("UPDATE decision SET comment = 'récrit' WHERE id = 1")
    _recompute(scene)
    assert scene.found() == []
    found = scene.found(scene.heads)
    assert found
    assert {item.kind for item in found} <= {"head", "cut"}
    assert any("Laboratoire du Parc" in item.chain for item in found)


def test_a_salt_that_was_replaced_is_found(scene: Scene) -> None:
    position = scene.value("SELECT min(position) FROM chain_link WHERE table_name = 'decision' AND chain = 1")
    salts = json.loads(str(scene.value(f"SELECT salts FROM text_salt WHERE chain = 1 AND position = {position}")))
    salts["1"]["comment"] = "0" * 32
    scene.run("UPDATE text_salt SET salts = :salts WHERE chain = 1 AND position = :position",
              salts=json.dumps(salts), position=position)  # fmt: skip
    assert [(item.table, item.row) for item in scene.found()] == [("decision", 1)]


def test_a_salt_that_went_without_an_erasure_is_found(scene: Scene) -> None:
    scene.run("UPDATE text_salt SET salts = '{}' WHERE chain = 1")
    assert ("decision", 1) in {(item.table, item.row) for item in scene.found()}


FORGED = {
    "approved by nobody": "UPDATE review_state SET status = 'approved' WHERE local_test_id = {row}",
    "another code": "UPDATE review_state SET loinc_num = '2823-3' WHERE local_test_id = {row}",
    "another person": "UPDATE review_state SET decided_by_id = decided_by_id + 1 WHERE local_test_id = {row}",
    "nothing decided": "DELETE FROM review_state WHERE local_test_id = {row}",
}


@pytest.mark.parametrize("way", FORGED)
def test_a_forged_state_is_found(scene: Scene, way: str) -> None:
    scene.run(FORGED[way].format(row=scene.desk.sodium))
    assert [(item.kind, item.table, item.row) for item in scene.found()] == [
        ("forged_state", "review_state", scene.desk.sodium)
    ]


@pytest.mark.parametrize("way", ["approved by nobody", "another code", "another person"])
def test_a_forged_state_does_not_leave(scene: Scene, way: str) -> None:
    with Session(scene.connection) as session:
        assert every_test(session, scene.desk.catalogue_id, None)
    scene.run(FORGED[way].format(row=scene.desk.sodium))
    with Session(scene.connection) as session, pytest.raises(ConflictError, match="verify-audit"):
        every_test(session, scene.desk.catalogue_id, None)


def test_reports_and_the_journal_print_the_heads(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    pages = [f"{desk.base}/couverture{what}" for what in ("", "/rapport.json", "/indicateurs.csv")]
    for email, page in ((ADMINISTRATOR, "/administration/journal"), *((TRANSCODER, page) for page in pages)):
        # Anew each time: a file that goes out is journaled.
        with Session(desk.engine) as session:
            hashes = {head.chain: head.hash for head in heads(session)}
        assert hashes[desk.world.laboratory_id] in client_for(email).get(page).text, page


def test_a_missing_protection_is_found(scene: Scene) -> None:
    for name in ("tr_decision_no_update", "tr_decision_noted"):
        on = " ON decision" if scene.is_server else ""
        scene.connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
    assert sorted(item.sentence for item in scene.found()) == [
        "La protection « tr_decision_no_update » manque ou a changé",
        "La protection « tr_decision_noted » manque ou a changé",
    ]


# ---- whatever writes a fact, it is linked ---------------------------------------------------------------------


def _by_objects(session: Session, values: dict[str, object]) -> None:
    session.add(AuditEvent(**values))


def _by_core(session: Session, values: dict[str, object]) -> None:
    session.connection().execute(insert(AuditEvent), [values, values])


def _by_orm_bulk(session: Session, values: dict[str, object]) -> None:
    session.execute(insert(AuditEvent), [values, values])


def _by_sql(session: Session, values: dict[str, object]) -> None:
    session.connection().exec_driver_sql(
        "INSERT INTO audit_event (public_id, at, actor_label, action, object_type, object_id, details) "
        "VALUES ('un-identifiant', '2026-01-01 00:00:00+00:00', '', 'essai.fait', '', '', '{}')"
    )


def _by_select(session: Session, values: dict[str, object]) -> None:
    session.connection().exec_driver_sql(
        "INSERT INTO audit_event (public_id, at, actor_label, action, object_type, object_id, details) "
        "SELECT 'copie-' || id, at, actor_label, action, object_type, object_id, details FROM audit_event"
    )


def _in_a_savepoint(session: Session, values: dict[str, object]) -> None:
    with session.begin_nested():
        session.add(AuditEvent(**values))
    nested = session.begin_nested()
    session.add(AuditEvent(**values))
    session.flush()
    nested.rollback()


@pytest.mark.parametrize(
    "write", [_by_objects, _by_core, _by_orm_bulk, _by_sql, _by_select, _in_a_savepoint], ids=lambda way: way.__name__
)
def test_a_fact_is_linked_whichever_way_it_is_written(
    desk: Desk, write: Callable[[Session, dict[str, object]], None]
) -> None:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        before = len(session.scalars(select(col(AuditEvent.id))).all())
        write(session, {"action": "essai.fait", "details": {"file_name": "é"}})
        session.flush()
        assert len(session.scalars(select(col(AuditEvent.id))).all()) > before
    with Session(desk.engine) as session:
        assert audit(session).findings == []


def test_a_transaction_given_up_leaves_no_link(desk: Desk) -> None:
    with Session(desk.engine) as session:
        before = audit(session).links
    with Session(desk.engine) as session:
        session.add(AuditEvent(action="essai.fait"))
        session.flush()
        session.rollback()
        session.add(AuditEvent(action="essai.fait"))
        session.commit()
    with Session(desk.engine) as session:
        after = audit(session)
    assert (after.links, after.findings) == (before + 1, [])


def test_what_another_program_wrote_is_never_linked(desk: Desk) -> None:
    """The next transaction of ours must not take it for its own."""
    statement = (
        "INSERT INTO audit_event (public_id, at, actor_label, action, object_type, object_id, details) "
        "VALUES ('intrus', '2026-01-01 00:00:00+00:00', '', 'essai.fait', '', '', '{}')"
    )
    if desk.engine.dialect.name == "sqlite":
        with sqlite3.connect(str(desk.engine.url.database)) as foreign:
            foreign.execute(statement)
        foreign.close()
    else:
        url = desk.engine.url
        with psycopg.connect(
            host=url.host, port=url.port, user=url.username, dbname=url.database, password=url.password
        ) as connection:
            connection.execute(statement.encode())
    desk.decide(desk.sodium)
    with Session(desk.engine) as session:
        assert [(item.kind, item.table) for item in audit(session).findings] == [("inserted", "audit_event")]


def test_every_laboratory_has_its_chain_and_the_installation_has_one(desk: Desk) -> None:
    desk.decide(desk.sodium)
    other = desk.world.other_laboratory.id
    with transaction(desk.engine) as session:
        session.add(AuditEvent(action="essai.fait", laboratory_id=other))
        session.add(AuditEvent(action="essai.fait"))
    with Session(desk.engine) as session:
        heads = audit(session).heads
    assert {head.chain for head in heads} == {0, desk.world.laboratory_id, other}
    assert len({head.hash for head in heads}) == len(heads)


# ---- values of another type, and mechanisms of another hand ----------------------------------------------------


MISSHAPEN = {
    "the moment of a link": "UPDATE chain_link SET linked_at = 'x' WHERE chain = 1 AND position = 2",
    "a day that no calendar has": "UPDATE chain_link SET linked_at = '2026-02-30 00\\:00\\:00.000000' "
                                  "WHERE chain = 1 AND position = 2",
    "the place of a link": "UPDATE chain_link SET position = 'abc' WHERE chain = 1 AND position = 2",
    "the chain of a link": "UPDATE chain_link SET chain = 'abc' WHERE chain = 1 AND position = 2",
    "the columns of a link": "UPDATE chain_link SET column_names = x'00ff' WHERE chain = 1 AND position = 2",
    "the place of a head": "UPDATE chain_head SET position = 'abc' WHERE chain = 1",
    "the content of a file": "UPDATE source_file SET content = 'a;b' WHERE id = 1",
    "true and more than true": "UPDATE second_reading SET is_agreement = 2",
}  # fmt: skip
"""Of each, something that Python could not compare with what was written, or that it reads as the same."""


@pytest.mark.only("sqlite", "a server stores only values of the type of their column")
@pytest.mark.parametrize("way", MISSHAPEN)
def test_a_value_of_another_type_is_found(scene: Scene, way: str) -> None:
    if "second_reading" in MISSHAPEN[way]:
        scene.run(
            "INSERT INTO second_reading (public_id, request_id, author_id, author_role, action, loinc_num, relation, "
            "reason, comment, justification, is_agreement, created_at) VALUES "
            "('p', 1, 1, 'biologist', 'choose', '', '', '', '', '', 1, '2026-01-01 00\\:00\\:00.000000')"
        )
    table = MISSHAPEN[way].split()[1]
    assert table not in {item.table for item in scene.found() if item.kind == "unreadable"}
    scene.run(MISSHAPEN[way])
    assert table in {item.table for item in scene.found() if item.kind == "unreadable"}


UNREADABLE = {
    "members": {
        "far too deep": "[" * 100_000,
        "a key that is no number": '[["a", "b"]]',
        "an endless key": '[[1e400, "a"]]',
        "a key too large for a row": f'[[{10**30}, "a"]]',
        "no list": "5",
    },
    "salts": {
        "far too deep": "[" * 100_000,
        "numbers": '{"1": {"comment": 5, "details": 5, "file_name": 5, "columns": 5}}',
        "no columns": '{"1": "abc", "2": "abc"}',
        "no object": "[1]",
    },
}


@pytest.mark.parametrize(("column", "way"), [(column, way) for column, ways in UNREADABLE.items() for way in ways])
def test_what_cannot_be_read_is_found_and_read_on(scene: Scene, column: str, way: str) -> None:
    """A verification that stops with an error names no place, and hides whatever comes after."""
    table = "chain_link" if column == "members" else "text_salt"
    scene.run(f"UPDATE {table} SET {column} = :value WHERE chain = 1 AND position = 2", value=UNREADABLE[column][way])
    scene.run("DELETE FROM decision WHERE id = 2")
    found = {(item.kind, item.table, item.row or item.position) for item in scene.found()}
    assert ("removed", "decision", 2) in found
    assert found & {("broken_link", "", 2), ("altered", "source_file", 1)}


def test_a_second_row_of_the_same_number_is_found(scene: Scene) -> None:
    """A table that was made again without its primary key holds two facts where its links hold one."""
    if scene.is_server:
        scene.connection.exec_driver_sql("CREATE TABLE sosie () INHERITS (source_row)")
        scene.run("INSERT INTO sosie SELECT * FROM source_row WHERE id = 2")
    else:
        names = "id, source_file_id, row_number, cells"
        scene.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        sql = scene.connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'source_row'"
        ).all()
        scene.connection.exec_driver_sql(f"CREATE TABLE neuve ({names.replace('id,', 'id INTEGER,', 1)})")
        scene.connection.exec_driver_sql(f"INSERT INTO neuve SELECT {names} FROM source_row")
        scene.connection.exec_driver_sql(f"INSERT INTO neuve SELECT {names} FROM source_row WHERE id = 2")
        scene.connection.exec_driver_sql("DROP TABLE source_row")
        scene.connection.exec_driver_sql("ALTER TABLE neuve RENAME TO source_row")
        for _, statement in sql:
            scene.connection.exec_driver_sql(statement)
    assert ("inserted", "source_row", 2) in {(item.kind, item.table, item.row) for item in scene.found()}


def test_a_trigger_of_another_hand_is_found(scene: Scene) -> None:
    """It could give a fact another author as it is written: its link would be over what was never said."""
    if scene.is_server:
        scene.connection.exec_driver_sql(
            "CREATE FUNCTION autre() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.loinc_num := '2823-3'; RETURN NEW; END $$"
        )
        scene.connection.exec_driver_sql(
            "CREATE TRIGGER autre BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION autre()"
        )
    else:
        scene.connection.exec_driver_sql(
            "CREATE TRIGGER autre AFTER INSERT ON decision BEGIN "
            "UPDATE review_state SET status = 'approved' WHERE local_test_id = NEW.local_test_id; END"
        )
    assert [item.sentence for item in scene.found()] == [
        "Un mécanisme étranger agit dans la base : déclencheur « autre » sur decision"
    ]


@pytest.mark.only("postgresql", "SQLite has neither")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE grace_date ENABLE ROW LEVEL SECURITY", "politique de lignes sur grace_date"),
        ("CREATE RULE autre AS ON INSERT TO catalogue DO ALSO DELETE FROM job", "règle « autre » sur catalogue"),
        ("CREATE TABLE sosie () INHERITS (decision)", "table « sosie », qui hérite de decision"),
    ],
)
def test_what_shows_other_rows_than_those_written_is_found(scene: Scene, statement: str, told: str) -> None:
    scene.connection.exec_driver_sql(statement)
    assert told in " ".join(item.sentence for item in scene.found())


def test_the_identifiers_of_facts_are_protected_too(scene: Scene) -> None:
    on = " ON catalogue" if scene.is_server else ""
    scene.connection.exec_driver_sql(f"DROP TRIGGER tr_catalogue_public_id{on}")
    assert [item.sentence for item in scene.found()] == [
        "La protection « tr_catalogue_public_id » manque ou a changé"
    ]
