"""Who sits here: connect, sign in, the first administrator, a password that must be changed, and again after 401."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from refund_desk.client.api import DeskClient
from refund_desk.desktop.app import Connect, DeskOptions
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.demo import DemoPeople
from refund_desk.desktop.operations import Operations, new_key
from refund_desk.desktop.shell import MainWindow
from refund_desk.desktop.signin import SignIn
from refund_desk.desktop.widgets import EmptyState, KeyButton, words_label
from refund_desk.desktop.words import unbind_text, word_error, words
from refund_desk.domain.errors import DeskError
from refund_desk.domain.people import DEMO_PASSWORD
from refund_desk.wire.commands import DemoAccount, DeskStatus, FirstAdministrator, Me, SessionView

CONNECT_S = 120.0
"""A first start makes a database, an upgrade may copy one."""
LOGIN = "session/login"


class Session(QObject):
    """`signed_in(client, me, status)` whenever somebody is at the desk; `asking` while somebody is asked who it is."""

    signed_in = Signal(object, object, object)

    def __init__(
        self, window: MainWindow, operations: Operations, connect: Connect, options: DeskOptions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._operations, self._connect, self._options = window, operations, connect, options
        self.client: DeskClient | None = None
        self.status: DeskStatus | None = None
        self.asking = True
        self._page: SignIn | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(200)
        self._wait.timeout.connect(self._show_connecting)

    def begin(self) -> None:
        """Connect; then sign in, or make the first administrator, or go on with a token that is there already."""
        self.asking = True
        self._wait.start()

        async def connect() -> tuple[DeskClient, DeskStatus]:
            client = self.client or await self._connect()
            self.client = client
            return client, await client.status()

        self._operations.read(self, connect, self._connected, self._not_connected, deadline=CONNECT_S)

    def again(self, login: str) -> None:
        """Ask who it is: the session is over, or somebody signed out."""
        self.asking = True
        if self.client is not None:
            self.client.token = None
        page = self._ask("sign_in", login or self._remembered())
        if login:
            page.show_error(SessionOver("session.over"))
        self._operations.read(self, self._need().status, self._refresh_status, lambda _error: None)

    # ------------------------------------------------------------ connecting

    def _connected(self, answer: tuple[DeskClient, DeskStatus]) -> None:
        self._wait.stop()
        client, self.status = answer
        words().set_home(self.status.currency)
        if client.token:
            self._operations.read(self, client.me, self._welcome, lambda _error: self._ask_first())
        else:
            self._ask_first()

    def _not_connected(self, error: DeskError) -> None:
        self._wait.stop()
        page = EmptyState("ui.main.no_service", icon_name="offline")
        page.setObjectName("signInPage")
        unbind_text(page.text.setText)
        page.text.setText(word_error(error))
        page.text.show()
        again = KeyButton("ui.retry", look="primary", icon_name="refresh")
        again.clicked.connect(self.begin)
        page.add_button(again)
        self._window.cover(page)

    def _show_connecting(self) -> None:
        page = EmptyState("ui.main.connecting", icon_name="time")
        page.setObjectName("signInPage")
        self._window.cover(page)

    def _refresh_status(self, status: DeskStatus) -> None:
        self.status = status

    # ------------------------------------------------------------ asking

    def _ask_first(self) -> None:
        first = self.status is not None and self.status.first_start
        self._ask("first" if first else "sign_in", self._options.login or self._remembered())

    def _ask(self, mode: str, login: str) -> SignIn:
        page = SignIn()
        page.set_server(self._options.server)
        page.submitted.connect(self._sign_in)
        page.made.connect(self._make_first)
        self._window.cover(page)
        page.set_mode(mode)
        page.set_login(login)
        self._page = page
        if mode == "sign_in" and self.status is not None and self.status.demo_accounts:
            self._offer_demo(page, self.status.demo_accounts)
        return page

    def _offer_demo(self, page: SignIn, accounts: list[DemoAccount]) -> None:
        """In a demo home one click is enough: its people are invented, and their password is no secret."""
        people, column = DemoPeople(accounts), page.layout()
        people.chosen.connect(lambda login: self._sign_in(login, DEMO_PASSWORD))
        if isinstance(column, QVBoxLayout):
            column.insertWidget(3, people, 0, Qt.AlignmentFlag.AlignHCenter)

    def _sign_in(self, login: str, password: str) -> None:
        client = self._need()
        if self._page is not None:
            self._page.set_busy(True)
        self._operations.write(
            self, lambda _key: client.sign_in(login, password), self._session, self._refused, key=new_key()
        )

    def _make_first(self, login: str, name: str, password: str) -> None:
        client = self._need()
        if self._page is not None:
            self._page.set_busy(True)
        language = "zh" if words().language == "zh" else "en"
        body = FirstAdministrator(name=name, login=login, password=password, language=language)
        self._operations.write(
            self, lambda _key: client.first_administrator(body), self._session, self._refused, key=new_key()
        )

    def _session(self, session: SessionView) -> None:
        self._welcome(session.me)

    def _refused(self, error: DeskError) -> None:
        if self._page is not None:
            self._page.show_error(error)

    def _welcome(self, me: Me) -> None:
        if me.must_change:
            self._must_change(me)
            return
        state = self._window.state
        if state is not None:
            state.set_text(LOGIN, me.login)
            if state.language is None and me.language in ("zh", "en"):
                words().use(me.language)
        self.asking, self._page = False, None
        self.signed_in.emit(self._need(), me, self.status)

    def _must_change(self, me: Me) -> None:
        """A password that was given out is good for one thing: to choose one's own."""
        assert self.status is not None
        desk = Desk(self._need(), self._operations, self._window.keys, DeskClock(parent=self), me, self.status)
        from refund_desk.desktop.settings.account import PasswordForm  # a page of its own, seldom needed here

        form = PasswordForm(desk)
        form.changed.connect(lambda session: self._welcome(session.me))
        self._window.cover(_card("ui.main.must_change", "ui.main.must_change_text", form))
        form.old.setFocus()

    def _remembered(self) -> str:
        return self._window.state.text(LOGIN) if self._window.state is not None else ""

    def _need(self) -> DeskClient:
        assert self.client is not None, "connected before anybody is asked"
        return self.client


class SessionOver(DeskError):
    """Said on the sign-in page, not raised."""

    status = 401


def _card(title_key: str, text_key: str, form: QWidget) -> QWidget:
    page, card = QWidget(), QFrame()
    page.setObjectName("signInPage")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    card.setObjectName("signInCard")
    card.setFixedWidth(420)
    inside = QVBoxLayout(card)
    inside.setContentsMargins(28, 24, 28, 24)
    inside.setSpacing(10)
    title = words_label(title_key)
    title.setObjectName("signInTitle")
    inside.addWidget(title)
    inside.addWidget(words_label(text_key, "muted", wrap=True))
    inside.addWidget(form)
    column = QVBoxLayout(page)
    column.addStretch(2)
    column.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(3)
    return page
