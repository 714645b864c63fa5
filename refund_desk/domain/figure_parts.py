"""What a case adds to the figures, day by day: from what happened to it, and nothing else. Pure.

Parts add up. Closed ones have a name of `PARTS`; open ones name a member behind a colon (`paid_out:CNY`,
`decided:full`). Days are the shop's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from refund_desk.domain.figures import Dimension
from refund_desk.domain.intents import IntentState
from refund_desk.domain.words import MONEY_DECISIONS, ClockKind, Decision

PARTS: Final = (
    *("opened", "closed", "decided", "gave", "judged", "overturned"),
    *("answers", "answer_us", "decisions", "decision_us", "clocks", "missed"),
    *("paid", "no_arrival", "arrivals", "arrival_us", "reconciled"),
    *("contacts", "repeats", "duplicates", "appeals", "moves", "automatic"),
    *("asked", "in_time", "reviewed", "agreed"),
)


OF_ALL: Final = ("decided", "entered", "left", "stay_us", "went")
"""Open parts that are summed over all cases alone, told apart by nothing else: decisions by kind, and what the map
shows of stages. `went:a>b` is a move."""

ANSWERS: Final = frozenset({"merchant.accepted", "merchant.offered", "merchant.refused"})
_MICRO: Final = timedelta(microseconds=1)
_GAVE: Final = frozenset(one.value for one in MONEY_DECISIONS)
_FINAL: Final = _GAVE | {Decision.DECLINE.value, Decision.CANCEL.value}


def of_all(part: str) -> bool:
    """Whether a part is summed over all cases alone."""
    name, open_, _ = part.partition(":")
    return bool(open_) and name in OF_ALL


@dataclass(frozen=True, slots=True)
class Approved:
    """A proposal that was approved. amount in minor units."""

    round: int
    decision: str
    at: datetime
    person: int
    clause: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clock that stopped."""

    kind: str
    started: datetime
    stopped: datetime
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Payout:
    """An intent, with when it first came to each state."""

    created: datetime
    amount: int
    currency: str
    reached: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the case. way: from one stage to another, where it moved it; automatic: no person did it."""

    type: str
    at: datetime
    way: tuple[str, str] | None
    automatic: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A break of the case that stands."""

    kind: str
    found: datetime


@dataclass(frozen=True, slots=True)
class Second:
    """A second look at what was decided."""

    at: datetime
    agrees: bool


@dataclass(frozen=True, slots=True)
class History:
    """All of a case that figures count. members: those that its row has; clause and person come of what was decided.
    contacts: when the customer wrote, in order."""

    case: int
    opened: datetime
    closed: datetime | None
    members: Mapping[Dimension, str]
    approved: Sequence[Approved] = ()
    clocks: Sequence[Stopped] = ()
    contacts: Sequence[datetime] = ()
    payouts: Sequence[Payout] = ()
    events: Sequence[Happened] = ()
    differences: Sequence[Difference] = ()
    seconds: Sequence[Second] = ()


@dataclass(slots=True)
class Days:
    """Parts by day; instants are brought to the shop's days."""

    zone: ZoneInfo
    parts: dict[date, Counter[str]] = field(default_factory=dict)

    def add(self, at: datetime, part: str, n: int = 1) -> None:
        if n:
            self.parts.setdefault(at.astimezone(self.zone).date(), Counter())[part] += n


def members_of(history: History) -> dict[Dimension, str]:
    """Its member of every dimension; "" where it has none."""
    first = next((one for one in history.approved if one.decision in _FINAL), None)
    decided = {Dimension.CLAUSE: first.clause, Dimension.PERSON: str(first.person)} if first else {}
    return {**dict.fromkeys(Dimension, ""), **history.members, **decided}


def days_of(history: History, zone: ZoneInfo) -> dict[date, Counter[str]]:
    """What a case adds, by day."""
    days = Days(zone)
    days.add(history.opened, "opened")
    if history.closed is not None:
        days.add(history.closed, "closed")
    _decided(history, days)
    _clocks(history, days)
    _paid(history, days)
    for n, at in enumerate(history.contacts):
        days.add(at, "contacts")
        days.add(at, "repeats", int(n > 0))
    for difference in history.differences:
        days.add(difference.found, "duplicates", int(difference.kind == "duplicate"))
    for second in history.seconds:
        days.add(second.at, "reviewed")
        days.add(second.at, "agreed", int(second.agrees))
    _events(history, days)
    return days.parts


def _decided(history: History, days: Days) -> None:
    for one in history.approved:
        days.add(one.at, "decided")
        days.add(one.at, f"decided:{one.decision}")
        days.add(one.at, "gave", int(one.decision in _GAVE))
        days.add(one.at, "judged", int(one.decision in _GAVE or one.decision == Decision.DECLINE.value))
        earlier = [other for other in history.approved if other.round < one.round and other.decision != one.decision]
        if earlier:
            days.add(one.at, "overturned")
            before = max(earlier, key=lambda other: other.round)
            currency = one.currency or before.currency
            days.add(one.at, f"reversed:{currency}", abs(one.amount - before.amount) if currency else 0)


def _clocks(history: History, days: Days) -> None:
    for one in history.clocks:
        days.add(one.stopped, "clocks")
        days.add(one.stopped, "missed", int(one.due is not None and one.stopped > one.due))
        for kind, count, took in (
            (ClockKind.FIRST_ANSWER, "answers", "answer_us"),
            (ClockKind.DECISION, "decisions", "decision_us"),
        ):
            if one.kind == kind.value:
                days.add(one.stopped, count)
                days.add(one.stopped, took, (one.stopped - one.started) // _MICRO)


def _paid(history: History, days: Days) -> None:
    for one in history.payouts:
        out, there = one.reached.get(IntentState.SUCCEEDED), one.reached.get(IntentState.ARRIVED)
        if out is not None:
            days.add(out, "paid")
            days.add(out, f"paid_out:{one.currency}", one.amount)
            days.add(out, "no_arrival", int(there is None))
            days.add(out, "reconciled", int(not history.differences))
        if there is not None:
            days.add(there, "arrivals")
            days.add(there, "arrival_us", (there - one.created) // _MICRO)


def _events(history: History, days: Days) -> None:
    """An answer counts for the day on which the merchant was asked; after its silence there is none."""
    asked: datetime | None = None
    since = history.opened
    for one in history.events:
        if one.way is not None:
            days.add(one.at, "moves")
            days.add(one.at, "automatic", int(one.automatic))
            _moved(days, one.at, *one.way, since)
            since = one.at
        if one.type == "case.reopened":
            days.add(one.at, "appeals")
        if one.type == "merchant.asked":
            asked = one.at
            days.add(asked, "asked")
        elif one.type == "merchant.silent":
            asked = None
        elif one.type in ANSWERS and asked is not None:
            days.add(asked, "in_time")
            asked = None


def _moved(days: Days, at: datetime, source: str, target: str, since: datetime) -> None:
    days.add(at, f"went:{source}>{target}")
    days.add(at, f"left:{source}")
    days.add(at, f"entered:{target}")
    days.add(at, f"stay_us:{source}", (at - since) // _MICRO)
