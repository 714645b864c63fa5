"""Changes of settings that wait for a second person, and those that were settled."""

from __future__ import annotations

import json
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from refund_desk.client.api import CHANGES
from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import Banner, BusyBar, Card, FieldGrid, FieldRow, KeyButton, Pill, PlainLabel, clear
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import formats, member, tr, word, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.commands import ConfigChange

MAY = (Role.ADMINISTRATOR, Role.LEAD, Role.COMPLIANCE)
_KINDS = {"open": "warn", "approved": "ok", "declined": "danger", "void": "neutral"}


def _what(change: ConfigChange) -> str:
    return f"{tr(f'ui.settings.changes.kind.{change.kind}')} · {plain(change.subject, lines=False)}"


COLUMNS: tuple[Column[ConfigChange], ...] = (
    Column(lambda: tr("ui.settings.changes.number"), lambda c: str(c.id), 64),
    Column(lambda: tr("ui.settings.changes.what"), _what, 200),
    Column(lambda: tr("ui.settings.reason"), lambda c: plain(c.reason, lines=False)),
    Column(lambda: tr("ui.settings.changes.by"), lambda c: plain(c.proposed_by.name, lines=False), 130),
    Column(lambda: tr("ui.settings.changes.at"), lambda c: formats().moment(c.proposed_at), 130),
    Column(lambda: tr("ui.settings.users.state"), lambda c: tr(f"ui.settings.changes.{c.status}"), 120),
)


class ChangesPage(QWidget):
    """`counted(n)`: how many wait; `settled` when one was."""

    counted = Signal(int)
    settled = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = RowsModel(COLUMNS, self)
        self.table = table_of(self.model, "ui.settings.changes")
        self.busy, self.note = BusyBar(), Banner("danger", closable=True)
        self.approve = KeyButton("ui.approvals.approve", "A", "primary")
        self.decline = KeyButton("ui.approvals.decline", "D", "danger")
        self.fields, self.state = FieldGrid(92), Pill()
        self._lines = QVBoxLayout()
        self._build()
        words().changed.connect(self._show_current)
        self._show_current()

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        self._desk.operations.read(self, self._desk.client.config_changes, self._show, self._failed)

    def _further(self) -> None:
        """The changes before the oldest that is here."""
        here, client = list(self.model.rows), self._desk.client
        oldest = min(change.id for change in here)

        def show(changes: list[ConfigChange]) -> None:
            self._show([*here, *changes], more=len(changes) == CHANGES)

        self._desk.operations.read(self, lambda: client.config_changes(oldest), show, self._failed)

    def current(self) -> ConfigChange | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def ask(self, approve: bool) -> None:
        """Ask for the reason, then settle."""
        change = self.current()
        if change is None or not self.approve.isEnabled():
            return
        what = "approve" if approve else "decline"
        dialog = TextDialog(
            self,
            f"ui.settings.changes.{what}.title",
            "ui.settings.reason",
            f"ui.approvals.{what}",
            lines=True,
            look="primary" if approve else "danger",
            n=change.id,
        )
        self._desk.keep_text(f"settle/{change.id}", dialog.field)
        dialog.given.connect(lambda reason: self._settle(change, approve, reason))
        dialog.open()

    # ------------------------------------------------------------ inside

    def _settle(self, change: ConfigChange, approve: bool, reason: str) -> None:
        client = self._desk.client

        def done(_change: ConfigChange) -> None:
            self._desk.drop_text(f"settle/{change.id}")
            self.note.hide()
            self.refresh()
            self.settled.emit()

        self._desk.operations.write(
            self, lambda key: client.settle_config(change.id, approve, reason, key), done, self._failed, key=new_key()
        )

    def _show(self, changes: list[ConfigChange], *, more: bool | None = None) -> None:
        self.busy.finish()
        chosen = self.current()
        ordered = sorted(changes, key=lambda c: (c.status != "open", -c.id))
        self.model.fill(ordered, more=len(changes) == CHANGES if more is None else more)
        ids = [change.id for change in ordered]
        if ordered:
            self.table.selectRow(ids.index(chosen.id) if chosen and chosen.id in ids else 0)
        self.counted.emit(sum(change.status == "open" for change in changes))
        self._show_current()

    def _show_current(self) -> None:
        change = self.current()
        self.detail.setVisible(change is not None)
        allowed = change is not None and change.status == "open" and self._desk.has(*MAY)
        own = change is not None and change.proposed_by.id == self._desk.me.person.id
        self.approve.setEnabled(allowed and not own)
        self.decline.setEnabled(allowed)
        if change is None:
            return
        self.state.set_kind(_KINDS[change.status])
        self.state.set_text(tr(f"ui.settings.changes.{change.status}"))
        self.fields.set_rows(_fields(change, own=own))
        clear(self._lines)
        for text in _differences(change):
            self._lines.addWidget(PlainLabel(text, "mono small" if change.kind != "roles" else "", wrap=True))
        if not change.differences:
            self._lines.addWidget(PlainLabel(tr("ui.settings.changes.no_differences"), "small muted", wrap=True))

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))
        self.refresh() if error.status == 409 else None

    def _build(self) -> None:
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.table)
        self.detail = Card("ui.settings.changes.detail", scroll=True)
        self.detail.add_badge(self.state)
        self._lines.setSpacing(4)
        self.detail.body.addWidget(self.fields)
        self.detail.body.addLayout(self._lines)
        self.detail.body.addStretch()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(10)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(card)
        splitter.addWidget(self.detail)
        splitter.setSizes([260, 320])
        if self._desk.state is not None:
            self._desk.state.keep_splitter(splitter, "changes")
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.decline)
        foot.addWidget(self.approve)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(10)
        for widget in (self.busy, self.note):
            column.addWidget(widget)
        column.addWidget(splitter, 1)
        column.addLayout(foot)
        self.model.more_wanted.connect(self._further)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self._add_keys()

    def _add_keys(self) -> None:
        def add(name: str, keys: str, button: KeyButton, label: str, action: Callable[[], None]) -> None:
            button.clicked.connect(lambda: action())
            self._desk.keys.add(f"changes.{name}", keys, label, action, owner=self, context="settings")

        add("approve", "A", self.approve, "ui.approvals.approve", lambda: self.ask(True))
        add("decline", "D", self.decline, "ui.approvals.decline", lambda: self.ask(False))


