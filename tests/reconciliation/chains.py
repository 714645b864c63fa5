"""One order followed through the systems: sold, paid, booked, refunded; with at most one planted break."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Protocol

from tests.reconciliation import noise
from tests.reconciliation.rows import BASE, DIGITS, NET, PROMISES, TARIFF, Row, Truth
from tests.reconciliation.world import Line, Order

_DONE = {"pay-a": "succeeded", "pay-b": "CAPTURED", "pay-c": "SUCCESS", "bank": "booked"}
_FAILED = {"pay-a": "failed", "pay-b": "REFUSED", "pay-c": "TRADE_CLOSED", "bank": "rejected"}
_PENDING = {"pay-a": "pending", "pay-b": "RECEIVED", "pay-c": "PROCESSING", "bank": "pending"}


class Planted(Protocol):
    """What is to go wrong with an order."""

    @property
    def kind(self) -> str: ...
    @property
    def check(self) -> str: ...
    @property
    def thing(self) -> str: ...


@dataclass(slots=True)
class Books:
    """The rows as they come about, what is true of them, and the draws."""

    rng: Random
    truth: Truth
    rates: dict[tuple[str, str], Decimal]
    skus: list[tuple[str, int]]
    rows: list[Row] = field(default_factory=list)
    settled: list[tuple[Row, int]] = field(default_factory=list)
    """Gateway rows that go into a payout, with the money they add to it."""
    gross: dict[str, int] = field(default_factory=dict)
    """What was paid by a gateway's row, before its fee, in the row's own currency."""
    bought: dict[str, list[str]] = field(default_factory=dict)
    """SKUs by customer, once for each order that has it."""
    drawn: int = 0

    def add(self, row: Row) -> Row:
        self.rows.append(row)
        return row

    def number(self, prefix: str, width: int = 8) -> str:
        """A new identifier that no other row has."""
        self.drawn += self.rng.randrange(1, 40)
        return f"{prefix}{self.drawn:0{width}d}"


def is_known(plant: Planted | None) -> bool:
    """Whether the shop knows the order at all."""
    return plant is None or (plant.kind, plant.check, plant.thing) != ("missing_here", "shop_gateway", "payment")


def sell(books: Books, order: Order, plant: Planted | None) -> None:
    """Write what the systems say of one order that was sold and paid."""
    known = is_known(plant)
    if known:
        for place, line in enumerate(order.lines, 1):
            books.add(
                _shop(books, order, "sale", f"{order.number}/{place}", line.paid, order.at, (order.number,), line)
            )
    if not order.inside:
        _pay(books, order, plant if plant and plant.thing == "payment" else None)
    if order.invoiced and known:
        number = books.number("INV-")
        at = order.at + timedelta(hours=books.rng.randrange(1, 30))
        refs = (order.number,)
        books.add(replace(_shop(books, order, "invoice", number, order.total, at, refs), system="invoicing"))


def _shop(
    books: Books,
    order: Order,
    kind: str,
    number: str,
    amount: int,
    at: datetime,
    refs: tuple[str, ...],
    line: Line | None = None,
) -> Row:
    row = Row("shop", kind, number, refs, amount, order.customer.currency, noise.time(books.rng, "shop", at))
    row.account, row.name = order.customer.key, order.customer.name
    if line is not None:
        row.sku, row.quantity = line.sku, line.quantity
    return row


def kept_by_shop(minor: int, currency: str) -> int:
    """The shop keeps two decimals, of whatever currency."""
    return (minor + 5) // 10 * 10 if currency == "KWD" else minor


# ---------------------------------------------------------------- payments


def _pay(books: Books, order: Order, plant: Planted | None) -> None:
    rng, truth = books.rng, books.truth
    orders = [order, *order.together]
    at_shop = plant.kind if plant and plant.check == "shop_gateway" else ""
    heads = []
    for one in orders if at_shop != "missing_here" else []:
        paid = kept_by_shop(one.total, one.customer.currency)
        head = _shop(books, one, "payment", f"P{one.number}", paid, one.at, (one.number,))
        head.state = "paid"
        heads.append(books.add(head))
    if at_shop == "missing_there":
        truth.broken("missing_there", "shop_gateway", heads[0])
        return
    total = sum(one.total for one in orders)
    total = _wrong(rng, total, order.customer.currency, at_shop)
    at = max(one.at for one in orders) + timedelta(minutes=rng.randrange(1, 9))
    if order.method == "transfer":
        at += timedelta(hours=rng.randrange(2, 30))
    _attempts(books, order, at, total)
    parts = [total]
    if not order.together and plant is None and rng.random() < 0.015 and total > 1_000:
        parts = [total * 2 // 5, total - total * 2 // 5]
    made = [_at_gateway(books, order, orders, part, at, at_shop) for part in parts]
    for row in made:
        for head in heads:
            truth.link("shop_gateway", head, row)
    if at_shop == "missing_here":
        truth.broken("missing_here", "shop_gateway", *made)
    elif at_shop == "duplicate":
        again = _at_gateway(books, order, orders, total, at + timedelta(minutes=rng.randrange(1, 600)), "")
        truth.broken("duplicate", "shop_gateway", again, *made)
        truth.link("shop_gateway", heads[0], again)  # either of the two is the one too many
        _book(books, order, again, books.gross[again.id], None)
    elif at_shop:
        truth.broken(at_shop, "shop_gateway", heads[0], *made)
    if at_shop != "state":
        for row in made:
            of_ledger = plant if plant and plant.check == "gateway_ledger" else None
            _book(books, order, row, books.gross[row.id], of_ledger)


def _wrong(rng: Random, minor: int, currency: str, kind: str) -> int:
    """Another amount, where one is due: some percent or a slip of digits, and never within any rounding."""
    if kind not in ("over", "under"):
        return minor
    least = 30 if DIGITS[currency] == 3 else 12
    by = max(least, minor * rng.choice((1, 2, 5, 10, 20, 30)) // 100) if rng.random() < 0.8 else max(least, minor // 2)
    return minor + by if kind == "over" else max(1, minor - by)


def _fee(rng: Random, system: str, minor: int) -> int:
    if system in TARIFF:
        points, fixed = TARIFF[system]
        return (minor * points + 5_000) // 10_000 + fixed
    return minor * rng.choice((18, 20, 29)) // 1_000 + (0 if minor < 100 else 3)


def _at_gateway(books: Books, order: Order, orders: list[Order], minor: int, at: datetime, kind: str) -> Row:
    """One payment at a gateway, or on the bank's statement."""
    rng = books.rng
    by_hand = order.method == "transfer"
    system = "bank" if by_hand else order.method
    number = books.number({"pay-a": "ch_", "pay-b": "8815", "pay-c": "42000", "bank": "STM-"}[system])
    named = " + ".join(one.number for one in orders)
    if by_hand and rng.random() < 0.0033:
        named = f"SO-2026-{rng.randrange(5_000) * 7 + 100_003:07d}"
    ref = noise.reference(rng, named, 0.25 if by_hand else 0.06, 0.04 if by_hand else 0.01)
    row = Row(system, "payment", number, (ref,) if ref else (), minor, order.customer.currency, at)
    row.at = noise.time(rng, system, at)
    row.state = rng.choice((_FAILED, _PENDING))[system] if kind == "state" else _DONE[system]
    if kind == "currency":
        _other_currency(books, row)
    _who(rng, row, order, 0.0 if by_hand else 0.6)
    books.gross[row.id] = row.amount
    if not by_hand:
        _take_fee(books, row, kind != "state")
    return books.add(row)


