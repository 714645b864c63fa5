"""Clocks in the head of a case: working time, what made them stand still, waits and the merchant by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from refund_desk.desktop.operations import Operations
from refund_desk.desktop.words import tr
from refund_desk.desktop.workspace.clocks import ClockPill, clock_notes
from refund_desk.desktop.workspace.popup import AskText, Choice
from refund_desk.domain.words import WaitFor
from refund_desk.wire.clocks import GoOn, MerchantAnswer, MerchantAsk, WaitBody
from tests.desktop.test_workspace import key, popup
from tests.desktop.workspace_rig import Rig, rig
from tests.fakes import workspace_samples as samples

pytestmark = pytest.mark.usefixtures("theme", "words")

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def pills(desk: Rig) -> list[ClockPill]:
    return [pill for pill in desk.page.header.findChildren(ClockPill) if pill.isVisible()]


def sent(desk: Rig, name: str) -> list[object]:
    return [body for what, _, body, _ in desk.client.sent if what == name]


def test_off_hours_nothing_counts_and_the_next_shift_is_told(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.waiting()) as desk:
        running, paused = pills(desk)
        answer = samples.waiting().clocks[0]
        before = running.text()
        running.show_clock(answer, 3600.0)
        assert running.text() == before
        assert tr("ui.case.clock.shift_begins", at=answer.turns_at) in running.accessibleDescription()
        running.show_clock(answer.model_copy(update={"working": True, "counts_s": 1800}), 3600.0)
        late = running.text()
        running.show_clock(answer.model_copy(update={"remaining_s": (answer.remaining_s or 0) - 1800}), 0.0)
        assert late == running.text() != before
        assert not paused.accessibleDescription().startswith(tr("ui.case.clock.due", at=answer.due_at))


def test_a_pause_says_for_whom_when_and_by_whom() -> None:
    _, decision = samples.waiting().clocks
    over, lasting = clock_notes(decision, None)[-2:]
    assert samples.LIN.name in over
    assert tr("ui.case.clock.ended_by", name=samples.LIN.name) in over
    assert tr("ui.case.clock.since", begun=decision.pauses[1].from_at) in lasting
    assert tr("clock.paused.by_hand.carrier") in lasting


def test_clocks_wait_for_somebody_by_three_keys_and_a_reason(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.waiting()) as desk:
        key(desk, Qt.Key.Key_W, SHIFT)
        choice = popup(Choice)
        assert isinstance(choice, Choice)
        assert len(choice.buttons) == 3  # the carrier is waited for already
        QTest.keyClick(choice, Qt.Key.Key_2)
        ask = popup(AskText)
        assert isinstance(ask, AskText)
        QTest.keyClicks(ask.edit, "They write today.")
        QTest.keyClick(ask.edit, Qt.Key.Key_Return, CTRL)
        qtbot.waitUntil(lambda: bool(sent(desk, "wait")))
        assert sent(desk, "wait") == [WaitBody(party=WaitFor.MERCHANT, reason="They write today.")]


def test_what_was_waited_for_came(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.waiting()) as desk:
        key(desk, Qt.Key.Key_G, SHIFT)
        qtbot.waitUntil(lambda: bool(sent(desk, "go-on")))
        assert sent(desk, "go-on") == [GoOn(party=WaitFor.CARRIER)]


def test_the_merchant_is_asked(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.waiting()) as desk:
        key(desk, Qt.Key.Key_M, SHIFT)
        ask = popup(AskText)
        assert isinstance(ask, AskText)
        QTest.keyClicks(ask.edit, "Do you agree?")
        QTest.keyClick(ask.edit, Qt.Key.Key_Return, CTRL)
        qtbot.waitUntil(lambda: bool(sent(desk, "merchant-ask")))
        assert sent(desk, "merchant-ask") == [MerchantAsk(question="Do you agree?")]


def test_the_merchants_answer_is_recorded_and_its_time_told(qtbot: QtBot, operations: Operations) -> None:
    view = samples.with_merchant()
    with rig(qtbot, operations, view) as desk:
        (pill,) = pills(desk)
        assert tr("ui.case.clock.until", at=view.answer_due) in pill.text()
        bar = desk.page.steps
        said, words = bar.controls["said"], bar.controls["words"]
        assert isinstance(said, QComboBox)
        assert not isinstance(words, QComboBox)
        bar.digit(3)
        words.setText("It left us whole.")
        bar.submit()
        qtbot.waitUntil(lambda: bool(sent(desk, "merchant-answer")))
        assert sent(desk, "merchant-answer") == [MerchantAnswer(answer="refused", text="It left us whole.")]


def test_a_link_for_the_merchant_is_copied(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.with_merchant()) as desk:
        said: list[str] = []
        desk.workspace.said.connect(said.append)
        key(desk, Qt.Key.Key_L, SHIFT)
        qtbot.waitUntil(lambda: bool(said))
        assert QApplication.clipboard().text() == samples.MERCHANT_LINK
        assert said == [tr("ui.case.merchant.link_copied", until=samples.NOW)]


def test_where_nobody_may_nothing_opens(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        for code in (Qt.Key.Key_W, Qt.Key.Key_G, Qt.Key.Key_M):
            key(desk, code, SHIFT)
        assert QApplication.activePopupWidget() is None
        assert not any(name in ("wait", "go-on", "merchant-ask") for name, *_ in desk.client.sent)
