"""Why a case stands where it stands: the terms of its `act_by`, one line each."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from refund_desk.client.formats import MINUS
from refund_desk.desktop.widgets import RIGHT, PlainLabel, clear
from refund_desk.desktop.words import formats, tr, word
from refund_desk.wire.cases import WhyHere, WhyTerm


class WhyPopup(QFrame):
    """Stands beside the row until a key or a click elsewhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = PlainLabel(look="strong")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addLayout(self._grid)

    def show_terms(self, why: WhyHere, at: QPoint) -> None:
        """`at` is where its top left should be, in global coordinates; it stays on the screen."""
        self.title.setText(tr("ui.queue.why.title", ref=why.ref))
        clear(self._grid)
        lines = [(word(term.term, "why"), _figure(term)) for term in why.terms]
        lines.append((tr("ui.queue.why.act_by"), formats().moment(why.act_by)))
        for row, (text, figure) in enumerate(lines):
            last = row == len(lines) - 1
            self._grid.addWidget(PlainLabel(text, "strong" if last else "muted"), row, 0)
            value = PlainLabel(figure, "strong" if last else "")
            value.setAlignment(RIGHT)
            self._grid.addWidget(value, row, 1)
        spoken = "; ".join(f"{text} {figure}" for text, figure in lines)
        self.setAccessibleName(f"{self.title.text()}: {spoken}")
        self.setMinimumWidth(340)
        self.adjustSize()
        self.move(self._within(at))
        self.show()

    def lines(self) -> list[str]:
        """What is shown, line by line."""
        found = []
        for row in range(self._grid.rowCount()):
            items = (self._grid.itemAtPosition(row, column) for column in (0, 1))
            labels = [item.widget() for item in items if item is not None]
            found.append(" ".join(label.text() for label in labels if isinstance(label, PlainLabel)).strip())
        return [line for line in found if line]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_W, Qt.Key.Key_Return, Qt.Key.Key_Space):
            self.close()
        else:
            super().keyPressEvent(event)

    def _within(self, at: QPoint) -> QPoint:
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        x = max(room.left(), min(at.x(), room.right() - self.width()))
        y = max(room.top(), min(at.y(), room.bottom() - self.height()))
        return QPoint(x, y)


def _figure(term: WhyTerm) -> str:
    """A point in time, or a span with its sign: what it takes off or adds."""
    if term.at is not None:
        return formats().moment(term.at)
    if term.seconds is None:
        return ""
    sign = MINUS if term.seconds < 0 else "+"
    return f"{sign} {formats().duration(timedelta(seconds=abs(term.seconds)))}"
