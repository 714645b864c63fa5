"""The queue and a case as the window sees them. Every value on the screen is one of these fields."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from refund_desk.domain.words import (
    Aspect,
    ClockKind,
    Decision,
    EvidenceKind,
    Progress,
    Raci,
    Reason,
    RequestKind,
    Role,
    Stage,
    Tender,
    Who,
)
from refund_desk.wire.base import Amount, Coded, Currency, Direction, Text2, Time, Wire

# ---------------------------------------------------------------- queue


class PersonRef(Wire):
    id: int
    name: str


class QueueRow(Wire):
    """One line of the list. `customer` is masked: the queue is no look at personal data."""

    ref: str = Field(examples=["RC-26-004182"])
    customer: str
    kind: RequestKind
    reason: Reason
    stage: Stage
    progress: Progress
    amount: Amount | None = Field(description="Asked for; None where nobody named one.")
    method: str | None = Field(description="Payment method, where a payment is known.")
    images: int
    conflicts: int
    disputed: bool
    merchant: str | None = None
    due_at: Time | None = Field(description="The earliest running clock; None while all pause.")
    due_clock: ClockKind | None = None
    overdue: bool
    paused: bool
    act_by: Time
    assignee: PersonRef | None = None
    unseen: bool = Field(description="Something changed since the viewer last looked.")
    round: int = 1
    opened_at: Time


class Chip(Wire):
    """A filter with its count. Capped counts say so: 999 with `capped` is shown as 999+."""

    key: str = Field(examples=["mine", "unassigned", "overdue", "conflict"])
    count: int
    capped: bool = False


class QueuePage(Wire):
    """At most 200 rows. `next` is the cursor of the page after; None at the end."""

    rows: list[QueueRow]
    next: str | None = None
    chips: list[Chip] = Field(default_factory=list, description="Only on the first page.")
    total: Chip | None = None


class WhyTerm(Wire):
    """A term of `act_by`: earliest due clock − expected work − weight of amount and risk."""

    term: Coded
    seconds: int | None = None
    at: Time | None = None


class WhyHere(Wire):
    ref: str
    terms: list[WhyTerm]
    act_by: Time


# ---------------------------------------------------------------- a case

Value = str | int | bool | Amount | None
"""A typed value of a field; its type is in the data dictionary under the field's key. Times are ISO text."""


class Said(Wire):
    """What one system said about a field."""

    system: str
    record: str = Field(description="Id of the record in that system.")
    value: Any = Field(description="str, int, bool, Amount or None; the dictionary has the type.")
    as_of: Time
    fetched_at: Time


class FieldView(Wire):
    """A field of a pane: key of the data dictionary, its leading value, and everybody who said something."""

    key: str = Field(examples=["order.paid"])
    value: Any = None
    said: list[Said] = Field(default_factory=list)
    conflict: bool = False


class LineView(Wire):
    """An order line. `paid_share` is what was paid for it; `refundable` what may still go back for it."""

    id: str
    sku: str | None = None
    name: str
    quantity: int
    unit_price: Amount | None = None
    paid_share: Amount | None = None
    refundable: Amount | None = None
    refundable_quantity: int
    requested_quantity: int = 0
    perishable: bool = False
    made_to_order: bool = False
    conflict: bool = False


class MovementView(Wire):
    """A refund, dispute or ledger entry in the payment pane."""

    kind: Literal["refund", "dispute", "ledger_entry", "intent"]
    system: str
    id: str
    amount: Amount
    status: str
    at: Time | None = None
    by: str | None = None
    reason: str | None = None
    reference: str | None = None
    due_at: Time | None = None


class RecordView(Wire):
    """One record of one system (an order, a payment, a shipment …) with its fields."""

    kind: str
    system: str
    id: str
    as_of: Time
    fields: list[FieldView]


class OrderPane(Wire):
    number: str
    systems: list[str]
    as_of: Time | None = None
    fields: list[FieldView]
    lines: list[LineView]
    shipments: list[RecordView] = Field(default_factory=list)
    returns: list[RecordView] = Field(default_factory=list)


class PaymentPane(Wire):
    systems: list[str]
    as_of: Time | None = None
    payments: list[RecordView]
    movements: list[MovementView] = Field(default_factory=list)


class ConflictView(Wire):
    """Two current observations that disagree by the rule of the data dictionary."""

    field: str
    subject: str = Field(description="Order number, line id or payment id the field belongs to.")
    said: list[Said]
    rule: str
    effective: Any = Field(description="The value the money rules use while it lasts.")


class PromiseView(Wire):
    amount: Amount
    form: Tender
    by: str | None = None
    at: Time
    message: int = Field(description="Id of the message it stands in.")


class MessageView(Wire):
    id: int
    direction: Direction
    channel: str
    system: str
    who: Who
    name: str | None = None
    sent_at: Time
    text: str
    language: str | None = None
    attachments: list[int] = Field(default_factory=list, description="Ids of evidence.")
    promise: PromiseView | None = None
    unseen: bool = False


