"""What a gateway says of a payment now, taken in as its word, and what in it is somebody's alarm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.intents import HOLDING, IntentState
from refund_desk.domain.money import amount
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Saying
from refund_desk.domain.sending import Outcome, Snapshot, status_of, strangers
from refund_desk.domain.words import RecordKind, Role
from refund_desk.service import lifecycle
from refund_desk.service.alarms import alarm
from refund_desk.service.halting import halt, halted
from refund_desk.service.intake import refind, saying_digest
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import OrderRef

_S = IntentState


def take_in(
    work: Work, desk: Desk, who: Principal, order_id: int, record_id: int, snapshot: Snapshot, system: str
) -> bool:
    """Keep a fresh snapshot. The caller holds the order's lock. False: something in it has halted payouts."""
    order = work.facts.order(order_id)
    had = {r.external_id for r in work.facts.records(order_id) if r.kind is RecordKind.REFUND and r.source == system}
    customer = work.facts.customer(order.customer_id) if order.customer_id else None
    key = (customer["secret"] if customer else None) or b""
    said = list(_sayings(order, snapshot, system))
    changed = work.facts.observe(order_id, said, desk.clock(), lambda one: saying_digest(key, one))
    stop = halted(work)
    work.sending.read(record_id, desk.clock(), snapshot.theirs, stop.at if stop else None)
    cases = work.cases.of_order(order_id)
    if changed:
        for state in cases:
            if state.open:
                lifecycle.refresh(work, desk, state.id, what={"fields": changed})
                refind(work, work.cases.by_id(state.id), desk.clock())
    mine = work.people.mark("desk_id") or ""
    _foreign_refunds(work, desk, who, cases, snapshot, system, had, mine)
    _disputes(work, desk, who, cases, snapshot)
    return _ours(work, desk, who, cases, snapshot, mine)


def _sayings(order: OrderRef, snapshot: Snapshot, system: str) -> Iterator[Saying]:
    at = snapshot.theirs or snapshot.read_at

    def one(kind: RecordKind, number: str, parent: int | None, **fields: Any) -> Saying:
        known = {name: value for name, value in fields.items() if value is not None}
        return Saying("", system, kind, number, order.number, at, known, parent, snapshot.currency)

    sums = {"captured": snapshot.captured_minor, "refunded": snapshot.refunded_minor}
    yield one(RecordKind.PAYMENT, snapshot.payment, None, **sums)
    for refund in snapshot.refunds:
        said = {"amount": refund.minor, "status": status_of(refund), "created_at": refund.created_at}
        yield one(RecordKind.REFUND, refund.id, 0, **said, reference=refund.reference or refund.intent)
    for dispute in snapshot.disputes:
        yield one(RecordKind.DISPUTE, dispute.id, 0, amount=dispute.minor, status=dispute.status)


def _foreign_refunds(
    work: Work,
    desk: Desk,
    who: Principal,
    cases: list[CaseState],
    snapshot: Snapshot,
    system: str,
    had: set[str],
    mine: str,
) -> None:
    """Made without a case, in the gateway's own dashboard or by another system."""
    for refund in snapshot.refunds:
        if (refund.intent and refund.desk == mine) or refund.id in had or refund.outcome is Outcome.FAILED:
            continue
        sum_ = amount(refund.minor, snapshot.currency)
        state = cases[-1] if cases else None
        told = {"refund": refund.id, "payment": snapshot.payment, "amount": sum_}
        alarm(work, desk, who, "refund.without_case", f"{system}/{refund.id}", state, told=told)


def _disputes(work: Work, desk: Desk, who: Principal, cases: list[CaseState], snapshot: Snapshot) -> None:
    """A chargeback while a refund of ours is out or on its way: the customer may get it twice."""
    taken = [dispute for dispute in snapshot.disputes if dispute.takes_funds]
    if not taken or not cases:
        return
    by_id = {case.id: case for case in cases}
    out = HOLDING - {_S.RESERVED}
    for intent in work.money.intents_of_order(cases[0].order_id):
        if _S(intent.state) in out and intent.payment_record_id is not None:
            for dispute in taken:
                subject, told = f"{intent.id}/{dispute.id}", {"dispute": dispute.id, "payment": snapshot.payment}
                state = by_id.get(intent.case_id)
                alarm(work, desk, who, "payout.disputed", subject, state, role=Role.RISK, intent=intent.id, told=told)


def _ours(work: Work, desk: Desk, who: Principal, cases: list[CaseState], snapshot: Snapshot, mine: str) -> bool:
    """Refunds that carry ids of ours: known and alive, or else the desk doesn't know what it did."""
    ids = {refund.intent for refund in snapshot.refunds if refund.intent and refund.desk == mine}
    known = work.sending.known({one for one in ids if one})
    fine = True
    for refund in strangers(snapshot, mine, list(known)):
        if not work.sending.was_told("payout.unknown_intent", str(refund.intent)):
            told = {"refund": refund.id, "amount": amount(refund.minor, snapshot.currency)}
            state = cases[-1] if cases else None
            alarm(work, desk, who, "payout.unknown_intent", str(refund.intent), state, told=told)
            halt(work, desk, who, "payout.unknown_intent", intent=refund.intent)
            fine = False
    for refund in snapshot.refunds:
        state_of = known.get(refund.intent or "")
        if state_of is None:
            continue
        if state_of == _S.RESERVED and not work.sending.was_told("payout.sent_before", str(refund.intent)):
            told = {"refund": refund.id, "amount": amount(refund.minor, snapshot.currency)}
            alarm(work, desk, who, "payout.sent_before", str(refund.intent), _case(work, refund.intent), told=told)
            halt(work, desk, who, "payout.sent_before", intent=refund.intent)
            fine = False
        elif state_of in (_S.FAILED, _S.CANCELLED, _S.RETURNED) and refund.outcome is not Outcome.FAILED:
            told = {"refund": refund.id, "amount": amount(refund.minor, snapshot.currency)}
            alarm(work, desk, who, "payout.paid_after_all", str(refund.intent), _case(work, refund.intent), told=told)
    return fine


def _case(work: Work, intent: str | None) -> CaseState:
    return work.cases.by_id(work.money.intent(str(intent)).case_id)
