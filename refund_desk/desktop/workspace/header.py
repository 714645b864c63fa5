"""The head of a case: what it is, whose, how long still, how much; its progress; and what must be seen first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import (
    Banner,
    ElidedLabel,
    FieldRow,
    FieldValue,
    IconButton,
    IconLabel,
    KeyButton,
    MoneyLabel,
    Pill,
    PlainLabel,
    StepItem,
    StepsBar,
    flow_widget,
    set_tip,
)
from refund_desk.desktop.widgets.flow import BETWEEN
from refund_desk.desktop.words import member, tr, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.clocks import ClockPill
from refund_desk.desktop.workspace.order_pane import order_links
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.wire.cases import CaseView, CustomerView, Step

TICK_MS = 15_000


class CaseHeader(QWidget):
    """`show_case` fills it; `unmask` asks for the customer's data."""

    unmask = Signal()
    hold_wanted = Signal()
    """Take the case, or put it back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("caseHeader")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.ref, self.amount = FieldValue("ref"), MoneyLabel(look="amount")
        self.stage, self.progress, self.round = Pill(kind="info"), Pill(kind="neutral"), Pill(kind="warn", icon="")
        self.disputed, self.new = Pill(kind="danger"), Pill(kind="info", icon="unseen")
        self.reason, self.order = PlainLabel(), FieldValue("order")
        self.customer, self.eye = FieldValue("customer"), IconButton("eye-line", "ui.case.unmask", "Shift+C")
        self.eye.setObjectName("inlineIcon")
        self.eye.setFixedSize(22, 20)
        self.eye.setIconSize(QSize(13, 13))
        self.policy, self.holder = FieldValue("policy"), PlainLabel()
        self.hold = KeyButton("ui.case.take", "S", "link")
        self.hold.clicked.connect(self.hold_wanted)
        self.promise = Pill(kind="warn", icon="mail")
        self.steps = StepsBar()
        self._view: CaseView | None = None
        self._unmasked: CustomerView | None = None
        self._shown_at = 0.0
        self._build()
        self.eye.clicked.connect(self.unmask)
        self.customer.activated.connect(lambda _key: self._customer_card())
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show_case(self, view: CaseView, fetched_at: float) -> None:
        """`fetched_at`: `time.monotonic()` of the answer, from which the clocks count on."""
        if self._view is None or self._view.ref != view.ref or view.customer.erased:
            self._unmasked = None
        self._view, self._shown_at = view, fetched_at
        self._show_titles(view)
        self._show_second_line(view)
        self.steps.set_steps([_step(step) for step in view.steps])
        self._tick()
        self._timer.start()

    def show_customer(self, customer: CustomerView) -> None:
        """Masked or not; unmasked they stay so while their case is open, however often it is fetched again."""
        self._unmasked = customer if customer.unmasked else self._unmasked
        customer = self._unmasked or customer
        name = tr("ui.case.customer.erased") if customer.erased else customer.name or customer.id
        known = tr("ui.case.customer.refunds", n=customer.refunds_in_period) if customer.refunds_in_period else ""
        others = tr("ui.case.customer.others", n=customer.other_cases) if customer.other_cases else ""
        lines = [f"{label}: {value}" for label, value in customer_rows(customer)]
        row = FieldRow("customer", tr("ui.case.customer"), show.joined(name, known, others), tip="\n".join(lines))
        self.customer.show_row(row)
        self.eye.setVisible(not customer.unmasked and not customer.erased and self._may("customer.unmask"))

    # ------------------------------------------------------------ inside

    def _build(self) -> None:
        self.ref.setWordWrap(False)
        pills, flow = flow_widget(gap=6, centred=True)
        for pill in (self.stage, self.progress):
            flow.addWidget(pill)
        self._clocks = Pool(flow, ClockPill)
        for pill in (self.promise, self.disputed, self.round, self.new):
            flow.addWidget(pill)
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.ref)
        top.addWidget(pills, 1)
        top.addWidget(self.amount)
        line, second = flow_widget(gap=6, centred=True)
        for value in (self.order, self.customer, self.policy):
            value.setWordWrap(False)
        self._dots = []
        for widget in (self.reason, self.order, self.customer, self.eye, self.policy, self.holder, self.hold):
            if widget not in (self.reason, self.eye, self.hold):
                dot = PlainLabel("·", "faint")
                dot.setProperty(BETWEEN, True)
                self._dots.append((dot, widget))
                second.addWidget(dot)
            second.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 16, 6)
        column.setSpacing(5)
        column.addLayout(top)
        column.addWidget(line)
        column.addWidget(self.steps)

    def _show_titles(self, view: CaseView) -> None:
        self.ref.show_row(FieldRow("ref", tr("ui.case.ref"), view.ref, look="title", tip=tr("ui.case.copy_hint")))
        self.stage.set_text(member("stage", view.stage))
        self.progress.set_text(tr("ui.case.progress", progress=member("progress", view.progress)))
        self.progress.setVisible(view.progress.value != "submitted")
        self.disputed.setVisible(view.disputed)
        self.disputed.set_text(tr("ui.case.disputed"))
        self.round.setVisible(view.round > 1)
        self.round.set_text(tr("ui.case.round", n=view.round))
        self.new.setVisible(bool(view.changes))
        self.new.set_text(tr("ui.case.changed", n=len(view.changes)))
        self._show_promise(view)
        amount = next((request.amount for request in view.requests if request.amount is not None), None)
        self.amount.set_amount(amount)
        self.amount.setVisible(amount is not None)
        text = tr("ui.case.asked_for", amount=amount)
        set_tip(self.amount, text)
        self.amount.setAccessibleName(text)

    def _show_promise(self, view: CaseView) -> None:
        promise = view.promise
        self.promise.setVisible(promise is not None)
        if promise is not None:
            self.promise.set_text(
                tr("ui.case.promised", amount=promise.amount, form=promise.form.value),
            )
            set_tip(self.promise, show.joined(promise.by, show.moment(promise.at)))

    def _show_second_line(self, view: CaseView) -> None:
        request = view.requests[0] if view.requests else None
        kind = member("kind", request.kind) if request else ""
        self.reason.setText(show.upper(show.joined(member("reason", request.reason), kind)) if request else "")
        asked = [text for text in (request.reason_text, request.text) if text] if request else []
        set_tip(self.reason, "\n".join(asked))
        links = order_links(view.order) if view.order else ()
        self._set(self.order, tr("ui.case.order"), view.order.number if view.order else "", links)
        self.show_customer(view.customer)
        advice = view.recommendation
        self._set(self.policy, tr("ui.case.policy"), show.policy(advice.policy, advice.version) if advice else "")
        set_tip(self.policy, f"{advice.policy} {advice.version}" if advice else "")
        self._show_holder(view)
        for dot, widget in self._dots:
            dot.setVisible(not widget.isHidden())

    def _show_holder(self, view: CaseView) -> None:
        held = view.assignment
        self.holder.setVisible(held is not None or view.open)
        if held is None:
            self.holder.setText(tr("ui.case.nobody"))
        elif held.yours:
            self.holder.setText(tr("ui.case.yours", at=held.taken_at))
        else:
            self.holder.setText(tr("ui.case.held_by", name=held.person.name, at=held.taken_at))
        self.holder.set_look("" if held and held.yours else "warn")
        mine = held is not None and held.yours
        self.hold.set_words("ui.case.release" if mine else "ui.case.take")
        self.hold.setVisible(("case.release" if mine else "case.take") in view.actions)

    @staticmethod
    def _set(widget: FieldValue, label: str, text: str, links: tuple[tuple[str, str], ...] = ()) -> None:
        widget.setVisible(bool(text))
        name = f"{label} {text}" if text else ""
        widget.show_row(FieldRow(widget.key, label, name, copy=text, links=links))

    def _may(self, activity: str) -> bool:
        return self._view is not None and activity in self._view.actions

    def _tick(self) -> None:
        view = self._view
        if view is None:
            return
        passed = time.monotonic() - self._shown_at
        running = [clock for clock in view.clocks if clock.stopped_at is None]
        running.sort(key=lambda clock: (clock.due_at is None, clock.remaining_s or 0))
        for pill, clock in zip(self._clocks.take(len(running)), running, strict=True):
            pill.show_clock(clock, passed, view.answer_due)

    def _customer_card(self) -> None:
        if self._view is None:
            return
        popup = Popup(self.customer, tr("ui.case.customer"))
        shown = self._unmasked or self._view.customer
        popup.add_table([(label, value, "") for label, value in customer_rows(shown)])
        popup.open()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)


def customer_rows(customer: CustomerView) -> list[tuple[str, str]]:
    """What is known of a customer, as (label, value)."""
    known = {
        "id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "country": customer.country,
    }
    return [(tr(f"ui.case.customer.{name}"), value) for name, value in known.items() if value]


def _step(step: Step) -> StepItem:
    owner = member("role", step.role) if step.role is not None else ""
    detail = show.coded(step.detail, "step") if step.detail else ""
    if step.at is not None:
        when = show.moment(step.at)
    elif step.due_at is not None:
        when = tr("ui.case.step.due", at=step.due_at)
    else:
        when = ""
    title = show.text2(step.label)
    if step.state == "current":
        return StepItem(show.joined(title, owner), show.joined(when, detail), step.state)
    return StepItem(title, show.joined(when, detail or owner), step.state)


class Notices(QWidget):
    """What must be seen before anything else: what changed since one last looked, then what rules found odd."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._changed, self._found = _Strip("unseen", "accent"), _Strip("warn", "warn_fg")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._changed)
        column.addWidget(self._found)

    def show_case(self, view: CaseView) -> None:
        changes = [
            show.joined(show.coded(change.what, "event"), change.by.name if change.by else None, show.moment(change.at))
            for change in view.changes
        ]
        self._changed.set_items(tr("ui.case.changes"), changes)
        rank = {"blocking": 0, "warning": 1, "info": 2}
        findings = sorted(view.findings, key=lambda finding: rank[finding.severity])
        found = [words().core.word({"code": f.code, "params": f.params}, "finding") for f in findings]
        self._found.set_items(tr("ui.case.findings"), found)
        self.setVisible(bool(changes or found))


