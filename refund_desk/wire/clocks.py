"""Clocks that wait, the merchant's answer, and changed rules brought to open cases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from refund_desk.domain.words import ClockKind, WaitFor
from refund_desk.wire.base import PersonRef, Time, Wire
from refund_desk.wire.commands import Reason, Words


class WaitBody(Wire):
    """Let the case's clocks wait for somebody."""

    party: WaitFor
    reason: Reason


class GoOn(Wire):
    """End a wait."""

    party: WaitFor


class MerchantAsk(Wire):
    question: Words


class MerchantAnswer(Wire):
    """What the merchant said. Refused, it goes to arbitration."""

    answer: Literal["accepted", "offered", "refused"]
    text: Words


class MerchantLink(Wire):
    """An address at which the merchant answers by themselves: this question, once, for a time."""

    url: str
    until: Time


class ClockTerms(Wire):
    """A clock under one rule. Seconds of the calendar's working time."""

    limit_s: int
    calendar: str
    due_at: Time | None = Field(default=None, description="None while paused.")
    remaining_s: int | None = Field(default=None, description="While paused.")


class ClockChange(Wire):
    """A clock of an open case that the rules in force would have run otherwise."""

    ref: str
    kind: ClockKind
    was: ClockTerms
    now: ClockTerms


class ClockPage(Wire):
    """Of `looked_at` open cases. `next`: where the next page goes on; None at the end."""

    version: str = Field(description="Of the process in force.")
    changes: list[ClockChange]
    looked_at: int
    next: int | None = None


class Recompute(Wire):
    """Bring the open cases after one under the rules in force."""

    after: int = Field(default=0, ge=0, le=2**53)


class PaceView(Wire):
    """How long somebody at work takes for a minute of expected work; 1: as expected."""

    person: PersonRef
    pace: float
    cases: int = Field(description="Of how many this was measured.")


class ExpectedCase(Wire):
    """A free case, when it will be done as things stand, and how likely it misses its deadline (0 to 1)."""

    ref: str
    clock: ClockKind
    due_at: Time
    done_at: Time
    miss: float


class Forecast(Wire):
    """What will miss, the likeliest first. With nobody at work nothing is foretold: capacity is 0."""

    at: Time
    capacity: float = Field(description="Seconds of expected work done in a second by those at work.")
    crew: list[PaceView]
    missing: float = Field(description="How many of the free cases are expected to miss.")
    cases: list[ExpectedCase]
