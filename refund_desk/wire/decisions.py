"""What may be decided, what was proposed, and the money on its way: with the terms and seats that explain it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from refund_desk.domain.words import Decision, Raci, Role, Tender
from refund_desk.wire.base import Amount, Coded, Currency, PersonRef, Text2, Time, Wire
from refund_desk.wire.facts import Link


class Term(Wire):
    """One term of a computed amount, for example: line 2, 1 of 2 units, paid share."""

    what: Coded
    amount: Amount


class Ceiling(Wire):
    """A hard limit on what may still be given back."""

    kind: Literal["payment", "order", "line"]
    subject: str
    amount: Amount
    terms: list[Term]


class MoneyView(Wire):
    """What can go back, and why no more."""

    currency: Currency
    refundable: Amount = Field(description="The most that may be paid now: the smallest ceiling.")
    ceilings: list[Ceiling]
    given_back: Amount
    paid: Amount


class PolicyTrace(Wire):
    """A condition a clause looked at, and what it saw."""

    field: str
    saw: Any
    wanted: str
    held: bool


class Recommendation(Wire):
    """What the policy would do. Never decides."""

    policy: str
    version: str
    clause: str
    clause_text: Text2
    public_text: Text2
    decision: Decision
    reason: str | None = None
    amount: Amount | None = None
    terms: list[Term] = Field(default_factory=list)
    trace: list[PolicyTrace] = Field(default_factory=list)
    missing: list[Coded] = Field(default_factory=list)


class RaciSeat(Wire):
    """A seat of the RACI line for an activity: a role, who sits on it now, and whether it has acted."""

    letter: Raci
    role: Role
    person: PersonRef | None = None
    state: Literal["you", "done", "waiting", "open", "none"]
    required: bool = False
    why: Coded | None = None


class Missing(Wire):
    """Something that keeps a decision from being proposed or approved."""

    what: Coded
    blocking: bool = True


class DecisionOption(Wire):
    """A decision the case could get: who is R, A, C and I for it, what is missing, which reasons fit."""

    decision: Decision
    allowed: bool
    why_not: Coded | None = None
    could: list[Role] = Field(default_factory=list)
    raci: list[RaciSeat]
    missing: list[Missing] = Field(default_factory=list)
    reasons: list[str]
    needs_amount: bool
    needs_lines: bool
    needs_approval: bool


class ProposedLine(Wire):
    line: str
    quantity: int
    amount: Amount


class ProposalView(Wire):
    """A proposal and what became of it. `digest` is what an approval binds to."""

    id: int
    number: int
    round: int
    decision: Decision
    reason: str
    by: PersonRef
    at: Time
    status: Literal["open", "approved", "returned", "declined", "void", "withdrawn"]
    amount: Amount | None = None
    tender: Tender | None = None
    lines: list[ProposedLine] = Field(default_factory=list)
    shipping: Amount | None = None
    fee: Amount | None = None
    return_freight: Literal["customer", "merchant", "none"] | None = None
    destination: str | None = Field(default=None, description="Payment id or form of the payout.")
    policy_version: str
    clause: str | None = None
    note: str | None = None
    below_promise_reason: str | None = None
    digest: str
    terms: list[Term] = Field(default_factory=list)
    void_because: list[Coded] = Field(default_factory=list)
    verdict_by: PersonRef | None = None
    verdict_at: Time | None = None
    verdict_reason: str | None = None
    undo_until: Time | None = None
    opened_evidence: list[int] = Field(default_factory=list, description="Evidence the proposer had opened.")


class IntentView(Wire):
    id: str
    state: str
    tender: Tender
    amount: Amount
    channel: str
    destination: str | None = None
    reference: str | None = None
    at: Time
    confirmed_by: PersonRef | None = None
    age_s: int
    owner: Role
    promised_at: Time | None = Field(default=None, description="Until when the customer has it.")
    overdue: bool = Field(default=False, description="That day is over, and nothing shows that it arrived.")
    link: Link = None


class ConsultationView(Wire):
    id: int
    role: Role
    required: bool
    question: str
    asked_by: PersonRef
    asked_at: Time
    due_at: Time | None = None
    answer: str | None = None
    answered_by: PersonRef | None = None
    answered_at: Time | None = None
    overridden_by: PersonRef | None = None
    override_reason: str | None = None
