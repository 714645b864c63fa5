"""Sending a refund through a gateway: what may leave, when an unknown is settled, when it is late. Pure.

Time is an argument. `at` is always the service's clock, `theirs` what the gateway's answers say of their
own: where both are known, a wait counts only when both clocks have seen it, so that neither can jump it away.
All amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from refund_desk.domain.calendars import Calendar
from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import Book, Dispute, Intent, IntentState, KnownRefund, StatedRefunded
from refund_desk.domain.money import amount
from refund_desk.domain.payouts import Proposed, check_ceilings
from refund_desk.domain.words import Tender

FRESH = timedelta(seconds=60)
"""How old what was read of a payment may be when a refund leaves."""
KEY_MARGIN = timedelta(minutes=10)
"""So long before its key expires an intent is sent no more."""
_TICK = timedelta(seconds=1)  # gateways state their time in whole seconds


class Outcome(StrEnum):
    """What an answer says. UNKNOWN: a time-out, a lost connection, 5xx, unreadable, a status nobody lists."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel declares of itself.

    settling: after so long a booked refund is listed; key_life: so long the same key gives the same answer;
    arrival_days: business days promised until the customer has it, None: those of the payment's method;
    patience: a call that took longer is given up, and another process may look after the intent.
    """

    name: str
    settling: timedelta
    key_life: timedelta
    arrival_days: int | None = None
    patience: timedelta = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as its system is asked about it. order: the number of the order it was made for."""

    payment: str
    order: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One refund as it is sent: the same every time, under the same key for life."""

    intent: str
    case: str
    desk: str
    order: str
    payment: str
    minor: int
    currency: str

    @property
    def key(self) -> str:
        """The idempotency key: made from the id, so that no retry can have another."""
        return f"refund-desk-{self.intent}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a send. status, code: as the gateway said them; refund: its id; replayed: not done anew."""

    outcome: Outcome
    status: str = ""
    code: str = ""
    refund: str | None = None
    replayed: bool = False
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A refund as a gateway lists it. intent, desk: what its searchable field carries of ours; reference: the number
    that it has in a system behind this one."""

    id: str
    minor: int
    currency: str
    outcome: Outcome
    status: str
    intent: str | None = None
    desk: str | None = None
    created_at: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A payment as its gateway has it now. read_at: our clock before the first byte of the question left."""

    payment: str
    currency: str
    captured_minor: int
    refunded_minor: int | None
    refunds: tuple[Listed, ...]
    disputes: tuple[Dispute, ...]
    read_at: datetime
    theirs: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A line of an intent's history. kind: send (a call began), answer, ask (a listing was read; found: how many)."""

    kind: str
    at: datetime
    theirs: datetime | None = None
    outcome: str = ""
    status: str = ""
    code: str = ""
    found: int | None = None
    replayed: bool = False


STATUS = {
    Outcome.PENDING: "pending",
    Outcome.SUCCEEDED: "succeeded",
    Outcome.FAILED: "failed",
}
"""A listed refund's status in the desk's words; what nobody lists stays as it was said, and counts."""


def status_of(listed: Listed) -> str:
    return STATUS.get(listed.outcome, listed.status)


# ---------------------------------------------------------------- before it leaves


def is_fresh(snapshot: Snapshot, at: datetime) -> bool:
    """Read within the last minute; a clock that went back since makes it stale as well."""
    return timedelta(0) <= at - snapshot.read_at <= FRESH


def with_fresh(book: Book, snapshot: Snapshot, system: str) -> Book:
    """The book with what the gateway says of one payment now, in place of what was stored of it."""
    number = snapshot.payment
    refunds = tuple(r for r in book.refunds if (r.system, r.payment) != (system, number))
    stated = tuple(s for s in book.stated if (s.system, s.payment) != (system, number))
    if snapshot.refunded_minor is not None:
        stated += (StatedRefunded(system, snapshot.refunded_minor, snapshot.read_at, number),)
    mine = {dispute.id for dispute in snapshot.disputes}
    return replace(
        book,
        payments=tuple(
            replace(p, captured_minor=min(p.captured_minor, snapshot.captured_minor)) if p.id == number else p
            for p in book.payments
        ),
        refunds=(*refunds, *(_known(listed, number, system) for listed in snapshot.refunds)),
        stated=stated,
        disputes=(*(d for d in book.disputes if d.id not in mine), *snapshot.disputes),
    )


