"""Accounts: who there is, which roles, and what an administrator does with them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import Banner, BusyBar, Card, KeyButton, words_label
from refund_desk.desktop.widgets.dialogs import ConfirmDialog, Dialog, SecretDialog, TextDialog
from refund_desk.desktop.widgets.tables import Column, RowsModel, table_of
from refund_desk.desktop.words import bind_text, formats, member, tr, word_error
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.commands import ConfigChange, NewUser, TokenMade, UserMade, UserView


def _roles(user: UserView) -> str:
    return formats().join([member("role", role) for role in user.roles]) or tr("ui.settings.users.no_role")


def _state(user: UserView) -> str:
    if user.disabled:
        return tr("ui.settings.users.disabled")
    return tr("ui.settings.users.must_change" if user.must_change else "ui.settings.users.active")


COLUMNS: tuple[Column[UserView], ...] = (
    Column(lambda: tr("ui.sign_in.login"), lambda user: plain(user.login, lines=False), 130),
    Column(lambda: tr("ui.sign_in.name"), lambda user: plain(user.person.name, lines=False), 170),
    Column(lambda: tr("ui.settings.users.roles"), _roles),
    Column(lambda: tr("ui.language"), lambda user: tr(f"ui.language.{user.language}"), 90),
    Column(lambda: tr("ui.settings.users.state"), _state, 150),
)


class UsersPage(QWidget):
    """`changed` when something was proposed that a second person must approve."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = RowsModel(COLUMNS, self)
        self.table = table_of(self.model, "ui.settings.users")
        self.busy, self.note = BusyBar(), Banner("info", closable=True)
        self.add = KeyButton("ui.settings.users.add", "N", "primary")
        self.roles = KeyButton("ui.settings.users.set_roles", "R")
        self.reset = KeyButton("ui.settings.users.reset", "P")
        self.token = KeyButton("ui.settings.users.token", "T")
        self.disable = KeyButton("ui.settings.users.disable", "X", "danger")
        self._build()

    def start(self) -> None:
        self.busy.start()
        self.refresh()

    def refresh(self) -> None:
        self._desk.operations.read(self, self._desk.client.users, self._show, self._failed)

    def current(self) -> UserView | None:
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    # ------------------------------------------------------------ what is done

    def add_user(self) -> None:
        dialog = NewUserDialog(self)
        dialog.made.connect(self._add)
        dialog.open()

    def set_roles(self) -> None:
        user = self.current()
        if user is not None:
            dialog = RolesDialog(self, user)
            dialog.chosen.connect(lambda roles, reason: self._propose(user, roles, reason))
            dialog.open()

    def reset_password(self) -> None:
        user = self.current()
        if user is None:
            return
        dialog = ConfirmDialog(
            self,
            "ui.settings.users.reset.title",
            "ui.settings.users.reset.text",
            "ui.settings.users.reset",
            name=user.person.name,
        )
        dialog.confirmed.connect(lambda: self._reset(user))
        dialog.open()

    def make_token(self) -> None:
        user = self.current()
        if user is None:
            return
        dialog = TextDialog(
            self,
            "ui.settings.users.token.title",
            "ui.settings.users.token.label",
            "ui.settings.users.token",
            lead_key="ui.settings.users.token.text",
            limit=200,
            name=user.person.name,
        )
        dialog.given.connect(lambda label: self._token(user, label))
        dialog.open()

    def toggle_disabled(self) -> None:
        user = self.current()
        if user is None:
            return
        what = "enable" if user.disabled else "disable"
        dialog = ConfirmDialog(
            self,
            f"ui.settings.users.{what}.title",
            f"ui.settings.users.{what}.text",
            f"ui.settings.users.{what}",
            look="primary" if user.disabled else "danger",
            name=user.person.name,
        )
        dialog.confirmed.connect(lambda: self._disable(user))
        dialog.open()

    # ------------------------------------------------------------ inside

    def _add(self, body: NewUser) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self, lambda key: client.add_user(body, key), self._made, self._failed, key=new_key()
        )

    def _made(self, made: UserMade) -> None:
        self.refresh()
        if made.change is not None:
            self.note.tell_title("info", "ui.settings.users.roles_wait", n=made.change)
            self.changed.emit()
        self._show_password(made)

    def _propose(self, user: UserView, roles: list[Role], reason: str) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self,
            lambda key: client.set_roles(user.login, roles, reason, key),
            self._proposed,
            self._failed,
            key=new_key(),
        )

    def _proposed(self, change: ConfigChange) -> None:
        self.note.tell_title("info", "ui.settings.users.roles_wait", n=change.id)
        self.changed.emit()

    def _reset(self, user: UserView) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self, lambda _key: client.reset_user(user.login), self._show_password, self._failed, key=new_key()
        )

    def _show_password(self, made: UserMade) -> None:
        if made.one_time_password is not None:
            SecretDialog(
                self,
                "ui.settings.users.password.title",
                "ui.settings.users.password.text",
                made.one_time_password,
                name=made.user.person.name,
                login=made.user.login,
            ).open()

    def _token(self, user: UserView, label: str) -> None:
        client = self._desk.client

        def made(answer: TokenMade) -> None:
            SecretDialog(
                self,
                "ui.settings.users.token.made",
                "ui.settings.users.token.made_text",
                answer.token,
                name=user.person.name,
                label=label,
            ).open()

        self._desk.operations.write(
            self, lambda _key: client.make_token(user.login, label), made, self._failed, key=new_key()
        )

    def _disable(self, user: UserView) -> None:
        client = self._desk.client
        self._desk.operations.write(
            self,
            lambda _key: client.disable_user(user.login, not user.disabled),
            lambda _user: self.refresh(),
            self._failed,
            key=new_key(),
        )

    def _show(self, users: list[UserView]) -> None:
        self.busy.finish()
        chosen = self.current()
        self.model.fill(users)
        logins = [user.login for user in users]
        if users:
            self.table.selectRow(logins.index(chosen.login) if chosen and chosen.login in logins else 0)
        self._show_current()

    def _show_current(self) -> None:
        user = self.current()
        for button in (self.roles, self.reset, self.token, self.disable):
            button.setEnabled(user is not None)
        off = user is not None and user.disabled
        self.disable.set_words("ui.settings.users.enable" if off else "ui.settings.users.disable")

    def _failed(self, error: DeskError) -> None:
        self.busy.finish()
        self.note.tell("danger", lambda: word_error(error))

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.roles, self.reset, self.token, self.disable):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.add)
        card = Card()
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.table)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self.busy)
        column.addWidget(self.note)
        column.addWidget(card, 1)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self._add_keys()

    def _add_keys(self) -> None:
        def add(name: str, keys: str, button: KeyButton, label: str, action: Callable[[], None]) -> None:
            button.clicked.connect(lambda: action())
            self._desk.keys.add(f"users.{name}", keys, label, action, owner=self, context="settings")

        add("add", "N", self.add, "ui.settings.users.add", self.add_user)
        add("roles", "R", self.roles, "ui.settings.users.set_roles", self.set_roles)
        add("reset", "P", self.reset, "ui.settings.users.reset", self.reset_password)
        add("token", "T", self.token, "ui.settings.users.token", self.make_token)
        add("disable", "X", self.disable, "ui.settings.users.disable", self.toggle_disabled)


