"""Work off the main thread. Answers come back on it, and are dropped when the asking widget is gone.

Reads run in parallel; writes one at a time, in order. A write that was begun is never cancelled by a closing
window: it runs to its end and `written` tells whoever shows what it changed.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import shiboken6
from PySide6.QtCore import QObject, Qt, QThread, Signal
from uuid6 import uuid7

from refund_desk.client.loop import LoopThread
from refund_desk.domain.errors import DeskError, Unauthenticated, Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
Report = Callable[[int, int], None]
"""Progress from any thread: done, total (0: not known)."""

READ_SECONDS = 15.0
WRITE_SECONDS = 20.0


def new_key() -> str:
    """An idempotency key. A form makes one when it opens, keeps it in its draft, sends it with every try."""
    return str(uuid7())


class Bug(DeskError):
    """Something that isn't an expected error; the log has the traceback."""

    status = 500


class Running(QObject):
    """An operation on its way. `finished` comes once, after success, failure or cancel."""

    finished = Signal()
    _answered = Signal(object, object)
    _reported = Signal(int, int)

    def __init__(self, owner: Operations, parent: QObject, *, write: bool = False) -> None:
        super().__init__(owner)
        self._parent, self._write, self._session = parent, write, owner.session
        self._future: Future[None] | None = None
        self.done = self.cancelled = False
        self.success: Callable[[Any], None] | None = None
        self.failure: Callable[[DeskError], None] | None = None
        self.progress: Callable[[int, int], None] | None = None
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._reported.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        if not write:
            parent.destroyed.connect(self.cancel)

    def cancel(self) -> None:
        """Stop waiting: nothing is delivered any more. A write that was sent still happens."""
        if self.done:
            return
        self.cancelled = True
        if self._future is not None and not self._write:
            self._future.cancel()
        self._finish()

    def report(self, done: int, total: int = 0) -> None:
        """Progress, from any thread."""
        if not self.done and shiboken6.isValid(self):
            self._reported.emit(done, total)

    def begin(self, future: Future[None]) -> None:
        self._future = future

    def answer(self, value: object, error: object) -> None:
        """Hand over the outcome, from any thread."""
        if shiboken6.isValid(self):
            self._answered.emit(value, error)

    def _alive(self) -> bool:
        return not self.done and shiboken6.isValid(self._parent)

    def _show_progress(self, done: int, total: int) -> None:
        if self.progress is not None and self._alive():
            self.progress(done, total)

    def _deliver(self, value: object, error: object) -> None:
        owner = cast("Operations", self.parent())
        if self._write and error is None:
            owner.written.emit(value)
        if isinstance(error, Unauthenticated) and self._session == owner.session:
            owner.signed_out.emit(error)
        if self._alive():
            if error is None:
                if self.success is not None:
                    self.success(value)
            elif self.failure is not None:
                self.failure(cast(DeskError, error))
            else:
                owner.failed.emit(error)
        self._finish()

    def _finish(self) -> None:
        if self.done:
            return
        self.done = True
        self.finished.emit()
        self.deleteLater()