def _known(listed: Listed, payment: str, system: str) -> KnownRefund:
    reference = listed.reference or listed.intent
    return KnownRefund(system, listed.id, listed.minor, status_of(listed), payment, reference, intent=listed.intent)


BANK = "*bank"
"""Among the words of systems: what disputes have taken."""
EACH = "#"
"""Between a system and one refund or dispute of it: what is gone of one must not hide what is new of another."""


def outside(book: Book) -> dict[str, int]:
    """What the customer has back by others than us, by whose word: each system's sum, and each refund and dispute.

    What an approval rests on: kept with the intent when it is reserved, compared when it is to leave. Our own
    intents are no part of it: each was checked against all others under the order's lock. A system that never
    said anything about refunds has no word.
    """
    words: dict[str, int] = {}
    for system in {r.system for r in book.refunds} | {s.system for s in book.stated}:
        payments = {r.payment for r in book.refunds if r.system == system}
        payments |= {s.payment for s in book.stated if s.system == system}
        words[system] = sum(_said_by(book, system, payment) for payment in payments)
    each = {f"{r.system}{EACH}{r.id}": r.minor for r in book.refunds if r.counts and book.once_ours(r) is None}
    taken = {f"{BANK}{EACH}{d.id}": d.minor for d in book.disputes if d.takes_funds}
    return {**words, **each, **taken}


def _said_by(book: Book, system: str, payment: str | None) -> int:
    """One system's word on one payment: what it lists beyond ours, and what its sum holds beyond its list.

    Ours that it doesn't list yet may be inside its sum once they were paid, and what came back may be until it speaks
    again: else an approval would rest on too high a sum, under which the next refund of a stranger's would hide.
    """
    listed = [r for r in book.refunds if (r.system, r.payment) == (system, payment) and r.counts]
    ours = {m.id: m.minor for r in listed if (m := book.once_ours(r)) is not None}
    theirs = sum(r.minor for r in listed)
    foreign = max(0, theirs - sum(ours.values()))
    stated = max((s for s in book.stated if (s.system, s.payment) == (system, payment)), key=_minor, default=None)
    if stated is None:
        return foreign
    unlisted = sum(
        i.minor
        for i in book.intents
        if i.id not in ours and i.tender is Tender.MONEY and payment in {None, i.payment} and _paid_before(i, stated)
    )
    return foreign + max(0, stated.minor - theirs - unlisted)


def _minor(stated: StatedRefunded) -> int:
    return stated.minor


def _paid_before(intent: Intent, stated: StatedRefunded) -> bool:
    came_back = intent.state is IntentState.RETURNED and intent.ended_at is not None and stated.as_of <= intent.ended_at
    return came_back or (intent.paid_out_at is not None and intent.paid_out_at <= stated.as_of)


def growth(before: Mapping[str, int], now: Mapping[str, int]) -> int:
    """By how much what others gave back has grown, by whoever's word grew most; 0 when nobody's has.

    A system that had no word before is compared with the highest there was. Refunds and disputes are compared one
    by one as well: one that failed or was won leaves its system's sum where it was while another took its place.
    """
    highest = max((minor for name, minor in before.items() if EACH not in name), default=0)
    grown = [minor - before.get(name, highest) for name, minor in now.items() if EACH not in name]
    new: dict[str, int] = {}
    for name, minor in now.items():
        system, each, _ = name.partition(EACH)
        if each and (system == BANK or system in before):
            new[system] = new.get(system, 0) + max(0, minor - before.get(name, 0))
    return max([0, *grown, *new.values()])


def check_leaving(book: Book, intent: Intent, before: Mapping[str, int] | None) -> None:
    """Refuse what may not leave: book is fresh and holds the intent itself; before: `outside` at its approval,
    None where nobody noted it, as of approvals older than this rule: the ceilings alone then.

    Raises Conflict `payout.given_back_grew` (difference), `payout.unknown_blocks` and those of the ceilings.
    """
    difference = 0 if before is None else growth(before, outside(book))
    if difference:
        raise Conflict("payout.given_back_grew", difference=amount(difference, book.currency))
    rest = book.without(intent.id)
    check_ceilings(Proposed(book.currency, intent.minor, intent.tender, intent.payment, intent.lines), rest)


