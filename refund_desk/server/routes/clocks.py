"""Changed rules of clocks, brought to open cases page by page; and which cases will miss their deadline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from refund_desk.domain.clocks import Clock
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller
from refund_desk.service import clock_rules, forecast
from refund_desk.service.lifecycle import terms
from refund_desk.service.ports import Work
from refund_desk.wire import clocks as w
from refund_desk.wire.base import MAX_INT

router = APIRouter(tags=["clocks"])

AT_ONCE = 50
"""Cases that one call recomputes: its transaction must not last."""


def _page(page: clock_rules.ClockPage) -> w.ClockPage:
    def side(clock: Clock) -> w.ClockTerms:
        return w.ClockTerms.model_validate(terms(clock))

    return w.ClockPage(
        version=page.version,
        changes=[w.ClockChange(ref=c.ref, kind=c.was.kind, was=side(c.was), now=side(c.now)) for c in page.changes],
        looked_at=page.looked_at,
        next=page.next,
    )


@router.get("/forecast")
def outlook(call: Caller) -> w.Forecast:
    """Which free cases will miss their deadline, from the queue, what arrives, and who is at work at which pace."""

    def use(work: Work, who: Principal) -> w.Forecast:
        found = forecast.outlook(work, call.desk, who)
        names = work.people.names([each.person for each in found.crew])
        return w.Forecast(
            at=found.at,
            capacity=found.capacity,
            crew=[w.PaceView(person=p.known(e.person, names), pace=e.pace, cases=e.cases) for e in found.crew],
            missing=found.missing,
            cases=[
                w.ExpectedCase(
                    ref=case.ref,
                    clock=case.due_clock,
                    due_at=case.due_at,
                    done_at=forecast.done_at(found.at, expected),
                    miss=expected.miss,
                )
                for case, expected in found.cases
            ],
        )

    return call.read(use)


@router.get("/clocks/changes")
def preview(call: Caller, after: Annotated[int, Query(ge=0, le=MAX_INT)] = 0) -> w.ClockPage:
    """What recomputing would change, of the next open cases. It changes nothing."""
    return call.read(lambda work, who: _page(clock_rules.preview(work, call.desk, who, after)))


@router.post("/clocks/recompute", response_model=w.ClockPage)
def recompute(call: Caller, body: w.Recompute) -> Response:
    """Bring the next open cases under the rules in force; each change is on its case and in the log."""

    def use(work: Work, who: Principal) -> w.ClockPage:
        return _page(clock_rules.recompute(work, call.desk, who, body.after, AT_ONCE))

    return call.write(use, body=body)
