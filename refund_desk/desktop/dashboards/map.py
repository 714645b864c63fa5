"""The process map: drawn, as a table, and one stage whole with its inputs, outputs, owner, limit and RACI."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards import values as v
from refund_desk.desktop.dashboards.map_canvas import MapCanvas, said
from refund_desk.desktop.widgets import Banner, BusyBar, Card, FieldGrid, FieldRow, KeyButton
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, member, tr, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role, Stage
from refund_desk.wire.process_map import PlaceSeats, PlaceView, ProcessMap

EDITORS = (Role.ADMINISTRATOR, Role.LEAD, Role.COMPLIANCE)
SPANS = ("today", *(name for name in v.SPANS if name != "own"))


class MapPage(QWidget):
    """`edit_wanted`: the process is to be changed, which the settings do."""

    edit_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.map: ProcessMap | None = None
        self.canvas, self.span = MapCanvas(), QComboBox()
        self.stages = RowsModel[PlaceView](self._stage_columns(), self)
        self.seats = RowsModel[PlaceSeats](_seat_columns(), self)
        self.table = table_of(self.stages, "ui.dashboards.map.stages", 27)
        self.seat_table = table_of(self.seats, "ui.settings.process.raci", 27)
        self.fields, self.detail = FieldGrid(92), Card()
        self.busy, self.note = BusyBar(), Banner("danger", closable=True)
        self.edit = KeyButton("ui.settings.process.edit", "E")
        self._build()
        self._connect()
        self._reword()

    def start(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        client, name = self._desk.client, str(self.span.currentData())
        today = self._desk.clock.now().date()
        first, last = (None, None) if name == "today" else v.span_of(name, self.map.last if self.map else today)
        self.busy.start()
        self._desk.operations.read(self, lambda: client.process_map(first, last), self._show, self._failed)

    def current(self) -> PlaceView | None:
        return next((one for one in self.stages.rows if one.stage is self.canvas.current), None)

    # ------------------------------------------------------------ inside

    def _show(self, found: ProcessMap) -> None:
        self.busy.finish()
        self.note.hide()
        self.map = found
        self.stages.fill(found.places)
        self.canvas.show_map(found.places, found.ways)
        self._choose(self.canvas.current)

    def _choose(self, stage: Stage | None) -> None:
        rows = [one.stage for one in self.stages.rows]
        if stage in rows and self.table.currentIndex().row() != rows.index(stage):
            self.table.selectRow(rows.index(stage))
        self._show_place()

    def _row_chosen(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.stages.rows):
            self.canvas.choose(self.stages.rows[row].stage)

    def _show_place(self) -> None:
        one = self.current()
        if one is None:
            return
        self.detail.set_title("ui.dashboards.map.of_stage", stage=said(one.label))
        join = formats().join
        rows = [
            ("owner", tr("ui.settings.process.owner"), member("role", one.owner)),
            ("limit", tr("ui.settings.process.limit"), formats().duration(one.limit_s) if one.limit_s else "–"),
            ("in", tr("ui.dashboards.map.inputs"), join([said(text) for text in one.inputs])),
            ("out", tr("ui.dashboards.map.outputs"), join([said(text) for text in one.outputs])),
            ("since", tr("ui.dashboards.map.since"), formats().stamp(one.since) if one.since else "–"),
        ]
        self.fields.set_rows([FieldRow(key, label, text) for key, label, text in rows])
        self.seats.fill(one.seats)

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _reword(self) -> None:
        for number, name in enumerate(SPANS):
            self.span.setItemText(number, tr(f"ui.dashboards.span.{name}"))
        self._show_place()

    def _stage_columns(self) -> tuple[Column[PlaceView], ...]:
        return (
            Column(lambda: tr("ui.settings.process.stage"), lambda one: said(one.label)),
            Column(lambda: tr("ui.dashboards.map.here"), lambda one: formats().number(one.open), 64, right=True),
            Column(lambda: tr("ui.dashboards.map.too_long"), lambda one: formats().number(one.over), 80, right=True),
            Column(lambda: tr("ui.dashboards.map.entered"), lambda one: formats().number(one.entered), 60, right=True),
            Column(lambda: tr("ui.dashboards.map.left"), lambda one: formats().number(one.left), 60, right=True),
            Column(lambda: tr("ui.dashboards.map.stays"), _stay, 108, right=True),
            Column(lambda: "", lambda one: tr("ui.dashboards.map.bottleneck") if one.bottleneck else "", 88),
        )

    def _build(self) -> None:
        for name in SPANS:
            self.span.addItem("", name)
        bind_text(self.span.setAccessibleName, "ui.dashboards.span")
        head = QHBoxLayout()
        head.addWidget(self.span)
        head.addStretch()
        head.addWidget(self.edit)
        if not self._desk.has(*EDITORS):
            self.edit.hide()
        area = QScrollArea()
        area.setWidget(self.canvas)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        drawn = Card()
        drawn.body.setContentsMargins(0, 0, 0, 0)
        drawn.body.addWidget(area)
        listed = Card("ui.dashboards.map.stages")
        listed.body.setContentsMargins(0, 0, 0, 0)
        listed.body.addWidget(self.table)
        self.detail.body.addWidget(self.fields)
        self.detail.body.addWidget(self.seat_table, 1)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(listed, 5)
        below.addWidget(self.detail, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.busy)
        column.addWidget(self.note)
        column.addWidget(drawn)
        column.addLayout(below, 1)
        drawn.setFixedHeight(292)
        self.note.hide()

    def _connect(self) -> None:
        self.canvas.chosen.connect(self._choose)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._row_chosen())
        self.span.activated.connect(self.refresh)
        self.edit.clicked.connect(self.edit_wanted)
        words().changed.connect(self._reword)
        keys = self._desk.keys
        keys.add(
            "map.edit", "E", "ui.settings.process.edit", self.edit_wanted.emit, owner=self.edit, context="dashboards"
        )
        keys.add("map.span", "P", "ui.dashboards.span", self.span.setFocus, owner=self, context="dashboards")


def _stay(one: PlaceView) -> str:
    return formats().duration(one.stay_s) if one.stay_s is not None else "–"


def _accountable(one: PlaceSeats) -> str:
    return member("role", one.accountable) if one.accountable else tr("ui.dashboards.map.by_limit")


def _seat_columns() -> tuple[Column[PlaceSeats], ...]:
    def names(roles: list[Role]) -> str:
        return formats().join([member("role", role) for role in roles])

    return (
        Column(lambda: tr("ui.settings.process.activity"), lambda one: said(one.label)),
        Column(lambda: "R", lambda one: names(one.responsible), 110),
        Column(lambda: "A", _accountable, 96),
        Column(lambda: "C", lambda one: names(one.consulted), 96),
        Column(lambda: "I", lambda one: names(one.informed), 110),
    )
