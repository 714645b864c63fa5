"""The proposal by lines: how many of each and for how much, shipping, and what is kept back.

Amounts left empty are the service's; what it computes stands in their place, and the sum below follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSpinBox, QWidget

from refund_desk.desktop.widgets import RIGHT, KeyButton, MoneyLabel, PlainLabel, restyle, set_tip
from refund_desk.desktop.words import formats, tr, words
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.edit import LineBox
from refund_desk.desktop.workspace.form import Form, asked_lines, typed_minor
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.domain.errors import DeskError
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import Preview
from refund_desk.wire.facts import LineView

_SHOWN = frozenset({"term.line", "term.shipping", "term.fee"})
"""Terms that are rows here."""
_NAME, _PAID, _LEFT, _QUANTITY, _AMOUNT = range(5)


class LinesEditor(Popup):
    """Changes the form as one types, so that the preview follows. Enter keeps it; Esc gives back what was before."""

    def __init__(self, anchor: QWidget, view: CaseView, form: Form, currency: str, changed: Callable[[], None]) -> None:
        super().__init__(anchor, tr("ui.case.lines"), 560)
        self.setMaximumWidth(760)
        self._form, self._currency, self._changed = form, currency, changed
        self._was, self._kept = replace(form), False
        self._unread: dict[str, str] = {}
        self.boxes: dict[str, QSpinBox] = {}
        self.amounts: dict[str, LineBox] = {}
        self.shipping, self.fee = self._edit("shipping"), self._edit("fee")
        self.total, self.problem = MoneyLabel(look="strong"), PlainLabel(look="small danger", wrap=True)
        self.terms = PlainLabel(look="small muted", wrap=True)
        lines = view.order.lines if view.order else []
        chosen = form.lines if form.lines is not None else asked_lines(view)
        self._build(lines, chosen)
        self._fill(form)
        self._connect()

    def open(self, *, above: bool = False) -> None:
        super().open(above=above)
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()
            first.selectAll()

    def show_preview(self, preview: Preview | None) -> None:
        """What the service makes of it: amounts where none is typed, the sum, and what is wrong."""
        lines = {line.line: line for line in preview.lines} if preview is not None else {}
        for number, edit in self.amounts.items():
            line = lines.get(number)
            edit.setPlaceholderText(self._decimal(line.minor or 0) if line is not None else "")
        shipping = preview.shipping if preview is not None else None
        self.shipping.setPlaceholderText(self._decimal(shipping.minor) if shipping is not None else "")
        self.total.set_amount(preview.amount if preview is not None else None)
        terms = [term for term in preview.terms if term.what.code not in _SHOWN] if preview is not None else []
        self.terms.setText("\n".join(f"{show.term(term)}: {formats().money(term.amount)}" for term in terms))
        self.terms.setVisible(bool(terms))
        blocking = [lack.what for lack in preview.missing if "path" in lack.what.params] if preview is not None else []
        self._say([show.coded(what, "missing") for what in blocking])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        if not self._kept:
            self._put_back()
        super().hideEvent(event)

    # ------------------------------------------------------------ inside

    def _edit(self, name: str) -> LineBox:
        edit = LineBox()
        edit.setFixedWidth(96)
        edit.setAlignment(RIGHT)
        edit.setAccessibleName(tr(f"ui.case.lines.{name}"))
        return edit

    def _build(self, lines: list[LineView], chosen: dict[str, int]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(_NAME, 1)
        for column, word in enumerate(("name", "paid", "left", "quantity", "amount")):
            head = PlainLabel(tr(f"ui.case.lines.{word}"), "small muted")
            head.setAlignment(RIGHT if column else Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(head, 0, column)
        for row, line in enumerate(lines, start=1):
            self._add(grid, row, line, chosen.get(line.id, 0))
        below = len(lines) + 1
        for row, (word, widget) in enumerate(
            (("shipping", self.shipping), ("fee", self.fee), ("total", self.total)), start=below
        ):
            label = PlainLabel(tr(f"ui.case.lines.{word}"), "strong" if word == "total" else "", wrap=True)
            grid.addWidget(label, row, _NAME, 1, _AMOUNT)
            grid.addWidget(widget, row, _AMOUNT)
        set_tip(self.fee, tr("ui.case.lines.fee_hint"))
        self.fee.setAccessibleDescription(tr("ui.case.lines.fee_hint"))
        self.body.addLayout(grid)
        self.body.addWidget(self.terms)
        self.body.addWidget(self.problem)
        self.problem.hide()
        self.terms.hide()
        take = KeyButton("ui.case.ok", "Return", "primary")
        take.clicked.connect(self._take)
        foot = QHBoxLayout()
        foot.addWidget(PlainLabel(tr("ui.case.lines.hint"), "small muted", wrap=True), 1)
        foot.addWidget(take)
        self.body.addLayout(foot)

    def _add(self, grid: QGridLayout, row: int, line: LineView, quantity: int) -> None:
        box, amount = QSpinBox(), self._edit("amount")
        box.setRange(0, line.refundable_quantity)
        box.setValue(min(quantity, line.refundable_quantity))
        box.setSuffix(f" / {line.refundable_quantity}")
        box.setAccessibleName(tr("ui.case.lines.quantity_of", name=line.name))
        amount.setAccessibleName(tr("ui.case.lines.amount_of", name=line.name))
        self.boxes[line.id], self.amounts[line.id] = box, amount
        name = PlainLabel(line.name, wrap=True)
        for column, widget in enumerate((name, MoneyLabel(line.paid_share), MoneyLabel(line.refundable), box, amount)):
            grid.addWidget(widget, row, column)

    def _fill(self, form: Form) -> None:
        for line, edit in self.amounts.items():
            edit.setText(self._decimal(form.amounts[line]) if line in form.amounts else "")
        self.shipping.setText("" if form.shipping_minor is None else self._decimal(form.shipping_minor))
        self.fee.setText(self._decimal(form.fee_minor) if form.fee_minor else "")

    def _connect(self) -> None:
        for box in self.boxes.values():
            box.valueChanged.connect(lambda _value: self._edited())
        for edit in (*self.amounts.values(), self.shipping, self.fee):
            edit.textEdited.connect(lambda _text: self._edited())
            edit.left.connect(self.close)

    def _decimal(self, minor: int) -> str:
        return formats().decimal(minor, self._currency)

    def _minor(self, name: str, edit: LineBox) -> int | None:
        """What is typed; None for nothing, and for what can't be read, which is said."""
        self._unread.pop(name, None)
        try:
            return typed_minor(edit.text(), self._currency)
        except DeskError as error:
            self._unread[name] = words().core.error(error)
            return None
        finally:
            restyle(edit, wrong="true" if name in self._unread else "false")

    def _edited(self) -> None:
        """Into the form, and so into the preview. An amount named for the whole gives way to those of its parts."""
        form = self._form
        form.lines = {line: box.value() for line, box in self.boxes.items()}
        typed = {line: self._minor(line, edit) for line, edit in self.amounts.items()}
        form.amounts = {line: minor for line, minor in typed.items() if minor is not None}
        form.shipping_minor = self._minor("shipping", self.shipping)
        form.fee_minor = self._minor("fee", self.fee) or 0
        form.amount_minor = None
        self._say([])
        self._changed()

    def _say(self, problems: list[str]) -> None:
        lines = list(dict.fromkeys([*self._unread.values(), *problems]))
        self.problem.setText("\n".join(lines))
        self.problem.setVisible(bool(lines))
        if self.isVisible():
            self.place()

    def _put_back(self) -> None:
        before, form = self._was, self._form
        if form == before:
            return
        form.lines, form.amounts, form.amount_minor = before.lines, before.amounts, before.amount_minor
        form.shipping_minor, form.fee_minor = before.shipping_minor, before.fee_minor
        self._changed()

    def _take(self) -> None:
        if not self._unread:
            self._kept = True
            self.close()
