"""Money on its way. Here finance confirms by hand, with a unique reference; connectors will do it by themselves.

The three steps of money-safety hold for hands too: `submitting` is on record before anybody can say
that it was paid, and what was given back elsewhere since the approval stops it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.intents import IntentState, advance
from refund_desk.domain.payouts import Proposed, check_ceilings
from refund_desk.domain.people import Principal
from refund_desk.domain.process import next_stage
from refund_desk.domain.words import Aspect, ClockKind, Role, Stage, Tender
from refund_desk.service import lifecycle
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.gate import permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.money import IntentRow
from refund_desk.service.thread import add_message

_S = IntentState


def _locked(work: Work, desk: Desk, who: Principal, intent_id: str, activity: str) -> tuple[CaseFile, IntentRow]:
    found = work.money.intent(intent_id)
    state = work.cases.lock(work.cases.by_id(found.case_id).ref)
    permit_on(work, desk, who, activity, state)
    # Read again under the lock: somebody may have confirmed it a moment ago.
    return open_file(work, desk, state, who), work.money.intent(intent_id)


def one_reference(text: str) -> str:
    """A reference as it is stored and compared: however its characters are written, it is one.

    Raises Invalid for an empty one, and for characters that nobody sees.
    """
    clean = unicodedata.normalize("NFKC", text).strip()
    if not clean:
        raise Invalid("payout.reference_missing")
    if any(unicodedata.category(one)[0] == "C" for one in clean):
        raise Invalid("payout.reference_odd")
    return clean


def _not_your_own(who: Principal, intent: IntentRow, ref: str) -> None:
    if who.person_id in (intent.proposer_id, intent.approver_id):
        raise Refused("payout.own_decision", rule="payout.third_person", could=[Role.FINANCE.value], ref=ref)


def confirm(
    work: Work, desk: Desk, who: Principal, intent_id: str, reference: str, minor: int, currency: str
) -> CaseState:
    """A payout was made by hand: its reference is unique per channel, its amount the intent's.

    Who confirms is neither proposer nor approver. When what was given back has grown since the approval
    and leaves no room for it, it is called off and the case goes back to review, with the difference:
    the stage of the answer says so.
    """
    file, intent = _locked(work, desk, who, intent_id, "payout.confirm")
    ref = file.state.ref
    _not_your_own(who, intent, ref)
    clean = one_reference(reference)
    if intent.tender is Tender.GOODS:
        raise Conflict("payout.goods_are_shipped", ref=ref)
    if (minor, currency) != (intent.amount_minor, intent.currency):
        wanted = {"minor": intent.amount_minor, "currency": intent.currency}
        raise Invalid("payout.amount_differs", asked={"minor": minor, "currency": currency}, allowed=wanted)
    if work.money.reference_used(intent.channel, clean):
        raise Conflict("payout.reference_used", reference=clean, channel=intent.channel)
    if intent.state != _S.RESERVED:
        raise Conflict("payout.not_waiting", ref=ref, state=intent.state)
    gone = _gone(file, intent)
    if gone is not None:
        return _stop(work, desk, who, file, intent, gone, clean)
    now = desk.clock()
    advance(_S.RESERVED, _S.SUBMITTING)
    work.money.set_intent(intent.id, _S.SUBMITTING.value, now, who.person_id, {"by": "hand"})
    advance(_S.SUBMITTING, _S.SUCCEEDED)
    work.money.set_intent(
        intent.id,
        _S.SUCCEEDED.value,
        now,
        who.person_id,
        {"reference": clean},
        reference=clean,
        confirmed_by=who.person_id,
    )
    data = {"intent": intent.id, "reference": clean, "amount": minor}
    work.audit("payout.confirmed", who, ref, currency=currency, channel=intent.channel, **data)
    return _paid(work, desk, who, file, "payout.confirmed", {"intent": intent.id, "amount": minor})


def _gone(file: CaseFile, intent: IntentRow) -> Conflict | None:
    """The ceilings once more, without this intent: what others gave back since the approval counts now."""
    book = file.book.without(intent.id)
    payment = next((i.payment for i in file.book.intents if i.id == intent.id), None)
    try:
        check_ceilings(Proposed(intent.currency, intent.amount_minor, intent.tender, payment), book)
    except Conflict as error:
        return error
    return None


def _stop(
    work: Work, desk: Desk, who: Principal, file: CaseFile, intent: IntentRow, why: Conflict, reference: str
) -> CaseState:
    """Called off by the ceilings. The reference that was typed stays on record: should the money have left by
    hand before anybody looked, this is where it is found again."""
    now, ref = desk.clock(), file.state.ref
    data = {"intent": intent.id, "because": why.code, **why.params}
    work.money.set_intent(intent.id, _S.CANCELLED.value, now, who.person_id, {**data, "reference": reference})
    work.audit("payout.stopped", who, ref, reference=reference, **data)
    _cancel_rest(work, desk, who, ref, intent)
    return _back_to_review(work, desk, who, file, intent, "payout.cancelled", "payout.stopped", data)


def _paid(work: Work, desk: Desk, who: Principal, file: CaseFile, event: str, data: Mapping[str, Any]) -> CaseState:
    state = work.cases.by_id(file.state.id)
    fresh = open_file(work, desk, state)
    seats = file.process.activities["payout.confirm"].seats
    if not fresh.facts.open_intents:
        lifecycle.stop_clock(work, desk, state, ClockKind.PAYOUT)
    decided = next((p.decision for p in file.proposals if p.status == "approved"), None)
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


def fail(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """The payout was refused for good, as the bank or gateway said: the money is free again, the case comes back."""
    file, intent = _locked(work, desk, who, intent_id, "payout.fail")
    if not reason.strip():
        raise Invalid("reason.missing")
    now = desk.clock()
    at = IntentState(intent.state)
    if at is _S.RESERVED:
        work.money.set_intent(intent.id, advance(at, _S.SUBMITTING).value, now, who.person_id, {"by": "hand"})
        at = _S.SUBMITTING
    work.money.set_intent(intent.id, advance(at, _S.FAILED).value, now, who.person_id, {})
    return _given_up(work, desk, who, file, intent, "payout.failed", reason)


def cancel(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """Call a payout off before it left."""
    file, intent = _locked(work, desk, who, intent_id, "payout.cancel")
    if not reason.strip():
        raise Invalid("reason.missing")
    to = advance(IntentState(intent.state), _S.CANCELLED)
    work.money.set_intent(intent.id, to.value, desk.clock(), who.person_id, {})
    return _given_up(work, desk, who, file, intent, "payout.cancelled", reason)


def _given_up(
    work: Work, desk: Desk, who: Principal, file: CaseFile, intent: IntentRow, event: str, reason: str
) -> CaseState:
    ref = file.state.ref
    work.audit(event, who, ref, intent=intent.id, amount=intent.amount_minor, currency=intent.currency)
    add_message(work, desk, who, file.state, "note", reason)
    _cancel_rest(work, desk, who, ref, intent)
    return _back_to_review(work, desk, who, file, intent, event, event, {"intent": intent.id})


def _cancel_rest(work: Work, desk: Desk, who: Principal, ref: str, intent: IntentRow) -> None:
    """What was decided falls as a whole: a part that waits still may not go out by itself."""
    for other in work.money.intents_of_case(intent.case_id):
        if other.state == _S.RESERVED and other.proposal_id == intent.proposal_id and other.id != intent.id:
            work.money.set_intent(other.id, _S.CANCELLED.value, desk.clock(), who.person_id, {"with": intent.id})
            work.audit("payout.cancelled", who, ref, intent=other.id)


def _back_to_review(
    work: Work,
    desk: Desk,
    who: Principal,
    file: CaseFile,
    intent: IntentRow,
    way: str,
    event: str,
    data: Mapping[str, Any],
) -> CaseState:
    """To whoever proposed it. way: the event of the process whose path it takes; event: what the thread calls it."""
    state = work.cases.by_id(file.state.id)
    fresh = open_file(work, desk, state)
    return lifecycle.to_stage(
        work,
        desk,
        who,
        state,
        next_stage(fresh.process, way, fresh.facts),
        event,
        fresh.process,
        aspect=Aspect.MONEY,
        data=data,
        inform=file.process.activities["payout.fail"].seats.i,
        **lifecycle.returned_to(desk, fresh.process, intent.proposer_id),
    )


def came_back(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """Money that had gone out came back (退票): released, and the next round opens."""
    file, intent = _locked(work, desk, who, intent_id, "payout.returned")
    if not reason.strip():
        raise Invalid("reason.missing")
    to = advance(IntentState(intent.state), _S.RETURNED)
    work.money.set_intent(intent.id, to.value, desk.clock(), who.person_id, {})
    work.audit("payout.returned", who, file.state.ref, intent=intent.id, amount=intent.amount_minor)
    return lifecycle.next_round(work, desk, who, file.state, "payout.returned", file.facts)


def ship(work: Work, desk: Desk, who: Principal, ref: str, tracking: str, carrier: str | None) -> CaseState:
    """The warehouse sent the exchange or replacement: goods are an intent like money, at their value."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "exchange.ship", state)
    file = open_file(work, desk, state, who)
    waiting = [i for i in file.intents if i.tender is Tender.GOODS and i.state == _S.RESERVED]
    if not waiting:
        raise Conflict("goods.none_waiting", ref=ref)
    intent = waiting[0]
    _not_your_own(who, intent, ref)
    number = one_reference(tracking)
    if work.money.reference_used(intent.channel, number):
        raise Conflict("payout.reference_used", reference=number, channel=intent.channel)
    now = desk.clock()
    advance(_S.RESERVED, _S.SUBMITTING)
    work.money.set_intent(intent.id, _S.SUBMITTING.value, now, who.person_id, {"by": "warehouse"})
    work.money.set_intent(
        intent.id,
        advance(_S.SUBMITTING, _S.SUCCEEDED).value,
        now,
        who.person_id,
        {"tracking": number, "carrier": carrier or ""},
        reference=number,
        confirmed_by=who.person_id,
    )
    work.audit("exchange.shipped", who, ref, intent=intent.id, tracking=number)
    return _paid(work, desk, who, file, "exchange.shipped", {"intent": intent.id, "tracking": number})
