"""Alarms about money, each with its owner, and why payouts stand still; let go on by whom the process allows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import Banner, Card, KeyButton
from refund_desk.desktop.widgets.dialogs import ConfirmDialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, member, tr, word, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.commands import AlarmRow, PayoutsNow

RESUMERS = (Role.FINANCE,)
SHOWN = 4
"""Rows that are seen at once; the rest is scrolled to."""
_ROW = 30


def _columns() -> tuple[Column[AlarmRow], ...]:
    return (
        Column(lambda: tr("ui.payouts.what"), lambda row: word(row.what).replace("\n", " ")),
        Column(lambda: tr("ui.reconcile.column.about"), lambda row: row.ref or "", 132),
        Column(lambda: tr("ui.reconcile.column.owner"), lambda row: member("role", row.owner), 124),
        Column(lambda: tr("ui.payouts.since"), lambda row: formats().moment(row.at), 120),
    )


class AlarmsPane(QWidget):
    """Nothing where all is well. `open_case(ref)`."""

    open_case = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = RowsModel(_columns(), self)
        self.table = table_of(self.model, "ui.payouts.alarms", _ROW)
        self.halt, self.note = Banner("danger"), Banner("danger", closable=True)
        self.resume = KeyButton("ui.payouts.resume", look="primary")
        self.card = Card("ui.payouts.alarms")
        self._build()

    def refresh(self) -> None:
        client = self._desk.client
        self._desk.operations.read(self, client.payouts, self.show_now, lambda _error: self.hide())

    def show_now(self, now: PayoutsNow) -> None:
        """The halt with what is left to read, then the alarms, newest first."""
        self.halt.setVisible(now.halted is not None)
        if now.halted is not None:
            because, at = word(now.halted), now.halted_at
            self.halt.tell("danger", lambda: tr("ui.payouts.halted", because=because, at=at, n=now.to_read))
        self.resume.setVisible(now.halted is not None and self._desk.has(*RESUMERS))
        self.resume.setEnabled(now.to_read == 0)
        self.model.fill(now.alarms)
        self.card.setVisible(bool(now.alarms))
        self.card.setFixedHeight(34 + 34 + _ROW * min(SHOWN, max(1, len(now.alarms))) + 22)
        self.setVisible(bool(now.alarms) or now.halted is not None)

    def focus(self) -> None:
        if self.model.rows:
            self.table.selectRow(max(0, self.table.currentIndex().row()))
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_current(self, _index: QModelIndex | None = None) -> None:
        row = self.table.currentIndex().row()
        ref = self.model.rows[row].ref if 0 <= row < len(self.model.rows) else None
        if ref:
            self.open_case.emit(ref)

    def _ask(self) -> None:
        dialog = ConfirmDialog(self, "ui.payouts.resume", "ui.payouts.resume.text", "ui.payouts.resume")
        dialog.confirmed.connect(self._resume)
        dialog.open()

    def _resume(self) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self, client.resume_payouts, lambda _none: self.refresh(), self._refused, key=new_key()
        )

    def _refused(self, error: DeskError) -> None:
        self.note.tell("danger", lambda: word_error(error))
        self.refresh()

    def _build(self) -> None:
        self.halt.add_button(self.resume)
        self.resume.clicked.connect(self._ask)
        self.note.hide()
        self.card.body.setContentsMargins(0, 0, 0, 0)
        self.card.body.addWidget(self.table)
        self.table.doubleClicked.connect(self.open_current)
        bind_text(self.setAccessibleName, "ui.payouts.alarms")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.halt, self.note, self.card):
            column.addWidget(widget)
        self.hide()
