"""The definition of the rows of the queue in SQL: their state, best proposal and priority, from the facts.

The lists themselves are filtered and ordered in the entries kept with the facts (`app.worklist.entries_sql`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlmodel import Session

from app.models import Action, Outcome, Status, metadata
from app.platform.folding import folded
from app.transcoding.readings import status_in_force
from app.transcoding.unheld import is_unheld
from app.upgrades.tasks import has_open_task
from app.worklist import blind_sql, ordering
from app.worklist.facets import BY_KEY, FACETS, UNHELD
from app.worklist.query import SORTS, ReviewQuery, stored_values
from matcher.normalise.text import fold
from matcher.types import Band

FORMS = 64
"""Forms of statements kept, those asked for last."""
NO_RUN = 0
"""A run identifier that no proposal has: a catalogue whose search never succeeded."""
STATUS_ORDER = (Status.SENT_BACK, Status.DOUBT, Status.TODO, Status.DECIDED, Status.APPROVED)
_FACET_COLUMNS = frozenset(facet.column for facet in FACETS)
_ROW_COLUMNS = _FACET_COLUMNS | {
    "id", "position", "code", "occurrence", "label", "synonym", "volume", "loinc_num", "version", "best_loinc",
    "confidence", "executing", "touched",
}  # fmt: skip


def _flag(condition: ColumnElement[bool]) -> ColumnElement[str]:
    return case((condition, "1"), else_="0")


def _or_code(text: ColumnElement[str], code: ColumnElement[str]) -> ColumnElement[str]:
    return case((text != "", text), else_=code)


def _assignee() -> ColumnElement[str]:
    """Whom the newest assignment of a row gives it to, as text; empty when it released it."""
    rows, acts = metadata.tables["assigned_row"].c, metadata.tables["assignment"].c
    newest = (
        select(cast(acts.assignee_id, String))
        .where(rows.local_test_id == metadata.tables["local_test"].c.id, acts.id == rows.assignment_id)
        .order_by(rows.id.desc())
        .limit(1)
    )
    return func.coalesce(newest.scalar_subquery(), "")


def _is_first_set_aside(local_test_id: Any, loinc_num: Any) -> ColumnElement[bool]:
    """Whether somebody ever set the first candidate aside; the facts tell whether it still is."""
    mark = metadata.tables["decision"].alias("mark")
    marks = select(mark.c.id).where(
        mark.c.local_test_id == local_test_id,
        mark.c.action == Action.REJECT_CANDIDATE.value,
        mark.c.loinc_num == loinc_num,
    )
    return marks.correlate_except(mark).exists()


@lru_cache(FORMS)
def _base(columns: frozenset[str], words: int, has_ids: bool, is_blind: bool = False) -> CTE:
    """The rows of a catalogue with their state and best proposal; every word must be found.

    Built once for each form: running it is ten times quicker than building it. Given `_values` when it runs.
    """
    tables = metadata.tables
    test, state = tables["local_test"].c, tables["review_state"].c
    best_table, nontest_table = tables["proposal"].alias("best"), tables["proposal"].alias("nontest")
    second_table, usual_table = tables["proposal"].alias("second"), tables["loinc_term"].alias("usual")
    best, nontest, second, usual = best_table.c, nontest_table.c, second_table.c, usual_table.c
    status = func.coalesce(status_in_force(), Status.TODO.value)
    volume = func.coalesce(test.annual_volume, -1)
    confidence = func.coalesce(best.confidence, 0.0)
    all_columns: dict[str, Any] = {
        "id": test.id,
        "position": test.position,
        "code": test.code,
        "occurrence": test.occurrence,
        "label": test.label,
        "label_key": folded(test.label),
        "synonym": test.synonym,
        "specimen": _or_code(test.specimen, test.specimen_code),
        "unit": _or_code(test.unit, test.unit_code),
        "level": test.level,
        "chapter": _or_code(test.chapter, test.chapter_code),
        "subcontracted": _flag(test.is_subcontracted),
        "retired": _flag(test.is_retired),
        "task": case((has_open_task(), "1"), (is_unheld(), UNHELD), else_="0"),
        "executing": test.executing_laboratory,
        "volume": volume,
        "status": status,
        "status_rank": case({item.value: rank for rank, item in enumerate(STATUS_ORDER)}, value=status),
        "outcome": func.coalesce(state.outcome, Outcome.NONE.value),
        "loinc_num": func.coalesce(state.loinc_num, ""),
        "comment": _flag(func.coalesce(state.has_comment, False)),
        "flag": _flag(state.flag_id.is_not(None)),
        "author": func.coalesce(cast(state.decided_by_id, String), ""),
        "version": func.coalesce(state.version, 0),
        "decision_id": func.coalesce(state.decision_id, 0),
        "best_loinc": func.coalesce(best.loinc_num, ""),
        "band": func.coalesce(best.band, ""),
        "confidence": confidence,
        "contradiction": case((best.id.is_(None), ""), (best.has_contradiction, "1"), else_="0"),
        "has_proposal": _flag(best.id.is_not(None)),
        "nontest": _flag(nontest.id.is_not(None)),
        "touched": _flag(_is_first_set_aside(test.id, best.loinc_num)),
        "assignee": _assignee(),
        "margin": ordering.margin(best, second),
        "volume_band": ordering.volume_band(test.annual_volume),
        "priority": ordering.priority(test.annual_volume, best, nontest, usual),
    }
    first = and_(best.run_id == bindparam("run_id"), best.local_test_id == test.id, best.rank == 1)
    is_nontest = and_(
        nontest.run_id == bindparam("run_id"),
        nontest.local_test_id == test.id,
        nontest.rank == 0,
        nontest.band != Band.UNCERTAIN.value,
    )
    joined = tables["local_test"].outerjoin(tables["review_state"], state.local_test_id == test.id)
    joined = joined.outerjoin(best_table, first).outerjoin(nontest_table, is_nontest)
    if "margin" in columns:
        follows = and_(second.run_id == best.run_id, second.local_test_id == test.id, second.rank == 2)
        joined = joined.outerjoin(second_table, follows)
    if "priority" in columns:
        runs = tables["proposal_run"].c
        release = select(runs.release_id).where(runs.id == bindparam("run_id")).scalar_subquery()
        joined = joined.outerjoin(usual_table, and_(usual.release_id == release, usual.loinc_num == best.loinc_num))
    statement = (
        select(*(all_columns[name].label(name) for name in sorted(columns)))
        .select_from(joined)
        .where(test.catalogue_id == bindparam("catalogue_id"))
    )
    decided: ColumnElement[str] = func.coalesce(state.loinc_num, "")
    if is_blind:
        decided = case((blind_sql.hidden_row(test.id), ""), else_=decided)
    codes = decided + " " + func.coalesce(best.loinc_num, "")
    searched = test.code + " " + test.label + " " + test.synonym + " " + codes
    for number in range(words):
        statement = statement.where(folded(searched).like(bindparam(f"word_{number}"), escape="/"))
    if has_ids:
        statement = statement.where(test.id.in_(bindparam("ids", expanding=True)))
    return statement.cte("queue")


@lru_cache(FORMS)
def _all_of(columns: frozenset[str], has_ids: bool) -> Select[Any]:
    return select(_base(columns, 0, has_ids))


def patterns(text: str) -> dict[str, str]:
    """The words of a search as patterns of LIKE, whose escape is a slash."""
    found = {}
    for number, word in enumerate(fold(text).split()):
        plain = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
        found[f"word_{number}"] = "%" + plain + "%"
    return found


def conditions(rows: CTE, query: ReviewQuery) -> list[ColumnElement[bool]]:
    """The facets of the query as SQL."""
    kept, dropped = stored_values(query.only), stored_values(query.without)
    found: list[ColumnElement[bool]] = []
    for key, values in kept.items():
        condition = rows.c[BY_KEY[key].column].in_(values)
        found.append(condition if query.blind_to is None else blind_sql.kept(condition, key, rows.c.id))
    for key, values in dropped.items():
        condition = rows.c[BY_KEY[key].column].not_in(values)
        found.append(condition if query.blind_to is None else blind_sql.left_out(condition, key, rows.c.id))
    return found


def _needed(query: ReviewQuery) -> frozenset[str]:
    facets = {BY_KEY[key].column for key in (*query.only, *query.without)}
    return frozenset(facets | {"id", "status", "position", SORTS[query.tri.removeprefix("-")]})


def _ordered(statement: Select[Any], rows: CTE, query: ReviewQuery) -> Select[Any]:
    column = rows.c[SORTS[query.tri.removeprefix("-")]]
    direction = column.desc() if query.tri.startswith("-") else column.asc()
    return statement.order_by(direction, rows.c.position, rows.c.id)


def rows_of_ids(session: Session, catalogue_id: int, run_id: int, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """These rows of a catalogue with all that a list shows, in the order given."""
    found = {row.id: row for row in rows_with(session, catalogue_id, run_id, _ROW_COLUMNS, ids)}
    return [found[row_id] for row_id in ids if row_id in found]


def rows_with(
    session: Session, catalogue_id: int, run_id: int, columns: frozenset[str], ids: Sequence[int] | None = None
) -> Sequence[Row[Any]]:
    """The rows of a catalogue, or these only, with these columns of the queue and their identifier."""
    values: dict[str, Any] = {"catalogue_id": catalogue_id, "run_id": run_id}
    if ids is not None:
        values["ids"] = list(ids)
    return session.execute(_all_of(columns | {"id"}, ids is not None), values).all()


def all_ids(session: Session, catalogue_id: int, run_id: int, query: ReviewQuery) -> list[int]:
    """Every row of the query in its order, read from the facts, for the export."""
    words = patterns(query.q)
    rows = _base(_needed(query), len(words), False, query.blind_to is not None)
    values = {"catalogue_id": catalogue_id, "run_id": run_id, blind_sql.PERSON: query.blind_to, **words}
    statement = _ordered(select(rows.c.id).where(*conditions(rows, query)), rows, query)
    return list(session.execute(statement, values).scalars())