def strangers(snapshot: Snapshot, desk: str, known: Sequence[str]) -> list[Listed]:
    """Refunds that carry an intent id of this desk which the desk doesn't know: its database is older than they."""
    return [r for r in snapshot.refunds if r.intent and r.desk == desk and r.intent not in known]


def went_back(attempts: Sequence[Attempt], changed_at: datetime, at: datetime) -> bool:
    """Whether the clock stands before something that has happened: nothing that counts time may rest on it."""
    return at < max([changed_at, *(attempt.at for attempt in attempts)])


# ---------------------------------------------------------------- an outcome that isn't known


def sends(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.kind == "send"]


def may_send_again(attempts: Sequence[Attempt], terms: Terms, at: datetime, theirs: datetime | None) -> bool:
    """The same key and body again: while the key lives by both clocks, and unless a replay can say nothing new."""
    first = sends(attempts)[0]
    if any(attempt.replayed and attempt.outcome == Outcome.UNKNOWN for attempt in attempts):
        return False
    life = terms.key_life - KEY_MARGIN
    if not timedelta(0) <= at - first.at < life:
        return False
    return theirs is None or first.theirs is None or theirs - first.theirs < life


def settled_by_answer(answer: Answer, attempts: Sequence[Attempt]) -> Outcome:
    """What an answer settles. A no to a call that was sent before settles nothing unless it is the first one's
    answer, replayed: the first may have been booked, and this no be its consequence."""
    again = len(sends(attempts)) > 1
    if answer.outcome is Outcome.FAILED and again and not answer.replayed:
        return Outcome.UNKNOWN
    return answer.outcome


def is_absent(attempts: Sequence[Attempt], terms: Terms) -> bool:
    """Whether it was never booked: two listings without it, both later than the settling time after the last send.

    A call may reach the gateway until `patience` is over, and was preceded by a read of at most a minute's age,
    which is where the gateway's own time of the send is known from.
    """
    last = sends(attempts)[-1]
    ours = last.at + terms.patience + terms.settling
    theirs = None if last.theirs is None else last.theirs + FRESH + terms.patience + terms.settling + _TICK
    after = attempts[max(i for i, attempt in enumerate(attempts) if attempt.kind == "send") :]
    empty = [a for a in after if a.kind == "ask" and a.found == 0 and a.at >= ours and _past(a.theirs, theirs)]
    found = any(a.found for a in after if a.kind == "ask")
    return not found and len(empty) >= 2


def _past(seen: datetime | None, wanted: datetime | None) -> bool:
    return wanted is None or (seen is not None and seen >= wanted)


def next_ask(attempts: Sequence[Attempt], terms: Terms, at: datetime) -> datetime:
    """When to ask again: soon at first, then rarer; at the latest when the settling time is over."""
    asks = sum(1 for attempt in attempts if attempt.kind == "ask")
    wait = min(timedelta(seconds=15 * 2 ** min(asks, 10)), timedelta(hours=1))
    return at + min(wait, max(terms.settling, timedelta(seconds=15)) if asks < 8 else wait)


def pending_ask(at: datetime, since: datetime) -> datetime:
    """When to ask about a refund that the gateway holds: by its age, from minutes to hours."""
    return at + min(max((at - since) / 4, timedelta(minutes=5)), timedelta(hours=6))


# ---------------------------------------------------------------- after it left


def promised_by(banks: Calendar, paid_out_at: datetime, days: int) -> datetime:
    """Until when the customer has it, by what the channel promises in business days of the banks."""
    return banks.business_days_after(paid_out_at, days)


def is_overdue(state: IntentState, promised_at: datetime, at: datetime) -> bool:
    """Sent, no fact of its arrival, and the promised day is over."""
    return state in {IntentState.PENDING, IntentState.SUCCEEDED} and at > promised_at
