"""What a person does with the window: clicks and keys, as Qt sees them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """A left click, in the middle unless said otherwise."""
    none = Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, none, at or widget.rect().center())


def press(widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """One key, pressed and released."""
    QTest.keyClick(widget, key, held)


def type_text(widget: QWidget, text: str) -> None:
    """Latin letters, one by one."""
    QTest.keyClicks(widget, text)
