"""One case: read, take, release, looks, messages, consultations, and its further steps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from refund_desk.domain.cases import CaseState
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import MONEY, Caller, RowId
from refund_desk.server.present_case import case as case_view
from refund_desk.server.present_case import customer as customer_view
from refund_desk.service import cases, consultations, evidence, merchants, reading, steps, thread, waits
from refund_desk.service.ports import Work
from refund_desk.wire import cases as w
from refund_desk.wire import clocks as k
from refund_desk.wire import commands as c
from refund_desk.wire.base import Coded, Text2

router = APIRouter(tags=["cases"])


@router.post("/cases/take-next", response_model=c.Taken)
def take_next(call: Caller, body: c.TakeNext) -> Response:
    """The next free case, now yours: what the process prefers, then by urgency; `ref` null where nothing is free."""

    def use(work: Work, who: Principal) -> c.Taken:
        state = cases.take_next(work, call.desk, who, p.queue_filter(body.filters))
        if state is None:
            return c.Taken(ref=None)
        return _taken(work, call, who, state)

    return call.write(use, body=body)


def _taken(work: Work, call: Caller, who: Principal, state: CaseState) -> c.Taken:
    _, terms = reading.why_here(work, call.desk, who, state.ref)
    why = [Coded(code=t.code, params=dict(t.params)) for t in terms]
    return c.Taken(ref=state.ref, lease_until=state.lease_until, why=why)


@router.get("/cases/{ref}")
def read(call: Caller, ref: str, ahead: bool = False) -> w.CaseView:
    """Everything about one case, masked. Reading it is a look, and becomes an audit entry; `ahead`, the entry says that
    nobody has opened it yet."""

    def use(work: Work, who: Principal) -> w.CaseView:
        view = case_view(reading.read_case(work, call.desk, who, ref))
        call.house.looks.case(who, ref, ahead=ahead)
        return view

    return call.read(use)


@router.get("/cases/{ref}/why")
def why(call: Caller, ref: str) -> w.WhyHere:
    """Why the case stands where it stands in the queue."""

    def use(work: Work, who: Principal) -> w.WhyHere:
        at, terms = reading.why_here(work, call.desk, who, ref)
        return w.WhyHere(
            ref=ref,
            act_by=at,
            terms=[
                w.WhyTerm(term=Coded(code=t.code, params=dict(t.params)), seconds=t.seconds, at=t.at) for t in terms
            ],
        )

    return call.read(use)


@router.post("/cases/{ref}/take", response_model=c.Taken)
def take(call: Caller, ref: str) -> Response:
    """Take this very case, if nobody else holds it."""
    return call.write(lambda work, who: _taken(work, call, who, cases.take(work, call.desk, who, ref)))


@router.post("/cases/{ref}/renew", response_model=c.Taken)
def renew(call: Caller, ref: str) -> Response:
    """Keep the case one holds for another lease."""
    return call.write(lambda work, who: c.Taken(ref=ref, lease_until=cases.renew(work, call.desk, who, ref)))


@router.post("/cases/{ref}/release", response_model=c.Outcome)
def release(call: Caller, ref: str, body: c.OptionalReason) -> Response:
    """Put a case one holds back into the queue."""
    return call.write(
        lambda work, who: p.outcome(cases.release(work, call.desk, who, ref, body.reason), "case.released"), body=body
    )


@router.post("/cases/{ref}/assign", response_model=c.Outcome)
def assign(call: Caller, ref: str, body: c.Assign) -> Response:
    """Pass a case on to a reviewer."""
    return call.write(
        lambda work, who: p.outcome(cases.assign(work, call.desk, who, ref, body.person, body.reason), "case.assigned"),
        body=body,
    )


@router.post("/cases/{ref}/looks", status_code=204)
def looks(call: Caller, ref: str, body: c.Looks) -> Response:
    """How far somebody read, and which pictures they opened: what is new to them, and what an approver sees."""

    def use(work: Work, who: Principal) -> None:
        cases.look(work, call.desk, who, ref, body.evidence, body.seen_event)
        if body.opened:
            call.house.looks.case(who, ref)

    return call.write(use, body=body, status=204)


@router.post("/cases/{ref}/customer", response_model=w.CustomerView)
def unmask(call: Caller, ref: str, body: c.Because) -> Response:
    """The customer unmasked, for a reason; an audit entry."""
    return call.write(
        lambda work, who: customer_view(cases.unmask(work, call.desk, who, ref, body.reason), unmasked=True),
        body=body,
        hidden=set(),  # a person's data is kept where it can be erased, and nowhere else
    )


# ---------------------------------------------------------------- thread


@router.get("/cases/{ref}/templates")
def templates(call: Caller, ref: str) -> list[c.TemplateView]:
    """Reply templates filled for this case, in the customer's language."""

    def use(work: Work, who: Principal) -> list[c.TemplateView]:
        found = thread.templates(work, call.desk, who, ref)
        return [c.TemplateView(id=t.id, label=Text2(**t.label), text=t.text) for t in found]

    return call.read(use)


@router.post("/cases/{ref}/messages", response_model=c.Outcome)
def say(call: Caller, ref: str, body: c.MessageBody) -> Response:
    """A reply to the customer, an internal note, or a message of theirs typed in."""
    event = {"reply": "message.sent", "note": "note.added", "received": "message.received"}[body.kind]
    return call.write(
        lambda work, who: p.outcome(
            thread.say(work, call.desk, who, ref, body.kind, body.text, channel=body.channel, withdraws=body.withdraws),
            event,
        ),
        body=body,
    )


