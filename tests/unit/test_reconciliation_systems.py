"""Lines of an order by what each system says: who speaks for which side, and what counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from refund_desk.domain.facts import Observed, Record
from refund_desk.domain.reconciliation import Book, BreakKind, Role, Rules
from refund_desk.domain.reconciliation_run import reconcile
from refund_desk.domain.reconciliation_systems import OrderSaid, SystemLine, lines_of
from refund_desk.domain.words import RecordKind

AT = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 25, tzinfo=UTC)


def said(number: int, source: str, of: RecordKind, id: str, parent: int | None = None, **fields: Any) -> Record:
    return Record(number, source, of, id, parent, AT, {name: Observed(v, AT, AT) for name, v in fields.items()})


def lines(*records: Record) -> list[SystemLine]:
    return lines_of(OrderSaid(7, "SO-1001", "CNY", "c-1", records))


def told(some: list[SystemLine]) -> list[tuple[str, str, str, str, int]]:
    return [(one.role.value, one.entry.source, one.entry.kind.value, one.entry.id, one.entry.minor) for one in some]


ORDER = said(1, "shop", RecordKind.ORDER, "SO-1001", paid=10_000, points=1_000, refunded=2_000)
PAYMENT = said(3, "stripe", RecordKind.PAYMENT, "ch_1", captured=9_000, refunded=2_000, currency="CNY", fee=60)
REFUND = said(4, "stripe", RecordKind.REFUND, "re_1", 3, amount=1_500, status="succeeded")


def test_totals_speak_for_a_shop_that_lists_no_payments_and_points_are_no_money() -> None:
    assert told(lines(ORDER)) == [
        ("shop", "shop", "payment", "SO-1001", 9_000),
        ("shop", "shop", "refund", "SO-1001", 2_000),
    ]


def test_a_shop_that_lists_its_payments_speaks_through_them() -> None:
    own = said(5, "shop", RecordKind.PAYMENT, "p-1", captured=9_000)
    assert ("shop", "shop", "payment", "p-1", 9_000) in told(lines(ORDER, own))
    assert ("shop", "shop", "payment", "SO-1001", 9_000) not in told(lines(ORDER, own))


def test_the_first_of_two_order_systems_speaks_for_the_order() -> None:
    second = said(2, "erp", RecordKind.ORDER, "SO-1001", paid=7_000)
    assert {one.entry.source for one in lines(second, ORDER)} == {"shop"}


def test_what_a_payment_gave_back_beyond_its_listed_refunds_is_a_line_of_its_own() -> None:
    assert told(lines(ORDER, PAYMENT, REFUND))[2:] == [
        ("gateway", "stripe", "payment", "ch_1", 9_000),
        ("gateway", "stripe", "refund", "re_1", 1_500),
        ("gateway", "stripe", "refund", "ch_1", 500),
    ]


def test_a_failed_refund_gave_nothing_and_books_are_the_ledgers_side() -> None:
    failed = said(4, "stripe", RecordKind.REFUND, "re_1", 3, amount=2_000, status="failed")
    booked = said(6, "erp", RecordKind.LEDGER_ENTRY, "b-1", kind="refund", amount=-2_000, reference="re_1")
    fee = said(8, "erp", RecordKind.LEDGER_ENTRY, "b-2", kind="fee", amount=60)
    made = lines(ORDER, PAYMENT, failed, booked, fee)
    assert ("ledger", "erp:ledger", "refund", "b-1", 2_000) in told(made)
    assert sum(one.entry.minor for one in made if one.role is Role.GATEWAY and one.entry.kind == "refund") == 4_000
    assert all(one.entry.id != "b-2" for one in made)


def test_nobody_speaks_of_an_order_that_no_order_system_knows() -> None:
    assert lines(PAYMENT, REFUND) == []


def test_a_run_over_them_finds_a_refund_the_shop_never_heard_of() -> None:
    order = said(1, "shop", RecordKind.ORDER, "SO-1001", paid=9_000, refunded=0)
    full = said(4, "stripe", RecordKind.REFUND, "re_1", 3, amount=2_000, status="succeeded")
    made = lines(order, PAYMENT, full)
    rules = Rules({one.entry.source: Book(one.role) for one in made}, "CNY")
    (found,) = reconcile([one.entry for one in made], rules, LATER).breaks
    assert (found.kind, found.minor) == (BreakKind.MISSING_HERE, 2_000)
