"""What an installation on a PostgreSQL server promises: facts kept, texts in order, limits, errors said in French."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import SQLModel, col, select

from app.errors import WorkbenchError
from app.models import AuditEvent, Laboratory
from app.models.append_only import APPEND_ONLY_TABLES, MOVABLE, missing_triggers, protected_tables, trigger_names
from app.models.public_identifiers import unprotected_tables
from app.platform import postgresql
from app.platform.database import is_busy, is_duplicate, make_engine, reading, transaction
from app.platform.folding import folded
from app.platform.migrations import alembic_config, is_up_to_date, pending_model_changes, upgrade
from app.settings import PROJECT_ROOT, Settings
from matcher.normalise.text import fold
from tests.conftest import BIOLOGIST, ClientFor, World
from tests.postgresql import Cluster

pytestmark = pytest.mark.only("postgresql", "what a server does by itself")


@pytest.fixture
def migrated(cluster: Cluster) -> Iterator[Engine]:
    """A database that the migrations made."""
    with cluster.database() as url:
        engine = make_engine(url)
        upgrade(engine)
        yield engine
        engine.dispose()


def test_the_migrations_make_what_the_models_say(migrated: Engine) -> None:
    assert pending_model_changes(migrated) == []
    upgrade(migrated)
    assert is_up_to_date(migrated)


def test_the_way_back_leaves_nothing(migrated: Engine) -> None:
    with migrated.connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "base")
    with migrated.connect() as connection:
        left = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic%%' "
            "UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).all()
    assert left == []


def test_a_missing_trigger_is_found(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER tr_decision_no_truncate ON decision")
        connection.exec_driver_sql("ALTER TABLE source_row DISABLE TRIGGER tr_source_row_no_update")
        assert missing_triggers(connection) == ["tr_decision_no_truncate", "tr_source_row_no_update"]
    assert ("add_trigger", "tr_decision_no_truncate") in pending_model_changes(migrated)


@pytest.mark.parametrize(
    "weakened",
    [
        "CREATE OR REPLACE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF false THEN RAISE EXCEPTION 'x'; END IF; RETURN NULL; END $$",
        "CREATE RULE r AS ON DELETE TO decision DO INSTEAD NOTHING",
        "DROP TRIGGER tr_decision_no_delete ON decision; CREATE TRIGGER tr_decision_no_delete BEFORE DELETE "
        "ON decision FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION refuse_append_only()",
        "DROP TRIGGER tr_decision_no_update ON decision; CREATE TRIGGER tr_decision_no_update BEFORE UPDATE OF comment "
        "ON decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only()",
    ],
    ids=["function", "rule", "condition", "column"],
)
def test_a_trigger_that_is_there_and_protects_nothing_is_found(migrated: Engine, weakened: str) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(weakened)
        assert any(name.startswith("tr_decision_no_") for name in missing_triggers(connection))


def test_identifiers_that_a_replaced_function_lets_change_are_found(migrated: Engine) -> None:
    with migrated.begin() as connection:
        assert unprotected_tables(connection) == []
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION public_id_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NEW; END $$ -- RAISE EXCEPTION"
        )
        assert "local_test" in unprotected_tables(connection)


def test_both_databases_protect_the_same_tables(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    embedded = make_engine(f"sqlite:///{tmp_path_factory.mktemp('facts') / 'facts.sqlite3'}")
    SQLModel.metadata.create_all(embedded)
    for database in (engine, embedded):
        with database.connect() as connection:
            expected = {table: trigger_names(table, connection.dialect.name) for table in APPEND_ONLY_TABLES}
            assert protected_tables(connection) == expected
    embedded.dispose()


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
@pytest.mark.parametrize(
    "way",
    ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE",
     "DELETE FROM {table} WHERE {key} = 1"],
)  # fmt: skip
def test_facts_are_never_rewritten(engine: Engine, table: str, way: str) -> None:
    key, *_ = SQLModel.metadata.tables[table].primary_key
    if table in MOVABLE and way.startswith("UPDATE"):
        pytest.skip("some of its columns move: its trigger looks at rows, and the tests of the chain at it")
    with engine.connect() as connection, pytest.raises(IntegrityError, match="is append-only"):
        connection.exec_driver_sql(way.format(table=table, key=key.name))


def test_facts_are_added(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(AuditEvent(actor_label="essai", action="test.add"))
    with reading(engine) as session:
        assert [item.action for item in session.exec(select(AuditEvent))] == ["test.add"]


def test_every_column_of_text_is_in_the_order_of_bytes(migrated: Engine, engine: Engine) -> None:
    query = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'"
    )
    for database in (migrated, engine):
        with database.connect() as connection:
            assert connection.exec_driver_sql(query).all() == []


def test_rows_come_in_the_order_of_the_embedded_database(engine: Engine) -> None:
    names = ["Éa", "ea", "Zz", "ab", "Ab", "a b", "a-b", "éb", "_a", "1"]
    with transaction(engine) as session:
        session.add_all(Laboratory(name=name) for name in names)
    with reading(engine) as session:
        assert list(session.exec(select(Laboratory.name).order_by(col(Laboratory.name)))) == sorted(names)
        # The server of the tests has another order of its own.
        assert session.scalar(text("SELECT 'a' < 'B' COLLATE \"default\"")) is True


WRITTEN = st.text(
    st.sampled_from("abcdefghilmnopqrstuvxyzABCDEÉÈÀÇéèêàâçùûüôöîïœŒæÆßµμαβγδΔΩ²³½’'°-–—.·/ ()0123456789€%«»…ﬁ"),
    max_size=20,
)


@pytest.fixture(scope="module")
def folding_engine(cluster: Cluster) -> Iterator[Engine]:
    """A migrated database for many small questions."""
    with cluster.database() as url:
        engine = make_engine(url)
        upgrade(engine)
        yield engine
        engine.dispose()


@given(texts=st.lists(WRITTEN, min_size=1, max_size=20))
def test_the_server_folds_as_we_do(folding_engine: Engine, texts: list[str]) -> None:
    with reading(folding_engine) as session:
        rows = session.execute(select(*(folded(item) for item in texts))).one()
    assert list(rows) == [fold(item) for item in texts]


@pytest.mark.parametrize("written", ["V.G.M.", "T.S.H. us", "a.b.cd", "l'α-fœtoprotéine", "Qu’en dit-on", "d´eau", "é́"])
def test_usual_ways_of_writing_are_folded(folding_engine: Engine, written: str) -> None:
    with reading(folding_engine) as session:
        assert session.scalar(select(folded(written))) == fold(written)


def test_a_page_is_one_snapshot_and_cannot_write(engine: Engine, world: World) -> None:
    with reading(engine) as session:
        before = len(session.exec(select(Laboratory)).all())
        with transaction(engine) as other:
            other.add(Laboratory(name="Arrivé entre-temps"))
        assert len(session.exec(select(Laboratory)).all()) == before
        with pytest.raises(DBAPIError, match="read-only"):
            session.execute(text("DELETE FROM laboratory"))
    with transaction(engine) as session:
        assert len(session.exec(select(Laboratory)).all()) == before + 1


def _impatient(settings: Settings, seconds: int = 1) -> Engine:
    return postgresql.make_engine(settings.resolved_database_url, seconds)


def test_a_writer_does_not_wait_for_ever(settings: Settings, world: World) -> None:
    impatient = _impatient(settings)
    lock = text("SELECT id FROM laboratory WHERE id = :id FOR UPDATE").bindparams(id=world.laboratory_id)
    with transaction(world.engine) as session:
        session.execute(lock)
        with pytest.raises(OperationalError) as refused, impatient.begin() as connection:
            connection.execute(lock)
    assert is_busy(refused.value)
    impatient.dispose()


def test_a_frozen_writer_is_ended_within_a_minute_and_a_reader_later(engine: Engine) -> None:
    asked = text("SELECT current_setting('idle_in_transaction_session_timeout')")
    with transaction(engine) as session:
        assert session.connection().execute(asked).scalar_one() == f"{postgresql.WRITER_IDLE_SECONDS}s"
    with reading(engine) as session:
        assert session.connection().execute(asked).scalar_one() == "15min"
    assert postgresql.WRITER_IDLE_SECONDS < 60


def test_a_deadlock_is_to_be_tried_again(world: World, engine: Engine) -> None:
    statement = "UPDATE laboratory SET sgl_name = sgl_name WHERE id = {}"
    ids = (world.laboratory_id, world.other_laboratory.id)
    meet = threading.Barrier(2)
    errors: list[DBAPIError] = []

    def cross(first: int | None, second: int | None) -> None:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(statement.format(first))
                meet.wait(10)
                connection.exec_driver_sql(statement.format(second))
        except DBAPIError as error:
            errors.append(error)

    threads = [threading.Thread(target=cross, args=order) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [postgresql.sqlstate(error.orig) for error in errors] == ["40P01"]
    assert is_busy(errors[0])


def test_a_cut_connection_is_to_be_tried_again(engine: Engine, cluster: Cluster) -> None:
    with engine.connect() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        with pytest.raises(OperationalError) as cut:
            connection.exec_driver_sql("SELECT 1")
    assert is_busy(cut.value)
    # The next one is found broken when it is taken, and replaced.
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57014", "53300", "57P01", "08006"])
def test_what_is_busy_is_told_by_the_code_of_the_server(state: str) -> None:
    error = psycopg.errors.lookup(state)("") if state != "08006" else psycopg.errors.ConnectionFailure("")
    assert is_busy(OperationalError("SELECT 1", {}, error))


def test_a_fault_of_ours_is_not_a_busy_database() -> None:
    assert not is_busy(OperationalError("SELECT 1", {}, psycopg.errors.DiskFull("")))
    assert not is_duplicate(IntegrityError("INSERT", {}, psycopg.errors.NotNullViolation("")))
    assert is_duplicate(IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation("")))


def test_a_server_out_of_reach_is_said_with_the_moment_to_come_back(settings: Settings, cluster: Cluster) -> None:
    from app.main import create_app

    nowhere = settings.model_copy(update={"database_url": "postgresql+psycopg://postgres@127.0.0.1:1/rien"})
    application: FastAPI = create_app(nowhere, make_engine(nowhere.resolved_database_url))
    with TestClient(application, follow_redirects=False) as client:
        client.cookies.set("transcodeur_session", "x")
        answer = client.get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "ne répond pas" in answer.text


@pytest.mark.parametrize("url", ["mysql://serveur/base", "postgresql+asyncpg://serveur/base"])
def test_another_database_is_refused_in_french(url: str) -> None:
    with pytest.raises(WorkbenchError, match="SQLite ou PostgreSQL"):
        make_engine(url)


def test_without_the_driver_one_sentence_ends_the_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("sans-pilote")
    # An empty module in its place is what Python finds first, and cannot import.
    program = "import sys; sys.modules['psycopg'] = None; from app.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "migrate"],
        cwd=PROJECT_ROOT,
        env={"TRANSCODEUR_DATA_DIR": str(folder), "TRANSCODEUR_DATABASE_URL": "postgresql+psycopg://serveur/base"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "transcodeur[postgresql]" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_processes_may_start_together(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = (
        "import app.main; from app.settings import get_settings; from app.upgrades.start import prepare; "
        "prepare(get_settings()).dispose()"
    )
    with cluster.database() as url:
        environment = {"TRANSCODEUR_DATA_DIR": str(tmp_path_factory.mktemp("var")), "TRANSCODEUR_DATABASE_URL": url}
        started = [
            subprocess.Popen(
                [sys.executable, "-c", program], cwd=PROJECT_ROOT, env=environment, stderr=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        said = [process.communicate(timeout=300)[1] for process in started]
        assert [process.returncode for process in started] == [0] * 4, said
        engine = make_engine(url)
        with reading(engine) as session:
            assert session.scalar(text("SELECT count(*) FROM loinc_release")) == 1
        assert is_up_to_date(engine)
        engine.dispose()


def test_a_character_zero_is_refused_in_french(client_for: ClientFor, world: World) -> None:
    answer = client_for(BIOLOGIST).post(f"/laboratoires/{world.laboratory_id}/jetons", data={"nom": "a\x00b"})
    assert answer.status_code == 400
    assert "caractère nul" in answer.text
