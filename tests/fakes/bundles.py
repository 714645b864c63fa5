"""Bundles for tests: a line of cases.jsonl with what a test wants to be different, written to a directory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

AT = "2026-11-19T10:00:00+00:00"


def request(number: str = "R1", order: str = "O1", **changes: Any) -> dict[str, Any]:
    return {
        "system": "mall",
        "id": number,
        "order": order,
        "kind": "refund_only",
        "reason": "damaged",
        "created_at": AT,
        "currency": "CNY",
        "amount": "60.00",
        "lines": [{"line": "L1", "quantity": 1}],
        **changes,
    }


def order(number: str = "O1", system: str = "mall", **changes: Any) -> dict[str, Any]:
    return {
        "system": system,
        "number": number,
        "as_of": AT,
        "placed_at": "2026-11-01T02:00:00+00:00",
        "status": "paid",
        "currency": "CNY",
        "paid": "129.00",
        "lines": [
            {"id": "L1", "sku": "A1", "name": "杯子", "quantity": 2, "unit_price": "60.00"},
            {"id": "L2", "sku": "B1", "name": "盘子", "quantity": 1, "unit_price": "9.00"},
        ],
        **changes,
    }


def payment(number: str = "P1", order: str = "O1", **changes: Any) -> dict[str, Any]:
    return {
        "system": "alipay",
        "id": number,
        "order": order,
        "as_of": AT,
        "method": "alipay",
        "status": "captured",
        "currency": "CNY",
        "captured": "129.00",
        **changes,
    }


def message(number: str = "M1", **changes: Any) -> dict[str, Any]:
    return {
        "system": "mall",
        "id": number,
        "channel": "chat",
        "direction": "in",
        "who": "customer",
        "sent_at": AT,
        "text": "收到的杯子碎了",
        **changes,
    }


def case(number: str = "R1", order_number: str = "O1", **parts: Any) -> dict[str, Any]:
    """A whole line; `request`, `orders` … replace what would stand there."""
    return {
        "schema": "case-bundle/1",
        "request": request(number, order_number),
        "customer": {"id": "C1", "name": "王小明", "phone": "13800001234"},
        "orders": [order(order_number)],
        **parts,
    }


def raw(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode()


def write(folder: Path, lines: Iterable[Mapping[str, Any] | bytes], files: Mapping[str, bytes] | None = None) -> Path:
    """A bundle directory; a line given as bytes is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, bytes) else raw(line) for line in lines]
    (folder / "cases.jsonl").write_bytes(b"".join(text + b"\n" for text in texts))
    for name, data in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
