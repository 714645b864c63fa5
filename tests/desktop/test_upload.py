"""Evidence added by hand: chosen, dropped, pasted; what is refused and why; the window goes on meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from refund_desk.desktop.operations import Operations
from refund_desk.desktop.workspace.upload import Source
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.wire.cases import CaseView
from tests.desktop.workspace_rig import Rig, rig
from tests.fakes import workspace_samples as samples

pytestmark = pytest.mark.usefixtures("theme", "words")


def case(*more: str) -> CaseView:
    view = samples.chinese()
    return view.model_copy(update={"actions": [*view.actions, "evidence.add", *more]})


def file(folder: Path, name: str, data: bytes) -> Source:
    path = folder / name
    path.write_bytes(data)
    return Source(name, path)


def added(desk: Rig) -> list[str]:
    return [str(body) for name, _, body, _ in desk.client.sent if name == "add_evidence"]


def quiet(desk: Rig) -> bool:
    return not desk.workspace.upload.busy


def test_several_files_go_and_are_seen_without_opening_the_case_again(
    qtbot: QtBot, operations: Operations, tmp_path: Path
) -> None:
    with rig(qtbot, operations, case()) as desk:
        before = len(desk.page.evidence.items)
        files = [file(tmp_path, f"{n}.jpg", samples.picture(n, "thumb")) for n in (7, 8)]
        desk.workspace.acts._add(files)
        pane = desk.page.evidence
        qtbot.waitUntil(lambda: len(pane.items) == before + 2 and all(i.status == "ready" for i in pane.items[before:]))
        assert added(desk) == ["7.jpg", "8.jpg"]
        assert pane.items[pane.current].name == "8.jpg", "the newest is shown"
        assert quiet(desk)
        assert pane.told.isHidden()


def test_what_is_refused_is_worded_and_the_rest_goes_on(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as out:
        out.truncate(MAX_EVIDENCE_BYTES + 1)
    good = samples.picture(9, "thumb")
    with rig(qtbot, operations, case()) as desk:
        files = [
            file(tmp_path, "empty.jpg", b""),
            file(tmp_path, "page.jpg", b"<html><script>x</script>"),
            file(tmp_path, "no.jpg", b"only words"),
            Source("large.mp4", large),
            Source("gone.jpg", tmp_path / "gone.jpg"),
            file(tmp_path, "good.jpg", good),
            file(tmp_path, "twice.jpg", good),
        ]
        desk.workspace.acts._add(files)
        qtbot.waitUntil(lambda: len(added(desk)) == 2 and quiet(desk))
        told = desk.page.evidence.told.text().split("\n")
        assert [line.partition("：")[0] for line in told] == [
            "empty.jpg",
            "page.jpg",
            "no.jpg",
            "large.mp4",
            "gone.jpg",
            "twice.jpg",
        ]
        assert "0 字节" in told[0]
        assert "40 MB" in told[3]
        assert "⟦" not in "".join(told)


def test_a_large_file_blocks_nothing_and_can_be_stopped(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    with rig(qtbot, operations, case()) as desk:
        desk.client.slow["slow.jpg"] = asyncio.Event()
        files = [file(tmp_path, name, samples.picture(5, "thumb")) for name in ("slow.jpg", "later.jpg")]
        desk.workspace.acts._add(files)
        bar = desk.page.evidence.busy
        qtbot.waitUntil(bar.isVisible)
        qtbot.waitUntil(lambda: bar.bar.value() > 0)
        assert "slow.jpg" in bar.text.text()
        assert "1/2" in bar.text.text()
        desk.workspace.acts._write(lambda key: desk.client.release(desk.workspace.ref, None, key))
        qtbot.waitUntil(lambda: [name for name, *_ in desk.client.sent] == ["release"])
        bar.button.click()
        qtbot.waitUntil(lambda: bar.isHidden() and quiet(desk))
        assert added(desk) == []


def test_a_picture_is_pasted_and_files_are_dropped(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    with rig(qtbot, operations, case()) as desk:
        image = QImage(20, 20, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.red)
        QApplication.clipboard().setImage(image)
        QTest.keyClick(desk.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: len(added(desk)) == 1)
        assert added(desk)[0].startswith("pasted-")
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file(tmp_path, "d.jpg", samples.picture(3, "thumb")).path))])
        drop(desk, mime)
        qtbot.waitUntil(lambda: added(desk)[1:] == ["d.jpg"] and quiet(desk))


def drop(desk: Rig, mime: QMimeData) -> None:
    pane, buttons, keys = desk.page.evidence, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(20, 60), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(pane, enter)
    assert enter.isAccepted()
    assert pane.property("dropping") == "true"
    QApplication.sendEvent(
        pane, QDropEvent(QPointF(20, 60), Qt.DropAction.CopyAction, mime, buttons, keys, QEvent.Type.Drop)
    )
    assert pane.property("dropping") == "false"


def test_pasting_into_text_stays_text(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, case()) as desk:
        desk.page.talk.composer.open_as("note")
        edit = desk.page.talk.composer.edit
        qtbot.waitUntil(edit.hasFocus)
        QApplication.clipboard().setText("pasted")
        QTest.keyClick(edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        assert edit.toPlainText() == "pasted"
        assert added(desk) == []


def test_who_may_not_add_sees_no_way_to(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    with rig(qtbot, operations, samples.for_finance()) as desk:
        assert desk.page.evidence.add.isHidden()
        assert not desk.page.evidence.acceptDrops()
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file(tmp_path, "d.jpg", b"x").path))])
        desk.workspace.acts.add_given(mime)
        assert quiet(desk)
        assert added(desk) == []
