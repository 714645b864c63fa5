"""A layout that fills lines from left to right, as text does; for chips."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

BETWEEN = "between"
"""Property of a widget that only parts two others: at the end or the beginning of a line it isn't there."""


class FlowLayout(QLayout):
    """Widgets in lines; a line is as high as its highest widget. `gap` in pixels both ways.

    `centred`: lines stand in the middle of the height they are given, and items in the middle of their line.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 6, *, centred: bool = False) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap, self._centred = gap, centred
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        spare = rect.height() - self._place(rect, move=False)
        self._place(rect.adjusted(0, max(0, spare // 2) if self._centred else 0, 0, 0), move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        area = rect.marginsRemoved(margins)
        x, y, high = area.x(), area.y(), 0
        line: list[tuple[QLayoutItem, QRect]] = []
        for item in self._shown():
            size = item.sizeHint().boundedTo(QSize(area.width(), item.sizeHint().height()))
            if x > area.x() and x + size.width() > area.right() + 1:
                self._set_line(line, high, move=move)
                x, y, high, line = area.x(), y + high + self._gap, 0, []
            if not line and y > area.y() and _between(item):
                _put_away(item, move=move)
                continue
            line.append((item, QRect(QPoint(x, y), size)))
            x += size.width() + self._gap
            high = max(high, size.height())
        self._set_line(line, high, move=move)
        return y + high - rect.y() + margins.bottom()

    def _set_line(self, line: list[tuple[QLayoutItem, QRect]], high: int, *, move: bool) -> None:
        """Put a line's items where they belong; `centred` ones in the middle of its height."""
        while line and _between(line[-1][0]):
            _put_away(line.pop()[0], move=move)
        for item, rect in line if move else []:
            item.setGeometry(rect.translated(0, (high - rect.height()) // 2 if self._centred else 0))


def _between(item: QLayoutItem) -> bool:
    widget = item.widget()
    return widget is not None and bool(widget.property(BETWEEN))


def _put_away(item: QLayoutItem, *, move: bool) -> None:
    widget = item.widget()
    if move and widget is not None:
        widget.move(-widget.width(), -widget.height())  # a layout item would be put back into the parent


def flow_widget(gap: int = 6, *, centred: bool = False) -> tuple[QWidget, FlowLayout]:
    """A widget that flows, with a height that follows its width."""
    widget = QWidget()
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)
    return widget, FlowLayout(widget, gap, centred=centred)
