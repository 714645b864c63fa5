"""A file of orders at an address, as a shop's nightly export leaves it there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from refund_desk.domain.order_files import Columns
from tests.fakes.faulty import Asked, Said

TOKEN = "file_token_4711"
START = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
HEADS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,Refunded,UpdatedAt"
COLUMNS = Columns(
    {
        "order": "InvoiceNo",
        "sku": "StockCode",
        "name": "Description",
        "quantity": "Quantity",
        "placed_at": "InvoiceDate",
        "unit_price": "UnitPrice",
        "customer": "CustomerID",
        "country": "Country",
        "refunded": "Refunded",
        "changed_at": "UpdatedAt",
    },
    "EUR",
)


class File:
    """Its rows by order."""

    def __init__(self) -> None:
        self.orders: dict[int, list[str]] = {}
        self.double = False

    def put(self, number: int, at: datetime, refunded: int) -> str:
        """Two lines, 30.00 EUR in all. refunded: cents given back of it."""
        changed = (at + timedelta(minutes=refunded)).isoformat()
        tail = f"{at.isoformat()},{{}},c{number % 7},DE,{refunded / 100:.2f},{changed}"
        self.orders[number] = [
            f"V{number:05d},SKU-0,Thing 0,1,{tail.format('10.00')}",
            f"V{number:05d},SKU-1,Thing 1,2,{tail.format('10.00')}",
        ]
        return f"V{number:05d}"

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(401, b"no")
        rows = [row for _, some in sorted(self.orders.items()) for row in some]
        return Said(
            200, "\n".join([HEADS, *rows, *(rows if self.double else [])]).encode(), {"content-type": "text/csv"}
        )
