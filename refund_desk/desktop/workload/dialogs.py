"""Where cases go, and what became of each: the dialogs of the board."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QListWidget, QListWidgetItem, QWidget

from refund_desk.desktop.widgets import Pill, PlainLabel
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import bind_text, tr, word
from refund_desk.desktop.workload import figures as f
from refund_desk.domain.workload import Duty
from refund_desk.wire.workload import BalanceOptions, MoveResult, PersonOnBoard

_WHO = Qt.ItemDataRole.UserRole + 1


class MoveDialog(Dialog):
    """Asks to whom cases go. `chosen(person)`; None: the queue."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, people: Sequence[PersonOnBoard], but: int | None, count: int) -> None:
        super().__init__(parent, "ui.board.move.title", "ui.board.move.preview", keys="Return", n=count)
        self.list = QListWidget()
        self.list.setMinimumHeight(300)
        bind_text(self.list.setAccessibleName, "ui.board.move.to")
        ready = [row for row in people if row.reviews and row.person.id != but and row.duty is Duty.ON]
        for row in sorted(ready, key=lambda each: f.share(each.standing)):
            self._add(f"{f.name(row.person)} · {f.load_text(row.standing)} · {f.skills_text(row)}", row.person.id)
        if but is not None:
            self._add(tr("ui.board.move.queue"), None)
        self.list.setCurrentRow(0)
        self.list.itemDoubleClicked.connect(lambda _item: self.finish())
        self.body.addWidget(self.list)
        self.list.setFocus()

    def _add(self, text: str, person: int | None) -> None:
        item = QListWidgetItem(text)
        item.setData(_WHO, person)
        self.list.addItem(item)

    def finish(self) -> None:
        item = self.list.currentItem()
        self.accept()
        if item is not None:
            self.chosen.emit(item.data(_WHO))


class OptionsDialog(Dialog):
    """What balance respects. `chosen(options)`."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, options: BalanceOptions) -> None:
        super().__init__(parent, "ui.board.options.title", "ui.board.options.use", keys="Return")
        self.boxes = {}
        for name in ("skills", "languages", "interests"):
            box = QCheckBox()
            bind_text(box.setText, f"ui.board.options.{name}")
            box.setChecked(getattr(options, name))
            self.boxes[name] = box
            self.body.addWidget(box)
        self.add_words("ui.board.options.always", "small muted")

    def finish(self) -> None:
        self.accept()
        self.chosen.emit(BalanceOptions(**{name: box.isChecked() for name, box in self.boxes.items()}))


class MovedDialog(Dialog):
    """One line per case that was not moved, and why."""

    def __init__(self, parent: QWidget, result: MoveResult) -> None:
        done = sum(row.ok for row in result.rows)
        super().__init__(
            parent,
            "ui.board.result",
            "ui.close",
            keys="Return",
            cancel=False,
            width=560,
            done=done,
            all=len(result.rows),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(2, 1)
        for number, row in enumerate(row for row in result.rows if not row.ok):
            grid.addWidget(PlainLabel(row.ref, "strong"), number, 0)
            grid.addWidget(Pill(tr("ui.board.skipped"), "warn"), number, 1)
            grid.addWidget(PlainLabel(word(row.what, "error"), "small", wrap=True), number, 2)
        grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(grid)
