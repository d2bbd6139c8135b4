"""The full-text index of terms, over `loinc_term_text`, whose rows are in order of usefulness.

Because identifiers follow how usual a term is, the first matching rows are the ones to show, and a search
never has to rank tens of thousands of rows. The words are folded by us: on SQLite they are in an FTS5 table, on
PostgreSQL in a GIN index of the very same words, which follows the rows by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, event, func, insert, select, text
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import col

from app.models import LoincAxisValue, LoincTerm, LoincTermText
from app.terminology.chunks import chunks
from app.terminology.french import FrenchMaterial, french_material
from app.terminology.words import LABORATORY_TOKEN, WordQuery, axis_token, tokens
from matcher.types import Term

SEARCH_TABLE = "loinc_search"
CREATE_SEARCH_TABLE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {SEARCH_TABLE} USING fts5("
    "words, content='loinc_term_text', content_rowid='id', detail=none, tokenize='ascii')"
)
SEARCH_INDEX = "ix_loinc_search_words"
_VECTOR = "array_to_tsvector(string_to_array({}words, ' '))"
"""The words as they are, without the language, the stop words or the dictionaries of the server."""
CREATE_SEARCH_INDEX = f"CREATE INDEX IF NOT EXISTS {SEARCH_INDEX} ON loinc_term_text USING gin ({_VECTOR.format('')})"
DROP_SEARCH_INDEX = f"DROP INDEX IF EXISTS {SEARCH_INDEX}"
DROP_SEARCH_TABLE = f"DROP TABLE IF EXISTS {SEARCH_TABLE}"
AXES = ("property", "time_aspct", "system", "scale_typ", "method_typ", "class_name", "status", "order_obs")
USUAL_SYSTEMS = ("Ser/Plas", "Ser", "Plas", "PPP", "Bld", "Urine")
CHUNK = 500
TEXT_COLUMNS = (
    "component",
    "method_typ",
    "system",
    "long_common_name",
    "short_name",
    "fr_label",
    "official_french_name",
)


def is_sqlite(connection: Connection) -> bool:
    """Whether this database has FTS5."""
    return connection.dialect.name == "sqlite"


def create_search_table(connection: Connection) -> None:
    """Create the index of this database; used by the migrations, and by tests through `create_all`."""
    connection.exec_driver_sql(CREATE_SEARCH_TABLE if is_sqlite(connection) else CREATE_SEARCH_INDEX)


def drop_search_table(connection: Connection) -> None:
    """Drop the index of this database; used by the migrations on their way back."""
    connection.exec_driver_sql(DROP_SEARCH_TABLE if is_sqlite(connection) else DROP_SEARCH_INDEX)


def has_search_index(connection: Connection) -> bool:
    """Whether a server's database has its index, whole."""
    statement = text(
        "SELECT i.indisvalid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relname = :name"
    )
    return bool(connection.execute(statement, {"name": SEARCH_INDEX}).scalar())


@event.listens_for(LoincTermText.__table__, "after_create")  # type: ignore[attr-defined]
def _create_with_its_content(_table: Any, connection: Connection, **_options: Any) -> None:
    create_search_table(connection)


def usefulness() -> list[SQLCoreOperations[Any]]:
    """The order in which terms are worth showing: laboratory, usable, usual in France, usual everywhere."""
    status, usage, rank = col(LoincTerm.status), col(LoincTerm.fr_usage), col(LoincTerm.common_test_rank)
    return [
        case((col(LoincTerm.class_type) == 1, 0), else_=1),
        case((status == "ACTIVE", 0), (status == "TRIAL", 1), (status == "DISCOURAGED", 2), else_=3),
        case((usage.in_((1, 2)), usage), else_=3),
        case((rank == 0, 1_000_000), else_=rank),
        case((usage == 0, 9), else_=usage),
        case(*((col(LoincTerm.system) == system, rank) for rank, system in enumerate(USUAL_SYSTEMS)), else_=9),
        case((col(LoincTerm.method_typ) == "", 0), else_=1),
        func.length(col(LoincTerm.long_common_name)),
        col(LoincTerm.loinc_num),
    ]


def indexed_words(row: Row[Any], french: FrenchMaterial) -> str:
    """All words under which this term is found, each once."""
    found: set[str] = set()
    for column in TEXT_COLUMNS:
        found.update(tokens(getattr(row, column)))
    term = Term(row.loinc_num, row.component, row.property, row.time_aspct, row.system, row.scale_typ, row.method_typ)
    found |= french.words(term)
    found.update(axis_token(axis, getattr(row, axis)) for axis in AXES if getattr(row, axis))
    if row.class_type == 1:
        found.add(LABORATORY_TOKEN)
    return " ".join(sorted(found))


def index_release(connection: Connection, release_id: int) -> None:
    """Write the folded words of every term of a release, and the values of its axes, in one transaction."""
    for chunk in chunks(useful_ids(connection, release_id), CHUNK):
        index_terms(connection, release_id, chunk)
    store_axis_values(connection, release_id)


def useful_ids(connection: Connection, release_id: int) -> list[int]:
    """The identifiers of the terms of a release, in the order in which they must be indexed."""
    statement = select(col(LoincTerm.id)).where(col(LoincTerm.release_id) == release_id)
    return [id_ for id_ in connection.scalars(statement.order_by(*usefulness())) if id_ is not None]


