"""Composes the desk: sign-in, places, what leads where, what is refreshed when. Panels meet here and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar, cast

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from refund_desk.client.api import DeskClient
from refund_desk.desktop.app import Connect, DeskOptions
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.drafts import Drafts
from refund_desk.desktop.feed import ChangeWatch
from refund_desk.desktop.leases import Leases
from refund_desk.desktop.operations import Operations, new_key
from refund_desk.desktop.pinned import CheckpointKeeper
from refund_desk.desktop.places import BOUND, HINTS, PLACES, WHOSE, Place, QueuePlace
from refund_desk.desktop.queue import QueuePanel
from refund_desk.desktop.queue.query import Query
from refund_desk.desktop.session import Session
from refund_desk.desktop.shell import MainWindow, RailEntry
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import EmptyState, KeyButton
from refund_desk.desktop.widgets.caserow import row_text
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import formats, tr, unbind_text, word, word_error, words
from refund_desk.desktop.workspace import CaseWorkspace
from refund_desk.domain.checkpoints import Checkpoint
from refund_desk.domain.errors import DeskError, Invalid, Unauthenticated
from refund_desk.domain.words import Role
from refund_desk.wire.cases import QueuePage
from refund_desk.wire.commands import DeskStatus, Me, Outcome, Taken, VerifyReport

_PageT = TypeVar("_PageT", bound=QWidget)

REFRESH_MS, SAID_MS, FOUND = 600, 6_000, 8


class DeskWindow(QObject):
    """One desk in one window. `begin` connects and signs in; `ready` when the first page is there."""

    ready = Signal()

    def __init__(self, window: MainWindow, operations: Operations, connect: Connect, options: DeskOptions) -> None:
        super().__init__(window)
        self.window, self.operations, self.options = window, operations, options
        self.clock = DeskClock(parent=self)
        self.client: DeskClient | None = None
        self.desk: Desk | None = None
        self.watch: ChangeWatch | None = None
        self.leases: Leases | None = None
        self.keeper: CheckpointKeeper | None = None
        self.session = Session(window, operations, connect, options, self)
        self._place: QueuePlace | None = None
        self._stale: set[str] = set()
        self._decided = 0
        self._checkpoint: Checkpoint | None = None
        self._report: VerifyReport | None = None
        self._soon, self._quiet = self._timer(REFRESH_MS), self._timer(SAID_MS)
        self._connect()

    # ------------------------------------------------------------ for the command that opens it

    def begin(self) -> None:
        """Connect to the service, then sign in."""
        self.session.begin()

    def close(self) -> None:
        """Listen and renew no more; the client is closed by whoever runs the loop."""
        for part in (self.watch, self.leases):
            if part is not None and shiboken6.isValid(part):
                part.stop()
        self._soon.stop()
        self._quiet.stop()
        self.keeper = None

    # ------------------------------------------------------------ places

    def panel(self, key: str) -> QWidget:
        """A place's page, opened: one of PLACES."""
        return self.window.open(key)

    @property
    def place(self) -> QueuePlace:
        """Queue and workspace; made on first use."""
        if self._place is None:
            self.window.open("queue")
        assert self._place is not None
        return self._place

    @property
    def queue(self) -> QueuePanel:
        return self.place.queue

    @property
    def workspace(self) -> CaseWorkspace:
        return self.place.workspace

    def open_case(self, ref: str) -> None:
        """Show a case in the workspace, its row chosen in the queue, and have the one after it ready."""
        if "queue" not in self.window.rail.buttons:
            self.window.say("info", "ui.main.no_case_place")
            return
        self.window.open("queue")
        place = self.place
        place.queue.show_open(ref)
        place.workspace.open(ref)
        if following := place.queue.after(ref):
            place.workspace.prefetch(following)

    def take_next(self) -> None:
        """Take the next case of the list that is worked from, and open it."""
        if self.desk is None or not self.desk.has(Role.REVIEWER):
            return
        query = self._place.queue.query() if self._place is not None else Query()
        client = self.desk.client
        self.operations.write(
            self, lambda key: client.take_next(query.filters(), key), self._taken, self.window.say_error, key=new_key()
        )

    # ------------------------------------------------------------ signed in and out

    def _signed_in(self, client: DeskClient, me: Me, status: DeskStatus) -> None:
        self.client = client
        self.operations.new_session()
        self.clock.set_service_time(status.now)
        before = self.desk
        self.desk = Desk(
            client, self.operations, self.window.keys, self.clock, me, status, self.window.state, self._drafts(me)
        )
        self.window.top.set_person(me.person.name, [role.value for role in me.roles])
        if before is not None and before.me == me and before.client is client:
            self.window.uncover()  # the session had run out: everything typed is still there
        else:
            self._furnish(me)
        self._listen(client)
        self._refresh_all()
        self._show_status()
        self.ready.emit()
        if self.options.ready is not None:
            self.options.ready(self)

    def _drafts(self, me: Me) -> Drafts:
        """Each person has their own at each service: a colleague at the same machine finds none of another's."""
        whose = f"{self.options.server or 'embedded'} {me.person.id}"
        return Drafts(self.options.directory / "drafts" / hashlib.sha256(whose.encode()).hexdigest()[:16])

    def _furnish(self, me: Me) -> None:
        """The places that this person has."""
        self._place, self._decided, self._report = None, 0, None
        every: dict[str, Callable[[], QWidget]] = {
            "forme": self._make_forme,
            "queue": self._make_queue,
            "approvals": self._make_approvals,
            "reconciliation": self._make_reconciliation,
            "workload": self._make_workload,
            "dashboards": self._make_dashboards,
            "quality": self._make_quality,
            "audit": self._make_audit,
            "settings": self._make_settings,
        }
        makers = {key: make for key, make in every.items() if set(me.roles) & set(WHOSE[key])}
        entries = [RailEntry(key, PLACES[key][0], PLACES[key][1], maker) for key, maker in makers.items()]
        self.window.set_rail(entries)
        for key in makers:
            _, label, keys = PLACES[key]
            button = self.window.rail.buttons[key]
            self.window.keys.add(f"place.{key}", keys, label, partial(self.window.open, key), owner=button)
        if set(me.roles) & set(BOUND):
            settings = self.window.rail.buttons["settings"]
            self.window.keys.add("person.mine", "Ctrl+Shift+P", "ui.person.mine", self._open_mine, owner=settings)
        self.window.open_first()

    def _listen(self, client: DeskClient) -> None:
        for part in (self.watch, self.leases):
            if part is not None:
                part.stop()
                part.deleteLater()
        self.watch = ChangeWatch(client, self.operations, self.clock, self)
        self.watch.changed.connect(self._changed)
        self.watch.back.connect(self._refresh_all)
        self.watch.state_changed.connect(self._show_sync)
        self.leases = Leases(client, self.operations, self)
        self.leases.lost.connect(lambda ref: self.window.say("warn", "ui.main.lease_lost", ref=ref))
        if self.keeper is None:
            server = self.options.server or "embedded"
            key = self._signed().status.log_key
            self.keeper = CheckpointKeeper(client, self.operations, server, key, self.window.state, self)
            self.keeper.seen.connect(self._checkpoint_seen)
            self.keeper.broken.connect(self._log_broken)
        else:
            self.keeper.offer(self._signed().status.log_key)
        self.watch.start()

    def _session_over(self, _error: Unauthenticated) -> None:
        if self.desk is None or self.session.asking:
            return
        if self.watch is not None:
            self.watch.stop()
        self.session.again(self.desk.me.login)

    def _sign_out(self) -> None:
        desk = self.desk
        if desk is None:
            return
        self.desk = None
        self.close_parts()
        token = desk.client.token  # now: the call may be sent once the next person has signed in
        self.operations.write(
            self, lambda _key: desk.client.sign_out(token), lambda _none: None, lambda _error: None, key=new_key()
        )
        self.window.top.set_person("", [])
        self.window.top.set_sync("")
        self.window.set_rail([])
        self._place = None
        self._show_status()
        self.session.again("")

    def close_parts(self) -> None:
        """Stop what runs in the background for the person who goes."""
        for part in (self.watch, self.leases):
            if part is not None:
                part.stop()

    # ------------------------------------------------------------ pages

    def _make_forme(self) -> QWidget:
        from refund_desk.desktop.forme import ForMePanel

        page = ForMePanel(self._signed())
        page.open_case.connect(self.open_case)
        page.open_approval.connect(self._open_approval)
        page.take_next_wanted.connect(self.take_next)
        page.counted.connect(partial(self._badge, "forme"))
        page.start()
        return self._page("forme", page)

    def _make_queue(self) -> QWidget:
        desk = self._signed()
        place = self._place = QueuePlace(desk)
        place.queue.open_case.connect(self.open_case)
        place.queue.take_next_wanted.connect(self.take_next)
        place.queue.prefetch_wanted.connect(place.workspace.prefetch)
        place.workspace.decided.connect(lambda ref, _outcome: self._case_decided(ref))
        place.workspace.changed.connect(self._case_written)
        place.workspace.take_next_wanted.connect(self.take_next)
        place.workspace.open_case.connect(self.open_case)
        place.workspace.said.connect(self._say_short)
        place.queue.start()
        return place

    def _make_approvals(self) -> QWidget:
        from refund_desk.desktop.approvals import ApprovalsPanel

        page = ApprovalsPanel(self._signed())
        page.open_case.connect(self.open_case)
        page.settled.connect(self._approval_settled)
        page.counted.connect(partial(self._badge, "approvals"))
        page.start()
        return self._page("approvals", page)

    def _make_reconciliation(self) -> QWidget:
        from refund_desk.desktop.reconciliation import ReconciliationPanel

        page = ReconciliationPanel(self._signed())
        page.open_case.connect(self.open_case)
        page.counted.connect(partial(self._badge, "reconciliation"))
        page.start()
        return self._page("reconciliation", page)

    def _make_workload(self) -> QWidget:
        from refund_desk.desktop.workload import WorkloadPanel

        page = WorkloadPanel(self._signed())
        page.open_case.connect(self.open_case)
        page.moved.connect(lambda: self._mark("queue", "forme"))
        page.start()
        return self._page("workload", page)

    def _make_dashboards(self) -> QWidget:
        from refund_desk.desktop.dashboards import DashboardsPanel

        page = DashboardsPanel(self._signed())
        page.open_case.connect(self.open_case)
        page.edit_process.connect(self._edit_process)
        page.start()
        return self._page("dashboards", page)

    def _make_quality(self) -> QWidget:
        from refund_desk.desktop.quality import QualityPanel

        page = QualityPanel(self._signed())
        page.start()
        return self._page("quality", page)

    def _open_mine(self) -> None:
        """One's own absence and conflicts of interest."""
        from refund_desk.desktop.workload.people import PersonDialog

        desk = self._signed()
        PersonDialog(self.window, desk, desk.me.person).open()

    def _make_audit(self) -> QWidget:
        from refund_desk.desktop.audit import AuditPanel

        page = AuditPanel(self._signed())
        page.open_case.connect(self.open_case)
        page.verified.connect(self._verified)
        page.start()
        return self._page("audit", page)

    def _make_settings(self) -> QWidget:
        from refund_desk.desktop.settings import SettingsPanel

        page = SettingsPanel(self._signed())
        page.language_chosen.connect(self.window.use_language)
        page.language_chosen.connect(self._tell_language)
        page.theme_chosen.connect(self._use_theme)
        page.start()
        return self._page("settings", page)

    def _page(self, key: str, page: _PageT) -> _PageT:
        """F5 asks a page again; the workspace has its own."""
        self.window.keys.add(f"refresh.{key}", "F5", "ui.main.refresh", cast(Place, page).refresh, owner=page)
        return page

    def _signed(self) -> Desk:
        assert self.desk is not None, "pages are made once somebody is signed in"
        return self.desk

    # ------------------------------------------------------------ what leads where

    def _edit_process(self) -> None:
        from refund_desk.desktop.settings import SettingsPanel

        page = self.window.open("settings")
        if isinstance(page, SettingsPanel):
            page.edit_process()

    def _open_approval(self, ref: str) -> None:
        if "approvals" not in self.window.rail.buttons:
            self.open_case(ref)
            return
        from refund_desk.desktop.approvals import ApprovalsPanel

        page = self.window.open("approvals")
        if isinstance(page, ApprovalsPanel):
            page.choose(ref)

    def _taken(self, taken: Taken) -> None:
        if taken.ref is None:
            self.window.say("info", "ui.main.nothing_to_take")
            return
        if self.leases is not None:
            self.leases.hold(taken.ref)
        reasons = formats().join([word(coded, "take") for coded in taken.why])
        self._say_short(tr("ui.main.taken", ref=taken.ref, why=reasons) if reasons else "")
        self.open_case(taken.ref)
        self._mark("queue", "forme")

    def _case_decided(self, ref: str) -> None:
        """What comes next opens by itself."""
        if self.leases is not None:
            self.leases.let_go(ref)
        self._count(1)
        self._mark("queue", "forme", "approvals", "audit")
        if self._signed().has(Role.REVIEWER):
            self.take_next()
        elif following := self.queue.after(ref):
            self.open_case(following)

    def _case_written(self, _ref: str, outcome: Outcome) -> None:
        if outcome.what.code.endswith("undone"):
            self._count(-1)
        self._mark("queue", "forme")

    def _approval_settled(self, outcome: Outcome) -> None:
        self._count(1)
        if self._place is not None:
            self._place.workspace.refresh_if(outcome.ref)
        self._mark("queue", "forme", "audit")

    def _find_cases(self, text: str, deliver: Callable[..., None]) -> None:
        """The palette's cases: searched by the service."""
        desk = self.desk
        if desk is None or "queue" not in self.window.rail.buttons:
            deliver([])
            return

        def found(page: QueuePage) -> None:
            deliver([self._found(row_text(row, self.clock.now(), desk.me.person.id)) for row in page.rows])

        self.operations.read(self, lambda: desk.client.queue(q=text, limit=FOUND), found, lambda _error: deliver([]))

    def _found(self, text: object) -> object:
        from refund_desk.desktop.palette import Found
        from refund_desk.desktop.widgets.caserow import RowText

        assert isinstance(text, RowText)
        return Found(f"{text.ref} · {text.who}", partial(self.open_case, text.ref), text.detail, text.amount, "case")

    # ------------------------------------------------------------ news

    def _changed(self, refs: list[str]) -> None:
        if self.keeper is not None:
            self.keeper.look()
        if refs and self._place is not None:
            self._place.workspace.refresh_if(refs)
        self._mark(*(("queue", "forme", "approvals", "workload", "audit") if refs else ("audit",)))

    def _mark(self, *keys: str) -> None:
        """These pages show something old. The one that is seen is asked again soon, the others when they are seen."""
        self._stale.update(keys)
        if not self._soon.isActive():
            self._soon.start()

    def _refresh_stale(self) -> None:
        for key in (self.window.current, "forme", "approvals"):  # the latter two carry counts on the rail
            page = self.window.page(key)
            if key not in self._stale or page is None:
                continue
            self._stale.discard(key)
            if isinstance(page, QueuePlace):
                page.queue.refresh()
            elif isinstance(page, Place):
                page.refresh()

    def _refresh_all(self) -> None:
        if self._place is not None:
            self._place.workspace.refresh()
        self._mark(*PLACES)

    def _written(self, _answer: object) -> None:
        if self.keeper is not None:
            self.keeper.look()

    def _checkpoint_seen(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._show_status()

    def _log_broken(self, error: DeskError) -> None:
        """Refused: nothing is shown or done on a log that is not the one we knew."""
        self.close_parts()
        page = EmptyState("ui.main.log_broken", "ui.main.log_broken_text", icon_name="danger")
        page.setObjectName("signInPage")
        unbind_text(page.text.setText)
        page.text.setText(f"{word_error(error)}\n{tr('ui.main.log_broken_text')}")
        enter = KeyButton("ui.main.log_accept", icon_name="audit")
        enter.clicked.connect(self._ask_log_key)
        page.add_button(enter)
        self.window.cover(page)
        self.window.top.set_sync("")

    def _ask_log_key(self) -> None:
        """On purpose, and not by a click alone: whoever goes on has the key from somebody who answers for the log."""
        dialog = TextDialog(
            self.window,
            "ui.main.log_accept",
            "ui.main.log_key",
            "ui.main.log_accept_ok",
            lead_key="ui.main.log_lead",
            width=640,  # a key is long, and is compared at a glance
        )
        dialog.given.connect(self._accept_log)
        dialog.open()

    def _accept_log(self, vkey: str) -> None:
        if self.keeper is None or self.client is None:
            return
        try:
            self.keeper.accept(vkey)
        except Invalid as error:
            self.window.say_error(error)
            return
        self.window.uncover()
        self._listen(self.client)
        self._refresh_all()

    def _verified(self, report: VerifyReport) -> None:
        self._report = report
        self._show_status()

    # ------------------------------------------------------------ small things

    def _show_place(self, key: str) -> None:
        reviewer = self.desk is not None and self.desk.has(Role.REVIEWER)
        settles = self.desk is not None and self.desk.has(Role.FINANCE)
        idle = {"queue": {"G"}, "forme": {"G"}} if not reviewer else {}
        idle |= {"reconciliation": {"R", "X"}} if not settles else {}
        hints = [hint for hint in HINTS.get(key, []) if hint[0] not in idle.get(key, ())]
        self.window.status.set_hints([*hints, ("?", "ui.keys.title")])
        if key in self._stale:
            self._soon.start()

    def _show_sync(self, state: str, since: datetime) -> None:
        if self.desk is None:
            return
        self.window.top.set_sync(state, since)
        if state == "synced" and self.keeper is not None:
            self.keeper.look()

    def _show_status(self) -> None:
        status = self.window.status
        if self.desk is None:
            status.set_audit()
            status.set_shift()
            return
        if self._report is not None and self._report.ok:
            key = "ui.main.audit_verified" if self._report.origin_proven else "ui.main.audit_unproven"
            status.set_audit(key, n=self._report.entries, at=self._report.at)
        elif self._report is not None:
            status.set_audit("ui.main.audit_bad", at=self._report.at)
        elif self._checkpoint is not None:
            status.set_audit("ui.main.audit_covers", n=self._checkpoint.size)
        if self._decided > 0:
            status.set_shift("ui.main.shift", n=self._decided)
        else:
            status.set_shift()

    def _count(self, by: int) -> None:
        self._decided = max(0, self._decided + by)
        self._show_status()

    def _badge(self, key: str, count: int, more: bool) -> None:
        button = self.window.rail.buttons.get(key)
        if button is not None:
            shown = f"{count}+" if more else str(count)
            button.set_badge("" if not count and not more else "99+" if count > 99 else shown)

    def _say_short(self, text: str) -> None:
        """A word in the status bar that goes by itself."""
        if text:
            self.window.status.hints.setText(text)
            self._quiet.start()

    def _tell_language(self, language: str) -> None:
        desk = self.desk
        if desk is not None and language in ("zh", "en"):
            self.operations.write(
                self,
                lambda _key: desk.client.set_language(language),
                lambda _me: None,
                lambda _error: None,
                key=new_key(),
            )

    def _use_theme(self, mode: str) -> None:
        theme().use(mode)
        state: DeskState | None = self.window.state
        if state is not None:
            state.theme = mode

    def _failed(self, error: DeskError) -> None:
        if not isinstance(error, Unauthenticated):
            self.window.say_error(error)

    def _timer(self, milliseconds: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        return timer

    def _connect(self) -> None:
        window = self.window
        self.session.signed_in.connect(self._signed_in)
        self.operations.failed.connect(self._failed)
        self.operations.signed_out.connect(self._session_over)
        self.operations.written.connect(self._written)
        self._soon.timeout.connect(self._refresh_stale)
        self._quiet.timeout.connect(lambda: self._show_place(window.current))
        window.shown.connect(self._show_place)
        window.sign_out.connect(self._sign_out)
        window.closing.connect(self.close)
        window.top.language_chosen.connect(self._tell_language)
        words().changed.connect(self._show_status)
        window.palette_bar.provider = self._find_cases
