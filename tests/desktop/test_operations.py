"""Work off the main thread comes back on it, in order, and never to a widget that is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from refund_desk.client.loop import LoopThread
from refund_desk.desktop.operations import Operations, Report, new_key
from refund_desk.domain.errors import Conflict, DeskError, Unauthenticated, Unavailable


@pytest.fixture
def parent(operations: Operations) -> QObject:
    return QObject(operations)


def ask(value: object) -> Callable[[], Any]:
    async def call() -> object:
        await asyncio.sleep(0)
        return value

    return call


def test_an_answer_comes_on_the_main_thread(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    seen: list[tuple[object, bool, bool]] = []
    asked: list[threading.Thread] = []

    async def call() -> int:
        asked.append(threading.current_thread())
        return 7

    def success(value: int) -> None:
        seen.append(
            (value, threading.current_thread() is threading.main_thread(), asked[0] is not threading.main_thread())
        )

    running = operations.read(parent, call, success)
    with qtbot.waitSignal(running.finished):
        pass
    assert seen == [(7, True, True)]


def test_an_error_goes_to_failure(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    async def call() -> None:
        raise Conflict("case.taken", by="Ana")

    errors: list[DeskError] = []
    running = operations.read(parent, call, lambda _: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert (errors[0].code, errors[0].params) == ("case.taken", {"by": "Ana"})
    assert running is not None


def test_the_end_of_an_earlier_session_is_no_news(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    late = threading.Event()

    async def call() -> None:
        await asyncio.to_thread(late.wait)
        raise Unauthenticated("people.session_over")

    over: list[object] = []
    operations.signed_out.connect(over.append)
    for sessions in (1, 0):  # somebody else has signed in meanwhile; nobody has
        late.clear()
        running = operations.read(parent, call, lambda _: None, lambda _: None)
        for _ in range(sessions):
            operations.new_session()
        with qtbot.waitSignal(running.finished):
            late.set()
        assert len(over) == 1 - sessions


def test_an_error_nobody_takes_is_announced(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    async def call() -> None:
        raise Conflict("case.taken")

    with qtbot.waitSignal(operations.failed) as said:
        operations.read(parent, call, lambda _: None)
    assert said.args is not None
    assert said.args[0].code == "case.taken"


def test_a_bug_is_an_error_with_a_log(
    qtbot: QtBot, operations: Operations, parent: QObject, caplog: pytest.LogCaptureFixture
) -> None:
    async def call() -> None:
        raise ZeroDivisionError

    errors: list[DeskError] = []
    operations.read(parent, call, lambda _: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert (errors[0].code, errors[0].params["what"]) == ("client.bug", "ZeroDivisionError")
    assert "ZeroDivisionError" in caplog.text


def test_a_deadline_ends_a_read(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    async def call() -> None:
        await asyncio.Event().wait()

    errors: list[DeskError] = []
    operations.read(parent, call, lambda _: None, errors.append, deadline=0.01)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], Unavailable)
    assert errors[0].code == "client.deadline"


def test_nothing_reaches_a_parent_that_is_gone(qtbot: QtBot, operations: Operations) -> None:
    parent, seen = QObject(), list[object]()
    gate = threading.Event()
    ended: list[bool] = []

    async def call() -> int:
        try:
            while not gate.is_set():
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            ended.append(True)
            raise
        return 1

    running = operations.read(parent, call, seen.append)
    with qtbot.waitSignal(running.finished):
        parent.deleteLater()
    qtbot.waitUntil(lambda: ended == [True])
    assert seen == []


def test_cancelling_delivers_nothing(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    async def call() -> None:
        await asyncio.Event().wait()

    seen: list[object] = []
    running = operations.read(parent, call, seen.append, seen.append)
    with qtbot.waitSignal(running.finished):
        running.cancel()
    running = operations.read(parent, ask(2), lambda _: None)
    with qtbot.waitSignal(running.finished):
        pass
    assert seen == []


def test_writes_go_one_at_a_time_and_in_order(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    story: list[str] = []

    def call(name: str) -> Callable[[str], Any]:
        async def run(_key: str) -> str:
            story.append(f"{name} begins")
            await asyncio.sleep(0.002)
            story.append(f"{name} ends")
            return name

        return run

    done: list[str] = []
    for name in ("a", "b", "c"):
        operations.write(parent, call(name), done.append, key=new_key())
    qtbot.waitUntil(lambda: done == ["a", "b", "c"])
    assert story == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


def test_reads_run_beside_one_another(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    both = threading.Barrier(2, timeout=5)

    async def call() -> bool:
        await asyncio.to_thread(both.wait)  # passes only when the other read waits here too
        return True

    done: list[bool] = []
    for _ in range(2):
        operations.read(parent, call, done.append)
    qtbot.waitUntil(lambda: done == [True, True])


def test_a_double_click_is_one_write(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    calls: list[str] = []

    async def call(key: str) -> str:
        calls.append(key)
        await asyncio.sleep(0.002)
        return key

    key, done = new_key(), list[str]()
    first = operations.write(parent, call, done.append, key=key)
    assert operations.write(parent, call, done.append, key=key) is first
    qtbot.waitUntil(lambda: done == [key])
    assert calls == [key]
    operations.write(parent, call, done.append, key=key)  # after it ended the same key may be tried again
    qtbot.waitUntil(lambda: calls == [key, key])
    qtbot.waitUntil(lambda: done == [key, key])


def test_a_write_outlives_its_window_and_is_announced(qtbot: QtBot, operations: Operations) -> None:
    parent, gate, seen = QObject(), threading.Event(), list[object]()

    async def call(_key: str) -> str:
        while not gate.is_set():
            await asyncio.sleep(0.001)
        return "changed"

    with qtbot.waitSignal(operations.written) as said:
        operations.write(parent, call, seen.append, key=new_key())
        with qtbot.waitSignal(parent.destroyed):
            parent.deleteLater()
        gate.set()
    assert said.args == ["changed"]
    assert seen == []


def test_long_work_reports_and_stops(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    told: list[tuple[int, int]] = []
    done: list[str] = []

    def work(report: Report) -> str:
        for step in range(1, 4):
            report(step, 3)
        return "ready"

    operations.long(parent, work, done.append, progress=lambda now, total: told.append((now, total)))
    qtbot.waitUntil(lambda: done == ["ready"])
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_busy_is_said_once(qtbot: QtBot, operations: Operations, parent: QObject) -> None:
    said: list[bool] = []
    operations.busy.connect(said.append)
    done: list[int] = []
    for number in range(3):
        operations.read(parent, ask(number), done.append)
    qtbot.waitUntil(lambda: len(done) == 3 and said == [True, False])


def test_without_a_loop_it_fails_softly(qtbot: QtBot, app: object) -> None:
    operations = Operations(LoopThread())
    errors: list[DeskError] = []
    operations.read(operations, ask(1), lambda _: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].code == "client.stopped"
    operations.deleteLater()


def test_a_loop_stops_twice_and_cancels() -> None:
    loop = LoopThread()
    loop.start()
    loop.start()

    async def forever() -> None:
        await asyncio.Event().wait()

    future = loop.submit(forever())
    loop.stop()
    loop.stop()
    assert future.cancelled()
    with pytest.raises(RuntimeError):
        loop.submit(forever())