def index_terms(connection: Connection, release_id: int, term_ids: Sequence[int]) -> None:
    """Write the folded words of these terms, in this order."""
    french = french_material()
    names = ("id", "loinc_num", "class_type", *dict.fromkeys((*TEXT_COLUMNS, *AXES)))
    statement = select(*(getattr(LoincTerm, name) for name in names)).where(col(LoincTerm.id).in_(term_ids))
    words = {row.id: indexed_words(row, french) for row in connection.execute(statement)}
    connection.execute(
        insert(LoincTermText),
        [{"release_id": release_id, "term_id": id_, "words": words[id_]} for id_ in term_ids],
    )
    _fill_search_table(connection, release_id, term_ids)


def _fill_search_table(connection: Connection, release_id: int, term_ids: Sequence[int]) -> None:
    if is_sqlite(connection):
        statement = text(
            f"INSERT INTO {SEARCH_TABLE}(rowid, words) "
            "SELECT id, words FROM loinc_term_text WHERE release_id = :release AND term_id IN :terms"
        ).bindparams(bindparam("terms", expanding=True))
        connection.execute(statement, {"release": release_id, "terms": term_ids})


def store_axis_values(connection: Connection, release_id: int) -> None:
    """Write which values each axis takes among the laboratory terms of a release."""
    for axis in AXES:
        column = getattr(LoincTerm, axis)
        counted = select(column, func.count()).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.class_type) == 1, column != ""
        )
        rows = connection.execute(counted.group_by(column)).all()
        if rows:
            connection.execute(
                insert(LoincAxisValue),
                [
                    {"release_id": release_id, "axis": axis, "value": value, "term_count": count}
                    for value, count in rows
                ],
            )


def remove_release(connection: Connection, release_id: int) -> None:
    """Take a release out of the index."""
    if is_sqlite(connection):
        connection.execute(
            text(
                f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, words) "
                "SELECT 'delete', id, words FROM loinc_term_text WHERE release_id = :release"
            ),
            {"release": release_id},
        )
    parameters = {"release": release_id}
    connection.execute(text("DELETE FROM loinc_term_text WHERE release_id = :release"), parameters)
    connection.execute(text("DELETE FROM loinc_axis_value WHERE release_id = :release"), parameters)


def remove_some(connection: Connection, release_id: int, limit: int) -> int:
    """Take so many terms of a release out of the index at most; returns how many went."""
    ids = connection.scalars(
        select(col(LoincTermText.id)).where(col(LoincTermText.release_id) == release_id).limit(limit)
    ).all()
    if ids and is_sqlite(connection):
        statement = text(
            f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, words) "
            "SELECT 'delete', id, words FROM loinc_term_text WHERE id IN :ids"
        ).bindparams(bindparam("ids", expanding=True))
        connection.execute(statement, {"ids": list(ids)})
    connection.execute(delete(LoincTermText).where(col(LoincTermText.id).in_(ids)))
    return len(ids)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The parts of a statement that depend on the database and on what is asked."""

    source: str
    order: str
    condition: str
    parameters: dict[str, Any]


def find(connection: Connection, release_id: int, query: WordQuery, limit: int) -> list[Row[Any]]:
    """(term_id, words, component, status) of the most useful terms that match."""
    plan = _plan(connection, release_id, query)
    statement = text(
        "SELECT entry.term_id, entry.words, term.component, term.status "
        f"FROM {plan.source} JOIN loinc_term AS term ON term.id = entry.term_id "
        f"WHERE {plan.condition} ORDER BY {plan.order} LIMIT :limit"
    )
    return list(connection.execute(statement, {**plan.parameters, "limit": limit}).all())


def count(connection: Connection, release_id: int, query: WordQuery, limit: int) -> int:
    """How many terms match, counted no further than `limit`."""
    plan = _plan(connection, release_id, query)
    join = " JOIN loinc_term AS term ON term.id = entry.term_id" if query.axes or query.any_of else ""
    statement = text(
        f"SELECT count(*) FROM (SELECT 1 FROM {plan.source}{join} WHERE {plan.condition} LIMIT :limit) AS counted"
    )
    return int(connection.execute(statement, {**plan.parameters, "limit": limit}).scalar_one())


def _plan(connection: Connection, release_id: int, query: WordQuery) -> _Plan:
    parameters: dict[str, Any] = {f"axis_{axis}": value for axis, value in query.axes.items()}
    parameters["release"] = release_id
    conditions = ["entry.release_id = :release", *(f"term.{axis} = :axis_{axis}" for axis in query.axes)]
    for axis, values in query.any_of.items():
        names = [f"any_{axis}_{place}" for place in range(len(values))]
        parameters.update(zip(names, values, strict=True))
        conditions.append(f"term.{axis} IN ({', '.join(f':{name}' for name in names)})")
    if not query.words and not query.axes and not query.any_of and not query.laboratory_only:
        return _Plan("loinc_term_text AS entry", "entry.id", " AND ".join(conditions), parameters)
    if not is_sqlite(connection):
        parameters["match"] = query.tsquery()
        conditions.append(f"{_VECTOR.format('entry.')} @@ CAST(:match AS tsquery)")
        return _Plan("loinc_term_text AS entry", "entry.id", " AND ".join(conditions), parameters)
    parameters["match"] = query.match_expression()
    # The rows of a release follow each other: the bounds keep the search away from the other releases.
    bound = f"{SEARCH_TABLE}.rowid {{}} (SELECT {{}}(id) FROM loinc_term_text WHERE release_id = :release)"
    conditions += [f"{SEARCH_TABLE} MATCH :match", bound.format(">=", "min"), bound.format("<=", "max")]
    source = f"{SEARCH_TABLE} CROSS JOIN loinc_term_text AS entry ON entry.id = {SEARCH_TABLE}.rowid"
    return _Plan(source, f"{SEARCH_TABLE}.rowid", " AND ".join(conditions), parameters)