class NoteShape(Wire):
    """A note on an image, in fractions of the upright image (0 to 1)."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    w: float = Field(ge=0, le=1)
    h: float = Field(ge=0, le=1)
    text: str = Field(max_length=500)


class ImageNote(NoteShape):
    id: int
    by: PersonRef
    at: Time


class EvidenceView(Wire):
    """An image or file. `status` ready: renditions exist; waiting: being decoded; refused: `problem` says why."""

    id: int
    name: str
    kind: EvidenceKind
    who: Who
    sha256: str
    media_type: str
    bytes: int
    status: Literal["waiting", "ready", "refused", "file"]
    problem: Coded | None = None
    width: int | None = None
    height: int | None = None
    exif: dict[str, str] = Field(default_factory=dict, description="Capture data as read, original tags.")
    taken_at: str | None = Field(default=None, description="As the camera wrote it; cameras know no zone.")
    edited: bool = Field(default=False, description="EXIF says it was changed after capture.")
    sent_at: Time | None = None
    notes: list[ImageNote] = Field(default_factory=list)
    unseen: bool = False
    opened: bool = Field(default=False, description="The viewer has opened it on this case.")


class FindingView(Wire):
    """Something odd about the case, found by a rule."""

    id: int
    code: str
    params: dict[str, Any]
    severity: Literal["info", "warning", "blocking"]
    at: Time


class TimelineEntry(Wire):
    """One thing that happened, in any system or on the desk, in order of time."""

    at: Time
    source: str = Field(description="A system's name, or `desk`.")
    what: Coded
    who: str | None = None
    ref: str | None = None
    kind: Literal[
        "order", "shipment", "payment", "refund", "dispute", "ledger", "message", "evidence", "case", "return"
    ]
    unseen: bool = False


class Step(Wire):
    """A step of the progress bar, from the process file."""

    stage: Stage
    label: Text2
    state: Literal["done", "current", "next", "skipped"]
    at: Time | None = None
    due_at: Time | None = None
    role: Role | None = Field(default=None, description="Who owns it.")
    detail: Coded | None = None


class Clock(Wire):
    kind: ClockKind
    started_at: Time
    due_at: Time | None = Field(description="None while paused.")
    paused_for: Coded | None = None
    remaining_s: int | None = Field(default=None, description="Seconds left; negative: overdue. Fixed while paused.")
    stopped_at: Time | None = None


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


class CustomerView(Wire):
    """Masked unless `unmasked`; unmasking is a look."""

    id: str
    unmasked: bool
    erased: bool = False
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    country: str | None = None
    other_cases: int = 0
    refunds_in_period: int = 0


class RequestView(Wire):
    """What was asked. A case that others joined has several."""

    system: str
    id: str
    kind: RequestKind
    reason: Reason
    reason_text: str | None = None
    text: str | None = None
    created_at: Time
    amount: Amount | None = None
    lines: list[tuple[str, int]] = Field(default_factory=list)
    channel: str | None = None
    want: str | None = None


class Assignment(Wire):
    person: PersonRef
    taken_at: Time
    lease_until: Time
    yours: bool


class Change(Wire):
    """Something that changed since the viewer last looked, newest last."""

    position: int
    at: Time
    what: Coded
    aspect: Aspect
    by: PersonRef | None = None


class CaseView(Wire):
    """Everything about one case, in one answer."""

    ref: str
    round: int
    stage: Stage
    progress: Progress
    open: bool
    language: str
    channel: str | None = None
    opened_at: Time
    act_by: Time
    merchant: str | None = None
    disputed: bool = False
    requests: list[RequestView]
    customer: CustomerView
    assignment: Assignment | None = None
    versions: dict[Aspect, int]
    steps: list[Step]
    clocks: list[Clock]
    order: OrderPane | None = None
    payment: PaymentPane | None = None
    conflicts: list[ConflictView] = Field(default_factory=list)
    findings: list[FindingView] = Field(default_factory=list)
    messages: list[MessageView] = Field(default_factory=list)
    evidence: list[EvidenceView] = Field(default_factory=list)
    timeline: list[TimelineEntry] = Field(default_factory=list)
    money: MoneyView | None = None
    promise: PromiseView | None = None
    recommendation: Recommendation | None = None
    options: list[DecisionOption] = Field(default_factory=list)
    proposal: ProposalView | None = None
    proposals: list[ProposalView] = Field(default_factory=list, description="Earlier ones, newest first.")
    intents: list[IntentView] = Field(default_factory=list)
    consultations: list[ConsultationView] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list, description="Since the viewer last looked.")
    actions: list[str] = Field(default_factory=list, description="Activities the viewer may do on it now.")


class ForMe(Wire):
    """Everybody's first screen: rows by what they want of me."""

    decide: list[QueueRow]
    approve: list[QueueRow]
    answer: list[QueueRow]
    returned: list[QueueRow]
    pay: list[QueueRow]
    inspect: list[QueueRow]
    know: list[InboxRow]


class InboxRow(Wire):
    """An *informed* line: what happened, on which case."""

    id: int
    ref: str
    at: Time
    what: Coded
    seen: bool


class ChangeFeed(Wire):
    """Committed changes after a position; positions only grow. `position` is the next cursor."""

    position: int
    cases: list[str] = Field(description="Refs of cases that changed, at most 200, oldest first.")
    more: bool = False
    checkpoint: str | None = None


ForMe.model_rebuild()
