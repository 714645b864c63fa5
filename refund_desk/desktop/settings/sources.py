"""Sources: each connection, how its last runs went, how far it was read, what waits in quarantine; run and set up."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.jobs import JobWatch
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.settings.source_detail import SourceDetailPane
from refund_desk.desktop.settings.source_form import SourceForm
from refund_desk.desktop.widgets import Banner, BusyBar, Card, EmptyState, KeyButton
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import formats, tr, word, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.bundle import QuarantinePage
from refund_desk.wire.commands import ConfigChange, Job
from refund_desk.wire.sources import ConnectorView, SourceDetail, SourceProposal, SourceView

READERS = (Role.ADMINISTRATOR, Role.LEAD, Role.SUPERVISOR, Role.FINANCE, Role.COMPLIANCE)
RUNNERS = (Role.ADMINISTRATOR, Role.LEAD, Role.SUPERVISOR)
PROPOSERS = (Role.ADMINISTRATOR, Role.LEAD, Role.COMPLIANCE)
SORTERS = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.CUSTOMER_SERVICE)
"""Who may see records in quarantine; the service checks it."""


def state(row: SourceView) -> str:
    """In one word how a connection stands."""
    if not row.enabled:
        return "off"
    return "running" if row.running else row.last.status if row.last is not None else "new"


def _last(row: SourceView) -> str:
    return formats().moment(row.last.started_at) if row.last is not None else ""


def _next(row: SourceView) -> str:
    return formats().moment(row.next_at) if row.next_at is not None else tr("ui.sources.by_hand")


def _rate(row: SourceView) -> str:
    rate = row.last.rate if row.last is not None else None
    return tr("ui.sources.rate", n=rate) if rate is not None else ""


COLUMNS: tuple[Column[SourceView], ...] = (
    Column(lambda: tr("ui.sources.name"), lambda row: plain(row.name, lines=False)),
    Column(lambda: tr("ui.sources.connector"), lambda row: plain(row.connector, lines=False), 110),
    Column(
        lambda: tr("ui.settings.users.state"),
        lambda row: tr(f"source.state.{state(row)}"),
        90,
        ink=lambda row: "danger_fg" if state(row) in ("failed", "lost") else "",
    ),
    Column(lambda: tr("command.head.last_run"), _last, 104),
    Column(lambda: tr("command.head.next_run"), _next, 104),
    Column(lambda: tr("ui.sources.speed"), _rate, 92, right=True),
    Column(
        lambda: tr("command.head.quarantined"),
        lambda row: formats().number(row.quarantined) if row.quarantined else "",
        92,
        right=True,
        ink=lambda _row: "danger_fg",
    ),
)


class SourcesPage(QWidget):
    """`changed` when a connection was proposed that a second person must approve."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wanted = ""
        self.connectors: list[ConnectorView] = []
        self.model = RowsModel(COLUMNS, self)
        self.table, self.pane = table_of(self.model, "ui.settings.sources"), SourceDetailPane()
        self.busy, self.note = BusyBar(), Banner("info", closable=True)
        self.empty = EmptyState("ui.sources.empty.title", "ui.sources.empty.text", icon_name="import")
        self.watch = JobWatch(desk.client, desk.operations, self)
        self.running = ""
        self.add = KeyButton("ui.sources.add", "N", "primary")
        self.edit = KeyButton("ui.sources.change", "E")
        self.run = KeyButton("ui.sources.run", "R", icon_name="refresh")
        self.stop = KeyButton("ui.sources.stop", "X", "danger")
        self._build()
        self._add_keys()
        self._show_current()

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        client = self._desk.client
        self._desk.operations.read(self, client.sources, self._show, self._failed)
        if self._desk.has(*PROPOSERS) and not self.connectors:
            self._desk.operations.read(self, client.connectors, self.connectors.extend, self._failed)

    def current(self) -> SourceView | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    # ------------------------------------------------------------ what is shown

    def _show(self, rows: list[SourceView]) -> None:
        self.busy.finish()
        before = self.current()
        self.model.fill(rows)
        names = [row.name for row in rows]
        if rows:
            self.table.selectRow(names.index(before.name) if before is not None and before.name in names else 0)
        self.splitter.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self._look()

    def _look(self) -> None:
        row, client = self.current(), self._desk.client
        self._show_current()
        if row is None:
            self.pane.show_source(None)
            return
        self._wanted = row.name
        self._desk.operations.read(self, lambda: client.source(row.name), self._show_detail, self._failed)

    def _show_detail(self, detail: SourceDetail) -> None:
        if detail.name != self._wanted:
            return
        self.pane.show_source(detail)
        if detail.quarantined and self._desk.has(*SORTERS):
            client = self._desk.client
            self._desk.operations.read(
                self, client.quarantine, lambda page: self._show_quarantine(detail.name, page), lambda _error: None
            )

    def _show_quarantine(self, name: str, page: QuarantinePage) -> None:
        if name == self._wanted:
            self.pane.show_quarantine([row for row in page.rows if row.source == name])

    def _show_current(self) -> None:
        row = self.current()
        self.edit.setEnabled(row is not None)
        self.run.setEnabled(row is not None and row.enabled and not self.running)
        for button, roles in ((self.add, PROPOSERS), (self.edit, PROPOSERS), (self.run, RUNNERS)):
            if not self._desk.has(*roles):
                button.hide()
        self.stop.setVisible(bool(self.running))

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    # ------------------------------------------------------------ what is done

    def run_now(self) -> None:
        """Read a source now; its counts are said at the end. One at a time from here."""
        row, client = self.current(), self._desk.client
        if row is None or self.running or not self._desk.has(*RUNNERS):
            return
        name = self.running = row.name
        self.busy.start(tr("ui.sources.running", name=name))
        self._show_current()
        self.watch.run(lambda: client.sync_source(name), lambda job: self._ran(name, job), self._broke, self._progress)

    def stop_run(self) -> None:
        """After the page at hand; what was read stays read."""
        if self.running:
            self.watch.stop()

    def _progress(self, done: int, total: int) -> None:
        self.busy.progress(done, total)

    def _ran(self, name: str, job: Job) -> None:
        self.running = ""
        self.busy.finish()
        if job.status == "done" and job.result is not None:
            said = {key: job.result[key] for key in SAID}
            self.note.tell("ok", lambda: tr("command.sync.done", name=name, **said))
        elif job.problem is not None:
            problem = job.problem
            self.note.tell("danger", lambda: word(problem))
        else:
            self.note.tell_title("info", "ui.sources.stopped", name=name)
        self.refresh()

    def _broke(self, error: DeskError) -> None:
        self.running = ""
        self._failed(error)
        self._show_current()

    def add_source(self) -> None:
        if self.connectors and self._desk.has(*PROPOSERS):
            self._open_form(None)

    def change_source(self) -> None:
        row = self.current()
        if row is not None and self.connectors and self._desk.has(*PROPOSERS):
            self._open_form(row)

    def _open_form(self, row: SourceView | None) -> None:
        form = SourceForm(self, self._desk, self.connectors, row)
        form.proposed.connect(self._propose)
        form.open()

    def _propose(self, body: SourceProposal) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self, lambda key: client.propose_source(body, key), self._proposed, self._failed, key=new_key()
        )

    def _proposed(self, change: ConfigChange) -> None:
        self.note.tell_title("info", "ui.sources.proposed", name=change.subject, n=change.id)
        self.changed.emit()

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.run, self.stop, self.edit):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.add)
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.table)
        self.splitter = QSplitter()
        self.splitter.setHandleWidth(12)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(card)
        self.splitter.addWidget(self.pane)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([700, 440])
        self.pane.setMinimumWidth(380)
        if self._desk.state is not None:
            self._desk.state.keep_splitter(self.splitter, "sources")
        self.note.hide()
        self.empty.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(10)
        column.addLayout(row)
        for widget, stretch in ((self.busy, 0), (self.note, 0), (self.splitter, 1), (self.empty, 1)):
            column.addWidget(widget, stretch)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._look())

    def _add_keys(self) -> None:
        def add(name: str, keys: str, button: KeyButton, label: str, action: Callable[[], None]) -> None:
            button.clicked.connect(lambda: action())
            self._desk.keys.add(f"sources.{name}", keys, label, action, owner=self, context="settings")

        add("add", "N", self.add, "ui.sources.add", self.add_source)
        add("change", "E", self.edit, "ui.sources.change", self.change_source)
        add("run", "R", self.run, "ui.sources.run", self.run_now)
        add("stop", "X", self.stop, "ui.sources.stop", self.stop_run)


SAID = ("read", "new", "changed", "unchanged", "quarantined", "ignored", "gone")
