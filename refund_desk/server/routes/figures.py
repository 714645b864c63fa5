"""Figures: a span with its line and members, the cases behind one; a month on the screen, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from refund_desk.domain.figures import FIGURES, Dimension, MonthFigures, Span, Value
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller
from refund_desk.server.jobs import Jobs, Running
from refund_desk.server.routes.audit import job_view
from refund_desk.service import figures
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire import figures as w
from refund_desk.wire.base import Amount

router = APIRouter(tags=["figures"])

Day = Annotated[date, Query(examples=["2026-10-01"])]
Member = Annotated[str | None, Query(max_length=200, description="one member of `by`; without it all cases")]


@router.get("/figures")
def board(call: Caller, first: Day, last: Day, by: Dimension = Dimension.REASON, of: Member = None) -> w.FigureBoard:
    """All figures from one day of the shop to another, beside those of the span before, told apart by a dimension."""
    asked = figures.Asked(Span(first, last), by, of)
    return call.read(lambda work, who: _board(figures.board(work, call.desk, who, asked)))


@router.get("/figures/{figure}/cases")
def behind(
    call: Caller,
    figure: str,
    first: Day,
    last: Day,
    by: Dimension = Dimension.REASON,
    of: Member = None,
    after: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> w.FigureCases:
    """The cases behind a figure, newest day first, page by page."""
    asked, place = figures.Asked(Span(first, last), by, of), p.read_cursor(after)
    found = call.read(lambda work, who: figures.behind(work, call.desk, who, figure, asked, place, limit))
    part = FIGURES[figure]
    wanted = {part.part, part.of or part.part, part.listed}
    return w.FigureCases(
        cases=[
            w.FigureCase(
                ref=one.ref,
                reason=one.reason,
                stage=one.stage,
                day=one.day,
                adds={name: n for name, n in one.parts.items() if name.partition(":")[0] in wanted},
            )
            for one in found
        ],
        next=p.cursor((found[-1].day.toordinal(), found[-1].case)) if len(found) == limit else None,
    )


@router.get("/reports/month")
def month(call: Caller, month: Annotated[str, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]) -> w.MonthReport:
    """The figures of a month of the shop beside those of the month before, each with its definition."""
    call.read(lambda work, who: figures.check_month(work, call.desk, who, month))
    call.house.count_figures()
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


def _board(found: figures.Board) -> w.FigureBoard:
    span, before = found.asked.span, found.asked.span.before
    return w.FigureBoard(
        first=span.first,
        last=span.last,
        before_first=before.first,
        before_last=before.last,
        today=found.today,
        zone=found.zone,
        by=found.asked.by,
        of=found.asked.member,
        waiting=found.waiting,
        figures=_figures(found.values, found.before),
        step=span.step(),
        line=[w.FigureStep(first=first, values=_said(values)) for first, values in found.line.items()],
        members=[
            w.FigureMember(member=name, name=found.names.get(name), values=_said(values))
            for name, values in sorted(found.members.items(), key=lambda one: (-_opened(one[1]), one[0]))
        ],
    )


def _opened(values: Mapping[str, Value]) -> int:
    count = values["opened"]
    return count if isinstance(count, int) else 0


def _figures(now: Mapping[str, Value], before: Mapping[str, Value]) -> list[w.FigureView]:
    return [
        w.FigureView(
            name=one.name,
            unit=one.unit,
            formula=one.formula,
            source=one.source,
            now=value_view(now.get(one.name)),
            before=value_view(before.get(one.name)),
        )
        for one in FIGURES.values()
    ]


def _shown(now: MonthFigures, before: MonthFigures) -> w.MonthReport:
    return w.MonthReport(
        month=now.month,
        before=before.month,
        figures=_figures(now.values, before.values),
        groups={name: dict(counts) for name, counts in now.groups.items()},
        merchants=[
            w.ScoreView(
                merchant=one.merchant,
                cases=one.cases,
                asked=one.asked,
                in_time=one.in_time,
                decided=one.decided,
                overturned=one.overturned,
            )
            for one in now.merchants
        ],
    )


def _said(values: Mapping[str, Value]) -> dict[str, w.Said]:
    return {name: value_view(value) for name, value in values.items()}


def value_view(value: Value) -> w.Said:
    """A figure as the wire says it."""
    if value is None or isinstance(value, int | float):
        return value
    return [Amount(minor=minor, currency=currency) for currency, minor in sorted(value.items())]
