"""Holds a desk against the gateway's own books. It imports nothing of the desk and reads none of its tables.

What the desk itself says (its claims) is only ever the accused: the books say what is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.money.gateway import Entry, Gateway, Refund

FRESH_S = 60
PATIENCE_S = 40


class Broken(AssertionError):
    """Something that must never happen has happened. `door`: which kind of thing."""

    def __init__(self, door: str, what: str) -> None:
        super().__init__(f"{door}: {what}")
        self.door = door


@dataclass(frozen=True)
class Approved:
    """What somebody accountable approved: this intent, of this case, for this loss. seq: of the gateway's journal."""

    intent: str
    case: str
    loss: str
    payment: str
    minor: int
    seq: int


@dataclass(frozen=True)
class Claim:
    """What the desk says about an intent. alarmed: somebody was told of it; owner: who answers for it now."""

    state: str
    owner: str
    alarmed: bool


@dataclass
class Truth:
    """What the people of a history did, as they did it.

    unconfirmed_since: where the gateway's journal stood when the desk was put back to before it had sent
    something, and nobody has confirmed since.
    """

    worth: dict[str, int] = field(default_factory=dict)
    approved: dict[str, Approved] = field(default_factory=dict)
    credit: dict[str, int] = field(default_factory=dict)
    credited: dict[str, str] = field(default_factory=dict)
    restored: bool = False
    unconfirmed_since: int | None = None


FINAL = {"succeeded", "arrived", "failed", "cancelled", "returned"}
NOT_PAID = {"failed", "cancelled", "returned"}
PAID = {"succeeded", "arrived"}


