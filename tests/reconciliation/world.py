"""Invented trade: customers, goods, orders with lines and paid shares. Before anybody makes a mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.reconciliation.rows import AS_OF, BEGIN

_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "秀英",
    "明华",
    "建国",
    "晓东",
)
_FIRST = ("Anna", "José", "Zoë", "Peter", "Marie", "Søren", "Emily", "Liam", "Noah", "Chloé", "Jürgen", "Ahmed", "Yuki")
_LAST = ("Smith", "Müller", "García", "Dubois", "O'Brien", "van Dijk", "Al-Sabah", "Tanaka", "Kim", "Rossi", "Nowak")
_MIX = (("CNY", 55), ("USD", 15), ("EUR", 12), ("GBP", 5), ("JPY", 8), ("KRW", 2), ("KWD", 3))
_POINTS = (990, 1990, 2900, 3900, 4990, 5900, 7900, 9900, 12900, 15900, 19900, 25900, 39900, 59900, 129900)
_SCALE = {"CNY": (1, 1), "USD": (1, 7), "EUR": (1, 8), "GBP": (1, 9), "JPY": (1, 5), "KRW": (2, 1), "KWD": (1, 2)}
"""Price points by currency, roughly: factor and divisor."""


@dataclass(frozen=True, slots=True)
class Customer:
    key: str
    name: str
    currency: str


@dataclass(slots=True)
class Line:
    """paid: what was paid for the whole line, discounts taken off; listed: its unit price before them."""

    sku: str
    quantity: int
    listed: int
    paid: int
    returned: int = 0


@dataclass(slots=True)
class Order:
    number: str
    customer: Customer
    at: datetime
    lines: list[Line]
    method: str
    invoiced: bool
    together: list[Order] = field(default_factory=list)
    """Orders that the same transfer pays, where this is the first of them."""
    inside: bool = False
    """Paid by an earlier order's transfer."""

    @property
    def total(self) -> int:
        return sum(line.paid for line in self.lines)


class World:
    """Draws customers and orders. `orders` come in order of time."""

    def __init__(self, rng: Random, orders: int) -> None:
        self.rng = rng
        self.customers = [self._customer(n) for n in range(orders // 4)]
        self.skus = [
            (f"{rng.randrange(10000, 99999)}{rng.choice(('', 'A', 'B'))}", rng.choice(_POINTS)) for _ in range(400)
        ]
        span = (AS_OF - BEGIN).total_seconds()
        times = sorted(BEGIN + timedelta(seconds=int(rng.random() * span)) for _ in range(orders))
        self.orders: list[Order] = []
        for number, at in enumerate(times):
            again = self.orders[-1] if self.orders and rng.random() < 0.012 else None
            self.orders.append(self._order(number, at, again))
        self._pay_together()

    def _pay_together(self) -> None:
        """Some transfers pay two or three orders of the days before."""
        for at, first in enumerate(self.orders[:-2]):
            if first.method != "transfer" or first.inside or self.rng.random() >= 0.06:
                continue
            for other in self.orders[at + 1 : at + 1 + self.rng.choice((1, 1, 2))]:
                if not other.inside and not other.together:
                    other.customer, other.method, other.inside = first.customer, "transfer", True
                    other.lines = self._lines(first.customer)
                    first.together.append(other)

    def _customer(self, number: int) -> Customer:
        rng = self.rng
        currency = rng.choices([c for c, _ in _MIX], [w for _, w in _MIX])[0]
        if currency == "CNY":
            name = rng.choice(_FAMILY) + rng.choice(_GIVEN)
        else:
            name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        return Customer(f"C{number:06d}", name, currency)

    def _order(self, number: int, at: datetime, again: Order | None) -> Order:
        """again: the order that this one repeats by the same customer, goods and all."""
        rng = self.rng
        customer = again.customer if again else self.customers[int(len(self.customers) * rng.random() ** 1.6)]
        lines = [Line(x.sku, x.quantity, x.listed, x.paid) for x in again.lines] if again else self._lines(customer)
        method = again.method if again else self._method(customer.currency)
        shop = rng.choice(("SO-2026-", "SO-2026-", "WEB-26-"))
        return Order(f"{shop}{number * 7 + 100_003:07d}", customer, at, lines, method, rng.random() < 0.6)

    def _method(self, currency: str) -> str:
        if currency == "CNY":
            return self.rng.choices(("pay-a", "pay-b", "pay-c", "transfer"), (30, 25, 35, 10))[0]
        return self.rng.choices(("pay-a", "pay-b", "transfer"), (60, 30, 10))[0]

    def _lines(self, customer: Customer) -> list[Line]:
        rng = self.rng
        factor, divisor = _SCALE[customer.currency]
        off = rng.choice((5, 10, 15, 20)) if rng.random() < 0.25 else 0
        made = []
        for sku, point in rng.sample(self.skus, rng.choices((1, 2, 3), (60, 28, 12))[0]):
            quantity = rng.choices((1, 2, 3, 6), (72, 16, 8, 4))[0]
            listed = max(1, point * factor // divisor)
            if customer.currency == "KWD":
                listed = listed // 10 * 10 + rng.choice((0, 0, 5))
            made.append(Line(sku, quantity, listed, max(1, listed * quantity * (100 - off) // 100)))
        return made
