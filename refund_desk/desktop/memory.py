"""Collects garbage on the window's own thread, out of the way of scrolling, and keeps freed memory out of the process.

Python collects cycles on whatever thread happens to allocate. A widget that was part of one is then destroyed
on a thread of the service or the loop, and Qt aborts. So automatic collection is off as long as there is a
window, and a timer does on its thread what Python would have done.

A full collection walks every object of the process: some 70 ms once pydantic, FastAPI and SQLAlchemy are
loaded, which is felt. So what is there after the start is set aside for good, full collections become rare,
and one is made whenever the window is left for another.
"""

from __future__ import annotations

import ctypes
import gc
import sys

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

THRESHOLDS = (700, 10, 200)
"""As Python's own, but a full collection twenty times more rarely."""
TURN_MS = 250
"""How often it is looked whether a collection is due."""

_ARENA_MAX, _TRIM_THRESHOLD = -8, -1
_ARENAS, _TRIM_BYTES = 2, 1_000_000


def begin() -> None:
    """Before anything is loaded. No collection until `settle`: all that is made now stays, and looking through it
    again and again takes an eighth of the start.

    On glibc each thread has a heap of its own, and none of them gives back what a large picture had: two heaps and
    an early return save some 50 MB.
    """
    gc.disable()
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_ARENA_MAX, _ARENAS)
            mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)


class Collector(QObject):
    """Collects on the thread it lives on, from now until it is stopped, and sets aside what there is at `settle`."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(TURN_MS)
        self._timer.timeout.connect(self.turn)
        app.applicationStateChanged.connect(self._left)

    def settle(self) -> None:
        """Collect once, then leave what is loaded out of every later collection. At a moment nobody feels it."""
        gc.collect()
        gc.freeze()
        self._timer.start()

    def turn(self) -> None:
        """The generations that are due by their thresholds: Python goes on counting while its own collector is off."""
        due = [number for number, most in enumerate(THRESHOLDS) if gc.get_count()[number] > most]
        if due and due[0] == 0:
            gc.collect(max(due))

    def stop(self) -> None:
        """Once more, while everything that may be collected can still be destroyed here."""
        self._timer.stop()
        gc.collect()

    def _left(self, state: Qt.ApplicationState) -> None:
        """The window lost the focus to another application."""
        if state == Qt.ApplicationState.ApplicationInactive:
            gc.collect()
