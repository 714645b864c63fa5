"""Attempts to send, fresh reads and alarms, in the database; and which intents a worker should look after."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from refund_desk.domain.sending import Attempt
from refund_desk.domain.words import Role
from refund_desk.service.ports.sending import Alarm, Due, ToRead
from refund_desk.store.statements import insert_of, put
from refund_desk.store.tables.cases import alarm, payout_attempt, payout_read, refund_case, refund_intent
from refund_desk.store.tables.facts import record, shop_order

_I = refund_intent.c
_OTHER = refund_intent.alias("other")
_IN_THE_AIR = exists().where(
    _OTHER.c.order_id == _I.order_id, _OTHER.c.id != _I.id, _OTHER.c.state.in_(("submitting", "unknown"))
)
_DUE = (
    select(_I.id, _I.channel, record.c.external_id, _I.state)
    .join_from(refund_intent, record, record.c.id == _I.payment_record_id)
    .join(refund_case, refund_case.c.id == _I.case_id)
    .where(
        _I.due_at <= bindparam("now"),
        _I.channel.in_(bindparam("channels", expanding=True)),
        or_(_I.busy_until.is_(None), _I.busy_until < bindparam("now")),
        or_(_I.state != "reserved", and_(refund_case.c.stage == "payout", ~_IN_THE_AIR)),
    )
    .order_by(_I.due_at, _I.id)
    .limit(bindparam("most"))
)
_ATTEMPTS = (
    select(payout_attempt).where(payout_attempt.c.intent_id == bindparam("intent")).order_by(payout_attempt.c.id)
)
_ADD_ATTEMPT = insert(payout_attempt)
_KNOWN = select(_I.id, _I.state).where(_I.id.in_(bindparam("ids", expanding=True)))
_ALARM = select(alarm).where(alarm.c.code == bindparam("code_"), alarm.c.subject == bindparam("subject_"))
_BACK = update(alarm).where(alarm.c.id == bindparam("row"))
_OPEN_ALARMS = select(alarm).where(alarm.c.gone_at.is_(None)).order_by(alarm.c.id.desc()).limit(bindparam("most"))
_ALARMS_OF_CASE = _OPEN_ALARMS.where(alarm.c.case_id == bindparam("case"))
_TO_READ = (
    select(record.c.id, record.c.order_id, record.c.source, record.c.external_id, shop_order.c.number)
    .join_from(record, shop_order, shop_order.c.id == record.c.order_id)
    .outerjoin(payout_read, payout_read.c.record_id == record.c.id)
    .where(
        record.c.kind == "payment",
        record.c.source.in_(bindparam("channels", expanding=True)),
        or_(
            payout_read.c.at.is_(None),
            payout_read.c.at <= bindparam("before"),
            type_coerce(payout_read.c.theirs, BigInteger) - type_coerce(payout_read.c.first_theirs, BigInteger)
            < bindparam("wait", type_=BigInteger),
        ),
        exists().where(
            refund_case.c.order_id == record.c.order_id,
            or_(refund_case.c.open == true(), refund_case.c.changed_at >= bindparam("since")),
        ),
    )
    .order_by(record.c.id)
    .limit(bindparam("most"))
)
_READ = select(payout_read).where(payout_read.c.record_id == bindparam("record"))
_STUCK = (
    select(_I.id)
    .join_from(refund_intent, refund_case, refund_case.c.id == _I.case_id)
    .where(
        or_(and_(_I.state == "reserved", refund_case.c.stage == "payout"), _I.state == "submitting"),
        _I.channel.in_(bindparam("channels", expanding=True)),
        _I.changed_at < bindparam("before"),
        ~exists().where(alarm.c.code == "payout.stuck", alarm.c.subject == _I.id, alarm.c.gone_at.is_(None)),
    )
    .order_by(_I.changed_at)
    .limit(bindparam("most"))
)
_LATE = (
    select(_I.id)
    .where(
        _I.state.in_(("pending", "succeeded")),
        _I.promised_at < bindparam("now"),
        ~exists().where(alarm.c.code == "payout.overdue", alarm.c.subject == _I.id),
    )
    .order_by(_I.promised_at)
    .limit(bindparam("most"))
)


def _alarm(row: Row[Any]) -> Alarm:
    values = dict(row._mapping)
    return Alarm(**values | {"role": Role(values["role"])})


class SendingRepo:
    """What happens to intents on their way out."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._dialect = connection.dialect.name

    def due(self, channels: Collection[str], now: datetime, limit: int) -> list[Due]:
        rows = self._c.execute(_DUE, {"channels": sorted(channels), "now": now, "most": limit})
        return [Due(row[0], row[1], row[2], row[3]) for row in rows]

    # ------------------------------------------------------------ attempts

    def add_attempt(self, intent_id: str, attempt: Attempt) -> None:
        values = {
            "kind": attempt.kind,
            "at": attempt.at,
            "theirs": attempt.theirs,
            "outcome": attempt.outcome,
            "status": attempt.status[:200],
            "code": attempt.code[:200],
            "found": attempt.found,
            "replayed": attempt.replayed,
        }
        self._c.execute(_ADD_ATTEMPT, {"intent_id": intent_id, **values})

    def attempts(self, intent_id: str) -> list[Attempt]:
        rows = self._c.execute(_ATTEMPTS, {"intent": intent_id})
        return [
            Attempt(r.kind, r.at, r.theirs, r.outcome, r.status, r.code, r.found, replayed=r.replayed) for r in rows
        ]

    def known(self, intent_ids: Collection[str]) -> dict[str, str]:
        if not intent_ids:
            return {}
        return {row[0]: row[1] for row in self._c.execute(_KNOWN, {"ids": sorted(intent_ids)})}

    # ------------------------------------------------------------ alarms

    def raise_alarm(
        self,
        code: str,
        subject: str,
        role: Role,
        at: datetime,
        case_id: int | None,
        intent_id: str | None,
        params: Mapping[str, Any],
    ) -> bool:
        found = self._c.execute(_ALARM, {"code_": code, "subject_": subject}).one_or_none()
        columns = {"role": role.value, "case_id": case_id, "intent_id": intent_id, "params": dict(params)}
        if found is None:
            values = {"code": code, "subject": subject, "at": at, **columns}
            made = self._c.execute(insert_of(self._dialect)(alarm).values(**values).on_conflict_do_nothing())
            return made.rowcount == 1
        if found.gone_at is None:
            return False
        self._c.execute(_BACK, {"row": found.id, "at": at, "gone_at": None, **columns})
        return True

    def end_alarms(self, subject: str, at: datetime, codes: Collection[str] = ()) -> int:
        over = update(alarm).where(alarm.c.subject == subject, alarm.c.gone_at.is_(None))
        if codes:
            over = over.where(alarm.c.code.in_(sorted(codes)))
        return self._c.execute(over.values(gone_at=at)).rowcount

    def alarms(self, case_id: int | None = None, limit: int = 200) -> list[Alarm]:
        query = _OPEN_ALARMS if case_id is None else _ALARMS_OF_CASE
        values: dict[str, Any] = {"most": limit} if case_id is None else {"most": limit, "case": case_id}
        return [_alarm(row) for row in self._c.execute(query, values)]

    def was_told(self, code: str, subject: str) -> bool:
        return self._c.execute(_ALARM, {"code_": code, "subject_": subject}).first() is not None

    # ------------------------------------------------------------ fresh reads, late ones

    def read(self, record_id: int, at: datetime, theirs: datetime | None, anew: datetime | None) -> None:
        before = self._c.execute(_READ, {"record": record_id}).one_or_none()
        first = before.first_theirs if before and (anew is None or before.at > anew) else theirs
        values = {"record_id": record_id, "at": at, "theirs": theirs, "first_theirs": first}
        self._c.execute(put(self._dialect, payout_read, ("record_id",), ("at", "theirs", "first_theirs")), values)

    def to_read(
        self, channels: Collection[str], since: datetime, halted: datetime, wait: timedelta, limit: int
    ) -> list[ToRead]:
        values = {"channels": sorted(channels), "since": since, "before": halted + wait, "most": limit}
        values["wait"] = wait // timedelta(microseconds=1)
        return [ToRead(*row) for row in self._c.execute(_TO_READ, values)]

    def stuck(self, channels: Collection[str], before: datetime, limit: int) -> list[str]:
        values = {"channels": sorted(channels), "before": before, "most": limit}
        return [row[0] for row in self._c.execute(_STUCK, values)]

    def late(self, now: datetime, limit: int) -> list[str]:
        return [row[0] for row in self._c.execute(_LATE, {"now": now, "most": limit})]
