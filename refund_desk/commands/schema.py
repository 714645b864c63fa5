"""`refund-desk schema case-bundle`: the JSON Schema of what an import takes."""

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


class Format(StrEnum):
    CASE_BUNDLE = "case-bundle"


def case_bundle() -> dict[str, Any]:
    """JSON Schema (2020-12) of one line of cases.jsonl."""
    from refund_desk.wire.bundle import BundleCase

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:refund-desk:case-bundle:1",
        **BundleCase.model_json_schema(by_alias=True),
        "examples": [EXAMPLE],
    }


@app.command()
def schema(name: Format) -> None:
    """Print the JSON Schema of a format: `case-bundle` is one line of a bundle's cases.jsonl."""
    as_json({Format.CASE_BUNDLE: case_bundle}[name]())
