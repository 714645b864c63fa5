"""An order, a return and a claim of Medusa in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from refund_desk.domain.requests import Asked, Buyer, RequestRecord, Saying, Wanted
from refund_desk.domain.sources import Item, OrderFacts, canonical
from refund_desk.domain.words import Reason, RecordKind, RequestKind
from refund_desk.sources.reading import Node, latest, plain_numbers

_REASONS: Final[tuple[tuple[str, Reason], ...]] = (
    ("missing", Reason.MISSING_ITEM),
    ("wrong", Reason.WRONG_ITEM),
    ("production_failure", Reason.DEFECTIVE),
    ("defect", Reason.DEFECTIVE),
    ("damage", Reason.DAMAGED),
    ("broken", Reason.DAMAGED),
    ("describ", Reason.NOT_AS_DESCRIBED),
    ("late", Reason.LATE),
    ("mistake", Reason.ORDERED_BY_MISTAKE),
    ("size", Reason.CHANGED_MIND),
    ("mind", Reason.CHANGED_MIND),
)
"""A merchant names reasons as they like: the first that is in the name is meant."""


def _number(prefix: str, node: Node) -> str:
    return f"{prefix}{node['display_id'].id()}"


def _buyer(system: str, order: Node) -> Buyer | None:
    """The customer; of a guest, what the order says of them."""
    who, email = order.maybe("customer"), order.maybe("email").words(400)
    id = who["id"].id() if who.has else email
    if not id:
        return None
    to = order.maybe("shipping_address")
    names = [who.maybe(n).words(200) or to.maybe(n).words(200) for n in ("first_name", "last_name")]
    parts = [to.maybe(n).words(400) for n in ("address_1", "address_2", "postal_code", "city", "province")]
    country = (to.maybe("country_code").words(10) or "").upper()
    return Buyer(
        system,
        id,
        " ".join(name for name in names if name) or None,
        who.maybe("email").words(400) or email,
        who.maybe("phone").words(100) or to.maybe("phone").words(100),
        ", ".join(part for part in parts if part) or None,
        country if len(country) == 2 else None,
    )


def order_item(system: str, prefix: str, row: dict[str, Any]) -> Item:
    """An order with everything that hangs on it."""
    node = Node(row)
    reading = _Order(system, prefix, node)
    sayings = reading.sayings()
    made = node["created_at"].time()
    facts = OrderFacts(reading.number, reading.currency, tuple(sayings), _buyer(system, node))
    what = None if node.problems else facts
    return Item(row["id"], canonical(plain_numbers(row)), what, reading.as_of, made, None, tuple(node.problems))


class _Order:
    """One order being read."""

    def __init__(self, system: str, prefix: str, node: Node) -> None:
        self.system, self.node = system, node
        self.number, self.currency = _number(prefix, node), node["currency_code"].currency()
        self.payments = [p for c in node["payment_collections"].each() for p in c["payments"].each()]
        self.parcels = list(node["fulfillments"].each())
        self.as_of = self._changed_at()

    def _changed_at(self) -> datetime:
        things = [self.node, *self.payments, *self.parcels, *self.node["items"].each()]
        things += [one for p in self.payments for part in ("captures", "refunds") for one in p[part].each()]
        times = [thing.maybe(name).when() for thing in things for name in ("updated_at", "created_at")]
        return latest(*times) or self.node["created_at"].time()

    def _said(
        self, node: Node, kind: RecordKind, id: str, fields: Mapping[str, Any], parent: int | None = None
    ) -> Saying:
        said = {name: value for name, value in fields.items() if value is not None}
        currency = self.currency if kind in (RecordKind.ORDER, RecordKind.PAYMENT) else None
        return Saying(node.path, self.system, kind, id, self.number, self.as_of, said, parent, currency)

    def _captured(self, payment: Node) -> int:
        return sum(one["amount"].major(self.currency) for one in payment["captures"].each())

    def _back(self, payment: Node) -> int:
        return sum(one["amount"].major(self.currency) for one in payment["refunds"].each())

    def sayings(self) -> list[Saying]:
        node = self.node
        fields = {
            "placed_at": node["created_at"].time(),
            "status": {"canceled": "cancelled"}.get(word := node["status"].text(), word),
            "currency": self.currency,
            "paid": sum(map(self._captured, self.payments)),
            "refunded": sum(map(self._back, self.payments)),
            "shipping": node["shipping_total"].major(self.currency),
            "tax": 0,
        }
        out = [self._said(node, RecordKind.ORDER, self.number, fields)]
        for item in node["items"].each():
            units, price = item["quantity"].whole(), item["unit_price"].major(self.currency)
            off = item.maybe("discount_total")
            line = {
                "sku": item.maybe("variant_sku").words(400),
                "name": item.maybe("product_title").words(1000) or item["title"].text(1000),
                "quantity": units,
                "unit_price": price,
                "discount": off.major(self.currency) if off.has else 0,
            }
            out.append(self._said(item, RecordKind.ORDER_LINE, item["id"].id(), line, 0))
        for payment in self.payments:
            out += self._payment(payment, len(out))
        return out + [self._parcel(parcel) for parcel in self.parcels]

    def _payment(self, node: Node, place: int) -> list[Saying]:
        captured, back = self._captured(node), self._back(node)
        status = "captured" if captured else "authorised"
        if node.maybe("canceled_at").has:
            status = "cancelled"
        elif back:
            status = "refunded" if back >= captured else "partially_refunded"
        times = [one.maybe("created_at").when() for one in node["captures"].each()]
        fields = {
            "method": node["provider_id"].text(200).removeprefix("pp_"),
            "status": status,
            "currency": self.currency,
            "captured": captured,
            "refunded": back,
            "captured_at": latest(*times),
        }
        out = [self._said(node, RecordKind.PAYMENT, node["id"].id(), fields)]
        for refund in node["refunds"].each():
            reason = refund.maybe("refund_reason").maybe("label").words(400) or refund.maybe("note").words(2000)
            said = {
                "amount": refund["amount"].major(self.currency),
                "status": "succeeded",  # it is there once the provider has said yes
                "created_at": refund["created_at"].time(),
                "reason": reason,
                "reference": refund["id"].id(),
            }
            out.append(self._said(refund, RecordKind.REFUND, refund["id"].id(), said, place))
        return out

    def _parcel(self, node: Node) -> Saying:
        states = ("canceled_at", "delivered_at", "shipped_at")
        reached = next((name for name in states if node.maybe(name).has), "created_at")
        words = {"canceled_at": "cancelled", "delivered_at": "delivered", "shipped_at": "shipped"}
        labels = (label.maybe("tracking_number").words(400) for label in node.maybe("labels").each())
        fields = {
            "carrier": node.maybe("provider_id").words(400),
            "tracking": next((number for number in labels if number), None),
            "status": words.get(reached, "created"),
            "shipped_at": node.maybe("shipped_at").when(),
            "delivered_at": node.maybe("delivered_at").when(),
        }
        return self._said(node, RecordKind.SHIPMENT, node["id"].id(), fields)


# ---------------------------------------------------------------- returns and claims


def request_item(system: str, prefix: str, stream: str, row: dict[str, Any]) -> Item:
    """A return (goods first) or a claim as what the customer asks."""
    node = Node(row)
    order, made = node["order"], node["created_at"].time()
    number, currency = _number(prefix, order), order["currency_code"].currency()
    as_of = latest(node["updated_at"].when(), made) or made
    items = list(node["items" if stream == "returns" else "claim_items"].each())
    wanted = tuple(_wanted(item) for item in items)
    reason, words = _reason(items)
    amount = node.maybe("refund_amount")
    replace = stream == "claims" and node["type"].text() == "replace"
    kinds = {"returns": RequestKind.RETURN_FIRST, "claims": RequestKind.REFUND_ONLY}
    notes = [note for item in items if (note := item.maybe("note").words(2000))]
    asked = Asked(
        system=system,
        id=row["id"],
        order=number,
        kind=RequestKind.SEND_AGAIN if replace else kinds[stream],
        reason=reason,
        reason_text=words,
        text="\n".join(notes) or None,
        created_at=made,
        amount_minor=amount.major(currency) if amount.has else None,
        currency=currency,
        lines=wanted,
        language="en",
        channel="shop",
        want=None,
    )
    sayings = [_goods(system, number, node, as_of)] if stream == "returns" else []
    record = RequestRecord(asked, _buyer(system, order), None, tuple(sayings), (), (), canonical(plain_numbers(row)))
    # Opened in the administration and not filled in yet: nobody has asked for anything.
    what: Any = record if items else OrderFacts(number, currency, tuple(sayings))
    what = None if node.problems else what
    return Item(row["id"], canonical(plain_numbers(row)), what, as_of, made, None, tuple(node.problems))


def _wanted(item: Node) -> Wanted:
    units = item["quantity"].whole(1)
    return Wanted(item["item_id"].id(), units, tuple(range(1, min(units, 10_000) + 1)))


def _reason(items: list[Node]) -> tuple[Reason, str | None]:
    """The first reason that we have a word for; what the merchant calls it stands beside."""
    named: list[str] = []
    for item in items:
        reason = item.maybe("reason")
        if isinstance(reason.value, str):
            named.append(reason.value)
        elif reason.has:
            named += [text for key in ("value", "label") if (text := reason.maybe(key).words(400))]
    for text in named:
        for part, meant in _REASONS:
            if part in text.lower():
                return meant, named[-1]
    return Reason.OTHER, named[-1] if named else None


def _goods(system: str, order: str, node: Node, as_of: datetime) -> Saying:
    fields = {"status": node["status"].text(), "received_at": node.maybe("received_at").when()}
    said = {name: value for name, value in fields.items() if value is not None}
    return Saying(node.path, system, RecordKind.RETURN, node["id"].id(), order, as_of, said)
