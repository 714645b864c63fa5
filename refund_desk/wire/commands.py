"""What a desk sends to change something, and what it gets back. All bodies; the route says what they do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from refund_desk.domain.words import Aspect, Decision, Progress, Role, Stage, Tender
from refund_desk.wire.base import Amount, Coded, Currency, Id64, Minor, PersonRef, Text2, Time, Wire
from refund_desk.wire.cases import Change, NoteShape
from refund_desk.wire.decisions import Missing, ProposalView, RaciSeat, Term

Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Words = Annotated[str, Field(min_length=1, max_length=20_000)]
RestsOn = Annotated[
    dict[Aspect, int],
    Field(default_factory=dict, description="Versions of the aspects the command rests on; an older one answers 409."),
]

# ---------------------------------------------------------------- session and people


class SignIn(Wire):
    login: str = Field(max_length=200, examples=["lin"])
    password: str = Field(max_length=1024)


class Me(Wire):
    person: PersonRef
    login: str
    roles: list[Role]
    language: str
    must_change: bool = False


class SessionView(Wire):
    token: str
    expires_at: Time
    me: Me


class DemoAccount(Wire):
    """An invented person one can sign in as, in a demo home alone."""

    login: str
    name: str
    roles: list[Role]


class DeskStatus(Wire):
    """What a desk says before anybody signs in."""

    version: str
    first_start: bool = Field(description="No account yet: the first start makes the first administrator.")
    demo: bool
    embedded: bool = Field(description="One trusted machine: accounts divide work and are no boundary.")
    now: Time
    currency: Currency
    log_key: str = Field(description="Verifier key of the audit log; a desk pins it at first sight.")
    demo_logins: list[str] = Field(default_factory=list, description="In a demo home alone.")
    demo_accounts: list[DemoAccount] = Field(default_factory=list, description="In a demo home alone.")


class FirstAdministrator(Wire):
    name: str = Field(max_length=200)
    login: str = Field(max_length=200)
    password: str = Field(max_length=1024)
    language: Literal["zh", "en"] = "en"


class NewPassword(Wire):
    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class Language(Wire):
    language: Literal["zh", "en"]


class UserView(Wire):
    login: str
    person: PersonRef
    roles: list[Role]
    language: str
    disabled: bool
    must_change: bool
    demo: bool


class NewUser(Wire):
    name: str = Field(max_length=200)
    login: str = Field(max_length=200)
    roles: list[Role]
    password: str | None = Field(default=None, max_length=1024, description="None: a one-time password is made.")
    language: Literal["zh", "en"] = "en"
    same_person_as: str | None = Field(default=None, max_length=200)


class UserMade(Wire):
    user: UserView
    one_time_password: str | None = None
    change: int | None = Field(default=None, description="Roles that wait for a second person: id of the change.")


class Roles(Wire):
    roles: list[Role]
    reason: Reason


class NewToken(Wire):
    label: str = Field(min_length=1, max_length=200)


class TokenMade(Wire):
    token: str


# ---------------------------------------------------------------- settings by a second person


class ConfigProposal(Wire):
    """A change of process, limits, roles, links or a policy, as its whole new content."""

    kind: Literal["process", "roles", "policy", "links"]
    subject: str = Field(max_length=200, description="Name of the process or policy; links; login for roles.")
    content: Any
    reason: Reason


class ConfigChange(Wire):
    id: int
    kind: str
    subject: str
    content: Any
    reason: str
    proposed_by: PersonRef
    proposed_at: Time
    status: Literal["open", "approved", "declined", "void"]
    verdict_by: PersonRef | None = None
    verdict_at: Time | None = None
    verdict_reason: str | None = None
    differences: list[Coded] = Field(default_factory=list, description="Against what is in force now.")


# ---------------------------------------------------------------- cases


class Outcome(Wire):
    """What a write changed. Panels that show it ask again."""

    ref: str
    what: Coded
    stage: Stage
    progress: Progress
    versions: dict[Aspect, int]
    changed: list[Literal["case", "queue", "audit", "inbox"]] = Field(default=["case", "queue", "audit"])
    proposal: int | None = Field(default=None, description="Number of the proposal this was about.")
    undo_until: Time | None = None


class TakeNext(Wire):
    """Filters of the queue the reviewer works from; empty: any."""

    filters: dict[str, str] = Field(default_factory=dict)


class Taken(Wire):
    ref: str | None = Field(description="None: nothing to take.")
    lease_until: Time | None = None
    why: list[Coded] = Field(default_factory=list)


class Assign(Wire):
    person: Id64
    reason: Reason | None = None


class Because(Wire):
    reason: Reason


class OptionalReason(Wire):
    reason: str | None = Field(default=None, max_length=2000)
    rests_on: RestsOn


class Looks(Wire):
    """What the window showed: evidence opened, up to which event the case was seen."""

    evidence: list[Id64] = Field(default_factory=list, max_length=500)
    seen_event: Id64 | None = None
    opened: bool = Field(default=False, description="It was shown from what was fetched ahead: this is the look.")


class LineAmountBody(Wire):
    line: str = Field(max_length=200)
    quantity: int = Field(strict=True, ge=0, le=1_000_000)
    minor: Minor | None = Field(default=None, description="None: computed from the line's paid share.")


class ReturnTermsBody(Wire):
    ship_by_days: int = Field(ge=1, le=365)
    address: str | None = Field(default=None, max_length=500)


class CreditTermsBody(Wire):
    valid_days: int | None = Field(default=None, ge=1, le=3650)
    minimum_spend_minor: Minor = 0


class ProposalBody(Wire):
    """A proposal as the form has it. Amounts left out are computed and explained."""

    decision: Decision
    reason: str = Field(default="", max_length=100, description="Decision reason code.")
    amount_minor: Minor | None = None
    tender: Tender | None = None
    payment: str | None = Field(default=None, max_length=200)
    lines: list[LineAmountBody] = Field(default_factory=list, max_length=2000)
    shipping_minor: Minor | None = Field(default=None, description="None: what the decision gives back of it.")
    fee_minor: Minor = Field(default=0, description="Kept back.")
    return_freight: Literal["customer", "merchant", "none"] | None = None
    return_terms: ReturnTermsBody | None = None
    credit_terms: CreditTermsBody | None = None
    want: str | None = Field(default=None, max_length=500)
    questions: list[Annotated[str, Field(max_length=2000)]] = Field(default_factory=list, max_length=20)
    public_text: str | None = Field(default=None, max_length=5000)
    note: str | None = Field(default=None, max_length=5000, description="Internal; not part of what is approved.")
    below_promise_reason: str | None = Field(default=None, max_length=2000)
    rests_on: RestsOn


class Preview(Wire):
    """What a proposal would be, before anything is clicked."""

    decision: Decision
    amount: Amount | None = None
    terms: list[Term] = Field(default_factory=list)
    most: Amount | None = Field(default=None, description="The most that may be paid for this decision.")
    lines: list[LineAmountBody] = Field(default_factory=list)
    shipping: Amount | None = None
    tender: Tender | None = None
    payment: str | None = None
    raci: list[RaciSeat] = Field(default_factory=list)
    missing: list[Missing] = Field(default_factory=list)
    needs_approval: bool = True
    customer_text: str | None = Field(default=None, description="In the customer's language; no amount not approved.")
    customer_language: str = "en"
    payout_days: int | None = None


class Verdict(Wire):
    """Approve exactly this: the digest of the content and the versions it rests on."""

    digest: str = Field(max_length=200)
    rests_on: RestsOn
    reason: str | None = Field(default=None, max_length=2000)


class SendBack(Wire):
    reason: Reason
    rests_on: RestsOn


class ApproveOne(Wire):
    ref: str = Field(max_length=40)
    number: Id64
    digest: str = Field(max_length=200)
    rests_on: RestsOn


class ApproveMany(Wire):
    items: list[ApproveOne] = Field(min_length=1, max_length=100)


class BulkRow(Wire):
    ref: str
    ok: bool
    what: Coded
    outcome: Outcome | None = None


class BulkResult(Wire):
    rows: list[BulkRow]


class Ask(Wire):
    roles: list[Role] = Field(min_length=1, max_length=10)
    question: Words
    required: bool = True
    rests_on: RestsOn


class Answer(Wire):
    answer: Words


class MessageBody(Wire):
    """kind: reply to the customer, internal note, or a message received by phone or counter, typed in."""

    kind: Literal["reply", "note", "received"]
    text: Words
    channel: str | None = Field(default=None, max_length=100)
    template: str | None = Field(default=None, max_length=100)
    withdraws: bool = Field(default=False, description="received: the customer withdraws the request.")


class TemplateView(Wire):
    """A reply template, filled for this case, in the customer's language."""

    id: str
    label: Text2
    text: str


