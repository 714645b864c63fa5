"""The evidence viewer: pictures that move together, notes drawn on them, and keys that stay in it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from refund_desk.desktop.operations import Operations
from refund_desk.desktop.workspace.canvas import Canvas, Look
from refund_desk.desktop.workspace.popup import AskText
from tests.desktop.workspace_rig import Rig, rig
from tests.fakes import workspace_samples as samples

pytestmark = pytest.mark.usefixtures("theme", "words")


def opened(qtbot: QtBot, desk: Rig) -> None:
    QTest.keyClick(QApplication.focusWidget() or desk.window, Qt.Key.Key_Space)
    viewer = desk.workspace.viewer
    qtbot.waitUntil(viewer.isVisible)
    qtbot.waitUntil(lambda: viewer.here().image() is not None)


def canvas(qtbot: QtBot, wide: int = 400, high: int = 200) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(400, 400)
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.gray)
    made.show_image(image)
    return made


def test_the_point_under_the_wheel_stays(qtbot: QtBot) -> None:
    made = canvas(qtbot)
    at = QPointF(300, 220)
    before = made.transform().inverted()[0].map(at)
    made.zoom_by(3, at)
    after = made.transform().inverted()[0].map(at)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.01)


def test_one_to_one_and_rotation(qtbot: QtBot) -> None:
    made = canvas(qtbot, 1600, 800)
    made.one_to_one()
    assert made.percent() == pytest.approx(1.0)
    made.rotate(1)
    corner = made.transform().map(QPointF(0, 0))
    assert corner.x() > 200  # the top left of the picture is at the right now
    made.rotate(-1)
    assert made.look == Look()


def test_a_frame_drawn_on_a_turned_and_zoomed_picture_lies_where_it_was_drawn(qtbot: QtBot) -> None:
    made = canvas(qtbot)
    made.rotate(1)
    made.zoom_by(2)
    made.drawing = True
    drawn: list[QRectF] = []
    made.drawn.connect(drawn.append)
    wanted = QRectF(0.4, 0.4, 0.2, 0.2)
    area = made.transform().mapRect(QRectF(0.4 * 400, 0.4 * 200, 0.2 * 400, 0.2 * 200)).toRect()
    QTest.mousePress(made, Qt.MouseButton.LeftButton, pos=area.topLeft())
    QTest.mouseMove(made, area.bottomRight() + QPoint(1, 1))
    QTest.mouseRelease(made, Qt.MouseButton.LeftButton, pos=area.bottomRight() + QPoint(1, 1))
    assert drawn
    found = drawn[0]
    assert (found.x(), found.y(), found.width(), found.height()) == pytest.approx(
        (wanted.x(), wanted.y(), wanted.width(), wanted.height()), abs=0.02
    )


def test_four_pictures_move_together_until_they_are_let_go(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        opened(qtbot, desk)
        viewer = desk.workspace.viewer
        QTest.keyClick(viewer, Qt.Key.Key_4)
        qtbot.waitUntil(lambda: all(c.image() is not None for c in viewer.canvases))
        QTest.keyClick(viewer, Qt.Key.Key_Plus)
        QTest.keyClick(viewer, Qt.Key.Key_Down)
        looks = {c.look for c in viewer.canvases}
        assert len(looks) == 1
        assert looks.pop().zoom > 1
        QTest.keyClick(viewer, Qt.Key.Key_M)
        QTest.keyClick(viewer, Qt.Key.Key_R)
        assert viewer.canvases[0].look.turn == 1
        assert {c.look.turn for c in viewer.canvases[1:]} == {0}


def test_letters_of_the_case_rest_while_the_viewer_is_open(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        opened(qtbot, desk)
        viewer = desk.workspace.viewer
        QTest.keyClick(viewer, Qt.Key.Key_A)
        QTest.keyClick(viewer, Qt.Key.Key_2)
        assert not desk.page.decision.values().decision
        assert viewer.count == 2
        QTest.keyClick(viewer, Qt.Key.Key_Right)
        assert viewer.first == 1
        QTest.keyClick(viewer, Qt.Key.Key_Escape)
        assert not viewer.isVisible()
        QTest.keyClick(QApplication.focusWidget() or desk.window, Qt.Key.Key_A)
        assert desk.page.decision.values().decision == "partial"


def test_a_note_is_sent_in_fractions_and_drawn(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        opened(qtbot, desk)
        viewer = desk.workspace.viewer
        QTest.keyClick(viewer, Qt.Key.Key_N)
        assert viewer.here().drawing
        viewer.here().drawn.emit(QRectF(0.9, 0.9, 0.2, 0.2))
        ask = next(w for w in QApplication.topLevelWidgets() if isinstance(w, AskText) and w.isVisible())
        QTest.keyClicks(ask.edit, "crack")
        ask.button.click()
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, evidence, note, used = desk.client.sent[0]
        assert (name, evidence, note.text) == ("add_note", "1", "crack")
        assert note.x + note.w <= 1
        assert used
        qtbot.waitUntil(lambda: [n.text for n in viewer.here()._notes] == ["crack"])


def test_what_cannot_be_shown_says_why(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.workspace.open_viewer(4)
        assert desk.workspace.viewer.here().image() is None
        assert "无法显示" in desk.workspace.viewer.here().text()
        desk.workspace.open_viewer(5)
        assert "解码" in desk.workspace.viewer.here().text()


def test_opening_a_picture_is_a_look(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        opened(qtbot, desk)
        desk.workspace.viewer.arrange(2)
        qtbot.waitUntil(lambda: any({1, 2} <= set(looks.evidence) for looks in desk.client.looked), timeout=4000)


def test_only_ones_own_notes_are_taken_off(qtbot: QtBot, operations: Operations) -> None:
    view = samples.chinese()
    item = view.evidence[0]
    other = item.notes[0].model_copy(update={"id": 9, "text": "theirs", "by": samples.ANA})
    view = view.model_copy(update={"evidence": [item.model_copy(update={"notes": [*item.notes, other]})]})
    with rig(qtbot, operations, view) as desk:
        desk.workspace.open_viewer(0)
        viewer = desk.workspace.viewer
        offers = {row.text.text(): row.drop.isVisible() for row in viewer.side._rows.shown}
        assert offers == {"1  裂纹": True, "2  theirs": False}
        QTest.keyClick(viewer, Qt.Key.Key_Delete)  # one of them is ours: it goes without a question
        qtbot.waitUntil(lambda: [name for name, *_ in desk.client.sent] == ["drop_note"])
        qtbot.waitUntil(lambda: [note.text for note in viewer.here()._notes] == ["theirs"])


def test_a_note_is_made_and_taken_off_by_keyboard_alone(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        opened(qtbot, desk)
        viewer = desk.workspace.viewer
        qtbot.waitUntil(lambda: viewer.here().image() is not None)
        for code in (Qt.Key.Key_Return, Qt.Key.Key_N, Qt.Key.Key_Return):
            QTest.keyClick(viewer, code)
        ask = next(w for w in QApplication.topLevelWidgets() if isinstance(w, AskText) and w.isVisible())
        QTest.keyClicks(ask.edit, "seal")
        QTest.keyClick(ask.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: [n.text for n in viewer.here()._notes] == ["seal"])
        note = viewer.here()._notes[0]
        assert note.w > 0.5
        assert note.x + note.w <= 1
        QTest.keyClick(viewer, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: not viewer.here()._notes)
        assert [name for name, *_ in desk.client.sent] == ["add_note", "drop_note"]


def test_the_overview_names_the_keys_of_the_viewer(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.long_case()) as desk:
        shown: list[list[str]] = []
        keys = desk.workspace.desk.keys
        keys.overview = lambda: shown.append([binding.id for binding in keys.active()])
        opened(qtbot, desk)
        QTest.keyClick(desk.workspace.viewer, Qt.Key.Key_Question)
        assert shown
        assert {"viewer.note", "viewer.rotate_left", "viewer.drop_note"} <= set(shown[0])
        assert not any(name.startswith("case.") for name in shown[0]), "what lies below doesn't act"
