"""One measurement of the window in a process of its own: `python -m tests.bench.window_child KIND [HOME]`.

Kinds: `bare` (an empty PySide6 window), `imports` (that, and the imports of fastapi, sqlalchemy.orm and httpx),
`start` (our desk up to its first painted queue), `work` (cases opened by key, ten seconds of scrolling, memory).
Each says what happened as a line of JSON the moment it happens; whoever started it holds the watch.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refund_desk.desktop.main import DeskWindow

PATIENCE_S, STANDS_S = 20.0, 120.0
SCROLL_S = 10.0
STEP_MS = 16
"""The list moves once a frame."""


def say(what: str, **more: object) -> None:
    """A word, with the processor time spent so far: what the rest of the machine does isn't in it."""
    print(json.dumps({"what": what, "cpu_ms": round(time.process_time() * 1_000), **more}), flush=True)


# ---------------------------------------------------------------- floors


def bare(imports: bool) -> None:
    """A window with a word in it, painted; then, if wanted, the imports that our service needs."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

    app = QApplication(sys.argv[:1])
    window = QMainWindow()
    label = QLabel("bench")
    window.setCentralWidget(label)
    window.resize(1440, 900)

    def painted() -> None:
        say("window")
        if imports:
            import fastapi  # noqa: F401
            import httpx  # noqa: F401
            import sqlalchemy.orm  # noqa: F401

            say("imports")
        app.quit()

    on_paint(label, lambda: QTimer.singleShot(0, painted))
    window.show()
    app.exec()


def on_paint(widget: Any, call: Callable[[], object], when: Callable[[], bool] = lambda: True) -> Any:
    """Call once, with the first paint of the widget at which something is so."""
    from PySide6.QtCore import QEvent, QObject

    class Watch(QObject):
        done = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if not self.done and event.type() == QEvent.Type.Paint and when():
                self.done = True
                call()
            return False

    watch = Watch(widget)
    widget.installEventFilter(watch)
    return watch


# ---------------------------------------------------------------- our desk


def desk(home: Path, then: Callable[[DeskWindow], None]) -> int:
    """The command's own way to a window, signed in by a token as at a server; `then` with the first page there."""
    import refund_desk.desktop  # noqa: F401 - before Qt
    from refund_desk.commands.preflight import check_window
    from refund_desk.commands.window import OwnDesk, show

    check_window()
    from refund_desk.desktop import app as desk_app
    from refund_desk.desktop.shell import MainWindow
    from refund_desk.settings import Settings

    class Signed(OwnDesk):
        def _client(self) -> Any:
            client = super()._client()
            client.token = sys.stdin.readline().strip()
            return client

    class Watched(MainWindow):
        """Watched as the bare window is. A filter over the whole application would load every class of Qt."""

        def __init__(self, state: Any) -> None:
            super().__init__(state)
            on_paint(self.outer, lambda: say("shell"))

    desk_app.MainWindow = Watched  # type: ignore[assignment, attr-defined]
    state = home.parent / "window"
    state.mkdir(exist_ok=True)
    (state / "desktop.ini").write_text("[look]\nview=queue\nlanguage=zh\n", "utf-8")
    options = desk_app.DeskOptions(state, language="zh", ready=then)
    return show(Signed(home, Settings(key_dir=home.parent / "keys")), options)


def start(window: DeskWindow) -> None:
    """Say when the queue's rows are painted, then go."""
    from PySide6.QtCore import QTimer

    panel = window.queue

    def painted() -> None:
        say("queue", rows=len(panel.model.rows), rss_mb=rss_mb())
        QTimer.singleShot(0, window.window.close)

    on_paint(panel.list.viewport(), painted, lambda: bool(panel.model.rows))


def rss_mb(peak: bool = False) -> float:
    """Memory of this process now, or the most it had; MB. Pages of files that are mapped count."""
    wanted = "VmHWM" if peak else "VmRSS"
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return round(int(next(line for line in lines if line.startswith(wanted)).split()[1]) / 1024, 1)


