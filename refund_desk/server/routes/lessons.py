"""What a figure taught us, followed until it is settled; and reports of months that are kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from refund_desk.domain.figures import FIGURES, Dimension, Span
from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller, RowId
from refund_desk.server.routes.figures import value_view
from refund_desk.service import figures, lessons
from refund_desk.service.ports import Work
from refund_desk.service.ports.figures import KeptReport
from refund_desk.wire import lessons as w
from refund_desk.wire.base import PersonRef

router = APIRouter(tags=["figures"])

KINDS = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS.values()}}
}


@router.get("/lessons")
def listed(call: Caller) -> w.Lessons:
    """All of them, open ones first, each with the figure then and since."""
    return call.read(lambda work, who: _listed(work, lessons.listed(work, call.desk, who)))


@router.post("/lessons", response_model=w.LessonView)
def add(call: Caller, body: w.NewLesson) -> Response:
    """Write down what a figure shows, whose it is to follow, and until when."""
    asked = figures.Asked(Span(body.first, body.last), body.by, body.of)

    def use(work: Work, who: Principal) -> w.LessonView:
        made = lessons.add(work, call.desk, who, body.figure, asked, body.text, body.owner, body.due)
        return _one(work, call, who, made.id)

    return call.write(use, body=body)


@router.post("/lessons/{number}/settle", response_model=w.LessonView)
def settle(call: Caller, number: RowId, body: w.SettleLesson) -> Response:
    """It is done, with what came of it; or dropped, with why."""

    def use(work: Work, who: Principal) -> w.LessonView:
        lessons.settle(work, call.desk, who, number, body.done, body.result)
        return _one(work, call, who, number)

    return call.write(use, body=body)


@router.get("/reports")
def reports(call: Caller) -> list[w.KeptReportView]:
    """Reports of months that are kept, newest first."""

    def use(work: Work, who: Principal) -> list[w.KeptReportView]:
        found, names = figures.kept(work, call.desk, who)
        return [_report(one, p.person(one.person_id, names)) for one in found]

    return call.read(use)


@router.get("/reports/{number}/file", response_class=Response, responses=_FILE)
def file(call: Caller, number: RowId) -> Response:
    """A kept report, byte for byte; its entry says who has it."""
    found: list[tuple[KeptReport, bytes]] = []
    call.write(lambda work, who: found.append(figures.kept_file(work, call.desk, who, number)))
    report, data = found[0]
    name = f"{report.month}.{report.language}.{report.format}"
    headers = {"Content-Disposition": f"attachment; filename={name}", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=KINDS[report.format], headers=headers)


def _report(one: KeptReport, by: PersonRef | None) -> w.KeptReportView:
    return w.KeptReportView.model_validate(
        {
            "id": one.id,
            "month": one.month,
            "format": one.format,
            "language": one.language,
            "sha256": one.digest.hex(),
            "bytes": one.bytes,
            "at": one.at,
            "by": by,
        }
    )


def _one(work: Work, call: Caller, who: Principal, number: int) -> w.LessonView:
    found = _listed(work, lessons.listed(work, call.desk, who))
    return next(one for one in found.lessons if one.id == number)


def _listed(work: Work, found: lessons.Listed) -> w.Lessons:
    merchants = {one.lesson.member for one in found.lessons if one.lesson.dimension == Dimension.MERCHANT}
    shops = work.figures.merchants(merchants)
    persons = {one.lesson.member for one in found.lessons if one.lesson.dimension == Dimension.PERSON}
    people = {str(n): name for n, name in work.people.names(int(one) for one in persons if one).items()}
    return w.Lessons(
        lessons=[
            _view(one, found, shops.get(one.lesson.member) or people.get(one.lesson.member)) for one in found.lessons
        ],
        people=[PersonRef(id=number, name=name) for number, name in found.people],
    )


def _view(one: lessons.Followed, found: lessons.Listed, name: str | None) -> w.LessonView:
    it, names = one.lesson, found.names
    return w.LessonView(
        id=it.id,
        figure=it.figure,
        unit=FIGURES[it.figure].unit,
        by=Dimension(it.dimension) if it.dimension else None,
        of=it.member if it.dimension else None,
        name=name,
        first=it.span.first,
        last=it.span.last,
        text=it.text,
        owner=p.known(it.owner_id, names),
        due=it.due,
        late=one.late,
        made_by=p.known(it.made_by, names),
        made_at=it.made_at,
        status=it.status,
        settled_by=p.person(it.settled_by, names),
        settled_at=it.settled_at,
        result=it.result,
        then=value_view(one.then),
        after=value_view(one.after),
        after_first=one.days.first if one.days else None,
        after_last=one.days.last if one.days else None,
    )
