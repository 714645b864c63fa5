"""In one line who gets how much, where and why; what it differs from; what the proposer had looked at."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from refund_desk.desktop.widgets import ElidedLabel, KeyButton, Pill, PlainLabel, flow_widget
from refund_desk.desktop.words import clause_words, formats, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.wire.cases import CaseView
from refund_desk.wire.decisions import ProposalView


class Summary(QWidget):
    """The open proposal, or the last one that was decided; where there is none, what the case waits for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: CaseView | None = None
        self.title, self.what = ElidedLabel(look="small muted strong"), PlainLabel(look="strong", wrap=True)
        self.detail = PlainLabel(look="small muted", wrap=True)
        box, flow = flow_widget(gap=5)
        self._box, self._pills = box, Pool(flow, Pill)
        self.more = KeyButton("ui.case.summary.more", "", "link")
        self.more.clicked.connect(self.explain)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        for widget in (self.title, self.what, self.detail, box):
            column.addWidget(widget)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def proposal(self) -> ProposalView | None:
        view = self._view
        if view is None:
            return None
        return view.proposal or (view.proposals[0] if view.proposals else None)

    def show_case(self, view: CaseView) -> None:
        self._view = view
        proposal = self.proposal()
        self.more.setVisible(proposal is not None)
        if proposal is None:
            self.title.setText(tr("ui.case.summary.waits"))
            self.what.setText(member("stage", view.stage))
            owner = next((step.role for step in view.steps if step.state == "current"), None)
            self._set_detail(tr("ui.case.summary.owner", role=owner.value) if owner else "")
            self._set_pills([])
            return
        status = tr(f"ui.case.proposal.{proposal.status}")
        number = tr("ui.case.summary.number", n=proposal.number, status=status)
        self.title.setText(show.joined(number, proposal.by.name, show.moment(proposal.at)))
        amount = formats().money(proposal.amount) if proposal.amount is not None else None
        where = member("tender", proposal.tender) if proposal.tender else None
        reason = show.decision_reason(proposal.reason)
        self.what.setText(show.joined(member("decision", proposal.decision), amount, where, reason))
        unopened = [item.name for item in view.evidence if item.id not in proposal.opened_evidence]
        blind = tr("ui.approvals.unopened", names=unopened) if unopened and proposal.status == "open" else None
        self._set_detail(show.joined(proposal.destination, proposal.note, proposal.verdict_reason, blind))
        self._set_pills(self._differences(view, proposal))

    def explain(self) -> None:
        """Lines, terms and freight of the proposal, and earlier ones."""
        proposal, view = self.proposal(), self._view
        if proposal is None or view is None:
            return
        names = {line.id: line.name for line in view.order.lines} if view.order else {}
        popup = Popup(self.more, self.what.text(), 400)
        rows = [
            (f"{names.get(one.line, one.line)} ×{formats().number(one.quantity)}", formats().money(one.amount), "")
            for one in proposal.lines
        ]
        if proposal.shipping is not None and proposal.shipping.minor:
            rows.append((tr("ui.case.summary.shipping"), formats().money(proposal.shipping), ""))
        if proposal.fee is not None:
            rows.append((tr("ui.case.summary.fee"), formats().money(proposal.fee), ""))
        if proposal.return_freight is not None:
            rows.append((tr("ui.case.form.freight"), tr(f"ui.case.freight.{proposal.return_freight}"), ""))
        if proposal.amount is not None:
            rows.append((member("decision", proposal.decision), formats().money(proposal.amount), "strong"))
        popup.add_table(rows)
        policy = clause_words(proposal.policy_version, proposal.clause)
        popup.add_text(tr("ui.case.advice.of", policy=policy, clause=""), "small muted")
        for earlier in view.proposals:
            popup.add_text(_earlier(earlier), "small")
        popup.open(above=True)

    def _differences(self, view: CaseView, proposal: ProposalView) -> list[tuple[str, str]]:
        out: list[tuple[str, str]] = [(show.coded(why, "void"), "danger") for why in proposal.void_because]
        advice = view.recommendation
        if advice is not None and (advice.decision, advice.amount) != (proposal.decision, proposal.amount):
            advised = show.joined(member("decision", advice.decision), show.money(advice.amount))
            out.append((tr("ui.case.summary.differs", advised=advised), "warn"))
        elif advice is not None:
            out.append((tr("ui.case.summary.as_advised"), "ok"))
        returned = next((p for p in view.proposals if p.status == "returned" and p.number < proposal.number), None)
        if returned is not None and proposal.status == "open":
            out.append((tr("ui.case.summary.returned", amount=returned.amount), "neutral"))
        if view.money is not None and proposal.amount is not None:
            fits = proposal.amount.minor <= view.money.refundable.minor or proposal.status != "open"
            word = "ui.case.summary.most" if fits else "ui.case.summary.too_much"
            out.append((tr(word, amount=view.money.refundable), "neutral" if fits else "danger"))
        if view.evidence:
            opened = sum(1 for item in view.evidence if item.id in proposal.opened_evidence)
            kind = "neutral" if opened == len(view.evidence) else "warn"
            out.append((tr("ui.case.summary.opened", n=opened, total=len(view.evidence)), kind))
        if proposal.below_promise_reason:
            out.append((tr("ui.case.summary.below", reason=proposal.below_promise_reason), "warn"))
        return out

    def _set_detail(self, text: str) -> None:
        self.detail.setText(text)
        self.detail.setVisible(bool(text))

    def _set_pills(self, texts: list[tuple[str, str]]) -> None:
        self._box.setVisible(bool(texts))
        for pill, (text, kind) in zip(self._pills.take(len(texts)), texts, strict=True):
            pill.set_look(kind, {"warn": "warn", "danger": "danger", "ok": "ok"}.get(kind, ""))
            pill.set_text(text)


def _earlier(proposal: ProposalView) -> str:
    status = tr(f"ui.case.proposal.{proposal.status}")
    amount = formats().money(proposal.amount) if proposal.amount is not None else None
    return show.joined(
        tr("ui.case.summary.number", n=proposal.number, status=status),
        member("decision", proposal.decision),
        amount,
        proposal.verdict_by.name if proposal.verdict_by else None,
        proposal.verdict_reason,
    )
