"""Orders in a table by a mapping: guessed, kept, read; what can't be read stops its order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.order_files import Columns, FileOrder, columns_of, guess, orders_of, read_table

HEADS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
UCI = Columns(guess(HEADS.split(",")), "GBP", "Europe/London", "C")


def read(*rows: str, columns: Columns = UCI) -> list[FileOrder]:
    return list(orders_of(read_table("\n".join([HEADS, *rows]).encode()), columns))


def test_headings_are_told_by_their_names_and_a_mapping_comes_back_as_it_was_kept() -> None:
    assert UCI.heads["order"] == "InvoiceNo"
    assert columns_of(UCI.text()) == UCI
    assert guess(["订单号", "下单时间", "商品编码", "数量", "单价"]).keys() == {
        "order",
        "placed_at",
        "sku",
        "quantity",
        "unit_price",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "columns.unreadable"),
        (Columns({"order": "A"}, "GBP").text(), "columns.lacking"),
        (Columns(UCI.heads, "GBP", "Mars/Base").text(), "columns.zone"),
        (Columns(UCI.heads, "XQX").text(), "money.unknown_currency"),
    ],
)
def test_a_mapping_that_cant_hold_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as no:
        columns_of(text)
    assert no.value.code == code


def test_lines_of_an_order_come_to_what_was_paid_in_minor_units_and_utc() -> None:
    at = "2010-07-01 09:57:00"
    (order,) = read(f"536386,A,CUP,3,{at},4.95,16029,GB", f"536386,B,POT,1,{at},0.1,16029,GB")
    assert (order.paid, order.refunded, [line.price for line in order.lines]) == (1_495, 0, [495, 10])
    assert (order.placed_at, order.customer) == (datetime(2010, 7, 1, 8, 57, tzinfo=UTC), "16029")


def test_a_credit_invoice_gives_back_what_its_lines_come_to() -> None:
    (order,) = read("C536548,22244,HANGER,-4,2010-12-01 14:33:00,1.95,12472,Germany")
    assert (order.paid, order.refunded, order.problems) == (0, 780, ())


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        ("1,A,CUP,x,2010-12-01 09:57:00,4.95,1,GB", "rows[0].quantity", "field.wrong_type"),
        ("1,A,CUP,-3,2010-12-01 09:57:00,4.95,1,GB", "rows[0].quantity", "field.too_small"),
        ("1,A,CUP,3,2010-12-01 09:57:00,4.9x,1,GB", "rows[0].unit_price", "money.not_decimal"),
        ("1,A,CUP,3,2010-12-01 09:57:00,4.955,1,GB", "rows[0].unit_price", "money.not_decimal"),
        ("1,A,CUP,3,yesterday,4.95,1,GB", "rows[0].placed_at", "time.unreadable"),
        (",A,CUP,3,2010-12-01 09:57:00,4.95,1,GB", "order", "order.missing"),
    ],
)
def test_what_cant_be_read_stops_its_order_and_says_where(row: str, path: str, code: str) -> None:
    bad, good = read(row, "2,A,CUP,1,2010-12-01 09:57:00,4.95,1,GB")
    assert [(one.path, one.code) for one in bad.problems] == [(path, code)]
    assert (good.paid, good.problems) == (495, ())


def test_a_block_that_stands_there_twice_is_one_and_further_lines_belong_to_it() -> None:
    block = ["1,A,CUP,1,2010-12-01 09:57:00,4.95,1,GB", "1,A,CUP,1,2010-12-01 09:57:00,4.95,1,GB"]
    other = "2,A,CUP,1,2010-12-01 09:57:00,4.95,1,GB"
    more = "1,B,POT,1,2010-12-01 09:57:00,1.00,1,GB"
    assert [order.paid for order in read(*block, other, *block)] == [990, 495]
    assert [order.paid for order in read(*block, other, more)] == [1_090, 495]


@pytest.mark.parametrize("data", [b"<html>;</html>", b"\x00\xff{{{", b"one\ntwo\n", b'a,b\n"x', b"a,a\n1,2\n"])
def test_what_is_no_table_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(Invalid, match=r"columns\.(no_table|same_heading)"):
        read_table(data)


def test_a_column_that_is_gone_is_named() -> None:
    table = read_table(b"InvoiceNo;StockCode\n1;A\n")
    with pytest.raises(Invalid, match=r"columns\.gone"):
        list(orders_of(table, UCI))


def test_the_shared_half_of_a_real_shops_year(shared_set: Callable[[str], Path]) -> None:
    """Its write-offs and an adjustment of bad debt are no sales, and nobody's; every order of a customer is read."""
    table = read_table((shared_set("uci_online_retail") / "orders_lines.csv").read_bytes(), 60_000)
    orders = list(orders_of(table, UCI))
    stopped = [order for order in orders if order.problems]
    assert (len(orders) > 2_000, {order.customer for order in stopped}) == (True, {""})
    assert {problem.code for order in stopped for problem in order.problems} == {"field.too_small", "money.not_decimal"}
