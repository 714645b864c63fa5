"""Money on its way by hand: finance confirms it, with a unique reference. What goes by itself is in `sending`.

The three steps of money-safety hold for hands too: `submitting` is on record before anybody can say
that it was paid, and what was given back elsewhere since the approval stops it.
"""

from __future__ import annotations

import unicodedata

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.intents import IntentState, advance
from refund_desk.domain.people import Principal
from refund_desk.domain.sending import check_leaving
from refund_desk.domain.words import Role, Tender
from refund_desk.service import payout_ends
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.gate import permit_on
from refund_desk.service.halting import check_running
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
    at = IntentState(intent.state)
    if at not in (_S.RESERVED, _S.UNKNOWN):
        raise Conflict("payout.not_waiting", ref=ref, state=intent.state)
    check_running(work)
    now = desk.clock()
    if at is _S.RESERVED:
        gone = _gone(file, intent)
        if gone is not None:
            return _stop(work, desk, who, file, intent, gone, clean)
        at = advance(at, _S.SUBMITTING)
        work.money.set_intent(intent.id, at.value, now, who.person_id, {"by": "hand"})
    # An unknown one was found by a person at the gateway: it is paid, on their word. It never fails on a word.
    work.money.set_intent(
        intent.id,
        advance(at, _S.SUCCEEDED).value,
        now,
        who.person_id,
        {"reference": clean},
        reference=clean,
        confirmed_by=who.person_id,
    )
    work.sending.end_alarms(intent.id, now)
    data = {"intent": intent.id, "reference": clean, "amount": minor}
    work.audit("payout.confirmed", who, ref, currency=currency, channel=intent.channel, **data)
    return payout_ends.paid(work, desk, who, file.state, "payout.confirmed", {"intent": intent.id, "amount": minor})


def _gone(file: CaseFile, intent: IntentRow) -> Conflict | None:
    """What stops it now, without this intent: the ceilings, or what others gave back since the approval."""
    mine = next(known for known in file.book.intents if known.id == intent.id)
    try:
        check_leaving(file.book, mine, intent.outside)
    except Conflict as error:
        return error
    return None


def _stop(
    work: Work, desk: Desk, who: Principal, file: CaseFile, intent: IntentRow, why: Conflict, reference: str
) -> CaseState:
    """Called off by the ceilings. The reference that was typed stays on record: should the money have left by
    hand before anybody looked, this is where it is found again."""
    named = Conflict(why.code, **{**why.params, "reference": reference})
    return payout_ends.stopped(work, desk, who, file.state, intent, named)


def fail(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """The payout was refused for good, as the bank or gateway said: the money is free again, the case comes back.

    What a connector sent, only its gateway can call failed.
    """
    file, intent = _locked(work, desk, who, intent_id, "payout.fail")
    if not reason.strip():
        raise Invalid("reason.missing")
    check_running(work)
    if work.sending.attempts(intent.id):
        raise Conflict("payout.only_its_channel_knows", ref=file.state.ref, channel=intent.channel)
    now = desk.clock()
    at = IntentState(intent.state)
    if at is _S.RESERVED:
        at = advance(at, _S.SUBMITTING)
        work.money.set_intent(intent.id, at.value, now, who.person_id, {"by": "hand"})
    work.money.set_intent(intent.id, advance(at, _S.FAILED).value, now, who.person_id, {}, due_at=None)
    return _given_up(work, desk, who, file, intent, "payout.failed", reason)


def cancel(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """Call a payout off before it left."""
    file, intent = _locked(work, desk, who, intent_id, "payout.cancel")
    if not reason.strip():
        raise Invalid("reason.missing")
    check_running(work)
    to = advance(IntentState(intent.state), _S.CANCELLED)
    work.money.set_intent(intent.id, to.value, desk.clock(), who.person_id, {}, due_at=None)
    return _given_up(work, desk, who, file, intent, "payout.cancelled", reason)


def _given_up(
    work: Work, desk: Desk, who: Principal, file: CaseFile, intent: IntentRow, event: str, reason: str
) -> CaseState:
    add_message(work, desk, who, file.state, "note", reason)
    return payout_ends.failed(work, desk, who, file.state, intent, event, {"intent": intent.id})


def came_back(work: Work, desk: Desk, who: Principal, intent_id: str, reason: str) -> CaseState:
    """Money that had gone out came back (退票): released, and the next round opens."""
    file, intent = _locked(work, desk, who, intent_id, "payout.returned")
    if not reason.strip():
        raise Invalid("reason.missing")
    return payout_ends.came_back(work, desk, who, file.state, intent)


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
    return payout_ends.paid(work, desk, who, file.state, "exchange.shipped", {"intent": intent.id, "tracking": number})
