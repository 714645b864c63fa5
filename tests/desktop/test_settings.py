"""Settings: accounts and their secrets shown once, changes by a second person, the process, one's own account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
import yaml
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QVBoxLayout, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.settings import SettingsPanel
from refund_desk.desktop.settings.account import AccountPage
from refund_desk.desktop.settings.changes import ChangesPage
from refund_desk.desktop.settings.process import ProcessPage
from refund_desk.desktop.settings.users import NewUserDialog, RolesDialog, UsersPage
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets.dialogs import ConfirmDialog, SecretDialog, TextDialog
from refund_desk.desktop.words import DeskWords
from refund_desk.domain.errors import Conflict, Unauthenticated
from refund_desk.domain.words import Role
from tests.desktop.hands import press
from tests.desktop.panels import check_golden, cut, fake, lines, make_desk, unnamed
from tests.fakes import panel_samples as samples

D = TypeVar("D", bound=QDialog)


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, words: DeskWords) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1220, 730)
    yield made
    made.close()


@pytest.fixture
def desk(operations: Operations, window: QWidget) -> Desk:
    return make_desk(operations, window, Role.ADMINISTRATOR, Role.LEAD)


@pytest.fixture
def panel(qtbot: QtBot, window: QWidget, desk: Desk) -> SettingsPanel:
    made = SettingsPanel(desk)
    QVBoxLayout(window).addWidget(made)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.start()
    qtbot.waitUntil(lambda: users(made).model.rowCount() == 5 and process(made).stages.rowCount() == 12)
    qtbot.waitUntil(lambda: changes(made).model.rowCount() == 3)
    return made


def users(panel: SettingsPanel) -> UsersPage:
    page = panel.pages["users"]
    assert isinstance(page, UsersPage)
    return page


def changes(panel: SettingsPanel) -> ChangesPage:
    page = panel.pages["changes"]
    assert isinstance(page, ChangesPage)
    return page


def process(panel: SettingsPanel) -> ProcessPage:
    page = panel.pages["process"]
    assert isinstance(page, ProcessPage)
    return page


def account(panel: SettingsPanel) -> AccountPage:
    page = panel.pages["account"]
    assert isinstance(page, AccountPage)
    return page


def opened(window: QWidget, kind: type[D]) -> D:
    """The dialog of a kind that was opened last."""
    found = window.findChildren(kind)
    assert found
    return found[-1]


def test_tables_in_words(panel: SettingsPanel, words: DeskWords) -> None:
    text = []
    for language in ("zh", "en"):
        words.use(language)
        page = process(panel)
        text += [f"# {language}"]
        for made in (users(panel).model, page.stages, page.raci, page.limits, page.links):
            text += ["", *lines(made)[:14]]
    check_golden("settings", "\n".join(text))


def test_the_models_behave(qtmodeltester: ModelTester, panel: SettingsPanel) -> None:
    for made in (users(panel).model, changes(panel).model, process(panel).raci):
        qtmodeltester.check(made)  # type: ignore[no-untyped-call]


def test_only_an_administrator_sees_accounts(qtbot: QtBot, window: QWidget, operations: Operations) -> None:
    reviewer = SettingsPanel(make_desk(operations, window, Role.REVIEWER), window)
    assert list(reviewer.pages) == ["process", "account"]
    page = reviewer.pages["process"]
    assert isinstance(page, ProcessPage)
    assert page.edit.isHidden()


def test_a_new_account_and_its_password_shown_once(
    qtbot: QtBot, panel: SettingsPanel, desk: Desk, window: QWidget
) -> None:
    press(panel, Qt.Key.Key_N)
    dialog = opened(window, NewUserDialog)
    dialog.finish()
    assert dialog.problem.isVisible()
    dialog.name.setText("何苗")
    dialog.login.setText("hemiao")
    dialog.boxes.boxes[Role.REVIEWER].setChecked(True)
    dialog.finish()
    qtbot.waitUntil(lambda: bool(window.findChildren(SecretDialog)))
    secret = opened(window, SecretDialog)
    assert secret.field.text() == "river-amber-42-kite"
    secret.finish()
    assert secret.field.text() == ""
    assert fake(desk).called("add_user")[0][0].roles == [Role.REVIEWER]
    assert "变更 8 已提交" in users(panel).note.title.text()


def test_roles_are_proposed_not_given(qtbot: QtBot, panel: SettingsPanel, desk: Desk, window: QWidget) -> None:
    press(panel, Qt.Key.Key_R)
    dialog = opened(window, RolesDialog)
    dialog.finish()
    assert dialog.problem.text() == "角色没有变化。"
    dialog.boxes.boxes[Role.RISK].setChecked(True)
    dialog.reason.setText("兼任风控")
    with qtbot.waitSignal(changes(panel).counted):
        dialog.finish()
    body = fake(desk).called("propose_config")[0][0]
    assert (body.kind, body.subject, body.content) == ("roles", "lin", ["reviewer", "risk"])


def test_reset_token_and_disable(qtbot: QtBot, panel: SettingsPanel, desk: Desk, window: QWidget) -> None:
    press(panel, Qt.Key.Key_P)
    opened(window, ConfirmDialog).finish()
    qtbot.waitUntil(lambda: bool(window.findChildren(SecretDialog)))
    opened(window, SecretDialog).finish()
    users(panel).make_token()
    ask = opened(window, TextDialog)
    ask.set_text("月报导出")
    ask.finish()
    qtbot.waitUntil(lambda: fake(desk).called("make_token") == [("lin", "月报导出")])
    qtbot.waitUntil(lambda: any(d.field.text().startswith("rd_live") for d in window.findChildren(SecretDialog)))
    opened(window, SecretDialog).finish()
    users(panel).toggle_disabled()
    opened(window, ConfirmDialog).finish()
    qtbot.waitUntil(lambda: users(panel).model.rows[0].disabled)
    assert users(panel).disable.text() == "启用"


def test_a_second_person_approves(qtbot: QtBot, panel: SettingsPanel, desk: Desk, window: QWidget) -> None:
    panel.open_page("changes")
    page = changes(panel)
    assert panel.tabs.tabText(1) == "待第二人批准 2"
    assert page.state.text() == "待批准"
    press(page, Qt.Key.Key_A)
    dialog = opened(window, TextDialog)
    dialog.set_text("同意")
    with qtbot.waitSignal(page.settled):
        dialog.finish()
    assert fake(desk).called("settle_config") == [(7, True, "同意")]


def test_a_change_of_roles_is_told_by_their_names(panel: SettingsPanel) -> None:
    panel.open_page("changes")
    page = changes(panel)
    page.table.selectRow(1)
    told = [label.text() for label in page.detail.findChildren(QLabel)]
    assert "角色：财务 → 财务、负责人" in told


def test_nobody_approves_their_own(qtbot: QtBot, panel: SettingsPanel, desk: Desk) -> None:
    page = changes(panel)
    own = page.model.rows[0].model_copy(update={"proposed_by": desk.me.person})
    page._show([own])
    assert not page.approve.isEnabled()
    assert page.decline.isEnabled()
    assert page.fields.value("second") is not None


def test_a_conflict_is_said_and_read_again(qtbot: QtBot, panel: SettingsPanel, desk: Desk, window: QWidget) -> None:
    panel.open_page("changes")
    fake(desk).fail["settle_config"] = Conflict("config.settled", change=7, status="approved")
    before = len(fake(desk).called("config_changes"))
    changes(panel).ask(True)
    dialog = opened(window, TextDialog)
    dialog.set_text("同意")
    dialog.finish()
    qtbot.waitUntil(lambda: len(fake(desk).called("config_changes")) > before)
    assert changes(panel).note.isVisible()


def test_the_process_is_changed_as_text(qtbot: QtBot, panel: SettingsPanel, desk: Desk) -> None:
    panel.open_page("process")
    page = process(panel)
    press(page, Qt.Key.Key_E)
    assert page.stack.currentIndex() == 1
    page.propose()
    assert page.note.accessibleDescription() == "内容没有变化。"
    page.editor.setPlainText("a: [1, 2")
    page.propose()
    assert "YAML" in page.note.accessibleDescription()
    content = yaml.safe_load(yaml.safe_dump(fake(desk).process_content))
    content["process"]["version"] = "2"
    page.editor.setPlainText(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    page.reason.setText("提高限额")
    with qtbot.waitSignal(page.changed):
        page.propose()
    body = fake(desk).called("propose_config")[0][0]
    assert (body.kind, body.subject, body.content["process"]["version"]) == ("process", "standard", "2")
    assert page.stack.currentIndex() == 0


def test_what_a_change_touches_is_seen_before_it_is_proposed(
    qtbot: QtBot, panel: SettingsPanel, desk: Desk, words: DeskWords
) -> None:
    words.use("en")
    panel.edit_process()
    page = panel.pages["process"]
    assert isinstance(page, ProcessPage)
    qtbot.waitUntil(lambda: page.stack.currentIndex() == 1)
    press(page.editor, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.touches.model.rowCount() == 4)
    assert page.touches.said.text() == (
        "4 of 200 open cases would be treated otherwise. Stages or moves change: cases that have begun keep theirs."
    )
    assert lines(page.touches.model)[1] == "RC-26-004101 | Approval | approver: supervisor → lead"
    assert [after for _, after in fake(desk).called("try_process")] == [0, 100]
    press(page.editor, Qt.Key.Key_Escape)
    assert page.stack.currentIndex() == 0


def test_the_password(qtbot: QtBot, panel: SettingsPanel, desk: Desk) -> None:
    form = account(panel).password
    panel.open_page("account")
    form.old.setText("old")
    form.new.setText("short")
    form.submit()
    assert form.new.property("wrong") == "true"
    form.new.setText("long enough 1")
    form.again.setText("long enough 1")
    fake(desk).fail["change_password"] = Unauthenticated("people.wrong_password")
    form.submit()
    qtbot.waitUntil(form.button.isEnabled)
    assert form.note.property("look") == "small danger"
    fake(desk).fail.clear()
    with qtbot.waitSignal(form.changed):
        form.submit()
    assert form.new.text() == ""


def test_language_and_theme_are_chosen_here_too(qtbot: QtBot, panel: SettingsPanel) -> None:
    page = account(panel)
    with qtbot.waitSignal(panel.language_chosen) as language:
        page.language.activated.emit(1)
    with qtbot.waitSignal(panel.theme_chosen) as mode:
        page.mode.activated.emit(1)
    assert (language.args, mode.args) == (["en"], ["dark"])


def test_a_live_switch_and_room(panel: SettingsPanel, words: DeskWords) -> None:
    assert unnamed(panel) == []
    words.use("en")
    heads = ["Accounts", "For a second person 2", "Sources", "Process", "My account"]
    assert [panel.tabs.tabText(number) for number in range(5)] == heads
    words.use("qps")
    for name in panel.pages:
        panel.open_page(name)
        QApplication.processEvents()
        assert cut(panel) == []


def test_links_are_changed_like_the_process(qtbot: QtBot, panel: SettingsPanel, desk: Desk) -> None:
    panel.open_page("process")
    page = process(panel)
    qtbot.waitUntil(lambda: page.links.rowCount() == 1)
    page.tabs.setCurrentIndex(3)
    press(panel, Qt.Key.Key_E)
    content = yaml.safe_load(page.editor.toPlainText())
    content["stripe"] = {"payment": "https://pay.example/{id}"}
    page.editor.setPlainText(yaml.safe_dump(content))
    page.reason.setText("so that ids open")
    page.propose()
    qtbot.waitUntil(lambda: bool(fake(desk).called("propose_config")))
    (body,) = fake(desk).called("propose_config")[-1]
    assert (body.kind, body.subject, body.content) == ("links", "links", content)


def test_older_changes_are_asked_for_at_the_end(qtbot: QtBot, panel: SettingsPanel, desk: Desk) -> None:
    first = fake(desk).change_rows[0]
    done = {"status": "approved", "verdict_by": first.proposed_by, "verdict_at": samples.NOW}
    fake(desk).change_rows = [first.model_copy(update={"id": n, **done}) for n in range(1, 251)]
    panel.open_page("changes")
    page = changes(panel)
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 200)
    page.table.selectRow(199)
    page.model.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: page.model.rowCount() == 250)
    assert page.current() is not None
    assert not page.model.canFetchMore(QModelIndex())
