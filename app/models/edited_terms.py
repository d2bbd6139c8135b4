"""A term changed in the database leaves a mark on its release: what was built from it is of before."""

from typing import Any

from sqlalchemy import Connection, Table, event

from app.models.base import metadata

EDITED_MARK = "edited-"
"""What `LoincRelease.terms_hash` begins with since a term was changed; what follows is never the same twice."""
FUNCTION = "loinc_term_edited"
STATEMENTS = {
    "sqlite": (
        "CREATE TRIGGER tr_loinc_term_edited AFTER UPDATE ON loinc_term BEGIN "
        f"UPDATE loinc_release SET terms_hash = '{EDITED_MARK}' || hex(randomblob(16)) WHERE id = NEW.release_id; END",
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"UPDATE loinc_release SET terms_hash = '{EDITED_MARK}' || md5(random()::text) WHERE id = NEW.release_id; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER tr_loinc_term_edited AFTER UPDATE ON loinc_term FOR EACH ROW "
        f"EXECUTE FUNCTION {FUNCTION}()",
    ),
}
"""What makes each database leave the mark."""


def _create_trigger(_table: Table, connection: Connection, **_options: Any) -> None:
    for statement in STATEMENTS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the trigger too, so that tests run under the same rule as installations."""
    event.listen(metadata.tables["loinc_term"], "after_create", _create_trigger)
