"""Communication: messages and consultations in order of time, or everything merged as one timeline; the composer."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from refund_desk.client.api import DeskClient
from refund_desk.desktop.drafts import Drafts
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.widgets import Card, KeyButton, Pill, words_label
from refund_desk.desktop.widgets.scroll import SteadyScroll
from refund_desk.desktop.words import bind_text, formats
from refund_desk.desktop.workspace.bubbles import Bubble, Consultation
from refund_desk.desktop.workspace.composer import Composer
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.desktop.workspace.timeline import Timeline
from refund_desk.domain.words import Role
from refund_desk.wire.cases import CaseView

STICK_MS = 400
"""So long a case that was just opened stays at its newest message while its pictures and lines find their places."""


class ThreadCard(Card):
    """Messages as bubbles, consultations as cards; T shows the timeline instead."""

    attachment_opened = Signal(int)
    answer_wanted = Signal(int)
    override_wanted = Signal(int)
    promise_wanted = Signal(int)

    def __init__(
        self, client: DeskClient, operations: Operations, images: Images, drafts: Drafts | None, roles: set[Role]
    ) -> None:
        super().__init__("ui.case.pane.thread")
        self._images, self.roles = images, roles
        self._ref, self._stick = "", False
        self.count = Pill()
        self.toggle = KeyButton("ui.case.timeline", "T", "link")
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._turn)
        self.add_badge(self.count)
        self.add_badge(self.toggle)
        self.none = words_label("ui.case.no_messages", "muted", wrap=True)
        self.timeline = Timeline()
        self.composer = Composer(client, operations, drafts)
        self._build()
        self.setMinimumWidth(204)

    def show_case(self, view: CaseView) -> None:
        other = self._ref != view.ref
        self._ref = view.ref
        self.count.set_text(formats().number(len(view.messages)))
        self.none.setVisible(not view.messages and not view.consultations)
        self._show_consultations(view)
        evidence = {item.id: item for item in view.evidence}
        may_mark = "message.reply" in view.actions
        for bubble, message in zip(self._bubbles.take(len(view.messages)), view.messages, strict=True):
            bubble.show_message(message, evidence, may_mark=may_mark)
        self.timeline.show_entries(view.timeline)
        self.composer.show_case(view)
        if other:
            self.toggle.setChecked(False)
            self._stick = True  # its height is known only once it was laid out
            QTimer.singleShot(STICK_MS, self, self._let_go)
            self.to_end()

    def _let_go(self) -> None:
        self._stick = False

    def _grown(self, _least: int, _most: int) -> None:
        if self._stick:
            self.to_end()

    def to_end(self) -> None:
        """Show the newest message."""
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.maximum())

    def scroll_place(self) -> int:
        return self._area.verticalScrollBar().value()

    def set_scroll_place(self, place: int) -> None:
        self._area.verticalScrollBar().setValue(place)

    def _show_consultations(self, view: CaseView) -> None:
        """What was settled stands above the messages, what still waits below them, where it is seen first."""
        override = "consult.override" in view.actions
        waiting = [c for c in view.consultations if c.answered_at is None and c.overridden_by is None]
        settled = [c for c in view.consultations if c not in waiting]
        for pool, items in ((self._settled, settled), (self._waiting, waiting)):
            for card, item in zip(pool.take(len(items)), items, strict=True):
                mine = "consult.answer" in view.actions and item.role in self.roles
                card.show_consultation(item, may_answer=mine, may_override=override)

    def _turn(self, merged: bool) -> None:
        self._stack.setCurrentIndex(1 if merged else 0)
        self.toggle.set_words("ui.case.messages" if merged else "ui.case.timeline")

    def _build(self) -> None:
        inside = QWidget()
        inside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 9, 1, 9)
        column.setSpacing(6)
        column.addWidget(self.none)
        settled, bubbles, waiting = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for box in (settled, bubbles, waiting):
            box.setSpacing(6)
            column.addLayout(box)
        column.addStretch()
        self._settled, self._waiting = Pool(settled, self._consultation), Pool(waiting, self._consultation)
        self._bubbles = Pool(bubbles, self._bubble)
        self._area = SteadyScroll()
        self._area.setWidgetResizable(True)
        self._area.verticalScrollBar().rangeChanged.connect(self._grown)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._area.setWidget(inside)
        bind_text(self._area.setAccessibleName, "ui.case.messages")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._area)
        self._stack.addWidget(self.timeline)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.composer)

    def _bubble(self) -> Bubble:
        bubble = Bubble(self._images)
        bubble.opened.connect(self.attachment_opened)
        bubble.promise_wanted.connect(self.promise_wanted)
        return bubble

    def _consultation(self) -> Consultation:
        card = Consultation()
        card.answer_wanted.connect(self.answer_wanted)
        card.override_wanted.connect(self.override_wanted)
        return card
