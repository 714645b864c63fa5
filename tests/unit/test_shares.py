"""Paid shares: they sum to what was paid, and giving back in any split and order gives exactly that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.shares import (
    DiscountRule,
    OrderLine,
    OrderSums,
    Shares,
    TenderPolicy,
    broken_threshold,
    paid_shares,
    refund_for,
    split_tenders,
    unit_amounts,
)
from refund_desk.domain.words import Tender


def line(id_: str, quantity: int, price: int, discount: int = 0, paid: int | None = None) -> OrderLine:
    return OrderLine(id_, f"thing {id_}", quantity, price, discount, paid)


def codes(shares: Shares) -> list[str]:
    return [finding.code for finding in shares.findings]


def by_line(shares: Shares) -> dict[str, int]:
    return {share.line: share.minor for share in shares.lines}


MINOR = st.integers(0, 10**7)
TENDERS = st.lists(st.tuples(st.sampled_from(list(Tender)), st.integers(-50, 10**6)), max_size=3).map(tuple)


@st.composite
def orders(draw: st.DrawFn) -> tuple[OrderSums, list[OrderLine]]:
    """Orders of every oddness: negative, contradictory, without lines, with sums that don't add up."""
    lines = [
        OrderLine(
            str(i),
            "x",
            draw(st.integers(-1, 9)),
            draw(st.integers(-5, 10**6)),
            draw(st.integers(-5, 10**5)),
            draw(st.none() | st.integers(-5, 10**6)),
        )
        for i in range(draw(st.integers(0, 6)))
    ]
    shipping, discount, tax = (draw(st.integers(-5, 10**5)) for _ in range(3))
    currency, paid = draw(st.sampled_from(["CNY", "JPY", "KWD"])), draw(st.none() | st.integers(-5, 10**7))
    sums = OrderSums(currency, paid, shipping, discount, tax, draw(TENDERS))
    return sums, lines


@given(orders())
def test_shares_sum_to_what_was_paid_whatever_the_figures(order: tuple[OrderSums, list[OrderLine]]) -> None:
    shares = paid_shares(*order)
    assert sum(by_line(shares).values()) + shares.shipping_minor + shares.other_minor == shares.total_minor
    assert min([*by_line(shares).values(), shares.shipping_minor, shares.other_minor]) >= 0
    assert all(0 <= share.tax_minor <= share.minor for share in shares.lines)
    assert 0 <= shares.shipping_tax_minor <= shares.shipping_minor
    assert sum(minor for _, minor in shares.tenders) == shares.total_minor
    paid, in_kind = order[0].paid_minor, sum(m for t, m in order[0].tenders if t is not Tender.MONEY and m > 0)
    if paid is not None and paid >= 0:
        assert shares.total_minor in {paid, paid + in_kind}


def test_lines_shipping_and_tax_with_an_order_discount() -> None:
    order = OrderSums("CNY", 31_000, shipping_minor=1000, discount_minor=3000, tax_minor=3000)
    shares = paid_shares(order, [line("a", 2, 10_000), line("b", 1, 11_000, discount=1000)])
    # goods 200 + 100, less 20 + 10; tax 30 over 180, 90 and 10 of shipping
    assert by_line(shares) == {"a": 18_000 + 1929, "b": 9000 + 964}
    assert (shares.shipping_minor, shares.shipping_tax_minor, shares.tax_minor) == (1107, 107, 3000)
    assert codes(shares) == []


def test_tax_inside_the_prices_is_a_reading_of_its_own() -> None:
    shares = paid_shares(OrderSums("CNY", 10_000, tax_minor=900), [line("a", 1, 10_000)])
    assert (by_line(shares), shares.tax_minor, codes(shares)) == ({"a": 10_000}, 0, [])


@pytest.mark.parametrize("paid", [10_000, 8000])
def test_points_count_as_paid_whether_the_system_counts_them_or_not(paid: int) -> None:
    order = OrderSums("CNY", paid, tenders=((Tender.POINTS, 2000),))
    shares = paid_shares(order, [line("a", 1, 10_000)])
    assert (shares.total_minor, codes(shares)) == (10_000, [])
    assert shares.tenders == ((Tender.MONEY, 8000), (Tender.POINTS, 2000))


def test_sums_that_disagree_are_scaled_and_found() -> None:
    shares = paid_shares(OrderSums("CNY", 9001), [line("a", 1, 5000), line("b", 1, 5000)])
    assert by_line(shares) == {"a": 4501, "b": 4500}
    assert codes(shares) == ["order.sums_disagree"]
    assert shares.findings[0].params["difference"] == {"minor": -999, "currency": "CNY"}


