"""What the generator hands out: rows as six systems would list them, and what is true about them.

Nothing here knows how anybody matches. A break is known by its kind, the two systems compared and the rows
it is about; a link by its two rows. `key` names a row anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

KINDS = (
    "missing_here",
    "missing_there",
    "over",
    "under",
    "currency",
    "duplicate",
    "late",
    "state",
    "orphan_cancellation",
    "price_above_paid",
    "more_than_bought",
    "credit_note_due",
    "stock_not_booked",
)
"""The thirteen named breaks."""

BEGIN, AS_OF = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
"""A quarter of trade, looked at on its last evening."""

PROMISES = {
    "payment": timedelta(days=2),
    "refund": timedelta(days=6),
    "ledger": timedelta(days=5),
    "payout": timedelta(days=7),
    "credit_note": timedelta(days=12),
    "stock": timedelta(days=7),
}
"""What the company promises itself: how long the other side may take before its row is missing or late."""

BASE = "CNY"
DIGITS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KRW": 0, "KWD": 3}
TARIFF = {"pay-c": (60, 0)}
"""Contracts of gateways that pay net and list no fee: basis points and a fixed part in minor units."""

NET = frozenset({"pay-b", "pay-c"})
"""Gateways whose amounts are after their fee."""


@dataclass(slots=True)
class Row:
    """One line of one system. amount in minor units, never negative; account and name as that system writes them."""

    system: str
    kind: str
    id: str
    refs: tuple[str, ...]
    amount: int
    currency: str
    at: datetime
    account: str = ""
    name: str = ""
    fee: int | None = None
    state: str = ""
    sku: str = ""
    quantity: int = 0
    batch: str = ""
    rate: Decimal | None = None

    @property
    def key(self) -> str:
        return f"{self.system}|{self.kind}|{self.id}"


@dataclass(frozen=True, slots=True)
class TrueBreak:
    """kind: one of KINDS; check: which comparison shows it; rows: keys, any of which names it."""

    kind: str
    check: str
    rows: frozenset[str]


@dataclass(slots=True)
class Truth:
    """links: pairs of keys that belong together, by comparison. Breaks: each once."""

    links: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    breaks: list[TrueBreak] = field(default_factory=list)

    def link(self, check: str, left: Row, right: Row) -> None:
        self.links.setdefault(check, set()).add((left.key, right.key))

    def broken(self, kind: str, check: str, *rows: Row) -> None:
        self.breaks.append(TrueBreak(kind, check, frozenset(row.key for row in rows)))


@dataclass(slots=True)
class Sample:
    """One generated set. rates: units of BASE for one unit of a currency, by day (source: the generator's bank)."""

    seed: int
    rows: list[Row]
    truth: Truth
    rates: dict[tuple[str, str], Decimal]
