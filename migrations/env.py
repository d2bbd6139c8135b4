"""Run by Alembic, always on the connection that app.platform.migrations gives."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel.sql.sqltypes import AutoString

import app.terminology.search_index
from app.models import metadata
from app.models.base import UtcDateTime
from app.models.chained import PENDING_TABLE

# The full-text index, and on SQLite the tables kept behind it and what is not linked yet, are no models.
SEARCH_TABLE_PREFIX = app.terminology.search_index.SEARCH_TABLE


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Leave the full-text index alone."""
    if name is None:
        return True
    if type_ == "index":
        return name != app.terminology.search_index.SEARCH_INDEX
    return type_ != "table" or not (name.startswith(SEARCH_TABLE_PREFIX) or name == PENDING_TABLE)


def render_item(type_: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write plain SQLAlchemy types: a migration must not change when our own types do."""
    if type_ == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if type_ == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def compare_type(
    _context: Any, _column: Any, _metadata_column: Any, inspected_type: Any, metadata_type: Any
) -> bool | None:
    """SQLite knows no time zone; a moment stored there is the same moment."""
    if isinstance(metadata_type, UtcDateTime) and isinstance(inspected_type, sa.DateTime):
        return False
    return None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_name=include_name,
    render_item=render_item,
    compare_type=compare_type,
)
with context.begin_transaction():
    context.run_migrations()
