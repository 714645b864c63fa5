"""The log as commands and panels use it: append in the transaction of the change, and read by place or by case.

An entry is in the log with its commit. Its position comes a little later from the integrator; feeds and
cursors are such positions, so that two writers who commit out of order lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from refund_desk.domain.audit import AuditEntry
from refund_desk.domain.merkle import consistency_proof
from refund_desk.store.audit_tree import StoredTree
from refund_desk.store.statements import new_id
from refund_desk.store.tables.audit import audit_checkpoint, audit_entry, audit_leaf

Canonical = Callable[[Any], bytes]

_ADD = insert(audit_entry)
_TOP = select(func.max(audit_leaf.c.position))


@dataclass(frozen=True, slots=True)
class Change:
    """What the feed says of an entry: enough to know whom it concerns."""

    position: int
    action: str
    case: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry for the audit panel; `position` is None while it has no place yet."""

    id: int
    position: int | None
    bytes: bytes


class AuditLog:
    """The log over one connection. `canonical` makes an entry's bytes; reading needs none."""

    def __init__(self, connection: Connection, canonical: Canonical | None = None) -> None:
        self._connection = connection
        self._canonical = canonical

    def append(self, entry: AuditEntry) -> int:
        """Write an entry in the running transaction; its id."""
        return new_id(self._connection.execute(_ADD, self._row(entry)))

    def append_many(self, entries: Iterable[AuditEntry]) -> None:
        """Write a batch, such as the looks of the last second."""
        rows = [self._row(entry) for entry in entries]
        if rows:
            self._connection.execute(_ADD, rows)

    def _row(self, entry: AuditEntry) -> dict[str, Any]:
        assert self._canonical is not None, "a log opened for reading"
        return {
            "bytes": self._canonical(entry.to_dict()),
            "at": entry.at,
            "action": entry.action,
            "case_ref": entry.case,
            "actor": entry.actor,
        }

    def size(self) -> int:
        """Entries that have a place."""
        top = self._connection.execute(_TOP).scalar()
        return 0 if top is None else int(top) + 1

    def since(self, position: int, limit: int = 200) -> list[Change]:
        """What came after a position (-1: from the beginning), in order."""
        rows = self._connection.execute(
            select(audit_leaf.c.position, audit_entry.c.action, audit_entry.c.case_ref, audit_entry.c.at)
            .join(audit_entry, audit_entry.c.id == audit_leaf.c.entry_id)
            .where(audit_leaf.c.position > position)
            .order_by(audit_leaf.c.position)
            .limit(limit)
        )
        return [Change(*row) for row in rows]

    def page(
        self, before: int | None = None, case: str | None = None, action: str | None = None, limit: int = 100
    ) -> list[LogRow]:
        """Newest first. before: an entry id, the last one of the page before this."""
        query = (
            select(audit_entry.c.id, audit_leaf.c.position, audit_entry.c.bytes)
            .outerjoin(audit_leaf, audit_leaf.c.entry_id == audit_entry.c.id)
            .order_by(audit_entry.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(audit_entry.c.id < before)
        if case is not None:
            query = query.where(audit_entry.c.case_ref == case)
        if action is not None:
            query = query.where(audit_entry.c.action == action)
        return [LogRow(entry, position, bytes(raw)) for entry, position, raw in self._connection.execute(query)]

    def latest_checkpoint(self) -> str | None:
        """The newest signed note."""
        return self._connection.execute(
            select(audit_checkpoint.c.note).order_by(audit_checkpoint.c.size.desc()).limit(1)
        ).scalar()

    def unprotected(self) -> int:
        """Entries that no checkpoint covers yet."""
        covered = self._connection.execute(select(func.max(audit_checkpoint.c.size))).scalar() or 0
        entries = self._connection.execute(select(func.count()).select_from(audit_entry)).scalar_one()
        return max(0, int(entries) - int(covered))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the log of size `old` is the beginning of that of size `new`. ValueError if it can't be."""
        if new > self.size():
            raise ValueError("the log is not that long")
        return consistency_proof(old, new, StoredTree(self._connection))
