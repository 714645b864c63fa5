"""Opens cases, keeps them fresh, and routes what is done on them. Knows no other panel; speaks by signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.exporting import ExportStrip
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import EmptyState, KeyButton, UndoBar
from refund_desk.desktop.words import bind_made, tr, word_error, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.acts import Acts
from refund_desk.desktop.workspace.compare import Compare
from refund_desk.desktop.workspace.evidence_pane import delivered_at
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.page import CasePage
from refund_desk.desktop.workspace.shortcuts import bind_keys
from refund_desk.desktop.workspace.since import Since
from refund_desk.desktop.workspace.store import Cases
from refund_desk.desktop.workspace.upload import Upload
from refund_desk.desktop.workspace.viewer import Viewer
from refund_desk.domain.errors import DeskError, NotFound
from refund_desk.domain.words import Role
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import Looks, Outcome

AHEAD_MS = 350
"""How long an opened case has the machine to itself before the one after it is fetched."""
LOOKS_AFTER_MS = 800
RENEW_MS = 4 * 60_000
UNDO_S = 10.0


class CaseWorkspace(QWidget):
    """`open(ref)` shows a case; `prefetch(ref)` has the next one ready; `refresh_if(refs)` after the change feed."""

    decided = Signal(str, object)
    """Ref and Outcome of a proposal, an approval or another step that moves the case on."""
    changed = Signal(str, object)
    """Ref and Outcome of anything else written on it: a message, a note, a question."""
    take_next_wanted = Signal()
    open_case = Signal(str)
    """A case that should be selected and opened, after an undo."""
    said = Signal(str)
    """Ready words for the status bar."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.desk = desk
        self.images = Images(desk.client, desk.operations, self)
        self._cases = Cases(desk.client, desk.operations, self)
        self._view: CaseView | None = None
        self._since = Since()
        self._ahead = ""
        self._wanted = ""
        self._looked: set[int] = set()
        self._seen = 0
        self._opened = False
        """Shown from what was fetched ahead, and not told yet."""
        self.export = ExportStrip(desk)
        self._build()
        self.viewer = Viewer(desk.client, desk.operations, self.images, desk.keys, desk.me.person.id, self)
        self.undo_bar = UndoBar(self)
        self._undo: tuple[str, int, str] | None = None
        self.upload = Upload(desk.client, desk.operations, self)
        self.acts = Acts(self)
        self._connect()
        bind_keys(self)
        self._timers()
        words().changed.connect(self._reword)

    # ------------------------------------------------------------ cases

    @property
    def ref(self) -> str:
        """The case that is open or being opened; empty where there is none."""
        return self._wanted

    @property
    def view(self) -> CaseView | None:
        """The case as it is on the screen."""
        return self._view if self._view is not None and self._view.ref == self._wanted else None

    def open(self, ref: str) -> None:
        """Show a case: at once if it was prefetched, and fetched again where that is a while ago."""
        if ref == self._wanted and self.view is not None:
            self.refresh()
            return
        self._send_looks()
        self._since.leave()
        self._wanted = ref
        self._ahead_timer.start()
        self._rest_focus()
        if not self.viewer.isHidden():
            self.viewer.close_view()
        kept = self._cases.have(ref)
        fresh = self._cases.fresh(ref)
        self._opened = self._cases.was_ahead(ref) and (kept is None or fresh)
        if kept is not None:
            self._show(*kept)
            if not fresh:
                self.refresh()
        else:
            self.loading.set_words("ui.case.loading", ref=ref)
            self._pages.setCurrentWidget(self.loading)
            self._cases.fetch(ref, self._arrived, self._failed)

    def prefetch(self, ref: str) -> None:
        """Have a case ready with its small pictures; what is opened next costs no waiting.

        While a case is being opened it waits: two at once would both be late.
        """
        if ref and ref != self._wanted:
            self._ahead = ref
            if not self._ahead_timer.isActive():
                self._fetch_ahead()

    def _fetch_ahead(self) -> None:
        ref, self._ahead = self._ahead, ""
        if ref and ref != self._wanted and not self._cases.fresh(ref):
            self._cases.fetch(ref, lambda view, _at: self._prefetch_images(view), ahead=True)

    def refresh(self) -> None:
        """Ask for the open case again; what is typed and where one reads stay."""
        if self._wanted:
            self._cases.fetch(self._wanted, self._arrived, self._failed)

    def refresh_if(self, refs: str | Iterable[str]) -> None:
        """Cases that changed: the open one is fetched again, prefetched ones are fetched when opened."""
        changed = {refs} if isinstance(refs, str) else set(refs)
        for ref in changed - {self._wanted}:
            self._cases.forget(ref)
        if self._wanted in changed:
            self.refresh()

    def close_case(self) -> None:
        """Nothing is open."""
        self._send_looks()
        self._since.leave()
        self._wanted = ""
        self._pages.setCurrentWidget(self.empty)

    # ------------------------------------------------------------ looking

    def open_viewer(self, index: int | None = None) -> None:
        """Evidence over the whole workspace."""
        view = self.view
        if view is None or not view.evidence:
            return
        at = self.page.evidence.current if index is None else index
        self.viewer.open(view.evidence, at, delivered_at(view), may_note="evidence.annotate" in view.actions)

    def open_evidence(self, evidence: int) -> None:
        """An attachment of a message."""
        at = self.page.evidence.index_of(evidence)
        if at is not None:
            self.page.evidence.choose(at)
            self.open_viewer(at)

    def compare(self) -> None:
        """All systems, field by field."""
        if self.view is not None:
            Compare(self.view, self).open()

    # ------------------------------------------------------------ after a write

    def offer_undo(self, outcome: Outcome) -> None:
        """U takes the last decision back while nothing has left."""
        if outcome.undo_until is None or outcome.proposal is None:
            return
        left = (outcome.undo_until - self.desk.clock.now()).total_seconds()
        self._undo = (outcome.ref, outcome.proposal, new_key())
        self.undo_bar.offer(
            lambda: show.joined(outcome.ref, show.coded(outcome.what, "event")), left if 0 < left <= UNDO_S else UNDO_S
        )

    def take_back(self) -> None:
        """Undo, by its button or by U."""
        self.undo_bar.undo()

    def _undone(self) -> None:
        if self._undo is None:
            return
        ref, number, key = self._undo
        self._undo = None
        self.desk.operations.write(
            self,
            lambda sent: self.desk.client.undo(ref, number, sent),
            lambda outcome: self._was_undone(ref, outcome),
            key=key,
        )

    def _was_undone(self, ref: str, outcome: Outcome) -> None:
        self.said.emit(tr("ui.case.undone", ref=ref))
        self.changed.emit(ref, outcome)
        self._cases.forget(ref)
        self.open_case.emit(ref)
        self.open(ref)

    def moved_on(self, outcome: Outcome) -> None:
        """A decision or step is done: the window opens what comes next."""
        self._cases.forget(outcome.ref)
        self.offer_undo(outcome)
        self.decided.emit(outcome.ref, outcome)
        if self._wanted == outcome.ref:  # nobody opened another one: show what became of it
            self.refresh()

    def was_written(self, outcome: Outcome) -> None:
        """Something else was written on the case: it is shown again."""
        self.changed.emit(outcome.ref, outcome)
        self.said.emit(show.joined(outcome.ref, show.coded(outcome.what, "event")))
        self._cases.forget(outcome.ref)
        if self._wanted == outcome.ref:
            self.refresh()

    def _evidence_came(self, ref: str, evidence: int) -> None:
        if ref == self._wanted:
            self.page.evidence.show_newest(evidence)
        self.refresh_if(ref)

    def _evidence_refused(self, ref: str, make: Callable[[], str]) -> None:
        if ref == self._wanted:
            self.page.evidence.tell(make)
        else:
            self.said.emit(show.joined(ref, make()))

    # ------------------------------------------------------------ inside

    def _rest_focus(self) -> None:
        """Another case: no field of the last one keeps the keys."""
        focused = QApplication.focusWidget()
        if focused is None or self.isAncestorOf(focused):
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrived(self, view: CaseView, fetched_at: float) -> None:
        if view.ref == self._wanted:
            self._show(view, fetched_at)

    def _show(self, view: CaseView, fetched_at: float) -> None:
        other = self._view is None or self._view.ref != view.ref
        view = self._since.mark(view)
        self._view = view
        self.page.show_case(view, fetched_at)
        self._pages.setCurrentWidget(self.page)
        if other:
            self.page.to_top()
        if other or view.newest > self._seen:
            self._seen = view.newest
            self._looks_timer.start()

    def _failed(self, error: DeskError) -> None:
        if self.view is not None:  # an old view stands: say it beside it instead of taking it away
            self.said.emit(word_error(error))
            return
        key = "ui.case.not_found" if isinstance(error, NotFound) else "ui.case.failed"
        self.error.set_words(key)
        bind_made(self.error.text.setText, lambda: word_error(error))
        self.error.text.show()
        self._pages.setCurrentWidget(self.error)

    def _prefetch_images(self, view: CaseView) -> None:
        ready = [item for item in view.evidence if item.status == "ready"]
        for item in ready[:8]:
            self.images.want(item.id, "thumb", lambda _image: None)
        if ready:
            self.images.want(ready[0].id, "screen", lambda _image: None)

    def look_at(self, evidence: int) -> None:
        """A picture was seen: told in batches, off the way of everything else."""
        self._looked.add(evidence)
        self._looks_timer.start()

    def _send_looks(self) -> None:
        view = self.view
        self._looks_timer.stop()
        if view is None or not (self._looked or self._seen or self._opened):
            self._looked.clear()
            return
        body = Looks(evidence=sorted(self._looked)[:500], seen_event=self._seen or None, opened=self._opened)
        self._looked, self._seen, self._opened = set(), 0, False
        ref = view.ref
        self.desk.operations.read(
            self, lambda: self.desk.client.looks(ref, body), lambda _none: None, lambda _error: None
        )

    def _renew(self) -> None:
        view = self.view
        if view is not None and view.assignment is not None and view.assignment.yours and view.open:
            ref = view.ref
            self.desk.operations.read(
                self, lambda: self.desk.client.renew(ref), lambda _taken: None, lambda _error: self.refresh_if(ref)
            )

    def _reword(self) -> None:
        if self.view is not None:
            kept = self._cases.have(self._wanted)
            self.page.show_case(self.view, kept[1] if kept else 0.0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.viewer.isHidden():
            self.viewer.setGeometry(self.rect())

    # ------------------------------------------------------------ building

    def _build(self) -> None:
        self.empty = EmptyState("ui.case.empty", "ui.case.empty.text", icon_name="case")
        take = KeyButton("ui.case.take_next", "G", "primary")
        take.clicked.connect(self.take_next_wanted)
        if self.desk.has(Role.REVIEWER):  # the service gives cases to reviewers alone
            self.empty.add_button(take)
        else:
            take.setParent(self.empty)
            take.hide()
        self.loading = EmptyState("ui.case.loading", icon_name="time")
        self.error = EmptyState("ui.case.failed", icon_name="danger")
        again = KeyButton("ui.case.again", "F5")
        again.clicked.connect(self.refresh)
        self.error.add_button(again)
        self.page = CasePage(self.desk, self.images)
        self._pages = QStackedWidget()
        for page in (self.empty, self.loading, self.error, self.page):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        column.addWidget(self.export)

    def _connect(self) -> None:
        page = self.page
        page.decision.decided.connect(self.moved_on)
        page.steps.done.connect(self.moved_on)
        page.decision.stale.connect(self.refresh)
        page.steps.stale.connect(self.refresh)
        page.talk.composer.sent.connect(self.was_written)
        page.talk.attachment_opened.connect(self.open_evidence)
        page.evidence.opened.connect(self.open_viewer)
        page.evidence.looked.connect(self.look_at)
        page.evidence.decoded.connect(self.refresh)
        page.evidence.busy.stopped.connect(self.upload.stop)
        self.upload.moved.connect(page.evidence.show_sending)
        self.upload.arrived.connect(self._evidence_came)
        self.upload.refused.connect(self._evidence_refused)
        page.conflicts.compare.clicked.connect(self.compare)
        self.viewer.looked.connect(self.look_at)
        self.viewer.noted.connect(lambda _evidence: self.refresh())
        self.undo_bar.undone.connect(self._undone)
        for pane in (page.order, page.payment, page.evidence):
            pane.copied.connect(lambda text: self.said.emit(tr("ui.case.copied", what=text)))
        for place in (page.order, page.payment, page.header.order):
            place.followed.connect(self.acts.follow)

    def _timers(self) -> None:
        self._ahead_timer = QTimer(self)
        self._ahead_timer.setSingleShot(True)
        self._ahead_timer.setInterval(AHEAD_MS)
        self._ahead_timer.timeout.connect(self._fetch_ahead)
        self._looks_timer = QTimer(self)
        self._looks_timer.setSingleShot(True)
        self._looks_timer.setInterval(LOOKS_AFTER_MS)
        self._looks_timer.timeout.connect(self._send_looks)
        self._lease_timer = QTimer(self)
        self._lease_timer.setInterval(RENEW_MS)
        self._lease_timer.timeout.connect(self._renew)
        self._lease_timer.start()
