"""Beside the picture in the viewer: what is known of it, and the notes on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import FieldGrid, KeyButton, PlainLabel, words_label
from refund_desk.desktop.widgets.scroll import SteadyScroll
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.evidence_pane import evidence_rows
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.wire.cases import EvidenceView, ImageNote


class ViewerSide(SteadyScroll):
    """`dropped` with the id of a note that somebody wants gone."""

    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("viewerSide")
        self.setWidgetResizable(True)
        self.setFixedWidth(268)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 10, 12, 10)
        self.data = FieldGrid(66)
        self.title = words_label("ui.case.viewer.notes", "small muted strong")
        notes = QVBoxLayout()
        column.addWidget(self.data)
        column.addWidget(self.title)
        column.addLayout(notes)
        column.addStretch()
        self._rows = Pool(notes, self._row)
        self.setWidget(inside)

    def show_item(
        self, item: EvidenceView | None, delivered: str | None, notes: Sequence[ImageNote], *, mine: Collection[int]
    ) -> None:
        """A picture's data with every tag, and its notes with the numbers they have on it; `mine` may be taken off."""
        self.data.set_rows(evidence_rows(item, delivered, all_tags=True) if item else [])
        self.title.setVisible(bool(notes))
        for row, (number, note) in zip(self._rows.take(len(notes)), enumerate(notes, start=1), strict=True):
            row.show_note(number, note, note.id in mine)

    def _row(self) -> _NoteRow:
        row = _NoteRow()
        row.dropped.connect(self.dropped)
        return row


class _NoteRow(QWidget):
    """A note in the list at the side."""

    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._note = 0
        self.text, self.by = PlainLabel(wrap=True), PlainLabel(look="small muted")
        self.drop = KeyButton("ui.case.viewer.drop_note", "Del", "link")
        self.drop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.drop.clicked.connect(lambda: self.dropped.emit(self._note))
        foot = QHBoxLayout()
        foot.addWidget(self.by, 1)
        foot.addWidget(self.drop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(1)
        column.addWidget(self.text)
        column.addLayout(foot)

    def show_note(self, number: int, note: ImageNote, may_drop: bool) -> None:
        self._note = note.id
        self.text.setText(f"{number}  {note.text}")
        self.by.setText(show.joined(note.by.name, show.moment(note.at)))
        self.drop.setVisible(may_drop)
