"""The process drawn: stages in the order of the path, those at its side below, moves as arrows between them.

A stage shows its owner, how many cases stand there and how long they stay; where it is tight it says so in words, with
an icon and a colour. Arrow keys go from stage to stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.words import formats, member, tr, words
from refund_desk.domain.words import Stage
from refund_desk.wire.base import Text2
from refund_desk.wire.process_map import PlaceView, WayView

WIDE, WIDEST, HIGH, GAP, ROW, EDGE = 132.0, 208.0, 84.0, 34.0, 78.0, 14.0
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


def said(text: Text2) -> str:
    return plain(text.zh if words().language == "zh" else text.en, lines=False)


class MapCanvas(QWidget):
    """`chosen(stage)`: another stage is looked at."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.places: Sequence[PlaceView] = ()
        self.ways: Sequence[WayView] = ()
        self.current: Stage | None = None
        self._boxes: dict[Stage, QRectF] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        theme().changed.connect(self.update)
        words().changed.connect(self._reword)
        self._reword()

    def show_map(self, places: Sequence[PlaceView], ways: Sequence[WayView]) -> None:
        self.places, self.ways = places, ways
        self._lay_out()
        self.updateGeometry()
        if self.current not in self._boxes:
            tight = next((one.stage for one in places if one.bottleneck), None)
            self.current = tight or (places[0].stage if places else None)
        self._reword()

    def choose(self, stage: Stage) -> None:
        if stage in self._boxes and stage is not self.current:
            self.current = stage
            self._reword()
            self.chosen.emit(stage)

    def sizeHint(self) -> QSize:
        longest = max(map(len, self._rows()))
        return QSize(int(2 * EDGE + longest * (WIDE + GAP) - GAP), int(2 * EDGE + 2 * HIGH + ROW))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    # ------------------------------------------------------------ inside

    def _lay_out(self) -> None:
        """The path in one row, its sides in another, each below where the path is about as far."""
        self._boxes = {}
        longest = max(1, *map(len, self._rows()))
        wide = min(WIDEST, max(WIDE, (self.width() - 2 * EDGE + GAP) / longest - GAP))
        for number, row in enumerate(self._rows()):
            for place, one in enumerate(row):
                left, top = EDGE + place * (wide + GAP), EDGE + number * (HIGH + ROW)
                self._boxes[one.stage] = QRectF(left, top, wide, HIGH)
        self.update()

    def _rows(self) -> tuple[list[PlaceView], list[PlaceView]]:
        return [one for one in self.places if not one.side], [one for one in self.places if one.side]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _reword(self) -> None:
        self.setAccessibleName(tr("ui.dashboards.map"))
        one = next((one for one in self.places if one.stage is self.current), None)
        self.setAccessibleDescription(self._spoken(one) if one is not None else "")
        self.update()

    def _spoken(self, one: PlaceView) -> str:
        parts = [said(one.label), member("role", one.owner), tr("ui.dashboards.map.open", n=one.open)]
        if one.bottleneck:
            parts.append(tr("ui.dashboards.map.bottleneck"))
        return formats().join(parts)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        order = list(self._boxes)
        if step is None or not order or self.current is None:
            super().keyPressEvent(event)
            return
        at = order.index(self.current) + step
        self.choose(order[max(0, min(len(order) - 1, at))])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for stage, box in self._boxes.items():
            if box.contains(event.position()):
                self.choose(stage)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for way in self.ways:
            self._arrow(painter, way)
        for one in self.places:
            self._box(painter, one, self._boxes[one.stage])
        painter.end()

    def _arrow(self, painter: QPainter, way: WayView) -> None:
        """Between neighbours straight, else around; the ways of the chosen stage stand out."""
        color, mine = theme().color, self.current in (way.source, way.target)
        if not mine and not way.went:
            return  # every way there is would be a tangle: the others are seen from their stages
        source, target = self._boxes[way.source], self._boxes[way.target]
        path, tip, turn = _between(source, target)
        painter.setPen(QPen(color("accent" if mine else "border_strong"), 1.6 if mine else 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        head = QPainterPath(tip)
        head.lineTo(tip - turn * 7 + QPointF(-turn.y(), turn.x()) * 4)
        head.lineTo(tip - turn * 7 - QPointF(-turn.y(), turn.x()) * 4)
        head.closeSubpath()
        painter.fillPath(head, color("accent" if mine else "border_strong"))
        if way.went:
            painter.setPen(color("accent" if mine else "muted"))
            middle = path.pointAtPercent(0.36)
            painter.drawText(
                QRectF(middle.x() - 24, middle.y() - 17, 48, 16),
                Qt.AlignmentFlag.AlignCenter,
                formats().number(way.went),
            )

    def _box(self, painter: QPainter, one: PlaceView, box: QRectF) -> None:
        color, chosen = theme().color, one.stage is self.current
        edge = "danger" if one.bottleneck else "accent" if chosen else "border_strong"
        painter.setPen(QPen(color(edge), 2.0 if chosen or one.bottleneck else 1.0))
        painter.setBrush(color("danger_bg" if one.bottleneck else "accent_soft" if chosen else "surface"))
        painter.drawRoundedRect(box, 6, 6)
        inside = box.adjusted(10, 7, -8, -7)
        strong = QFont(self.font())
        strong.setBold(True)
        painter.setFont(strong)
        painter.setPen(color("text"))
        room = inside.width() - (18 if one.bottleneck else 0)
        self._line(painter, inside, 0, said(one.label), room)
        if one.bottleneck:
            draw_icon(painter, QRectF(box.right() - 24, box.top() + 8, 16, 16), "late", "danger")
        painter.setFont(self.font())
        painter.setPen(color("muted"))
        self._line(painter, inside, 1, member("role", one.owner), inside.width())
        painter.setPen(color("text"))
        self._line(painter, inside, 2, tr("ui.dashboards.map.open", n=one.open), inside.width())
        if one.bottleneck:
            painter.setPen(color("danger_fg"))
            self._line(painter, inside, 3, tr("ui.dashboards.map.over", n=one.over), inside.width())
        elif one.stay_s is not None:
            painter.setPen(color("muted"))
            self._line(
                painter, inside, 3, tr("ui.dashboards.map.stay", t=formats().duration(one.stay_s)), inside.width()
            )

    def _line(self, painter: QPainter, inside: QRectF, number: int, text: str, room: float) -> None:
        high = inside.height() / 4
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room))
        where = QRectF(inside.left(), inside.top() + number * high, room, high)
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def _between(source: QRectF, target: QRectF) -> tuple[QPainterPath, QPointF, QPointF]:
    """The line, where it ends, and in which direction it comes in."""
    same_row = abs(source.top() - target.top()) < 1
    if same_row and 0 < target.left() - source.right() < GAP + 1:
        start, tip, turn = (
            QPointF(source.right(), source.center().y()),
            QPointF(target.left(), target.center().y()),
            QPointF(1, 0),
        )
        path = QPainterPath(start)
        path.lineTo(tip)
        return path, tip, turn
    if same_row:
        below = 1.0 if source.top() < HIGH else -1.0  # through the room between the rows
        edge = QRectF.bottom if below > 0 else QRectF.top
        shift = 14.0 if target.left() > source.left() else -14.0
        start = QPointF(source.center().x() + shift, edge(source))
        tip = QPointF(target.center().x() - shift, edge(target))
        bend = QPointF(0, below * min(60.0, 18 + abs(tip.x() - start.x()) * 0.08))
        path = QPainterPath(start)
        path.cubicTo(start + bend, tip + bend, tip)
        return path, tip, QPointF(0, -below)
    down = source.top() < target.top()
    shift = 8.0 if down else -8.0
    start = QPointF(source.center().x() + shift, source.bottom() if down else source.top())
    tip = QPointF(target.center().x() + shift, target.top() if down else target.bottom())
    bend = QPointF(0, 44.0 if down else -44.0)
    path = QPainterPath(start)
    path.cubicTo(start + bend, tip - bend, tip)
    return path, tip, QPointF(0, 1.0 if down else -1.0)