class Operations(QObject):
    """Runs the calls of all panels. Made once by the window, handed to every panel."""

    written = Signal(object)
    """The answer of each write that succeeded; panels that show what it changed ask again."""
    failed = Signal(object)
    """A DeskError nobody gave a `failure` for; the shell shows it."""
    signed_out = Signal(object)
    """The service no longer knows who we are; also where the caller has a `failure` of its own."""
    busy = Signal(bool)
    """True while at least one operation runs."""

    def __init__(self, loop: LoopThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = loop
        self.session = 0
        self._turn: asyncio.Lock | None = None
        self._running: set[Running] = set()
        self._writes: dict[str, Running] = {}

    def new_session(self) -> None:
        """Somebody has signed in: that an earlier session is over is no news any more."""
        self.session += 1

    def read(
        self,
        parent: QObject,
        call: Callable[[], Awaitable[T]],
        success: Callable[[T], None],
        failure: Callable[[DeskError], None] | None = None,
        *,
        deadline: float = READ_SECONDS,
    ) -> Running:
        """Ask something. `call` runs on the client loop; `success` or `failure` on the main thread.

        After `deadline` seconds it fails with `client.deadline`. Cancelled when `parent` goes.
        """
        running = self._new(parent, success, failure)
        self._submit(running, lambda: _within(call, deadline))
        return running

    def write(
        self,
        parent: QObject,
        call: Callable[[str], Awaitable[T]],
        success: Callable[[T], None] | None = None,
        failure: Callable[[DeskError], None] | None = None,
        *,
        key: str,
        deadline: float = WRITE_SECONDS,
    ) -> Running:
        """Change something. `call` gets the form's idempotency key; see `new_key`.

        The same key while its first try still runs (a double click) gives that first one back. After a failure
        the form sends the same key again; after success it makes a new one.
        """
        first = self._writes.get(key)
        if first is not None:
            return first
        running = self._new(parent, success, failure, write=True)
        self._writes[key] = running
        running.finished.connect(lambda: self._writes.pop(key, None))
        self._submit(running, lambda: self._in_turn(lambda: call(key), deadline))
        return running

    def long(
        self,
        parent: QObject,
        call: Callable[[Report], Awaitable[T] | T],
        success: Callable[[T], None],
        failure: Callable[[DeskError], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
        *,
        deadline: float | None = None,
    ) -> Running:
        """Long work with progress and a stop. A coroutine function runs on the client loop, a plain one in a
        thread of its own; both are given `report(done, total)`.
        """
        running = self._new(parent, success, failure)
        running.progress = progress
        if inspect.iscoroutinefunction(call):
            work: Callable[[], Awaitable[Any]] = lambda: cast(Awaitable[Any], call(running.report))  # noqa: E731
        else:
            work = lambda: _in_thread(call, running.report)  # noqa: E731
        self._submit(running, lambda: _within(work, deadline))
        return running

    def stop(self) -> None:
        """Deliver nothing any more; for closing the window."""
        for running in list(self._running):
            running.cancel()

    # ------------------------------------------------------------ inside

    def _new(self, parent: QObject, success: Any, failure: Any, *, write: bool = False) -> Running:
        if QThread.currentThread() is not self.thread():
            raise RuntimeError("operations are started on the main thread")
        running = Running(self, parent, write=write)
        running.success, running.failure = success, failure
        self._running.add(running)
        running.finished.connect(lambda: self._ended(running))
        if len(self._running) == 1:
            self.busy.emit(True)
        return running

    def _ended(self, running: Running) -> None:
        self._running.discard(running)
        if not self._running:
            self.busy.emit(False)

    def _submit(self, running: Running, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            running.begin(self._loop.submit(_answer(running, work)))
        except RuntimeError:
            running.answer(None, Unavailable("client.stopped"))

    async def _in_turn(self, call: Callable[[], Awaitable[T]], deadline: float) -> T:
        if self._turn is None:  # made here: a lock belongs to the loop that first waits on it
            self._turn = asyncio.Lock()
        async with self._turn:
            return await _within(call, deadline)


async def _answer(running: Running, work: Callable[[], Awaitable[Any]]) -> None:
    """`work` is called here: what is cancelled before its turn leaves nothing that was begun and never awaited."""
    try:
        value = await work()
    except DeskError as error:
        running.answer(None, error)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("an operation failed unexpectedly")
        bug = Bug("client.bug", what=type(error).__name__)
        bug.__cause__ = error
        running.answer(None, bug)
    else:
        running.answer(value, None)


async def _within(call: Callable[[], Awaitable[T]], deadline: float | None) -> T:
    limit = asyncio.timeout(deadline)
    try:
        async with limit:
            return await call()
    except TimeoutError:
        if limit.expired():  # ours, and not a time-out that the call itself raised
            raise Unavailable("client.deadline", seconds=int(deadline or 0)) from None
        raise


async def _in_thread(call: Callable[[Report], Any], report: Report) -> Any:
    return await asyncio.to_thread(call, report)
