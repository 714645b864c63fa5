"""The progress of a case: one line per step, coloured and marked by its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.fonts import strong
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.text import tip
from refund_desk.desktop.words import tr, words

_GAP, _BAR, _ICON = 4, 3, 12
_LINE = {"done": "ok", "current": "accent", "next": "border", "skipped": "border"}
_INK = {"done": "text", "current": "info_fg", "next": "text", "skipped": "faint"}
_ICONS = {"done": ("ok", "ok"), "current": ("unseen", "accent"), "skipped": ("neutral", "faint")}


@dataclass(frozen=True, slots=True)
class StepItem:
    """`state`: done, current, next, skipped. Texts are ready words."""

    title: str
    detail: str = ""
    state: str = "next"


class StepsBar(QWidget):
    """All steps side by side: of one width where each has room for its words, else as wide as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: list[StepItem] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        words().changed.connect(self._name)

    def set_steps(self, steps: Sequence[StepItem]) -> None:
        self._steps = [StepItem(plain(s.title, lines=False), plain(s.detail, lines=False), s.state) for s in steps]
        self._name()
        self.updateGeometry()
        self.update()

    def steps(self) -> list[StepItem]:
        return list(self._steps)

    def sizeHint(self) -> QSize:
        return QSize(110 * len(self._steps), 44)

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * len(self._steps), 44)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, step in enumerate(self._steps):
            self._paint_step(painter, self._rect(index), step)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for index, step in enumerate(self._steps):
                if self._rect(index).contains(event.pos()):
                    QToolTip.showText(event.globalPos(), tip(f"{step.title}\n{step.detail}".strip()), self)
            return True
        return super().event(event)

    def _rect(self, index: int) -> QRectF:
        widths = self._widths()
        return QRectF(sum(widths[:index]), 0, widths[index] - _GAP, self.height())

    def _widths(self) -> list[float]:
        """What each step gets, its gap included: titles and details whole if they fit, else titles, else all alike."""
        count, room = len(self._steps), float(self.width() + _GAP)
        titles = [self._title_width(step) for step in self._steps]
        details = [QFontMetrics(self._small()).horizontalAdvance(step.detail) + 4 + _GAP for step in self._steps]
        for needs in ([max(pair) for pair in zip(titles, details, strict=True)], titles):
            if sum(needs) <= room:
                return _shared(needs, room)
        return [room / count] * count

    def _title_width(self, step: StepItem) -> float:
        icon = {"current": 7 + 4}.get(step.state, _ICON + 4 if step.state in _ICONS else 0)
        return QFontMetrics(self._bold()).horizontalAdvance(step.title) + icon + 6 + _GAP

    def _bold(self) -> QFont:
        bold = QFont(self.font())
        bold.setWeight(strong())
        return bold

    def _small(self) -> QFont:
        small = QFont(self.font())
        small.setPixelSize(12)
        return small

    def _paint_step(self, painter: QPainter, rect: QRectF, step: StepItem) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(_LINE[step.state]))
        painter.drawRoundedRect(QRectF(rect.x(), 0, rect.width(), _BAR), 1.5, 1.5)
        left = rect.x()
        if step.state in _ICONS:
            name, token = _ICONS[step.state]
            size = 7 if step.state == "current" else _ICON
            draw_icon(painter, QRectF(left, 10 + (16 - size) / 2, size, size), name, token)
            left += size + 4
        _line(painter, QRectF(left, 8, rect.right() - left - 4, 18), step.title, self._bold(), _INK[step.state])
        _line(painter, QRectF(rect.x(), 26, rect.width() - 4, 17), step.detail, self._small(), "muted")

    def _name(self) -> None:
        parts = [f"{step.title} ({tr('ui.step.' + step.state)}) {step.detail}".strip() for step in self._steps]
        self.setAccessibleName(tr("ui.steps"))
        self.setAccessibleDescription("; ".join(parts))


def _shared(needs: list[float], room: float) -> list[float]:
    """As even as can be: what is left over goes to those that have least."""
    level, rest = room / len(needs), sorted(needs, reverse=True)
    taken, left = 0.0, len(needs)
    for need in rest:
        if need <= level:
            break
        taken, left = taken + need, left - 1
        level = (room - taken) / max(1, left)
    return [max(need, level) for need in needs]


def _line(painter: QPainter, rect: QRectF, text: str, font: QFont, token: str) -> None:
    painter.setFont(font)
    painter.setPen(theme().color(token))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
