"""Clocks that wait for somebody by hand: customer, merchant, carrier or risk, each with a reason on the thread."""

from __future__ import annotations

from datetime import timedelta

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role, WaitFor
from refund_desk.service import lifecycle
from refund_desk.service.gate import must_be_person, must_hold, permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.thread import add_message


def wait(work: Work, desk: Desk, who: Principal, ref: str, party: WaitFor, reason: str) -> CaseState:
    """Let the case's clocks wait, as the process allows. A reviewer does it on what they hold.

    Raises Invalid `wait.unknown` for somebody the process doesn't name, Conflict where they wait already.
    """
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "wait.begin", state)
    must_be_person(who)
    if Role.SUPERVISOR not in who.roles:
        must_hold(who, state)
    if party not in process.waits:
        raise Invalid("wait.unknown", party=party.value, allowed=[each.value for each in process.waits])
    if not reason.strip():
        raise Invalid("reason.missing")
    message = add_message(work, desk, who, state, "note", reason)
    return lifecycle.wait(work, process, work.cases.by_id(state.id), desk.clock(), who, party, message)


def go_on(work: Work, desk: Desk, who: Principal, ref: str, party: WaitFor) -> CaseState:
    """End the wait. Raises Conflict `wait.none` where nothing waits for them by hand."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "wait.end", state)
    after = lifecycle.go_on(work, process, state, desk.clock(), who, party)
    if after is state:
        raise Conflict("wait.none", ref=ref, party=party.value)
    return after


def over(work: Work, desk: Desk, who: Principal, limit: int = 20) -> int:
    """Waits that lasted as long as the process allows end by themselves. How many cases it were."""
    now, process, ended = desk.clock(), desk.process.current(work), 0
    for party, rule in process.waits.items():
        for case_id in work.cases.waiting_by_hand(party, now - timedelta(seconds=rule.limit_s), limit - ended):
            state = work.cases.lock(work.cases.by_id(case_id).ref)
            lifecycle.go_on(work, process, state, now, who, party)
            ended += 1
    return ended