@router.post("/cases/{ref}/promise", response_model=c.Outcome)
def promise(call: Caller, ref: str, body: c.PromiseBody) -> Response:
    """Mark a message as a promise already made: a decision below it will need a reason."""
    return call.write(
        lambda work, who: p.outcome(
            thread.mark_promise(work, call.desk, who, ref, body.message, body.minor, body.currency, body.form.value),
            "promise.marked",
        ),
        body=body,
    )


@router.post("/cases/{ref}/consultations", response_model=c.Outcome)
def ask(call: Caller, ref: str, body: c.Ask) -> Response:
    """Ask one role or several at once."""
    return call.write(
        lambda work, who: p.outcome(
            consultations.ask(work, call.desk, who, ref, body.roles, body.question, body.required, body.rests_on),
            "consult.asked",
        ),
        body=body,
    )


@router.post("/consultations/{number}/answer", response_model=c.Outcome)
def answer(call: Caller, number: RowId, body: c.Answer) -> Response:
    """Answer a question for a role one holds."""
    return call.write(
        lambda work, who: p.outcome(
            consultations.answer(work, call.desk, who, number, body.answer), "consult.answered"
        ),
        body=body,
    )


@router.post("/consultations/{number}/override", response_model=c.Outcome)
def override(call: Caller, number: RowId, body: c.Because) -> Response:
    """Go on without an answer whose time has run out, with a reason."""
    return call.write(
        lambda work, who: p.outcome(
            consultations.override(work, call.desk, who, number, body.reason), "consult.overridden"
        ),
        body=body,
    )


# ---------------------------------------------------------------- further steps


def _step(path: str, event: str, says: str, body: Any, use: Any, told: Any = lambda _body: {}) -> None:
    """A route for a step that takes a body and gives an outcome; told: what of the body its words name."""

    def route(call: Caller, ref: str, body: body) -> Response:
        return call.write(
            lambda work, who: p.outcome(use(work, call.desk, who, ref, body), event, told(body)),
            body=body,
            money=True,
        )

    route.__annotations__ = {"call": Caller, "ref": str, "body": body, "return": Response}
    route.__name__, route.__doc__ = path.replace("-", "_"), says
    router.post(f"/cases/{{ref}}/{path}", response_model=c.Outcome, openapi_extra=MONEY)(route)


_step(
    "return-received",
    "return.received",
    "The warehouse has the parcel.",
    c.GoodsReceived,
    lambda work, desk, who, ref, b: steps.goods_received(work, desk, who, ref, b.tracking, b.note),
)
_step(
    "inspection",
    "return.inspected",
    "What the warehouse found in it: complete releases the payout, anything else is a new proposal.",
    c.Inspection,
    lambda work, desk, who, ref, b: steps.inspected(work, desk, who, ref, b.result, b.note),
)
_step(
    "hold-release",
    "hold.released",
    "Risk or compliance lets a held case go on.",
    c.Because,
    lambda work, desk, who, ref, b: steps.release_hold(work, desk, who, ref, b.reason),
)
_step(
    "arbitration",
    "arbitration.decided",
    "The lead's ruling: the case goes back to review with it.",
    c.Because,
    lambda work, desk, who, ref, b: steps.rule(work, desk, who, ref, b.reason),
)
_step(
    "reopen",
    "case.reopened",
    "An appeal opens the next round of a closed case.",
    c.Because,
    lambda work, desk, who, ref, b: steps.reopen(work, desk, who, ref, b.reason),
)
_step(
    "close",
    "settled",
    "Everything is settled in all systems: the case closes.",
    c.Because,
    lambda work, desk, who, ref, b: steps.close(work, desk, who, ref, b.reason),
)
_step(
    "customer-erase",
    "customer.erased",
    "Erase everything personal of the case's customer. The log still verifies: it never held any of it.",
    c.Because,
    lambda work, desk, who, ref, b: evidence.erase_of_case(work, desk, who, ref, b.reason),
)

# ---------------------------------------------------------------- the merchant, and clocks that wait

_step(
    "merchant-ask",
    "merchant.asked",
    "Put the case to its merchant: their clock runs, the decision waits.",
    k.MerchantAsk,
    lambda work, desk, who, ref, b: merchants.ask(work, desk, who, ref, b.question),
)
_step(
    "merchant-answer",
    "merchant.answered",
    "Record what the merchant said. Refused, merchant and customer disagree: it goes to arbitration.",
    k.MerchantAnswer,
    lambda work, desk, who, ref, b: merchants.answer(work, desk, who, ref, b.answer, b.text),
)
_step(
    "wait",
    "wait.begun",
    "Let the case's clocks wait for somebody, for a reason.",
    k.WaitBody,
    lambda work, desk, who, ref, b: waits.wait(work, desk, who, ref, b.party, b.reason),
    lambda b: {"for": b.party.value},
)
_step(
    "go-on",
    "wait.ended",
    "What we waited for came: the clocks go on.",
    k.GoOn,
    lambda work, desk, who, ref, b: waits.go_on(work, desk, who, ref, b.party),
    lambda b: {"for": b.party.value},
)
