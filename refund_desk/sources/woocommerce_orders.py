"""An order of WooCommerce in our words. It has one payment at most: that with which it was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from refund_desk.domain.requests import Buyer, Saying
from refund_desk.domain.sources import Item, OrderFacts, canonical, moment
from refund_desk.domain.words import RecordKind
from refund_desk.sources.reading import NEVER, Node, latest, plain_numbers

_STATES: Final[Mapping[str, str]] = {
    "pending": "unpaid",
    "on-hold": "unpaid",
    "checkout-draft": "unpaid",
    "processing": "paid",
    "refunded": "paid",
    "completed": "shipped",
}


def item_of(system: str, row: dict[str, Any], refunds: Sequence[dict[str, Any]], mark: str) -> Item:
    """An order with its refunds."""
    node = Node({"order": row, "refunds": list(refunds)})
    reading = _Order(system, node)
    sayings = reading.sayings()
    facts = OrderFacts(reading.number, reading.currency, tuple(sayings), reading.buyer())
    what = None if node.problems else facts
    raw = canonical(plain_numbers(node.value))
    return Item(str(row["id"]), raw, what, reading.as_of, reading.made, mark, tuple(node.problems))


def gmt(node: Node) -> datetime | None:
    """A time that is GMT and doesn't say so."""
    text = node.words(40)
    if text is None:
        return None
    try:
        return moment(f"{text}+00:00") if not text.endswith("Z") else moment(text)
    except ValueError:
        node.time()  # says what is wrong, at its place
        return NEVER.astimezone(UTC)


class _Order:
    """One order being read."""

    def __init__(self, system: str, node: Node) -> None:
        self.system, self.node = system, node["order"]
        self.number, self.currency = self.node["number"].id(), self.node["currency"].currency()
        self.refunds = list(node["refunds"].each())
        self.made = gmt(self.node["date_created_gmt"]) or self.node["date_created_gmt"].time()
        self.paid_at = gmt(self.node["date_paid_gmt"])
        times = [gmt(refund["date_created_gmt"]) for refund in self.refunds]
        self.as_of = latest(self.made, gmt(self.node["date_modified_gmt"]), self.paid_at, *times) or self.made

    def _said(
        self, node: Node, kind: RecordKind, id: str, fields: Mapping[str, Any], parent: int | None = None
    ) -> Saying:
        said = {name: value for name, value in fields.items() if value is not None}
        currency = self.currency if kind in (RecordKind.ORDER, RecordKind.PAYMENT) else None
        return Saying(node.path, self.system, kind, id, self.number, self.as_of, said, parent, currency)

    def _major(self, node: Node) -> int:
        return node.major(self.currency)

    def sayings(self) -> list[Saying]:
        node = self.node
        paid = self._major(node["total"]) if self.paid_at else 0
        back = sum(self._major(one["amount"]) for one in self.refunds)
        state = node["status"].text()
        fields = {
            "placed_at": self.made,
            "status": _STATES.get(state, state),
            "currency": self.currency,
            "paid": paid,
            "refunded": back,
            "shipping": self._major(node["shipping_total"]),
            "tax": self._major(node["total_tax"]),
        }
        out = [self._said(node, RecordKind.ORDER, self.number, fields)]
        out += [self._line(line) for line in node["line_items"].each()]
        if not self.paid_at:
            return out
        place = len(out)
        out.append(self._payment(paid, back))
        return out + [self._refund(one, place) for one in self.refunds]

    def _line(self, node: Node) -> Saying:
        """Its subtotal is before, its total after discounts; a unit costs what a part of the subtotal is."""
        units, before = node["quantity"].whole(), self._major(node["subtotal"])
        price = -(-before // units) if units else 0
        fields = {
            "sku": node["sku"].words(400),
            "name": node["name"].text(1000),
            "quantity": units,
            "unit_price": price,
            "discount": units * price - self._major(node["total"]),
        }
        return self._said(node, RecordKind.ORDER_LINE, node["id"].id(), fields, 0)

    def _payment(self, paid: int, back: int) -> Saying:
        node = self.node
        fields = {
            "method": node["payment_method"].words(200),
            "status": "captured" if not back else "refunded" if back >= paid else "partially_refunded",
            "currency": self.currency,
            "captured": paid,
            "refunded": back,
            "captured_at": self.paid_at,
        }
        number = node["transaction_id"].words(400) or f"{self.system}-payment-{node['id'].id()}"
        return self._said(node, RecordKind.PAYMENT, number, fields)

    def _refund(self, node: Node, parent: int) -> Saying:
        """It is there once the gateway, where it was asked, has said yes."""
        fields = {
            "amount": self._major(node["amount"]),
            "status": "succeeded",
            "created_at": gmt(node["date_created_gmt"]),
            "reason": node["reason"].words(2000),
        }
        return self._said(node, RecordKind.REFUND, f"{self.system}-refund-{node['id'].id()}", fields, parent)

    def buyer(self) -> Buyer | None:
        """A guest has the number 0: then it is the mail that tells them apart."""
        who, to = self.node["billing"], self.node.maybe("shipping")
        email, number = who.maybe("email").words(400), self.node["customer_id"].whole()
        id = str(number) if number else email
        if not id:
            return None
        names = [who.maybe(n).words(200) or to.maybe(n).words(200) for n in ("first_name", "last_name")]
        parts = [
            to.maybe(n).words(400) or who.maybe(n).words(400)
            for n in ("address_1", "address_2", "postcode", "city", "state")
        ]
        country = (to.maybe("country").words(10) or who.maybe("country").words(10) or "").upper()
        return Buyer(
            self.system,
            id,
            " ".join(name for name in names if name) or None,
            email,
            who.maybe("phone").words(100),
            ", ".join(part for part in parts if part) or None,
            country if len(country) == 2 else None,
        )
