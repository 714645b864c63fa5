"""Which column of a file is what: chosen beside a sample, with a preview of the orders that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.widgets import KeyButton, PlainLabel, words_label
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, tr, word, word_error
from refund_desk.domain.errors import DeskError, Invalid
from refund_desk.domain.order_files import (
    FIELDS,
    NEEDED,
    Columns,
    FileOrder,
    Table,
    columns_of,
    guess,
    orders_of,
    read_table,
)

SAMPLE = 256 * 1024
"""Bytes of the file that are looked at; the last line may be cut and is left out."""
SAMPLE_ROWS, SHOWN = 500, 50


def sample(path: Path) -> Table:
    """The beginning of a file. Raises Invalid `columns.no_table`."""
    with path.open("rb") as file:
        data = file.read(SAMPLE)
    whole = data if len(data) < SAMPLE else data[: data.rfind(b"\n") + 1]
    return read_table(whole, SAMPLE_ROWS)


class ColumnsDialog(Dialog):
    """`mapped(text)`: the mapping as the connection keeps it."""

    mapped = Signal(str)

    def __init__(self, parent: QWidget, desk: Desk, before: str) -> None:
        super().__init__(parent, "ui.columns.title", "ui.columns.use", width=1080)
        self._desk = desk
        self.sample: Table | None = None
        self.columns: Columns | None = None
        self.choose = KeyButton("ui.columns.sample", "Ctrl+O", icon_name="import")
        self.choose.setShortcut("Ctrl+O")
        self.choose.setAutoDefault(False)
        self.file = PlainLabel(look="small muted")
        self.boxes = {name: QComboBox() for name in FIELDS}
        self.currency, self.zone, self.credit = QLineEdit("CNY"), QLineEdit("Asia/Shanghai"), QLineEdit()
        self.model = RowsModel(self._preview(), self)
        self.table = table_of(self.model, "ui.columns.preview", 28)
        self._before = self._known(before)
        self._build()
        self._fill(list(self._before.heads.values()) if self._before is not None else [])

    # ------------------------------------------------------------ the sample

    def _ask(self) -> None:
        dialog = QFileDialog(self, tr("ui.columns.sample"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.look_at(Path(name)))
        dialog.open()

    def look_at(self, path: Path) -> None:
        """Read the beginning of a file, off the window's thread."""
        self._desk.operations.long(self, lambda _report: sample(path), partial(self._seen, path), self._unread)

    def _seen(self, path: Path, found: Table) -> None:
        self.problem.hide()
        self.sample = found
        self.file.setText(plain(path.name, lines=False))
        self._fill(found.heads)

    def _unread(self, error: DeskError) -> None:
        self.problem.setText(word_error(error))
        self.problem.show()

    def _fill(self, heads: Sequence[str]) -> None:
        """Columns to choose from; what was chosen or can be told by its heading stands there already."""
        kept = self._before.heads if self._before is not None else {}
        guessed = guess(heads)
        for name, box in self.boxes.items():
            box.blockSignals(True)
            box.clear()
            box.addItem(tr("ui.columns.none"), "")
            for head in heads:
                box.addItem(plain(head, lines=False), head)
            wanted = kept[name] if kept.get(name) in heads else guessed.get(name, "")
            box.setCurrentIndex(max(0, box.findData(wanted)))
            box.blockSignals(False)
        self._show()

    # ------------------------------------------------------------ what comes of it

    def _chosen(self) -> Columns:
        """Raises Invalid for a mapping that can't hold."""
        heads = {name: box.currentData() for name, box in self.boxes.items() if box.currentData()}
        currency, zone = self.currency.text().strip().upper(), self.zone.text().strip()
        made = Columns(heads, currency, zone, self.credit.text().strip())
        return columns_of(made.text())

    def _show(self) -> None:
        try:
            self.columns = self._chosen()
            orders = list(orders_of(self.sample, self.columns)) if self.sample is not None else []
        except Invalid as no:
            self.columns = None
            self.model.fill([])
            self.said.set_look("small warn")
            self.said.setText(word_error(no))
            return
        self.model.fill(orders[:SHOWN])
        bad = sum(bool(order.problems) for order in orders)
        self.said.set_look("small warn" if bad else "small muted")
        self.said.setText(tr("ui.columns.found", n=len(orders), bad=bad) if self.sample is not None else "")

    def finish(self) -> None:
        if self.columns is None:
            self.complain("ui.columns.incomplete")
            return
        self.accept()
        self.mapped.emit(self.columns.text())

    # ------------------------------------------------------------ inside

    def _preview(self) -> tuple[Column[FileOrder], ...]:
        def amount(order: FileOrder, minor: int) -> str:
            if order.problems or self.columns is None:
                return ""
            return formats().money({"minor": minor, "currency": self.columns.currency})

        return (
            Column(lambda: tr("column.order"), lambda order: plain(order.number, lines=False), 100),
            Column(lambda: tr("column.placed_at"), _placed, 128),
            Column(lambda: tr("ui.columns.lines"), lambda order: formats().number(len(order.lines)), 52, right=True),
            Column(lambda: tr("ui.columns.paid"), lambda order: amount(order, order.paid), 104, right=True),
            Column(lambda: tr("column.refunded"), lambda order: amount(order, order.refunded), 96, right=True),
            Column(lambda: tr("ui.columns.problem"), _problem, ink=lambda _order: "danger_fg"),
        )

    def _known(self, before: str) -> Columns | None:
        try:
            return columns_of(before) if before else None
        except Invalid:
            return None

    def _build(self) -> None:
        if self._before is not None:
            for field, text in (
                (self.currency, self._before.currency),
                (self.zone, self._before.zone),
                (self.credit, self._before.credit),
            ):
                field.setText(text)
        self.said = PlainLabel(look="small muted", wrap=True)
        top = QHBoxLayout()
        top.addWidget(self.choose)
        top.addWidget(self.file, 1)
        self.body.addLayout(top)
        form = QFormLayout()
        for name, box in self.boxes.items():
            key = f"column.{name}"
            bind_text(box.setAccessibleName, key)
            form.addRow(words_label(key, "small strong" if name in NEEDED else "small"), box)
            box.currentIndexChanged.connect(lambda _index: self._show())
        for key, edit in (
            ("ui.columns.currency", self.currency),
            ("ui.columns.zone", self.zone),
            ("ui.columns.credit", self.credit),
        ):
            bind_text(edit.setAccessibleName, key)
            form.addRow(words_label(key, "small"), edit)
            edit.textChanged.connect(lambda _text: self._show())
        right = QVBoxLayout()
        right.addWidget(words_label("ui.columns.preview", "small strong"))
        right.addWidget(self.table, 1)
        right.addWidget(self.said)
        sides = QHBoxLayout()
        sides.setSpacing(16)
        sides.addLayout(form, 2)
        sides.addLayout(right, 4)
        self.body.addLayout(sides)
        self.choose.clicked.connect(self._ask)


def _placed(order: FileOrder) -> str:
    return formats().stamp(order.placed_at) if order.placed_at is not None else ""


def _problem(order: FileOrder) -> str:
    first = next(iter(order.problems), None)
    if first is None:
        return ""
    return f"{first.path}: {word({'code': first.code, 'params': dict(first.params)}, 'quarantine')}"
