"""A scroll area that settles: content whose height depends on its width can't make it resize for ever."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QScrollArea, QScrollBar

DEEPEST = 3


class QuietBar(QScrollBar):
    """A scroll bar that keeps its room and shows only where there is something to scroll."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.maximum() > self.minimum():
            super().paintEvent(event)


class SteadyScroll(QScrollArea):
    """A QScrollArea answers a resize of its content by resizing it again.

    Where a picture is lower when it is narrower, the bar that comes makes the content fit, the bar goes,
    the content is too high, and so on until the stack is used up. After some rounds this one stays as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        # The bar's room is always kept: words don't move when it comes, and the loop has nothing to start from.
        self.setVerticalScrollBar(QuietBar(Qt.Orientation.Vertical))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Resize or watched is not self.widget():
            return super().eventFilter(watched, event)
        if self._depth >= DEEPEST:
            return False
        self._depth += 1
        try:
            return super().eventFilter(watched, event)
        finally:
            self._depth -= 1
