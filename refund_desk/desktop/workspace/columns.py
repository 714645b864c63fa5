"""Three columns of a bar: side by side where there is room, the first above the others where there is not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

NARROW = 760
_GAP = 20


class Columns(QWidget):
    """`left`, `middle` and `right` are layouts to fill; the right one keeps the width it needs."""

    narrowed = Signal(bool)

    def __init__(self, left: int, middle: int) -> None:
        super().__init__()
        self._shares = (left, middle)
        self._parts = [QWidget() for _ in range(3)]
        self.left, self.middle, self.right = (self._column(part) for part in self._parts)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_GAP)
        self._grid.setVerticalSpacing(6)
        self.narrow = False
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        if narrow != self.narrow:
            self.narrow = narrow
            self._place()
            self.narrowed.emit(narrow)

    def minimumSizeHint(self) -> QSize:
        """What wraps has no least height of its own; the grid asks for the height at the width it has."""
        return QSize(320, 60)

    def _place(self) -> None:
        left, middle, right = self._parts
        for part in self._parts:
            self._grid.removeWidget(part)
        if self.narrow:
            self._grid.addWidget(left, 0, 0, 1, 2)
            self._grid.addWidget(middle, 1, 0)
            self._grid.addWidget(right, 1, 1)
            stretches = (1, 0, 0)
        else:
            for column, part in enumerate(self._parts):
                self._grid.addWidget(part, 0, column)
            stretches = (*self._shares, 0)
        for column, stretch in enumerate(stretches):
            self._grid.setColumnStretch(column, stretch)

    @staticmethod
    def _column(part: QWidget) -> QVBoxLayout:
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        return column
