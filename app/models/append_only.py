"""Facts that the database itself refuses to change: decisions, audit events, received rows.

Every table of the models is named here, among the append-only ones or, with the reason, among the others.
"""

from typing import Any

from sqlalchemy import Connection, Table, UniqueConstraint, event

from app.models.base import metadata
from app.models.triggers import intact_triggers

APPEND_ONLY_TABLES = (
    "decision", "audit_event", "source_row", "catalogue_change", "mapping_withdrawal", "grace_date", "method_rule",
    "reading_share", "reading_request", "second_reading", "reading_reconciliation",
    "batch", "batch_row", "batch_answer",
    "consistency_answer", "code_request_step", "waiting_code_rule",
    "sign_off", "sign_off_withdrawal",
    "effective_run", "effective_count", "effective_cluster", "effective_withdrawal",
    "assignment", "assigned_row",
    "source_file", "proposal_run", "review_task", "export_record",
    "coverage_definition", "laboratory_deadline",
    "chain_link", "text_salt", "erasure",
    "imported_archive", "closed_laboratory",
)  # fmt: skip

MOVABLE: dict[str, tuple[str, ...]] = {
    # An import is stored out of sight, then shown in its catalogue, dated of that moment.
    "source_file": ("catalogue_id", "imported_at"),
    # A search ends, and a later one is shown in its place.
    "proposal_run": ("status", "message", "finished_at", "is_current"),
}
"""Of some append-only tables, the columns that say where a row stands: they alone may change."""

MUTABLE = {
    "api_token": "revoked in place; its history is in the audit trail",
    "case_claim": "forgotten after a few minutes",
    "catalogue": "takes its place when its import is shown; its history is in the audit trail",
    "catalogue_count": "counted from the facts, and compared with them by doctor",
    "catalogue_habits": "learned from the decisions of a catalogue",
    "catalogue_tally": "work under way on what is counted",
    "chain_head": "the last link of each chain, locked while links are added, and compared with them",
    "consistency_finding": "computed from the facts, and compared with them by doctor",
    "coverage_day": "computed from the facts until that day, and compared with them by doctor",
    "earlier_statement": "read again from a received file; what is taken from it is a decision",
    "exam_analysis": "follows the newest export of the laboratory; what changed is in catalogue_change",
    "import_profile": "renamed, replaced and deleted; its history is in the audit trail",
    "job": "work to do, not a fact: what it does leaves facts of its own",
    "job_chunk": "a part of a job",
    "job_plan": "what the parts of a job share, forgotten with it",
    "job_turn": "whose turn it is among laboratories",
    "known_device": "forgotten when it is not used; it opens nothing",
    "laboratory": "its names and settings change; their history is in the audit trail",
    "local_test": "follows the newest export of the laboratory; what changed is in catalogue_change",
    "loinc_axis_value": "computed from the terms of a release",
    "loinc_french_name": "part of a release, which can be loaded again and removed",
    "loinc_map_to": "part of a release, which can be loaded again and removed",
    "loinc_panel_member": "part of a release, which can be loaded again and removed",
    "loinc_release": "put in service, loaded again and removed; its history is in the audit trail",
    "loinc_term": "part of a release, which can be loaded again and removed",
    "loinc_term_text": "computed from a term, for the search",
    "membership": "a role changes; its history is in the audit trail",
    "memory_entry": "linked to the rows of the catalogue as they come; its history is in the audit trail",
    "nabm_alignment": "part of a value set, which can be loaded again and removed",
    "one_time_link": "ended in place; its history is in the audit trail",
    "proposal": "computed by a run, and removed with a run that ended badly",
    "provider_answer": "kept for an hour",
    "provider_identity": "changed by an administrator; its history is in the audit trail",
    "recovery_code": "used in place; its use is in the audit trail",
    "review_state": "derived from the decisions of a row, and compared with them by verify-audit and doctor",
    "security_key": "its counter moves; its history is in the audit trail",
    "sign_in_attempt": "kept for a day",
    "stored_file": "a copy made for a download or a job, which expires",
    "stored_file_chunk": "a piece of such a copy",
    "tally_rule": "how what is counted was counted, not a fact",
    "totp_secret": "its last counter moves; its history is in the audit trail",
    "upload_draft": "an import not confirmed yet: it disappears",
    "upload_draft_file": "an import not confirmed yet: it disappears",
    "user_account": "a password or a right changes; its history is in the audit trail",
    "user_session": "ends by itself",
    "value_set": "put in service, loaded again and removed; its history is in the audit trail",
    "value_set_member": "part of a value set, which can be loaded again and removed",
    "worklist_entry": "computed from the facts of a row",
}
"""The other tables, and why their rows may change."""

