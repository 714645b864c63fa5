"""What stops a refund that was approved: what others gave back since, one refund and one dispute at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import Book, Dispute, Intent, IntentState, KnownRefund, Payment, StatedRefunded
from refund_desk.domain.sending import check_leaving, growth, outside
from refund_desk.domain.words import Tender
from tests.fakes.house import START

OURS = Intent("i1", IntentState.RESERVED, Tender.MONEY, 2000, "ch_1")
BOOK = Book("O1", "EUR", 10_000, payments=(Payment("ch_1", 10_000),), intents=(OURS,))


def refund(
    id: str, minor: int, status: str = "succeeded", system: str = "pay", reference: str | None = None
) -> KnownRefund:
    return KnownRefund(system, id, minor, status, "ch_1", reference)


def test_a_dispute_that_was_won_hides_no_new_one() -> None:
    before = outside(replace(BOOK, disputes=(Dispute("dp_0", "ch_1", 1169, "open"),)))
    after = (Dispute("dp_0", "ch_1", 1169, "won"), Dispute("dp_1", "ch_1", 292, "open"))
    with pytest.raises(Conflict, match=r"payout\.given_back_grew") as stopped:
        check_leaving(replace(BOOK, disputes=after), OURS, before)
    assert stopped.value.params["difference"]["minor"] == 292
    check_leaving(replace(BOOK, disputes=after[:1]), OURS, before)


def test_a_refund_that_failed_hides_no_new_one() -> None:
    before = outside(replace(BOOK, refunds=(refund("re_1", 500),)))
    with pytest.raises(Conflict, match=r"payout\.given_back_grew"):
        check_leaving(replace(BOOK, refunds=(refund("re_1", 500, "failed"), refund("re_2", 500))), OURS, before)
    check_leaving(replace(BOOK, refunds=(refund("re_1", 500, "failed"),)), OURS, before)


def test_a_system_that_speaks_for_the_first_time_of_what_was_known_is_no_growth() -> None:
    known = replace(BOOK, refunds=(refund("re_1", 500),))
    told = replace(known, refunds=(*known.refunds, refund("s-1", 500, system="shop")))
    assert growth(outside(known), outside(told)) == 0
    more = replace(known, refunds=(*known.refunds, refund("s-1", 700, system="shop")))
    assert growth(outside(known), outside(more)) == 200


def test_what_a_shop_refunds_for_us_is_booked_behind_it_once() -> None:
    """The gateway's line of it is ours, too: the shop's own names it."""
    paid = replace(OURS, state=IntentState.SUCCEEDED, reference="shop-refund-1", paid_out_at=START)
    mine = refund("shop-refund-1", 2000, system="shop", reference="re_9")
    book = replace(BOOK, intents=(paid,), refunds=(mine, refund("re_9", 2000), refund("re_10", 300)))
    assert [book.matched(one) for one in book.refunds] == [paid, paid, None]
    assert outside(book) == {"shop": 0, "pay": 300, "pay#re_10": 300}
    alone = replace(book, refunds=(refund("re_9", 2000),), stated=(StatedRefunded("pay", 2000, START, "ch_1"),))
    assert alone.matched(alone.refunds[0]) is None
