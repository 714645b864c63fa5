"""Icons from the Remix Icon font (Apache-2.0) that the package QtAwesome carries.

Only that one font is loaded, by ourselves: QtAwesome's own loader reads nine fonts and nine JSON tables,
which costs more than the whole shell. Colours are read when painted, so a theme switch needs no new icons.
"""

from __future__ import annotations

import json
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from refund_desk.desktop.theme import theme

log = logging.getLogger(__name__)

NAMES = {
    "add": "add-line",
    "approve": "check-line",
    "arrow_down": "arrow-down-s-line",
    "arrow_right": "arrow-right-s-line",
    "assign": "user-add-line",
    "audit": "shield-check-line",
    "back": "arrow-left-line",
    "case": "file-text-line",
    "close": "close-line",
    "conflict": "arrow-left-right-line",
    "copy": "file-copy-line",
    "dashboards": "bar-chart-box-line",
    "danger": "error-warning-fill",
    "decide": "auction-line",
    "empty": "inbox-line",
    "evidence": "image-line",
    "export": "download-2-line",
    "filter": "filter-3-line",
    "for_me": "user-star-line",
    "import": "upload-2-line",
    "info": "information-fill",
    "key": "keyboard-line",
    "language": "global-line",
    "late": "alarm-warning-fill",
    "layout": "layout-column-line",
    "light": "sun-line",
    "dark": "moon-line",
    "lock": "lock-line",
    "mail": "mail-line",
    "message": "chat-3-line",
    "more": "more-2-line",
    "neutral": "subtract-line",
    "next": "arrow-right-line",
    "note": "sticky-note-line",
    "ok": "checkbox-circle-fill",
    "offline": "wifi-off-line",
    "open_outside": "external-link-line",
    "order": "shopping-bag-3-line",
    "payment": "bank-card-line",
    "people": "team-line",
    "process": "node-tree",
    "quality": "eye-2-line",
    "queue": "list-check-2",
    "reconcile": "scales-3-line",
    "refresh": "refresh-line",
    "reject": "close-circle-line",
    "return": "arrow-go-back-line",
    "rotate_left": "anticlockwise-line",
    "rotate_right": "clockwise-line",
    "search": "search-line",
    "send": "send-plane-line",
    "settings": "settings-3-line",
    "sign_out": "logout-box-r-line",
    "stop": "stop-circle-line",
    "time": "time-line",
    "timeline": "history-line",
    "undo": "arrow-go-back-line",
    "unseen": "checkbox-blank-circle-fill",
    "user": "user-line",
    "view_four": "layout-grid-line",
    "view_one": "checkbox-blank-line",
    "view_two": "layout-column-line",
    "warehouse": "store-2-line",
    "warn": "alert-fill",
    "zoom_in": "zoom-in-line",
    "zoom_out": "zoom-out-line",
}


@cache
def _font() -> tuple[str, dict[str, str]]:
    """Family and the glyph of each Remix name; an empty family where the package is missing."""
    spec = find_spec("qtawesome")
    if spec is None or spec.origin is None:
        log.warning("the icon font of QtAwesome is not installed")
        return "", {}
    folder = Path(spec.origin).parent / "fonts"
    number = QFontDatabase.addApplicationFont(str(next(folder.glob("remixicon-*.ttf"))))
    table = json.loads(next(folder.glob("remixicon-charmap-*.json")).read_text(encoding="utf-8"))
    families = QFontDatabase.applicationFontFamilies(number)
    return (families[0] if families else ""), {name: chr(int(code, 16)) for name, code in table.items()}


def glyph(name: str) -> str:
    """The character of an icon: a name of `NAMES`, or Remix's own. KeyError if neither."""
    glyphs = _font()[1]
    return glyphs[NAMES.get(name, name)] if glyphs else ""


def draw_icon(painter: QPainter, rect: QRect | QRectF, name: str, ink: str) -> None:
    """Paint an icon in the colour of a token, for delegates and widgets that draw themselves."""
    area = QRectF(rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(_font()[0])
    font.setPixelSize(max(1, round(min(area.width(), area.height()))))
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
    painter.setFont(font)
    painter.setPen(theme().color(ink))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, glyph(name))
    painter.restore()


class _GlyphEngine(QIconEngine):
    def __init__(self, name: str, ink: str, ink_on: str | None) -> None:
        super().__init__()
        self.name, self.ink, self.ink_on = name, ink, ink_on

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ink = self.ink_on if self.ink_on and state == QIcon.State.On else self.ink
        draw_icon(painter, rect, self.name, "disabled" if mode == QIcon.Mode.Disabled else ink)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self.name, self.ink, self.ink_on)


def icon(name: str, ink: str = "muted", ink_on: str | None = None) -> QIcon:
    """An icon in the colour of a token (`ink_on` when checked); follows the theme by itself."""
    glyph(name)  # a wrong name fails here, not in a paint event
    return QIcon(_GlyphEngine(name, ink, ink_on))


class IconLabel(QWidget):
    """An icon that stands by itself. It says nothing to a screen reader: the text beside it does."""

    def __init__(self, name: str, ink: str = "muted", size: int = 14, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._ink, self._size = name, ink, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, name: str, ink: str) -> None:
        self._name, self._ink = name, ink
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        draw_icon(painter, self.rect(), self._name, self._ink)
        painter.end()
