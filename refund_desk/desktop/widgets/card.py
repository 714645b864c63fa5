"""Card: a white ground with a title, something on its right, and a body."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from refund_desk.desktop.widgets.scroll import SteadyScroll
from refund_desk.desktop.widgets.text import ElidedLabel, PlainLabel
from refund_desk.desktop.words import bind_text

HEAD_HEIGHT = 34


class Card(QFrame):
    """`body` is a vertical layout to fill; `scroll` puts it in a scroll area. Badges stand right of the title."""

    def __init__(self, title_key: str = "", *, scroll: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.head = _Head(self)
        outer.addWidget(self.head)
        inside = QWidget()
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(12, 10, 2 if scroll else 12, 12)  # the scroll bar's room is the right margin
        self.body.setSpacing(8)
        outer.addWidget(_scrolled(inside) if scroll else inside, 1)
        self.head.setVisible(bool(title_key))
        if title_key:
            self.set_title(title_key)

    def set_title(self, key: str, **params: Any) -> None:
        """Title of the catalogue; also the card's accessible name."""
        self.head.show()
        bind_text(self.head.title.setText, key, **params)
        bind_text(self.setAccessibleName, key, **params)

    def add_badge(self, widget: QWidget) -> None:
        """Put a pill or a button at the right end of the title."""
        self.head.show()
        self.head.badges.addWidget(widget)


class _Head(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("cardHead")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEAD_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(6)
        self.title: PlainLabel = ElidedLabel()
        self.title.setObjectName("cardTitle")
        self.badges = QHBoxLayout()
        self.badges.setSpacing(6)
        row.addWidget(self.title, 1)
        row.addLayout(self.badges)


def _scrolled(inside: QWidget) -> QScrollArea:
    area = SteadyScroll()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    return area


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
