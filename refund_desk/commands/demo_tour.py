"""The tour: the real window, offscreen, driven by the keys and clicks of a person, pictured on the way.

It signs in, pulls the queue, opens a case, looks at its images, proposes, approves as somebody else,
decides twenty cases by keyboard alone, and verifies and exports the log. Whatever takes too long ends it
with the name of what it waited for.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refund_desk import wiring
from refund_desk.commands.demo_fill import PASSWORD
from refund_desk.domain.errors import DeskError
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QWidget

    from refund_desk.desktop.approvals import ApprovalsPanel
    from refund_desk.desktop.audit import AuditPanel
    from refund_desk.desktop.main import DeskWindow

SIZE = (1440, 900)
TWENTY = 20
MOST_KEYS = 12
PATIENCE_S = 30.0
PLACES = ("workload", "reconciliation", "dashboards")
REVIEWER, SECOND, SUPERVISOR, AUDITOR = "linxiao", "dev", "wujing", "shenji"
# A case of each language that shows much: systems that disagree, a promise, pictures.
SHOWN = {"zh": "SO-8841207", "en": ""}


class TourFailed(DeskError):
    """The window didn't do what a person would have waited for."""


def take_tour(home: Path, settings: Settings, directory: Path, *, decide: int = TWENTY) -> int:
    """Drive the window over a demo home; pictures and tour.json in `directory`. The exit code.

    decide: how many cases to decide by keyboard alone.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    tour = _Tour(home, settings, directory, decide)
    try:
        tour.take()
    except TourFailed as failed:
        tour.picture_here("failed")
        print(f"tour: waited in vain for: {failed.params['what']}", file=sys.stderr)
        return 1
    finally:
        tour.close()
    return 0


class _Tour:
    """One window, one house, one person at a time."""

    def __init__(self, home: Path, settings: Settings, directory: Path, decide: int) -> None:
        from PySide6.QtWidgets import QApplication

        import refund_desk.desktop  # noqa: F401 - before Qt: it works around a fault of PySide6
        from refund_desk.client.loop import LoopThread
        from refund_desk.desktop import memory
        from refund_desk.desktop.app import DeskOptions
        from refund_desk.desktop.main import DeskWindow
        from refund_desk.desktop.operations import Operations
        from refund_desk.desktop.shell import MainWindow
        from refund_desk.desktop.state import DeskState
        from refund_desk.desktop.theme import theme

        self.directory, self.decide = directory, decide
        app = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(app, QApplication)
        self.app = app
        self.collector = memory.Collector(app)
        self.collector.settle()
        self.house = wiring.embedded(home, settings)
        self.keys = 0
        shutil.rmtree(directory, ignore_errors=True)
        state_dir = directory / ".state"  # of this tour alone: what another saw is not its business
        theme().apply(app)
        self.window = MainWindow(DeskState(state_dir))
        self.window.resize(*SIZE)
        self.loop = LoopThread()
        self.loop.start()
        self.operations = Operations(self.loop)

        async def connect() -> Any:
            return self.house.client()

        self.desk: DeskWindow = DeskWindow(self.window, self.operations, connect, DeskOptions(directory=state_dir))

    def close(self) -> None:
        self.desk.close()
        self.window.close()
        self.operations.stop()
        self.loop.stop()
        self.collector.stop()
        self.house.close()

    # ------------------------------------------------------------ hands and eyes

    def wait(self, what: str, until: Callable[[], object]) -> None:
        """Let the window live until something is so. Raises TourFailed."""
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > deadline:
                raise TourFailed("tour.waited", what=what)
            self._live()
            time.sleep(0.002)

    def settle(self, seconds: float = 0.35) -> None:
        """Let what is on its way arrive: pictures, fades. For the eye, never for a result."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._live()
            time.sleep(0.005)

    def _live(self) -> None:
        """A turn of the event loop. Outside `exec` Qt leaves deletions waiting: they are done here."""
        from PySide6.QtCore import QCoreApplication, QEvent

        self.app.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def press(self, key: Qt.Key, *, ctrl: bool = False, alt: bool = False) -> None:
        """One key as a person presses it, to whatever has the focus."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        held = Qt.KeyboardModifier.NoModifier
        if ctrl:
            held |= Qt.KeyboardModifier.ControlModifier
        if alt:
            held |= Qt.KeyboardModifier.AltModifier
        QTest.keyClick(self._focus(), key, held)
        self.keys += 1
        self.app.processEvents()

    def type(self, text: str) -> None:
        from PySide6.QtTest import QTest

        for letter in text:
            QTest.keyClicks(self._focus(), letter)
            self.keys += 1
        self.app.processEvents()

    def _focus(self) -> QWidget:
        from PySide6.QtWidgets import QApplication

        return QApplication.activePopupWidget() or QApplication.focusWidget() or self.window

    def picture_here(self, name: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.window.grab().save(str(self.directory / f"{name}.png"))

    def pictures(self, name: str, language: str) -> None:
        """The same moment in light and dark, in one language, switched live."""
        from refund_desk.desktop.theme import theme
        from refund_desk.desktop.words import words

        words().use(language)
        folder = self.directory / language
        folder.mkdir(parents=True, exist_ok=True)
        for mode, suffix in (("dark", "-dark"), ("light", "")):
            theme().use(mode)
            self.settle()
            self.window.grab().save(str(folder / f"{name}{suffix}.png"))

    def both(self, name: str) -> None:
        for language in ("en", "zh"):
            self.pictures(name, language)

    # ------------------------------------------------------------ the way

    def take(self) -> None:
        from PySide6.QtTest import QTest

        self.window.show()
        self.window.activateWindow()
        QTest.qWaitForWindowActive(self.window, 5000)
        self.desk.begin()
        self.sign_in(REVIEWER)
        self.queue()
        for language in ("en", "zh"):
            self.one_case(language)
        self.sign_out()
        self.sign_in(SUPERVISOR)
        self.approve()
        self.places()
        self.sign_out()
        self.sign_in(SECOND)
        keys = self.twenty()
        self.sign_out()
        self.sign_in(AUDITOR)
        audit = self.audit()
        with self.house.read() as work:
            cases = work.views.total().count
        told = {
            "cases": cases,
            "decided": len(keys),
            "keys_per_case": round(sum(keys) / max(1, len(keys)), 2),
            "most_keys": max(keys, default=0),
            **audit,
        }
        (self.directory / "tour.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
        print(json.dumps(told))
        if len(keys) < self.decide or max(keys) > MOST_KEYS or not audit["audit_verified"]:
            raise TourFailed("tour.short", what="twenty cases of twelve keys at most, and a log that verifies")

    def sign_in(self, login: str) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication, QLineEdit

        from refund_desk.desktop.signin import SignIn

        self.wait("the sign-in page", lambda: any(p.isVisible() for p in self.window.findChildren(SignIn)))
        page = next(p for p in self.window.findChildren(SignIn) if p.isVisible())
        fields = [field for field in page.findChildren(QLineEdit) if field.isVisible()]
        QTest.mouseClick(fields[0], Qt.MouseButton.LeftButton)
        fields[0].clear()
        self.wait("the login field", lambda: QApplication.focusWidget() is fields[0])
        self.type(login)
        self.press(Qt.Key.Key_Tab)
        self.type(PASSWORD)
        self.press(Qt.Key.Key_Return)
        self.wait(f"{login} to be signed in", lambda: self.desk.desk is not None and self.desk.desk.me.login == login)
        self.wait("the first page", lambda: self.window.current)
        self.settle()

    def sign_out(self) -> None:
        self.window.sign_out.emit()
        self.wait("signed out", lambda: self.desk.desk is None)

    def queue(self) -> None:
        from PySide6.QtCore import Qt

        self.press(Qt.Key.Key_Q, alt=True)
        self.wait("the queue", lambda: self.desk.queue.model.rowCount() > 0)
        for _ in range(3):
            self.press(Qt.Key.Key_J)
        self.both("queue")

    def _show_case(self, language: str) -> str:
        """The ref of a case worth showing in a language: free, decidable at once, with several pictures."""
        with self.house.read() as work:
            number = SHOWN[language]
            free = work.cases.next_free(limit=200)
            if number:
                order = work.facts.order_by_number(number)
                of_order = [state for state in free if order is not None and state.order_id == order.id]
                if of_order:
                    return of_order[0].ref
            fit = [s for s in free if s.language.startswith(language) and not s.disputed and s.amount_minor]
            best = max(fit, key=lambda s: (s.conflicts == 0, min(s.images, 5)))
            return best.ref

    def one_case(self, language: str) -> None:
        """Open a case, look at its images, fill in a decision, send it."""
        from PySide6.QtCore import Qt

        ref = self._show_case(language)
        self.press(Qt.Key.Key_K, ctrl=True)
        self.type(ref)
        self.wait("the case in the palette", lambda: self._palette_has(ref))
        self.press(Qt.Key.Key_Return)
        space = self.desk.workspace
        self.wait(f"case {ref}", lambda: space.ref == ref and space.view is not None)
        self.settle(0.8)
        self._hold(ref)
        self.pictures("case", language)
        self.press(Qt.Key.Key_Space)
        self.wait("the viewer", space.viewer.isVisible)
        if space.view is not None and len(space.view.evidence) > 1:
            self.press(Qt.Key.Key_2)
        self.settle(1.0)
        self.pictures("evidence", language)
        self.press(Qt.Key.Key_Escape)
        self.wait("the case again", space.viewer.isHidden)
        bar = space.page.decision
        self.press(Qt.Key.Key_A)
        self._fill_gaps()
        self.wait("the preview", lambda: bar.preview is not None)
        self.pictures("decision", language)
        self._send(ref)

    def _palette_has(self, ref: str) -> bool:
        model = self.window.palette_bar.list.model()
        return any(ref in str(model.index(row, 0).data()) for row in range(model.rowCount()))

    def _hold(self, ref: str) -> None:
        """Take the case if it isn't held: decisions need hands."""
        from PySide6.QtCore import Qt

        space = self.desk.workspace
        view = space.view
        if view is not None and (view.assignment is None or not view.assignment.yours):
            self.press(Qt.Key.Key_S)
            self.wait(
                f"case {ref} to be ours",
                lambda: space.view is not None and space.view.assignment is not None and space.view.assignment.yours,
            )
            self.settle(0.3)

    def _fill_gaps(self) -> None:
        """A decision below a promise needs a reason: type one where the form asks."""
        from PySide6.QtWidgets import QApplication

        bar = self.desk.workspace.page.decision
        self._previewed()
        field = bar.form.fields.get("below_promise_reason")
        if field is not None and field.isVisible():
            field.control.setFocus()
            self.wait("the reason field", lambda: QApplication.focusWidget() is not None)
            self.type("ok")

    def _send(self, ref: str) -> bool:
        """Ctrl+Enter, and what comes of it: sent, or a word of why not. False, too, where it can't be sent yet."""
        from PySide6.QtCore import Qt

        space = self.desk.workspace
        bar = space.page.decision
        self._previewed()
        if bar.missing.isVisible():  # the form says itself what it lacks
            return False
        sent: list[str] = []
        space.decided.connect(lambda done, _outcome: sent.append(done))
        self.press(Qt.Key.Key_Return, ctrl=True)
        self.wait("an answer to the decision", lambda: ref in sent or bar.notice.isVisible() or self._popup())
        return ref in sent

    def _previewed(self) -> None:
        """The service's word on the form as it stands now: asked for a moment after the last key."""
        bar = self.desk.workspace.page.decision
        self.settle(0.4)
        self.wait(
            "the preview", lambda: bar.preview is not None and bar.preview.decision.value == bar.values().decision
        )

    def _popup(self) -> bool:
        from PySide6.QtWidgets import QApplication

        return QApplication.activePopupWidget() is not None

    def approve(self) -> None:
        """As somebody else: the list, one proposal, approved."""
        from PySide6.QtCore import Qt

        self.press(Qt.Key.Key_A, alt=True)
        page: ApprovalsPanel = self.desk.panel("approvals")  # type: ignore[assignment]
        self.wait("proposals to approve", lambda: page.current() is not None)
        self.settle()
        self.both("approval")
        row = page.current()
        assert row is not None
        settled: list[Any] = []
        page.settled.connect(settled.append)
        self.press(Qt.Key.Key_Return, ctrl=True)
        self.wait(f"{row.ref} to be approved", lambda: settled)

    def twenty(self) -> list[int]:
        """Twenty cases by keyboard alone: keys per case, and seconds, printed."""
        from PySide6.QtCore import Qt

        self.press(Qt.Key.Key_Q, alt=True)
        self.wait("the queue", lambda: self.desk.queue.model.rowCount() > 0)
        space = self.desk.workspace
        per_case: list[int] = []
        self.press(Qt.Key.Key_G)
        tries = 0
        while len(per_case) < self.decide and tries < self.decide * 3:
            tries += 1
            self.wait("the next case", lambda: self._ready())
            ref, began, self.keys = space.ref, time.monotonic(), 0
            if self._decide(ref):
                per_case.append(self.keys)
                print(f"{ref}: {self.keys} keys, {time.monotonic() - began:.1f} s")
                self.wait("what comes after", lambda ref=ref: space.ref != ref)  # type: ignore[misc]
            else:
                self.press(Qt.Key.Key_G)  # this one stays in hand; what comes next is another
                self.wait("another case", lambda ref=ref: space.ref != ref)  # type: ignore[misc]
        return per_case

    def _ready(self) -> bool:
        space = self.desk.workspace
        return space.view is not None and space.view.ref == space.ref and self._mine()

    def _mine(self) -> bool:
        view = self.desk.workspace.view
        return view is not None and view.assignment is not None and view.assignment.yours

    def _decide(self, ref: str) -> bool:
        """The recommendation where it can be taken as it is; else hand the case to arbitration."""
        from PySide6.QtCore import Qt

        bar = self.desk.workspace.page.decision
        if bar.may_accept():
            self.press(Qt.Key.Key_A)
            self._fill_gaps()
            if self._send(ref):
                return True
            self.press(Qt.Key.Key_Escape)
        self.press(Qt.Key.Key_E)
        self.settle(0.05)
        self.press(Qt.Key.Key_1)
        self.settle(0.05)
        return self._send(ref)

    def places(self) -> None:
        """What a supervisor has besides: the board of work, the breaks, the figures."""
        for place in PLACES:
            self.window.open(place)
            self.settle(1.5)
            self.both(place)

    def audit(self) -> dict[str, Any]:
        """Verify and export the log from its panel."""
        from PySide6.QtCore import Qt

        self.press(Qt.Key.Key_U, alt=True)
        page: AuditPanel = self.desk.panel("audit")  # type: ignore[assignment]
        self.wait("entries", lambda: page.current() is not None)
        reports: list[Any] = []
        page.verified.connect(reports.append)
        self.press(Qt.Key.Key_V)
        self.wait("the verification", lambda: reports)
        self.settle()
        self.both("audit")
        report = reports[0]
        exported = self.directory / "audit.jsonl"
        exported.unlink(missing_ok=True)
        page.proof.export_to(exported)  # what the file dialog gives
        self.wait("the exported file", lambda: exported.exists() and page.proof.export.isEnabled())
        return {"audit_entries": report.entries, "audit_verified": bool(report.ok) and self._offline(exported)}

    def _offline(self, path: Path) -> bool:
        """The exported file, verified with the key this installation trusts and nothing else."""
        from refund_desk.service import audit_files

        with path.open("rb") as file:
            return bool(audit_files.verify_file(file, self.house.trust()).ok)
