"""Settings: pages for what this person may see of accounts, changes, process, and their own account."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.settings.account import AccountPage
from refund_desk.desktop.settings.changes import MAY, ChangesPage
from refund_desk.desktop.settings.process import ProcessPage
from refund_desk.desktop.settings.sources import READERS, SourcesPage
from refund_desk.desktop.settings.users import UsersPage
from refund_desk.desktop.widgets import words_label
from refund_desk.desktop.words import bind_text, formats, tr, words
from refund_desk.domain.words import Role

Page = UsersPage | ChangesPage | SourcesPage | ProcessPage | AccountPage


class SettingsPanel(QFrame):
    """Only pages that this person has are there."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    password_changed = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsPanel")
        self._desk = desk
        self._waiting = 0
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.pages: dict[str, Page] = {}
        self._build()
        self._add_keys()
        words().changed.connect(self._reword)
        self._reword()

    def start(self) -> None:
        for page in self.pages.values():
            page.start()

    def refresh(self) -> None:
        """Ask again what the page that is seen shows."""
        page = self.tabs.currentWidget()
        for mine in self.pages.values():
            if mine is page:
                mine.refresh()

    def open_page(self, name: str) -> None:
        if name in self.pages:
            self.tabs.setCurrentWidget(self.pages[name])

    def edit_process(self) -> None:
        """The process as text, ready to be changed."""
        self.open_page("process")
        page = self.pages["process"]
        if isinstance(page, ProcessPage):
            page.edit_process()

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        desk = self._desk
        if desk.has(Role.ADMINISTRATOR):
            self.pages["users"] = UsersPage(desk)
        if desk.has(*MAY):
            self.pages["changes"] = ChangesPage(desk)
        if desk.has(*READERS):
            self.pages["sources"] = SourcesPage(desk)
        self.pages["process"] = ProcessPage(desk)
        self.pages["account"] = AccountPage(desk)
        for page in self.pages.values():
            self.tabs.addTab(page, "")
        head = QHBoxLayout()
        head.addWidget(words_label("ui.settings.title", "title"))
        head.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        bind_text(self.tabs.setAccessibleName, "ui.settings.title")
        self._connect()

    def _connect(self) -> None:
        changes = self.pages.get("changes")
        for page in self.pages.values():
            if isinstance(page, UsersPage | ProcessPage | SourcesPage) and isinstance(changes, ChangesPage):
                page.changed.connect(changes.refresh)
            if isinstance(page, AccountPage):
                page.language_chosen.connect(self.language_chosen)
                page.theme_chosen.connect(self.theme_chosen)
                page.password.changed.connect(self.password_changed)
        if isinstance(changes, ChangesPage):
            changes.counted.connect(self._count)
            changes.settled.connect(lambda: [p.refresh() for p in self.pages.values() if p is not changes])

    def _count(self, waiting: int) -> None:
        self._waiting = waiting
        self._reword()

    def _reword(self) -> None:
        for number, name in enumerate(self.pages):
            text = tr(f"ui.settings.{name}")
            if name == "changes" and self._waiting:
                text = f"{text} {formats().number(self._waiting)}"
            self.tabs.setTabText(number, text)

    def _add_keys(self) -> None:
        for number, name in enumerate(self.pages, 1):
            self._desk.keys.add(
                f"settings.{name}",
                f"Ctrl+{number}",
                f"ui.settings.{name}",
                partial(self.open_page, name),
                owner=self,
                context="settings",
            )
