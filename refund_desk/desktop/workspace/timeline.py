"""Everything that happened to a case, in any system or on the desk, as one list in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import tip
from refund_desk.desktop.words import bind_text, tr, words
from refund_desk.desktop.workspace import show
from refund_desk.wire.cases import TimelineEntry

_Index = QModelIndex | QPersistentModelIndex
_ICONS = {
    "order": "order",
    "shipment": "warehouse",
    "payment": "payment",
    "refund": "return",
    "dispute": "danger",
    "ledger": "audit",
    "message": "message",
    "evidence": "evidence",
    "case": "case",
    "return": "return",
}
_PAD, _ICON = 8, 14
ENTRY = Qt.ItemDataRole.UserRole


class TimelineModel(QAbstractListModel):
    """Entries, oldest first, as the service orders them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._entries: list[TimelineEntry] = []

    def fill(self, entries: Sequence[TimelineEntry]) -> None:
        self.beginResetModel()
        self._entries = list(entries)
        self.endResetModel()

    def reword(self) -> None:
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1))

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == ENTRY:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{text_of(entry)} {small_print(entry)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(f"{text_of(entry)}\n{small_print(entry)}")
        return None


def text_of(entry: TimelineEntry) -> str:
    return plain(show.coded(entry.what, "timeline"), lines=False)


def small_print(entry: TimelineEntry) -> str:
    source = tr("ui.case.desk") if entry.source == "desk" else show.system(entry.source)
    return show.joined(show.moment(entry.at), source, entry.who, entry.ref)


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(option.rect.width(), 42)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry: TimelineEntry = index.data(ENTRY)
        rect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme().color("selection"))
        left = rect.x() + _PAD
        token = "danger_fg" if entry.kind == "dispute" else "accent" if entry.unseen else "muted"
        painter.setPen(theme().color("line"))
        painter.drawLine(left + _ICON // 2, rect.y(), left + _ICON // 2, rect.y() + 5)
        painter.drawLine(left + _ICON // 2, rect.y() + 24, left + _ICON // 2, rect.bottom())
        draw_icon(painter, QRect(left, rect.y() + 8, _ICON, _ICON), _ICONS[entry.kind], token)
        area = rect.adjusted(_PAD + _ICON + 8, 4, -_PAD, -3)
        bold, small = QFont(option.font), QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold if entry.unseen else QFont.Weight.Normal)
        small.setPixelSize(12)
        self._line(painter, QRect(area.x(), area.y(), area.width(), 18), text_of(entry), bold, "text")
        self._line(painter, QRect(area.x(), area.y() + 18, area.width(), 16), small_print(entry), small, "muted")
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, rect: QRect, text: str, font: QFont, token: str) -> None:
        painter.setFont(font)
        painter.setPen(theme().color(token))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class Timeline(QListView):
    """The merged list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = TimelineModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bind_text(self.setAccessibleName, "ui.case.timeline")
        words().changed.connect(self._model.reword)

    def show_entries(self, entries: Sequence[TimelineEntry]) -> None:
        place = self.verticalScrollBar().value()
        self._model.fill(entries)
        self.verticalScrollBar().setValue(place)
