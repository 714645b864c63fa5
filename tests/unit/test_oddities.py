"""Findings come from the facts as they stand, each for its own cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from refund_desk.domain.facts import Observed, Record
from refund_desk.domain.oddities import AskedFor, Shown, find
from refund_desk.domain.shares import OrderLine, OrderSums, paid_shares
from refund_desk.domain.words import RecordKind

SOLD = datetime(2026, 5, 1, tzinfo=UTC)


def record(kind: RecordKind, name: str, parent: int | None = None, source: str = "shop", **fields: Any) -> Record:
    said = {key: Observed(value, SOLD, SOLD) for key, value in fields.items()}
    return Record(abs(hash((kind, name, source))), source, kind, name, parent, SOLD, said)


def order(**fields: Any) -> Record:
    return record(RecordKind.ORDER, "O1", **{"placed_at": SOLD, "status": "paid", **fields})


LINES = [
    record(RecordKind.ORDER_LINE, "L1", sku="A", quantity=2, unit_price=500),
    record(RecordKind.ORDER_LINE, "L2", sku="B", quantity=1, unit_price=300),
]
ALL = [order(), *LINES]


def codes(
    asked: AskedFor | None = None, records: list[Record] | None = None, customer: int | None = 1, **sums: Any
) -> list[str]:
    request = asked or ask()
    records = ALL if records is None else records
    lines = [
        OrderLine(r.external_id, "", r.get("quantity"), r.get("unit_price"))
        for r in records
        if r.kind is RecordKind.ORDER_LINE
    ]
    shares = paid_shares(OrderSums("CNY", sums.get("paid", 1300)), lines)
    return [code for code, _, _ in find([request], records, shares, customer, sums.get("evidence", ()))]


def ask(amount: int | None = 500, lines: tuple[tuple[str, int], ...] = (("L1", 1),), days: int = 1) -> AskedFor:
    return AskedFor("R1", SOLD + timedelta(days=days), amount, lines)


def test_nothing_odd() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (ask(501), ["request.above_line_value"]),
        (ask(1000, (("L1", 2),)), []),
        (ask(1300, ()), []),
        (ask(1301, ()), ["request.above_order_paid"]),
        (ask(0), ["request.amount_zero"]),
        (ask(None), []),
        (ask(days=-1), ["request.before_sale"]),
        (ask(500, (("L1", 1), ("L9", 1))), ["request.line_unlisted"]),
        (ask(500, (("L1", 3),)), ["request.quantity_above_bought"]),
    ],
)
def test_odd_requests(asked: AskedFor, expected: list[str]) -> None:
    assert codes(asked) == expected


def test_odd_orders() -> None:
    assert codes(customer=None) == ["customer.missing"]
    assert codes(records=[]) == ["order.unlisted"]
    assert codes(records=[order()]) == ["order.no_lines"]
    assert codes(ask(None), paid=1250) == ["order.sums_disagree"]
    free = record(RecordKind.ORDER_LINE, "L3", sku="C", quantity=1, unit_price=0)
    assert codes(records=[*ALL, free]) == ["order.lines_without_price"]
    again = record(RecordKind.ORDER_LINE, "L3", sku="B", quantity=1, unit_price=300)
    assert codes(records=[*ALL, again], paid=1600) == ["order.lines_alike"]


def test_goods_without_a_waybill() -> None:
    assert codes(records=[order(status="shipped"), *LINES]) == ["order.shipped_without_waybill"]
    went = record(RecordKind.SHIPMENT, "S1", status="shipped")
    assert codes(records=[order(status="shipped"), *LINES, went]) == ["order.shipped_without_waybill"]
    known = record(RecordKind.SHIPMENT, "S1", status="shipped", tracking="SF100200300")
    assert codes(records=[order(status="shipped"), *LINES, known]) == []
    assert codes(records=[order(), *LINES, record(RecordKind.SHIPMENT, "S1", status="shipped", tracking="xx")]) == [
        "shipment.waybill_implausible"
    ]


def test_a_gateway_that_contradicts_itself() -> None:
    payment = record(RecordKind.PAYMENT, "P1", captured=1300, refunded=0)
    refund = record(RecordKind.REFUND, "F1", payment.id, amount=200, status="succeeded")
    assert codes(records=[*ALL, payment, refund]) == ["payment.refund_unmatched"]
    failed = record(RecordKind.REFUND, "F1", payment.id, amount=200, status="failed")
    assert codes(records=[*ALL, payment, failed]) == []
    more = record(RecordKind.PAYMENT, "P1", captured=1300, refunded=1400)
    assert codes(records=[*ALL, more]) == ["payment.refunded_above_captured"]
    dispute = record(RecordKind.DISPUTE, "D1", payment.id, amount=1301, status="open")
    assert codes(records=[*ALL, payment, dispute]) == ["payment.dispute_above_charge"]


def test_files_that_are_not_what_they_say() -> None:
    shown = [
        Shown("a.png", "image/jpeg", claimed="image/png"),
        Shown("b.jpg", "image/jpeg", "evidence.truncated"),
        Shown("c.jpg", "image/jpeg"),
    ]
    assert codes(evidence=shown) == ["evidence.mislabelled", "evidence.truncated"]


def test_each_is_said_once() -> None:
    requests = [ask(days=-1), ask(days=-1)]
    shares = paid_shares(OrderSums("CNY", 1300), [OrderLine("L1", "", 2, 500), OrderLine("L2", "", 1, 300)])
    assert [code for code, _, _ in find(requests, ALL, shares, 1)] == ["request.before_sale"]
