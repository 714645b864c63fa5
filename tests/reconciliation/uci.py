"""uci_online_retail as entries: sales by invoice, cancellations that name no sale. And sets like it with known truth.

What is no goods (postage, manual, bank charges, fees, discounts) has no `sku`: it was never sold. Read with the
reader of the converter; £ in pence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from refund_desk.domain.reconciliation import Book, Break, Entry, Kind, Match, Role, Rules
from tests.converters.uci_online_retail import Row, moment, rows

_GOODS = re.compile(r"\d{5}[A-Za-z]{0,2}\Z")
RULES = Rules({"uci": Book(Role.SHOP)}, "GBP")


def read(root: Path) -> Iterator[Entry]:
    """Every line of the half that is shared: sold, written off (no customer's) or cancelled."""
    for place, row in enumerate(rows(root / "orders_lines.csv")):
        made = entry(row, place)
        if made is not None:
            yield made


def entry(row: Row, place: int, again: str = "") -> Entry | None:
    """One line; None for a stock write-off. again: put before numbers and customers of a copy."""
    quantity, number = int(row["Quantity"]), again + row["InvoiceNo"]
    cancelled = row["InvoiceNo"].startswith("C")
    if quantity <= 0 and not cancelled:
        return None
    minor = int(abs(quantity) * Decimal(row["UnitPrice"]) * 100)
    code = row["StockCode"].strip()
    return Entry(
        "uci",
        Kind.RETURN if cancelled else Kind.SALE,
        f"{number}/{place}",
        () if cancelled else (number,),
        minor,
        "GBP",
        datetime.fromisoformat(moment(row["InvoiceDate"])),
        account=again + row["CustomerID"] if row["CustomerID"] else "",
        sku=code.upper() if _GOODS.match(code) else "",
        quantity=abs(quantity),
        batch=number if cancelled else "",
    )


def classes(entries: list[Entry], matches: Iterable[Match], breaks: Iterable[Break]) -> dict[int, str]:
    """What became of each cancelled line: by position."""
    found = {p: "no_goods" for p, e in enumerate(entries) if e.kind is Kind.RETURN and not e.sku}
    found |= {match.left[0]: match.code for match in matches}
    found |= {one.left[0]: one.params.get("why") or one.kind.value for one in breaks}
    return found


# ---------------------------------------------------------------- sets like it, with truth


@dataclass(slots=True)
class Known:
    """entries; truth: for each return its class, and the sales it is of (empty for none)."""

    entries: list[Entry] = field(default_factory=list)
    truth: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


def like_it(seed: int, customers: int = 400) -> Known:
    """Customers who buy the same goods again and again at prices that move; cancellations of every class."""
    rng, made = Random(seed), Known()
    skus = [f"{rng.randrange(20_000, 99_999)}" for _ in range(300)]
    for number in range(customers):
        _customer(rng, made, f"{12_000 + number}", skus)
    made.entries.sort(key=lambda one: (one.at, one.id))
    return made


def _customer(rng: Random, made: Known, account: str, skus: list[str]) -> None:
    liked, at = rng.sample(skus, 12), datetime(2010, 12, 1, 9, tzinfo=UTC)
    price = {sku: rng.choice((85, 125, 165, 295, 495, 850)) for sku in liked}
    sold: list[Entry] = []
    for order in range(rng.randrange(1, 7)):
        at += timedelta(days=rng.randrange(5, 60), minutes=rng.randrange(600))
        number = f"5{account}{order}"
        for place, sku in enumerate(rng.sample(liked, rng.randrange(2, 9))):
            unit, units = (
                price[sku] - (price[sku] // 10 if rng.random() < 0.15 else 0),
                rng.choice((1, 2, 4, 6, 12, 24)),
            )
            sold.append(_line(Kind.SALE, f"{number}/{place}", number, account, sku, units, unit * units, at))
    made.entries += sold
    for order in range(rng.choice((0, 1, 1, 2))):
        _cancel(rng, made, f"C{account}{order}", account, sold, skus)


def _line(
    kind: Kind, number: str, document: str, account: str, sku: str, units: int, minor: int, at: datetime
) -> Entry:
    refs, batch = ((document,), "") if kind is Kind.SALE else ((), document)
    return Entry("uci", kind, number, refs, minor, "GBP", at, account, sku=sku, quantity=units, batch=batch)


def _cancel(rng: Random, made: Known, number: str, account: str, sold: list[Entry], skus: list[str]) -> None:
    """Some lines of one sale go back, one in four cancellations with something wrong in it."""
    document = rng.choice(sold).refs[0]
    lines = [line for line in sold if line.refs[0] == document]
    lines = [line for line in lines if line.id not in made.taken]
    at = lines[0].at + timedelta(days=rng.randrange(1, 20)) if lines else datetime(2011, 11, 1, tzinfo=UTC)
    for place, line in enumerate(rng.sample(lines, min(len(lines), rng.randrange(1, 5)))):
        units = line.quantity if rng.random() < 0.5 else rng.randint(1, line.quantity)
        kind = "sale" if units == line.quantity else "sale_part"
        minor = line.minor * units // line.quantity
        roll = rng.random()
        if roll < 0.05:
            minor, kind = line.minor * units * 3 // line.quantity // 2 + 40, "price_above_paid"
        elif roll < 0.10:
            total = sum(one.quantity for one in sold if one.sku == line.sku)
            units, kind = total + rng.choice((1, 6)), "more_than_bought"
            minor = line.minor * units // line.quantity
        name = f"{number}/{place}"
        made.entries.append(_line(Kind.RETURN, name, number, account, line.sku, units, minor, at))
        made.truth[name] = kind, frozenset({line.id})
        made.taken.add(line.id)
    if rng.random() < 0.1:
        name, sku = f"{number}/x", rng.choice([one for one in skus if one not in {line.sku for line in sold}])
        made.entries.append(_line(Kind.RETURN, name, number, account, sku, 2, 590, at))
        made.truth[name] = "never_bought", frozenset()
