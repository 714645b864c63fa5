"""Progress of something long: thin, with words and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from refund_desk.desktop.widgets.buttons import KeyButton
from refund_desk.desktop.widgets.text import ElidedLabel
from refund_desk.desktop.words import tr

SHOW_AFTER_MS = 150
"""What is quicker than this isn't worth a flicker."""


class BusyBar(QWidget):
    """`start`, then `progress(done, total)` any number of times, then `finish`. `stopped` when its button is hit."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.text = ElidedLabel(look="small muted")
        self.button = KeyButton("ui.stop", look="link")
        self.button.clicked.connect(self.stopped)
        self._row = QHBoxLayout()
        self._row.addWidget(self.text, 1)
        self._row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.bar)
        column.addLayout(self._row)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self.show)
        self.hide()

    def start(self, text: str = "", *, stoppable: bool = False) -> None:
        """`text` is ready words; without text and button only the line is there."""
        self.bar.setRange(0, 0)
        self.text.setText(text)
        self.text.setVisible(bool(text) or stoppable)
        self.button.setVisible(stoppable)
        self.setAccessibleName(text or tr("ui.busy"))
        self._wait.start(SHOW_AFTER_MS)

    def progress(self, done: int, total: int) -> None:
        """0 as total: nobody knows how much."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def finish(self) -> None:
        self._wait.stop()
        self.hide()
