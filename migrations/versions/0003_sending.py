"""Sending through gateways: attempts, fresh reads, alarms, and when an intent is looked after next.

Revision: 0003_sending
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_sending"
down_revision = "0002_sources"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
JSON = sa.Text()

_NEW = {"outside": JSON, "due_at": INSTANT, "busy_until": INSTANT, "promised_at": INSTANT}


def upgrade() -> None:
    # Rebuilt on SQLite, so that columns stand where a fresh database has them: before the keys.
    whole = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("refund_intent", recreate=whole) as table:
        for name, kind in _NEW.items():
            table.add_column(sa.Column(name, kind))
    op.create_index(
        "ix_intent_due",
        "refund_intent",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    # What is reserved already may go out once a channel is set up: the worker looks at it then.
    op.execute("UPDATE refund_intent SET due_at = created_at WHERE state = 'reserved'")
    op.create_table(
        "payout_attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("theirs", INSTANT),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("found", sa.Integer()),
        sa.Column("replayed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["refund_intent.id"], name="fk_payout_attempt_intent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payout_attempt"),
    )
    op.create_index("ix_payout_attempt_intent", "payout_attempt", ["intent_id"])
    op.create_table(
        "payout_read",
        sa.Column("record_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("theirs", INSTANT),
        sa.Column("first_theirs", INSTANT),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_payout_read_record_id"),
        sa.PrimaryKeyConstraint("record_id", name="pk_payout_read"),
    )
    op.create_table(
        "alarm",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("case_id", KEY),
        sa.Column("intent_id", sa.Text()),
        sa.Column("params", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_alarm_case_id"),
        sa.ForeignKeyConstraint(["intent_id"], ["refund_intent.id"], name="fk_alarm_intent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
        sa.UniqueConstraint("code", "subject", name="uq_alarm_code_subject"),
    )
    op.create_index("ix_alarm_case", "alarm", ["case_id"])
    op.create_index(
        "ix_alarm_open",
        "alarm",
        ["role", "at"],
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("alarm")
    op.drop_table("payout_read")
    op.drop_table("payout_attempt")
    op.drop_index("ix_intent_due", "refund_intent")
    with op.batch_alter_table("refund_intent") as table:
        for name in reversed(_NEW):
            table.drop_column(name)