class Checker:
    """Looks after each step at what is new in the books."""

    def __init__(self, gateway: Gateway, truth: Truth) -> None:
        self.gateway, self.truth = gateway, truth
        self._read = 0

    # ------------------------------------------------------------ after each step

    def look(self) -> None:
        """What the books alone show. Raises Broken."""
        for entry in self.gateway.journal[self._read :]:
            if entry.what == "called":
                self._fresh(entry)
                self._nothing_came_between(entry)
                self._alone(entry)
                self._in_time(entry)
                self._after_a_restore(entry)
        self._read = len(self.gateway.journal)
        self._once()
        self._losses()

    def _once(self) -> None:
        """One refund of the gateway per intent."""
        seen: dict[str, Refund] = {}
        for one in self.gateway.refunds:
            if one.intent and one.counts:
                if one.intent in seen:
                    raise Broken("paid twice", f"{one.intent} as {seen[one.intent].id} and {one.id}")
                seen[one.intent] = one
                self._as_approved(one)

    def _as_approved(self, one: Refund) -> None:
        known = self.truth.approved.get(one.intent or "")
        if known is None:
            raise Broken("nobody approved it", f"{one.id} of {one.intent}")
        if (known.payment, known.minor) != (one.payment, one.minor):
            raise Broken("other than approved", f"{one.id}: {one.minor} of {one.payment}, approved {known}")

    def _last(self, before: int, payment: str, *what: str) -> Entry | None:
        found = [e for e in self.gateway.journal if e.seq < before and e.payment == payment and e.what in what]
        return found[-1] if found else None

    def _fresh(self, call: Entry) -> None:
        """Every payment of the order and its refunds were read within the minute before the call."""
        for payment in self.gateway.payments:
            for what in ("read", "listed"):
                seen = self._last(call.seq, payment, what)
                if seen is None or call.at - seen.at > FRESH_S + 1:
                    raise Broken("not read fresh", f"call {call.seq} for {call.subject}, {what} of {payment}: {seen}")

    def _nothing_came_between(self, call: Entry) -> None:
        """What others gave back since the approval, and the desk could have seen, stops a refund."""
        known = self.truth.approved.get(call.subject)
        if known is None:
            return
        for one in self.gateway.refunds:
            listed = self._last(call.seq, one.payment, "listed")
            if one.made_by == "dashboard" and one.counts and listed and known.seq < one.seq < listed.seq:
                raise Broken("sent though others had paid", f"{call.subject}: {one.id} of {one.minor}")
        for held in self.gateway.disputes:
            read = self._last(call.seq, held.payment, "read")
            won = any(e.what == "dispute_won" and read and e.seq < read.seq for e in self._of(held.id))
            if read and known.seq < held.seq < read.seq and not won:
                raise Broken("sent though the bank had taken it", f"{call.subject}: {held.id}")

    def _alone(self, call: Entry) -> None:
        """No two calls for one intent at once, and none while it isn't known how another's went."""
        earlier = [e for e in self.gateway.journal if e.seq < call.seq and e.subject]
        running: dict[str, Entry] = {}
        unsure: dict[str, Entry] = {}
        for entry in earlier:
            if entry.what == "called":
                running[entry.subject] = entry
            elif entry.what in ("ended", "unsure"):
                running.pop(entry.subject, None)
                unsure.pop(entry.subject, None)
                if entry.what == "unsure":
                    unsure[entry.subject] = entry
        mine = running.get(call.subject)
        if mine is not None and call.at - mine.at < PATIENCE_S:
            raise Broken("sent by two at once", f"{call.subject} at {mine.seq} and {call.seq}")
        for other, entry in unsure.items():
            if other != call.subject and not self._could_know(other, entry, call):
                raise Broken("sent while another is unknown", f"{call.subject}, with {other} unsure since {entry.seq}")

    def _could_know(self, intent: str, unsure: Entry, call: Entry) -> bool:
        """Whether the desk looked, between an answer it didn't get and a call, where it could see what came of it."""
        looks = [
            e
            for e in self.gateway.journal
            if unsure.seq < e.seq < call.seq and e.payment == unsure.payment and e.what == "listed"
        ]
        made = [r for r in self.gateway.refunds if r.intent == intent and r.seq < call.seq]
        if made:
            return any(e.seq > made[0].seq and e.at >= made[0].visible_at and not e.subject for e in looks)
        return len([e for e in looks if e.at >= unsure.at + self.gateway.settling_s]) >= 2

    def _in_time(self, call: Entry) -> None:
        """Past the life of its key an intent is asked about, never sent again."""
        first = next(e for e in self._of(call.subject) if e.what == "called")
        if call.at - first.at >= self.gateway.key_life_s:
            raise Broken("sent after its key had expired", f"{call.subject}: {call.at - first.at:.0f} s")

    def _after_a_restore(self, call: Entry) -> None:
        since = self.truth.unconfirmed_since
        if since is not None and call.seq > since:
            raise Broken("sent after a restore that nobody confirmed", call.subject)

    def _of(self, subject: str) -> Iterable[Entry]:
        return (entry for entry in self.gateway.journal if entry.subject == subject)

    def _losses(self) -> None:
        """No loss is made good twice, in whatever form. What a clerk did after the desk's last look is the clerk's."""
        paid = dict(self.truth.credit)
        last_call: dict[str, int] = {}
        for one in self.gateway.refunds:
            known = self.truth.approved.get(one.intent or "")
            if known is not None and one.counts:
                paid[known.loss] = paid.get(known.loss, 0) + one.minor
                calls = [e.seq for e in self._of(one.intent or "") if e.what == "called" and e.seq < one.seq]
                seen = self._last(max(calls), one.payment, "listed") if calls else None
                last_call[known.loss] = max(last_call.get(known.loss, 0), seen.seq if seen else 0)
        for one in self.gateway.refunds:
            if one.loss and one.counts and one.seq < last_call.get(one.loss, 0):
                paid[one.loss] = paid.get(one.loss, 0) + one.minor
        for loss, minor in paid.items():
            if minor > self.truth.worth[loss]:
                raise Broken("one loss made good twice", f"{loss}: {minor} of {self.truth.worth[loss]}")

    # ------------------------------------------------------------ what the desk says, against the books

    def accuse(self, claims: Mapping[str, Claim]) -> None:
        """At any time: what was paid isn't called unpaid, nor the other way round; an unknown is somebody's."""
        for intent, claim in claims.items():
            every = [r for r in self.gateway.refunds if r.intent == intent]
            booked = [r for r in every if r.counts]
            if booked and claim.state in NOT_PAID and not (claim.alarmed and self.truth.restored):
                raise Broken("paid, and called unpaid", f"{intent} is {claim.state}, the books have {booked[0].id}")
            if claim.state in PAID and intent not in self.truth.credited and not any(r.paid for r in every):
                raise Broken("called paid, and isn't", f"{intent}: {every}")
            if claim.state == "unknown" and not (claim.alarmed and claim.owner):
                raise Broken("nobody's", f"{intent} is unknown, and nobody was told")

    def settle(self, claims: Mapping[str, Claim], alarms: Iterable[str], entries: Mapping[str, list[str]]) -> None:
        """At the end, when the gateway is well again and time has passed: nothing lost, nothing without an owner.

        alarms: intent ids that an open or settled alarm speaks of; entries: what the audit log says of each intent.
        """
        told = set(alarms)
        self.accuse(claims)
        for intent, known in self.truth.approved.items():
            claim = claims.get(intent)
            booked = [r for r in self.gateway.refunds if r.intent == intent and r.counts]
            if claim is None:
                if not self.truth.restored:
                    raise Broken("lost", f"{known} is nowhere")
                if booked and intent not in told:
                    raise Broken("a payment forgotten", f"{booked[0].id} of {intent}")
                continue
            if claim.state in PAID and not booked and intent not in self.truth.credited:
                raise Broken("called paid, and isn't", f"{intent}")
            if claim.state not in FINAL and not (
                claim.owner and (claim.alarmed or claim.state in ("reserved", "pending"))
            ):
                raise Broken("nobody's", f"{intent} is {claim.state}")
            if booked and claim.state == "reserved":
                raise Broken("a payment forgotten", f"{intent} is reserved, the books have {booked[0].id}")
            self._same_story(intent, claim, entries.get(intent, []))

    def _same_story(self, intent: str, claim: Claim, entries: list[str]) -> None:
        """The audit log tells what the books tell."""
        called = any(e.what == "called" for e in self._of(intent))
        if called and not self.truth.restored and "payout.sent" not in entries:
            raise Broken("not in the log", f"{intent} was sent")
        if claim.state == "succeeded" and not {"payout.paid", "payout.confirmed"} & set(entries):
            raise Broken("not in the log", f"{intent} was paid")
        if claim.state == "failed" and "payout.failed" not in entries:
            raise Broken("not in the log", f"{intent} failed")
