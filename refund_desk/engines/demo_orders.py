"""The order behind a demo case: what was bought, what was paid, when it came, what is asked for.

Amounts are minor units of the frame's currency; demo_systems writes what each system says about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from refund_desk.domain.money import Money, decimal_text
from refund_desk.domain.shares import OrderLine, OrderSums, paid_shares, refund_for
from refund_desk.domain.words import Reason, RequestKind, Tender
from refund_desk.engines.demo_cast import Frame, goods_for
from refund_desk.engines.demo_data import DemoData, Product


@dataclass(slots=True)
class Line:
    """An order line before it is written; `wanted` is how many units the request is about."""

    id: str
    product: Product
    quantity: int
    unit: int
    discount: int
    wanted: int = 0


@dataclass(slots=True)
class Trade:
    """Everything about the money and the way of one order. Amounts in minor units of the frame's currency."""

    number: str
    system: str
    lines: list[Line]
    discount: int
    shipping: int
    tax: int
    tenders: list[tuple[Tender, int]]
    placed: datetime
    shipped: datetime | None
    delivered: datetime | None
    tracking: str
    asked: int | None = None
    refunded: int = 0
    refund_at: datetime | None = None
    other: int = 0

    @property
    def goods(self) -> int:
        return sum(line.unit * line.quantity - line.discount for line in self.lines)

    @property
    def paid(self) -> int:
        return self.goods - self.discount + self.shipping + self.tax

    @property
    def in_money(self) -> int:
        """What a gateway captured: everything but points, credit and coupons."""
        return self.paid - sum(amount for _, amount in self.tenders)

    @property
    def first(self) -> Line:
        return next(line for line in self.lines if line.wanted)


def text_of(frame: Frame, minor: int) -> str:
    """Decimal text as the bundle has it."""
    return decimal_text(Money(minor, frame.currency))


def when(at: datetime) -> str:
    """ISO 8601 with the market's offset."""
    return at.replace(microsecond=0).isoformat()


def trade(frame: Frame, data: DemoData) -> Trade:
    """Make the order of a frame: basket, way, what is asked and what went back before."""
    lines = _lines(frame, data)
    frame.merchant = _merchant(frame, data, lines[0].product)
    made = _basket(frame, lines)
    _way(frame, made)
    made.asked = _asked(frame, made)
    _earlier_refund(frame, made)
    return made


def _merchant(frame: Frame, data: DemoData, product: Product) -> dict[str, str] | None:
    """On a platform the seller is one who sells such things."""
    if not frame.on_platform:
        return None
    fits = [m for m in data.systems["merchants"][frame.lang] if product.tags & set(m["sells"])]
    seller = frame.rng.choice(fits or data.systems["merchants"][frame.lang])
    return {"id": seller["id"], "name": seller["name"]}


def _round(frame: Frame, minor: float) -> int:
    """To a price people would set: whole tens of the smallest unit, whole yen."""
    step = 10 if frame.currency != "JPY" else 1
    return max(step, round(minor / step) * step)


def _lines(frame: Frame, data: DemoData) -> list[Line]:
    rng, goods = frame.rng, goods_for(frame, data)
    count = rng.choices((1, 2, 3, 4, 5), (50, 26, 14, 7, 3))[0]
    count = {"picture": 2, "long": 1, "many_lines": 12, "dear": 1}.get(frame.special or "", count)
    lines = []
    for i, product in enumerate(goods[:count]):
        cheap = product.prices["CNY"].minor < 30000
        quantity = rng.choices((1, 2, 3, 6), (62, 24, 9, 5) if cheap else (92, 8, 0, 0))[0]
        if frame.conflict == "line_quantity" and i == 0:
            quantity = max(quantity, 2)
        quantity = {"picture": i + 1, "long": 2, "dear": 1}.get(frame.special or "", quantity)
        unit = product.prices[frame.currency].minor
        cut = _round(frame, unit * quantity * rng.choice((0.05, 0.1, 0.15))) if rng.random() < 0.22 else 0
        lines.append(Line(f"L{i + 1}", product, quantity, unit, 0 if frame.special == "picture" else cut))
    _wanted(frame, lines)
    return lines


def _wanted(frame: Frame, lines: list[Line]) -> None:
    """The first line is always meant; others sometimes; often only some of the units."""
    rng = frame.rng
    whole = frame.reason in (
        Reason.NOT_RECEIVED, Reason.CANCELLED_BEFORE_SHIPPING, Reason.UNAUTHORISED, Reason.REJECTED_DELIVERY,
        Reason.DUPLICATE_CHARGE, Reason.OVERCHARGED, Reason.LATE,
    )  # fmt: skip
    for i, line in enumerate(lines):
        fits = not frame.plot.tags or line.product.tags & frame.plot.tags
        if i and not whole and frame.special != "picture" and (not fits or rng.random() < 0.6):
            continue
        line.wanted = line.quantity
        if not whole and line.quantity > 1 and rng.random() < 0.5 and not frame.special:
            line.wanted = rng.randrange(1, line.quantity)
    if frame.conflict == "line_quantity":
        lines[0].wanted = 1


