"""What gateways pay out: a bank line for a day of a gateway and currency, less refunds and fees; a few go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.reconciliation import noise
from tests.reconciliation.chains import Books
from tests.reconciliation.rows import AS_OF, TARIFF, Row

_WRONG = ("missing_there", "over", "under", "late", "late", "duplicate", "missing_here") * 3


def pay_out(books: Books) -> None:
    """Batches of what settled, and the bank's lines for them."""
    rng = books.rng
    batches = list(_batches(books))
    old = [n for n, (day, _, _) in enumerate(batches) if day < (AS_OF - timedelta(days=45)).date().isoformat()]
    wrong = dict(zip(rng.sample(old, min(len(_WRONG), len(old) // 8)), _WRONG, strict=False))
    for place, (day, members, total) in enumerate(batches):
        kind = wrong.get(place, "")
        _line(books, day, members, total, kind)


def _batches(books: Books) -> Iterator[tuple[str, list[Row], int]]:
    """(day, rows, money) where there is money to pay; a day that gives back more than it takes waits for the next."""
    days: dict[tuple[str, str, str], list[tuple[Row, int]]] = {}
    for row, net in books.settled:
        days.setdefault((row.system, row.currency, row.at.date().isoformat()), []).append((row, net))
    waiting: list[tuple[Row, int]] = []
    last = ("", "")
    for (system, currency, day), some in sorted(days.items()):
        if (system, currency) != last:
            waiting, last = [], (system, currency)
        waiting += some
        total = sum(net for _, net in waiting)
        if total > 0:
            yield day, [row for row, _ in waiting], total
            waiting = []


def _line(books: Books, day: str, members: list[Row], total: int, kind: str) -> None:
    rng, truth = books.rng, books.truth
    first = members[0]
    batch = books.number(f"PO-{first.system[-1].upper()}-{day.replace('-', '')}-", 7)
    named = f"{first.system} {day}" if first.system in TARIFF else batch
    for row in members:
        row.batch = "" if first.system in TARIFF else batch
    if kind == "missing_there":
        truth.broken(kind, "gateway_bank", *members)
        return
    by = max(50, total // 40)
    amount = total + (by if kind == "over" else -min(by, total - 1) if kind == "under" else 0)
    days = rng.randrange(12, 20) if kind == "late" else rng.randrange(1, 5)
    at = noise.time(rng, "bank", datetime.fromisoformat(f"{day}T12:00:00+00:00") + timedelta(days=days))
    ref = noise.reference(rng, named, 0.04, 0.0)
    line = Row("bank", "payout", books.number("STM-"), (ref,) if ref else (), amount, first.currency, at)
    line.name, line.state = first.system.upper(), "booked"
    books.add(line)
    for row in members:
        truth.link("gateway_bank", row, line)
    if kind == "duplicate":
        again = Row("bank", "payout", books.number("STM-"), line.refs, amount, line.currency, at + timedelta(days=1))
        again.name, again.state = line.name, line.state
        truth.broken(kind, "gateway_bank", line, books.add(again))
        for row in members:
            truth.link("gateway_bank", row, again)
    elif kind == "missing_here":
        stray = Row("bank", "payout", books.number("STM-"), (books.number("PO-X-"),), total // 3 + 7, line.currency, at)
        stray.name, stray.state = line.name, line.state
        truth.broken(kind, "gateway_bank", books.add(stray))
    elif kind:
        truth.broken(kind, "gateway_bank", line, *members)
