"""Writing on a case: a reply from a template, an internal note, a question to roles, a message that came by phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from refund_desk.client.api import DeskClient
from refund_desk.desktop.drafts import DraftKeeper, Drafts
from refund_desk.desktop.operations import Operations, new_key
from refund_desk.desktop.widgets import KeyButton, PlainLabel, flow_widget
from refund_desk.desktop.words import bind_made, bind_text, member, tr, word_error, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.edit import TextBox
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import Ask, MessageBody, Outcome, TemplateView

MODES = {
    "reply": ("Y", "message.reply"),
    "note": ("N", "note.add"),
    "ask": ("Q", "consult.ask"),
    "received": ("V", "message.receive"),
}
ASKABLE = (Role.FINANCE, Role.RISK, Role.COMPLIANCE, Role.WAREHOUSE, Role.CUSTOMER_SERVICE, Role.SUPERVISOR, Role.LEAD)
CHANNELS = ("phone", "counter", "email", "chat")


class Composer(QWidget):
    """Closed it is one line of buttons. `open_as(mode)` opens it; what is typed is kept as a draft."""

    sent = Signal(object)
    """The Outcome."""

    def __init__(
        self, client: DeskClient, operations: Operations, drafts: Drafts | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._client, self._operations, self._drafts = client, operations, drafts
        self._view: CaseView | None = None
        self._keeper: DraftKeeper | None = None
        self.mode, self._key = "", ""
        self._templates: list[TemplateView] = []
        self.buttons = {mode: KeyButton(f"ui.case.compose.{mode}", keys, "quiet") for mode, (keys, _) in MODES.items()}
        self.edit = TextBox()
        self.edit.submitted.connect(self.send)
        self.edit.left.connect(self.shut)
        self.edit.textChanged.connect(self._typed)
        self.title, self.problem = PlainLabel(look="small strong"), PlainLabel(look="small danger", wrap=True)
        self.template, self.channel = QComboBox(), QComboBox()
        self.withdraws, self.required = QCheckBox(), QCheckBox()
        self.send_button = KeyButton("ui.case.compose.send", "Ctrl+Return", "primary")
        self.cancel = KeyButton("ui.case.cancel", "Esc", "quiet")
        self._build()
        words().changed.connect(self._reword)
        self._reword()

    # ------------------------------------------------------------ the case

    def show_case(self, view: CaseView) -> None:
        """Offer what the viewer may write; a draft of this case opens by itself."""
        other = self._view is None or self._view.ref != view.ref
        if other:
            self._leave()
        self._view = view
        for mode, (_, activity) in MODES.items():
            self.buttons[mode].setVisible(activity in view.actions)
        self._row.setVisible(any(not button.isHidden() for button in self.buttons.values()))
        if other:
            self._templates = []
            self._restore()

    def may(self, mode: str) -> bool:
        return self._view is not None and MODES[mode][1] in self._view.actions

    def open_as(self, mode: str, text: str = "", roles: tuple[Role, ...] = ()) -> None:
        """Open for writing; `roles` are ticked for a question."""
        if not self.may(mode):
            return
        if mode != self.mode:
            self._key = new_key()
        self.mode = mode
        for role, box in self.roles.items():
            if roles:
                box.setChecked(role in roles)
        if text:
            self.edit.setPlainText(text)
        self._show_mode()
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if mode == "reply":
            self._fetch_templates()

    def shut(self) -> None:
        """Close; the draft stays until it is sent."""
        self.mode = ""
        self._box.hide()
        self.setFocus()

    # ------------------------------------------------------------ sending

    def send(self) -> None:
        """Send what is written; the same key goes with every try."""
        view, text = self._view, self.edit.toPlainText().strip()
        if view is None or not self.mode:
            return
        if not text or (self.mode == "ask" and not self._asked()):
            self._say(lambda: tr("ui.case.compose.empty" if not text else "ui.case.compose.no_role"))
            return
        ref, mode = view.ref, self.mode
        self.send_button.setEnabled(False)
        if mode == "ask":
            ask = Ask(roles=self._asked(), question=text, required=self.required.isChecked(), rests_on={})
            call = lambda key: self._client.ask(ref, ask, key)  # noqa: E731
        else:
            body = self._message(text)
            call = lambda key: self._client.message(ref, body, key)  # noqa: E731
        self._operations.write(self, call, self._went, self._failed, key=self._key)

    def _message(self, text: str) -> MessageBody:
        at = self.template.currentIndex()
        return MessageBody.model_validate(
            {
                "kind": self.mode,
                "text": text,
                "channel": self.channel.currentData() if self.mode == "received" else None,
                "template": self._templates[at - 1].id if self.mode == "reply" and at > 0 else None,
                "withdraws": self.mode == "received" and self.withdraws.isChecked(),
            }
        )

    def _asked(self) -> list[Role]:
        return [role for role, box in self.roles.items() if box.isChecked()]

    def _went(self, outcome: Outcome) -> None:
        self.send_button.setEnabled(True)
        if self._keeper is not None:
            self._keeper.drop()
        self.edit.blockSignals(True)
        self.edit.clear()
        self.edit.blockSignals(False)
        self.withdraws.setChecked(False)
        self._key = new_key()
        self.shut()
        self.sent.emit(outcome)

    def _failed(self, error: DeskError) -> None:
        self.send_button.setEnabled(True)
        self._say(lambda: word_error(error))

    def _say(self, make: Callable[[], str]) -> None:
        bind_made(self.problem.setText, make)
        self.problem.setVisible(bool(self.problem.text()))

    # ------------------------------------------------------------ drafts

    def gather(self) -> dict[str, Any]:
        """The draft: mode, text, roles and the idempotency key."""
        return {
            "mode": self.mode,
            "text": self.edit.toPlainText(),
            "roles": [role.value for role in self._asked()],
            "key": self._key,
        }

    def _typed(self) -> None:
        self._say(str)
        if self._keeper is not None:
            self._keeper.touch()

    def _leave(self) -> None:
        if self._keeper is not None:
            self._keeper.flush()
            self._keeper.deleteLater()
            self._keeper = None
        self.edit.blockSignals(True)
        self.edit.clear()
        self.edit.blockSignals(False)
        self.mode, self._key = "", new_key()
        self._box.hide()

    def _restore(self) -> None:
        if self._drafts is None or self._view is None:
            return
        form = f"compose/{self._view.ref}"
        draft = self._drafts.load(form)
        if draft is not None and draft.get("mode") in MODES and draft.get("text"):
            self.open_as(draft["mode"], draft["text"], tuple(Role(role) for role in draft.get("roles", [])))
            self._key = draft.get("key") or self._key
            self.clearFocus()
        self._keeper = DraftKeeper(self._drafts, form, self.gather, self)

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        self._row, flow = flow_widget(gap=2)
        for mode, button in self.buttons.items():
            button.setObjectName("compose")
            button.clicked.connect(lambda _=False, m=mode: self.open_as(m))
            flow.addWidget(button)
        self._ask_box, roles = flow_widget(gap=2)
        self.roles = {role: QCheckBox() for role in ASKABLE}
        for box in (*self.roles.values(), self.required):
            roles.addWidget(box)
        self.required.setChecked(True)
        self.template.currentIndexChanged.connect(self._use_template)
        self.edit.setTabChangesFocus(True)
        self.edit.setFixedHeight(92)
        self.cancel.clicked.connect(self.shut)
        self.send_button.clicked.connect(self.send)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.cancel)
        foot.addWidget(self.send_button)
        self._box = QWidget()
        inside = QVBoxLayout(self._box)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(5)
        parts = (self.title, self.template, self.channel, self._ask_box, self.edit, self.withdraws, self.problem)
        for widget in parts:
            inside.addWidget(widget)
        inside.addLayout(foot)
        self._box.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 6)
        column.setSpacing(0)
        column.addWidget(self._box)
        column.addWidget(self._row)
        bind_text(self.template.setAccessibleName, "ui.case.compose.template")
        bind_text(self.channel.setAccessibleName, "ui.case.compose.channel")
        bind_text(self.withdraws.setText, "ui.case.compose.withdraws")
        bind_text(self.required.setText, "ui.case.compose.required")

    def _show_mode(self) -> None:
        bind_text(self.title.setText, f"ui.case.compose.{self.mode}.title")
        bind_text(self.edit.setAccessibleName, f"ui.case.compose.{self.mode}.title")
        bind_text(self.edit.setPlaceholderText, f"ui.case.compose.{self.mode}.hint")
        self.template.setVisible(self.mode == "reply" and bool(self._templates))
        self.channel.setVisible(self.mode == "received")
        self.withdraws.setVisible(self.mode == "received")
        self._ask_box.setVisible(self.mode == "ask")
        self._say(str)
        self._box.show()
        self._row.hide()  # the room is the text's; Esc brings the ways to write back

    def _reword(self) -> None:
        for role, box in self.roles.items():
            box.setText(member("role", role))
        self.channel.blockSignals(True)
        at = max(0, self.channel.currentIndex())
        self.channel.clear()
        for channel in CHANNELS:
            self.channel.addItem(member("channel", channel), channel)
        self.channel.setCurrentIndex(at)
        self.channel.blockSignals(False)
        self._fill_templates()

    def _fetch_templates(self) -> None:
        if self._view is None or self._templates:
            return
        ref = self._view.ref
        self._operations.read(
            self,
            lambda: self._client.templates(ref),
            lambda found: self._got_templates(ref, found),
            lambda _error: None,
        )

    def _got_templates(self, ref: str, found: list[TemplateView]) -> None:
        if self._view is not None and self._view.ref == ref:
            self._templates = found
            self._fill_templates()
            self.template.setVisible(self.mode == "reply" and bool(found))

    def _fill_templates(self) -> None:
        self.template.blockSignals(True)
        at = max(0, self.template.currentIndex())
        self.template.clear()
        self.template.addItem(tr("ui.case.compose.template"))
        self.template.addItems([show.text2(template.label) for template in self._templates])
        self.template.setCurrentIndex(at if at < self.template.count() else 0)
        self.template.blockSignals(False)

    def _use_template(self, at: int) -> None:
        if at > 0:
            self.edit.setPlainText(self._templates[at - 1].text)
            self.edit.setFocus()
