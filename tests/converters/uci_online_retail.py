"""uci_online_retail (CC BY 4.0, Chen et al. 2012): 620 cancellation invoices, times of Europe/London.

A cancellation names no sale. It is asked against the invoice that most of its lines were bought on, by the
set's own candidates; failing that one of the same customer, even a later one; failing that against an
order that nobody lists. Lines of other invoices are named by their stock code.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from refund_desk.domain.words import Reason
from tests.converters.bundle_writer import Writer

ZONE = ZoneInfo("Europe/London")
Row = dict[str, str]
_COUNTRY = {
    "United Kingdom": "GB",
    "EIRE": "IE",
    "Germany": "DE",
    "France": "FR",
    "Switzerland": "CH",
    "Czech Republic": "CZ",
    "Australia": "AU",
    "Israel": "IL",
    "Japan": "JP",
    "Spain": "ES",
    "Cyprus": "CY",
    "Netherlands": "NL",
    "Finland": "FI",
    "Norway": "NO",
    "Portugal": "PT",
    "Belgium": "BE",
    "Sweden": "SE",
    "Italy": "IT",
    "Austria": "AT",
    "Denmark": "DK",
    "Poland": "PL",
}
_EVERY = 4
"""Every fourth return of goods shows them."""


def moment(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Sales:
    """Invoices, and who bought what on which; negative quantities are stock write-offs, no sales."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[str, list[Row]] = defaultdict(list)
        self.bought: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.used: Counter[tuple[str, int]] = Counter()
        for row in rows(path):
            if int(row["Quantity"]) > 0:
                self.lines[row["InvoiceNo"]].append(row)
                if row["CustomerID"]:
                    self.bought[row["CustomerID"], row["StockCode"]].append(row["InvoiceNo"])

    def sale_of(self, cancelled: list[Row]) -> str | None:
        """The invoice that most of the lines were bought on; the latest of several."""
        named: Counter[str] = Counter()
        for row in cancelled:
            named.update(number for number in row["candidate_invoices"].split("|") if number in self.lines)
        if not named:
            for row in cancelled:
                named.update(set(self.bought[row["CustomerID"], row["StockCode"]]) if row["CustomerID"] else ())
        most = max(named.values(), default=0)
        return max((number for number, count in named.items() if count == most), default=None)


def convert(data: Path, out: Path) -> int:
    """data: root of the public sets. Returns the number of lines."""
    root = data / "uci_online_retail"
    sales = Sales(root / "orders_lines.csv")
    cancelled: dict[str, list[Row]] = defaultdict(list)
    for row in rows(root / "cancellations_with_match_class.csv"):
        cancelled[row["InvoiceNo"]].append(row)
    writer = Writer(data, out)
    for number, (invoice, some) in enumerate(cancelled.items()):
        writer.add(_line(writer, number, invoice, some, sales))
    return writer.close()


def _line(writer: Writer, number: int, invoice: str, cancelled: list[Row], sales: Sales) -> dict[str, Any]:
    first, sale = cancelled[0], sales.sale_of(cancelled)
    amount = sum((-int(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in cancelled), Decimal(0))
    goods = any(row["match_class"] != "service_code" for row in cancelled)
    line: dict[str, Any] = {
        "request": {
            "system": "uci",
            "id": invoice,
            "order": sale or invoice,
            "kind": "refund_only",
            "reason": Reason.OTHER,
            "reason_text": ", ".join(sorted({row["Description"] for row in cancelled}))[:500] or None,
            "created_at": moment(first["InvoiceDate"]),
            "amount": str(amount.quantize(Decimal("0.01"))),
            "currency": "GBP",
            "lines": _wanted(cancelled, sale, sales),
        },
        "evidence": [writer.picture("goods", number)] if goods and number % _EVERY == 0 else [],
    }
    if first["CustomerID"]:
        line["customer"] = {"id": first["CustomerID"], "country": _COUNTRY.get(first["Country"])}
    if sale is not None:
        line["orders"] = [_order(sale, sales.lines[sale])]
    return line


def _wanted(cancelled: list[Row], sale: str | None, sales: Sales) -> list[dict[str, Any]]:
    """Lines by their place on the sale; units that an earlier cancellation took are left to it."""
    asked: dict[str, int] = {}
    units: dict[str, list[int]] = {}
    for row in cancelled:
        quantity, place = -int(row["Quantity"]), _place(row, sale, sales, asked)
        name = row["StockCode"] if place is None else str(place)
        asked[name] = asked.get(name, 0) + quantity
        if place is not None and sale is not None:
            taken = sales.used[sale, place]
            sales.used[sale, place] += quantity
            units.setdefault(name, []).extend(range(taken + 1, taken + quantity + 1))
    return [
        {"line": name, "quantity": quantity, **({"units": units[name]} if _later(units.get(name)) else {})}
        for name, quantity in asked.items()
    ]


def _later(units: list[int] | None) -> bool:
    return bool(units) and units != list(range(1, len(units or ()) + 1))


def _place(row: Row, sale: str | None, sales: Sales, asked: dict[str, int]) -> int | None:
    """Place (from 1) of the sale's line with that stock code: same price first, not yet asked for first."""
    if sale is None:
        return None
    found = [n for n, line in enumerate(sales.lines[sale], 1) if line["StockCode"] == row["StockCode"]]
    lines = sales.lines[sale]
    return min(found, key=lambda n: (str(n) in asked, lines[n - 1]["UnitPrice"] != row["UnitPrice"], n), default=None)


def _order(number: str, lines: list[Row]) -> dict[str, Any]:
    at = moment(lines[0]["InvoiceDate"])
    return {
        "system": "uci",
        "number": number,
        "as_of": at,
        "placed_at": at,
        "status": "invoiced",
        "currency": "GBP",
        "lines": [
            {
                "id": str(n),
                "sku": line["StockCode"],
                "name": line["Description"] or line["StockCode"],
                "quantity": int(line["Quantity"]),
                "unit_price": line["UnitPrice"],
            }
            for n, line in enumerate(lines, 1)
        ],
    }
