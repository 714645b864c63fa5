"""The money: payments as the gateways have them, what moved since, and the most that may still go back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import FieldGrid, FieldRow, KeyButton, MoneyLabel, words_label
from refund_desk.desktop.words import formats, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.pane import LABEL_WIDTH, AmountRow, Pane, Place, conflict_rule, section, show_said
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.domain.reconciliation import BreakKind
from refund_desk.wire.base import Amount
from refund_desk.wire.cases import CaseBreak, CaseView
from refund_desk.wire.decisions import IntentView, MoneyView
from refund_desk.wire.facts import FieldView, MovementView, PaymentPane, RecordView

_INTENT_KIND = {"unknown": "danger", "failed": "danger", "returned": "danger", "succeeded": "ok", "arrived": "ok"}
_OUT = {"refund", "dispute"}


class PaymentCard(Pane):
    """Payments, movements, intents, and the ceilings with their terms."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("ui.case.pane.payment", parent)
        self.none = words_label("ui.case.no_payment", "muted", wrap=True)
        self.fields = FieldGrid(LABEL_WIDTH)
        self._fields: dict[str, FieldView] = {}
        self._rules: dict[str, str] = {}
        self._apart: dict[str, BreakKind] = {}
        self.body.addWidget(self.none)
        self.body.addWidget(self.fields)
        self.moved_title = section("ui.case.movements")
        self.body.addWidget(self.moved_title)
        self.movements = Pool(Place(self), self.rows)
        self.breaks_title = section("ui.case.breaks", line=False)
        self.body.addWidget(self.breaks_title)
        self.breaks = Pool(Place(self), self.rows)
        self.intents_title = section("ui.case.intents", line=False)
        self.body.addWidget(self.intents_title)
        self.intents = Pool(Place(self), self.rows)
        self.most = _Most()
        self.body.addWidget(self.most)
        self.body.addStretch()
        self.fields.copied.connect(self.copied)
        self.fields.followed.connect(self.followed)
        self.fields.activated.connect(self._explain)

    def show_case(self, view: CaseView) -> None:
        pane = view.payment
        self._rules = {c.field: conflict_rule(c.field, c.effective) for c in view.conflicts}
        self.none.setVisible(pane is None or not pane.payments)
        self.show_source(pane.systems if pane else [], pane.as_of if pane else None)
        self._apart = {line: one.kind for one in view.breaks for line in one.lines}
        self._show_payments(pane)
        self._show_breaks(view.breaks)
        moved = [m for m in pane.movements if m.kind != "intent"] if pane else []
        self.moved_title.setVisible(bool(moved))
        for row, movement in zip(self.movements.take(len(moved)), moved, strict=True):
            _show_movement(row, movement, self._apart.get(movement.id))
        self.intents_title.setVisible(bool(view.intents))
        for row, intent in zip(self.intents.take(len(view.intents)), view.intents, strict=True):
            _show_intent(row, intent)
        self.most.show_money(view.money)

    def _show_breaks(self, breaks: Sequence[CaseBreak]) -> None:
        """What reconciliation knows to differ, until it is settled."""
        self.breaks_title.setVisible(bool(breaks))
        for row, one in zip(self.breaks.take(len(breaks)), breaks, strict=True):
            systems = " ↔ ".join(show.system(name.removeprefix("desk:").partition(":")[0]) for name in one.systems)
            meta = show.joined(systems, tr("ui.reconcile.since", at=one.since), ", ".join(one.lines[:2]))
            row.set_texts(f"≠ {member('break', one.kind)}", meta, copy=one.lines[0] if one.lines else "")
            row.set_amount(one.amount)
            row.set_pill("", "danger")

    def _show_payments(self, pane: PaymentPane | None) -> None:
        self._fields = {}
        rows: list[FieldRow] = []
        for record in pane.payments if pane else []:
            rows += self._payment_rows(record)
        self.fields.set_rows(rows)
        self.fields.setVisible(bool(rows))

    def _payment_rows(self, record: RecordView) -> list[FieldRow]:
        """The means and its hint in one row, then the gateway's id, then the rest."""
        by_key = {field.key: field for field in record.fields}
        method, hint = by_key.pop("payment.method", None), by_key.pop("payment.account_hint", None)
        means = [show.value(f.key, f.value) for f in (method, hint) if f is not None and f.value]
        rows = []
        if means:
            rows.append(FieldRow(f"{record.id}/means", show.label("payment.method"), " ".join(means)))
        links = show.links(record.system, record.link)
        apart = self._apart.get(record.id)
        tip = member("break", apart) if apart is not None else ""
        rows.append(
            FieldRow(
                f"{record.id}/id",
                tr("ui.case.payment_id"),
                record.id,
                conflict=apart is not None,
                look="mono",
                tip=tip,
                links=links,
            )
        )
        for field in by_key.values():
            if field.value not in (None, "") or field.conflict:
                row = show.row(field, record.id)
                self._fields[row.key] = field
                rows.append(row)
        return rows

    def _explain(self, key: str) -> None:
        field, anchor = self._fields.get(key), self.fields.value(key)
        if field is not None and field.said and anchor is not None:
            show_said(anchor, field, self._rules.get(field.key, ""))


