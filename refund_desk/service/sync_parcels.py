"""Whose a parcel is: the order it names, else the one order that has its tracking number."""

from __future__ import annotations

from typing import Any

from refund_desk.domain.requests import Problem, Saying
from refund_desk.domain.sources import Item, OrderFacts, Tracked
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports import Work


def place(work: Work, system: str, item: Item, parcel: Tracked) -> OrderFacts | Problem | None:
    """What it says of its order; a Problem where nobody can say which is meant; None: no order has it yet."""
    numbers = work.sources.orders_named([parcel.order]) if parcel.order else work.sources.orders_of(parcel.tracking)
    if not numbers:
        return None
    if len(numbers) > 1:
        return Problem("tracking", "parcel.several_orders", {"orders": numbers[:5]})
    order = work.facts.order_by_number(numbers[0])
    assert order is not None
    fields: dict[str, Any] = {"tracking": parcel.tracking, "carrier": parcel.carrier, "status": parcel.status}
    fields |= {"shipped_at": parcel.shipped_at, "delivered_at": parcel.delivered_at}
    said = {name: value for name, value in fields.items() if value is not None}
    at = item.as_of or parcel.as_of
    saying = Saying("", system, RecordKind.SHIPMENT, item.id, order.number, at, said)
    return OrderFacts(order.number, order.currency, (saying,))
