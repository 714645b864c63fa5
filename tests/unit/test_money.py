"""Money: reading, writing, arithmetic in one currency, and spreading without losing a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.money import LARGEST_MINOR, Money, decimal_text, exponent, parse, plain_number, spread

CURRENCIES = st.sampled_from(["CNY", "JPY", "KWD", "USD", "KRW", "BHD", "ISK", "TND"])
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("JPY", 0), ("KRW", 0), ("VND", 0), ("CLP", 0), ("ISK", 0), ("CNY", 2), ("USD", 2), ("HUF", 2)]
    + [(code, 3) for code in ("BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD")],
)
def test_decimals_of_currencies(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["XYZ", "cny", "", "XAU", "RMB"])
def test_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as caught:
        exponent(code)
    assert (caught.value.code, caught.value.params) == ("money.unknown_currency", {"currency": code})
    with pytest.raises(Invalid):
        Money(1, code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1299.00", "CNY", 129900),
        ("0.1", "CNY", 10),
        ("-0.05", "USD", -5),
        ("12.3000", "CNY", 1230),
        ("1500", "JPY", 1500),
        ("1500.00", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("1.2340", "KWD", 1234),
        ("-0", "CNY", 0),
        ("007", "CNY", 700),
    ],
)
def test_parse(text: str, currency: str, minor: int) -> None:
    assert parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("12.345", "CNY", "money.too_precise"),
        ("0.5", "JPY", "money.too_precise"),
        ("1.2345", "KWD", "money.too_precise"),
        ("1,299.00", "CNY", "money.not_decimal"),
        ("1e3", "CNY", "money.not_decimal"),
        ("", "CNY", "money.not_decimal"),
        ("１２", "CNY", "money.not_decimal"),
        ("12.", "CNY", "money.not_decimal"),
        ("+1", "CNY", "money.not_decimal"),
        ("NaN", "CNY", "money.not_decimal"),
        ("1\n", "CNY", "money.not_decimal"),
        ("9007199254740992", "JPY", "money.too_large"),
        ("9" * 5000, "JPY", "money.not_decimal"),
    ],
)
def test_what_parse_refuses(text: str, currency: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(text, currency)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(129900, "CNY", "1299.00"), (-5, "USD", "-0.05"), (0, "KWD", "0.000"), (1500, "JPY", "1500"), (7, "KWD", "0.007")],
)
def test_decimal_text(minor: int, currency: str, text: str) -> None:
    assert decimal_text(Money(minor, currency)) == text


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), CURRENCIES)
def test_text_and_back(minor: int, currency: str) -> None:
    assert parse(decimal_text(Money(minor, currency)), currency) == Money(minor, currency)


def test_arithmetic() -> None:
    five, two = Money(5, "CNY"), Money(2, "CNY")
    assert (five + two, five - two, -five) == (Money(7, "CNY"), Money(3, "CNY"), Money(-5, "CNY"))
    assert five > two
    assert two < five
    assert five >= Money(5, "CNY")
    assert five <= Money(5, "CNY")
    assert not five <= two
    assert five != Money(5, "USD")


def test_two_currencies_never_meet() -> None:
    yuan, yen = Money(5, "CNY"), Money(5, "JPY")
    for meet in (yuan.__add__, yuan.__sub__, yuan.__lt__, yuan.__le__, yuan.__gt__, yuan.__ge__):
        with pytest.raises(Conflict) as caught:
            meet(yen)
        assert caught.value.code == "money.currencies_differ"


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_only_an_int_is_an_amount(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "CNY")  # type: ignore[arg-type]


@given(st.integers(0, 10**12), WEIGHTS)
def test_spread_sums_and_stays_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    scale = sum(weights) or len(weights)
    exact = [total * (weight if sum(weights) else 1) for weight in weights]
    assert sum(parts) == total
    assert all(share // scale <= part <= -(-share // scale) for part, share in zip(parts, exact, strict=True))


@given(WEIGHTS)
def test_spreading_the_sum_of_the_weights_gives_the_weights(weights: list[int]) -> None:
    assert spread(sum(weights), weights) == weights


def test_spread_is_stable_and_gives_nothing_to_no_weight() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(2, [0, 1, 0, 1, 1]) == [0, 1, 0, 1, 0]
    assert spread(5, [0, 0]) == [3, 2]
    assert spread(0, []) == []


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [-1, 3]), (1, [])])
def test_what_spread_refuses(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="spread"):
        spread(total, weights)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,299.00", "1299.00"),
        ("¥1，234，567.8", "1234567.8"),
        (" 12 ", "12"),
        ("1,5", "1,5"),
        ("59,90", "59,90"),
        ("1,2345", "1,2345"),
    ],
)
def test_a_comma_parts_thousands_and_nothing_else(typed: str, read: str) -> None:
    assert plain_number(typed) == read
