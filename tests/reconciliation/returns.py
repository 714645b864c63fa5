"""Goods on their way back: return lines, the shop's refund, the gateway's, the credit note, the shelf."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.reconciliation import noise
from tests.reconciliation.chains import Books, Planted, kept_by_shop, refund_at_gateway
from tests.reconciliation.rows import Row
from tests.reconciliation.world import Line, Order


def give_back(books: Books, order: Order, plant: Planted | None) -> None:
    """Lines come back, are refunded, credited and put on the shelf; sometimes in two goes."""
    wanted = plant is not None and plant.thing == "refund"
    if not wanted and (plant is not None or books.rng.random() >= 0.11):
        return
    at = order.at + timedelta(days=books.rng.randrange(3, 26), minutes=books.rng.randrange(900))
    send_back(books, order, at, plant)
    if plant is None and books.rng.random() < 0.1:
        send_back(books, order, at + timedelta(days=books.rng.randrange(2, 9)), None)


def send_back(books: Books, order: Order, at: datetime, plant: Planted | None) -> None:
    """One return with everything that follows from it."""
    kind = plant.kind if plant else ""
    lines = _lines(books, order, kind)
    if not lines:
        return
    rng, truth = books.rng, books.truth
    rma, number = books.number("RMA"), books.number("RF-")
    kept = kind != "stock_not_booked" and rng.random() < 0.15
    named = "" if kind == "orphan_cancellation" and rng.random() < 0.3 else order.number
    if kind == "orphan_cancellation" and named and rng.random() < 0.4:
        named = f"SO-2025-{rng.randrange(9_999_999):07d}"  # a sale of before the period, or of nobody
    ref = noise.reference(rng, named, 0.12) if named else ""
    if kind in ("price_above_paid", "more_than_bought") and any(_elsewhere(books, order, line) for line, _, _ in lines):
        ref = named  # without a reference another sale of the same goods would explain it
    backs = []
    for place, (line, quantity, amount) in enumerate(lines, 1):
        row = Row(
            "shop", "return", f"{rma}/{place}", (rma, ref) if ref else (rma,), amount, order.customer.currency, at
        )
        row.account, row.name, row.sku, row.quantity = order.customer.key, order.customer.name, line.sku, quantity
        row.state = "kept" if kept else "received"
        backs.append(books.add(row))
        if line in order.lines and kind != "orphan_cancellation":
            sale = f"shop|sale|{order.number}/{order.lines.index(line) + 1}"
            truth.links.setdefault("returns", set()).add((row.key, sale))
    if kind in ("orphan_cancellation", "price_above_paid", "more_than_bought"):
        truth.broken(kind, "returns", backs[0])
    if not kept:
        _shelve(books, rma, backs, at, kind)
    _refund(books, order, number, sum(amount for _, _, amount in lines), at, plant)


def _elsewhere(books: Books, order: Order, line: Line) -> bool:
    return books.bought[order.customer.key].count(line.sku) > 1


def _lines(books: Books, order: Order, kind: str) -> list[tuple[Line, int, int]]:
    """What comes back: (line, units, money)."""
    rng = books.rng
    if kind == "orphan_cancellation":
        bought = set(books.bought[order.customer.key])
        sku, point = rng.choice([one for one in books.skus if one[0] not in bought])
        amount = max(400, min(point, order.total))
        return [(Line(sku, 1, amount, amount), 1, amount)]
    if kind == "price_above_paid":
        line = max(order.lines, key=lambda one: one.listed * one.quantity - one.paid)
        return [(line, line.quantity, line.listed * line.quantity)]
    if kind == "more_than_bought":
        line = rng.choice(order.lines)
        units = line.quantity + rng.choice((1, 1, 2))
        return [(line, units, line.paid * units // line.quantity)]
    made: list[tuple[Line, int, int]] = []
    for line in order.lines:
        left = line.quantity - line.returned
        if left and (not made or rng.random() < 0.3):
            units = rng.randint(1, left)
            amount = line.paid * (line.returned + units) // line.quantity - line.paid * line.returned // line.quantity
            line.returned += units
            if amount:
                made.append((line, units, amount))
    return made


def _shelve(books: Books, rma: str, backs: list[Row], at: datetime, kind: str) -> None:
    """The warehouse books what came back, unless that is what is missing: all of it, or a unit."""
    rng, truth = books.rng, books.truth
    for place, back in enumerate(backs):
        units, missing = back.quantity, kind == "stock_not_booked" and place == 0
        if missing:
            truth.broken("stock_not_booked", "stock", back)
            units = units - 1 if units > 1 and rng.random() < 0.5 else 0
        if not units:
            continue
        ref = noise.reference(rng, rma, 0.03, 0.0)
        row = Row("warehouse", "stock", books.number("MV-"), (ref,) if ref else (), 0, "", at)
        row.at = at + timedelta(hours=rng.randrange(2, 100))
        row.sku, row.quantity, row.account = back.sku, units, back.account if rng.random() < 0.7 else ""
        row.state = rng.choice(("restock", "restock", "write_off"))
        books.add(row)
        if not missing:
            truth.link("stock", back, row)


def _refund(books: Books, order: Order, number: str, minor: int, at: datetime, plant: Planted | None) -> None:
    rng, truth = books.rng, books.truth
    kind = plant.kind if plant and plant.check == "shop_gateway" else ""
    currency = order.customer.currency
    at += timedelta(hours=rng.randrange(1, 20))
    head = Row("shop", "refund", number, (number, order.number), kept_by_shop(minor, currency), currency, at)
    head.account, head.name, head.state = order.customer.key, order.customer.name, "refunded"
    if kind == "missing_here":  # somebody gave it back in the gateway's own dashboard
        made = refund_at_gateway(books, order, order.number, minor, at, "")
        truth.broken(kind, "shop_gateway", made)
        return
    books.add(head)
    _credit(books, order, head, at, plant)
    if kind == "missing_there":
        truth.broken(kind, "shop_gateway", head)
        return
    made = refund_at_gateway(books, order, number, minor, at, "" if kind == "duplicate" else kind)
    truth.link("shop_gateway", head, made)
    if kind == "duplicate":
        again = refund_at_gateway(books, order, number, minor, made.at, "")
        truth.broken(kind, "shop_gateway", made, again)
        truth.link("shop_gateway", head, again)
    elif kind:
        truth.broken(kind, "shop_gateway", head, made)


def _credit(books: Books, order: Order, head: Row, at: datetime, plant: Planted | None) -> None:
    """A credit note for what was invoiced; 1 in 12 is written for the order, not for the refund."""
    if not order.invoiced:
        return
    rng = books.rng
    if plant and plant.kind == "credit_note_due":
        books.truth.broken("credit_note_due", "credit_notes", head)
        return
    ref = noise.reference(rng, order.number if rng.random() < 0.08 else head.id, 0.02, 0.0)
    note = Row("invoicing", "credit_note", books.number("CN-"), (ref,) if ref else (), head.amount, head.currency, at)
    note.at = at + timedelta(hours=rng.randrange(2, 200))
    note.account, note.name = order.customer.key, order.customer.name
    books.add(note)
    books.truth.link("credit_notes", head, note)
