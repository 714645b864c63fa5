"""What of ours came back, and a system has not spoken of since: nothing that others gave back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import Book, Intent, IntentState, KnownRefund, Payment, StatedRefunded
from refund_desk.domain.sending import check_leaving, outside
from refund_desk.domain.words import Tender

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def intent(number: int, state: IntentState, minor: int, at: datetime = NOON) -> Intent:
    gone = state in (IntentState.SUCCEEDED, IntentState.ARRIVED)
    ended = state in (IntentState.RETURNED, IntentState.FAILED, IntentState.CANCELLED)
    return Intent(
        f"id-{number}",
        state,
        Tender.MONEY,
        minor,
        "ch_0",
        reference=f"re_{number}",
        paid_out_at=at if gone else None,
        ended_at=at if ended else None,
    )


def listed(number: int, minor: int, status: str = "succeeded", as_of: datetime | None = None) -> KnownRefund:
    return KnownRefund("gate", f"re_{number}", minor, status, "ch_0", as_of=as_of)


def book(intents: tuple[Intent, ...], refunds: tuple[KnownRefund, ...], stated: int, as_of: datetime) -> Book:
    sums = (StatedRefunded("gate", stated, as_of, "ch_0"),)
    return Book("O-1", "CNY", 5000, payments=(Payment("ch_0", 5000),), intents=intents, refunds=refunds, stated=sums)


CAME_BACK = intent(0, IntentState.RETURNED, 1749)
WAITS = intent(9, IntentState.RESERVED, 405)


def test_what_came_back_is_no_strangers_because_the_gateway_has_not_spoken_again() -> None:
    before = outside(book((CAME_BACK,), (listed(0, 1749, as_of=NOON - HOUR),), 1749, NOON - HOUR))
    assert before == {"gate": 0}
    by_a_clerk = book((CAME_BACK, WAITS), (listed(0, 1749, "failed"), listed(5, 405)), 405, NOON + HOUR)
    with pytest.raises(Conflict) as why:
        check_leaving(by_a_clerk, WAITS, before)
    assert why.value.code == "payout.given_back_grew"


def test_what_is_said_to_be_paid_after_it_came_back_is_a_strangers() -> None:
    assert outside(book((CAME_BACK,), (listed(0, 1749, as_of=NOON + HOUR),), 1749, NOON + HOUR))["gate"] == 1749
    assert outside(book((CAME_BACK,), (listed(0, 1749),), 1749, NOON + HOUR))["gate"] == 1749


def test_what_failed_never_was_in_a_sum() -> None:
    failed = intent(1, IntentState.FAILED, 405)
    assert outside(book((failed,), (listed(5, 405, as_of=NOON - HOUR),), 405, NOON - HOUR))["gate"] == 405


def test_ours_that_was_paid_is_not_outside_and_lets_the_next_leave() -> None:
    paid = intent(2, IntentState.SUCCEEDED, 700)
    before = outside(book((paid,), (), 700, NOON + HOUR))
    assert before == {"gate": 0}
    check_leaving(book((paid, WAITS), (listed(2, 700),), 700, NOON + HOUR), WAITS, before)
