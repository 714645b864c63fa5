"""The row of stages: how many, how old, and where it is stuck."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.desktop.widgets import ElidedLabel, PlainLabel, clear, restyle, set_tip
from refund_desk.desktop.words import formats, tr, words
from refund_desk.desktop.workload import figures as f
from refund_desk.wire.workload import StageOnBoard

MUCH = 0.5
"""Of the time a stage gives: from this median age on it is marked."""


class StageBox(QFrame):
    """One stage. Its ground says how old it is, and its words say it, too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageBox")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.age = ElidedLabel(look="small strong"), ElidedLabel(look="small muted")
        self.count = PlainLabel(look="title")
        self.over = PlainLabel(look="small muted")
        middle = QHBoxLayout()
        middle.addWidget(self.count)
        middle.addStretch()
        middle.addWidget(self.over)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(1)
        column.addWidget(self.title)
        column.addLayout(middle)
        column.addWidget(self.age)

    def show_stage(self, stage: StageOnBoard) -> None:
        text = stage.label.zh if words().language == "zh" else stage.label.en
        over = tr("ui.board.stage.over", n=stage.over) if stage.over else ""
        self.title.setText(text)
        self.count.setText(formats().number(stage.count))
        self.age.setText(tr("ui.board.stage.median", age=f.age(stage.median_s)))
        self.over.setText(tr("ui.board.stage.bottleneck") if stage.bottleneck else over)
        restyle(self, kind=kind_of(stage))
        mark = self.over.text() if self.over.text() != over else ""
        said = " · ".join(filter(None, (text, self.count.text(), mark, over, self.age.text())))
        self.setAccessibleName(said)
        set_tip(self, said)


def kind_of(stage: StageOnBoard) -> str:
    """`danger` where it is stuck, `warn` where half of what it gives is over for half of them, else plain."""
    if stage.bottleneck:
        return "danger"
    old = stage.limit_s is not None and stage.count > 0 and stage.median_s > MUCH * stage.limit_s
    return "warn" if stage.over or old else "plain"


class StagesRow(QWidget):
    """All stages that have cases, or are on the straight path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: Sequence[StageOnBoard] = ()
        self.boxes: list[StageBox] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        words().changed.connect(self._reword)

    def show_stages(self, stages: Sequence[StageOnBoard]) -> None:
        """Those without a case are left out."""
        self._stages = [stage for stage in stages if stage.count]
        if len(self.boxes) != len(self._stages):
            clear(self._row)
            self.boxes = [StageBox() for _ in self._stages]
            for box in self.boxes:
                self._row.addWidget(box, 1)
        self._reword()

    def _reword(self) -> None:
        for box, stage in zip(self.boxes, self._stages, strict=True):
            box.show_stage(stage)
