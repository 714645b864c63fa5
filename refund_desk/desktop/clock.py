"""The service's time, as the window counts it on: a desk whose own clock is wrong still shows true deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QObject, QTimer, Signal

TICK_MS = 15_000


class DeskClock(QObject):
    """`now()` is aware UTC. `minute` when the minute has changed: whatever shows a remaining time paints again."""

    minute = Signal()

    def __init__(self, fixed: datetime | None = None, parent: QObject | None = None) -> None:
        """`fixed` stops it, for tests and pictures."""
        super().__init__(parent)
        self._fixed, self._ahead = fixed, timedelta()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._look)
        self._last = self.minutes()
        if fixed is None:
            self._timer.start()

    def now(self) -> datetime:
        return self._fixed or datetime.now(UTC) + self._ahead

    def minutes(self) -> int:
        """Whole minutes since 1970: what cached layouts are good for."""
        return int(self.now().timestamp()) // 60

    def set_service_time(self, now: datetime) -> None:
        """What the service said its time is."""
        if self._fixed is None:
            self._ahead = now - datetime.now(UTC)

    def set_fixed(self, now: datetime) -> None:
        """Move a stopped clock."""
        self._fixed = now
        self._look()

    def _look(self) -> None:
        if self.minutes() != self._last:
            self._last = self.minutes()
            self.minute.emit()
