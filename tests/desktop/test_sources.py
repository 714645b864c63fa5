"""The page of sources: how each goes, run and stopped, set up with a test and a second person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.settings.columns import ColumnsDialog
from refund_desk.desktop.settings.source_detail import rows_of, run_text
from refund_desk.desktop.settings.source_form import SourceForm
from refund_desk.desktop.settings.sources import SourcesPage
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets import KeyButton
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.order_files import columns_of
from refund_desk.domain.words import Role
from refund_desk.wire.base import Coded
from refund_desk.wire.commands import Job
from refund_desk.wire.sources import SourceTried
from tests.desktop.hands import press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def roles() -> tuple[Role, ...]:
    return (Role.ADMINISTRATOR,)


@pytest.fixture
def desk(operations: Operations, window: QWidget, roles: tuple[Role, ...]) -> Desk:
    return make_desk(operations, window, *roles)


@pytest.fixture
def page(qtbot: QtBot, window: QWidget, desk: Desk) -> SourcesPage:
    made = SourcesPage(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: made.pane.detail is not None)
    made.table.setFocus()
    return made


def test_sources_and_one_of_them_as_they_read(page: SourcesPage, words: DeskWords, qtbot: QtBot) -> None:
    page.table.selectRow(2)
    qtbot.waitUntil(lambda: bool(page.pane.rows))
    assert unnamed(page) == []
    assert cut(page) == []
    text = []
    for language in ("zh", "en"):
        words.use(language)
        detail = page.pane.detail
        assert detail is not None
        text += [f"# {language}", *lines(page.model), "", *(f"{one.label}: {one.value}" for one in rows_of(detail))]
        text += ["", *(run_text(run) for run in detail.runs), ""]
    check_golden("sources", "\n".join(text).rstrip())
    assert [row.source for row in page.pane.rows] == ["shop"]


def test_a_source_is_run_now_and_says_what_it_did(page: SourcesPage, desk: Desk, qtbot: QtBot) -> None:
    page.table.selectRow(2)
    press(page.table, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: page.note.isVisible())
    assert fake(desk).called("sync_source") == [("shop",)]
    assert (page.running, page.stop.isVisible()) == ("", False)


def test_a_run_is_stopped(page: SourcesPage, desk: Desk, qtbot: QtBot) -> None:
    client = fake(desk)
    client.sync_job = Job(id="b" * 32, kind="sync-shop", status="running")
    stopped: list[str] = []
    asked: list[str] = []

    async def job(job_id: str) -> Job:
        asked.append(job_id)
        return client.sync_job.model_copy(update={"status": "stopped" if stopped else "running"})

    async def stop_job(job_id: str) -> Job:
        stopped.append(job_id)
        return client.sync_job

    client.job, client.stop_job = job, stop_job  # type: ignore[method-assign]
    page.table.selectRow(2)
    page.run_now()
    qtbot.waitUntil(lambda: bool(asked))
    assert (page.stop.isVisible(), page.run.isEnabled()) == (True, False)
    page.stop.click()
    qtbot.waitUntil(lambda: page.running == "")
    assert stopped == ["b" * 32]


def form(page: SourcesPage, qtbot: QtBot, keys: Qt.Key) -> SourceForm:
    qtbot.waitUntil(lambda: bool(page.connectors))
    press(page.table, keys)
    return page.window().findChildren(SourceForm)[-1]


def put(dialog: SourceForm, **texts_: str) -> None:
    for name, text in texts_.items():
        field = dialog.fields[name]
        assert isinstance(field, QLineEdit)
        field.setText(text)


def test_a_connection_is_tested_and_proposed(page: SourcesPage, desk: Desk, qtbot: QtBot) -> None:
    dialog = form(page, qtbot, Qt.Key.Key_N)
    dialog.connector.setCurrentIndex(dialog.connector.findData("vendure"))
    dialog.name.setText("shop2")
    put(dialog, url="https://shop.example/api", username="desk")
    dialog.ok.click()
    assert (dialog.problem.isVisible(), fake(desk).called("propose_source")) == (True, [])
    put(dialog, password="hunter2")
    dialog.test.click()
    qtbot.waitUntil(lambda: dialog.said.isVisible() and dialog.test.isEnabled())
    ((tried,),) = fake(desk).called("check_source")
    assert (tried.secrets, tried.settings["every"]) == ({"password": "hunter2"}, 5)
    dialog.reason.setText("the new shop")
    with qtbot.waitSignal(page.changed):
        dialog.ok.click()
    ((body, _key),) = fake(desk).called("propose_source")
    assert (body.name, body.connector, body.reason) == ("shop2", "vendure", "the new shop")


def test_what_is_wrong_is_said_where_it_is_tested(page: SourcesPage, desk: Desk, qtbot: QtBot) -> None:
    fake(desk).works = SourceTried(
        works=False, problem=Coded(code="error.source.sign_in", params={"system": "shop2", "status": 401})
    )
    dialog = form(page, qtbot, Qt.Key.Key_N)
    dialog.connector.setCurrentIndex(dialog.connector.findData("vendure"))
    dialog.name.setText("shop2")
    put(dialog, url="https://shop.example/api", username="desk", password="x")
    dialog.test.click()
    qtbot.waitUntil(lambda: dialog.test.isEnabled() and "401" in dialog.said.text())
    dialog.close()


def test_a_kept_secret_is_never_shown_and_stays_where_nothing_is_typed(
    page: SourcesPage, desk: Desk, qtbot: QtBot
) -> None:
    page.table.selectRow(2)
    dialog = form(page, qtbot, Qt.Key.Key_E)
    field = dialog.fields["password"]
    assert isinstance(field, QLineEdit)
    assert (field.text(), field.echoMode(), bool(field.placeholderText())) == ("", QLineEdit.EchoMode.Password, True)
    given = dialog.given()
    assert given is not None
    assert (given.secrets, given.name, dialog.name.isEnabled()) == ({}, "shop", False)
    dialog.close()


@pytest.mark.parametrize("roles", [(Role.FINANCE,)])
def test_who_only_reads_has_no_button(page: SourcesPage, desk: Desk) -> None:
    assert [b.isVisible() for b in (page.add, page.edit, page.run, page.stop)] == [False] * 4
    assert fake(desk).called("connectors") == []


def test_columns_are_mapped_beside_a_sample_and_kept(page: SourcesPage, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = ["1,A,CUP,2,2026-11-01 10:00:00,4.50,c1", "2,B,POT,1,2026-11-01 11:00:00,x,c2"]
    file.write_text("\n".join(["InvoiceNo,StockCode,Text,Quantity,InvoiceDate,UnitPrice,CustomerID", *rows]), "utf-8")
    dialog = form(page, qtbot, Qt.Key.Key_N)
    dialog.connector.setCurrentIndex(dialog.connector.findData("csv_orders"))
    button = dialog.fields["columns"]
    assert isinstance(button, KeyButton)
    button.click()
    mapping = page.window().findChildren(ColumnsDialog)[-1]
    mapping.ok.click()
    assert mapping.problem.isVisible()  # nothing is mapped yet
    mapping.look_at(file)
    qtbot.waitUntil(lambda: len(mapping.model.rows) == 2)
    mapping.boxes["name"].setCurrentIndex(mapping.boxes["name"].findData("Text"))
    assert [(one.number, one.paid, len(one.problems)) for one in mapping.model.rows] == [("1", 900, 0), ("2", 0, 1)]
    assert unnamed(mapping) == []
    mapping.currency.setText("nonsense")
    assert mapping.columns is None
    mapping.currency.setText("EUR")
    with qtbot.waitSignal(mapping.mapped):
        mapping.ok.click()
    dialog.name.setText("file")
    put(dialog, url="https://shop.example/orders.csv")
    given = dialog.given()
    assert given is not None
    kept = columns_of(str(given.settings["columns"]))
    assert (kept.currency, kept.zone, kept.heads["name"]) == ("EUR", "Asia/Shanghai", "Text")
    dialog.close()