def _differences(change: ConfigChange) -> list[str]:
    """One line per leaf that changes; roles by their names."""
    if change.kind != "roles":
        return [word(coded, "change") for coded in change.differences]
    return [
        tr(
            "ui.settings.changes.roles",
            before=_named(coded.params.get("before")),
            after=_named(coded.params.get("after")),
        )
        for coded in change.differences
    ]


def _named(roles: object) -> str:
    """Role labels of a list that came as JSON text."""
    try:
        found = json.loads(roles) if isinstance(roles, str) else roles
    except ValueError:
        found = [roles]
    listed = found if isinstance(found, list) else [found] if found else []
    return formats().join([member("role", str(role)) for role in listed]) or tr("ui.settings.users.no_role")


def _fields(change: ConfigChange, *, own: bool) -> list[FieldRow]:
    found = [
        ("what", _what(change)),
        ("by", f"{change.proposed_by.name} · {formats().moment(change.proposed_at)}"),
        ("why", change.reason),
    ]
    if change.kind == "roles" and isinstance(change.content, list):
        found.append(("roles", formats().join([member("role", str(role)) for role in change.content])))
    if change.verdict_by is not None and change.verdict_at is not None:
        found.append(("verdict", f"{change.verdict_by.name} · {formats().moment(change.verdict_at)}"))
        found.append(("verdict_why", change.verdict_reason or ""))
    if own and change.status == "open":
        found.append(("second", tr("ui.settings.changes.own")))
    return [FieldRow(key, tr(f"ui.settings.changes.field.{key}"), plain(text)) for key, text in found if text]
