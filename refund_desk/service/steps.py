"""The other steps of a case: goods received and inspected, holds released, rulings, appeals, closing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.intents import IntentState
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.domain.raci import check_consulted
from refund_desk.domain.words import Aspect, Decision, Role, Stage
from refund_desk.service import lifecycle, merchants
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.decisions import content_of
from refund_desk.service.gate import permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.thread import add_message


def _begin(work: Work, desk: Desk, who: Principal, ref: str, activity: str) -> CaseFile:
    state = work.cases.lock(ref)
    permit_on(work, desk, who, activity, state)
    return open_file(work, desk, state, who)


def _seats(process: Process, activity: str) -> tuple[Role, ...]:
    return process.activities[activity].seats.i


def goods_received(
    work: Work, desk: Desk, who: Principal, ref: str, tracking: str | None, note: str | None
) -> CaseState:
    """The warehouse has the parcel. What is in it, inspection says."""
    file = _begin(work, desk, who, ref, "return.receive")
    if note:
        add_message(work, desk, who, file.state, "note", note)
    work.audit("return.received", who, ref, tracking=tracking)
    return lifecycle.move(
        work,
        desk,
        who,
        work.cases.by_id(file.state.id),
        "return.received",
        file.facts,
        file.process,
        aspect=Aspect.FACTS,
        data={"tracking": tracking or ""},
        inform=_seats(file.process, "return.receive"),
    )


def inspected(work: Work, desk: Desk, who: Principal, ref: str, result: str, note: str | None) -> CaseState:
    """Complete releases the payout as it was approved. Anything else is a new proposal: the reservation falls."""
    file = _begin(work, desk, who, ref, "return.inspect")
    if note:
        add_message(work, desk, who, file.state, "note", note)
    passed = result == "complete"
    work.audit("return.inspected", who, ref, result=result)
    if not passed:
        if not note:
            raise Invalid("inspection.note_missing", result=result)
        release_intents(work, desk, who, file)
    proposer = next((p.person_id for p in file.proposals if p.status == "approved"), None)
    if not passed:
        approved = [p for p in file.proposals if p.status == "approved"]
        for row in approved[:1]:
            because = [{"code": "void.inspection", "params": {"result": result}}]
            work.money.settle_proposal(row.id, status="void", void_because=because)
    state = work.cases.by_id(file.state.id)
    columns = {} if passed else lifecycle.returned_to(desk, file.process, proposer)
    return lifecycle.move(
        work,
        desk,
        who,
        state,
        "inspection.passed" if passed else "inspection.differs",
        open_file(work, desk, state).facts,
        file.process,
        aspect=Aspect.FACTS,
        data={"result": result},
        inform=_seats(file.process, "return.inspect"),
        **columns,
    )


def release_intents(work: Work, desk: Desk, who: Principal, file: CaseFile) -> None:
    """Cancel what is reserved and hasn't left."""
    for intent in file.intents:
        if intent.state == IntentState.RESERVED:
            work.money.set_intent(intent.id, IntentState.CANCELLED.value, desk.clock(), who.person_id, {})
            work.audit("payout.cancelled", who, file.state.ref, intent=intent.id, amount=intent.amount_minor)


def return_expired(work: Work, desk: Desk, who: Principal, ref: str) -> CaseState:
    """A parcel that never came closes its case by the clock; what was reserved is free again."""
    file = _begin(work, desk, who, ref, "return.expire")
    if desk.clock() < _return_due(work, file):
        raise Conflict("return.still_time", ref=ref)
    release_intents(work, desk, who, file)
    work.audit("return.expired", who, ref)
    state = work.cases.by_id(file.state.id)
    return lifecycle.move(
        work,
        desk,
        who,
        state,
        "return.expired",
        file.facts,
        file.process,
        decided=Decision.DECLINE,
        inform=_seats(file.process, "return.expire"),
    )


def _return_due(work: Work, file: CaseFile) -> datetime:
    """Until when the goods may come: the stage's limit, or the days that the customer was told if these are more."""
    entered = work.cases.entered(file.state.id, Stage.RETURN) or file.state.changed_at
    approved = next((p for p in file.proposals if p.status == "approved"), None)
    terms = content_of(approved).return_terms if approved else None
    told = timedelta(days=terms.ship_by_days if terms else 0)
    return entered + max(told, timedelta(seconds=file.process.stage(Stage.RETURN).limit_s or 0))


