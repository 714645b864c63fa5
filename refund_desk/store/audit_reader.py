"""Reads a whole log in order, as fast as the driver gives rows: for verification, export and proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import ColumnElement, Engine, NullPool, create_engine, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from refund_desk.domain.errors import Invalid, Unavailable
from refund_desk.service.ports.audit import LeafRow, StoredCheckpoint, StoredEntry
from refund_desk.store.audit_tree import StoredTree, walk_indexes
from refund_desk.store.tables.audit import audit_checkpoint, audit_entry, audit_leaf

CHUNK = 1_024
_ROWS = (
    "SELECT l.position, l.entry_id, l.hash, e.bytes, e.at, e.action, e.case_ref, e.actor "
    "FROM audit_leaf l LEFT JOIN audit_entry e ON e.id = l.entry_id "
    "WHERE l.position >= {0} AND l.position < {0} ORDER BY l.position"
)


class SqlAuditReader:
    """An `AuditReader` over one read transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tree = StoredTree(connection)

    def size(self) -> int:
        top = self._scalar(select(func.max(audit_leaf.c.position)))
        return 0 if top is None else int(top) + 1

    def leaves(self) -> int:
        return int(self._scalar(select(func.count()).select_from(audit_leaf)))

    def entries(self) -> int:
        return int(self._scalar(select(func.count()).select_from(audit_entry)))

    def rows(self, start: int = 0) -> Iterator[Sequence[LeafRow]]:
        """Chunks by range of positions, straight from the driver: a row costs a tuple and no more."""
        size = self.size()
        for lo in range(start, size, CHUNK):
            with _readable(self._connection, lo):
                rows = self._fetch(lo)
            yield rows
            if len(rows) < min(CHUNK, size - lo):
                return  # a position is missing: the reader of this chunk has seen it

    def _fetch(self, lo: int) -> Sequence[LeafRow]:
        raw: Any = self._connection.connection.driver_connection
        if self._connection.dialect.name == "sqlite":
            rows: Sequence[LeafRow] = raw.execute(_ROWS.format("?"), (lo, lo + CHUNK)).fetchall()
            return rows
        with raw.cursor(binary=True) as cursor:
            found: Sequence[LeafRow] = cursor.execute(_ROWS.format("%s"), (lo, lo + CHUNK)).fetchall()
        return found

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        size = -1
        while True:
            with _readable(self._connection, None):
                rows = self._connection.execute(
                    _checkpoints.where(audit_checkpoint.c.size > size).order_by(audit_checkpoint.c.size).limit(CHUNK)
                ).all()
            if not rows:
                return
            for row in rows:
                yield StoredCheckpoint(*row)
            size = rows[-1].size

    def latest_checkpoint(self) -> StoredCheckpoint | None:
        with _readable(self._connection, None):
            query = _checkpoints.order_by(audit_checkpoint.c.size.desc()).limit(1)
            row = self._connection.execute(query).first()
        return None if row is None else StoredCheckpoint(*row)

    def places(self, entry_id: int) -> int:
        return int(self._scalar(select(func.count()).select_from(audit_leaf).where(audit_leaf.c.entry_id == entry_id)))

    def of_case(self, ref: str) -> Sequence[StoredEntry]:
        return self._entries(audit_entry.c.case_ref == ref)

    def of_action(self, action: str) -> Sequence[StoredEntry]:
        return self._entries(audit_entry.c.action == action)

    def _entries(self, condition: ColumnElement[bool]) -> Sequence[StoredEntry]:
        with _readable(self._connection, None):
            rows = self._connection.execute(
                select(audit_entry.c.id, audit_leaf.c.position, audit_entry.c.bytes)
                .outerjoin(audit_leaf, audit_leaf.c.entry_id == audit_entry.c.id)
                .where(condition)
                .order_by(audit_entry.c.id)
            ).all()
        return [StoredEntry(row.id, row.position, bytes(row.bytes)) for row in rows]

    def range_hash(self, lo: int, hi: int) -> bytes:
        with _readable(self._connection, lo):
            return self._tree.range_hash(lo, hi)

    def _scalar(self, query: Any) -> Any:
        with _readable(self._connection, None):
            return self._connection.execute(query).scalar()


_checkpoints = select(audit_checkpoint.c.size, audit_checkpoint.c.root, audit_checkpoint.c.note)


@contextmanager
def _readable(connection: Connection, position: int | None) -> Iterator[None]:
    """A database that gives no rows (torn file, text that is no text, a table gone) is a finding, not a crash."""
    try:
        yield
    except (DBAPIError, connection.dialect.loaded_dbapi.Error) as problem:
        raise Invalid("audit.unreadable", position=position, detail=str(problem).split("\n")[0]) from None


@contextmanager
def read_log(engine: Engine) -> Iterator[SqlAuditReader]:
    """A reader over one consistent picture, while the desk goes on working."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                walk_indexes(connection)
            yield SqlAuditReader(connection)


def open_readonly(database: Path) -> Engine:
    """An engine that can't change the SQLite file, whoever else has it open. Unavailable `audit.no_database`."""
    if not database.is_file():
        raise Unavailable("audit.no_database", path=str(database))
    uri = f"sqlite:///file:{quote(str(database.resolve()))}?mode=ro&uri=true"
    engine = create_engine(uri, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
