"""Paints both lists of *for me*, from layouts made once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.forme.model import Entry, KnowModel, WorkModel, count_text, more_text
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.caserow import (
    ELLIPSIS,
    ROW_HEIGHT,
    Fonts,
    Ink,
    InkCache,
    lay_row,
    paint_ground,
)
from refund_desk.desktop.words import tr, words

_Index = QModelIndex | QPersistentModelIndex
HEAD_HEIGHT = 34
_ICONS = {
    "returned": "return",
    "decide": "decide",
    "approve": "approve",
    "answer": "message",
    "pay": "payment",
    "inspect": "warehouse",
}


class _RowDelegate(QStyledItemDelegate):
    """Ground first, then the cached ink that a subclass lays."""

    def __init__(self, clock: DeskClock, view: QWidget) -> None:
        super().__init__(view)
        self._clock, self._cache = clock, InkCache()
        self._fonts: Fonts | None = None

    def fonts(self, option: QStyleOptionViewItem) -> Fonts:
        if self._fonts is None:
            self._fonts = Fonts.of(option.font)
        return self._fonts

    def paint_row(self, painter: QPainter, option: QStyleOptionViewItem, ink: Ink) -> None:
        rect, state = option.rect, option.state
        painter.save()
        paint_ground(
            painter,
            rect,
            selected=bool(state & QStyle.StateFlag.State_Selected),
            hovered=bool(state & QStyle.StateFlag.State_MouseOver),
            focused=bool(state & QStyle.StateFlag.State_HasFocus),
        )
        ink.paint(painter, rect.x(), rect.y())
        painter.restore()

    def mark(self, option: QStyleOptionViewItem, what: object) -> tuple[Any, ...]:
        return id(what), option.rect.width(), self._clock.minutes(), words().language


class WorkDelegate(_RowDelegate):
    """Heads of sections and case rows."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        model = index.model()
        head = isinstance(model, WorkModel) and model.entries[index.row()].row is None  # or the way to more
        return QSize(100, HEAD_HEIGHT if head else ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, WorkModel):
            return
        entry = model.entries[index.row()]
        ink = self._ink(model, entry, option)
        if entry.row is not None or entry.leads_on:
            self.paint_row(painter, option, ink)
            return
        rect: QRect = option.rect
        painter.save()
        painter.fillRect(rect, theme().color("surface_alt"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), theme().color("border"))
        ink.paint(painter, rect.x(), rect.y())
        painter.restore()

    def _ink(self, model: WorkModel, entry: Entry, option: QStyleOptionViewItem) -> Ink:
        key = f"{entry.section}/{entry.row.ref if entry.row else 'more' if entry.leads_on else ''}"
        mark = self.mark(option, entry)
        found = self._cache.get(key, mark)
        if found is not None:
            return found
        fonts = self.fonts(option)
        if entry.row is not None:
            return self._cache.keep(key, mark, lay_row(model.text(entry.row), fonts, option.rect.width(), 18, 16))
        return self._cache.keep(key, mark, _lay_more(entry, fonts) if entry.leads_on else _lay_head(entry, fonts))


class KnowDelegate(_RowDelegate):
    """Inbox lines."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if isinstance(model, KnowModel):
            self.paint_row(painter, option, self._ink(model, index.row(), option))

    def _ink(self, model: KnowModel, number: int, option: QStyleOptionViewItem) -> Ink:
        row = model.rows[number]
        key, mark = str(row.id), self.mark(option, row)
        found = self._cache.get(key, mark)
        if found is not None:
            return found
        fonts, ink = self.fonts(option), Ink()
        what, about = model.text(number)
        upper, lower, left = ROW_HEIGHT / 2 - 10.0, ROW_HEIGHT / 2 + 11.0, 18.0
        font = fonts.plain if row.seen else fonts.strong
        if not row.seen:
            ink.icons.append((QRectF(left - 11, upper - 3, 6, 6), "unseen", "accent"))
        room = option.rect.width() - left - 14
        ink.put(left, upper, QFontMetricsF(font).elidedText(what, ELLIPSIS, room), font, "text")
        ink.put(left, lower, QFontMetricsF(fonts.small).elidedText(about, ELLIPSIS, room), fonts.small, "muted")
        return self._cache.keep(key, mark, ink)


def _lay_head(entry: Entry, fonts: Fonts) -> Ink:
    ink, middle = Ink(), HEAD_HEIGHT / 2 - 1
    ink.icons.append((QRectF(16, middle - 7, 14, 14), _ICONS[entry.section], "muted"))
    title = tr(f"ui.forme.{entry.section}")
    ink.put(38, middle, title, fonts.strong, "text")
    wide = QFontMetricsF(fonts.strong).horizontalAdvance(title)
    ink.put(38 + wide + 8, middle, count_text(entry), fonts.small, "muted")
    return ink


def _lay_more(entry: Entry, fonts: Fonts) -> Ink:
    ink = Ink()
    ink.put(38, HEAD_HEIGHT / 2 - 1, more_text(entry), fonts.plain, "accent")
    return ink
