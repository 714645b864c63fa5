"""Decisions drawn for a second look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, type_coerce, update

from refund_desk.domain.errors import NotFound
from refund_desk.domain.quality import Sample
from refund_desk.domain.words import MONEY_DECISIONS, Decision
from refund_desk.service.ports.quality import Decided
from refund_desk.store.tables.base import Instant
from refund_desk.store.tables.cases import proposal, refund_case
from refund_desk.store.tables.figures import quality_review

_p, _q = proposal.c, quality_review.c
_SETTLED = type_coerce(func.coalesce(_p.verdict_at, _p.at), Instant)
_FINAL = sorted({*(one.value for one in MONEY_DECISIONS), Decision.DECLINE.value})
_COLUMNS = (
    _q.id,
    _q.case_id,
    _q.proposal_id,
    _q.decision,
    _q.amount_minor,
    _q.currency,
    _q.decided_by,
    _q.approved_by,
    _q.decided_at,
    _q.drawn_at,
    _q.reviewed_by,
    _q.reviewed_at,
    _q.second,
    _q.second_minor,
    _q.agrees,
    _q.note,
)


class QualityRepo:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def decided(self, case_ids: Sequence[int], since: datetime) -> Sequence[Decided]:
        """What was decided on these cases since then and isn't drawn."""
        query = (
            select(
                _p.id,
                _p.case_id,
                refund_case.c.reason,
                _p.decision,
                _p.amount_minor,
                refund_case.c.currency,
                _p.person_id,
                _p.verdict_by,
                _SETTLED.label("at"),
                _p.digest,
            )
            .join(refund_case, refund_case.c.id == _p.case_id)
            .outerjoin(quality_review, _q.proposal_id == _p.id)
            .where(_p.case_id.in_(case_ids), _p.status == "approved", _p.decision.in_(_FINAL), _q.id.is_(None))
            .where(since <= _SETTLED)
            .order_by(_p.id)
        )
        return [Decided(*row) for row in self._c.execute(query)]

    def draw(self, one: Decided, at: datetime) -> None:
        self._c.execute(
            insert(quality_review).values(
                case_id=one.case_id,
                proposal_id=one.proposal_id,
                decision=one.decision,
                amount_minor=one.amount,
                currency=one.currency,
                decided_by=one.person_id,
                approved_by=one.approved_by,
                decided_at=one.at,
                drawn_at=at,
            )
        )

    def waiting(self, person: int, since: datetime, limit: int) -> Sequence[Sample]:
        """Drawn since then, not yet looked at again, and none of this person's own; the oldest first."""
        query = (
            select(*_COLUMNS)
            .where(_q.reviewed_at.is_(None), _q.drawn_at >= since, _q.decided_by != person)
            .where(or_(_q.approved_by.is_(None), _q.approved_by != person))
            .order_by(_q.drawn_at, _q.id)
            .limit(limit)
        )
        return [_sample(row) for row in self._c.execute(query)]

    def get(self, number: int, lock: bool = False) -> Sample:
        query = select(*_COLUMNS).where(_q.id == number)
        row = self._c.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFound("quality.not_found", id=number)
        return _sample(row)

    def review(self, number: int, **columns: Any) -> None:
        self._c.execute(update(quality_review).where(_q.id == number).values(**columns))


def _sample(row: Any) -> Sample:
    return Sample(*row)
