"""What the panes of a case share: a card that scrolls, sections with small titles, and who-said-what."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import Card, FieldRow, FieldValue, MoneyLabel, Pill, PlainLabel, set_tip, words_label
from refund_desk.desktop.words import tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.popup import Popup
from refund_desk.wire.base import Amount
from refund_desk.wire.facts import FieldView

LABEL_WIDTH = 62


class Pane(Card):
    """A pane with a pill at its right that names its systems and how fresh they are."""

    copied = Signal(str)
    followed = Signal(str)

    def __init__(self, title_key: str, parent: QWidget | None = None) -> None:
        super().__init__(title_key, scroll=True, parent=parent)
        self.source = Pill()
        self.source.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.source.setMinimumWidth(40)  # where there is little room the pane's own name stays whole
        self.head.title.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.add_badge(self.source)
        self.area = self.findChild(QScrollArea)
        self.setMinimumWidth(188)
        inside = self.area.widget() if self.area is not None else None
        if inside is not None:  # as wide as the pane, whatever is in it
            inside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_source(self, systems: Sequence[str], as_of: object) -> None:
        names = [show.system(name) for name in systems]
        when = show.moment(as_of) if as_of is not None else ""  # type: ignore[arg-type]
        short = names[0] if len(names) == 1 else tr("ui.case.systems", n=len(names)) if names else ""
        self.source.set_text(show.joined(short, when))
        self.source.setVisible(bool(short or when))
        set_tip(self.source, show.joined(*names, when))

    def scroll_place(self) -> int:
        return self.area.verticalScrollBar().value() if self.area is not None else 0

    def set_scroll_place(self, place: int) -> None:
        if self.area is not None:
            self.area.verticalScrollBar().setValue(place)

    def rows(self) -> AmountRow:
        """A line of amounts whose title speaks for itself through this pane."""
        row = AmountRow()
        row.title.copied.connect(self.copied)
        row.title.followed.connect(self.followed)
        return row


class Place:
    """Puts pooled lines where they belong in the body: after the ones already there."""

    def __init__(self, pane: Pane) -> None:
        self._body, self._at = pane.body, pane.body.count()

    def addWidget(self, widget: QWidget) -> None:
        self._body.insertWidget(self._at, widget)
        self._at += 1


def section(title_key: str, *, line: bool = True) -> QWidget:
    """A small title over what follows, with a hairline above."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 2, 0, 0)
    column.setSpacing(5)
    if line:
        column.addWidget(hairline())
    column.addWidget(words_label(title_key, "small muted strong"))
    return box


def hairline() -> QFrame:
    line = QFrame()
    line.setObjectName("hairline")
    line.setFixedHeight(1)
    return line


class AmountRow(QWidget):
    """A title, a line of small print below, and an amount at the right; a pill where words are better."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.meta = FieldValue("title"), PlainLabel(look="small muted", wrap=True)
        self.amount, self.pill = MoneyLabel(look="strong"), Pill()
        self.meta.setMinimumWidth(48)  # else its longest word is the least width, and the height is that of a wider row
        self.under = PlainLabel(look="small muted")
        self.under.setAlignment(Qt.AlignmentFlag.AlignRight)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(1)
            column.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.title)
        left.addWidget(self.meta)
        right.addWidget(self.amount)
        right.addWidget(self.under)
        right.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(left, 1)
        row.addLayout(right)
        row.setAlignment(right, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(hairline())
        self.pill.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def set_texts(
        self,
        title: str,
        meta: str,
        under: str = "",
        *,
        copy: str | None = None,
        links: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """`copy`: what C copies where the title has the focus, default the title itself; `links` as in FieldRow."""
        self.title.show_row(FieldRow("title", tr("ui.case.copy_hint"), title, copy=copy, links=links))
        self.title.setAccessibleName(title)
        self.meta.setText(meta)
        set_tip(self.meta, meta)
        self.meta.setVisible(bool(meta))
        self.under.setText(under)
        self.under.setVisible(bool(under))
        self._name()

    def set_amount(self, amount: Amount | None) -> None:
        self.amount.set_amount(amount)
        self._name()

    def set_pill(self, text: str, kind: str) -> None:
        self.pill.setVisible(bool(text))
        if text:
            self.pill.set_kind(kind)
            self.pill.set_text(text)

    def _name(self) -> None:
        self.setAccessibleName(show.joined(self.title.text(), self.meta.text(), self.amount.text(), self.under.text()))


def show_said(anchor: QWidget, field: FieldView, rule: str = "") -> None:
    """Who says what about a field, since when, and what the difference means."""
    popup = Popup(anchor, show.label(field.key))
    rows = [
        (
            show.joined(show.system(said.system), said.record, tr("ui.case.as_of", at=said.as_of)),
            show.value(field.key, said.value),
            "strong" if field.conflict else "",
        )
        for said in field.said
    ]
    popup.add_table(rows)
    if rule:
        popup.add_text(rule, "small muted")
    popup.open()


def conflict_rule(field: str, effective: object) -> str:
    """Which value the money rules use while systems disagree."""
    return tr("ui.case.effective_rule", value=show.value(field, effective)) if effective is not None else ""
