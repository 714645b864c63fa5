"""Evidence: the current image large, all of them small, what the camera wrote, and whether it can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from refund_desk.desktop.widgets import (
    BusyBar,
    FieldGrid,
    FieldRow,
    KeyButton,
    PlainLabel,
    Thumbnail,
    flow_widget,
    restyle,
)
from refund_desk.desktop.words import bind_made, bind_text, member, tr, unbind_text, word_error
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.bubbles import show_thumb
from refund_desk.desktop.workspace.canvas import Canvas
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.pane import LABEL_WIDTH, Pane
from refund_desk.desktop.workspace.pool import Pool
from refund_desk.domain.errors import DeskError
from refund_desk.wire.cases import CaseView, EvidenceView

_CAMERA = ("Make", "Model")
_EXIF_DATE = re.compile(r"\A(\d{4}):(\d\d):")
_SHOWN_ELSEWHERE = {*_CAMERA, "Software", "DateTimeOriginal", "DateTime", "DateTimeDigitized"}


def evidence_rows(item: EvidenceView, delivered: str | None, *, all_tags: bool = False) -> list[FieldRow]:
    """What is known of an image: name, whose, when captured and delivered, the camera, size; every tag if asked."""
    camera = " ".join(dict.fromkeys(item.exif[tag] for tag in _CAMERA if tag in item.exif))
    taken = _EXIF_DATE.sub(r"\1-\2-", item.taken_at or "")
    size = f"{item.width} × {item.height}" if item.width and item.height else ""
    known = {
        "name": item.name,
        "kind": show.upper(show.joined(member("evidence_kind", item.kind), member("who", item.who))),
        "sent": show.moment(item.sent_at) if item.sent_at else "",
        "taken": tr("ui.case.evidence.camera_time", at=taken) if taken else "",
        "delivered": show.moment(delivered) if delivered and item.taken_at else "",
        "camera": camera,
        "edited": tr("ui.case.evidence.edited", software=item.exif.get("Software", "")) if item.edited else "",
        "size": show.joined(size, show.size(item.bytes)),
    }
    rows = [
        FieldRow(name, tr(f"ui.case.evidence.{name}"), text, look="danger" if name == "edited" else "")
        for name, text in known.items()
        if text
    ]
    if all_tags:
        tags = sorted(set(item.exif) - _SHOWN_ELSEWHERE)
        rows += [FieldRow(f"exif/{tag}", member("exif", tag), item.exif[tag]) for tag in tags]
        rows.append(FieldRow("sha256", "SHA-256", item.sha256, look="mono small"))
    return rows


def problem_of(item: EvidenceView) -> tuple[str, str]:
    """Words and an icon for evidence that can't be shown; empty where it can."""
    if item.status == "waiting":
        return tr("ui.case.evidence.waiting"), "time"
    if item.status == "refused":
        why = show.coded(item.problem, "evidence") if item.problem else ""
        return tr("ui.case.evidence.refused", why=why), "danger"
    if item.status == "file":
        return tr("ui.case.evidence.file", name=item.name), "case"
    return "", ""


def delivered_at(view: CaseView) -> str | None:
    """The first delivery that any parcel of the order has, as the system wrote it."""
    fields = [field for parcel in (view.order.shipments if view.order else []) for field in parcel.fields]
    times = [str(f.value) for f in fields if f.key == "shipment.delivered_at" and f.value]
    return min(times) if times else None


