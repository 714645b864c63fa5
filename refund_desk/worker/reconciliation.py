"""Reconciliation that goes by itself: a look at what is new, compared with nothing held, written in short slices."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from refund_desk.domain.people import Principal
from refund_desk.service import reconciliation_run as use
from refund_desk.service.ports import Desk, Work

log = structlog.get_logger(__name__)

SLICE_S: Final = 0.01
POLL_S: Final = 10.0
REST: Final = 4.0
_NAMES: Final = ("lines", "matches", "new_matches", "breaks", "new_breaks", "settled", "arrived", "cases_back")


class House(Protocol):
    """What a run stands on."""

    @property
    def desk(self) -> Desk: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def read(self) -> AbstractContextManager[Work]: ...


def run(
    house: House,
    who: Principal,
    *,
    whole: bool = False,
    progress: Callable[[int], object] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    rest: Callable[[float], object] = lambda _: None,
) -> dict[str, int]:
    """Everything that is new, to its end; what it was, by name. whole: everything there is, anew. rest: called after
    each part with the seconds it took.

    Cut off anywhere, the next run does it again; what was written already is so already.
    """
    counts = Counter[str]()
    while True:
        began = time.monotonic()
        with house.read() as work:
            had = use.gather(work, house.desk, who, whole=whole)
        if had is None:
            break
        found = use.compare(house.desk, had)
        counts.update(lines=sum(one.lines for one in found), matches=sum(len(one.matches) for one in found))
        counts.update(breaks=sum(len(one.breaks) for one in found))
        with house.read() as work:
            steps = use.steps(work, house.desk, who, had, found)
        counts.update(_write(house, steps, progress, stopped))
        if not had.more or stopped():
            break
        whole = False
        rest(time.monotonic() - began)
    return _told(house, who, counts)


def _told(house: House, who: Principal, counts: Counter[str]) -> dict[str, int]:
    made = {name: counts[name] for name in _NAMES}
    if any(made[name] for name in ("new_matches", "new_breaks", "settled", "arrived")):
        with house.write() as work:
            use.finish(work, who, made)
    return made


def _write(
    house: House, steps: Sequence[use.Step], progress: Callable[[int], object], stopped: Callable[[], bool]
) -> Counter[str]:
    """As many steps as fit into one short transaction, until all are done or somebody wants it to end."""
    counts, done = Counter[str](), 0
    while done < len(steps) and not stopped():
        with house.write() as work:
            until = time.monotonic() + SLICE_S
            while done < len(steps):
                counts.update(steps[done](work))
                done += 1
                if time.monotonic() >= until:
                    break
        progress(done)
    return counts


class Reconciler:
    """A thread of its own: comparing takes seconds where much is new, and must not keep the log from its place."""

    def __init__(self, house: House, who: Principal) -> None:
        self._house, self._who = house, who
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-reconciler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand; the next start goes on."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def _rest(self, spent: float) -> None:
        """A window may live in this process: where much is new, most of the time is its."""
        self._stopping.wait(REST * spent)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                run(self._house, self._who, stopped=self._stopping.is_set, rest=self._rest)
            except Exception as error:
                log.error("reconcile.run", exc_info=error)
