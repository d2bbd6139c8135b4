"""memory: a withdrawal belongs to a laboratory, which may put the mapping back

Revision: 0026
Follows: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLE = "mapping_withdrawal"
_MAPPING = (
    "memory_entry.signature = mapping_withdrawal.signature AND memory_entry.loinc_num = mapping_withdrawal.loinc_num"
)
_BY_THE_TRAIL = (
    "SELECT memory_entry.laboratory_id FROM audit_event JOIN memory_entry "
    "ON CAST(memory_entry.id AS VARCHAR(40)) = CAST(audit_event.object_id AS VARCHAR(40)) "
    "WHERE audit_event.action = 'memory.withdraw' AND audit_event.actor_id = mapping_withdrawal.author_id "
    f"AND {_MAPPING} AND audit_event.laboratory_id = memory_entry.laboratory_id ORDER BY audit_event.id DESC LIMIT 1"
)
"""The laboratory where its author withdrew this mapping."""
_BY_MEMBERSHIP = (
    "SELECT memory_entry.laboratory_id FROM memory_entry JOIN membership "
    "ON membership.laboratory_id = memory_entry.laboratory_id AND membership.user_id = mapping_withdrawal.author_id "
    f"WHERE {_MAPPING} ORDER BY memory_entry.id LIMIT 1"
)
"""Else a laboratory of its author that remembers it: the mapping was linked to a catalogue after it was withdrawn."""
_BY_THE_MAPPING = (
    f"SELECT memory_entry.laboratory_id FROM memory_entry WHERE {_MAPPING} ORDER BY memory_entry.id LIMIT 1"
)
"""Else the first that remembers it: its author left."""


def upgrade() -> None:
    """Forward: each earlier withdrawal goes to the laboratory where it was written."""
    bind = op.get_bind()
    is_postgresql = bind.dialect.name == "postgresql"
    triggers = [] if is_postgresql else _take_triggers()
    with op.batch_alter_table(TABLE, schema=None) as table:
        table.add_column(sa.Column("laboratory_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.create_foreign_key(
            op.f("fk_mapping_withdrawal_laboratory_id_laboratory"), "laboratory", ["laboratory_id"], ["id"]
        )
        table.create_index(op.f("ix_mapping_withdrawal_laboratory_id"), ["laboratory_id"], unique=False)
    if is_postgresql:
        op.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
    for found in (_BY_THE_TRAIL, _BY_MEMBERSHIP, _BY_THE_MAPPING):
        op.execute(f"UPDATE {TABLE} SET laboratory_id = ({found}) WHERE laboratory_id IS NULL")
    if is_postgresql:
        op.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER")
    _put(triggers)


def downgrade() -> None:
    """Back: the version before withdraws for everybody; what was put back stays withdrawn."""
    triggers = [] if op.get_bind().dialect.name == "postgresql" else _take_triggers()
    with op.batch_alter_table(TABLE, schema=None) as table:
        table.drop_index(op.f("ix_mapping_withdrawal_laboratory_id"))
        table.drop_constraint(op.f("fk_mapping_withdrawal_laboratory_id_laboratory"), type_="foreignkey")
        table.drop_column("is_withdrawn")
        table.drop_column("laboratory_id")
    _put(triggers)


def _take_triggers() -> list[str]:
    """Drop the triggers of the table on SQLite, which makes it anew; the statements that make them again."""
    bind = op.get_bind()
    found = bind.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"), {"name": TABLE}
    ).all()
    for name, _sql in found:
        op.execute(f"DROP TRIGGER {name}")
    return [sql for _name, sql in found]


def _put(triggers: list[str]) -> None:
    for statement in triggers:
        op.execute(sa.text(statement.replace(":", r"\:")))
