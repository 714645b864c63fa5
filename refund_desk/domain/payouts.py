"""The three ceilings: how much of an order may still be given back, and why no more.

Computed from the order's `Book` alone, read under the lock on the order. All amounts are minor units
of the book's currency. Where two sources may speak of the same refund and nothing proves it, it
counts twice: a ceiling errs on the low side. Intents and book are defined in `intents`; everybody
else takes the whole subject from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import (
    HOLDING,
    ON_ITS_WAY,
    PAID_OUT,
    SHIPPING,
    TRANSITIONS,
    Book,
    Dispute,
    Intent,
    IntentState,
    KnownRefund,
    LineAmount,
    LinePaid,
    Payment,
    StatedRefunded,
    advance,
)
from refund_desk.domain.money import Term, amount
from refund_desk.domain.words import Tender

__all__ = [
    "HOLDING",
    "ON_ITS_WAY",
    "PAID_OUT",
    "SHIPPING",
    "TRANSITIONS",
    "Book",
    "Ceiling",
    "Dispute",
    "Intent",
    "IntentState",
    "KnownRefund",
    "LineAmount",
    "LinePaid",
    "Payment",
    "Proposed",
    "StatedRefunded",
    "Term",
    "advance",
    "check_ceilings",
    "given_back",
    "line_ceiling",
    "money_ceiling",
    "order_blocked",
    "order_ceiling",
    "payment_ceiling",
    "refundable",
    "split_payments",
]

# ---------------------------------------------------------------- refunds that are not ours


def _listed(book: Book, refunds: Sequence[KnownRefund]) -> int:
    """Sum of what one system lists beyond our intents: unmatched refunds, and what matched ones have too much."""
    foreign, ours = 0, dict[str, int]()
    for refund in refunds:
        if not refund.counts:
            continue
        intent = book.matched(refund)
        if intent is None:
            foreign += refund.minor
        else:
            ours[intent.id] = ours.get(intent.id, 0) + refund.minor
    sizes = {intent.id: intent.minor for intent in book.intents}
    return foreign + sum(max(0, minor - sizes[intent]) for intent, minor in ours.items())


def _beyond_ours(book: Book, stated: StatedRefunded, refunds: Sequence[KnownRefund]) -> int:
    """What a stated sum holds beyond our intents.

    An intent is taken to be inside the sum only if the system lists it as succeeded, or if it is money
    of that payment and was paid out before the sum was stated: yesterday's sum can't know today's refund.
    """
    listed = [book.matched(refund) for refund in refunds if refund.status == "succeeded"]
    inside = sum(intent.minor for intent in book.intents if intent in listed or _was_paid_by(intent, stated))
    return max(0, stated.minor - inside)


def _was_paid_by(intent: Intent, stated: StatedRefunded) -> bool:
    if intent.tender is not Tender.MONEY or stated.payment not in {None, intent.payment}:
        return False
    return intent.state in PAID_OUT and intent.paid_out_at is not None and intent.paid_out_at <= stated.as_of


def _foreign(book: Book, payment: str | None) -> int:
    """Refunds that only outside systems know, of one payment or of the whole order; the highest word counts."""
    refunds = [refund for refund in book.refunds if payment in {None, refund.payment}]
    stated = [sum_ for sum_ in book.stated if sum_.payment == payment]
    words = [0]
    for system in {refund.system for refund in refunds} | {sum_.system for sum_ in stated}:
        theirs = [refund for refund in refunds if refund.system == system]
        words.append(_listed(book, theirs))
        words += [_beyond_ours(book, sum_, theirs) for sum_ in stated if sum_.system == system]
    return max(words)


def _foreign_of_order(book: Book) -> int:
    """The higher of what the payments show together and what any one system says of the order."""
    return max(sum(_foreign(book, payment.id) for payment in book.payments), _foreign(book, None))


# ---------------------------------------------------------------- the ceilings


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A hard limit on what may still be given back.

    kind: payment, order or line; subject: its id. minor is never negative and is the sum of the terms.
    quantity: units that may still go back, for lines alone.
    """

    kind: str
    subject: str
    minor: int
    terms: tuple[Term, ...]
    quantity: int | None = None


def payment_ceiling(book: Book, payment_id: str) -> Ceiling:
    """captured − funds taken by disputes − intents that hold money on it − refunds that only others know.

    Refunds and money intents that name no payment may have used this one, so they count here too.
    """
    captured = sum(payment.captured_minor for payment in book.payments if payment.id == payment_id)
    terms = [Term("ceiling.captured", {"payment": payment_id}, captured)]
    terms += _dispute_terms(dispute for dispute in book.disputes if dispute.payment in {payment_id, None})
    terms += _intent_terms(
        intent for intent in book.intents if intent.tender is Tender.MONEY and intent.payment in {payment_id, None}
    )
    foreign = _foreign(book, payment_id)
    unplaced = _foreign_of_order(book) - sum(_foreign(book, payment.id) for payment in book.payments)
    terms += _taken("ceiling.refunded_elsewhere", foreign)
    terms += _taken("ceiling.refunded_unplaced", unplaced)
    return _ceiling("payment", payment_id, terms)


