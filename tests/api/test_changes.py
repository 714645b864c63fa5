"""The change feed: a commit wakes who waits, who waits costs nothing, and no change is lost on the way."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from refund_desk.server.feed import KEPT
from refund_desk.wire import commands as c
from tests.api.conftest import NewDesk
from tests.fakes.desk_api import DeskApi, open_house

WAITING = 200


def note(text: str = "a note") -> c.MessageBody:
    return c.MessageBody(kind="note", text=text)


async def waits(desk: DeskApi, after: int, by: str = "reviewer", wait: float = 30.0) -> Any:
    return (await desk.send("GET", f"/changes?after={after}&wait={wait}", by=by)).json()


async def until(desk: DeskApi, number: int) -> None:
    """Until so many wait at the feed: a condition, asked again and again, never a time."""
    while desk.house.feed.waiting < number:
        await asyncio.sleep(0)


def checked_out(desk: DeskApi) -> int:
    return int(desk.house.engine.pool.checkedout())  # type: ignore[attr-defined]


def test_it_begins_with_now(any_desk: DeskApi) -> None:
    now = any_desk.ask("reviewer", lambda desk: desk.changes(-1))
    assert now.cases == []
    assert now.position == any_desk.house.feed.top
    again = any_desk.ask("reviewer", lambda desk: desk.changes(now.position, wait=0))
    assert (again.cases, again.position, again.more) == ([], now.position, False)


def test_a_commit_wakes_who_waits(new_desk: NewDesk) -> None:
    desk = new_desk(worker=True)
    ref = desk.ref(3)

    async def news() -> Any:
        top = (await waits(desk, -1))["position"]
        waiting = asyncio.ensure_future(waits(desk, top))
        await until(desk, 1)
        await desk.send("POST", f"/cases/{ref}/messages", note().model_dump(), by="customer_service")
        return await waiting

    told = desk.run(news())
    assert told["cases"] == [ref]
    assert told["position"] == desk.house.feed.top


def test_two_hundred_who_wait_hold_nothing(new_desk: NewDesk) -> None:
    """No thread, no connection; a quick call is answered while they wait, and one commit lets all go."""
    desk = new_desk(worker=True)

    async def crowd() -> tuple[list[Any], int, int]:
        top = (await waits(desk, -1))["position"]
        await desk.send("GET", "/me", by="reviewer")
        threads = threading.active_count()
        waiting = [asyncio.ensure_future(waits(desk, top)) for _ in range(WAITING)]
        await until(desk, WAITING)
        while (held := checked_out(desk)) > 1 and not any(one.done() for one in waiting):
            await asyncio.sleep(0)  # the last of the calls that asked for their places give back what they held
        grown = threading.active_count() - threads
        assert (await desk.send("GET", "/me", by="reviewer")).is_success  # no look, which would be news
        assert not any(one.done() for one in waiting), "answered while all of them wait"
        await desk.send("POST", f"/cases/{desk.ref(2)}/messages", note().model_dump(), by="customer_service")
        return await asyncio.gather(*waiting), held, grown

    told, held, grown = desk.run(crowd())
    assert len(told) == WAITING
    assert {tuple(one["cases"]) for one in told} == {(desk.ref(2),)}
    assert held <= 1, "connections: none but perhaps the worker's, at its own work"
    assert grown <= 45, "threads: those of the pool that answered the questions, forty at most; none per waiter"
    assert desk.house.feed.waiting == 0


def test_a_cursor_holds_over_a_restart(desk_api: DeskApi) -> None:
    before = desk_api.ask("reviewer", lambda desk: desk.changes(-1)).position
    desk_api.ask("customer_service", lambda desk: desk.message(desk_api.ref(4), note()))
    desk_api.house.integrate()
    # The same database behind a fresh process: it heard nothing of it, and reads it from the log.
    feed = desk_api.house.feed
    desk_api.house.feed.__init__()  # type: ignore[misc]
    with desk_api.house.read() as work:
        feed.begin(work.log.size() - 1)
    told = desk_api.ask("reviewer", lambda desk: desk.changes(before, wait=0))
    assert told.cases == [desk_api.ref(4)]
    assert told.position == feed.top


def test_who_was_away_for_long_loses_nothing(desk_api: DeskApi) -> None:
    """More than memory holds: page after page from the log, each case once a page, until now."""
    before = desk_api.ask("reviewer", lambda desk: desk.changes(-1)).position
    operator = desk_api.house.operators[desk_api.house.operator_token("t")]
    with desk_api.house.write() as work:
        for number in range(KEPT + 100):
            work.audit("note.added", operator, desk_api.ref(1 + number % 12))
        work.audit("look.case", operator, desk_api.ref(99))
    desk_api.house.integrate()
    assert desk_api.house.feed.since(before, 200) is None
    cases, position, pages = set(), before, 0
    while True:
        told = desk_api.ask("reviewer", lambda desk, at=position: desk.changes(at, wait=0))  # type: ignore[misc]
        cases |= set(told.cases)
        position, pages = told.position, pages + 1
        if not told.more:
            break
    assert cases == {desk_api.ref(number) for number in range(1, 13)}, "a look changes nothing, and wakes nobody"
    assert position == desk_api.house.feed.top
    assert pages > 1


def test_a_cursor_from_the_future_is_brought_back(any_desk: DeskApi) -> None:
    """As after a restored backup: the desk that asks is told where the log really ends."""
    top = any_desk.house.feed.top
    told = any_desk.ask("reviewer", lambda desk: desk.changes(top + 1_000_000, wait=0))
    assert (told.cases, told.position) == ([], top)


def test_who_sees_no_case_hears_of_none(desk_api: DeskApi) -> None:
    before = desk_api.ask("administrator", lambda desk: desk.changes(-1)).position
    desk_api.ask("customer_service", lambda desk: desk.message(desk_api.ref(4), note()))
    desk_api.house.integrate()
    told = desk_api.ask("administrator", lambda desk: desk.changes(before, wait=0))
    assert told.cases == []
    assert told.position > before


def test_the_service_goes_and_lets_everybody_go(new_desk: NewDesk) -> None:
    desk = new_desk(worker=True)

    async def leaving() -> list[Any]:
        waiting = [asyncio.ensure_future(waits(desk, desk.house.feed.top)) for _ in range(5)]
        await until(desk, 5)
        desk.house.feed.wake()
        return await asyncio.gather(*waiting)

    assert [one["cases"] for one in desk.run(leaving())] == [[]] * 5


@pytest.mark.parametrize("way", ["socket"])
def test_another_process_wakes_us_too(new_desk: NewDesk) -> None:
    """On PostgreSQL: what a second service commits reaches who waits at the first, by LISTEN and NOTIFY."""
    desk = new_desk(worker=True)
    url = desk.house.engine.url.render_as_string(hide_password=False)
    second = open_house(desk.house.directory, desk.house.directory.parent / "keys", url, desk.clock, worker=False)
    try:

        async def news() -> Any:
            top = (await waits(desk, -1))["position"]
            waiting = asyncio.ensure_future(waits(desk, top))
            await until(desk, 1)
            await asyncio.to_thread(_note_by, second, desk.ref(7))
            return await waiting

        assert desk.run(news())["cases"] == [desk.ref(7)]
    finally:
        second.engine.dispose()


def _note_by(house: Any, ref: str) -> None:
    operator = house.operators[house.operator_token("t")]
    with house.write() as work:
        work.audit("note.added", operator, ref)
