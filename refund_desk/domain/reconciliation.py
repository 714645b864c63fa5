"""Reconciliation: what one system lists against what another lists, and the names of what differs.

An `Entry` is one line of one side. `reconciliation_run.reconcile` compares order system and gateway, gateway
and ledger, gateway and bank, returns and sales, refunds and credit notes, returns and stock. It gives matches,
each with the terms that speak for it, and named breaks with age and amount. A pair that somebody took apart
stays apart: it is handed in with the next run.

Amounts are minor units and never negative: the kind says which way the money went. Times are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What a line speaks of."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    SALE = "sale"
    RETURN = "return"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    STOCK = "stock"


class State(StrEnum):
    """How far it got. failed: nothing moved."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"


class Role(StrEnum):
    """What a system is in the comparison."""

    SHOP = "shop"
    GATEWAY = "gateway"
    LEDGER = "ledger"
    BANK = "bank"


class Check(StrEnum):
    """A comparison of two sides: here (left) and there (right)."""

    SHOP_GATEWAY = "shop_gateway"
    GATEWAY_LEDGER = "gateway_ledger"
    GATEWAY_BANK = "gateway_bank"
    RETURNS = "returns"
    CREDIT_NOTES = "credit_notes"
    STOCK = "stock"


class BreakKind(StrEnum):
    """What is wrong. here is the left side of the comparison, there the right one."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    OVER = "over"
    UNDER = "under"
    CURRENCY = "currency"
    DUPLICATE = "duplicate"
    LATE = "late"
    STATE = "state"
    ORPHAN_CANCELLATION = "orphan_cancellation"
    PRICE_ABOVE_PAID = "price_above_paid"
    MORE_THAN_BOUGHT = "more_than_bought"
    CREDIT_NOTE_DUE = "credit_note_due"
    STOCK_NOT_BOOKED = "stock_not_booked"


class Resolution(StrEnum):
    """How a break of reconciliation was settled."""

    EXPLAINED = "explained"
    CORRECTED_HERE = "corrected_here"
    CORRECTED_THERE = "corrected_there"
    CLAIMED = "claimed"
    WRITTEN_OFF = "written_off"


Key = tuple[str, str, str]
"""(source, kind, id) of a line: its name anywhere."""


class Entry(NamedTuple):
    """One line of one side.

    refs: how it names others, as written. account: the customer's key; name: as that system writes it.
    fee: what the gateway kept, where it says so. batch: the payout that a gateway's line belongs to, or
    the document of a return.
    rate: units of the booked currency for one of the original, where the line was converted and says so.
    A named tuple, not a dataclass: half the time to make, and millions are made.
    """

    source: str
    kind: Kind
    id: str
    refs: tuple[str, ...]
    minor: int
    currency: str
    at: datetime
    account: str = ""
    name: str = ""
    fee: int | None = None
    state: State = State.DONE
    sku: str = ""
    quantity: int = 0
    batch: str = ""
    rate: Decimal | None = None

    @property
    def key(self) -> Key:
        return self.source, self.kind.value, self.id


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of a source. net: its payments are after its fee; tariff: (basis points, fixed minor units) by
    contract, for one that lists no fee."""

    role: Role
    net: bool = False
    tariff: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the base currency for one unit of another; who said so, and when."""

    value: Decimal
    source: str
    at: datetime


_DAYS = {
    "payment": 2,
    "refund": 6,
    "ledger": 5,
    "payout": 7,
    "credit_note": 12,
    "stock": 7,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is settled beforehand.

    books: by source. rates: by (currency, ISO day). promises: how long the other side may take (keys as in the
    defaults). rounding: minor units by the currency's decimals within which two systems agree. rate_slack: the
    share by which a booked value may differ from the day's rate. reach: how far apart in time two lines that
    don't name one another may be.
    """

    books: Mapping[str, Book]
    base: str
    rates: Mapping[tuple[str, str], Rate] = field(default_factory=dict)
    promises: Mapping[str, timedelta] = field(
        default_factory=lambda: {name: timedelta(days=days) for name, days in _DAYS.items()}
    )
    rounding: Mapping[int, int] = field(default_factory=lambda: {0: 1, 2: 1, 3: 5})
    rate_slack: Decimal = Decimal("0.005")
    reach: timedelta = timedelta(days=30)

    def promise(self, check: Check, kind: Kind) -> timedelta:
        """How long the right side of a comparison may take."""
        name = _PROMISED.get(check)
        return self.promises[name or ("refund" if kind is Kind.REFUND else "payment")]


_PROMISED = {
    Check.GATEWAY_LEDGER: "ledger",
    Check.GATEWAY_BANK: "payout",
    Check.CREDIT_NOTES: "credit_note",
    Check.STOCK: "stock",
}


class Point(NamedTuple):
    """A term of a match: what speaks for it (or against), with how much. Worded under `match.<code>`."""

    code: str
    points: int


class Match(NamedTuple):
    """Lines that are one thing. left, right: positions in `Outcome.entries`; terms sum to the score.

    code: `reference` (it names the other), `reference_by_order` (it names the order of the other), `reference_alike`,
    `scored` (amount, time, customer), `sum` (several on a side), `payout`, `sale` (a whole line of one), `sale_part`,
    `sale_several`, `stock`. difference: right − left
    in minor units of `currency`, after fee, rate and rounding.
    """

    check: Check
    code: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    terms: tuple[Point, ...]
    difference: int = 0
    currency: str = ""

    @property
    def score(self) -> int:
        return sum(term.points for term in self.terms)


@dataclass(frozen=True, slots=True)
class Break:
    """A named difference. left, right: positions in `Outcome.entries`; minor: how much, in `currency`; at: since when.

    params: typed values for the sentence that a catalogue makes of it.
    """

    kind: BreakKind
    check: Check
    left: tuple[int, ...]
    right: tuple[int, ...]
    minor: int
    currency: str
    at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)

    def age(self, now: datetime) -> timedelta:
        return max(timedelta(0), now - self.at)


@dataclass(slots=True)
class Outcome:
    """What a run found. waiting: positions of lines whose other side isn't due yet."""

    entries: list[Entry]
    matches: list[Match] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def keys(self, positions: tuple[int, ...]) -> list[Key]:
        return [self.entries[position].key for position in positions]


Apart = frozenset[tuple[Key, Key]]
"""Pairs (left, right) that somebody took apart: no run links them again."""

EXACT = (Point("reference_exact", 60), Point("amount_equal", 35))
"""What speaks for nearly every match; one tuple for all of them."""
