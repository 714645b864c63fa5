"""What waits for me, as two lists: work by what it wants of me, and lines that only inform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.caserow import RowText, row_text
from refund_desk.desktop.words import formats, tr, word, words
from refund_desk.wire.cases import ForMe, InboxRow, QueueRow

_Index = QModelIndex | QPersistentModelIndex
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
SECTIONS = ("returned", "decide", "approve", "answer", "pay", "inspect")
"""In order of what is most easily forgotten. `know` is the other list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: the head of a section (row None, count of its rows), a case in it, or the way to more of it.

    `more`: at a head, that there are more than `count`; else this line is the way to them.
    """

    section: str
    row: QueueRow | None = None
    count: int = 0
    more: bool = False

    @property
    def leads_on(self) -> bool:
        return self.row is None and self.more and not self.count


def count_text(entry: Entry) -> str:
    """How many rows a section has; 28+ where it goes on."""
    return formats().number(entry.count) + ("+" if entry.more else "")


def more_text(entry: Entry) -> str:
    """The way to more of a section."""
    return tr("ui.forme.more", section=tr(f"ui.forme.{entry.section}"))


class WorkModel(QAbstractListModel):
    """Sections with their cases, one below the other. Empty sections aren't there."""

    def __init__(self, clock: DeskClock, me: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock, self._me = clock, me
        self.entries: list[Entry] = []
        words().changed.connect(self._repaint)
        clock.minute.connect(self._repaint)

    def fill(self, mine: ForMe) -> None:
        entries: list[Entry] = []
        for section in SECTIONS:
            rows: list[QueueRow] = getattr(mine, section)
            if rows:
                entries.append(Entry(section, None, len(rows), section in mine.next))
                entries += [Entry(section, row) for row in rows]
                entries += [Entry(section, more=True)] if section in mine.next else []
        if entries != self.entries:
            self.beginResetModel()
            self.entries = entries
            self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        entry = self.entries[index.row()] if index.isValid() else None
        if entry is None or (entry.row is None and not entry.leads_on):
            return Qt.ItemFlag.NoItemFlags  # the keyboard passes over heads
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _SPOKEN:
            return None
        entry = self.entries[index.row()]
        if entry.leads_on:
            return more_text(entry)
        if entry.row is None:
            return f"{tr(f'ui.forme.{entry.section}')} {count_text(entry)}"
        return self.text(entry.row).spoken()

    def text(self, row: QueueRow) -> RowText:
        return row_text(row, self._clock.now(), self._me)

    def find(self, section: str, ref: str) -> int:
        """Where a case stands, in its section if it is still there, else anywhere; -1 if nowhere."""
        places = [number for number, entry in enumerate(self.entries) if entry.row and entry.row.ref == ref]
        same = [number for number in places if self.entries[number].section == section]
        return (same or places or [-1])[0]

    def first(self, section: str = "") -> int:
        """The first case (of a section); -1 if there is none."""
        for number, entry in enumerate(self.entries):
            if entry.row is not None and section in ("", entry.section):
                return number
        return -1

    def _repaint(self) -> None:
        if self.entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.entries) - 1, 0))


class KnowModel(QAbstractListModel):
    """Inbox lines: what happened, on which case, when. `more_wanted`: the end was reached, and there are more."""

    more_wanted = Signal()

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._more = False
        self.rows: list[InboxRow] = []
        words().changed.connect(self._repaint)

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self._more

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent):
            self._more = False  # once; the answer says whether it goes on
            self.more_wanted.emit()

    def fill(self, rows: Sequence[InboxRow], *, more: bool = False) -> None:
        """The same lines and further ones below: those before stay where they are."""
        self._more = more
        had = len(self.rows)
        if had and len(rows) > had and list(rows[:had]) == self.rows:
            self.beginInsertRows(QModelIndex(), had, len(rows) - 1)
            self.rows += rows[had:]
            self.endInsertRows()
        elif list(rows) != self.rows:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()

    def mark_seen(self, number: int) -> None:
        self.rows[number] = self.rows[number].model_copy(update={"seen": True})
        self.dataChanged.emit(self.index(number, 0), self.index(number, 0))

    def unseen(self) -> list[int]:
        """Numbers of the rows that nobody has marked."""
        return [number for number, row in enumerate(self.rows) if not row.seen]

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _SPOKEN:
            return None
        what, about = self.text(index.row())
        unseen = "" if self.rows[index.row()].seen else f"{tr('ui.row.unseen')} · "
        return f"{unseen}{what} · {about}"

    def text(self, number: int) -> tuple[str, str]:
        """What happened; on which case and when."""
        row = self.rows[number]
        return word(row.what, "event"), f"{row.ref} · {formats().moment(row.at, self._clock.now())}"

    def _repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))
