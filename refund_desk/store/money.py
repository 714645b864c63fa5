"""Proposals, the ledger of refund intents, and consultations, in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from refund_desk.domain.errors import NotFound
from refund_desk.domain.words import Decision, Role, Tender
from refund_desk.service.ports.money import Consultation, IntentRow, ProposalRow
from refund_desk.store.tables.cases import consultation, intent_event, intent_line, proposal, refund_intent

_DEAD = ("cancelled", "failed", "returned")
"""States in which nothing is held or gone: the sum decided for an order or customer leaves them out."""

_PROPOSAL = [f.name for f in fields(ProposalRow)]
_INTENT = [f.name for f in fields(IntentRow) if f.name != "lines"]
_CONSULTATION = [f.name for f in fields(Consultation)]


def _proposal(row: Row[Any]) -> ProposalRow:
    values = {name: row._mapping[name] for name in _PROPOSAL}
    values |= {"decision": Decision(values["decision"]), "content": bytes(values["content"])}
    return ProposalRow(**values | {"digest": bytes(values["digest"])})


def _consultation(row: Row[Any]) -> Consultation:
    values = {name: row._mapping[name] for name in _CONSULTATION}
    return Consultation(**values | {"role": Role(values["role"])})


class MoneyRepo:
    """What was proposed, what was reserved, who was asked."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # ------------------------------------------------------------ proposals

    def add_proposal(self, **columns: Any) -> int:
        return int(self._c.execute(insert(proposal).values(**columns).returning(proposal.c.id)).scalar_one())

    def proposal(self, proposal_id: int) -> ProposalRow:
        row = self._c.execute(select(proposal).where(proposal.c.id == proposal_id)).one_or_none()
        if row is None:
            raise NotFound("proposal.not_found", id=proposal_id)
        return _proposal(row)

    def proposals(self, case_id: int) -> list[ProposalRow]:
        query = select(proposal).where(proposal.c.case_id == case_id).order_by(proposal.c.number.desc())
        return [_proposal(row) for row in self._c.execute(query)]

    def settle_proposal(self, proposal_id: int, **columns: Any) -> None:
        self._c.execute(update(proposal).where(proposal.c.id == proposal_id).values(**columns))

    # ------------------------------------------------------------ intents

    def add_intent(self, intent: IntentRow) -> None:
        """Reserve. The caller holds the lock on the order and has checked the ceilings."""
        values = {name: getattr(intent, name) for name in _INTENT} | {"tender": intent.tender.value}
        self._c.execute(insert(refund_intent).values(**values))
        if intent.lines:
            rows = [
                {"intent_id": intent.id, "line": line, "quantity": quantity, "amount_minor": minor}
                for line, quantity, minor in intent.lines
            ]
            self._c.execute(insert(intent_line), rows)
        self._event(intent.id, intent.state, intent.created_at, intent.approver_id, {})

    def _event(self, intent_id: str, state: str, at: datetime, person_id: int | None, data: Mapping[str, Any]) -> None:
        values = {"intent_id": intent_id, "state": state, "at": at, "person_id": person_id or None, "data": dict(data)}
        self._c.execute(insert(intent_event).values(**values))

    def _intents(self, query: Select[Any]) -> list[IntentRow]:
        rows = [row._mapping for row in self._c.execute(query.order_by(refund_intent.c.created_at, refund_intent.c.id))]
        if not rows:
            return []
        lines: dict[str, list[tuple[str, int, int]]] = {row["id"]: [] for row in rows}
        held = select(intent_line).where(intent_line.c.intent_id.in_(list(lines))).order_by(intent_line.c.line)
        for line in self._c.execute(held):
            lines[line.intent_id].append((line.line, line.quantity, line.amount_minor))
        return [
            IntentRow(
                **{name: row[name] for name in _INTENT} | {"tender": Tender(row["tender"])},
                lines=tuple(lines[row["id"]]),
            )
            for row in rows
        ]

    def intent(self, intent_id: str) -> IntentRow:
        found = self._intents(select(refund_intent).where(refund_intent.c.id == intent_id))
        if not found:
            raise NotFound("intent.not_found", id=intent_id)
        return found[0]

    def intents_of_order(self, order_id: int) -> list[IntentRow]:
        return self._intents(select(refund_intent).where(refund_intent.c.order_id == order_id))

    def intents_of_case(self, case_id: int) -> list[IntentRow]:
        return self._intents(select(refund_intent).where(refund_intent.c.case_id == case_id))

    def set_intent(
        self, intent_id: str, state: str, at: datetime, person_id: int | None, data: Mapping[str, Any], **columns: Any
    ) -> None:
        values = {"state": state, "changed_at": at, **columns}
        self._c.execute(update(refund_intent).where(refund_intent.c.id == intent_id).values(**values))
        self._event(intent_id, state, at, person_id, data)

    def reference_used(self, channel: str, reference: str) -> bool:
        query = select(refund_intent.c.id).where(
            refund_intent.c.channel == channel, refund_intent.c.reference == reference
        )
        return self._c.execute(query.limit(1)).first() is not None

    def _sums(self, query: Select[Any]) -> dict[str, int]:
        return {currency: int(total) for currency, total in self._c.execute(query)}

    def decided_for_order(self, order_id: int) -> dict[str, int]:
        return self._sums(_SUM.where(refund_intent.c.order_id == order_id))

    def decided_for_customer(self, customer_id: int, since: datetime) -> dict[str, int]:
        where = (refund_intent.c.customer_id == customer_id, refund_intent.c.created_at >= since)
        return self._sums(_SUM.where(*where))

    # ------------------------------------------------------------ consultations

    def ask(self, **columns: Any) -> int:
        return int(self._c.execute(insert(consultation).values(**columns).returning(consultation.c.id)).scalar_one())

    def consultation(self, consultation_id: int) -> Consultation:
        row = self._c.execute(select(consultation).where(consultation.c.id == consultation_id)).one_or_none()
        if row is None:
            raise NotFound("consultation.not_found", id=consultation_id)
        return _consultation(row)

    def consultations(self, case_id: int) -> list[Consultation]:
        query = select(consultation).where(consultation.c.case_id == case_id).order_by(consultation.c.id)
        return [_consultation(row) for row in self._c.execute(query)]

    def settle_consultation(self, consultation_id: int, **columns: Any) -> None:
        self._c.execute(update(consultation).where(consultation.c.id == consultation_id).values(**columns))


_SUM = (
    select(refund_intent.c.currency, func.sum(refund_intent.c.amount_minor))
    .where(refund_intent.c.state.not_in(_DEAD))
    .group_by(refund_intent.c.currency)
)
