"""How the board is laid out: the head, the people, the two lists at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QListView,
    QSplitter,
    QTableView,
    QWidget,
)

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets import Card, words_label
from refund_desk.desktop.words import bind_text
from refund_desk.desktop.workload.delegate import ROW, PeopleDelegate
from refund_desk.desktop.workload.model import (
    COUNT,
    DUTY,
    HANDOUT,
    LATE,
    LATE_AFTER,
    LOAD,
    LOAD_AFTER,
    WHO,
    PeopleModel,
)
from refund_desk.desktop.workload.preview import SideDelegate

WIDTHS = {DUTY: 120, COUNT: 116, LOAD: 172, LATE: 74, HANDOUT: 122, LOAD_AFTER: 82, LATE_AFTER: 82}


def head(pills: Sequence[QWidget], buttons: Sequence[QWidget]) -> QHBoxLayout:
    """Title with what it comes to, and what can be done."""
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(words_label("ui.board.title", "title"))
    for pill in pills:
        row.addWidget(pill)
    row.addStretch()
    for button in buttons:
        row.addWidget(button)
    return row


def people_table(model: PeopleModel) -> QTableView:
    """Rows chosen whole, dragged and dropped on."""
    table = QTableView()
    table.setObjectName("plainTable")
    table.setModel(model)
    table.setItemDelegate(PeopleDelegate(table))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
    table.setDragDropOverwriteMode(True)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    for column, width in WIDTHS.items():
        table.setColumnWidth(column, width)
    header.setSectionResizeMode(WHO, QHeaderView.ResizeMode.Stretch)
    bind_text(table.setAccessibleName, "ui.board.people")
    return table


def side_list(model: QAbstractItemModel, clock: DeskClock, name: str) -> QListView:
    """A list of two-line rows."""
    view = QListView()
    view.setObjectName("plainList")
    view.setModel(model)
    view.setItemDelegate(SideDelegate(clock, view))
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    bind_text(view.setAccessibleName, name)
    return view


def card_of(title: str, *widgets: QWidget) -> Card:
    """A card that its widgets fill to the edge."""
    card = Card(title)
    card.body.setContentsMargins(0, 0, 0, 0)
    card.body.setSpacing(0)
    for widget in widgets:
        card.body.addWidget(widget)
    return card


def beside(left: QFrame, right: QWidget) -> QSplitter:
    """Two parts whose widths the window remembers."""
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setHandleWidth(10)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(left)
    splitter.addWidget(right)
    splitter.setStretchFactor(0, 1)
    splitter.setSizes([960, 320])
    return splitter
