"""The parts around the panels: top bar, rail, status bar. They show what they are told and emit what was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from refund_desk.client.words import LANGUAGES
from refund_desk.desktop.icons import IconLabel, draw_icon, icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.buttons import key_text
from refund_desk.desktop.widgets.text import ElidedLabel, PlainLabel, set_tip, words_label
from refund_desk.desktop.words import bind_text, tr, words

_SYNC_ICONS = {"synced": "ok", "working": "refresh", "reconnecting": "refresh", "offline": "offline"}
TOP_HEIGHT, RAIL_WIDTH, STATUS_HEIGHT = 44, 60, 26


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A place of the window. `factory` makes its page when it is first shown. Only what exists is an entry."""

    key: str
    icon: str
    label_key: str
    factory: Callable[[], QWidget]


class BarButton(QPushButton):
    """A quiet button on the dark bar."""

    def __init__(self, icon_name: str = "") -> None:
        super().__init__()
        if icon_name:
            self.setIcon(icon(icon_name, "bar_text"))
            self.setIconSize(QSize(15, 15))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class TopBar(QFrame):
    """Product, search field, state of synchronisation, language, theme, person."""

    search = Signal()
    theme_toggled = Signal()
    language_chosen = Signal(str)
    keys_asked = Signal()
    sign_out = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(TOP_HEIGHT)
        self._sync: tuple[str, datetime | None] = ("", None)
        self._person: tuple[str, tuple[str, ...]] = ("", ())
        product = words_label("ui.product")
        product.setObjectName("productName")
        self.field = QPushButton()
        self.field.setObjectName("topSearch")
        self.field.setMinimumWidth(200)
        self.field.setMaximumWidth(420)
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.field.clicked.connect(self.search)
        self.sync_icon, self.sync = IconLabel("unseen", "bar_text", 10), PlainLabel()
        self.language, self.mode, self.person = BarButton(), BarButton("dark"), BarButton("user")
        self._build(product)
        words().changed.connect(self._reword)
        theme().changed.connect(self._reword)
        self._reword()

    def set_sync(self, state: str, at: datetime | None = None) -> None:
        """`state`: synced, working, reconnecting, offline, or "" for nothing; `at` when it was last true."""
        self._sync = (state, at)
        self._reword()

    def set_person(self, name: str, roles: Sequence[str]) -> None:
        """Who is signed in; "" for nobody."""
        self._person = (name, tuple(roles))
        self._reword()

    def _build(self, product: QWidget) -> None:
        self.mode.clicked.connect(self.theme_toggled)
        self.language.clicked.connect(self._language_menu)
        self.person.clicked.connect(self._person_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.setSpacing(6)
        row.addWidget(product)
        row.addSpacing(8)
        row.addWidget(self.field, 1)
        row.addStretch(1)
        for widget in (self.sync_icon, self.sync, self.language, self.mode, self.person):
            row.addWidget(widget)

    def _reword(self) -> None:
        self.field.setText(f"{tr('ui.search.hint')}   {key_text('Ctrl+K')}")
        self.field.setAccessibleName(tr("ui.search.hint"))
        self.language.setText(f"{tr('ui.language.' + _shown_language())} ▾")
        self.language.setAccessibleName(tr("ui.language"))
        dark = theme().mode == "dark"
        self.mode.setIcon(icon("light" if dark else "dark", "bar_text"))
        label = tr("ui.theme.light" if dark else "ui.theme.dark")
        self.mode.setAccessibleName(label)
        set_tip(self.mode, label)
        self._reword_sync()
        name, roles = self._person
        self.person.setVisible(bool(name))
        text = " · ".join([name, *(words().core.member("role", role) for role in roles[:1])])
        self.person.setText(text.replace("&", "&&"))
        self.person.setAccessibleName(text)
        set_tip(self.person, "\n".join(words().core.member("role", role) for role in roles))

    def _reword_sync(self) -> None:
        state, at = self._sync
        for widget in (self.sync_icon, self.sync):
            widget.setVisible(bool(state))
        if not state:
            return
        time = words().core.formats.time(at) if at is not None else ""
        self.sync.setText(f"{tr('ui.sync.' + state)} {time}".rstrip())
        self.sync_icon.set_icon(_SYNC_ICONS[state], "bar_text")

    def _language_menu(self) -> None:
        menu = _menu(self)
        for code in LANGUAGES:
            action = menu.addAction(tr(f"ui.language.{code}"))
            action.setCheckable(True)
            action.setChecked(code == words().language)
            action.triggered.connect(lambda _=False, code=code: self.language_chosen.emit(code))
        _drop(menu, self.language)

    def _person_menu(self) -> None:
        menu = _menu(self)
        for key, signal in (("ui.keys.title", self.keys_asked), ("ui.sign_out", self.sign_out)):
            action = QAction(tr(key), menu)
            action.triggered.connect(signal)
            menu.addAction(action)
        _drop(menu, self.person)


class RailButton(QAbstractButton):
    """A place: icon above its name."""

    def __init__(self, entry: RailEntry) -> None:
        super().__init__()
        self.entry, self._badge = entry, ""
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFixedSize(RAIL_WIDTH - 8, 50)
        bind_text(self.set_label, entry.label_key)

    def set_label(self, text: str) -> None:
        self.setText(text)
        self._name()

    def set_badge(self, text: str) -> None:
        """A small count at its corner; "" for none."""
        self._badge = text
        self._name()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        ink = "bar_strong" if self.isChecked() else "bar_muted"
        draw_icon(painter, QRect((self.width() - 18) // 2, 8, 18, 18), self.entry.icon, ink)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(theme().color(ink))
        text = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 4)
        painter.drawText(QRect(0, 29, self.width(), 16), Qt.AlignmentFlag.AlignCenter, text)
        if self._badge:
            self._paint_badge(painter)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("bar_active" if self.isChecked() else "bar_hover"))
            painter.drawRoundedRect(self.rect(), 7, 7)
        if self.isChecked():  # a second carrier beside the ground
            painter.fillRect(QRect(0, 12, 3, self.height() - 24), theme().color("bar_strong"))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme().color("bar_strong"))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)

    def _paint_badge(self, painter: QPainter) -> None:
        font = self.font()
        font.setPixelSize(10)
        painter.setFont(font)
        wide = max(16, QFontMetrics(font).horizontalAdvance(self._badge) + 8)
        rect = QRect(self.width() - wide - 2, 3, wide, 15)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawRoundedRect(rect, 7, 7)
        painter.setPen(theme().color("accent_text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._badge)

    def _name(self) -> None:
        name = f"{self.text()} {self._badge}".strip()
        self.setAccessibleName(name)
        set_tip(self, name)


class Rail(QFrame):
    """The places of the window, top to bottom."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setFixedWidth(RAIL_WIDTH)
        self.buttons: dict[str, RailButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, 8, 4, 8)
        self._column.setSpacing(6)
        self._column.addStretch()

    def set_entries(self, entries: Sequence[RailEntry]) -> None:
        for button in self.buttons.values():
            self._column.removeWidget(button)
            button.hide()  # at once: deletion waits for the event loop
            button.deleteLater()
        self.buttons = {entry.key: RailButton(entry) for entry in entries}
        for index, (key, button) in enumerate(self.buttons.items()):
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._column.insertWidget(index, button)

    def mark(self, key: str) -> None:
        """Show which place is open."""
        if key in self.buttons:
            self.buttons[key].setChecked(True)


class StatusBar(QFrame):
    """Keys on the left, state of the audit log and the shift on the right. What isn't known isn't there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setFixedHeight(STATUS_HEIGHT)
        self._hints: list[tuple[str, str]] = []
        self.hints: PlainLabel = ElidedLabel(look="small muted")
        self.audit, self.shift = PlainLabel(look="small muted"), PlainLabel(look="small muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(18)
        row.addWidget(self.hints, 1)
        row.addWidget(self.audit)
        row.addWidget(self.shift)
        self.audit.hide()
        self.shift.hide()
        words().changed.connect(self._reword)

    def set_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """(keys, label key) pairs of the place that is open: [("?", "ui.keys.title")]."""
        self._hints = list(hints)
        self._reword()

    def set_audit(self, key: str = "", **params: Any) -> None:
        """What is known of the audit log, as a key of the catalogue; "" for nothing."""
        _bind_or_clear(self.audit, key, params)

    def set_shift(self, key: str = "", **params: Any) -> None:
        """What the viewer did today, as a key of the catalogue; "" for nothing."""
        _bind_or_clear(self.shift, key, params)

    def _reword(self) -> None:
        self.hints.setText("  ·  ".join(f"{keys} {tr(label)}" for keys, label in self._hints))


def _bind_or_clear(label: PlainLabel, key: str, params: dict[str, Any]) -> None:
    label.setVisible(bool(key))
    if key:
        bind_text(label.setText, key, **params)


def _shown_language() -> str:
    return words().language if words().language in LANGUAGES else LANGUAGES[1]


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _drop(menu: QMenu, button: QWidget) -> None:
    """Open a menu below a button, right edges in line."""
    corner = button.mapToGlobal(button.rect().bottomRight())
    menu.popup(corner - QPoint(menu.sizeHint().width(), 0))
