"""The process in force: stages, who does what (RACI), limits; where records open; and the text, to propose a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import yaml
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.settings.touched import TouchList
from refund_desk.desktop.widgets import Banner, BusyBar, Card, KeyButton, PlainLabel, words_label
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, member, tr, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.commands import ConfigChange, ConfigProposal, ProcessView

MAY = (Role.ADMINISTRATOR, Role.LEAD, Role.COMPLIANCE)
Item = tuple[str, Mapping[str, Any]]
BY_LIMIT = "by_limit"
EXAMPLE = """vendure:
  order: https://shop.example/admin/orders/{id}
sf:
  shipment: https://carrier.example/track?number={tracking}
"""
"""What links look like, where there are none to start from."""


def label(item: Item) -> str:
    """The name of a stage or activity as the process says it, else its id."""
    text = item[1].get("label")
    if isinstance(text, Mapping):
        return plain(str(text.get("zh" if words().language == "zh" else "en", item[0])), lines=False)
    return member("decision", item[0])


def letters(item: Item, role: str) -> str:
    """The seats of a role in an activity: R, A, C (C! where required), I. A* where the limits name who it is."""
    body, found = item[1], ""
    if role in _names(body.get("R")):
        found += "R"
    a = body.get("A")
    if a == role:
        found += "A"
    elif a == BY_LIMIT and role in ("supervisor", "lead", "finance"):
        found += "A*"
    for seat in body.get("C") or []:
        named = seat.get("role") if isinstance(seat, Mapping) else seat
        if named == role:
            found += "C!" if isinstance(seat, Mapping) and seat.get("required") else "C"
            break
    if role in _names(body.get("I")):
        found += "I"
    return found


def _names(seats: Any) -> list[str]:
    return [str(seat.get("role") if isinstance(seat, Mapping) else seat) for seat in seats or []]


def _hours(item: Item) -> str:
    hours = item[1].get("limit_hours")
    return formats().duration(int(float(hours) * 3600)) if hours else ""


def _clocks(item: Item) -> str:
    clocks = item[1].get("clocks")
    running = [member("clock", name) for name, how in (clocks or {}).items() if how == "run"]
    return formats().join(running)


def _limit(item: Item, key: str) -> str:
    limits = item[1].get(key)
    if not isinstance(limits, Mapping):
        return tr("ui.settings.process.unlimited")
    return formats().join([f"{currency} {plain(str(value))}" for currency, value in limits.items()])


def _seat(role: str) -> Column[Item]:
    """The column of a role."""
    return Column(lambda: member("role", role), lambda item: letters(item, role), 86, True)


STAGES: tuple[Column[Item], ...] = (
    Column(lambda: tr("ui.settings.process.stage"), label, 170),
    Column(lambda: tr("ui.settings.process.owner"), lambda i: member("role", i[1].get("owner")), 150),
    Column(lambda: tr("ui.settings.process.limit"), _hours, 130),
    Column(lambda: tr("ui.settings.process.progress"), lambda i: member("progress", i[1].get("progress")), 170),
    Column(lambda: tr("ui.settings.process.clocks"), _clocks),
)
RACI: tuple[Column[Item], ...] = (
    Column(lambda: tr("ui.settings.process.activity"), label),
    *(_seat(role.value) for role in Role),
    Column(lambda: tr("ui.settings.process.limit"), _hours, 96),
)
LIMITS: tuple[Column[Item], ...] = (
    Column(lambda: tr("ui.settings.process.approver"), lambda i: member("role", i[1].get("role")), 130),
    Column(lambda: tr("ui.settings.process.per_order"), lambda i: _limit(i, "order")),
    Column(lambda: tr("ui.settings.process.per_customer"), lambda i: _limit(i, "customer")),
    Column(
        lambda: tr("ui.settings.process.risk_below"),
        lambda i: str(i[1]["risk_below"]) if i[1].get("risk_below") else tr("ui.settings.process.unlimited"),
        120,
    ),
)
Shown = tuple[str, str, str]
LINKS: tuple[Column[Shown], ...] = (
    Column(lambda: tr("ui.settings.links.system"), lambda i: member("system", i[0]), 170),
    Column(lambda: tr("ui.settings.links.kind"), lambda i: member("record_kind", i[1]), 170),
    Column(lambda: tr("ui.settings.links.address"), lambda i: plain(i[2], lines=False)),
)


class ProcessPage(QWidget):
    """`changed` when a change was proposed."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._views: dict[str, ProcessView] = {}
        self._edited = "process"
        self.stages, self.raci, self.limits = RowsModel(STAGES, self), RowsModel(RACI, self), RowsModel(LIMITS, self)
        self.links = RowsModel(LINKS, self)
        self.about, self.busy, self.note = PlainLabel(look="muted"), BusyBar(), Banner("danger", closable=True)
        self.edit = KeyButton("ui.settings.process.edit", "E")
        self.editor, self.reason = QPlainTextEdit(), QLineEdit()
        self.send, self.back = KeyButton("ui.settings.propose", "Ctrl+Return", "primary"), KeyButton("ui.cancel", "Esc")
        self.touches = TouchList(desk)
        self.stack, self.tabs = QStackedWidget(), QTabWidget()
        self._edit_wanted = False
        self._build()
        words().changed.connect(self._reword)

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        client = self._desk.client
        self._desk.operations.read(self, client.process, self._show, self._failed)
        self._desk.operations.read(self, lambda: client.process("links"), self._show_links, self._failed)

    @property
    def kind(self) -> str:
        """What the tab that is seen belongs to: the process or the links."""
        return "links" if self.tabs.currentIndex() == self.tabs.count() - 1 else "process"

    def edit_process(self) -> None:
        """The process in the editor, once it is here."""
        self.tabs.setCurrentIndex(0)
        self._edit_wanted = "process" not in self._views
        self.open_editor()

    def open_editor(self) -> None:
        """What is seen as text; what is proposed is its whole new content."""
        view = self._views.get(self.kind)
        if view is not None and self.edit.isEnabled():
            self._edited = self.kind
            text = yaml.safe_dump(view.content, allow_unicode=True, sort_keys=False, width=110) if view.content else ""
            self.editor.setPlainText(text)
            self._word_editor()
            self.stack.setCurrentIndex(1)
            self.editor.setFocus()

    def preview(self) -> None:
        """Which open cases the text would touch, before it is proposed."""
        content = self._typed() if self.stack.currentIndex() == 1 and self._edited == "process" else None
        if content is not None:
            self.note.hide()
            self.touches.ask(content, self._failed)

    def close_editor(self) -> None:
        self.note.hide()
        self.touches.hide()
        self.stack.setCurrentIndex(0)

    def propose(self) -> None:
        """Check what can be checked here, then propose."""
        view = self._views.get(self._edited)
        if view is None or self.stack.currentIndex() != 1:
            return
        content = self._typed()
        if content is None:
            return
        if content == view.content:
            self._complain(lambda: tr("ui.settings.process.same"))
        elif not self.reason.text().strip():
            self._complain(lambda: tr("ui.dialog.needed"))
            self.reason.setFocus()
        else:
            subject = view.name if self._edited == "process" else self._edited
            kind: Literal["process", "links"] = "links" if self._edited == "links" else "process"
            self._send(ConfigProposal(kind=kind, subject=subject, content=content, reason=self._reason()))

    # ------------------------------------------------------------ inside

    def _typed(self) -> Any:
        """The editor's text as plain values; None, and a word why, where it is no YAML."""
        try:
            return yaml.safe_load(self.editor.toPlainText()) or {}
        except yaml.YAMLError as error:
            problem = _where(error)
            self._complain(lambda: tr("ui.settings.process.bad_yaml", why=problem))
            return None

    def _reason(self) -> str:
        return self.reason.text().strip()

    def _send(self, body: ConfigProposal) -> None:
        client = self._desk.client
        self.send.setEnabled(False)
        self._desk.operations.write(
            self, lambda key: client.propose_config(body, key), self._proposed, self._failed, key=new_key()
        )

    def _proposed(self, change: ConfigChange) -> None:
        self.send.setEnabled(True)
        self.reason.clear()
        self.close_editor()
        self.note.tell_title("info", "ui.settings.users.roles_wait", n=change.id)
        self.changed.emit()

    def _show(self, view: ProcessView) -> None:
        self.busy.finish()
        self._views["process"] = view
        content = _book(view)
        self.stages.fill(list((content.get("stages") or {}).items()))
        self.raci.fill([*(content.get("activities") or {}).items(), *(content.get("decisions") or {}).items()])
        bands = (content.get("limits") or {}).get("bands") or []
        self.limits.fill([(str(number), band) for number, band in enumerate(bands)])
        self._reword()
        if self._edit_wanted:
            self.edit_process()

    def _show_links(self, view: ProcessView) -> None:
        self._views["links"] = view
        found = view.content if isinstance(view.content, Mapping) else {}
        self.links.fill([(system, kind, str(to)) for system, kinds in found.items() for kind, to in kinds.items()])

    def _word_editor(self) -> None:
        """Button and texts follow what would be, or is, edited."""
        self.edit.set_words(f"ui.settings.{self.kind}.edit")
        bind_text(self.editor.setAccessibleName, f"ui.settings.{self._edited}.text")
        bind_text(self.how.setText, f"ui.settings.{self._edited}.edit_text")
        self.editor.setPlaceholderText(EXAMPLE if self._edited == "links" else "")
        self.touches.button.setVisible(self._edited == "process")

    def _reword(self) -> None:
        view = self._views.get("process")
        if view is not None:
            self.about.setText(tr("ui.settings.process.about", name=view.name, version=view.version))
            days = (_book(view).get("limits") or {}).get("period_days")
            self.period.setText(tr("ui.settings.process.period", days=days) if days else "")
        for number, key in enumerate(("process.stages", "process.raci", "process.limits", "links")):
            self.tabs.setTabText(number, tr(f"ui.settings.{key}"))

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.send.setEnabled(True)
        self._complain(lambda: word_error(error))

    def _complain(self, make: Callable[[], str]) -> None:
        self.note.tell("danger", make)

    def _build(self) -> None:
        self.period = PlainLabel(look="small muted")
        self.legend = words_label("ui.settings.process.legend", "small muted", wrap=True)
        self.leads = words_label("ui.settings.links.legend", "small muted", wrap=True)
        pages = (
            (table_of(self.stages, "ui.settings.process.stages"), None),
            (table_of(self.raci, "ui.settings.process.raci", 28), self.legend),
            (table_of(self.limits, "ui.settings.process.limits"), self.period),
            (table_of(self.links, "ui.settings.links"), self.leads),
        )
        for table, below in pages:
            _roomy(table)
            self.tabs.addTab(_page(table, below), "")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.edit.setEnabled(self._desk.has(*MAY))
        if not self._desk.has(*MAY):
            self.edit.hide()
        head = QHBoxLayout()
        head.addWidget(self.about, 1)
        head.addWidget(self.edit)
        reading = QWidget()
        column = QVBoxLayout(reading)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self.stack.addWidget(reading)
        self.stack.addWidget(self._editing())
        self.note.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 10, 0, 0)
        outer.setSpacing(10)
        for widget in (self.busy, self.note):
            outer.addWidget(widget)
        outer.addWidget(self.stack, 1)
        self._add_keys()

    def _editing(self) -> QWidget:
        self.editor.setObjectName("yamlEditor")
        self.editor.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.editor.setTabChangesFocus(True)
        bind_text(self.reason.setPlaceholderText, "ui.settings.reason")
        bind_text(self.reason.setAccessibleName, "ui.settings.reason")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.how = PlainLabel(look="muted", wrap=True)
        column.addWidget(self.how)
        column.addWidget(self.editor, 2)
        column.addWidget(self.touches, 1)
        self.touches.hide()
        foot = QHBoxLayout()
        foot.addWidget(self.reason, 1)
        foot.addWidget(self.touches.button)
        foot.addWidget(self.back)
        foot.addWidget(self.send)
        column.addLayout(foot)
        return page

    def _add_keys(self) -> None:
        add = self._desk.keys.add
        add("process.edit", "E", "ui.settings.process.edit", self.open_editor, owner=self.edit, context="settings")
        add("process.send", "Ctrl+Return", "ui.settings.propose", self.propose, owner=self.send, context="settings")
        preview = self.touches.button
        add("process.preview", "Ctrl+P", "ui.settings.process.preview", self.preview, owner=preview, context="settings")
        preview.clicked.connect(self.preview)
        add("process.back", "Escape", "ui.cancel", self.close_editor, owner=self.back, context="settings")
        self.edit.clicked.connect(self.open_editor)
        self.tabs.currentChanged.connect(lambda _at: self._word_editor())
        self._word_editor()
        self.send.clicked.connect(self.propose)
        self.back.clicked.connect(self.close_editor)


def _book(view: ProcessView) -> Mapping[str, Any]:
    """The process itself; the content carries its reasons beside it."""
    content = view.content if isinstance(view.content, Mapping) else {}
    inside = content.get("process")
    return inside if isinstance(inside, Mapping) else content


def _page(table: QTableView, below: QWidget | None) -> QWidget:
    card = Card()
    card.body.setContentsMargins(0, 0, 0, 6 if below is not None else 0)
    card.body.addWidget(table, 1)
    if below is not None:
        below.setContentsMargins(12, 0, 12, 2)
        card.body.addWidget(below)
    return card


def _roomy(table: QTableView) -> None:
    header = table.horizontalHeader()
    header.setMinimumSectionSize(40)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = plain(str(getattr(error, "problem", error)), lines=False)
    return f"{mark.line + 1}:{mark.column + 1} {problem}" if mark is not None else problem
