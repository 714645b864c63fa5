"""Where a case is decided: the advice at the left, the form in the middle, what is clicked at the right."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.api import DeskClient
from refund_desk.desktop.drafts import DraftKeeper, Drafts
from refund_desk.desktop.operations import Operations, Running, new_key
from refund_desk.desktop.widgets import Banner, ElidedLabel, KeyButton, PlainLabel, words_label
from refund_desk.desktop.words import formats, member, tr, word_error, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.advice import Advice, RaciLine
from refund_desk.desktop.workspace.columns import Columns
from refund_desk.desktop.workspace.decision_form import DecisionForm
from refund_desk.desktop.workspace.form import RESTS_ON, TELLS, Form
from refund_desk.desktop.workspace.popup import Choice, Popup
from refund_desk.domain.errors import DeskError, Invalid, Refused, Stale
from refund_desk.domain.words import Aspect, Decision
from refund_desk.wire.base import Coded
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import Outcome, Preview

PREVIEW_AFTER_MS = 160
READ_FIRST_S = 0.4
"""What changed must have stood on the screen this long before a key confirms it."""
QUICK = {Decision.MORE_INFORMATION: "I", Decision.DECLINE: "R", Decision.ESCALATE: "E"}
ASKS_REASON_FIRST = (Decision.DECLINE, Decision.CANCEL, Decision.ESCALATE, Decision.HOLD)
_BELOW = "below_promise_reason"


class DecisionBar(QWidget):
    """`decided` with the Outcome; `stale` when the case must be fetched again before it is sent once more."""

    decided = Signal(object)
    stale = Signal()

    def __init__(
        self, client: DeskClient, operations: Operations, drafts: Drafts | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("decisionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._client, self._operations, self._drafts = client, operations, drafts
        self._view: CaseView | None = None
        self._keeper: DraftKeeper | None = None
        self._base: dict[Aspect, int] = {}
        self._preview: Preview | None = None
        self._asking: Running | None = None
        self._noticed_at = 0.0
        self.advice, self.raci, self.form = Advice(), RaciLine(), DecisionForm()
        self.told, self.missing = ElidedLabel(look="small muted"), PlainLabel(look="small warn", wrap=True)
        self.full_text = KeyButton("ui.case.preview", "P", "link")
        self.note = KeyButton("ui.case.form.note.add", "", "link")
        self.tell = KeyButton("ui.case.form.public_text.add", "", "link")
        self.notice = Banner("warn")
        self.notice.hide()
        self.primary = KeyButton("ui.case.decide", "Ctrl+Return", "primary")
        self.quick = {decision: KeyButton(f"ui.case.quick.{decision.value}", keys) for decision, keys in QUICK.items()}
        self._build()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(PREVIEW_AFTER_MS)
        self._wait.timeout.connect(self._ask_preview)
        self._connect()

    # ------------------------------------------------------------ the case

    def show_case(self, view: CaseView) -> None:
        """Another case opens its draft or an empty form; the same one again keeps what is typed."""
        if self._view is None or self._view.ref != view.ref:
            self._leave()
            self._view = view
            self._base = dict(view.versions)
            self._open_form(view)
        else:
            self._view = view
            self._notice_changes(view)
            self.form.show_case(view, self.form.form)
        self.advice.show_case(view, may_accept=self.may_accept())
        for decision, button in self.quick.items():
            option = next((o for o in view.options if o.decision is decision), None)
            button.setVisible(option is not None)
            button.setEnabled(option is not None and option.allowed)
        self._show_state()
        self._wait.start()

    def may_accept(self) -> bool:
        return self._view is not None and Form().accept(self._view)

    @property
    def preview(self) -> Preview | None:
        """What the service last said this form would be; None while it is being asked."""
        return self._preview

    def values(self) -> Form:
        return self.form.form

    # ------------------------------------------------------------ by key

    def accept(self) -> None:
        """Take the recommendation over into the form."""
        if self._view is not None and self.values().accept(self._view):
            self.form.refill()
            self._changed()

    def pick_decision(self) -> None:
        """A list of decisions to choose from."""
        if self._view is None:
            return
        items = [(o.decision.value, member("decision", o.decision)) for o in self._view.options if o.allowed]
        if items:
            Choice(self.form.decision, tr("ui.case.form.decision"), items, lambda v: self.take(Decision(v))).open(
                above=True
            )

    def take(self, decision: Decision) -> None:
        """Choose a decision; those that end or hand on a case ask for their reason first."""
        view = self._view
        option = next((o for o in view.options if o.decision is decision), None) if view else None
        if option is None or not option.allowed:
            return
        if decision in ASKS_REASON_FIRST and len(option.reasons) > 1:
            items = [(code, show.decision_reason(code)) for code in option.reasons]
            anchor = self.quick.get(decision, self.form.decision)
            title = show.joined(member("decision", decision), tr("ui.case.form.choose_reason"))
            Choice(anchor, title, items, lambda code: self.form.choose(decision, code)).open(above=True)
        else:
            self.form.choose(decision)

    def digit(self, digit: int) -> None:
        self.form.choose_reason(digit)

    def show_full_text(self) -> None:
        """What the customer will get, whole."""
        preview = self._preview
        if preview is None or not preview.customer_text:
            return
        popup = Popup(self.told, tr("ui.case.preview.title", language=preview.customer_language), 420)
        popup.add_text(preview.customer_text)
        if preview.terms:
            popup.add_table([(show.term(t), formats().money(t.amount), "") for t in preview.terms])
        if preview.payout_days is not None:
            popup.add_text(tr("ui.case.preview.days", n=preview.payout_days), "small muted")
        popup.open(above=True)

    # ------------------------------------------------------------ sending

    def submit(self) -> None:
        """Send the proposal with the key of this form. What is missing is asked for instead."""
        view = self._view
        body = self.values().body(self._base)
        if view is None or not self.primary.isVisible():
            return
        if body is None:
            self.pick_decision()
            return
        if self.form.unreadable():
            self.form.focus_problem()
            return
        if not body.reason and not self.form.fields["reason"].isHidden():
            self._ask_reason()
            return
        if not self.may_confirm() or not self.primary.isEnabled():
            return
        ref = view.ref
        self.primary.setEnabled(False)
        self._operations.write(
            self,
            lambda key: self._client.propose(ref, body, key),
            lambda outcome: self._went(ref, outcome),
            lambda error: self._failed(ref, error),
            key=self.values().key,
        )

    def may_confirm(self) -> bool:
        """False for the moment in which what changed has only just appeared."""
        return self.notice.isHidden() or time.monotonic() - self._noticed_at >= READ_FIRST_S

    def _went(self, ref: str, outcome: Outcome) -> None:
        self.primary.setEnabled(True)
        if self._view is not None and self._view.ref == ref:
            if self._keeper is not None:
                self._keeper.drop()
            self.form.form = Form()
            self._base = dict(outcome.versions)
        self.decided.emit(outcome)

    def _failed(self, ref: str, error: DeskError) -> None:
        self.primary.setEnabled(True)
        if self._view is None or self._view.ref != ref:
            self._operations.failed.emit(error)
        elif isinstance(error, Stale):
            self._show_stale(error)
        elif isinstance(error, Invalid):
            self.show_invalid(error)
        else:
            self._say("danger", self._worded(error))

    def _show_stale(self, error: Stale) -> None:
        """Show what changed in place; the same key, pressed again, confirms."""
        changed = error.params.get("changed") or []
        self._base = {**self._base, **_versions(error.params.get("versions"))}
        self._say("warn", tr("ui.case.stale", what=formats().join([_change(one) for one in changed])))
        self.stale.emit()

    def _notice_changes(self, view: CaseView) -> None:
        """The case moved on while the form was filled: say so; the next Ctrl+Enter rests on what is shown now."""
        moved = [a for a in RESTS_ON if view.versions.get(a, 0) > self._base.get(a, 0)]
        if not moved:
            return
        self._base = {a: max(number, self._base.get(a, 0)) for a, number in view.versions.items()}
        if self.values().touched:
            told = [show.coded(change.what, "event") for change in view.changes]
            what = formats().join(told or [member("aspect", aspect) for aspect in moved])
            self._say("warn", tr("ui.case.stale", what=what))

    def show_invalid(self, error: DeskError) -> None:
        """Each problem at its field; what belongs to none is said above."""
        problems = error.params.get("problems")
        found = {}
        for one in problems if isinstance(problems, list) else []:
            if isinstance(one, Mapping) and "code" in one:
                found[str(one.get("path", ""))] = words().core.word(one, "error")
        self.form.want_below_reason(_BELOW in found or bool(self.values().below_promise_reason))
        loose = self.form.show_problems(found)
        self._say("danger", "\n".join(loose) if found else self._worded(error))

    @staticmethod
    def _worded(error: DeskError) -> str:
        text = word_error(error)
        could = error.params.get("could")
        if isinstance(error, Refused) and could and not any(member("role", role) in text for role in could):
            text += " " + tr("ui.case.could", roles=could)
        return text

    def _say(self, kind: str, text: str) -> None:
        self.notice.setVisible(bool(text))
        if text:
            self.notice.set_kind(kind)
            self.notice.set_text(text)
            self._noticed_at = time.monotonic()

    def _ask_reason(self) -> None:
        option = self.form.option()
        if option is not None and option.reasons:
            items = [(code, show.decision_reason(code)) for code in option.reasons]
            Choice(self.form.reason, tr("ui.case.form.choose_reason"), items, self._reason_chosen).open(above=True)

    def _reason_chosen(self, code: str) -> None:
        option = self.form.option()
        if option is not None and code in option.reasons:
            self.form.choose_reason(option.reasons.index(code) + 1)

    # ------------------------------------------------------------ preview

    def _changed(self) -> None:
        if self._keeper is not None:
            self._keeper.touch()
        if self.notice.property("kind") == "danger":
            self._say("danger", "")
        self.form.show_problems({})
        self._show_state()
        self._wait.start()

    def _ask_preview(self) -> None:
        view = self._view
        body = self.values().body(self._base)
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if view is None or body is None or not self.isVisible() or self.form.unreadable():
            self._got_preview(None)
            return
        body = body.model_copy(update={"rests_on": {}})  # a preview rests on nothing: it shows what is
        ref = view.ref
        self._asking = self._operations.read(
            self,
            lambda: self._client.preview(ref, body),
            lambda preview: self._got_preview(preview) if self._is(ref) else None,
            lambda error: self._no_preview(error) if self._is(ref) else None,
        )

    def _is(self, ref: str) -> bool:
        return self._view is not None and self._view.ref == ref

    def _got_preview(self, preview: Preview | None) -> None:
        self._asking, self._preview = None, preview
        self.form.show_preview(preview)
        if preview is not None:
            below = any("promise" in lack.what.code for lack in preview.missing)
            self.form.want_below_reason(below or bool(self.values().below_promise_reason))
        self._show_state()

    def _no_preview(self, error: DeskError) -> None:
        self._asking = self._preview = None
        if isinstance(error, Invalid):
            self.show_invalid(error)
        else:
            self._say("danger", self._worded(error))
        self._show_state()

    def _show_state(self) -> None:
        """What the customer will get, who is who, what is missing, and what the button will do."""
        view, preview, option = self._view, self._preview, self.form.option()
        text = preview.customer_text if preview is not None else None
        self.told.setText(tr("ui.case.will_get", text=text) if text else "")
        self.full_text.setVisible(bool(text))
        self.note.setVisible(option is not None)
        self.tell.setVisible(option is not None and option.decision in TELLS)
        seats = preview.raci if preview is not None and preview.raci else option.raci if option is not None else []
        if not seats and view is not None:
            advised = view.recommendation.decision if view.recommendation else None
            seats = next((o.raci for o in view.options if o.decision is advised), [])
        self.raci.show_seats(seats)
        missing = preview.missing if preview is not None else option.missing if option is not None else []
        lacks = [show.coded(lack.what, "missing") for lack in missing]
        self.missing.setText(tr("ui.case.missing", what=formats().join(lacks)) if lacks else "")
        self.missing.setVisible(bool(lacks))
        approval = preview.needs_approval if preview is not None else option is None or option.needs_approval
        self.primary.set_words("ui.case.submit" if approval else "ui.case.decide")

    # ------------------------------------------------------------ drafts

    def gather(self) -> dict[str, Any]:
        """The draft: the form, its key, and the versions it rests on."""
        return self.values().draft(self._base)

    def _open_form(self, view: CaseView) -> None:
        self._preview = None
        form = Form()
        self._say("", "")
        if self._drafts is not None:
            name = f"decide/{view.ref}"
            draft = self._drafts.load(name)
            if draft is not None:
                form = Form.from_draft(draft)
                self._base = {**self._base, **_versions(draft.get("versions"))}
            self._keeper = DraftKeeper(self._drafts, name, self.gather, self)
        self.form.show_problems({})
        self.form.show_case(view, form)
        self._notice_changes(view)

    def _leave(self) -> None:
        if self._keeper is not None:
            self._keeper.flush()
            self._keeper.deleteLater()
            self._keeper = None

    def forget(self) -> None:
        """Throw the form away and begin anew, with a new key."""
        if self._keeper is not None:
            self._keeper.drop()
        if self._view is not None:
            self.form.show_case(self._view, Form(key=new_key()))
            self._changed()

    # ------------------------------------------------------------ building

    def _connect(self) -> None:
        self.form.changed.connect(self._changed)
        self.form.left.connect(self.setFocus)
        self.advice.accepted.connect(self.accept)
        self.primary.clicked.connect(self.submit)
        self.full_text.clicked.connect(self.show_full_text)
        self.note.clicked.connect(lambda: self.form.edit_text("note"))
        self.tell.clicked.connect(lambda: self.form.edit_text("public_text"))
        for decision, button in self.quick.items():
            button.clicked.connect(lambda _=False, d=decision: self.take(d))

    def _build(self) -> None:
        columns = Columns(36, 40)
        columns.narrowed.connect(self.advice.set_brief)
        left, middle, right = columns.left, columns.middle, columns.right
        left.addWidget(self.advice)
        left.addWidget(self.raci)
        left.addStretch()
        told = QHBoxLayout()
        told.addWidget(self.told, 1)
        told.addWidget(self.full_text)
        for link in (self.tell, self.note):
            self.form.flow.addWidget(link)
        middle.addWidget(words_label("ui.case.decision", "small muted strong"))
        middle.addWidget(self.form)
        middle.addLayout(told)
        middle.addWidget(self.missing)
        middle.addStretch()
        quick = QHBoxLayout()
        quick.setSpacing(6)
        quick.addStretch()
        for button in self.quick.values():
            quick.addWidget(button)
        right.addWidget(self.primary, 0, Qt.AlignmentFlag.AlignRight)
        right.addLayout(quick)
        right.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 9, 16, 9)
        outer.setSpacing(7)
        outer.addWidget(self.notice)
        outer.addWidget(columns)


def _versions(raw: Any) -> dict[Aspect, int]:
    """Versions as they stand in a draft or a problem."""
    known = {aspect.value for aspect in Aspect}
    if not isinstance(raw, Mapping):
        return {}
    return {Aspect(str(name)): int(number) for name, number in raw.items() if str(name) in known}


def _change(one: Any) -> str:
    """A change as the service tells it: as a Change, or as an event with its type and data."""
    if not isinstance(one, Mapping):
        return ""
    if isinstance(one.get("what"), Mapping):
        return show.coded(Coded.model_validate(one["what"]), "event")
    data = one.get("data")
    return words().core.word({"code": f"event.{one.get('type', '')}", "params": data if isinstance(data, dict) else {}})
