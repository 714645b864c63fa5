"""Preview, propose, approve, return, decline, take back; payouts confirmed by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from refund_desk.domain.errors import DeskError, Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Stage
from refund_desk.server import present as p
from refund_desk.server.approvals import approval_row
from refund_desk.server.call import MONEY, Caller, RowId
from refund_desk.service import decisions, halting, payouts, reading, sending
from refund_desk.service.drafting import Draft
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire import decisions as wd
from refund_desk.wire.base import Coded

router = APIRouter(tags=["decisions"])
MOST = 100
"""Rows of the approval list in one answer: each is a whole case read."""


def draft_of(body: c.ProposalBody) -> Draft:
    return Draft(
        decision=body.decision,
        reason=body.reason,
        amount_minor=body.amount_minor,
        tender=body.tender,
        payment=body.payment,
        lines=tuple((line.line, line.quantity, line.minor) for line in body.lines),
        shipping_minor=body.shipping_minor,
        fee_minor=body.fee_minor,
        return_freight=body.return_freight,
        return_terms=(body.return_terms.ship_by_days, body.return_terms.address) if body.return_terms else None,
        credit_terms=(
            (body.credit_terms.valid_days, body.credit_terms.minimum_spend_minor) if body.credit_terms else None
        ),
        want=body.want,
        questions=tuple(body.questions),
        public_text=body.public_text,
        below_promise_reason=body.below_promise_reason,
        note=body.note,
    )


def read_digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Invalid("approval.digest") from error


@router.post("/cases/{ref}/preview")
def preview(call: Caller, ref: str, body: c.ProposalBody) -> c.Preview:
    """What a proposal would be, who is who for it, what is missing, and what the customer would get."""

    def use(work: Work, who: Principal) -> c.Preview:
        found = decisions.preview(work, call.desk, who, ref, draft_of(body))
        content, option = found.drafted.content, found.option
        money = content.currency
        gives = content.amount_minor is not None
        state = work.cases.by_ref(ref)
        people = work.people.persons_with(sorted({seat.role for seat in option.seats}))
        problems = [
            wd.Missing(what=Coded(code=f"error.{one['code']}", params={"path": one["path"], **one["params"]}))
            for one in found.problems
        ]
        lacks = [wd.Missing(what=p.coded(lack.what), blocking=lack.blocking) for lack in option.missing]
        if option.why_not is not None:
            lacks.insert(0, wd.Missing(what=p.coded(option.why_not)))
        return c.Preview(
            decision=content.decision,
            amount=p.amount(content.amount_minor, money),
            terms=p.terms(found.drafted.terms, money),
            most=p.amount(found.drafted.most_minor, money),
            lines=[
                c.LineAmountBody(line=line.line, quantity=line.quantity, minor=line.minor) for line in content.lines
            ],
            shipping=p.sure(content.shipping_minor, money) if gives else None,
            tender=content.tender,
            payment=content.payment,
            raci=p.seats(option, None, people, who.person_id, who.name),
            missing=lacks + problems,
            needs_approval=option.needs_approval,
            customer_text=found.text,
            customer_language=state.language,
        )

    return call.read(use)


@router.post("/cases/{ref}/proposals", response_model=c.Outcome, openapi_extra=MONEY)
def propose(call: Caller, ref: str, body: c.ProposalBody) -> Response:
    """Propose. What needs nobody's approval is decided at once."""
    return call.write(
        lambda work, who: p.done(decisions.propose(work, call.desk, who, ref, draft_of(body), body.rests_on)),
        body=body,
        money=True,
    )


@router.post("/cases/{ref}/proposals/{number}/approve", response_model=c.Outcome, openapi_extra=MONEY)
def approve(call: Caller, ref: str, number: RowId, body: c.Verdict) -> Response:
    """Approve exactly the content with this digest, and reserve its money."""
    return call.write(
        lambda work, who: p.done(
            decisions.approve(work, call.desk, who, ref, number, read_digest(body.digest), body.rests_on, body.reason)
        ),
        body=body,
        money=True,
    )


