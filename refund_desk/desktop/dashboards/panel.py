"""The place of dashboards: its pages, and what leads from one to another."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards.board import BoardPage
from refund_desk.desktop.dashboards.cases import CasesPage
from refund_desk.desktop.dashboards.lessons import LessonsPage
from refund_desk.desktop.dashboards.map import MapPage
from refund_desk.desktop.dashboards.reports import ReportsPage
from refund_desk.desktop.widgets import words_label
from refund_desk.desktop.words import bind_text, tr, words
from refund_desk.wire.figures import FigureView

Page = BoardPage | CasesPage | MapPage | LessonsPage | ReportsPage


class DashboardsPanel(QFrame):
    """`open_case(ref)`: one of the cases behind a figure; `edit_process`: the map is to be changed, in the settings.

    Pages ask when they are first seen.
    """

    open_case = Signal(str)
    edit_process = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboardsPanel")
        self._desk = desk
        self.board, self.cases, self.stack = BoardPage(desk), CasesPage(desk), QStackedWidget()
        self.map, self.lessons, self.reports = MapPage(desk), LessonsPage(desk), ReportsPage(desk)
        self.tabs = QTabWidget()
        self.pages: dict[str, QWidget] = {
            "figures": self.stack,
            "map": self.map,
            "lessons": self.lessons,
            "reports": self.reports,
        }
        self._started: set[str] = set()
        self._build()
        words().changed.connect(self._reword)
        self._reword()

    def start(self) -> None:
        self._begin()

    def refresh(self) -> None:
        """Ask again what is seen."""
        page = self.stack.currentWidget() if self.tabs.currentWidget() is self.stack else self.tabs.currentWidget()
        if isinstance(page, Page):
            page.refresh()

    def open_page(self, name: str) -> None:
        self.tabs.setCurrentWidget(self.pages[name])

    # ------------------------------------------------------------ inside

    def _begin(self) -> None:
        """Let the page that is seen ask, once."""
        name = list(self.pages)[self.tabs.currentIndex()]
        if name in self._started:
            return
        self._started.add(name)
        page = self.board if name == "figures" else self.pages[name]
        if isinstance(page, Page) and not isinstance(page, CasesPage):
            page.start()

    def _show_cases(self, figure: FigureView) -> None:
        board = self.board
        if board.board is not None:
            self.stack.setCurrentWidget(self.cases)
            self.cases.show_cases(figure, board.days(), board.board.by, board.of)

    def _write_lesson(self, figure: FigureView) -> None:
        board = self.board
        if board.board is not None:
            self.open_page("lessons")
            self.lessons.write_about(board.board, figure, board.of)

    def _show_board(self) -> None:
        self.stack.setCurrentWidget(self.board)
        self.board.table.setFocus()

    def _reword(self) -> None:
        for number, name in enumerate(self.pages):
            self.tabs.setTabText(number, tr(f"ui.dashboards.page.{name}"))

    def _build(self) -> None:
        self.stack.addWidget(self.board)
        self.stack.addWidget(self.cases)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        bind_text(self.tabs.setAccessibleName, "ui.dashboards.title")
        for number, (name, page) in enumerate(self.pages.items(), 1):
            self.tabs.addTab(page, "")
            self._desk.keys.add(
                f"dashboards.{name}",
                f"Ctrl+{number}",
                f"ui.dashboards.page.{name}",
                partial(self.open_page, name),
                owner=self,
                context="dashboards",
            )
        head = QHBoxLayout()
        head.addWidget(words_label("ui.dashboards.title", "title"))
        head.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self.tabs.currentChanged.connect(lambda _at: self._begin())
        self.board.cases_wanted.connect(self._show_cases)
        self.board.lesson_wanted.connect(self._write_lesson)
        self.cases.back.connect(self._show_board)
        self.cases.open_case.connect(self.open_case)
        self.map.edit_wanted.connect(self.edit_process)
