"""What was matched, newest first: which lines, by what, and what speaks for it; each can be taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.reconciliation.model import system
from refund_desk.desktop.widgets import KeyButton, PlainLabel
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import formats, tr, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.wire.reconciliation import LineName, MatchPage, MatchView


def _side(lines: Sequence[LineName]) -> str:
    """A line with its system; of several, how many more."""
    if not lines:
        return ""
    first = f"{system(lines[0].source)} {plain(lines[0].id, lines=False)}"
    return first if len(lines) == 1 else tr("ui.reconcile.and_more", first=first, n=len(lines) - 1)


def speaks(match: MatchView) -> str:
    """The terms with their points, and what they come to."""
    terms = formats().join([f"{tr(f'match.{code}')} {points:+d}" for code, points in match.terms])
    return f"{sum(points for _, points in match.terms)} = {terms}"


COLUMNS: tuple[Column[MatchView], ...] = (
    Column(lambda: tr("ui.reconcile.here"), lambda match: _side(match.here), 220),
    Column(lambda: tr("ui.reconcile.there"), lambda match: _side(match.there), 220),
    Column(lambda: tr("ui.reconcile.by"), lambda match: tr(f"match.by.{match.code}"), 150),
    Column(lambda: tr("ui.reconcile.speaks"), speaks),
    Column(lambda: tr("ui.payouts.since"), lambda match: formats().moment(match.at), 110),
)


class MatchesDialog(Dialog):
    """`undo_wanted(match)`: take one apart; the dialog is closed before the reason is asked."""

    undo_wanted = Signal(object)

    def __init__(self, parent: QWidget, desk: Desk, *, undoes: bool) -> None:
        super().__init__(parent, "ui.reconcile.matched", "ui.close", keys="Return", cancel=False, width=1080)
        self._desk = desk
        self.model = RowsModel(COLUMNS, self)
        self.table = table_of(self.model, "ui.reconcile.matched", 30)
        self.table.setMinimumHeight(460)
        self.said = PlainLabel(look="muted")
        self.undo = KeyButton("ui.reconcile.undo_match", "Ctrl+U")
        self.undo.setShortcut("Ctrl+U")
        self.undo.setAutoDefault(False)
        self.undo.clicked.connect(self._undo)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.undo)
        if not undoes:
            self.undo.hide()
        self.body.addWidget(self.table)
        self.body.addLayout(row)
        self.model.more_wanted.connect(self._more)
        self._read(0)
        self.table.setFocus()

    def _read(self, after: int) -> None:
        client = self._desk.client
        self._desk.operations.read(
            self, lambda: client.matches(after), lambda page: self._show(after, page), self._fail
        )

    def _more(self) -> None:
        if self.model.rows:
            self._read(self.model.rows[-1].id)

    def _show(self, after: int, page: MatchPage) -> None:
        more = page.next is not None
        if after:
            self.model.append(page.rows, more=more)
        else:
            self.model.fill(page.rows, more=more)
            self.table.selectRow(0)
        self.undo.setEnabled(bool(self.model.rows))
        self.said.setText("" if self.model.rows else tr("ui.reconcile.no_matches"))

    def _fail(self, error: DeskError) -> None:
        self.problem.setText(word_error(error))
        self.problem.show()

    def _undo(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.model.rows):
            match = self.model.rows[row]
            self.accept()
            self.undo_wanted.emit(match)
