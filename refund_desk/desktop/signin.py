"""Sign in, or on the very first start: make the first administrator."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from refund_desk.client.words import LANGUAGES
from refund_desk.desktop.widgets.busy import BusyBar
from refund_desk.desktop.widgets.buttons import KeyButton
from refund_desk.desktop.widgets.notices import Banner
from refund_desk.desktop.widgets.text import PlainLabel, restyle, words_label
from refund_desk.desktop.words import bind_text, tr, words
from refund_desk.domain.errors import DeskError

MIN_PASSWORD = 10
MODES = ("sign_in", "first")


class SignIn(QWidget):
    """`submitted(login, password)` or, in mode `first`, `made(login, name, password)`. It asks nobody itself."""

    submitted = Signal(str, str)
    made = Signal(str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("signInPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.mode = "sign_in"
        self.title, self.lead = PlainLabel(wrap=True), PlainLabel(look="muted", wrap=True)
        self.title.setObjectName("signInTitle")
        self.server = PlainLabel(look="small muted", wrap=True)
        self.login, self.name = QLineEdit(), QLineEdit()
        self.password, self.again = _password(), _password()
        self.banner = Banner("danger")
        self.banner.hide()
        self.busy = BusyBar()
        self.button = KeyButton("ui.sign_in.do", "Return", "primary")
        self.button.clicked.connect(self.submit)
        self.language = QComboBox()
        self._build()
        self.set_mode("sign_in")

    # ------------------------------------------------------------ for the window

    def set_mode(self, mode: str) -> None:
        """`sign_in`, or `first`: the form that makes the first administrator."""
        self.mode = mode
        first = mode == "first"
        for widget in (*self._first_only, self.again):
            widget.setVisible(first)
        bind_text(self.title.setText, "ui.sign_in.first.title" if first else "ui.sign_in.title")
        bind_text(self.lead.setText, "ui.sign_in.first.lead" if first else "ui.sign_in.lead")
        self.button.set_words("ui.sign_in.first.do" if first else "ui.sign_in.do")
        self.clear_error()
        self.login.setFocus()

    def set_server(self, server: str | None) -> None:
        """Address of the service; None: it runs inside this desk."""
        if server is None:
            bind_text(self.server.setText, "ui.sign_in.embedded")
        else:
            bind_text(self.server.setText, "ui.sign_in.server", server=server)

    def set_login(self, login: str) -> None:
        """Who signed in last."""
        self.login.setText(login)
        (self.password if login else self.login).setFocus()

    def set_busy(self, busy: bool) -> None:
        """While the service is asked; nothing can be typed or sent twice."""
        for widget in (self.login, self.name, self.password, self.again, self.button):
            widget.setEnabled(not busy)
        if busy:
            self.clear_error()
            self.busy.start(tr("ui.sign_in.busy"))
        else:
            self.busy.finish()

    def show_error(self, error: DeskError) -> None:
        """What the service said; the password is asked again, the login stays."""
        self.set_busy(False)
        self._complain(lambda: words().core.error(error))
        self.password.clear()
        self.again.clear()
        self.password.setFocus()

    def clear_error(self) -> None:
        self.banner.hide()
        for field in (self.login, self.name, self.password, self.again):
            restyle(field, wrong="false")

    def submit(self) -> None:
        """Check what can be checked here, then emit."""
        self.clear_error()
        problem = self._problem()
        if problem is not None:
            field, key = problem
            restyle(field, wrong="true")
            field.setFocus()
            self._complain(lambda: tr(key, least=MIN_PASSWORD))
        elif self.mode == "first":
            self.made.emit(self.login.text().strip(), self.name.text().strip(), self.password.text())
        else:
            self.submitted.emit(self.login.text().strip(), self.password.text())

    # ------------------------------------------------------------ inside

    def _problem(self) -> tuple[QLineEdit, str] | None:
        if not self.login.text().strip():
            return self.login, "ui.sign_in.no_login"
        if self.mode == "first":
            if not self.name.text().strip():
                return self.name, "ui.sign_in.no_name"
            if len(self.password.text()) < MIN_PASSWORD:
                return self.password, "ui.sign_in.short"
            if self.password.text() != self.again.text():
                return self.again, "ui.sign_in.differ"
        elif not self.password.text():
            return self.password, "ui.sign_in.no_password"
        return None

    def _complain(self, make: Callable[[], str]) -> None:
        self.banner.tell("danger", make)

    def _build(self) -> None:
        card = QFrame()
        card.setObjectName("signInCard")
        card.setFixedWidth(400)
        column = QVBoxLayout(card)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(10)
        for widget in (self.title, self.lead, self.server, self.banner):
            column.addWidget(widget)
        column.addLayout(self._form())
        column.addWidget(self.busy)
        column.addWidget(self.button)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        middle = QHBoxLayout()  # an alignment instead would lose the height that wrapped text needs
        middle.addStretch()
        middle.addWidget(card)
        middle.addStretch()
        outer.addLayout(middle)
        outer.addLayout(self._foot())
        outer.addStretch(3)

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        rows = (
            (self.login, "ui.sign_in.login"),
            (self.name, "ui.sign_in.name"),
            (self.password, "ui.sign_in.password"),
            (self.again, "ui.sign_in.again"),
        )
        labels = []
        for row, (field, key) in enumerate(rows):
            label = words_label(key, "small strong")
            label.setBuddy(field)
            labels.append(label)
            bind_text(field.setAccessibleName, key)
            field.setProperty("wrong", "false")
            field.returnPressed.connect(self.submit)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(field, 2 * row + 1, 0)
        self._first_only: tuple[QWidget, ...] = (labels[1], self.name, labels[3])
        return grid

    def _foot(self) -> QHBoxLayout:
        bind_text(self.language.setAccessibleName, "ui.language")
        for code in LANGUAGES:
            self.language.addItem(tr(f"ui.language.{code}"), code)
        self._choose()
        self.language.activated.connect(lambda index: words().use(str(self.language.itemData(index))))
        words().changed.connect(self._choose)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.language)
        row.addStretch()
        return row

    def _choose(self) -> None:
        self.language.setCurrentIndex(self.language.findData(words().language))


def _password() -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    return field
