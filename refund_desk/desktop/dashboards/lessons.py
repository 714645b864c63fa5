"""Findings of the retrospective: what a figure taught, whose it is, until when, and what the figure says since."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards import values as v
from refund_desk.desktop.dashboards.board import WRITERS
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import Banner, BusyBar, Card, FieldGrid, FieldRow, KeyButton, words_label
from refund_desk.desktop.widgets.dialogs import Dialog, TextDialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, tr, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.lessons import Status
from refund_desk.wire.base import PersonRef
from refund_desk.wire.figures import FigureBoard, FigureMember, FigureView
from refund_desk.wire.lessons import Lessons, LessonView, NewLesson, SettleLesson

DAYS = 14
"""Until when a finding is due, unless somebody says otherwise."""


class LessonDialog(Dialog):
    """What a figure shows, whose it is, until when. `written(text, owner, due)`."""

    written = Signal(str, int, object)

    def __init__(self, parent: QWidget, title: str, people: list[PersonRef], today: date) -> None:
        super().__init__(parent, "ui.dashboards.lesson.new", "ui.dashboards.lesson.write", figure=title)
        self.text, self.owner, self.due = QPlainTextEdit(), QComboBox(), QDateEdit()
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(92)
        for person in people:
            self.owner.addItem(person.name, person.id)
        due = today + timedelta(DAYS)
        self.due.setDisplayFormat("yyyy-MM-dd")
        self.due.setCalendarPopup(True)
        self.due.setMinimumDate(QDate(today.year, today.month, today.day))
        self.due.setDate(QDate(due.year, due.month, due.day))
        for widget, key in ((self.text, "text"), (self.owner, "owner"), (self.due, "due")):
            bind_text(widget.setAccessibleName, f"ui.dashboards.lesson.{key}")
            label = words_label(f"ui.dashboards.lesson.{key}", "small strong")
            label.setBuddy(widget)
            self.body.addWidget(label)
            self.body.addWidget(widget)
        self.text.setFocus()

    def finish(self) -> None:
        text, day = self.text.toPlainText().strip(), self.due.date()
        if not text:
            self.complain("ui.dialog.needed", self.text)
            return
        self.written.emit(text, self.owner.currentData(), date(day.year(), day.month(), day.day()))
        self.accept()


class LessonsPage(QWidget):
    """All findings, open ones first; the chosen one whole."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.people: list[PersonRef] = []
        self.model = RowsModel[LessonView](_columns(), self)
        self.table = table_of(self.model, "ui.dashboards.page.lessons", 30)
        self.fields, self.busy, self.note = FieldGrid(110), BusyBar(), Banner("danger", closable=True)
        self.done = KeyButton("ui.dashboards.lesson.done", "D", "primary")
        self.drop = KeyButton("ui.dashboards.lesson.drop", "X")
        self.detail = Card("ui.dashboards.lesson", scroll=True)
        self._build()
        words().changed.connect(self._show_chosen)

    def start(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        self.busy.start()
        self._desk.operations.read(self, self._desk.client.lessons, self._show, self._failed)

    def chosen(self) -> LessonView | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def write_about(self, board: FigureBoard, figure: FigureView, of: FigureMember | None) -> None:
        """Ask what a figure of the board shows, once it is known who may own a finding."""
        if self.people:
            self._ask(board, figure, of)
            return
        self._desk.operations.read(
            self, self._desk.client.lessons, lambda found: self._show_and_ask(found, board, figure, of), self._failed
        )

    def _show_and_ask(self, found: Lessons, board: FigureBoard, figure: FigureView, of: FigureMember | None) -> None:
        self._show(found)
        self._ask(board, figure, of)

    def _ask(self, board: FigureBoard, figure: FigureView, of: FigureMember | None) -> None:
        title = tr(f"figure.{figure.name}") + ("" if of is None else f" · {v.member_label(board.by, of)}")
        dialog = LessonDialog(self.window(), title, self.people, board.today)
        member = None if of is None else of.member
        dialog.written.connect(partial(self._write, board, figure.name, member))
        dialog.open()

    def settle(self, done: bool) -> None:
        """Ask what came of it, or why it is dropped."""
        one = self.chosen()
        if one is None or one.status is not Status.OPEN or not self._desk.has(*WRITERS):
            return
        key = "done" if done else "drop"
        dialog = TextDialog(
            self.window(),
            f"ui.dashboards.lesson.{key}",
            f"ui.dashboards.lesson.{key}_why",
            f"ui.dashboards.lesson.{key}",
            lines=True,
        )
        dialog.given.connect(partial(self._settle, one.id, done))
        dialog.open()

    # ------------------------------------------------------------ inside

    def _write(self, board: FigureBoard, figure: str, member: str | None, text: str, owner: int, due: date) -> None:
        client = self._desk.client
        body = NewLesson(
            figure=figure,
            first=board.first,
            last=board.last,
            by=board.by,
            of=member,
            text=text,
            owner=owner,
            due=due,
        )
        self._desk.operations.write(
            self, lambda key: client.add_lesson(body, key), lambda _one: self.refresh(), self._failed, key=new_key()
        )

    def _settle(self, number: int, done: bool, result: str) -> None:
        client, body = self._desk.client, SettleLesson(done=done, result=result)
        self._desk.operations.write(
            self,
            lambda key: client.settle_lesson(number, body, key),
            lambda _one: self.refresh(),
            self._failed,
            key=new_key(),
        )

    def _show(self, found: Lessons) -> None:
        self.busy.finish()
        self.note.hide()
        self.people = found.people
        kept = self.chosen()
        self.model.fill(found.lessons)
        ids = [one.id for one in found.lessons]
        if ids:
            self.table.selectRow(ids.index(kept.id) if kept is not None and kept.id in ids else 0)
        self._show_chosen()

    def _show_chosen(self) -> None:
        one = self.chosen()
        self.detail.setVisible(one is not None)
        open_ = one is not None and one.status is Status.OPEN and self._desk.has(*WRITERS)
        self.done.setEnabled(open_)
        self.drop.setEnabled(open_)
        if one is not None:
            self.fields.set_rows([FieldRow(key, tr(f"ui.dashboards.lesson.{key}"), text) for key, text in _whole(one)])

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _build(self) -> None:
        self.detail.body.addWidget(self.fields)
        self.detail.body.addStretch()
        listed = Card("ui.dashboards.page.lessons")
        listed.body.setContentsMargins(0, 0, 0, 0)
        listed.body.addWidget(self.table)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addWidget(listed, 7)
        body.addWidget(self.detail, 4)
        head = QHBoxLayout()
        head.addWidget(words_label("ui.dashboards.lesson.lead", "muted"), 1)
        for button in (self.done, self.drop):
            head.addWidget(button)
            button.setVisible(self._desk.has(*WRITERS))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        for widget in (self.busy, self.note):
            column.addWidget(widget)
        column.addLayout(body, 1)
        self.note.hide()
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_chosen())
        self.done.clicked.connect(partial(self.settle, True))
        self.drop.clicked.connect(partial(self.settle, False))
        for name, keys, button in (("done", "D", self.done), ("drop", "X", self.drop)):
            self._desk.keys.add(
                f"lessons.{name}",
                keys,
                f"ui.dashboards.lesson.{name}",
                partial(self.settle, name == "done"),
                owner=button,
                context="dashboards",
            )
        self._show_chosen()


