"""The log. `audit_entry` holds the exact canonical bytes, written with the change and never touched
again; `audit_leaf` gives entries their position, filled by whoever holds the integrator lock.

Triggers that refuse UPDATE, DELETE, REPLACE and TRUNCATE are in `store/guards.py`; migrations make them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from refund_desk.store.tables.base import Instant, Key, metadata

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Key, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    # Copies of what stands in the bytes, for filters; verification compares them.
    Column("at", Instant, nullable=False),
    Column("action", Text, nullable=False),
    Column("case_ref", Text),
    Column("actor", Text, nullable=False),
    Index("ix_audit_entry_case", "case_ref", "id"),
    sqlite_autoincrement=True,
)

audit_leaf = Table(
    "audit_leaf",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("entry_id", Key, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)

audit_subtree = Table(
    "audit_subtree",
    metadata,
    Column("level", Integer, primary_key=True),  # 8, 16, 24: roots of complete subtrees of 2**level leaves
    Column("index", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),  # C2SP tlog-checkpoint, signed
    Column("at", Instant, nullable=False),
)
