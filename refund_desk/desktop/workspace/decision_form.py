"""The fields of a decision. What a decision doesn't need isn't there; what is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import KeyButton, PlainLabel, flow_widget, restyle, set_tip, tip, words_label
from refund_desk.desktop.words import bind_text, formats, member, tr, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.edit import FitCombo, LineBox, TextBox
from refund_desk.desktop.workspace.form import CREDITS, RETURNS, SENDS, TELLS, Form, asked_lines, option_of, typed_minor
from refund_desk.desktop.workspace.lines_editor import LinesEditor
from refund_desk.domain.decisions import TENDERS
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import MONEY_DECISIONS, Decision, Tender
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import Preview
from refund_desk.wire.decisions import DecisionOption

FREIGHT = ("merchant", "customer", "none")
_ALIASES = {"payment": "tender", "shipping_minor": "lines", "fee_minor": "lines", "currency": "amount_minor"}
"""Paths of the service that have no field of their own, and the field they are said at."""


class Field(QWidget):
    """A control with its name before it and what is wrong with it below."""

    def __init__(self, control: QWidget, label_key: str, *, named: bool = True) -> None:
        super().__init__()
        self.control = control
        self.problem = PlainLabel(look="small danger", wrap=True)
        self.problem.hide()
        row = QHBoxLayout()
        row.setSpacing(5)
        if named:
            row.addWidget(words_label(label_key, "small muted"))
        row.addWidget(control, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(row)
        column.addWidget(self.problem)
        bind_text(control.setAccessibleName, label_key)

    def say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        self.control.setAccessibleDescription(text)
        restyle(self.control, wrong="true" if text else "false")


class DecisionForm(QWidget):
    """Edits a `Form`. `changed` after each change by hand; `left` when Esc gives the focus back."""

    changed = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = Form()
        self._view: CaseView | None = None
        self._filling = self._below_wanted = False
        self._opened: set[str] = set()
        self._unread: dict[str, str] = {}
        self.decision, self.tender, self.reason = FitCombo(), FitCombo(), FitCombo()
        self.amount = LineBox()
        self.lines = KeyButton("ui.case.lines", "L")
        self.editor: LinesEditor | None = None
        self.freight, self.ship_by, self.address = FitCombo(), QSpinBox(), LineBox()
        self.valid_days, self.minimum = QSpinBox(), LineBox()
        self.want, self.below = LineBox(), LineBox()
        self.questions, self.public_text, self.note = TextBox(), LineBox(), LineBox()
        self.fields = {
            "decision": Field(self.decision, "ui.case.form.decision", named=False),
            "amount_minor": Field(self.amount, "ui.case.form.amount", named=False),
            "tender": Field(self.tender, "ui.case.form.tender", named=False),
            "reason": Field(self.reason, "ui.case.form.reason", named=False),
            "lines": Field(self.lines, "ui.case.lines", named=False),
            "return_freight": Field(self.freight, "ui.case.form.freight"),
            "return_terms.ship_by_days": Field(self.ship_by, "ui.case.form.ship_by"),
            "return_terms.address": Field(self.address, "ui.case.form.address"),
            "credit_terms.valid_days": Field(self.valid_days, "ui.case.form.valid_days"),
            "credit_terms.minimum_spend_minor": Field(self.minimum, "ui.case.form.minimum"),
            "want": Field(self.want, "ui.case.form.want"),
            "questions": Field(self.questions, "ui.case.form.questions", named=False),
            "below_promise_reason": Field(self.below, "ui.case.form.below"),
            "public_text": Field(self.public_text, "ui.case.form.public_text"),
            "note": Field(self.note, "ui.case.form.note"),
        }
        self._build()
        self._connect()

    # ------------------------------------------------------------ the case and the form

    def show_case(self, view: CaseView, form: Form) -> None:
        if self._view is None or self._view.ref != view.ref:
            self._opened.clear()
            self._unread.clear()
        self._view, self.form = view, form
        self.refill()

    def refill(self) -> None:
        """Put the form on the screen, for instance after the recommendation was taken over or a language switch."""
        if self._view is None:
            return
        if self.form.amount_minor is not None:
            self._unread.pop("amount_minor", None)
        self._filling = True
        self._fill_decisions(self._view)
        self._fill_reasons()
        self._fill_tenders(self._view)
        self._fill_freight()
        self._fill_texts()
        self._arrange()
        self._filling = False

    def show_preview(self, preview: Preview | None) -> None:
        """What the service computed stands where nothing was typed."""
        amount = preview.amount if preview is not None else None
        self.amount.setPlaceholderText(show.money(amount) if amount is not None else "")
        if self.editor is not None and shiboken6.isValid(self.editor):
            self.editor.show_preview(preview)
        most = preview.most if preview is not None else None
        set_tip(self.amount, tr("ui.case.form.most", amount=most) if most is not None else "")

    def show_problems(self, problems: Mapping[str, str]) -> list[str]:
        """Say what is wrong at its field, by the service's paths. Returns what belongs to no field shown."""
        at = {name: [text] for name, text in self._unread.items()}
        loose = []
        for path, text in problems.items():
            name = self._field_of(path)
            if name is None or self.fields[name].isHidden():
                loose.append(text)
            else:
                at.setdefault(name, []).append(text)
        for name, field in self.fields.items():
            field.say("\n".join(at.get(name, [])))
        return loose

    def focus_problem(self) -> None:
        """Put the focus where something is wrong."""
        for field in self.fields.values():
            if not field.problem.isHidden():
                field.control.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    # ------------------------------------------------------------ doing it by key

    def option(self) -> DecisionOption | None:
        return option_of(self._view, self.form.decision) if self._view and self.form.decision else None

    def choose(self, decision: Decision, reason: str = "") -> None:
        """Take a decision, and its reason where one was asked for first."""
        self.form.choose(decision)
        option = self.option()
        if reason:
            self.form.reason = reason
        elif option is not None and len(option.reasons) == 1:
            self.form.reason = option.reasons[0]
        self._touched()
        self.refill()
        if decision is Decision.MORE_INFORMATION:
            self.questions.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def choose_reason(self, digit: int) -> bool:
        """The reason of a digit, 1 to 9. False where there is none."""
        option = self.option()
        if option is None or not 1 <= digit <= min(9, len(option.reasons)):
            return False
        self.form.reason = option.reasons[digit - 1]
        self._touched()
        self.refill()
        return True

    def edit_amount(self) -> None:
        if not self.fields["amount_minor"].isHidden():
            self.amount.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.amount.selectAll()

    def edit_text(self, name: str) -> None:
        """Open a field that is there only where somebody wants it: a remark of our own, a word to the customer."""
        self._opened.add(name)
        self._arrange()
        self.fields[name].control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def edit_lines(self) -> None:
        """Open the table of lines, quantities and amounts."""
        view = self._view
        if view is None or view.order is None or self.fields["lines"].isHidden():
            return
        self.editor = LinesEditor(self.lines, view, self.form, self._currency(), self._lines_changed)
        self.editor.open(above=True)
        self.changed.emit()

    # ------------------------------------------------------------ filling

    def _fill_decisions(self, view: CaseView) -> None:
        model = QStandardItemModel(self.decision)
        first = QStandardItem(tr("ui.case.form.choose"))
        model.appendRow(first)
        at = 0
        for row, option in enumerate(view.options, start=1):
            item = QStandardItem(member("decision", option.decision))
            item.setData(option.decision.value, Qt.ItemDataRole.UserRole)
            item.setEnabled(option.allowed)
            if option.why_not is not None:
                item.setToolTip(tip(show.coded(option.why_not, "error")))
            model.appendRow(item)
            at = row if option.decision.value == self.form.decision else at
        self.decision.setModel(model)
        self.decision.setCurrentIndex(at)

    def _fill_reasons(self) -> None:
        option = self.option()
        reasons = option.reasons if option is not None else []
        self.reason.clear()
        self.reason.addItem(tr("ui.case.form.choose_reason"), "")
        for digit, code in enumerate(reasons, start=1):
            number = f"{digit}  " if digit <= 9 else ""
            self.reason.addItem(f"{number}{show.decision_reason(code)}", code)
        self.reason.setCurrentIndex(max(0, self.reason.findData(self.form.reason)))

    def _fill_tenders(self, view: CaseView) -> None:
        self.tender.clear()
        for tender in self._tenders():
            if tender is not Tender.MONEY:
                self.tender.addItem(member("tender", tender), (tender.value, None))
                continue
            payments = [record.id for record in view.payment.payments] if view.payment else []
            if len(payments) <= 1:
                self.tender.addItem(member("tender", tender), (tender.value, None))
            for payment in payments if len(payments) > 1 else []:
                self.tender.addItem(show.joined(member("tender", tender), payment), (tender.value, payment))
        here = (self.form.tender, self.form.payment)
        found = [at for at in range(self.tender.count()) if tuple(self.tender.itemData(at)) == here]
        self.tender.setCurrentIndex(found[0] if found else 0)

    def _tenders(self) -> list[Tender]:
        if not self.form.decision or Decision(self.form.decision) not in MONEY_DECISIONS:
            return []
        allowed = TENDERS[Decision(self.form.decision)]
        return [tender for tender in Tender if tender in allowed]

    def _fill_freight(self) -> None:
        self.freight.clear()
        returns = self.form.decision == Decision.RETURN_FIRST
        for who in FREIGHT[:2] if returns else FREIGHT:  # what is sent back is paid for by somebody
            self.freight.addItem(tr(f"ui.case.freight.{who}"), who)
        self.freight.setCurrentIndex(max(0, self.freight.findData(self.form.return_freight)))

    def _fill_texts(self) -> None:
        form = self.form
        texts = {
            self.amount: "" if form.amount_minor is None else formats().decimal(form.amount_minor, self._currency()),
            self.minimum: formats().decimal(form.minimum_spend_minor, self._currency())
            if form.minimum_spend_minor
            else "",
            self.address: form.address,
            self.want: form.want,
            self.below: form.below_promise_reason,
            self.public_text: form.public_text,
            self.note: form.note,
        }
        for edit, text in texts.items():
            if edit.text() != text and not edit.hasFocus():
                edit.setText(text)
        if self.questions.toPlainText() != form.questions:
            self.questions.setPlainText(form.questions)
        self.ship_by.setValue(form.ship_by_days)
        self.valid_days.setValue(form.valid_days or 0)

    def _arrange(self) -> None:
        """Show what the decision needs."""
        view, form, option = self._view, self.form, self.option()
        decision = Decision(form.decision) if form.decision else None
        gives = decision in MONEY_DECISIONS
        promised = view is not None and view.promise is not None and decision is not None
        shown = {
            "amount_minor": bool(option and option.needs_amount),
            "tender": self.tender.count() > 0,
            "lines": bool(gives and view and view.order and view.order.lines and decision is not Decision.FULL),
            "reason": option is not None and decision is not Decision.MORE_INFORMATION,
            "return_freight": decision in RETURNS,
            "return_terms.ship_by_days": decision in RETURNS,
            "return_terms.address": decision in RETURNS,
            "credit_terms.valid_days": decision in CREDITS,
            "credit_terms.minimum_spend_minor": decision is Decision.COUPON,
            "want": decision in SENDS,
            "questions": decision is Decision.MORE_INFORMATION,
            "below_promise_reason": promised and bool(form.below_promise_reason or self._below_wanted),
            "public_text": decision in TELLS and ("public_text" in self._opened or bool(form.public_text)),
            "note": "note" in self._opened or bool(form.note),
        }
        for name, wanted in shown.items():
            self.fields[name].setVisible(wanted)
        self.amount.setReadOnly(decision is Decision.FULL)
        self._word_lines()

    def _word_lines(self) -> None:
        view = self._view
        if view is None or view.order is None:
            return
        chosen = self.form.lines if self.form.lines is not None else asked_lines(view)
        picked = sum(1 for quantity in chosen.values() if quantity)
        self.lines.set_words("ui.case.lines.picked", n=picked, total=len(view.order.lines))

    # ------------------------------------------------------------ changes by hand

    def want_below_reason(self, wanted: bool) -> None:
        """Ask for the reason of giving less than promised, once the service says that it is less."""
        if wanted != self._below_wanted:
            self._below_wanted = wanted
            self._arrange()

    def _decided(self, at: int) -> None:
        value = self.decision.itemData(at, Qt.ItemDataRole.UserRole)
        if not self._filling and value:
            self.choose(Decision(value))

    def _reasoned(self, at: int) -> None:
        if not self._filling:
            self.form.reason = self.reason.itemData(at) or ""
            self._touched()

    def _tendered(self, at: int) -> None:
        if not self._filling and at >= 0:
            self.form.tender, self.form.payment = self.tender.itemData(at)
            self._touched()

    def _lines_changed(self) -> None:
        self._touched()
        self.refill()

    def _money(self, edit: LineBox, name: str) -> int | None:
        """Minor units of what is typed; None for nothing, and for what can't be read, which is said."""
        self._unread.pop(name, None)
        if not edit.isVisible():
            return None
        try:
            return typed_minor(edit.text(), self._currency())
        except DeskError as error:
            self._unread[name] = words().core.error(error)
            return None

    def unreadable(self) -> bool:
        """Whether an amount is typed that nobody can read; it must not be sent as if it weren't there."""
        return bool(self._unread)

    def _typed(self) -> None:
        if self._filling:
            return
        form = self.form
        form.amount_minor = self._money(self.amount, "amount_minor")
        if form.amount_minor is not None:
            form.amounts = {}  # the whole is named: its parts follow from it
        form.minimum_spend_minor = self._money(self.minimum, "credit_terms.minimum_spend_minor") or 0
        form.address, form.want = self.address.text(), self.want.text()
        form.below_promise_reason, form.note = self.below.text(), self.note.text()
        form.public_text = self.public_text.text()
        form.questions = self.questions.toPlainText()
        form.ship_by_days = self.ship_by.value()
        form.valid_days = self.valid_days.value() or None
        form.return_freight = self.freight.currentData()
        self._touched()

    def _touched(self) -> None:
        self.form.touched = True
        if not self._filling:
            self.changed.emit()

    def _currency(self) -> str:
        view = self._view
        if view is not None and view.money is not None:
            return view.money.currency
        asked = next((r.amount for r in view.requests if r.amount is not None), None) if view else None
        return asked.currency if asked is not None else formats().home_currency

    def _field_of(self, path: str) -> str | None:
        if path in self.fields:
            return path
        head = path.split("[")[0].split(".")[0]
        return head if head in self.fields else _ALIASES.get(head)

    # ------------------------------------------------------------ building

    def _build(self) -> None:
        self.amount.setFixedWidth(88)
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.ship_by.setRange(1, 365)
        self.valid_days.setRange(0, 3650)
        bind_text(self.valid_days.setSpecialValueText, "ui.case.form.for_ever")
        bind_text(self.ship_by.setSuffix, "ui.case.form.days", self.ship_by)
        bind_text(self.valid_days.setSuffix, "ui.case.form.days", self.valid_days)
        for spin in (self.ship_by, self.valid_days):
            spin.setMinimumWidth(74)
        self.minimum.setMaximumWidth(100)
        for edit, wide in (
            (self.address, 180),
            (self.want, 170),
            (self.below, 190),
            (self.public_text, 230),
            (self.note, 190),
        ):
            edit.setMinimumWidth(wide)
        self.questions.setFixedHeight(48)
        self.questions.setMinimumWidth(250)
        bind_text(self.questions.setPlaceholderText, "ui.case.form.questions.hint")
        for combo in (self.decision, self.tender, self.reason, self.freight):
            combo.setMaximumWidth(230)
            combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box, self.flow = flow_widget(gap=6)
        for field in self.fields.values():
            self.flow.addWidget(field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(box)

    def _connect(self) -> None:
        self.decision.activated.connect(self._decided)
        self.reason.activated.connect(self._reasoned)
        self.tender.activated.connect(self._tendered)
        self.freight.activated.connect(lambda _at: self._typed())
        self.lines.clicked.connect(self.edit_lines)
        typed: Callable[..., None] = lambda *_: self._typed()  # noqa: E731
        for edit in (self.amount, self.minimum, self.address, self.want, self.below, self.public_text, self.note):
            edit.textEdited.connect(typed)
            edit.left.connect(self.left)
        self.questions.textChanged.connect(typed)
        self.questions.left.connect(self.left)
        for spin in (self.ship_by, self.valid_days):
            spin.valueChanged.connect(typed)