class _RoleBoxes(QWidget):
    """A box for each role."""

    def __init__(self, held: list[Role]) -> None:
        super().__init__()
        self.boxes = {role: QCheckBox() for role in Role}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, (role, box) in enumerate(self.boxes.items()):
            bind_text(box.setText, f"role.{role.value}")
            box.setChecked(role in held)
            grid.addWidget(box, number // 2, number % 2)

    def chosen(self) -> list[Role]:
        return [role for role, box in self.boxes.items() if box.isChecked()]


class NewUserDialog(Dialog):
    """`made(NewUser)`. Without a password of their own they get one that is good once."""

    made = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "ui.settings.users.add", "ui.settings.users.add")
        self.name, self.login, self.boxes, self.language = QLineEdit(), QLineEdit(), _RoleBoxes([]), QComboBox()
        for field, key in ((self.name, "ui.sign_in.name"), (self.login, "ui.sign_in.login")):
            field.setProperty("wrong", "false")
            bind_text(field.setAccessibleName, key)
            label = words_label(key, "small strong")
            label.setBuddy(field)
            self.body.addWidget(label)
            self.body.addWidget(field)
        for code in ("zh", "en"):
            self.language.addItem(tr(f"ui.language.{code}"), code)
        bind_text(self.language.setAccessibleName, "ui.language")
        for key, widget in (("ui.language", self.language), ("ui.settings.users.roles", self.boxes)):
            self.body.addWidget(words_label(key, "small strong"))
            self.body.addWidget(widget)
        self.add_words("ui.settings.users.add.text", "small muted")
        self.name.setFocus()

    def finish(self) -> None:
        for field in (self.name, self.login):
            if not field.text().strip():
                self.complain("ui.dialog.needed", field)
                return
        body = NewUser(
            name=self.name.text().strip(),
            login=self.login.text().strip(),
            roles=self.boxes.chosen(),
            language=self.language.currentData(),
        )
        self.accept()
        self.made.emit(body)


class RolesDialog(Dialog):
    """`chosen(roles, reason)`: a proposal, in force once a second person approves it."""

    chosen = Signal(object, str)

    def __init__(self, parent: QWidget, user: UserView) -> None:
        super().__init__(parent, "ui.settings.users.set_roles.title", "ui.settings.propose", name=user.person.name)
        self._before = set(user.roles)
        self.boxes, self.reason = _RoleBoxes(user.roles), QLineEdit()
        self.reason.setProperty("wrong", "false")
        bind_text(self.reason.setAccessibleName, "ui.settings.reason")
        self.body.addWidget(self.boxes)
        self.body.addWidget(words_label("ui.settings.reason", "small strong"))
        self.body.addWidget(self.reason)
        self.add_words("ui.settings.second_person", "small muted")

    def finish(self) -> None:
        roles, reason = self.boxes.chosen(), self.reason.text().strip()
        if set(roles) == self._before:
            self.complain("ui.settings.users.same_roles")
        elif not reason:
            self.complain("ui.dialog.needed", self.reason)
        else:
            self.accept()
            self.chosen.emit(roles, reason)
