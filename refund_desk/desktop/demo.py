"""The people of a demo desk, to be signed in as by one click."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.widgets import KeyButton, words_label
from refund_desk.desktop.words import member, words
from refund_desk.domain.people import DEMO_PASSWORD
from refund_desk.domain.words import Role
from refund_desk.wire.commands import DemoAccount

COLUMNS = 4
_ORDER = {role: number for number, role in enumerate(Role)}


class DemoPeople(QWidget):
    """`chosen(login)`; ordered by role, reviewers first."""

    chosen = Signal(str)

    def __init__(self, accounts: Sequence[DemoAccount], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ordered = sorted(accounts, key=lambda a: (min((_ORDER[r] for r in a.roles), default=99), a.login))
        self.buttons = {account.login: KeyButton(look="link") for account in ordered}
        self._accounts = {account.login: account for account in ordered}
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        for number, (login, button) in enumerate(self.buttons.items()):
            button.clicked.connect(partial(self.chosen.emit, login))
            grid.addWidget(button, number // COLUMNS, number % COLUMNS, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        column.setSpacing(6)
        lead = words_label("ui.main.demo", "small muted", password=DEMO_PASSWORD)
        column.addWidget(lead, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(grid)
        words().changed.connect(self._reword)
        self._reword()

    def _reword(self) -> None:
        for login, button in self.buttons.items():
            account = self._accounts[login]
            roles = [member("role", role) for role in account.roles]
            button.set_label(plain(" · ".join([account.name, *roles]), lines=False))
