"""The merchant of a case: asked once, answers within its clock, or somebody else rules.

They answer to somebody who writes it down, or themselves by a link (`domain.merchants`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.merchants import UNLESS_LIMITED, Link, link_of, token_of
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
    return _answer(work, desk, who, state, said, text)


def _answer(work: Work, desk: Desk, who: Principal, state: CaseState, said: str, text: str) -> CaseState:
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


# ---------------------------------------------------------------- by a link


@dataclass(frozen=True, slots=True)
class Question:
    """What a merchant gets to see of a case: not more than they are asked about."""

    ref: str
    order: str
    text: str
    until: datetime


def link(work: Work, desk: Desk, who: Principal, ref: str) -> tuple[str, datetime]:
    """A token for the merchant's own answer, and until when it holds. Whoever may write the answer down may give it.

    Raises Conflict `merchant.not_asked`, and `merchant.not_served` on a desk that nobody can reach.
    """
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "merchant.answer", state)
    if desk.home.embedded:
        raise Conflict("merchant.not_served")
    asked_at = work.cases.entered(state.id, Stage.WAITING_MERCHANT)
    if asked_at is None:
        raise Conflict("merchant.not_asked", ref=ref)
    until = asked_at + _time_given(work, desk)
    work.audit("merchant.link_given", who, ref, merchant=state.merchant_id, until=until.isoformat())
    return token_of(Link(ref, asked_at, until), desk.seal), until


def _time_given(work: Work, desk: Desk) -> timedelta:
    process = desk.process.current(work)
    seconds = process.stage(Stage.WAITING_MERCHANT).limit_s if process.has(Stage.WAITING_MERCHANT) else None
    return UNLESS_LIMITED if seconds is None else timedelta(seconds=seconds)


def question(work: Work, desk: Desk, token: str) -> Question:
    """What a link asks. Looking changes nothing: programs that scan mail look as well.

    Raises NotFound `merchant.link_bad`, Conflict `merchant.link_over`.
    """
    found = link_of(token, desk.seal)
    state = _asked_by(work, desk, found, work.cases.by_ref(found.ref))
    asked = [event for event in work.cases.events(state.id) if event.type == "merchant.asked"]
    number = asked[-1].data.get("message") if asked else None
    texts = [str(row["text"]) for row in work.facts.messages(state.id) if row["id"] == number]
    return Question(state.ref, work.facts.order(state.order_id).number, texts[0] if texts else "", found.until)


def answer_by_link(work: Work, desk: Desk, token: str, said: str, text: str) -> CaseState:
    """The merchant's own answer, once: with it the case waits no longer, and the link is worth nothing."""
    found = link_of(token, desk.seal)
    state = _asked_by(work, desk, found, work.cases.lock(found.ref))
    who = Principal(0, 0, "merchant", operator=f"merchant:{state.merchant_id}")
    return _answer(work, desk, who, state, said, text)


def _asked_by(work: Work, desk: Desk, found: Link, state: CaseState) -> CaseState:
    """The case, if it still waits for the answer to this very question."""
    asked_at = work.cases.entered(state.id, Stage.WAITING_MERCHANT)
    if asked_at != found.asked_at or desk.clock() > found.until:
        raise Conflict("merchant.link_over")
    return state
