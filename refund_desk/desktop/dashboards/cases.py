"""The cases behind a figure, as asked on the board: newest first, page by page; each opens in the workspace."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards import values as v
from refund_desk.desktop.widgets import Banner, BusyBar, Card, EmptyState, KeyButton, PlainLabel
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_made, formats, member, tr, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.figures import FIGURES, Dimension
from refund_desk.wire.figures import FigureCase, FigureCases, FigureMember, FigureView

PAGE = 100


class CasesPage(QWidget):
    """`back` to the board; `open_case(ref)`."""

    back = Signal()
    open_case = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._next = desk, None  # type: Desk, str | None
        self._figure: FigureView | None = None
        self._span: tuple[date, date] = (date.min, date.min)
        self._by, self._of = Dimension.REASON, None  # type: Dimension, FigureMember | None
        self.model = RowsModel[FigureCase](self._columns(), self)
        self.table = table_of(self.model, "ui.dashboards.cases", 30)
        self.title, self.busy, self.note = PlainLabel(look="heading"), BusyBar(), Banner("danger", closable=True)
        self.empty = EmptyState("ui.dashboards.no_cases", icon_name="empty")
        self.stack = QStackedWidget()
        self._build()

    def show_cases(self, figure: FigureView, span: tuple[date, date], by: Dimension, of: FigureMember | None) -> None:
        """Ask for the first page."""
        self._figure, self._span, self._by, self._of, self._next = figure, span, by, of, None
        self.model.fill([])
        bind_made(self.title.setText, self._title)
        self._ask()

    def refresh(self) -> None:
        """A page that is read stays as it is."""

    def open_chosen(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.model.rows):
            self.open_case.emit(self.model.rows[row].ref)

    # ------------------------------------------------------------ inside

    def _ask(self) -> None:
        figure, client = self._figure, self._desk.client
        if figure is None:
            return
        (first, last), by, after = self._span, self._by.value, self._next
        of = None if self._of is None else self._of.member
        self.busy.start()
        self._desk.operations.read(
            self,
            lambda: client.figure_cases(figure.name, first, last, by, of, after, PAGE),
            lambda page: self._show(page) if figure is self._figure else None,
            self._failed,
        )

    def _show(self, page: FigureCases) -> None:
        self.busy.finish()
        at = self.table.currentIndex().row()
        self._next = page.next
        self.model.fill([*self.model.rows, *page.cases], more=page.next is not None)
        self.stack.setCurrentWidget(self.table if self.model.rows else self.empty)
        if self.model.rows:
            self.table.selectRow(max(0, at))
            self.table.setFocus()

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _title(self) -> str:
        if self._figure is None:
            return ""
        first, last = (formats().day(one) for one in self._span)
        name = tr(f"figure.{self._figure.name}")
        said = tr("ui.dashboards.cases_of", figure=name, first=first, last=last)
        return said if self._of is None else f"{said} · {v.member_label(self._by, self._of)}"

    def _columns(self) -> tuple[Column[FigureCase], ...]:
        return (
            Column(lambda: tr("report.column.ref"), lambda one: one.ref, 150),
            Column(lambda: tr("ui.dashboards.step.day"), lambda one: formats().day(one.day), 130),
            Column(lambda: tr("report.column.reason"), lambda one: member("reason", one.reason)),
            Column(lambda: tr("report.column.stage"), lambda one: member("stage", one.stage), 180),
            Column(self._name, self._adds, 160, right=True),
        )

    def _name(self) -> str:
        return tr(f"figure.{self._figure.name}") if self._figure is not None else ""

    def _adds(self, one: FigureCase) -> str:
        if self._figure is None:
            return ""
        known = FIGURES[self._figure.name]
        return v.adds(one.adds, self._figure, known.part, known.of)

    def _build(self) -> None:
        back, opens = KeyButton("ui.dashboards.back", "Esc", icon_name="back"), KeyButton("ui.queue.key.open", "Return")
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.stack)
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(opens)
        head.addWidget(back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.addLayout(head)
        for widget in (self.busy, self.note):
            column.addWidget(widget)
        column.addWidget(card, 1)
        self.note.hide()
        self.model.more_wanted.connect(self._ask)
        self.table.activated.connect(lambda _index: self.open_chosen())
        opens.clicked.connect(self.open_chosen)
        back.clicked.connect(self.back)
        self._desk.keys.add(
            "dashboards.back", "Escape", "ui.dashboards.back", self.back.emit, owner=self, context="dashboards"
        )
