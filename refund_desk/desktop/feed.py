"""Listens to what changes on the service, and knows whether it can be reached."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from refund_desk.client.api import DeskClient
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.operations import Operations
from refund_desk.domain.errors import DeskError, Unauthenticated
from refund_desk.wire.cases import ChangeFeed

WAIT_S = 25.0
PAUSES_MS = (1_000, 2_000, 5_000, 10_000, 15_000)
OFFLINE_AFTER = 2
"""Failures in a row before we call it offline; until then we are reconnecting."""


class ChangeWatch(QObject):
    """`changed(refs)` after each answer that has some; `state_changed(state, since)`; `back` after an outage."""

    changed = Signal(list)
    state_changed = Signal(str, object)
    back = Signal()

    def __init__(self, client: DeskClient, operations: Operations, clock: DeskClock, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations, self._clock = client, operations, clock
        self._position, self._failures, self._running = -1, 0, False
        self.state = ""
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._ask)

    def start(self) -> None:
        """Listen from now on."""
        if not self._running:
            self._running, self._failures = True, 0
            self._ask()

    def stop(self) -> None:
        """Listen no more; an answer on its way is dropped."""
        self._running = False
        self._again.stop()

    def _ask(self) -> None:
        position, client = self._position, self._client
        # The first question only learns where the log stands; after an outage the answer comes at once too.
        wait = 0.0 if position < 0 or self._failures else WAIT_S
        self._operations.read(
            self, lambda: client.changes(position, wait), self._answered, self._failed, deadline=WAIT_S + 20
        )

    def _answered(self, feed: ChangeFeed) -> None:
        if not self._running:
            return
        was_away, self._failures = self._failures > 0, 0
        fresh = feed.position > self._position >= 0
        self._position = feed.position
        self._say("synced")
        if was_away:
            self.back.emit()
        elif feed.cases or fresh:
            self.changed.emit(feed.cases)
        self._again.start(0)

    def _failed(self, error: DeskError) -> None:
        if not self._running:
            return
        if isinstance(error, Unauthenticated):
            self.stop()  # the window hears of it from the operations
            return
        self._failures += 1
        self._say("offline" if self._failures > OFFLINE_AFTER else "reconnecting")
        self._again.start(PAUSES_MS[min(self._failures, len(PAUSES_MS)) - 1])

    def _say(self, state: str) -> None:
        if state == "synced" or state != self.state:
            self.state = state
            self.state_changed.emit(state, self._clock.now())