VERBS = ("UPDATE", "DELETE")
KNOWN_ALREADY = "holds this row already"
"""Said by SQLite of a row that is inserted twice: REPLACE would remove the first without its DELETE trigger."""
REFUSING_FUNCTION = "refuse_append_only"
"""The function that the triggers of PostgreSQL call; SQLite needs none."""
_CREATE_REFUSING_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {REFUSING_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'integrity_constraint_violation';
END $$"""


def trigger_names(table: str, dialect: str) -> set[str]:
    """The triggers that protect a table in this database; each database has another way to empty a table."""
    verbs = (*VERBS, "TRUNCATE" if dialect == "postgresql" else "REPLACE")
    return {f"tr_{table}_no_{verb.lower()}" for verb in verbs}


def trigger_statements(table: str, dialect: str = "sqlite") -> list[str]:
    """What makes this database refuse UPDATE and DELETE (and TRUNCATE, or REPLACE) on a table."""
    if dialect == "postgresql":
        # Before each statement, so that one which touches no row is refused too; it fires once.
        verbs = [verb for verb in (*VERBS, "TRUNCATE") if verb != "UPDATE" or table not in MOVABLE]
        return [
            _CREATE_REFUSING_FUNCTION,
            *(_fixed_on_server(table) if table in MOVABLE else ()),
            *(
                f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {REFUSING_FUNCTION}()"
                for verb in verbs
            ),
        ]
    return [*(_refusal(table, verb) for verb in VERBS), replace_guard(table)]


def _refusal(table: str, verb: str) -> str:
    when = ""
    if verb == "UPDATE" and table in MOVABLE:
        fixed = (column.name for column in metadata.tables[table].columns if column.name not in MOVABLE[table])
        when = f"WHEN {' OR '.join(f'NEW.{name} IS NOT OLD.{name}' for name in fixed)} "
    return (
        f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _fixed_on_server(table: str) -> list[str]:
    moved = " ".join(f"kept.{name} := OLD.{name};" for name in MOVABLE[table])
    # `*<>` compares whole rows, also where a type has no equality.
    return [
        f"""
CREATE OR REPLACE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept {table};
BEGIN
  kept := NEW; {moved}
  IF kept *<> OLD THEN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$""",
        f"CREATE TRIGGER tr_{table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()",
    ]


def replace_guard(table: str) -> str:
    """On SQLite, what refuses a row whose key is there already, before REPLACE removes the first in silence."""
    model = metadata.tables[table]
    keys = [tuple(column.name for column in model.primary_key.columns)]
    keys += sorted(
        tuple(column.name for column in constraint.columns)
        for constraint in model.constraints
        if isinstance(constraint, UniqueConstraint)
    )
    held = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in key)})" for key in keys
    )
    return (
        f"CREATE TRIGGER tr_{table}_no_replace BEFORE INSERT ON {table} WHEN {held} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only, and {KNOWN_ALREADY}'); END"
    )


def protected_tables(connection: Connection) -> dict[str, set[str]]:
    """Table -> the names of the triggers that protect it now, in this database."""
    dialect = connection.dialect.name
    statements = {sql: table for table in APPEND_ONLY_TABLES for sql in trigger_statements(table, dialect)}
    found: dict[str, set[str]] = {}
    for sql in intact_triggers(connection, statements):
        found.setdefault(statements[sql], set()).add(sql.split()[2])
    return found


def missing_triggers(connection: Connection) -> list[str]:
    """The triggers that this database should have and has not, in order of their names."""
    found = protected_tables(connection)
    return sorted(
        name
        for table in APPEND_ONLY_TABLES
        for name in trigger_names(table, connection.dialect.name) - found.get(table, set())
    )


def _create_triggers(table: Table, connection: Connection, **_options: Any) -> None:
    for statement in trigger_statements(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the triggers too, so that tests run under the same rule as installations."""
    for name in APPEND_ONLY_TABLES:
        event.listen(metadata.tables[name], "after_create", _create_triggers)