def _basket(frame: Frame, lines: list[Line]) -> Trade:
    rng = frame.rng
    goods = sum(line.unit * line.quantity - line.discount for line in lines)
    plain = frame.special in ("picture", "long")
    discount = _round(frame, goods * rng.choice((0.03, 0.08, 0.12))) if rng.random() < 0.28 and not plain else 0
    rates = {"CNY": 1000, "EUR": 490, "USD": 595, "GBP": 395, "JPY": 550, "BRL": 1890}
    shipping = rates[frame.currency] if rng.random() < 0.45 and not plain else 0
    shipping = 2000 if frame.special == "picture" else shipping
    tax = round((goods - discount) * 0.0825) if frame.currency == "USD" and rng.random() < 0.6 else 0
    made = Trade(
        number=_number(frame),
        system=rng.choice(frame.market["orders"]) if not plain else "vendure",
        lines=lines,
        discount=discount,
        shipping=shipping,
        tax=tax,
        tenders=[],
        placed=frame.asked,
        shipped=None,
        delivered=None,
        tracking=frame.carrier["prefix"] + "".join(str(rng.randrange(10)) for _ in range(frame.carrier["digits"])),
    )
    if rng.random() < 0.1 and not plain and frame.conflict is None:
        kind = rng.choice((Tender.POINTS, Tender.COUPON, Tender.STORE_CREDIT))
        made.tenders = [(kind, _round(frame, made.paid * rng.choice((0.05, 0.1, 0.2))))]
    if frame.special == "picture":
        made.tracking = "SF1409226637281"
    return made


def _number(frame: Frame) -> str:
    if frame.special == "picture":
        return "SO-8841207"
    if frame.lang == "zh":
        return f"SO-{8841207 + (frame.index + 1) * 13 + frame.rng.randrange(12)}"
    letters = "".join(frame.rng.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(5))
    return f"VD-{frame.index:03d}{letters}"


def _way(frame: Frame, made: Trade) -> None:
    """Back from the request: delivery, dispatch, order."""
    rng, low, high = frame.rng, *frame.plot.after
    if frame.conflict in ("gateway_refunded", "ledger_missing"):
        low, high = max(low, 76), max(high, 130)  # room for what happened before they asked again
    last = frame.asked - timedelta(hours=rng.uniform(low, high))
    if frame.special == "picture":
        last = frame.now - timedelta(hours=52, minutes=17)
    long = (
        rng.uniform(5, 9) if frame.reason in (Reason.LATE, Reason.NOT_RECEIVED, Reason.SPOILED) else rng.uniform(1.2, 4)
    )
    if frame.delivery == "paid":
        made.placed = last
    elif frame.delivery == "shipped":
        made.shipped = last - timedelta(days=max(2.0, long - 2))
        made.placed = made.shipped - timedelta(hours=rng.uniform(5, 40))
    else:
        made.delivered = last if frame.delivery == "delivered" else None
        made.shipped = last - timedelta(days=long)
        made.placed = made.shipped - timedelta(hours=rng.uniform(5, 40))


def days_of(frame: Frame, made: Trade) -> int:
    """The number of days that the customer speaks of; at least two."""
    match frame.reason:
        case Reason.DEFECTIVE | Reason.PRICE_DIFFERENCE | Reason.OTHER:
            start, end = made.delivered or made.placed, frame.asked
        case Reason.LATE | Reason.SPOILED:
            start, end = made.placed, made.delivered or frame.asked
        case _:
            start, end = made.shipped or made.placed, frame.asked
    return max(2, round((end - start).total_seconds() / 86400))


def _asked(frame: Frame, made: Trade) -> int | None:
    """What the customer asks for; None where they name no sum."""
    rng = frame.rng
    shares = paid_shares(
        OrderSums(frame.currency, made.paid, made.shipping, made.discount, made.tax, tuple(made.tenders)),
        [OrderLine(x.id, x.product.name[frame.lang], x.quantity, x.unit, x.discount) for x in made.lines],
    )
    worth = sum(
        refund_for(share.minor, share.quantity, 0, 0, line.wanted)
        for line, share in zip(made.lines, shares.lines, strict=True)
    )
    if all(line.wanted == line.quantity for line in made.lines):
        worth += made.shipping
    match frame.reason:
        case Reason.PRICE_DIFFERENCE:
            return _round(frame, worth * rng.choice((0.08, 0.12, 0.2)))
        case Reason.OVERCHARGED:
            made.other = _round(frame, made.in_money * rng.choice((0.06, 0.1)))
            return made.other
        case Reason.DUPLICATE_CHARGE:
            return made.in_money
    if frame.kind in (RequestKind.EXCHANGE, RequestKind.SEND_AGAIN) or (rng.random() < 0.08 and not frame.special):
        return None
    if frame.reason in (Reason.LATE, Reason.NOT_AS_DESCRIBED) and rng.random() < 0.35 and frame.conflict is None:
        return _round(frame, worth * rng.choice((0.2, 0.3, 0.5)))
    return worth


def _earlier_refund(frame: Frame, made: Trade) -> None:
    """Money that went back before, known to everybody or, in a conflict, to one side alone."""
    rng = frame.rng
    if frame.conflict in ("gateway_refunded", "ledger_missing"):
        made.other = _round(frame, made.in_money * rng.choice((0.15, 0.2, 0.3)))
        made.refund_at = frame.asked - timedelta(hours=rng.uniform(30, 60))
        if frame.special == "picture":
            made.other, made.refund_at = 30000, frame.now - timedelta(hours=35, minutes=40)
        made.refunded = made.other
    elif frame.conflict == "refund_failed":
        made.other = made.in_money
        made.refund_at = frame.asked - timedelta(minutes=rng.uniform(20, 55))
    elif frame.conflict == "captured_twice":
        made.other = made.in_money
    elif frame.conflict is None and frame.delivery == "delivered" and not frame.special and rng.random() < 0.07:
        made.refunded = _round(frame, made.in_money * 0.1)
        made.refund_at = made.placed + timedelta(hours=3)
