"""The head of the queue: which list this is, how many, search, filters, saved views, chips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from refund_desk.desktop.icons import icon
from refund_desk.desktop.queue.query import CHIP_KINDS, CHIPS, FILTERS, Query
from refund_desk.desktop.widgets import Chip, ElidedLabel, IconButton, KeyButton, PlainLabel, clear, flow_widget
from refund_desk.desktop.words import bind_text, formats, member, tr, words
from refund_desk.wire.cases import Chip as ChipCount

TYPED_MS = 250


class QueueHead(QWidget):
    """Emits `asked(query)` whenever the question changes; `views_wanted` when the menu of views is opened."""

    asked = Signal(object)
    views_wanted = Signal(QPoint)
    left = Signal()
    """Enter, Down or Esc in the search field: back to the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.query, self._name = Query(), ""
        self._total: ChipCount | None = None
        self.title, self.total = ElidedLabel(look="heading"), PlainLabel(look="muted")
        self.search = QLineEdit()
        self.filter, self.views = (
            IconButton("filter", "ui.queue.filters"),
            IconButton("bookmark-line", "ui.queue.views"),
        )
        self.chips = {key: Chip(f"chip.{key}", CHIP_KINDS.get(key, "neutral")) for key in CHIPS}
        self._chip_box, chip_flow = flow_widget(gap=5)
        self._active_box, self._active = flow_widget(gap=5)
        for key, chip in self.chips.items():
            chip.clicked.connect(lambda on, key=key: self.ask(self.query.with_(chip=key if on else "")))
            chip.hide()
            chip_flow.addWidget(chip)
        self._build()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._search_now)
        self.search.textEdited.connect(lambda _text: self._typed.start())
        self.search.installEventFilter(self)
        self.filter.clicked.connect(self.open_filters)
        self.views.clicked.connect(self.open_views)
        words().changed.connect(self._reword)
        self._reword()

    # ------------------------------------------------------------ for the panel

    def ask(self, query: Query, name: str = "") -> None:
        """Ask something else; `name` is the saved view it comes from."""
        self._typed.stop()
        self.query, self._name = query, name
        if self.search.text().strip() != query.q:
            self.search.setText(query.q)
        self._reword()
        self._show_chips()
        self.asked.emit(query)

    def view_name(self) -> str:
        """The saved view that is shown; "" for none."""
        return self._name

    def show_counts(self, chips: Sequence[ChipCount], total: ChipCount | None) -> None:
        """Counts as the service gave them. A chip it doesn't count, or counts none for, isn't there."""
        known = {chip.key: chip for chip in chips}
        for key, chip in self.chips.items():
            found = known.get(key)
            chip.setProperty("counted", bool(found is not None and found.count))
            chip.set_count(found.count if found else None, capped=bool(found and found.capped))
        self._total = total
        self._show_chips()
        self._show_total()

    def open_filters(self) -> None:
        """The menu of stages, reasons and kinds."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, values in FILTERS.items():
            self._add_filter(menu, name, values)
        if self.query:
            menu.addSeparator()
            menu.addAction(tr("ui.queue.clear"), self.reset)
        menu.popup(self.filter.mapToGlobal(self.filter.rect().bottomLeft()))

    def open_views(self) -> None:
        self.views_wanted.emit(self.views.mapToGlobal(self.views.rect().bottomLeft()))

    def reset(self) -> None:
        """All open cases again."""
        self.ask(Query())

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    # ------------------------------------------------------------ inside

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                self._search_now()
                return True
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._search_now()
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

    def _search_now(self) -> None:
        self._typed.stop()
        text = self.search.text().strip()
        if text != self.query.q:
            self.ask(self.query.with_(q=text))

    def _add_filter(self, menu: QMenu, name: str, values: Sequence[str]) -> None:
        sub = menu.addMenu(tr(f"ui.queue.by_{name}"))
        group = QActionGroup(sub)
        for value in ("", *values):
            action = QAction(member(name, value) if value else tr("ui.queue.any"), sub)
            action.setCheckable(True)
            action.setChecked(getattr(self.query, name) == value)
            action.triggered.connect(lambda _=False, n=name, v=value: self.ask(self.query.with_(**{n: v})))
            group.addAction(action)
            sub.addAction(action)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.total)
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition)
        bind_text(self.search.setPlaceholderText, "ui.queue.search")
        bind_text(self.search.setAccessibleName, "ui.queue.search")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.filter)
        row.addWidget(self.views)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 10, 9)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(row)
        column.addWidget(self._active_box)
        column.addWidget(self._chip_box)
        self._active_box.hide()
        bind_text(self._chip_box.setAccessibleName, "ui.queue.chips")

    def _show_chips(self) -> None:
        for key, chip in self.chips.items():
            chip.setChecked(self.query.chip == key)
            chip.setVisible(bool(chip.property("counted")) or chip.isChecked())
        self._chip_box.setVisible(any(not chip.isHidden() for chip in self.chips.values()))

    def _show_total(self) -> None:
        total = self._total
        text = "" if total is None else formats().number(total.count) + ("+" if total.capped else "")
        self.total.setText(text)
        self.total.setAccessibleName(tr("ui.queue.total", n=total.count) if total is not None else "")

    def _reword(self) -> None:
        self.title.setText(self._title())
        self._show_total()
        clear(self._active)
        for name in FILTERS:
            if value := getattr(self.query, name):
                self._active.addWidget(self._remover(name, value))
        self._active_box.setVisible(self._active.count() > 0)

    def _title(self) -> str:
        if self._name:
            return self._name
        if self.query.chip:
            return tr(f"chip.{self.query.chip}")
        return tr("ui.queue.found") if self.query.q else tr("ui.queue.title")

    def _remover(self, name: str, value: str) -> KeyButton:
        """A filter in force; a click takes it away."""
        button = KeyButton(look="link")
        label: dict[str, Any] = {"what": member(name, value)}
        button.set_label(f"{member(name, value)}  ×")
        button.setAccessibleName(tr("ui.queue.without", **label))
        button.clicked.connect(lambda: self.ask(self.query.with_(**{name: ""})))
        return button
