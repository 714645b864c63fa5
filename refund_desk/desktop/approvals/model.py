"""What waits for approval, and which of it is chosen for approval in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from refund_desk.client.plaintext import plain
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.caserow import Badge, clock_badge
from refund_desk.desktop.words import formats, member, tr, words
from refund_desk.domain.words import Tender
from refund_desk.wire.base import Amount
from refund_desk.wire.commands import ApprovalPage, ApprovalRow

_Index = QModelIndex | QPersistentModelIndex
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


def is_void(row: ApprovalRow) -> bool:
    """Nobody can approve this any more: its content changed under it."""
    return row.proposal.status == "void" or bool(row.proposal.void_because)


def amount_text(amount: Amount | None) -> str:
    return formats().money(amount) if amount is not None else ""


def where(row: ApprovalRow) -> str:
    """In which form, and to which payment."""
    tender, to = row.proposal.tender, plain(row.proposal.destination or "", lines=False)
    if tender is None:
        return to
    if tender is Tender.MONEY and to:
        return tr("ui.approvals.to_payment", payment=to)
    return member("tender", tender)


def why(row: ApprovalRow) -> str:
    """The decision and its reason."""
    parts = [member("decision", row.proposal.decision)]
    if row.proposal.reason:
        parts.append(member("decision_reason", row.proposal.reason))
    return " · ".join(parts)


def line(row: ApprovalRow) -> str:
    """Who gets how much, where, why: one sentence."""
    who = plain(row.customer, lines=False) or row.ref
    if row.proposal.amount is None:
        return tr("ui.approvals.line_plain", who=who, why=why(row))
    return tr("ui.approvals.line", who=who, amount=row.proposal.amount, where=where(row), why=why(row))


def badges(row: ApprovalRow) -> list[Badge]:
    """What must be seen before it is opened."""
    found = []
    if is_void(row):
        found.append(Badge(tr("ui.approvals.void"), "danger", "danger"))
    elif not row.may:
        found.append(Badge(tr("ui.approvals.may_not"), "neutral", "lock"))
    if row.differences:
        found.append(Badge(tr("ui.approvals.differs", n=len(row.differences)), "warn", "warn"))
    return found


class ApprovalsModel(QAbstractListModel):
    """`chosen` are the refs ticked for bulk; `choice_changed` when they change.

    `more_wanted(cursor)`: somebody must fetch that page and `append` it.
    """

    choice_changed = Signal()
    more_wanted = Signal(str)

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.rows: list[ApprovalRow] = []
        self.chosen: set[str] = set()
        self.next: str | None = None
        self._asked: str | None = None
        words().changed.connect(self._repaint)
        clock.minute.connect(self._repaint)

    # ------------------------------------------------------------ what Qt asks

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role in _SPOKEN:
            return self.spoken(row)
        if role == Qt.ItemDataRole.CheckStateRole and self.selectable(row):
            return Qt.CheckState.Checked if row.ref in self.chosen else Qt.CheckState.Unchecked
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if self.selectable(self.rows[index.row()]):
            return base | Qt.ItemFlag.ItemIsUserCheckable
        return base

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and self.next is not None and self._asked != self.next

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent) and self.next is not None:
            self._asked = self.next
            self.more_wanted.emit(self.next)

    # ------------------------------------------------------------ what the panel does

    def append(self, cursor: str, page: ApprovalPage) -> None:
        """The page after `cursor`; dropped if the list has moved on since. One without rows leads to the next."""
        if cursor != self.next:
            return
        here = {row.ref for row in self.rows}
        fresh = [row for row in page.rows if row.ref not in here]
        self.next, self._asked = page.next, None
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(fresh) - 1)
            self.rows += fresh
            self.endInsertRows()
        else:
            self.fetchMore(QModelIndex())

    def ask_again(self) -> None:
        """The page that was asked didn't come."""
        self._asked = None

    def fill(self, rows: Sequence[ApprovalRow], following: str | None = None) -> None:
        """Show these; what was chosen and is still as it was stays chosen."""
        digests = {row.ref: row.proposal.digest for row in self.rows if row.ref in self.chosen}
        self.beginResetModel()
        self.rows, self.next, self._asked = list(rows), following, None
        self.chosen = {row.ref for row in self.rows if digests.get(row.ref) == row.proposal.digest}
        self.endResetModel()
        self.choice_changed.emit()

    def drop(self, ref: str) -> None:
        """A row that is settled."""
        number = self.row_of(ref)
        if number >= 0:
            self.beginRemoveRows(QModelIndex(), number, number)
            del self.rows[number]
            self.chosen.discard(ref)
            self.endRemoveRows()
            self.choice_changed.emit()

    def row_of(self, ref: str) -> int:
        return next((number for number, row in enumerate(self.rows) if row.ref == ref), -1)

    def selectable(self, row: ApprovalRow) -> bool:
        """Fit for bulk, and like what is chosen already: same decision, reason, form and currency."""
        if not row.bulk or not row.may or is_void(row) or row.proposal.amount is None:
            return False
        first = next((other for other in self.rows if other.ref in self.chosen), None)
        return first is None or _kind(first) == _kind(row)

    def toggle(self, number: int) -> None:
        """Tick or untick a row, if it can be."""
        row = self.rows[number]
        if row.ref in self.chosen:
            self.chosen.remove(row.ref)
        elif self.selectable(row):
            self.chosen.add(row.ref)
        else:
            return
        self._repaint()
        self.choice_changed.emit()

    def choose_alike(self) -> None:
        """Tick everything that is like the first that can be ticked; untick all if all of it is."""
        before = set(self.chosen)
        for row in self.rows:
            if self.selectable(row):
                self.chosen.add(row.ref)
        if self.chosen == before:
            self.chosen.clear()
        self._repaint()
        self.choice_changed.emit()

    def picked(self) -> list[ApprovalRow]:
        return [row for row in self.rows if row.ref in self.chosen]

    def clock(self, row: ApprovalRow) -> Badge | None:
        return clock_badge(row.due_at, self._clock.now())

    def spoken(self, row: ApprovalRow) -> str:
        due = self.clock(row)
        marks = [badge.text for badge in badges(row)] + ([due.text] if due else [])
        ticked = [tr("ui.approvals.ticked")] if row.ref in self.chosen else []
        proposer = tr("ui.approvals.by", who=row.proposal.by.name)
        return " · ".join([*ticked, row.ref, line(row), proposer, *marks])

    def _repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))


def _kind(row: ApprovalRow) -> tuple[object, ...]:
    proposal = row.proposal
    currency = proposal.amount.currency if proposal.amount else ""
    return proposal.decision, proposal.reason, proposal.tender, currency
