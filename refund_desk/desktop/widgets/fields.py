"""Rows of a label and a value, as in the panes of a case. Values can be selected, copied and marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QGridLayout, QMenu, QWidget

from refund_desk.desktop.widgets.text import PlainLabel, restyle, set_tip
from refund_desk.desktop.words import tr


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One row. `copy` is what is copied, default the value; `conflict` marks it; `look` as in PlainLabel.

    `links`: where its own systems show it, as (system as people call it, address).
    """

    key: str
    label: str
    value: str
    conflict: bool = False
    look: str = ""
    tip: str = ""
    copy: str | None = None
    links: tuple[tuple[str, str], ...] = ()


class FieldValue(PlainLabel):
    """A value. C or Ctrl+C copies it (or the selection), Enter or a double click activates it, O follows its link."""

    copied = Signal(str)
    activated = Signal(str)
    followed = Signal(str)
    """The address at which its own system shows it."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(wrap=True, parent=parent)
        self.key, self._copy, self._whole, self._tip = key, "", "", ""
        self.set_selectable()
        self.setIndent(0)  # the invisible frame would push the text in
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.links: tuple[tuple[str, str], ...] = ()

    def show_row(self, row: FieldRow) -> None:
        self._whole = f"≠ {row.value}" if row.conflict else row.value
        leads = tr("ui.open_hint", systems=[system for system, _ in row.links]) if row.links else ""
        self._tip = "\n".join(part for part in (row.tip, leads) if part)
        self.setText(self._whole)
        self._copy = row.value if row.copy is None else row.copy
        self.links = row.links
        self.setAccessibleName(f"{row.label}: {row.value}")
        said = (tr("ui.field.conflict") if row.conflict else "", leads)
        self.setAccessibleDescription(" · ".join(part for part in said if part))
        set_tip(self, self._tip)
        restyle(self, conflict="true" if row.conflict else "false", look=row.look)
        self._fit()

    # Sizes come from the whole text and a width alone, never from what is shown now: a height that depended on
    # the present width would have a scroll area resize for ever.

    def sizeHint(self) -> QSize:
        """As wide as the text on one line: a wrapping label would guess something squarer."""
        metrics, lines = self.fontMetrics(), self._whole.split("\n")
        width = max(metrics.horizontalAdvance(line) for line in lines)
        return QSize(width + (24 if self._marked() else 10), metrics.lineSpacing() * len(lines) + self._edge())

    def minimumSizeHint(self) -> QSize:
        """A word that is too long for its column is shortened, not the column widened."""
        return QSize(48, self.fontMetrics().lineSpacing() + self._edge())

    def heightForWidth(self, width: int) -> int:
        flags = int(Qt.TextFlag.TextWordWrap.value)
        room = max(1, width - (14 if self._marked() else 0))
        shown = self._shortened(width)
        return self.fontMetrics().boundingRect(0, 0, room, 100_000, flags, shown).height() + self._edge()

    def _marked(self) -> bool:
        return bool(self.property("conflict") == "true")

    def _edge(self) -> int:
        return 6 if self._marked() else 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _shortened(self, width: int) -> str:
        """The text with words wider than the column, such as ids, shortened in their middle."""
        metrics = self.fontMetrics()
        room = width - (14 if self._marked() else 4)
        words = self._whole.split(" ")
        if room <= 24 or not self.wordWrap() or all(metrics.horizontalAdvance(word) <= room for word in words):
            return self._whole
        return " ".join(metrics.elidedText(word, Qt.TextElideMode.ElideMiddle, room) for word in words)

    def _fit(self) -> None:
        """Show the text as it fits; the tooltip has shortened words whole."""
        shown = self._shortened(self.width())
        if shown != self.text() and not self.hasSelectedText():
            self.setText(shown)
        cut = shown != self._whole and self._whole not in self._tip
        set_tip(self, "\n".join(part for part in (self._whole if cut else "", self._tip) if part))

    def copy_value(self) -> None:
        """Put the selection, else the whole value, on the clipboard."""
        text = self.selectedText() or self._copy
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)

    def follow(self) -> None:
        """Ask for it to be shown in its own system, the first where several know it."""
        if self.links:
            self.followed.emit(self.links[0][1])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bare_c = event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.NoModifier
        if bare_c or event.matches(QKeySequence.StandardKey.Copy):
            self.copy_value()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self.key)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._marked() and not self.hasSelectedText():
            self.activated.emit(self.key)  # a marked value says on one click why it is marked

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.activated.emit(self.key)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        action = QAction(tr("ui.copy"), menu)
        action.triggered.connect(self.copy_value)
        menu.addAction(action)
        for system, address in self.links:
            menu.addAction(tr("ui.open_in", system=system), partial(self.followed.emit, address))
        menu.popup(event.globalPos())


class FieldGrid(QWidget):
    """`set_rows` shows rows; the same keys in the same order reuse their widgets, so a refresh doesn't flicker."""

    copied = Signal(str)
    activated = Signal(str)
    followed = Signal(str)

    def __init__(self, label_width: int = 84, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnMinimumWidth(0, label_width)
        self._grid.setColumnStretch(1, 1)
        self._cells: list[tuple[PlainLabel, FieldValue]] = []

    def set_rows(self, rows: Sequence[FieldRow]) -> None:
        while len(self._cells) < len(rows):
            self._add()
        for (label, value), row in zip(self._cells, rows, strict=False):
            label.setText(row.label)
            value.key = row.key
            value.show_row(row)
        for index, cells in enumerate(self._cells):
            for cell in cells:
                cell.setVisible(index < len(rows))

    def value(self, key: str) -> FieldValue | None:
        """The value shown under a key."""
        for _, value in self._cells:
            if value.key == key and not value.isHidden():
                return value
        return None

    def _add(self) -> None:
        label, value = PlainLabel(look="muted", parent=self), FieldValue("", self)
        label.setContentsMargins(0, 1, 0, 0)  # the value's ring is one pixel wide
        value.copied.connect(self.copied)
        value.activated.connect(self.activated)
        value.followed.connect(self.followed)
        row = len(self._cells)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(label, row, 0, top | Qt.AlignmentFlag.AlignLeft)
        self._grid.addWidget(value, row, 1, top | Qt.AlignmentFlag.AlignLeft)
        self._cells.append((label, value))
