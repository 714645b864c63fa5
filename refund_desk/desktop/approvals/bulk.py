"""What became of each row that was approved in bulk."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from refund_desk.desktop.widgets import Pill, PlainLabel
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import tr, word
from refund_desk.wire.commands import BulkResult


class BulkDialog(Dialog):
    """One line per row: done, or why not."""

    def __init__(self, parent: QWidget, result: BulkResult) -> None:
        done = sum(row.ok for row in result.rows)
        super().__init__(
            parent,
            "ui.approvals.bulk.result",
            "ui.close",
            keys="Return",
            cancel=False,
            width=540,
            done=done,
            all=len(result.rows),
        )
        self.result_rows = result.rows
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(2, 1)
        for number, row in enumerate(result.rows):
            pill = Pill(
                tr("ui.approvals.bulk.done" if row.ok else "ui.approvals.bulk.failed"), "ok" if row.ok else "danger"
            )
            grid.addWidget(PlainLabel(row.ref, "strong"), number, 0)
            grid.addWidget(pill, number, 1)
            if not row.ok:
                grid.addWidget(PlainLabel(word(row.what, "error"), "small", wrap=True), number, 2)
        grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(grid)
