"""first tables

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY_TABLES = ("decision", "audit_event", "source_row")
SEARCH_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS loinc_search USING fts5("
    "words, content='loinc_term_text', content_rowid='id', detail=none, tokenize='ascii')"
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "laboratory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("finess", sa.String(length=14), nullable=False),
        sa.Column("sgl_name", sa.String(length=120), nullable=False),
        sa.Column("canonical_url", sa.String(length=255), nullable=False),
        sa.Column("allows_reuse", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laboratory")),
        sa.UniqueConstraint("name", name=op.f("uq_laboratory_name")),
    )
    op.create_table(
        "loinc_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("term_count", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_release")),
    )
    with op.batch_alter_table("loinc_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loinc_release_content_hash"), ["content_hash"], unique=False)

    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_account_hash"), ["account_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_at"), ["at"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_label", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.String(length=60), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_audit_event_actor_id_user_account")),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_audit_event_laboratory_id_laboratory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_laboratory_id"), ["laboratory_id"], unique=False)

    op.create_table(
        "catalogue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_catalogue_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_catalogue_laboratory_id_laboratory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue")),
    )
    with op.batch_alter_table("catalogue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalogue_laboratory_id"), ["laboratory_id"], unique=False)

    op.create_table(
        "loinc_axis_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("axis", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("term_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_axis_value_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_axis_value")),
        sa.UniqueConstraint("release_id", "axis", "value", name=op.f("uq_loinc_axis_value_release_id_axis_value")),
    )
    op.create_table(
        "loinc_french_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("variant", sa.String(length=12), nullable=False),
        sa.Column("producer", sa.String(length=255), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("property", sa.String(), nullable=False),
        sa.Column("time_aspct", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("scale_typ", sa.String(), nullable=False),
        sa.Column("method_typ", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("long_common_name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_french_name_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_french_name")),
        sa.UniqueConstraint(
            "release_id", "loinc_num", "variant", name=op.f("uq_loinc_french_name_release_id_loinc_num_variant")
        ),
    )
    op.create_table(
        "loinc_map_to",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("map_to", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_map_to_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_map_to")),
    )
    with op.batch_alter_table("loinc_map_to", schema=None) as batch_op:
        batch_op.create_index("ix_loinc_map_to_release_id_loinc_num", ["release_id", "loinc_num"], unique=False)

    op.create_table(
        "loinc_panel_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("panel_num", sa.String(length=10), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("requirement", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_panel_member_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_panel_member")),
    )
    with op.batch_alter_table("loinc_panel_member", schema=None) as batch_op:
        batch_op.create_index("ix_loinc_panel_member_release_id_panel_num", ["release_id", "panel_num"], unique=False)

    op.create_table(
        "loinc_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("component", sa.String(length=255), nullable=False),
        sa.Column("property", sa.String(length=30), nullable=False),
        sa.Column("time_aspct", sa.String(length=15), nullable=False),
        sa.Column("system", sa.String(length=100), nullable=False),
        sa.Column("scale_typ", sa.String(length=30), nullable=False),
        sa.Column("method_typ", sa.String(length=100), nullable=False),
        sa.Column("class_name", sa.String(length=50), nullable=False),
        sa.Column("class_type", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("order_obs", sa.String(length=15), nullable=False),
        sa.Column("long_common_name", sa.String(length=255), nullable=False),
        sa.Column("short_name", sa.String(length=255), nullable=False),
        sa.Column("example_ucum_units", sa.String(length=255), nullable=False),
        sa.Column("external_copyright_notice", sa.String(), nullable=False),
        sa.Column("common_test_rank", sa.Integer(), nullable=False),
        sa.Column("official_french_name", sa.String(), nullable=False),
        sa.Column("french_producer", sa.String(length=255), nullable=False),
        sa.Column("fr_label", sa.String(length=255), nullable=False),
        sa.Column("fr_usage", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_term_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_term")),
        sa.UniqueConstraint("release_id", "loinc_num", name=op.f("uq_loinc_term_release_id_loinc_num")),
    )
    with op.batch_alter_table("loinc_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loinc_term_loinc_num"), ["loinc_num"], unique=False)
        batch_op.create_index("ix_loinc_term_release_id_component", ["release_id", "component"], unique=False)

    op.create_table(
        "mapping_withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_mapping_withdrawal_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_withdrawal")),
    )
    with op.batch_alter_table("mapping_withdrawal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mapping_withdrawal_signature"), ["signature"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_membership_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("user_id", "laboratory_id", name=op.f("uq_membership_user_id_laboratory_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_laboratory_id"), ["laboratory_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "memory_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_memory_entry_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_memory_entry_laboratory_id_laboratory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memory_entry")),
    )
    with op.batch_alter_table("memory_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memory_entry_laboratory_id"), ["laboratory_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_memory_entry_signature"), ["signature"], unique=False)

    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_session")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "value_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_value_set_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_set")),
    )
    with op.batch_alter_table("value_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_value_set_content_hash"), ["content_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_value_set_kind"), ["kind"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=True),
        sa.Column("catalogue_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_job_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name=op.f("fk_job_created_by_id_user_account")),
        sa.ForeignKeyConstraint(["laboratory_id"], ["laboratory.id"], name=op.f("fk_job_laboratory_id_laboratory")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_catalogue_id"), ["catalogue_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_laboratory_id"), ["laboratory_id"], unique=False)

    op.create_table(
        "loinc_term_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("term_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_loinc_term_text_release_id_loinc_release")
        ),
        sa.ForeignKeyConstraint(["term_id"], ["loinc_term.id"], name=op.f("fk_loinc_term_text_term_id_loinc_term")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loinc_term_text")),
    )
    with op.batch_alter_table("loinc_term_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loinc_term_text_release_id"), ["release_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loinc_term_text_term_id"), ["term_id"], unique=False)

    op.create_table(
        "nabm_alignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value_set_id", sa.Integer(), nullable=False),
        sa.Column("nabm", sa.String(length=10), nullable=False),
        sa.Column("nabm_label", sa.String(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("loinc_label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["value_set_id"], ["value_set.id"], name=op.f("fk_nabm_alignment_value_set_id_value_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nabm_alignment")),
    )
    with op.batch_alter_table("nabm_alignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nabm_alignment_loinc_num"), ["loinc_num"], unique=False)
        batch_op.create_index("ix_nabm_alignment_value_set_id_nabm", ["value_set_id", "nabm"], unique=False)

    op.create_table(
        "proposal_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("engine_version", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_proposal_run_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_proposal_run_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_run")),
    )
    with op.batch_alter_table("proposal_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_run_catalogue_id"), ["catalogue_id"], unique=False)

    op.create_table(
        "source_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("dialect", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("imported_by_id", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_source_file_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(
            ["imported_by_id"], ["user_account.id"], name=op.f("fk_source_file_imported_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_file")),
    )
    with op.batch_alter_table("source_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_file_catalogue_id"), ["catalogue_id"], unique=False)

    op.create_table(
        "upload_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=True),
        sa.Column("catalogue_name", sa.String(length=200), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_upload_draft_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_upload_draft_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_upload_draft_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_draft")),
    )
    with op.batch_alter_table("upload_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_draft_laboratory_id"), ["laboratory_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_draft_user_id"), ["user_id"], unique=False)

    op.create_table(
        "value_set_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value_set_id", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["value_set_id"], ["value_set.id"], name=op.f("fk_value_set_member_value_set_id_value_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_set_member")),
        sa.UniqueConstraint("value_set_id", "loinc_num", name=op.f("uq_value_set_member_value_set_id_loinc_num")),
    )
    op.create_table(
        "export_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("business_version", sa.String(length=40), nullable=False),
        sa.Column("source_file_id", sa.Integer(), nullable=True),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("release_version", sa.String(length=40), nullable=False),
        sa.Column("incomplete", sa.String(length=10), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_export_record_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_export_record_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_export_record_release_id_loinc_release")
        ),
        sa.ForeignKeyConstraint(
            ["source_file_id"], ["source_file.id"], name=op.f("fk_export_record_source_file_id_source_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_record")),
    )
    with op.batch_alter_table("export_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_record_catalogue_id"), ["catalogue_id"], unique=False)

    op.create_table(
        "source_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_file_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_file_id"], ["source_file.id"], name=op.f("fk_source_row_source_file_id_source_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_row")),
        sa.UniqueConstraint("source_file_id", "row_number", name=op.f("uq_source_row_source_file_id_row_number")),
    )
    with op.batch_alter_table("source_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_row_source_file_id"), ["source_file_id"], unique=False)

    op.create_table(
        "upload_draft_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("is_ignored", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["upload_draft.id"], name=op.f("fk_upload_draft_file_draft_id_upload_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_draft_file")),
    )
    with op.batch_alter_table("upload_draft_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_draft_file_draft_id"), ["draft_id"], unique=False)

    op.create_table(
        "local_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("source_row_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("synonym", sa.String(length=500), nullable=False),
        sa.Column("property_kind", sa.String(length=120), nullable=False),
        sa.Column("unit_code", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("timing", sa.String(length=60), nullable=False),
        sa.Column("specimen_code", sa.String(length=60), nullable=False),
        sa.Column("specimen", sa.String(length=200), nullable=False),
        sa.Column("scale", sa.String(length=60), nullable=False),
        sa.Column("technique", sa.String(length=200), nullable=False),
        sa.Column("nabm", sa.String(length=200), nullable=False),
        sa.Column("chapter_code", sa.String(length=60), nullable=False),
        sa.Column("subchapter_code", sa.String(length=60), nullable=False),
        sa.Column("chapter", sa.String(length=200), nullable=False),
        sa.Column("executing_laboratory", sa.String(length=200), nullable=False),
        sa.Column("is_subcontracted", sa.Boolean(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("annual_volume", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_local_test_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(
            ["source_row_id"], ["source_row.id"], name=op.f("fk_local_test_source_row_id_source_row")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_test")),
        sa.UniqueConstraint(
            "catalogue_id", "level", "code", "occurrence", name=op.f("uq_local_test_catalogue_id_level_code_occurrence")
        ),
    )
    with op.batch_alter_table("local_test", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_local_test_catalogue_id"), ["catalogue_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_local_test_level"), ["level"], unique=False)

    op.create_table(
        "exam_analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("analysis_code", sa.String(length=120), nullable=False),
        sa.Column("analysis_label", sa.String(length=500), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["local_test.id"], name=op.f("fk_exam_analysis_analysis_id_local_test")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["local_test.id"], name=op.f("fk_exam_analysis_exam_id_local_test")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_analysis")),
        sa.UniqueConstraint("exam_id", "analysis_code", name=op.f("uq_exam_analysis_exam_id_analysis_code")),
    )
    with op.batch_alter_table("exam_analysis", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_analysis_analysis_id"), ["analysis_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_analysis_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("band", sa.String(length=12), nullable=False),
        sa.Column("has_contradiction", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_proposal_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["proposal_run.id"], name=op.f("fk_proposal_run_id_proposal_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("run_id", "local_test_id", "rank", name=op.f("uq_proposal_run_id_local_test_id_rank")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index("ix_proposal_local_test_id_run_id", ["local_test_id", "run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_run_id"), ["run_id"], unique=False)

    op.create_table(
        "review_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("old_release_id", sa.Integer(), nullable=False),
        sa.Column("new_release_id", sa.Integer(), nullable=False),
        sa.Column("old", sa.JSON(), nullable=False),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.Column("replacements", sa.JSON(), nullable=False),
        sa.Column("after_decision_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_review_task_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_review_task_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(
            ["new_release_id"], ["loinc_release.id"], name=op.f("fk_review_task_new_release_id_loinc_release")
        ),
        sa.ForeignKeyConstraint(
            ["old_release_id"], ["loinc_release.id"], name=op.f("fk_review_task_old_release_id_loinc_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_task")),
        sa.UniqueConstraint(
            "local_test_id",
            "new_release_id",
            "loinc_num",
            name=op.f("uq_review_task_local_test_id_new_release_id_loinc_num"),
        ),
    )
    with op.batch_alter_table("review_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_task_catalogue_id"), ["catalogue_id"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=15), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("justification", sa.String(length=2000), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_decision_author_id_user_account")),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_decision_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_decision_proposal_id_proposal")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["loinc_release.id"], name=op.f("fk_decision_release_id_loinc_release")
        ),
        sa.ForeignKeyConstraint(["supersedes_id"], ["decision.id"], name=op.f("fk_decision_supersedes_id_decision")),
        sa.ForeignKeyConstraint(["undoes_id"], ["decision.id"], name=op.f("fk_decision_undoes_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_local_test_id_id", ["local_test_id", "id"], unique=False)

    op.create_table(
        "review_state",
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=15), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("approval_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("has_comment", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["decision.id"], name=op.f("fk_review_state_approval_id_decision")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["user_account.id"], name=op.f("fk_review_state_approved_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_review_state_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_review_state_decision_id_decision")),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_review_state_local_test_id_local_test")
        ),
        sa.PrimaryKeyConstraint("local_test_id", name=op.f("pk_review_state")),
    )
    with op.batch_alter_table("review_state", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_state_loinc_num"), ["loinc_num"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_state_status"), ["status"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SEARCH_TABLE)
        for table in APPEND_ONLY_TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS loinc_search")
    with op.batch_alter_table("review_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_state_status"))
        batch_op.drop_index(batch_op.f("ix_review_state_loinc_num"))

    op.drop_table("review_state")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_local_test_id_id")

    op.drop_table("decision")
    with op.batch_alter_table("review_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_task_catalogue_id"))

    op.drop_table("review_task")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_run_id"))
        batch_op.drop_index("ix_proposal_local_test_id_run_id")

    op.drop_table("proposal")
    with op.batch_alter_table("exam_analysis", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exam_analysis_exam_id"))
        batch_op.drop_index(batch_op.f("ix_exam_analysis_analysis_id"))

    op.drop_table("exam_analysis")
    with op.batch_alter_table("local_test", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_local_test_level"))
        batch_op.drop_index(batch_op.f("ix_local_test_catalogue_id"))

    op.drop_table("local_test")
    with op.batch_alter_table("upload_draft_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_draft_file_draft_id"))

    op.drop_table("upload_draft_file")
    with op.batch_alter_table("source_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_row_source_file_id"))

    op.drop_table("source_row")
    with op.batch_alter_table("export_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_record_catalogue_id"))

    op.drop_table("export_record")
    op.drop_table("value_set_member")
    with op.batch_alter_table("upload_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_draft_user_id"))
        batch_op.drop_index(batch_op.f("ix_upload_draft_laboratory_id"))

    op.drop_table("upload_draft")
    with op.batch_alter_table("source_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_file_catalogue_id"))

    op.drop_table("source_file")
    with op.batch_alter_table("proposal_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_run_catalogue_id"))

    op.drop_table("proposal_run")
    with op.batch_alter_table("nabm_alignment", schema=None) as batch_op:
        batch_op.drop_index("ix_nabm_alignment_value_set_id_nabm")
        batch_op.drop_index(batch_op.f("ix_nabm_alignment_loinc_num"))

    op.drop_table("nabm_alignment")
    with op.batch_alter_table("loinc_term_text", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_loinc_term_text_term_id"))
        batch_op.drop_index(batch_op.f("ix_loinc_term_text_release_id"))

    op.drop_table("loinc_term_text")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_laboratory_id"))
        batch_op.drop_index(batch_op.f("ix_job_catalogue_id"))

    op.drop_table("job")
    with op.batch_alter_table("value_set", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_value_set_kind"))
        batch_op.drop_index(batch_op.f("ix_value_set_content_hash"))

    op.drop_table("value_set")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_user_id"))

    op.drop_table("user_session")
    with op.batch_alter_table("memory_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memory_entry_signature"))
        batch_op.drop_index(batch_op.f("ix_memory_entry_laboratory_id"))

    op.drop_table("memory_entry")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))
        batch_op.drop_index(batch_op.f("ix_membership_laboratory_id"))

    op.drop_table("membership")
    with op.batch_alter_table("mapping_withdrawal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mapping_withdrawal_signature"))

    op.drop_table("mapping_withdrawal")
    with op.batch_alter_table("loinc_term", schema=None) as batch_op:
        batch_op.drop_index("ix_loinc_term_release_id_component")
        batch_op.drop_index(batch_op.f("ix_loinc_term_loinc_num"))

    op.drop_table("loinc_term")
    with op.batch_alter_table("loinc_panel_member", schema=None) as batch_op:
        batch_op.drop_index("ix_loinc_panel_member_release_id_panel_num")

    op.drop_table("loinc_panel_member")
    with op.batch_alter_table("loinc_map_to", schema=None) as batch_op:
        batch_op.drop_index("ix_loinc_map_to_release_id_loinc_num")

    op.drop_table("loinc_map_to")
    op.drop_table("loinc_french_name")
    op.drop_table("loinc_axis_value")
    with op.batch_alter_table("catalogue", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalogue_laboratory_id"))

    op.drop_table("catalogue")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_laboratory_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_action"))

    op.drop_table("audit_event")
    op.drop_table("user_account")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_address"))
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_account_hash"))

    op.drop_table("sign_in_attempt")
    with op.batch_alter_table("loinc_release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_loinc_release_content_hash"))

    op.drop_table("loinc_release")
    op.drop_table("laboratory")
