"""Which lines of the order, and how many of each. Quantities; the amounts are the service's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSpinBox, QWidget

from refund_desk.desktop.widgets import RIGHT, KeyButton, MoneyLabel, PlainLabel
from refund_desk.desktop.words import tr
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.wire.facts import LineView


class LinesEditor(Popup):
    """A row for each line with its paid share and what may still go back. Enter takes it over."""

    def __init__(
        self,
        anchor: QWidget,
        lines: list[LineView],
        chosen: Mapping[str, int],
        done: Callable[[dict[str, int]], None],
    ) -> None:
        super().__init__(anchor, tr("ui.case.lines"), 440)
        self._done = done
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        for column, word in enumerate(("name", "paid", "left", "quantity")):
            head = PlainLabel(tr(f"ui.case.lines.{word}"), "small muted")
            head.setAlignment(RIGHT if column else Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(head, 0, column)
        self.boxes: dict[str, QSpinBox] = {}
        for row, line in enumerate(lines, start=1):
            self._add(grid, row, line, chosen.get(line.id, 0))
        self.body.addLayout(grid)
        take = KeyButton("ui.case.ok", "Return", "primary")
        take.clicked.connect(self._take)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(take)
        self.body.addLayout(foot)

    def open(self, *, above: bool = False) -> None:
        super().open(above=above)
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()
            first.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    def _add(self, grid: QGridLayout, row: int, line: LineView, quantity: int) -> None:
        name = PlainLabel(line.name, wrap=True)
        box = QSpinBox()
        box.setRange(0, line.refundable_quantity)
        box.setValue(min(quantity, line.refundable_quantity))
        box.setSuffix(f" / {line.refundable_quantity}")
        box.setAccessibleName(tr("ui.case.lines.quantity_of", name=line.name))
        self.boxes[line.id] = box
        for column, widget in enumerate((name, MoneyLabel(line.paid_share), MoneyLabel(line.refundable), box)):
            grid.addWidget(widget, row, column)

    def _take(self) -> None:
        chosen = {line: box.value() for line, box in self.boxes.items()}
        self.close()
        self._done(chosen)