def order_ceiling(book: Book) -> Ceiling:
    """paid − everything given back in any form: money, credit, coupon, goods at value, by us or others."""
    return _order_ceiling(book, Term("ceiling.paid", {"order": book.order}, book.paid_minor), book.intents)


def money_ceiling(book: Book) -> Ceiling:
    """The order's ceiling for money alone: what was paid in points or credit never goes back as cash."""
    paid = Term("ceiling.paid_in_money", {"order": book.order}, book.paid_minor - book.in_kind_minor)
    by_money = _order_ceiling(book, paid, [intent for intent in book.intents if intent.tender is Tender.MONEY])
    return min(by_money, order_ceiling(book), key=lambda ceiling: ceiling.minor)


def given_back(book: Book) -> int:
    """Everything the customer has or may have back already, in any form, by us or by others.

    Of `book.without(intent_id)` it is what the money of an approved intent rests on: when it has grown
    since the approval, the intent goes back to its case instead of out.
    """
    return -sum(term.minor for term in _given_back_terms(book, book.intents))


def line_ceiling(book: Book, line_id: str) -> Ceiling:
    """A line's paid share and units − what any case, open or closed, or a listed refund gave back for it."""
    share = sum(line.minor for line in book.lines if line.line == line_id)
    units = sum(line.quantity for line in book.lines if line.line == line_id)
    terms = [Term("ceiling.share", {"line": line_id, "quantity": units}, share)]
    for intent in book.intents:
        for part in intent.lines if intent.holds else ():
            if part.line == line_id:
                params = {"intent": intent.id, "state": intent.state.value, "quantity": part.quantity}
                terms.append(Term("ceiling.line_intent", params, -part.minor))
                units -= part.quantity
    given, back = _foreign_of_line(book, line_id)
    terms += _taken("ceiling.refunded_elsewhere", given)
    return replace(_ceiling("line", line_id, terms), quantity=max(0, units - back))


def _order_ceiling(book: Book, paid: Term, intents: Iterable[Intent]) -> Ceiling:
    return _ceiling("order", book.order, [paid, *_given_back_terms(book, intents)])


def _given_back_terms(book: Book, intents: Iterable[Intent]) -> list[Term]:
    elsewhere = _taken("ceiling.refunded_elsewhere", _foreign_of_order(book))
    return [*_dispute_terms(book.disputes), *_intent_terms(intents), *elsewhere]


def _foreign_of_line(book: Book, line_id: str) -> tuple[int, int]:
    """Money and units that listed refunds other than ours gave back for a line, by the highest system."""
    by_system: dict[str, tuple[int, int]] = {}
    for refund in book.refunds:
        if not refund.counts or book.matched(refund) is not None:
            continue
        for part in refund.lines:
            if part.line == line_id:
                minor, quantity = by_system.get(refund.system, (0, 0))
                by_system[refund.system] = minor + part.minor, quantity + part.quantity
    sums = by_system.values()
    return max((minor for minor, _ in sums), default=0), max((quantity for _, quantity in sums), default=0)


def _dispute_terms(disputes: Iterable[Dispute]) -> list[Term]:
    return [
        Term("ceiling.dispute", {"dispute": dispute.id, "status": dispute.status}, -dispute.minor)
        for dispute in disputes
        if dispute.takes_funds
    ]


def _intent_terms(intents: Iterable[Intent]) -> list[Term]:
    return [
        Term(
            "ceiling.intent",
            {"intent": intent.id, "state": intent.state.value, "tender": intent.tender.value},
            -intent.minor,
        )
        for intent in intents
        if intent.holds
    ]


def _taken(code: str, minor: int) -> list[Term]:
    return [Term(code, {}, -minor)] if minor else []


def _ceiling(kind: str, subject: str, terms: Sequence[Term]) -> Ceiling:
    left = sum(term.minor for term in terms)
    if left < 0:
        terms = [*terms, Term("ceiling.overdrawn", {}, -left)]
    return Ceiling(kind, subject, max(0, left), tuple(terms))


# ---------------------------------------------------------------- asking for money


@dataclass(frozen=True, slots=True)
class Proposed:
    """What somebody wants to reserve. Shipping is one of the lines, with the id `SHIPPING`."""

    currency: str
    minor: int
    tender: Tender
    payment: str | None = None
    lines: tuple[LineAmount, ...] = ()