class Work:
    """A reviewer at the window: opens each of their cases by a key, then scrolls the queue."""

    def __init__(self, window: DeskWindow) -> None:
        self.desk = window
        self.opened: list[float] = []
        self.pictured: list[float] = []
        self.frames = Frames(window.window)

    def begin(self) -> None:
        """Once the window's own events are done."""
        from PySide6.QtCore import QTimer

        QTimer.singleShot(0, self._run_or_end)

    def _run_or_end(self) -> None:
        """The window would say calmly that something went wrong, and stay: here it ends instead."""
        try:
            self.run()
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    def wait(self, until: Callable[[], object]) -> None:
        """Let the window live, in an event loop as it has every day, until something is so."""
        loop_until(until)

    def run(self) -> None:
        from PySide6.QtCore import QTimer

        self.wait(lambda: self.desk.queue.model.rows)
        self._cases()
        say("memory", mb=rss_mb())
        gaps = self._scroll()
        say("done", opened=self.opened, pictured=self.pictured, gaps=gaps, rss_mb=rss_mb(), peak_mb=rss_mb(True))
        QTimer.singleShot(0, self.desk.window.close)

    # ------------------------------------------------------------ cases by key

    def _cases(self) -> None:
        """Down and Enter, again and again; nothing was fetched before. The first two warm up and aren't kept."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        queue, workspace = self.desk.queue, self.desk.workspace
        mine = queue.head.chips["mine"]
        mine.click()
        self.wait(lambda: queue.model.rows and all(row.assignee is not None for row in queue.model.rows))
        refs = [row.ref for row in queue.model.rows]
        for number, ref in enumerate(refs):
            self._quiet()
            workspace._cases.forget(ref)
            workspace.images.forget()
            queue.list.setFocus()
            QTest.keyClick(queue.list, Qt.Key.Key_Down)
            queue._idle.stop()  # nobody waits until it was fetched ahead
            if queue.current_ref() != ref:
                queue.list.setCurrentIndex(queue.model.index(number))
            begun = time.perf_counter()
            QTest.keyClick(queue.list, Qt.Key.Key_Return)
            self.wait(partial(self._shows, ref))
            self.opened.append((self._painted() - begun) * 1_000)
            self.wait(partial(self._pictures, ref))
            self.pictured.append((self._painted() - begun) * 1_000)
        self.opened, self.pictured = self.opened[2:], self.pictured[2:]

    def _shows(self, ref: str) -> bool:
        """The case stands in the window, every pane filled."""
        view = self.desk.workspace.view
        return view is not None and view.ref == ref and self.desk.workspace.page.isVisible()

    def _pictures(self, ref: str) -> bool:
        """Its small pictures are here, and the large one."""
        workspace = self.desk.workspace
        items = workspace.page.evidence.items
        return self._shows(ref) and all(
            workspace.images.have(item.id, size) is not None
            for number, item in enumerate(items)
            for size in (("thumb", "screen") if number == 0 else ("thumb",))
        )

    def _painted(self) -> float:
        """When the frame was painted that shows what is there now."""
        before = self.frames.count
        self.desk.workspace.page.update()
        self.wait(lambda: self.frames.count > before)
        return time.perf_counter()

    def _quiet(self, seconds: float = 0.25) -> None:
        """A breath between two cases: nobody opens one while the last is still coming in."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    # ------------------------------------------------------------ scrolling

    def _scroll(self) -> list[float]:
        """Ten seconds down the whole queue and back, pictures of other cases loading; the gaps of the event loop."""
        from PySide6.QtCore import QTimer

        queue, workspace = self.desk.queue, self.desk.workspace
        mine = [row.ref for row in queue.model.rows]
        queue.head.chips["mine"].click()
        self.wait(lambda: len(queue.model.rows) >= 50)
        self._quiet(1.0)
        bar = queue.list.verticalScrollBar()
        way = [1]

        def step() -> None:
            if bar.value() >= bar.maximum() or (way[0] < 0 and bar.value() <= bar.minimum()):
                way[0] = -way[0]
            bar.setValue(bar.value() + way[0] * 24)

        def load() -> None:
            workspace.images.forget()
            mine.append(mine.pop(0))
            workspace._cases.forget(mine[0])
            workspace.prefetch(mine[0])

        timers = [QTimer(), QTimer()]
        for timer, milliseconds, call in zip(timers, (STEP_MS, 200), (step, load), strict=True):
            timer.setInterval(milliseconds)
            timer.timeout.connect(call)
            timer.start()
        gaps = heartbeat(SCROLL_S)
        for timer in timers:
            timer.stop()
        return gaps


class Frames:
    """Counts the frames of a window as they are painted."""

    def __init__(self, widget: Any) -> None:
        from PySide6.QtCore import QEvent, QObject

        frames = self
        self.count = 0

        class Watch(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() == QEvent.Type.UpdateRequest:
                    frames.count += 1
                return False

        self._watch = Watch(widget)
        widget.installEventFilter(self._watch)


def loop_until(until: Callable[[], object]) -> None:
    """Run an event loop and look every two milliseconds whether it is so. AssertionError when it never is."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    deadline = time.monotonic() + PATIENCE_S

    def look() -> None:
        if until() or time.monotonic() > deadline:
            loop.quit()

    timer.setInterval(2)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    timer.stop()
    assert time.monotonic() <= deadline, "the window stands"


def heartbeat(seconds: float) -> list[float]:
    """Milliseconds between two beats of a timer that wants to beat every millisecond; those above eight."""
    from PySide6.QtCore import Qt, QTimer

    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        if now - last[0] > 0.008:
            gaps.append(round((now - last[0]) * 1_000, 2))
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(1)
    timer.timeout.connect(beat)
    timer.start()
    end = time.monotonic() + seconds
    loop_until(lambda: time.monotonic() > end)
    timer.stop()
    return sorted(gaps, reverse=True)


def idle() -> None:
    """The gaps of a window in which nothing happens: what this machine does to everybody."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    import refund_desk.desktop  # noqa: F401 - before Qt

    _application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.show()

    say("done", gaps=heartbeat(SCROLL_S / 2))


def main(kind: str, home: str = "") -> int:
    """Do what the kind says; where it stands for too long, say where and end."""
    faulthandler.dump_traceback_later(STANDS_S, exit=True)
    if kind in ("bare", "imports"):
        bare(kind == "imports")
        return 0
    if kind == "idle":
        idle()
        return 0
    if kind == "start":
        return desk(Path(home), start)
    return desk(Path(home), lambda window: Work(window).begin())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
