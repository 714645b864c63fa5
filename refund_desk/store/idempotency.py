"""Answers kept so that a write sent twice happens once. Kept thirty days, in the change's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, text

from refund_desk.store.tables.people import idempotency

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """body_digest: SHA-256 of the request's body; answer: the exact bytes sent."""

    body_digest: bytes
    status: int
    answer: bytes


class IdempotencyRepo:
    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def claim(self, principal: str, route: str, key: str) -> bool:
        """False while another process still works on the same key. SQLite's write lock makes them wait instead."""
        if self._c.dialect.name != "postgresql":
            return True
        query = select(func.pg_try_advisory_xact_lock(func.hashtextextended(f"{principal}\n{route}\n{key}", text("0"))))
        return bool(self._c.execute(query).scalar_one())

    def kept(self, principal: str, route: str, key: str) -> Kept | None:
        query = select(idempotency.c.body_digest, idempotency.c.status, idempotency.c.answer).where(
            idempotency.c.principal == principal, idempotency.c.route == route, idempotency.c.key == key
        )
        row = self._c.execute(query).one_or_none()
        return Kept(bytes(row[0]), row[1], bytes(row[2])) if row else None

    def keep(
        self, principal: str, route: str, key: str, body_digest: bytes, status: int, answer: bytes, at: datetime
    ) -> None:
        values = {"principal": principal, "route": route, "key": key, "body_digest": body_digest, "status": status}
        self._c.execute(insert(idempotency).values(**values, answer=answer, at=at))

    def forget_old(self, now: datetime) -> int:
        return int(self._c.execute(delete(idempotency).where(idempotency.c.at < now - KEPT)).rowcount)
