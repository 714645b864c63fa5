"""The composed window: sign-in and its variants, what leads where, what is refreshed when, and calm failure."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.client.api import DeskClient
from refund_desk.client.failures import Unreachable
from refund_desk.desktop.app import DeskOptions, catching
from refund_desk.desktop.approvals import ApprovalsPanel
from refund_desk.desktop.audit import AuditPanel
from refund_desk.desktop.dashboards import DashboardsPanel
from refund_desk.desktop.demo import DemoPeople
from refund_desk.desktop.forme import ForMePanel
from refund_desk.desktop.main import DeskWindow
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.places import PLACES
from refund_desk.desktop.settings.account import PasswordForm
from refund_desk.desktop.shell import MainWindow
from refund_desk.desktop.signin import SignIn
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets import KeyButton
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import DeskWords, tr
from refund_desk.domain.errors import Conflict, Unauthenticated
from refund_desk.domain.people import DEMO_PASSWORD
from refund_desk.domain.words import Role
from refund_desk.engines.signing import SigningKey
from refund_desk.wire.cases import ChangeFeed
from refund_desk.wire.commands import DemoAccount, Me
from tests.desktop.hands import click, press
from tests.desktop.panels import cut, unnamed
from tests.fakes import panel_samples as samples
from tests.fakes.workload_samples import BoardClient

OTHER_ROOT = "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Rig:
    """A window on an invented service."""

    def __init__(self, operations: Operations, folder: Path, client: samples.FakeClient) -> None:
        self.client, self.folder = client, folder
        self.window = MainWindow(DeskState(folder))
        self.failures: list[Exception] = []

        async def connect() -> DeskClient:
            if self.failures:
                raise self.failures.pop()
            return client

        call: Callable[[], Awaitable[DeskClient]] = connect
        self.desk = DeskWindow(self.window, operations, call, DeskOptions(directory=folder))

    @property
    def sign_in(self) -> SignIn:
        page = self.window.outer.currentWidget()
        assert isinstance(page, SignIn)
        return page

    def covered_by(self, kind: type[QWidget]) -> bool:
        return isinstance(self.window.outer.currentWidget(), kind)

    def enter(self, qtbot: QtBot, login: str = "lin") -> None:
        """Sign in and wait for the first page."""
        qtbot.waitUntil(lambda: self.covered_by(SignIn))
        self.sign_in.login.setText(login)
        self.sign_in.password.setText("secret")
        with qtbot.waitSignal(self.desk.ready):
            self.sign_in.submit()


Make = Callable[..., Rig]


@pytest.fixture
def make(qtbot: QtBot, theme: Theme, words: DeskWords, operations: Operations, tmp_path: Path) -> Iterator[Make]:
    rigs: list[Rig] = []

    def build(
        *roles: Role, who: Me | None = None, token: str | None = None, status: dict[str, Any] | None = None
    ) -> Rig:
        client = BoardClient(who or samples.me(*roles))
        client.token = token
        client.checkpoint = None
        client.the_status = samples.status(**(status or {}))
        rig = Rig(operations, tmp_path, client)
        rigs.append(rig)
        qtbot.addWidget(rig.window)
        rig.window.resize(1280, 800)
        with qtbot.waitExposed(rig.window):
            rig.window.show()
        rig.window.activateWindow()
        rig.desk.begin()
        return rig

    yield build
    for rig in rigs:
        rig.window.close()
        operations.stop()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


# ---------------------------------------------------------------- who sits here


def test_sign_in_and_the_places_of_a_reviewer(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    assert list(rig.window.rail.buttons) == ["forme", "queue", "quality", "settings"]
    assert rig.window.current == "forme"
    qtbot.waitUntil(lambda: rig.window.rail.buttons["forme"].accessibleName() == "待我处理 11")
    assert rig.window.state is not None
    assert rig.window.state.text("session/login") == "lin"
    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert shown == [rig.window]


KEEPING = ("forme", "queue", "approvals", "reconciliation", "workload", "dashboards", "quality")


@pytest.mark.parametrize(
    ("role", "places"),
    [
        (Role.AUDITOR, ["forme", "queue", "reconciliation", "dashboards", "audit", "settings"]),
        (Role.ADMINISTRATOR, ["forme", "audit", "settings"]),
        (Role.LEAD, [*KEEPING, "audit", "settings"]),
        (Role.SUPERVISOR, [*KEEPING, "settings"]),
        (Role.REVIEWER, ["forme", "queue", "quality", "settings"]),
    ],
)
def test_places_follow_roles(qtbot: QtBot, make: Make, role: Role, places: list[str]) -> None:
    rig = make(role)
    rig.enter(qtbot)
    assert list(rig.window.rail.buttons) == places


def test_a_wrong_password_is_said_and_can_be_tried_again(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.client.fail["sign_in"] = Unauthenticated("people.wrong")
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))
    rig.sign_in.login.setText("lin")
    rig.sign_in.password.setText("wrong")
    rig.sign_in.submit()
    qtbot.waitUntil(rig.sign_in.banner.isVisible)
    rig.client.fail.clear()
    rig.enter(qtbot)


def test_a_token_needs_no_sign_in(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER, token="t")
    qtbot.waitUntil(lambda: rig.window.current == "forme")
    assert rig.client.called("sign_in") == []


def test_the_first_start_makes_the_first_administrator(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.ADMINISTRATOR, status={"first_start": True})
    qtbot.waitUntil(lambda: rig.covered_by(SignIn) and rig.sign_in.mode == "first")
    page = rig.sign_in
    page.login.setText("root")
    page.name.setText("管理员")
    page.password.setText("long enough 1")
    page.again.setText("long enough 1")
    with qtbot.waitSignal(rig.desk.ready):
        page.submit()
    body = rig.client.called("first_administrator")[0][0]
    assert (body.login, body.name, body.language) == ("root", "管理员", "zh")


def test_a_given_password_must_be_changed_first(qtbot: QtBot, make: Make) -> None:
    rig = make(who=samples.me(Role.REVIEWER, must_change=True))
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))
    rig.sign_in.login.setText("lin")
    rig.sign_in.password.setText("one-time")
    rig.sign_in.submit()
    qtbot.waitUntil(lambda: rig.window.findChild(PasswordForm) is not None)
    form = rig.window.findChild(PasswordForm)
    assert isinstance(form, PasswordForm)
    assert rig.window.current == ""
    form.old.setText("one-time")
    form.new.setText("my own words 1")
    form.again.setText("my own words 1")
    with qtbot.waitSignal(rig.desk.ready):
        form.submit()


def test_no_service_says_so_and_tries_again(qtbot: QtBot, make: Make, operations: Operations) -> None:
    rig = make(Role.REVIEWER)
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))
    rig.client.fail["status"] = Unreachable("client.unreachable", why="ConnectError")
    rig.desk.begin()
    qtbot.waitUntil(lambda: not rig.covered_by(SignIn))
    assert any(label.text() == "连接不上服务" for label in rig.window.findChildren(QLabel))
    rig.client.fail.clear()
    rig.desk.begin()
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))


def test_a_demo_desk_offers_its_people(qtbot: QtBot, make: Make, words: DeskWords) -> None:
    people = [
        DemoAccount(login="grace", name="Grace Adler", roles=[Role.LEAD]),
        DemoAccount(login="lin", name="林晓", roles=[Role.REVIEWER]),
    ]
    rig = make(Role.REVIEWER, status={"demo": True, "demo_accounts": people})
    qtbot.waitUntil(lambda: rig.window.findChild(DemoPeople) is not None)
    box = rig.window.findChild(DemoPeople)
    assert isinstance(box, DemoPeople)
    assert [button.text() for button in box.buttons.values()] == ["林晓 · 审核员", "Grace Adler · 负责人"]
    words.use("en")
    assert box.buttons["lin"].text() == "林晓 · reviewer"
    with qtbot.waitSignal(rig.desk.ready):
        click(box.buttons["lin"])
    assert rig.client.called("sign_in") == [("lin", DEMO_PASSWORD)]


def test_a_session_that_ends_keeps_what_was_there(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    queue = rig.desk.queue
    qtbot.waitUntil(lambda: queue.model.rowCount() == 50)
    queue.head.search.setText("张")
    rig.client.fail["queue"] = Unauthenticated("people.no_session")
    queue.refresh()
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))
    assert rig.sign_in.login.text() == "lin"
    assert "登录已过期" in rig.sign_in.banner.accessibleName()
    rig.client.fail.clear()
    rig.enter(qtbot)
    assert rig.desk.queue is queue
    assert queue.head.search.text() == "张"


def test_somebody_else_gets_their_own_places(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    rig.client.token = "lin's"
    rig.window.sign_out.emit()
    qtbot.waitUntil(lambda: rig.covered_by(SignIn))
    qtbot.waitUntil(lambda: rig.client.called("sign_out") == [("lin's",)])  # not that of who comes next
    assert rig.window.page("forme") is None
    rig.client.who = samples.me(Role.AUDITOR, person=samples.OKAFOR, login="okafor")
    rig.enter(qtbot, "okafor")
    assert "audit" in rig.window.rail.buttons


# ---------------------------------------------------------------- what leads where


def test_a_case_opens_from_every_place(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.LEAD)
    rig.enter(qtbot)
    ref = samples.row(3).ref
    for key in ("forme", "approvals", "dashboards", "audit"):
        page = rig.window.open(key)
        assert isinstance(page, ForMePanel | ApprovalsPanel | DashboardsPanel | AuditPanel)
        page.open_case.emit(ref)
        assert rig.window.current == "queue"
        assert rig.desk.workspace.ref == ref
    qtbot.waitUntil(lambda: rig.desk.queue.model.rowCount() == 50)
    rig.desk.open_case(ref)
    assert rig.desk.queue.current_ref() == ref
    qtbot.waitUntil(lambda: (samples.row(4).ref,) in rig.client.called("case"))  # the one after it, ahead


def test_for_me_leads_to_the_approval(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.SUPERVISOR)
    rig.enter(qtbot)
    page = rig.window.open("forme")
    assert isinstance(page, ForMePanel)
    page.open_approval.emit(samples.row(2).ref)
    assert rig.window.current == "approvals"
    approvals = rig.window.page("approvals")
    assert isinstance(approvals, ApprovalsPanel)
    qtbot.waitUntil(lambda: approvals.current() is not None)
    current = approvals.current()
    assert current is not None
    assert current.ref == samples.row(2).ref


def test_g_takes_the_next_of_the_list_and_opens_it(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    rig.window.open("queue")
    qtbot.waitUntil(lambda: rig.desk.queue.model.rowCount() == 50)
    rig.desk.queue.list.setFocus()
    press(rig.window, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: rig.desk.workspace.ref == samples.row(2).ref)
    assert rig.desk.leases is not None
    assert rig.desk.leases.held() == {samples.row(2).ref}


def test_after_a_decision_the_next_case_opens(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    rig.desk.open_case(samples.row(0).ref)
    rig.desk.workspace.decided.emit(samples.row(0).ref, samples.outcome(samples.row(0).ref, "event.proposal.made"))
    qtbot.waitUntil(lambda: rig.desk.workspace.ref == samples.row(2).ref)
    assert rig.window.status.shift.text() == "本次已处理 1 件"
    rig.desk.workspace.changed.emit(samples.row(0).ref, samples.outcome(samples.row(0).ref, "event.proposal.undone"))
    assert rig.window.status.shift.isHidden()


def test_the_palette_finds_cases(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    ref = samples.row(7).ref
    rig.window.palette_bar.open(ref)
    qtbot.waitUntil(lambda: any(found.title.startswith(ref) for found in rig.window.palette_bar.model.rows))
    press(rig.window.palette_bar.field, Qt.Key.Key_Return)
    assert rig.desk.workspace.ref == ref


def test_no_two_parts_of_the_window_share_a_key(qtbot: QtBot, make: Make) -> None:
    """Where two actions act at once, Qt runs neither. Within a part, what is hidden doesn't act."""
    rig = make(Role.REVIEWER, Role.LEAD)
    rig.enter(qtbot)
    for key in rig.window.rail.buttons:
        page = rig.window.open(key)
        parts = [rig.desk.queue, rig.desk.workspace] if key == "queue" else [page]
        shared = Counter(keys for part in (None, *parts) for keys in _keys_of(rig.window, part))
        assert [keys for keys, times in shared.items() if times > 1] == [], key


