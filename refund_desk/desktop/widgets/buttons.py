"""Buttons that show their key, and how a key is written."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from refund_desk.desktop.fonts import mono_family
from refund_desk.desktop.icons import draw_icon, icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.words import bind_text

_GAP, _CAP_PAD, _ICON = 7, 5, 15
LOOKS = ("plain", "primary", "danger", "quiet", "link")


def key_text(keys: str) -> str:
    """How a key sequence is written on a cap: Ctrl+↵, D, Esc."""
    text = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) or keys
    return text.replace("Return", "↵").replace("Enter", "↵")


def _cap_font() -> QFont:
    font = QFont(mono_family())
    font.setPixelSize(11)
    return font


class KeyCap(QLabel):
    """A key, drawn as a cap."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(key_text(keys), parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFixedHeight(18)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class KeyButton(QPushButton):
    """A button whose key stands beside its words: 逐字段对照 [D].

    It shows the key; `Keys.add(…, action=button.click)` makes it work. `look`: plain, primary, danger, quiet, link.
    """

    def __init__(
        self,
        label_key: str = "",
        keys: str = "",
        look: str = "plain",
        *,
        icon_name: str = "",
        parent: QWidget | None = None,
        **params: Any,
    ) -> None:
        super().__init__(parent)
        self._keys, self._icon_name = keys, icon_name
        self.setProperty("look", look)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        if label_key:
            self.set_words(label_key, **params)

    def set_words(self, key: str, **params: Any) -> None:
        """Label of the catalogue, reworded live; also the accessible name."""
        bind_text(self.set_label, key, **params)

    def set_label(self, text: str) -> None:
        """A label that is data already."""
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setAccessibleDescription(key_text(self._keys) if self._keys else "")
        self.updateGeometry()

    def set_keys(self, keys: str) -> None:
        self._keys = keys
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(self._cap_room() + self._icon_room(), 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        from PySide6.QtWidgets import QStyle, QStyleOptionButton, QStylePainter  # 7 ms that the first frame saves

        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        text, option.text = option.text.replace("&&", "&"), ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        self._paint_content(painter, text)
        painter.end()

    def _paint_content(self, painter: QPainter, text: str) -> None:
        token = self._ink()
        metrics = self.fontMetrics()
        room = self.width() - 6 - self._icon_room() - self._cap_room()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        wide = metrics.horizontalAdvance(text)
        left = (self.width() - wide - self._icon_room() - self._cap_room()) / 2
        if self._icon_name:
            draw_icon(painter, QRectF(left, (self.height() - _ICON) / 2, _ICON, _ICON), self._icon_name, token)
            left += self._icon_room()
        painter.setPen(theme().color(token))
        painter.setFont(self.font())
        painter.drawText(QRectF(left, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        if self._keys:
            self._paint_cap(painter, left + wide + _GAP, token)

    def _paint_cap(self, painter: QPainter, left: float, token: str) -> None:
        primary = self.property("look") == "primary" and self.isEnabled()
        cap = QRectF(left + 0.5, (self.height() - 17) / 2 + 0.5, self._cap_room() - _GAP - 1, 16)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, ink = theme().color("border_strong"), theme().color("muted" if self.isEnabled() else "disabled")
        if primary or (self.parentWidget() is not None and self.property("ink")):
            line = ink = theme().color(token)
            painter.setOpacity(0.85)
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 4, 4)
        painter.setOpacity(1)
        painter.setPen(ink)
        painter.setFont(_cap_font())
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key_text(self._keys))

    def _ink(self) -> str:
        if not self.isEnabled():
            return "disabled"
        if own := self.property("ink"):
            return str(own)
        if self.isChecked():
            return "info_fg"
        return {"primary": "accent_text", "danger": "danger_fg", "link": "info_fg"}.get(self.property("look"), "text")

    def _cap_room(self) -> int:
        if not self._keys:
            return 0
        wide = QFontMetrics(_cap_font()).horizontalAdvance(key_text(self._keys))
        return max(17, wide + 2 * _CAP_PAD) + _GAP

    def _icon_room(self) -> int:
        return _ICON + 6 if self._icon_name else 0


class IconButton(QPushButton):
    """An icon alone. Its words are its tooltip and accessible name, with the key where it has one."""

    def __init__(
        self, icon_name: str, label_key: str, keys: str = "", *, ink: str = "muted", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setProperty("look", "quiet")
        self.setIcon(icon(icon_name, ink, "info_fg"))
        self.setIconSize(QSize(16, 16))
        self.setFixedSize(30, 28)
        bind_text(self._set_words, label_key)

    def _set_words(self, text: str) -> None:
        self.setAccessibleName(text)
        self.setToolTip(f"{text}  {key_text(self._keys)}".rstrip())
