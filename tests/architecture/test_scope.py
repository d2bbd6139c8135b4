"""Nothing is asked of a laboratory's tables without saying whose: read from the tables and from the code itself."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.platform.scoped import scoped_models

APP = Path("app")
SHARED = {
    "FrenchName", "GraceDate", "LoincAxisValue", "LoincRelease", "LoincTerm", "LoincTermText", "MapTo", "NabmAlignment",
    "CoverageDefinition", "PanelMember", "ValueSet", "ValueSetMember",  # what administrators load, the same for all
    "KnownDevice", "OneTimeLink", "ProviderAnswer", "ProviderIdentity", "RecoveryCode", "SecurityKey",
    "SignInAttempt", "TotpSecret", "User", "UserSession",  # people, who may be of several laboratories
    "JobChunk", "JobPlan", "TallyRule",  # the machinery of jobs and counts: no page shows a row of them
    "ChainHead", "ChainLink", "TextSalt",  # hashes: a chain is named by the number of its laboratory
    "ClosedLaboratory",  # what remains of one that is no more
    "Laboratory",  # kept to itself by `app.platform.scoped`
}  # fmt: skip
"""The tables that are no laboratory's."""
ACROSS_ALLOWED = {
    ("app/proposals/knowledge.py", "_memory"): "approved mappings of the laboratories that allow their reuse",
    ("app/proposals/withdrawals.py", "withdrawn_among"): "which of those their own laboratory withdrew",
    ("app/memory/repository.py", "reusable_counts"): "how many there are",
    ("app/terminology/past.py", "_events"): "what was done to the terminology, which is no laboratory's",
    ("app/publication/state.py", "_last_event"): "when the terminology changed, or this laboratory",
    ("app/versions/repository.py", "last_proof"): "when and how the person who signs last proved who she is",
}
"""(file, function) that reads other laboratories -> under which condition."""
WHOLE_ENGINE = {
    "app/platform/request_session.py": "gives it, kept to the laboratory of the request",
    "app/platform/authorising.py": "reads the rights before anything is known of the laboratory",
    "app/platform/identity.py": "touches the session of the person",
    "app/audit/refusals.py": "records a refusal, also where there is no laboratory",
    "app/fhir/access.py": "finds the laboratory of a token, then keeps to it",
    "app/second_factor/routes.py": "asks a person again who she is, whatever the laboratory",
    "app/jobs/streams.py": "one reading for all the browsers that follow jobs; each was let in by `open_job`",
    "app/proposals/readiness.py": "builds the engine of a release",
}
"""The files of requests that take the engine of the application as it is."""
RAW_SQL = {
    "app/platform/backup_before.py": "copies the database", "app/platform/chain.py": "what a transaction noted",
    "app/platform/folding.py": "an index of the terminology",
    "app/portability/staging.py": "a file of its own, where an archive waits",
    "app/platform/postgresql.py": "the server's own tables", "app/terminology/search_index.py": "the terminology",
    "app/upkeep/database_checks.py": "doctor", "app/upkeep/doctor.py": "doctor", "app/upkeep/embedded.py": "backups",
    "app/upkeep/server.py": "backups",
}  # fmt: skip
"""The files that write SQL as text: none of them serves a page."""
ON_A_CONNECTION = {
    "app/audit/erasing.py": "the command that erases", "app/audit/verification.py": "the command that verifies",
    "app/claims/chain_repository.py": "links of the chain of one laboratory, and facts by the keys that they name",
    "app/catalogues/repository.py": "rows of a catalogue by their keys, read within it",
    "app/catalogues/staging.py": "rows of the catalogue that an import writes",
    "app/jobs/claims.py": "a lock", "app/jobs/clock.py": "the time", "app/operations/repository.py": "health, size",
    "app/platform/locks.py": "locks",
    "app/portability/closing.py": "the command that erases a laboratory, each table on its way to it",
    "app/portability/repository.py": "the command that archives a laboratory, each table on its way to it",
    "app/portability/storing.py": "the command that brings a laboratory in",
    "app/terminology/loading.py": "the terminology",
    "app/terminology/removal.py": "the terminology", "app/terminology/service.py": "the terminology",
    "app/terminology/starter.py": "the terminology", "app/terminology/value_sets.py": "the terminology",
}
"""The files that ask the connection of a session, where nothing is kept to a laboratory -> about what.

Those of `upkeep` are commands about the whole database.
"""
BARE_TABLES = {("app/jobs/claims.py", "Job"): "who works next, for all laboratories"}
"""(file, table of laboratories) whose columns are taken without its model -> why."""
OPENED_BY_NUMBER = {
    "app/batches/asking.py _why_left": "rows that `open_rows` did not give back, of the same catalogue",
    "app/batches/carrying.py plan": "the job of a batch that was asked for within its catalogue",
}
"""Functions that open a row of a catalogue by its number -> why that is enough."""
NAMES_ITS_PLACE = {"laboratory_id", "catalogue_id", "access", "Catalogue", "catalogue"}
ASKING = {"select", "sa_select", "select_model", "update", "delete", "exists"}
BELOW = Path("tests/architecture/below_a_catalogue.txt")
_SQL = re.compile(r"\b(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b", re.DOTALL)


