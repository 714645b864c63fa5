"""Windows without a display. A Qt warning fails its test, and so does a widget or timer that is left behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from refund_desk.client.loop import LoopThread
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.theme import theme as current_theme
from refund_desk.desktop.words import DeskWords
from refund_desk.desktop.words import words as current_words

HERE = Path(__file__).parent
QUIET = ("This plugin does not support .*",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*QUIET))


@pytest.fixture(scope="session")
def app(qapp: QApplication) -> QApplication:
    """The application, in our theme."""
    current_theme().apply(qapp)
    return qapp


@pytest.fixture
def theme(app: QApplication) -> Iterator[Theme]:
    """The theme, light; light again after the test."""
    current_theme().use("light")
    yield current_theme()
    current_theme().use("light")


@pytest.fixture
def words(app: QApplication) -> Iterator[DeskWords]:
    """The catalogue, in Chinese; Chinese again after the test."""
    current_words().use("zh")
    yield current_words()
    current_words().use("zh")


@pytest.fixture
def operations(app: QApplication) -> Iterator[Operations]:
    """Operations on a loop of their own."""
    loop = LoopThread()
    loop.start()
    made = Operations(loop)
    yield made
    made.stop()
    loop.stop()
    made.deleteLater()


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No top-level widget and no running timer may outlive the test that made it."""
    if "app" not in request.fixturenames and "qtbot" not in request.fixturenames:
        yield
        return
    app = request.getfixturevalue("app")
    before = set(app.topLevelWidgets())
    gc.disable()  # as the window does: what Qt owns is destroyed on this thread alone
    yield
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    gc.enable()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget for widget in app.topLevelWidgets() if widget not in before and not _of_qt(widget)]
    running = [timer for timer in _timers(left) if timer.isActive()]
    for widget in left:
        widget.close()
        widget.deleteLater()
    assert not running, f"timers left running: {[timer.parent() for timer in running]}"
    assert not left, f"widgets left open: {left}"


def _of_qt(widget: QWidget) -> bool:
    """Helpers that Qt keeps for itself, such as the tooltip."""
    return type(widget) is QWidget or widget.metaObject().className().startswith("QTip")


def _timers(widgets: list[QWidget]) -> list[QTimer]:
    roots: list[QObject] = list(widgets)
    return [timer for root in roots for timer in root.findChildren(QTimer)]
