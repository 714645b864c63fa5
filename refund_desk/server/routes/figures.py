"""Figures: a month on the screen, and as a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from refund_desk.domain.figures import FIGURES, MonthFigures, Value
from refund_desk.domain.people import Principal
from refund_desk.server.call import Caller
from refund_desk.server.jobs import Jobs, Running
from refund_desk.server.routes.audit import job_view
from refund_desk.service import figures
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire import figures as w
from refund_desk.wire.base import Amount

router = APIRouter(tags=["figures"])


@router.get("/reports/month")
def month(call: Caller, month: Annotated[str, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]) -> w.MonthReport:
    """The figures of a month beside those of the month before, each with its definition. UTC."""
    return call.read(lambda work, who: _shown(*figures.month(work, call.desk, who, month)))


@router.post("/exports/month", response_model=c.Job)
def export(call: Caller, request: Request, body: w.MonthOrder) -> c.Job:
    """Begin to write the report of a month; the result is a `MonthFile`, the file is at `/jobs/{id}/file`."""
    jobs: Jobs = request.app.state.jobs
    actors: list[Principal] = []

    def use(work: Work, who: Principal) -> None:
        figures.order_month(work, call.desk, who, body.month, body.format)
        actors.append(who)

    call.write(use, body=body)
    who = actors[0] if actors else call.read(lambda _, who: who)

    def run(job: Running) -> Any:
        return call.house.export_month(job, who, body)

    return job_view(jobs.start("export.month", who, run))


def _shown(now: MonthFigures, before: MonthFigures) -> w.MonthReport:
    return w.MonthReport(
        month=now.month,
        before=before.month,
        figures=[
            w.FigureView(
                name=one.name,
                unit=one.unit,
                formula=one.formula,
                source=one.source,
                now=_value(now.values.get(one.name)),
                before=_value(before.values.get(one.name)),
            )
            for one in FIGURES.values()
        ],
        groups={name: dict(counts) for name, counts in now.groups.items()},
        merchants=[
            w.ScoreView(
                merchant=one.merchant,
                cases=one.cases,
                answered=one.answered,
                in_time=one.in_time,
                decided=one.decided,
                overturned=one.overturned,
            )
            for one in now.merchants
        ],
    )


def _value(value: Value) -> int | float | list[Amount] | None:
    if value is None or isinstance(value, int | float):
        return value
    return [Amount(minor=minor, currency=currency) for currency, minor in sorted(value.items())]
