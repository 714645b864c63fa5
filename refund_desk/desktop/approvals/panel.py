"""The approval view: list above, the whole of one below, and what can be said to it by keyboard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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

from refund_desk.desktop.approvals.bulk import BulkDialog
from refund_desk.desktop.approvals.delegate import ApprovalDelegate
from refund_desk.desktop.approvals.detail import ApprovalDetail
from refund_desk.desktop.approvals.model import ApprovalsModel, is_void, line
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import Banner, BusyBar, Card, EmptyState, KeyButton, PlainLabel, words_label
from refund_desk.desktop.widgets.dialogs import ConfirmDialog, TextDialog
from refund_desk.desktop.words import bind_made, bind_text, tr, word, word_error
from refund_desk.domain.errors import Conflict, DeskError, Stale
from refund_desk.wire.base import Amount
from refund_desk.wire.commands import (
    ApprovalPage,
    ApprovalRow,
    ApproveMany,
    ApproveOne,
    BulkResult,
    Outcome,
    SendBack,
    Verdict,
)

PAGE, MOST = 50, 100
"""Rows of a page, and at most in one answer."""


class ApprovalsPanel(QFrame):
    """`settled(outcome)` after each that was approved, returned or declined; `counted(n, more)` for the rail."""

    open_case = Signal(str)
    settled = Signal(object)
    counted = Signal(int, bool)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("approvalsPanel")
        self._desk = desk
        self._keys: dict[tuple[str, str, str], str] = {}
        self._wanted = ""
        self.model = ApprovalsModel(desk.clock, self)
        self.list, self.detail = QListView(), ApprovalDetail(desk.clock)
        self.stack, self.busy, self.note = QStackedWidget(), BusyBar(), Banner("info", closable=True)
        self.total, self.bulk_text = PlainLabel(look="muted"), PlainLabel(look="strong")
        self.bulk = KeyButton("ui.approvals.bulk.do", "Ctrl+Shift+Return", "primary")
        self.approve = KeyButton("ui.approvals.approve", "Ctrl+Return", "primary")
        self.send_back, self.decline = (
            KeyButton("ui.approvals.return", "R"),
            KeyButton("ui.approvals.decline", "D", "danger"),
        )
        self.next, self.open = KeyButton("ui.approvals.next", "N"), KeyButton("ui.approvals.open", "O", "quiet")
        self.empty = EmptyState("ui.approvals.empty.title", "ui.approvals.empty.text", icon_name="ok")
        self.failed = EmptyState("ui.failed.title", icon_name="offline")
        self._build()
        self._connect()
        self._add_keys()
        self._show_current()

    # ------------------------------------------------------------ for the window

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        client = self._desk.client
        limit = max(PAGE, min(MOST, len(self.model.rows)))
        self._desk.operations.read(self, lambda: client.approvals(limit=limit), self._show, self._fail)

    def _more(self, cursor: str) -> None:
        client = self._desk.client
        self._desk.operations.read(
            self, lambda: client.approvals(cursor), lambda page: self._append(cursor, page), self._no_more
        )

    def _append(self, cursor: str, page: ApprovalPage) -> None:
        self.model.append(cursor, page)
        self._show_count()

    def _no_more(self, _error: DeskError) -> None:
        self.model.ask_again()

    def choose(self, ref: str) -> None:
        """Show one of them, now or as soon as it is here."""
        self._wanted = ref
        number = self.model.row_of(ref)
        if number >= 0:
            self._wanted = ""
            self.list.setCurrentIndex(self.model.index(number))
            self.list.setFocus()

    def current(self) -> ApprovalRow | None:
        index = self.list.currentIndex()
        return self.model.rows[index.row()] if index.isValid() and index.row() < len(self.model.rows) else None

    # ------------------------------------------------------------ what is shown

    def _show(self, page: ApprovalPage) -> None:
        self.busy.finish()
        rows = page.rows
        row = self.current()
        number = max(0, self.list.currentIndex().row())
        self.model.fill(rows, page.next)
        if not rows:
            self.model.fetchMore(QModelIndex())
        if rows:
            same = self.model.row_of(self._wanted or (row.ref if row else ""))
            self.list.setCurrentIndex(self.model.index(same if same >= 0 else min(number, len(rows) - 1)))
            self._wanted = ""
        self._show_count()

    def _show_count(self) -> None:
        count = len(self.model.rows)
        self.total.setVisible(count > 0)
        more = self.model.next is not None
        bind_text(self.total.setText, "ui.approvals.total_more" if more else "ui.approvals.total", n=count)
        self.stack.setCurrentWidget(self.splitter if count or more else self.empty)
        self.counted.emit(sum(row.may and not is_void(row) for row in self.model.rows), more)
        self._show_current()

    def _show_current(self) -> None:
        row = self.current()
        self.detail.show_row(row)
        allowed = row is not None and row.may and not is_void(row)
        for button in (self.approve, self.send_back, self.decline):
            button.setEnabled(allowed)
        self.open.setEnabled(row is not None)
        self.next.setEnabled(len(self.model.rows) > 1)

    def _show_choice(self) -> None:
        picked = self.model.picked()
        for widget in (self.bulk, self.bulk_text):
            widget.setVisible(bool(picked))
        if picked:
            amounts = [row.proposal.amount for row in picked if row.proposal.amount is not None]
            total = Amount(minor=sum(a.minor for a in amounts), currency=amounts[0].currency)
            bind_text(self.bulk_text.setText, "ui.approvals.bulk.chosen", n=len(picked), amount=total)

    def _fail(self, error: DeskError) -> None:
        self.busy.finish()
        if self.model.rows:
            return
        bind_made(self.failed.text.setText, lambda: word_error(error))
        self.failed.text.show()
        self.stack.setCurrentWidget(self.failed)

    # ------------------------------------------------------------ what is done

    def _key(self, row: ApprovalRow, what: str) -> str:
        """One key per content and act: a second try of the same is the same; other content is another act."""
        return self._keys.setdefault((row.ref, row.proposal.digest, what), new_key())

    def _act(self, row: ApprovalRow, what: str, call: Callable[[str], Awaitable[Outcome]]) -> None:
        for button in (self.approve, self.send_back, self.decline):
            button.setEnabled(False)
        self._desk.operations.write(
            self,
            call,
            lambda outcome: self._settled(row, outcome),
            lambda error: self._refused(row, error),
            key=self._key(row, what),
        )

    def _approve(self) -> None:
        row = self.current()
        if row is None or not self.approve.isEnabled():
            return
        body = Verdict(digest=row.proposal.digest, rests_on=row.versions)
        number, client = row.proposal.number, self._desk.client
        self._act(row, "approve", lambda key: client.approve(row.ref, number, body, key))

    def _ask_reason(self, what: str) -> None:
        row = self.current()
        if row is None or not self.approve.isEnabled():
            return
        dialog = TextDialog(
            self,
            f"ui.approvals.{what}.title",
            f"ui.approvals.{what}.reason",
            f"ui.approvals.{what}",
            lead_key="ui.approvals.quote",
            lines=True,
            look="danger" if what == "decline" else "primary",
            line=line(row),
        )
        self._desk.keep_text(_draft(row, what), dialog.field)
        dialog.given.connect(lambda reason: self._send(row, what, reason))
        dialog.open()

    def _send(self, row: ApprovalRow, what: str, reason: str) -> None:
        body = SendBack(reason=reason, rests_on=row.versions)
        client, number = self._desk.client, row.proposal.number
        call = client.return_proposal if what == "return" else client.decline_proposal
        self._act(row, f"{what}:{reason}", lambda key: call(row.ref, number, body, key))

    def _settled(self, row: ApprovalRow, outcome: Outcome) -> None:
        for what in ("return", "decline"):
            self._desk.drop_text(_draft(row, what))
        number = self.model.row_of(row.ref)
        self.model.drop(row.ref)
        if outcome.what.code.endswith("proposal.void"):
            self.note.tell("danger", lambda: _became_void(row.ref, outcome))
        else:
            self.note.tell("ok", lambda: f"{row.ref} · {word(outcome.what, 'event')}")
        if self.model.rows:
            self.list.setCurrentIndex(self.model.index(min(max(0, number), len(self.model.rows) - 1)))
        self._show_count()
        self.settled.emit(outcome)

    def _refused(self, row: ApprovalRow, error: DeskError) -> None:
        """Said where it happened; what changed under us is read again, so that one more key approves what is."""
        self.note.tell("danger", lambda: f"{row.ref} · {_worded(error)}")
        self._show_current()
        if isinstance(error, Conflict):
            self.refresh()

    def _approve_bulk(self) -> None:
        if self.model.picked():
            dialog = ConfirmDialog(
                self,
                "ui.approvals.bulk.title",
                "ui.approvals.bulk.chosen_text",
                "ui.approvals.bulk.do",
                text=self.bulk_text.text(),
            )
            dialog.confirmed.connect(self._send_bulk)
            dialog.open()

    def _send_bulk(self) -> None:
        rows = self.model.picked()
        items = [
            ApproveOne(ref=row.ref, number=row.proposal.number, digest=row.proposal.digest, rests_on=row.versions)
            for row in rows
        ]
        if not items:
            return
        body, client = ApproveMany(items=items[:100]), self._desk.client
        key = self._keys.setdefault(("", ",".join(sorted(i.digest for i in items)), "bulk"), new_key())
        self.bulk.setEnabled(False)
        self._desk.operations.write(
            self, lambda key: client.approve_many(body, key), self._bulk_done, self._bulk_failed, key=key
        )

    def _bulk_done(self, result: BulkResult) -> None:
        self.bulk.setEnabled(True)
        for row in result.rows:
            if row.ok:
                self.model.drop(row.ref)
                if row.outcome is not None:
                    self.settled.emit(row.outcome)
        BulkDialog(self, result).open()
        self._show_count()
        if not all(row.ok for row in result.rows):
            self.refresh()

    def _bulk_failed(self, error: DeskError) -> None:
        self.bulk.setEnabled(True)
        self.note.tell("danger", lambda: word_error(error))
        self.refresh()

    # ------------------------------------------------------------ keys and layout

    def _move(self, step: int) -> None:
        rows = len(self.model.rows)
        if rows:
            number = self.list.currentIndex().row() + step
            self.list.setCurrentIndex(self.model.index(max(0, min(rows - 1, number))))
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if number >= rows - 1:
                self.model.fetchMore(QModelIndex())

    def _next(self) -> None:
        """The one below; after the last the first."""
        rows = len(self.model.rows)
        if rows:
            self.list.setCurrentIndex(self.model.index((self.list.currentIndex().row() + 1) % rows))
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _open(self, _index: QModelIndex | None = None) -> None:
        row = self.current()
        if row is not None:
            self.open_case.emit(row.ref)

    def _tick(self) -> None:
        if self.current() is not None:
            self.model.toggle(self.list.currentIndex().row())

    def _build(self) -> None:
        self.list.setObjectName("plainList")
        self.list.setModel(self.model)
        self.list.setItemDelegate(ApprovalDelegate(self._desk.clock, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        bind_text(self.list.setAccessibleName, "ui.approvals.title")
        retry = KeyButton("ui.retry", icon_name="refresh")
        retry.clicked.connect(self.start)
        self.failed.add_button(retry)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(10)
        self.splitter.setChildrenCollapsible(False)
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.list)
        self.splitter.addWidget(card)
        self.splitter.addWidget(self._lower())
        self.splitter.setSizes([260, 420])
        if self._desk.state is not None:
            self._desk.state.keep_splitter(self.splitter, "approvals")
        for page in (self.splitter, self.empty, self.failed):
            self.stack.addWidget(page)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(10)
        column.addLayout(self._head())
        for widget, stretch in ((self.busy, 0), (self.note, 0), (self.stack, 1)):
            column.addWidget(widget, stretch)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(words_label("ui.approvals.title", "title"))
        head.addWidget(self.total)
        head.addStretch()
        head.addWidget(self.bulk_text)
        head.addWidget(self.bulk)
        self.bulk.hide()
        self.bulk_text.hide()
        return head

    def _lower(self) -> QWidget:
        lower = QWidget()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.open)
        foot.addStretch()
        for button in (self.next, self.send_back, self.decline, self.approve):
            foot.addWidget(button)
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.detail, 1)
        column.addLayout(foot)
        return lower

    def _connect(self) -> None:
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        self.list.doubleClicked.connect(self._open)
        self.model.choice_changed.connect(self._show_choice)
        self.model.more_wanted.connect(self._more)
        self.approve.clicked.connect(self._approve)
        self.send_back.clicked.connect(lambda: self._ask_reason("return"))
        self.decline.clicked.connect(lambda: self._ask_reason("decline"))
        self.next.clicked.connect(self._next)
        self.open.clicked.connect(lambda: self._open())
        self.bulk.clicked.connect(self._approve_bulk)
        theme().changed.connect(self.list.viewport().update)

    def _add_keys(self) -> None:
        def add(name: str, keys: str, label: str, action: Callable[[], object], owner: QWidget | None = None) -> None:
            binding = self._desk.keys.add(
                f"approvals.{name}", keys, label, action, owner=owner or self, context="approvals"
            )
            for shortcut in binding.shortcuts if owner is not None else []:
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

        add("down", "J", "ui.queue.key.next", lambda: self._move(1))
        add("up", "K", "ui.queue.key.previous", lambda: self._move(-1))
        add("approve", "Ctrl+Return", "ui.approvals.approve", self._approve)
        add("return", "R", "ui.approvals.return", lambda: self._ask_reason("return"))
        add("decline", "D", "ui.approvals.decline", lambda: self._ask_reason("decline"))
        add("next", "N", "ui.approvals.next", self._next)
        add("open", "O", "ui.approvals.open", self._open)
        add("tick", "Space", "ui.approvals.tick", self._tick, self.list)
        add("tick_alike", "Ctrl+A", "ui.approvals.tick_alike", self.model.choose_alike, self.list)
        add("bulk", "Ctrl+Shift+Return", "ui.approvals.bulk.do", self._approve_bulk)
        add("enter", "Return", "ui.approvals.open", self._open, self.list)


def _draft(row: ApprovalRow, what: str) -> str:
    return f"{what}/{row.ref}/{row.proposal.number}"


def _became_void(ref: str, outcome: Outcome) -> str:
    because = outcome.what.params.get("because", [])
    reasons = "; ".join(word(one, "void") for one in because if isinstance(one, dict))
    return tr("ui.approvals.became_void", ref=ref, reasons=reasons)


def _worded(error: DeskError) -> str:
    """An error, and where something changed under us what that was."""
    changed = error.params.get("changed") if isinstance(error, Stale) else None
    whats = [one["what"] for one in changed if isinstance(one, dict)] if isinstance(changed, list) else []
    return "\n".join([word_error(error), *(word(what, "event") for what in whats)])
