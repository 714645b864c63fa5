"""Paints the rows of the queue. A row is laid out once per width, minute and language; painting only puts ink down."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.queue.model import QueueModel
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.caserow import ROW_HEIGHT, Fonts, Ink, InkCache, lay_row, paint_ground
from refund_desk.desktop.words import words

_Index = QModelIndex | QPersistentModelIndex


class QueueDelegate(QStyledItemDelegate):
    """`open_ref` is the case in the workspace: its row keeps an accent bar while the choice moves on."""

    def __init__(self, clock: DeskClock, view: QWidget) -> None:
        super().__init__(view)
        self._clock, self._cache = clock, InkCache()
        self._fonts: Fonts | None = None
        self.open_ref = ""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, QueueModel):
            return
        rect: QRect = option.rect
        state = option.state
        painter.save()
        paint_ground(
            painter,
            rect,
            selected=bool(state & QStyle.StateFlag.State_Selected),
            hovered=bool(state & QStyle.StateFlag.State_MouseOver),
            focused=bool(state & QStyle.StateFlag.State_HasFocus),
        )
        if model.rows[index.row()].ref == self.open_ref:
            painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), theme().color("accent"))
        self._ink(model, index.row(), option).paint(painter, rect.x(), rect.y())
        painter.restore()

    def _ink(self, model: QueueModel, number: int, option: QStyleOptionViewItem) -> Ink:
        row = model.rows[number]
        mark = (id(row), option.rect.width(), self._clock.minutes(), words().language, model.miss(number))
        found = self._cache.get(row.ref, mark)
        if found is not None:
            return found
        if self._fonts is None:
            self._fonts = Fonts.of(option.font)
        return self._cache.keep(row.ref, mark, lay_row(model.text(number), self._fonts, option.rect.width()))
