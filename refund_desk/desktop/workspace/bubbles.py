"""One message in the thread, and one question to colleagues with its answer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets import KeyButton, Pill, PlainLabel, Thumbnail, flow_widget, set_tip
from refund_desk.desktop.words import member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.domain.words import Who
from refund_desk.wire.cases import EvidenceView, MessageView
from refund_desk.wire.decisions import ConsultationView

_PLAIN = (Who.CUSTOMER, Who.AGENT)
"""Whose side of the thread says already who they are."""
_GROUND = {"in": ("bubble_in", None), "out": ("bubble_out", None), "note": ("warn_bg", "warn_line")}


class Bubble(QWidget):
    """A message: who, how and when in small print, its text, its attachments. Ours stand at the right."""

    opened = Signal(int)
    """Id of an attachment."""
    promise_wanted = Signal(int)
    """Id of this message: it holds a promise that nobody marked yet."""

    def __init__(self, images: Images, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images, self._direction, self.message_id = images, "in", 0
        self.may_mark = False
        self.head, self.text = PlainLabel(look="small muted", wrap=True), PlainLabel(wrap=True)
        self.text.set_selectable()
        self.promise, self.new = Pill(kind="warn", icon="mail"), Pill(kind="info", icon="unseen")
        box, thumbs = flow_widget(gap=4)
        self._attached = box
        marks = QHBoxLayout()
        marks.setSpacing(6)
        marks.addWidget(self.promise)
        marks.addWidget(self.new)
        marks.addStretch()
        self._column = QVBoxLayout(self)
        self._column.setSpacing(2)
        for part in (self.head, self.text):
            self._column.addWidget(part)
        self._column.addLayout(marks)
        self._column.addWidget(box)
        self._thumbs = Pool(thumbs, self._thumb)

    def show_message(self, message: MessageView, evidence: dict[int, EvidenceView], *, may_mark: bool) -> None:
        self.message_id, self._direction = message.id, message.direction
        self.may_mark = may_mark and message.promise is None and message.direction == "out"
        who = message.name or member("who", message.who)
        role = member("who", message.who) if message.name and message.who not in _PLAIN else ""
        kind = tr("ui.case.note") if message.direction == "note" else member("channel", message.channel)
        self.head.setText(show.joined(who, role if role != who else "", kind, show.moment(message.sent_at)))
        set_tip(self.head, show.joined(show.system(message.system), message.sent_at.isoformat()))
        self.text.setText(message.text)
        self.setAccessibleName(f"{self.head.text()}: {message.text}")
        self.promise.setVisible(message.promise is not None)
        if message.promise is not None:
            self.promise.set_text(tr("ui.case.promise.here", amount=message.promise.amount))
            set_tip(self.promise, member("tender", message.promise.form))
        self.new.setVisible(message.unseen)
        self.new.set_text(tr("ui.case.new"))
        self._show_attachments([evidence[number] for number in message.attachments if number in evidence])
        left, right = {"in": (9, 37), "out": (37, 9), "note": (9, 9)}[message.direction]
        self._column.setContentsMargins(left, 6, right, 7)
        self.update()

    def _show_attachments(self, attached: list[EvidenceView]) -> None:
        self._attached.setVisible(bool(attached))
        for thumb, item in zip(self._thumbs.take(len(attached)), attached, strict=True):
            show_thumb(thumb, item, self._images)

    def _thumb(self) -> Thumbnail:
        thumb = Thumbnail(QSize(40, 32))
        thumb.clicked.connect(lambda: self.opened.emit(int(thumb.property("evidence"))))
        return thumb

    def paintEvent(self, _event: QPaintEvent) -> None:
        ground, line = _GROUND[self._direction]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color(line) if line else Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(ground))
        left, right = {"in": (0, 28), "out": (28, 0), "note": (0, 0)}[self._direction]
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(left + 0.5, 0.5, -right - 0.5, -0.5), 7, 7)
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.may_mark:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(tr("ui.case.promise.mark")).triggered.connect(
                lambda: self.promise_wanted.emit(self.message_id)
            )
            menu.popup(event.globalPos())


class Consultation(QWidget):
    """A question to a role: who asks, what, until when; the answer, or how to answer or go on without."""

    answer_wanted = Signal(int)
    override_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.consultation_id = 0
        self.head, self.state = PlainLabel(look="small strong", wrap=True), Pill()
        self.question, self.answer = PlainLabel(wrap=True), PlainLabel(wrap=True)
        self.by, self.answered_by = PlainLabel(look="small muted", wrap=True), PlainLabel(look="small muted", wrap=True)
        self.reply = KeyButton("ui.case.consult.answer", look="plain")
        self.override = KeyButton("ui.case.consult.override", look="link")
        self.reply.clicked.connect(lambda: self.answer_wanted.emit(self.consultation_id))
        self.override.clicked.connect(lambda: self.override_wanted.emit(self.consultation_id))
        top = QHBoxLayout()
        top.addWidget(self.head, 1)
        top.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.addWidget(self.reply)
        buttons.addWidget(self.override)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(11, 7, 8, 8)
        column.setSpacing(2)
        column.addLayout(top)
        for part in (self.question, self.by, self.answer, self.answered_by):
            column.addWidget(part)
        column.addLayout(buttons)

    def show_consultation(self, item: ConsultationView, *, may_answer: bool, may_override: bool) -> None:
        self.consultation_id = item.id
        need = tr("ui.case.consult.required" if item.required else "ui.case.consult.optional")
        self.head.setText(tr("ui.case.consult.to", role=item.role.value, need=need))
        self.question.setText(item.question)
        due = tr("ui.case.due", at=item.due_at) if item.due_at and item.answered_at is None else None
        self.by.setText(show.joined(item.asked_by.name, show.moment(item.asked_at), due))
        answered, passed = item.answer is not None, item.overridden_by is not None
        text = item.answer if answered else item.override_reason
        self.answer.setText(text or "")
        person, at = (item.answered_by, item.answered_at) if answered else (item.overridden_by, None)
        self.answered_by.setText(show.joined(person.name if person else None, show.moment(at) if at else None))
        for widget in (self.answer, self.answered_by):
            widget.setVisible(answered or passed)
        word = "answered" if answered else "overridden" if passed else "waiting"
        self.state.set_kind("ok" if answered else "neutral" if passed or not item.required else "warn")
        self.state.set_text(tr(f"ui.case.consult.{word}"))
        self.reply.setVisible(may_answer and not answered and not passed)
        self.override.setVisible(may_override and item.required and not answered and not passed)
        self.setAccessibleName(show.joined(self.head.text(), item.question, self.state.text(), text))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme().color("border_strong"))
        painter.setBrush(theme().color("surface_alt"))
        painter.drawRoundedRect(area, 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawRoundedRect(QRectF(1, 8, 3, area.height() - 15), 1.5, 1.5)
        painter.end()


def show_thumb(thumb: Thumbnail, item: EvidenceView, images: Images) -> None:
    """Fill a thumbnail: its state at once, its picture when it came, unless it shows another one by then."""
    thumb.setProperty("evidence", item.id)
    name = show.joined(item.name, member("evidence_kind", item.kind), tr(f"ui.case.evidence.state.{item.status}"))
    thumb.set_state(item.status, name)
    set_tip(thumb, name)
    thumb.set_marked(item.unseen)
    if item.status != "ready":
        thumb.set_pixmap(None)
        return
    here = images.have(item.id, "thumb")
    thumb.set_pixmap(QPixmap.fromImage(here) if here is not None else None)
    if here is None:
        images.want(item.id, "thumb", lambda image: _arrived(thumb, item.id, QPixmap.fromImage(image)))


def _arrived(thumb: Thumbnail, evidence: int, pixmap: QPixmap) -> None:
    if thumb.property("evidence") == evidence:
        thumb.set_pixmap(pixmap)
