"""tau_retail (MIT, tau-bench): 427 requests of a shop's customers, each one line.

The set has one time, that of its policy: 2024-05-15 15:00 EST. Requests are asked then; orders, which
carry none, count as placed two weeks before. Amounts are binary floats and are read as decimals.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from refund_desk.domain.words import Reason, RequestKind
from tests.converters.bundle_writer import Writer, joined

EST = timezone(timedelta(hours=-5))
NOW = datetime(2024, 5, 15, 15, 0, tzinfo=EST)
PLACED = NOW - timedelta(days=14)
_MONEY_FIRST = (
    "return_delivered_order_items",
    "exchange_delivered_order_items",
    "cancel_pending_order",
    "modify_pending_order_items",
)
_KIND = {
    "return_delivered_order_items": RequestKind.RETURN_FIRST,
    "exchange_delivered_order_items": RequestKind.EXCHANGE,
    "modify_pending_order_items": RequestKind.EXCHANGE,
}
_TOLD = (
    (r"broken|damaged|crushed|torn|cracked", Reason.DAMAGED),
    (r"defect|doesn't work|not work|malfunction|stopped working", Reason.DEFECTIVE),
    (r"missing|pieces", Reason.MISSING_ITEM),
    (r"wrong (item|size|colou?r|product)", Reason.WRONG_ITEM),
    (r"never (arrived|received)|lost in|not received|hasn't arrived", Reason.NOT_RECEIVED),
    (r"not what|as described|disappoint", Reason.NOT_AS_DESCRIBED),
    (r"by mistake|mistake|accident", Reason.ORDERED_BY_MISTAKE),
)
_STATUS = {"delivered": "delivered", "processed": "in_transit", "pending": "created", "cancelled": "cancelled"}


def money(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01")))


def convert(data: Path, out: Path) -> int:
    """data: root of the public sets. Returns the number of lines."""
    root = data / "tau_retail"
    orders, users, requests = (
        json.loads((root / name).read_text(), parse_float=Decimal)
        for name in ("orders.json", "users.json", "requests_with_expected_actions.json")
    )
    writer = Writer(data, out)
    for number, request in enumerate(requests):
        action = _action(request["expected_actions"])
        order = orders[_order_id(request, action)]
        writer.add(_line(writer, number, request, action, order, users[request["user_id"]]))
    return writer.close()


def _action(actions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The action that is about money, else the first one that names an order."""
    with_order = [action for action in actions if "order_id" in action["kwargs"]]
    first = [action for name in _MONEY_FIRST for action in with_order if action["name"] == name]
    return next(iter([*first, *with_order]), None)


def _order_id(request: dict[str, Any], action: dict[str, Any] | None) -> str:
    if action is not None:
        return str(action["kwargs"]["order_id"])
    return str(re.findall(r"#W\d{7}", request["instruction"])[0])


def _reason(action: dict[str, Any] | None, text: str) -> Reason:
    if action is None or action["name"] not in _MONEY_FIRST:
        return Reason.OTHER
    if action["name"] == "cancel_pending_order":
        mistake = "mistake" in str(action["kwargs"].get("reason"))
        return Reason.ORDERED_BY_MISTAKE if mistake else Reason.CANCELLED_BEFORE_SHIPPING
    return next((reason for words, reason in _TOLD if re.search(words, text, re.I)), Reason.CHANGED_MIND)


def _line(
    writer: Writer,
    number: int,
    request: dict[str, Any],
    action: dict[str, Any] | None,
    order: dict[str, Any],
    user: dict[str, Any],
) -> dict[str, Any]:
    reason = _reason(action, request["instruction"])
    kind = _KIND.get(action["name"], RequestKind.REFUND_ONLY) if action else RequestKind.REFUND_ONLY
    asked_at = (NOW + timedelta(seconds=number)).isoformat()
    ids = _line_ids(order["items"])
    wanted = _wanted(action, order["items"], ids)
    pictures = writer.pictures(reason, number) if order["status"] == "delivered" else []
    if kind is RequestKind.RETURN_FIRST and not pictures:
        pictures = [writer.picture("goods", number)]
    asked: dict[str, Any] = {
        "system": "retail",
        "id": request["task"],
        "order": order["order_id"],
        "kind": kind,
        "reason": reason,
        "text": request["instruction"],
        "created_at": asked_at,
        "currency": "USD",
        "lines": [{"line": line, "quantity": 1} for line in wanted],
        "language": "en",
        "channel": "chat",
    }
    if kind is not RequestKind.EXCHANGE:
        prices = [i["price"] for line, i in zip(ids, order["items"], strict=True) if not wanted or line in wanted]
        asked["amount"] = money(sum(prices, Decimal(0)))
    message = {
        "system": "retail",
        "id": request["task"],
        "channel": "chat",
        "direction": "in",
        "who": "customer",
        "sent_at": asked_at,
        "text": request["instruction"],
        "language": "en",
        "attachments": [picture["file"] for picture in pictures],
    }
    return {
        "request": asked,
        "customer": _customer(request["user_id"], user),
        "orders": [_order(order, ids)],
        "payments": _payments(order),
        "shipments": _shipments(order),
        "messages": [message],
        "evidence": pictures,
    }


