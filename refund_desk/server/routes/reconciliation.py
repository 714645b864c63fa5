"""Bills and bank files taken in, reconciled, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from refund_desk.domain.errors import DeskError, TooLarge
from refund_desk.domain.masking import masked_name
from refund_desk.domain.people import Principal
from refund_desk.domain.reconciliation import BreakKind
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.server.jobs import Jobs
from refund_desk.server.routes.audit import job_view
from refund_desk.service import reconciliation as use
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.service.ports.reconciliation import BreakFilter
from refund_desk.service.reconciliation_export import order_export
from refund_desk.service.reconciliation_lines import Line
from refund_desk.wire import commands as c
from refund_desk.wire import reconciliation as w
from refund_desk.wire.base import MAX_INT, PersonRef

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
    owner: Literal["me", "nobody"] | None = None,
    sort: Literal["new", "amount", "age"] = "new",
    after: After = 0,
    limit: Limit = 50,
) -> w.BreakPage:
    """Breaks: newest, largest or oldest first."""

    def asked(work: Work, who: Principal) -> Sequence[Mapping[str, Any]]:
        person = {"me": who.person_id, "nobody": 0}.get(owner or "")
        wanted = BreakFilter(status, kind.value if kind else None, person, sort)
        return use.breaks(work, call.desk, who, wanted, after, limit)

    rows = [_break(row) for row in call.read(asked)]
    return w.BreakPage(rows=rows, next=rows[-1].id if len(rows) == limit else None)


@router.post("/reconciliation/export", response_model=c.Job)
def export(
    call: Caller,
    request: Request,
    status: Literal["open", "resolved", "gone"] | None = None,
    kind: BreakKind | None = None,
) -> c.Job:
    """Begin to write breaks into a CSV; ask `/jobs/{id}` how it goes, the file is at `/jobs/{id}/file`."""
    wanted = BreakFilter(status, kind.value if kind else None)
    actors: list[Principal] = []

    def asked(work: Work, who: Principal) -> None:
        order_export(work, call.desk, who, wanted)
        actors.append(who)

    call.write(asked, status=204)
    jobs: Jobs = request.app.state.jobs
    who = actors[0] if actors else call.read(lambda _, who: who)  # the same key again: it is on record already
    return job_view(jobs.start("export.breaks", who, lambda job: call.house.export_breaks(job, who, wanted)))


@router.get("/reconciliation/counts")
def counts(call: Caller) -> w.BreakCounts:
    """Open breaks by kind, the most first."""
    found, owners = call.read(lambda work, who: use.counts(work, call.desk, who))
    kinds = sorted(found.kinds.items(), key=lambda one: (-one[1], one[0]))
    return w.BreakCounts(
        kinds=[w.KindCount(kind=BreakKind(kind), count=count) for kind, count in kinds],
        open=sum(found.kinds.values()),
        mine=found.mine,
        unowned=found.unowned,
        owners=[PersonRef(id=number, name=name) for number, name in owners],
    )


@router.get("/reconciliation/breaks/{number}")
def one_break(call: Caller, number: RowId) -> w.BreakDetail:
    """A break with its lines side by side, and in which fields they differ."""
    found = call.read(lambda work, who: use.one_break(work, call.desk, who, number))
    return w.BreakDetail(
        **_break(found.row).model_dump(),
        lines_here=[_line(line) for line in found.here],
        lines_there=[_line(line) for line in found.there],
        differs=list(found.differs),
        matches=[_match(row) for row in found.matches],
    )


def _line(line: Line) -> w.LineView:
    source, kind, id = line.key
    entry = line.entry
    if entry is None:
        return w.LineView(source=source, kind=kind, id=id, known=False)
    return w.LineView(
        source=source,
        kind=kind,
        id=id,
        known=True,
        refs=list(entry.refs),
        minor=entry.minor,
        currency=entry.currency,
        at=entry.at,
        account=entry.account or None,
        name=masked_name(entry.name) if entry.name else None,
        fee=entry.fee,
        state=entry.state,
        batch=entry.batch or None,
    )


@router.post("/reconciliation/breaks/{number}/resolve", response_model=w.BreakView)
def resolve(call: Caller, number: RowId, body: w.ResolveBreak) -> Response:
    """Settle a break, with how and why."""
    return call.write(
        lambda work, who: _break(use.resolve(work, call.desk, who, number, body.resolution, body.reason)), body=body
    )


@router.post("/reconciliation/breaks/resolve")
def resolve_many(call: Caller, body: w.ResolveBreaks) -> list[w.ResolvedOne]:
    """Settle several alike, each in a transaction of its own: one result per row."""
    return _each(
        call,
        body,
        "break.resolve",
        lambda work, who, number: use.resolve(work, call.desk, who, number, body.resolution, body.reason),
    )


@router.post("/reconciliation/breaks/reopen")
def reopen_many(call: Caller, body: w.ReopenBreaks) -> list[w.ResolvedOne]:
    """Take back that these were settled: one result per row."""
    return _each(call, body, "break.resolve", lambda work, who, number: use.reopen(work, call.desk, who, number))


@router.post("/reconciliation/breaks/assign")
def assign_many(call: Caller, body: w.AssignBreaks) -> list[w.ResolvedOne]:
    """Give several an owner: one result per row."""
    return _each(
        call, body, "break.assign", lambda work, who, number: use.assign(work, call.desk, who, number, body.person)
    )


Several = w.ResolveBreaks | w.ReopenBreaks | w.AssignBreaks


def _each(
    call: Call, body: Several, activity: str, one: Callable[[Work, Principal, int], Mapping[str, Any]]
) -> list[w.ResolvedOne]:
    call.read(lambda work, who: permit(work, call.desk, who, activity))
    results = []
    for number in dict.fromkeys(body.breaks):
        try:
            _written(call.part(str(number)), body, number, one)
        except DeskError as error:
            results.append(w.ResolvedOne(id=number, error=w.Worded(code=error.code, params=error.params)))
        else:
            results.append(w.ResolvedOne(id=number))
    return results


def _written(call: Call, body: Several, number: int, one: Callable[[Work, Principal, int], Mapping[str, Any]]) -> None:
    call.write(lambda work, who: _break(one(work, who, number)), body=body)


@router.post("/reconciliation/breaks/{number}/case", response_model=w.BreakView)
def make_case(call: Caller, number: RowId) -> Response:
    """A case about a break whose order has none; with one, nothing changes."""
    return call.write(lambda work, who: _break(use.make_case(work, call.desk, who, number)))


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


_BREAK = (
    *("id", "kind", "check", "minor", "currency", "since", "found_at", "status", "ref", "order", "owner_id", "owner"),
    *("settled_at", "resolution", "reason"),
)


def _break(row: Mapping[str, Any]) -> w.BreakView:
    said = {name: row[name] for name in _BREAK}
    return w.BreakView.model_validate({**said, "here": _names(row["here"]), "there": _names(row["there"])})
