"""Hashes of runs of leaves, read from the stored leaves and the stored roots of complete subtrees."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.merkle import node_hash, tree_hash
from refund_desk.store.tables.audit import audit_leaf, audit_subtree

LEVELS = (8, 16, 24)
"""Levels whose complete subtrees are stored: any run is then folded from a few hundred hashes at most."""


def walk_indexes(connection: Connection) -> None:
    """PostgreSQL, for this transaction: every query on the log is a short walk along indexes. Left alone, and
    above all without statistics, the planner would rather read whole tables for a few hundred rows.
    """
    if connection.dialect.name == "postgresql":
        kinds = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan")
        connection.execute(select(*(func.set_config(kind, "off", True) for kind in kinds)))


class StoredTree:
    """A `HashReader` over the tables. Its hashes are as good as the tables are; verification reads the bytes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def range_hash(self, lo: int, hi: int) -> bytes:
        """Merkle tree hash over leaves lo..hi-1. Unavailable `audit.log_incomplete` where leaves are missing."""
        if lo >= hi:
            raise ValueError("an empty run has no hash")
        length = hi - lo
        if length & (length - 1) == 0 and lo % length == 0:
            level = length.bit_length() - 1
            return self._complete(level, lo >> level)
        middle = lo + (1 << (length - 1).bit_length() - 1)
        return node_hash(self.range_hash(lo, middle), self.range_hash(middle, hi))

    def _complete(self, level: int, index: int) -> bytes:
        for base in sorted((base for base in (0, *LEVELS) if base <= level), reverse=True):
            first, count = index << level - base, 1 << level - base
            hashes = self._row_of(base, first, count)
            if len(hashes) == count:
                return tree_hash(hashes)
        raise Unavailable("audit.log_incomplete", position=index << level)

    def _row_of(self, base: int, first: int, count: int) -> list[bytes]:
        if base == 0:
            position = audit_leaf.c.position
            query = select(audit_leaf.c.hash).where(position >= first, position < first + count).order_by(position)
        else:
            index = audit_subtree.c.index
            query = select(audit_subtree.c.hash).where(
                audit_subtree.c.level == base, index >= first, index < first + count
            )
            query = query.order_by(index)
        return [bytes(value) for value in self._connection.execute(query).scalars()]
