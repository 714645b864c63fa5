"""Keeps the cases that were taken here: their leases are renewed until they are decided or given back."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from refund_desk.client.api import DeskClient
from refund_desk.desktop.operations import Operations
from refund_desk.domain.errors import Conflict, DeskError, NotFound, Refused

RENEW_MS = 4 * 60_000


class Leases(QObject):
    """`lost(ref)` when the service says that a case is no longer ours."""

    lost = Signal(str)

    def __init__(self, client: DeskClient, operations: Operations, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._operations = client, operations
        self._held: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(RENEW_MS)
        self._timer.timeout.connect(self.renew)

    def held(self) -> set[str]:
        return set(self._held)

    def hold(self, ref: str) -> None:
        self._held.add(ref)
        if not self._timer.isActive():
            self._timer.start()

    def let_go(self, ref: str) -> None:
        self._held.discard(ref)
        if not self._held:
            self._timer.stop()

    def stop(self) -> None:
        """Renew nothing any more; the leases run out by themselves."""
        self._held.clear()
        self._timer.stop()

    def renew(self) -> None:
        """Renew all of them now."""
        for ref in sorted(self._held):
            self._renew(ref)

    def _renew(self, ref: str) -> None:
        client = self._client

        def failed(error: DeskError) -> None:
            if isinstance(error, Conflict | Refused | NotFound):
                self.let_go(ref)
                self.lost.emit(ref)

        self._operations.read(self, lambda: client.renew(ref), lambda _taken: None, failed)
