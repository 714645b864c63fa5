"""How a break is settled, who gets it, what became of several, and a file taken in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QWidget,
)

from refund_desk.client.plaintext import plain
from refund_desk.desktop.widgets import Pill, PlainLabel, words_label
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import bind_text, tr, word
from refund_desk.domain.reconciliation import BreakKind, Resolution
from refund_desk.wire.base import PersonRef
from refund_desk.wire.reconciliation import BreakView, ResolvedOne

LIKELY: dict[BreakKind, Resolution] = {
    BreakKind.MISSING_HERE: Resolution.CORRECTED_HERE,
    BreakKind.MISSING_THERE: Resolution.CORRECTED_THERE,
    BreakKind.OVER: Resolution.CLAIMED,
    BreakKind.DUPLICATE: Resolution.CLAIMED,
    BreakKind.UNDER: Resolution.CORRECTED_THERE,
    BreakKind.STOCK_NOT_BOOKED: Resolution.CORRECTED_THERE,
    BreakKind.CREDIT_NOTE_DUE: Resolution.CORRECTED_THERE,
}
"""What a break of that kind mostly comes to; offered first, never taken without a choice and a reason."""


class ResolveDialog(Dialog):
    """`chosen(resolution, reason)`. Alt and a digit choose how, wherever one types."""

    chosen = Signal(object, str)

    def __init__(self, parent: QWidget, rows: Sequence[BreakView]) -> None:
        super().__init__(parent, "ui.reconcile.resolve.title", "ui.reconcile.resolve", n=len(rows))
        kinds = {row.kind for row in rows}
        if len(kinds) == 1:
            self.add_words(f"break.advice.{next(iter(kinds)).value}", "small muted")
        self.group, self.reason = QButtonGroup(self), QPlainTextEdit()
        likely = LIKELY.get(rows[0].kind) if len(kinds) == 1 else None
        for number, one in enumerate(Resolution):
            box = QRadioButton()
            bind_text(box.setText, "ui.reconcile.choice", n=number + 1, what=one)
            box.setChecked(one is likely)
            self.group.addButton(box, number)
            self.body.addWidget(box)
            QShortcut(QKeySequence(f"Alt+{number + 1}"), self, partial(box.setChecked, True))
        self.reason.setTabChangesFocus(True)
        self.reason.setFixedHeight(72)
        self.reason.setProperty("wrong", "false")
        bind_text(self.reason.setAccessibleName, "ui.reconcile.reason")
        label = words_label("ui.reconcile.reason", "small strong")
        label.setBuddy(self.reason)
        self.body.addWidget(label)
        self.body.addWidget(self.reason)
        self.reason.setFocus()

    def finish(self) -> None:
        number, reason = self.group.checkedId(), self.reason.toPlainText().strip()
        if number < 0:
            self.complain("ui.reconcile.how_needed")
        elif not reason:
            self.complain("ui.dialog.needed", self.reason)
        else:
            self.accept()
            self.chosen.emit(list(Resolution)[number], reason)


class AssignDialog(Dialog):
    """`chosen(person)`: who gets these breaks."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget, owners: Sequence[PersonRef], me: int, count: int) -> None:
        super().__init__(parent, "ui.reconcile.assign.title", "ui.reconcile.assign", keys="Return", n=count)
        self.people = QComboBox()
        for person in owners:
            self.people.addItem(plain(person.name, lines=False), person.id)
        self.people.setCurrentIndex(max(0, self.people.findData(me)))
        bind_text(self.people.setAccessibleName, "ui.reconcile.owner")
        self.body.addWidget(words_label("ui.reconcile.owner", "small strong"))
        self.body.addWidget(self.people)
        self.people.setFocus()

    def finish(self) -> None:
        person = self.people.currentData()
        if person is None:
            self.complain("ui.reconcile.nobody_there")
            return
        self.accept()
        self.chosen.emit(int(person))


class ResultDialog(Dialog):
    """One line per row of a bulk: done, or why not."""

    def __init__(self, parent: QWidget, results: Sequence[ResolvedOne], named: dict[int, str]) -> None:
        done = sum(one.error is None for one in results)
        params: dict[str, Any] = {"done": done, "all": len(results)}
        super().__init__(parent, "ui.reconcile.result", "ui.close", keys="Return", cancel=False, width=540, **params)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(2, 1)
        for number, one in enumerate(results):
            kind, key = ("ok", "ui.reconcile.done") if one.error is None else ("danger", "ui.reconcile.not_done")
            grid.addWidget(PlainLabel(named.get(one.id, str(one.id)), "strong"), number, 0)
            grid.addWidget(Pill(tr(key), kind), number, 1)
            if one.error is not None:
                said = word({"code": one.error.code, "params": one.error.params}, "error")
                grid.addWidget(PlainLabel(said, "small", wrap=True), number, 2)
        grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(grid)


class SourceDialog(Dialog):
    """`given(source)`: of which channel a file is."""

    given = Signal(str)

    def __init__(self, parent: QWidget, file: str, channels: Sequence[str]) -> None:
        super().__init__(parent, "ui.reconcile.import.title", "ui.reconcile.import", keys="Return", name=file)
        self.source: QComboBox = QComboBox()
        self.source.setEditable(True)
        self.source.addItems([plain(name, lines=False) for name in channels])
        self.source.setCurrentText("")
        bind_text(self.source.setAccessibleName, "ui.reconcile.import.source")
        self.add_words("ui.reconcile.import.text")
        label: QLabel = words_label("ui.reconcile.import.source", "small strong")
        label.setBuddy(self.source)
        self.body.addWidget(label)
        self.body.addWidget(self.source)
        self.source.setFocus()

    def finish(self) -> None:
        text = self.source.currentText().strip()
        edit = self.source.lineEdit()
        if not text:
            self.complain("ui.dialog.needed", edit if isinstance(edit, QLineEdit) else None)
            return
        self.accept()
        self.given.emit(text)
