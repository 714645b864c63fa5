"""Looks at personal data, written in batches off the read path.

Whoever reads a case or a picture through the service has looked, whatever window they use. The entries
follow within a second; a process that is killed may lose those of its last half second.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from refund_desk.domain.people import Principal


class Store(Protocol):
    def write(self) -> AbstractContextManager[Any]: ...


class Looks:
    """What was looked at and is not in the log yet."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, str, int], Principal] = {}
        self._lock = threading.Lock()

    def case(self, who: Principal, ref: str, *, ahead: bool = False) -> None:
        """Somebody read a case; or their window had it ready before they opened it, which is no look yet."""
        self._add(who, "look.ahead" if ahead else "look.case", ref, 0)

    def evidence(self, who: Principal, ref: str, evidence_id: int) -> None:
        """Somebody opened a picture."""
        self._add(who, "look.evidence", ref, evidence_id)

    def _add(self, who: Principal, action: str, ref: str, number: int) -> None:
        with self._lock:
            self._waiting.setdefault((who.actor, action, ref, number), who)

    def flush(self, store: Store) -> int:
        """Write what waits, in one transaction; how many entries it were. What can't be written waits on."""
        with self._lock:
            batch, self._waiting = self._waiting, {}
        if not batch:
            return 0
        try:
            with store.write() as work:
                for who, action, ref, numbers in _together(batch):
                    data = {"evidence": numbers} if numbers else {}
                    work.audit(action, who, ref, **data)
        except BaseException:
            with self._lock:
                self._waiting = batch | self._waiting
            raise
        return len(batch)


def _together(
    batch: dict[tuple[str, str, str, int], Principal],
) -> Iterable[tuple[Principal, str, str, list[int]]]:
    """One entry per person, case and kind; pictures of one case stand in one list."""
    out: dict[tuple[str, str, str], tuple[Principal, list[int]]] = {}
    for (actor, action, ref, number), who in batch.items():
        numbers = out.setdefault((actor, action, ref), (who, []))[1]
        if number:
            numbers.append(number)
    for (_, action, ref), (who, numbers) in out.items():
        yield who, action, ref, sorted(numbers)