class _Most(QWidget):
    """The most that may be paid now, and on a click every ceiling with its terms."""

    def __init__(self) -> None:
        super().__init__()
        self._money: MoneyView | None = None
        self.amount = MoneyLabel(look="strong")
        self.why = KeyButton("ui.case.ceilings.why", "", "link")
        self.why.clicked.connect(self.explain)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.why)
        row.addStretch()
        row.addWidget(self.amount)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(0)
        column.addWidget(words_label("ui.case.most", "strong"))  # a line of its own: the sum beside it decides
        column.addLayout(row)

    def show_money(self, money: MoneyView | None) -> None:
        self._money = money
        self.setVisible(money is not None)
        self.amount.set_amount(money.refundable if money else None)
        self.setAccessibleName(tr("ui.case.most.named", amount=money.refundable) if money else "")

    def explain(self) -> None:
        money = self._money
        if money is None:
            return
        popup = Popup(self, tr("ui.case.most.named", amount=money.refundable), 360)
        popup.add_text(tr("ui.case.ceilings.rule"), "small muted")
        for ceiling in money.ceilings:
            rows = [
                (
                    show.joined(tr(f"ui.case.ceiling.{ceiling.kind}"), ceiling.subject),
                    show.money(ceiling.amount),
                    "strong",
                )
            ]
            rows += [(f"   {show.term(term)}", formats().money(term.amount), "") for term in ceiling.terms]
            popup.add_table(rows)
        popup.open(above=True)


def _show_movement(row: AmountRow, movement: MovementView, apart: BreakKind | None) -> None:
    status = member("ledger" if movement.kind == "ledger_entry" else "status", movement.status)
    meta = show.joined(
        show.moment(movement.at) if movement.at else None,
        show.system(movement.system),
        status,
        movement.by,
        movement.reason,
        movement.reference,
        tr("ui.case.due", at=movement.due_at) if movement.due_at else None,
    )
    title = f"{show.upper(member('record_kind', movement.kind))} {movement.id}"
    row.set_texts(title, meta, copy=movement.id, links=show.links(movement.system, movement.link))
    sign = -1 if movement.kind in _OUT else 1
    row.set_amount(Amount(minor=sign * movement.amount.minor, currency=movement.amount.currency))
    said = tr("ui.case.disputed") if movement.kind == "dispute" else ""
    row.set_pill(f"≠ {member('break', apart)}" if apart is not None else said, "danger")


def _show_intent(row: AmountRow, intent: IntentView) -> None:
    meta = show.joined(
        intent.id[:8],
        show.system(intent.channel),
        tr("ui.case.intent.age", age_s=intent.age_s),
        tr("ui.case.intent.promised", at=intent.promised_at) if intent.promised_at else None,
        member("role", intent.owner),
        intent.reference,
        intent.confirmed_by.name if intent.confirmed_by else None,
    )
    links = show.links(intent.channel, intent.link)
    row.set_texts(show.upper(member("tender", intent.tender)), meta, copy=intent.id, links=links)
    row.set_amount(intent.amount)
    if intent.overdue:
        row.set_pill(tr("ui.case.intent.overdue"), "danger")
        return
    row.set_pill(member("intent", intent.state), _INTENT_KIND.get(intent.state, "warn"))
