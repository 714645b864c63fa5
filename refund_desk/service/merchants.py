"""The merchant of a case: asked once, answers within its clock, or somebody else rules."""

from __future__ import annotations

from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.people import Principal
from refund_desk.domain.process import next_stage
from refund_desk.domain.words import Aspect, Role, Stage, WaitFor
from refund_desk.service import lifecycle
from refund_desk.service.casefile import CaseFile, open_file
from refund_desk.service.gate import must_hold, permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.thread import add_message

ANSWERS = ("accepted", "offered", "refused")
"""They agree, offer something else, or refuse: then merchant and customer disagree."""


def ask(work: Work, desk: Desk, who: Principal, ref: str, question: str) -> CaseState:
    """Put the case to its merchant: their clock runs, the decision waits. Raises Conflict `merchant.none`."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "merchant.ask", state)
    must_hold(who, state)
    if state.merchant_id is None:
        raise Conflict("merchant.none", ref=ref)
    if not question.strip():
        raise Invalid("message.empty")
    file = open_file(work, desk, state, who)
    message = add_message(work, desk, who, state, "to_merchant", question)
    work.audit("merchant.asked", who, ref, merchant=state.merchant_id, message=message)
    return lifecycle.move(
        work,
        desk,
        who,
        work.cases.by_id(state.id),
        "merchant.asked",
        file.facts,
        file.process,
        aspect=Aspect.THREAD,
        data={"message": message},
    )


def answer(work: Work, desk: Desk, who: Principal, ref: str, said: str, text: str) -> CaseState:
    """What the merchant said: one of ANSWERS, in their words. Refused, it is a dispute with the customer."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "merchant.answer", state)
    if said not in ANSWERS:
        raise Invalid("merchant.answer", allowed=list(ANSWERS))
    if not text.strip():
        raise Invalid("message.empty")
    file = open_file(work, desk, state, who)
    message = add_message(work, desk, who, state, "from_merchant", text)
    return _answered(work, desk, who, file, f"merchant.{said}", {"message": message})


def silent(work: Work, desk: Desk, who: Principal, file: CaseFile) -> CaseState:
    """Their clock ran out: it goes on without them, by itself."""
    return _answered(work, desk, who, file, "merchant.silent", {})


def _answered(work: Work, desk: Desk, who: Principal, file: CaseFile, event: str, data: dict[str, Any]) -> CaseState:
    work.audit(event, who, file.state.ref, merchant=file.state.merchant_id, **data)
    state = work.cases.by_id(file.state.id)
    back = next_stage(file.process, event, file.facts) is Stage.REVIEW
    columns = lifecycle.to_reviewer(desk, file.process, state) if back else lifecycle.nobodys()
    state = lifecycle.go_on(work, file.process, state, desk.clock(), who, WaitFor.MERCHANT)
    return lifecycle.move(
        work,
        desk,
        who,
        state,
        event,
        file.facts,
        file.process,
        aspect=Aspect.FACTS,
        data=data,
        inform=(Role.REVIEWER,) if back else (Role.LEAD, Role.SUPERVISOR),
        answer_came=back,
        **columns,
    )