class PromiseBody(Wire):
    """Mark a message as a promise already made."""

    message: Id64
    minor: Minor = Field(gt=0)
    currency: Currency
    form: Tender = Tender.MONEY


class GoodsReceived(Wire):
    tracking: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=2000)


class Inspection(Wire):
    """The warehouse's answer."""

    result: Literal["complete", "short", "damaged", "other_goods"]
    note: str | None = Field(default=None, max_length=2000)


class Shipped(Wire):
    """A replacement left the warehouse."""

    tracking: str = Field(min_length=1, max_length=200)
    carrier: str | None = Field(default=None, max_length=100)


class ConfirmPayout(Wire):
    """A payout made by hand: its unique reference and its amount, which must be the intent's."""

    reference: str = Field(min_length=1, max_length=200)
    minor: Minor = Field(gt=0)
    currency: Currency


class AlarmRow(Wire):
    """Something about money that its owner has to look after."""

    id: int
    ref: str | None = None
    intent: str | None = None
    what: Coded
    owner: Role
    at: Time


class PayoutsNow(Wire):
    """Payouts as they stand: channels that send by themselves, why they halted, what is left to read again."""

    channels: list[str]
    halted: Coded | None = None
    halted_at: Time | None = None
    to_read: int = 0
    alarms: list[AlarmRow] = Field(default_factory=list)


