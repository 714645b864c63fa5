"""A shop that answers like Vendure's admin API: sign-in, lists with options, errors with status 200.

As measured on the real one: `after` gives its boundary again, nothing but a cancelled line moves
`updatedAt`, ids are strings, and numbers inside history.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.faulty import Asked, Said, said

USER, PASSWORD, TOKEN = "desk", "shop-pässword-1", "session-token-of-the-shop"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
_LIGHT = (
    "id",
    "state",
    "updatedAt",
    "orderPlacedAt",
    "customer",
    "payments",
    "fulfillments",
    "history",
    "customFields",
)


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def order(number: int, placed: datetime, refunded: int = 0, note: str | None = None) -> dict[str, Any]:
    """A paid order of two lines. refunded: what was given back of it, settled; nothing else of it moves with that."""
    changed = placed + timedelta(minutes=1)
    refunds = []
    if refunded:
        at = text(changed + timedelta(minutes=refunded % 50 + 1))
        refunds.append(
            {"id": f"{number}", "createdAt": at, "updatedAt": at, "state": "Settled", "total": refunded}
            | {"reason": "Damaged", "transactionId": f"re_{number}"}
        )
    history: list[dict[str, Any]] = [
        {"id": f"{number}1", "type": "ORDER_PAYMENT_TRANSITION", "createdAt": text(changed), "updatedAt": text(changed)}
        | {"isPublic": True, "data": {"paymentId": number, "from": "Created", "to": "Settled"}}
    ]
    if note is not None:
        history.append(
            {"id": f"{number}2", "type": "ORDER_NOTE", "createdAt": text(changed), "updatedAt": text(changed)}
            | {"isPublic": False, "data": {"note": note}}
        )
    return {
        "id": str(number),
        "code": f"V{number:05d}",
        "state": "PaymentSettled",
        "updatedAt": text(changed),
        "orderPlacedAt": text(placed),
        "currencyCode": "EUR",
        "shippingWithTax": 500,
        "totalWithTax": 3500,
        "customer": {"id": str(number % 7 + 1), "firstName": "Ama", "lastName": f"Owusu{number % 7}"}
        | {"emailAddress": f"ama{number % 7}@example.com", "phoneNumber": None, "updatedAt": text(START)},
        "shippingAddress": {"fullName": "Ama Owusu", "streetLine1": "12 Test Street", "streetLine2": ""}
        | {"city": "Berlin", "province": "", "postalCode": "10115", "countryCode": "DE", "phoneNumber": ""},
        "lines": [
            {"id": f"{number}0{i}", "quantity": 1, "orderPlacedQuantity": 1, "unitPriceWithTax": price}
            | {"proratedUnitPriceWithTax": price, "discountedUnitPriceWithTax": price}
            | {"productVariant": {"sku": f"SKU-{i}", "name": f"Thing {i}"}}
            for i, price in enumerate((1000, 2000))
        ],
        "payments": [
            {"id": str(number), "createdAt": text(changed), "updatedAt": text(changed), "method": "card"}
            | {"state": "Settled", "amount": 3500, "transactionId": f"ch_{number}"}
            | {"metadata": {"public": {"last4": "4242"}}, "refunds": refunds}
        ],
        "fulfillments": [],
        "history": {"totalItems": len(history), "items": history},
    }


class Shop:
    """The shop's own books. `double`: rows are listed twice; `hidden`: ids it no longer has."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.double = False
        self.files: dict[str, bytes] = {}
        self.queries: list[str] = []
        self.over = 0
        self.next_state = "Settled"
        """Requests that find their session over."""

    def answer(self, asked: Asked) -> Said:
        if asked.method == "GET":
            data = self.files.get(asked.path)
            return Said(404, b"") if data is None else Said(200, data, {"content-type": "image/png"})
        if asked.path != "/admin-api":
            return Said(404, b"{}")
        body = asked.json()
        query, variables = body["query"], body["variables"]
        self.queries.append(query)
        if "login(" in query:
            good = (variables["u"], variables["p"]) == (USER, PASSWORD)
            kind = "CurrentUser" if good else "InvalidCredentialsError"
            token = {"vendure-auth-token": TOKEN} if good else {}
            return said({"data": {"login": {"__typename": kind}}}, headers=token)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}" or self.over:
            self.over = max(0, self.over - 1)
            return said({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}], "data": None})
        if "refundOrder(" in query:
            return said({"data": {"refundOrder": self._refund(variables["i"])}})
        return said({"data": {"orders": self._list(query, variables["o"])}})

    def _refund(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Refund of an amount: an object, or a member of the union of errors."""
        payment = next(p for o in self.orders.values() for p in o["payments"] if p["id"] == wanted["paymentId"])
        left = payment["amount"] - sum(r["total"] for r in payment["refunds"] if r["state"] != "Failed")
        if wanted["amount"] > left:
            return {"__typename": "RefundAmountError", "errorCode": "REFUND_AMOUNT_ERROR"}
        return {"__typename": "Refund", **self.refund(payment, wanted["amount"], wanted["reason"])}

    def refund(self, payment: dict[str, Any], minor: int, reason: str, state: str = "") -> dict[str, Any]:
        """Book a refund, by whomever."""
        number = sum(len(p["refunds"]) for o in self.orders.values() for p in o["payments"]) + 1
        at, state = text(START), state or self.next_state
        made = {"id": f"{number}", "createdAt": at, "updatedAt": at, "state": state, "total": minor}
        made |= {"reason": reason, "transactionId": f"re_{number}" if state == "Settled" else None}
        payment["refunds"].append(made)
        return made

    def _list(self, query: str, options: Mapping[str, Any]) -> dict[str, Any]:
        rows = sorted(self.orders.values(), key=lambda row: (row["orderPlacedAt"], int(row["id"])))
        wanted = options.get("filter", {})
        if "orderPlacedAt" in wanted:
            rows = [row for row in rows if row["orderPlacedAt"] >= wanted["orderPlacedAt"]["after"]]
        if "code" in wanted:
            rows = [row for row in rows if row["code"] == wanted["code"]["eq"]]
        if "id" in wanted:
            rows = [row for row in rows if row["id"] in wanted["id"]["in"]]
        if self.double:
            rows = [row for row in rows for _ in (0, 1)]
        skip = options.get("skip", 0)
        page = rows[skip : skip + options["take"]]
        if "items" not in query:
            return {"totalItems": len(rows)}
        whole = "currencyCode" in query
        return {"items": [row if whole else _light(row, query) for row in page]}


def _light(row: Mapping[str, Any], query: str) -> dict[str, Any]:
    names = [name for name in _LIGHT if name in row and re.search(rf"\b{name}\b", query)]
    return {name: row[name] for name in names}
