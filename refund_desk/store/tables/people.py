"""Persons and their accounts, tokens, saved views, idempotency, versions of settings, the desk's own marks.

The rule "nobody approves their own" is about persons: one person may have several accounts.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from refund_desk.store.tables.base import Instant, Json, Key, metadata

person = Table(
    "person",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("language", Text, nullable=False, default="en"),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("demo", Boolean, nullable=False, default=False),
    Index("ix_account_person", "person_id"),
)

account_role = Table(
    "account_role",
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("granted_at", Instant, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", Key, ForeignKey("account.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # session, api
    Column("label", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

sign_in_throttle = Table(
    "sign_in_throttle",
    metadata,
    Column("login", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Instant),
    Column("last_at", Instant, nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("filters", Json, nullable=False),
    UniqueConstraint("person_id", "name"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

config_change = Table(
    "config_change",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),  # process, roles, limits, policy
    Column("subject", Text, nullable=False),
    Column("content", Json, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("proposed_by", Key, ForeignKey("person.id"), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),  # open, approved, declined, void
    Column("verdict_by", Key, ForeignKey("person.id")),
    Column("verdict_at", Instant),
    Column("verdict_reason", Text),
    Index("ix_config_change_status", "status"),
)

config_version = Table(
    "config_version",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("content", Json, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("change_id", Key, ForeignKey("config_change.id")),
    UniqueConstraint("kind", "version"),
)

desk_mark = Table(
    "desk_mark",
    metadata,
    Column("key", Text, primary_key=True),  # home kind, epoch, next case number …
    Column("value", Text, nullable=False),
)
