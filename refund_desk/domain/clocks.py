"""The four clocks of a case. A clock runs, is paused with its remaining time kept, or has stopped.

Time is an argument; limits come from the process. Working calendars will change `limit_s → due_at`
here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from refund_desk.domain.words import ClockKind


@dataclass(frozen=True, slots=True)
class Clock:
    """due_at is None while paused or stopped; remaining_s (may be negative) is set while paused."""

    kind: ClockKind
    round: int
    started_at: datetime
    limit_s: int
    due_at: datetime | None
    paused_at: datetime | None = None
    paused_for: str | None = None
    remaining_s: int | None = None
    stopped_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.due_at is not None and self.stopped_at is None

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and self.stopped_at is None


def start(kind: ClockKind, round: int, at: datetime, limit_s: int) -> Clock:
    return Clock(kind, round, at, limit_s, at + timedelta(seconds=limit_s))


def pause(clock: Clock, at: datetime, reason: str) -> Clock:
    """Stop the time, keep what is left. Pausing twice keeps the first pause and its reason."""
    if not clock.running:
        return clock
    assert clock.due_at is not None
    left = int((clock.due_at - at).total_seconds())
    return replace(clock, due_at=None, paused_at=at, paused_for=reason, remaining_s=left)


def resume(clock: Clock, at: datetime) -> Clock:
    """Go on with what was left."""
    if not clock.paused:
        return clock
    due = at + timedelta(seconds=clock.remaining_s or 0)
    return replace(clock, due_at=due, paused_at=None, paused_for=None, remaining_s=None)


def stop(clock: Clock, at: datetime) -> Clock:
    """It was met or no longer matters; the due time stays on record."""
    return clock if clock.stopped_at else replace(clock, stopped_at=at)


def restart(clock: Clock) -> Clock:
    """A clock that had stopped goes on towards the due time it had: nothing is gained by going back."""
    return clock if clock.stopped_at is None else replace(clock, stopped_at=None)


def remaining(clock: Clock, now: datetime) -> int | None:
    """Seconds left; negative when overdue; None once stopped."""
    if clock.stopped_at:
        return None
    if clock.due_at is None:
        return clock.remaining_s
    return int((clock.due_at - now).total_seconds())


def earliest(clocks: list[Clock]) -> Clock | None:
    """The running clock that is due first."""
    running = [clock for clock in clocks if clock.running]
    return min(running, key=lambda c: c.due_at or c.started_at) if running else None


def business_days_after(start: datetime, days: int) -> datetime:
    """The instant so many business days later: Saturdays and Sundays don't count. Holidays come with calendars."""
    at = start
    while days > 0:
        at += timedelta(days=1)
        if at.weekday() < 5:
            days -= 1
    return at
