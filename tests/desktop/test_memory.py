"""Widgets in a cycle are destroyed on the window's thread, whoever makes the garbage that a collection is due for."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.memory import THRESHOLDS, Collector

GARBAGE = THRESHOLDS[0] * (THRESHOLDS[1] + 2) * 2
"""More than makes two generations due."""


@pytest.fixture
def collector(app: QApplication) -> Iterator[Collector]:
    made = Collector(app)
    made.settle()
    yield made
    made.stop()
    made.deleteLater()
    gc.unfreeze()


def _cycle() -> tuple[weakref.ref[QWidget], list[int]]:
    """A widget that only itself refers to, and on which thread it went."""
    widget = QWidget()
    widget.myself = widget  # type: ignore[attr-defined]
    went: list[int] = []
    return weakref.ref(widget, lambda _: went.append(threading.get_ident())), went


def test_another_thread_destroys_no_widget(collector: Collector, qtbot: QtBot) -> None:
    held, went = _cycle()
    kept: list[object] = []
    thread = threading.Thread(target=lambda: kept.extend([number] for number in range(GARBAGE)))
    thread.start()
    thread.join()
    assert held() is not None, "collected on a thread that isn't the window's"
    qtbot.waitUntil(lambda: held() is None)
    assert went == [threading.get_ident()]


def test_old_garbage_is_found_in_the_end(collector: Collector) -> None:
    held, _ = _cycle()
    gc.collect(0)
    gc.collect(1)  # grown old: a young collection finds it no more
    kept = []
    for _ in range((THRESHOLDS[1] + 2) * (THRESHOLDS[2] + 2)):
        kept.append([[number] for number in range(THRESHOLDS[0] + 50)])
        kept = kept[-1:]
        collector.turn()
    assert held() is None
