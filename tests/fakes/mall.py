"""A shop that serves mall's tables as JSON: numbers as text, times of Beijing, a bearer token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.fakes.faulty import Asked, Said, said

TOKEN = "mall-token-of-the-desk-0815"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def text(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")


class Tables:
    """Its own books: rows by table."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.returns: dict[int, dict[str, Any]] = {}
        self.double = False

    def put(self, number: int, at: datetime, version: int) -> str:
        """Two lines and freight, 35.00 yuan in all. From version 1 on it is shipped, under a number with it."""
        sent = at + timedelta(minutes=version) if version else None
        self.orders[number] = {
            "id": str(number + 1),
            "member_id": str(number % 7 + 1),
            "order_sn": f"V{number:05d}",
            "create_time": text(at),
            "payment_time": text(at),
            "delivery_time": text(sent) if sent else None,
            "receive_time": None,
            "modify_time": text(sent or at),
            "total_amount": "35.00",
            "pay_amount": "35.00",
            "freight_amount": "5.00",
            "coupon_amount": "0.00",
            "integration_amount": "0.00",
            "discount_amount": "0.00",
            "pay_type": "1",
            "status": "2" if sent else "1",
            "delivery_company": "顺丰" if sent else "",
            "delivery_sn": f"SF-{version}" if sent else "",
            "receiver_name": "王小明",
            "receiver_phone": "18000000001",
            "receiver_city": "深圳市",
        }
        return f"V{number:05d}"

    def want_back(self, number: int, reason: str, **changes: Any) -> None:
        """A customer asks to send the first line back."""
        self.returns[number] = {
            "id": str(number + 1),
            "order_sn": f"V{number:05d}",
            "product_id": "26",
            "product_attr": "颜色：金色",
            "product_count": "1",
            "create_time": text(START),
            "handle_time": None,
            "receive_time": None,
            "return_amount": "0.00",
            "status": "0",
            "reason": reason,
            "description": "老是卡",
            "handle_note": None,
            **changes,
        }

    def _lines(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{10 * number + i}",
                "order_sn": row["order_sn"],
                "product_id": f"{26 + i}",
                "product_name": f"货{i}",
            }
            | {"product_sku_code": f"SKU-{i}", "product_quantity": "1", "product_price": price, "real_amount": price}
            | {"promotion_amount": "0.00", "product_attr": '[{"key":"颜色","value":"金色"}]'}
            for number, row in self.orders.items()
            for i, price in enumerate(("10.00", "20.00"))
        ]

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return said({"code": 401, "message": "暂未登录或token已经过期"}, 401)
        tables = {"order": list(self.orders.values()), "order_item": self._lines()}
        tables["order_return_apply"] = list(self.returns.values())
        rows = tables[asked.path.rpartition("/oms_")[2].removesuffix(".json")]
        return said([row for row in rows for _ in ((0, 1) if self.double else (0,))])


def at(number: int, hours: float = 0.0) -> datetime:
    return START + timedelta(minutes=number, hours=hours)
