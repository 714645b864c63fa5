"""One break: what it means, its lines side by side with what differs marked, and what else of its order matched."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.plaintext import plain
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.reconciliation.matches import speaks
from refund_desk.desktop.reconciliation.model import money, system
from refund_desk.desktop.widgets import Card, FieldRow, FieldValue, KeyButton, Pill, PlainLabel, clear, words_label
from refund_desk.desktop.words import formats, member, tr, words
from refund_desk.wire.reconciliation import BreakDetail, LineView, MatchView

SHOWN = 6
"""Lines of a side that are shown; a payout may have hundreds."""
_FIELDS: tuple[tuple[str, Callable[[LineView], str]], ...] = (
    ("id", lambda line: plain(line.id, lines=False)),
    ("minor", lambda line: _amount(line)),
    ("at", lambda line: formats().stamp(line.at) if line.at else ""),
    ("state", lambda line: member("line_state", line.state) if line.state else ""),
    ("refs", lambda line: plain("\n".join(line.refs))),
    ("account", lambda line: plain(line.account or "", lines=False)),
    ("name", lambda line: plain(line.name or "", lines=False)),
    ("fee", lambda line: _fee(line)),
    ("batch", lambda line: plain(line.batch or "", lines=False)),
)


def _amount(line: LineView) -> str:
    if line.minor is None or line.currency is None:
        return ""
    return formats().money({"minor": line.minor, "currency": line.currency})


def _fee(line: LineView) -> str:
    if line.fee is None or line.currency is None:
        return ""
    return formats().money({"minor": line.fee, "currency": line.currency})


class BreakPane(Card):
    """`show_break(detail)`; None empties it. undoes: the viewer may take matches apart; `undo_wanted(match)` then."""

    undo_wanted = Signal(object)

    def __init__(self, clock: DeskClock, *, undoes: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(scroll=True, parent=parent)
        self._undoes = undoes
        self._clock = clock
        self.detail: BreakDetail | None = None
        self.kind, self.amount = Pill(), PlainLabel(look="heading")
        self.about = PlainLabel(look="small muted", wrap=True)
        self.means, self.advice = PlainLabel(wrap=True), PlainLabel(look="muted", wrap=True)
        self.settled = PlainLabel(look="small ok", wrap=True)
        self._sides, self._matches = QGridLayout(), QVBoxLayout()
        self._build()
        words().changed.connect(self._again)

    def show_break(self, detail: BreakDetail | None) -> None:
        self.detail = detail
        self.inner.setVisible(detail is not None)
        if detail is None:
            return
        self.kind.set_look("danger" if detail.status == "open" else "neutral")
        self.kind.set_text(member("break", detail.kind))
        self.amount.setText(money(detail))
        self.about.setText(_about(detail))
        self.means.setText(tr(f"break.means.{detail.kind.value}"))
        self.advice.setText(tr(f"break.advice.{detail.kind.value}"))
        self.advice.setVisible(detail.status == "open")
        self.settled.setVisible(detail.status != "open")
        self.settled.setText(_settled(detail))
        self._show_sides(detail)
        self._show_matches(detail.matches)

    # ------------------------------------------------------------ inside

    def _again(self) -> None:
        self.show_break(self.detail)

    def _show_sides(self, detail: BreakDetail) -> None:
        clear(self._sides)
        heads = [_names(side) for side in (detail.lines_here, detail.lines_there)]
        for column, text in enumerate(heads, start=1):
            self._sides.addWidget(PlainLabel(text, "strong", wrap=True), 0, column)
        row = 1
        most = max(len(detail.lines_here), len(detail.lines_there))
        for number in range(min(SHOWN, most)):
            row = self._show_pair(row, detail, number)
        if most > SHOWN:
            self._sides.addWidget(
                PlainLabel(tr("ui.reconcile.more_lines", n=most - SHOWN), "small muted"), row, 0, 1, 3
            )

    def _show_pair(self, row: int, detail: BreakDetail, number: int) -> int:
        """One line of each side, field by field; fields that nobody fills aren't there."""
        pair = [side[number] if number < len(side) else None for side in (detail.lines_here, detail.lines_there)]
        for name, show in _FIELDS:
            texts = [show(line) if line is not None else "" for line in pair]
            if not any(texts):
                continue
            differs = name in detail.differs and number == 0
            self._sides.addWidget(PlainLabel(tr(f"ui.reconcile.field.{name}"), "small muted"), row, 0, _TOP)
            for column, (line, text) in enumerate(zip(pair, texts, strict=True), start=1):
                self._sides.addWidget(self._value(line, text, differs, name), row, column, _TOP)
            row += 1
        return row

    def _value(self, line: LineView | None, text: str, differs: bool, name: str) -> FieldValue:
        """C copies it. What its system no longer lists, or never had, is said in the row of the number."""
        if name == "id" and line is None:
            text = tr("ui.reconcile.no_line")
        gone = name == "id" and line is not None and not line.known
        value = FieldValue(name)
        value.show_row(
            FieldRow(
                name,
                tr(f"ui.reconcile.field.{name}"),
                f"{text} ({tr('ui.reconcile.line_gone')})" if gone else text,
                conflict=differs and bool(text),
                look="muted" if line is None else "mono" if name in _NUMBERS else "",
                copy=text,
            )
        )
        return value

    def _show_matches(self, matches: Sequence[MatchView]) -> None:
        clear(self._matches)
        if matches:
            self._matches.addWidget(words_label("ui.reconcile.matches", "strong"))
        for match in matches:
            self._matches.addLayout(self._match(match))

    def _match(self, match: MatchView) -> QHBoxLayout:
        said = PlainLabel(explained(match), "small", wrap=True)
        row = QHBoxLayout()
        row.addWidget(said, 1)
        if self._undoes:
            undo = KeyButton("ui.reconcile.undo_match", look="quiet")
            undo.clicked.connect(lambda: self.undo_wanted.emit(match))
            row.addWidget(undo, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _build(self) -> None:
        self.inner = QWidget()
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.kind)
        head.addWidget(self.amount)
        head.addStretch()
        column = QVBoxLayout(self.inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        for widget in (self.about, self.means, self.advice, self.settled):
            column.addWidget(widget)
        self._sides.setHorizontalSpacing(14)
        self._sides.setVerticalSpacing(6)
        self._sides.setColumnStretch(1, 1)
        self._sides.setColumnStretch(2, 1)
        column.addLayout(self._sides)
        column.addLayout(self._matches)
        column.addStretch()
        self.body.addWidget(self.inner)
        self.show_break(None)


_NUMBERS = ("id", "refs", "batch")
_TOP = Qt.AlignmentFlag.AlignTop


def _names(lines: Sequence[LineView]) -> str:
    return " + ".join(dict.fromkeys(system(line.source) for line in lines)) or tr("ui.reconcile.nothing")


def _about(detail: BreakDetail) -> str:
    parts = [
        tr("ui.reconcile.order", order=plain(detail.order, lines=False)) if detail.order else "",
        detail.ref or "",
        tr("ui.reconcile.since", at=detail.since),
        plain(detail.owner, lines=False) if detail.owner else "",
    ]
    return " · ".join(part for part in parts if part)


def _settled(detail: BreakDetail) -> str:
    if detail.status == "gone":
        return tr("ui.reconcile.gone", at=detail.settled_at)
    how = member("resolution", detail.resolution) if detail.resolution else ""
    return tr("ui.reconcile.settled", how=how, at=detail.settled_at, reason=plain(detail.reason or ""))


def explained(match: MatchView) -> str:
    """Which lines, and what speaks for it with how much."""
    sides = [", ".join(plain(one.id, lines=False) for one in side[:3]) for side in (match.here, match.there)]
    return f"{' ↔ '.join(sides)}\n{tr(f'match.by.{match.code}')} · {speaks(match)}"
