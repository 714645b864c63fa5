"""Fields in which text is typed: they keep Ctrl+Enter and Esc for themselves, and Tab leaves them."""

from __future__ import annotations

from typing import TypeGuard

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from refund_desk.desktop.widgets import set_tip

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _submits(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier) and event.key() in _ENTER


def _asks(event: QEvent) -> TypeGuard[QKeyEvent]:
    """Whether Qt asks if the widget wants a key that is a shortcut elsewhere."""
    return event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)


class TextBox(QPlainTextEdit):
    """Several lines. `submitted` by Ctrl+Enter, `left` by Esc; neither reaches the shortcuts of the page."""

    submitted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def event(self, event: QEvent) -> bool:
        if _asks(event) and (_submits(event) or event.key() == Qt.Key.Key_Escape):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _submits(event):
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FitCombo(QComboBox):
    """A list as wide as what is chosen, not as its longest entry; what doesn't fit is in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(self._fit)

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(self.currentText())
        return QSize(min(self.maximumWidth(), text + 48), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, super().minimumSizeHint().height())

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        super().showPopup()

    def _fit(self, text: str) -> None:
        self.updateGeometry()
        set_tip(self, text)


class LineBox(QLineEdit):
    """One line. Esc gives the focus back by `left`; Ctrl+Enter is the page's own."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        if _asks(event) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
