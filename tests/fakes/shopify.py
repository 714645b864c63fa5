"""A shop that answers like Shopify's REST Admin API: pages by the header Link, decimals as text, `ids` and `fields`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.fakes.faulty import Asked, Said, said

TOKEN = "shpat_of_the_desk_0815"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def text(at: datetime) -> str:
    """As the shop's own zone writes it."""
    return (at - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S-05:00")


def order(number: int, at: datetime, refunded: int = 0) -> dict[str, Any]:
    """Two lines and shipping, 35.00 EUR in all. refunded: cents given back of it."""
    changed, refunds = at, []
    if refunded:
        changed = at + timedelta(minutes=refunded % 50 + 2)
        given = {"id": 7_000_000 + number, "amount": f"{refunded / 100:.2f}", "kind": "refund", "status": "success"}
        given |= {"parent_id": 5_000_000 + number, "authorization": f"re_{number}", "created_at": text(changed)}
        refunds.append(
            {"id": 6_000_000 + number, "created_at": text(changed), "note": "it broke", "transactions": [given]}
        )
    return {
        "id": 1_000_000 + number,
        "name": f"#{number}",
        "created_at": text(at),
        "updated_at": text(changed),
        "cancelled_at": None,
        "financial_status": "partially_refunded" if refunded else "paid",
        "fulfillment_status": None,
        "currency": "EUR",
        "email": f"ama{number % 7}@example.com",
        "taxes_included": True,
        "total_tax": "5.59",
        "shipping_lines": [{"id": 1, "price": "5.00"}],
        "line_items": [
            {"id": 2_000_000 + 10 * number + i, "sku": f"SKU-{i}", "title": f"Thing {i}", "name": f"Thing {i} - blue"}
            | {"quantity": 1, "price": price, "discount_allocations": [], "tax_lines": []}
            for i, price in enumerate(("10.00", "20.00"))
        ],
        "refunds": refunds,
        "fulfillments": [],
        "customer": {"id": 300 + number % 7, "email": f"ama{number % 7}@example.com", "first_name": "Ama"},
        "shipping_address": {"last_name": "Owusu", "address1": "Street 1", "city": "Berlin", "country_code": "DE"},
    }


class Shop:
    """Its own books."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.double = False
        self.pages = 0
        self.url = ""

    def put(self, number: int, at: datetime, refunded: int) -> str:
        self.orders[number] = order(number, at, refunded)
        return str(self.orders[number]["id"])

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("x-shopify-access-token") != TOKEN:
            return said({"errors": "[API] Invalid API key or access token"}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        what = parts.path.removeprefix("/admin/api/2025-10/").removesuffix(".json").split("/")
        if what == ["orders"]:
            return self._list(query)
        found = next((row for row in self.orders.values() if str(row["id"]) == what[1]), None)
        if found is None:
            return said({"errors": "Not Found"}, 404)
        return said({"transactions": self._paid(found)} if what[2:] else {"order": found})

    def _paid(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        number = row["id"] - 1_000_000
        taken = {"id": 5_000_000 + number, "kind": "sale", "status": "success", "amount": "35.00", "gateway": "bogus"}
        taken |= {"authorization": f"ch_{number}", "created_at": row["created_at"], "parent_id": None}
        taken |= {"payment_details": {"credit_card_number": "•••• •••• •••• 4242"}}
        return [taken, *(one for refund in row["refunds"] for one in refund["transactions"])]

    def _list(self, query: dict[str, str]) -> Said:
        rows = sorted(self.orders.values(), key=lambda row: (row["created_at"], row["id"]))
        since, skip = query.get("created_at_min"), 0
        if place := query.get("page_info"):
            if set(query) - {"page_info", "limit", "fields"}:
                return said({"errors": "page_info can't be combined"}, 400)
            since, _, number = place.partition("|")
            skip = int(number)
        if since:
            rows = [row for row in rows if datetime.fromisoformat(row["created_at"]) >= datetime.fromisoformat(since)]
        if ids := query.get("ids"):
            rows = [row for row in rows if str(row["id"]) in ids.split(",")]
        if self.double:
            rows = [row for row in rows for _ in (0, 1)]
        limit = int(query.get("limit", "50"))
        page, links = rows[skip : skip + limit], {}
        if len(rows) > skip + limit:
            place = quote(f"{since}|{skip + limit}", safe="")
            links = {"link": f'<{self.url}/admin/api/2025-10/orders.json?page_info={place}>; rel="next"'}
        if names := query.get("fields"):
            page = [{name: row[name] for name in names.split(",") if name in row} for row in page]
        return said({"orders": page}, headers=links)


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
