"""The audit panel: entries in words, filters, verification in each of its outcomes, export, stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.audit import AuditPanel
from refund_desk.desktop.audit.model import AuditModel
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Refused
from refund_desk.domain.words import Role
from refund_desk.wire.base import Coded
from tests.desktop.hands import press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window, Role.AUDITOR)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> AuditPanel:
    made = AuditPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.model.rowCount() > 0)
    made.table.setFocus()
    return made


def model() -> AuditModel:
    made = AuditModel(DeskClock(samples.NOW))
    made.start(samples.audit_page())
    return made


def test_entries_in_words(words: DeskWords) -> None:
    text = []
    for language in ("zh", "en"):
        words.use(language)
        text += [f"# {language}", *lines(model())[:8]]
    check_golden("audit", "\n".join(text))


def test_the_model_behaves(qtmodeltester: ModelTester, words: DeskWords) -> None:
    qtmodeltester.check(model())  # type: ignore[no-untyped-call]


def test_older_entries_come_as_one_scrolls(qtbot: QtBot, panel: AuditPanel) -> None:
    first = panel.model.rowCount()
    panel.table.scrollToBottom()
    qtbot.waitUntil(lambda: panel.model.rowCount() > first)


def test_filters(qtbot: QtBot, panel: AuditPanel, desk: Desk) -> None:
    panel.filter_case(samples.row(3).ref)
    qtbot.waitUntil(lambda: {row.case for row in panel.model.rows} == {samples.row(3).ref})
    panel.filter_case("")
    panel.action.setCurrentIndex(panel.action.findData("refused"))
    panel.action.activated.emit(panel.action.currentIndex())
    qtbot.waitUntil(lambda: {row.action for row in panel.model.rows} == {"refused"})
    panel.filter_case("RC-00-000000")
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.empty)


def test_checkpoint_and_trust_are_shown(panel: AuditPanel) -> None:
    covers, origin = panel.proof.checkpoint.value("covers"), panel.proof.checkpoint.value("origin")
    assert covers is not None
    assert origin is not None
    assert (covers.text(), origin.text()) == ("1,920", "refund-desk.example/desk")
    assert panel.proof.trust.isVisible()


def test_verify_shows_progress_and_its_result(qtbot: QtBot, panel: AuditPanel) -> None:
    with qtbot.waitSignal(panel.verified):
        press(panel, Qt.Key.Key_V)
        assert not panel.proof.verify.isEnabled()
    assert panel.proof.verify.isEnabled()
    assert panel.proof.result.title.text() == "完整无误"
    assert "3" in panel.proof.result_text.text()


@pytest.mark.parametrize(
    ("changes", "title", "part"),
    [
        ({"origin_proven": False, "unprotected": 0}, "与自身一致，来源未证实", "没有可信公钥"),
        ({"ok": False, "first_bad": Coded(code="audit.changed_entry", params={})}, "发现问题", "保留现场"),
    ],
)
def test_a_result_claims_no_more_than_it_proves(
    panel: AuditPanel, changes: dict[str, object], title: str, part: str
) -> None:
    panel.proof.show_report(samples.report(**changes))
    assert panel.proof.result.title.text() == title
    assert part in panel.proof.result_text.text()


def test_a_job_can_be_stopped(qtbot: QtBot, panel: AuditPanel, desk: Desk) -> None:
    panel.proof.start_verify()
    qtbot.waitUntil(lambda: bool(fake(desk).called("job")))
    panel.proof.busy.stopped.emit()
    qtbot.waitUntil(lambda: fake(desk).called("stop_job") == [("v1",)])
    qtbot.waitUntil(panel.proof.verify.isEnabled)


def test_a_refusal_is_worded(qtbot: QtBot, panel: AuditPanel, desk: Desk) -> None:
    fake(desk).fail["start_verify"] = Refused("process.not_allowed", rule="audit.verify", could=["auditor"])
    panel.proof.start_verify()
    qtbot.waitUntil(panel.proof.result.isVisible)
    assert panel.proof.result.accessibleDescription()


def test_export_writes_the_file(qtbot: QtBot, panel: AuditPanel, tmp_path: Path) -> None:
    target = tmp_path / "audit.jsonl"
    panel.proof.export_to(target)
    qtbot.waitUntil(target.exists)
    qtbot.waitUntil(panel.proof.export.isEnabled)
    assert target.read_bytes() == b'{"entries": 1923}\n'
    assert "audit.jsonl" in panel.proof.result.accessibleDescription()
    assert [path.name for path in tmp_path.iterdir()] == ["audit.jsonl"]


def test_o_opens_the_case_of_the_entry(qtbot: QtBot, panel: AuditPanel) -> None:
    with qtbot.waitSignal(panel.open_case) as opened:
        press(panel, Qt.Key.Key_O)
    assert opened.args == [panel.model.rows[0].case]


def test_a_live_switch_and_room(panel: AuditPanel, words: DeskWords) -> None:
    assert unnamed(panel) == []
    panel.proof.show_report(samples.report())
    words.use("en")
    assert panel.proof.result.title.text() == "Complete and unchanged"
    assert panel.model.headerData(3, Qt.Orientation.Horizontal) == "What"
    words.use("qps")
    QApplication.processEvents()
    assert cut(panel) == []
