"""Exports from the window: who has the key, what is asked, progress with a stop, the whole file or none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.exporting import CaseDialog, CasesDialog
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.queue import QueuePanel
from refund_desk.desktop.queue.query import Query
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Refused
from refund_desk.domain.exports import Format, Purpose
from refund_desk.domain.words import Role
from tests.desktop.panels import cut, fake, make_desk, unnamed
from tests.desktop.workspace_rig import rig
from tests.fakes import workspace_samples
from tests.fakes.panel_samples import EXPORTED

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(420, 800)
    yield made
    made.close()


def panel(qtbot: QtBot, operations: Operations, window: QWidget, *roles: Role) -> QueuePanel:
    made = QueuePanel(make_desk(operations, window, *roles))
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.model.rowCount() == 50)
    return made


@pytest.fixture
def queue(qtbot: QtBot, operations: Operations, window: QWidget) -> QueuePanel:
    return panel(qtbot, operations, window, Role.LEAD)


def test_the_list_as_it_is_filtered_goes_into_a_file_with_its_manifest(
    qtbot: QtBot, queue: QueuePanel, tmp_path: Path
) -> None:
    queue.head.ask(Query(chip="overdue", reason="damaged"))
    path = tmp_path / "cases.csv"
    queue.export_to(path, "csv", True, "")
    qtbot.waitUntil(queue.export.said.isVisible)
    ((order,),) = fake(queue._desk).called("start_export_cases")
    assert (order.format, order.purpose, order.filters.closed) == (Format.CSV, None, True)
    assert (order.filters.chip, order.filters.reason) == ("overdue", "damaged")
    assert path.read_bytes() == EXPORTED
    assert json.loads((tmp_path / "cases.csv.manifest.json").read_text("utf-8"))["file"] == "cases.csv"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cases.csv", "cases.csv.manifest.json"]
    assert "cases.csv" in queue.export.said.text()


def test_what_did_not_arrive_whole_takes_no_place(qtbot: QtBot, queue: QueuePanel, tmp_path: Path) -> None:
    fake(queue._desk).exported_digest = "0" * 64
    queue.export_to(tmp_path / "cases.csv", "csv", False, "")
    qtbot.waitUntil(queue.export.said.isVisible)
    assert list(tmp_path.iterdir()) == []
    assert queue.export.said.property("look") == "small danger"


def test_it_can_be_stopped_and_a_refusal_is_worded(qtbot: QtBot, queue: QueuePanel, tmp_path: Path) -> None:
    queue.export_to(tmp_path / "cases.csv", "csv", False, "")
    qtbot.waitUntil(lambda: bool(fake(queue._desk).called("job")))
    queue.export.busy.button.click()
    qtbot.waitUntil(lambda: fake(queue._desk).called("stop_job") == [("x1",)])
    qtbot.waitUntil(lambda: not queue.export.running)
    fake(queue._desk).fail["start_export_cases"] = Refused("process.not_allowed", rule="export.cases", could=["lead"])
    queue.export_to(tmp_path / "other.csv", "csv", False, "")
    qtbot.waitUntil(lambda: not queue.export.running)
    assert queue.export.said.property("look") == "small danger"
    assert not (tmp_path / "other.csv").exists()


def test_the_dialog_asks_what_a_lead_may_choose(qtbot: QtBot, queue: QueuePanel) -> None:
    QTest.keyClick(queue.list, Qt.Key.Key_E, CTRL_SHIFT)
    dialog = queue.window().findChild(CasesDialog)
    assert isinstance(dialog, CasesDialog)
    assert dialog.purpose.count() == len(Purpose) + 1
    assert (unnamed(dialog), cut(dialog)) == ([], [])
    dialog.format.setCurrentIndex(dialog.format.findData("parquet"))
    dialog.purpose.setCurrentIndex(dialog.purpose.findData("fraud"))
    chosen: list[tuple[object, ...]] = []
    dialog.chosen.connect(lambda *said: chosen.append(said))
    dialog.finish()
    files = queue.window().findChild(QFileDialog)
    assert isinstance(files, QFileDialog)
    files.fileSelected.emit("/tmp/some.parquet")
    assert chosen == [(Path("/tmp/some.parquet"), "parquet", False, "fraud")]
    files.close()


def test_who_may_not_has_no_key(qtbot: QtBot, operations: Operations, window: QWidget) -> None:
    made = panel(qtbot, operations, window, Role.REVIEWER)
    QTest.keyClick(made.list, Qt.Key.Key_E, CTRL_SHIFT)
    assert made.window().findChild(CasesDialog) is None


def test_a_case_goes_into_a_file(
    qtbot: QtBot, operations: Operations, theme: Theme, words: DeskWords, tmp_path: Path
) -> None:
    """The key is a lead's; what came of it is said below the case."""
    view = workspace_samples.chinese()
    with rig(qtbot, operations, view, roles=(Role.LEAD,)) as made:
        made.workspace.acts.export()
        assert isinstance(made.window.findChild(CaseDialog), CaseDialog)
        path = tmp_path / "case.zip"
        made.workspace.acts.export_to(view.ref, path, "zip", "zh", "")
        qtbot.waitUntil(made.workspace.export.said.isVisible)
        assert path.read_bytes() == workspace_samples.EXPORTED
    assert [one.name for one in tmp_path.iterdir()] == ["case.zip"]


def test_a_case_is_asked_about_in_both_languages(qtbot: QtBot, window: QWidget, words: DeskWords) -> None:
    window.show()
    for language in ("zh", "en"):
        words.use(language)
        dialog = CaseDialog(window, "RC-26-000001", may_unmask=False)
        dialog.open()
        assert dialog.language.currentData() == language
        assert [dialog.format.itemData(n) for n in range(3)] == ["pdf", "zip", "dispute"]
        assert (unnamed(dialog), cut(dialog)) == ([], [])
        dialog.reject()
