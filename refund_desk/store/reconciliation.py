"""Statements, matches and breaks in the database; and what the desk paid out, as lines to hold against them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, and_, delete, func, insert, or_, select, union, update

from refund_desk.domain.errors import NotFound
from refund_desk.domain.intents import IntentState
from refund_desk.domain.reconciliation import Entry, Key, Kind, Role, State
from refund_desk.domain.reconciliation_systems import KINDS, OrderSaid
from refund_desk.service.ports.reconciliation import BreakCounts, BreakFilter, BreakRow, MatchRow, News, Scope
from refund_desk.store.facts import SAID, as_records
from refund_desk.store.statements import add_unless_there, new_id
from refund_desk.store.tables.cases import intent_event, refund_case, refund_intent
from refund_desk.store.tables.facts import customer, observation, record, shop_order
from refund_desk.store.tables.reconciliation import (
    reconciliation_break,
    reconciliation_match,
    reconciliation_open,
    statement,
    statement_row,
)

_CHUNK = 1_000
_KINDS = [kind.value for kind in KINDS]
_HEADS = select(shop_order.c.id, shop_order.c.number, shop_order.c.currency, customer.c.external_id).outerjoin_from(
    shop_order, customer
)
_OUT = [state.value for state in (IntentState.SUCCEEDED, IntentState.ARRIVED)]
_WENT = (
    select(intent_event.c.intent_id, func.min(intent_event.c.at).label("went_at"))
    .where(intent_event.c.state == IntentState.SUCCEEDED.value)
    .group_by(intent_event.c.intent_id)
    .subquery()
)
"""When each payout went: what happened to it since changes the intent's own time."""
_PAID_OUT = (
    select(refund_intent, shop_order.c.number, customer.c.external_id, _WENT.c.went_at)
    .join(_WENT, _WENT.c.intent_id == refund_intent.c.id)
    .join(shop_order, shop_order.c.id == refund_intent.c.order_id)
    .outerjoin(customer, customer.c.id == refund_intent.c.customer_id)
    .where(refund_intent.c.state.in_(_OUT), refund_intent.c.tender == "money")
    .order_by(refund_intent.c.id)
)


