"""The board: every figure of a span with its definition; the chosen one as a line, by member, and as numbers."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QSplitter, QTableView, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards import values as v
from refund_desk.desktop.widgets import Banner, BusyBar, Card, IconButton, KeyButton, PlainLabel
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, tr, unbind_text, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.figures import Dimension, Unit
from refund_desk.domain.words import Role
from refund_desk.wire.figures import FigureBoard, FigureMember, FigureStep, FigureView

if TYPE_CHECKING:
    from refund_desk.desktop.dashboards.charts import BarChart, LineChart

MOST_BARS = 12
WRITERS = (Role.SUPERVISOR, Role.LEAD)
"""Who writes down what a figure shows; the service checks it."""
FIRST_FIGURE = "approval_rate"


class BoardPage(QWidget):
    """`cases_wanted(figure)`: what stands behind it is wanted, as asked here; `lesson_wanted(figure)`: what it shows is
    to be written down."""

    cases_wanted = Signal(object)
    lesson_wanted = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._asked = desk, 0
        self.board: FigureBoard | None = None
        self.of: FigureMember | None = None
        self._chosen = FIRST_FIGURE
        self.span, self.by = QComboBox(), QComboBox()
        self.first, self.last = QDateEdit(), QDateEdit()
        self.only = KeyButton("ui.dashboards.widen", "Esc", "quiet", icon_name="close")
        self.waiting, self.formula = PlainLabel(look="small warn"), PlainLabel(look="small muted", wrap=True)
        self.busy, self.note = BusyBar(), Banner("danger", closable=True)
        self.figures = RowsModel[FigureView](self._figure_columns(), self)
        self.steps = RowsModel[FigureStep](self._step_columns(), self)
        self.members = RowsModel[FigureMember](self._member_columns(), self)
        self.table = table_of(self.figures, "ui.dashboards.figures", 26)
        self.step_table = table_of(self.steps, "ui.dashboards.line", 26)
        self.member_table = table_of(self.members, "ui.dashboards.bars", 28)
        self.line_card, self.bar_card = Card(), Card()
        self.line: LineChart | None = None
        self.bars: BarChart | None = None
        self._build()
        self._connect()
        self._add_keys()
        self._reword()

    # ------------------------------------------------------------ for the panel

    def start(self) -> None:
        self.refresh()
        self._desk.operations.read(self, _charts_there, lambda _: self._make_charts(), self._failed, deadline=60)

    def refresh(self) -> None:
        """Ask for what is chosen."""
        self._asked += 1
        asked, client, (first, last) = self._asked, self._desk.client, self.days()
        by, of = str(self.by.currentData()), None if self.of is None else self.of.member
        self.busy.start()
        self._desk.operations.read(
            self,
            lambda: client.figures(first, last, by, of),
            lambda board: self._show(board) if asked == self._asked else None,
            lambda error: self._failed(error) if asked == self._asked else None,
        )

    def days(self) -> tuple[date, date]:
        """First and last day of what is asked."""
        name = str(self.span.currentData())
        if name == "own":
            return _day(self.first.date()), _day(self.last.date())
        return v.span_of(name, self.board.today if self.board else self._desk.clock.now().date())

    def figure(self) -> FigureView | None:
        """The one that is chosen."""
        row = self.table.currentIndex().row()
        return self.figures.rows[row] if 0 <= row < len(self.figures.rows) else None

    def narrow(self) -> None:
        """Show the chosen member alone."""
        row = self.member_table.currentIndex().row()
        if self.of is None and 0 <= row < len(self.members.rows):
            self.of = self.members.rows[row]
            self.refresh()

    def widen(self) -> None:
        """All cases again."""
        if self.of is not None:
            self.of = None
            self.refresh()

    def want_cases(self) -> None:
        if self.figure() is not None:
            self.cases_wanted.emit(self.figure())

    def want_lesson(self) -> None:
        if self.figure() is not None and self._desk.has(*WRITERS):
            self.lesson_wanted.emit(self.figure())

    # ------------------------------------------------------------ inside

    def _show(self, board: FigureBoard) -> None:
        self.busy.finish()
        self.note.hide()
        self.board = board
        self.figures.fill(board.figures)
        names = [one.name for one in board.figures]
        self.table.selectRow(names.index(self._chosen) if self._chosen in names else 0)
        self._show_figure()

    def _show_figure(self) -> None:
        board, figure = self.board, self.figure()
        if board is None or figure is None:
            return
        self._chosen = figure.name
        self.steps.fill(board.line)
        self.members.fill(board.members)
        if self.members.rows:
            kept = [n for n, one in enumerate(board.members) if self.of and one.member == self.of.member]
            self.member_table.selectRow(kept[0] if kept else 0)
        self._reword()

    def _draw(self) -> None:
        board, figure = self.board, self.figure()
        if board is None or figure is None or self.line is None or self.bars is None:
            return
        unit, name = figure.unit, figure.name
        along = [one.values[name] for one in board.line]
        currency = v.currency_of([*along, figure.now])
        word = lambda value: v.tick(value, unit, currency)  # noqa: E731
        self.line.show_line([self._short(one) for one in board.line], [v.height(one, currency) for one in along], word)
        some = board.members[:MOST_BARS]
        self.bars.show_bars(
            [v.member_label(board.by, one) for one in some],
            [v.height(one.values[name], currency) for one in some],
            word,
        )

    def _make_charts(self) -> None:
        from refund_desk.desktop.dashboards.charts import BarChart, LineChart

        self.line, self.bars = LineChart(), BarChart()
        for card, chart in ((self.line_card, self.line), (self.bar_card, self.bars)):
            splitter = card.findChild(QSplitter)
            assert splitter is not None
            splitter.insertWidget(0, chart)
            splitter.setSizes([330, 300])
        self._draw()

    def _short(self, step: FigureStep) -> str:
        if self.board is not None and self.board.step == "month":
            return step.first.isoformat()[:7]
        return f"{step.first.month}-{step.first.day:02d}"

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _reword(self) -> None:
        for combo, names, prefix in (
            (self.span, v.SPANS, "ui.dashboards.span"),
            (self.by, [one.value for one in Dimension], "ui.dashboards.by"),
        ):
            for number, name in enumerate(names):
                combo.setItemText(number, tr(f"{prefix}.{name}"))
        own = self.span.currentData() == "own"
        self.first.setVisible(own)
        self.last.setVisible(own)
        self._reword_board()

    def _reword_board(self) -> None:
        board, figure = self.board, self.figure()
        self.only.setVisible(self.of is not None)
        if board is None or figure is None:
            return
        if self.of is not None:
            unbind_text(self.only.set_label)
            self.only.set_label(v.member_label(board.by, self.of))
        name, by = tr(f"figure.{figure.name}"), tr(f"ui.dashboards.by.{board.by.value}")
        self.line_card.set_title("ui.dashboards.over_time", figure=name)
        self.bar_card.set_title("ui.dashboards.told_apart", figure=name, by=by)
        self.formula.setText(tr("ui.dashboards.formula", figure=name, how=tr(f"ui.dashboards.how.{figure.name}")))
        self.formula.setToolTip(f"{figure.formula} ({figure.source})")  # as the API and the exports say it
        waits = tr("ui.dashboards.counting") if board.waiting is None else tr("ui.dashboards.waiting", n=board.waiting)
        self.waiting.setText(waits if board.waiting is None or board.waiting else "")
        self._draw()

    # ------------------------------------------------------------ how it is made

    def _figure_columns(self) -> tuple[Column[FigureView], ...]:
        return (
            Column(lambda: tr("report.field.figure"), lambda one: tr(f"figure.{one.name}")),
            Column(lambda: tr("ui.dashboards.now"), lambda one: v.said(one.now, one.unit), 100, right=True),
            Column(lambda: tr("ui.dashboards.before"), lambda one: v.said(one.before, one.unit), 100, right=True),
            Column(lambda: tr("report.field.change"), v.change, 104, right=True),
        )

    def _step_columns(self) -> tuple[Column[FigureStep], ...]:
        return (
            Column(lambda: tr(f"ui.dashboards.step.{self.board.step if self.board else 'day'}"), self._step_label),
            Column(self._figure_name, lambda one: self._of(one), 120, right=True),
        )

    def _member_columns(self) -> tuple[Column[FigureMember], ...]:
        return (
            Column(lambda: self.by.currentText(), lambda one: v.member_label(self._dimension(), one)),
            Column(self._figure_name, lambda one: self._of(one), 104, right=True),
            Column(lambda: tr("figure.opened"), lambda one: v.said(one.values["opened"], Unit.COUNT), 104, right=True),
        )

    def _dimension(self) -> Dimension:
        return self.board.by if self.board else Dimension.REASON

    def _step_label(self, one: FigureStep) -> str:
        return self._short(one) if self.board and self.board.step == "month" else formats().day(one.first)

    def _figure_name(self) -> str:
        figure = self.figure()
        return tr(f"figure.{figure.name}") if figure is not None else ""

    def _of(self, one: FigureStep | FigureMember) -> str:
        figure = self.figure()
        return v.said(one.values[figure.name], figure.unit) if figure is not None else ""

    def _build(self) -> None:
        self._fill_combos()
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self.span, self.first, self.last, self.by, self.only):
            head.addWidget(widget)
        head.addStretch()
        head.addWidget(self.waiting)
        left = Card("ui.dashboards.figures")
        left.body.setContentsMargins(0, 0, 0, 8)
        left.body.addWidget(self.table, 1)
        self.formula.setContentsMargins(12, 0, 12, 0)
        left.body.addWidget(self.formula)
        self.cases = KeyButton("ui.dashboards.cases", "C")
        self.lesson = KeyButton("ui.dashboards.lesson.note", "N")
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 0, 12, 0)
        foot.addWidget(self.cases)
        foot.addWidget(self.lesson)
        foot.addStretch()
        if not self._desk.has(*WRITERS):
            self.lesson.hide()
        left.body.addLayout(foot)
        self.narrower = IconButton("filter", "ui.dashboards.narrow")
        self.bar_card.add_badge(self.narrower)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(_beside(self.line_card, self.step_table), 1)
        right.addWidget(_beside(self.bar_card, self.member_table), 1)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addWidget(left, 5)
        body.addLayout(right, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.busy)
        column.addWidget(self.note)
        column.addLayout(body, 1)
        self.note.hide()

    def _fill_combos(self) -> None:
        for name in v.SPANS:
            self.span.addItem("", name)
        for dimension in Dimension:
            self.by.addItem("", dimension.value)
        self.span.setCurrentIndex(v.SPANS.index("days_30"))
        today = self._desk.clock.now().date()
        first, last = v.span_of("days_30", today)
        for edit, day in ((self.first, first), (self.last, last)):
            edit.setDisplayFormat("yyyy-MM-dd")
            edit.setCalendarPopup(True)
            edit.setDate(QDate(day.year, day.month, day.day))
        for widget, key in ((self.span, "span"), (self.by, "by"), (self.first, "first"), (self.last, "last")):
            bind_text(widget.setAccessibleName, f"ui.dashboards.{key}")

    def _connect(self) -> None:
        self.span.activated.connect(self._new_span)
        self.by.activated.connect(self._new_dimension)
        for edit in (self.first, self.last):
            edit.editingFinished.connect(self.refresh)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_figure())
        self.table.activated.connect(lambda _index: self.want_cases())
        self.member_table.activated.connect(lambda _index: self.narrow())
        self.cases.clicked.connect(self.want_cases)
        self.lesson.clicked.connect(self.want_lesson)
        self.narrower.clicked.connect(self.narrow)
        self.only.clicked.connect(self.widen)
        words().changed.connect(self._reword)

    def _new_span(self) -> None:
        self._reword()
        self.refresh()

    def _new_dimension(self) -> None:
        self.of = None
        self.refresh()

    def _add_keys(self) -> None:
        def add(name: str, keys: str, label: str, action: Callable[[], object]) -> None:
            self._desk.keys.add(f"dashboards.{name}", keys, label, action, owner=self, context="dashboards")

        add("down", "J", "ui.queue.key.next", lambda: _move(self.table, 1))
        add("up", "K", "ui.queue.key.previous", lambda: _move(self.table, -1))
        add("cases", "C", "ui.dashboards.cases", self.want_cases)
        add("note", "N", "ui.dashboards.lesson.note", self.want_lesson)
        add("narrow", "F", "ui.dashboards.narrow", self.narrow)
        add("widen", "Escape", "ui.dashboards.widen", self.widen)
        add("span", "P", "ui.dashboards.span", self.span.setFocus)
        add("by", "B", "ui.dashboards.by", self.by.setFocus)


def _beside(card: Card, table: QTableView) -> Card:
    """A card for a chart with its table at the right; the chart comes when it is loaded."""
    splitter = QSplitter()
    splitter.setHandleWidth(8)
    splitter.setChildrenCollapsible(False)
    table.setMinimumWidth(330)
    splitter.addWidget(table)
    card.body.setContentsMargins(6, 4, 0, 0)
    card.body.addWidget(splitter, 1)
    return card


def _move(table: QTableView, step: int) -> None:
    table.selectRow(max(0, min(table.model().rowCount() - 1, table.currentIndex().row() + step)))


def _day(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())


async def _charts_there() -> None:
    """Load what draws, away from the window's thread."""
    await asyncio.to_thread(importlib.import_module, "pyqtgraph")
