"""What is on record of one person's work: skills and shifts, absence, conflicts of interest, deputies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QDateTime, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import Banner, KeyButton, PlainLabel, clear, words_label
from refund_desk.desktop.widgets.dialogs import Dialog
from refund_desk.desktop.words import bind_text, formats, member, tr, word_error, words
from refund_desk.desktop.workload import figures as f
from refund_desk.domain.errors import DeskError
from refund_desk.domain.fairness import Relation
from refund_desk.domain.words import Reason, RequestKind, Role
from refund_desk.wire.base import PersonRef
from refund_desk.wire.workload import (
    AbsenceBody,
    DelegationBody,
    InterestBody,
    Lasting,
    PeopleWork,
    PersonWork,
    WorkingBody,
)

LANGUAGES = ("zh", "en", "es", "pt", "fr", "de", "ja", "ko")
LADDER = (Role.SUPERVISOR, Role.LEAD, Role.FINANCE)
COLUMNS = 3

Act = Callable[[Callable[[str], Awaitable[Any]]], None]
"""Sends a change, and shows what is on record after it."""


class Boxes(QWidget):
    """Choices to be ticked, in columns; none ticked means all."""

    def __init__(self, codes: Sequence[str], label: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes = {code: QCheckBox(label(code)) for code in codes}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for number, box in enumerate(self.boxes.values()):
            grid.addWidget(box, number // COLUMNS, number % COLUMNS)

    def tick(self, codes: Sequence[str]) -> None:
        for code, box in self.boxes.items():
            box.setChecked(code in codes)

    def ticked(self) -> list[str]:
        return [code for code, box in self.boxes.items() if box.isChecked()]


class _Lines(QWidget):
    """What lasts, each with a way to end it."""

    ended = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def fill(self, rows: Sequence[tuple[int, str]], *, may_end: bool = True) -> None:
        clear(self._column)
        for number, text in rows:
            line = QHBoxLayout()
            line.addWidget(PlainLabel(text, wrap=True), 1)
            if may_end:
                end = KeyButton("ui.person.end", look="link")
                end.setAccessibleDescription(text)
                end.clicked.connect(lambda _=False, number=number: self.ended.emit(number))
                line.addWidget(end)
            self._column.addLayout(line)
        if not rows:
            self._column.addWidget(words_label("ui.person.none", "muted"))


class _Span(QWidget):
    """From and until, in local time."""

    def __init__(self, now: datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start, self.until = QDateTimeEdit(), QDateTimeEdit()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for edit, key, at in ((self.start, "from", now), (self.until, "until", now + timedelta(days=1))):
            edit.setCalendarPopup(True)
            edit.setDisplayFormat("yyyy-MM-dd HH:mm")
            edit.setDateTime(QDateTime.fromSecsSinceEpoch(int(at.timestamp())))
            label = words_label(f"ui.person.{key}", "small strong")
            label.setBuddy(edit)
            bind_text(edit.setAccessibleName, f"ui.person.{key}")
            row.addWidget(label)
            row.addWidget(edit)
        row.addStretch()

    def times(self) -> tuple[datetime, datetime]:
        start, until = (
            datetime.fromtimestamp(edit.dateTime().toSecsSinceEpoch(), UTC) for edit in (self.start, self.until)
        )
        return start, until


class PersonDialog(Dialog):
    """One person's record. `changed` after each change. Skills and shifts only by who answers for the queue."""

    changed = Signal()

    def __init__(self, parent: QWidget, desk: Desk, person: PersonRef) -> None:
        super().__init__(
            parent, "ui.person.title", "ui.close", keys="", look="plain", cancel=False, width=640, who=f.name(person)
        )
        self._desk, self._id, self._key = desk, person.id, new_key()
        self.keeper = desk.has(Role.SUPERVISOR, Role.LEAD) and person.id != desk.me.person.id
        now = desk.clock.now()
        self.note, self.tabs = Banner("danger", closable=True), QTabWidget()
        self.skills = Boxes([*map(str, Reason), *map(str, RequestKind)], f.skill, self)
        self.languages = Boxes(LANGUAGES, lambda code: member("language_name", code), self)
        self.calendar, self.away = QComboBox(self), QCheckBox()
        self.save, self.save_shift = (KeyButton("ui.person.save", look="primary", parent=self) for _ in range(2))
        for widget in (self.skills, self.languages, self.calendar, self.save, self.save_shift):
            widget.setVisible(self.keeper)
        self.absences, self.absence = _Lines(), _Span(now)
        self.interests, self.relation, self.about = _Lines(), QComboBox(), QLineEdit()
        self.delegations, self.deputy, self.delegation = _Lines(), QComboBox(), _Span(now)
        self._build()
        self.refresh()

    # ------------------------------------------------------------ what is on record

    def refresh(self) -> None:
        client = self._desk.client
        self._desk.operations.read(self, client.people_work, self._show, self._refuse)

    def _show(self, found: PeopleWork) -> None:
        mine = next((each for each in found.people if each.person.id == self._id), None)
        if mine is None:
            self.reject()
            return
        self.skills.tick(mine.skills)
        self.languages.tick(mine.languages)
        self.calendar.clear()
        self.calendar.addItem(tr("ui.person.calendar_process"), None)
        for each in found.calendars:
            label = (each.label.zh if words().language == "zh" else each.label.en) if each.label else each.id
            self.calendar.addItem(label, each.id)
        self.calendar.setCurrentIndex(max(0, self.calendar.findData(mine.calendar)))
        self.away.setChecked(mine.away)
        self._show_lasting(mine)
        self._show_deputies(found, mine)

    def _show_lasting(self, mine: PersonWork) -> None:
        def span(row: Any) -> str:
            return tr("ui.person.span", start=formats().stamp(row.start), until=formats().stamp(row.until))

        self.absences.fill([(row.id, span(row)) for row in mine.absences])
        self.interests.fill(
            [
                (row.id, f"{member('relation', row.relation)} · {row.customer or f.name(row.person)}")
                for row in mine.interests
            ],
            may_end=self.keeper,
        )
        self.delegations.fill([(row.id, f"{f.name(row.to)} · {span(row)}") for row in mine.delegations])

    def _show_deputies(self, found: PeopleWork, mine: PersonWork) -> None:
        approves = bool(set(mine.roles) & set(LADDER))
        self.tabs.setTabVisible(self.tabs.count() - 1, approves and self._desk.has(*LADDER))
        self.deputy.clear()
        for each in found.people:
            if each.person.id != self._id and set(each.roles) & set(LADDER):
                self.deputy.addItem(f.name(each.person), each.person.id)

    # ------------------------------------------------------------ what is done

    def act(self, call: Callable[[str], Awaitable[Any]]) -> None:
        """Send a change; a refused one is said here and can be sent again."""
        self._desk.operations.write(self, call, lambda _answer: self._done(), self._refuse, key=self._key)

    def _done(self) -> None:
        self._key = new_key()
        self.note.hide()
        self.about.clear()
        self.refresh()
        self.changed.emit()

    def _refuse(self, error: DeskError) -> None:
        self._key = new_key()
        self.note.tell("danger", lambda: word_error(error))

    def _save(self) -> None:
        client, person = self._desk.client, self._id
        body = WorkingBody(
            skills=self.skills.ticked(), languages=self.languages.ticked(), calendar=self.calendar.currentData()
        )
        self.act(lambda key: client.set_working(person, body, key))

    def _set_away(self, away: bool) -> None:
        client, person = self._desk.client, self._id
        self.act(lambda key: client.set_away(person, away, key))

    def _set_absence(self) -> None:
        client, person, (start, until) = self._desk.client, self._id, self.absence.times()
        self.act(lambda key: client.set_absence(person, AbsenceBody(start=start, until=until), key))

    def _declare(self) -> None:
        client, person, ref = self._desk.client, self._id, self.about.text().strip()
        if not ref:
            self.about.setFocus()
            return
        body = InterestBody(relation=Relation(self.relation.currentData()), ref=ref)
        self.act(lambda key: client.declare_interest(person, body, key))

    def _delegate(self) -> None:
        client, person, to = self._desk.client, self._id, self.deputy.currentData()
        if to is not None:
            start, until = self.delegation.times()
            body = DelegationBody(to=to, start=start, until=until)
            self.act(lambda key: client.delegate(person, body, key))

    def _end(self, what: Lasting, number: int) -> None:
        client = self._desk.client
        self.act(lambda key: client.end_lasting(what, number, key))

    # ------------------------------------------------------------ layout

    def _build(self) -> None:
        self.note.hide()
        self.body.addWidget(self.note)
        self.body.addWidget(self.tabs)
        self.ok.setShortcut("")
        bind_text(self.tabs.setAccessibleName, "ui.person.record")
        if self.keeper:
            for save in (self.save, self.save_shift):
                save.clicked.connect(self._save)
            text = words_label("ui.person.skills_text", "small muted", wrap=True)
            self._page("skills", [text, self.skills, self._right(self.save)])
            languages = words_label("ui.person.languages_text", "small muted", wrap=True)
            label = words_label("ui.person.calendar", "small strong")
            label.setBuddy(self.calendar)
            bind_text(self.calendar.setAccessibleName, "ui.person.calendar")
            self._page("shift", [languages, self.languages, label, self.calendar, self._right(self.save_shift)])
        self._build_absence()
        self._build_interests()
        self._build_delegation()

    def _build_absence(self) -> None:
        bind_text(self.away.setText, "ui.person.away")
        self.away.clicked.connect(self._set_away)
        add = KeyButton("ui.person.absence_add")
        add.clicked.connect(self._set_absence)
        text = words_label("ui.person.absence_text", "small muted", wrap=True)
        self._page("absence", [self.away, text, self.absences, self.absence, self._right(add)])
        self.absences.ended.connect(lambda number: self._end("absence", number))

    def _build_interests(self) -> None:
        for relation in Relation:
            self.relation.addItem(member("relation", relation), relation.value)
        bind_text(self.relation.setAccessibleName, "ui.person.relation")
        bind_text(self.about.setAccessibleName, "ui.person.about")
        bind_text(self.about.setPlaceholderText, "ui.person.about")
        add = KeyButton("ui.person.declare")
        add.clicked.connect(self._declare)
        self.about.returnPressed.connect(self._declare)
        row, line = QWidget(), QHBoxLayout()
        row.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.relation, 0), (self.about, 1), (add, 0)):
            line.addWidget(widget, stretch)
        text = words_label("ui.person.interests_text", "small muted", wrap=True)
        self._page("interests", [text, self.interests, row])
        self.interests.ended.connect(lambda number: self._end("interest", number))

    def _build_delegation(self) -> None:
        add = KeyButton("ui.person.delegate")
        add.clicked.connect(self._delegate)
        label = words_label("ui.person.deputy", "small strong")
        label.setBuddy(self.deputy)
        bind_text(self.deputy.setAccessibleName, "ui.person.deputy")
        text = words_label("ui.person.delegation_text", "small muted", wrap=True)
        self._page("delegation", [text, self.delegations, label, self.deputy, self.delegation, self._right(add)])
        self.delegations.ended.connect(lambda number: self._end("delegation", number))

    def _page(self, name: str, widgets: Sequence[QWidget]) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(8)
        for widget in widgets:
            column.addWidget(widget)
        column.addStretch()
        self.tabs.addTab(page, tr(f"ui.person.tab.{name}"))

    @staticmethod
    def _right(button: QWidget) -> QWidget:
        row, line = QWidget(), QHBoxLayout()
        row.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        line.addStretch()
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        return row
