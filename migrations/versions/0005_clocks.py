"""Clocks on business calendars; pauses with whom we wait for, who ended them and the note that says why.

Revision: 0005_clocks
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0005_clocks"
down_revision = "0004_reconciliation"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC

_BY_HAND = "until_at IS NULL AND message_id IS NOT NULL"


def _how() -> Literal["always", "never"]:
    """SQLite makes the table anew: added to the old one, columns would stand in no order."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade() -> None:
    with op.batch_alter_table("case_clock", recreate=_how()) as table:
        table.add_column(sa.Column("calendar", sa.Text()))
        table.add_column(sa.Column("met_at", INSTANT))
    # A first answer that was given is no matter of stages any more.
    op.execute("UPDATE case_clock SET met_at = stopped_at WHERE kind IN ('first_answer', 'notice')")
    with op.batch_alter_table("case_pause", recreate=_how()) as table:
        table.add_column(sa.Column("waits_for", sa.Text()))
        table.add_column(sa.Column("ended_by", KEY))
        table.add_column(sa.Column("message_id", KEY))
        table.create_foreign_key("fk_case_pause_ended_by", "person", ["ended_by"], ["id"])
        table.create_foreign_key("fk_case_pause_message_id", "message", ["message_id"], ["id"])
    op.create_index(
        "ix_case_pause_by_hand",
        "case_pause",
        ["waits_for", "from_at"],
        sqlite_where=sa.text(_BY_HAND),
        postgresql_where=sa.text(_BY_HAND),
    )


def downgrade() -> None:
    op.drop_index("ix_case_pause_by_hand", table_name="case_pause")
    with op.batch_alter_table("case_pause", recreate=_how()) as table:
        table.drop_constraint("fk_case_pause_message_id", type_="foreignkey")
        table.drop_constraint("fk_case_pause_ended_by", type_="foreignkey")
        for name in ("message_id", "ended_by", "waits_for"):
            table.drop_column(name)
    with op.batch_alter_table("case_clock", recreate=_how()) as table:
        table.drop_column("met_at")
        table.drop_column("calendar")
