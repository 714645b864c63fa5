"""The people of the board as a table, the queue above them; with a preview, what everybody would have after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.text import tip
from refund_desk.desktop.words import formats, tr, words
from refund_desk.desktop.workload import figures as f
from refund_desk.wire.workload import Board, PersonOnBoard, StageCount, Standing

_Index = QModelIndex | QPersistentModelIndex
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
CASES, PERSON = "application/x-refund-desk-cases", "application/x-refund-desk-person"
"""What is dragged: references, one a line; or all that a person has."""

WHO, DUTY, COUNT, LOAD, LATE, HANDOUT, LOAD_AFTER, LATE_AFTER = range(8)
TITLES = ("who", "duty", "count", "load", "late", "handout", "load_after", "late_after")
RIGHT = frozenset({COUNT, LATE, LOAD_AFTER, LATE_AFTER})


@dataclass(frozen=True, slots=True)
class BoardRow:
    """Somebody, or the queue (`person` None)."""

    person: PersonOnBoard | None
    free: StageCount | None = None

    @property
    def id(self) -> int | None:
        return self.person.person.id if self.person is not None else None


class PeopleModel(QAbstractTableModel):
    """`dropped(what, to)`: cases or a person were dropped on somebody; `what`: ("refs", [...]) or ("person", id)."""

    dropped = Signal(object, object)

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.rows: list[BoardRow] = []
        self.after: Mapping[int, Standing] = {}
        words().changed.connect(self._reword)
        clock.minute.connect(self.repaint)

    # ------------------------------------------------------------ what the panel does

    def fill(self, board: Board) -> None:
        """The board as it is now; who stands where they stood keeps the choice."""
        rows = [BoardRow(None, board.free), *(BoardRow(each) for each in board.people)]
        if [row.id for row in rows] != [row.id for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        else:
            self.rows = rows
            self.repaint()

    def show_after(self, after: Mapping[int, Standing]) -> None:
        """What a preview would leave everybody with; none: no preview."""
        self.after = after
        self.repaint()

    def stand(self, found: Mapping[int, Standing]) -> None:
        """What these have by now, before the whole board is asked again."""
        for number, row in enumerate(self.rows):
            if row.person is not None and row.person.person.id in found:
                person = row.person.model_copy(update={"standing": found[row.person.person.id]})
                self.rows[number] = BoardRow(person)
        self.repaint()

    def row_of(self, person: int | None) -> int:
        return next((number for number, row in enumerate(self.rows) if row.id == person), -1)

    def repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(TITLES) - 1))

    # ------------------------------------------------------------ what Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(TITLES)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role in _SPOKEN:
            lines = self.lines(row, index.column())
            return " · ".join(line for line in lines if line)
        if role == Qt.ItemDataRole.ToolTipRole and row.person is not None:
            return tip("\n".join([f.name(row.person.person), f.skills_text(row.person), f.states_text(row.person)]))
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return tr(f"ui.board.col.{TITLES[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDropEnabled
        return base | Qt.ItemFlag.ItemIsDragEnabled if self.rows[index.row()].person is not None else base

    # ------------------------------------------------------------ words

    def lines(self, row: BoardRow, column: int) -> Sequence[str]:
        """What stands in a cell, one line or two."""
        if row.person is None:
            return self._queue(row, column)
        return _CELLS[column](row.person, self.after.get(row.person.person.id), self._clock)

    def _queue(self, row: BoardRow, column: int) -> Sequence[str]:
        free = row.free
        if free is None or column not in (WHO, COUNT, LATE):
            return ("",)
        if column == WHO:
            return tr("ui.board.queue"), tr("ui.board.unassigned")
        if column == LATE:
            return (formats().number(free.late),)
        return formats().number(free.count), tr("ui.board.soon", n=free.soon) if free.soon else ""

    # ------------------------------------------------------------ drag and drop

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [CASES, PERSON]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        row = self.rows[indexes[0].row()]
        data.setData(PERSON, str(row.id or 0).encode())
        return data

    def canDropMimeData(self, data: QMimeData, _action: Qt.DropAction, _row: int, _column: int, parent: _Index) -> bool:
        if not parent.isValid() or not (data.hasFormat(CASES) or data.hasFormat(PERSON)):
            return False
        row = self.rows[parent.row()]
        return row.person is None or row.person.reviews

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        """Nothing moves here: who listens shows the preview."""
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        to = self.rows[parent.row()].id
        if data.hasFormat(CASES):
            refs = bytes(data.data(CASES).data()).decode().split("\n")
            self.dropped.emit(("refs", refs), to)
        else:
            self.dropped.emit(("person", int(bytes(data.data(PERSON).data()))), to)
        return False

    def _reword(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(TITLES) - 1)
        self.repaint()


_Cell = Callable[[PersonOnBoard, Standing | None, DeskClock], Sequence[str]]
_CELLS: Mapping[int, _Cell] = {
    WHO: lambda row, _after, _clock: (f.name(row.person), f.skills_text(row)),
    DUTY: lambda row, _after, clock: (f.duty_text(row.duty, row.until, clock.now()),),
    COUNT: lambda row, _after, _clock: (
        formats().number(sum(each.count for each in row.counts)),
        f.urgency_text(row),
    ),
    LOAD: lambda row, _after, _clock: (f.load_text(row.standing),),
    LATE: lambda row, _after, _clock: (f.late(row.standing.missing),),
    HANDOUT: lambda row, _after, _clock: f.handout_lines(row.handout),
    LOAD_AFTER: lambda _row, after, _clock: (f.hours(after.load_s) if after is not None else "",),
    LATE_AFTER: lambda _row, after, _clock: (f.late(after.missing) if after is not None else "",),
}
