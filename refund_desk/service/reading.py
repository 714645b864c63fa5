"""A case read for somebody: everything the workspace shows, and what they may do on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from refund_desk.domain.cases import CaseEvent
from refund_desk.domain.clocks import Clock, Pause
from refund_desk.domain.decisions import Promise
from refund_desk.domain.errors import Conflict, NotFound
from refund_desk.domain.intents import ON_ITS_WAY, PAID_OUT, IntentState
from refund_desk.domain.links import Links
from refund_desk.domain.payouts import Ceiling, line_ceiling, money_ceiling, order_ceiling, payment_ceiling, refundable
from refund_desk.domain.people import Principal
from refund_desk.domain.policies import Advice, Clause
from refund_desk.domain.process import Prefer, could_do
from refund_desk.domain.raci import Option, answers_for, decision_options
from refund_desk.domain.urgency import UrgencyTerm, act_by, preferred
from refund_desk.domain.words import Role, Stage, Tender
from refund_desk.service import lifecycle, shifts
from refund_desk.service.advice import advise
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.drafting import asked_lines, promise_of
from refund_desk.service.gate import permit, permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.views import Count, Listed, Place, QueueFilter, QueueViews

NOT_OWN = {"proposal.approve", "proposal.return", "proposal.decline"}
HOLDER_ONLY = {"proposal.make", "case.release", "case.renew"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A case as one person sees it now. `since` is the event up to which they had seen it before."""

    file: CaseFile
    now: datetime
    viewer: Principal
    customer: Mapping[str, Any] | None
    merchant: str | None
    messages: Sequence[Mapping[str, Any]]
    evidence: Sequence[Mapping[str, Any]]
    notes: Sequence[Mapping[str, Any]]
    opened: frozenset[int]
    proposer_opened: Mapping[int, tuple[int, ...]]
    findings: Sequence[Mapping[str, Any]]
    events: Sequence[CaseEvent]
    clocks: Sequence[Clock]
    pauses: Sequence[Pause]
    since: int | None
    names: Mapping[int, str]
    seats: Mapping[Role, Sequence[tuple[int, str]]]
    advice: Advice
    clauses: Mapping[str, Clause]
    options: Sequence[Option]
    promise: Promise | None
    ceilings: Sequence[Ceiling]
    refundable: Ceiling
    asked: Mapping[str, int]
    other_cases: int
    refunds_before: int
    actions: tuple[str, ...]
    links: Links
    breaks: Sequence[Mapping[str, Any]]


