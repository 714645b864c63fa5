"""Evidence over the whole workspace: one, two or four pictures that move together, and notes drawn on them.

Every key stays here while it is open; Esc closes. Looking at a picture is a look, told by `looked`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from refund_desk.client.api import DeskClient
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations, new_key
from refund_desk.desktop.widgets import ElidedLabel, IconButton, PlainLabel, words_label
from refund_desk.desktop.words import bind_text, tr, word_error, words
from refund_desk.desktop.workspace.canvas import STEP, Canvas, Look
from refund_desk.desktop.workspace.evidence_pane import problem_of
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.popup import AskText, Choice
from refund_desk.desktop.workspace.viewer_side import ViewerSide
from refund_desk.domain.errors import DeskError
from refund_desk.wire.cases import EvidenceView, ImageNote
from refund_desk.wire.commands import NewNote

LAYOUTS = (1, 2, 4)
PAN = 60.0


class Viewer(QWidget):
    """Covers its parent. `open(items, index)` shows it, `close_view` gives the focus back."""

    looked = Signal(int)
    closed = Signal()
    noted = Signal(int)
    """Id of evidence whose notes changed."""

    def __init__(
        self, client: DeskClient, operations: Operations, images: Images, keys: Keys, me: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._client, self._operations, self._images, self._over = client, operations, images, parent
        self._keys, self._me = keys, me
        self.items: list[EvidenceView] = []
        self._delivered: str | None = None
        self._may_note = False
        self._before: QWidget | None = None
        self.first, self.active, self.count = 0, 0, 1
        self.linked = True
        self._notes: dict[int, list[ImageNote]] = {}
        self.side = ViewerSide()
        self.side.dropped.connect(self._drop_note)
        self.canvases = [self._canvas(index) for index in range(4)]
        self._build()
        self._name_key("drop_note", "Del", self._choose_note)
        words().changed.connect(self._reword)
        self.hide()

    # ------------------------------------------------------------ open and close

    def open(self, items: Sequence[EvidenceView], index: int, delivered: str | None, *, may_note: bool) -> None:
        """Show these pictures from the one at `index` on."""
        self.items, self._delivered, self._may_note = list(items), delivered, may_note
        self._notes = {item.id: list(item.notes) for item in items}
        self.note_button.setVisible(may_note)
        self._before = QApplication.focusWidget()
        self.first = max(0, min(index, len(self.items) - 1))
        self.active = 0
        for canvas in self.canvases:
            canvas.look = Look()
        self.setGeometry(self._over.rect())
        self.show()
        self.raise_()
        self._keys.draw_curtain(self)  # the keys of the case below rest
        self.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
        self.arrange(self.count)

    def close_view(self) -> None:
        self.set_drawing(False)
        self._keys.lift_curtain(self)
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def shown_ids(self) -> list[int]:
        """Ids of the pictures that are on the screen."""
        return [item.id for item in self.items[self.first : self.first + self.count]]

    # ------------------------------------------------------------ what is shown

    def arrange(self, count: int) -> None:
        """One, two or four beside each other."""
        self.count = min(count, 4)
        self.active = min(self.active, self.count - 1)
        for index, canvas in enumerate(self.canvases):
            canvas.setVisible(index < self.count)
        for number, button in self.layouts.items():
            button.setChecked(number == self.count)
        self.link_button.setVisible(self.count > 1)
        self._fill()

    def step(self, by: int) -> None:
        """To the next or previous picture; with several, all move on."""
        if self.items:
            self.first = max(0, min(self.first + by, len(self.items) - 1))
            self._fill()

    def choose(self, index: int) -> None:
        """The picture that keys steer and whose data stand at the side."""
        self.active = min(index, self.count - 1)
        self._show_side()

    def set_linked(self, linked: bool) -> None:
        """Whether zoom and place of one are those of all."""
        self.linked = linked
        self.link_button.setChecked(linked)

    def set_drawing(self, drawing: bool) -> None:
        """Whether the mouse draws the frame of a note instead of moving the picture."""
        drawing = drawing and self._may_note
        self.note_button.setChecked(drawing)
        for canvas in self.canvases:
            canvas.drawing = drawing
            canvas.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.OpenHandCursor)
        self.hint.setVisible(drawing)

    def here(self) -> Canvas:
        return self.canvases[self.active]

    def item(self) -> EvidenceView | None:
        at = self.first + self.active
        return self.items[at] if at < len(self.items) else None

    # ------------------------------------------------------------ inside

    def _reword(self) -> None:
        if not self.isHidden():
            self._fill()

    def _fill(self) -> None:
        for index, canvas in enumerate(self.canvases[: self.count]):
            at = self.first + index
            if at >= len(self.items):
                canvas.say("")
                canvas.set_notes(())
                continue
            self._load(canvas, self.items[at])
        self._show_side()

    def _load(self, canvas: Canvas, item: EvidenceView) -> None:
        canvas.setProperty("evidence", item.id)
        canvas.setAccessibleName(item.name)
        canvas.set_notes(self._notes.get(item.id, []))
        problem, icon = problem_of(item)
        if problem:
            canvas.say(problem, icon)
            return
        here = self._images.have(item.id, "screen")
        if here is not None:
            canvas.show_image(here)
        else:
            canvas.say(tr("ui.case.evidence.loading"), "time")
        self._images.want(
            item.id,
            "full",
            lambda image: self._loaded(canvas, item.id, image),
            lambda error: self._not_loaded(canvas, item.id, error),
        )
        self.looked.emit(item.id)

    @staticmethod
    def _loaded(canvas: Canvas, evidence: int, image: QImage) -> None:
        if canvas.property("evidence") == evidence:
            canvas.show_image(image)

    @staticmethod
    def _not_loaded(canvas: Canvas, evidence: int, error: DeskError) -> None:
        if canvas.property("evidence") == evidence and canvas.image() is None:
            canvas.say(word_error(error), "danger")

    def _show_side(self) -> None:
        for index, canvas in enumerate(self.canvases):
            canvas.active = index == self.active and self.count > 1
            canvas.update()
        item = self.item()
        self.title.setText(item.name if item else "")
        at = min(self.first + self.active + 1, len(self.items))
        self.place.setText(tr("ui.case.viewer.place", n=at, total=len(self.items)))
        notes = self._notes.get(item.id, []) if item else []
        self.side.show_item(item, self._delivered, notes, mine={note.id for note in self._own(notes)})
        self._show_zoom()

    def _show_zoom(self) -> None:
        image = self.here().image()
        self.zoom.setText(tr("ui.case.viewer.zoom", share=self.here().percent()) if image is not None else "")

    def _moved(self, index: int, look: Look) -> None:
        if self.linked:
            for other, canvas in enumerate(self.canvases[: self.count]):
                if other != index:
                    canvas.set_look(look)
        self._show_zoom()

    # ------------------------------------------------------------ notes

    def _drawn(self, index: int, rect: QRectF) -> None:
        self.choose(index)
        item = self.item()
        self.set_drawing(False)
        if item is not None:
            AskText(self.note_button, "ui.case.viewer.note", lambda text: self._add_note(item.id, rect, text)).open()

    def _add_note(self, evidence: int, rect: QRectF, text: str) -> None:
        x, y = min(1.0, max(0.0, rect.x())), min(1.0, max(0.0, rect.y()))
        note = NewNote(x=x, y=y, w=min(rect.width(), 1 - x), h=min(rect.height(), 1 - y), text=text[:500])
        self._operations.write(
            self,
            lambda key: self._client.add_note(evidence, note, key),
            lambda made: self._note_made(evidence, made),
            self._say_error,
            key=new_key(),
        )

    def _note_made(self, evidence: int, note: ImageNote) -> None:
        self._notes.setdefault(evidence, []).append(note)
        self._fill()
        self.noted.emit(evidence)

    def _frame_seen(self) -> None:
        """By key: what is seen of the picture is what the note is about; zoom and arrows choose it."""
        if self.here().drawing:
            self.here().draw_seen()

    def _choose_note(self) -> None:
        """By key: which note goes, where there are several."""
        item = self.item()
        notes = self._own(self._notes.get(item.id, [])) if item is not None else []
        if len(notes) == 1:
            self._drop_note(notes[0].id)
        elif notes:
            items = [(str(note.id), note.text) for note in notes]
            Choice(
                self.note_button, tr("ui.case.viewer.drop_note"), items, lambda one: self._drop_note(int(one))
            ).open()

    def _own(self, notes: Sequence[ImageNote]) -> list[ImageNote]:
        """Notes that this person may take off: their own."""
        return [note for note in notes if self._may_note and note.by.id == self._me]

    def _drop_note(self, note: int) -> None:
        item = self.item()
        if item is None:
            return
        evidence = item.id
        self._operations.write(
            self,
            lambda _key: self._client.drop_note(evidence, note),
            lambda _none: self._note_dropped(evidence, note),
            self._say_error,
            key=new_key(),
        )

    def _note_dropped(self, evidence: int, note: int) -> None:
        self._notes[evidence] = [kept for kept in self._notes.get(evidence, []) if kept.id != note]
        self._fill()
        self.noted.emit(evidence)

    def _say_error(self, error: DeskError) -> None:
        self.problem.setText(word_error(error))
        self.problem.show()

    # ------------------------------------------------------------ keys

    def event(self, event: QEvent) -> bool:
        # Whatever has a meaning here must not be a shortcut of the case below; Ctrl+… still is.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            control = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if not control:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._actions().get(Qt.Key(event.key()))
        if action is not None:
            self.problem.hide()
            action()
        else:
            super().keyPressEvent(event)

    def _actions(self) -> dict[Qt.Key, Callable[[], object]]:
        key, here = Qt.Key, self.here()
        moving = here.look.zoom > 1
        return {
            key.Key_Escape: self._escape,
            key.Key_Question: self._keys.show_overview,
            key.Key_Space: self.close_view,
            key.Key_Plus: lambda: here.zoom_by(STEP),
            key.Key_Equal: lambda: here.zoom_by(STEP),
            key.Key_Minus: lambda: here.zoom_by(1 / STEP),
            key.Key_F: here.fit,
            key.Key_0: here.fit,
            key.Key_O: here.one_to_one,
            key.Key_R: lambda: here.rotate(1),
            key.Key_L: lambda: here.rotate(-1),
            key.Key_1: lambda: self.arrange(1),
            key.Key_2: lambda: self.arrange(2),
            key.Key_4: lambda: self.arrange(4),
            key.Key_M: lambda: self.set_linked(not self.linked),
            key.Key_N: lambda: self.set_drawing(not here.drawing),
            key.Key_Return: self._frame_seen,
            key.Key_Enter: self._frame_seen,
            key.Key_Delete: self._choose_note,
            key.Key_I: lambda: self.side.setVisible(self.side.isHidden()),
            key.Key_Tab: lambda: self.choose((self.active + 1) % self.count),
            key.Key_Left: partial(here.pan, PAN, 0) if moving else partial(self.step, -1),
            key.Key_Right: partial(here.pan, -PAN, 0) if moving else partial(self.step, 1),
            key.Key_Up: lambda: here.pan(0, PAN),
            key.Key_Down: lambda: here.pan(0, -PAN),
            key.Key_PageUp: lambda: self.step(-self.count),
            key.Key_PageDown: lambda: self.step(self.count),
        }

    def focusNextPrevChild(self, _next: bool) -> bool:
        self.choose((self.active + 1) % self.count)  # Tab goes from picture to picture
        return True

    def _escape(self) -> None:
        if self.here().drawing:
            self.set_drawing(False)
        else:
            self.close_view()

    # ------------------------------------------------------------ building

    def _canvas(self, index: int) -> Canvas:
        canvas = Canvas(self)
        canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        canvas.chosen.connect(lambda: self.choose(index))
        canvas.looked.connect(lambda look: self._moved(index, look))
        canvas.drawn.connect(lambda rect: self._drawn(index, rect))
        return canvas

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(3)
        for index, canvas in enumerate(self.canvases):
            grid.addWidget(canvas, index // 2, index % 2)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(grid, 1)
        middle.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        column.addLayout(middle, 1)
        bind_text(self.setAccessibleName, "ui.case.viewer")

    def _bar(self) -> QWidget:
        bar = QWidget()
        bar.setObjectName("viewerBar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.place = ElidedLabel(look="strong"), PlainLabel(look="muted")
        self.zoom, self.problem = PlainLabel(look="muted"), PlainLabel(look="danger")
        self.hint = words_label("ui.case.viewer.draw_hint", "accent")
        self.problem.hide()
        self.hint.hide()
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 5, 8, 5)
        row.setSpacing(3)
        for widget in (self.title, self.place, self.hint, self.problem):
            row.addWidget(widget)
            row.addSpacing(8)
        row.addStretch(1)
        row.addWidget(self.zoom)
        steps: tuple[tuple[str, str, str, Callable[[], object]], ...] = (
            ("zoom_out", "zoom_out", "-", lambda: self.here().zoom_by(1 / STEP)),
            ("zoom_in", "zoom_in", "+", lambda: self.here().zoom_by(STEP)),
            ("view_one", "fit", "F", lambda: self.here().fit()),
            ("search", "one_to_one", "O", lambda: self.here().one_to_one()),
            ("rotate_left", "rotate_left", "L", lambda: self.here().rotate(-1)),
            ("rotate_right", "rotate_right", "R", lambda: self.here().rotate(1)),
        )
        for name, word, keys, action in steps:
            row.addWidget(self._button(name, word, keys, action))
        icons = {1: "view_one", 2: "view_two", 4: "view_four"}
        self.layouts = {
            count: self._button(icons[count], f"layout_{count}", str(count), partial(self.arrange, count))
            for count in LAYOUTS
        }
        self.link_button = self._button("conflict", "link", "M", lambda: self.set_linked(not self.linked))
        self.note_button = self._button("note", "note", "N", lambda: self.set_drawing(not self.here().drawing))
        for button in (*self.layouts.values(), self.link_button, self.note_button):
            button.setCheckable(True)
            row.addWidget(button)
        self.link_button.setChecked(True)
        row.addWidget(self._button("info", "info", "I", lambda: self.side.setVisible(self.side.isHidden())))
        row.addWidget(self._button("close", "close", "Esc", self.close_view))
        return bar

    def _name_key(self, word: str, keys: str, action: Callable[[], object]) -> None:
        """For the overview and the palette; the key itself is taken in `keyPressEvent`, before any shortcut."""
        self._keys.add(f"viewer.{word}", keys, f"ui.case.viewer.{word}", action, owner=self, context="viewer")

    def _button(self, icon: str, word: str, keys: str, action: Callable[[], object]) -> IconButton:
        button = IconButton(icon, f"ui.case.viewer.{word}", keys)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys of the viewer do the same
        button.clicked.connect(lambda: action())
        self._name_key(word, keys, action)
        return button
