"""Paints the approval list: one line each, in columns that stand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.approvals.model import ApprovalsModel, amount_text, badges, where, why
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.caserow import ELLIPSIS, Fonts, Ink, InkCache, paint_ground, pill_room
from refund_desk.desktop.words import words
from refund_desk.wire.commands import ApprovalRow

_Index = QModelIndex | QPersistentModelIndex
LINE = 38
TICK, REF, WHO, AMOUNT = 38.0, 112.0, 118.0, 124.0
"""Widths of the first columns; what is left is shared by where and why."""
BY, MARKS = 96.0, 236.0
"""Widths of proposer, and of badges and clock together at the right end; they may need more."""


class ApprovalDelegate(QStyledItemDelegate):
    """A click on the box ticks a row that is fit for bulk."""

    def __init__(self, clock: DeskClock, view: QWidget) -> None:
        super().__init__(view)
        self._clock, self._cache = clock, InkCache()
        self._fonts: Fonts | None = None

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, ApprovalsModel):
            return
        rect, state, row = option.rect, option.state, model.rows[index.row()]
        painter.save()
        paint_ground(
            painter,
            rect,
            selected=bool(state & QStyle.StateFlag.State_Selected),
            hovered=bool(state & QStyle.StateFlag.State_MouseOver),
            focused=bool(state & QStyle.StateFlag.State_HasFocus),
        )
        if row.ref in model.chosen or model.selectable(row):
            _box(painter, QRectF(rect.x() + 14, rect.y() + (LINE - 15) / 2, 14, 14), ticked=row.ref in model.chosen)
        self._ink(model, row, option).paint(painter, rect.x(), rect.y())
        painter.restore()

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: _Index) -> bool:
        if not isinstance(event, QMouseEvent) or event.type() != QEvent.Type.MouseButtonRelease:
            return False
        if isinstance(model, ApprovalsModel) and event.position().x() < option.rect.x() + TICK:
            model.toggle(index.row())
            return True
        return False

    def _ink(self, model: ApprovalsModel, row: ApprovalRow, option: QStyleOptionViewItem) -> Ink:
        mark = (id(row), option.rect.width(), self._clock.minutes(), words().language)
        found = self._cache.get(row.ref, mark)
        if found is not None:
            return found
        if self._fonts is None:
            self._fonts = Fonts.of(option.font)
        return self._cache.keep(row.ref, mark, _lay(model, row, self._fonts, option.rect.width()))


def _lay(model: ApprovalsModel, row: ApprovalRow, fonts: Fonts, width: float) -> Ink:
    ink, middle = Ink(), LINE / 2 - 0.5
    edge = width - 14
    due = model.clock(row)
    if due is not None:
        edge -= pill_room(due, fonts.pill)
        ink.pill(edge, middle, due, fonts.pill)
        edge -= 8
    for badge in reversed(badges(row)):
        edge -= pill_room(badge, fonts.pill)
        ink.pill(edge, middle, badge, fonts.pill)
        edge -= 8
    x = TICK
    ink.put(x, middle, row.ref, fonts.strong, "text")
    x += REF
    _column(ink, x, middle, WHO - 10, plain(row.customer, lines=False), fonts, "text")
    x += WHO
    amount = amount_text(row.proposal.amount)
    wide = QFontMetricsF(fonts.strong).horizontalAdvance(amount)
    ink.put(x + AMOUNT - 18 - wide, middle, amount, fonts.strong, "text")
    x += AMOUNT
    by = plain(row.proposal.by.name, lines=False)
    rest = max(0.0, min(edge, width - MARKS) - x - BY)
    _column(ink, x, middle, rest * 0.42 - 14, where(row), fonts, "muted")
    _column(ink, x + rest * 0.42, middle, rest * 0.58 - 14, why(row), fonts, "text")
    _column(ink, x + rest, middle, BY - 10, by, fonts, "muted")
    return ink


def _column(ink: Ink, x: float, middle: float, room: float, text: str, fonts: Fonts, token: str) -> None:
    shown = QFontMetricsF(fonts.plain).elidedText(text, ELLIPSIS, max(0.0, room))
    ink.put(x, middle, shown, fonts.plain, token)


def _box(painter: QPainter, rect: QRectF, *, ticked: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme().color("accent" if ticked else "disabled"))
    painter.setBrush(theme().color("accent") if ticked else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    if ticked:
        draw_icon(painter, rect.adjusted(1, 1, -1, -1), "approve", "accent_text")
