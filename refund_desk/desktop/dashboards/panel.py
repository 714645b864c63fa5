"""The place of dashboards: its pages, and what leads from one to another."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards.board import BoardPage
from refund_desk.desktop.dashboards.cases import CasesPage
from refund_desk.desktop.widgets import words_label
from refund_desk.wire.figures import FigureView


class DashboardsPanel(QFrame):
    """`open_case(ref)`: one of the cases behind a figure."""

    open_case = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboardsPanel")
        self._desk = desk
        self.board, self.cases, self.stack = BoardPage(desk), CasesPage(desk), QStackedWidget()
        self._build()

    def start(self) -> None:
        self.board.start()

    def refresh(self) -> None:
        """Ask again what is seen."""
        page = self.stack.currentWidget()
        if isinstance(page, BoardPage | CasesPage):
            page.refresh()

    # ------------------------------------------------------------ inside

    def _show_cases(self, figure: FigureView) -> None:
        board = self.board
        if board.board is not None:
            self.stack.setCurrentWidget(self.cases)
            self.cases.show_cases(figure, board.days(), board.board.by, board.of)

    def _show_board(self) -> None:
        self.stack.setCurrentWidget(self.board)
        self.board.table.setFocus()

    def _build(self) -> None:
        for page in (self.board, self.cases):
            self.stack.addWidget(page)
        head = QHBoxLayout()
        head.addWidget(words_label("ui.dashboards.title", "title"))
        head.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
        self.board.cases_wanted.connect(self._show_cases)
        self.cases.back.connect(self._show_board)
        self.cases.open_case.connect(self.open_case)
