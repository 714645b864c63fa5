"""The process as a map, and what a changed one would touch."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from refund_desk.domain.clocks import Clock
from refund_desk.domain.errors import Invalid
from refund_desk.domain.figures import Span
from refund_desk.domain.process import Activity, Label, Process
from refund_desk.domain.process_map import Place
from refund_desk.domain.words import Stage
from refund_desk.server.call import Caller
from refund_desk.service import process_map
from refund_desk.service.lifecycle import terms
from refund_desk.wire import clocks as wc
from refund_desk.wire import process_map as w
from refund_desk.wire.base import Text2

router = APIRouter(tags=["process"])

Day = Annotated[date | None, Query(description="Of the shop; without both: today.")]


@router.get("/process/map")
def whole(call: Caller, first: Day = None, last: Day = None) -> w.ProcessMap:
    """Every stage with its inputs, outputs, owner, limit and RACI, what stands there now and what went through it."""
    if (first is None) is not (last is None):
        raise Invalid("figures.one_day")
    span = None if first is None or last is None else Span(first, last)
    return call.read(lambda work, who: _map(process_map.whole(work, call.desk, who, span)))


@router.post("/process/preview")
def preview(call: Caller, body: w.ProcessTry) -> w.ProcessPreview:
    """Which open cases a changed process would treat otherwise, page by page. It changes nothing."""
    return call.read(lambda work, who: _preview(process_map.preview(work, call.desk, who, body.content, body.after)))


def _map(found: process_map.Map) -> w.ProcessMap:
    return w.ProcessMap(
        version=found.process.version,
        first=found.span.first,
        last=found.span.last,
        places=[_place(found.process, one) for one in found.places],
        ways=[w.WayView(source=one.source, target=one.target, went=one.went) for one in found.ways],
    )


def _place(process: Process, one: Place) -> w.PlaceView:
    rule, here = one.rule, one.standing
    return w.PlaceView(
        stage=rule.stage,
        label=_text(rule.label),
        owner=rule.owner,
        limit_s=rule.limit_s,
        side=rule.side,
        waits_for=rule.waits_for,
        inputs=[_text(process.artefacts[name]) for name in rule.inputs],
        outputs=[_text(process.artefacts[name]) for name in rule.outputs],
        seats=[_seats(each) for each in process.activities.values() if _of(each, rule.stage)],
        open=here.open if here else 0,
        over=here.over if here else 0,
        since=here.since if here else None,
        entered=one.passed.entered,
        left=one.passed.left,
        stay_s=one.passed.stay_s,
        bottleneck=one.bottleneck,
    )


def _of(activity: Activity, stage: Stage) -> bool:
    """Whether an activity is this stage's own: what may be done anywhere isn't."""
    return activity.writes and activity.stages is not None and stage in activity.stages and len(activity.stages) < 6


def _seats(activity: Activity) -> w.PlaceSeats:
    seats = activity.seats
    return w.PlaceSeats(
        activity=activity.id,
        label=_text(activity.label),
        responsible=list(seats.r),
        accountable=seats.a,
        consulted=[seat.role for seat in seats.c],
        informed=list(seats.i),
        limit_s=activity.limit_s,
    )


def _text(label: Label) -> Text2:
    return Text2(zh=label.zh, en=label.en)


def _preview(found: process_map.Preview) -> w.ProcessPreview:
    return w.ProcessPreview(
        version=found.version,
        path=found.path,
        touched=[
            w.TouchedCase(
                ref=one.state.ref,
                stage=one.state.stage,
                clocks=[
                    w.TouchedClock(kind=was.kind, was=_terms(was), would=_terms(would)) for was, would in one.clocks
                ],
                approver=None if one.approver is None else list(one.approver),
            )
            for one in found.touched
        ],
        looked_at=found.looked_at,
        next=found.next,
    )


def _clock(was: Clock, would: Clock) -> w.TouchedClock:
    return w.TouchedClock(kind=was.kind, was=_terms(was), would=_terms(would))


def _terms(clock: Clock) -> wc.ClockTerms:
    return wc.ClockTerms.model_validate(terms(clock))
