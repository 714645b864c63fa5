"""Text on the screen. `PlainLabel` is the one way to show what came from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.words import bind_text, formats, words

if TYPE_CHECKING:
    from refund_desk.wire.base import Amount

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def restyle(widget: QWidget, **properties: object) -> None:
    """Set dynamic properties that the style sheet looks at, and apply them now."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def set_tip(widget: QWidget, text: str) -> None:
    """A tooltip that shows `text` as it is: Qt would read a plain one as HTML if it looks like it."""
    widget.setToolTip(tip(text))


def tip(text: str) -> str:
    """`text` for a ToolTipRole or setToolTip."""
    return f'<p style="white-space:pre-wrap">{_escape(plain(text))}</p>' if text else ""


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class PlainLabel(QLabel):
    """Shows text as plain text, whatever is in it; bidi and control characters become visible marks.

    `look`: words of title, amount, heading, strong, small, muted, faint, accent, danger, warn, ok, mono.
    """

    def __init__(self, text: str = "", look: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setProperty("look", look)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(plain(text))

    def set_look(self, look: str) -> None:
        restyle(self, look=look)

    def set_selectable(self) -> None:
        """Let mouse and keyboard select and copy."""
        flags = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(flags)


def words_label(key: str, look: str = "", *, wrap: bool = False, **params: Any) -> PlainLabel:
    """A label of the catalogue that rewords itself."""
    label = PlainLabel(look=look, wrap=wrap)
    bind_text(label.setText, key, **params)
    return label


class ElidedLabel(PlainLabel):
    """One line, cut with … where it doesn't fit; the whole text is its tooltip then."""

    def __init__(self, text: str = "", look: str = "", *, middle: bool = False, parent: QWidget | None = None) -> None:
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        super().__init__(text, look, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(plain(text, lines=False))
        self.setAccessibleName(self.text())
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…") * 2, super().minimumSizeHint().height())

    def shown(self) -> str:
        """The text as it is painted now."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.shown()
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment() | Qt.TextFlag.TextSingleLine, shown)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            set_tip(self, self.text() if self.shown() != self.text() else "")
        return super().event(event)


class MoneyLabel(PlainLabel):
    """An amount in the viewer's locale, right-aligned, figures of one width."""

    def __init__(self, amount: Amount | None = None, look: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent=parent)
        self._amount = amount
        self.setAlignment(RIGHT)
        self.setFont(tabular(self.font()))
        words().changed.connect(self._reword)
        self._reword()

    def set_amount(self, amount: Amount | None) -> None:
        self._amount = amount
        self._reword()

    def _reword(self) -> None:
        self.setText(formats().money(self._amount) if self._amount is not None else "")


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, so that columns stand."""
    copy = QFont(font)
    copy.setFeature(QFont.Tag.fromString("tnum"), 1)
    return copy
