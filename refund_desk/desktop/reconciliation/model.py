"""Breaks as rows that can be picked; how their words are made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from refund_desk.client.plaintext import plain
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.tables import Column, RowsModel
from refund_desk.desktop.words import formats, member, tr
from refund_desk.wire.reconciliation import BreakView, LineName

_Index = QModelIndex | QPersistentModelIndex
MOST = 200
"""Rows that one bulk takes."""
_LATE_DAYS = 7


def system(source: str) -> str:
    """A system as people call it: the desk's own payouts, books, or its name."""
    if source.startswith("desk:"):
        return tr("ui.reconcile.desk", channel=plain(member("system", source.removeprefix("desk:")), lines=False))
    name, _, books = source.partition(":")
    shown = plain(member("system", name), lines=False)
    return tr("ui.reconcile.ledger", system=shown) if books else shown


def between(row: BreakView) -> str:
    """Who disagrees: the systems of both sides, or the comparison where one side has no line."""
    sides = [" + ".join(dict.fromkeys(system(one.source) for one in side)) for side in (row.here, row.there)]
    return " ↔ ".join(side or tr("ui.reconcile.nothing") for side in sides)


def money(row: BreakView) -> str:
    return formats().money({"minor": row.minor, "currency": row.currency})


def about(row: BreakView) -> str:
    """The case, else the order, else the number of the first line."""
    lines: Sequence[LineName] = (*row.here, *row.there)
    return row.ref or plain(row.order or (lines[0].id if lines else ""), lines=False)


def columns(clock: DeskClock) -> tuple[Column[BreakView], ...]:
    def age(row: BreakView) -> str:
        return formats().duration(max(0.0, (clock.now() - row.since).total_seconds()))

    def old(row: BreakView) -> str:
        return "danger_fg" if row.status == "open" and _days(row.since, clock.now()) >= _LATE_DAYS else ""

    return (
        Column(lambda: tr("ui.reconcile.column.kind"), lambda row: member("break", row.kind), 142),
        Column(lambda: tr("ui.reconcile.column.amount"), money, 104, right=True),
        Column(lambda: tr("ui.reconcile.column.age"), age, 104, ink=old),
        Column(lambda: tr("ui.reconcile.column.between"), between),
        Column(lambda: tr("ui.reconcile.column.about"), about, 124),
        Column(lambda: tr("ui.reconcile.column.owner"), owner, 92),
    )


def owner(row: BreakView) -> str:
    if row.status == "resolved" and row.resolution is not None:
        return member("resolution", row.resolution)
    return plain(row.owner or "", lines=False) or tr("ui.reconcile.nobody")


def _days(since: datetime, now: datetime) -> int:
    return (now - since).days


class BreaksModel(RowsModel[BreakView]):
    """Rows with a box each. `choice_changed` when another set is picked."""

    choice_changed = Signal()

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(columns(clock), parent)
        self._picked: set[int] = set()

    def picked(self) -> list[BreakView]:
        return [row for row in self.rows if row.id in self._picked]

    def toggle(self, number: int) -> None:
        if 0 <= number < len(self.rows):
            self._picked ^= {self.rows[number].id}
            self._changed(number, number)

    def pick_all(self) -> None:
        """Everything that is here; once more: nothing."""
        every = {row.id for row in self.rows[:MOST]}
        self._picked = set() if every <= self._picked else every
        self._changed(0, len(self.rows) - 1)

    def unpick(self) -> None:
        self._picked = set()
        self._changed(0, len(self.rows) - 1)

    def fill(self, rows: Sequence[BreakView], *, more: bool = False) -> None:
        super().fill(rows, more=more)
        self._picked &= {row.id for row in self.rows}
        self.choice_changed.emit()

    def row_of(self, number: int) -> int:
        """Where a break stands, by its id; -1 where it isn't here."""
        return next((at for at, row in enumerate(self.rows) if row.id == number), -1)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() == 0 else found

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.CheckStateRole and index.isValid() and index.column() == 0:
            picked = self.rows[index.row()].id in self._picked
            return Qt.CheckState.Checked if picked else Qt.CheckState.Unchecked
        return super().data(index, role)

    def setData(self, index: _Index, _value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self.toggle(index.row())
        return True

    def _changed(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, 0), [Qt.ItemDataRole.CheckStateRole])
        self.choice_changed.emit()
