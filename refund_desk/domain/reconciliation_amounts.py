"""Whether two lines are about the same money: before and after a fee, in two currencies, rounded twice."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from refund_desk.domain.money import exponent
from refund_desk.domain.reconciliation import Book, Entry, Kind, Point, Role, Rules

EQUAL, ROUNDED = Point("amount_equal", 35), Point("amount_rounded", 33)
AFTER_FEE, BY_RATE = Point("amount_after_fee", 32), Point("amount_by_rate", 30)


class Gap(NamedTuple):
    """right − left in minor units of `currency`; term: how the two agree, None where they don't.

    currency_differs: two currencies, and no booking in the base currency that would explain it.
    """

    term: Point | None
    difference: int
    currency: str
    currency_differs: bool = False


def fee_by_tariff(gross: int, tariff: tuple[int, int]) -> int:
    """What a contract of (basis points, fixed) keeps, half up."""
    points, fixed = tariff
    return (gross * points + 5_000) // 10_000 + fixed


def gross_by_tariff(net: int, tariff: tuple[int, int]) -> int:
    """The amount before the fee whose rest is `net`; the nearest where rounding leaves none."""
    points, fixed = tariff
    guess = (net + fixed) * 10_000 // max(1, 10_000 - points)
    near = range(max(0, guess - 2), guess + 3)
    return min(near, key=lambda gross: (abs(gross - fee_by_tariff(gross, tariff) - net), abs(gross - guess)))


class Amounts:
    """Reads the amounts of lines by the rules of their sources."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._slack = {currency: rules.rounding[exponent(currency)] for currency in ("CNY", "JPY", "KWD")}

    def slack(self, currency: str) -> int:
        """Minor units within which two systems agree."""
        found = self._slack.get(currency)
        if found is None:
            found = self._slack[currency] = self.rules.rounding[exponent(currency)] if currency else 0
        return found

    def gross(self, entry: Entry) -> int:
        """What the customer paid or got."""
        book = self.rules.books.get(entry.source)
        if book is None or not book.net or entry.kind is not Kind.PAYMENT:
            return entry.minor
        if entry.fee is not None:
            return entry.minor + entry.fee
        return gross_by_tariff(entry.minor, book.tariff) if book.tariff else entry.minor

    def fee(self, entry: Entry) -> int:
        """What its gateway kept; 0 where nobody knows."""
        if entry.fee is not None:
            return entry.fee
        book: Book | None = self.rules.books.get(entry.source)
        if book is None or book.tariff is None or entry.kind is not Kind.PAYMENT:
            return 0
        return fee_by_tariff(self.gross(entry), book.tariff)

    def net(self, entry: Entry) -> int:
        """What a gateway pays out for a line; below 0 for a refund."""
        amount = self.gross(entry) - self.fee(entry)
        return -(self.gross(entry) + self.fee(entry)) if entry.kind is Kind.REFUND else amount

    def gap(self, left: Entry, right: Entry) -> Gap:
        """How two lines' amounts stand to one another."""
        if left.currency == right.currency:
            return self._same(left, right)
        return self._across(left, right)

    def _same(self, left: Entry, right: Entry) -> Gap:
        mine, theirs, currency = self.gross(left), self.gross(right), left.currency
        difference, slack = theirs - mine, self.slack(currency)
        if not difference:
            return Gap(EQUAL, 0, currency)
        if abs(difference) <= slack:
            return Gap(ROUNDED, 0, currency)
        book = self.rules.books[right.source]
        fees = () if book.net else (right.fee, self.fee(left) if book.role is Role.LEDGER else 0)
        if any(fee and difference + fee == 0 for fee in fees):
            return Gap(AFTER_FEE, 0, currency)
        return Gap(None, difference, currency)

    def _across(self, left: Entry, right: Entry) -> Gap:
        """A line booked in the base currency agrees where the rate says so."""
        if right.currency == self.rules.base and self.rules.books[right.source].role is Role.LEDGER:
            mine, theirs = self.gross(left), right.minor
            for rate in self._rates(left, right):
                for minor in (mine, mine - self.fee(left)):
                    value = self.convert(minor, left.currency, rate)
                    if abs(theirs - value) <= 1 + int(value * self.rules.rate_slack):
                        return Gap(BY_RATE, 0, right.currency)
        return Gap(None, right.minor, right.currency, currency_differs=True)

    def _rates(self, left: Entry, right: Entry) -> list[Decimal]:
        if right.rate is not None:
            return [right.rate]
        found = (self.rules.rates.get((left.currency, day(at))) for at in (left.at, right.at))
        return [rate.value for rate in found if rate is not None]

    def convert(self, minor: int, currency: str, rate: Decimal) -> int:
        """Minor units of the base currency, half up."""
        shift = exponent(self.rules.base) - exponent(currency)
        return int((Decimal(minor).scaleb(shift) * rate).quantize(Decimal(1), ROUND_HALF_UP))

    def in_base(self, entry: Entry) -> int | None:
        """A line's gross in the base currency by its day's rate; None where there is none."""
        rate = self.rules.rates.get((entry.currency, day(entry.at)))
        return None if rate is None else self.convert(self.gross(entry), entry.currency, rate.value)


def day(at: datetime) -> str:
    return at.date().isoformat()
