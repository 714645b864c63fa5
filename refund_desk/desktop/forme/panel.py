"""The first screen: work at the left by what it wants of me, what I am informed of at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from refund_desk.desktop.context import Desk
from refund_desk.desktop.forme.delegate import KnowDelegate, WorkDelegate
from refund_desk.desktop.forme.model import SECTIONS, KnowModel, WorkModel
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import Card, Chip, EmptyState, KeyButton, PlainLabel, flow_widget, words_label
from refund_desk.desktop.words import bind_text, unbind_text, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.cases import ForMe

MORE = 50
"""Rows that are asked for beyond those that are here."""


class ForMePanel(QFrame):
    """`counted(n, more)`: how many things wait, for the rail."""

    open_case = Signal(str)
    open_approval = Signal(str)
    take_next_wanted = Signal()
    counted = Signal(int, bool)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("forMePanel")
        self._desk = desk
        self._wanted: dict[str, int] = {}
        self._below: tuple[str, str] | None = None
        me = desk.me.person.id
        self.work_model, self.know_model = WorkModel(desk.clock, me, self), KnowModel(desk.clock, self)
        self.work, self.know = _list(self.work_model, "ui.forme.work"), _list(self.know_model, "ui.forme.know")
        self.work.setItemDelegate(WorkDelegate(desk.clock, self.work))
        self.know.setItemDelegate(KnowDelegate(desk.clock, self.know))
        self.chips = {section: Chip(f"ui.forme.{section}") for section in SECTIONS}
        self.total = PlainLabel(look="muted")
        self.take = KeyButton("ui.queue.key.take", "G", "primary")
        if not desk.has(Role.REVIEWER):
            self.take.hide()
        self.seen, self.seen_all = KeyButton("ui.forme.seen", "S", "link"), KeyButton("ui.forme.seen_all", look="link")
        self.stack, self.know_stack = QStackedWidget(), QStackedWidget()
        reviewer = "reviewer" if desk.has(Role.REVIEWER) else "other"
        self.empty = EmptyState("ui.forme.empty.title", f"ui.forme.empty.{reviewer}", icon_name="ok")
        self.know_empty = EmptyState("ui.forme.know.empty", "ui.forme.know.empty_text", icon_name="mail")
        self.failed = EmptyState("ui.failed.title", icon_name="offline")
        self._build()
        self._connect()
        self._add_keys()

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        client, wanted = self._desk.client, dict(self._wanted)
        self._desk.operations.read(self, lambda: client.for_me(wanted), self._show, self._fail)

    # ------------------------------------------------------------ inside

    def _show(self, mine: ForMe) -> None:
        section, ref = self._below or self._current()
        self.work_model.fill(mine)
        self.know_model.fill(mine.know, more="know" in mine.next)
        place = self.work_model.find(section, ref) if ref else -1
        if self._below is not None and place >= 0:
            place = min(place + 1, len(self.work_model.entries) - 1)
        self._below = None
        place = place if place >= 0 else self.work_model.first()
        if place >= 0 and self.work.currentIndex().row() != place:
            self.work.setCurrentIndex(self.work_model.index(place))
        counts = {name: len(getattr(mine, name)) for name in SECTIONS}
        for name, chip in self.chips.items():
            chip.set_count(counts[name], capped=name in mine.next)
            chip.setVisible(counts[name] > 0)
        total = sum(counts.values())
        self.total.setVisible(total > 0)
        more = any(name in mine.next for name in SECTIONS)
        bind_text(self.total.setText, "ui.forme.total_more" if more else "ui.forme.total", n=total)
        self.counted.emit(total, more)
        self.stack.setCurrentWidget(self.work if total else self.empty)
        self._show_know()

    def _show_know(self) -> None:
        self.know_stack.setCurrentWidget(self.know if self.know_model.rows else self.know_empty)
        unseen = bool(self.know_model.unseen())
        for button in (self.seen, self.seen_all):
            button.setVisible(unseen)

    def _fail(self, error: DeskError) -> None:
        if self.work_model.entries or self.know_model.rows:
            return  # what was read stays; the window says that the service doesn't answer
        unbind_text(self.failed.text.setText)
        self.failed.text.setText(word_error(error))
        self.failed.text.show()
        self.stack.setCurrentWidget(self.failed)

    def _current(self) -> tuple[str, str]:
        index = self.work.currentIndex()
        if not index.isValid() or index.row() >= len(self.work_model.entries):
            return "", ""
        entry = self.work_model.entries[index.row()]
        return entry.section, entry.row.ref if entry.row else ""

    def _open_work(self, index: QModelIndex) -> None:
        entry = self.work_model.entries[index.row()] if index.isValid() else None
        if entry is not None and entry.leads_on:
            self._expand(entry.section)
        if entry is None or entry.row is None:
            return
        (self.open_approval if entry.section == "approve" else self.open_case).emit(entry.row.ref)

    def _expand(self, section: str) -> None:
        """More of a section: its next rows come below those that are here."""
        refs = [entry.row.ref for entry in self.work_model.entries if entry.section == section and entry.row]
        self._wanted[section] = len(refs) + MORE
        self._below = (section, refs[-1]) if refs else None
        self.refresh()

    def _expand_know(self) -> None:
        self._wanted["know"] = len(self.know_model.rows) + MORE
        self.refresh()

    def _open_know(self, index: QModelIndex) -> None:
        if index.isValid():
            row = self.know_model.rows[index.row()]
            self._mark([index.row()])
            self.open_case.emit(row.ref)

    def _mark(self, numbers: list[int]) -> None:
        """Marked here at once, and told to the service one after the other."""
        for number in numbers:
            row = self.know_model.rows[number]
            if not row.seen:
                self.know_model.mark_seen(number)
                self._tell_seen(row.id)
        self._show_know()

    def _tell_seen(self, inbox_id: int) -> None:
        client = self._desk.client
        self._desk.operations.write(self, lambda _key: client.seen(inbox_id), key=new_key())

    def _mark_current(self) -> None:
        """The chosen line if it is unseen, else the first that is; then on to the next."""
        unseen = self.know_model.unseen()
        if not unseen:
            return
        current = self.know.currentIndex().row()
        number = current if current in unseen else unseen[0]
        self._mark([number])
        self.know.setCurrentIndex(self.know_model.index(min(number + 1, len(self.know_model.rows) - 1)))

    def _move(self, step: int) -> None:
        view = self.know if self.know.hasFocus() else self.work
        model = view.model()
        row = view.currentIndex().row() + step
        while 0 <= row < model.rowCount():
            if model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsSelectable:
                view.setCurrentIndex(model.index(row, 0))
                break
            row += step
        view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _jump(self, section: str) -> None:
        self.chips[section].setChecked(False)  # it leads there; it doesn't filter
        place = self.work_model.first(section)
        if place > 0:
            self.work.scrollTo(self.work_model.index(place - 1), QAbstractItemView.ScrollHint.PositionAtTop)
        if place >= 0:
            self.work.setCurrentIndex(self.work_model.index(place))
            self.work.setFocus()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(words_label("ui.forme.title", "title"))
        head.addWidget(self.total)
        head.addStretch()
        head.addWidget(self.take)
        box, flow = flow_widget()
        for chip in self.chips.values():
            chip.hide()
            flow.addWidget(chip)
        retry = KeyButton("ui.retry", icon_name="refresh")
        retry.clicked.connect(self.refresh)
        self.failed.add_button(retry)
        for page in (self.work, self.empty, self.failed):
            self.stack.addWidget(page)
        for page in (self.know, self.know_empty):
            self.know_stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(box)
        column.addWidget(self._panes(), 1)

    def _panes(self) -> QSplitter:
        work, know = Card(), Card("ui.forme.know")
        for card in (work, know):
            card.body.setContentsMargins(0, 0, 0, 0)
        work.body.addWidget(self.stack)
        know.body.addWidget(self.know_stack)
        know.add_badge(self.seen_all)
        know.add_badge(self.seen)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(12)
        splitter.addWidget(work)
        splitter.addWidget(know)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes([720, 440])
        if self._desk.state is not None:
            self._desk.state.keep_splitter(splitter, "forme")
        return splitter

    def _connect(self) -> None:
        self.take.clicked.connect(self.take_next_wanted)
        self.work.clicked.connect(self._open_work)
        self.know.clicked.connect(self._open_know)
        self.know_model.more_wanted.connect(self._expand_know)
        self.seen.clicked.connect(self._mark_current)
        self.seen_all.clicked.connect(lambda: self._mark(self.know_model.unseen()))
        for section, chip in self.chips.items():
            chip.clicked.connect(lambda _=False, section=section: self._jump(section))
        for view in (self.work, self.know):
            theme().changed.connect(view.viewport().update)

    def _add_keys(self) -> None:
        def add(name: str, keys: str, label: str, action: Callable[[], object]) -> None:
            self._desk.keys.add(f"forme.{name}", keys, label, action, owner=self, context="forme")

        add("next", "J", "ui.queue.key.next", lambda: self._move(1))
        add("previous", "K", "ui.queue.key.previous", lambda: self._move(-1))
        if self._desk.has(Role.REVIEWER):
            add("take", "G", "ui.queue.key.take", self.take_next_wanted.emit)
        add("seen", "S", "ui.forme.seen", self._mark_current)
        add("seen_all", "", "ui.forme.seen_all", lambda: self._mark(self.know_model.unseen()))
        self._add_enter("open", self.work, lambda: self._open_work(self.work.currentIndex()))
        self._add_enter("open_know", self.know, lambda: self._open_know(self.know.currentIndex()))

    def _add_enter(self, name: str, view: QListView, action: Callable[[], object]) -> None:
        enter = self._desk.keys.add(
            f"forme.{name}", ("Return", "Enter"), "ui.queue.key.open", action, owner=view, context="forme"
        )
        for shortcut in enter.shortcuts:  # Enter belongs to whatever has the focus
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)


def _list(model: WorkModel | KnowModel, name_key: str) -> QListView:
    view = QListView()
    view.setObjectName("plainList")
    view.setModel(model)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    bind_text(view.setAccessibleName, name_key)
    return view
