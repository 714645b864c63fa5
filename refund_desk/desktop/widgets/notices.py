"""What the desk says to its user in place: banners, empty states, and the bar that takes a step back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.icons import IconLabel
from refund_desk.desktop.widgets.buttons import IconButton, KeyButton
from refund_desk.desktop.widgets.flow import flow_widget
from refund_desk.desktop.widgets.text import PlainLabel, restyle
from refund_desk.desktop.words import bind_made, bind_text, formats, tr, unbind_text

_ICONS = {"danger": "danger", "warn": "warn", "info": "info", "ok": "ok", "neutral": "info"}


class Banner(QFrame):
    """A line that must be seen: icon, title, text, buttons. `kind`: danger, warn, info, ok, neutral."""

    closed = Signal()

    def __init__(self, kind: str = "info", *, closable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = IconLabel(_ICONS[kind], f"{kind}_fg", 16)
        self.title = PlainLabel()
        self.title.setObjectName("bannerTitle")
        self._parts, self._flow = flow_widget(gap=4, centred=True)
        self._labels: list[PlainLabel] = []
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 10, 7)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.title)
        row.addWidget(self._parts, 1)
        row.addLayout(self.buttons)
        if closable:
            button = IconButton("close", "ui.close", parent=self)
            button.clicked.connect(self._close)
            row.addWidget(button)
        self.set_kind(kind)

    def set_kind(self, kind: str) -> None:
        self._icon.set_icon(_ICONS[kind], f"{kind}_fg")
        restyle(self, kind=kind)
        restyle(self.title, kind=kind)  # its colour hangs on the parent's kind

    def tell(self, kind: str, make: Callable[[], str]) -> None:
        """Show one text and no title; `make` words it now and after each switch of the language."""
        unbind_text(self.title.setText)
        self.title.hide()
        self.set_kind(kind)
        bind_made(self.set_text, make)
        bind_made(self.setAccessibleName, make)
        self.show()

    def tell_title(self, kind: str, key: str, **params: Any) -> None:
        """Show a title of the catalogue and nothing beside it."""
        unbind_text(self.set_text)
        self.set_text("")
        self.set_kind(kind)
        self.set_title(key, **params)
        self.title.show()
        self.show()

    def set_title(self, key: str, **params: Any) -> None:
        """Title of the catalogue."""
        bind_text(self.title.setText, key, **params)
        bind_text(self.setAccessibleName, key, **params)

    def set_text(self, text: str) -> None:
        """One text, wrapped."""
        self.set_parts([(text, "")])

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """Text in pieces (text, look), so that a figure can stand out: [("refunded", ""), ("¥300", "strong")]."""
        while len(self._labels) < len(parts):  # kept and filled again: a banner that changes makes no widgets
            label = PlainLabel()
            self._labels.append(label)
            self._flow.addWidget(label)
        for label, (text, look) in zip(self._labels, parts, strict=False):
            label.setWordWrap(len(parts) == 1)
            label.set_look(look)
            label.setText(text)
        for index, label in enumerate(self._labels):
            label.setVisible(index < len(parts))
        self.setAccessibleDescription(" ".join(text for text, _ in parts))

    def add_button(self, button: QWidget) -> None:
        self.buttons.addWidget(button)

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


class EmptyState(QWidget):
    """What stands where nothing is: an icon, what it means, and what one can do."""

    def __init__(
        self, title_key: str, text_key: str = "", *, icon_name: str = "empty", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon_name, "faint", 36)
        self.title, self.text = PlainLabel(look="heading"), PlainLabel(look="muted", wrap=True)
        self.buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(2)
        for widget in (self._icon, self.title):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.text)  # over the whole width: a wrapping label beside nothing guesses its height
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addLayout(self.buttons)
        column.addStretch(3)
        self.set_words(title_key, text_key)

    def set_words(self, title_key: str, text_key: str = "", **params: Any) -> None:
        bind_text(self.title.setText, title_key, **params)
        self.text.setVisible(bool(text_key))
        if text_key:
            bind_text(self.text.setText, text_key, **params)
        else:
            unbind_text(self.text.setText)

    def add_button(self, button: QWidget) -> None:
        self.buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)


class UndoBar(QFrame):
    """Says what was done and takes it back for as long as it counts down. Floats over the bottom of `over`."""

    undone = Signal()
    expired = Signal()

    def __init__(self, over: QWidget, keys: str = "U") -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._clock, self._milliseconds = QElapsedTimer(), 0
        self._timer = QTimer(self)
        self._timer.setInterval(200)
        self._timer.timeout.connect(self._tick)
        self.text, self.left = PlainLabel(), PlainLabel()
        self.text.setObjectName("undoText")
        self.left.setObjectName("undoLeft")
        self.button = KeyButton("ui.undo", keys)
        self.button.setProperty("ink", "tip_fg")
        self.button.clicked.connect(self.undo)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 10, 8)
        row.setSpacing(12)
        for widget in (self.text, self.left, self.button):
            row.addWidget(widget)
        self._over = over
        over.installEventFilter(self)
        self.hide()

    def offer(self, make: Callable[[], str], seconds: float = 10) -> None:
        """Show what `make` words, in each language anew, and count down; the offer before this one expires."""
        if self._timer.isActive():
            self._expire()
        bind_made(self._show_text, make)
        self._milliseconds = int(seconds * 1000)
        self._clock.start()
        self._timer.start()
        self._tick()
        self.show()
        self.raise_()
        self._place()

    def undo(self) -> None:
        """Take it back, if there is still something to take back."""
        if self._timer.isActive():
            self.stop()
            self.undone.emit()

    def stop(self) -> None:
        """Go away without a word: what was offered is settled otherwise."""
        self._timer.stop()
        self.hide()

    def waiting(self) -> bool:
        return self._timer.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return super().eventFilter(watched, event)

    def _show_text(self, text: str) -> None:
        self.text.setText(text)
        self.setAccessibleName(text)
        if not self.isHidden():
            self._tick()
            self._place()

    def _tick(self) -> None:
        left = self._milliseconds - self._clock.elapsed()
        if left <= 0:
            self._expire()
            return
        self.left.setText(tr("ui.undo.left", span=formats().duration(-(-left // 1000))))

    def _expire(self) -> None:
        self.stop()
        self.expired.emit()

    def _place(self) -> None:
        self.adjustSize()
        over = self._over
        self.move((over.width() - self.width()) // 2, over.height() - self.height() - 16)
