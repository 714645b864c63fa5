"""Money: integers of minor units with an ISO 4217 currency, and the one way to spread them.

Never a float, and no arithmetic between two currencies. A text that can't be read exactly is refused
(`Invalid`), it never becomes 0.00.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from refund_desk.domain.errors import Conflict, Invalid

LARGEST_MINOR = 2**53 - 1
"""The largest amount we read: the last integer that every JSON reader keeps exact."""

_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
}
"""ISO 4217. Withdrawn codes (ANG BGN CUC HRK SLL ZWL) stay: an old order is given back in its own currency."""

_EXPONENT = {code: digits for digits, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\Z")
_DECIMAL = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]{1,12}))?\Z")


def exponent(currency: str) -> int:
    """Decimals of a currency: 0, 2 or 3. Raises Invalid `money.unknown_currency`."""
    try:
        return _EXPONENT[currency]
    except KeyError:
        raise Invalid("money.unknown_currency", currency=currency) from None


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units (cents, fen, yen) of `currency`. Two currencies never meet: Conflict."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is no integer (a programming error) and currencies that nobody has."""
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")
        exponent(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._beside(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._beside(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._beside(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._beside(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._beside(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._beside(other)

    def _beside(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Conflict("money.currencies_differ", left=self.currency, right=other.currency)
        return other.minor


@dataclass(frozen=True, slots=True)
class Term:
    """One named, signed part of a computed amount; worded by the catalogue under `term.<code>`."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    minor: int = 0


def amount(minor: int, currency: str) -> dict[str, Any]:
    """An amount as it stands in the params of errors, findings and terms."""
    return {"minor": minor, "currency": currency}


def plain_number(text: str) -> str:
    """A typed amount without its marks: spaces, ¥, and commas that part thousands.

    A comma anywhere else stays, and can't be read: in some countries 1,5 is one and a half, and never fifteen.
    """
    clean = text.replace("，", ",").replace(" ", "").lstrip("¥￥")
    return clean.replace(",", "") if _THOUSANDS.match(clean) else clean


def parse(text: str, currency: str) -> Money:
    """Read decimal text in major units: "1299.00", "-3", "0.125".

    More decimals than the currency has are refused unless they are zeros.
    Raises Invalid: `money.unknown_currency`, `money.not_decimal`, `money.too_precise`, `money.too_large`.
    """
    digits = exponent(currency)
    match = _DECIMAL.match(text)
    if match is None:
        raise Invalid("money.not_decimal", text=text[:40])
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if fraction[digits:].strip("0"):
        raise Invalid("money.too_precise", text=text, currency=currency, decimals=digits)
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    if minor > LARGEST_MINOR:
        raise Invalid("money.too_large", text=text)
    return Money(-minor if sign else minor, currency)


def decimal_text(money: Money) -> str:
    """The inverse of `parse`, with exactly the currency's decimals and no grouping: "-0.05"."""
    digits = exponent(money.currency)
    text = str(abs(money.minor)).rjust(digits + 1, "0")
    sign = "-" if money.minor < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def spread(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Spread a total over weights by largest remainder; the parts sum to the total exactly.

    Ties go to the earlier part, so the answer is the same each time. A part without weight gets
    nothing; where no part has any, all weigh the same. No part is more than its exact share rounded up.
    Raises ValueError for a negative total or weight, and for a total with nothing to spread it over.
    """
    if total_minor < 0 or any(weight < 0 for weight in weights):
        raise ValueError("spread takes no negative total or weight")
    if not weights:
        if total_minor:
            raise ValueError("nothing to spread over")
        return []
    scale = sum(weights)
    if not scale:
        weights, scale = [1] * len(weights), len(weights)
    parts = [total_minor * weight // scale for weight in weights]
    by_remainder = sorted(range(len(parts)), key=lambda i: -(total_minor * weights[i] % scale))
    for index in by_remainder[: total_minor - sum(parts)]:
        parts[index] += 1
    return parts
