"""A second look at what was decided, without knowing it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from refund_desk.domain.figures import Span
from refund_desk.domain.people import Principal
from refund_desk.domain.quality import Sample
from refund_desk.domain.words import MONEY_DECISIONS, Decision
from refund_desk.server import present_case
from refund_desk.server.call import Caller, RowId
from refund_desk.server.routes.figures import value_view
from refund_desk.service import quality
from refund_desk.service.ports import Work
from refund_desk.service.reading import Reading
from refund_desk.wire import quality as w
from refund_desk.wire.base import Amount

router = APIRouter(tags=["quality"])

Day = Annotated[date, Query(examples=["2026-10-01"])]


@router.get("/quality")
def mine(call: Caller, first: Day, last: Day) -> w.MyQuality:
    """What waits for my second look, and how my own decisions of a span fared."""
    span = Span(first, last)
    return call.read(lambda work, who: _mine(quality.mine(work, call.desk, who, span)))


@router.get("/quality/{number}")
def blind(call: Caller, number: RowId) -> w.BlindView:
    """What was known when it was decided, and nothing of what was."""
    return call.read(lambda work, who: _blind(*quality.blind(work, call.desk, who, number)))


@router.post("/quality/{number}/review", response_model=w.SecondLookDone)
def review(call: Caller, number: RowId, body: w.SecondLook) -> Response:
    """Decide it again; the answer says what was decided first."""

    def use(work: Work, who: Principal) -> w.SecondLookDone:
        done = quality.review(work, call.desk, who, number, body.decision, body.minor, body.note)
        return _done(done, work.cases.by_id(done.case_id).ref)

    return call.write(use, body=body)


def _mine(found: quality.Mine) -> w.MyQuality:
    return w.MyQuality(
        waiting=[
            w.SampleRow(id=one.id, reason=found.reasons.get(one.case_id, ""), drawn_at=one.drawn_at)
            for one in found.waiting
        ],
        own={name: value_view(value) for name, value in found.own.items()},
    )


def _blind(sample: Sample, reading: Reading) -> w.BlindView:
    whole = present_case.case(reading)
    return w.BlindView(
        id=sample.id,
        currency=sample.currency,
        requests=[one for one in whole.requests if one.created_at <= sample.decided_at],
        messages=[one for one in whole.messages if one.sent_at < sample.decided_at],
        evidence=whole.evidence,
        decisions=[*sorted(MONEY_DECISIONS), Decision.DECLINE],
    )


def _done(one: Sample, ref: str) -> w.SecondLookDone:
    def amount(minor: int | None) -> Amount | None:
        return None if minor is None else Amount(minor=minor, currency=one.currency)

    return w.SecondLookDone(
        ref=ref,
        agrees=bool(one.agrees),
        first=Decision(one.decision),
        first_amount=amount(one.amount),
        second=Decision(one.second or one.decision),
        second_amount=amount(one.second_amount),
    )
