"""What was known when it was decided: the request in the customer's words, messages, pictures. Nothing of what was."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.widgets import Card, FieldGrid, FieldRow, PlainLabel, clear, flow_widget
from refund_desk.desktop.words import formats, member, tr
from refund_desk.wire.cases import EvidenceView, RequestView
from refund_desk.wire.quality import BlindView

PICTURE = QSize(210, 170)


class SampleView(Card):
    """`show_sample` fills it; pictures come as they are fetched."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("ui.quality.known", scroll=True, parent=parent)
        self._desk = desk
        self.sample: BlindView | None = None
        self.fields = FieldGrid(110)
        self.body.addWidget(self.fields)
        box, self._pictures = flow_widget()
        self.body.addWidget(box)
        self.body.addStretch()

    def show_sample(self, sample: BlindView) -> None:
        self.sample = sample
        self.reword()
        clear(self._pictures)
        for one in sample.evidence:
            self._picture(one)

    def reword(self) -> None:
        """Rows in the present language."""
        if self.sample is None:
            return
        rows = [row for number, one in enumerate(self.sample.requests) for row in _request(number, one)]
        for number, message in enumerate(self.sample.messages):
            label = f"{member('who', message.who)} {formats().stamp(message.sent_at)}"
            rows.append(FieldRow(f"m{number}", label, message.text))
        self.fields.set_rows(rows)

    # ------------------------------------------------------------ inside

    def _picture(self, one: EvidenceView) -> None:
        """A place with the file's name, where the picture appears once it is there."""
        label = PlainLabel(one.name, "small muted", wrap=True)
        label.setAccessibleName(tr("ui.quality.picture", name=one.name))
        label.setFixedSize(PICTURE)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pictures.addWidget(label)
        client = self._desk.client
        if one.status == "ready":
            self._desk.operations.read(
                label, lambda: client.image(one.id, "thumb"), partial(_fill, label), lambda _error: None
            )


def _fill(label: QLabel, data: bytes) -> None:
    image = QImage.fromData(data)
    if not image.isNull():
        kept = Qt.AspectRatioMode.KeepAspectRatio
        label.setPixmap(QPixmap.fromImage(image).scaled(PICTURE, kept, Qt.TransformationMode.SmoothTransformation))


def _request(number: int, one: RequestView) -> list[FieldRow]:
    amount = formats().money(one.amount) if one.amount is not None else "–"
    said = [text for text in (one.reason_text, one.text) if text]
    return [
        FieldRow(f"{number}kind", tr("report.field.kind"), member("kind", one.kind)),
        FieldRow(f"{number}reason", tr("report.field.reason"), member("reason", one.reason)),
        FieldRow(f"{number}amount", tr("report.field.asked"), amount),
        FieldRow(f"{number}at", tr("report.field.at"), formats().stamp(one.created_at)),
        FieldRow(f"{number}words", tr("report.field.words"), "\n".join(said) or "–"),
    ]
