"""The proposal by lines: quantities, amounts, shipping and fee go into the form, and the preview follows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from refund_desk.desktop.operations import Operations
from refund_desk.desktop.workspace.form import Form
from refund_desk.desktop.workspace.lines_editor import LinesEditor
from refund_desk.domain.words import Decision
from tests.desktop.workspace_rig import Rig, rig
from tests.fakes import workspace_samples as samples

pytestmark = pytest.mark.usefixtures("theme", "words")


def opened(desk: Rig, qtbot: QtBot, decision: Decision = Decision.PARTIAL) -> LinesEditor:
    """The editor, by its key, on a decision that was just chosen."""
    desk.page.decision.take(decision)
    QTest.keyClick(QApplication.focusWidget() or desk.window, Qt.Key.Key_L)
    editor = desk.page.decision.form.editor
    assert editor is not None
    qtbot.waitUntil(editor.isVisible)
    return editor


def form(desk: Rig) -> Form:
    return desk.page.decision.values()


def test_every_part_of_the_amount_is_edited_and_the_sum_follows(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        editor = opened(desk, qtbot)
        editor.boxes["L2"].setValue(0)
        qtbot.waitUntil(lambda: editor.amounts["L1"].placeholderText() == "619.00")
        QTest.keyClicks(editor.amounts["L1"], "500")
        QTest.keyClicks(editor.shipping, "20.00")
        QTest.keyClicks(editor.fee, "30")
        qtbot.waitUntil(lambda: editor.total.text() == "¥490.00")
        QTest.keyClick(editor.fee, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "490" in desk.page.decision.form.amount.placeholderText())
        QTest.keyClick(desk.window, Qt.Key.Key_1)
        QTest.keyClick(desk.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        _, _, body, _ = desk.client.sent[0]
        assert [(line.line, line.quantity, line.minor) for line in body.lines] == [("L1", 1, 50000)]
        assert (body.shipping_minor, body.fee_minor, body.amount_minor) == (2000, 3000, None)


def test_escape_leaves_everything_as_it_was(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        editor = opened(desk, qtbot)
        before = form(desk).body({})
        QTest.keyClicks(editor.amounts["L1"], "5")
        QTest.keyClicks(editor.fee, "1")
        assert form(desk).body({}) != before
        QTest.keyClick(editor.fee, Qt.Key.Key_Escape)
        assert form(desk).body({}) == before


def test_what_cant_be_read_is_said_and_not_taken(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        editor = opened(desk, qtbot)
        for text in ("abc", "-3", "1.005"):
            editor.shipping.clear()
            QTest.keyClicks(editor.shipping, text)
            assert editor.problem.isVisible()
            assert form(desk).shipping_minor is None
            QTest.keyClick(editor.shipping, Qt.Key.Key_Return)
            assert editor.isVisible()
        QTest.keyClick(editor.shipping, Qt.Key.Key_Escape)


def test_a_whole_amount_takes_the_place_of_its_parts(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        editor = opened(desk, qtbot)
        QTest.keyClicks(editor.amounts["L1"], "500")
        QTest.keyClick(editor.amounts["L1"], Qt.Key.Key_Return)
        amount = desk.page.decision.form.amount
        QTest.keyClicks(amount, "300")
        assert (form(desk).amount_minor, form(desk).amounts) == (30000, {})
        amount.clear()
        QTest.keyClicks(amount, "-3")
        assert form(desk).amount_minor is None
        assert desk.page.decision.form.unreadable()


def test_a_draft_keeps_the_parts(qtbot: QtBot) -> None:
    made = Form(decision="partial", lines={"L1": 1}, amounts={"L1": 5}, shipping_minor=7, fee_minor=2, public_text="x")
    assert Form.from_draft(made.draft({})) == made


def test_who_sends_back_pays_or_we_do(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.take(Decision.RETURN_FIRST)
        freight = desk.page.decision.form.freight
        assert [freight.itemData(at) for at in range(freight.count())] == ["merchant", "customer"]


def test_a_word_more_to_the_customer(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.take(Decision.PARTIAL)
        QTest.keyClick(desk.window, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
        field = desk.page.decision.form.public_text
        qtbot.waitUntil(field.hasFocus)
        QTest.keyClicks(field, "Sorry")
        body = form(desk).body({})
        assert body is not None
        assert body.public_text == "Sorry"
        held = Form(decision="hold", public_text="no").body({})
        assert held is not None
        assert held.public_text is None, "why a case is held stays inside"
