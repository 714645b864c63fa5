"""Work nobody clicked: the log's integrator, the change feed, leases that ran out, returns that never came, pictures.

One thread a process. A commit wakes it; otherwise it looks a few times a second at nothing that costs
anything. On PostgreSQL a second thread listens for commits of other processes.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)

CHORES_S = 15.0
REST = 4.0
"""So many times as long as a slice of much work took, the process is for others: a window may live in it."""


class Chore(Protocol):
    """A piece of work done now and then; gives whether more is waiting."""

    def __call__(self) -> bool: ...


class Worker:
    """Runs `integrate` at each wake, `chores` every some seconds, until `stop`."""

    def __init__(
        self, integrate: Chore, after: Callable[[], None], chores: list[Chore], close: Callable[[], None]
    ) -> None:
        self._integrate, self._after, self._chores, self._close = integrate, after, chores, close
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """End, with everything in the log and a checkpoint over it."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        with _logged("worker.close"):
            self._close()

    def _run(self) -> None:
        due = time.monotonic() + 1
        while not self._stopping.is_set():
            self._wake.wait(timeout=0.5)
            self._wake.clear()
            with _logged("worker.integrate"):
                while self._integrate() and not self._stopping.is_set():
                    pass
                self._after()
            if time.monotonic() >= due and not self._stopping.is_set():
                began = time.monotonic()
                more = self._do_chores()
                now = time.monotonic()
                due = now + (REST * (now - began) if more else CHORES_S)

    def _do_chores(self) -> bool:
        more = False
        for chore in self._chores:
            with _logged("worker.chore"):
                more = chore() or more
        return more


@contextlib.contextmanager
def _logged(what: str) -> Any:
    """A chore that fails is logged and tried again; it never ends the worker."""
    try:
        yield
    except Exception as error:
        log.error(what, exc_info=error)
        time.sleep(0.2)