class _Strip(QWidget):
    """One quiet line: an icon, a title, items; all of them in the tooltip where they don't fit."""

    def __init__(self, icon: str, ink: str) -> None:
        super().__init__()
        self._title, self._text = PlainLabel(look="strong small"), ElidedLabel(look="small")
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(7)
        row.addWidget(IconLabel(icon, ink, 10 if icon == "unseen" else 13))
        row.addWidget(self._title)
        row.addWidget(self._text, 1)

    def set_items(self, title: str, items: Sequence[str]) -> None:
        self.setVisible(bool(items))
        self._title.setText(title)
        self._text.setText(tr("ui.case.between").join(items))
        self._text.setAccessibleName(f"{title}: {'; '.join(items)}")


class ConflictBanner(Banner):
    """Each conflict in a line of words; D compares field by field, F asks finance."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("danger", parent=parent)
        self.compare = KeyButton("ui.case.compare", "D")
        self.ask_finance = KeyButton("ui.case.ask_finance", "F")
        self.add_button(self.compare)
        self.add_button(self.ask_finance)

    def show_case(self, view: CaseView) -> None:
        self.setVisible(bool(view.conflicts))
        if not view.conflicts:
            return
        self.set_title("ui.case.conflicts", n=len(view.conflicts))
        parts: list[tuple[str, str]] = []
        for index, conflict in enumerate(view.conflicts[:2]):
            parts += [(tr("ui.case.between").strip(), "")] if index else []
            parts += show.conflict_parts(conflict)
        if len(view.conflicts) > 2:
            parts.append((tr("ui.case.conflicts.more", n=len(view.conflicts) - 2), "muted"))
        self.set_parts(parts)
        self.ask_finance.setVisible("consult.ask" in view.actions)
