"""The queue: rows in words, pages, a refresh that keeps its place, chips, search, views, why-here, keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.queue import QueuePanel
from refund_desk.desktop.queue.model import QueueModel
from refund_desk.desktop.queue.query import Query
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Unavailable
from refund_desk.wire.cases import QueuePage
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(316, 800)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> QueuePanel:
    made = QueuePanel(desk)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.model.rowCount() == 50)
    return made


def model(count: int) -> QueueModel:
    made = QueueModel(DeskClock(samples.NOW), samples.LIN.id)
    made.start(QueuePage(rows=samples.rows(count), next="50"))
    return made


def test_rows_in_words(words: DeskWords) -> None:
    text = []
    for language in ("zh", "en"):
        words.use(language)
        text += [f"# {language}", *lines(model(9))]
    check_golden("queue", "\n".join(text))


def test_the_model_behaves(qtmodeltester: ModelTester, words: DeskWords) -> None:
    made = model(12)
    qtmodeltester.check(made)  # type: ignore[no-untyped-call]
    made.append("50", QueuePage(rows=samples.rows(5, 12)))
    made.merge([*samples.rows(4, 3), samples.row(30), *samples.rows(3)], None)
    assert [row.ref for row in made.rows] == [
        row.ref for row in [*samples.rows(4, 3), samples.row(30), *samples.rows(3)]
    ]


def test_a_page_is_asked_once_and_a_late_one_is_dropped(qtbot: QtBot, words: DeskWords) -> None:
    made = model(3)
    root = made.index(-1)
    with qtbot.waitSignal(made.more_wanted) as asked:
        made.fetchMore(root)
    assert asked.args == ["50"]
    with qtbot.assertNotEmitted(made.more_wanted):
        made.fetchMore(root)
    made.start(QueuePage(rows=samples.rows(2), next=None))
    made.append("50", QueuePage(rows=samples.rows(5, 10)))
    assert made.rowCount() == 2
    assert not made.canFetchMore(root)


def test_a_refresh_keeps_the_chosen_case(words: DeskWords) -> None:
    made = model(6)
    kept = QPersistentModelIndex(made.index(4, 0))
    moved = samples.row(4).model_copy(update={"unseen": True})
    made.merge([moved, *samples.rows(3), samples.row(20)], None)
    assert kept.row() == 0
    assert made.rows[0].unseen
    assert [row.ref for row in made.rows] == [r.ref for r in [moved, *samples.rows(3), samples.row(20)]]


def test_scrolling_fetches_the_next_page(qtbot: QtBot, panel: QueuePanel) -> None:
    panel.list.scrollToBottom()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 100)
    panel.list.scrollToBottom()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 120)


def test_keys(qtbot: QtBot, panel: QueuePanel) -> None:
    assert panel.current_ref() == samples.row(0).ref
    QTest.keyClick(panel, Qt.Key.Key_J)
    QTest.keyClick(panel, Qt.Key.Key_J)
    QTest.keyClick(panel, Qt.Key.Key_K)
    assert panel.current_ref() == samples.row(1).ref
    with qtbot.waitSignal(panel.open_case) as opened:
        QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert opened.args == [samples.row(1).ref]
    with qtbot.waitSignal(panel.take_next_wanted):
        QTest.keyClick(panel, Qt.Key.Key_G)


def test_letters_are_text_in_the_search_field(qtbot: QtBot, panel: QueuePanel, desk: Desk) -> None:
    QTest.keyClick(panel, Qt.Key.Key_Slash)
    qtbot.waitUntil(panel.head.search.hasFocus)
    with qtbot.assertNotEmitted(panel.take_next_wanted):
        QTest.keyClicks(panel.head.search, "G004")
    panel.head.search.setText("张")
    QTest.keyClick(panel.head.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 14)
    assert fake(desk).called("queue")[-1][0]["q"] == "张"
    assert panel.list.hasFocus()


def test_a_chip_asks_and_a_second_click_takes_it_back(qtbot: QtBot, panel: QueuePanel, desk: Desk) -> None:
    chip = panel.head.chips["conflict"]
    assert chip.text() == "数据冲突 18"
    assert panel.head.chips["waiting_approval"].isHidden()
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all(row.conflicts for row in panel.model.rows))
    assert panel.query().filters() == {"chip": "conflict"}
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 50)
    assert panel.query() == Query()


def test_filters_and_saved_views(qtbot: QtBot, panel: QueuePanel, desk: Desk, window: QWidget) -> None:
    panel.head.ask(Query(stage="approval"))
    qtbot.waitUntil(lambda: {row.stage.value for row in panel.model.rows} == {"approval"})
    panel.views.save(panel.query())
    dialog = window.findChild(TextDialog)
    assert dialog is not None
    dialog.set_text("批准中")
    dialog.finish()
    qtbot.waitUntil(lambda: panel.head.view_name() == "批准中")
    assert fake(desk).saved[-1].filters == {"stage": "approval"}
    panel.head.reset()
    panel.head.open_views()
    menu = window.findChild(QMenu)
    assert menu is not None
    assert "批准中" in [action.text() for action in menu.actions()]
    menu.close()
    panel.views.drop("批准中")
    qtbot.waitUntil(lambda: "批准中" not in [view.name for view in fake(desk).saved])


def test_why_here_prints_its_terms(qtbot: QtBot, panel: QueuePanel) -> None:
    QTest.keyClick(panel, Qt.Key.Key_W)
    qtbot.waitUntil(panel.why.isVisible)
    shown = panel.why.lines()
    assert len(shown) == 5
    assert shown[1].endswith("\N{MINUS SIGN} 6 分钟")
    assert "1 小时 0 分" in shown[3]
    QTest.keyClick(panel.why, Qt.Key.Key_Escape)
    assert not panel.why.isVisible()


def test_empty_filtered_and_failed(qtbot: QtBot, panel: QueuePanel, desk: Desk) -> None:
    panel.head.ask(Query(q="nobody"))
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.empty)
    assert panel.clear.isVisible()
    fake(desk).fail["queue"] = Unavailable("client.deadline", seconds=15)
    panel.head.reset()
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.failed)
    assert "15" in panel.failed.text.text()
    del fake(desk).fail["queue"]
    fake(desk).rows = []
    panel.refresh()
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.empty)
    assert panel.empty.title.text() == "队列已清空"
    assert not panel.clear.isVisible()


def test_a_refresh_covers_what_was_loaded(qtbot: QtBot, panel: QueuePanel, desk: Desk) -> None:
    panel.list.scrollToBottom()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 100)
    chosen = panel.model.rows[60].ref
    panel.show_open(chosen)
    fake(desk).rows = fake(desk).rows[1:]
    panel.refresh()
    qtbot.waitUntil(lambda: panel.model.row_of(samples.row(0).ref) < 0)
    assert panel.current_ref() == chosen
    assert panel.model.rowCount() == 100


def test_a_live_switch_rewords_all(qtbot: QtBot, panel: QueuePanel, words: DeskWords) -> None:
    words.use("en")
    assert panel.head.title.text() == "All cases"
    assert panel.head.chips["mine"].text() == "Mine 23"
    assert "left" in panel.model.text(1).spoken()


def test_names_and_room(qtbot: QtBot, panel: QueuePanel, words: DeskWords) -> None:
    assert unnamed(panel) == []
    words.use("qps")
    QApplication.processEvents()
    assert cut(panel) == []


def test_the_clock_moves_the_pill(words: DeskWords) -> None:
    clock = DeskClock(samples.NOW)
    made = QueueModel(clock)
    made.start(QueuePage(rows=samples.rows(2)))
    assert made.text(1).clock is not None
    assert made.text(1).clock.kind == "warn"  # type: ignore[union-attr]
    clock.set_fixed(samples.NOW + timedelta(hours=2))
    assert made.text(1).clock.kind == "danger"  # type: ignore[union-attr]
    assert "超时" in made.text(1).spoken()


# ------------------------------------------------------------ what may be late


def test_a_row_says_that_it_may_be_late_while_that_is_foretold(qtbot: QtBot, panel: QueuePanel, desk: Desk) -> None:
    client = fake(desk)
    row = next(number for number, each in enumerate(panel.model.rows) if each.due_at and each.due_at > samples.NOW)
    ref = panel.model.rows[row].ref
    plain = panel.model.text(row)
    client.miss = {ref: 0.72, panel.model.rows[row + 1].ref: 0.2}
    desk.clock.minute.emit()
    qtbot.waitUntil(lambda: panel.model.miss(row) == 0.72)
    assert "72" in panel.model.text(row).badges[-1].text
    assert "20 %" not in panel.model.text(row + 1).spoken()
    client.miss = {}
    desk.clock.minute.emit()
    qtbot.waitUntil(lambda: panel.model.text(row) == plain)
