"""The panel of reconciliation: breaks with filters at the left, the one that is looked at side by side at the right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.exporting import ExportStrip
from refund_desk.desktop.jobs import JobWatch
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.reconciliation.alarms import AlarmsPane
from refund_desk.desktop.reconciliation.detail import BreakPane
from refund_desk.desktop.reconciliation.dialogs import AssignDialog, ResolveDialog, ResultDialog
from refund_desk.desktop.reconciliation.files import StatementFiles, said_of
from refund_desk.desktop.reconciliation.filters import BreakFilters
from refund_desk.desktop.reconciliation.model import BreaksModel, about
from refund_desk.desktop.widgets import (
    Banner,
    BusyBar,
    Card,
    EmptyState,
    KeyButton,
    PlainLabel,
    UndoBar,
    words_label,
)
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.widgets.tables import table_of
from refund_desk.desktop.words import bind_made, bind_text, tr, word, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.reconciliation import Resolution
from refund_desk.domain.words import Role
from refund_desk.wire.commands import Job
from refund_desk.wire.reconciliation import (
    AssignBreaks,
    BreakCounts,
    BreakDetail,
    BreakPage,
    BreakView,
    MatchView,
    ReopenBreaks,
    ResolveBreaks,
    ResolvedOne,
    StatementTaken,
    UndoMatch,
)

SETTLERS = (Role.FINANCE,)
ASSIGNERS = (Role.FINANCE, Role.SUPERVISOR)


class ReconciliationPanel(QFrame):
    """`open_case(ref)`; `counted(n, more)` for the rail: my open breaks and nobody's."""

    open_case = Signal(str)
    counted = Signal(int, bool)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reconciliationPanel")
        self._desk, self._asked, self._wanted = desk, 0, 0
        self.filters, self.model = BreakFilters(), BreaksModel(desk.clock, self)
        self.counts: BreakCounts | None = None
        self.table, self.pane = table_of(self.model, "ui.reconcile.title"), BreakPane(desk.clock)
        self.stack, self.busy, self.note = QStackedWidget(), BusyBar(), Banner("info", closable=True)
        self.watch = JobWatch(desk.client, desk.operations, self)
        self.total = PlainLabel(look="muted")
        self.run = KeyButton("ui.reconcile.run", "Shift+R", icon_name="refresh")
        self.bring = KeyButton("ui.reconcile.import", "I", icon_name="import")
        self.save, self.strip = KeyButton("ui.reconcile.export", "E", icon_name="export"), ExportStrip(desk)
        self.case = KeyButton("ui.reconcile.open_case", "O")
        self.assign = KeyButton("ui.reconcile.assign", "A")
        self.resolve = KeyButton("ui.reconcile.resolve", "R", "primary")
        self.reopen = KeyButton("ui.reconcile.reopen", "B")
        self.empty = EmptyState("ui.reconcile.empty.title", "ui.reconcile.empty.text", icon_name="ok")
        self.failed = EmptyState("ui.failed.title", icon_name="offline")
        self.undo, self.alarms, self.files = UndoBar(self), AlarmsPane(desk), StatementFiles(desk, self)
        self._last: list[int] = []
        self._build()
        self._connect()
        self._add_keys()
        self._show_current()

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        self._load()

    def refresh(self) -> None:
        self._load()

    def current(self) -> BreakView | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def chosen(self) -> list[BreakView]:
        """What an act is about: the picked ones, else the one that is looked at."""
        row = self.current()
        return self.model.picked() or ([row] if row is not None else [])

    # ------------------------------------------------------------ what is asked

    def _load(self) -> None:
        self._asked += 1
        asked, client, query = self._asked, self._desk.client, self.filters.query()
        self.busy.start()
        self._desk.operations.read(
            self,
            lambda: client.breaks(query.status, query.kind, owner=query.owner, sort=query.sort),
            lambda page: self._show(asked, page),
            self._fail,
        )
        self._desk.operations.read(self, client.break_counts, self._show_counts, lambda _error: None)
        self.alarms.refresh()

    def _more(self) -> None:
        asked, client, query = self._asked, self._desk.client, self.filters.query()
        after = self.model.rows[-1].id if self.model.rows else 0

        def show(page: BreakPage) -> None:
            if asked == self._asked:
                self.model.append(page.rows, more=page.next is not None)

        self._desk.operations.read(
            self,
            lambda: client.breaks(query.status, query.kind, after, owner=query.owner, sort=query.sort),
            show,
            lambda _error: None,
        )

    def _show(self, asked: int, page: BreakPage) -> None:
        if asked != self._asked:
            return
        self.busy.finish()
        before, number = self.current(), max(0, self.table.currentIndex().row())
        self.model.fill(page.rows, more=page.next is not None)
        if page.rows:
            same = self.model.row_of(before.id) if before is not None else -1
            self.table.selectRow(same if same >= 0 else min(number, len(page.rows) - 1))
        self.stack.setCurrentWidget(self.splitter if page.rows else self.empty)
        self._look()

    def _show_counts(self, counts: BreakCounts) -> None:
        self.counts = counts
        self.filters.show_counts(counts)
        bind_text(self.total.setText, "ui.reconcile.total", n=counts.open, mine=counts.mine, unowned=counts.unowned)
        self.counted.emit(counts.mine + counts.unowned, False)

    def _fail(self, error: DeskError) -> None:
        self.busy.finish()
        if not self.model.rows:
            bind_made(self.failed.text.setText, lambda: word_error(error))
            self.failed.text.show()
            self.stack.setCurrentWidget(self.failed)

    def _look(self) -> None:
        """Ask for the break that is chosen; what came before it stays until then."""
        self._show_current()
        row, client = self.current(), self._desk.client
        if row is None:
            self.pane.show_break(None)
            return
        self._wanted = row.id
        self._desk.operations.read(self, lambda: client.break_detail(row.id), self._show_detail, self._tell)

    def _show_detail(self, detail: BreakDetail) -> None:
        if detail.id == self._wanted:
            self.pane.show_break(detail)

    def _show_current(self) -> None:
        row, rows = self.current(), self.chosen()
        opened, settled = any(one.status == "open" for one in rows), any(one.status == "resolved" for one in rows)
        self.resolve.setVisible(self._desk.has(*SETTLERS) and not settled)
        self.reopen.setVisible(self._desk.has(*SETTLERS) and settled)
        self.assign.setVisible(self._desk.has(*ASSIGNERS))
        self.resolve.setEnabled(opened)
        self.assign.setEnabled(opened)
        known = row is not None and bool(row.ref)
        self.case.set_words("ui.reconcile.open_case" if known else "ui.reconcile.make_case")
        makes = row is not None and row.order is not None and row.status == "open" and self._desk.has(*ASSIGNERS)
        self.case.setEnabled(known or makes)
        picked = len(self.model.picked())
        bind_text(self.picked.setText, "ui.reconcile.picked", n=picked)
        self.picked.setVisible(picked > 0)

    # ------------------------------------------------------------ what is done

    def _resolve(self) -> None:
        rows = [row for row in self.chosen() if row.status == "open"]
        if rows and self._desk.has(*SETTLERS):
            dialog = ResolveDialog(self, rows)
            dialog.chosen.connect(lambda how, reason: self._send_resolve(rows, how, reason))
            dialog.open()

    def _send_resolve(self, rows: list[BreakView], how: Resolution, reason: str) -> None:
        body = ResolveBreaks(breaks=[row.id for row in rows], resolution=how, reason=reason)
        client = self._desk.client
        self._write(lambda key: client.resolve_breaks(body, key), lambda done: self._resolved(rows, done))

    def _resolved(self, rows: list[BreakView], results: list[ResolvedOne]) -> None:
        done = self._settled(rows, results)
        if done:
            self._last = done
            self.undo.offer(lambda: tr("ui.reconcile.resolved", n=len(done)))

    def _take_back(self) -> None:
        """What was settled just now, or the ones that are chosen."""
        numbers = self._last or [row.id for row in self.chosen() if row.status == "resolved"]
        self._last = []
        self.undo.stop()
        if numbers and self._desk.has(*SETTLERS):
            body, client = ReopenBreaks(breaks=numbers), self._desk.client
            rows = [row for row in self.model.rows if row.id in numbers]
            self._write(lambda key: client.reopen_breaks(body, key), lambda done: self._settled(rows, done))

    def _assign(self) -> None:
        rows = [row for row in self.chosen() if row.status == "open"]
        if rows and self.counts is not None and self._desk.has(*ASSIGNERS):
            dialog = AssignDialog(self, self.counts.owners, self._desk.me.person.id, len(rows))
            dialog.chosen.connect(lambda person: self._send_assign(rows, person))
            dialog.open()

    def _send_assign(self, rows: list[BreakView], person: int) -> None:
        body, client = AssignBreaks(breaks=[row.id for row in rows], person=person), self._desk.client
        self._write(lambda key: client.assign_breaks(body, key), lambda done: self._settled(rows, done))

    def _settled(self, rows: list[BreakView], results: list[ResolvedOne]) -> list[int]:
        """One result per row where not all went well; the ids of those that did."""
        if any(one.error is not None for one in results):
            ResultDialog(self, results, {row.id: about(row) for row in rows}).open()
        self.model.unpick()
        self._load()
        return [one.id for one in results if one.error is None]

    def _open(self) -> None:
        row, client = self.current(), self._desk.client
        if row is None or not self.case.isEnabled():
            return
        if row.ref:
            self.open_case.emit(row.ref)
            return
        self._write(lambda key: client.case_of_break(row.id, key), self._made)

    def _made(self, row: BreakView) -> None:
        self._load()
        if row.ref:
            self.open_case.emit(row.ref)

    def _undo_match(self, match: MatchView) -> None:
        dialog = TextDialog(
            self,
            "ui.reconcile.undo_match",
            "ui.reconcile.reason",
            "ui.reconcile.undo_match",
            lead_key="ui.reconcile.undo_match.text",
            lines=True,
        )
        client = self._desk.client
        dialog.given.connect(
            lambda reason: self._write(
                lambda key: client.undo_match(match.id, UndoMatch(reason=reason), key), lambda _match: self._run()
            )
        )
        dialog.open()

    def _write(self, call: Callable[[str], Any], success: Callable[[Any], object]) -> None:
        self._desk.operations.write(self, call, lambda value: _none(success(value)), self._tell, key=new_key())

    def _tell(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    # ------------------------------------------------------------ runs and files

    def _run(self) -> None:
        """Compare what is new, now; the desk does so by itself every few seconds."""
        if self._desk.has(*SETTLERS):
            self.busy.start()
            self.watch.run(self._desk.client.reconcile, self._ran, self._tell, self.busy.progress)

    def _ran(self, job: Job) -> None:
        self.busy.finish()
        if job.status == "done" and job.result is not None:
            said = dict(job.result)
            self.note.tell("ok", lambda: tr("command.reconcile.found", **said))
        elif job.problem is not None:
            problem = job.problem
            self.note.tell("danger", lambda: word(problem))
        self._load()

    def save_to(self, path: Path) -> None:
        """The breaks that the filters find, every page of them."""
        client, query = self._desk.client, self.filters.query()
        self.strip.save(lambda: client.export_breaks(query.status, query.kind), path)

    def _bring(self) -> None:
        """Channels that breaks speak of are offered."""
        if self._desk.has(*SETTLERS):
            lines = [one for row in self.model.rows for one in (*row.here, *row.there)]
            self.files.choose(sorted({one.source.removeprefix("desk:") for one in lines}))

    def _taken(self, taken: StatementTaken) -> None:
        self.busy.finish()
        self.note.tell("warn" if taken.bad or taken.findings else "ok", lambda: said_of(taken))
        self._run()

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        retry = KeyButton("ui.retry", icon_name="refresh")
        retry.clicked.connect(self.start)
        self.failed.add_button(retry)
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.table)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(12)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(card)
        self.splitter.addWidget(self._right())
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([760, 440])
        if self._desk.state is not None:
            self._desk.state.keep_splitter(self.splitter, "reconciliation")
        for page in (self.splitter, self.empty, self.failed):
            self.stack.addWidget(page)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(10)
        column.addLayout(self._head())
        for part in (self.strip, self.alarms):
            column.addWidget(part)
        column.addWidget(self.filters)
        for widget, stretch in ((self.busy, 0), (self.note, 0), (self.stack, 1)):
            column.addWidget(widget, stretch)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(words_label("ui.reconcile.title", "title"))
        head.addWidget(self.total)
        head.addStretch()
        head.addWidget(self.save)
        for button in (self.bring, self.run):
            head.addWidget(button)
            button.setVisible(self._desk.has(*SETTLERS))
        return head

    def _right(self) -> QWidget:
        right = QWidget()
        right.setMinimumWidth(380)
        self.picked = PlainLabel(look="strong")
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.case)
        foot.addStretch()
        for widget in (self.picked, self.assign, self.reopen, self.resolve):
            foot.addWidget(widget)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.pane, 1)
        column.addLayout(foot)
        return right

    def _connect(self) -> None:
        self.filters.changed.connect(self._load)
        self.alarms.open_case.connect(self.open_case)
        self.files.begun.connect(self.busy.start)
        self.files.taken.connect(self._taken)
        self.files.failed.connect(self._tell)
        self.files.placed.connect(self.save_to)
        self.model.more_wanted.connect(self._more)
        self.model.choice_changed.connect(self._show_current)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._look())
        self.table.doubleClicked.connect(lambda _index: self._open())
        self.pane.undo_wanted.connect(self._undo_match)
        self.undo.undone.connect(self._take_back)
        self.undo.expired.connect(self._last.clear)
        for button, action in (
            (self.run, self._run),
            (self.bring, self._bring),
            (self.save, self.files.choose_place),
            (self.case, self._open),
            (self.assign, self._assign),
            (self.resolve, self._resolve),
            (self.reopen, self._take_back),
        ):
            button.clicked.connect(action)

    def _move(self, step: int) -> None:
        if self.model.rows:
            number = max(0, min(len(self.model.rows) - 1, self.table.currentIndex().row() + step))
            self.table.selectRow(number)
            self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _pick(self) -> None:
        self.model.toggle(self.table.currentIndex().row())

    def _add_keys(self) -> None:
        def add(name: str, keys: str, label: str, action: Callable[[], object], owner: QWidget | None = None) -> None:
            binding = self._desk.keys.add(
                f"reconcile.{name}", keys, label, action, owner=owner or self, context="reconcile"
            )
            for shortcut in binding.shortcuts if owner is not None else []:
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

        add("down", "J", "ui.queue.key.next", lambda: self._move(1))
        add("up", "K", "ui.queue.key.previous", lambda: self._move(-1))
        add("pick", "X", "ui.reconcile.pick", self._pick)
        add("pick_all", "Ctrl+A", "ui.reconcile.pick_all", self.model.pick_all, self.table)
        add("resolve", "R", "ui.reconcile.resolve", self._resolve)
        add("assign", "A", "ui.reconcile.assign", self._assign)
        add("reopen", "B", "ui.reconcile.reopen", self._take_back)
        add("undo", "U", "ui.undo", self.undo.undo)
        add("open", "O", "ui.reconcile.open_case", self._open)
        add("enter", "Return", "ui.reconcile.open_case", self._open, self.table)
        add("run", "Shift+R", "ui.reconcile.run", self._run)
        add("import", "I", "ui.reconcile.import", self._bring)
        add("alarms", "W", "ui.payouts.alarms", self.alarms.focus)
        add("open_alarm", "Return", "ui.reconcile.open_case", self.alarms.open_current, self.alarms.table)
        add("export", "E", "ui.reconcile.export", self.files.choose_place)
        add("filter", "F", "ui.reconcile.filter", self.filters.focus)


def _none(_value: object) -> None:
    """What a success gives is of no use to an operation."""
