"""Goods that came back: which sale they were of, at what price and how many; and whether the shelf knows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.reconciliation import Break, BreakKind, Check, Entry, Kind, Match, Point, Rules
from refund_desk.domain.reconciliation_amounts import Amounts
from refund_desk.domain.reconciliation_customers import customer_points, folded
from refund_desk.domain.reconciliation_references import Reach

EARLY = timedelta(days=1)
"""A return may be stamped this long before its sale: two clocks."""
_NAMED, _CUSTOMER = Point("order_named", 60), Point("customer_and_goods", 45)
_PRICE, _UNITS = Point("price_paid", 20), Point("units_left", 15)


@dataclass(slots=True)
class _Sales:
    """Sales by order and goods, and by customer and goods, with the units that are still out."""

    entries: Sequence[Entry]
    left: dict[int, int] = field(default_factory=dict)
    reach: Reach = field(default_factory=lambda: Reach(()))
    by_customer: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    orders: list[list[int]] = field(default_factory=list)

    def fill(self, positions: Iterable[int]) -> None:
        of_order: dict[tuple[str, ...], list[int]] = {}
        for position in sorted(positions, key=lambda one: (self.entries[one].at, one)):
            entry = self.entries[position]
            self.left[position] = entry.quantity
            of_order.setdefault(entry.refs, []).append(position)
            for name in {entry.account, folded(entry.name)} - {""} or {""}:
                self.by_customer.setdefault((name, entry.sku), []).append(position)
        self.orders = list(of_order.values())
        self.reach = Reach((place, refs) for place, refs in enumerate(of_order))

    def named(self, back: Entry) -> tuple[list[int], int]:
        """Lines of the order that a return names, of the same goods; and how surely it is that order."""
        best = 0
        for ref in back.refs:
            for place, points in self.reach.find(ref):
                lines = [p for p in self.orders[place] if self._same_customer(self.entries[p], back)]
                found = [p for p in lines if self.entries[p].sku == back.sku]
                if found:
                    return found, points
                best = max(best, points if lines else 0)
        return [], best

    def _same_customer(self, sale: Entry, back: Entry) -> bool:
        return customer_points(sale.account, sale.name, back.account, back.name) >= 0

    def of_customer(self, back: Entry) -> list[int]:
        """Sales of the same goods to the same customer, whenever; by key where there is one.

        A return that names nobody can be of a sale to nobody alone, of the same goods at the same price.
        """
        name = back.account or folded(back.name)
        found = self.by_customer.get((name, back.sku), [])
        return found if name else [p for p in found if same_price(self.entries[p], back)]

    def early_enough(self, position: int, back: Entry) -> bool:
        return self.entries[position].at <= back.at + EARLY


def same_price(sale: Entry, back: Entry) -> bool:
    """Whether a unit was given back at what it was sold for, to the smallest unit."""
    return abs(sale.minor * back.quantity - back.minor * sale.quantity) <= sale.quantity * back.quantity


def match_returns(entries: Sequence[Entry], rules: Rules) -> tuple[list[Match], list[Break]]:
    """Each return to the sales it is of. Returns that name their order come first: the others take what is left.

    Lines of one return document (`batch`) are looked for on one sale. A line without `sku` is no goods (a fee, a
    discount taken back) and nothing is said about it.
    """
    sales = _Sales(entries)
    sales.fill(position for position, entry in enumerate(entries) if entry.kind is Kind.SALE and entry.quantity > 0)
    amounts, matches, breaks = Amounts(rules), list[Match](), list[Break]()
    backs = [position for position, entry in enumerate(entries) if entry.kind is Kind.RETURN and entry.sku]
    found = {position: sales.named(entries[position]) for position in backs}
    together = _together(sales, [position for position in backs if not found[position][0]])
    for position in sorted(backs, key=lambda one: (not found[one][0], entries[one].at, one)):
        match, broken = _one_return(sales, position, found[position], amounts, together)
        matches += [match] if match else []
        breaks += [broken] if broken else []
    return matches, breaks


Together = dict[str, Counter[str]]
"""By return document: how many of its lines could be of each sale document."""


def _together(sales: _Sales, backs: Iterable[int]) -> Together:
    made: Together = {}
    for position in backs:
        back = sales.entries[position]
        if back.batch:
            some = [p for p in sales.of_customer(back) if sales.early_enough(p, back)]
            said = {ref for p in some if same_price(sales.entries[p], back) for ref in sales.entries[p].refs[:1]}
            made.setdefault(back.batch, Counter()).update(said)
    return made


def _one_return(
    sales: _Sales, position: int, named: tuple[list[int], int], amounts: Amounts, together: Together
) -> tuple[Match | None, Break | None]:
    back = sales.entries[position]
    lines, sure = named
    reason, later = _NAMED if lines else _CUSTOMER, list[int]()
    if not lines or (sure < 50 and sum(sales.left[p] for p in lines) < back.quantity):
        of_customer = sales.of_customer(back)
        lines = list(dict.fromkeys((*lines, *(p for p in of_customer if sales.early_enough(p, back)))))
        later = [p for p in of_customer if not sales.early_enough(p, back)]
    if not lines:
        why = "before_sale" if later else "never_bought" if back.account or back.name else "nobody_named"
        return None, _broken(
            BreakKind.ORPHAN_CANCELLATION, (position,), tuple(later[:1]), back, back.minor, {"why": why}
        )
    used, missing = _use(sales, lines, back, together.get(back.batch, Counter()))
    of = used or lines[-1:]
    worth, slack = _worth(sales, of, back), amounts.slack(back.currency) * max(1, back.quantity)
    terms = [reason, *([] if missing else [_UNITS]), *([_PRICE] if back.minor <= worth + slack else [])]
    match = Match(Check.RETURNS, _how(sales, of, back), (position,), tuple(of), tuple(terms), 0, back.currency)
    if missing:
        count = {"returned": back.quantity, "bought": back.quantity - missing}
        over = back.minor * missing // max(1, back.quantity)
        return match, _broken(BreakKind.MORE_THAN_BOUGHT, (position,), match.right, back, over, count)
    if back.minor > worth + slack:
        return match, _broken(BreakKind.PRICE_ABOVE_PAID, (position,), match.right, back, back.minor - worth)
    return match, None


def _how(sales: _Sales, of: Sequence[int], back: Entry) -> str:
    """What part of its sales a return is."""
    if len(of) > 1:
        return "sale_several"
    return "sale" if sales.entries[of[0]].quantity == back.quantity else "sale_part"


def _use(sales: _Sales, lines: list[int], back: Entry, together: Counter[str]) -> tuple[list[int], int]:
    """Take units off sales until none is wanted. Returns the sales used and the units missing.

    First at the price given back, then with all its units, then the sale that the rest of the document is of,
    then the one of just as many, then the latest.
    """
    unit = back.minor / max(1, back.quantity)

    def worse(position: int) -> tuple[bool, bool, int, bool, float, float, int]:
        entry = sales.entries[position]
        price = abs(entry.minor / max(1, entry.quantity) - unit)
        votes = together[entry.refs[0]] if entry.refs else 0
        few, other = sales.left[position] < back.quantity, entry.quantity != back.quantity
        return not same_price(entry, back), few, -votes, other, round(price, 2), -entry.at.timestamp(), position

    wanted, used = back.quantity, list[int]()
    for position in sorted(lines, key=worse):
        units = min(wanted, sales.left[position])
        if units > 0:
            sales.left[position] -= units
            wanted -= units
            used.append(position)
        if not wanted:
            break
    return used, wanted


def _worth(sales: _Sales, used: Sequence[int], back: Entry) -> int:
    """What was paid for as many units, rounded up, on the dearest of the sales used."""
    return max(-(-sales.entries[p].minor * back.quantity // max(1, sales.entries[p].quantity)) for p in used)


def _broken(
    kind: BreakKind,
    left: tuple[int, ...],
    right: tuple[int, ...],
    back: Entry,
    minor: int,
    params: Mapping[str, Any] | None = None,
    check: Check = Check.RETURNS,
    at: datetime | None = None,
) -> Break:
    said = {"sku": back.sku, **(params or {})}
    return Break(kind, check, left, right, minor, back.currency, at or back.at, said)


# ---------------------------------------------------------------- the shelf


def match_stock(entries: Sequence[Entry], rules: Rules, as_of: datetime) -> tuple[list[Match], list[Break]]:
    """Received goods to the movements that booked them: by what the movement names, then by customer and goods."""
    moves = [position for position, entry in enumerate(entries) if entry.kind is Kind.STOCK]
    backs = [p for p, e in enumerate(entries) if e.kind is Kind.RETURN and e.state.value == "done"]
    left = {position: entries[position].quantity for position in moves}
    got: dict[int, list[int]] = {position: [] for position in backs}
    wanted = {position: entries[position].quantity for position in backs}
    reach = Reach((position, (entries[position].id, *entries[position].refs)) for position in backs)
    for move in sorted(moves, key=lambda one: (entries[one].at, one)):
        named = [p for ref in entries[move].refs for p, _ in reach.find(ref) if entries[p].sku == entries[move].sku]
        _book(move, [p for p in dict.fromkeys(named) if _may_be(entries[p], entries[move])], left, wanted, got)
    by_goods: dict[tuple[str, str], list[int]] = {}
    for back in sorted(backs, key=lambda one: (entries[one].at, one)):
        if wanted[back]:
            by_goods.setdefault((entries[back].account, entries[back].sku), []).append(back)
            by_goods.setdefault(("", entries[back].sku), []).append(back)
    promise = rules.promises["stock"]
    for move in sorted(moves, key=lambda one: (not entries[one].account, entries[one].at, one)):
        if left[move]:
            near = by_goods.get((entries[move].account, entries[move].sku), ())
            near = [p for p in near if -EARLY <= entries[move].at - entries[p].at <= promise + EARLY]
            near.sort(key=lambda p: (wanted[p] != left[move], entries[p].at, p))
            _book(move, near, left, wanted, got)
    return _shelved(entries, backs, wanted, got, promise, as_of)


def _may_be(back: Entry, move: Entry) -> bool:
    return not (back.account and move.account) or back.account == move.account


def _book(
    move: int,
    backs: list[int],
    left: dict[int, int],
    wanted: dict[int, int],
    got: dict[int, list[int]],
) -> None:
    for back in backs:
        units = min(left[move], wanted[back])
        if units > 0:
            left[move] -= units
            wanted[back] -= units
            got[back].append(move)


def _shelved(
    entries: Sequence[Entry],
    backs: list[int],
    wanted: dict[int, int],
    got: dict[int, list[int]],
    promise: timedelta,
    as_of: datetime,
) -> tuple[list[Match], list[Break]]:
    matches, breaks = [], []
    for back in backs:
        entry = entries[back]
        if got[back]:
            matches.append(Match(Check.STOCK, "stock", (back,), tuple(got[back]), (_NAMED, _UNITS)))
        if wanted[back] and entry.at + promise < as_of:
            value = entry.minor * wanted[back] // max(1, entry.quantity)
            count = {"returned": entry.quantity, "booked": entry.quantity - wanted[back]}
            breaks.append(
                _broken(
                    BreakKind.STOCK_NOT_BOOKED,
                    (back,),
                    tuple(got[back]),
                    entry,
                    value,
                    count,
                    Check.STOCK,
                    entry.at + promise,
                )
            )
    return matches, breaks
