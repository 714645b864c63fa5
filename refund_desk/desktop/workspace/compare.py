"""Field by field: what each system says, since when, what the rule is and which value counts."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import KeyButton, PlainLabel, tip, words_label
from refund_desk.desktop.words import bind_text, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.wire.cases import CaseView
from refund_desk.wire.facts import FieldView, Said

_Row = tuple[str, str, FieldView]
"""Subject, whose field it is; the field's key; the field."""


class Compare(QDialog):
    """Conflicts first. Ctrl+C copies the cell, the button the whole table as text with tabs."""

    def __init__(self, view: CaseView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bind_text(self.setWindowTitle, "ui.case.compare.title", self, ref=view.ref)
        rows = compared(view)
        systems = sorted({said.system for _, _, field in rows for said in field.said})
        effective = {(c.field, c.subject): c for c in view.conflicts}
        self.table = _Table(len(rows), len(systems) + 3)
        heads = [tr("ui.case.compare.field"), *(show.system(name) for name in systems)]
        self._heads = [*heads, tr("ui.case.compare.rule"), tr("ui.case.compare.effective")]
        self.table.setHorizontalHeaderLabels(self._heads)
        for at, (subject, key, field) in enumerate(rows):
            self._fill(at, subject, key, field, systems)
            conflict = effective.get((key, subject)) or next((c for c in view.conflicts if c.field == key), None)
            rule = member("rule", conflict.rule) if conflict is not None and field.conflict else ""
            counts = show.value(key, conflict.effective) if conflict is not None and field.conflict else ""
            self._put(at, len(systems) + 1, rule)
            self._put(at, len(systems) + 2, counts, strong=bool(counts))
        self._build(bool(rows))

    def as_text(self) -> str:
        """The table with tabs between cells."""
        lines = [self._heads]
        for row in range(self.table.rowCount()):
            lines.append([self._cell(row, column) for column in range(self.table.columnCount())])
        return "\n".join("\t".join(line) for line in lines)

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.as_text())

    # ------------------------------------------------------------ inside

    def _cell(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().replace("\n", " ").replace("\t", " ") if item is not None else ""

    def _fill(self, at: int, subject: str, key: str, field: FieldView, systems: list[str]) -> None:
        mark = "≠ " if field.conflict else ""
        self._put(at, 0, f"{mark}{show.label(key)}\n{subject}", strong=field.conflict)
        for column, system in enumerate(systems, start=1):
            said = next((one for one in field.said if one.system == system), None)
            self._put(at, column, _said(key, said), danger=field.conflict and said is not None)

    def _put(self, row: int, column: int, text: str, *, strong: bool = False, danger: bool = False) -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(tip(text))
        if strong or danger:
            font = QFont(self.font())
            font.setWeight(QFont.Weight.DemiBold)
            item.setFont(font)
        if danger:
            item.setBackground(theme().color("danger_bg"))
            item.setForeground(theme().color("danger_fg"))
        self.table.setItem(row, column, item)

    def _build(self, anything: bool) -> None:
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        copy = KeyButton("ui.case.compare.copy", "Ctrl+Shift+C")
        copy.setShortcut("Ctrl+Shift+C")
        copy.clicked.connect(self.copy)
        close = KeyButton("ui.close", "Esc", "quiet")
        close.clicked.connect(self.close)
        none = words_label("ui.case.compare.none", "muted")
        none.setVisible(not anything)
        foot = QHBoxLayout()
        foot.addWidget(PlainLabel(tr("ui.case.compare.hint"), "small muted"), 1)
        foot.addWidget(copy)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(none)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        bind_text(self.table.setAccessibleName, "ui.case.compare")
        self.resize(860, 460)


class _Table(QTableWidget):
    """Read-only; Ctrl+C or C copies the cell."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and (event.matches(QKeySequence.StandardKey.Copy) or event.text() == "c"):
            QGuiApplication.clipboard().setText(item.text())
        else:
            super().keyPressEvent(event)


def compared(view: CaseView) -> list[_Row]:
    """Every field that a system said something about, those in conflict first."""
    rows = list(_fields(view))
    known = {(key, subject) for subject, key, _ in rows}
    for conflict in view.conflicts:  # a conflict that stands in no pane is shown all the same
        if (conflict.field, conflict.subject) not in known and not any(k == conflict.field for _, k, _ in rows):
            field = FieldView(key=conflict.field, said=conflict.said, conflict=True)
            rows.append((conflict.subject, conflict.field, field))
    return sorted(rows, key=lambda row: not row[2].conflict)


def _fields(view: CaseView) -> Iterable[_Row]:
    if view.order is not None:
        for field in view.order.fields:
            yield view.order.number, field.key, field
        for record in (*view.order.shipments, *view.order.returns):
            for field in record.fields:
                yield record.id, field.key, field
    for payment in view.payment.payments if view.payment else []:
        for field in payment.fields:
            yield payment.id, field.key, field


def _said(key: str, said: Said | None) -> str:
    if said is None:
        return ""
    return f"{show.value(key, said.value)}\n{tr('ui.case.as_of', at=said.as_of)}"
