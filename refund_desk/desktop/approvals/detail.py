"""The whole of one proposal: what is approved, how its amount comes about, and what it differs from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.approvals.model import is_void, line, where
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.icons import IconLabel
from refund_desk.desktop.widgets import (
    RIGHT,
    Banner,
    Card,
    ElidedLabel,
    FieldGrid,
    FieldRow,
    Pill,
    PlainLabel,
    clear,
)
from refund_desk.desktop.words import clause_words, formats, member, tr, word, words
from refund_desk.wire.base import Amount
from refund_desk.wire.commands import ApprovalRow


class ApprovalDetail(QWidget):
    """`show_row(row)`; None empties it."""

    def __init__(self, clock: DeskClock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.row: ApprovalRow | None = None
        self.title, self.about = ElidedLabel(look="heading"), PlainLabel(look="muted")
        self.void, self.may_not = Banner("danger"), Banner("warn")
        self.void.set_title("ui.approvals.void_title")
        self.may_not.set_title("ui.approvals.may_not_title")
        self.fields = FieldGrid(92)
        self.seen, self.unopened = Pill(icon="evidence"), PlainLabel(look="small warn", wrap=True)
        self._terms, self._against = QGridLayout(), QGridLayout()
        self._notes = QVBoxLayout()
        self._build()
        words().changed.connect(self._again)

    def show_row(self, row: ApprovalRow | None) -> None:
        self.row = row
        self.setVisible(row is not None)
        if row is None:
            return
        self.title.setText(line(row))
        self.about.setText(f"{row.ref} · {tr('ui.approvals.number', n=row.proposal.number)}")
        self.void.setVisible(is_void(row))
        self.void.set_text("; ".join(word(coded, "void") for coded in row.proposal.void_because))
        self.may_not.setVisible(not row.may and not is_void(row))
        self.may_not.set_text(word(row.why_not, "error") if row.why_not is not None else "")
        self.fields.set_rows(self._fields(row))
        self._show_terms(row)
        self._show_against(row)
        self._show_evidence(row)

    # ------------------------------------------------------------ inside

    def _again(self) -> None:
        self.show_row(self.row)

    def _fields(self, row: ApprovalRow) -> list[FieldRow]:
        p = row.proposal
        found = [
            ("decision", member("decision", p.decision)),
            ("amount", formats().money(p.amount) if p.amount else ""),
            ("where", where(row)),
            ("reason", member("decision_reason", p.reason) if p.reason else ""),
            ("freight", tr(f"ui.approvals.freight.{p.return_freight}") if p.return_freight else ""),
            ("policy", clause_words(p.policy_version, p.clause)),
            ("by", f"{p.by.name} · {formats().moment(p.at, self._clock.now())}"),
            ("note", p.note or ""),
            ("below_promise", p.below_promise_reason or ""),
        ]
        return [FieldRow(key, tr(f"ui.approvals.field.{key}"), plain(value)) for key, value in found if value]

    def _show_terms(self, row: ApprovalRow) -> None:
        clear(self._terms)
        p = row.proposal
        lines = [(word(term.what, "term"), term.amount) for term in p.terms]
        if not lines:
            lines = [(tr("ui.approvals.of_line", line=x.line, n=x.quantity), x.amount) for x in p.lines]
        for number, (text, amount) in enumerate(lines):
            _money_line(self._terms, number, text, amount)
        if p.amount is not None:
            _money_line(self._terms, len(lines), tr("ui.approvals.sum"), p.amount, "strong")
        self._terms.setRowStretch(len(lines) + 1, 1)

    def _show_against(self, row: ApprovalRow) -> None:
        clear(self._against)
        clear(self._notes)
        proposed = row.proposal.amount
        number = 0
        for key in ("recommended", "last_returned", "limit"):
            other: Amount | None = getattr(row, key)
            if other is not None:
                text = tr(f"ui.approvals.against.{key}")
                if key == "recommended" and row.recommended_decision is not None:
                    text = f"{text} · {member('decision', row.recommended_decision)}"
                _compare(self._against, number, text, other, proposed, limit=key == "limit")
                number += 1
        for coded in row.differences:
            self._notes.addLayout(_note(word(coded, "difference")))
        if not row.differences:
            self._notes.addWidget(PlainLabel(tr("ui.approvals.same"), "small muted"))

    def _show_evidence(self, row: ApprovalRow) -> None:
        opened, total = row.evidence_total - len(row.unopened), row.evidence_total
        names = formats().join([plain(name, lines=False) for name in row.unopened])
        self.unopened.setVisible(bool(names))
        self.unopened.setText(tr("ui.approvals.unopened", names=names) if names else "")
        if not total:
            self.seen.set_words("ui.approvals.no_evidence", "neutral")
        else:
            all_seen = opened >= total
            self.seen.set_words("ui.approvals.evidence", "ok" if all_seen else "warn", n=min(opened, total), m=total)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.about)
        content, money, against = (
            Card("ui.approvals.content", scroll=True),
            Card("ui.approvals.terms", scroll=True),
            Card("ui.approvals.against", scroll=True),
        )
        content.body.addWidget(self.fields)
        content.body.addStretch()
        money.body.addLayout(self._terms)
        money.body.addStretch()
        against.add_badge(self.seen)
        against.body.addLayout(self._against)
        self._notes.setSpacing(6)
        against.body.addLayout(self._notes)
        against.body.addWidget(self.unopened)
        against.body.addStretch()
        for grid in (self._terms, self._against):
            grid.setHorizontalSpacing(14)
            grid.setVerticalSpacing(5)
            grid.setColumnStretch(0, 1)
        cards = QHBoxLayout()
        cards.setSpacing(10)
        for card in (content, money, against):
            cards.addWidget(card, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.void)
        column.addWidget(self.may_not)
        column.addLayout(cards, 1)


def _money_line(grid: QGridLayout, row: int, text: str, amount: Amount, look: str = "") -> None:
    label = PlainLabel(text, look or "muted", wrap=True)
    value = PlainLabel(formats().money(amount), look)
    value.setAlignment(RIGHT)
    grid.addWidget(label, row, 0)
    grid.addWidget(value, row, 1, Qt.AlignmentFlag.AlignTop)


def _compare(grid: QGridLayout, row: int, text: str, other: Amount, proposed: Amount | None, *, limit: bool) -> None:
    """What stands against the proposal, and how far apart they are."""
    grid.addWidget(PlainLabel(text, "muted", wrap=True), row, 0)
    value = PlainLabel(formats().money(other))
    value.setAlignment(RIGHT)
    grid.addWidget(value, row, 1)
    if proposed is None or proposed.currency != other.currency:
        return
    by = proposed.minor - other.minor
    if limit:
        mark = Pill(tr("ui.approvals.within"), "ok") if by <= 0 else Pill(tr("ui.approvals.beyond"), "danger")
    elif by == 0:
        mark = Pill(tr("ui.approvals.equal"), "ok")
    else:
        apart = Amount(minor=by, currency=other.currency)
        mark = Pill(formats().money(apart, signed=True), "warn", icon="warn")
    grid.addWidget(mark, row, 2, Qt.AlignmentFlag.AlignRight)


def _note(text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(IconLabel("warn", "warn_fg", 13), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(PlainLabel(text, "small", wrap=True), 1)
    return row