@router.post("/cases/{ref}/proposals/{number}/return", response_model=c.Outcome, openapi_extra=MONEY)
def send_back(call: Caller, ref: str, number: RowId, body: c.SendBack) -> Response:
    """Return a proposal to its reviewer with a reason."""
    return call.write(
        lambda work, who: p.done(decisions.send_back(work, call.desk, who, ref, number, body.reason, body.rests_on)),
        body=body,
        money=True,
    )


@router.post("/cases/{ref}/proposals/{number}/decline", response_model=c.Outcome, openapi_extra=MONEY)
def decline(call: Caller, ref: str, number: RowId, body: c.SendBack) -> Response:
    """Decline a proposal with a reason: the review is open again."""
    return call.write(
        lambda work, who: p.done(
            decisions.send_back(work, call.desk, who, ref, number, body.reason, body.rests_on, decline=True)
        ),
        body=body,
        money=True,
    )


@router.post("/cases/{ref}/proposals/{number}/withdraw", response_model=c.Outcome, openapi_extra=MONEY)
def withdraw(call: Caller, ref: str, number: RowId) -> Response:
    """Take one's own proposal back while nobody has approved it."""
    return call.write(lambda work, who: p.done(decisions.withdraw(work, call.desk, who, ref, number)), money=True)


@router.post("/cases/{ref}/proposals/{number}/undo", response_model=c.Outcome, openapi_extra=MONEY)
def undo(call: Caller, ref: str, number: RowId) -> Response:
    """Take the last decision back within its seconds, before anything left."""
    return call.write(
        lambda work, who: p.done(decisions.withdraw(work, call.desk, who, ref, number, undo=True)), money=True
    )


# ---------------------------------------------------------------- approvals


