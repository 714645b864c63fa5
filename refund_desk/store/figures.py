"""Figures of a period, each by one statement over the tables that its definition names (`domain.figures`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, distinct, func, select, type_coerce

from refund_desk.domain.figures import MERCHANT_S, MonthFigures, Scores, Value, share
from refund_desk.domain.intents import IntentState
from refund_desk.domain.words import MONEY_DECISIONS, ClockKind, Decision, Who
from refund_desk.store.tables.base import Instant
from refund_desk.store.tables.cases import case_clock, case_event, intent_event, proposal, refund_case, refund_intent
from refund_desk.store.tables.facts import merchant, message

_c, _p, _k, _e, _i = refund_case.c, proposal.c, case_clock.c, intent_event.c, refund_intent.c
_SETTLED = type_coerce(func.coalesce(_p.verdict_at, _p.at), Instant)
_GAVE = [one.value for one in sorted(MONEY_DECISIONS)]
_FIRST = proposal.alias("first")
_US = 1_000_000


class Figures:
    """Over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def month(self, month: str, first: datetime, end: datetime) -> MonthFigures:
        at = _Period(first, end)
        decided = self._by(_p.decision, proposal, _decided(at))
        gave = sum(count for decision, count in decided.items() if decision in _GAVE)
        declined = decided.get(Decision.DECLINE.value, 0)
        values: dict[str, Value] = {
            "opened": self._count(refund_case, at.holds(_c.opened_at)),
            "closed": self._count(refund_case, at.holds(_c.closed_at)),
            "decided": sum(decided.values()),
            "approval_rate": share(gave, gave + declined),
            **self._clocks(at),
            **self._payouts(at),
            "repeat_contacts": self._repeated(at),
            "appeals": self._appeals(at),
            "overturned": self._count(proposal, _overturned(at)),
        }
        groups = {
            "reason": self._by(_c.reason, refund_case, at.holds(_c.opened_at)),
            "channel": self._by(func.coalesce(_c.channel, ""), refund_case, at.holds(_c.opened_at)),
            "decision": decided,
        }
        return MonthFigures(month, values, groups, tuple(self._merchants(at)))

    # ------------------------------------------------------------ parts

    def _one(self, query: Any) -> Any:
        return self._c.execute(query).one()

    def _count(self, table: Any, where: ColumnElement[bool]) -> int:
        return int(self._c.execute(select(func.count()).select_from(table).where(where)).scalar_one())

    def _by(self, column: Any, table: Any, where: ColumnElement[bool]) -> Mapping[str, int]:
        number = func.count().label("n")
        query = select(column, number).select_from(table).where(where).group_by(column).order_by(number.desc(), column)
        return {str(key): int(count) for key, count in self._c.execute(query)}

    def _clocks(self, at: _Period) -> dict[str, Value]:
        took = type_coerce(_k.stopped_at, BigInteger) - type_coerce(_k.started_at, BigInteger)
        query = select(
            func.avg(case((_k.kind == ClockKind.FIRST_ANSWER.value, took))),
            func.avg(case((_k.kind == ClockKind.DECISION.value, took))),
            func.count(),
            func.count(case((_k.stopped_at > _k.due_at, 1))),
        ).where(at.holds(_k.stopped_at))
        answer, decision, stopped, late = self._one(query)
        return {
            "first_answer": _seconds(answer),
            "decision_time": _seconds(decision),
            "missed": share(int(late), int(stopped)),
        }

    def _payouts(self, at: _Period) -> dict[str, Value]:
        """Of the first time each intent came to a state."""
        out, there = _reached(IntentState.SUCCEEDED), _reached(IntentState.ARRIVED)
        paid = select(_i.currency, func.sum(_i.amount_minor)).join(out, out.c.intent_id == _i.id)
        paid = paid.where(at.holds(out.c.at)).group_by(_i.currency)
        money = {currency: int(minor) for currency, minor in self._c.execute(paid)}
        took = type_coerce(there.c.at, BigInteger) - type_coerce(_i.created_at, BigInteger)
        arrival = select(func.avg(took)).select_from(refund_intent).join(there, there.c.intent_id == _i.id)
        without = (
            select(func.count(), func.count(there.c.at))
            .select_from(out)
            .outerjoin(there, there.c.intent_id == out.c.intent_id)
            .where(at.holds(out.c.at))
        )
        succeeded, arrived = self._one(without)
        mean = self._c.execute(arrival.where(at.holds(there.c.at))).scalar_one()
        return {
            "paid_out": money or None,
            "arrival": _seconds(mean),
            "no_arrival": share(int(succeeded) - int(arrived), int(succeeded)),
        }

    def _repeated(self, at: _Period) -> float | None:
        written = (
            select(message.c.case_id, func.count().label("n"))
            .where(at.holds(message.c.sent_at), message.c.who == Who.CUSTOMER.value, message.c.case_id.is_not(None))
            .group_by(message.c.case_id)
            .subquery()
        )
        cases, again = self._one(select(func.count(), func.count(case((written.c.n > 1, 1)))).select_from(written))
        return share(int(again), int(cases))

    def _appeals(self, at: _Period) -> int:
        query = select(func.count(distinct(case_event.c.case_id))).where(
            at.holds(case_event.c.at), case_event.c.type == "case.reopened"
        )
        return int(self._c.execute(query).scalar_one())

    def _merchants(self, at: _Period) -> Sequence[Scores]:
        told = (
            select(message.c.case_id, func.min(message.c.sent_at).label("at"))
            .where(message.c.who == Who.MERCHANT.value)
            .group_by(message.c.case_id)
            .subquery()
        )
        waited = type_coerce(told.c.at, BigInteger) - type_coerce(_c.opened_at, BigInteger)
        query = (
            select(
                merchant.c.name,
                func.count(),
                func.count(told.c.at),
                func.count(case((waited <= MERCHANT_S * _US, 1))),
                merchant.c.id,
            )
            .select_from(refund_case)
            .join(merchant, merchant.c.id == _c.merchant_id)
            .outerjoin(told, told.c.case_id == _c.id)
            .where(at.holds(_c.opened_at))
            .group_by(merchant.c.id, merchant.c.name)
            .order_by(func.count().desc(), merchant.c.name)
        )
        decided, turned = self._of_merchants(_decided(at)), self._of_merchants(_overturned(at))
        return [
            Scores(name, int(cases), int(answered), int(early), decided.get(key, 0), turned.get(key, 0))
            for name, cases, answered, early, key in self._c.execute(query)
        ]

    def _of_merchants(self, where: ColumnElement[bool]) -> Mapping[int, int]:
        query = (
            select(_c.merchant_id, func.count())
            .select_from(proposal)
            .join(refund_case, _c.id == _p.case_id)
            .where(where, _c.merchant_id.is_not(None))
            .group_by(_c.merchant_id)
        )
        return {int(key): int(count) for key, count in self._c.execute(query)}


class _Period:
    """From an instant to before another."""

    def __init__(self, first: datetime, end: datetime) -> None:
        self._first, self._end = first, end

    def holds(self, column: Any) -> ColumnElement[bool]:
        return and_(column >= self._first, column < self._end)


def _decided(at: _Period) -> ColumnElement[bool]:
    return and_(_p.status == "approved", at.holds(_SETTLED))


def _overturned(at: _Period) -> ColumnElement[bool]:
    """Approved in a later round, and other than what an earlier round had approved."""
    earlier = (
        select(_FIRST.c.id)
        .where(
            _FIRST.c.case_id == _p.case_id,
            _FIRST.c.round < _p.round,
            _FIRST.c.status == "approved",
            _FIRST.c.decision != _p.decision,
        )
        .exists()
    )
    return and_(_decided(at), earlier)


def _reached(state: IntentState) -> Any:
    """Each intent with the instant at which it first came to a state."""
    return (
        select(_e.intent_id, type_coerce(func.min(_e.at), Instant).label("at"))
        .where(_e.state == state.value)
        .group_by(_e.intent_id)
        .subquery()
    )


def _seconds(mean_us: Any) -> float | None:
    return None if mean_us is None else float(mean_us) / _US