def read_case(work: Work, desk: Desk, who: Principal, ref: str) -> Reading:
    """Everything about one case. Reading is no change: the look is written by `cases.look`, in batches."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "case.look", state)
    file = open_file(work, desk, state, who)
    evidence = work.facts.evidence(state.id)
    messages = work.facts.messages(state.id)
    advice = advise(desk, file)
    standing = work.cases.clocks(state.id, state.round)
    pauses = work.cases.pauses(state.id) if standing else []
    people = _people(file, evidence_notes := work.facts.notes([int(e["id"]) for e in evidence]), pauses)
    book = file.book
    ceilings = [order_ceiling(book), *(payment_ceiling(book, p.id) for p in book.payments)]
    if book.in_kind_minor:
        ceilings.append(money_ceiling(book))
    ceilings += [line_ceiling(book, line.line) for line in book.lines]
    period = desk.clock() - timedelta(seconds=file.process.limits.period_s)
    return Reading(
        file=file,
        now=desk.clock(),
        viewer=who,
        customer=work.facts.customer(state.customer_id) if state.customer_id else None,
        merchant=work.views.merchant(state.merchant_id) if state.merchant_id else None,
        messages=messages,
        evidence=evidence,
        notes=evidence_notes,
        opened=frozenset(work.facts.opened(state.id, who.person_id)),
        proposer_opened={
            p.person_id: tuple(sorted(work.facts.opened(state.id, p.person_id))) for p in file.proposals[:1]
        },
        findings=file.findings,
        events=file.events,
        clocks=standing,
        pauses=pauses,
        since=work.cases.seen_event(who.person_id, state.id),
        names=work.people.names(people),
        seats=work.people.persons_with(list(Role)),
        advice=advice,
        clauses={clause.id: clause for clause in [desk.policies.clause(advice.clause)] if clause},
        options=decision_options(file.process, who.roles, file.facts),
        promise=promise_of(messages),
        ceilings=ceilings,
        refundable=refundable(book),
        asked=dict(asked_lines(file)),
        other_cases=work.views.other_cases(state.customer_id, state.id) if state.customer_id else 0,
        refunds_before=work.views.refunds_since(state.customer_id, period) if state.customer_id else 0,
        actions=actions_of(file, who, _lent(work, desk, who, file)),
        links=desk.process.links(work),
        breaks=work.reconciliation.breaks_of_order(state.order_id),
    )


def _people(file: CaseFile, notes: Sequence[Mapping[str, Any]], pauses: Sequence[Pause]) -> set[int]:
    ids = {event.person_id for event in file.events} | {file.state.assignee_id, file.state.proposer_id}
    for proposal in file.proposals:
        ids |= {proposal.person_id, proposal.verdict_by}
    for intent in file.intents:
        ids |= {intent.proposer_id, intent.approver_id, intent.confirmed_by}
    for asked in file.consultations:
        ids |= {asked.asked_by, asked.answered_by, asked.overridden_by}
    for pause in pauses:
        ids |= {pause.person_id, pause.ended_by}
    ids |= {note["person_id"] for note in notes}
    return {number for number in ids if number}


def actions_of(file: CaseFile, who: Principal, lent: AbstractSet[Role]) -> tuple[str, ...]:
    """What somebody may do on a case now; lent: roles by which they approve. A courtesy: the service asks again."""
    if who.must_change:
        return ()
    out = []
    accountable = None
    if file.proposal is not None:
        accountable = answers_for(file.process, file.proposal.decision, file.facts)
    for activity in could_do(file.process, who.roles, file.state.stage):
        if activity in NOT_OWN and (accountable not in lent or file.facts.proposer == who.person_id):
            continue
        if activity in HOLDER_ONLY and file.state.assignee_id != who.person_id:
            continue
        if activity == "merchant.ask" and file.state.merchant_id is None:
            continue
        if activity == "case.take" and file.state.assignee_id:
            continue
        if activity == "proposal.withdraw" and file.facts.proposer != who.person_id:
            continue
        if activity == "consult.answer" and not any(c.open and c.role in who.roles for c in file.consultations):
            continue
        if activity in ("payout.confirm", "payout.cancel") and not _payable(file, who):
            continue
        if activity == "payout.returned" and not any(IntentState(i.state) in PAID_OUT for i in file.intents):
            continue
        if activity == "exchange.ship" and not any(
            i.tender is Tender.GOODS and i.state == IntentState.RESERVED for i in file.intents
        ):
            continue
        out.append(activity)
    return tuple(out)


def _payable(file: CaseFile, who: Principal) -> bool:
    return any(
        IntentState(i.state) in ON_ITS_WAY
        and i.tender is not Tender.GOODS
        and who.person_id not in (i.proposer_id, i.approver_id)
        for i in file.intents
    )


# ---------------------------------------------------------------- lists


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Listed]
    chips: Sequence[Count]
    total: Count | None
    more: bool


def queue(work: Work, desk: Desk, who: Principal, wanted: QueueFilter, after: Place | None, limit: int) -> Page:
    """A page of the queue; chips and total with the first one only."""
    permit(work, desk, who, "search" if wanted.text else "queue.read")
    now = desk.clock()
    rows = work.views.page(who.person_id, wanted, now, after, limit + 1)
    first = after is None
    return Page(
        rows=rows[:limit],
        chips=work.views.counts(who.person_id, who.roles, now) if first else (),
        total=work.views.total() if first else None,
        more=len(rows) > limit,
    )


SECTIONS = ("decide", "approve", "answer", "returned", "pay", "inspect")
KNOW = "know"
LOOKED_AT = 4
"""How many pages of proposals are looked through for one that somebody answers for, before they are asked to go on."""


@dataclass(frozen=True, slots=True)
class Mine:
    """Everybody's first screen: case rows by what they want of me, and informed lines.

    `next`: where each section that goes on does so; for informed lines the id of the last.
    """

    rows: Mapping[str, Sequence[Listed]]
    know: Sequence[Mapping[str, Any]]
    next: Mapping[str, Place]


def for_me(work: Work, desk: Desk, who: Principal, limit: int = 50) -> Mine:
    """All sections from their beginning, at most `limit` rows each."""
    permit(work, desk, who, "process.read")
    rows, further = {}, {}
    for name in SECTIONS:
        rows[name], after = _section(work, desk, who, name, limit, None)
        if after is not None:
            further[name] = after
    know, last = _know(work, who, limit, None)
    return Mine(rows, know, {**further, **({KNOW: last} if last else {})})


def more_for_me(work: Work, desk: Desk, who: Principal, section: str, limit: int, after: Place | None) -> Mine:
    """One section from a place on; the others stay out."""
    permit(work, desk, who, "process.read")
    if section == KNOW:
        know, last = _know(work, who, limit, after)
        return Mine({}, know, {KNOW: last} if last else {})
    rows, further = _section(work, desk, who, section, limit, after)
    return Mine({section: rows}, (), {section: further} if further else {})


def _know(
    work: Work, who: Principal, limit: int, after: Place | None
) -> tuple[Sequence[Mapping[str, Any]], Place | None]:
    rows = work.views.inbox(who.person_id, who.roles, limit + 1, after[1] if after else None)
    return rows[:limit], (0, int(rows[limit - 1]["id"])) if len(rows) > limit else None


def _section(
    work: Work, desk: Desk, who: Principal, name: str, limit: int, after: Place | None
) -> tuple[Sequence[Listed], Place | None]:
    """A page of a section in order of urgency, and where it goes on."""
    me, views = who.person_id, work.views
    if name == "approve":
        if not who.roles & {Role.SUPERVISOR, Role.LEAD, Role.FINANCE}:
            return (), None
        files, further = approvals(work, desk, who, limit, after)
        return views.listed(me, [file.state.id for file in files]), further
    ids = [number for ask in _asked(views, who, name) for number in ask(limit + 1, after)]
    rows = sorted(views.listed(me, ids), key=lambda row: row.state.place)
    return rows[:limit], rows[limit - 1].state.place if len(rows) > limit else None


_Ask = Callable[[int, Place | None], list[int]]


def _asked(views: QueueViews, who: Principal, name: str) -> Sequence[_Ask]:
    """The lists that a section is made of, by the roles somebody has."""
    me, roles = who.person_id, who.roles
    found: dict[str, list[tuple[bool, _Ask]]] = {
        "decide": [
            (True, partial(views.held, me)),
            (Role.COMPLIANCE in roles, partial(views.at_stage, Stage.HOLD.value)),
            (Role.LEAD in roles, partial(views.at_stage, Stage.ARBITRATION.value)),
        ],
        "answer": [(True, partial(views.to_answer, me, roles))],
        "returned": [(True, partial(views.returned, me))],
        "pay": [(Role.FINANCE in roles, partial(views.to_pay, me))],
        "inspect": [
            (Role.WAREHOUSE in roles, partial(views.at_stage, Stage.INSPECTION.value)),
            (Role.WAREHOUSE in roles, views.to_ship),
            (Role.WAREHOUSE in roles, partial(views.at_stage, Stage.RETURN.value)),
        ],
    }
    return [ask for wanted, ask in found[name] if wanted]


def mark_seen(work: Work, desk: Desk, who: Principal, inbox_id: int) -> None:
    """An informed line was read. Raises NotFound for one that isn't told to a role of theirs."""
    if work.cases.inbox_role(inbox_id) not in who.roles:
        raise NotFound("inbox.not_found", id=inbox_id)
    work.cases.mark_seen(who.person_id, [inbox_id], desk.clock())


