"""Starts the window: the shell is painted first, then the rest is loaded and the service connected."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from refund_desk.desktop import memory
from refund_desk.desktop.shell import MainWindow
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.theme import theme
from refund_desk.desktop.words import words

if TYPE_CHECKING:
    from refund_desk.client.api import DeskClient
    from refund_desk.desktop.main import DeskWindow

log = logging.getLogger(__name__)

HANG_UP_S = 3.0
SETTLE_MS = 1_500
"""After the first page was asked for: it is painted by then."""
Connect = Callable[[], Awaitable["DeskClient"]]


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """directory: where the window keeps its state and drafts. server: its address; None: embedded.

    login: proposed at sign-in. language: instead of what was chosen last. ready: called with the DeskWindow
    once somebody is signed in and the first page is there, for a tour or a test.
    """

    directory: Path
    server: str | None = None
    login: str = ""
    language: str | None = None
    ready: Callable[[DeskWindow], None] | None = None


def run(connect: Connect, options: DeskOptions) -> int:
    """Open the window and stay until it is closed. `connect` runs on the background loop; returns the exit code."""
    memory.begin()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("refund-desk")
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    state = DeskState(options.directory)
    theme().apply(app)
    theme().use(state.theme)
    if language := options.language or state.language:
        words().use(language)
    collector = memory.Collector(app)
    window = MainWindow(state)
    begun: list[_Behind] = []
    with catching(window):
        _AfterPaint(window, lambda: begun.append(_Behind(collector, window, connect, options)))
        window.show()
        code = app.exec()
        for behind in begun:
            behind.end()
    collector.stop()
    return code


class _Behind:
    """What is loaded once the shell was painted: asyncio, pydantic, every panel; the desk begins with it."""

    def __init__(self, collector: memory.Collector, window: MainWindow, connect: Connect, options: DeskOptions) -> None:
        from refund_desk.client.loop import LoopThread
        from refund_desk.desktop.main import DeskWindow
        from refund_desk.desktop.operations import Operations

        self._loop = LoopThread()
        self._loop.start()
        self._operations = Operations(self._loop)
        self._desk = DeskWindow(window, self._operations, connect, options)
        self._desk.ready.connect(lambda: QTimer.singleShot(SETTLE_MS, collector, collector.settle))
        self._desk.begin()

    def end(self) -> None:
        """Stop listening, hang up, join the thread."""
        self._desk.close()
        self._operations.stop()
        client = self._desk.session.client
        if client is not None:
            with contextlib.suppress(Exception):  # nobody is left to be told
                self._loop.submit(client.aclose()).result(HANG_UP_S)
        self._loop.stop()


class _AfterPaint(QObject):
    """Calls once, after the window's first paint."""

    def __init__(self, window: MainWindow, call: Callable[[], None]) -> None:
        super().__init__(window)
        self._call, self._done = call, False
        window.outer.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self._done:
            self._done = True
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._call)
        return False


class catching(contextlib.AbstractContextManager["catching"]):  # noqa: N801 - reads as a statement
    """While it lasts, an exception nobody expected is logged and said calmly; the window stays."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._before = (sys.excepthook, threading.excepthook)

    def __enter__(self) -> catching:
        sys.excepthook = self._say
        threading.excepthook = self._log
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook, threading.excepthook = self._before

    def _say(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        log.error("an unexpected error in the window", exc_info=(kind, error, trace))
        with contextlib.suppress(RuntimeError):  # the window may be gone already
            self._window.say("danger", "ui.main.bug", what=kind.__name__)

    @staticmethod
    def _log(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            log.error("an unexpected error in a thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
