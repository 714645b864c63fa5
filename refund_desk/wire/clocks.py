"""Clocks that wait, the merchant's answer, and changed rules brought to open cases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from refund_desk.domain.words import ClockKind, WaitFor
from refund_desk.wire.base import Time, Wire
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
