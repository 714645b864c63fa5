"""Bills and bank files taken in, reconciled, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from refund_desk.domain.errors import DeskError, TooLarge
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import BreakKind
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.server.jobs import Jobs
from refund_desk.server.routes.audit import job_view
from refund_desk.service import reconciliation as use
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.wire import commands as c
from refund_desk.wire import reconciliation as w
from refund_desk.wire.base import MAX_INT

router = APIRouter(tags=["reconciliation"])

MAX_FILE: Final = 64 * 1024 * 1024
After = Annotated[int, Query(ge=0, le=MAX_INT, description="Id of the last row had; 0: from the newest.")]
Limit = Annotated[int, Query(ge=1, le=200)]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A bill as it was sent."""

    data: bytes


async def sent_file(request: Request, call: Caller) -> SentFile:
    """A file's bytes, once it is known that the caller may send one."""

    def allowed(work: Work, who: Principal) -> None:
        permit(work, call.desk, who, "statement.import")

    await run_in_threadpool(call.read, allowed)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FILE:
            raise TooLarge("statement.file_too_large", limit=MAX_FILE)
        parts.append(part)
    return SentFile(b"".join(parts))


@router.post("/statements", response_model=w.StatementTaken, openapi_extra=_BODY)
def take_in(
    call: Caller,
    sent: Annotated[SentFile, Depends(sent_file)],
    source: Annotated[str, Query(min_length=1, max_length=100, description="The payout channel the file is of.")],
) -> Response:
    """Take a bill or bank file in; the same file again changes nothing.

    JD, WeChat and Alipay (csv, xlsx), Stripe's payout report, camt.053; the kind is seen from the bytes.
    """
    statement = call.house.read_statement(sent.data)
    return call.write(
        lambda work, who: w.StatementTaken.model_validate(
            use.import_statement(work, call.desk, who, source, sent.data, statement)
        )
    )


@router.post("/reconciliation/run", response_model=c.Job)
def run(call: Caller, request: Request, whole: bool = False) -> c.Job:
    """Compare what is new, or (whole) everything there is; ask `/jobs/{id}` how it goes. Its result is `Reconciled`."""

    def allowed(work: Work, who: Principal) -> Principal:
        permit(work, call.desk, who, "reconcile.run")
        return who

    who = call.read(allowed)
    jobs: Jobs = request.app.state.jobs
    return job_view(jobs.start("reconcile", who, lambda job: call.house.reconcile(job, who, whole=whole), once=True))


@router.get("/reconciliation/matches")
def matches(call: Caller, after: After = 0, limit: Limit = 50) -> w.MatchPage:
    """Standing matches with what speaks for them, newest first."""
    found = call.read(lambda work, who: use.matches(work, call.desk, who, after, limit))
    rows = [_match(row) for row in found]
    return w.MatchPage(rows=rows, next=rows[-1].id if len(rows) == limit else None)


@router.post("/reconciliation/matches/{number}/undo", response_model=w.MatchView)
def undo(call: Caller, number: RowId, body: w.UndoMatch) -> Response:
    """Take a match apart; no run links these lines again."""
    return call.write(lambda work, who: _match(use.undo_match(work, call.desk, who, number, body.reason)), body=body)


@router.get("/reconciliation/breaks")
def breaks(
    call: Caller,
    status: Literal["open", "resolved", "gone"] | None = "open",
    kind: BreakKind | None = None,
    after: After = 0,
    limit: Limit = 50,
) -> w.BreakPage:
    """Breaks, newest first."""
    found = call.read(lambda work, who: use.breaks(work, call.desk, who, status, kind, after, limit))
    rows = [_break(row) for row in found]
    return w.BreakPage(rows=rows, next=rows[-1].id if len(rows) == limit else None)


@router.post("/reconciliation/breaks/{number}/resolve", response_model=w.BreakView)
def resolve(call: Caller, number: RowId, body: w.ResolveBreak) -> Response:
    """Settle a break, with how and why."""
    return call.write(
        lambda work, who: _break(use.resolve(work, call.desk, who, number, body.resolution, body.reason)), body=body
    )


@router.post("/reconciliation/breaks/resolve")
def resolve_many(call: Caller, body: w.ResolveBreaks) -> list[w.ResolvedOne]:
    """Settle several alike, each in a transaction of its own: one result per row."""

    def allowed(work: Work, who: Principal) -> None:
        permit(work, call.desk, who, "break.resolve")

    call.read(allowed)
    results = []
    for number in dict.fromkeys(body.breaks):
        try:
            _resolve_one(call.part(str(number)), number, body)
        except DeskError as error:
            results.append(w.ResolvedOne(id=number, error=w.Worded(code=error.code, params=error.params)))
        else:
            results.append(w.ResolvedOne(id=number))
    return results


def _resolve_one(call: Call, number: int, body: w.ResolveBreaks) -> None:
    call.write(
        lambda work, who: _break(use.resolve(work, call.desk, who, number, body.resolution, body.reason)), body=body
    )


@router.post("/reconciliation/breaks/{number}/assign", response_model=w.BreakView)
def assign(call: Caller, number: RowId, body: w.AssignBreak) -> Response:
    """Give a break an owner."""
    return call.write(lambda work, who: _break(use.assign(work, call.desk, who, number, body.person)), body=body)


def _names(keys: Sequence[Sequence[str]]) -> list[w.LineName]:
    return [w.LineName(source=key[0], kind=key[1], id=key[2]) for key in keys]


def _match(row: Mapping[str, Any]) -> w.MatchView:
    names = ("id", "check", "code", "terms", "difference", "currency", "at", "undone_at")
    said = {name: row[name] for name in names}
    return w.MatchView.model_validate({**said, "here": _names(row["here"]), "there": _names(row["there"])})


def _break(row: Mapping[str, Any]) -> w.BreakView:
    names = ("id", "kind", "check", "minor", "currency", "since", "found_at", "status", "ref", "owner_id", "settled_at")
    said = {name: row[name] for name in (*names, "resolution", "reason")}
    return w.BreakView.model_validate({**said, "here": _names(row["here"]), "there": _names(row["there"])})
