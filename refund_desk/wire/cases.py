"""The queue and a case as the window sees them. Every value on the screen is one of these fields."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from refund_desk.domain.reconciliation import BreakKind
from refund_desk.domain.words import (
    Aspect,
    ClockKind,
    EvidenceKind,
    Progress,
    Reason,
    RequestKind,
    Role,
    Stage,
    Tender,
    WaitFor,
    Who,
)
from refund_desk.wire.base import Amount, Coded, Direction, PersonRef, Text2, Time, Wire
from refund_desk.wire.decisions import (
    ConsultationView,
    DecisionOption,
    IntentView,
    MoneyView,
    ProposalView,
    Recommendation,
)
from refund_desk.wire.facts import ConflictView, OrderPane, PaymentPane

# ---------------------------------------------------------------- queue


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
    """A term of `act_by`: earliest due clock − expected work − weight of amount and risk.

    One without figures says why take-next gives the case before that order.
    """

    term: Coded
    seconds: int | None = None
    at: Time | None = None


class WhyHere(Wire):
    ref: str
    terms: list[WhyTerm]
    act_by: Time


# ---------------------------------------------------------------- a case


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


class PauseView(Wire):
    """A time in which a clock stood still: for whom, why, and who let it."""

    why: Coded
    waits_for: WaitFor | None = None
    from_at: Time
    until_at: Time | None = Field(default=None, description="None: it still does.")
    by: PersonRef | None = None
    ended_by: PersonRef | None = None
    message: int | None = Field(default=None, description="Id of the note that says why, of one made by hand.")


class Clock(Wire):
    """A clock of the case. Seconds are working time of its calendar."""

    kind: ClockKind
    started_at: Time
    due_at: Time | None = Field(description="None while paused.")
    paused_for: Coded | None = None
    remaining_s: int | None = Field(default=None, description="Seconds left; negative: overdue. Fixed while paused.")
    stopped_at: Time | None = None
    limit_s: int = 0
    calendar: Text2 | None = Field(default=None, description="None: all time counts.")
    working: bool = Field(default=True, description="Whether time counts just now.")
    turns_at: Time | None = Field(default=None, description="When that changes.")
    counts_s: int | None = Field(default=None, description="Seconds for which it counts on from now; None: always.")
    pauses: list[PauseView] = Field(default_factory=list)


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


class CaseBreak(Wire):
    """An open difference that reconciliation found about the case's order."""

    id: int
    kind: BreakKind
    amount: Amount
    since: Time
    systems: list[str] = Field(description="Who disagrees, here first.")
    lines: list[str] = Field(description="Numbers of the payments, refunds and entries that it is about.")


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
    answer_due: Time | None = Field(default=None, description="Until when whoever we wait for may answer.")
    order: OrderPane | None = None
    payment: PaymentPane | None = None
    conflicts: list[ConflictView] = Field(default_factory=list)
    breaks: list[CaseBreak] = Field(default_factory=list)
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
    newest: int = Field(default=0, description="Position of the newest event: what a look says it saw.")
    actions: list[str] = Field(default_factory=list, description="Activities the viewer may do on it now.")


class ForMe(Wire):
    """Everybody's first screen: rows by what they want of me."""

    decide: list[QueueRow] = Field(default_factory=list)
    approve: list[QueueRow] = Field(default_factory=list)
    answer: list[QueueRow] = Field(default_factory=list)
    returned: list[QueueRow] = Field(default_factory=list)
    pay: list[QueueRow] = Field(default_factory=list)
    inspect: list[QueueRow] = Field(default_factory=list)
    know: list[InboxRow] = Field(default_factory=list)
    next: dict[str, str] = Field(default_factory=dict, description="Cursor of each section that goes on.")


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
