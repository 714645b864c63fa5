"""The hands of one case's clocks: run, pause and stop, each pause on record. `lifecycle` alone moves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from refund_desk.domain import clocks
from refund_desk.domain.calendars import Calendar
from refund_desk.domain.cases import CaseState
from refund_desk.domain.clocks import Clock, Pause, open_pauses
from refund_desk.domain.people import Principal
from refund_desk.domain.process import ClockState, Process, clock_calendar, pause_reason
from refund_desk.domain.words import WaitFor
from refund_desk.service.ports import Work

STOPPED = "clock.paused.stopped"
"""Why a clock stood still that had stopped while it paused, until it went on."""


def by_hand(party: WaitFor) -> str:
    """The reason of a pause that somebody made."""
    return f"clock.paused.by_hand.{party.value}"


class Hands:
    """At one instant, by one person (None: nobody). Pauses are read when they are first asked for: most cases
    have none."""

    def __init__(self, work: Work, process: Process, state: CaseState, at: datetime, who: Principal | None) -> None:
        self._work, self._process, self._state, self._at = work, process, state, at
        self._person = who.person_id if who and who.person_id else None

    @cached_property
    def _pauses(self) -> list[Pause]:
        return self._work.cases.pauses(self._state.id)

    def turn(self, clock: Clock, wanted: ClockState) -> Clock:
        """The clock as a stage wants it."""
        if wanted is ClockState.STOP:
            return self._stop(clock)
        clock, reason = self._restart(clock), pause_reason(self._state.stage).code
        if clock.stopped_at is not None:
            return clock  # met: no stage starts it again
        # What another stage paused it for is over.
        for each in self._open(clock):
            if each.message_id is None and each.reason != reason:
                clock = self.let_go(clock, each.reason)
        if wanted is ClockState.PAUSE:
            return self.hold(clock, reason, self._process.stage(self._state.stage).waits_for)
        return self.let_go(clock, reason)

    def hold(self, clock: Clock, reason: str, party: WaitFor | None, message: int | None = None) -> Clock:
        """Pause for one more reason, on record; for the same one twice is once."""
        if self.waits(clock, reason):
            return clock
        lasting = self._open(clock)
        self._add(Pause(clock.kind, reason, self._at, None, party, self._person, None, message))
        held = clocks.pause(clock, self._at, reason, self._calendar(clock))
        return held if lasting else replace(held, paused_for=reason)

    def let_go(self, clock: Clock, reason: str) -> Clock:
        """End the pause for one reason; the clock goes on when it was the last."""
        if not clock.paused:
            return clock
        self._end(clock, reason)
        others = self._open(clock)
        if others:
            return replace(clock, paused_for=others[0].reason)
        return clocks.resume(clock, self._at, self._calendar(clock))

    def waits(self, clock: Clock, reason: str) -> bool:
        """Whether a clock pauses for this reason, be it the only one or not."""
        return any(each.reason == reason for each in self._open(clock))

    def _stop(self, clock: Clock) -> Clock:
        for each in self._open(clock) if clock.paused else ():
            self._end(clock, each.reason)
        return clocks.stop(clock, self._at)

    def _restart(self, clock: Clock) -> Clock:
        """Back in review after an undo, a failed payout or a bad inspection: the time used stays used."""
        new = clocks.restart(clock)
        if clock.stopped_at is not None and new.paused:
            self._add(Pause(clock.kind, STOPPED, clock.stopped_at, self._at, ended_by=self._person))
        return new

    def _calendar(self, clock: Clock) -> Calendar:
        return clock_calendar(self._process, clock.kind, clock.calendar)

    def _open(self, clock: Clock) -> list[Pause]:
        return open_pauses(self._pauses, clock.kind) if clock.paused else []

    def _add(self, pause: Pause) -> None:
        self._work.cases.add_pause(self._state.id, pause)
        self._pauses.append(pause)

    def _end(self, clock: Clock, reason: str) -> None:
        self._work.cases.end_pause(self._state.id, clock.kind, reason, self._at, self._person)
        self._pauses[:] = [
            replace(each, until_at=self._at)
            if (each.kind, each.reason, each.until_at) == (clock.kind, reason, None)
            else each
            for each in self._pauses
        ]
