"""The four clocks of a case. A clock runs, is paused with its remaining time kept, or has stopped.

Time is an argument, and so is the calendar: limits and what is left are seconds of its working time. A
clock that pauses for several reasons at once goes on when the last of them ends. What a clock says
follows from when it started, its limit and its pauses on record: `replay` proves and renews it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from refund_desk.domain.calendars import ALWAYS, Calendar
from refund_desk.domain.words import ClockKind, WaitFor


@dataclass(frozen=True, slots=True)
class Clock:
    """due_at is None while paused or stopped; remaining_s (may be negative) is set while paused.

    `limit_s` and `remaining_s` are working time of `calendar`, by its id. `met_at`: what it is for was done.
    """

    kind: ClockKind
    round: int
    started_at: datetime
    limit_s: int
    due_at: datetime | None
    paused_at: datetime | None = None
    paused_for: str | None = None
    remaining_s: int | None = None
    stopped_at: datetime | None = None
    calendar: str = ALWAYS
    met_at: datetime | None = None

    @property
    def running(self) -> bool:
        return self.due_at is not None and self.stopped_at is None

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and self.stopped_at is None


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a clock stood still, from when until when, and who let it; `until_at` None: it still does.

    `reason` is a code of the catalogue; `message_id` the note that says why, of a pause made by hand.
    """

    kind: ClockKind
    reason: str
    from_at: datetime
    until_at: datetime | None = None
    waits_for: WaitFor | None = None
    person_id: int | None = None
    ended_by: int | None = None
    message_id: int | None = None


def start(kind: ClockKind, round: int, at: datetime, limit_s: int, calendar: Calendar) -> Clock:
    return Clock(kind, round, at, limit_s, calendar.due(at, limit_s), calendar=calendar.id)


def pause(clock: Clock, at: datetime, reason: str, calendar: Calendar) -> Clock:
    """Stop the time, keep what is left. Pausing twice keeps the first pause and its reason."""
    if not clock.running:
        return clock
    assert clock.due_at is not None
    left = int(calendar.elapsed(at, clock.due_at))
    return replace(clock, due_at=None, paused_at=at, paused_for=reason, remaining_s=left)


def resume(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """Go on with what was left."""
    if not clock.paused:
        return clock
    due = calendar.due(at, clock.remaining_s or 0)
    return replace(clock, due_at=due, paused_at=None, paused_for=None, remaining_s=None, calendar=calendar.id)


def stop(clock: Clock, at: datetime) -> Clock:
    """It was met or no longer matters; the due time stays on record."""
    return clock if clock.stopped_at else replace(clock, stopped_at=at)


def meet(clock: Clock, at: datetime) -> Clock:
    """What it is for was done: it stays stopped, wherever the case goes."""
    return clock if clock.met_at else replace(stop(clock, at), met_at=at)


def unmeet(clock: Clock, since: datetime) -> Clock:
    """What was done at that time or later was taken back."""
    return clock if clock.met_at is None or clock.met_at < since else replace(clock, met_at=None)


def restart(clock: Clock) -> Clock:
    """A clock that had stopped goes on towards the due time it had: nothing is gained by going back.

    One that had paused before it stopped still pauses.
    """
    return clock if clock.met_at is not None else replace(clock, stopped_at=None)


def remaining(clock: Clock, now: datetime, calendar: Calendar) -> int | None:
    """Seconds of working time left; negative when overdue; None once stopped."""
    if clock.stopped_at:
        return None
    if clock.due_at is None:
        return clock.remaining_s
    return int(calendar.elapsed(now, clock.due_at))


def earliest(clocks: list[Clock]) -> Clock | None:
    """The running clock that is due first."""
    running = [clock for clock in clocks if clock.running]
    return min(running, key=lambda c: c.due_at or c.started_at) if running else None


# ------------------------------------------------------------------ from the record


def replay(clock: Clock, pauses: Iterable[Pause], limit_s: int, calendar: Calendar) -> Clock:
    """The clock as it would stand had this rule held from its start, by its pauses on record.

    The time used stays used, on the new calendar; a clock that has stopped is history and stays as it is.
    """
    if clock.stopped_at is not None:
        return clock
    still = merged(pauses, clock)
    left, since = float(limit_s), clock.started_at
    for begun, ended in still:
        worked = calendar.elapsed(since, begun)
        if ended is None:
            return replace(clock, limit_s=limit_s, calendar=calendar.id, due_at=None, remaining_s=int(left - worked))
        left, since = left - worked, ended
    return replace(clock, limit_s=limit_s, calendar=calendar.id, due_at=calendar.due(since, left))


SLACK_S = 60
"""A clock keeps whole seconds of what it has left; a minute is no other rule."""


def alike(one: Clock, other: Clock) -> bool:
    """Whether two states of a clock say the same."""
    if (one.limit_s, one.calendar, one.paused) != (other.limit_s, other.calendar, other.paused):
        return False
    if one.due_at is not None and other.due_at is not None:
        return abs((one.due_at - other.due_at).total_seconds()) < SLACK_S
    return abs((one.remaining_s or 0) - (other.remaining_s or 0)) < SLACK_S


def merged(pauses: Iterable[Pause], clock: Clock) -> list[tuple[datetime, datetime | None]]:
    """When a clock stood still, for whatever reason: apart and in order. Pauses of other rounds are not its own."""
    own = sorted(
        ((max(each.from_at, clock.started_at), each.until_at) for each in pauses if _own(each, clock)),
        key=lambda span: span[0],
    )
    out: list[tuple[datetime, datetime | None]] = []
    for begun, ended in own:
        last = out[-1] if out else None
        if last is not None and (last[1] is None or begun <= last[1]):
            out[-1] = (last[0], None if last[1] is None or ended is None else max(last[1], ended))
        else:
            out.append((begun, ended))
    return out


def _own(pause: Pause, clock: Clock) -> bool:
    return pause.kind is clock.kind and (pause.until_at is None or pause.until_at > clock.started_at)


def open_pauses(pauses: Sequence[Pause], kind: ClockKind) -> list[Pause]:
    """Pauses of a clock that still last, oldest first."""
    return [each for each in pauses if each.kind is kind and each.until_at is None]
