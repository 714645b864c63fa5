"""The audit panel: entries at the left, proof at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from refund_desk.client.words import PLACEHOLDER
from refund_desk.desktop.audit.model import AuditModel
from refund_desk.desktop.audit.proof import ProofPane
from refund_desk.desktop.context import Desk
from refund_desk.desktop.icons import icon
from refund_desk.desktop.widgets import BusyBar, Card, EmptyState, KeyButton, PlainLabel, words_label
from refund_desk.desktop.words import bind_text, tr, unbind_text, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.wire.commands import AuditPage, AuditRow

TYPED_MS = 300
_WIDTHS = {0: 106, 1: 104, 2: 120, 4: 116}


class AuditPanel(QFrame):
    """`verified(report)` when a verification came to its end."""

    open_case = Signal(str)
    verified = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("auditPanel")
        self._desk, self._asked = desk, 0
        self.model, self.proof = AuditModel(desk.clock, self), ProofPane(desk)
        self.table, self.case, self.action = QTableView(), QLineEdit(), QComboBox()
        self.total, self.busy, self.stack = PlainLabel(look="muted"), BusyBar(), QStackedWidget()
        self.empty = EmptyState("ui.audit.empty.title", "ui.audit.empty.text", icon_name="audit")
        self.failed = EmptyState("ui.failed.title", icon_name="offline")
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._build()
        self._connect()
        self._add_keys()
        self._fill_actions()

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        self._load()

    def refresh(self) -> None:
        """Newer entries; not while somebody reads older ones."""
        if self.table.verticalScrollBar().value() == 0:
            self._load()

    def filter_case(self, ref: str) -> None:
        """Only what concerns one case; "" for everything."""
        self.case.setText(ref)
        self._load()

    def current(self) -> AuditRow | None:
        index = self.table.currentIndex()
        return self.model.rows[index.row()] if index.isValid() and index.row() < len(self.model.rows) else None

    # ------------------------------------------------------------ inside

    def _load(self) -> None:
        self._typed.stop()
        self._asked += 1
        asked, case, action, client = self._asked, self._case(), self._action(), self._desk.client
        self.busy.start()
        self._desk.operations.read(
            self,
            lambda: client.audit_page(case=case, action=action),
            lambda page: self._show(asked, page),
            lambda error: self._fail(asked, error),
        )

    def _more(self, before: int) -> None:
        asked, case, action, client = self._asked, self._case(), self._action(), self._desk.client
        self._desk.operations.read(
            self,
            lambda: client.audit_page(before, case, action),
            lambda page: self.model.append(before, page) if asked == self._asked else None,
            lambda _error: self.model.ask_again(),
        )

    def _show(self, asked: int, page: AuditPage) -> None:
        if asked != self._asked:
            return
        self.busy.finish()
        chosen = self.current()
        self.model.start(page)
        if page.rows:
            same = [n for n, row in enumerate(page.rows) if chosen and row.position == chosen.position]
            self.table.selectRow(same[0] if same and page.rows[same[0]].position is not None else 0)
        bind_text(self.total.setText, "ui.audit.total", n=page.size + page.unprotected)
        self.proof.show_page(page)
        self.proof.show_entry(self.current())
        self.stack.setCurrentWidget(self.table if page.rows else self.empty)

    def _fail(self, asked: int, error: DeskError) -> None:
        if asked != self._asked:
            return
        self.busy.finish()
        if self.model.rows:
            return
        unbind_text(self.failed.text.setText)
        self.failed.text.setText(word_error(error))
        self.failed.text.show()
        self.stack.setCurrentWidget(self.failed)

    def _case(self) -> str | None:
        return self.case.text().strip() or None

    def _action(self) -> str | None:
        return self.action.currentData() or None

    def _fill_actions(self) -> None:
        """Every action the catalogue words, named without its figures."""
        chosen = self.action.currentData()
        self.action.blockSignals(True)
        self.action.clear()
        self.action.addItem(tr("ui.audit.any"), "")
        keys = sorted(key for key in words().core.keys() if key.startswith("action."))  # noqa: SIM118
        for key in keys:
            label = PLACEHOLDER.sub("…", tr(key))
            self.action.addItem(label, key.removeprefix("action."))
        self.action.setCurrentIndex(max(0, self.action.findData(chosen)))
        self.action.blockSignals(False)

    def _open_index(self, _index: QModelIndex | None = None) -> None:
        row = self.current()
        if row is not None and row.case:
            self.open_case.emit(row.case)

    def _move(self, step: int) -> None:
        if self.model.rows:
            number = max(0, min(len(self.model.rows) - 1, self.table.currentIndex().row() + step))
            self.table.selectRow(number)
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _build(self) -> None:
        self.table.setModel(self.model)
        self.table.setObjectName("plainTable")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(32)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for number, width in _WIDTHS.items():
            self.table.setColumnWidth(number, width)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        bind_text(self.table.setAccessibleName, "ui.audit.title")
        retry = KeyButton("ui.retry", icon_name="refresh")
        retry.clicked.connect(self.start)
        self.failed.add_button(retry)
        for page in (self.table, self.empty, self.failed):
            self.stack.addWidget(page)
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.stack)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(12)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(card)
        splitter.addWidget(self.proof)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([820, 360])
        self.proof.setMinimumWidth(300)
        if self._desk.state is not None:
            self._desk.state.keep_splitter(splitter, "audit")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        column.addLayout(self._head())
        column.addWidget(self.busy)
        column.addWidget(splitter, 1)

    def _head(self) -> QHBoxLayout:
        self.case.setClearButtonEnabled(True)
        self.case.setMaximumWidth(230)
        self.case.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.action.setMinimumWidth(180)
        self.action.setMaximumWidth(300)
        self.action.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        bind_text(self.case.setPlaceholderText, "ui.audit.by_case")
        bind_text(self.case.setAccessibleName, "ui.audit.by_case")
        bind_text(self.action.setAccessibleName, "ui.audit.by_action")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(words_label("ui.audit.title", "title"))
        head.addWidget(self.total)
        head.addStretch()
        head.addWidget(self.case)
        head.addWidget(self.action)
        return head

    def _connect(self) -> None:
        self.model.more_wanted.connect(self._more)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.proof.show_entry(self.current()))
        self.table.doubleClicked.connect(self._open_index)
        self.case.textEdited.connect(lambda _text: self._typed.start())
        self.case.returnPressed.connect(self._load)
        self.case.textChanged.connect(lambda text: self._load() if not text else None)
        self._typed.timeout.connect(self._load)
        self.action.activated.connect(lambda _index: self._load())
        self.proof.open_case.connect(self.open_case)
        self.proof.verified.connect(self.verified)
        words().changed.connect(self._fill_actions)

    def _add_keys(self) -> None:
        def add(name: str, keys: str, label: str, action: Callable[[], object]) -> None:
            self._desk.keys.add(f"audit.{name}", keys, label, action, owner=self, context="audit")

        add("down", "J", "ui.queue.key.next", lambda: self._move(1))
        add("up", "K", "ui.queue.key.previous", lambda: self._move(-1))
        add("verify", "V", "ui.audit.verify", self.proof.start_verify)
        add("export", "E", "ui.audit.export", self.proof.choose_file)
        add("open", "O", "ui.approvals.open", self._open_index)
        add("case", "/", "ui.audit.by_case", self.case.setFocus)
