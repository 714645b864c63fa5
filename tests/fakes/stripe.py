"""A gateway that answers as Stripe's published reference says: lists newest first, `starting_after`, `has_more`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import Asked, Said, said

KEY = "sk_test_of_the_desk_99"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


class Gateway:
    """Its own books: charges, refunds and disputes by id."""

    def __init__(self) -> None:
        self.charges: dict[int, dict[str, Any]] = {}
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.double = False

    def put(self, number: int, at: datetime, refunded: int) -> str:
        id = f"ch_{number:05d}"
        created = int(at.timestamp())
        self.charges[number] = {
            "id": id,
            "object": "charge",
            "amount": 3500,
            "amount_captured": 3500,
            "amount_refunded": refunded,
            "captured": True,
            "created": created,
            "currency": "eur",
            "dispute": None,
            "disputed": False,
            "metadata": {"order_code": f"V{number:05d}"},
            "paid": True,
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
            "refunded": False,
            "status": "succeeded",
        }
        made = {"id": f"re_{number}", "object": "refund", "amount": refunded, "charge": id, "currency": "eur"}
        made |= {"created": created + 60 * (refunded % 50 + 1), "reason": None, "status": "succeeded"}
        self.refunds[id] = [made] if refunded else []
        return id

    def dispute(self, number: int, status: str) -> None:
        charge = self.charges[number]
        charge |= {"dispute": f"dp_{number}", "disputed": True}
        at = charge["created"] + 3600
        self.disputes[f"dp_{number}"] = {
            "id": f"dp_{number}",
            "amount": 3500,
            "created": at,
            "evidence_details": {"due_by": at + 86400 * 20},
            "reason": "fraudulent",
            "status": status,
        }

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return said({"error": {"message": "Invalid API Key provided"}}, 401)
        parts = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, _, id = parts.path.removeprefix("/v1/").partition("/")
        if kind == "charges":
            rows = sorted(self.charges.values(), key=lambda row: (-row["created"], row["id"]))
        elif kind == "refunds":
            rows = list(self.refunds.get(query.get("charge", ""), []))
        else:
            rows = list(self.disputes.values())
        if id:
            found = [row for row in rows if row["id"] == id]
            return said(found[0]) if found else said({"error": {"code": "resource_missing"}}, 404)
        return self._list(rows, query)

    def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Said:
        if after := query.get("starting_after"):
            places = [place for place, row in enumerate(rows) if row["id"] == after]
            if not places:
                return said({"error": {"code": "resource_missing"}}, 404)
            rows = rows[places[0] + 1 :]
        limit = int(query.get("limit", "10"))
        page = rows[:limit]
        shown = [row for row in page for _ in (0, 1)] if self.double else page
        return said({"object": "list", "data": shown, "has_more": len(rows) > limit})


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