def test_a_line_that_says_what_was_paid_for_it() -> None:
    order = OrderSums("CNY", 15_500, shipping_minor=500, discount_minor=5000)
    shares = paid_shares(order, [line("a", 1, 10_000, paid=5000), line("b", 1, 10_000, paid=10_000)])
    assert (by_line(shares), shares.shipping_minor, codes(shares)) == ({"a": 5000, "b": 10_000}, 500, [])


def test_a_line_paid_above_its_price_is_found() -> None:
    shares = paid_shares(OrderSums("CNY", 5000), [line("a", 1, 4000, paid=5000)])
    assert codes(shares) == ["line.paid_exceeds_price"]
    assert by_line(shares) == {"a": 5000}


def test_paid_unknown_is_computed_from_the_lines() -> None:
    shares = paid_shares(OrderSums("JPY", None, shipping_minor=500), [line("a", 3, 1000, discount=1)])
    assert (shares.total_minor, shares.paid_known, by_line(shares)) == (3499, False, {"a": 2999})


def test_an_order_without_lines_keeps_the_rest_apart() -> None:
    shares = paid_shares(OrderSums("CNY", 5000, shipping_minor=800), [])
    assert (shares.shipping_minor, shares.other_minor, codes(shares)) == (800, 4200, ["order.no_lines"])


def test_free_goods_that_were_paid_for_are_spread_by_quantity() -> None:
    shares = paid_shares(OrderSums("CNY", 300), [line("a", 2, 0), line("b", 1, 0)])
    assert by_line(shares) == {"a": 200, "b": 100}


def test_a_discount_beyond_the_goods_lowers_shipping() -> None:
    shares = paid_shares(OrderSums("CNY", 300, shipping_minor=800, discount_minor=1500), [line("a", 1, 1000)])
    assert (by_line(shares), shares.shipping_minor, codes(shares)) == ({"a": 0}, 300, [])
    beyond = paid_shares(OrderSums("CNY", 0, shipping_minor=800, discount_minor=2000), [line("a", 1, 1000)])
    assert codes(beyond) == ["order.discount_exceeds_price"]


def test_negative_values_and_too_much_discount_are_found() -> None:
    order = OrderSums("CNY", -1, shipping_minor=-2, tenders=((Tender.POINTS, -3),))
    shares = paid_shares(order, [OrderLine("a", "x", -1, -1, -1, -1), line("b", 1, 10, discount=11)])
    assert codes(shares).count("order.negative_value") == 3
    assert codes(shares).count("line.negative_value") == 3
    assert {"line.negative_quantity", "line.discount_exceeds_price"} <= set(codes(shares))
    assert shares.total_minor == 0


def test_tenders_that_are_more_than_was_paid_are_cut_and_found() -> None:
    order = OrderSums("CNY", 1000, tenders=((Tender.POINTS, 700), (Tender.COUPON, 700)))
    shares = paid_shares(order, [line("a", 1, 1000)])
    assert shares.tenders == ((Tender.POINTS, 700), (Tender.COUPON, 300))
    assert codes(shares) == ["order.tenders_disagree"]


# ---------------------------------------------------------------- the property: prefixes and the whole


@given(MINOR, st.integers(1, 40), st.data())
def test_units_in_any_split_give_exactly_the_share(share: int, quantity: int, data: st.DataObject) -> None:
    back = units = 0
    while units < quantity:
        asked = data.draw(st.integers(1, quantity - units))
        amount = refund_for(share, quantity, units, back, asked)
        assert amount == sum(unit_amounts(share, quantity)[units : units + asked])
        units, back = units + asked, back + amount
        assert back <= share
    assert back == share


@given(orders(), st.randoms(use_true_random=False))
def test_everything_in_any_order_is_everything_paid(order: tuple[OrderSums, list[OrderLine]], random: object) -> None:
    shares = paid_shares(*order)
    steps = [share.line for share in shares.lines for _ in range(share.quantity)]
    random.shuffle(steps)  # type: ignore[attr-defined]
    units = dict.fromkeys(by_line(shares), 0)
    given_back = dict.fromkeys(by_line(shares), 0)
    for step in steps:
        share = shares.line(step)
        assert share is not None
        given_back[step] += refund_for(share.minor, share.quantity, units[step], given_back[step], 1)
        units[step] += 1
        assert sum(given_back.values()) <= shares.total_minor
    for share in shares.lines:
        assert given_back[share.line] == (share.minor if share.quantity else 0)


@given(MINOR, st.integers(1, 20), MINOR, st.data())
def test_after_a_payment_without_a_unit_the_rest_is_spread(
    share: int, quantity: int, extra: int, data: st.DataObject
) -> None:
    extra = min(extra, share)
    back, units = extra, 0
    while units < quantity:
        asked = data.draw(st.integers(1, quantity - units))
        back += refund_for(share, quantity, units, back, asked)
        units += asked
        assert back <= share
    assert back == share