def _keys_of(window: MainWindow, part: QWidget | None) -> set[str]:
    """Keys that act in the whole window and belong to a part of it; None: to the window itself."""
    found = set()
    for binding in window.keys.bindings():
        inside = part is not None and (part is binding.owner or part.isAncestorOf(binding.owner))
        around = part is None and not window.stack.isAncestorOf(binding.owner)
        if inside or around:
            pairs = zip(binding.keys, binding.shortcuts, strict=False)
            found |= {k for k, s in pairs if s.context() == Qt.ShortcutContext.WindowShortcut}
    return {QKeySequence(keys).toString() for keys in found}


# ---------------------------------------------------------------- news


def test_the_feed_refreshes_what_is_seen(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    rig.window.open("queue")
    qtbot.waitUntil(lambda: rig.desk.queue.model.rowCount() == 50)
    before = len(rig.client.called("queue"))
    changed = samples.row(0).model_copy(update={"unseen": True})
    rig.client.rows[0] = changed
    assert rig.desk.watch is not None
    rig.desk.watch.changed.emit([changed.ref])
    qtbot.waitUntil(lambda: rig.desk.queue.model.rows[0].unseen)
    assert len(rig.client.called("queue")) == before + 1


def test_sync_is_said_and_an_outage_too(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.client.feed = [ChangeFeed(position=7, cases=[])]
    rig.enter(qtbot)
    qtbot.waitUntil(lambda: rig.window.top.sync.text().startswith("已同步"))
    watch = rig.desk.watch
    assert watch is not None
    watch._failed(Unreachable("client.unreachable", why="ConnectError"))
    assert rig.window.top.sync.text().startswith("正在重新连接")
    for _ in range(3):
        watch._failed(Unreachable("client.unreachable", why="ConnectError"))
    assert rig.window.top.sync.text().startswith("未连接")
    with qtbot.waitSignal(watch.back):
        watch._answered(ChangeFeed(position=9, cases=[]))
    assert rig.window.top.sync.text().startswith("已同步")


def seen(qtbot: QtBot, rig: Rig, note: str) -> None:
    """A checkpoint comes that holds."""
    keeper = rig.desk.keeper
    assert keeper is not None
    rig.client.checkpoint = note
    with qtbot.waitSignal(keeper.seen):
        keeper.look()


def refused(qtbot: QtBot, rig: Rig, note: str) -> str:
    """A checkpoint comes that doesn't; the code that says why."""
    keeper = rig.desk.keeper
    assert keeper is not None
    rig.client.checkpoint = note
    with qtbot.waitSignal(keeper.broken) as broken:
        keeper.look()
    assert any(label.text() == "审计记录与上次所见不一致" for label in rig.window.findChildren(QLabel))
    assert not rig.window.rail.isVisible()
    code: str = broken.args[0].code
    return code


def test_a_log_that_is_another_is_refused(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    seen(qtbot, rig, samples.CHECKPOINT.encode().hex())
    assert rig.window.status.audit.text() == "审计检查点覆盖 1,920 条"
    assert refused(qtbot, rig, samples.checkpoint(1920, OTHER_ROOT).encode().hex()) == "audit.inconsistent"


def test_a_grown_log_must_prove_itself(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    seen(qtbot, rig, samples.CHECKPOINT)
    assert refused(qtbot, rig, samples.checkpoint(2000, OTHER_ROOT)) == "audit.inconsistent"  # its proof is empty
    assert rig.client.called("consistency") == [(1920, 2000)]


def test_a_checkpoint_that_the_pinned_key_did_not_sign_is_refused(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    seen(qtbot, rig, samples.CHECKPOINT)
    forger = SigningKey(samples.KEY.name, bytes(32))
    assert refused(qtbot, rig, samples.checkpoint(1920, key=forger)) == "audit.signature_missing"
    digits = samples.CHECKPOINT.rpartition("\n— ")[2]
    wrong = samples.CHECKPOINT.replace(digits, digits.replace(digits[-8:-4], "AAAA"))
    assert refused(qtbot, rig, wrong) == "audit.signature_wrong"


def test_a_changed_key_is_refused_until_somebody_enters_it(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    seen(qtbot, rig, samples.CHECKPOINT)
    assert rig.window.state is not None
    assert rig.window.state.text(f"pinned_key/{b'embedded'.hex()}") == samples.KEY.vkey
    other = SigningKey(samples.KEY.name, bytes(32))
    rig.client.the_status = samples.status(log_key=other.vkey)
    rig.window.sign_out.emit()
    qtbot.waitUntil(lambda: rig.desk.session.status is rig.client.the_status)
    rig.enter(qtbot)
    assert refused(qtbot, rig, samples.checkpoint(1921, OTHER_ROOT, other)) == "audit.key_changed"
    page = rig.window.outer.currentWidget()
    assert page is not None
    click(page.findChildren(KeyButton)[-1])
    dialog = rig.window.findChild(TextDialog)
    assert dialog is not None
    dialog.set_text(samples.KEY.vkey)
    dialog.finish()
    assert not rig.window.rail.isVisible()
    keeper = rig.desk.keeper
    assert keeper is not None
    with qtbot.waitSignal(keeper.seen):
        rig.desk._accept_log(f" {other.vkey}\n")
    assert rig.window.rail.isVisible()
    assert rig.window.status.audit.text() == "审计检查点覆盖 1,921 条"


def test_leases_are_renewed_until_they_are_lost(qtbot: QtBot, make: Make) -> None:
    rig = make(Role.REVIEWER)
    rig.enter(qtbot)
    leases = rig.desk.leases
    assert leases is not None
    leases.hold("RC-26-000001")
    leases.renew()
    qtbot.waitUntil(lambda: rig.client.called("renew") == [("RC-26-000001",)])
    rig.client.fail["renew"] = Conflict("case.not_yours")
    with qtbot.waitSignal(leases.lost):
        leases.renew()
    assert leases.held() == set()
    assert rig.window.banner.isVisible()


# ---------------------------------------------------------------- looks and failure


def test_language_is_switched_live_and_told(qtbot: QtBot, make: Make, words: DeskWords) -> None:
    rig = make(Role.LEAD, Role.ADMINISTRATOR)
    rig.enter(qtbot)
    for key in rig.window.rail.buttons:
        rig.window.open(key)
    qtbot.waitUntil(lambda: rig.desk.queue.model.rowCount() == 50)
    rig.window.top.language_chosen.emit("en")
    qtbot.waitUntil(lambda: rig.client.called("set_language") == [("en",)])
    assert [button.text() for button in rig.window.rail.buttons.values()] == [tr(PLACES[key][1]) for key in PLACES]
    left = {
        widget.text()
        for widget in rig.window.findChildren(QLabel)
        if widget.isVisible() and widget.text() in _only_chinese(words)
    }
    assert left == set()


def _only_chinese(words: DeskWords) -> set[str]:
    """Chinese texts of panels, which an English window must not show."""
    words.core.use("zh")
    found = {words.core.tr(key) for key in words.core.keys() if key.startswith("ui.")}  # noqa: SIM118
    words.core.use("en")
    return found - {words.core.tr(key) for key in words.core.keys()}  # noqa: SIM118


def test_names_and_room_in_every_place(qtbot: QtBot, make: Make, words: DeskWords) -> None:
    rig = make(Role.LEAD, Role.ADMINISTRATOR)
    rig.enter(qtbot)
    words.use("qps")
    for key in ("forme", "approvals", "workload", "dashboards", "quality", "audit", "settings"):
        page = rig.window.open(key)
        QApplication.processEvents()
        assert unnamed(page) == [], key
        qtbot.waitUntil(partial(_fits, page))


def test_no_part_of_a_place_is_ever_a_window(qtbot: QtBot, make: Make) -> None:
    """What is shown before it has a parent flashes as a window of its own and takes the keys away."""
    rig = make(Role.LEAD, Role.ADMINISTRATOR, Role.FINANCE)
    rig.enter(qtbot)
    flashed: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                flashed.append(f"{type(watched).__name__} {watched.objectName()}")
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)  # type: ignore[union-attr]
    for key in PLACES:
        rig.window.open(key)
        QApplication.processEvents()
    QApplication.instance().removeEventFilter(watch)  # type: ignore[union-attr]
    assert flashed == []


def _fits(page: QWidget) -> bool:
    return cut(page) == []


def test_an_unexpected_error_is_said_calmly(qtbot: QtBot, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    rig = make(Role.REVIEWER)
    before = sys.excepthook
    with catching(rig.window):
        sys.excepthook(ZeroDivisionError, ZeroDivisionError("x"), None)
    assert sys.excepthook is before
    assert "ZeroDivisionError" in rig.window.banner.accessibleName()
    assert "unexpected" in caplog.text
    caplog.clear()
