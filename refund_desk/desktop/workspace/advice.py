"""What the policy would do and why, and who is R, A, C and I. It advises; people decide."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import (
    ElidedLabel,
    IconLabel,
    KeyButton,
    Pill,
    PlainLabel,
    flow_widget,
    set_tip,
)
from refund_desk.desktop.words import formats, member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.domain.words import Raci
from refund_desk.wire.base import Coded
from refund_desk.wire.cases import CaseView
from refund_desk.wire.decisions import PolicyTrace, RaciSeat, Recommendation

SHOWN = 4
"""Conditions in the bar; the rest is behind the link."""
_PLAIN = ("kind", "group", "currency", "decision", "advised")
_MONEY = ("requested", "paid", "refundable", "lines_refundable", "already_refunded", "shipping")
_VOCABULARY = {
    "kind": "kind",
    "reason": "reason",
    "group": "reason_group",
    "decision": "decision",
    "advised": "decision_reason",
}
_TOKEN = re.compile(r"""["'](?P<code>[^"']*)["']|(?<![\w.])(?P<number>\d+)(?![\w.])""")
_SEAT = {"you": "ok", "done": "ok", "waiting": "warn", "open": "neutral", "none": "neutral"}


class Advice(QWidget):
    """Policy and clause, the decision with its amount, the conditions looked at, what is missing."""

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._advice: Recommendation | None = None
        self._currency, self._brief = "", False
        self.source, self.what = ElidedLabel(look="small muted strong"), PlainLabel(look="strong", wrap=True)
        self.why, self.missing = KeyButton("ui.case.advice.why", "", "link"), PlainLabel(look="small warn", wrap=True)
        self.accept = KeyButton("ui.case.advice.accept", "A", "link")
        self.accept.clicked.connect(self.accepted)
        self.why.clicked.connect(self.explain)
        box, flow = flow_widget(gap=8)
        self._box, self._trace = box, Pool(flow, _Condition)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.source, 1)
        top.addWidget(self.why)
        top.addWidget(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(self.what)
        column.addWidget(box)
        column.addWidget(self.missing)

    def show_case(self, view: CaseView, *, may_accept: bool) -> None:
        advice = self._advice = view.recommendation
        for widget in (self.why, self.missing):
            widget.setVisible(advice is not None)
        self.set_brief(self._brief)
        self.accept.setVisible(advice is not None and may_accept)
        if advice is None:
            self.source.setText(tr("ui.case.advice"))
            self.what.setText(tr("ui.case.advice.none"))
            return
        self._currency = view.money.currency if view.money is not None else ""
        name = show.policy(advice.policy, advice.version)
        self.source.setText(tr("ui.case.advice.of", policy=name, clause=advice.clause))
        self.what.setText(show.joined(member("decision", advice.decision), _amount(advice)))
        set_tip(self.what, show.text2(advice.clause_text))
        told = telling(advice.trace)
        for item, trace in zip(self._trace.take(len(told)), told, strict=True):
            item.show_trace(trace, self._currency)
        self._show_missing(advice.missing)

    def set_brief(self, brief: bool) -> None:
        """Where there is little room the conditions stand behind the link alone."""
        self._brief = brief
        self._box.setVisible(self._advice is not None and not brief)

    def explain(self) -> None:
        """The clause, the conditions, and the amount term by term."""
        advice = self._advice
        if advice is None:
            return
        popup = Popup(self.why, self.source.text(), 380)
        popup.add_text(show.text2(advice.clause_text))
        popup.add_text(tr("ui.case.advice.public", text=show.text2(advice.public_text)), "small muted")
        money = self._currency
        looked = [(fact(t), f"{saw(t, money)}  {wanted(t, money)}", "ok" if t.held else "warn") for t in advice.trace]
        popup.add_table(looked)
        rows = [(show.term(term), formats().money(term.amount), "") for term in advice.terms]
        if advice.amount is not None:
            rows.append((member("decision", advice.decision), formats().money(advice.amount), "strong"))
        popup.add_table(rows)
        popup.open(above=True)

    def _show_missing(self, missing: Sequence[Coded]) -> None:
        words = [show.coded(what, "missing") for what in missing]
        self.missing.setText(tr("ui.case.missing", what=formats().join(words)) if words else "")
        self.missing.setVisible(bool(words))


def fact(trace: PolicyTrace) -> str:
    return member("fact", trace.field)


def telling(traces: Sequence[PolicyTrace]) -> list[PolicyTrace]:
    """The few conditions that say most: the last that held, each fact once; without any, those that failed."""
    held = [trace for trace in traces if trace.held and trace.field not in _PLAIN] or list(traces)
    last = {trace.field: trace for trace in held}
    return list(last.values())[-SHOWN:]


def saw(trace: PolicyTrace, currency: str) -> str:
    """What a condition found, by the kind of its fact."""
    if trace.field in _MONEY and isinstance(trace.saw, int) and not isinstance(trace.saw, bool) and currency:
        return formats().money({"minor": trace.saw, "currency": currency})
    if isinstance(trace.saw, str) and trace.field in _VOCABULARY:
        return member(_VOCABULARY[trace.field], trace.saw)
    return show.anything(trace.saw)


def wanted(trace: PolicyTrace, currency: str) -> str:
    """A condition as people write it: <= 7 is ≤ 7, true is yes, amounts with their currency, codes as words."""

    def one(found: re.Match[str]) -> str:
        if found["code"]:
            return member(_VOCABULARY.get(trace.field, ""), found["code"])
        if trace.field in _MONEY and currency:
            return formats().money({"minor": int(found["number"]), "currency": currency})
        return found["number"]

    text = trace.wanted.strip().replace("<=", "≤").replace(">=", "≥").replace("!=", "≠")
    text = {"true": formats().yes(True), "false": formats().yes(False)}.get(text, text)
    return formats().join([_TOKEN.sub(one, part) for part in text.split(",")])


def _amount(advice: Recommendation) -> str:
    return show.money(advice.amount) if advice.amount is not None else ""


class _Condition(QWidget):
    """A condition a clause looked at: held or not by icon, what it saw in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._icon, self._text = IconLabel("ok", "ok", 12), PlainLabel(look="small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self._icon)
        row.addWidget(self._text)

    def show_trace(self, trace: PolicyTrace, currency: str) -> None:
        self._icon.set_icon("ok" if trace.held else "close", "ok" if trace.held else "warn_fg")
        self._text.setText(f"{fact(trace)} {wanted(trace, currency)}")
        held = tr("ui.case.held" if trace.held else "ui.case.not_held")
        tip = tr("ui.case.saw", saw=saw(trace, currency), held=held)
        set_tip(self, tip)
        self.setAccessibleName(f"{self._text.text()}: {tip}")


class RaciLine(QWidget):
    """R, A, C, I as pills: who sits there, and whether they have acted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box, flow = flow_widget(gap=5)
        self._pills = Pool(flow, lambda: Pill(icon=""))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(box)

    def show_seats(self, seats: Sequence[RaciSeat]) -> None:
        """All who are told share one pill."""
        self.setVisible(bool(seats))
        acting = [seat for seat in seats if seat.letter is not Raci.I]
        told = [member("role", seat.role) for seat in seats if seat.letter is Raci.I]
        pills = self._pills.take(len(acting) + bool(told))
        for pill, seat in zip(pills, acting, strict=False):
            _show_seat(pill, seat)
        if told:
            pills[-1].set_look("neutral", "")
            pills[-1].set_text(f"I {formats().join(told)}")
            set_tip(pills[-1], f"I {member('raci', 'I')}")


def _show_seat(pill: Pill, seat: RaciSeat) -> None:
    role, name = member("role", seat.role), seat.person.name if seat.person else ""
    lacking = seat.letter is Raci.C and seat.required and seat.state in ("open", "waiting")
    word = "required" if lacking else "" if seat.state in ("none", "open") else seat.state
    state = tr(f"ui.case.raci.{word}") if word else ""
    icon = "ok" if seat.state == "done" else "user" if seat.state == "you" else ""
    pill.set_look("warn" if lacking else _SEAT[seat.state], icon)
    pill.set_text(" ".join(part for part in (seat.letter.value, name or role, state) if part))
    why = show.coded(seat.why, "why") if seat.why else ""
    set_tip(pill, show.joined(f"{seat.letter.value} {member('raci', seat.letter)}", role, name, why))