def _columns() -> tuple[Column[LessonView], ...]:
    return (
        Column(lambda: tr("ui.dashboards.lesson.text"), lambda one: one.text),
        Column(lambda: tr("report.field.figure"), lambda one: tr(f"figure.{one.figure}"), 136),
        Column(lambda: tr("ui.dashboards.lesson.then"), lambda one: v.said(one.then, one.unit), 68, right=True),
        Column(lambda: tr("ui.dashboards.lesson.after"), lambda one: v.said(one.after, one.unit), 68, right=True),
        Column(lambda: tr("ui.dashboards.lesson.owner"), lambda one: one.owner.name, 84),
        Column(lambda: tr("ui.dashboards.lesson.due"), lambda one: formats().day(one.due), 104),
        Column(lambda: tr("ui.dashboards.lesson.status"), _status, 78),
    )


def _status(one: LessonView) -> str:
    return tr("ui.dashboards.lesson.late") if one.late else tr(f"ui.dashboards.lesson.status.{one.status.value}")


def _whole(one: LessonView) -> list[tuple[str, str]]:
    of = "–"
    if one.by is not None:
        of = v.member_label(one.by, FigureMember(member=one.of or "", name=one.name, values={}))
    since = "–"
    if one.after_first is not None and one.after_last is not None:
        days = tr("ui.dashboards.days", first=formats().day(one.after_first), last=formats().day(one.after_last))
        since = f"{v.said(one.after, one.unit)} ({days})"
    seen = tr("ui.dashboards.days", first=formats().day(one.first), last=formats().day(one.last))
    rows = [
        ("text", one.text),
        ("figure", tr(f"figure.{one.figure}")),
        ("of", of),
        ("then", f"{v.said(one.then, one.unit)} ({seen})"),
        ("after", since),
        ("owner", one.owner.name),
        ("due", formats().day(one.due)),
        ("status", _status(one)),
        ("by", f"{one.made_by.name}, {formats().stamp(one.made_at)}"),
    ]
    if one.settled_by is not None and one.settled_at is not None:
        rows += [("result", one.result or ""), ("settled", f"{one.settled_by.name}, {formats().stamp(one.settled_at)}")]
    return rows
