"""`refund-desk schema`: the JSON Schema of what an import takes, and of what a feed serves."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import typer

from refund_desk.commands.printing import as_json

app = typer.Typer(add_completion=False)


EXAMPLE: Final[dict[str, Any]] = {
    "schema": "case-bundle/1",
    "request": {
        "system": "mall",
        "id": "R-20261119-01",
        "order": "O-884213",
        "kind": "refund_only",
        "reason": "damaged",
        "text": "The cup arrived broken.",
        "created_at": "2026-11-19T18:20:00+08:00",
        "amount": "60.00",
        "currency": "CNY",
        "lines": [{"line": "1", "quantity": 1}],
        "language": "en",
        "channel": "app",
    },
    "customer": {"id": "C-1001", "name": "Wang Xiaoming", "country": "CN"},
    "orders": [
        {
            "system": "mall",
            "number": "O-884213",
            "as_of": "2026-11-19T18:00:00+08:00",
            "placed_at": "2026-11-10T09:00:00+08:00",
            "status": "delivered",
            "currency": "CNY",
            "paid": "129.00",
            "shipping": "9.00",
            "lines": [{"id": "1", "sku": "CUP-01", "name": "Cup", "quantity": 2, "unit_price": "60.00"}],
        }
    ],
    "payments": [
        {
            "system": "alipay",
            "id": "P-552",
            "order": "O-884213",
            "as_of": "2026-11-19T18:00:00+08:00",
            "method": "alipay",
            "status": "captured",
            "currency": "CNY",
            "captured": "129.00",
        }
    ],
    "messages": [
        {
            "system": "mall",
            "id": "M-1",
            "channel": "chat",
            "direction": "in",
            "who": "customer",
            "sent_at": "2026-11-19T18:21:00+08:00",
            "text": "Here is a picture.",
            "attachments": ["evidence/cup.png"],
        }
    ],
    "evidence": [{"file": "evidence/cup.png", "kind": "photo", "who": "customer"}],
}


MESSAGE: Final[dict[str, Any]] = {
    "id": "chat-8841/3",
    "channel": "chat",
    "direction": "in",
    "who": "customer",
    "sent_at": "2026-11-19T18:21:00+08:00",
    "text": "The cup arrived broken.",
    "order": "O-884213",
    "email": "wang@example.com",
    "after": ["chat-8841/2"],
}
PARCEL: Final[dict[str, Any]] = {
    "id": "trk-20931",
    "tracking": "SF1032847750",
    "carrier": "SF Express",
    "status": "delivered",
    "as_of": "2026-11-18T16:02:00+08:00",
    "delivered_at": "2026-11-18T16:02:00+08:00",
}


class Format(StrEnum):
    CASE_BUNDLE = "case-bundle"
    MESSAGE = "message"
    PARCEL = "parcel"


def case_bundle() -> dict[str, Any]:
    """JSON Schema (2020-12) of one line of cases.jsonl."""
    from refund_desk.wire.bundle import BundleCase

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:refund-desk:case-bundle:1",
        **BundleCase.model_json_schema(by_alias=True),
        "examples": [EXAMPLE],
    }


def message() -> dict[str, Any]:
    """JSON Schema of an item of a feed's messages."""
    from refund_desk.wire.feed import FeedMessage

    return _of_feed("message", FeedMessage.model_json_schema(by_alias=True), MESSAGE)


def parcel() -> dict[str, Any]:
    """JSON Schema of an item of a feed's parcels."""
    from refund_desk.wire.feed import FeedParcel

    return _of_feed("parcel", FeedParcel.model_json_schema(by_alias=True), PARCEL)


def _of_feed(name: str, shape: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:refund-desk:{name}:1"}
    return {**head, **shape, "examples": [example]}


@app.command()
def schema(name: Format) -> None:
    """Print the JSON Schema of a format: a line of a bundle's cases.jsonl, or an item of a feed."""
    as_json({Format.CASE_BUNDLE: case_bundle, Format.MESSAGE: message, Format.PARCEL: parcel}[name]())
