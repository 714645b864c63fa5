"""Dashboards: figures as a table and as charts, spans and dimensions, one member alone, the cases behind a figure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.context import Desk
from refund_desk.desktop.dashboards import DashboardsPanel
from refund_desk.desktop.dashboards.board import BoardPage
from refund_desk.desktop.dashboards.lessons import LessonDialog
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.words import Role, Stage
from tests.desktop.hands import press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes.figure_samples import REPORT

Kind = TypeVar("Kind", bound=QWidget)


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window, Role.LEAD)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> DashboardsPanel:
    made = DashboardsPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.board.board is not None and made.board.bars is not None, timeout=20_000)
    made.board.table.setFocus()
    return made


def test_the_window_starts_without_what_draws_charts() -> None:
    code = "import refund_desk.desktop.main, sys; print([m for m in ('pyqtgraph', 'numpy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_numbers_stand_in_tables(qtbot: QtBot, panel: DashboardsPanel, words: DeskWords, language: str) -> None:
    words.use(language)
    board = panel.board
    check_golden(f"dashboards-{language}", "\n".join([*lines(board.figures), "", *lines(board.members)]))
    QApplication.processEvents()
    assert [cut(panel), unnamed(panel)] == [[], []]


def test_the_charts_show_what_the_tables_say(panel: DashboardsPanel, theme: Theme) -> None:
    board = panel.board
    choose(board, "missed")
    assert board.line is not None
    assert board.bars is not None
    drawn = board.line.getPlotItem().listDataItems()[0].yData
    assert list(drawn) == pytest.approx([step.values["missed"] for step in board.steps.rows])
    marks = [label for _, label in board.bars.getAxis("left")._tickLevels[0]]
    assert marks[0] == board.members.data(board.members.index(0, 0))
    theme.use("dark")
    assert board.line.backgroundBrush().color() == theme.color("surface")


def choose(board: BoardPage, name: str) -> None:
    board.table.selectRow([one.name for one in board.figures.rows].index(name))


def test_another_span_another_dimension_one_member(qtbot: QtBot, panel: DashboardsPanel, desk: Desk) -> None:
    board = panel.board
    board.by.setCurrentIndex(board.by.findData("person"))
    board.by.activated.emit(board.by.currentIndex())
    qtbot.waitUntil(lambda: board.members.rows[0].name == "林晓")
    board.span.setCurrentIndex(board.span.findData("last_month"))
    board.span.activated.emit(board.span.currentIndex())
    press(board.table, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: board.board is not None and board.board.of == "1")
    assert board.only.text() == "林晓"
    first, last, by, of = fake(desk).called("figures")[-1]
    assert (first.isoformat(), last.isoformat(), by, of) == ("2026-10-01", "2026-10-31", "person", "1")
    press(board.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: board.board is not None and board.board.of is None)


def test_the_cases_behind_a_figure_open(qtbot: QtBot, panel: DashboardsPanel, desk: Desk) -> None:
    choose(panel.board, "missed")
    press(panel.board.table, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: panel.cases.model.rowCount() == 100)
    assert panel.stack.currentWidget() is panel.cases
    panel.cases.model.fetchMore(panel.cases.table.rootIndex())
    qtbot.waitUntil(lambda: panel.cases.model.rowCount() == 200)
    assert fake(desk).called("figure_cases")[-1][0] == "missed"
    with qtbot.waitSignal(panel.open_case) as opened:
        panel.cases.open_chosen()
    assert opened.args == ["RC-26-004000"]
    press(panel.cases.table, Qt.Key.Key_Escape)
    assert panel.stack.currentWidget() is panel.board


def test_the_process_map_shows_where_it_is_tight(qtbot: QtBot, panel: DashboardsPanel, words: DeskWords) -> None:
    words.use("en")
    panel.open_page("map")
    page = panel.map
    qtbot.waitUntil(lambda: page.map is not None)
    assert page.canvas.current is Stage.APPROVAL
    assert page.canvas.accessibleDescription() == "Approval, supervisor, 61 open, Bottleneck"
    check_golden("process-map", "\n".join([*lines(page.stages), "", *lines(page.seats)]))
    press(page.canvas, Qt.Key.Key_Right)
    current = page.current()
    assert current is not None
    assert current.stage is Stage.RETURN
    assert page.table.currentIndex().row() == [one.stage for one in page.stages.rows].index(Stage.RETURN)
    QApplication.processEvents()
    assert [cut(panel), unnamed(panel)] == [[], []]
    with qtbot.waitSignal(panel.edit_process):
        press(page.table, Qt.Key.Key_E)


def test_a_finding_is_written_down_from_a_figure_and_settled(
    qtbot: QtBot, panel: DashboardsPanel, desk: Desk, words: DeskWords
) -> None:
    words.use("en")
    choose(panel.board, "missed")
    press(panel.board.table, Qt.Key.Key_N)
    dialog = waited(qtbot, panel, LessonDialog)
    dialog.finish()
    assert dialog.problem.isVisible()
    dialog.text.setPlainText("Nobody asks the carrier.")
    dialog.finish()
    qtbot.waitUntil(lambda: len(fake(desk).called("add_lesson")) == 1)
    body = fake(desk).called("add_lesson")[0][0]
    assert (body.figure, body.of, body.owner) == ("missed", None, 1)
    assert (body.last, body.due) == (date(2026, 11, 23), date(2026, 12, 4))
    page = panel.lessons
    check_golden("lessons", "\n".join(lines(page.model)))
    page.table.selectRow(0)
    panel.window().activateWindow()
    qtbot.waitUntil(panel.window().isActiveWindow)
    press(page.table, Qt.Key.Key_D)
    asked = waited(qtbot, panel, TextDialog)
    asked.set_text("It is asked on the first day.")
    asked.finish()
    qtbot.waitUntil(lambda: len(fake(desk).called("settle_lesson")) == 1)
    number, settled = fake(desk).called("settle_lesson")[0]
    assert (number, settled.done, settled.result) == (2, True, "It is asked on the first day.")
    page.table.selectRow(2)
    assert not page.done.isEnabled()
    QApplication.processEvents()
    assert [cut(panel), unnamed(panel)] == [[], []]


def waited(qtbot: QtBot, panel: QWidget, kind: type[Kind]) -> Kind:
    """A dialog over the window, once it is there."""
    window = panel.window()
    qtbot.waitUntil(lambda: any(isinstance(one, kind) and one.isVisible() for one in window.findChildren(QWidget)))
    return next(one for one in window.findChildren(kind) if one.isVisible())


def test_a_kept_report_is_saved_as_it_was_kept(
    qtbot: QtBot, panel: DashboardsPanel, desk: Desk, words: DeskWords, tmp_path: Path
) -> None:
    words.use("en")
    panel.open_page("reports")
    page = panel.reports
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert [line.rsplit(" | ", 1)[0] for line in lines(page.model)] == [
        "2026-10 | PDF | 简体中文 | 1 Nov 2026 09:00 | by itself | 17",
        "2026-10 | XLSX | 简体中文 | 1 Nov 2026 09:00 | 周敏 | 17",
    ]
    assert page.order().month == "2026-10"
    page.save_kept(tmp_path / "a.pdf")
    qtbot.waitUntil(lambda: (tmp_path / "a.pdf").is_file())
    assert (tmp_path / "a.pdf").read_bytes() == REPORT
    QApplication.processEvents()
    assert [cut(panel), unnamed(panel)] == [[], []]
