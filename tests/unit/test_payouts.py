"""Intents and ceilings: the table of states, what counts against a ceiling, and who is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund_desk.domain.errors import Conflict
from refund_desk.domain.payouts import (
    HOLDING,
    SHIPPING,
    Book,
    Dispute,
    Intent,
    IntentState,
    KnownRefund,
    LineAmount,
    LinePaid,
    Payment,
    Proposed,
    StatedRefunded,
    advance,
    check_ceilings,
    given_back,
    line_ceiling,
    money_ceiling,
    order_blocked,
    order_ceiling,
    payment_ceiling,
    refundable,
    split_payments,
)
from refund_desk.domain.words import Tender

NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)
S = IntentState
BOOK = Book(
    "A1",
    "CNY",
    10_000,
    lines=(LinePaid("a", 2, 6000), LinePaid("b", 1, 3000), LinePaid(SHIPPING, 0, 1000)),
    payments=(Payment("p1", 10_000),),
)
TWO = replace(BOOK, payments=(Payment("p1", 6000), Payment("p2", 4000)))


def intent(
    id_: str = "i1",
    minor: int = 3000,
    state: IntentState = S.SUCCEEDED,
    tender: Tender = Tender.MONEY,
    payment: str | None = "p1",
    **more: Any,
) -> Intent:
    return Intent(id_, state, tender, minor, payment if tender is Tender.MONEY else None, **more)


def with_intent(book: Book = BOOK, /, **more: Any) -> Book:
    return replace(book, intents=(intent(**more),))


def listed(minor: int, status: str = "succeeded", payment: str | None = "p1", **more: Any) -> KnownRefund:
    return KnownRefund(more.pop("system", "gate"), more.pop("id", "re_1"), minor, status, payment, **more)


def refusal(proposed: Proposed, book: Book) -> Conflict:
    with pytest.raises(Conflict) as caught:
        check_ceilings(proposed, book)
    return caught.value


def money(minor: int, *lines: LineAmount, payment: str | None = "p1") -> Proposed:
    return Proposed("CNY", minor, Tender.MONEY, payment, lines)


# ---------------------------------------------------------------- states

ALLOWED = {
    ("reserved", "submitting"),
    ("reserved", "cancelled"),
    ("submitting", "pending"),
    ("submitting", "succeeded"),
    ("submitting", "failed"),
    ("submitting", "unknown"),
    ("unknown", "pending"),
    ("unknown", "succeeded"),
    ("unknown", "failed"),
    ("pending", "succeeded"),
    ("pending", "failed"),
    ("succeeded", "arrived"),
    ("succeeded", "returned"),
    ("arrived", "returned"),
}


@pytest.mark.parametrize("to", list(S))
@pytest.mark.parametrize("state", list(S))
def test_every_pair_of_states(state: IntentState, to: IntentState) -> None:
    if (state, to) in ALLOWED:
        assert advance(state, to) is to
        return
    with pytest.raises(Conflict) as caught:
        advance(state, to)
    assert (caught.value.code, caught.value.params) == ("intent.transition", {"from": state, "to": to})


@pytest.mark.parametrize("state", list(S))
def test_which_states_hold_money(state: IntentState) -> None:
    holds = state not in {S.FAILED, S.CANCELLED, S.RETURNED}
    assert (state in HOLDING) is holds
    left = 7000 if holds else 10_000
    book = with_intent(state=state)
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (left, left)
    assert given_back(book) == 10_000 - left


# ---------------------------------------------------------------- refunds that are not ours


@pytest.mark.parametrize(
    "refund",
    [
        listed(3000, intent="i1"),
        listed(3000, reference="i1"),
        listed(3000, reference="ref-7"),
        listed(3000, id="ref-7"),
        listed(3000, "pending", intent="i1"),
    ],
)
def test_our_own_refund_is_counted_once(refund: KnownRefund) -> None:
    book = replace(with_intent(reference="ref-7"), refunds=(refund,))
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (7000, 7000)


@pytest.mark.parametrize(
    ("refund", "left"),
    [
        (listed(2000), 5000),
        (listed(2000, "pending"), 5000),
        (listed(2000, "no_such_status"), 5000),
        (listed(2000, "failed"), 7000),
        (listed(2000, "cancelled"), 7000),
        (listed(2000, reference="other"), 5000),
        (listed(4500, intent="i1"), 5500),
        (listed(2000, payment=None, system="shop"), 5000),
    ],
)
def test_a_refund_we_did_not_make_counts(refund: KnownRefund, left: int) -> None:
    book = replace(with_intent(), refunds=(refund,))
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (left, left)


def test_an_intent_paid_twice_at_the_gateway_counts_twice() -> None:
    refunds = (listed(3000, intent="i1"), listed(3000, id="re_2", intent="i1"))
    assert payment_ceiling(replace(with_intent(), refunds=refunds), "p1").minor == 4000


def test_a_failed_intent_that_the_gateway_paid_counts() -> None:
    book = replace(with_intent(state=S.FAILED), refunds=(listed(3000, intent="i1"),))
    assert payment_ceiling(book, "p1").minor == 7000


def test_a_reference_is_only_good_on_its_own_payment() -> None:
    book = replace(with_intent(TWO, reference="1001"), refunds=(listed(1000, payment="p2", id="1001"),))
    assert [payment_ceiling(book, payment).minor for payment in ("p1", "p2")] == [3000, 3000]
    assert order_ceiling(book).minor == 6000


@pytest.mark.parametrize(
    ("paid_out_at", "left"), [(NOON - timedelta(hours=1), 5000), (NOON + timedelta(hours=1), 2000), (None, 2000)]
)
def test_a_stated_sum_knows_only_what_was_paid_before(paid_out_at: datetime | None, left: int) -> None:
    stated = (StatedRefunded("gate", 5000, NOON, "p1"),)
    book = replace(with_intent(paid_out_at=paid_out_at), stated=stated)
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (left, left)


def test_where_two_systems_disagree_the_higher_counts() -> None:
    book = replace(
        BOOK,
        refunds=(listed(2000),),
        stated=(StatedRefunded("gate", 1500, NOON, "p1"), StatedRefunded("shop", 6000, NOON)),
    )
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (4000, 4000)


def test_store_credit_hides_nothing_in_a_stated_sum() -> None:
    credit = with_intent(tender=Tender.STORE_CREDIT, minor=4000, paid_out_at=NOON - timedelta(hours=1))
    assert order_ceiling(replace(credit, stated=(StatedRefunded("shop", 4000, NOON),))).minor == 2000


def test_a_refund_that_names_no_payment_may_have_used_any() -> None:
    book = replace(TWO, refunds=(listed(1000, payment=None, system="shop"),))
    assert [payment_ceiling(book, payment).minor for payment in ("p1", "p2")] == [5000, 3000]
    assert order_ceiling(book).minor == 9000
    assert [term.code for term in payment_ceiling(book, "p1").terms] == [
        "ceiling.captured",
        "ceiling.refunded_unplaced",
    ]


def test_refunds_of_two_payments_add_up() -> None:
    book = replace(TWO, refunds=(listed(1000), listed(500, payment="p2", system="other")))
    assert order_ceiling(book).minor == 8500


# ---------------------------------------------------------------- disputes and other forms


@pytest.mark.parametrize(
    ("status", "left"), [("open", 6000), ("under_review", 6000), ("lost", 6000), ("won", 10_000), ("strange", 6000)]
)
def test_disputes_take_funds_unless_won(status: str, left: int) -> None:
    book = replace(BOOK, disputes=(Dispute("d1", "p1", 4000, status),))
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (left, left)


@pytest.mark.parametrize("tender", [Tender.STORE_CREDIT, Tender.COUPON, Tender.GOODS, Tender.POINTS])
def test_other_forms_count_on_the_order_and_not_on_the_payment(tender: Tender) -> None:
    book = with_intent(tender=tender, minor=8000)
    assert (payment_ceiling(book, "p1").minor, order_ceiling(book).minor) == (10_000, 2000)
    assert refusal(money(2001), book).code == "ceiling.order_exceeded"
    check_ceilings(money(2000), book)


def test_what_was_paid_in_points_never_goes_back_as_cash() -> None:
    book = replace(BOOK, in_kind_minor=2500, payments=())
    assert (money_ceiling(book).minor, refundable(book).minor, order_ceiling(book).minor) == (7500, 7500, 10_000)
    assert refusal(money(7501, payment=None), book).code == "ceiling.money_exceeded"
    check_ceilings(Proposed("CNY", 10_000, Tender.POINTS), book)


def test_a_ceiling_is_never_negative_and_is_the_sum_of_its_terms() -> None:
    ceiling = order_ceiling(replace(with_intent(minor=9000), disputes=(Dispute("d1", "p1", 10_000, "open"),)))
    assert ceiling.minor == 0
    assert [(term.code, term.minor) for term in ceiling.terms] == [
        ("ceiling.paid", 10_000),
        ("ceiling.dispute", -10_000),
        ("ceiling.intent", -9000),
        ("ceiling.overdrawn", 9000),
    ]


# ---------------------------------------------------------------- lines


def test_a_line_gives_back_its_share_and_units_once_in_any_case_and_form() -> None:
    book = with_intent(tender=Tender.COUPON, lines=(LineAmount("a", 1, 3000), LineAmount(SHIPPING, 0, 1000)))
    ceiling = line_ceiling(book, "a")
    assert (ceiling.kind, ceiling.subject, ceiling.minor, ceiling.quantity) == ("line", "a", 3000, 1)
    assert line_ceiling(book, SHIPPING).minor == 0
    assert refusal(money(100, LineAmount(SHIPPING, 0, 100)), book).code == "ceiling.shipping_exceeded"
    assert line_ceiling(with_intent(state=S.FAILED, lines=(LineAmount("a", 1, 3000),)), "a").quantity == 2


def test_lines_of_a_refund_made_elsewhere_count_by_the_highest_system() -> None:
    lines = (LineAmount("a", 1, 2500),)
    refunds = (listed(2500, lines=lines), listed(2500, system="shop", id="x", payment=None, lines=lines))
    ceiling = line_ceiling(replace(BOOK, refunds=refunds), "a")
    assert (ceiling.minor, ceiling.quantity) == (3500, 1)
    ours = replace(with_intent(lines=lines), refunds=(listed(3000, intent="i1", lines=lines),))
    assert line_ceiling(ours, "a").minor == 3500


def test_an_unknown_line_has_nothing_to_give() -> None:
    ceiling = line_ceiling(BOOK, "zz")
    assert (ceiling.minor, ceiling.quantity) == (0, 0)


# ---------------------------------------------------------------- asking


@pytest.mark.parametrize(
    ("proposed", "code", "subject", "asked", "allowed"),
    [
        (money(8001), "ceiling.payment_exceeded", "p1", 8001, 8000),
        (money(6500, LineAmount("a", 2, 6001)), "ceiling.line_exceeded", "a", 6001, 6000),
        (money(100, LineAmount("a", 1, 3500), LineAmount("a", 1, 3000)), "ceiling.line_exceeded", "a", 6500, 6000),
        (money(10_001, payment=None), "ceiling.order_exceeded", "A1", 10_001, 10_000),
        (money(9000, payment=None), "ceiling.payment_exceeded", "p1", 9000, 8000),
    ],
)
def test_refusals_say_what_was_asked_and_what_is_allowed(
    proposed: Proposed, code: str, subject: str, asked: int, allowed: int
) -> None:
    error = refusal(proposed, replace(BOOK, payments=(Payment("p1", 8000),)))
    assert (error.code, error.params) == (
        code,
        {
            "subject": subject,
            "asked": {"minor": asked, "currency": "CNY"},
            "allowed": {"minor": allowed, "currency": "CNY"},
        },
    )


def test_units_are_a_limit_of_their_own() -> None:
    error = refusal(money(100, LineAmount("a", 2, 50), LineAmount("a", 1, 50)), BOOK)
    assert (error.code, error.params) == ("ceiling.line_quantity_exceeded", {"subject": "a", "asked": 3, "allowed": 2})


@pytest.mark.parametrize(
    ("proposed", "code"),
    [
        (Proposed("JPY", 1, Tender.MONEY, "p1"), "ceiling.currency_differs"),
        (money(0), "ceiling.amount_not_positive"),
        (money(-5), "ceiling.amount_not_positive"),
        (money(5, LineAmount("a", 1, -5)), "ceiling.amount_not_positive"),
        (money(5, LineAmount("a", -1, 5)), "ceiling.amount_not_positive"),
        (money(5, payment="p9"), "ceiling.unknown_payment"),
    ],
)
def test_what_makes_no_sense_is_refused(proposed: Proposed, code: str) -> None:
    assert refusal(proposed, BOOK).code == code


def test_an_unknown_intent_blocks_every_other_refund_of_the_order() -> None:
    book = with_intent(state=S.UNKNOWN, minor=1)
    blocker = order_blocked(book)
    assert blocker is not None
    assert blocker.id == "i1"
    error = refusal(Proposed("CNY", 1, Tender.COUPON), book)
    assert (error.code, error.params) == ("payout.unknown_blocks", {"intent": "i1", "order": "A1"})
    assert refundable(book).minor == 0
    assert refundable(book).terms[-1].code == "payout.unknown_blocks"
    check_ceilings(money(9999), book.without("i1"))


def test_a_reserved_intent_is_checked_again_without_itself() -> None:
    book = with_intent(state=S.RESERVED, minor=10_000)
    check_ceilings(money(10_000), book.without("i1"))
    grown = replace(book, refunds=(listed(500),))
    assert given_back(grown.without("i1")) == given_back(book.without("i1")) + 500
    assert refusal(money(10_000), grown.without("i1")).code == "ceiling.order_exceeded"


def test_an_order_without_a_payment_has_the_other_two() -> None:
    book = replace(BOOK, payments=())
    check_ceilings(money(10_000, payment=None), book)
    assert refundable(book).kind == "order"


def test_an_amount_is_placed_on_several_payments() -> None:
    assert split_payments(7000, TWO) == (("p1", 6000), ("p2", 1000))
    assert split_payments(7000, with_intent(TWO, minor=2000)) == (("p1", 4000), ("p2", 3000))
    with pytest.raises(Conflict) as caught:
        split_payments(9000, with_intent(TWO, minor=2000))
    assert caught.value.params["allowed"] == {"minor": 8000, "currency": "CNY"}
    assert refundable(TWO).minor == 10_000
    assert refundable(TWO, "p2").minor == 4000


# ---------------------------------------------------------------- whatever is known

SMALL = st.integers(0, 15_000)
PAYMENT = st.sampled_from(["p1", "p2", None])
LINES = st.lists(
    st.builds(LineAmount, st.sampled_from(["a", "b", SHIPPING]), st.integers(0, 3), SMALL), max_size=2
).map(tuple)
BOOKS = st.builds(
    Book,
    st.just("A1"),
    st.just("CNY"),
    SMALL,
    lines=st.just(BOOK.lines),
    payments=st.sampled_from([(), BOOK.payments, TWO.payments]),
    intents=st.lists(
        st.builds(
            Intent,
            st.sampled_from(["i1", "i2", "i3"]),
            st.sampled_from(S),
            st.sampled_from(Tender),
            SMALL,
            PAYMENT,
            LINES,
            st.sampled_from(["r1", "r2", None]),
            st.none() | st.just(NOON),
        ),
        max_size=3,
        unique_by=lambda one: one.id,
    ).map(tuple),
    refunds=st.lists(
        st.builds(
            KnownRefund,
            st.sampled_from(["gate", "shop"]),
            st.sampled_from(["r1", "re_1", "re_2"]),
            SMALL,
            st.sampled_from(["pending", "succeeded", "failed", "cancelled"]),
            PAYMENT,
            st.sampled_from(["r2", None]),
            st.sampled_from(["i1", "i2", None]),
            LINES,
        ),
        max_size=3,
    ).map(tuple),
    stated=st.lists(
        st.builds(StatedRefunded, st.sampled_from(["gate", "shop"]), SMALL, st.just(NOON), PAYMENT), max_size=2
    ).map(tuple),
    disputes=st.lists(
        st.builds(Dispute, st.just("d1"), PAYMENT, SMALL, st.sampled_from(["open", "lost", "won"])), max_size=2
    ).map(tuple),
    in_kind_minor=st.integers(0, 3000),
)


@given(BOOKS, st.integers(1, 20_000), st.sampled_from(Tender), PAYMENT, LINES)
def test_no_ceiling_is_negative_or_above_what_came_in(
    book: Book, asked: int, tender: Tender, payment: str | None, lines: tuple[LineAmount, ...]
) -> None:
    for ceiling in [
        order_ceiling(book),
        money_ceiling(book),
        refundable(book),
        *(payment_ceiling(book, known.id) for known in book.payments),
        *(line_ceiling(book, line.line) for line in book.lines),
    ]:
        came_in = sum(max(0, term.minor) for term in ceiling.terms if term.code != "ceiling.overdrawn")
        assert 0 <= ceiling.minor <= came_in
        assert ceiling.minor == sum(term.minor for term in ceiling.terms)
    held = sum(one.minor for one in book.intents if one.holds)
    try:
        check_ceilings(Proposed("CNY", asked, tender, payment, lines), book)
    except Conflict:
        return
    assert held + asked <= book.paid_minor
    assert order_blocked(book) is None
    if tender is Tender.MONEY:
        assert asked <= refundable(book, payment).minor
