"""Cases as rows of a table: by keyset pages over the primary key, in one picture, in memory that doesn't grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select

from refund_desk.domain.exports import Column
from refund_desk.domain.intents import PAID_OUT
from refund_desk.service.ports.exports import Batch
from refund_desk.service.ports.views import QueueFilter
from refund_desk.store.tables.cases import proposal, refund_case, refund_intent
from refund_desk.store.tables.facts import merchant, personal, shop_order
from refund_desk.store.tables.people import person
from refund_desk.store.views import Views, conditions, values_of

PAGE = 1_000
_c = refund_case.c
_BESIDE: Mapping[str, ColumnElement[Any]] = {
    "order": shop_order.c.number,
    "merchant": merchant.c.name,
    "asked": _c.amount_minor,
    "assignee": person.c.name,
    "email": personal.c.email,
    "phone": personal.c.phone,
}
"""Columns that aren't named as those of the case, or stand beside it."""
_LATER = ("decision", "decided_at", "paid_out")
"""Columns of rows that a case has several of, read for a page at once."""
_IDS: Any = bindparam("ids", expanding=True)
_DECIDED = (
    select(proposal.c.case_id, proposal.c.decision, func.coalesce(proposal.c.verdict_at, proposal.c.at).label("at"))
    .where(proposal.c.case_id.in_(_IDS), proposal.c.status == literal_column("'approved'"))
    .order_by(proposal.c.case_id, proposal.c.number)
)
_PAID = (
    select(refund_intent.c.case_id, refund_intent.c.currency, func.sum(refund_intent.c.amount_minor).label("minor"))
    .where(
        refund_intent.c.case_id.in_(_IDS),
        refund_intent.c.state.in_([literal_column(f"'{state}'") for state in sorted(PAID_OUT)]),
    )
    .group_by(refund_intent.c.case_id, refund_intent.c.currency)
)


def _source(name: str, personally: bool) -> ColumnElement[Any]:
    if name == "customer":
        return (personal.c.name if personally else personal.c.masked).label(name)
    if name in _LATER:
        return literal_column("NULL").label(name)
    return (_BESIDE[name] if name in _BESIDE else _c[name]).label(name)


@lru_cache(maxsize=256)
def _page(names: tuple[str, ...], personally: bool, chip: str | None, closed: bool, narrowed: tuple[str, ...]) -> Any:
    query = (
        select(_c.id, _c.currency, *(_source(name, personally) for name in names))
        .join(shop_order, shop_order.c.id == _c.order_id)
        .outerjoin(personal, personal.c.customer_id == _c.customer_id)
        .outerjoin(merchant, merchant.c.id == _c.merchant_id)
        .outerjoin(person, person.c.id == _c.assignee_id)
    )
    where = conditions(chip, closed, narrowed)
    return query.where(*where, _c.id > bindparam("last")).order_by(_c.id).limit(bindparam("most"))


class Exports:
    """Over one connection, which keeps one picture."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def count(self, viewer: int, wanted: QueueFilter, now: datetime) -> int:
        found = self._found(wanted, PAGE)
        if found is not None:
            return sum(self._count(viewer, wanted, now, part) for part in found)
        return self._count(viewer, wanted, now, None)

    def pages(
        self, viewer: int, wanted: QueueFilter, now: datetime, columns: Sequence[Column], size: int = PAGE
    ) -> Iterator[Batch]:
        found = self._found(wanted, size)
        for part in [None] if found is None else found:
            yield from self._pages(viewer, wanted, now, columns, size, part)

    # ------------------------------------------------------------ inside

    def _found(self, wanted: QueueFilter, size: int) -> list[list[int] | None] | None:
        """Ids that the words of a search find, all of them, in parts that a statement can take; None: no words."""
        if not (wanted.text and wanted.text.strip()):
            return None
        ids = sorted(Views(self._c).search(wanted.text, None))
        return [ids[start : start + size] for start in range(0, len(ids), size)]

    def _count(self, viewer: int, wanted: QueueFilter, now: datetime, only: list[int] | None) -> int:
        values = values_of(viewer, wanted, now, only)
        where = conditions(wanted.chip, wanted.closed, tuple(values.narrowed))
        query = select(func.count()).select_from(refund_case).where(*where)
        return int(self._c.execute(query, values.all).scalar_one())

    def _pages(
        self,
        viewer: int,
        wanted: QueueFilter,
        now: datetime,
        columns: Sequence[Column],
        size: int,
        only: list[int] | None,
    ) -> Iterator[Batch]:
        values = values_of(viewer, wanted, now, only)
        personally = any(column.personal for column in columns)
        names = tuple(column.name for column in columns)
        statement = _page(names, personally, wanted.chip, wanted.closed, tuple(values.narrowed))
        last = 0
        while rows := self._c.execute(statement, {**values.all, "most": size, "last": last}).all():
            last = rows[-1].id
            yield self._with_money(rows, names)
            if len(rows) < size:
                return

    def _with_money(self, rows: Sequence[Any], names: tuple[str, ...]) -> Batch:
        """What was decided last and what was paid out, in the currency of the case."""
        ids = {"ids": [row[0] for row in rows]}
        decided = {row[0]: (row[1], row[2]) for row in self._c.execute(_DECIDED, ids)}
        paid = {(row[0], row[1]): int(row[2]) for row in self._c.execute(_PAID, ids)}
        if not decided and not paid:
            return [row[2:] for row in rows]
        decision, at, out = (names.index(name) for name in _LATER)
        made = []
        for row in rows:
            cells: list[Any] = list(row[2:])
            cells[decision], cells[at] = decided.get(row[0], (None, None))
            cells[out] = paid.get((row[0], row[1]))
            made.append(cells)
        return made
