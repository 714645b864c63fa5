"""What is done to breaks: settled, taken back, handed on, made a case; to matches: taken apart. Each asks first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.reconciliation.dialogs import AssignDialog, ResolveDialog, ResultDialog
from refund_desk.desktop.reconciliation.model import about
from refund_desk.desktop.widgets import UndoBar
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import tr
from refund_desk.domain.reconciliation import Resolution
from refund_desk.domain.words import Role
from refund_desk.wire.base import PersonRef
from refund_desk.wire.reconciliation import (
    AssignBreaks,
    BreakView,
    MatchView,
    ReopenBreaks,
    ResolveBreaks,
    ResolvedOne,
    UndoMatch,
)

SETTLERS = (Role.FINANCE,)
ASSIGNERS = (Role.FINANCE, Role.SUPERVISOR)


class BreakActs(QObject):
    """`changed` when breaks changed, `apart` when a match was taken apart, `made(ref)` when there is a case to open,
    `failed(DeskError)` where nothing came of it."""

    changed = Signal()
    apart = Signal()
    made = Signal(str)
    failed = Signal(object)

    def __init__(self, desk: Desk, over: QWidget) -> None:
        super().__init__(over)
        self._desk, self._over = desk, over
        self.undo = UndoBar(over)
        self._last: list[BreakView] = []
        self.undo.undone.connect(self._undo)
        self.undo.expired.connect(self._forget)

    def resolve(self, rows: Sequence[BreakView]) -> None:
        """Settle the open ones of them alike, with how and why."""
        opened = [row for row in rows if row.status == "open"]
        if opened and self._desk.has(*SETTLERS):
            dialog = ResolveDialog(self._over, opened)
            dialog.chosen.connect(lambda how, reason: self._resolve(opened, how, reason))
            dialog.open()

    def reopen(self, rows: Sequence[BreakView]) -> None:
        """Take back that these were settled."""
        self.undo.stop()
        self._forget()
        if rows and self._desk.has(*SETTLERS):
            body, client = ReopenBreaks(breaks=[row.id for row in rows]), self._desk.client
            self._write(lambda key: client.reopen_breaks(body, key), lambda done: self._settled(rows, done))

    def assign(self, rows: Sequence[BreakView], owners: Sequence[PersonRef]) -> None:
        """Give the open ones of them an owner."""
        opened = [row for row in rows if row.status == "open"]
        if opened and self._desk.has(*ASSIGNERS):
            dialog = AssignDialog(self._over, owners, self._desk.me.person.id, len(opened))
            dialog.chosen.connect(lambda person: self._assign(opened, person))
            dialog.open()

    def open_case(self, row: BreakView) -> None:
        """The case that a break is about; one is made where its order has none."""
        if row.ref:
            self.made.emit(row.ref)
            return
        client = self._desk.client
        self._write(lambda key: client.case_of_break(row.id, key), self._made)

    def take_apart(self, match: MatchView) -> None:
        """With a reason: no run links these lines again."""
        words = ("ui.reconcile.undo_match", "ui.reconcile.reason", "ui.reconcile.undo_match")
        dialog = TextDialog(self._over, *words, lead_key="ui.reconcile.undo_match.text", lines=True)
        dialog.given.connect(lambda reason: self._take_apart(match, reason))
        dialog.open()

    # ------------------------------------------------------------ inside

    def _resolve(self, rows: Sequence[BreakView], how: Resolution, reason: str) -> None:
        body = ResolveBreaks(breaks=[row.id for row in rows], resolution=how, reason=reason)
        client = self._desk.client
        self._write(lambda key: client.resolve_breaks(body, key), lambda done: self._resolved(rows, done))

    def _resolved(self, rows: Sequence[BreakView], results: list[ResolvedOne]) -> None:
        self._settled(rows, results)
        done = {one.id for one in results if one.error is None}
        if done:
            self.undo.offer(lambda: tr("ui.reconcile.resolved", n=len(done)))
            self._last = [row for row in rows if row.id in done]

    def _undo(self) -> None:
        self.reopen(self._last)

    def _forget(self) -> None:
        self._last = []

    def _assign(self, rows: Sequence[BreakView], person: int) -> None:
        body, client = AssignBreaks(breaks=[row.id for row in rows], person=person), self._desk.client
        self._write(lambda key: client.assign_breaks(body, key), lambda done: self._settled(rows, done))

    def _settled(self, rows: Sequence[BreakView], results: list[ResolvedOne]) -> None:
        """One result per row where not all went well."""
        if any(one.error is not None for one in results):
            ResultDialog(self._over, results, {row.id: about(row) for row in rows}).open()
        self.changed.emit()

    def _made(self, row: BreakView) -> None:
        self.changed.emit()
        if row.ref:
            self.made.emit(row.ref)

    def _take_apart(self, match: MatchView, reason: str) -> None:
        body, client = UndoMatch(reason=reason), self._desk.client
        self._write(lambda key: client.undo_match(match.id, body, key), lambda _match: self.apart.emit())

    def _write(self, call: Callable[[str], Any], success: Callable[[Any], None]) -> None:
        self._desk.operations.write(self, call, success, self.failed.emit, key=new_key())
