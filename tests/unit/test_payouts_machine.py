"""A machine plays desk, gateway, shop and bank against each other: never more goes out than came in.

The truth is the gateway's and the credit office's own books, which refuse nothing by themselves; the
desk sees them only when it reads them, and answers get lost. Nothing here looks at a ceiling to know
what really went out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from refund_desk.domain.errors import Conflict
from refund_desk.domain.payouts import (
    PAID_OUT,
    SHIPPING,
    Book,
    Dispute,
    Intent,
    IntentState,
    KnownRefund,
    LineAmount,
    LinePaid,
    Payment,
    Proposed,
    StatedRefunded,
    advance,
    check_ceilings,
    line_ceiling,
    order_blocked,
    order_ceiling,
    payment_ceiling,
    refundable,
)
from refund_desk.domain.shares import OrderLine, OrderSums, paid_shares, refund_for
from refund_desk.domain.words import Tender

S = IntentState
GONE = {"pending", "succeeded"}
TENDERS = st.sampled_from([Tender.MONEY, Tender.MONEY, Tender.MONEY, Tender.STORE_CREDIT, Tender.GOODS])
PAYMENTS = st.sampled_from(["p1", "p2"])


@dataclass
class Moved:
    """A refund in the books of whoever moved the value. `intent` None: made in a dashboard."""

    id: str
    payment: str | None
    minor: int
    status: str
    intent: str | None


class Orders(RuleBasedStateMachine):
    """One order paid by two payments, any number of cases at once."""

    def __init__(self) -> None:
        super().__init__()
        self.minute = 0
        self.moved: list[Moved] = []
        self.disputes: dict[str, Dispute] = {}
        self.intents: dict[str, Intent] = {}
        self.known = Book("A1", "KWD", 0)
        self.shop: tuple[StatedRefunded, ...] = ()

    @initialize(
        prices=st.lists(st.tuples(st.integers(1, 6), st.integers(100, 900)), min_size=2, max_size=4),
        shipping=st.integers(0, 90),
        share=st.sampled_from([40, 60, 90]),
    )
    def paid(self, prices: list[tuple[int, int]], shipping: int, share: int) -> None:
        total = sum(quantity * price for quantity, price in prices) + shipping
        lines = [OrderLine(str(i), "x", quantity, price) for i, (quantity, price) in enumerate(prices)]
        shares = paid_shares(OrderSums("KWD", total, shipping), lines)
        first = total * share // 100
        self.captured = {"p1": first, "p2": total - first}
        self.known = Book(
            "A1",
            "KWD",
            total,
            lines=(
                *(LinePaid(line.line, line.quantity, line.minor) for line in shares.lines),
                LinePaid(SHIPPING, 0, shares.shipping_minor),
            ),
            payments=tuple(Payment(id_, minor) for id_, minor in self.captured.items()),
        )

    # ------------------------------------------------------------ the truth

    def out(self, payment: str | None = None) -> int:
        """What has really left, of one payment or in all, disputes included."""
        moved = [one for one in self.moved if one.status in GONE and payment in {None, one.payment}]
        disputed = [one for one in self.disputes.values() if one.status != "won" and payment in {None, one.payment}]
        return sum(one.minor for one in moved) + sum(one.minor for one in disputed)

    def now(self) -> datetime:
        self.minute += 1
        return datetime(2026, 11, 19, tzinfo=UTC) + timedelta(minutes=self.minute)

    # ------------------------------------------------------------ the desk

    @property
    def book(self) -> Book:
        return replace(self.known, intents=tuple(self.intents.values()))

    def fresh(self, shop: tuple[StatedRefunded, ...]) -> Book:
        """What the gateway says now, and the last word of the shop."""
        at_gateway = [one for one in self.moved if one.payment is not None]
        now = self.now()
        sums = {
            payment: sum(one.minor for one in at_gateway if one.payment == payment and one.status == "succeeded")
            for payment in self.captured
        }
        return replace(
            self.known,
            refunds=tuple(
                KnownRefund("gate", one.id, one.minor, one.status, one.payment, intent=one.intent) for one in at_gateway
            ),
            stated=(*(StatedRefunded("gate", minor, now, id_) for id_, minor in sums.items()), *shop),
            disputes=tuple(self.disputes.values()),
        )

    def read(self) -> None:
        self.known = self.fresh(self.shop)

    def move(self, intent: Intent, to: IntentState) -> None:
        paid_out_at = self.now() if to is S.SUCCEEDED else intent.paid_out_at
        self.intents[intent.id] = replace(intent, state=advance(intent.state, to), paid_out_at=paid_out_at)

    def some(self, pick: int, *states: IntentState) -> Intent | None:
        found = [intent for intent in self.intents.values() if intent.state in states]
        return found[pick % len(found)] if found else None

    def ask(self, tender: Tender, payment: str, line: LineAmount) -> None:
        to = payment if tender is Tender.MONEY else None
        try:
            check_ceilings(Proposed("KWD", line.minor, tender, to, (line,)), self.book)
        except Conflict:
            return
        id_ = f"i{len(self.intents)}"
        self.intents[id_] = Intent(id_, S.RESERVED, tender, line.minor, to, (line,))

    @rule(tender=TENDERS, payment=PAYMENTS, line=st.integers(0, 3), units=st.integers(1, 3))
    def reserve_units(self, tender: Tender, payment: str, line: int, units: int) -> None:
        """A case asks for what so many units of a line, or shipping, are worth by the rule."""
        bought = self.known.lines[line % len(self.known.lines)]
        ceiling = line_ceiling(self.book, bought.line)
        units = min(units, ceiling.quantity or 0)
        if bought.line == SHIPPING:
            minor = ceiling.minor
        else:
            gone = bought.quantity - (ceiling.quantity or 0)
            minor = refund_for(bought.minor, bought.quantity, gone, bought.minor - ceiling.minor, units)
        self.ask(tender, payment, LineAmount(bought.line, units, minor))

    @rule(tender=TENDERS, payment=PAYMENTS, line=st.integers(0, 3), units=st.integers(0, 4), minor=st.integers(1, 900))
    def reserve_anything(self, tender: Tender, payment: str, line: int, units: int, minor: int) -> None:
        """A case asks for too much, or for money without a unit."""
        self.ask(tender, payment, LineAmount(self.known.lines[line % len(self.known.lines)].line, units, minor))

    @precondition(lambda self: self.some(0, S.RESERVED))
    @rule(
        pick=st.integers(0, 9),
        answer=st.sampled_from(["succeeded", "lost_after", "pending", "lost_before", "failed"]),
    )
    def send(self, pick: int, answer: str) -> None:
        intent = self.some(pick, S.RESERVED)
        if intent is None:
            return
        self.read()
        rest = self.book.without(intent.id)
        if order_blocked(rest):
            return
        try:
            check_ceilings(Proposed("KWD", intent.minor, intent.tender, intent.payment, intent.lines), rest)
        except Conflict:
            self.move(intent, S.CANCELLED)
            return
        assert not self.some(0, S.UNKNOWN)
        assert self.out() + intent.minor <= self.known.paid_minor
        if intent.payment:
            assert self.out(intent.payment) + intent.minor <= self.captured[intent.payment]
        self.move(intent, S.SUBMITTING)
        status = {"lost_after": "succeeded", "lost_before": ""}.get(answer, answer)
        if status:
            self.moved.append(Moved(f"re{len(self.moved)}", intent.payment, intent.minor, status, intent.id))
        state = S.UNKNOWN if answer.startswith("lost") else S(answer)
        self.move(self.intents[intent.id], state)

    @precondition(lambda self: self.some(0, S.PENDING, S.UNKNOWN))
    @rule(pick=st.integers(0, 9), well=st.booleans())
    def settle(self, pick: int, well: bool) -> None:
        """A pending refund ends; an unknown one is looked up and found, or surely isn't there."""
        intent = self.some(pick, S.PENDING, S.UNKNOWN)
        if intent is None:
            return
        mine = [one for one in self.moved if one.intent == intent.id]
        if intent.state is S.PENDING:
            mine[0].status = "succeeded" if well else "failed"
        self.move(intent, S(mine[0].status) if mine else S.FAILED)

    @precondition(lambda self: self.some(0, *PAID_OUT))
    @rule(pick=st.integers(0, 9), arrives=st.booleans())
    def after(self, pick: int, arrives: bool) -> None:
        """It arrives, or comes back."""
        intent = self.some(pick, S.SUCCEEDED) if arrives else self.some(pick, *sorted(PAID_OUT))
        if intent is None:
            return
        self.move(intent, S.ARRIVED if arrives else S.RETURNED)
        if not arrives:
            next(one for one in self.moved if one.intent == intent.id).status = "failed"

    # ------------------------------------------------------------ everybody else

    @precondition(lambda self: sum(one.intent is None for one in self.moved) < 2)
    @rule(payment=PAYMENTS, part=st.sampled_from([5, 15, 100]), pending=st.booleans())
    def dashboard(self, payment: str, part: int, pending: bool) -> None:
        """Somebody refunds in the gateway's own dashboard; the desk isn't told."""
        minor = (self.captured[payment] - self.out(payment)) * part // 100
        if minor > 0:
            status = "pending" if pending else "succeeded"
            self.moved.append(Moved(f"re{len(self.moved)}", payment, minor, status, None))

    @precondition(lambda self: not self.disputes)
    @rule(payment=PAYMENTS, part=st.sampled_from([5, 15, 100]))
    def dispute(self, payment: str, part: int) -> None:
        """A bank takes funds, whatever was refunded."""
        id_ = f"d{len(self.disputes)}"
        self.disputes[id_] = Dispute(id_, payment, self.captured[payment] * part // 100, "open")

    @precondition(lambda self: self.disputes)
    @rule(won=st.booleans())
    def ruling(self, won: bool) -> None:
        id_ = sorted(self.disputes)[0]
        self.disputes[id_] = replace(self.disputes[id_], status="won" if won else "lost")

    @rule()
    def shop_hears(self) -> None:
        """The order system takes over the gateway's sum, now; it says so until it hears again."""
        minor = sum(one.minor for one in self.moved if one.payment and one.status == "succeeded")
        self.shop = (StatedRefunded("shop", minor, self.now()),)

    @rule()
    def look(self) -> None:
        self.read()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def no_more_is_held_than_came_in(self) -> None:
        held = [intent for intent in self.intents.values() if intent.holds]
        assert sum(intent.minor for intent in held) <= self.known.paid_minor
        for payment, captured in self.captured.items() if self.known.payments else ():
            assert sum(intent.minor for intent in held if intent.payment == payment) <= captured
        for line in self.known.lines:
            parts = [part for intent in held for part in intent.lines if part.line == line.line]
            assert sum(part.minor for part in parts) <= line.minor
            assert sum(part.quantity for part in parts) <= line.quantity

    @invariant()
    def one_movement_per_intent(self) -> None:
        ours = [one.intent for one in self.moved if one.intent]
        assert len(ours) == len(set(ours))
        for one in self.moved:
            if one.intent and one.status in GONE:
                assert self.intents[one.intent].holds

    @invariant()
    def ceilings_are_sums_and_never_negative(self) -> None:
        book = self.book
        ceilings = [order_ceiling(book), *(payment_ceiling(book, payment.id) for payment in book.payments)]
        for ceiling in [*ceilings, *(line_ceiling(book, line.line) for line in book.lines)]:
            assert 0 <= ceiling.minor == sum(term.minor for term in ceiling.terms)
        assert (refundable(book).minor == 0) or not order_blocked(book)

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        """With fresh words and nobody else's hand in it, exactly our own intents are missing."""
        if self.disputes or any(one.intent is None for one in self.moved) or order_blocked(self.book):
            return
        held = sum(intent.minor for intent in self.intents.values() if intent.holds)
        book = replace(self.fresh(()), intents=self.book.intents)
        assert order_ceiling(book).minor == self.known.paid_minor - held


Orders.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestOrders = Orders.TestCase