def _line_ids(items: list[dict[str, Any]]) -> list[str]:
    """An order may hold the same item twice: the second one is told apart."""
    seen: dict[str, int] = {}
    out = []
    for item in items:
        seen[item["item_id"]] = seen.get(item["item_id"], 0) + 1
        count = seen[item["item_id"]]
        out.append(item["item_id"] if count == 1 else f"{item['item_id']}#{count}")
    return out


def _wanted(action: dict[str, Any] | None, items: list[dict[str, Any]], ids: list[str]) -> list[str]:
    """Lines that the action is about, none for the whole order."""
    out: list[str] = []
    for item_id in action["kwargs"].get("item_ids", []) if action else []:
        same = [line for line, item in zip(ids, items, strict=True) if item["item_id"] == item_id and line not in out]
        out += same[:1]
    return out


def _customer(user_id: str, user: dict[str, Any]) -> dict[str, Any]:
    at = user["address"]
    return {
        "id": user_id,
        "name": f"{user['name']['first_name']} {user['name']['last_name']}",
        "email": user["email"],
        "address": joined(
            (at["address1"], at.get("address2"), at["city"], at["state"], at["zip"], at["country"]), ", "
        ),
        "country": "US",
    }


def _order(order: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    paid = sum((p["amount"] for p in order["payment_history"] if p["transaction_type"] == "payment"), Decimal(0))
    back = sum((p["amount"] for p in order["payment_history"] if p["transaction_type"] == "refund"), Decimal(0))
    return {
        "system": "retail",
        "number": order["order_id"],
        "as_of": NOW.isoformat(),
        "placed_at": PLACED.isoformat(),
        "status": order["status"],
        "currency": "USD",
        "total": money(sum((item["price"] for item in order["items"]), Decimal(0))),
        "paid": money(paid),
        "refunded": money(back),
        "lines": [
            {
                "id": line,
                "sku": line,
                "name": f"{item['name']} ({', '.join(str(v) for v in item['options'].values())})"
                if item["options"]
                else item["name"],
                "quantity": 1,
                "unit_price": money(item["price"]),
            }
            for line, item in zip(ids, order["items"], strict=True)
        ],
    }


def _payments(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Each payment with the refunds of its method; every method is its own gateway."""
    out = []
    for n, paid in enumerate(p for p in order["payment_history"] if p["transaction_type"] == "payment"):
        method = paid["payment_method_id"]
        gateway = method.rsplit("_", 1)[0]
        refunds = [
            {
                "id": f"{order['order_id']}-refund-{k}",
                "amount": money(p["amount"]),
                "status": "succeeded",
                "created_at": NOW.isoformat(),
            }
            for k, p in enumerate(order["payment_history"])
            if p["transaction_type"] == "refund" and p["payment_method_id"] == method
        ]
        out.append(
            {
                "system": gateway,
                "id": f"{order['order_id']}-payment-{n}",
                "order": order["order_id"],
                "as_of": NOW.isoformat(),
                "method": "card" if gateway == "credit_card" else gateway,
                "account_hint": method.rsplit("_", 1)[1][-4:],
                "status": "captured",
                "currency": "USD",
                "captured": money(paid["amount"]),
                "captured_at": PLACED.isoformat(),
                "refunds": refunds,
            }
        )
    return out


def _shipments(order: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "system": "carrier",
            "id": tracking,
            "order": order["order_id"],
            "as_of": NOW.isoformat(),
            "tracking": tracking,
            "status": _STATUS[order["status"]],
        }
        for fulfilled in order["fulfillments"]
        for tracking in fulfilled["tracking_id"]
    ]
