"""Audit entries, newest first, as a table that fetches older ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from refund_desk.client.plaintext import plain
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.text import tip
from refund_desk.desktop.words import formats, member, tr, word, words
from refund_desk.wire.commands import AuditPage, AuditRow

_Index = QModelIndex | QPersistentModelIndex
_TELLING = ("decision", "amount", "role", "stage", "rule")
COLUMNS = ("position", "at", "who", "what", "case")
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


def who(row: AuditRow) -> str:
    """A name where the service knows one; a principal that is no person in words."""
    if row.name:
        return plain(row.name, lines=False)
    kind, _, name = row.actor.partition(":")
    if kind in ("system", "local-operator"):
        return tr(f"ui.audit.actor.{kind.replace('-', '_')}", name=name)
    return plain(row.actor, lines=False)


def what(row: AuditRow) -> str:
    """The entry in words: its action, and what of its data says most in a line."""
    parts = [word({"code": f"action.{row.action}", "params": row.data})]
    for name in _TELLING:
        value = row.data.get(name)
        if isinstance(value, str):
            parts.append(member(name, value))
        elif value is not None:
            parts.append(_figure(value, row.data.get("currency")))
    return " · ".join(part for part in parts if part)


def _figure(value: Any, currency: Any) -> str:
    """An amount with its currency; a bare integer says nothing and is left out."""
    if isinstance(value, int):
        return formats().money({"minor": value, "currency": currency}) if isinstance(currency, str) else ""
    return words().core.show(value)


class AuditModel(QAbstractTableModel):
    """`more_wanted(before)`: fetch the page of entries before that position and `append` it."""

    more_wanted = Signal(int)

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.rows: list[AuditRow] = []
        self._next: int | None = None
        self._asked: int | None = None
        words().changed.connect(self._reword)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role in _SPOKEN:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(formats().full(row.at) if column == "at" else self._text(row, column))
        if role == Qt.ItemDataRole.TextAlignmentRole and column == "position":
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(f"ui.audit.column.{COLUMNS[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = orientation == Qt.Orientation.Horizontal and COLUMNS[section] == "position"
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self._next is not None and self._asked != self._next

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent) and self._next is not None:
            self._asked = self._next
            self.more_wanted.emit(self._next)

    def start(self, page: AuditPage) -> None:
        self.beginResetModel()
        self.rows, self._next, self._asked = list(page.rows), page.next, None
        self.endResetModel()

    def append(self, before: int, page: AuditPage) -> None:
        """The page before a position; dropped if the list has moved on since it was asked."""
        if before != self._next:
            return
        self._next, self._asked = page.next, None
        self._add(page.rows)

    def ask_again(self) -> None:
        self._asked = None

    def _add(self, rows: Sequence[AuditRow]) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(rows) - 1)
            self.rows += rows
            self.endInsertRows()

    def _text(self, row: AuditRow, column: str) -> str:
        match column:
            case "position":
                return tr("ui.audit.unprotected_mark") if row.position is None else formats().number(row.position)
            case "at":
                return formats().moment(row.at, self._clock.now())
            case "who":
                return who(row)
            case "what":
                return what(row).replace("\n", " ")
            case _:
                return row.case or ""

    def _reword(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(COLUMNS) - 1))
