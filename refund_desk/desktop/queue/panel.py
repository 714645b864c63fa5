"""The queue as a panel: head, list, and what stands there when there is nothing or nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.exporting import UNMASK, CasesDialog, ExportStrip
from refund_desk.desktop.queue.delegate import QueueDelegate
from refund_desk.desktop.queue.filters import QueueHead
from refund_desk.desktop.queue.model import QueueModel
from refund_desk.desktop.queue.query import CHIPS, Query
from refund_desk.desktop.queue.views import SavedViews
from refund_desk.desktop.queue.why import WhyPopup
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import BusyBar, EmptyState, KeyButton
from refund_desk.desktop.words import bind_text, unbind_text, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.cases import QueuePage, QueueRow, WhyHere
from refund_desk.wire.exports import ExportOrder

PAGE, LARGEST, MOST = 50, 100, 1000
EXPORTS = (Role.LEAD, Role.COMPLIANCE, Role.AUDITOR)
IDLE_MS = 180
"""After this long on a row, its case is worth fetching ahead."""

AHEAD_MS = 1_000
"""What will miss is asked for when the first rows stand and nobody waits for them any more."""


class QueuePanel(QFrame):
    """Lists cases and says which one is wanted. The window opens it."""

    open_case = Signal(str)
    take_next_wanted = Signal()
    prefetch_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queuePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self.head = QueueHead()
        self.model = QueueModel(desk.clock, desk.me.person.id, self)
        self.list = QListView()
        self.delegate = QueueDelegate(desk.clock, self.list)
        self.stack, self.busy = QStackedWidget(), BusyBar()
        self.empty, self.failed = EmptyState("ui.queue.empty.title", "ui.queue.empty.text"), _failed(self.refresh)
        self.views = SavedViews(desk, self)
        self.why, self.export = WhyPopup(self), ExportStrip(desk)
        self._asked, self._loaded = 0, False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.setInterval(AHEAD_MS)
        self._build()
        self._connect()
        self._add_keys()

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        """Ask for the first page and the views."""
        self.list.setFocus()
        self.views.load()
        self._load(self.head.query)

    def query(self) -> Query:
        return self.head.query

    def refresh(self) -> None:
        """The same question again; chosen row and place stay."""
        if not self._loaded:
            self._load(self.head.query)
            return
        self._asked += 1
        asked, query, wanted = self._asked, self.head.query, min(MOST, max(PAGE, len(self.model.rows)))
        self._desk.operations.read(
            self,
            lambda: self._pages(query, wanted),
            lambda answer: self._refreshed(asked, *answer),
            lambda _error: None,  # the window says that the service doesn't answer; the rows stay
        )

    def current_ref(self) -> str:
        """The case that is chosen; "" for none."""
        index = self.list.currentIndex()
        return self.model.rows[index.row()].ref if index.isValid() else ""

    def show_open(self, ref: str) -> None:
        """Mark the case that stands in the workspace, and choose its row if it is here."""
        self.delegate.open_ref = ref
        row = self.model.row_of(ref)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))
        else:
            self.list.clearSelection()  # no other case is the one that is open
        self.list.viewport().update()

    def after(self, ref: str) -> str:
        """The case below `ref`; "" at the end of what is here."""
        row = self.model.row_of(ref) + 1
        return self.model.rows[row].ref if 0 < row < len(self.model.rows) else ""

    def move(self, step: int) -> None:  # type: ignore[override]
        """Choose the next (1) or previous (-1) row."""
        rows = self.model.rowCount()
        if rows:
            row = self.list.currentIndex().row() + step if self.list.currentIndex().isValid() else 0
            self.list.setCurrentIndex(self.model.index(max(0, min(rows - 1, row))))
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_why(self) -> None:
        """Explain the chosen row."""
        if ref := self.current_ref():
            self._desk.operations.read(self, lambda: self._desk.client.why(ref), self._explain)

    def ask_export(self) -> None:
        """Ask how, then write what the filters find into a file."""
        dialog = CasesDialog(self, may_unmask=self._desk.has(*UNMASK))
        dialog.chosen.connect(self.export_to)
        dialog.open()

    def export_to(self, path: Path, form: str, closed: bool, purpose: str) -> None:
        """Every case of the list as it is filtered now."""
        said = {"format": form, "purpose": purpose or None, "language": "zh" if words().language == "zh" else "en"}
        filters = {**self.head.query.filters(), "closed": closed}
        order = ExportOrder.model_validate({**said, "filters": filters})
        self.export.save(lambda: self._desk.client.start_export_cases(order), path, manifest=True)

    # ------------------------------------------------------------ inside

    def _load(self, query: Query) -> None:
        self._asked += 1
        asked = self._asked
        self.busy.start()
        client = self._desk.client
        self._desk.operations.read(
            self,
            lambda: client.queue(limit=PAGE, **query.filters()),
            lambda page: self._show(asked, page),
            lambda error: self._fail(asked, error),
        )

    def _show(self, asked: int, page: QueuePage) -> None:
        if asked != self._asked:
            return
        self.busy.finish()
        if not self._loaded:
            self._loaded = True
            self._ahead.start()
        chosen = self.delegate.open_ref
        self.model.start(page)
        self.head.show_counts(page.chips, page.total)
        row = max(0, self.model.row_of(chosen))
        if self.model.rows:
            self.list.setCurrentIndex(self.model.index(row))
        self._show_state()

    def _look_ahead(self) -> None:
        """What will miss its deadline as things stand. Where nobody can say, no row says so."""
        self._desk.operations.read(
            self,
            self._desk.client.forecast,
            lambda found: self.model.foretell({case.ref: case.miss for case in found.cases}),
            lambda _error: self.model.foretell({}),
        )

    def _fail(self, asked: int, error: DeskError) -> None:
        if asked != self._asked:
            return
        self.busy.finish()
        self._loaded = False
        unbind_text(self.failed.text.setText)
        self.failed.text.setText(word_error(error))
        self.failed.text.show()
        self.stack.setCurrentWidget(self.failed)

    async def _pages(self, query: Query, wanted: int) -> tuple[list[QueueRow], QueuePage]:
        """The first `wanted` rows, in pages small enough not to be felt."""
        first = page = await self._desk.client.queue(limit=min(LARGEST, wanted), **query.filters())
        rows = list(page.rows)
        while page.next is not None and len(rows) < wanted:
            page = await self._desk.client.queue(limit=LARGEST, after=page.next, **query.filters())
            rows += page.rows
        unique = {row.ref: row for row in rows}
        return list(unique.values()), first.model_copy(update={"next": page.next})

    def _refreshed(self, asked: int, rows: list[QueueRow], page: QueuePage) -> None:
        if asked == self._asked:
            self.model.merge(rows, page.next)
            self.head.show_counts(page.chips, page.total)
            self._show_state()

    def _more(self, cursor: str) -> None:
        asked, query, client = self._asked, self.head.query, self._desk.client
        self._desk.operations.read(
            self,
            lambda: client.queue(limit=PAGE, after=cursor, **query.filters()),
            lambda page: self.model.append(cursor, page) if asked == self._asked else None,
            lambda _error: self.model.ask_again(),
        )

    def _show_state(self) -> None:
        if self.model.rows:
            self.stack.setCurrentWidget(self.list)
            return
        kind = "filtered" if self.head.query else "empty"
        self.empty.set_words(f"ui.queue.{kind}.title", f"ui.queue.{kind}.text")
        self.clear.setVisible(bool(self.head.query))
        self.stack.setCurrentWidget(self.empty)

    def _explain(self, why: WhyHere) -> None:
        row = self.model.row_of(why.ref)
        rect = self.list.visualRect(self.model.index(max(0, row)))
        self.why.show_terms(why, self.list.viewport().mapToGlobal(rect.topRight() + QPoint(6, 0)))

    def _open_index(self, index: QModelIndex) -> None:
        if index.isValid():
            self.open_case.emit(self.model.rows[index.row()].ref)

    def _build(self) -> None:
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.delegate)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.verticalScrollBar().setSingleStep(18)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setObjectName("queueList")
        bind_text(self.list.setAccessibleName, "ui.queue.title")
        self.clear = KeyButton("ui.queue.clear")
        self.clear.clicked.connect(self.head.reset)
        self.empty.add_button(self.clear)
        for page in (self.list, self.empty, self.failed):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = QFrame()
        line.setObjectName("rule")
        line.setFixedHeight(1)
        for widget, stretch in ((self.head, 0), (line, 0), (self.busy, 0), (self.stack, 1), (self.export, 0)):
            column.addWidget(widget, stretch)
        self.setMinimumWidth(250)

    def _connect(self) -> None:
        self.head.asked.connect(self._load)
        self.head.left.connect(lambda: self.list.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self.head.views_wanted.connect(lambda at: self.views.open(at, self.head.query, self.head.view_name()))
        self.views.chosen.connect(self.head.ask)
        self.model.more_wanted.connect(self._more)
        self._ahead.timeout.connect(self._look_ahead)
        self._desk.clock.minute.connect(self._look_ahead)
        self.list.clicked.connect(self._open_index)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._idle.start())
        self._idle.timeout.connect(
            lambda: self.prefetch_wanted.emit(self.current_ref()) if self.current_ref() else None
        )
        theme().changed.connect(self.list.viewport().update)

    def _ask_chip(self, chip: str) -> None:
        """A chip from the palette, as if it were clicked."""
        self.head.ask(self.head.query.with_(chip=chip))

    def _add_keys(self) -> None:
        def add(name: str, keys: str | tuple[str, ...], label: str, action: Callable[[], object]) -> None:
            self._desk.keys.add(f"queue.{name}", keys, label, action, owner=self, context="queue")

        add("next", "J", "ui.queue.key.next", lambda: self.move(1))
        add("previous", "K", "ui.queue.key.previous", lambda: self.move(-1))
        if self._desk.has(Role.REVIEWER):
            add("take", "G", "ui.queue.key.take", self.take_next_wanted.emit)
        add("why", "W", "ui.queue.key.why", self.ask_why)
        if self._desk.has(*EXPORTS):
            add("export", "Ctrl+Shift+E", "ui.queue.key.export", self.ask_export)
        add("search", "/", "ui.queue.key.search", self.head.focus_search)
        for chip in CHIPS:
            add(f"chip.{chip}", "", f"chip.{chip}", partial(self._ask_chip, chip))
        add("filters", "", "ui.queue.filters", self.head.open_filters)
        add("views", "", "ui.queue.views", self.head.open_views)
        add("reset", "", "ui.queue.clear", self.head.reset)
        enter = self._desk.keys.add(
            "queue.open",
            ("Return", "Enter"),
            "ui.queue.key.open",
            lambda: self._open_index(self.list.currentIndex()),
            owner=self.list,
            context="queue",
        )
        for shortcut in enter.shortcuts:  # Enter belongs to whatever has the focus
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)


def _failed(retry: Callable[[], None]) -> EmptyState:
    state = EmptyState("ui.failed.title", icon_name="offline")
    button = KeyButton("ui.retry", icon_name="refresh")
    button.clicked.connect(retry)
    state.add_button(button)
    return state
