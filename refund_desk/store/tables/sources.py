"""Connections to outside systems: how they are set up, how far they were read, what was taken of them.

No secret is in here: `source_connection.secrets` holds references into the vault.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from refund_desk.store.tables.base import Instant, Json, Key, metadata

source_connection = Table(
    "source_connection",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("secrets", Json, nullable=False),  # setting → reference
    Column("enabled", Boolean, nullable=False),
    Column("salt", LargeBinary, nullable=False),  # keys the digests of its records
    Column("change_id", Key, ForeignKey("config_change.id")),
    Column("changed_at", Instant, nullable=False),
    Column("next_at", Instant),  # when it is to run again; null: not by itself
    Column("busy_by", Text),
    Column("busy_until", Instant),
)

source_cursor = Table(
    "source_cursor",
    metadata,
    Column("connection_id", Key, ForeignKey("source_connection.id"), primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

source_run = Table(
    "source_run",
    metadata,
    Column("id", Key, primary_key=True),
    Column("connection_id", Key, ForeignKey("source_connection.id"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("status", Text, nullable=False),  # running, done, failed, stopped, lost
    Column("counts", Json, nullable=False),
    Column("error", Json),
    Index("ix_source_run_connection", "connection_id", "id"),
)

source_record = Table(
    "source_record",
    metadata,
    Column("connection_id", Key, ForeignKey("source_connection.id"), primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # of its bytes, keyed by the connection's salt
    Column("as_of", Instant, nullable=False),
    Column("made_at", Instant),
    Column("mark", Text),
    Column("order_id", Key, ForeignKey("shop_order.id")),
    Column("head", Text),  # kind and id of the first thing it said of its order
    Column("waiting", Boolean, nullable=False),
    Column("gone_at", Instant),
    Column("taken_at", Instant, nullable=False),
    Index("ix_source_record_made", "connection_id", "stream", "made_at"),
    Index(
        "ix_source_record_waiting",
        "order_id",
        sqlite_where=text("waiting = 1"),
        postgresql_where=text("waiting"),
    ),
)

source_hint = Table(
    "source_hint",
    metadata,
    Column("id", Key, primary_key=True),
    Column("connection_id", Key, ForeignKey("source_connection.id"), nullable=False),
    Column("stream", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("connection_id", "stream", "external_id"),
)

source_heard = Table(
    "source_heard",
    metadata,
    Column("connection_id", Key, ForeignKey("source_connection.id"), primary_key=True),
    Column("event", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_source_heard_at", "at"),
)
