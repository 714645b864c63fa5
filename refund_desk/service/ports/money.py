"""What use cases need of the store about proposals, intents and consultations. Filled by `store.money`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.words import Decision, Role, Tender


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal. `content` is its canonical JSON, whose SHA-256 is `digest`: what an approval binds to."""

    id: int
    case_id: int
    round: int
    number: int
    decision: Decision
    reason: str
    content: bytes
    digest: bytes
    amount_minor: int | None
    currency: str | None
    person_id: int
    at: datetime
    status: str
    void_because: Sequence[Mapping[str, Any]] | None
    verdict_by: int | None
    verdict_at: datetime | None
    verdict_reason: str | None
    undo_until: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class IntentRow:
    """Value on its way, of one tender. `lines`: (order line id, "" for shipping; units; minor units).

    outside: what others had given back on the order when it was approved, by whose word; due_at: when the worker looks
    after it next; busy_until: so long a process is sending it; promised_at: until when the customer has it.
    """

    id: str
    case_id: int
    order_id: int
    customer_id: int | None
    proposal_id: int
    tender: Tender
    payment_record_id: int | None
    channel: str
    amount_minor: int
    currency: str
    state: str
    reference: str | None
    created_at: datetime
    changed_at: datetime
    proposer_id: int
    approver_id: int | None
    confirmed_by: int | None
    outside: Mapping[str, int] | None = None
    due_at: datetime | None = None
    busy_until: datetime | None = None
    promised_at: datetime | None = None
    lines: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Consultation:
    id: int
    case_id: int
    round: int
    role: Role
    required: bool
    question: str
    asked_by: int
    asked_at: datetime
    due_at: datetime | None
    answer: str | None
    answered_by: int | None
    answered_at: datetime | None
    overridden_by: int | None
    override_reason: str | None
    open: bool


class MoneyBook(Protocol):
    def add_proposal(self, **columns: Any) -> int: ...
    def proposal(self, proposal_id: int) -> ProposalRow: ...
    def proposals(self, case_id: int) -> list[ProposalRow]:
        """All of a case, newest first."""

    def settle_proposal(self, proposal_id: int, **columns: Any) -> None: ...
    def add_intent(self, intent: IntentRow) -> None: ...
    def intent(self, intent_id: str) -> IntentRow: ...
    def intents_of_order(self, order_id: int) -> list[IntentRow]: ...
    def intents_of_case(self, case_id: int) -> list[IntentRow]: ...
    def set_intent(
        self, intent_id: str, state: str, at: datetime, person_id: int | None, data: Mapping[str, Any], **columns: Any
    ) -> None: ...
    def put_off(self, intent_id: str, due_at: datetime | None) -> None:
        """When a worker looks after an intent next; nothing else about it changes."""

    def free(self, intent_id: str, **columns: Any) -> None:
        """No process is sending an intent any more; its state stays."""

    def intents_on(self, channel: str, payment: str) -> list[IntentRow]:
        """All intents on a payment, by the number it has in the channel."""

    def reference_used(self, channel: str, reference: str) -> bool: ...
    def decided_for_order(self, order_id: int) -> dict[str, int]:
        """Sum of what was decided and not taken back, by currency."""

    def decided_for_customer(self, customer_id: int, since: datetime) -> dict[str, int]: ...
    def ask(self, **columns: Any) -> int: ...
    def consultation(self, consultation_id: int) -> Consultation: ...
    def consultations(self, case_id: int) -> list[Consultation]: ...
    def settle_consultation(self, consultation_id: int, **columns: Any) -> None: ...
