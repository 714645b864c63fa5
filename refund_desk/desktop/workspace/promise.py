"""Marking a promise that stands in a message: how much, and in which form."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from refund_desk.desktop.widgets import KeyButton
from refund_desk.desktop.words import member, tr, word_error
from refund_desk.desktop.workspace.decision_form import Field
from refund_desk.desktop.workspace.edit import LineBox
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.domain.errors import DeskError
from refund_desk.domain.money import parse, plain_number
from refund_desk.domain.words import Tender
from refund_desk.wire.cases import MessageView
from refund_desk.wire.commands import PromiseBody


class MarkPromise(Popup):
    """Enter marks it; an amount that can't be read is said beside its field."""

    def __init__(
        self, anchor: QWidget, message: MessageView, currency: str, done: Callable[[PromiseBody], None]
    ) -> None:
        super().__init__(anchor, tr("ui.case.promise.mark"))
        self._message, self._currency, self._done = message.id, currency, done
        self.add_text(message.text, "small muted")
        self.amount, self.form = LineBox(), QComboBox()
        for tender in (Tender.MONEY, Tender.STORE_CREDIT, Tender.COUPON, Tender.POINTS):
            self.form.addItem(member("tender", tender), tender)
        self.field = Field(self.amount, "ui.case.form.amount")
        button = KeyButton("ui.case.ok", "Return", "primary")
        button.clicked.connect(self._hand_over)
        self.amount.returnPressed.connect(self._hand_over)
        self.amount.left.connect(self.close)
        row = QHBoxLayout()
        for widget in (self.field, Field(self.form, "ui.case.form.tender", named=False), button):
            row.addWidget(widget)
        self.body.addLayout(row)

    def open(self, *, above: bool = False) -> None:
        super().open(above=above)
        self.amount.setFocus(Qt.FocusReason.PopupFocusReason)

    def _hand_over(self) -> None:
        try:
            minor = parse(plain_number(self.amount.text()), self._currency).minor
            body = PromiseBody(
                message=self._message, minor=max(1, minor), currency=self._currency, form=self.form.currentData()
            )
        except DeskError as error:
            self.field.say(word_error(error))
            return
        self.close()
        self._done(body)
