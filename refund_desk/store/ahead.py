"""Several cases read ahead, one statement a subject, for lists that look at whole cases.

Each repository here answers for the cases it was made for from what it read at the first question, and asks
the database about any other. For reading alone: it doesn't see what is written after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from refund_desk.domain.cases import CaseEvent, CaseState
from refund_desk.domain.facts import Record
from refund_desk.service.ports.facts import OrderRef
from refund_desk.service.ports.money import Consultation, IntentRow, ProposalRow
from refund_desk.store.cases import CaseRepo, as_event
from refund_desk.store.facts import CUSTOMERS, SAID, FactRepo, as_customer, as_records
from refund_desk.store.money import INTENTS, SUM, MoneyRepo, as_consultation, as_intents, as_proposal
from refund_desk.store.people import PeopleRepo
from refund_desk.store.tables.cases import (
    case_event,
    consultation,
    evidence_opened,
    finding,
    proposal,
    refund_intent,
    request,
)
from refund_desk.store.tables.facts import customer, evidence, record, shop_order

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_RECORDS = SAID.add_columns(record.c.order_id).where(record.c.order_id.in_(_IDS))
_REQUESTS = select(request).where(request.c.case_id.in_(_IDS)).order_by(request.c.id)
_EVENTS = select(case_event).where(case_event.c.case_id.in_(_IDS)).order_by(case_event.c.id)
_FINDINGS = select(finding).where(finding.c.case_id.in_(_IDS), finding.c.gone_at.is_(None)).order_by(finding.c.id)
_PROPOSALS = select(proposal).where(proposal.c.case_id.in_(_IDS)).order_by(proposal.c.number.desc())
_CONSULTATIONS = select(consultation).where(consultation.c.case_id.in_(_IDS)).order_by(consultation.c.id)
_INTENTS = INTENTS.where(refund_intent.c.order_id.in_(_IDS))
_ORDER_SUMS = (
    SUM.add_columns(refund_intent.c.order_id)
    .where(refund_intent.c.order_id.in_(_IDS))
    .group_by(refund_intent.c.order_id)
)
_CUSTOMER_SUMS = (
    SUM.add_columns(refund_intent.c.customer_id)
    .where(refund_intent.c.customer_id.in_(_IDS), refund_intent.c.created_at >= bindparam("since"))
    .group_by(refund_intent.c.customer_id)
)
_ORDERS = select(shop_order).where(shop_order.c.id.in_(_IDS))
_EVIDENCE = select(evidence).where(evidence.c.case_id.in_(_IDS)).order_by(evidence.c.id)
_OPENED = (
    select(evidence.c.case_id, evidence_opened.c.person_id, evidence_opened.c.evidence_id)
    .join_from(evidence_opened, evidence)
    .where(evidence.c.case_id.in_(_IDS))
)
_CUSTOMERS = CUSTOMERS.where(customer.c.id.in_(_IDS))


def _grouped(
    connection: Connection, query: Select[Any], ids: Sequence[int], column: str, **values: Any
) -> dict[int, list[Row[Any]]]:
    """Rows by the id they belong to; every id has its list."""
    out: dict[int, list[Row[Any]]] = {number: [] for number in ids}
    for row in connection.execute(query, {"ids": list(ids), **values}):
        out[row._mapping[column]].append(row)
    return out


class AheadCases(CaseRepo):
    def __init__(self, connection: Connection, states: Sequence[CaseState]) -> None:
        super().__init__(connection)
        self._ids = [state.id for state in states]

    @cached_property
    def _requests(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _REQUESTS, self._ids, "case_id")

    @cached_property
    def _events(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _EVENTS, self._ids, "case_id")

    @cached_property
    def _findings(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _FINDINGS, self._ids, "case_id")

    def requests(self, case_id: int) -> Sequence[Mapping[str, Any]]:
        rows = self._requests.get(case_id)
        return super().requests(case_id) if rows is None else [dict(row._mapping) for row in rows]

    def events(self, case_id: int, after: int = 0) -> list[CaseEvent]:
        rows = self._events.get(case_id)
        return super().events(case_id, after) if rows is None else [as_event(row) for row in rows if row.id > after]

    def findings(self, case_id: int) -> list[Mapping[str, Any]]:
        rows = self._findings.get(case_id)
        return super().findings(case_id) if rows is None else [dict(row._mapping) for row in rows]


def _sums(rows: Sequence[Sequence[Any]]) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in rows}


class AheadMoney(MoneyRepo):
    def __init__(self, connection: Connection, states: Sequence[CaseState]) -> None:
        super().__init__(connection)
        self._ids = [state.id for state in states]
        self._orders = list({state.order_id for state in states})
        self._customers = list({state.customer_id for state in states if state.customer_id})
        self._since: dict[datetime, dict[int, list[Row[Any]]]] = {}

    @cached_property
    def _proposals(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _PROPOSALS, self._ids, "case_id")

    @cached_property
    def _consultations(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _CONSULTATIONS, self._ids, "case_id")

    @cached_property
    def _intents_by_order(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _INTENTS, self._orders, "order_id")

    @cached_property
    def _order_sums(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _ORDER_SUMS, self._orders, "order_id")

    def proposals(self, case_id: int) -> list[ProposalRow]:
        rows = self._proposals.get(case_id)
        return super().proposals(case_id) if rows is None else [as_proposal(row) for row in rows]

    def consultations(self, case_id: int) -> list[Consultation]:
        rows = self._consultations.get(case_id)
        return super().consultations(case_id) if rows is None else [as_consultation(row) for row in rows]

    def intents_of_order(self, order_id: int) -> list[IntentRow]:
        rows = self._intents_by_order.get(order_id)
        return super().intents_of_order(order_id) if rows is None else as_intents(rows)

    def decided_for_order(self, order_id: int) -> dict[str, int]:
        rows = self._order_sums.get(order_id)
        return super().decided_for_order(order_id) if rows is None else _sums(rows)

    def decided_for_customer(self, customer_id: int, since: datetime) -> dict[str, int]:
        if since not in self._since:
            self._since[since] = _grouped(self._c, _CUSTOMER_SUMS, self._customers, "customer_id", since=since)
        rows = self._since[since].get(customer_id)
        return super().decided_for_customer(customer_id, since) if rows is None else _sums(rows)


class AheadFacts(FactRepo):
    def __init__(self, connection: Connection, states: Sequence[CaseState]) -> None:
        super().__init__(connection)
        self._ids = [state.id for state in states]
        self._order_ids = list({state.order_id for state in states})
        self._customer_ids = list({state.customer_id for state in states if state.customer_id})

    @cached_property
    def _orders(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _ORDERS, self._order_ids, "id")

    @cached_property
    def _records(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _RECORDS, self._order_ids, "order_id")

    @cached_property
    def _evidence(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _EVIDENCE, self._ids, "case_id")

    @cached_property
    def _opened(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _OPENED, self._ids, "case_id")

    @cached_property
    def _customers(self) -> dict[int, list[Row[Any]]]:
        return _grouped(self._c, _CUSTOMERS, self._customer_ids, "id")

    def order(self, order_id: int) -> OrderRef:
        rows = self._orders.get(order_id)
        if not rows:
            return super().order(order_id)
        return OrderRef(rows[0].id, rows[0].number, rows[0].currency, rows[0].customer_id)

    def records(self, order_id: int) -> list[Record]:
        rows = self._records.get(order_id)
        return super().records(order_id) if rows is None else as_records(rows)

    def evidence(self, case_id: int) -> Sequence[Mapping[str, Any]]:
        rows = self._evidence.get(case_id)
        return super().evidence(case_id) if rows is None else [dict(row._mapping) for row in rows]

    def opened(self, case_id: int, person_id: int) -> set[int]:
        rows = self._opened.get(case_id)
        if rows is None:
            return super().opened(case_id, person_id)
        return {row.evidence_id for row in rows if row.person_id == person_id}

    def customer(self, customer_id: int) -> Mapping[str, Any]:
        rows = self._customers.get(customer_id)
        return as_customer(rows[0]) if rows else super().customer(customer_id)


class AheadPeople(PeopleRepo):
    """Remembers the names it was asked for."""

    @cached_property
    def _names(self) -> dict[int, str]:
        return {}

    def names(self, person_ids: Iterable[int]) -> dict[int, str]:
        wanted = set(person_ids)
        new = wanted - self._names.keys()
        if new:
            self._names.update(super().names(new))
        return {number: self._names[number] for number in wanted if number in self._names}
