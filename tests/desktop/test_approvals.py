"""Approvals: one line each, the whole of one, void shown visibly, verdicts by keyboard, likes in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialog, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.approvals import ApprovalsPanel
from refund_desk.desktop.approvals.bulk import BulkDialog
from refund_desk.desktop.approvals.model import ApprovalsModel
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.drafts import Drafts
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.dialogs import ConfirmDialog, TextDialog
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Stale
from refund_desk.domain.words import Role
from refund_desk.wire.base import Coded
from refund_desk.wire.commands import ApprovalPage
from tests.desktop.hands import click, press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window, Role.SUPERVISOR)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> ApprovalsPanel:
    made = ApprovalsPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    with qtbot.waitSignal(made.counted):
        made.start()
    return made


def model() -> ApprovalsModel:
    made = ApprovalsModel(DeskClock(samples.NOW))
    made.fill([samples.approval(number) for number in range(5)])
    return made


def dialog_of(window: QWidget, kind: type[QDialog]) -> QDialog:
    found = window.findChildren(kind)
    assert found
    return found[-1]


def test_one_line_each_in_words(words: DeskWords) -> None:
    text = []
    for language in ("zh", "en"):
        words.use(language)
        text += [f"# {language}", *lines(model())]
    check_golden("approvals", "\n".join(text))


def test_the_model_behaves(qtmodeltester: ModelTester, words: DeskWords) -> None:
    qtmodeltester.check(model())  # type: ignore[no-untyped-call]


def test_approve_binds_to_the_digest_that_was_shown(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    row = panel.current()
    assert row is not None
    with qtbot.waitSignal(panel.settled) as settled:
        press(panel, Qt.Key.Key_Return, CONTROL)
    ref, number, body = fake(desk).called("approve")[0]
    assert (ref, number, body.digest, body.rests_on) == (
        row.ref,
        row.proposal.number,
        row.proposal.digest,
        row.versions,
    )
    assert settled.args[0].ref == row.ref
    following = panel.current()
    assert following is not None
    assert following.ref == samples.row(1).ref


def test_a_double_press_approves_once(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    with qtbot.waitSignal(panel.settled):
        press(panel, Qt.Key.Key_Return, CONTROL)
        press(panel, Qt.Key.Key_Return, CONTROL)
    assert len(fake(desk).called("approve")) == 1


@pytest.mark.parametrize(("key", "call"), [(Qt.Key.Key_R, "return_proposal"), (Qt.Key.Key_D, "decline_proposal")])
def test_return_and_decline_ask_their_reason_first(
    qtbot: QtBot, panel: ApprovalsPanel, desk: Desk, window: QWidget, key: Qt.Key, call: str
) -> None:
    press(panel, key)
    dialog = dialog_of(window, TextDialog)
    assert isinstance(dialog, TextDialog)
    dialog.finish()
    assert dialog.problem.text() == "请先填写这一项。"
    dialog.set_text("金额与凭证不符")
    with qtbot.waitSignal(panel.settled):
        dialog.finish()
    assert fake(desk).called(call)[0][2].reason == "金额与凭证不符"


def test_a_reason_half_typed_comes_back_until_it_is_sent(
    qtbot: QtBot, window: QWidget, desk: Desk, tmp_path: Path
) -> None:
    drafts = Drafts(tmp_path)
    panel = ApprovalsPanel(replace(desk, drafts=drafts))
    QVBoxLayout(window).addWidget(panel)
    with qtbot.waitExposed(window):
        window.show()
    with qtbot.waitSignal(panel.counted):
        panel.start()
    for text in ("", "金额与凭证"):
        panel.send_back.click()
        dialog = dialog_of(window, TextDialog)
        assert isinstance(dialog, TextDialog)
        assert dialog.text() == text
        dialog.set_text("金额与凭证")
        dialog.reject()
        qtbot.waitUntil(lambda: not window.findChildren(TextDialog))
    panel.send_back.click()
    dialog = dialog_of(window, TextDialog)
    assert isinstance(dialog, TextDialog)
    with qtbot.waitSignal(panel.settled):
        dialog.finish()
    assert fake(desk).called("return_proposal")[0][2].reason == "金额与凭证"
    assert drafts.forms() == []


def test_a_void_one_is_visible_and_cannot_be_approved(panel: ApprovalsPanel, desk: Desk) -> None:
    panel.choose(samples.row(3).ref)
    assert panel.detail.void.isVisible()
    assert not panel.approve.isEnabled()
    press(panel, Qt.Key.Key_Return, CONTROL)
    assert fake(desk).called("approve") == []


def test_what_is_not_mine_says_why(panel: ApprovalsPanel) -> None:
    panel.choose(samples.row(4).ref)
    assert panel.detail.may_not.isVisible()
    assert not panel.approve.isEnabled()


def test_an_approval_that_found_other_content_says_it_is_void(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    row = panel.current()
    assert row is not None
    void = samples.outcome(
        row.ref, "event.proposal.void", what=Coded(code="event.proposal.void", params={"because": []})
    )
    panel._settled(row, void)
    assert "方案失效" in panel.note.accessibleDescription()


def test_stale_shows_what_changed_and_reads_again(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    row = panel.current()
    assert row is not None
    fake(desk).fail["approve"] = Stale("case.stale", ref=row.ref, changed=[])
    fresh = row.model_copy(update={"proposal": row.proposal.model_copy(update={"digest": "sha256:other"})})
    fake(desk).approval_rows[0] = fresh
    press(panel, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: panel.model.rows[0].proposal.digest == "sha256:other")
    assert row.ref in panel.note.accessibleDescription()
    fake(desk).fail.clear()
    with qtbot.waitSignal(panel.settled):
        press(panel, Qt.Key.Key_Return, CONTROL)
    assert fake(desk).called("approve")[-1][2].digest == "sha256:other"


def test_next_goes_round(panel: ApprovalsPanel) -> None:
    for number in (1, 2, 3, 4, 0):
        press(panel, Qt.Key.Key_N)
        assert panel.list.currentIndex().row() == number


def test_only_likes_can_be_ticked(words: DeskWords) -> None:
    made = model()
    made.toggle(0)
    assert made.chosen == set()
    made.toggle(1)
    odd = made.rows[2].model_copy(
        update={"proposal": samples.proposal(2, reason="goods_returned", amount=made.rows[2].proposal.amount)}
    )
    assert made.selectable(made.rows[2])
    assert not made.selectable(odd)
    made.choose_alike()
    assert made.chosen == {samples.row(1).ref, samples.row(2).ref}


def test_bulk_gives_one_result_per_row(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk, window: QWidget) -> None:
    panel.list.setFocus()
    panel.choose(samples.row(1).ref)
    press(panel.list, Qt.Key.Key_Space)
    assert panel.bulk.isVisible()
    click(panel.list.viewport(), panel.list.visualRect(panel.model.index(2)).topLeft() + QPoint(20, 20))
    assert len(panel.model.chosen) == 2
    assert panel.bulk_text.text() == "已选 2 件同类，合计 ¥172.00"
    press(panel, Qt.Key.Key_Return, CONTROL | SHIFT)
    confirm = dialog_of(window, ConfirmDialog)
    assert isinstance(confirm, ConfirmDialog)
    with qtbot.waitSignal(panel.settled):
        confirm.finish()
    qtbot.waitUntil(lambda: bool(window.findChildren(BulkDialog)))
    result = dialog_of(window, BulkDialog)
    assert isinstance(result, BulkDialog)
    assert [row.ok for row in result.result_rows] == [True, False]
    result.close()
    qtbot.waitUntil(lambda: panel.model.row_of(samples.row(1).ref) < 0 <= panel.model.row_of(samples.row(2).ref))


def test_nothing_to_approve(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    fake(desk).approval_rows = []
    with qtbot.waitSignal(panel.counted) as counted:
        panel.refresh()
    assert counted.args == [0, False]
    assert panel.stack.currentWidget() is panel.empty


def test_a_live_switch_and_room(panel: ApprovalsPanel, words: DeskWords) -> None:
    assert unnamed(panel) == []
    words.use("en")
    assert panel.detail.title.text().startswith("王* gets ¥999.00, to the original payment")
    assert panel.approve.text() == "Approve"
    words.use("qps")
    QApplication.processEvents()
    assert cut(panel) == []


# ------------------------------------------------------------ a list that goes on


def test_the_list_goes_on_page_by_page_and_says_so(qtbot: QtBot, panel: ApprovalsPanel, desk: Desk) -> None:
    fake(desk).approval_rows = [samples.approval(number) for number in range(120)]
    seen: list[tuple[int, bool]] = []
    panel.counted.connect(lambda count, more: seen.append((count, more)))
    panel.refresh()
    qtbot.waitUntil(lambda: panel.model.rowCount() >= 50)
    assert "更多" in panel.total.text()
    assert seen[0][1]
    panel.list.setCurrentIndex(panel.model.index(panel.model.rowCount() - 1))
    while panel.model.rowCount() < 120:
        before = panel.model.rowCount()
        press(panel, Qt.Key.Key_J)
        qtbot.waitUntil(lambda had=before: panel.model.rowCount() > had)  # type: ignore[misc]
        panel.list.setCurrentIndex(panel.model.index(panel.model.rowCount() - 1))
    assert len({row.ref for row in panel.model.rows}) == 120
    assert "更多" not in panel.total.text()
    assert not seen[-1][1]


def test_a_page_without_rows_leads_to_the_next(qtbot: QtBot) -> None:
    made, asked = model(), list[str]()
    made.more_wanted.connect(asked.append)
    made.fill([samples.approval(1)], "a")
    made.fetchMore(QModelIndex())
    made.fetchMore(QModelIndex())
    assert asked == ["a"], "asked once"
    made.append("a", ApprovalPage(rows=[], next="b"))
    assert asked == ["a", "b"]
    made.append("a", ApprovalPage(rows=[samples.approval(2)], next=None))
    assert made.rowCount() == 1, "the list has moved on"
    made.append("b", ApprovalPage(rows=[samples.approval(2)], next=None))
    assert made.rowCount() == 2
    assert not made.canFetchMore(QModelIndex())
