"""Connections to outside systems: settings, cursors, runs, what was taken, hints.

Revision: 0002_sources
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_sources"
down_revision = "0001_first"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
JSON = sa.Text()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "source_connection",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("secrets", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("change_id", KEY),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("busy_by", sa.Text()),
        sa.Column("busy_until", INSTANT),
        sa.ForeignKeyConstraint(["change_id"], ["config_change.id"], name="fk_source_connection_change_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source_connection"),
        sa.UniqueConstraint("name", name="uq_source_connection_name"),
    )
    op.create_table(
        "source_cursor",
        sa.Column("connection_id", KEY, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["source_connection.id"], name="fk_source_cursor_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "stream", name="pk_source_cursor"),
    )
    op.create_table(
        "source_run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("connection_id", KEY, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("error", JSON),
        sa.ForeignKeyConstraint(["connection_id"], ["source_connection.id"], name="fk_source_run_connection_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source_run"),
    )
    op.create_index("ix_source_run_connection", "source_run", ["connection_id", "id"])
    op.create_table(
        "source_record",
        sa.Column("connection_id", KEY, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT),
        sa.Column("mark", sa.Text()),
        sa.Column("order_id", KEY),
        sa.Column("head", sa.Text()),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["source_connection.id"], name="fk_source_record_connection_id"),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name="fk_source_record_order_id"),
        sa.PrimaryKeyConstraint("connection_id", "stream", "external_id", name="pk_source_record"),
    )
    op.create_index("ix_source_record_made", "source_record", ["connection_id", "stream", "made_at"])
    op.create_index(
        "ix_source_record_waiting",
        "source_record",
        ["order_id"],
        sqlite_where=sa.text("waiting = 1"),
        postgresql_where=sa.text("waiting"),
    )
    op.create_table(
        "source_hint",
        sa.Column("id", KEY, nullable=False),
        sa.Column("connection_id", KEY, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["source_connection.id"], name="fk_source_hint_connection_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source_hint"),
        sa.UniqueConstraint(
            "connection_id", "stream", "external_id", name="uq_source_hint_connection_id_stream_external_id"
        ),
    )
    op.create_table(
        "source_heard",
        sa.Column("connection_id", KEY, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["source_connection.id"], name="fk_source_heard_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "event", name="pk_source_heard"),
    )
    op.create_index("ix_source_heard_at", "source_heard", ["at"])
    op.create_index("ix_personal_email", "personal", ["email"])  # whose a mail is


def downgrade() -> None:
    """Forget every connection."""
    op.drop_index("ix_personal_email", "personal")
    for name in ("source_heard", "source_hint", "source_record", "source_run", "source_cursor", "source_connection"):
        op.drop_table(name)
