"""Bills and bank files taken in: chosen, given the channel they are of, sent, and what became of them in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.reconciliation.dialogs import SourceDialog
from refund_desk.desktop.words import tr, word
from refund_desk.wire.reconciliation import StatementTaken

TAKING_S = 600.0
BAD_SHOWN = 5


class StatementFiles(QObject):
    """`begun` when one is sent, `taken(StatementTaken)` or `failed(DeskError)` at its end."""

    begun = Signal()
    taken = Signal(object)
    failed = Signal(object)
    placed = Signal(object)
    """The path at which breaks are to be saved."""

    def __init__(self, desk: Desk, over: QWidget) -> None:
        super().__init__(over)
        self._desk, self._over = desk, over

    def choose(self, channels: Sequence[str]) -> None:
        """Let one be chosen; channels: those that are offered."""
        dialog = QFileDialog(self._over.window(), tr("ui.reconcile.import"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.ask(Path(name), channels))
        dialog.open()

    def choose_place(self) -> None:
        """Let a place for a file of breaks be chosen."""
        dialog = QFileDialog(self._over.window(), tr("ui.reconcile.export"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("breaks.csv")
        dialog.fileSelected.connect(lambda name: self.placed.emit(Path(name)))
        dialog.open()

    def ask(self, path: Path, channels: Sequence[str]) -> None:
        """Of which channel a file is."""
        dialog = SourceDialog(self._over, path.name, channels)
        dialog.given.connect(lambda source: self.send(path, source))
        dialog.open()

    def send(self, path: Path, source: str) -> None:
        client = self._desk.client

        async def send(_key: str) -> StatementTaken:
            return await client.take_statement(source, path.read_bytes())

        self.begun.emit()
        self._desk.operations.write(self, send, self.taken.emit, self.failed.emit, key=new_key(), deadline=TAKING_S)


def said_of(taken: StatementTaken) -> str:
    """What became of a file, with what is odd about it; a few rows that couldn't be read."""
    key = "command.reconcile.again" if taken.again else "command.reconcile.taken"
    parts = [tr(key, format=tr(f"statement.format.{taken.format}"), rows=taken.rows, fresh=taken.fresh)]
    for finding in taken.findings:
        side = finding.params.get("side")
        params = {**finding.params, "side": tr(f"statement.side.{side}")} if side else finding.params
        parts.append(word({"code": finding.code, "params": params}, "statement"))
    for bad in taken.bad[:BAD_SHOWN]:
        reason = word({"code": bad.code, "params": bad.params}, "statement")
        parts.append(tr("ui.reconcile.bad_line", line=bad.line, reason=reason))
    return "\n".join(parts)
