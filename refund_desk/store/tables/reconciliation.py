"""Statements taken in, their rows, and what reconciliation found: matches, breaks, runs.

Names of payers stand in `statement_row` alone, an ordinary row; matches and breaks hold ids and amounts.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from refund_desk.store.tables.base import Instant, Json, Key, metadata

statement = Table(
    "statement",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),  # rows that no earlier file had
    Column("bad", Json, nullable=False),
    Column("findings", Json, nullable=False),
    Column("person_id", Key, ForeignKey("person.id")),
    UniqueConstraint("source", "digest"),
)

statement_row = Table(
    "statement_row",
    metadata,
    Column("id", Key, primary_key=True),
    Column("statement_id", Key, ForeignKey("statement.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("refs", Json, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("name", Text),
    Column("fee", BigInteger),
    Column("state", Text, nullable=False),
    Column("batch", Text),
    UniqueConstraint("source", "kind", "external_id"),
    Index("ix_statement_row_statement", "statement_id"),
)

reconciliation_match = Table(
    "reconciliation_match",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),  # of comparison and lines: the same match is one row
    Column("check", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("here", Json, nullable=False),  # [[source, kind, id], …]
    Column("there", Json, nullable=False),
    Column("terms", Json, nullable=False),  # [[code, points], …]
    Column("difference", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("gone_at", Instant),  # a later run saw it otherwise
    Column("undone_at", Instant),
    Column("undone_by", Key, ForeignKey("person.id")),
    Column("reason", Text),
    Column("order_id", Key, ForeignKey("shop_order.id")),  # whose lines it is of; null: of the desk's own payouts
    Index("ix_reconciliation_match_order", "order_id"),
)

reconciliation_break = Table(
    "reconciliation_break",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("here", Json, nullable=False),
    Column("there", Json, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("status", Text, nullable=False),  # open, resolved, gone
    Column("case_id", Key, ForeignKey("refund_case.id")),
    Column("owner_id", Key, ForeignKey("person.id")),
    Column("settled_at", Instant),
    Column("settled_by", Key, ForeignKey("person.id")),
    Column("resolution", Text),
    Column("reason", Text),
    Column("order_id", Key, ForeignKey("shop_order.id")),
    Index("ix_reconciliation_break_status", "status", "id"),
    Index("ix_reconciliation_break_case", "case_id"),
    Index("ix_reconciliation_break_order", "order_id"),
)

reconciliation_open = Table(
    "reconciliation_open",
    metadata,
    Column("order_id", Key, ForeignKey("shop_order.id"), primary_key=True),
)
"""Orders that the last run left with a break, or with a line whose answer isn't due yet: looked at again."""
