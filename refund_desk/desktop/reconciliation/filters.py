"""Which breaks are listed: by kind (with how many), state, owner; and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from refund_desk.desktop.widgets import Chip, flow_widget
from refund_desk.desktop.words import bind_text, tr, words
from refund_desk.domain.reconciliation import BreakKind
from refund_desk.wire.reconciliation import BreakCounts

STATES = {
    "open": "ui.reconcile.state.open",
    "resolved": "ui.reconcile.state.resolved",
    "gone": "ui.reconcile.state.gone",
}
OWNERS = {"": "ui.reconcile.owner.any", "me": "ui.reconcile.owner.me", "nobody": "ui.reconcile.owner.nobody"}
SORTS = {"new": "ui.reconcile.sort.new", "amount": "ui.reconcile.sort.amount", "age": "ui.reconcile.sort.age"}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of the service."""

    status: str = "open"
    kind: str | None = None
    owner: str | None = None
    sort: str = "new"


class BreakFilters(QWidget):
    """`changed` when another question is asked."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind: BreakKind | None = None
        self.chips = {kind: Chip(f"break.{kind.value}") for kind in BreakKind}
        self.state, self.owner, self.sort = QComboBox(), QComboBox(), QComboBox()
        self._box, flow = flow_widget(gap=5)
        for kind, chip in self.chips.items():
            chip.clicked.connect(lambda on, kind=kind: self._choose(kind if on else None))
            chip.hide()
            flow.addWidget(chip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._box, 1)
        for key, box in (
            ("ui.reconcile.by_state", self.state),
            ("ui.reconcile.by_owner", self.owner),
            ("ui.reconcile.by_sort", self.sort),
        ):
            bind_text(box.setAccessibleName, key)
            box.activated.connect(lambda _index: self.changed.emit())
            row.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
        words().changed.connect(self._fill)
        self._fill()

    def query(self) -> Query:
        kind = self.kind.value if self.kind is not None else None
        return Query(self.state.currentData(), kind, self.owner.currentData() or None, self.sort.currentData())

    def show_counts(self, counts: BreakCounts) -> None:
        """A kind that nothing is open of isn't there, unless it is the one that is asked for."""
        known = {one.kind: one.count for one in counts.kinds}
        for kind, chip in self.chips.items():
            chip.set_count(known.get(kind))
            chip.setVisible(kind in known or kind is self.kind)

    def focus(self) -> None:
        """To the first chip, from which Tab leads on."""
        shown = [chip for chip in self.chips.values() if chip.isVisible()]
        (shown[0] if shown else self.state).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _choose(self, kind: BreakKind | None) -> None:
        self.kind = kind
        for one, chip in self.chips.items():
            chip.setChecked(one is kind)
        self.changed.emit()

    def _fill(self) -> None:
        for box, values in ((self.state, STATES), (self.owner, OWNERS), (self.sort, SORTS)):
            chosen = max(0, box.currentIndex())
            box.clear()
            for value, key in values.items():
                box.addItem(tr(key), value)
            box.setCurrentIndex(chosen)
