"""One case: read, take, release, looks, messages, consultations, and its further steps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from refund_desk.domain.cases import CaseState
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller
from refund_desk.server.present_case import case as case_view
from refund_desk.server.present_case import customer as customer_view
from refund_desk.service import cases, consultations, reading, steps, thread
from refund_desk.service.ports import Work
from refund_desk.wire import cases as w
from refund_desk.wire import commands as c
from refund_desk.wire.base import Coded, Text2

router = APIRouter(tags=["cases"])


@router.post("/cases/take-next", response_model=c.Taken)
def take_next(call: Caller, body: c.TakeNext) -> Response:
    """The most urgent free case, now yours; `ref` null where nothing is free."""

    def use(work: Work, who: Principal) -> c.Taken:
        state = cases.take_next(work, call.desk, who)
        if state is None:
            return c.Taken(ref=None)
        return _taken(work, call, who, state)

    return call.write(use, body=body)


def _taken(work: Work, call: Caller, who: Principal, state: CaseState) -> c.Taken:
    _, terms = reading.why_here(work, call.desk, who, state.ref)
    why = [Coded(code=t.code, params=dict(t.params)) for t in terms]
    return c.Taken(ref=state.ref, lease_until=state.lease_until, why=why)


@router.get("/cases/{ref}")
def read(call: Caller, ref: str) -> w.CaseView:
    """Everything about one case, masked. The window reports what was looked at to `/looks`."""
    return call.read(lambda work, who: case_view(reading.read_case(work, call.desk, who, ref)))


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
    return call.write(lambda work, who: _taken(work, call, who, cases.take(work, call.desk, who, ref)))


@router.post("/cases/{ref}/renew", response_model=c.Taken)
def renew(call: Caller, ref: str) -> Response:
    return call.write(lambda work, who: c.Taken(ref=ref, lease_until=cases.renew(work, call.desk, who, ref)))


@router.post("/cases/{ref}/release", response_model=c.Outcome)
def release(call: Caller, ref: str, body: c.OptionalReason) -> Response:
    return call.write(
        lambda work, who: p.outcome(cases.release(work, call.desk, who, ref, body.reason), "case.released"), body=body
    )


@router.post("/cases/{ref}/assign", response_model=c.Outcome)
def assign(call: Caller, ref: str, body: c.Assign) -> Response:
    return call.write(
        lambda work, who: p.outcome(cases.assign(work, call.desk, who, ref, body.person, body.reason), "case.assigned"),
        body=body,
    )


@router.post("/cases/{ref}/looks", status_code=204)
def looks(call: Caller, ref: str, body: c.Looks) -> Response:
    """What the window showed. Each look is an audit entry."""
    call.write(lambda work, who: cases.look(work, call.desk, who, ref, body.evidence, body.seen_event), body=body)
    return Response(status_code=204)


@router.post("/cases/{ref}/customer", response_model=w.CustomerView)
def unmask(call: Caller, ref: str, body: c.Because) -> Response:
    """The customer unmasked, for a reason; an audit entry."""
    return call.write(
        lambda work, who: customer_view(cases.unmask(work, call.desk, who, ref, body.reason), unmasked=True), body=body
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
def answer(call: Caller, number: int, body: c.Answer) -> Response:
    return call.write(
        lambda work, who: p.outcome(
            consultations.answer(work, call.desk, who, number, body.answer), "consult.answered"
        ),
        body=body,
    )


@router.post("/consultations/{number}/override", response_model=c.Outcome)
def override(call: Caller, number: int, body: c.Because) -> Response:
    return call.write(
        lambda work, who: p.outcome(
            consultations.override(work, call.desk, who, number, body.reason), "consult.overridden"
        ),
        body=body,
    )


# ---------------------------------------------------------------- further steps


def _step(path: str, event: str, body: Any, use: Any) -> None:
    """A route for a step that takes a body and gives an outcome."""

    def route(call: Caller, ref: str, body: body) -> Response:
        return call.write(
            lambda work, who: p.outcome(use(work, call.desk, who, ref, body), event), body=body, money=True
        )

    route.__annotations__ = {"call": Caller, "ref": str, "body": body, "return": Response}
    route.__name__ = path.replace("-", "_")
    router.post(f"/cases/{{ref}}/{path}", response_model=c.Outcome)(route)


_step(
    "return-received",
    "return.received",
    c.GoodsReceived,
    lambda work, desk, who, ref, b: steps.goods_received(work, desk, who, ref, b.tracking, b.note),
)
_step(
    "inspection",
    "return.inspected",
    c.Inspection,
    lambda work, desk, who, ref, b: steps.inspected(work, desk, who, ref, b.result, b.note),
)
_step(
    "hold-release", "hold.released", c.Because, lambda w_, d, who, ref, b: steps.release_hold(w_, d, who, ref, b.reason)
)
_step("arbitration", "arbitration.decided", c.Because, lambda w_, d, who, ref, b: steps.rule(w_, d, who, ref, b.reason))
_step("reopen", "case.reopened", c.Because, lambda w_, d, who, ref, b: steps.reopen(w_, d, who, ref, b.reason))
_step("close", "settled", c.Because, lambda w_, d, who, ref, b: steps.close(w_, d, who, ref, b.reason))