@router.get("/approvals")
def approvals(
    call: Caller,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> c.ApprovalPage:
    """What this person answers for, most urgent first, a page at a time."""

    def use(work: Work, who: Principal) -> c.ApprovalPage:
        files, further = reading.approvals(work, call.desk, who, limit, p.read_cursor(after))
        ahead = work.ahead([file.state for file in files])
        rows = [approval_row(ahead, call.desk, who, file) for file in files]
        return c.ApprovalPage(rows=rows, next=p.cursor(further) if further else None)

    return call.read(use)


@router.post("/approvals", response_model=c.BulkResult, openapi_extra=MONEY)
def approve_many(call: Caller, body: c.ApproveMany) -> Response:
    """Several like cases under the set amount, each by itself: one result per row, one transaction per row."""
    if not call.key:
        raise Invalid("idempotency.missing")
    call.read(lambda work, who: permit(work, call.desk, who, "proposal.approve", Stage.APPROVAL))
    rows = []
    for item in body.items:
        try:
            rows.append(_approve_one(call, item))
        except DeskError as error:
            what = Coded(code=f"error.{error.code}", params=error.params)
            rows.append(c.BulkRow(ref=item.ref, ok=False, what=what))
    return Response(c.BulkResult(rows=rows).model_dump_json(), media_type="application/json")


def _approve_one(call: Caller, item: c.ApproveOne) -> c.BulkRow:
    # Each row has a key of its own below the form's: a repeated form repeats no row.
    one = call.part(item.ref)

    def use(work: Work, who: Principal) -> c.Outcome:
        file = reading.approval_file(work, call.desk, who, item.ref)
        if not approval_row(work, call.desk, who, file).bulk:
            raise Refused("approval.not_for_bulk", rule="approval.bulk", could=[], ref=item.ref)
        done = decisions.approve(work, call.desk, who, item.ref, item.number, read_digest(item.digest), item.rests_on)
        return p.done(done)

    answer = one.write(use, body=item, money=True)
    outcome = c.Outcome.model_validate_json(bytes(answer.body))
    return c.BulkRow(
        ref=item.ref, ok=outcome.what.code == "event.proposal.approved", what=outcome.what, outcome=outcome
    )


# ---------------------------------------------------------------- payouts


@router.post("/intents/{intent_id}/confirm", response_model=c.Outcome, openapi_extra=MONEY)
def confirm(call: Caller, intent_id: str, body: c.ConfirmPayout) -> Response:
    """Finance confirms a payout made by hand: a unique reference, and the intent's own amount."""

    def use(work: Work, who: Principal) -> c.Outcome:
        state = payouts.confirm(work, call.desk, who, intent_id, body.reference, body.minor, body.currency)
        return p.outcome(state, "payout.stopped" if state.stage is Stage.REVIEW else "payout.confirmed")

    return call.write(use, body=body, money=True)


@router.post("/intents/{intent_id}/fail", response_model=c.Outcome, openapi_extra=MONEY)
def fail(call: Caller, intent_id: str, body: c.PayoutFailed) -> Response:
    """The payout was refused for good: its money is free again, and the case comes back."""
    return call.write(
        lambda work, who: p.outcome(payouts.fail(work, call.desk, who, intent_id, body.reason), "payout.failed"),
        body=body,
        money=True,
    )


@router.post("/intents/{intent_id}/cancel", response_model=c.Outcome, openapi_extra=MONEY)
def cancel(call: Caller, intent_id: str, body: c.Because) -> Response:
    """Call a payout off before it left."""
    return call.write(
        lambda work, who: p.outcome(payouts.cancel(work, call.desk, who, intent_id, body.reason), "payout.cancelled"),
        body=body,
        money=True,
    )


@router.post("/intents/{intent_id}/returned", response_model=c.Outcome, openapi_extra=MONEY)
def came_back(call: Caller, intent_id: str, body: c.Because) -> Response:
    """Money that had gone out came back."""
    return call.write(
        lambda work, who: p.outcome(payouts.came_back(work, call.desk, who, intent_id, body.reason), "payout.returned"),
        body=body,
        money=True,
    )


@router.post("/intents/{intent_id}/ask", response_model=c.Outcome, openapi_extra=MONEY)
def ask_again(call: Caller, intent_id: str) -> Response:
    """Ask the gateway about a refund at once."""
    return call.write(
        lambda work, who: p.outcome(sending.ask_again(work, call.desk, who, intent_id), "payout.asked"), money=True
    )


@router.get("/payouts")
def payouts_now(call: Caller) -> c.PayoutsNow:
    """Whether payouts go by themselves now, and what about money somebody has to look after."""

    def use(work: Work, who: Principal) -> c.PayoutsNow:
        permit(work, call.desk, who, "payout.look")
        stop = halting.halted(work)
        refs = {state.id: state.ref for state in work.cases.several(_cases_of(work))}
        return c.PayoutsNow(
            channels=sorted(call.house.channels),
            halted=Coded(code=f"halt.{stop.code}") if stop else None,
            halted_at=stop.at if stop else None,
            to_read=len(halting.to_read(work, call.house.channels, 1000)),
            alarms=[
                c.AlarmRow(
                    id=one.id,
                    ref=refs.get(one.case_id or 0),
                    intent=one.intent_id,
                    what=Coded(code=f"finding.{one.code}", params=dict(one.params)),
                    owner=one.role,
                    at=one.at,
                )
                for one in work.sending.alarms()
            ],
        )

    return call.read(use)


def _cases_of(work: Work) -> list[int]:
    return sorted({one.case_id for one in work.sending.alarms() if one.case_id is not None})


@router.post("/payouts/resume", status_code=204, openapi_extra=MONEY)
def resume(call: Caller) -> Response:
    """Finance confirms after a halt: every payment was read again, payouts go on."""
    return call.write(
        lambda work, who: halting.resume(work, call.desk, who, call.house.channels, call.house.epoch),
        status=204,
        money=True,
    )


@router.post("/cases/{ref}/shipped", response_model=c.Outcome, openapi_extra=MONEY)
def shipped(call: Caller, ref: str, body: c.Shipped) -> Response:
    """The warehouse sent the exchange or replacement."""
    return call.write(
        lambda work, who: p.outcome(
            payouts.ship(work, call.desk, who, ref, body.tracking, body.carrier), "exchange.shipped"
        ),
        body=body,
        money=True,
    )