def _models() -> set[str]:
    return {mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers}


@lru_cache(maxsize=1)
def _of_a_catalogue() -> set[str]:
    """The tables that name no laboratory: theirs is that of their catalogue, draft or file."""
    return _models() - SHARED - {model.__name__ for model in scoped_models()}


def _files() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        if path.parts[1] != "models":
            yield path.as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _parts(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """(name, code) of the functions of a module and of its classes, and of each statement outside them.

    A statement that is built once, when the module is read, is named by what it is kept in.
    """
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _parts(node.body)
            yield from ((node.name, part) for part in (*node.bases, *node.keywords, *node.decorator_list))
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            yield ast.unparse(_kept_in(node))[:60], node


def _kept_in(node: ast.stmt) -> ast.AST:
    if isinstance(node, ast.Assign):
        return node.targets[0]
    return node.target if isinstance(node, ast.AnnAssign | ast.AugAssign) else node


def _words(function: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def _asks(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKING
        for node in ast.walk(function)
    )


def _is_unplaced(part: ast.AST, other_names: Collection[str] = ()) -> bool:
    """Whether this asks about rows of a catalogue, and names neither it nor its laboratory.

    `other_names` are those under which the module knows tables of a catalogue, beside their own.
    """
    if not _asks(part):
        return False
    words = _words(part)
    return bool(words & (_of_a_catalogue() | set(other_names))) and not words & NAMES_ITS_PLACE


def _other_names(body: Iterable[ast.stmt]) -> set[str]:
    """The names that a module gives to tables of a catalogue, or to what it makes of them without asking yet."""
    known: set[str] = set()
    while True:
        found = {
            word.id
            for node in body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and not _asks(node.value)
            and _words(node.value) & (_of_a_catalogue() | known) and not _words(node.value) & NAMES_ITS_PLACE
            for word in ast.walk(_kept_in(node))
            if isinstance(word, ast.Name)
        }  # fmt: skip
        if found <= known:
            return known
        known |= found


def _unplaced() -> Iterator[str]:
    """`file name` of what asks about rows of a catalogue without naming it, whatever its tables are called there."""
    files = list(_files())
    given = {path.removesuffix(".py").replace("/", "."): _other_names(tree.body) for path, tree in files}
    for path, tree in files:
        names = set(given[path.removesuffix(".py").replace("/", ".")])
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module in given:
                names |= {item.asname or item.name for item in node.names if item.name in given[node.module]}
        yield from (f"{path} {name}" for name, part in _parts(tree.body) if _is_unplaced(part, names))


def test_every_table_has_its_place() -> None:
    assert _models() >= SHARED
    for mapper in SQLModel._sa_registry.mappers:
        name = mapper.class_.__name__
        if name in _of_a_catalogue():
            parents = {key.column.table.name for column in mapper.columns for key in column.foreign_keys}
            assert parents & {
                "catalogue", "local_test", "source_file", "proposal_run", "batch", "batch_row", "assignment",
                "upload_draft", "stored_file", "reading_request", "second_reading", "decision", "effective_run",
            }, f"{name}: give it a laboratory_id, or a catalogue, or say in SHARED whose it is"  # fmt: skip


def test_only_these_statements_read_other_laboratories() -> None:
    found = {
        (path, name)
        for path, tree in _files()
        for name, part in _parts(tree.body)
        if "ACROSS" in _words(part) and name != "ACROSS"
    }
    assert found == set(ACROSS_ALLOWED)


def test_a_request_takes_the_engine_that_is_kept_to_its_laboratory() -> None:
    found = {
        path
        for path, tree in _files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "engine"
        and isinstance(node.value, ast.Attribute | ast.Name)
        and (node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id) == "state"
    }
    assert found - {"app/main.py"} == set(WHOLE_ENGINE)


def test_nobody_goes_round_what_keeps_a_session_to_its_laboratory() -> None:
    kept = {model.__name__ for model in scoped_models()}
    connections, bare, other = set(), set(), set()
    for path, tree in _files():
        asked_its_kind = {
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id in ("is_postgresql", "is_sqlite")
            for part in ast.walk(node)
        }  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value == "across_laboratories":
                other.add(path)
            if node in asked_its_kind or path.startswith("app/upkeep/"):
                continue
            if not isinstance(node, ast.Attribute):
                continue
            if node.attr == "connection" and isinstance(node.value, ast.Name) and node.value.id == "session":
                connections.add(path)
            elif node.attr == "__table__" and isinstance(node.value, ast.Name) and node.value.id in kept:
                bare.add((path, node.value.id))
            elif node.attr in ("from_statement", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"):
                other.add(path)
    assert other == {"app/platform/scoped.py"}
    assert connections - {"app/platform/database.py"} == set(ON_A_CONNECTION)
    assert bare == set(BARE_TABLES)


def test_sql_as_text_serves_no_page() -> None:
    found = {
        path
        for path, tree in _files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value)
    }
    assert found <= set(RAW_SQL)


def test_rows_of_a_catalogue_are_asked_about_within_one() -> None:
    """What asks names the catalogue or the laboratory, or is in the list of those that need not."""
    known = {line for line in BELOW.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    found = set(_unplaced())
    assert sorted(found - known) == [], "name the catalogue in them"
    assert sorted(known - found) == [], "they name it now: take them off the list"


@pytest.mark.parametrize(
    "written",
    [
        "_ALL = select(Decision)",
        "_ALL: Any = select(col(Decision.id)).order_by(col(Decision.id))",
        "class Kept:\n    all = select(Decision)",
        "if True:\n    _ALL = select(Decision)",
        "try:\n    _ALL = delete(ReviewState)\nexcept ValueError:\n    pass",
        "WAYS = {'all': lambda: select(Decision)}",
        "_ONE = select(Decision).where(col(Decision.id) == bindparam('decision_id'))",
        "def ask(session):\n    return session.exec(select(Decision))",
    ],
)
def test_a_statement_is_seen_wherever_it_is_written(written: str) -> None:
    parts = list(_parts(ast.parse(written).body))
    assert [name for name, part in parts if _is_unplaced(part)]
    within = written.replace("select(", "select(catalogue_id, ").replace("delete(", "delete(catalogue_id, ")
    assert not [name for name, part in _parts(ast.parse(within).body) if _is_unplaced(part)]


@pytest.mark.parametrize(
    "named",
    [
        "_FACTS = Decision.__table__", "_FACTS = Decision.__table__.c", "_FACTS = aliased(Decision)",
        "_TABLE = Decision.__table__\n_FACTS: Any = _TABLE.alias('facts')", "_OTHER, _FACTS = ReviewState, Decision",
    ],
)  # fmt: skip
def test_a_table_is_known_under_any_name_that_its_module_gives_it(named: str) -> None:
    names = _other_names(ast.parse(named).body)
    (asks,) = ast.parse("def ask(session):\n    return session.exec(select(_FACTS))").body
    assert _is_unplaced(asks, names)
    assert not _is_unplaced(asks)


def test_no_row_of_a_catalogue_is_opened_by_its_number_alone() -> None:
    """`session.get` knows nothing of catalogues: what it gives is compared with the catalogue of the person."""
    found = {
        f"{path} {name}"
        for path, tree in _files()
        for name, part in _parts(tree.body)
        for node in ast.walk(part)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("get", "get_one")
        and node.args
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id in _of_a_catalogue()
        and not _words(part) & NAMES_ITS_PLACE
    }
    assert found == set(OPENED_BY_NUMBER)
