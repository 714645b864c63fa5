"""Pills and chips: small labels whose kind is told by an icon and words, never by colour alone."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import KINDS, theme
from refund_desk.desktop.widgets.text import restyle, set_tip
from refund_desk.desktop.words import bind_text, formats, tr, words

PILL_HEIGHT = 19
_PAD, _ICON, _GAP = 8, 11, 3
KIND_ICONS = {"neutral": "", "info": "", "ok": "ok", "warn": "time", "danger": "danger"}


def pill_font(font: QFont) -> QFont:
    """The font of pills beside a font of 13 px."""
    copy = QFont(font)
    copy.setPixelSize(12)
    copy.setWeight(QFont.Weight.Medium)
    return copy


def pill_width(text: str, font: QFont, icon: str = "") -> int:
    """Width in pixels of a pill drawn by `draw_pill`."""
    return QFontMetrics(pill_font(font)).horizontalAdvance(text) + 2 * _PAD + (_ICON + _GAP if icon else 0)


def draw_pill(painter: QPainter, at: QPointF | QRect, text: str, kind: str, font: QFont, icon: str = "") -> QRectF:
    """Paint a pill with its top left at `at` (or filling a rect); for delegates too. Returns its rectangle."""
    ground, ink, _ = theme().pill(kind)
    width = pill_width(text, font, icon)
    rect = QRectF(at) if isinstance(at, QRect) else QRectF(at.x(), at.y(), width, PILL_HEIGHT)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, PILL_HEIGHT / 2, PILL_HEIGHT / 2)
    left = rect.x() + _PAD
    if icon:
        draw_icon(painter, QRectF(left, rect.center().y() - _ICON / 2, _ICON, _ICON), icon, f"{kind}_fg")
        left += _ICON + _GAP
    painter.setPen(ink)
    painter.setFont(pill_font(font))
    room = QRectF(left, rect.y(), rect.right() - left - _PAD + 1, rect.height())
    metrics = QFontMetrics(pill_font(font))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()) + 1)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    painter.restore()
    return rect


class Pill(QWidget):
    """A state in words. `kind`: neutral, info, ok, warn, danger; `icon` None takes the kind's own, "" none."""

    def __init__(
        self, text: str = "", kind: str = "neutral", *, icon: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text, self._kind, self._icon = "", kind, icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def text(self) -> str:
        return self._text

    def kind(self) -> str:
        return self._kind

    def set_text(self, text: str) -> None:
        self._text = plain(text, lines=False)
        self.setAccessibleName(self._text)
        self.updateGeometry()
        self.update()

    def set_kind(self, kind: str) -> None:
        if kind not in KINDS:
            raise ValueError(kind)
        self._kind = kind
        self.updateGeometry()
        self.update()

    def set_look(self, kind: str, icon: str | None = None) -> None:
        """Kind and icon together; None takes the kind's own icon, "" none."""
        self._icon = icon
        self.set_kind(kind)

    def set_words(self, key: str, kind: str | None = None, **params: Any) -> None:
        """Text of the catalogue, reworded live."""
        if kind is not None:
            self.set_kind(kind)
        bind_text(self.set_text, key, **params)

    def sizeHint(self) -> QSize:
        return QSize(pill_width(self._text, self.font(), self._shown_icon()), PILL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw_pill(painter, self.rect(), self._text, self._kind, self.font(), self._shown_icon())
        painter.end()

    def _shown_icon(self) -> str:
        return KIND_ICONS[self._kind] if self._icon is None else self._icon


class Chip(QPushButton):
    """A filter that can be on, with how many it would show. Space or Enter toggles it."""

    def __init__(self, label_key: str, kind: str = "neutral", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._count, self._capped = label_key, None, False  # type: str, int | None, bool
        self.setCheckable(True)
        self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        words().changed.connect(self._reword)
        self._reword()

    def set_count(self, count: int | None, *, capped: bool = False) -> None:
        """None while it isn't known; a capped count is shown as 999+."""
        self._count, self._capped = count, capped
        self._reword()

    def set_kind(self, kind: str) -> None:
        restyle(self, kind=kind)

    def _reword(self) -> None:
        label = tr(self._key)
        count = "" if self._count is None else formats().number(self._count) + ("+" if self._capped else "")
        self.setText(f"{label} {count}".strip().replace("&", "&&"))
        self.setAccessibleName(f"{label} {count}".strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.isChecked():  # a second carrier beside colour: a line under the words
            painter = QPainter(self)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawLine(12, self.height() - 3, self.width() - 12, self.height() - 3)
            painter.end()


def count_pill(count: int, kind: str = "neutral", tip: str = "") -> Pill:
    """A pill with a figure alone; `tip` says what is counted."""
    pill = Pill(formats().number(count), kind, icon="")
    set_tip(pill, tip)
    return pill
