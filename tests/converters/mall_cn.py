"""mall_cn (Apache-2.0, macrozheng/mall): 12 return applications of a Chinese demo shop, times of Asia/Shanghai."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from refund_desk.domain.words import Reason
from tests.converters.bundle_writer import Writer, joined, present

ZONE = ZoneInfo("Asia/Shanghai")
_STATUS = {"0": "unpaid", "1": "to_ship", "2": "shipped", "3": "completed", "4": "closed", "5": "invalid"}
_RETURN = {"0": "pending", "1": "returning", "2": "finished", "3": "refused"}
_METHOD = {"1": "alipay", "2": "wechat_pay"}
_REASON = {
    "质量问题": Reason.DEFECTIVE,
    "尺码太大": Reason.NOT_AS_DESCRIBED,
    "颜色不喜欢": Reason.CHANGED_MIND,
    "7天无理由退货": Reason.CHANGED_MIND,
    "价格问题": Reason.PRICE_DIFFERENCE,
    "物流问题": Reason.LATE,
}


def moment(text: str | None) -> str | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()


def convert(data: Path, out: Path) -> int:
    """data: root of the public sets. Returns the number of lines."""
    root = data / "mall_cn"

    def table(name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads((root / f"oms_{name}.json").read_text(encoding="utf-8"))
        return rows

    orders = {row["id"]: row for row in table("order")}
    items, history = table("order_item"), table("order_operate_history")
    writer = Writer(data, out)
    for number, applied in enumerate(table("order_return_apply")):
        order = orders[applied["order_id"]]
        lines = [item for item in items if item["order_id"] == order["id"]]
        notes = [entry for entry in history if entry["order_id"] == order["id"]]
        writer.add(_line(writer, number, applied, order, lines, notes))
    return writer.close()


def _attributes(text: str | None) -> frozenset[tuple[str, str]]:
    """`颜色：金色;内存：16G` or the same as JSON. Memory and capacity are one thing under two names."""
    text = (text or "").strip()
    if text.startswith("["):
        pairs = [(one["key"], one["value"]) for one in json.loads(text)]
    else:
        pairs = [tuple(part.split("：", 1)) for part in re.split("[;；]", text) if "：" in part]
    return frozenset(("容量" if key == "内存" else key, value) for key, value in pairs)


def _wanted(applied: dict[str, Any], lines: list[dict[str, Any]]) -> str:
    """The line of the application; where the order has none, the product it names."""
    same = [line for line in lines if line["product_id"] == applied["product_id"]]
    exact = [line for line in same if _attributes(line["product_attr"]) == _attributes(applied["product_attr"])]
    found = next(iter([*exact, *same]), None)
    return f"product:{applied['product_id']}" if found is None else str(found["id"])


def _line(
    writer: Writer,
    number: int,
    applied: dict[str, Any],
    order: dict[str, Any],
    lines: list[dict[str, Any]],
    history: list[dict[str, Any]],
) -> dict[str, Any]:
    pictures = [url for url in (applied["proof_pics"] or "").split(",") if url]
    evidence = [writer.picture("goods", n, url.rsplit("/", 1)[-1]) for n, url in enumerate(pictures)]
    return {
        "request": present(
            {
                "system": "mall",
                "id": applied["id"],
                "order": order["order_sn"],
                "kind": "return_first",
                "reason": _REASON.get(applied["reason"], Reason.OTHER),
                "reason_text": applied["reason"],
                "text": applied["description"],
                "created_at": moment(applied["create_time"]),
                "amount": applied["return_amount"],
                "currency": "CNY",
                "lines": [{"line": _wanted(applied, lines), "quantity": int(applied["product_count"])}],
                "language": "zh",
                "channel": "app" if order["source_type"] == "1" else "pc",
            }
        ),
        "customer": present(
            {
                "id": order["member_id"],
                "name": applied["return_name"],
                "phone": applied["return_phone"],
                "address": joined(
                    (
                        order["receiver_province"],
                        order["receiver_city"],
                        order["receiver_region"],
                        order["receiver_detail_address"],
                    ),
                    "",
                ),
                "country": "CN",
            }
        ),
        "orders": [_order(order, lines, history)],
        "payments": _payments(order),
        "shipments": _shipments(order, history),
        "returns": [_return(applied, order)],
        "messages": [_note(order, entry) for entry in history],
        "evidence": evidence,
    }


def _as_of(order: dict[str, Any], history: list[dict[str, Any]]) -> str:
    """The last thing that happened to the order, as far as the set knows."""
    names = ("create_time", "payment_time", "delivery_time", "receive_time", "modify_time")
    times = [order[name] for name in names if order[name]] + [entry["create_time"] for entry in history]
    return str(moment(max(times)))


def _order(order: dict[str, Any], lines: list[dict[str, Any]], history: list[dict[str, Any]]) -> dict[str, Any]:
    off = sum(Decimal(order[name]) for name in ("coupon_amount", "integration_amount", "discount_amount"))
    return present(
        {
            "system": "mall",
            "number": order["order_sn"],
            "as_of": _as_of(order, history),
            "placed_at": moment(order["create_time"]),
            "status": _STATUS[order["status"]],
            "currency": "CNY",
            "total": order["total_amount"],
            "paid": order["pay_amount"],
            "shipping": order["freight_amount"],
            "discount": str(off),
            "paid_at": moment(order["payment_time"]),
            "note": order["note"],
        }
    ) | {"lines": [_order_line(line) for line in lines]}


def _order_line(line: dict[str, Any]) -> dict[str, Any]:
    """Amounts of the set are per unit."""
    quantity = int(line["product_quantity"])
    attributes = "，".join(value for _, value in sorted(_attributes(line["product_attr"])))
    return {
        "id": line["id"],
        "sku": f"{line['product_sku_code']}-{line['product_sku_id']}",
        "name": joined((line["product_name"], attributes)),
        "quantity": quantity,
        "unit_price": line["product_price"],
        "discount": str(Decimal(line["promotion_amount"]) * quantity),
        "paid": str(Decimal(line["real_amount"]) * quantity),
    }


def _payments(order: dict[str, Any]) -> list[dict[str, Any]]:
    method = _METHOD.get(order["pay_type"])
    if method is None or order["payment_time"] is None:
        return []
    return [
        {
            "system": method,
            "id": f"{order['order_sn']}-pay",
            "order": order["order_sn"],
            "as_of": moment(order["payment_time"]),
            "method": method,
            "status": "captured",
            "currency": "CNY",
            "captured": order["pay_amount"],
            "captured_at": moment(order["payment_time"]),
        }
    ]


def _shipments(order: dict[str, Any], history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was sent: by the order's own columns, or by its history alone."""
    sent = order["delivery_time"] or next((e["create_time"] for e in history if e["note"] == "完成发货"), None)
    if sent is None:
        return []
    shipment = {
        "system": "mall",
        "id": f"{order['order_sn']}-1",
        "order": order["order_sn"],
        "as_of": moment(sent),
        "carrier": order["delivery_company"],
        "tracking": order["delivery_sn"],
        "status": "delivered" if order["receive_time"] else "shipped",
        "shipped_at": moment(sent),
        "delivered_at": moment(order["receive_time"]),
    }
    return [present(shipment)]


def _return(applied: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    return present(
        {
            "system": "mall",
            "id": applied["id"],
            "order": order["order_sn"],
            "as_of": moment(applied["receive_time"] or applied["handle_time"] or applied["create_time"]),
            "status": _RETURN[applied["status"]],
            "received_at": moment(applied["receive_time"]),
            "note": joined((applied["handle_note"], applied["receive_note"]), " / "),
        }
    )


def _note(order: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "system": "mall",
        "id": f"history-{entry['id']}",
        "channel": "system",
        "direction": "note",
        "who": "agent",
        "name": entry["operate_man"],
        "sent_at": moment(entry["create_time"]),
        "text": entry["note"],
        "language": "zh",
    }