def _take_fee(books: Books, row: Row, settles: bool) -> None:
    fee = _fee(books.rng, row.system, row.amount)
    net = row.amount - fee
    row.fee = None if row.system in TARIFF else fee
    if row.system in NET:
        row.amount = net
    if settles:
        books.settled.append((row, net))


def _other_currency(books: Books, row: Row) -> None:
    """The same figure in another currency, or the same value."""
    rng, old = books.rng, row.currency
    row.currency = rng.choice([c for c in ("CNY", "USD", "EUR", "JPY") if c != old])
    if rng.random() < 0.5 and (row.system, row.currency) != ("ledger", BASE):  # which would be no mistake
        day = row.at.date().isoformat()
        major = Decimal(row.amount) / 10 ** DIGITS[old] * books.rates[old, day] / books.rates[row.currency, day]
        row.amount = max(1, int((major * 10 ** DIGITS[row.currency]).quantize(Decimal(1), ROUND_HALF_UP)))


def _who(rng: Random, row: Row, order: Order, keyed: float) -> None:
    if rng.random() < keyed:
        row.account = order.customer.key
    if rng.random() < 0.9:
        row.name = noise.name(rng, order.customer.name)


def _attempts(books: Books, order: Order, at: datetime, minor: int) -> None:
    """Tries that didn't work: no break, whether or not another did."""
    if order.method == "transfer" or books.rng.random() >= 0.04:
        return
    row = Row(order.method, "payment", books.number("try_"), (order.number,), minor, order.customer.currency, at)
    row.at = noise.time(books.rng, order.method, at - timedelta(minutes=3))
    row.state, row.fee = _FAILED[order.method], 0
    row.account = order.customer.key
    books.add(row)


