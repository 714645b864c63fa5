"""Paid shares: what of the money paid belongs to each line, to its units, and to shipping.

Everything is in minor units of the order's currency. Lines, shipping and tax always sum to what was
paid, to the unit; where the order's own figures don't, the shares are scaled and a finding says so.
The property the rest of the desk rests on: giving back everything, in any split and order, gives
exactly what was paid, and every prefix at most that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.money import Term, amount, spread
from refund_desk.domain.words import Tender


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as its order has it. `paid_minor`: what was paid for it in all, where the system says."""

    id: str
    name: str
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0
    paid_minor: int | None = None


@dataclass(frozen=True, slots=True)
class OrderSums:
    """The sums of an order. `tax_minor` is tax on top of the prices; `tenders` are the means besides money."""

    currency: str
    paid_minor: int | None
    shipping_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    tenders: tuple[tuple[Tender, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about an order, worded under `finding.<code>`. Params `field` are keys of the data dictionary."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineShare:
    """What was paid for a line, tax included; `tax_minor` is the part of it that is tax."""

    line: str
    quantity: int
    minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Shares:
    """How what was paid divides: lines + `shipping_minor` + `other_minor` == `total_minor`.

    `other_minor` belongs to no line and is only there when the order has none. `tenders` sum to the
    total as well, money first. `paid_known` is False where the total was computed from the lines.
    """

    currency: str
    total_minor: int
    lines: tuple[LineShare, ...]
    shipping_minor: int
    shipping_tax_minor: int
    other_minor: int
    tenders: tuple[tuple[Tender, int], ...]
    paid_known: bool
    findings: tuple[Finding, ...]

    @property
    def tax_minor(self) -> int:
        """All tax inside the shares."""
        return self.shipping_tax_minor + sum(line.tax_minor for line in self.lines)

    def line(self, line_id: str) -> LineShare | None:
        """The share of a line, or None."""
        return next((line for line in self.lines if line.line == line_id), None)


def paid_shares(order: OrderSums, lines: Sequence[OrderLine]) -> Shares:
    """Divide what was paid over lines and shipping, tax inside them, by largest remainder.

    Weights are price × quantity less the line's discount and its part of the order's, or the line's
    own `paid_minor`. Never raises for odd figures: they become `findings`, negatives count as 0.
    """
    found: list[Finding] = []
    order, lines = _without_negatives(order, lines, found)
    total, cells = _reading(order, lines, found)
    size, other = len(lines) + 1, 0
    if not lines:
        found.append(Finding("order.no_lines"))
        other = max(0, total - sum(cells))
    elif not sum(cells):
        # Nothing has a price, yet something was paid: by quantity, and none of it to shipping.
        cells = [*(line.quantity for line in lines), *[0] * (size + 1)]
    parts = spread(total - other, cells)
    goods, tax = parts[:size], parts[size:]
    return Shares(
        currency=order.currency,
        total_minor=total,
        lines=tuple(
            LineShare(line.id, line.quantity, net + on_top, on_top)
            for line, net, on_top in zip(lines, goods, tax, strict=False)
        ),
        shipping_minor=goods[-1] + tax[-1],
        shipping_tax_minor=tax[-1],
        other_minor=other,
        tenders=_tenders(order, total, found),
        paid_known=order.paid_minor is not None,
        findings=tuple(found),
    )


def _without_negatives(
    order: OrderSums, lines: Sequence[OrderLine], found: list[Finding]
) -> tuple[OrderSums, list[OrderLine]]:
    fields: dict[str, Any] = {}
    for name in ("paid_minor", "shipping_minor", "discount_minor", "tax_minor"):
        value = getattr(order, name)
        if value is not None and value < 0:
            key = f"order.{name.removesuffix('_minor')}"
            found.append(Finding("order.negative_value", {"field": key, "value": amount(value, order.currency)}))
            fields[name] = 0
    for tender, minor in order.tenders:
        if minor < 0:
            found.append(
                Finding(
                    "order.negative_value", {"field": f"order.{tender.value}", "value": amount(minor, order.currency)}
                )
            )
    fields["tenders"] = tuple((tender, minor) for tender, minor in order.tenders if minor > 0)
    return replace(order, **fields), [_line_without_negatives(order.currency, line, found) for line in lines]


def _line_without_negatives(currency: str, line: OrderLine, found: list[Finding]) -> OrderLine:
    fields: dict[str, Any] = {}
    for name in ("unit_price_minor", "discount_minor", "paid_minor"):
        value = getattr(line, name)
        if value is not None and value < 0:
            key = f"order_line.{name.removesuffix('_minor')}"
            params = {"line": line.id, "field": key, "value": amount(value, currency)}
            found.append(Finding("line.negative_value", params))
            fields[name] = 0
    if line.quantity < 0:
        found.append(Finding("line.negative_quantity", {"line": line.id, "quantity": line.quantity}))
        fields["quantity"] = 0
    return replace(line, **fields)


def _reading(order: OrderSums, lines: list[OrderLine], found: list[Finding]) -> tuple[int, list[int]]:
    """The total and the weights: goods of each line, shipping, then the tax on each of these.

    Systems differ in whether prices hold the tax and whether `paid` counts points and gift cards; the
    reading whose sum is what was paid is the right one. If none is, `order.sums_disagree`.
    """
    base = _net_of_discounts(order, lines, found)
    on_top = spread(order.tax_minor, base)
    cells = base + on_top
    if order.paid_minor is None:
        return sum(cells), cells
    in_kind = sum(minor for tender, minor in order.tenders if tender is not Tender.MONEY)
    for total in (order.paid_minor, order.paid_minor + in_kind):
        for reading in (cells, base + [0] * len(base)):
            if sum(reading) == total:
                return total, reading
    if lines:
        params = {
            "paid": amount(order.paid_minor, order.currency),
            "computed": amount(sum(cells), order.currency),
            "difference": amount(order.paid_minor - sum(cells), order.currency),
        }
        found.append(Finding("order.sums_disagree", params))
    return order.paid_minor, cells


def _net_of_discounts(order: OrderSums, lines: list[OrderLine], found: list[Finding]) -> list[int]:
    """Goods of each line after all discounts, then shipping. A discount beyond the goods lowers shipping."""
    nets = [_net(order, line, found) for line in lines]
    on_goods = min(order.discount_minor, sum(nets))
    beyond = order.discount_minor - on_goods
    if beyond > order.shipping_minor:
        params = {
            "discount": amount(order.discount_minor, order.currency),
            "price": amount(sum(nets) + order.shipping_minor, order.currency),
        }
        found.append(Finding("order.discount_exceeds_price", params))
    goods = [net - cut for net, cut in zip(nets, spread(on_goods, nets), strict=True)] if nets else []
    # What a system says was paid for a line has its discounts inside already.
    stated = [net if line.paid_minor is None else line.paid_minor for net, line in zip(goods, lines, strict=True)]
    return [*stated, max(0, order.shipping_minor - beyond)]


def _net(order: OrderSums, line: OrderLine, found: list[Finding]) -> int:
    price = line.quantity * line.unit_price_minor
    if line.discount_minor > price:
        params = {
            "line": line.id,
            "discount": amount(line.discount_minor, order.currency),
            "price": amount(price, order.currency),
        }
        found.append(Finding("line.discount_exceeds_price", params))
    net = max(0, price - line.discount_minor)
    if line.paid_minor is not None and line.paid_minor > net + order.tax_minor:
        params = {
            "line": line.id,
            "paid": amount(line.paid_minor, order.currency),
            "price": amount(net, order.currency),
        }
        found.append(Finding("line.paid_exceeds_price", params))
    return net


def _tenders(order: OrderSums, total: int, found: list[Finding]) -> tuple[tuple[Tender, int], ...]:
    """Money is what the other means leave of the total; they are cut where they are more than it."""
    in_kind = _merged((tender, minor) for tender, minor in order.tenders if tender is not Tender.MONEY)
    said_money = [minor for tender, minor in order.tenders if tender is Tender.MONEY]
    said = sum(minor for _, minor in in_kind)
    if said > total or (said_money and said + sum(said_money) != total):
        params = {"paid": amount(total, order.currency), "tenders": amount(said + sum(said_money), order.currency)}
        found.append(Finding("order.tenders_disagree", params))
    left, kept = total, []
    for tender, minor in in_kind:
        kept.append((tender, min(minor, left)))
        left -= kept[-1][1]
    return tuple((tender, minor) for tender, minor in [(Tender.MONEY, left), *kept] if minor)


# ---------------------------------------------------------------- units of a line


def unit_amounts(share_minor: int, quantity: int) -> list[int]:
    """The share of each unit, dearer ones first; they sum to the line's share exactly."""
    return spread(share_minor, [1] * quantity)


def refund_for(
    share_minor: int, quantity: int, units_already_back: int, amount_already_back: int, units_asked: int
) -> int:
    """What `units_asked` further units of a line are worth, after what went back before.

    Asked for unit by unit or at once, in any split, the amounts sum to the share exactly. Where less
    went back for earlier units (a fee, a damaged return), later units don't make up for it; where more
    did (a price difference without a unit), the rest is spread over the units that are left.
    Raises Invalid `share.units_exceeded`.
    """
    units_left = quantity - units_already_back
    if units_already_back < 0 or units_asked < 0 or units_asked > units_left:
        raise Invalid("share.units_exceeded", asked=units_asked, allowed=max(0, units_left))
    unspent = share_minor - max(_first_units(share_minor, quantity, units_already_back), amount_already_back)
    return _first_units(max(0, unspent), units_left, units_asked)


def _first_units(share_minor: int, quantity: int, units: int) -> int:
    """Sum of the first `units` of `unit_amounts`, without making the list."""
    if not quantity:
        return 0
    each, dearer = divmod(share_minor, quantity)
    return each * units + min(units, dearer)


# ---------------------------------------------------------------- tenders


class TenderPolicy(StrEnum):
    """Which means of payment goes back first."""

    MONEY_FIRST = "money_first"
    KIND_FIRST = "kind_first"
    PROPORTIONAL = "proportional"


def split_tenders(
    amount_minor: int,
    tenders: Iterable[tuple[Tender, int]],
    given_back: Iterable[tuple[Tender, int]],
    policy: TenderPolicy,
) -> tuple[tuple[Tender, int], ...]:
    """Say in which form an amount goes back: points as points, credit as credit, never as cash.

    No tender gets more than it paid less what it got back. Returns only what is more than 0.
    Raises Conflict `tender.exceeded` (asked, allowed: minor units) when all of them together don't have it.
    """
    back = dict(_merged(given_back))
    left = [(tender, max(0, minor - back.get(tender, 0))) for tender, minor in _merged(tenders)]
    allowed = sum(minor for _, minor in left)
    if amount_minor < 0 or amount_minor > allowed:
        raise Conflict("tender.exceeded", asked=amount_minor, allowed=allowed)
    if policy is TenderPolicy.PROPORTIONAL:
        parts = spread(amount_minor, [minor for _, minor in left])
        return tuple((tender, part) for (tender, _), part in zip(left, parts, strict=True) if part)
    first = policy is TenderPolicy.MONEY_FIRST
    out = []
    for tender, minor in sorted(left, key=lambda item: (item[0] is Tender.MONEY) is not first):
        part = min(minor, amount_minor)
        amount_minor -= part
        out.append((tender, part))
    return tuple(item for item in out if item[1])


def _merged(tenders: Iterable[tuple[Tender, int]]) -> tuple[tuple[Tender, int], ...]:
    sums: dict[Tender, int] = {}
    for tender, minor in tenders:
        sums[tender] = sums.get(tender, 0) + minor
    return tuple(sums.items())


# ---------------------------------------------------------------- discounts that hang on a threshold


@dataclass(frozen=True, slots=True)
class DiscountRule:
    """`discount_minor` off, given because the goods came to at least `threshold_minor`."""

    threshold_minor: int
    discount_minor: int


def broken_threshold(
    rule: DiscountRule, currency: str, goods_minor: int, returned_minor: int, refund_minor: int, taken_minor: int = 0
) -> Term | None:
    """The term of a discount that a return breaks, or None if it changes nothing.

    goods_minor: all goods of the order before this discount; returned_minor: of these, what has come
    back, what is asked now included; refund_minor: what would be given back now without this term;
    taken_minor: what earlier returns of the order lost to this rule.
    Paid shares of returned goods have their part of the discount inside, so the term takes back only
    the part on goods that stay. It never makes a refund a bill, and when nothing stays, what earlier
    returns lost comes back: so that everything returned is everything paid.
    """
    kept = goods_minor - returned_minor
    due = 0
    if 0 < kept < rule.threshold_minor <= goods_minor:
        due = spread(rule.discount_minor, [returned_minor, kept])[1]
    change = max(taken_minor - due, -refund_minor)
    if not change:
        return None
    params = {"threshold": amount(rule.threshold_minor, currency), "kept": amount(kept, currency)}
    return Term("share.threshold_broken" if change < 0 else "share.threshold_restored", params, change)
