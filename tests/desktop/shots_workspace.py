"""Draws the case workspace in its states to PNG: python tests/desktop/shots_workspace.py DIR [NAME…]"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from refund_desk.client.loop import LoopThread
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import MODES, theme
from refund_desk.desktop.words import tr, word_error, words
from refund_desk.desktop.workspace import CaseWorkspace
from refund_desk.desktop.workspace.compare import Compare
from refund_desk.domain.errors import Invalid
from refund_desk.domain.words import Decision, Role
from refund_desk.wire.base import PersonRef
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import DeskStatus, Me
from tests.fakes import workspace_samples as samples

SIZES = {"1280": (922, 732), "1920": (1512, 1012), "960": (600, 480)}
"""What a window of 1280×800, of 1920×1080, and of 1920×1080 at 200 % leaves to the workspace."""


def make_desk(window: QMainWindow, operations: Operations, client: samples.FakeDesk, *roles: Role) -> Desk:
    me = Me(person=PersonRef(id=7, name="林晓"), login="lin", roles=list(roles or (Role.REVIEWER,)), language="zh")
    status = DeskStatus(
        version="0", first_start=False, demo=True, embedded=True, now=samples.NOW, currency="CNY", log_key="k"
    )
    return Desk(client, operations, Keys(window), DeskClock(), me, status)


class Stage:
    """A window with the workspace in it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.loop = LoopThread()
        self.loop.start()
        self.window = QMainWindow()
        self.operations = Operations(self.loop, self.window)
        self.window.setObjectName("central")
        self.over: QWidget | None = None

    def settle(self, seconds: float = 0.6) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def open(self, view: CaseView, *roles: Role, size: str = "1280") -> CaseWorkspace:
        client = samples.FakeDesk(view)
        self.page = CaseWorkspace(make_desk(self.window, self.operations, client, *roles))
        self.window.setCentralWidget(self.page)
        self.window.resize(*SIZES[size])
        self.window.show()
        self.page.open(view.ref)
        self.settle()
        return self.page

    def save(self, name: str) -> None:
        shown, self.over = self.over or self.window, None
        shown.grab().save(str(self.target / f"{name}.png"))
        if shown is not self.window:
            shown.close()


def review(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.decision.accept()
    stage.settle(0.5)


def waiting(stage: Stage, size: str) -> None:
    stage.open(samples.waiting(), size=size)


def waiting_for(stage: Stage, size: str) -> None:
    page = stage.open(samples.waiting(), size=size)
    page.acts.wait()
    _popup(stage)


def merchant(stage: Stage, size: str) -> None:
    stage.open(samples.with_merchant(), size=size)


def fresh(stage: Stage, size: str) -> None:
    stage.open(samples.chinese(), size=size)


def other(stage: Stage, size: str) -> None:
    stage.open(samples.english(), size=size)


def returning(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.decision.take(Decision.RETURN_FIRST)
    stage.settle(0.5)


def asking(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.talk.composer.open_as("ask")
    page.page.decision.take(Decision.MORE_INFORMATION)
    stage.settle(0.5)


def merged(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.talk.toggle.setChecked(True)
    stage.settle(0.3)


def viewer(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.open_viewer(0)
    stage.settle(0.6)


def viewer_four(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.open_viewer(0)
    page.viewer.arrange(4)
    stage.settle(0.6)
    page.viewer.here().zoom_by(2)
    stage.settle(0.2)


def compare(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.compare()
    stage.settle(0.3)
    stage.over = page.findChild(Compare)


def _popup(stage: Stage) -> None:
    stage.settle(0.2)
    stage.over = QApplication.activePopupWidget()


def reasons(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.decision.take(Decision.DECLINE)
    _popup(stage)


def lines(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.decision.accept()
    page.page.decision.form.edit_lines()
    _popup(stage)


def ceilings(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.payment.most.explain()
    _popup(stage)


def clause(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.page.decision.advice.explain()
    _popup(stage)


def unmask(stage: Stage, size: str) -> None:
    page = stage.open(samples.chinese(), size=size)
    page.acts.unmask()
    _popup(stage)


def approval(stage: Stage, size: str) -> None:
    stage.open(samples.for_approval(), Role.SUPERVISOR, size=size)


def finance(stage: Stage, size: str) -> None:
    stage.open(samples.for_finance(), Role.FINANCE, size=size)


def upload(stage: Stage, size: str) -> None:
    """A file on its way, others refused."""
    view = samples.chinese()
    view = view.model_copy(update={"actions": [*view.actions, "evidence.add"]})
    pane = stage.open(view, size=size).page.evidence
    pane.show_sending(
        tr("ui.case.upload.sending", ref=view.ref, name="面单 close-up of the seal.jpg", n=2, total=5), 0, 0
    )
    pane.show_sending("…", 3, 7)
    for name, code in (("empty.jpg", "evidence.empty"), ("page.jpg", "evidence.active_content")):
        pane.tell(tr("ui.case.upload.not_added", name=name, why=word_error(Invalid("evidence.not_added", why=code))))
    pane.tell(tr("ui.case.upload.not_added", name="twice.jpg", why=tr("ui.case.upload.duplicate")))


def returned(stage: Stage, size: str) -> None:
    stage.open(samples.settled(), Role.FINANCE, size=size).page.steps.start("payout.returned")


def warehouse(stage: Stage, size: str) -> None:
    stage.open(samples.for_warehouse(), Role.WAREHOUSE, size=size)


def consulted(stage: Stage, size: str) -> None:
    view = samples.chinese().model_copy(update={"actions": ["consult.answer", "note.add"]})
    stage.open(view, Role.WAREHOUSE, size=size)


STATES: dict[str, Callable[[Stage, str], None]] = {
    "review": review,
    "fresh": fresh,
    "other": other,
    "return": returning,
    "ask": asking,
    "timeline": merged,
    "viewer": viewer,
    "viewer4": viewer_four,
    "compare": compare,
    "reasons": reasons,
    "lines": lines,
    "ceilings": ceilings,
    "clause": clause,
    "unmask": unmask,
    "approval": approval,
    "finance": finance,
    "returned": returned,
    "upload": upload,
    "warehouse": warehouse,
    "consulted": consulted,
    "waiting": waiting,
    "waiting_for": waiting_for,
    "merchant": merchant,
}


def main(target: Path, wanted: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    target.mkdir(parents=True, exist_ok=True)
    stage = Stage(target)
    for name in wanted or list(STATES):
        state, _, rest = name.partition(":")
        sizes, languages, modes = ["1280", "1920"], ["zh", "en"], list(MODES)
        if rest:
            size, language, mode = rest.split("-")
            sizes, languages, modes = [size], [language], [mode]
        for size in sizes:
            for language in languages:
                for mode in modes:
                    words().use(language)
                    theme().use(mode)
                    STATES[state](stage, size)
                    QTest.mouseMove(stage.window, stage.window.rect().bottomRight())
                    stage.save(f"{state}-{size}-{language}-{mode}")
    stage.loop.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
