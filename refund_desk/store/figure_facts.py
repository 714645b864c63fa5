"""The history of cases as figures count it, read for many cases at once: one statement a subject."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, type_coerce

from refund_desk.domain.figure_parts import Approved, Difference, Happened, History, Payout, Second, Stopped
from refund_desk.domain.figures import Dimension
from refund_desk.domain.words import Who
from refund_desk.store.tables.base import Instant
from refund_desk.store.tables.cases import case_clock, case_event, intent_event, proposal, refund_case, refund_intent
from refund_desk.store.tables.facts import message, observation, personal, record
from refund_desk.store.tables.figures import quality_review
from refund_desk.store.tables.reconciliation import reconciliation_break

_c, _p, _k, _e, _i, _b = (
    one.c for one in (refund_case, proposal, case_clock, intent_event, refund_intent, reconciliation_break)
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SETTLED = type_coerce(func.coalesce(_p.verdict_at, _p.at), Instant)

_CASES = (
    select(_c.id, _c.order_id, _c.opened_at, _c.closed_at, _c.reason, _c.channel, _c.merchant_id, personal.c.country)
    .outerjoin(personal, personal.c.customer_id == _c.customer_id)
    .where(_c.id.in_(_IDS))
)
_APPROVED = (
    select(
        _p.case_id, _p.round, _p.decision, _SETTLED.label("at"), _p.person_id, _p.content, _p.amount_minor, _p.currency
    )
    .where(_p.case_id.in_(_IDS), _p.status == "approved")
    .order_by(_p.case_id, _p.number)
)
_CLOCKS = select(_k.case_id, _k.kind, _k.started_at, _k.stopped_at, _k.due_at).where(
    _k.case_id.in_(_IDS), _k.stopped_at.is_not(None)
)
_CONTACTS = (
    select(message.c.case_id, message.c.sent_at)
    .where(message.c.case_id.in_(_IDS), message.c.who == Who.CUSTOMER.value)
    .order_by(message.c.sent_at, message.c.id)
)
_REACHED = (
    select(_i.case_id, _i.id, _i.created_at, _i.amount_minor, _i.currency, _e.state, func.min(_e.at).label("at"))
    .join(intent_event, _e.intent_id == _i.id)
    .where(_i.case_id.in_(_IDS))
    .group_by(_i.case_id, _i.id, _i.created_at, _i.amount_minor, _i.currency, _e.state)
)
_EVENTS = (
    select(case_event.c.case_id, case_event.c.type, case_event.c.at, case_event.c.person_id, case_event.c.data)
    .where(case_event.c.case_id.in_(_IDS))
    .order_by(case_event.c.id)
)
_DIFFERENCES = select(_b.case_id, _b.kind, _b.found_at).where(_b.case_id.in_(_IDS), _b.status != "gone")
_SECONDS = select(quality_review.c.case_id, quality_review.c.reviewed_at, quality_review.c.agrees).where(
    quality_review.c.case_id.in_(_IDS), quality_review.c.reviewed_at.is_not(None)
)
_LINES = (
    select(record.c.order_id, observation.c.field, observation.c.value)
    .join(record, record.c.id == observation.c.record_id)
    .where(
        record.c.order_id.in_(_IDS),
        record.c.kind == "order_line",
        observation.c.current,
        observation.c.field.in_(("sku", "name", "perishable", "made_to_order")),
    )
)
PRODUCTS = ("perishable", "made_to_order", "ordinary")
"""What was bought, the first that one of the order's lines is; "" of an order without lines."""

By = Mapping[int, Sequence[Any]]


def histories(connection: Connection, case_ids: Sequence[int]) -> list[History]:
    """All that figures count of these cases."""
    rows = connection.execute(_CASES, {"ids": list(case_ids)}).all()
    parts = {
        "approved": _by(connection, _APPROVED, case_ids, _approved),
        "clocks": _by(connection, _CLOCKS, case_ids, lambda r: Stopped(r.kind, r.started_at, r.stopped_at, r.due_at)),
        "contacts": _by(connection, _CONTACTS, case_ids, lambda r: r.sent_at),
        "payouts": _payouts(connection, case_ids),
        "events": _by(connection, _EVENTS, case_ids, _happened),
        "seconds": _by(connection, _SECONDS, case_ids, lambda r: Second(r.reviewed_at, bool(r.agrees))),
        "differences": _by(connection, _DIFFERENCES, case_ids, lambda r: Difference(r.kind, r.found_at)),
    }
    bought = _products(connection, {row.order_id for row in rows})
    return [
        History(
            row.id,
            row.opened_at,
            row.closed_at,
            {
                Dimension.REASON: row.reason,
                Dimension.CHANNEL: row.channel or "",
                Dimension.REGION: row.country or "",
                Dimension.PRODUCT: bought.get(row.order_id, ""),
                Dimension.MERCHANT: str(row.merchant_id or ""),
            },
            **{name: found.get(row.id, ()) for name, found in parts.items()},
        )
        for row in rows
    ]


def _by(connection: Connection, query: Any, case_ids: Iterable[int], made: Any) -> By:
    out: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, {"ids": list(case_ids)}):
        out[row.case_id].append(made(row))
    return out


def _approved(row: Any) -> Approved:
    clause = (json.loads(row.content).get("clause") if row.content else None) or ""
    return Approved(row.round, row.decision, row.at, row.person_id, clause, row.amount_minor or 0, row.currency or "")


def _happened(row: Any) -> Happened:
    """An assignment goes from one person to another; a move names stages."""
    source, target = row.data.get("from"), row.data.get("to")
    way = (source, target) if isinstance(source, str) and isinstance(target, str) else None
    return Happened(row.type, row.at, way, row.person_id is None)


def _payouts(connection: Connection, case_ids: Iterable[int]) -> By:
    reached: dict[str, dict[str, datetime]] = defaultdict(dict)
    intents: dict[str, Any] = {}
    for row in connection.execute(_REACHED, {"ids": list(case_ids)}):
        intents[row.id] = row
        reached[row.id][row.state] = row.at
    out: dict[int, list[Payout]] = defaultdict(list)
    for number, row in intents.items():
        out[row.case_id].append(Payout(row.created_at, row.amount_minor, row.currency, reached[number]))
    return out


def _products(connection: Connection, orders: Iterable[int]) -> Mapping[int, str]:
    found: dict[int, set[str]] = defaultdict(set)
    for order, name, value in connection.execute(_LINES, {"ids": list(orders)}):
        found[order].add(name if name in PRODUCTS and value is True else "ordinary")
    return {order: next(one for one in PRODUCTS if one in kinds) for order, kinds in found.items()}
