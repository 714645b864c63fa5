"""A gateway that answers as Razorpay's published reference says: newest first, `count`, `skip`, `notes` or a list."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import Asked, Said, said

KEY, SECRET = "rzp_test_desk", "rzp-secret-of-the-desk-0815"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


class Gateway:
    """Its own books."""

    def __init__(self) -> None:
        self.payments: dict[int, dict[str, Any]] = {}
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.double = False

    def put(self, number: int, at: datetime, refunded: int) -> str:
        id, created = f"pay_{number:05d}", int(at.timestamp())
        self.payments[number] = {
            "id": id,
            "entity": "payment",
            "amount": 3500,
            "currency": "INR",
            "status": "captured",
            "captured": True,
            "method": "card",
            "card": {"last4": "4242"},
            "amount_refunded": refunded,
            "refund_status": "partial" if refunded else None,
            "notes": {"order": f"V{number:05d}"},
            "fee": 70,
            "created_at": created,
        }
        made = {"id": f"rfnd_{number}", "entity": "refund", "amount": refunded, "currency": "INR", "payment_id": id}
        made |= {"notes": [], "status": "processed", "created_at": created + 60 * (refunded % 50 + 1)}
        self.refunds[id] = [made] if refunded else []
        return id

    def answer(self, asked: Asked) -> Said:
        wanted = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            return said({"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        id, _, verb = parts.path.removeprefix("/v1/payments").strip("/").partition("/")
        if verb:
            return self._list(self.refunds.get(id, []), query)
        if id:
            found = next((row for row in self.payments.values() if row["id"] == id), None)
            return said(found) if found else said({"error": {"code": "BAD_REQUEST_ERROR"}}, 404)
        rows = sorted(self.payments.values(), key=lambda row: (row["created_at"], row["id"]), reverse=True)
        return self._list([row for row in rows if row["created_at"] >= int(query.get("from", "0"))], query)

    def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Said:
        if self.double:
            rows = [row for row in rows for _ in (0, 1)]
        skip = int(query.get("skip", "0"))
        page = rows[skip : skip + int(query.get("count", "10"))]
        return said({"entity": "collection", "count": len(page), "items": page})


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
