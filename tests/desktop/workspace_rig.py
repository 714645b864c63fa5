"""A workspace in a window with a fake service, for its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.drafts import Drafts
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.workspace import CaseWorkspace
from refund_desk.domain.words import Role
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import DeskStatus, Me
from tests.fakes import workspace_samples as samples


class Rig:
    """`page` is the CasePage; `client` the fake that was asked."""

    def __init__(self, operations: Operations, client: samples.FakeDesk, drafts: Drafts | None, *roles: Role) -> None:
        self.window, self.client = QMainWindow(), client
        me = Me(person=samples.LIN, login="lin", roles=list(roles or (Role.REVIEWER,)), language="zh")
        status = DeskStatus(
            version="0", first_start=False, demo=True, embedded=True, now=samples.NOW, currency="CNY", log_key="k"
        )
        self.opened: list[str] = []
        desk = Desk(
            client,
            operations,
            Keys(self.window),
            DeskClock(samples.NOW),
            me,
            status,
            drafts=drafts,
            open_address=self._open_address,
        )
        self.workspace = CaseWorkspace(desk)
        self.page = self.workspace.page
        self.window.setCentralWidget(self.workspace)
        self.window.resize(1180, 820)

    def _open_address(self, address: str) -> bool:
        self.opened.append(address)
        return True

    def show(self, qtbot: QtBot, ref: str) -> None:
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.workspace.open(ref)
        qtbot.waitUntil(lambda: self.workspace.view is not None)

    def texts(self, inside: QWidget | None = None) -> list[str]:
        """Every text of a label that can be seen."""
        labels = (inside or self.window).findChildren(QLabel)
        return [label.text() for label in labels if label.isVisible() and label.text()]


@contextmanager
def rig(
    qtbot: QtBot, operations: Operations, *views: CaseView, drafts: Path | None = None, roles: tuple[Role, ...] = ()
) -> Iterator[Rig]:
    """A window on these cases; the first is open. It is gone afterwards, timers and all."""
    made = Rig(operations, samples.FakeDesk(*views), Drafts(drafts) if drafts else None, *roles)
    made.show(qtbot, views[0].ref)
    try:
        yield made
    finally:
        made.page.decision._leave()
        made.page.steps._leave()
        made.page.talk.composer._leave()
        made.window.close()
        made.window.deleteLater()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert not shiboken6.isValid(made.window)
