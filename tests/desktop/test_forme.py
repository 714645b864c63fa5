"""For me: sections in words, the keyboard passes over heads, inbox lines are marked seen, kind empty states."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.forme import ForMePanel
from refund_desk.desktop.forme.model import KnowModel, WorkModel
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Unavailable
from refund_desk.domain.words import Role
from refund_desk.wire.cases import ForMe
from tests.desktop.hands import click, press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples

NOTHING = ForMe(decide=[], approve=[], answer=[], returned=[], pay=[], inspect=[], know=[])


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window, Role.REVIEWER)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> ForMePanel:
    made = ForMePanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    with qtbot.waitSignal(made.counted):
        made.start()
    return made


def models() -> tuple[WorkModel, KnowModel]:
    clock = DeskClock(samples.NOW)
    work, know = WorkModel(clock, samples.LIN.id), KnowModel(clock)
    work.fill(samples.for_me())
    know.fill(samples.for_me().know)
    return work, know


def test_sections_in_words(words: DeskWords) -> None:
    text = []
    for language in ("zh", "en"):
        words.use(language)
        text += [f"# {language}", *lines(models()[0])]
    check_golden("forme", "\n".join(text))


def test_the_models_behave(qtmodeltester: ModelTester, words: DeskWords) -> None:
    for made in models():
        qtmodeltester.check(made)  # type: ignore[no-untyped-call]


def test_counts_and_chips(panel: ForMePanel) -> None:
    assert panel.total.text() == "共 11 件"
    assert panel.chips["decide"].text() == "待决定 5"
    assert panel.chips["inspect"].isHidden()


def test_keys_pass_over_heads(qtbot: QtBot, panel: ForMePanel) -> None:
    panel.work.setFocus()
    assert panel.work.currentIndex().row() == 1
    press(panel, Qt.Key.Key_J)
    assert panel.work.currentIndex().row() == 3
    press(panel, Qt.Key.Key_K)
    assert panel.work.currentIndex().row() == 1
    with qtbot.waitSignal(panel.open_case) as opened:
        press(panel.work, Qt.Key.Key_Return)
    assert opened.args == [samples.row(8).ref]
    with qtbot.waitSignal(panel.take_next_wanted):
        press(panel, Qt.Key.Key_G)


def test_what_is_to_approve_opens_the_approval(qtbot: QtBot, panel: ForMePanel) -> None:
    click(panel.chips["approve"])
    with qtbot.waitSignal(panel.open_approval) as opened:
        press(panel.work, Qt.Key.Key_Return)
    assert opened.args == [samples.row(5).ref]


def test_inbox_lines_are_marked_seen(qtbot: QtBot, panel: ForMePanel, desk: Desk) -> None:
    press(panel, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: fake(desk).called("seen") == [(1,)])
    assert panel.know_model.unseen() == [1]
    with qtbot.waitSignal(panel.open_case) as opened:
        panel.know.setFocus()
        panel.know.setCurrentIndex(panel.know_model.index(1))
        press(panel.know, Qt.Key.Key_Return)
    assert opened.args == [samples.row(4).ref]
    qtbot.waitUntil(lambda: fake(desk).called("seen") == [(1,), (2,)])
    assert panel.seen.isHidden()


def test_a_refresh_keeps_the_chosen_case(qtbot: QtBot, panel: ForMePanel, desk: Desk) -> None:
    panel.work.setCurrentIndex(panel.work_model.index(5))
    chosen = panel.work_model.entries[5]
    fake(desk).inbox = samples.for_me().model_copy(update={"returned": []})
    with qtbot.waitSignal(panel.counted):
        panel.refresh()
    current = panel.work_model.entries[panel.work.currentIndex().row()]
    assert (current.section, current.row) == (chosen.section, chosen.row)


def test_empty_is_kind_and_true(qtbot: QtBot, panel: ForMePanel, desk: Desk, words: DeskWords) -> None:
    fake(desk).inbox = NOTHING
    with qtbot.waitSignal(panel.counted) as counted:
        panel.refresh()
    assert counted.args == [0, False]
    assert panel.stack.currentWidget() is panel.empty
    assert panel.empty.title.text() == "手头的事都处理完了"
    assert panel.know_stack.currentWidget() is panel.know_empty
    words.use("en")
    assert panel.empty.title.text() == "Everything of yours is done"


def test_a_first_failure_says_so_and_a_later_one_keeps_the_rows(qtbot: QtBot, panel: ForMePanel, desk: Desk) -> None:
    fake(desk).fail["for_me"] = Unavailable("client.deadline", seconds=15)
    panel.refresh()
    qtbot.waitUntil(lambda: len(fake(desk).called("for_me")) == 2)
    QApplication.processEvents()
    assert panel.stack.currentWidget() is panel.work
    fresh = ForMePanel(desk, panel.parentWidget())
    fresh.start()
    qtbot.waitUntil(lambda: fresh.stack.currentWidget() is fresh.failed)


def test_names_and_room(panel: ForMePanel, words: DeskWords) -> None:
    assert unnamed(panel) == []
    words.use("qps")
    QApplication.processEvents()
    assert cut(panel) == []


def test_a_section_that_goes_on_says_so_and_leads_on(qtbot: QtBot, panel: ForMePanel, desk: Desk) -> None:
    rows = samples.rows(80)
    short = ForMe(decide=rows[:28], returned=samples.for_me().returned, next={"decide": "c"})
    fake(desk).inbox = short
    with qtbot.waitSignal(panel.counted) as counted:
        panel.refresh()
    assert counted.args is not None
    assert counted.args[1]
    model = panel.work_model
    head = next(n for n, entry in enumerate(model.entries) if entry.section == "decide")
    assert model.data(model.index(head)).endswith("28+")
    last = model.entries[-1]
    assert last.leads_on
    assert model.data(model.index(len(model.entries) - 1)).startswith("更多")
    panel.work.setCurrentIndex(model.index(len(model.entries) - 2))
    panel.work.setFocus()
    press(panel, Qt.Key.Key_J)
    assert panel.work.currentIndex().row() == len(model.entries) - 1, "the keyboard reaches it"
    fake(desk).inbox = short.model_copy(update={"decide": rows[:78], "next": {}})
    opened: list[str] = []
    panel.open_case.connect(opened.append)
    press(panel.work, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not model.entries[-1].leads_on)
    assert fake(desk).called("for_me")[-1] == ({"decide": 78},)
    current = model.entries[panel.work.currentIndex().row()].row
    assert current is not None
    assert current.ref == rows[28].ref, "the first of the further ones"
    assert not opened


def test_informed_lines_go_on_below(qtbot: QtBot) -> None:
    know, asked = KnowModel(DeskClock(samples.NOW)), list[int]()
    know.more_wanted.connect(lambda: asked.append(1))
    lines_ = samples.for_me().know
    know.fill(lines_[:1], more=True)
    know.fetchMore(QModelIndex())
    know.fetchMore(QModelIndex())
    assert asked == [1]
    with qtbot.waitSignal(know.rowsInserted):
        know.fill(lines_, more=False)
    assert know.rows == lines_
    assert not know.canFetchMore(QModelIndex())
