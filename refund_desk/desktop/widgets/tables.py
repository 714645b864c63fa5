"""A read-only table over any rows: columns say how a row is shown. For lists of a few hundred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.text import tip
from refund_desk.desktop.words import bind_text, words

_Index = QModelIndex | QPersistentModelIndex
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`title` and `text` are called each time, so that a live switch rewords them. width 0: takes what is left."""

    title: Callable[[], str]
    text: Callable[[T], str]
    width: int = 0
    centred: bool = False
    right: bool = False
    ink: Callable[[T], str] | None = None
    """Colour token of the text; "" for the usual one."""


class RowsModel(QAbstractTableModel, Generic[T]):
    """Rows in the order they are given. `more_wanted`: the end of what is here was reached, and there are more."""

    more_wanted = Signal()

    def __init__(self, columns: Sequence[Column[T]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns, self.rows = list(columns), []  # type: list[Column[T]], list[T]
        self._more = False
        words().changed.connect(self._reword)

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self._more

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent):
            self._more = False  # once; the answer says whether it goes on
            self.more_wanted.emit()

    def fill(self, rows: Sequence[T], *, more: bool = False) -> None:
        self._more = more
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[T], *, more: bool = False) -> None:
        """What comes after what is here."""
        self._more = more
        if rows:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(rows) - 1)
            self.rows += rows
            self.endInsertRows()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        column = self.columns[index.column()]
        if role in _SPOKEN:
            return column.text(self.rows[index.row()])
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(column.text(self.rows[index.row()]))
        if role == Qt.ItemDataRole.TextAlignmentRole and (column.centred or column.right):
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignHCenter
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and column.ink is not None:
            token = column.ink(self.rows[index.row()])
            return theme().color(token) if token else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.title()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignHCenter if column.centred else Qt.AlignmentFlag.AlignLeft
            side = Qt.AlignmentFlag.AlignRight if column.right else side
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _reword(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))


def table_of(model: RowsModel[Any], name_key: str, row_height: int = 34) -> QTableView:
    """A calm table: rows are chosen whole, no grid."""
    view = QTableView()
    view.setObjectName("plainTable")
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(row_height)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setStretchLastSection(False)
    for number, column in enumerate(model.columns):
        if column.width:
            view.setColumnWidth(number, column.width)
        else:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
    bind_text(view.setAccessibleName, name_key)
    return view
