"""The change feed's waiting room: who waits holds no thread and no connection; a commit wakes them all.

What was committed lately is kept in memory, so that two hundred desks who wake at once read nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass

KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Changed:
    """A change at a position of the log: which case."""

    position: int
    case: str


class Feed:
    """Filled by the worker's thread, read on the server's event loop."""

    def __init__(self) -> None:
        self._recent: deque[Changed] = deque(maxlen=KEPT)
        self._top = -1
        self._from = 0
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def begin(self, top: int) -> None:
        """Where the log stood when this process began to listen: what is older comes from the database."""
        with self._lock:
            self._top, self._from = top, top + 1

    @property
    def top(self) -> int:
        return self._top

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def add(self, changes: list[Changed], top: int) -> None:
        """New positions, in order; wakes whoever waits."""
        with self._lock:
            for change in changes:
                if len(self._recent) == KEPT:
                    self._from = self._recent[0].position + 1
                self._recent.append(change)
            self._top = max(self._top, top)
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def since(self, position: int, limit: int) -> tuple[list[str], int, bool] | None:
        """Cases changed after a position, the new cursor, and whether more waits. None: too long ago to know."""
        with self._lock:
            if position + 1 < self._from:
                return None
            fresh = [change for change in self._recent if change.position > position]
            cases = list(dict.fromkeys(change.case for change in fresh if change.case))
            if len(cases) <= limit:
                return cases, self._top, False
            # Stop at the last change of the cases that fit.
            fit: dict[str, None] = {}
            last = position
            for change in fresh:
                if change.case and change.case not in fit and len(fit) == limit:
                    break
                if change.case:
                    fit[change.case] = None
                last = change.position
            return list(fit), last, True

    async def wait(self, position: int, seconds: float) -> None:
        """Until something came after a position, or the time is up."""
        event = asyncio.Event()
        entry = (asyncio.get_running_loop(), event)
        with self._lock:
            if self._top > position:
                return
            self._waiting.add(entry)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(entry)

    def wake(self) -> None:
        """Let everybody go, as at shutdown."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
