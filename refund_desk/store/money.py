"""Proposals, the ledger of refund intents, and consultations, in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from refund_desk.domain.errors import Conflict, NotFound
from refund_desk.domain.words import Decision, Role, Tender
from refund_desk.service.ports.money import Consultation, IntentRow, ProposalRow
from refund_desk.store.statements import new_id
from refund_desk.store.tables.cases import consultation, intent_event, intent_line, proposal, refund_intent
from refund_desk.store.tables.facts import record

_DEAD = ("cancelled", "failed", "returned")
"""States in which nothing is held or gone: the sum decided for an order or customer leaves them out."""

_ADD_PROPOSAL = insert(proposal)
_PROPOSAL_BY_ID = select(proposal).where(proposal.c.id == bindparam("id"))
_PROPOSALS = select(proposal).where(proposal.c.case_id == bindparam("case_id")).order_by(proposal.c.number.desc())
_CHANGE_PROPOSAL = update(proposal).where(proposal.c.id == bindparam("row"))
_ADD_INTENT = insert(refund_intent)
_ADD_LINE = insert(intent_line)
_ADD_INTENT_EVENT = insert(intent_event)
_CHANGE_INTENT = update(refund_intent).where(refund_intent.c.id == bindparam("row"))
INTENTS = (
    select(refund_intent, intent_line.c.line, intent_line.c.quantity, intent_line.c.amount_minor.label("line_minor"))
    .outerjoin(intent_line, intent_line.c.intent_id == refund_intent.c.id)
    .order_by(refund_intent.c.created_at, refund_intent.c.id, intent_line.c.line)
)
_INTENT_BY_ID = INTENTS.where(refund_intent.c.id == bindparam("id"))
_INTENTS_OF_ORDER = INTENTS.where(refund_intent.c.order_id == bindparam("order_id"))
_INTENTS_ON = INTENTS.join(record, record.c.id == refund_intent.c.payment_record_id).where(
    refund_intent.c.channel == bindparam("channel"), record.c.external_id == bindparam("payment")
)
_INTENTS_OF_CASE = INTENTS.where(refund_intent.c.case_id == bindparam("case_id"))
SUM = (
    select(refund_intent.c.currency, func.sum(refund_intent.c.amount_minor))
    .where(refund_intent.c.state.not_in([literal_column(f"'{state}'") for state in _DEAD]))
    .group_by(refund_intent.c.currency)
)
_SUM_OF_ORDER = SUM.where(refund_intent.c.order_id == bindparam("order_id"))
_SUM_OF_CUSTOMER = SUM.where(
    refund_intent.c.customer_id == bindparam("customer_id"), refund_intent.c.created_at >= bindparam("since")
)
_CONSULTATIONS = select(consultation).where(consultation.c.case_id == bindparam("case_id")).order_by(consultation.c.id)

_PROPOSAL = [f.name for f in fields(ProposalRow)]
_INTENT = [f.name for f in fields(IntentRow) if f.name != "lines"]
_CONSULTATION = [f.name for f in fields(Consultation)]


def as_proposal(row: Row[Any]) -> ProposalRow:
    values = {name: row._mapping[name] for name in _PROPOSAL}
    values |= {"decision": Decision(values["decision"]), "content": bytes(values["content"])}
    return ProposalRow(**values | {"digest": bytes(values["digest"])})


def as_consultation(row: Row[Any]) -> Consultation:
    values = {name: row._mapping[name] for name in _CONSULTATION}
    return Consultation(**values | {"role": Role(values["role"])})


def as_intents(rows: Iterable[Row[Any]]) -> list[IntentRow]:
    """Intents with their lines, oldest first: one row of the answer for each line."""
    made: dict[str, tuple[Mapping[Any, Any], list[tuple[str, int, int]]]] = {}
    for row in rows:
        _, lines = made.setdefault(row.id, (row._mapping, []))
        if row.line is not None:
            lines.append((row.line, row.quantity, row.line_minor))
    return [
        IntentRow(**{name: row[name] for name in _INTENT} | {"tender": Tender(row["tender"])}, lines=tuple(lines))
        for row, lines in made.values()
    ]


class MoneyRepo:
    """What was proposed, what was reserved, who was asked."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # ------------------------------------------------------------ proposals

    def add_proposal(self, **columns: Any) -> int:
        return new_id(self._c.execute(_ADD_PROPOSAL, columns))

    def proposal(self, proposal_id: int) -> ProposalRow:
        row = self._c.execute(_PROPOSAL_BY_ID, {"id": proposal_id}).one_or_none()
        if row is None:
            raise NotFound("proposal.not_found", id=proposal_id)
        return as_proposal(row)

    def proposals(self, case_id: int) -> list[ProposalRow]:
        return [as_proposal(row) for row in self._c.execute(_PROPOSALS, {"case_id": case_id})]

    def settle_proposal(self, proposal_id: int, **columns: Any) -> None:
        self._c.execute(_CHANGE_PROPOSAL, {"row": proposal_id, **columns})

    # ------------------------------------------------------------ intents

    def add_intent(self, intent: IntentRow) -> None:
        """Reserve. The caller holds the lock on the order and has checked the ceilings."""
        values = {name: getattr(intent, name) for name in _INTENT} | {"tender": intent.tender.value}
        self._c.execute(_ADD_INTENT, values)
        if intent.lines:
            rows = [
                {"intent_id": intent.id, "line": line, "quantity": quantity, "amount_minor": minor}
                for line, quantity, minor in intent.lines
            ]
            self._c.execute(_ADD_LINE, rows)
        self._event(intent.id, intent.state, intent.created_at, intent.approver_id, {})

    def _event(self, intent_id: str, state: str, at: datetime, person_id: int | None, data: Mapping[str, Any]) -> None:
        values = {"intent_id": intent_id, "state": state, "at": at, "person_id": person_id or None, "data": dict(data)}
        self._c.execute(_ADD_INTENT_EVENT, values)

    def _intents(self, query: Select[Any], **values: Any) -> list[IntentRow]:
        return as_intents(self._c.execute(query, values))

    def intent(self, intent_id: str) -> IntentRow:
        found = self._intents(_INTENT_BY_ID, id=intent_id)
        if not found:
            raise NotFound("intent.not_found", id=intent_id)
        return found[0]

    def intents_of_order(self, order_id: int) -> list[IntentRow]:
        return self._intents(_INTENTS_OF_ORDER, order_id=order_id)

    def intents_of_case(self, case_id: int) -> list[IntentRow]:
        return self._intents(_INTENTS_OF_CASE, case_id=case_id)

    def set_intent(
        self, intent_id: str, state: str, at: datetime, person_id: int | None, data: Mapping[str, Any], **columns: Any
    ) -> None:
        values = {"row": intent_id, "state": state, "changed_at": at, **columns}
        try:
            self._c.execute(_CHANGE_INTENT, values)
        except IntegrityError as error:
            # Somebody gave another payout the same reference in this very moment.
            raise Conflict("payout.reference_used", reference=columns.get("reference", ""), channel="") from error
        self._event(intent_id, state, at, person_id, data)

    def put_off(self, intent_id: str, due_at: datetime | None) -> None:
        self._c.execute(_CHANGE_INTENT, {"row": intent_id, "due_at": due_at})

    def free(self, intent_id: str, **columns: Any) -> None:
        self._c.execute(_CHANGE_INTENT, {"row": intent_id, "busy_until": None, **columns})

    def intents_on(self, channel: str, payment: str) -> list[IntentRow]:
        return self._intents(_INTENTS_ON, channel=channel, payment=payment)

    def reference_used(self, channel: str, reference: str) -> bool:
        query = select(refund_intent.c.id).where(
            refund_intent.c.channel == channel, refund_intent.c.reference == reference
        )
        return self._c.execute(query.limit(1)).first() is not None

    def _sums(self, query: Select[Any], **values: Any) -> dict[str, int]:
        return {currency: int(total) for currency, total in self._c.execute(query, values)}

    def decided_for_order(self, order_id: int) -> dict[str, int]:
        return self._sums(_SUM_OF_ORDER, order_id=order_id)

    def decided_for_customer(self, customer_id: int, since: datetime) -> dict[str, int]:
        return self._sums(_SUM_OF_CUSTOMER, customer_id=customer_id, since=since)

    # ------------------------------------------------------------ consultations

    def ask(self, **columns: Any) -> int:
        return int(self._c.execute(insert(consultation).values(**columns).returning(consultation.c.id)).scalar_one())

    def consultation(self, consultation_id: int) -> Consultation:
        row = self._c.execute(select(consultation).where(consultation.c.id == consultation_id)).one_or_none()
        if row is None:
            raise NotFound("consultation.not_found", id=consultation_id)
        return as_consultation(row)

    def consultations(self, case_id: int) -> list[Consultation]:
        return [as_consultation(row) for row in self._c.execute(_CONSULTATIONS, {"case_id": case_id})]

    def settle_consultation(self, consultation_id: int, **columns: Any) -> None:
        self._c.execute(update(consultation).where(consultation.c.id == consultation_id).values(**columns))
