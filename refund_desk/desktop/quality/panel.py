"""The place of the second look: what waits, what was known when it was decided, and one's own decision."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.quality.sample import SampleView
from refund_desk.desktop.widgets import Banner, BusyBar, Card, ElidedLabel, EmptyState, KeyButton, words_label
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_made, bind_text, formats, member, tr, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.figures import FIGURES
from refund_desk.domain.money import parse
from refund_desk.domain.words import MONEY_DECISIONS, Decision
from refund_desk.wire.quality import BlindView, MyQuality, SampleRow, SecondLook, SecondLookDone

OWN_DAYS = 90
"""Of how many days one's own decisions are told."""


class QualityPanel(QFrame):
    """What was decided first is told once the second decision is sent."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("qualityPanel")
        self._desk = desk
        self._mine: MyQuality | None = None
        self.model = RowsModel[SampleRow](_columns(), self)
        self.table = table_of(self.model, "ui.quality.waiting", 32)
        self.known, self.own = SampleView(desk), ElidedLabel(look="muted")
        self.decision, self.amount, self.note = QComboBox(), QLineEdit(), QPlainTextEdit()
        self.send = KeyButton("ui.quality.send", "Ctrl+Return", "primary")
        self.told, self.busy = Banner("info", closable=True), BusyBar()
        self.empty = EmptyState("ui.quality.nothing", "ui.quality.nothing_text", icon_name="ok")
        self.stack = QStackedWidget()
        self._build()
        self._connect()

    def start(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """What waits, and one's own figures; not while something is being typed."""
        if self.note.toPlainText().strip():
            return
        today = self._desk.clock.now().date()
        client = self._desk.client
        self.busy.start()
        self._desk.operations.read(
            self, lambda: client.my_quality(today - timedelta(OWN_DAYS - 1), today), self._show, self._failed
        )

    def submit(self) -> None:
        """Send the second decision; what is missing is said at its field."""
        sample = self.known.sample
        if sample is None or self.stack.currentIndex() != 0:
            return
        decision, note = Decision(self.decision.currentData()), self.note.toPlainText().strip()
        minor = None
        if decision in MONEY_DECISIONS:
            try:
                minor = parse(self.amount.text().strip(), sample.currency).minor
            except DeskError as error:
                self._complain(error)
                self.amount.setFocus()
                return
        if not note:
            self.told.tell("danger", lambda: tr("ui.dialog.needed"))
            self.note.setFocus()
            return
        body, client = SecondLook(decision=decision, minor=minor, note=note), self._desk.client
        self.send.setEnabled(False)
        self._desk.operations.write(
            self, lambda key: client.second_look(sample.id, body, key), self._done, self._failed, key=new_key()
        )

    # ------------------------------------------------------------ inside

    def _show(self, found: MyQuality) -> None:
        self.busy.finish()
        self._mine = found
        self.model.fill(found.waiting)
        bind_made(self.own.setText, self._own)
        self.stack.setCurrentIndex(0 if found.waiting else 1)
        if found.waiting:
            self.table.selectRow(0)
            self._open()

    def _open(self) -> None:
        row = self.table.currentIndex().row()
        if not 0 <= row < len(self.model.rows):
            return
        number, client = self.model.rows[row].id, self._desk.client
        if self.known.sample is None or self.known.sample.id != number:
            self._desk.operations.read(self, lambda: client.blind(number), self._show_sample, self._failed)

    def _show_sample(self, sample: BlindView) -> None:
        self.known.show_sample(sample)
        self.send.setEnabled(True)
        self.note.clear()
        self.amount.clear()
        self._fill_decisions()

    def _fill_decisions(self) -> None:
        sample, kept = self.known.sample, self.decision.currentData()
        self.decision.clear()
        for one in sample.decisions if sample is not None else ():
            self.decision.addItem(member("decision", one), one.value)
        self.decision.setCurrentIndex(max(0, self.decision.findData(kept)))
        self._follow_decision()

    def _follow_decision(self) -> None:
        data = self.decision.currentData()
        self.amount.setEnabled(data is not None and Decision(data) in MONEY_DECISIONS)

    def _done(self, done: SecondLookDone) -> None:
        self.note.clear()
        self.known.sample = None
        self.told.tell("ok" if done.agrees else "warn", lambda: _told(done))
        self.refresh()

    def _own(self) -> str:
        """My own figures, in one line."""
        if self._mine is None:
            return ""
        said = [
            f"{tr(f'figure.{name}')}: {formats().figure(value, FIGURES[name].unit.value)}"
            for name, value in self._mine.own.items()
        ]
        return tr("ui.quality.own", days=OWN_DAYS, figures=" · ".join(said))

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.send.setEnabled(True)
        self._complain(error)

    def _complain(self, error: DeskError) -> None:
        self.told.tell("danger", lambda: word_error(error))

    def _reword(self) -> None:
        self.known.reword()
        self._fill_decisions()

    def _build(self) -> None:
        waiting = Card("ui.quality.waiting")
        waiting.body.setContentsMargins(0, 0, 0, 0)
        waiting.body.addWidget(self.table)
        form = Card("ui.quality.decide")
        self.note.setTabChangesFocus(True)
        self.note.setObjectName("noteEdit")
        self.note.setFixedHeight(150)
        self.note.setProperty("wrong", "false")
        for widget, key in ((self.decision, "decision"), (self.amount, "amount"), (self.note, "note")):
            bind_text(widget.setAccessibleName, f"ui.quality.{key}")
            label = words_label(f"ui.quality.{key}", "small strong")
            label.setBuddy(widget)
            form.body.addWidget(label)
            form.body.addWidget(widget)
        form.body.addWidget(words_label("ui.quality.blind", "small muted", wrap=True))
        form.body.addWidget(self.send)
        form.body.addStretch()
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(waiting, 3)
        row.addWidget(self.known, 5)
        row.addWidget(form, 3)
        self.stack.addWidget(page)
        self.stack.addWidget(self.empty)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(words_label("ui.quality.title", "title"))
        head.addWidget(self.own, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.busy)
        column.addWidget(self.told)
        column.addWidget(self.stack, 1)
        self.told.hide()
        self.stack.setCurrentIndex(1)

    def _connect(self) -> None:
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._open())
        self.decision.currentIndexChanged.connect(lambda _at: self._follow_decision())
        self.send.clicked.connect(self.submit)
        words().changed.connect(self._reword)
        add = self._desk.keys.add
        add("quality.send", "Ctrl+Return", "ui.quality.send", self.submit, owner=self.send, context="quality")
        for name, keys, step in (("down", "J", 1), ("up", "K", -1)):
            label = "ui.queue.key.next" if step > 0 else "ui.queue.key.previous"
            add(f"quality.{name}", keys, label, partial(self._move, step), owner=self, context="quality")

    def _move(self, step: int) -> None:
        row = self.table.currentIndex().row() + step
        self.table.selectRow(max(0, min(len(self.model.rows) - 1, row)))


def _columns() -> tuple[Column[SampleRow], ...]:
    return (
        Column(lambda: tr("report.column.reason"), lambda one: member("reason", one.reason)),
        Column(lambda: tr("ui.quality.drawn"), lambda one: formats().stamp(one.drawn_at), 160),
    )


def _told(done: SecondLookDone) -> str:
    """What was decided first, now that one may know."""
    first = member("decision", done.first)
    if done.first_amount is not None:
        first = f"{first} {formats().money(done.first_amount)}"
    key = "ui.quality.agrees" if done.agrees else "ui.quality.differs"
    return tr(key, ref=done.ref, first=first)
