"""The stable public identifier of each fact, and the tables that need none, with the reason (decision 14)."""

import secrets
import time
import uuid
from typing import Any

from sqlalchemy import Connection, Table, event
from sqlmodel import Field

from app.models.base import metadata
from app.models.triggers import intact_triggers

LENGTH = 36
"""Characters of a UUID in its standard text form."""

IDENTIFIED = (
    "api_token",
    "assignment",
    "audit_event",
    "batch",
    "catalogue",
    "catalogue_change",
    "closed_laboratory",
    "code_request_step",
    "consistency_answer",
    "coverage_definition",
    "decision",
    "effective_run",
    "effective_withdrawal",
    "erasure",
    "export_record",
    "grace_date",
    "import_profile",
    "imported_archive",
    "laboratory",
    "laboratory_deadline",
    "local_test",
    "loinc_release",
    "mapping_withdrawal",
    "memory_entry",
    "method_rule",
    "proposal_run",
    "reading_reconciliation",
    "reading_request",
    "reading_share",
    "review_task",
    "second_reading",
    "sign_off",
    "sign_off_withdrawal",
    "source_file",
    "user_account",
    "value_set",
    "waiting_code_rule",
)
"""The tables of facts: each row has a `public_id`."""

NOT_IDENTIFIED = {
    "batch_answer": "named by its batch and its row",
    "batch_row": "named by its batch and the test",
    "assigned_row": "part of an assignment, named by it and the test",
    "case_claim": "forgotten after a few minutes",
    "catalogue_count": "counted from the facts",
    "catalogue_habits": "learned from the decisions of a catalogue",
    "catalogue_tally": "work under way on what is counted",
    "effective_cluster": "part of a run, named by it, the domain and the counts",
    "effective_count": "part of a run, named by it and by what the results carried",
    "consistency_finding": "computed from the decisions of a catalogue",
    "earlier_statement": "read from a received file, named by the file and the row",
    "chain_head": "named by its chain",
    "chain_link": "named by its chain and its position",
    "coverage_day": "named by its catalogue and its day",
    "exam_analysis": "named by its exam and the code of the analysis",
    "job": "work to do, not a fact: what it does leaves facts of its own",
    "job_chunk": "a part of a job",
    "job_plan": "what the parts of a job share, forgotten with it",
    "job_turn": "whose turn it is among laboratories",
    "known_device": "a browser, named by its secret; forgotten when it is not used",
    "loinc_axis_value": "computed from the terms of a release",
    "loinc_french_name": "part of a release, named by the LOINC code and the variant",
    "loinc_map_to": "part of a release, named by the two LOINC codes",
    "loinc_panel_member": "part of a release, named by the two LOINC codes",
    "loinc_term": "part of a release, named by the LOINC code",
    "loinc_term_text": "computed from a term, for the search",
    "membership": "named by the account and the laboratory; its history is in the audit trail",
    "nabm_alignment": "part of a value set, named by the act and the LOINC code",
    "one_time_link": "serves once and is named by its secret; its making and its use are in the audit trail",
    "proposal": "computed by a run, which has an identifier; named by the test and the rank",
    "recovery_code": "a secret kept as a hash, used once",
    "review_state": "derived from the decisions of a test",
    "security_key": "named by its credential; its history is in the audit trail",
    "sign_in_attempt": "kept for a day",
    "provider_answer": "kept for an hour",
    "provider_identity": "one an account, whose identifier it shares",
    "source_row": "part of a received file, named by its row number",
    "stored_file": "a copy made for a download or a job, which expires; the export has its own identifier",
    "stored_file_chunk": "a piece of such a copy",
    "tally_rule": "how what is counted was counted, not a fact",
    "text_salt": "the salts of a link, named by it",
    "totp_secret": "a secret of its owner; its history is in the audit trail",
    "upload_draft": "an import not confirmed yet: it disappears",
    "upload_draft_file": "an import not confirmed yet: it disappears",
    "user_session": "ends by itself, and is named by its secret",
    "worklist_entry": "computed from the facts of a test",
    "value_set_member": "part of a value set, named by the LOINC code",
}
"""The other tables, and why they need none."""


def new_public_id() -> str:
    """A UUID of version 7 (RFC 9562): the milliseconds, the fraction of a millisecond in 12 bits, 62 random bits.

    Identifiers made later sort later, so that their index grows at its end.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    value = milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def public_id_field() -> Any:
    """The column `public_id` of a table of facts; filled by single and by bulk insertions alike.

    It also tells the rows of one INSERT apart when the database returns them in an order of its own: without that,
    SQLite would be sent one statement a row.
    """
    return Field(
        default_factory=new_public_id, max_length=LENGTH, unique=True, sa_column_kwargs={"insert_sentinel": True}
    )


FUNCTION = "public_id_never_changes"
"""The function that the triggers of PostgreSQL call; SQLite needs none."""
_CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.public_id IS DISTINCT FROM OLD.public_id THEN
    RAISE EXCEPTION USING
      MESSAGE = TG_TABLE_NAME || '.public_id never changes', ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$"""


def trigger_name(table: str) -> str:
    """The trigger that protects the identifiers of a table."""
    return f"tr_{table}_public_id"


def trigger_statements(table: str, dialect: str = "sqlite") -> list[str]:
    """What makes this database refuse to give another identifier to a row."""
    if dialect == "postgresql":
        # The column is compared in the function: a trigger that names it would forbid to give it a collation.
        return [
            _CREATE_FUNCTION,
            f"CREATE TRIGGER {trigger_name(table)} BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {FUNCTION}()",
        ]
    return [
        f"CREATE TRIGGER {trigger_name(table)} BEFORE UPDATE OF public_id ON {table} "
        f"WHEN NEW.public_id IS NOT OLD.public_id BEGIN SELECT RAISE(ABORT, '{table}.public_id never changes'); END"
    ]


def unprotected_tables(connection: Connection) -> list[str]:
    """The tables whose identifiers could be changed now, in this database."""
    dialect = connection.dialect.name
    intact = intact_triggers(connection, (sql for table in IDENTIFIED for sql in trigger_statements(table, dialect)))
    return [table for table in IDENTIFIED if trigger_statements(table, dialect)[-1] not in intact]


def _create_trigger(table: Table, connection: Connection, **_options: Any) -> None:
    for statement in trigger_statements(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the triggers too, so that tests run under the same rule as installations."""
    for name in IDENTIFIED:
        event.listen(metadata.tables[name], "after_create", _create_trigger)
