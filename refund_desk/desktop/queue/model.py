"""The rows of the queue as a Qt model: pages by key, and a refresh that moves only what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.caserow import RowText, row_text
from refund_desk.desktop.words import words
from refund_desk.wire.cases import QueuePage, QueueRow

_Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


class QueueModel(QAbstractListModel):
    """Rows in the service's order. `more_wanted(cursor)`: somebody must fetch that page and `append` it."""

    more_wanted = Signal(str)

    def __init__(self, clock: DeskClock, me: int | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock, self._me = clock, me
        self.rows: list[QueueRow] = []
        self._miss: Mapping[str, float] = {}
        self._next: str | None = None
        self._asked: str | None = None
        words().changed.connect(self._repaint)
        clock.minute.connect(self._repaint)

    # ------------------------------------------------------------ what Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        if role in _SPOKEN:
            return self.text(index.row()).spoken()
        return self.rows[index.row()] if role == ROW_ROLE else None

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self._next is not None and self._asked != self._next

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent) and self._next is not None:
            self._asked = self._next
            self.more_wanted.emit(self._next)

    # ------------------------------------------------------------ what the panel does

    def text(self, row: int) -> RowText:
        return row_text(self.rows[row], self._clock.now(), self._me, self.miss(row))

    def miss(self, row: int) -> float:
        """How likely the case of a row misses its deadline; 0 where nothing is foretold."""
        return self._miss.get(self.rows[row].ref, 0.0)

    def foretell(self, miss: Mapping[str, float]) -> None:
        """What will miss as things stand, by reference."""
        self._miss = miss
        self._repaint()

    def row_of(self, ref: str) -> int:
        """Where a case stands; -1 if it isn't among the rows that are here."""
        return next((number for number, row in enumerate(self.rows) if row.ref == ref), -1)

    def start(self, page: QueuePage) -> None:
        """Another question, other rows."""
        self.beginResetModel()
        self.rows, self._next, self._asked = list(page.rows), page.next, None
        self.endResetModel()

    def append(self, cursor: str, page: QueuePage) -> None:
        """The page after `cursor`; dropped if the list has moved on since it was asked."""
        if cursor != self._next:
            return
        here = {row.ref for row in self.rows}
        fresh = [row for row in page.rows if row.ref not in here]  # a case may have moved between two pages
        self._next, self._asked = page.next, None
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(fresh) - 1)
            self.rows += fresh
            self.endInsertRows()

    def ask_again(self) -> None:
        """The page that was asked didn't come."""
        self._asked = None

    def merge(self, rows: Sequence[QueueRow], after: str | None) -> None:
        """The same question answered anew: selection and place stay with their cases."""
        self._drop_missing({row.ref for row in rows})
        self._reorder([row.ref for row in rows])
        self._insert_new(rows)
        self._replace_changed(rows)
        self._next, self._asked = after, None

    # ------------------------------------------------------------ inside

    def _drop_missing(self, wanted: set[str]) -> None:
        for number in range(len(self.rows) - 1, -1, -1):
            if self.rows[number].ref not in wanted:
                self.beginRemoveRows(QModelIndex(), number, number)
                del self.rows[number]
                self.endRemoveRows()

    def _reorder(self, refs: Sequence[str]) -> None:
        place = {ref: number for number, ref in enumerate(refs)}
        ordered = sorted(self.rows, key=lambda row: place[row.ref])
        if [row.ref for row in ordered] == [row.ref for row in self.rows]:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = {row.ref: number for number, row in enumerate(ordered)}
        after = [self.index(places[self.rows[index.row()].ref], 0) for index in before]
        self.rows = ordered
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _insert_new(self, rows: Sequence[QueueRow]) -> None:
        here = {row.ref for row in self.rows}
        for number, row in enumerate(rows):
            if row.ref not in here:
                self.beginInsertRows(QModelIndex(), number, number)
                self.rows.insert(number, row)
                self.endInsertRows()

    def _replace_changed(self, rows: Sequence[QueueRow]) -> None:
        for number, row in enumerate(rows):
            if self.rows[number] != row:
                self.rows[number] = row
                self.dataChanged.emit(self.index(number, 0), self.index(number, 0))

    def _repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))
