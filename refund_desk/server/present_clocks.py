"""A case's clocks for the wire: what is left, on which calendar, and what made them stand still."""

from __future__ import annotations

from datetime import datetime, timedelta

from refund_desk.domain.calendars import ALWAYS
from refund_desk.domain.clocks import Clock, Pause, remaining
from refund_desk.domain.process import clock_calendar
from refund_desk.domain.words import Stage
from refund_desk.server import present as p
from refund_desk.service.reading import Reading
from refund_desk.wire import cases as w
from refund_desk.wire.base import Coded, Text2

_ANSWERS = frozenset({Stage.WAITING_CUSTOMER, Stage.WAITING_MERCHANT})


def clock(reading: Reading, each: Clock) -> w.Clock:
    """One of them, with its pauses of this round."""
    calendar = clock_calendar(reading.file.process, each.kind, each.calendar)
    working, turns_at = calendar.turns(reading.now)
    label = calendar.label if calendar.id != ALWAYS else None
    return w.Clock(
        kind=each.kind,
        started_at=each.started_at,
        due_at=each.due_at,
        paused_for=Coded(code=each.paused_for) if each.paused_for else None,
        remaining_s=remaining(each, reading.now, calendar),
        stopped_at=each.stopped_at,
        limit_s=each.limit_s,
        calendar=Text2(zh=label.zh, en=label.en) if label else None,
        working=working,
        turns_at=turns_at,
        counts_s=None if turns_at is None else int((turns_at - reading.now).total_seconds()) if working else 0,
        pauses=[_pause(reading, pause) for pause in reading.pauses if _of(pause, each)],
    )


def _of(pause: Pause, clock: Clock) -> bool:
    return pause.kind is clock.kind and pause.from_at >= clock.started_at


def _pause(reading: Reading, pause: Pause) -> w.PauseView:
    return w.PauseView(
        why=Coded(code=pause.reason),
        waits_for=pause.waits_for,
        from_at=pause.from_at,
        until_at=pause.until_at,
        by=p.person(pause.person_id, reading.names),
        ended_by=p.person(pause.ended_by, reading.names),
        message=pause.message_id,
    )


def answer_due(reading: Reading) -> datetime | None:
    """Until when customer or merchant may answer, of a case that waits for one of them."""
    state = reading.file.state
    if state.stage not in _ANSWERS:
        return None
    limit = reading.file.process.stage(state.stage).limit_s
    since = next((e.at for e in reversed(reading.events) if e.data.get("to") == state.stage.value), None)
    return since + timedelta(seconds=limit) if since and limit else None
