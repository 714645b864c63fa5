"""An order of Vendure in our words: the queries for it, what it says, and what shows that it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from refund_desk.domain.evidence import path_problem
from refund_desk.domain.requests import Buyer, Letter, Problem, Proof, Saying
from refund_desk.domain.sources import Item, OrderFacts, canonical, moment
from refund_desk.domain.words import EvidenceKind, RecordKind, Who
from refund_desk.sources.plain import from_html
from refund_desk.sources.reading import Node, latest

_HISTORY: Final = "history(options:{take:500,sort:{createdAt:ASC}}){totalItems items{id type createdAt updatedAt %s}}"
_WHOLE: Final = """
query($o:OrderListOptions){orders(options:$o){items{
  id code state updatedAt orderPlacedAt currencyCode shippingWithTax totalWithTax
  customer{id firstName lastName emailAddress phoneNumber updatedAt}
  shippingAddress{fullName streetLine1 streetLine2 city province postalCode countryCode phoneNumber}
  lines{id quantity orderPlacedQuantity unitPriceWithTax proratedUnitPriceWithTax discountedUnitPriceWithTax
    productVariant{sku name}}
  payments{id createdAt updatedAt method state amount transactionId metadata
    refunds{id createdAt updatedAt state total reason transactionId}}
  fulfillments{id createdAt updatedAt state method trackingCode}
  HISTORY EVIDENCE
}}}
"""
_LIGHT: Final = """
query($o:OrderListOptions){orders(options:$o){items{
  id state updatedAt orderPlacedAt
  customer{id updatedAt}
  payments{id updatedAt state refunds{id updatedAt state transactionId}}
  fulfillments{id updatedAt state trackingCode}
  HISTORY EVIDENCE
}}}
"""
_STATES: Final[Mapping[str, str]] = {
    "PaymentAuthorized": "authorised",
    "PaymentSettled": "paid",
    "ArrangingPayment": "unpaid",
    "ArrangingAdditionalPayment": "unpaid",
    "PartiallyShipped": "partially_shipped",
    "PartiallyDelivered": "partially_delivered",
}
_PAYMENT: Final[Mapping[str, str]] = {
    "Created": "pending",
    "Authorized": "authorised",
    "Settled": "captured",
    "Declined": "failed",
    "Error": "failed",
    "Cancelled": "cancelled",
}
_REFUND: Final[Mapping[str, str]] = {"Pending": "pending", "Settled": "succeeded", "Failed": "failed"}


def full_query(evidence: str | None) -> str:
    """Orders whole. evidence: the custom field with pictures; its name has been checked."""
    pictures = f"customFields{{{evidence}{{id name source}}}}" if evidence else ""
    return _WHOLE.replace("HISTORY", _HISTORY % "isPublic data").replace("EVIDENCE", pictures)


def light_query(evidence: str | None) -> str:
    """As little of orders as shows whether they changed."""
    pictures = f"customFields{{{evidence}{{id}}}}" if evidence else ""
    return _LIGHT.replace("HISTORY", _HISTORY % "").replace("EVIDENCE", pictures)


def mark_of(row: Any) -> str:
    """Of what both queries give. Anything odd in it is a change, too."""

    def few(value: Any, names: str) -> Any:
        return [value.get(name) for name in names.split()] if isinstance(value, dict) else None

    def many(values: Any, names: str) -> Any:
        return sorted(map(str, (few(value, names) for value in values))) if isinstance(values, list) else None

    payments = row.get("payments") or []
    history = row.get("history") or {}
    fields = row.get("customFields") or {}
    said = [
        few(row, "state updatedAt"),
        few(row.get("customer"), "id updatedAt"),
        many(payments, "id updatedAt state"),
        [many(p.get("refunds"), "id updatedAt state transactionId") for p in payments if isinstance(p, dict)],
        many(row.get("fulfillments"), "id updatedAt state trackingCode"),
        many(history.get("items"), "id updatedAt") if isinstance(history, dict) else None,
        [many(pictures, "id") for pictures in fields.values()] if isinstance(fields, dict) else None,
    ]
    return hashlib.sha256(canonical(said)).hexdigest()[:32]


def item_of(system: str, row: Any, evidence: str | None) -> tuple[Item, dict[str, str]]:
    """An order as a record, and where its pictures are."""
    node = Node(row)
    order = _Order(system, node)
    times = [order.changed_at(), _moment(row.get("orderPlacedAt"))]
    facts = order.facts()
    proofs, files = _pictures(node, evidence)
    if facts is not None and proofs:
        facts = OrderFacts(facts.order, facts.currency, facts.sayings, facts.buyer, facts.letters, tuple(proofs))
    what = None if node.problems else facts
    problems = tuple(node.problems) or (() if what else (Problem("", "record.unreadable"),))
    item = Item(str(row["id"]), canonical(row), what, latest(*times), times[1], mark_of(row), problems)
    return item, files


def _moment(value: Any) -> datetime | None:
    try:
        return moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _pictures(node: Node, evidence: str | None) -> tuple[list[Proof], dict[str, str]]:
    proofs, files = [], {}
    for picture in node["customFields"][evidence].each() if evidence else ():
        name = picture["name"].text(300).replace("/", "_").replace("\\", "_").replace(":", "_")
        file = f"evidence/{picture['id'].id()}-{name.strip(' .')}"
        url = picture["source"].text(2000)
        if path_problem(file) is None:
            proofs.append(Proof(file, name, EvidenceKind.PHOTO, Who.CUSTOMER, None))
            files[file] = url
    return proofs, files


def payment_number(system: str, payment: Node) -> str:
    """The gateway's number of a payment, so that both speak of one; the shop's own where there is none."""
    return payment["transactionId"].words(400) or f"{system}-payment-{payment['id'].id()}"


def refund_number(system: str, refund: Node) -> str:
    """The shop's own: the gateway's comes later, and a refund must not become two."""
    return f"{system}-refund-{refund['id'].id()}"


class _Order:
    """One order being read."""

    def __init__(self, system: str, node: Node) -> None:
        self.system, self.node = system, node
        self.entries = list(node["history"]["items"].each())
        self.moves: dict[tuple[str, str, str], datetime] = {}
        for entry in self.entries:
            self._note_move(entry)

    def _note_move(self, entry: Node) -> None:
        """When something came to a state: the only place where it says so. Ids are numbers in there."""
        kind, data = entry["type"].text(), entry["data"]
        names = {"ORDER_FULFILLMENT_TRANSITION": "fulfillmentId", "ORDER_PAYMENT_TRANSITION": "paymentId"}
        if kind in names and data.maybe(names[kind]).has:
            key = (kind, data[names[kind]].id(), data["to"].text())
            self.moves[key] = entry["createdAt"].time()

    def _moved(self, kind: str, id: str, to: str) -> datetime | None:
        return self.moves.get((kind, id, to))

    def changed_at(self) -> datetime | None:
        """The last time that anything of it was touched, as far as it says."""
        row = self.node.value
        times = [_moment(row.get("updatedAt"))]
        payments = [p for p in row.get("payments") or [] if isinstance(p, dict)]
        things = [*payments, *(r for p in payments for r in p.get("refunds") or [])]
        things += [*(row.get("fulfillments") or []), *(entry.value for entry in self.entries), row.get("customer")]
        times += [_moment(thing.get("updatedAt")) for thing in things if isinstance(thing, dict)]
        return latest(*times)

    def facts(self) -> OrderFacts | None:
        node = self.node
        code, currency = node["code"].text(200), node["currencyCode"].currency()
        self.code, self.as_of = code, self.changed_at() or node["orderPlacedAt"].time()
        self.sayings: list[Saying] = []
        self._order(currency)
        self._lines()
        for payment in node["payments"].each():
            self._payment(payment, currency)
        for parcel in node["fulfillments"].each():
            self._parcel(parcel)
        return OrderFacts(code, currency, tuple(self.sayings), self._buyer(), tuple(self._letters()))

    def _say(
        self,
        node: Node,
        kind: RecordKind,
        id: str,
        fields: Mapping[str, Any],
        parent: int | None = None,
        currency: str | None = None,
    ) -> None:
        said = {name: value for name, value in fields.items() if value is not None}
        saying = Saying(node.path, self.system, kind, id, self.code, self.as_of, said, parent, currency)
        self.sayings.append(saying)

    def _order(self, currency: str) -> None:
        node = self.node
        payments = list(node["payments"].each())
        settled = [p["amount"].minor() for p in payments if p["state"].text() == "Settled"]
        back = [r["total"].minor() for p in payments for r in p["refunds"].each() if r["state"].text() != "Failed"]
        lines = list(node["lines"].each())
        spread = sum(
            _units(line) * (line["discountedUnitPriceWithTax"].minor(-_MOST) - line["proratedUnitPriceWithTax"].minor())
            for line in lines
        )
        fields = {
            "placed_at": node["orderPlacedAt"].time(),
            "status": _word(_STATES, node["state"].text()),
            "currency": currency,
            "total": sum(_units(line) * line["discountedUnitPriceWithTax"].minor(-_MOST) for line in lines),
            "paid": sum(settled),
            "refunded": sum(back),
            "shipping": node["shippingWithTax"].minor(),
            "discount": spread,
            "tax": 0,
        }
        self._say(node, RecordKind.ORDER, self.code, fields, None, currency)

    def _lines(self) -> None:
        """What was bought: a cancelled unit was bought, too, and paid; what was given back for it is a refund."""
        for line in self.node["lines"].each():
            units, price = _units(line), line["unitPriceWithTax"].minor()
            fields = {
                "sku": line["productVariant"]["sku"].words(400),
                "name": line["productVariant"]["name"].text(1000),
                "quantity": units,
                "unit_price": price,
                "discount": units * (price - line["discountedUnitPriceWithTax"].minor(-_MOST)),
                "paid": units * line["proratedUnitPriceWithTax"].minor(),
            }
            self._say(line, RecordKind.ORDER_LINE, line["id"].id(), fields, 0)

    def _payment(self, node: Node, currency: str) -> None:
        """As the shop has it, under the gateway's number: what the gateway says of it stands beside."""
        id, amount, state = node["id"].id(), node["amount"].minor(), node["state"].text()
        refunds = list(node["refunds"].each())
        back = sum(r["total"].minor() for r in refunds if r["state"].text() != "Failed")
        last = node.maybe("metadata").maybe("public").maybe("last4").words(8)
        fields = {
            "method": node["method"].text(200),
            "account_hint": f"*{last}" if last else None,
            "status": _word(_PAYMENT, state),
            "currency": currency,
            "captured": amount if state == "Settled" else 0,
            "refunded": back,
            "captured_at": self._captured_at(node, id, state),
        }
        place = len(self.sayings)
        self._say(node, RecordKind.PAYMENT, payment_number(self.system, node), fields, None, currency)
        for refund in refunds:
            said = {
                "amount": refund["total"].minor(),
                "status": _word(_REFUND, refund["state"].text()),
                "created_at": refund["createdAt"].time(),
                "reason": refund["reason"].words(2000),
                "reference": refund["transactionId"].words(400),
            }
            self._say(refund, RecordKind.REFUND, refund_number(self.system, refund), said, place, currency)

    def _captured_at(self, node: Node, id: str, state: str) -> datetime | None:
        if state != "Settled":
            return None
        return self._moved("ORDER_PAYMENT_TRANSITION", id, "Settled") or node["createdAt"].time()

    def _parcel(self, node: Node) -> None:
        id, state = node["id"].id(), node["state"].text()
        fields = {
            "carrier": node["method"].words(400),
            "tracking": node["trackingCode"].words(400),
            "status": _word({}, state),
            "shipped_at": self._moved("ORDER_FULFILLMENT_TRANSITION", id, "Shipped"),
            "delivered_at": self._moved("ORDER_FULFILLMENT_TRANSITION", id, "Delivered"),
        }
        self._say(node, RecordKind.SHIPMENT, f"{self.system}-shipment-{id}", fields)

    def _buyer(self) -> Buyer | None:
        node = self.node["customer"]
        if not node.has:
            return None
        names = (node["firstName"].words(200), node["lastName"].words(200))
        to = self.node["shippingAddress"]
        street = [
            to.maybe(part).words(400) for part in ("streetLine1", "streetLine2", "postalCode", "city", "province")
        ]
        country = to.maybe("countryCode").words(10)
        return Buyer(
            self.system,
            node["id"].id(),
            " ".join(name for name in names if name) or to.maybe("fullName").words(400),
            node["emailAddress"].words(400),
            node["phoneNumber"].words(100) or to.maybe("phoneNumber").words(100),
            ", ".join(part for part in street if part) or None,
            country if country and len(country) == 2 and country.isupper() else None,
        )

    def _letters(self) -> list[Letter]:
        """Notes; one that the customer can see is a message to them."""
        out = []
        for entry in self.entries:
            if entry["type"].text() != "ORDER_NOTE":
                continue
            text = entry["data"]["note"].words(20_000)
            if text is None:
                continue
            public = entry["isPublic"].flag()
            out.append(
                Letter(
                    source=self.system,
                    id=f"note-{entry['id'].id()}",
                    direction="out" if public else "note",
                    channel="shop",
                    who=Who.AGENT,
                    name=None,
                    sent_at=entry["createdAt"].time(),
                    text=from_html(text) if "<" in text else text,
                    language=None,
                    attachments=(),
                    promise=None,
                )
            )
        return out


_MOST: Final = 2**53
"""Discounts can make a price negative, in a shop that is set up so: then it is told as what it is."""


def _units(line: Node) -> int:
    return max(line["quantity"].whole(), line["orderPlacedQuantity"].whole())


def _word(known: Mapping[str, str], state: str) -> str:
    """The desk's word for a state where it has one, else the system's own, written like one."""
    if state in known:
        return known[state]
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in state).lstrip("_")[:100]
