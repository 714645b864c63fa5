"""Many cases at once, straight into the tables: for tests of lists, where how a case came about is no matter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy import Connection, Engine, event

from refund_desk.store.work import SqlStore, SqlWork

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def store_over(engine: Engine) -> SqlStore:
    """A unit of work over an engine, at `NOW`."""
    return SqlStore(engine, rfc8785.dumps, lambda: NOW)


class Cases:
    """Makes customers, orders and cases; each with its own number."""

    def __init__(self, work: SqlWork) -> None:
        self.work = work
        self.n = 0

    def customer(self, name: str | None = "王小明", phone: str | None = None) -> int:
        self.n += 1
        made = self.work.facts.ensure_customer("mall", f"C{self.n}", bytes(32))
        said = {"name": name, "phone": phone, "email": None, "address": None, "country": None}
        self.work.facts.put_personal(made.id, f"C{self.n}", NOW, said)
        return made.id

    def case(self, order: str = "", customer: int | None = None, **columns: Any) -> int:
        """An open case in review, nobody's, due in a day; `columns` say what is different."""
        self.n += 1
        currency = columns.get("currency", "CNY")
        order_id = self.work.facts.ensure_order(order or f"O{self.n}", currency, customer).id
        plain: dict[str, Any] = {
            "ref": f"RC-26-{self.n:06d}",
            "order_id": order_id,
            "customer_id": customer,
            "kind": "refund_only",
            "reason": "damaged",
            "language": "zh",
            "currency": currency,
            "stage": "review",
            "progress": "submitted",
            "open": True,
            "process_version": "standard/1",
            "opened_at": NOW,
            "changed_at": NOW,
            "stage_at": NOW,
            "act_by": NOW + timedelta(days=1),
        }
        return self.work.cases.insert(**plain | columns)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that an engine runs inside the block."""
    seen: list[str] = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
