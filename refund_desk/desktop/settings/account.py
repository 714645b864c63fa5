"""One's own account: who one is, password, language, theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.signin import MIN_PASSWORD
from refund_desk.desktop.theme import MODES, theme
from refund_desk.desktop.widgets import Card, FieldGrid, FieldRow, KeyButton, PlainLabel, restyle, words_label
from refund_desk.desktop.words import bind_made, bind_text, formats, member, tr, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.wire.commands import NewPassword, SessionView


class PasswordForm(QWidget):
    """Old and new password; `changed(session)` once the service has taken it. Also shown where it must be changed."""

    changed = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._key = desk, new_key()
        self.old, self.new, self.again = _secret(), _secret(), _secret()
        self.note = PlainLabel(look="small danger", wrap=True)
        self.button = KeyButton("ui.settings.password.do", look="primary")
        self.button.clicked.connect(self.submit)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        rows = (
            (self.old, "ui.settings.password.old"),
            (self.new, "ui.settings.password.new"),
            (self.again, "ui.sign_in.again"),
        )
        for row, (field, key) in enumerate(rows):
            label = words_label(key, "small strong")
            label.setBuddy(field)
            bind_text(field.setAccessibleName, key)
            field.returnPressed.connect(self.submit)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(field, 2 * row + 1, 0)
        grid.addWidget(self.note, 6, 0)
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch()
        grid.addLayout(foot, 7, 0)
        self.note.hide()

    def submit(self) -> None:
        """Check what can be checked here, then ask the service."""
        for field in (self.old, self.new, self.again):
            restyle(field, wrong="false")
        problem = self._problem()
        if problem is not None:
            field, key = problem
            restyle(field, wrong="true")
            field.setFocus()
            self._say("danger", lambda: tr(key, least=MIN_PASSWORD))
            return
        body, client = NewPassword(old=self.old.text(), new=self.new.text()), self._desk.client
        self.button.setEnabled(False)
        self._desk.operations.write(
            self, lambda _key: client.change_password(body), self._done, self._failed, key=self._key
        )

    def _problem(self) -> tuple[QLineEdit, str] | None:
        if not self.old.text():
            return self.old, "ui.sign_in.no_password"
        if len(self.new.text()) < MIN_PASSWORD:
            return self.new, "ui.sign_in.short"
        if self.new.text() != self.again.text():
            return self.again, "ui.sign_in.differ"
        return None

    def _done(self, session: SessionView) -> None:
        self._key = new_key()
        self.button.setEnabled(True)
        for field in (self.old, self.new, self.again):
            field.clear()
        self._say("ok", lambda: tr("ui.settings.password.done"))
        self.changed.emit(session)

    def _failed(self, error: DeskError) -> None:
        self._key = new_key()  # what is sent next has another content
        self.button.setEnabled(True)
        self._say("danger", lambda: word_error(error))
        self.old.setFocus()

    def _say(self, look: str, make: Callable[[], str]) -> None:
        self.note.set_look(f"small {look}")
        bind_made(self.note.setText, make)
        self.note.show()


class AccountPage(QWidget):
    """`language_chosen(code)`; the window switches and tells the service."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.fields, self.password = FieldGrid(92), PasswordForm(desk)
        self.language, self.mode = QComboBox(), QComboBox()
        self._build()
        words().changed.connect(self._reword)
        theme().changed.connect(self._choose)
        self._reword()

    def start(self) -> None:
        """Nothing to ask: the window knows who is signed in."""

    def refresh(self) -> None:
        self._reword()

    def _reword(self) -> None:
        me = self._desk.me
        self.fields.set_rows(
            [
                FieldRow("name", tr("ui.sign_in.name"), plain(me.person.name)),
                FieldRow("login", tr("ui.sign_in.login"), plain(me.login)),
                FieldRow("roles", tr("ui.settings.users.roles"), formats().join([member("role", r) for r in me.roles])),
                FieldRow("version", tr("ui.settings.version"), self._desk.status.version),
            ]
        )
        for number, mode in enumerate(MODES):
            self.mode.setItemText(number, tr(f"ui.settings.theme.{mode}"))
        self._choose()

    def _choose(self) -> None:
        self.language.setCurrentIndex(max(0, self.language.findData(words().language)))
        self.mode.setCurrentIndex(self.mode.findData(theme().mode))

    def _build(self) -> None:
        for code in ("zh", "en"):
            self.language.addItem(tr(f"ui.language.{code}"), code)
        for mode in MODES:
            self.mode.addItem(mode, mode)
        bind_text(self.language.setAccessibleName, "ui.language")
        bind_text(self.mode.setAccessibleName, "ui.settings.theme")
        self.language.activated.connect(lambda n: self.language_chosen.emit(self.language.itemData(n)))
        self.mode.activated.connect(lambda n: self.theme_chosen.emit(self.mode.itemData(n)))
        me, look, password = (
            Card("ui.settings.account.me"),
            Card("ui.settings.account.look"),
            Card("ui.settings.password"),
        )
        me.body.addWidget(self.fields)
        for key, box in (("ui.language", self.language), ("ui.settings.theme", self.mode)):
            label = words_label(key, "small strong")
            label.setBuddy(box)
            look.body.addWidget(label)
            look.body.addWidget(box)
        password.body.addWidget(self.password)
        for card in (me, look, password):
            card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(me)
        left.addWidget(look)
        left.addStretch()
        right = QVBoxLayout()
        right.addWidget(password)
        right.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 12, 0, 0)
        row.setSpacing(12)
        for column in (left, right):
            row.addLayout(column, 2)
        row.addStretch(1)


def _secret() -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setProperty("wrong", "false")
    return field
