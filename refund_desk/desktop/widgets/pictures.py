"""Small pictures: thumbnails of evidence and initials of people."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.fonts import strong
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme

_STATE_ICONS = {"waiting": "time", "refused": "danger", "file": "case", "ready": "evidence"}


class Thumbnail(QAbstractButton):
    """A picture of evidence, or an icon while there is none. Checked: the one that is shown."""

    def __init__(self, size: QSize | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size or QSize(54, 44)
        self._pixmap: QPixmap | None = None
        self._state, self._marked = "waiting", False
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_pixmap(self, pixmap: QPixmap | None) -> None:
        """A rendition; it fills the square, cut at the longer side."""
        self._pixmap = pixmap
        self.update()

    def set_state(self, state: str, name: str) -> None:
        """`state`: waiting, ready, refused, file; `name` is what a screen reader says (ready words)."""
        self._state = state
        self.setAccessibleName(plain(name))
        self.update()

    def set_marked(self, marked: bool) -> None:
        """A dot: not yet seen."""
        self._marked = marked
        self.update()

    def sizeHint(self) -> QSize:
        return self._size

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        path = QPainterPath()
        path.addRoundedRect(area, 5, 5)
        painter.fillPath(path, theme().color("sunken"))
        painter.setClipPath(path)
        if self._pixmap is None or self._pixmap.isNull():
            token = "danger_fg" if self._state == "refused" else "faint"
            draw_icon(painter, _centred(area, 18), _STATE_ICONS[self._state], token)
        else:
            painter.drawPixmap(area, self._pixmap, _cover(self._pixmap, area))
        painter.setClipping(False)
        self._paint_marks(painter, area)
        painter.end()

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus() or self.isChecked():
            token = "focus" if self.hasFocus() else "accent"
            painter.setPen(QPen(theme().color(token), 3 if self.hasFocus() else 2))
            painter.drawRoundedRect(area, 5, 5)
        if self._marked:
            painter.setPen(QPen(theme().color("surface"), 1.5))
            painter.setBrush(theme().color("accent"))
            painter.drawEllipse(QRectF(area.right() - 10, area.top() + 1, 9, 9))


def _centred(area: QRectF, size: float) -> QRectF:
    return QRectF(area.center().x() - size / 2, area.center().y() - size / 2, size, size)


def _cover(pixmap: QPixmap, area: QRectF) -> QRectF:
    """The part of the picture that fills the area without distortion."""
    wide, high = pixmap.width(), pixmap.height()
    scale = min(wide / area.width(), high / area.height())
    cut = QRectF(0, 0, area.width() * scale, area.height() * scale)
    cut.moveCenter(QRectF(0, 0, wide, high).center())
    return cut


class Avatar(QWidget):
    """The first letter of a name on a quiet ground; the name is what a screen reader says."""

    def __init__(self, name: str = "", size: int = 24, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels = size
        self.setFixedSize(size, size)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self._name = plain(name, lines=False).strip()
        self.setAccessibleName(self._name)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink, _ = theme().pill("info")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawEllipse(self.rect())
        font = QFont(self.font())
        font.setPixelSize(round(self._pixels * 0.48))
        font.setWeight(strong())
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._name[:1].upper())
        painter.end()
