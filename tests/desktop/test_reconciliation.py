"""The panel of reconciliation: filtered, looked at side by side, settled alone and in bulk, taken back, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.reconciliation import ReconciliationPanel
from refund_desk.desktop.reconciliation.dialogs import AssignDialog, ResolveDialog, ResultDialog
from refund_desk.desktop.reconciliation.model import BreaksModel
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.dialogs import ConfirmDialog
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.reconciliation import BreakKind, Resolution
from refund_desk.domain.words import Role
from tests.desktop.hands import press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, texts, unnamed
from tests.fakes import panel_samples
from tests.fakes import reconciliation_samples as samples


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def roles() -> tuple[Role, ...]:
    return (Role.FINANCE,)


@pytest.fixture
def desk(operations: Operations, window: QWidget, roles: tuple[Role, ...]) -> Desk:
    return make_desk(operations, window, *roles)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> ReconciliationPanel:
    made = ReconciliationPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.pane.detail is not None and made.counts is not None)
    made.table.setFocus()
    return made


def model() -> BreaksModel:
    made = BreaksModel(DeskClock(panel_samples.NOW))
    made.fill(samples.rows())
    return made


def test_breaks_as_a_screen_reader_says_them(words: DeskWords, qtmodeltester: ModelTester) -> None:
    made = model()
    qtmodeltester.check(made)  # type: ignore[no-untyped-call]
    check_golden("reconciliation_zh", "\n".join(lines(made)))
    words.use("en")
    check_golden("reconciliation_en", "\n".join(lines(made)))


def test_a_break_stands_side_by_side_with_what_differs_marked(panel: ReconciliationPanel, qtbot: QtBot) -> None:
    press(panel.table, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: panel.pane.detail is not None and panel.pane.detail.kind is BreakKind.OVER)
    shown = texts(panel.pane)
    assert {"¥129.00", "≠ ¥129.00", "≠ ¥134.00"} & shown == {"≠ ¥129.00", "≠ ¥134.00"}
    assert any("RF-0011174" in text for text in shown)
    assert unnamed(panel) == []
    assert cut(panel) == []


def test_a_chip_asks_for_one_kind(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    chip = panel.filters.chips[BreakKind.OVER]
    assert (chip.isVisible(), panel.filters.chips[BreakKind.STATE].isVisible()) == (True, False)
    press(panel.table, Qt.Key.Key_F)
    assert QApplication.focusWidget() is panel.filters.chips[BreakKind.MISSING_HERE]
    chip.click()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 1)
    assert fake(desk).called("breaks")[-1] == ("open", "over", 0, None, "new")


def settle(panel: ReconciliationPanel, qtbot: QtBot, how: int = 4) -> None:
    press(panel.table, Qt.Key.Key_R)
    (dialog,) = panel.window().findChildren(ResolveDialog)
    dialog.group.button(how - 1).setChecked(True)
    dialog.reason.setPlainText("asked back from the gateway")
    with qtbot.waitSignal(dialog.chosen):
        dialog.ok.click()
    panel.window().activateWindow()
    panel.table.setFocus()


def test_several_are_settled_at_once_and_taken_back(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    press(panel.table, Qt.Key.Key_X)
    press(panel.table, Qt.Key.Key_J)
    press(panel.table, Qt.Key.Key_X)
    assert len(panel.model.picked()) == 2
    settle(panel, qtbot)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 4 and panel.undo.waiting())
    ((body, _key),) = fake(desk).called("resolve_breaks")
    assert (list(body.breaks), body.resolution) == ([40, 39], Resolution.CLAIMED)
    press(panel.table, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 6)
    assert [list(body.breaks) for body, _ in fake(desk).called("reopen_breaks")] == [[40, 39]]


def test_a_row_that_is_refused_says_why(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    fake(desk).refuse_breaks = frozenset({39})
    panel.model.pick_all()
    settle(panel, qtbot)
    qtbot.waitUntil(lambda: bool(panel.window().findChildren(ResultDialog)))
    (dialog,) = panel.window().findChildren(ResultDialog)
    assert any("谁" in text or "拟定" in text or "处理" in text for text in texts(dialog))
    dialog.close()


def test_a_break_without_a_choice_or_reason_isnt_settled(panel: ReconciliationPanel, desk: Desk) -> None:
    panel.model.pick_all()
    press(panel.table, Qt.Key.Key_R)
    (dialog,) = panel.window().findChildren(ResolveDialog)
    dialog.ok.click()
    assert dialog.problem.isVisible()
    dialog.close()
    assert fake(desk).called("resolve_breaks") == []


def test_a_break_gets_an_owner(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    press(panel.table, Qt.Key.Key_A)
    (dialog,) = panel.window().findChildren(AssignDialog)
    dialog.people.setCurrentIndex(dialog.people.findData(8))
    dialog.ok.click()
    qtbot.waitUntil(lambda: panel.model.rows[0].owner_id == 8)


def test_a_case_is_opened_or_made(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.open_case) as opened:
        press(panel.table, Qt.Key.Key_O)
    assert opened.args == ["RC-26-000118"]
    panel.table.selectRow(2)
    with qtbot.waitSignal(panel.open_case) as opened:
        press(panel.table, Qt.Key.Key_O)
    assert (opened.args, fake(desk).called("case_of_break")[0][0]) == (["RC-26-000201"], 38)


def test_a_file_is_taken_in_and_a_run_follows(
    panel: ReconciliationPanel, desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "bill.csv"
    file.write_bytes(b"bytes")
    panel.files.send(file, "jd")
    qtbot.waitUntil(lambda: bool(fake(desk).called("reconcile")))
    assert fake(desk).called("take_statement") == [("jd", b"bytes")]


@pytest.mark.parametrize("roles", [(Role.AUDITOR,)])
def test_who_only_reads_sees_no_button_to_settle(panel: ReconciliationPanel, desk: Desk) -> None:
    assert [b.isVisible() for b in (panel.resolve, panel.assign, panel.run, panel.bring)] == [False] * 4
    press(panel.table, Qt.Key.Key_R)
    assert panel.window().findChildren(ResolveDialog) == []


def test_words_change_live(panel: ReconciliationPanel, words: DeskWords) -> None:
    words.use("en")
    assert "Reconcile now" in texts(panel)
    assert panel.model.headerData(0, Qt.Orientation.Horizontal) == "Break"


def test_alarms_have_owners_and_lead_to_their_case(panel: ReconciliationPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(panel.alarms.isVisible)
    said = lines(panel.alarms.model)
    assert [("逾期" in said[0] or "¥60.00" in said[0]), said[0].split(" | ")[1:3]] == [True, ["RC-26-000102", "财务"]]
    assert panel.alarms.halt.isHidden()
    press(panel.table, Qt.Key.Key_W)
    with qtbot.waitSignal(panel.open_case) as opened:
        press(panel.alarms.table, Qt.Key.Key_Return)
    assert opened.args == ["RC-26-000102"]


def test_payouts_go_on_once_everything_was_read_again(panel: ReconciliationPanel, desk: Desk, qtbot: QtBot) -> None:
    alarms = panel.alarms
    alarms.show_now(samples.payouts_now(halted=True, to_read=3))
    assert (alarms.halt.isVisible(), alarms.resume.isEnabled()) == (True, False)
    alarms.show_now(samples.payouts_now(halted=True))
    alarms.resume.click()
    (dialog,) = panel.window().findChildren(ConfirmDialog)
    dialog.ok.click()
    qtbot.waitUntil(lambda: bool(fake(desk).called("resume_payouts")) and alarms.halt.isHidden())


@pytest.mark.parametrize("roles", [(Role.SUPERVISOR,)])
def test_only_whom_the_process_allows_lets_payouts_go_on(panel: ReconciliationPanel) -> None:
    panel.alarms.show_now(samples.payouts_now(halted=True))
    assert (panel.alarms.halt.isVisible(), panel.alarms.resume.isVisible()) == (True, False)