def test_later_units_do_not_make_up_for_a_fee_on_earlier_ones() -> None:
    assert refund_for(10_000, 2, 1, 2000, 1) == 5000


def test_no_more_units_than_there_are() -> None:
    with pytest.raises(Invalid) as caught:
        refund_for(100, 3, 2, 60, 2)
    assert (caught.value.code, caught.value.params) == ("share.units_exceeded", {"asked": 2, "allowed": 1})


# ---------------------------------------------------------------- tenders

PAID = ((Tender.MONEY, 700), (Tender.POINTS, 200), (Tender.COUPON, 100))


@pytest.mark.parametrize(
    ("policy", "amount", "expected"),
    [
        (TenderPolicy.MONEY_FIRST, 750, ((Tender.MONEY, 700), (Tender.POINTS, 50))),
        (TenderPolicy.KIND_FIRST, 250, ((Tender.POINTS, 200), (Tender.COUPON, 50))),
        (TenderPolicy.KIND_FIRST, 400, ((Tender.POINTS, 200), (Tender.COUPON, 100), (Tender.MONEY, 100))),
        (TenderPolicy.PROPORTIONAL, 500, ((Tender.MONEY, 350), (Tender.POINTS, 100), (Tender.COUPON, 50))),
    ],
)
def test_policy_says_what_goes_back_first(
    policy: TenderPolicy, amount: int, expected: tuple[tuple[Tender, int], ...]
) -> None:
    assert split_tenders(amount, PAID, (), policy) == expected


@given(TENDERS, st.sampled_from(list(TenderPolicy)), st.data())
def test_each_tender_gets_back_exactly_what_it_paid(
    tenders: tuple[tuple[Tender, int], ...], policy: TenderPolicy, data: st.DataObject
) -> None:
    paid: dict[Tender, int] = {}
    for tender, minor in tenders:
        paid[tender] = paid.get(tender, 0) + max(0, minor)
    back: dict[Tender, int] = {}
    left = sum(paid.values())
    while left:
        part = data.draw(st.integers(max(1, left // 3), left))
        for tender, minor in split_tenders(part, paid.items(), back.items(), policy):
            assert minor > 0
            back[tender] = back.get(tender, 0) + minor
        left -= part
        assert all(minor <= paid[tender] for tender, minor in back.items())
    assert back == {tender: minor for tender, minor in paid.items() if minor}


def test_tenders_together_are_a_limit() -> None:
    with pytest.raises(Conflict) as caught:
        split_tenders(1001, PAID, (), TenderPolicy.MONEY_FIRST)
    assert (caught.value.code, caught.value.params["allowed"]) == ("tender.exceeded", 1000)
    with pytest.raises(Conflict):
        split_tenders(-1, PAID, (), TenderPolicy.MONEY_FIRST)


# ---------------------------------------------------------------- discount thresholds


def test_a_return_that_breaks_the_threshold_takes_back_the_discount_on_what_stays() -> None:
    rule = DiscountRule(threshold_minor=30_000, discount_minor=3000)
    term = broken_threshold(rule, "CNY", 30_000, 10_000, refund_minor=9000)
    assert term is not None
    assert (term.code, term.minor) == ("share.threshold_broken", -2000)
    assert term.params["kept"] == {"minor": 20_000, "currency": "CNY"}
    restored = broken_threshold(rule, "CNY", 30_000, 30_000, refund_minor=18_000, taken_minor=2000)
    assert restored is not None
    assert (restored.code, restored.minor) == ("share.threshold_restored", 2000)


@pytest.mark.parametrize(("goods", "returned"), [(40_000, 10_000), (29_999, 10_000), (30_000, 30_000), (30_000, 0)])
def test_a_threshold_that_holds_or_never_held_changes_nothing(goods: int, returned: int) -> None:
    assert broken_threshold(DiscountRule(30_000, 3000), "CNY", goods, returned, refund_minor=9000) is None


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_with_a_broken_threshold_everything_is_still_everything(
    prices: list[int], threshold: int, discount: int
) -> None:
    discount = min(discount, sum(prices))
    lines = [line(str(i), 1, price) for i, price in enumerate(prices)]
    shares = paid_shares(OrderSums("CNY", sum(prices) - discount, discount_minor=discount), lines)
    returned = back = taken = 0
    for share, price in zip(shares.lines, prices, strict=True):
        returned += price
        term = broken_threshold(
            DiscountRule(threshold, discount), "CNY", sum(prices), returned, share.minor, taken_minor=taken
        )
        change = term.minor if term else 0
        assert share.minor + change >= 0
        taken -= change
        back += share.minor + change
        assert back <= shares.total_minor
    assert back == shares.total_minor
