"""What a forecast is made from: who is at work and how fast, what arrived of late, what is free and not late yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, literal_column, select, true

from refund_desk.domain.words import ClockKind, Reason, RequestKind
from refund_desk.service.ports.views import Arrived, Free, Handled
from refund_desk.store.tables.base import Instant
from refund_desk.store.tables.cases import case_event, proposal, refund_case

WEIGHED = timedelta(hours=12)
"""No case is brought forward by more than this: what is due after now stands after now less that."""

_c = refund_case.c
_REVIEW = _c.stage == literal_column("'review'")  # as in the partial index
_AT_WORK = (
    select(_c.assignee_id)
    .distinct()
    .where(_c.open == true(), _c.assignee_id.is_not(None), _REVIEW, _c.lease_until > bindparam("now", type_=Instant))
)
_FREE = (
    select(_c.id, _c.ref, _c.kind, _c.reason, _c.due_at, _c.due_clock, _c.act_by)
    .where(
        _c.open == true(),
        _c.assignee_id.is_(None),
        _REVIEW,
        _c.act_by >= bindparam("since", type_=Instant),
        _c.due_at > bindparam("now", type_=Instant),
    )
    .order_by(_c.act_by, _c.id)
    .limit(bindparam("most"))
)
_ARRIVED = select(_c.kind, _c.reason, _c.opened_at).order_by(_c.id.desc()).limit(bindparam("most"))
_TAKEN = (
    select(func.max(case_event.c.at))
    .where(
        case_event.c.case_id == proposal.c.case_id,
        case_event.c.person_id == proposal.c.person_id,
        case_event.c.type == "case.taken",
        case_event.c.at <= proposal.c.at,
    )
    .scalar_subquery()
)
_HANDLED = (
    select(proposal.c.person_id, _c.kind, _c.reason, _TAKEN.label("taken_at"), proposal.c.at)
    .join_from(proposal, refund_case, proposal.c.case_id == _c.id)
    .order_by(proposal.c.id.desc())
    .limit(bindparam("most"))
)


class ForecastViews:
    """The part of `Views` that forecasts look at."""

    _c: Connection

    def at_work(self, now: datetime) -> list[int]:
        """Persons who hold a case in review by a lease that runs."""
        return [int(row[0]) for row in self._c.execute(_AT_WORK, {"now": now})]

    def free_in_time(self, now: datetime, limit: int) -> Sequence[Free]:
        """Free cases whose deadline is still to come, in the order of the queue."""
        rows = self._c.execute(_FREE, {"now": now, "since": now - WEIGHED, "most": limit})
        return [
            Free(r.id, r.ref, RequestKind(r.kind), Reason(r.reason), r.due_at, ClockKind(r.due_clock), r.act_by)
            for r in rows
        ]

    def arrived(self, limit: int) -> Sequence[Arrived]:
        """The cases that came last, newest first."""
        rows = self._c.execute(_ARRIVED, {"most": limit})
        return [Arrived(RequestKind(r.kind), Reason(r.reason), r.opened_at) for r in rows]

    def handled(self, limit: int) -> Sequence[Handled]:
        """The proposals that were made last, with when their case was taken by whoever made them; newest first."""
        rows = self._c.execute(_HANDLED, {"most": limit})
        return [
            Handled(r.person_id, RequestKind(r.kind), Reason(r.reason), r.taken_at, r.at)
            for r in rows
            if r.taken_at is not None
        ]
