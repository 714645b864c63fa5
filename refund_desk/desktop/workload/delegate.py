"""Paints the people of the board: name over skills, the load as a bar, what a preview would leave in blue."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.caserow import Fonts
from refund_desk.desktop.workload import figures as f
from refund_desk.desktop.workload.model import (
    COUNT,
    HANDOUT,
    LATE,
    LATE_AFTER,
    LOAD,
    LOAD_AFTER,
    RIGHT,
    WHO,
    BoardRow,
    PeopleModel,
)

_Index = QModelIndex | QPersistentModelIndex
ROW = 50
_PAD, _BAR = 10, 7


class PeopleDelegate(QStyledItemDelegate):
    """One cell at a time; the first column carries the accent bar of the chosen row."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._fonts: Fonts | None = None

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(60, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, PeopleModel):
            return
        if self._fonts is None:
            self._fonts = Fonts.of(option.font)
        row, column, rect = model.rows[index.row()], index.column(), option.rect
        painter.save()
        self._ground(painter, option, column)
        lines = [line for line in model.lines(row, column) if line]
        if column == LOAD and row.person is not None:
            self._load(painter, row, rect, lines[0])
        else:
            self._text(painter, row, column, rect, lines)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, column: int) -> None:
        colors, rect = theme(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colors.color("selection"))
            if column == WHO:
                painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), colors.color("accent"))
        elif column in (LOAD_AFTER, LATE_AFTER):
            painter.fillRect(rect, colors.color("accent_soft"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), colors.color("line"))

    def _load(self, painter: QPainter, row: BoardRow, rect: QRect, text: str) -> None:
        assert row.person is not None
        assert self._fonts is not None
        bar = QRectF(rect.x() + _PAD, rect.y() + 12, rect.width() - 2 * _PAD, _BAR)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("border"))  # seen on the ground of a chosen row, too
        painter.drawRoundedRect(bar, 3, 3)
        part = min(1.0, f.share(row.person.standing))
        kind = f.load_kind(row.person.standing)
        if part > 0:
            filled = QRectF(bar.x(), bar.y(), max(4.0, bar.width() * part), bar.height())
            painter.setBrush(theme().color(kind))
            painter.drawRoundedRect(filled, 3, 3)
        left = rect.x() + _PAD
        if kind == "danger":  # a second carrier beside colour
            draw_icon(painter, QRectF(left, rect.y() + 26, 12, 12), "danger", "danger_fg")
            left += 16
        painter.setFont(self._fonts.small)
        painter.setPen(theme().color("danger_fg" if kind == "danger" else "muted"))
        room = QRect(left, rect.y() + 22, rect.right() - left - _PAD, 20)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _text(self, painter: QPainter, row: BoardRow, column: int, rect: QRect, lines: list[str]) -> None:
        assert self._fonts is not None
        side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
        strong = column in (WHO, COUNT, LOAD_AFTER, LATE_AFTER)
        high = rect.height() // max(1, len(lines)) if len(lines) > 1 else rect.height()
        for number, line in enumerate(lines):
            font = self._fonts.small if number else self._fonts.strong if strong else self._fonts.plain
            painter.setFont(font)
            painter.setPen(theme().color(self._ink(row, column, number)))
            shift = (3 if number == 0 else -3) if len(lines) > 1 else 0
            room = QRect(rect.x() + _PAD, rect.y() + number * high + shift, rect.width() - 2 * _PAD, high)
            shown = QFontMetrics(font).elidedText(line, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side, shown)

    def _ink(self, row: BoardRow, column: int, number: int) -> str:
        if column in (LOAD_AFTER, LATE_AFTER):
            return "info_fg"
        if column == LATE:
            late = row.person.standing.missing >= 0.5 if row.person else bool(row.free and row.free.late)
            return "danger_fg" if late else "text"
        if column == HANDOUT and number and row.person is not None and f.picks_easy(row.person.handout):
            return "warn_fg"
        if column == COUNT and number and row.person is not None and any(each.late for each in row.person.counts):
            return "danger_fg"
        return "muted" if number else "text"