def order_blocked(book: Book) -> Intent | None:
    """The intent with an unknown outcome that blocks every other refund of the order, or None."""
    return next((intent for intent in book.intents if intent.state is IntentState.UNKNOWN), None)


def check_ceilings(proposed: Proposed, book: Book) -> None:
    """Refuse what the ceilings don't allow. Call it under the lock on the order.

    To check a reserved intent again before it is sent, pass `book.without(intent_id)`.
    Raises Conflict with subject, asked and allowed: `payout.unknown_blocks` (intent, order),
    `ceiling.currency_differs`, `ceiling.amount_not_positive`, `ceiling.unknown_payment`,
    `ceiling.line_quantity_exceeded` (units), `ceiling.line_exceeded`, `ceiling.shipping_exceeded`,
    `ceiling.payment_exceeded`, `ceiling.order_exceeded`, `ceiling.money_exceeded`.
    """
    _check_sense(proposed, book)
    blocker = order_blocked(book)
    if blocker is not None:
        raise Conflict("payout.unknown_blocks", intent=blocker.id, order=book.order)
    for line_id in dict.fromkeys(part.line for part in proposed.lines):
        _check_line(proposed, book, line_id)
    _check("ceiling.order_exceeded", proposed.minor, order_ceiling(book), book)
    if proposed.tender is Tender.MONEY:
        _check("ceiling.money_exceeded", proposed.minor, money_ceiling(book), book)
        if book.payments:
            _check("ceiling.payment_exceeded", proposed.minor, _payments_ceiling(book, proposed.payment), book)


def refundable(book: Book, payment: str | None = None) -> Ceiling:
    """The most that can be paid in money now, on one payment or on all: the smallest ceiling, with its terms.

    An intent with an unknown outcome makes it 0, as its last term says.
    """
    limits = [order_ceiling(book), money_ceiling(book)]
    if book.payments:
        limits.append(_payments_ceiling(book, payment))
    smallest = min(limits, key=lambda ceiling: ceiling.minor)
    blocker = order_blocked(book)
    if blocker is None:
        return smallest
    blocked = Term("payout.unknown_blocks", {"intent": blocker.id}, -smallest.minor)
    return replace(smallest, minor=0, terms=(*smallest.terms, blocked))


def split_payments(minor: int, book: Book) -> tuple[tuple[str, int], ...]:
    """Place an amount of money on the order's payments, in their order, none above its ceiling.

    Raises Conflict `ceiling.payment_exceeded` when they don't have it together.
    """
    _check("ceiling.payment_exceeded", minor, _payments_ceiling(book, None), book)
    placed: list[tuple[str, int]] = []
    left = minor
    for payment in book.payments:
        part = min(left, payment_ceiling(book, payment.id).minor)
        if part:
            placed.append((payment.id, part))
        left -= part
    return tuple(placed)


def _check_sense(proposed: Proposed, book: Book) -> None:
    if proposed.currency != book.currency:
        raise Conflict("ceiling.currency_differs", subject=book.order, asked=proposed.currency, allowed=book.currency)
    if proposed.minor <= 0 or any(part.minor < 0 or part.quantity < 0 for part in proposed.lines):
        raise Conflict("ceiling.amount_not_positive", asked=amount(proposed.minor, book.currency))
    known = {payment.id for payment in book.payments}
    if proposed.tender is Tender.MONEY and proposed.payment is not None and proposed.payment not in known:
        raise Conflict("ceiling.unknown_payment", subject=proposed.payment, allowed=sorted(known))


def _check_line(proposed: Proposed, book: Book, line_id: str) -> None:
    parts = [part for part in proposed.lines if part.line == line_id]
    ceiling = line_ceiling(book, line_id)
    units = sum(part.quantity for part in parts)
    if units > (ceiling.quantity or 0):
        raise Conflict("ceiling.line_quantity_exceeded", subject=line_id, asked=units, allowed=ceiling.quantity or 0)
    code = "ceiling.shipping_exceeded" if line_id == SHIPPING else "ceiling.line_exceeded"
    _check(code, sum(part.minor for part in parts), ceiling, book)


def _check(code: str, asked: int, ceiling: Ceiling, book: Book) -> None:
    if asked > ceiling.minor:
        raise Conflict(
            code,
            subject=ceiling.subject,
            asked=amount(asked, book.currency),
            allowed=amount(ceiling.minor, book.currency),
        )


def _payments_ceiling(book: Book, payment: str | None) -> Ceiling:
    """The ceiling of one payment, or of all together when none is named."""
    if payment is not None:
        return payment_ceiling(book, payment)
    each = [payment_ceiling(book, known.id) for known in book.payments]
    if len(each) == 1:
        return each[0]
    terms = [Term("ceiling.payment_left", {"payment": one.subject}, one.minor) for one in each]
    return _ceiling("payment", book.order, terms)
