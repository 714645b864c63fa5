"""Connections, cursors, runs, and what was taken of each source, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as DbConnection
from sqlalchemy import Row, and_, bindparam, delete, func, insert, literal_column, or_, select, true, update

from refund_desk.domain.sources import Counts, Hint
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.sources import Connection, Run, TakenRecord
from refund_desk.store.statements import add_unless_there, put
from refund_desk.store.tables.cases import refund_case
from refund_desk.store.tables.facts import message, observation, personal, record, shop_order
from refund_desk.store.tables.sources import (
    source_connection,
    source_cursor,
    source_heard,
    source_hint,
    source_record,
    source_run,
)

_C, _R = source_connection.c, source_record.c
_KEY = ("connection_id", "stream", "external_id")
_KEPT = ("digest", "as_of", "made_at", "mark", "order_id", "head", "waiting", "gone_at", "taken_at")
_RECORDS = select(source_record).where(
    _R.connection_id == bindparam("connection_id"),
    _R.stream == bindparam("stream"),
    _R.external_id.in_(bindparam("ids", expanding=True)),
)
_CHUNK = 500
KEEP_RUNS = 200
"""Runs that are kept of each source."""


def _connection(row: Row[Any]) -> Connection:
    return Connection(
        id=row.id,
        name=row.name,
        connector=row.connector,
        settings=row.settings,
        secrets=row.secrets,
        enabled=row.enabled,
        salt=bytes(row.salt),
        next_at=row.next_at,
        busy_until=row.busy_until,
    )


def _taken(row: Row[Any]) -> TakenRecord:
    return TakenRecord(
        id=row.external_id,
        digest=bytes(row.digest),
        as_of=row.as_of,
        made_at=row.made_at,
        mark=row.mark,
        order_id=row.order_id,
        head=row.head,
        waiting=row.waiting,
        gone_at=row.gone_at,
    )


class SourceRepo:
    """Sources over one connection to the database."""

    def __init__(self, connection: DbConnection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name

    # ------------------------------------------------------------ connections

    def all(self) -> list[Connection]:
        return [_connection(row) for row in self._c.execute(select(source_connection).order_by(_C.name))]

    def by_name(self, name: str) -> Connection | None:
        row = self._c.execute(select(source_connection).where(_C.name == name)).one_or_none()
        return None if row is None else _connection(row)

    def save(self, name: str, content: Mapping[str, Any], salt: bytes, at: datetime, change_id: int | None) -> int:
        """Make a connection, or change the one of that name; it runs next as soon as it may. Returns its id."""
        values = {key: content[key] for key in ("connector", "settings", "secrets", "enabled")}
        values |= {"change_id": change_id, "changed_at": at, "next_at": at if content["enabled"] else None}
        changed = tuple(values)
        self._c.execute(
            put(self._dialect, source_connection, ("name",), changed), {"name": name, "salt": salt, **values}
        )
        return int(self._c.execute(select(_C.id).where(_C.name == name)).scalar_one())

    # ------------------------------------------------------------ one run at a time

    def claim(self, connection_id: int, holder: str, now: datetime, until: datetime) -> bool:
        free = or_(_C.busy_by.is_(None), _C.busy_by == holder, _C.busy_until <= now)
        query = update(source_connection).where(_C.id == connection_id, free)
        return self._c.execute(query.values(busy_by=holder, busy_until=until)).rowcount == 1

    def held(self, connection_id: int, holder: str, until: datetime) -> bool:
        query = update(source_connection).where(_C.id == connection_id, _C.busy_by == holder)
        return self._c.execute(query.values(busy_until=until)).rowcount == 1

    def free(self, connection_id: int, holder: str, next_at: datetime | None, *, failed: bool = False) -> None:
        """Let go; a hint that came meanwhile may have asked for an earlier time already. failed: hints wait as well."""
        mine = and_(_C.id == connection_id, _C.busy_by == holder)
        waits = self._c.execute(
            select(func.count()).select_from(source_hint).where(source_hint.c.connection_id == connection_id)
        ).scalar_one()
        values: dict[str, Any] = {"busy_by": None, "busy_until": None}
        if failed or not waits or next_at is None:
            values["next_at"] = next_at
        self._c.execute(update(source_connection).where(mine).values(**values))

    def due(self, now: datetime) -> list[Connection]:
        query = select(source_connection).where(_C.enabled == true(), _C.next_at <= now).order_by(_C.next_at, _C.id)
        return [_connection(row) for row in self._c.execute(query)]

    def ask_for(self, connection_id: int, at: datetime) -> None:
        later = and_(_C.id == connection_id, _C.enabled == true(), or_(_C.next_at.is_(None), _C.next_at > at))
        self._c.execute(update(source_connection).where(later).values(next_at=at))

    # ------------------------------------------------------------ cursors and runs

    def cursor(self, connection_id: int, stream: str) -> Mapping[str, Any] | None:
        return self.cursors(connection_id).get(stream)

    def cursors(self, connection_id: int) -> dict[str, Mapping[str, Any]]:
        query = select(source_cursor).where(source_cursor.c.connection_id == connection_id)
        return {row.stream: row.cursor for row in self._c.execute(query)}

    def put_cursor(self, connection_id: int, stream: str, cursor: Mapping[str, Any], at: datetime) -> None:
        statement = put(self._dialect, source_cursor, ("connection_id", "stream"), ("cursor", "at"))
        values = {"connection_id": connection_id, "stream": stream, "cursor": dict(cursor), "at": at}
        self._c.execute(statement, values)

    def start_run(self, connection_id: int, at: datetime) -> int:
        """A new run. One that still stands as running was cut off: nobody else holds the source now."""
        mine = source_run.c.connection_id == connection_id
        lost = update(source_run).where(mine, source_run.c.status == "running")
        self._c.execute(lost.values(status="lost", ended_at=at))
        values = {"connection_id": connection_id, "started_at": at, "status": "running", "counts": asdict(Counts())}
        made = self._c.execute(insert(source_run).values(**values).returning(source_run.c.id)).scalar_one()
        oldest = select(source_run.c.id).where(mine).order_by(source_run.c.id.desc()).offset(KEEP_RUNS).limit(1)
        if (last := self._c.execute(oldest).scalar_one_or_none()) is not None:
            self._c.execute(delete(source_run).where(mine, source_run.c.id <= last))
        return int(made)

    def end_run(self, run_id: int, at: datetime, status: str, counts: Counts, error: Mapping[str, Any] | None) -> None:
        values = {"ended_at": at, "status": status, "counts": asdict(counts), "error": error}
        self._c.execute(update(source_run).where(source_run.c.id == run_id).values(**values))

    def runs(self, connection_id: int, limit: int) -> list[Run]:
        """Newest first."""
        query = select(source_run).where(source_run.c.connection_id == connection_id)
        rows = self._c.execute(query.order_by(source_run.c.id.desc()).limit(limit))
        return [Run(row.id, row.started_at, row.ended_at, row.status, Counts(**row.counts), row.error) for row in rows]

    # ------------------------------------------------------------ what was taken

    def records(self, connection_id: int, stream: str, ids: Sequence[str]) -> dict[str, TakenRecord]:
        out: dict[str, TakenRecord] = {}
        for start in range(0, len(ids), _CHUNK):
            values = {"connection_id": connection_id, "stream": stream, "ids": list(ids[start : start + _CHUNK])}
            out |= {row.external_id: _taken(row) for row in self._c.execute(_RECORDS, values)}
        return out

    def remember(self, connection_id: int, stream: str, rows: Sequence[TakenRecord], at: datetime) -> None:
        if not rows:
            return
        values = [
            {
                "connection_id": connection_id,
                "stream": stream,
                "external_id": row.id,
                "digest": row.digest,
                "as_of": row.as_of,
                "made_at": row.made_at,
                "mark": row.mark,
                "order_id": row.order_id,
                "head": row.head,
                "waiting": row.waiting,
                "gone_at": row.gone_at,
                "taken_at": at,
            }
            for row in rows
        ]
        self._c.execute(put(self._dialect, source_record, _KEY, _KEPT), values)

    def streams_of(self, connection_id: int, id: str) -> list[str]:
        query = select(_R.stream).where(_R.connection_id == connection_id, _R.external_id == id).order_by(_R.stream)
        return list(self._c.execute(query).scalars())

    def since(self, connection_id: int, stream: str, since: datetime) -> set[str]:
        query = select(_R.external_id).where(
            _R.connection_id == connection_id, _R.stream == stream, _R.made_at >= since, _R.gone_at.is_(None)
        )
        return set(self._c.execute(query).scalars())

    # ------------------------------------------------------------ hints

    def add_hints(self, connection_id: int, hints: Iterable[Hint], at: datetime) -> None:
        values = [
            {"connection_id": connection_id, "stream": hint.stream, "external_id": hint.id, "at": at}
            for hint in dict.fromkeys(hints)
        ]
        if values:
            self._c.execute(add_unless_there(self._dialect, source_hint), values)

    def hints(self, connection_id: int, limit: int) -> list[tuple[int, Hint]]:
        query = select(source_hint).where(source_hint.c.connection_id == connection_id).order_by(source_hint.c.id)
        return [(row.id, Hint(row.stream, row.external_id)) for row in self._c.execute(query.limit(limit))]

    def drop_hints(self, hint_ids: Collection[int]) -> None:
        if hint_ids:
            self._c.execute(delete(source_hint).where(source_hint.c.id.in_(list(hint_ids))))

    def waiting(self, connection_id: int, limit: int) -> list[Hint]:
        a_case = select(refund_case.c.id).where(refund_case.c.order_id == _R.order_id).exists()
        query = select(_R.stream, _R.external_id).where(
            _R.connection_id == connection_id, _R.waiting == true(), _R.gone_at.is_(None), a_case
        )
        return [Hint(row.stream, row.external_id) for row in self._c.execute(query.limit(limit))]

    def heard(self, connection_id: int, event: str, at: datetime) -> bool:
        values = {"connection_id": connection_id, "event": event, "at": at}
        statement = add_unless_there(self._dialect, source_heard).returning(source_heard.c.event)
        return self._c.execute(statement, values).first() is not None

    def forget_heard(self, before: datetime) -> None:
        self._c.execute(delete(source_heard).where(source_heard.c.at < before))

    # ------------------------------------------------------------ whose a parcel is

    def orders_of(self, tracking: str) -> list[str]:
        query = (
            select(shop_order.c.number)
            .join_from(record, observation, observation.c.record_id == record.c.id)
            .join(shop_order, shop_order.c.id == record.c.order_id)
            .where(
                record.c.kind == RecordKind.SHIPMENT.value,
                observation.c.field == literal_column("'tracking'"),  # in the text: SQLite finds its index by it
                observation.c.current == true(),
                observation.c.value == tracking,
            )
            .distinct()
        )
        return sorted(self._c.execute(query).scalars())

    # ------------------------------------------------------------ whose a mail is

    def cases_of_messages(self, source: str, ids: Sequence[str]) -> list[int]:
        query = select(message.c.external_id, message.c.case_id).where(
            message.c.source == source, message.c.external_id.in_(list(ids)), message.c.case_id.is_not(None)
        )
        rows = self._c.execute(query.order_by(message.c.id.desc())).all()
        near = {name: place for place, name in enumerate(ids)}
        return list(dict.fromkeys(int(row.case_id) for row in sorted(rows, key=lambda row: near[row.external_id])))

    def cases_of_address(self, spellings: Sequence[str]) -> list[int]:
        query = (
            select(refund_case.c.id)
            .join(personal, personal.c.customer_id == refund_case.c.customer_id)
            .where(personal.c.email.in_(list(spellings)), refund_case.c.open == true())
            .order_by(refund_case.c.id.desc())
        )
        return list(self._c.execute(query).scalars())

    def knows_address(self, spellings: Sequence[str]) -> bool:
        query = select(personal.c.customer_id).where(personal.c.email.in_(list(spellings))).limit(1)
        return self._c.execute(query).first() is not None

    def orders_named(self, names: Sequence[str]) -> list[str]:
        query = select(shop_order.c.number).where(shop_order.c.number.in_(list(names)))
        found = set(self._c.execute(query).scalars()) if names else set()
        return [name for name in dict.fromkeys(names) if name in found]
