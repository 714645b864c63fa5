"""Panels that float over the window and give the focus back when they go; and the overview of keys."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.keys import Binding, Keys
from refund_desk.desktop.widgets.buttons import KeyCap
from refund_desk.desktop.widgets.card import clear
from refund_desk.desktop.widgets.scroll import SteadyScroll
from refund_desk.desktop.widgets.text import PlainLabel, words_label
from refund_desk.desktop.words import bind_text, tr, words

LONG = 14
"""A context with more keys than this is parted over both columns."""


class Overlay(QWidget):
    """Dims the window and shows `panel`. Esc or a click beside it closes; the focus returns where it was."""

    closed = Signal()

    def __init__(self, window: QWidget, width: int = 620) -> None:
        super().__init__(window)
        self._window, self._width = window, width
        self._before: QWidget | None = None
        self.panel = QFrame(self)
        self.panel.setObjectName("panel")
        self.panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        window.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show it over the whole window."""
        if self.isHidden():
            self._before = QApplication.focusWidget()
        if (keys := self._window.findChild(Keys)) is not None:
            keys.draw_curtain(self)  # a letter must not act on the page that lies beneath
        self.setGeometry(self._window.rect())
        self._place()
        self.show()
        self.raise_()

    def shut(self) -> None:
        """Hide it and give the focus back."""
        if self.isHidden():
            return
        self.hide()
        if (keys := self._window.findChild(Keys)) is not None:
            keys.lift_curtain(self)
        if self._before is not None and shiboken6.isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.setGeometry(self._window.rect())
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; any other key stops here and doesn't go on to the window."""
        if event.key() == Qt.Key.Key_Escape:
            self.shut()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.panel.geometry().contains(event.position().toPoint()):
            self.shut()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(10, 14, 20, 110))
        painter.end()

    def _place(self) -> None:
        wide = min(self._width, self.width() - 40)
        high = min(self.panel.sizeHint().height(), self.height() - 96)
        self.panel.setGeometry((self.width() - wide) // 2, 56, wide, high)


class KeyOverview(Overlay):
    """What `?` shows: the keys that act now, by context."""

    def __init__(self, window: QWidget, keys: Keys) -> None:
        super().__init__(window, 760)
        self._keys = keys
        self._shown: list[Binding] = []
        self._wanted = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        bind_text(self.setAccessibleName, "ui.keys.title")
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(18, 14, 18, 16)
        head = QHBoxLayout()
        head.addWidget(words_label("ui.keys.title", "heading"), 1)
        head.addWidget(KeyCap("Esc"))
        column.addLayout(head)
        inside = QWidget()
        self._columns = QHBoxLayout(inside)
        self._columns.setSpacing(28)
        area = SteadyScroll()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        column.addWidget(area, 1)
        words().changed.connect(self._refill)

    def open(self) -> None:
        if self.isHidden():
            self._shown = self._keys.active()  # before we cover them: what acts now
        self._fill(self._shown)
        super().open()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refill(self) -> None:
        if not self.isHidden():
            self._fill(self._shown)

    def _fill(self, bindings: list[Binding]) -> None:
        clear(self._columns)
        groups: dict[str, list[Binding]] = {}
        for binding in bindings:
            if binding.keys:
                groups.setdefault(binding.context, []).append(binding)
        sides = [QVBoxLayout(), QVBoxLayout()]
        heights = [0, 0]
        for context, members in groups.items():
            half = -(-len(members) // 2) if len(members) > LONG else len(members)
            for part in (members[:half], members[half:]):
                if part:
                    shorter = heights.index(min(heights))
                    sides[shorter].addLayout(_group(context, part))
                    heights[shorter] += len(part) + 2
        for side in sides:
            side.setSpacing(14)
            side.addStretch()
            self._columns.addLayout(side, 1)
        self._wanted = 90 + 27 * max(heights)

    def _place(self) -> None:
        super()._place()
        high = min(self._wanted, self.height() - 96)
        self.panel.resize(self.panel.width(), high)


def _group(context: str, members: list[Binding]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(5)
    column.addWidget(PlainLabel(tr(f"ui.keys.{context}"), "small muted strong"))
    grid = QGridLayout()
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(0, 1)
    for row, binding in enumerate(members):
        grid.addWidget(PlainLabel(tr(binding.label_key)), row, 0)
        caps = QHBoxLayout()
        caps.setSpacing(4)
        for keys in binding.keys:
            caps.addWidget(KeyCap(keys))
        grid.addLayout(caps, row, 1, Qt.AlignmentFlag.AlignRight)
    column.addLayout(grid)
    return column
