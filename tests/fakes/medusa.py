"""A shop that answers like Medusa's admin API: lists by `created_at`, offsets, decimals in major units."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import Asked, Said, said

KEY = "sk_of_the_desk_4711"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _order(number: int, at: datetime, refunded: int) -> dict[str, Any]:
    """Two lines and shipping, 35.00 EUR in all, captured. refunded: cents given back of it."""
    refunds = []
    if refunded:
        then = text(at + timedelta(minutes=refunded % 50 + 2))
        refunds.append({"id": f"ref_{number}", "amount": refunded / 100, "created_at": then, "note": "Damaged"})
    payment = {
        "id": f"pay_{number}",
        "amount": 35,
        "provider_id": "pp_system_default",
        "currency_code": "eur",
        "created_at": text(at),
        "updated_at": text(at),
        "canceled_at": None,
        "captures": [{"id": f"capt_{number}", "amount": 35, "created_at": text(at + timedelta(minutes=1))}],
        "refunds": refunds,
    }
    return {
        "id": f"order_{number:05d}",
        "display_id": number,
        "status": "pending",
        "currency_code": "eur",
        "email": f"ama{number % 7}@example.com",
        "created_at": text(at),
        "updated_at": text(at),
        "shipping_total": 5,
        "discount_total": 0,
        "customer": {"id": f"cus_{number % 7}", "email": f"ama{number % 7}@example.com", "first_name": "Ama"},
        "shipping_address": {"last_name": "Owusu", "address_1": "Street 1", "city": "Berlin", "country_code": "de"},
        "items": [
            {"id": f"item_{number}_{i}", "title": "One", "product_title": f"Thing {i}", "variant_sku": f"SKU-{i}"}
            | {"quantity": 1, "unit_price": price, "discount_total": 0}
            for i, price in enumerate((10, 20))
        ],
        "fulfillments": [],
        "payment_collections": [{"id": f"col_{number}", "payments": [payment]}],
    }


class Shop:
    """Its own books."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"orders": {}, "returns": {}, "claims": {}}
        self.double = False

    def put(self, number: int, at: datetime, refunded: int) -> str:
        row = _order(number, at, refunded)
        self.rows["orders"][row["id"]] = row
        return str(row["id"])

    def want_back(self, number: int, reason: str, status: str = "requested") -> None:
        """A customer asks to send a line back."""
        order = self.rows["orders"][f"order_{number:05d}"]
        item = {"item_id": f"item_{number}_0", "quantity": 1, "note": "cracked"}
        self.rows["returns"][f"return_{number}"] = {
            "id": f"return_{number}",
            "status": status,
            "created_at": order["created_at"],
            "updated_at": order["updated_at"],
            "requested_at": order["created_at"],
            "received_at": None,
            "refund_amount": None,
            "items": [{**item, "reason": {"value": reason, "label": reason.title()}}],
            "order_id": order["id"],
            "order": {name: order[name] for name in ("id", "display_id", "currency_code", "email", "customer")},
        }

    def _payment(self, asked: Asked, rest: str) -> Said:
        """One payment, or a refund of it."""
        id, _, verb = rest.partition("/")
        collections = [c for order in self.rows["orders"].values() for c in order["payment_collections"]]
        found = next((p for c in collections for p in c["payments"] if p["id"] == id), None)
        if found is None:
            return said({"type": "not_found", "message": "no such payment"}, 404)
        if verb == "refund":
            wanted = asked.json()
            left = sum(c["amount"] for c in found["captures"]) - sum(r["amount"] for r in found["refunds"])
            if wanted["amount"] > left:
                return said({"type": "invalid_data", "message": "You cannot refund more than what is captured"}, 400)
            self.refund(found, wanted["amount"], wanted["note"])
        return said({"payment": found})

    def refund(self, payment: dict[str, Any], amount: float, note: str) -> None:
        """Book a refund, by whomever."""
        number = len(payment["refunds"]) + 1
        payment["refunds"].append(
            {"id": f"ref_{payment['id']}_{number}", "amount": amount, "created_at": text(START), "note": note}
        )

    def answer(self, asked: Asked) -> Said:
        wanted = base64.b64encode(f"{KEY}:".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            return said({"message": "Unauthorized"}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, _, id = parts.path.removeprefix("/admin/").partition("/")
        if kind == "payments":
            return self._payment(asked, id)
        if id:
            found = self.rows[kind].get(id)
            return said({kind.removesuffix("s"): found}) if found else said({"type": "not_found"}, 404)
        rows = sorted(self.rows[kind].values(), key=lambda row: (row["created_at"], row["id"]))
        since = datetime.fromisoformat(query.get("created_at[$gte]", "1970-01-01T00:00:00+00:00"))
        rows = [row for row in rows if datetime.fromisoformat(row["created_at"]) >= since]
        if self.double:
            rows = [row for row in rows for _ in (0, 1)]
        skip, limit = int(query.get("offset", "0")), int(query.get("limit", "50"))
        return said({kind: rows[skip : skip + limit], "count": len(rows), "offset": skip, "limit": limit})


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