# ---------------------------------------------------------------- the ledger


def _book(books: Books, order: Order, row: Row, gross: int, plant: Planted | None) -> None:
    """Finance books what a gateway listed; transfers it takes from the bank's statement itself."""
    if row.system == "bank":
        return
    kind, truth = plant.kind if plant else "", books.truth
    if kind == "missing_there":
        truth.broken(kind, "gateway_ledger", row)
        return
    entry = _entry(books, order, row, gross, kind)
    truth.link("gateway_ledger", row, entry)
    if kind == "duplicate":
        again = replace(entry, id=books.number("GL-"), at=entry.at + timedelta(days=books.rng.randrange(3)))
        truth.broken(kind, "gateway_ledger", row, entry, books.add(again))
        truth.link("gateway_ledger", row, again)
    elif kind == "missing_here":
        stray = _entry(books, order, replace(row, id=books.number("ch_"), refs=()), gross * 3 // 2 + 17, "stray")
        truth.broken(kind, "gateway_ledger", stray)
    elif kind:
        truth.broken(kind, "gateway_ledger", row, entry)


def _entry(books: Books, order: Order, row: Row, gross: int, kind: str) -> Row:
    rng = books.rng
    amount, fee = _wrong(rng, gross, row.currency, kind), 0
    net = rng.random() < 0.15 and not kind and row.kind == "payment"
    if net:
        fee = row.fee if row.fee is not None else _fee(rng, row.system, gross)
        amount -= fee
    named = row.id if rng.random() < 0.7 or kind == "stray" else order.number
    ref = noise.reference(rng, named)
    days = 9 + rng.randrange(9) if kind == "late" else rng.randrange(4)
    at = noise.time(rng, "ledger", row.at + timedelta(days=days))
    entry = Row("ledger", row.kind, books.number("GL-"), (ref,) if ref else (), amount, row.currency, at)
    entry.fee, entry.state = (fee if net else None), "posted"
    if kind == "currency":
        _other_currency(books, entry)
    elif row.currency != BASE and rng.random() < 0.4 and not kind:
        _book_in_base(books, entry, row)
    _who(rng, entry, order, 0.5)
    return books.add(entry)


def _book_in_base(books: Books, entry: Row, row: Row) -> None:
    rate = books.rates[row.currency, row.at.date().isoformat()]
    for name in ("amount", "fee"):
        if (minor := getattr(entry, name)) is not None:
            major = Decimal(minor) / 10 ** DIGITS[row.currency] * rate
            setattr(entry, name, int((major * 100).quantize(Decimal(1), ROUND_HALF_UP)))
    entry.currency = BASE
    entry.rate = rate if books.rng.random() < 0.5 else None


# ---------------------------------------------------------------- goods and money back


def refund_at_gateway(books: Books, order: Order, number: str, minor: int, at: datetime, kind: str) -> Row:
    """A refund as the gateway or the bank lists it. kind: what is wrong with it, or ""."""
    rng = books.rng
    system = "bank" if order.method == "transfer" else order.method
    minor = _wrong(rng, minor, order.customer.currency, kind)
    days = 9 + rng.randrange(10) if kind == "late" else 0
    when = at + timedelta(days=days, hours=rng.randrange(1, 100))
    named = number if rng.random() < 0.7 else order.number
    ref = noise.reference(rng, named)
    row = Row(system, "refund", books.number("re_"), (ref,) if ref else (), minor, order.customer.currency, when)
    row.at = noise.time(rng, system, when)
    row.state = rng.choice((_FAILED, _PENDING))[system] if kind == "state" else _DONE[system]
    if kind == "currency":
        _other_currency(books, row)
    _who(rng, row, order, 0.6 if system != "bank" else 0.0)
    books.add(row)
    if system != "bank" and kind != "state":
        row.fee = 0
        books.settled.append((row, -row.amount))
        _book(books, order, row, row.amount, None)
    return row


assert PROMISES["refund"] > timedelta(hours=100 + 9)  # what isn't planted as late isn't late
