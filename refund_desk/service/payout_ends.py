"""How a payout ends, whoever carried it: paid, failed, called off, come back. What its case does then.

A fact about money is recorded wherever the case stands by now; where its path has no move for it, the case
stays and the thread says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict
from refund_desk.domain.intents import IntentState, advance
from refund_desk.domain.people import Principal
from refund_desk.domain.process import next_stage
from refund_desk.domain.words import Aspect, ClockKind, Stage
from refund_desk.service import lifecycle
from refund_desk.service.casefile import open_file
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.money import IntentRow

_S = IntentState


def paid(work: Work, desk: Desk, who: Principal, state: CaseState, event: str, data: Mapping[str, Any]) -> CaseState:
    """An intent succeeded: its case goes on, to the end if nothing else of it is open."""
    state = work.cases.by_id(state.id)
    fresh = open_file(work, desk, state)
    if not fresh.facts.open_intents:
        lifecycle.stop_clock(work, desk, state, ClockKind.PAYOUT)
    if state.stage is not Stage.PAYOUT:
        return _only_told(work, desk, who, state, event, data)
    seats = fresh.process.activities["payout.confirm"].seats
    decided = next((p.decision for p in fresh.proposals if p.status == "approved"), None)
    moved = lifecycle.move(
        work,
        desk,
        who,
        state,
        event,
        fresh.facts,
        fresh.process,
        decided=decided,
        aspect=Aspect.MONEY,
        data=data,
        inform=seats.i,
    )
    if moved.stage is Stage.CLOSED:
        work.audit("case.closed", who, moved.ref, by=event)
    return moved


def _only_told(
    work: Work, desk: Desk, who: Principal, state: CaseState, event: str, data: Mapping[str, Any]
) -> CaseState:
    return work.cases.event(
        state.id, event, Aspect.MONEY, at=desk.clock(), person_id=who.person_id or None, data=dict(data)
    )


def stopped(work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, why: Conflict) -> CaseState:
    """Called off before it left, by what was given back elsewhere: back to its case, with the difference."""
    data = {"intent": intent.id, "because": why.code, **why.params}
    to = advance(IntentState(intent.state), _S.CANCELLED)
    work.money.set_intent(intent.id, to.value, desk.clock(), who.person_id, data, due_at=None)
    work.audit("payout.stopped", who, state.ref, **data)
    cancel_rest(work, desk, who, state.ref, intent)
    return back_to_review(work, desk, who, state, intent, "payout.cancelled", "payout.stopped", data)


def failed(
    work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow, event: str, data: Mapping[str, Any]
) -> CaseState:
    """It came to nothing: the reservation is free, what was decided with it falls, the case comes back."""
    ref = state.ref
    work.audit(event, who, ref, amount=intent.amount_minor, currency=intent.currency, **data)
    cancel_rest(work, desk, who, ref, intent)
    return back_to_review(work, desk, who, state, intent, event, event, data)


def cancel_rest(work: Work, desk: Desk, who: Principal, ref: str, intent: IntentRow) -> None:
    """What was decided falls as a whole: a part that waits still may not go out by itself."""
    for other in work.money.intents_of_case(intent.case_id):
        if other.state == _S.RESERVED and other.proposal_id == intent.proposal_id and other.id != intent.id:
            data = {"with": intent.id}
            work.money.set_intent(other.id, _S.CANCELLED.value, desk.clock(), who.person_id, data, due_at=None)
            work.audit("payout.cancelled", who, ref, intent=other.id)


def back_to_review(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    intent: IntentRow,
    way: str,
    event: str,
    data: Mapping[str, Any],
) -> CaseState:
    """To whoever proposed it. way: the event of the process whose path it takes; event: what the thread calls it."""
    state = work.cases.by_id(state.id)
    fresh = open_file(work, desk, state)
    try:
        target = next_stage(fresh.process, way, fresh.facts)
    except Conflict:  # it isn't where payouts end any more: already back, or decided anew
        return _only_told(work, desk, who, state, event, data)
    return lifecycle.to_stage(
        work,
        desk,
        who,
        state,
        target,
        event,
        fresh.process,
        aspect=Aspect.MONEY,
        data=data,
        inform=fresh.process.activities["payout.fail"].seats.i,
        **lifecycle.returned_to(desk, fresh.process, intent.proposer_id),
    )


def came_back(work: Work, desk: Desk, who: Principal, state: CaseState, intent: IntentRow) -> CaseState:
    """Money that had gone out came back (退票): released; the next round opens, or the open one goes on."""
    to = advance(IntentState(intent.state), _S.RETURNED)
    work.money.set_intent(intent.id, to.value, desk.clock(), who.person_id, {}, due_at=None, promised_at=None)
    work.audit("payout.returned", who, state.ref, intent=intent.id, amount=intent.amount_minor)
    state = work.cases.by_id(state.id)
    if state.stage in (Stage.CLOSED, Stage.SETTLEMENT):
        return lifecycle.next_round(work, desk, who, state, "payout.returned", open_file(work, desk, state).facts)
    cancel_rest(work, desk, who, state.ref, intent)
    return back_to_review(work, desk, who, state, intent, "payout.failed", "payout.returned", {"intent": intent.id})
