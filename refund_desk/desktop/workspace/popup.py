"""Small panels beside what they explain, and the question for a reason. Esc closes; the focus returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import KeyButton, PlainLabel
from refund_desk.desktop.words import tr
from refund_desk.desktop.workspace.edit import TextBox


class Popup(QFrame):
    """A panel that floats at `anchor` until Esc or a click elsewhere, then deletes itself."""

    def __init__(self, anchor: QWidget, title: str = "", width: int = 340) -> None:
        super().__init__(anchor.window(), Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("popup")
        self._above = False
        self._anchor, self._before = anchor, QApplication.focusWidget()
        self.setMinimumWidth(width)
        self.setMaximumWidth(max(width, 520))
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 11, 14, 12)
        self.body.setSpacing(6)
        if title:
            self.body.addWidget(PlainLabel(title, "strong", wrap=True))
        self.setAccessibleName(title)

    def open(self, *, above: bool = False) -> None:
        """Show it below its anchor, or above, moved so that it stays on the screen."""
        self._above = above
        self.place()
        self.show()

    def place(self) -> None:
        """As large as what is in it needs, where it belongs; again when that has changed."""
        above = self._above
        self.adjustSize()
        self.resize(self.width(), self.body.totalHeightForWidth(self.width()))  # else wrapped text guesses too much
        at = self._anchor.mapToGlobal(QPoint(0, -self.height() - 4 if above else self._anchor.height() + 4))
        area = self._anchor.screen().availableGeometry()
        at.setX(max(area.left(), min(at.x(), area.right() - self.width())))
        at.setY(max(area.top(), min(at.y(), area.bottom() - self.height())))
        self.move(at)

    def add_text(self, text: str, look: str = "") -> PlainLabel:
        found = PlainLabel(text, look, wrap=True)
        self.body.addWidget(found)
        return found

    def add_table(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Rows of (label, value, look of the value); values stand right."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        for index, (name, text, look) in enumerate(rows):
            grid.addWidget(PlainLabel(name, "muted" if look != "strong" else "strong", wrap=True), index, 0)
            right = PlainLabel(text, look)
            right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(right, index, 1)
        self.body.addLayout(grid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._before is not None and shiboken6.isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)


class AskText(Popup):
    """Asks for a line of text, a reason mostly. Ctrl+Enter hands it over; an empty one is no answer."""

    def __init__(self, anchor: QWidget, title_key: str, done: Callable[[str], None], **params: Any) -> None:
        super().__init__(anchor, tr(title_key, **params))
        self._done = done
        self.edit = TextBox()
        self.edit.submitted.connect(self._hand_over)
        self.edit.left.connect(self.close)
        self.edit.setAccessibleName(tr(title_key, **params))
        self.edit.setFixedHeight(64)
        self.button = KeyButton("ui.case.ok", "Ctrl+Return", "primary")
        self.button.setEnabled(False)
        self.button.clicked.connect(self._hand_over)
        self.edit.textChanged.connect(lambda: self.button.setEnabled(bool(self.edit.toPlainText().strip())))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.button)
        self.body.addWidget(self.edit)
        self.body.addLayout(row)

    def open(self, *, above: bool = False) -> None:
        super().open(above=above)
        self.edit.setFocus()

    def _hand_over(self) -> None:
        text = self.edit.toPlainText().strip()
        if text:
            self.close()
            self._done(text)


class Choice(Popup):
    """A list to choose from by its digit (1 to 9), arrows and Enter, or the mouse."""

    def __init__(
        self, anchor: QWidget, title: str, items: Sequence[tuple[str, str]], chosen: Callable[[str], None]
    ) -> None:
        super().__init__(anchor, title, 260)
        self._items, self._chosen = list(items), chosen
        self.body.setSpacing(2)
        self.buttons = [self._button(index, text) for index, (_, text) in enumerate(self._items)]

    def open(self, *, above: bool = False) -> None:
        super().open(above=above)
        if self.buttons:
            self.buttons[0].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_1
        if 0 <= digit < min(9, len(self._items)):
            self._take(digit)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            here = next((i for i, button in enumerate(self.buttons) if button.hasFocus()), -1)
            self.buttons[(here + step) % len(self.buttons)].setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            here = next((i for i, button in enumerate(self.buttons) if button.hasFocus()), 0)
            self._take(here)
        else:
            super().keyPressEvent(event)

    def _button(self, index: int, text: str) -> _Option:
        button = _Option(str(index + 1) if index < 9 else "", text)
        button.clicked.connect(lambda: self._take(index))
        self.body.addWidget(button)
        return button

    def _take(self, index: int) -> None:
        key = self._items[index][0]
        self.close()
        self._chosen(key)


class _Option(QAbstractButton):
    """An entry of a list: its digit as a cap, then its words."""

    def __init__(self, digit: str, text: str) -> None:
        super().__init__()
        self._digit = digit
        self.setText(plain(text, lines=False))
        self.setAccessibleName(self.text())
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 48, 30)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus() or self.underMouse():
            painter.setBrush(theme().color("selection"))
            painter.drawRoundedRect(self.rect(), 5, 5)
        if self._digit:
            cap = QRectF(8.5, (self.height() - 18) / 2 + 0.5, 18, 17)
            painter.setPen(theme().color("border_strong"))
            painter.setBrush(theme().color("surface"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(theme().color("muted"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._digit)
        painter.setPen(theme().color("text"))
        area = QRectF(36, 0, self.width() - 44, self.height())
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