def approvals(
    work: Work, desk: Desk, who: Principal, limit: int = 50, after: Place | None = None
) -> tuple[list[CaseFile], Place | None]:
    """A page of proposals that this person answers for, most urgent first, and where the list goes on.

    It may be short, or empty, and go on all the same: others answer for what was looked through.
    """
    permit(work, desk, who, "queue.read")
    out: list[CaseFile] = []
    for _ in range(LOOKED_AT):
        states = work.cases.several(work.views.approvals(who.person_id, limit, after))
        ahead = work.ahead(states)
        for state in states:
            file = open_file(ahead, desk, state, who)
            after = state.place
            lent = _lent(work, desk, who, file)
            if file.proposal and answers_for(file.process, file.proposal.decision, file.facts) in lent:
                out.append(file)
            if len(out) == limit:
                return out, after
        if len(states) < limit:
            return out, None
    return out, after


def _lent(work: Work, desk: Desk, who: Principal, file: CaseFile) -> AbstractSet[Role]:
    """Somebody's own roles, and those of whom they stand in for on this proposal."""
    return shifts.deputised(work, desk, who, file.facts.proposer).roles


def approval_file(work: Work, desk: Desk, who: Principal, ref: str) -> CaseFile:
    """One case of the approval list. Raises Conflict where nothing waits for approval."""
    permit(work, desk, who, "queue.read")
    file = open_file(work, desk, work.cases.by_ref(ref), who)
    if file.proposal is None:
        raise Conflict("proposal.not_open", ref=ref, number=0, status="none")
    return file


def why_here(work: Work, desk: Desk, who: Principal, ref: str) -> tuple[datetime, tuple[UrgencyTerm, ...]]:
    """Why a case stands where it stands: the terms of its `act_by`, before them why take-next passes it on first."""
    permit(work, desk, who, "queue.read")
    state, process = work.cases.by_ref(ref), desk.process.current(work)
    facts = lifecycle.rank_facts(state)
    due = state.due_at or lifecycle.far(state, work.cases.clocks(state.id, state.round))
    instant, terms = act_by(process, facts, due, state.due_clock)
    first = preferred(process.take, state, who.person_id)
    theirs = state.stage is Stage.REVIEW and state.assignee_id in (None, who.person_id) and Role.REVIEWER in who.roles
    if theirs and first is not Prefer.ACT_BY:
        terms = (UrgencyTerm(f"why.{first.value}"), *terms)
    return instant, terms
