"""Keeps the garbage collector out of the way of scrolling.

A full collection walks every object of the process: some 70 ms once pydantic, FastAPI and SQLAlchemy are
loaded, which is felt. So what is there after the start is set aside for good, full collections become rare,
and one is made whenever the window is left for another.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

THRESHOLDS = (700, 10, 200)
"""As Python's own, but a full collection twenty times more rarely."""


def settle() -> None:
    """Collect once, then leave what is loaded out of every later collection. At a moment nobody feels it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def collect_when_left(app: QApplication) -> None:
    """A full collection each time the window loses the focus to another application."""
    app.applicationStateChanged.connect(_left)


def _left(state: Qt.ApplicationState) -> None:
    if state == Qt.ApplicationState.ApplicationInactive:
        gc.collect()
