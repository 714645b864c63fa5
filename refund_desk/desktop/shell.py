"""The window: dark bar above, rail at the left, one page in the middle, status below. It composes, nothing else.

Importing this brings Qt and the catalogue, and nothing of client, server or database: the shell is painted
before those are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.chrome import Rail, RailEntry, StatusBar, TopBar
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.notices import Banner, UndoBar
from refund_desk.desktop.words import bind_text, words
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:
    from refund_desk.desktop.overlay import KeyOverview
    from refund_desk.desktop.palette import Palette

__all__ = ["MainWindow", "RailEntry"]


class MainWindow(QMainWindow):
    """`set_rail` gives it places; `cover` puts one page over everything (sign-in); `keys` takes shortcuts."""

    shown = Signal(str)
    """Key of the place that was opened."""
    closing = Signal()
    sign_out = Signal()

    def __init__(self, state: DeskState | None = None) -> None:
        super().__init__()
        self.state = state
        self.top, self.rail, self.status = TopBar(), Rail(), StatusBar()
        self.stack, self.outer = QStackedWidget(), QStackedWidget()
        self.banner = Banner("danger", closable=True)
        self.banner.hide()
        self._entries: dict[str, RailEntry] = {}
        self._pages: dict[str, QWidget] = {}
        self.current = ""
        self._build()
        self.undo = UndoBar(self.outer)
        self.keys = Keys(self)
        self._connect()
        bind_text(self.setWindowTitle, "ui.product")
        self.setMinimumSize(960, 600)
        if state is None or not state.restore_window(self):
            self.resize(1440, 900)

    @cached_property
    def palette_bar(self) -> Palette:
        """What Ctrl+K opens; give it a `provider` for cases."""
        from refund_desk.desktop.palette import Palette  # not needed for the first frame

        return Palette(self, self.keys)

    @cached_property
    def overview(self) -> KeyOverview:
        """What `?` opens."""
        from refund_desk.desktop.overlay import KeyOverview

        return KeyOverview(self, self.keys)

    # ------------------------------------------------------------ places

    def set_rail(self, entries: Sequence[RailEntry]) -> None:
        """The places this person has; pages of earlier ones are dropped."""
        for page in self._pages.values():
            self.stack.removeWidget(page)
            page.hide()
            page.deleteLater()
        self._pages, self.current = {}, ""
        self._entries = {entry.key: entry for entry in entries}
        self.rail.set_entries(entries)
        self.uncover()

    def open(self, key: str) -> QWidget:
        """Show a place, making its page on the first visit. KeyError if there is none."""
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = self._entries[key].factory()
            self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)
        self.rail.mark(key)
        if key != self.current:
            self.current = key
            if self.state is not None:
                self.state.view = key
            self.shown.emit(key)
        return page

    def open_first(self) -> None:
        """The place that was open last time, else the first."""
        wanted = self.state.view if self.state is not None else ""
        self.open(wanted if wanted in self._entries else next(iter(self._entries)))

    def page(self, key: str) -> QWidget | None:
        """A place's page, if it was made."""
        return self._pages.get(key)

    def cover(self, page: QWidget) -> None:
        """Show a page instead of rail and places: sign-in, first start."""
        self.uncover()
        self.outer.addWidget(page)
        self.outer.setCurrentWidget(page)
        self.rail.hide()
        self.top.field.hide()

    def uncover(self) -> None:
        """Back to rail and places; the covering page is deleted."""
        cover = self.outer.currentWidget()
        self.outer.setCurrentIndex(0)
        if cover is not None and cover is not self._inner:
            self.outer.removeWidget(cover)
            cover.deleteLater()
        self.rail.show()
        self.top.field.show()

    # ------------------------------------------------------------ notices

    def say(self, kind: str, key: str, **params: Any) -> None:
        """A line under the top bar until it is closed: kind as in Banner, words of the catalogue."""
        self.banner.tell_title(kind, key, **params)

    def say_error(self, error: DeskError) -> None:
        """An error nobody else shows."""
        self.banner.tell("danger", lambda: words().core.error(error))

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        self.stack.setObjectName("central")
        self._inner = QWidget()
        row = QHBoxLayout(self._inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.stack, 1)
        self.outer.addWidget(self._inner)
        root = QWidget()
        column = QVBoxLayout(root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget, stretch in ((self.top, 0), (self.banner, 0), (self.outer, 1), (self.status, 0)):
            column.addWidget(widget, stretch)
        self.setCentralWidget(root)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.open)
        self.top.search.connect(self._find)
        self.top.keys_asked.connect(self._show_keys)
        self.top.sign_out.connect(self.sign_out)
        self.top.theme_toggled.connect(self.toggle_theme)
        self.top.language_chosen.connect(self.use_language)
        self.keys.overview = self._show_keys
        add = self.keys.add
        add("palette", "Ctrl+K", "ui.palette.open", self._find, owner=self.top.field)
        add("keys", "?", "ui.keys.title", self._show_keys, owner=self)
        add("theme", "", "ui.theme.toggle", self.toggle_theme, owner=self)
        add("language", "", "ui.language.toggle", self._next_language, owner=self)

    def _find(self) -> None:
        self.palette_bar.open()

    def _show_keys(self) -> None:
        self.overview.open()

    def toggle_theme(self) -> None:
        theme().toggle()
        if self.state is not None:
            self.state.theme = theme().mode

    def use_language(self, language: str) -> None:
        words().use(language)
        if self.state is not None:
            self.state.language = language

    def _next_language(self) -> None:
        self.use_language("en" if words().language == "zh" else "zh")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.top.field.setMaximumWidth(max(200, self.width() // 3))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.state is not None:
            self.state.save_window(self)
        self.closing.emit()
        super().closeEvent(event)
