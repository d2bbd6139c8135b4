"""One JSON line an event, ours or a library's, and never what an exception or a warning quotes."""

import io
import logging
import sqlite3
import warnings
from pathlib import Path

import pytest
import structlog
import uvicorn
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.errors import WorkbenchError
from app.platform.database import transaction
from app.platform.logs import configure_logs, error_code
from tests.conftest import Logs, World

SECRET = "SECRET-ferritine-77"


def test_our_events_and_those_of_the_web_server_are_rendered_alike(logs: Logs) -> None:
    structlog.get_logger("app.essai").info("bonjour", rows=3, label="Créatinine")
    logging.getLogger("uvicorn.error").warning("Waiting for %s", "connections")
    ours, theirs = logs.events()
    assert (ours["event"], ours["rows"], ours["label"]) == ("bonjour", 3, "Créatinine")
    assert (theirs["event"], theirs["level"]) == ("Waiting for connections", "warning")
    assert theirs["logger"] == "uvicorn.error"
    assert ours["timestamp"].endswith("Z")
    assert set(theirs) < set(ours)


def test_a_line_is_one_line_for_every_reader_and_reads_in_its_order(logs: Logs) -> None:
    said = "a\x1b[31m\x9b2J\u202eb\u2028c\u0085d\ud800\u200be\r\nf Créatinine “µ”"
    structlog.get_logger("app.essai").info("essai", said=said)
    (written,) = logs.text.splitlines()
    assert "Créatinine “µ”" in written
    assert all(letter.isprintable() for letter in written)
    assert logs.events()[0]["said"] == said


def test_a_web_server_that_spoke_first_speaks_our_way_after() -> None:
    library, root = logging.getLogger("uvicorn"), logging.getLogger()
    before = root.handlers[:], root.level, structlog.get_config()
    uvicorn.Config(lambda: None, log_level="error")
    assert library.handlers, "its own way of writing is in place"
    stream = io.StringIO()
    configure_logs("info", stream)
    try:
        logging.getLogger("uvicorn.error").warning("Waiting for %s", "connections")
        assert [line["event"] for line in Logs(stream).events()] == ["Waiting for connections"]
    finally:
        logging.captureWarnings(False)
        root.handlers[:], root.level = before[0], before[1]
        structlog.configure(**before[2])


def test_what_is_bound_to_the_context_is_in_every_line(logs: Logs) -> None:
    structlog.contextvars.bind_contextvars(request_id="a-request")
    structlog.get_logger("app.essai").info("one")
    logging.getLogger("uvicorn.error").error("two")
    assert [line["request_id"] for line in logs.events()] == ["a-request", "a-request"]


def _fail() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise RuntimeError(f"cannot read {SECRET}") from error


def test_an_exception_keeps_its_places_and_loses_its_message(logs: Logs) -> None:
    for logger in (structlog.get_logger("app.essai"), logging.getLogger("uvicorn.error")):
        try:
            _fail()
        except RuntimeError:
            logger.exception("failed")
    assert SECRET not in logs.text
    for line in logs.events("failed"):
        assert (line["error"], line["causes"], line["level"]) == ("RuntimeError", ["ValueError"], "error")
        assert line["frames"][-1].endswith(" _fail")
        assert __file__ in line["frames"][-1]


def test_the_level_debug_tells_the_message(logs: Logs) -> None:
    stream = io.StringIO()
    configure_logs("DEBUG", stream)
    try:
        _fail()
    except RuntimeError:
        structlog.get_logger("app.essai").exception("failed")
    assert SECRET in stream.getvalue()


def test_the_parameters_of_a_query_stay_out(logs: Logs, world: World, engine: Engine) -> None:
    statement = "INSERT INTO laboratory (id, name) VALUES (:id, :name)"
    with pytest.raises(IntegrityError) as refused, transaction(engine) as session:
        session.connection().execute(text(statement), {"id": world.laboratory_id, "name": SECRET})
    assert SECRET in str(refused.value), "the message would have told"
    structlog.get_logger("app.essai").error("refused", exc_info=refused.value)
    assert SECRET not in logs.text
    (line,) = logs.events("refused")
    assert line["error_code"].startswith(("SQLITE_CONSTRAINT", "23"))


def test_a_library_speaks_without_its_values(logs: Logs) -> None:
    logging.getLogger("openpyxl").warning("Cell %s is odd", SECRET)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {SECRET}")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"cell A1 holds {SECRET}", stacklevel=1)
    assert SECRET not in logs.text
    first, second, third = (line["event"] for line in logs.events())
    assert (first, second) == ("Cell %s is odd", "Task exception was never retrieved")
    assert third.startswith(__file__)
    assert third.endswith("UserWarning")


def test_a_level_silences_what_is_below(logs: Logs) -> None:
    stream = io.StringIO()
    configure_logs("warning", stream)
    structlog.get_logger("app.essai").info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    structlog.get_logger("app.essai").warning("heard")
    assert "quiet" not in stream.getvalue()
    assert "heard" in stream.getvalue()


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(WorkbenchError, match="TRANSCODEUR_LOG_LEVEL=bavard"):
        configure_logs("bavard")


def test_errors_have_the_code_of_their_system() -> None:
    with pytest.raises(FileNotFoundError) as no_file:
        Path("/nowhere/at/all").read_bytes()
    with pytest.raises(sqlite3.OperationalError) as no_table:
        sqlite3.connect(":memory:").execute("SELECT * FROM absent")
    assert error_code(no_file.value) == "ENOENT"
    assert error_code(no_table.value) == "SQLITE_ERROR"
    assert error_code(ValueError(SECRET)) == ""
