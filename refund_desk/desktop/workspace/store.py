"""Cases as they were last fetched: the next one is here before it is opened; one that changed is fetched again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QObject

from refund_desk.client.api import DeskClient
from refund_desk.desktop.operations import Operations
from refund_desk.domain.errors import DeskError
from refund_desk.wire.cases import CaseView

KEEP = 6
FRESH_S = 3.0


class Cases(QObject):
    """Keeps a few views by ref. Each is asked for once at a time."""

    def __init__(self, client: DeskClient, operations: Operations, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations = client, operations
        self._ahead: set[str] = set()
        self._kept: OrderedDict[str, tuple[CaseView, float]] = OrderedDict()
        self._asked: dict[str, list[tuple[Callable[[CaseView, float], None], Callable[[DeskError], None] | None]]] = {}

    def have(self, ref: str) -> tuple[CaseView, float] | None:
        """The view and the `time.monotonic()` at which it came."""
        return self._kept.get(ref)

    def fresh(self, ref: str) -> bool:
        kept = self._kept.get(ref)
        return kept is not None and time.monotonic() - kept[1] < FRESH_S

    def put(self, view: CaseView) -> None:
        self._kept[view.ref] = (view, time.monotonic())
        self._kept.move_to_end(view.ref)
        while len(self._kept) > KEEP:
            self._kept.popitem(last=False)

    def was_ahead(self, ref: str) -> bool:
        """Whether what is here or on its way of a case was asked for before anybody opened it."""
        return ref in self._ahead

    def forget(self, ref: str) -> None:
        self._kept.pop(ref, None)

    def fetch(
        self,
        ref: str,
        got: Callable[[CaseView, float], None],
        failed: Callable[[DeskError], None] | None = None,
        *,
        ahead: bool = False,
    ) -> None:
        """Ask for a case now; `ahead`: nobody has opened it yet."""
        waiting = self._asked.setdefault(ref, [])
        waiting.append((got, failed))
        if len(waiting) == 1:
            (self._ahead.add if ahead else self._ahead.discard)(ref)
            self._operations.read(
                self,
                lambda: self._client.case(ref, ahead),
                lambda view: self._arrived(ref, view),
                lambda error: self._missed(ref, error),
            )

    def _arrived(self, ref: str, view: CaseView) -> None:
        self.put(view)
        for got, _ in self._asked.pop(ref, []):
            got(view, time.monotonic())

    def _missed(self, ref: str, error: DeskError) -> None:
        for _, failed in self._asked.pop(ref, []):
            if failed is not None:
                failed(error)