class EvidenceCard(Pane):
    """Arrows or the thumbnails choose, Space or a click on the image opens it over the whole workspace."""

    opened = Signal(int)
    """Index of the image to look at."""
    original_wanted = Signal(object)
    """The EvidenceView whose untouched bytes somebody wants as a file."""
    looked = Signal(int)
    """Id of an image that was shown large: a look."""
    add_wanted = Signal()
    """Somebody wants to choose files to add."""
    given = Signal(object)
    """Files or a picture that were dropped here: a QMimeData."""
    decoded = Signal()
    """Something that waited can be seen now: the case should be asked for again."""

    def __init__(self, images: Images, parent: QWidget | None = None) -> None:
        super().__init__("ui.case.pane.evidence", parent)
        self._images = images
        self.items: list[EvidenceView] = []
        self.current = 0
        self._delivered: str | None = None
        self._ref = ""
        self.canvas = _Preview()
        self.canvas.chosen.connect(lambda: self.opened.emit(self.current))
        box, flow = flow_widget(gap=5)
        self._box = box
        self._thumbs = Pool(flow, self._thumb)
        self.details = FieldGrid(LABEL_WIDTH)
        self.details.copied.connect(self.copied)
        self.original = KeyButton("ui.case.evidence.original", "", "link")
        self.original.clicked.connect(lambda: self.original_wanted.emit(self.items[self.current]))
        self.add = KeyButton("ui.case.evidence.add", "Shift+F", "link")
        self.add.clicked.connect(self.add_wanted)
        self.busy, self.told = BusyBar(), PlainLabel(look="small warn", wrap=True)
        self._telling: list[Callable[[], str]] = []
        self.told.hide()
        self._waited: set[int] = set()
        self._newest = 0
        for widget in (self.busy, self.told, self.canvas, box, self.details):
            self.body.addWidget(widget)
        links, row = flow_widget(gap=8)
        row.addWidget(self.original)
        row.addWidget(self.add)
        self.body.addWidget(links)
        self.body.addStretch()
        bind_text(self.add.setAccessibleDescription, "ui.case.evidence.add_hint")

    def show_case(self, view: CaseView) -> None:
        if view.ref != self._ref:
            self._ref, self.current, self._newest = view.ref, 0, 0
            self._waited.clear()
            self.tell(None)
        self.items = view.evidence
        self.add.setVisible("evidence.add" in view.actions)
        self.setAcceptDrops("evidence.add" in view.actions)
        if self._newest and (at := self.index_of(self._newest)) is not None:
            self.current, self._newest = at, 0
        self._ask_for_waiting()
        self._delivered = delivered_at(view)
        self.current = min(self.current, max(0, len(self.items) - 1))
        for index, (thumb, item) in enumerate(zip(self._thumbs.take(len(self.items)), self.items, strict=True)):
            thumb.setProperty("index", index)
            show_thumb(thumb, item, self._images)
        self._box.setVisible(len(self.items) > 1)
        self._show_current()

    def choose(self, index: int) -> None:
        """Show this one large."""
        if 0 <= index < len(self.items) and index != self.current:
            self.current = index
            self._show_current()

    def step(self, by: int) -> None:
        if self.items:
            self.choose((self.current + by) % len(self.items))

    def show_newest(self, evidence: int) -> None:
        """Show this one large as soon as the case has it."""
        self._newest = evidence

    def tell(self, make: Callable[[], str] | None) -> None:
        """Which files weren't added, and why; line by line until the next case. None: nothing any more."""
        makers = self._telling = [*self._telling, make] if make is not None else []
        bind_made(self.told.setText, lambda: "\n".join(make() for make in makers))
        self.told.setVisible(bool(makers))

    def show_sending(self, text: str, done: int, total: int) -> None:
        """What is on its way; empty words: nothing is."""
        if not text:
            self.busy.finish()
        elif total:
            self.busy.progress(done, total)
        else:
            self.busy.start(text, stoppable=True)

    def index_of(self, evidence: int) -> int | None:
        return next((i for i, item in enumerate(self.items) if item.id == evidence), None)

    # ------------------------------------------------------------ dropped here

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if any(url.isLocalFile() for url in mime.urls()) or mime.hasImage():
            event.acceptProposedAction()
            restyle(self, dropping="true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        restyle(self, dropping="false")
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        restyle(self, dropping="false")
        event.acceptProposedAction()
        self.given.emit(event.mimeData())

    # ------------------------------------------------------------ inside

    def _ask_for_waiting(self) -> None:
        """Being asked for, an image is decoded now; nobody need open the case again. Each is asked for once."""
        for item in self.items:
            if item.status == "waiting" and item.id not in self._waited:
                self._waited.add(item.id)
                self._images.want(item.id, "thumb", lambda _image: self.decoded.emit(), self._not_decoded)

    def _not_decoded(self, error: DeskError) -> None:
        """It can't be shown: the case knows why by now."""
        if error.code == "evidence.not_shown":
            self.decoded.emit()

    def _show_current(self) -> None:
        for index, thumb in enumerate(self._thumbs.shown):
            thumb.setChecked(index == self.current)
        self.original.setVisible(bool(self.items))
        if not self.items:
            unbind_text(self.head.title.setText)
            self.set_title("ui.case.pane.evidence")
            self.source.hide()
            self.canvas.say(tr("ui.case.no_evidence"))
            self.canvas.set_notes(())
            self.details.set_rows([])
            return
        item = self.items[self.current]
        self.set_title("ui.case.pane.evidence.n", n=self.current + 1, total=len(self.items))
        self.source.set_kind("danger" if item.edited else "neutral")
        self.source.set_text(
            tr("ui.case.evidence.edited.short") if item.edited else show.upper(member("evidence_kind", item.kind))
        )
        self.source.show()
        self.details.set_rows(evidence_rows(item, self._delivered))
        self.canvas.setAccessibleName(show.joined(item.name, problem_of(item)[0]))
        self._load(item)

    def _load(self, item: EvidenceView) -> None:
        words, icon = problem_of(item)
        self.canvas.set_notes(item.notes)
        if words:
            self.canvas.say(words, icon)
            return
        here = self._images.have(item.id, "screen")
        if here is not None:
            self._arrived(item.id, here)
            return
        small = self._images.have(item.id, "thumb")
        if small is not None:
            self.canvas.show_image(small)
        else:
            self.canvas.say(tr("ui.case.evidence.loading"), "time")
        self._images.want(
            item.id,
            "screen",
            lambda image: self._arrived(item.id, image),
            lambda error: self.canvas.say(word_error(error), "danger") if self._is_current(item.id) else None,
        )

    def _is_current(self, evidence: int) -> bool:
        return bool(self.items) and self.items[self.current].id == evidence

    def _arrived(self, evidence: int, image: QImage) -> None:
        if self._is_current(evidence):
            self.canvas.show_image(image)
            self.looked.emit(evidence)

    def _thumb(self) -> Thumbnail:
        thumb = Thumbnail(QSize(46, 38))
        thumb.clicked.connect(lambda: self.choose(int(thumb.property("index"))))
        return thumb


class _Preview(Canvas):
    """The image as large as the pane is wide; a click or Enter opens it."""

    def __init__(self) -> None:
        super().__init__(ground="sunken", steered=False)
        self.setFixedHeight(150)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        bind_text(self.setAccessibleDescription, "ui.case.evidence.open_hint")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        high = max(110, min(420, round(self.width() * 0.78)))
        if high != self.height():
            self.setFixedHeight(high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()
