"""Clocks of cases and their pauses in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from refund_desk.domain.calendars import ALWAYS
from refund_desk.domain.clocks import Clock, Pause
from refund_desk.domain.words import ClockKind, WaitFor
from refund_desk.store.statements import put
from refund_desk.store.tables.cases import case_clock, case_pause

_CLOCKS = (
    select(case_clock)
    .where(case_clock.c.case_id == bindparam("case_id"), case_clock.c.round == bindparam("round"))
    .order_by(case_clock.c.started_at)
)
_CLOCK_KEY = ("case_id", "round", "kind")
_CLOCK_REST = tuple(column.name for column in case_clock.columns if column.name not in _CLOCK_KEY)
_PAUSE = insert(case_pause)
_PAUSES = select(case_pause).where(case_pause.c.case_id == bindparam("case_id")).order_by(case_pause.c.id)
_RESUME = (
    update(case_pause)
    .where(
        case_pause.c.case_id == bindparam("row"),
        case_pause.c.kind == bindparam("clock"),
        case_pause.c.reason == bindparam("why"),
        case_pause.c.until_at.is_(None),
    )
    .values(until_at=bindparam("until"), ended_by=bindparam("by"))
)


class ClockRows:
    """The part of `CaseRepo` that is about clocks."""

    _c: Connection
    _dialect: str

    def clocks(self, case_id: int, round: int) -> list[Clock]:
        return [
            Clock(
                kind=ClockKind(r.kind),
                round=r.round,
                started_at=r.started_at,
                limit_s=r.limit_s,
                due_at=r.due_at,
                paused_at=r.paused_at,
                paused_for=r.paused_for,
                remaining_s=r.remaining_s,
                stopped_at=r.stopped_at,
                calendar=r.calendar or ALWAYS,
                met_at=r.met_at,
            )
            for r in self._c.execute(_CLOCKS, {"case_id": case_id, "round": round})
        ]

    def put_clocks(self, case_id: int, clocks: Iterable[Clock]) -> None:
        """Write clocks as they now stand."""
        rows = [
            {
                "case_id": case_id,
                "round": clock.round,
                "kind": clock.kind.value,
                "started_at": clock.started_at,
                "limit_s": clock.limit_s,
                "due_at": clock.due_at,
                "paused_at": clock.paused_at,
                "paused_for": clock.paused_for,
                "remaining_s": clock.remaining_s,
                "stopped_at": clock.stopped_at,
                "calendar": None if clock.calendar == ALWAYS else clock.calendar,
                "met_at": clock.met_at,
            }
            for clock in clocks
        ]
        if rows:
            self._c.execute(put(self._dialect, case_clock, _CLOCK_KEY, _CLOCK_REST), rows)

    def pauses(self, case_id: int) -> list[Pause]:
        """All pauses of a case on record, of all clocks and rounds, in the order in which they were made."""
        return [_pause(row) for row in self._c.execute(_PAUSES, {"case_id": case_id})]

    def add_pause(self, case_id: int, pause: Pause) -> None:
        self._c.execute(
            _PAUSE,
            {
                "case_id": case_id,
                "kind": pause.kind.value,
                "reason": pause.reason,
                "from_at": pause.from_at,
                "until_at": pause.until_at,
                "waits_for": pause.waits_for.value if pause.waits_for else None,
                "person_id": pause.person_id or None,
                "ended_by": pause.ended_by or None,
                "message_id": pause.message_id,
            },
        )

    def end_pause(self, case_id: int, kind: ClockKind, reason: str, at: datetime, person_id: int | None) -> None:
        """End what is open of a clock for one reason."""
        row = {"row": case_id, "clock": kind.value, "why": reason, "until": at, "by": person_id or None}
        self._c.execute(_RESUME, row)

    def waiting_by_hand(self, waits_for: WaitFor, before: datetime, limit: int) -> list[int]:
        """Cases with a pause made by hand before an instant that still lasts, longest first."""
        query = (
            select(case_pause.c.case_id)
            .where(
                case_pause.c.until_at.is_(None),
                case_pause.c.message_id.is_not(None),
                case_pause.c.waits_for == waits_for.value,
                case_pause.c.from_at < before,
            )
            .group_by(case_pause.c.case_id)
            .order_by(func.min(case_pause.c.from_at))
            .limit(limit)
        )
        return list(self._c.execute(query).scalars())


def _pause(row: Row[Any]) -> Pause:
    return Pause(
        kind=ClockKind(row.kind),
        reason=row.reason,
        from_at=row.from_at,
        until_at=row.until_at,
        waits_for=WaitFor(row.waits_for) if row.waits_for else None,
        person_id=row.person_id,
        ended_by=row.ended_by,
        message_id=row.message_id,
    )
