"""The queue, for-me, saved views, the change feed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from refund_desk.domain.errors import Invalid, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Reason, RequestKind, Stage
from refund_desk.server import present as p
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.service import people, reading
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.service.ports.views import CHIPS, QueueFilter
from refund_desk.wire import cases as w
from refund_desk.wire import commands as c
from refund_desk.wire.base import MAX_INT, Coded

router = APIRouter(tags=["queue"])
MOST = 200
Section = Literal["decide", "approve", "answer", "returned", "pay", "inspect", "know"]
LONGEST_WAIT_S = 60.0


@router.get("/cases")
def queue(
    call: Caller,
    chip: Annotated[str | None, Query(max_length=40, description=f"One of: {', '.join(CHIPS)}.")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Words to search for.")] = None,
    stage: Stage | None = None,
    reason: Reason | None = None,
    kind: RequestKind | None = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    assignee: Annotated[int | None, Query(ge=1, le=MAX_INT)] = None,
    merchant: Annotated[str | None, Query(max_length=200)] = None,
    closed: bool = False,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> w.QueuePage:
    """A page in order of urgency. The first one carries chips and total."""
    if chip is not None and chip not in CHIPS:
        raise Invalid("queue.chip", chip=chip, allowed=list(CHIPS))
    wanted = QueueFilter(
        chip=chip,
        text=q,
        stage=stage,
        reason=reason,
        kind=kind,
        currency=currency,
        assignee=assignee,
        merchant=merchant,
        closed=closed or bool(q),
    )

    def use(work: Work, who: Principal) -> w.QueuePage:
        page = reading.queue(work, call.desk, who, wanted, p.read_cursor(after), limit)
        now = call.desk.clock()
        return w.QueuePage(
            rows=[p.row(listed, now) for listed in page.rows],
            next=p.cursor(page.rows[-1].state.place) if page.more else None,
            chips=[p.chip(count) for count in page.chips],
            total=p.chip(page.total) if page.total else None,
        )

    return call.read(use)


@router.get("/for-me")
def for_me(
    call: Caller,
    section: Annotated[Section | None, Query(description="One section alone, with more of its rows.")] = None,
    after: Annotated[str | None, Query(max_length=200, description="A cursor that `next` gave for it.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> w.ForMe:
    """Everybody's first screen: the beginning of every section, or one of them from a cursor on."""

    def use(work: Work, who: Principal) -> w.ForMe:
        if section is None:
            mine = reading.for_me(work, call.desk, who, MOST // 7)  # seven lists, one answer
        else:
            mine = reading.more_for_me(work, call.desk, who, section, limit, p.read_cursor(after))
        now = call.desk.clock()
        rows = {name: [p.row(one, now) for one in listed] for name, listed in mine.rows.items()}
        found = w.ForMe(
            next={name: p.cursor(place) for name, place in mine.next.items()},
            know=[
                w.InboxRow(
                    id=line["id"],
                    ref=line["ref"],
                    at=line["at"],
                    what=Coded(code=line["code"], params=line["params"]),
                    seen=bool(line["seen"]),
                )
                for line in mine.know
            ],
        )
        return found.model_copy(update=rows)

    return call.read(use)


@router.post("/inbox/{inbox_id}/seen", status_code=204)
def seen(call: Caller, inbox_id: RowId) -> Response:
    """An informed line was read."""
    return call.write(lambda work, who: reading.mark_seen(work, call.desk, who, inbox_id), status=204)


@router.get("/views")
def views(call: Caller) -> list[c.SavedView]:
    """One's own saved views, by name."""
    return call.read(
        lambda work, who: [c.SavedView(name=v["name"], filters=v["filters"]) for v in work.people.views(who.person_id)]
    )


@router.put("/views", status_code=204)
def save_view(call: Caller, body: c.SavedView) -> Response:
    """Save a view under its name, or replace the one of that name."""
    return call.write(lambda work, who: people.save_view(work, who, body.name, body.filters), body=body, status=204)


@router.delete("/views", status_code=204)
def drop_view(call: Caller, name: Annotated[str, Query(max_length=100)]) -> Response:
    """Forget a view."""
    return call.write(lambda work, who: work.people.drop_view(who.person_id, name), status=204)


@router.get("/changes")
async def changes(
    request: Request,
    after: Annotated[
        int, Query(ge=-1, le=MAX_INT, description="A position this route gave; -1 to begin with now.")
    ] = -1,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for something.")] = 25.0,
) -> w.ChangeFeed:
    """Long poll. While it waits it holds neither a thread nor a connection."""
    state = request.app.state
    call = Call(request)
    sees = await run_in_threadpool(call.read, lambda work, who: _sees_cases(work, call, who))
    feed = state.feed
    if after == -1:
        return w.ChangeFeed(position=feed.top, cases=[], checkpoint=state.house.checkpoint())
    await feed.wait(after, wait)
    found = ([], feed.top, False) if after > feed.top else feed.since(after, MOST)
    if found is None:
        found = await run_in_threadpool(_from_log, state.house, after)
    cases, position, more = found
    shown = cases if sees else []
    return w.ChangeFeed(position=position, cases=shown, more=more, checkpoint=state.house.checkpoint())


def _sees_cases(work: Work, call: Call, who: Principal) -> bool:
    """Whoever may not see the queue hears that something changed (the log grew), not on which case."""
    try:
        permit(work, call.desk, who, "queue.read")
    except Refused:
        return False
    return True


def _from_log(house: object, after: int) -> tuple[list[str], int, bool]:
    """What a desk missed that was away for long: from the database, a page at a time."""
    with house.read() as work:  # type: ignore[attr-defined]
        rows = work.log.since(after, MOST)
    cases = list(dict.fromkeys(row.case for row in rows if row.case and not row.action.startswith("look.")))
    return cases, rows[-1].position if rows else after, len(rows) == MOST