class ReconciliationRepo:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name

    # ------------------------------------------------------------ statements

    def statement_of(self, source: str, digest: bytes) -> int | None:
        query = select(statement.c.id).where(statement.c.source == source, statement.c.digest == digest)
        return self._c.execute(query).scalar_one_or_none()

    def add_statement(self, **columns: Any) -> int:
        return new_id(self._c.execute(insert(statement), columns))

    def add_rows(self, statement_id: int, role: Role, entries: Sequence[Entry]) -> int:
        """Rows that no earlier file had; how many those were."""
        before = self._count()
        for start in range(0, len(entries), _CHUNK):
            some = [_row(statement_id, role, entry) for entry in entries[start : start + _CHUNK]]
            self._c.execute(add_unless_there(self._dialect, statement_row), some)
        return self._count() - before

    def _count(self) -> int:
        return int(self._c.execute(select(func.count()).select_from(statement_row)).scalar_one())

    def settle_statement(self, statement_id: int, fresh: int) -> None:
        self._c.execute(update(statement).where(statement.c.id == statement_id).values(fresh=fresh))

    def rows(self) -> list[tuple[Role, Entry]]:
        """Every row of every statement."""
        return [(Role(row.role), _entry(row)) for row in self._c.execute(select(statement_row))]

    def rows_named(self, keys: Collection[Key]) -> list[tuple[Role, Entry]]:
        table, wanted = statement_row, set(keys)
        query = select(table).where(table.c.external_id.in_(sorted({key[2] for key in wanted})))
        found = [(Role(row.role), _entry(row)) for row in self._c.execute(query)]
        return [(role, entry) for role, entry in found if entry.key in wanted]

    def paid_out(self, intents: Collection[str] | None = None) -> list[tuple[int, Entry]]:
        """Its source is `desk:<channel>`."""
        made = []
        query = _PAID_OUT if intents is None else _PAID_OUT.where(refund_intent.c.id.in_(sorted(intents)))
        for row in self._c.execute(query):
            refs = tuple(ref for ref in (row.id, row.reference, row.number) if ref)
            entry = Entry(
                f"desk:{row.channel}",
                Kind.REFUND,
                row.id,
                refs,
                row.amount_minor,
                row.currency,
                row.went_at,
                account=row.external_id or "",
            )
            made.append((int(row.case_id), entry))
        return made

    # ------------------------------------------------------------ what systems say of orders

    def news(self) -> News:
        tops = [select(func.coalesce(func.max(of.c.id), 0)) for of in (observation, statement_row, intent_event)]
        return News(*(int(self._c.execute(top).scalar_one()) for top in tops))

    def touched(self, since: News, until: News) -> list[int]:
        said = (
            select(record.c.order_id)
            .join_from(observation, record)
            .where(observation.c.id > since.observation, observation.c.id <= until.observation)
        )
        paid = (
            select(refund_intent.c.order_id)
            .join_from(intent_event, refund_intent, intent_event.c.intent_id == refund_intent.c.id)
            .where(intent_event.c.id > since.event, intent_event.c.id <= until.event)
        )
        left = select(reconciliation_open.c.order_id)
        every = union(said, paid, left).subquery()
        query = select(every.c.order_id).where(every.c.order_id.is_not(None)).order_by(every.c.order_id)
        return [int(number) for number in self._c.execute(query).scalars()]

    def named(self, since: News, until: News) -> list[int]:
        """Orders that statement rows between the two name, by their number or by a payment's id."""
        query = select(statement_row.c.refs).where(statement_row.c.id > since.row, statement_row.c.id <= until.row)
        refs = sorted({str(ref) for found in self._c.execute(query).scalars() for ref in found})
        made: set[int] = set()
        for start in range(0, len(refs), _CHUNK):
            some = refs[start : start + _CHUNK]
            made.update(self._c.execute(select(shop_order.c.id).where(shop_order.c.number.in_(some))).scalars())
            made.update(self._c.execute(select(record.c.order_id).where(record.c.external_id.in_(some))).scalars())
        return sorted(made)

    def said(self, orders: Sequence[int]) -> list[OrderSaid]:
        made = []
        for some in _chunks(orders):
            heads = self._c.execute(_HEADS.where(shop_order.c.id.in_(some))).all()
            rows: dict[int, list[Any]] = {}
            query = SAID.add_columns(record.c.order_id).where(record.c.order_id.in_(some), record.c.kind.in_(_KINDS))
            for row in self._c.execute(query):
                rows.setdefault(row.order_id, []).append(row)
            for head in heads:
                records = as_records(rows.get(head.id, ()))
                made.append(OrderSaid(head.id, head.number, head.currency, head.external_id or "", records))
        return made

    def leave_open(self, orders: Collection[int], left: Collection[int]) -> None:
        table = reconciliation_open
        for some in _chunks(sorted(set(orders) - set(left))):
            self._c.execute(delete(table).where(table.c.order_id.in_(some)))
        if left:
            put = add_unless_there(self._dialect, table)
            self._c.execute(put, [{"order_id": number} for number in sorted(left)])

    # ------------------------------------------------------------ matches

    def known_matches(self, scope: Scope) -> dict[bytes, tuple[int, bool]]:
        table = reconciliation_match
        query = select(table.c.digest, table.c.id, table.c.gone_at)
        return {
            bytes(row.digest): (int(row.id), row.gone_at is None)
            for row in self._within(query, table.c.order_id, scope)
        }

    def add_matches(self, rows: Sequence[MatchRow], at: datetime) -> None:
        if rows:
            put = add_unless_there(self._dialect, reconciliation_match)
            self._c.execute(put, [_match(row, at) for row in rows])

    def end_matches(self, ids: Sequence[int], at: datetime | None) -> None:
        match = reconciliation_match
        for some in _chunks(ids):
            put = update(match).where(match.c.id.in_(some), match.c.undone_at.is_(None))
            self._c.execute(put.values(gone_at=at))

    def _within(self, query: Select[Any], order: Column[Any], scope: Scope) -> Iterator[Row[Any]]:
        if scope is None:
            yield from self._c.execute(query.where(order.is_(None)))
            return
        for some in _chunks(sorted(scope)):
            yield from self._c.execute(query.where(order.in_(some)))

    def match(self, match_id: int) -> Mapping[str, Any]:
        row = self._c.execute(select(reconciliation_match).where(reconciliation_match.c.id == match_id)).one_or_none()
        if row is None:
            raise NotFound("reconciliation.match_not_found", id=match_id)
        return dict(row._mapping)

    def matches(self, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """Standing ones, newest first, below `after` (0: from the newest)."""
        match = reconciliation_match
        query = select(match).where(match.c.gone_at.is_(None), match.c.undone_at.is_(None))
        if after:
            query = query.where(match.c.id < after)
        return [dict(row._mapping) for row in self._c.execute(query.order_by(match.c.id.desc()).limit(limit))]

    def undo_match(self, match_id: int, at: datetime, person_id: int | None, reason: str) -> None:
        put = update(reconciliation_match).where(reconciliation_match.c.id == match_id)
        self._c.execute(put.values(undone_at=at, undone_by=person_id, reason=reason))

    def undone(self) -> list[tuple[Sequence[Key], Sequence[Key]]]:
        """Lines that somebody took apart: (here, there)."""
        match = reconciliation_match
        query = select(match.c.here, match.c.there).where(match.c.undone_at.is_not(None))
        return [(_keys(here), _keys(there)) for here, there in self._c.execute(query)]

    # ------------------------------------------------------------ breaks

    def known_breaks(self, scope: Scope) -> dict[bytes, tuple[int, str]]:
        table = reconciliation_break
        query = select(table.c.digest, table.c.id, table.c.status)
        rows = self._within(query, table.c.order_id, scope)
        return {bytes(row.digest): (int(row.id), str(row.status)) for row in rows}

    def put_break(self, row: BreakRow, at: datetime) -> int | None:
        table = reconciliation_break
        known = self._c.execute(select(table.c.id, table.c.status).where(table.c.digest == row.digest)).one_or_none()
        if known is None:
            return new_id(self._c.execute(insert(table), _break(row, at)))
        if known.status != "gone":
            return None
        self.settle_break(known.id, status="open", found_at=at, settled_at=None)
        return int(known.id)

    def end_breaks(self, ids: Sequence[int], at: datetime) -> None:
        table = reconciliation_break
        for some in _chunks(ids):
            put = update(table).where(table.c.id.in_(some), table.c.status == "open")
            self._c.execute(put.values(status="gone", settled_at=at))

    def break_(self, break_id: int, lock: bool = False) -> Mapping[str, Any]:
        query = select(reconciliation_break).where(reconciliation_break.c.id == break_id)
        row = self._c.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFound("reconciliation.break_not_found", id=break_id)
        return dict(row._mapping)

    def breaks(self, wanted: BreakFilter, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """In the order that is wanted, behind the one with the id `after` (0: from the first)."""
        table = reconciliation_break
        query = select(table)
        for column, value in ((table.c.status, wanted.status), (table.c.kind, wanted.kind)):
            if value is not None:
                query = query.where(column == value)
        if wanted.owner is not None:
            query = query.where(table.c.owner_id == wanted.owner if wanted.owner else table.c.owner_id.is_(None))
        query = _after(query, wanted.sort, after)
        return [dict(row._mapping) for row in self._c.execute(query.limit(limit))]

    def count_breaks(self, person_id: int) -> BreakCounts:
        table = reconciliation_break
        query = select(table.c.kind, table.c.owner_id, func.count()).where(table.c.status == "open")
        kinds, mine, unowned = dict[str, int](), 0, 0
        for kind, owner, count in self._c.execute(query.group_by(table.c.kind, table.c.owner_id)):
            kinds[kind] = kinds.get(kind, 0) + count
            mine += count if owner == person_id else 0
            unowned += count if owner is None else 0
        return BreakCounts(kinds, mine, unowned)

    def breaks_of_order(self, order_id: int) -> Sequence[Mapping[str, Any]]:
        table = reconciliation_break
        cases = select(refund_case.c.id).where(refund_case.c.order_id == order_id)
        query = select(table).where(
            table.c.status == "open", or_(table.c.order_id == order_id, table.c.case_id.in_(cases))
        )
        return [dict(row._mapping) for row in self._c.execute(query.order_by(table.c.id))]

    def matches_of_order(self, order_id: int) -> Sequence[Mapping[str, Any]]:
        match = reconciliation_match
        stands = and_(match.c.gone_at.is_(None), match.c.undone_at.is_(None))
        query = select(match).where(match.c.order_id == order_id, stands).order_by(match.c.id)
        return [dict(row._mapping) for row in self._c.execute(query)]

    def open_breaks_of(self, case_id: int) -> int:
        table = reconciliation_break
        query = select(func.count()).where(table.c.case_id == case_id, table.c.status == "open")
        return int(self._c.execute(query).scalar_one())

    def settle_break(self, break_id: int, **columns: Any) -> None:
        self._c.execute(update(reconciliation_break).where(reconciliation_break.c.id == break_id).values(**columns))


_SORTS = {
    "new": (reconciliation_break.c.id, True),
    "amount": (reconciliation_break.c.minor, True),
    "age": (reconciliation_break.c.since, False),
}


def _after(query: Select[Any], sort: str, after: int) -> Select[Any]:
    """Ordered, from behind a row on: the column, then the id."""
    table = reconciliation_break
    column, falling = _SORTS[sort]
    if after:
        last = select(column).where(table.c.id == after).scalar_subquery()
        further = column < last if falling else column > last
        query = query.where(or_(further, and_(column == last, table.c.id < after)))
    return query.order_by(column.desc() if falling else column, table.c.id.desc())


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def _keys(said: Iterable[Sequence[str]]) -> list[Key]:
    return [(one[0], one[1], one[2]) for one in said]


def _row(statement_id: int, role: Role, entry: Entry) -> dict[str, Any]:
    return {
        "statement_id": statement_id,
        "source": entry.source,
        "role": role.value,
        "kind": entry.kind.value,
        "external_id": entry.id,
        "refs": list(entry.refs),
        "minor": entry.minor,
        "currency": entry.currency,
        "at": entry.at,
        "name": entry.name or None,
        "fee": entry.fee,
        "state": entry.state.value,
        "batch": entry.batch or None,
    }


def _entry(row: Any) -> Entry:
    return Entry(
        row.source,
        Kind(row.kind),
        row.external_id,
        tuple(row.refs),
        row.minor,
        row.currency,
        row.at,
        name=row.name or "",
        fee=row.fee,
        state=State(row.state),
        batch=row.batch or "",
    )


def _match(row: MatchRow, at: datetime) -> dict[str, Any]:
    names = ("digest", "check", "code", "difference", "currency", "order_id")
    said = {"here": list(row.here), "there": list(row.there), "terms": list(row.terms), "at": at}
    return {name: getattr(row, name) for name in names} | said


def _break(row: BreakRow, at: datetime) -> dict[str, Any]:
    names = ("digest", "kind", "check", "minor", "currency", "since", "case_id", "order_id")
    said = {"here": list(row.here), "there": list(row.there), "found_at": at, "status": "open"}
    return {name: getattr(row, name) for name in names} | said