def release_hold(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> CaseState:
    """Risk or compliance lets a held case go on. Why it was held stays inside."""
    return _reasoned(work, desk, who, ref, reason, "decision.hold.release", "hold.released")


def rule(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> CaseState:
    """The lead's ruling in an arbitration: it goes back to review with it."""
    return _reasoned(work, desk, who, ref, reason, "arbitration.decide", "arbitration.decided")


def close(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> CaseState:
    """Settled in all systems."""
    file = open_file(work, desk, work.cases.lock(ref))
    if file.facts.open_intents:
        raise Conflict("case.money_open", ref=ref)
    if work.reconciliation.open_breaks_of(file.state.id):
        raise Conflict("case.breaks_open", ref=ref)
    return _reasoned(work, desk, who, ref, reason, "case.close", "settled")


def _reasoned(work: Work, desk: Desk, who: Principal, ref: str, reason: str, activity: str, event: str) -> CaseState:
    file = _begin(work, desk, who, ref, activity)
    check_consulted(file.process, activity, file.facts)
    if not reason.strip():
        raise Invalid("reason.missing")
    add_message(work, desk, who, file.state, "note", reason)
    work.audit(event, who, ref)
    state = work.cases.by_id(file.state.id)
    last = file.last_proposal
    goes_back = last is not None and event in ("hold.released", "arbitration.decided")
    back = lifecycle.returned_to(desk, file.process, last.person_id) if last and goes_back else {}
    return lifecycle.move(
        work,
        desk,
        who,
        state,
        event,
        file.facts,
        file.process,
        inform=_seats(file.process, activity),
        **back,
    )


def reopen(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> CaseState:
    """An appeal opens the next round, with its own clocks and people."""
    file = _begin(work, desk, who, ref, "case.reopen")
    if not reason.strip():
        raise Invalid("reason.missing")
    add_message(work, desk, who, file.state, "note", reason)
    work.audit("case.reopened", who, ref, round=file.state.round + 1)
    return lifecycle.next_round(work, desk, who, work.cases.by_id(file.state.id), "case.reopened", file.facts)


def overdue(work: Work, desk: Desk, who: Principal, limit: int = 20) -> int:
    """What ran out of time by itself: returns that never came are closed, questions that the customer left
    unanswered come back, those that the merchant did go to arbitration.

    Returns how many cases it moved.
    """
    moved = 0
    for stage, step in _BY_ITSELF.items():
        for case_id in _out_of_time(work, desk, stage, 10 * limit):
            if moved >= limit:
                break
            state = work.cases.lock(work.cases.by_id(case_id).ref)
            if state.stage is stage and step(work, desk, who, open_file(work, desk, state)):
                moved += 1
    return moved


def _out_of_time(work: Work, desk: Desk, stage: Stage, limit: int) -> list[int]:
    """Cases that stand in a stage for longer than it allows."""
    process = desk.process.current(work)
    seconds = process.stage(stage).limit_s if process.has(stage) else None
    if seconds is None:
        return []
    return work.cases.standing_since(stage, desk.clock() - timedelta(seconds=seconds), limit)


def _never_came(work: Work, desk: Desk, who: Principal, file: CaseFile) -> bool:
    if desk.clock() < _return_due(work, file):
        return False  # they were told a later day
    return_expired(work, desk, who, file.state.ref)
    return True


def _customer_silent(work: Work, desk: Desk, who: Principal, file: CaseFile) -> bool:
    work.audit("customer.silent", who, file.state.ref)
    back = lifecycle.to_reviewer(desk, file.process, file.state)
    lifecycle.move(work, desk, who, file.state, "customer.silent", file.facts, file.process, **back)
    return True


def _merchant_silent(work: Work, desk: Desk, who: Principal, file: CaseFile) -> bool:
    merchants.silent(work, desk, who, file)
    return True


_BY_ITSELF: Mapping[Stage, Callable[[Work, Desk, Principal, CaseFile], bool]] = {
    Stage.RETURN: _never_came,
    Stage.WAITING_CUSTOMER: _customer_silent,
    Stage.WAITING_MERCHANT: _merchant_silent,
}
