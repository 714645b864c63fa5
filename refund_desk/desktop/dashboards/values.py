"""How members and values of figures are worded, and what a chart makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from refund_desk.desktop.words import formats, member, tr
from refund_desk.domain.figures import Dimension, Unit
from refund_desk.domain.money import exponent
from refund_desk.wire.base import Amount
from refund_desk.wire.figures import FigureMember, FigureView, Said

WORDED = (Dimension.REASON, Dimension.CHANNEL, Dimension.PRODUCT)
"""Dimensions whose members the catalogue has words for."""
SPANS = ("this_month", "last_month", "days_30", "days_90", "year", "own")


def member_label(by: Dimension, one: FigureMember) -> str:
    """A member as people call it."""
    if not one.member:
        return tr("report.none")
    if one.name is not None:
        return one.name
    if by is Dimension.REGION:
        return formats().country(one.member)
    return (
        member(by.value, one.member) if by in (Dimension.REASON, Dimension.CHANNEL, Dimension.PRODUCT) else one.member
    )


def said(value: Said, unit: Unit) -> str:
    return formats().figure(value, unit.value)


def change(one: FigureView) -> str:
    """Against the span before: of shares in points, of all else in percent; nothing where one is missing."""
    now, before = one.now, one.before
    if not isinstance(now, int | float) or not isinstance(before, int | float):
        return ""
    if one.unit is Unit.SHARE:
        points = round((now - before) * 100, 1) or 0.0  # never −0.0
        return tr("report.points", n=f"{points:+.1f}".replace("-", "−"))
    if not before:
        return ""
    step = round((now - before) / before, 3) or 0.0
    return ("+" if step > 0 else "") + formats().percent(step, 1)


def currency_of(values: list[Said]) -> str | None:
    """The one currency that a chart of amounts is of: the one there is most of."""
    sums: dict[str, float] = {}
    for value in values:
        for one in value if isinstance(value, list) else ():
            sums[one.currency] = sums.get(one.currency, 0) + abs(one.minor) / 10 ** exponent(one.currency)
    return max(sums, key=lambda name: sums[name], default=None)


def height(value: Said, currency: str | None) -> float | None:
    """What a chart draws: a number, of amounts the major units of one currency."""
    if isinstance(value, list):
        return next((one.minor / 10 ** exponent(one.currency) for one in value if one.currency == currency), 0.0)
    return None if value is None else float(value)


def tick(value: float, unit: Unit, currency: str | None) -> str:
    """A mark of an axis."""
    if unit is Unit.MONEY and currency is not None:
        return formats().money(Amount(minor=round(value * 10 ** exponent(currency)), currency=currency))
    return said(value, unit)


def span_of(name: str, today: date) -> tuple[date, date]:
    """The days of a choice."""
    first = today.replace(day=1)
    if name == "this_month":
        return first, today
    if name == "last_month":
        return (first - timedelta(1)).replace(day=1), first - timedelta(1)
    days = {"days_30": 30, "days_90": 90, "year": 365}[name]
    return today - timedelta(days - 1), today


def adds(one: Mapping[str, int], figure: FigureView, part: str, of: str | None) -> str:
    """What a case adds to a figure on a day."""
    if figure.unit is Unit.MONEY:
        found = {name.partition(":")[2]: n for name, n in one.items() if name.startswith(f"{part}:")}
        return formats().join([formats().money(Amount(minor=n, currency=name)) for name, n in sorted(found.items())])
    if figure.unit is Unit.SECONDS and of is not None and one.get(of):
        return formats().duration(one.get(part, 0) / one[of] / 1_000_000)
    return formats().number(one.get(part, 0))
