"""A shop that answers like WooCommerce's REST API v3: offsets, `include`, `_fields`, GMT without an offset."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import Asked, Said, said

KEY, SECRET = "ck_of_the_desk", "cs_of_the_desk_0815"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def order(number: int, at: datetime, refunded: int = 0) -> dict[str, Any]:
    """Two lines and shipping, 35.00 EUR in all. A refund doesn't move its `date_modified_gmt`."""
    refunds = []
    if refunded:
        refunds = [{"id": 9_000_000 + 1000 * number + refunded, "reason": "broken", "total": f"-{refunded / 100:.2f}"}]
    return {
        "id": 1000 + number,
        "number": str(number),
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": text(at),
        "date_modified_gmt": text(at),
        "date_paid_gmt": text(at),
        "shipping_total": "5.00",
        "total": "35.00",
        "total_tax": "0.00",
        "customer_id": number % 7 + 1,
        "billing": {
            "first_name": "Ama",
            "last_name": "Owusu",
            "email": f"ama{number % 7}@example.com",
            "country": "DE",
        },
        "shipping": {"address_1": "Street 1", "city": "Berlin", "country": "DE"},
        "payment_method": "bacs",
        "transaction_id": f"ch_{number}",
        "line_items": [
            {
                "id": 10 * number + i,
                "name": f"Thing {i}",
                "sku": f"SKU-{i}",
                "quantity": 1,
                "subtotal": price,
                "total": price,
            }
            for i, price in enumerate(("10.00", "20.00"))
        ],
        "refunds": refunds,
    }


class Shop:
    """Its own books."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.double = False

    def put(self, number: int, at: datetime, refunded: int) -> str:
        self.orders[number] = order(number, at, refunded)
        return str(self.orders[number]["id"])

    def answer(self, asked: Asked) -> Said:
        wanted = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            return said({"code": "woocommerce_rest_cannot_view", "message": "Sorry", "data": {"status": 401}}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        what = parts.path.removeprefix("/wp-json/wc/v3/").split("/")
        if what == ["orders"]:
            return said(self._list(query))
        found = next((row for row in self.orders.values() if str(row["id"]) == what[1]), None)
        if found is None:
            return said({"code": "woocommerce_rest_shop_order_invalid_id", "data": {"status": 404}}, 404)
        return said(self._refunds(found) if what[2:] else found)

    def _refunds(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        made = datetime.fromisoformat(row["date_created_gmt"] + "+00:00")
        return [
            {"id": one["id"], "amount": one["total"].removeprefix("-"), "reason": one["reason"]}
            | {"date_created_gmt": text(made + timedelta(minutes=(one["id"] - 9_000_000) % 1000 % 50 + 2))}
            for one in row["refunds"]
        ]

    def _list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = sorted(self.orders.values(), key=lambda row: (row["date_created_gmt"], row["id"]))
        if after := query.get("after"):
            rows = [row for row in rows if row["date_created_gmt"] > after]
        if ids := query.get("include"):
            rows = [row for row in rows if str(row["id"]) in ids.split(",")]
        if self.double:
            rows = [row for row in rows for _ in (0, 1)]
        skip, limit = int(query.get("offset", "0")), int(query.get("per_page", "10"))
        page = rows[skip : skip + limit]
        if names := query.get("_fields"):
            page = [{name: row[name] for name in names.split(",") if name in row} for row in page]
        return page


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
