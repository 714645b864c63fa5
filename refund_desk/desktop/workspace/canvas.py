"""A picture that can be zoomed, turned and moved, with notes drawn over it. It shows renditions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.wire.cases import ImageNote

MOST_ZOOM, LEAST_ZOOM = 40.0, 1.0
STEP = 1.25


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is looked at. zoom: times the size that fits; x, y: the middle of the view, as fractions
    of the picture as it is turned; turn: quarter turns clockwise. The same look fits pictures of any size."""

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5
    turn: int = 0


class Canvas(QWidget):
    """One picture. `looked` tells a change of the look made here; `drawn` a rectangle in fractions of the image."""

    looked = Signal(object)
    drawn = Signal(object)
    chosen = Signal()

    def __init__(self, parent: QWidget | None = None, *, ground: str = "viewer", steered: bool = True) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._text, self._icon = "", "evidence"
        self._notes: Sequence[ImageNote] = ()
        self._ground, self._steered = ground, steered
        self.look = Look()
        self.drawing = self.active = False
        self._fitted: tuple[tuple[int, int, int, float], QPixmap] | None = None
        self._grip: QPointF | None = None
        self._from: QPointF | None = None
        self._to = QPointF()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(60, 60)

    # ------------------------------------------------------------ what is shown

    def show_image(self, image: QImage | None) -> None:
        """A picture, or none yet. The look stays: pictures beside each other keep moving together."""
        self._image = image
        self._text = ""
        self.update()

    def say(self, text: str, icon: str = "evidence") -> None:
        """Words instead of a picture."""
        self._image, self._text, self._icon = None, plain(text), icon
        self.update()

    def set_notes(self, notes: Sequence[ImageNote]) -> None:
        self._notes = notes
        self.update()

    def image(self) -> QImage | None:
        return self._image

    def text(self) -> str:
        """The words that stand instead of a picture."""
        return self._text

    def set_look(self, look: Look) -> None:
        """Look as somebody else does."""
        self.look = self._kept(look)
        self.update()

    # ------------------------------------------------------------ looking

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Nearer or farther; the point under `at` (of the widget) stays where it is."""
        at = at or QPointF(self.rect().center())
        before = self._fraction(at)
        zoom = max(LEAST_ZOOM, min(MOST_ZOOM, self.look.zoom * factor))
        self.look = replace(self.look, zoom=zoom)
        after = self._fraction(at)
        self._take(replace(self.look, x=self.look.x + before.x() - after.x(), y=self.look.y + before.y() - after.y()))

    def fit(self) -> None:
        self._take(Look(turn=self.look.turn))

    def one_to_one(self) -> None:
        """A pixel of the picture on a pixel of the screen."""
        if self._image is not None:
            scale = self._fit_scale()
            self._take(replace(self.look, zoom=max(LEAST_ZOOM, 1 / scale / self.devicePixelRatioF())))

    def rotate(self, quarters: int) -> None:
        self._take(Look(turn=(self.look.turn + quarters) % 4))

    def pan(self, dx: float, dy: float) -> None:
        """Move by so many pixels of the widget."""
        size = self._turned_size() * self._scale()
        if size.width() and size.height():
            self._take(replace(self.look, x=self.look.x - dx / size.width(), y=self.look.y - dy / size.height()))

    def percent(self) -> float:
        """Size on the screen as a share of the picture's own."""
        return self._scale() * self.devicePixelRatioF()

    # ------------------------------------------------------------ geometry

    def transform(self) -> QTransform:
        """From pixels of the picture to the widget."""
        image = self._image
        if image is None:
            return QTransform()
        size, scale = self._turned_size(), self._scale()
        at = QTransform()
        at.translate(self.width() / 2, self.height() / 2)
        at.scale(scale, scale)
        at.translate(-self.look.x * size.width(), -self.look.y * size.height())
        at.translate(size.width() / 2, size.height() / 2)
        at.rotate(90 * self.look.turn)
        at.translate(-image.width() / 2, -image.height() / 2)
        return at

    def _turned_size(self) -> QSizeF:
        image = self._image
        if image is None:
            return QSizeF(0, 0)
        wide, high = float(image.width()), float(image.height())
        return QSizeF(high, wide) if self.look.turn % 2 else QSizeF(wide, high)

    def _fit_scale(self) -> float:
        size = self._turned_size()
        if not size.width() or not size.height():
            return 1.0
        return min(self.width() / size.width(), self.height() / size.height())

    def _scale(self) -> float:
        return self._fit_scale() * self.look.zoom

    def _fraction(self, at: QPointF) -> QPointF:
        """A point of the widget as fractions of the turned picture."""
        size = self._turned_size() * self._scale()
        if not size.width():
            return QPointF(0.5, 0.5)
        return QPointF(
            self.look.x + (at.x() - self.width() / 2) / size.width(),
            self.look.y + (at.y() - self.height() / 2) / size.height(),
        )

    def _kept(self, look: Look) -> Look:
        """The middle of the view never leaves the picture; what fits is centred."""
        if look.zoom <= LEAST_ZOOM:
            return replace(look, zoom=LEAST_ZOOM, x=0.5, y=0.5)
        return replace(look, x=min(1.0, max(0.0, look.x)), y=min(1.0, max(0.0, look.y)))

    def _take(self, look: Look) -> None:
        self.set_look(look)
        self.looked.emit(self.look)

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color(self._ground))
        if self._image is None:
            self._paint_words(painter)
        else:
            self._paint_image(painter, self._image)
            self._paint_notes(painter)
        if self._from is not None:
            self._frame(painter, QRectF(self._from, self._to).normalized())
        if self.active:
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        if self.look == Look() and self._scale() < 1:
            small = self._small(image)
            at = self.transform().map(QPointF(0, 0))
            painter.drawPixmap(at, small)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale() < 4)
        painter.setTransform(self.transform())
        painter.drawImage(0, 0, image)
        painter.resetTransform()

    def _small(self, image: QImage) -> QPixmap:
        """The picture as it fits, made once for a size: the usual look costs no scaling when it is painted."""
        ratio = self.devicePixelRatioF()
        key = (image.cacheKey(), self.width(), self.height(), ratio)
        if self._fitted is None or self._fitted[0] != key:
            size = (QSizeF(image.size()) * self._scale() * ratio).toSize()
            smooth = Qt.TransformationMode.SmoothTransformation
            scaled = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            scaled.setDevicePixelRatio(ratio)
            self._fitted = (key, QPixmap.fromImage(scaled))
        return self._fitted[1]

    def _paint_words(self, painter: QPainter) -> None:
        dark = self._ground == "viewer"
        middle = self.rect().center()
        draw_icon(
            painter, QRectF(middle.x() - 14, middle.y() - 34, 28, 28), self._icon, "bar_muted" if dark else "faint"
        )
        painter.setPen(theme().color("bar_text" if dark else "muted"))
        painter.setFont(self.font())
        area = QRectF(12, middle.y() + 4, self.width() - 24, self.height() / 2 - 8)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), self._text)

    def _paint_notes(self, painter: QPainter) -> None:
        image = self._image
        if image is None:
            return
        at = self.transform()
        for number, note in enumerate(self._notes, start=1):
            wide, high = image.width(), image.height()
            rect = at.mapRect(QRectF(note.x * wide, note.y * high, note.w * wide, note.h * high))
            self._frame(painter, rect)
            self._tag(painter, rect, f"{number}  {plain(note.text, lines=False)}")

    @staticmethod
    def _frame(painter: QPainter, rect: QRectF) -> None:
        """Dashes of two colours, to be seen on any picture."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 2))
        painter.drawRect(rect)
        painter.setPen(QPen(QColor(255, 255, 255), 2, Qt.PenStyle.DashLine))
        painter.drawRect(rect)

    def _tag(self, painter: QPainter, rect: QRectF, text: str) -> None:
        font = QFont(self.font())
        font.setPixelSize(12)
        metrics = QFontMetrics(font)
        room = max(40, int(self.width() - max(0.0, rect.x()) - 12))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        wide = metrics.horizontalAdvance(shown) + 10
        top = rect.y() - 19 if rect.y() > 20 else rect.y() + 1
        tag = QRectF(max(0.0, rect.x()), max(0.0, top), wide, 18)
        painter.fillRect(tag, QColor(0, 0, 0, 190))
        painter.setPen(QColor(255, 255, 255))
        painter.setFont(font)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, shown)

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    # ------------------------------------------------------------ hand

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._steered and self._image is not None:
            self.zoom_by(STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()
        if self._steered and self._image is not None and event.button() == Qt.MouseButton.LeftButton:
            if self.drawing:
                self._from = self._to = event.position()
            else:
                self._grip = event.position()
                self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._to = event.position()
            self.update()
        elif self._grip is not None:
            moved = event.position() - self._grip
            self._grip = event.position()
            self.pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._grip = None
        self.unsetCursor()
        if self._from is not None:
            rect = QRectF(self._from, self._to).normalized()
            self._from = None
            self.update()
            self._tell_drawn(rect)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._steered and not self.drawing:
            if self.look.zoom > LEAST_ZOOM:
                self.fit()
            else:
                self.zoom_by(STEP**4, event.position())

    def draw_seen(self) -> None:
        """Draw a frame around what is seen, a little inside its edge."""
        if self._image is not None:
            inset = min(self.width(), self.height()) * 0.08
            self._tell_drawn(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))

    def _tell_drawn(self, rect: QRectF) -> None:
        image = self._image
        back, fine = self.transform().inverted()
        if image is None or not fine:
            return
        area = back.mapRect(rect).intersected(QRectF(0, 0, image.width(), image.height()))
        if area.width() * self._scale() > 6 and area.height() * self._scale() > 6:
            wide, high = image.width(), image.height()
            self.drawn.emit(QRectF(area.x() / wide, area.y() / high, area.width() / wide, area.height() / high))
