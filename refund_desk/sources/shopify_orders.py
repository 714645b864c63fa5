"""An order of Shopify in our words: what was captured by its transactions, given back by its refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from refund_desk.domain.requests import Buyer, Saying
from refund_desk.domain.sources import Item, OrderFacts, canonical
from refund_desk.domain.words import RecordKind
from refund_desk.sources.reading import Node, plain_numbers

_PAID: Final[Mapping[str, str]] = {
    "pending": "unpaid",
    "authorized": "authorised",
    "partially_paid": "partially_paid",
    "paid": "paid",
    "partially_refunded": "paid",
    "refunded": "paid",
    "voided": "cancelled",
}
_SENT: Final[Mapping[str, str]] = {"fulfilled": "shipped", "partial": "partially_shipped"}
_DONE: Final[Mapping[str, str]] = {
    "success": "succeeded",
    "pending": "pending",
    "failure": "failed",
    "error": "failed",
}
_TAKES: Final = frozenset({"sale", "capture"})


def item_of(system: str, row: dict[str, Any], transactions: Sequence[dict[str, Any]]) -> Item:
    """An order with everything that hangs on it."""
    node = Node({"order": row, "transactions": list(transactions)})
    reading = _Order(system, node)
    sayings = reading.sayings()
    facts = OrderFacts(reading.number, reading.currency, tuple(sayings), reading.buyer())
    made, raw = node["order"]["created_at"].time(), canonical(plain_numbers(node.value))
    mark = str(row.get("updated_at"))
    what = None if node.problems else facts
    return Item(str(row["id"]), raw, what, reading.as_of, made, mark, tuple(node.problems))


class _Order:
    """One order being read."""

    def __init__(self, system: str, node: Node) -> None:
        self.system, self.node = system, node["order"]
        self.number, self.currency = self.node["name"].text(200), self.node["currency"].currency()
        self.taken = list(node["transactions"].each())
        self.back = [(r, t) for r in self.node["refunds"].each() for t in r["transactions"].each()]
        self.as_of = self.node["updated_at"].time()
        self.places: dict[str, int] = {}

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
        ships = [one["price"] for one in node["shipping_lines"].each()]
        fields = {
            "placed_at": node["created_at"].time(),
            "status": self._status(),
            "currency": self.currency,
            "paid": sum(self._major(one["amount"]) for one in self.taken if _took(one)),
            "refunded": sum(self._major(one["amount"]) for _, one in self.back if _gave(one)),
            "shipping": sum(map(self._major, ships)),
            "tax": 0 if node["taxes_included"].flag() else self._major(node["total_tax"]),
        }
        out = [self._said(node, RecordKind.ORDER, self.number, fields)]
        out += [self._line(line) for line in node["line_items"].each()]
        for one in self.taken:
            if one["kind"].text() in _TAKES:
                self._payment(one, out)
        for refund, given in self.back:
            out.append(self._refund(refund, given))
        return out + [self._parcel(parcel) for parcel in node["fulfillments"].each()]

    def _status(self) -> str:
        if self.node["cancelled_at"].has:
            return "cancelled"
        sent = _SENT.get(self.node["fulfillment_status"].words(40) or "")
        word = self.node["financial_status"].words(40) or "pending"
        return sent or _PAID.get(word, word)

    def _line(self, node: Node) -> Saying:
        units, price = node["quantity"].whole(), self._major(node["price"])
        off = sum(self._major(one["amount"]) for one in node.maybe("discount_allocations").each())
        fields = {
            "sku": node.maybe("sku").words(400),
            "name": node.maybe("name").words(1000) or node["title"].text(1000),
            "quantity": units,
            "unit_price": price,
            "discount": off,
        }
        return self._said(node, RecordKind.ORDER_LINE, node["id"].id(), fields, 0)

    def _payment(self, node: Node, out: list[Saying]) -> None:
        id, amount = node["id"].id(), self._major(node["amount"])
        mine = [given for _, given in self.back if given.maybe("parent_id").value == node.value.get("id")]
        back = sum(self._major(given["amount"]) for given in mine if _gave(given))
        took = _took(node)
        status = "failed" if node["status"].text() in ("failure", "error") else "captured" if took else "pending"
        if took and back:
            status = "refunded" if back >= amount else "partially_refunded"
        last = (node.maybe("payment_details").maybe("credit_card_number").words(40) or "")[-4:]
        fields = {
            "method": node["gateway"].text(200),
            "account_hint": f"*{last}" if last.isdigit() else None,
            "status": status,
            "currency": self.currency,
            "captured": amount if took else 0,
            "refunded": back,
            "captured_at": node["created_at"].time() if took else None,
        }
        self.places[id] = len(out)
        number = node.maybe("authorization").words(400) or f"{self.system}-payment-{id}"
        out.append(self._said(node, RecordKind.PAYMENT, number, fields))

    def _refund(self, refund: Node, given: Node) -> Saying:
        """Of a refund each transaction is one; its own id, for the gateway's may come later."""
        fields = {
            "amount": self._major(given["amount"]),
            "status": _DONE.get(given["status"].text(), "pending"),
            "created_at": refund["created_at"].time(),
            "reason": refund["note"].words(2000),
            "reference": given.maybe("authorization").words(400),
        }
        parent = self.places.get(str(given.maybe("parent_id").value))
        return self._said(given, RecordKind.REFUND, f"{self.system}-refund-{given['id'].id()}", fields, parent)

    def _parcel(self, node: Node) -> Saying:
        reached = node.maybe("shipment_status").words(40)
        state = node["status"].text()
        delivered = reached == "delivered"
        fields = {
            "carrier": node["tracking_company"].words(400),
            "tracking": node["tracking_number"].words(400),
            "status": reached or {"success": "shipped", "cancelled": "cancelled"}.get(state, state),
            "shipped_at": node["created_at"].time() if state == "success" else None,
            "delivered_at": node["updated_at"].when() if delivered else None,
        }
        return self._said(node, RecordKind.SHIPMENT, f"{self.system}-shipment-{node['id'].id()}", fields)

    def buyer(self) -> Buyer | None:
        who, email = self.node.maybe("customer"), self.node.maybe("email").words(400)
        id = who["id"].id() if who.has else email
        if not id:
            return None
        to = self.node.maybe("shipping_address")
        names = [who.maybe(n).words(200) or to.maybe(n).words(200) for n in ("first_name", "last_name")]
        parts = [to.maybe(n).words(400) for n in ("address1", "address2", "zip", "city", "province")]
        country = (to.maybe("country_code").words(10) or "").upper()
        return Buyer(
            self.system,
            id,
            " ".join(name for name in names if name) or None,
            who.maybe("email").words(400) or email,
            who.maybe("phone").words(100) or to.maybe("phone").words(100),
            ", ".join(part for part in parts if part) or None,
            country if len(country) == 2 else None,
        )


def _took(node: Node) -> bool:
    """Whether a transaction is money that was taken."""
    return node["kind"].text() in _TAKES and node["status"].text() == "success"


def _gave(node: Node) -> bool:
    """Whether a transaction of a refund is money given back or on its way."""
    return node["kind"].text() == "refund" and _DONE.get(node["status"].text(), "pending") != "failed"