class PayoutFailed(Wire):
    reason: Reason


class NewNote(NoteShape):
    pass


class SavedView(Wire):
    name: str = Field(min_length=1, max_length=100)
    filters: dict[str, str]


class Stale(Wire):
    """Params of the 409 `case.stale`."""

    ref: str
    changed: list[Change]
    versions: dict[Aspect, int]


class ApprovalRow(Wire):
    """One line of the approval list: who gets how much, where, why; and what differs from what."""

    ref: str
    customer: str
    proposal: ProposalView
    recommended: Amount | None = None
    recommended_decision: Decision | None = None
    last_returned: Amount | None = None
    limit: Amount | None = Field(default=None, description="What is left for the viewer to approve.")
    differences: list[Coded] = Field(default_factory=list)
    evidence_total: int = 0
    unopened: list[str] = Field(default_factory=list, description="Names of what the proposer had not opened.")
    versions: dict[Aspect, int]
    due_at: Time | None = None
    may: bool = True
    why_not: Coded | None = None
    bulk: bool = Field(default=False, description="Like the others and under the set amount: fit for bulk.")


class ApprovalPage(Wire):
    """A page of the approval list. It may be short and go on: `next` is the cursor of the page after."""

    rows: list[ApprovalRow]
    next: str | None = None


class AuditRow(Wire):
    """An entry as shown: worded by `action.<action>`."""

    position: int | None
    at: Time
    actor: str
    name: str | None = None
    action: str
    case: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class AuditPage(Wire):
    rows: list[AuditRow]
    next: int | None = None
    size: int
    unprotected: int
    checkpoint: str | None = None
    unsigned: str | None = Field(None, description="Why nothing is signed any more: a code. None: all is well.")


class LeftBranch(Wire):
    """Checkpoints of a branch that an accepted restore left: log and branch share `good` entries, then fork."""

    count: int
    first: int
    last: int
    good: int
    epoch: int
    position: int
    entry: int
    at: Time


class VerifyReport(Wire):
    """What verification found. origin_proven False: it agrees with itself, its origin is not proven."""

    ok: bool
    entries: int
    size: int
    unprotected: int
    origin_proven: bool
    first_bad: Coded | None = None
    branches: list[LeftBranch] = Field(default_factory=list)
    checkpoint: str | None = None
    at: Time


class Job(Wire):
    """Long work on the service: verify, export. Ask again until it is done; it can be stopped."""

    id: str
    kind: str
    status: Literal["running", "done", "failed", "stopped"]
    done: int = 0
    total: int | None = None
    result: Any = None
    problem: Coded | None = None


class ProcessView(Wire):
    """The process in force as data, for the map and the settings panel."""

    name: str
    version: str
    content: Any


class UploadMade(Wire):
    evidence: int
    duplicate: bool = False
