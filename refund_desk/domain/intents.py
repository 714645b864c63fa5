"""Refund intents, their life, and the book of an order: everything known about its money.

An intent is money (or credit, a coupon, goods at their value) reserved for a decision, on its way.
All amounts are minor units of the book's currency. What may still be given back is in `payouts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from refund_desk.domain.errors import Conflict
from refund_desk.domain.words import Tender

# ---------------------------------------------------------------- life of an intent


class IntentState(StrEnum):
    """How far a refund intent has come."""

    RESERVED = "reserved"
    SUBMITTING = "submitting"
    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ARRIVED = "arrived"
    RETURNED = "returned"


_S = IntentState
TRANSITIONS: Mapping[IntentState, frozenset[IntentState]] = {
    _S.RESERVED: frozenset({_S.SUBMITTING, _S.CANCELLED}),
    _S.SUBMITTING: frozenset({_S.PENDING, _S.SUCCEEDED, _S.FAILED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.PENDING, _S.SUCCEEDED, _S.FAILED}),
    _S.PENDING: frozenset({_S.SUCCEEDED, _S.FAILED}),
    _S.SUCCEEDED: frozenset({_S.ARRIVED, _S.RETURNED}),
    _S.ARRIVED: frozenset({_S.RETURNED}),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.RETURNED: frozenset(),
}
HOLDING = frozenset({_S.RESERVED, _S.SUBMITTING, _S.PENDING, _S.UNKNOWN, _S.SUCCEEDED, _S.ARRIVED})
"""States in which an intent holds its money: nobody else may give it back."""
PAID_OUT = frozenset({_S.SUCCEEDED, _S.ARRIVED})
"""States in which the money has gone."""
ON_ITS_WAY = HOLDING - PAID_OUT
"""States that still want an answer, and so have an owner."""


def advance(state: IntentState, to: IntentState) -> IntentState:
    """Return the next state, or raise Conflict `intent.transition` (from, to) where the table has none."""
    if to not in TRANSITIONS[state]:
        raise Conflict("intent.transition", **{"from": state.value, "to": to.value})
    return to


# ---------------------------------------------------------------- what is known of an order's money

SHIPPING = ""
"""The id under which shipping stands among the lines of an intent, as in the table `intent_line`."""


@dataclass(frozen=True, slots=True)
class LineAmount:
    """A part of an intent or proposal: `quantity` units of a line, `minor` of its money. Quantity may be 0."""

    line: str
    quantity: int
    minor: int


@dataclass(frozen=True, slots=True)
class LinePaid:
    """A line's paid share and its units; shipping is one with the id `SHIPPING` and quantity 0."""

    line: str
    quantity: int
    minor: int


@dataclass(frozen=True, slots=True)
class Intent:
    """One of our refund intents on this order, of any case.

    paid_out_at: when it became succeeded, as long as it holds; ended_at: when it failed, was cancelled or came back.
    """

    id: str
    state: IntentState
    tender: Tender
    minor: int
    payment: str | None = None
    lines: tuple[LineAmount, ...] = ()
    reference: str | None = None
    paid_out_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether its money is spoken for."""
        return self.state in HOLDING


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of the order. Where systems disagree on `captured_minor`, the caller gives the lower."""

    id: str
    captured_minor: int


@dataclass(frozen=True, slots=True)
class KnownRefund:
    """A refund that an outside system lists.

    intent: the id of ours it carries in its searchable field; as_of: when the system said so, None: just now.
    """

    system: str
    id: str
    minor: int
    status: str
    payment: str | None = None
    reference: str | None = None
    intent: str | None = None
    lines: tuple[LineAmount, ...] = ()
    as_of: datetime | None = None

    @property
    def counts(self) -> bool:
        """Whether the money is gone or held. A status we don't know counts."""
        return self.status not in {"failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class StatedRefunded:
    """A sum that a system states as refunded, of one payment or (payment None) of the whole order."""

    system: str
    minor: int
    as_of: datetime
    payment: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A chargeback. Its funds are gone unless it was won."""

    id: str
    payment: str | None
    minor: int
    status: str

    @property
    def takes_funds(self) -> bool:
        """open, under_review and lost do, and a status we don't know; won does not."""
        return self.status != "won"


@dataclass(frozen=True, slots=True)
class Book:
    """All that is known of an order's money. `in_kind_minor`: the part of `paid_minor` that was no money."""

    order: str
    currency: str
    paid_minor: int
    lines: tuple[LinePaid, ...] = ()
    payments: tuple[Payment, ...] = ()
    intents: tuple[Intent, ...] = ()
    refunds: tuple[KnownRefund, ...] = ()
    stated: tuple[StatedRefunded, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    in_kind_minor: int = 0

    def without(self, intent_id: str) -> Book:
        """The book as if one intent weren't: to check it again before it leaves `reserved`."""
        return replace(self, intents=tuple(intent for intent in self.intents if intent.id != intent_id))

    def matched(self, refund: KnownRefund) -> Intent | None:
        """The intent of ours that a listed refund is, if it holds money. A failed one that was paid is foreign.

        What a shop refunds for us is booked by the gateway behind it as well: the shop's own line names it.
        """
        return next((i for i in self.intents if i.holds and self._is(refund, i)), None)

    def once_ours(self, refund: KnownRefund) -> Intent | None:
        """The intent of ours that a listed refund is or, when this was said, still was: what came back since then
        is no stranger's because a system hasn't spoken again."""
        return next((i for i in self.intents if _stood(i, refund.as_of) and self._is(refund, i)), None)

    def _is(self, refund: KnownRefund, intent: Intent) -> bool:
        behind = (r for r in self.refunds if r.reference == refund.id and r.system != refund.system)
        return any(_same(one, intent) for one in (refund, *behind))


def _stood(intent: Intent, said_at: datetime | None) -> bool:
    return intent.holds or (said_at is not None and intent.ended_at is not None and said_at <= intent.ended_at)


def _same(refund: KnownRefund, intent: Intent) -> bool:
    if intent.id in {refund.intent, refund.reference, refund.id}:
        return True
    # A reference is unique per channel only: on another payment the same one is another refund.
    elsewhere = None not in {refund.payment, intent.payment} and refund.payment != intent.payment
    return not elsewhere and intent.reference is not None and intent.reference in {refund.reference, refund.id}
