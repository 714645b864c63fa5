"""Ctrl+K: any action of the desk, and any case, by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.overlay import Overlay
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.buttons import key_text
from refund_desk.desktop.words import bind_text, tr

ROWS = 12
ASK_AFTER_MS = 120
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the palette: texts are ready words, or from outside. `hint` stands at its right end."""

    title: str
    run: Callable[[], object]
    detail: str = ""
    hint: str = ""
    icon: str = "arrow_right"


Deliver = Callable[[Sequence[Found]], None]
Provider = Callable[[str, Deliver], None]
"""Asks for cases by text off the main thread and hands them over on it, at most once per text."""


def score(query: str, text: str) -> int | None:
    """How well the letters of `query` stand in `text` in their order; None if they don't. More is better."""
    query, text = query.casefold(), text.casefold()
    if query in text:
        return 1000 - text.index(query)
    total, at = 0, -1
    for letter in query.replace(" ", ""):
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        starts = found == 0 or not text[found - 1].isalnum()
        total += 12 if found == at + 1 else 6 if starts else 1
        at = found
    return total


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Found] = []

    def fill(self, rows: Sequence[Found]) -> None:
        self.beginResetModel()
        self.rows = list(rows)[:ROWS]
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(found.title, lines=False)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return plain(f"{found.title} {found.detail} {found.hint}", lines=False).strip()
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(200, 32)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, _Model):
            return
        found = model.rows[index.row()]
        rect: QRect = option.rect.adjusted(10, 0, -10, 0)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("selection"))
            painter.drawRoundedRect(option.rect.adjusted(2, 1, -2, -1), 5, 5)
        draw_icon(painter, QRect(rect.x(), rect.y() + 9, 14, 14), found.icon, "muted")
        metrics = QFontMetrics(painter.font())
        hint = metrics.horizontalAdvance(found.hint)
        left = rect.adjusted(24, 0, -hint - 12, 0)
        title = metrics.elidedText(plain(found.title, lines=False), Qt.TextElideMode.ElideRight, left.width())
        painter.setPen(theme().color("text"))
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, title)
        painter.setPen(theme().color("muted"))
        rest = left.adjusted(metrics.horizontalAdvance(title) + 10, 0, 0, 0)
        detail = metrics.elidedText(plain(found.detail, lines=False), Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, detail)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, found.hint)
        painter.restore()


class Palette(Overlay):
    """One field, one list: actions first as they match, cases as they arrive."""

    def __init__(self, window: QWidget, keys: Keys, provider: Provider | None = None) -> None:
        super().__init__(window)
        self._keys, self.provider = keys, provider
        self._actions: list[Found] = []
        self._cases: list[Found] = []
        self.field = QLineEdit()
        self.field.setObjectName("paletteField")
        self.field.textChanged.connect(self._typed)
        self.field.installEventFilter(self)
        bind_text(self.field.setPlaceholderText, "ui.palette.hint")
        bind_text(self.field.setAccessibleName, "ui.palette.hint")
        self.list = QListView()
        self.list.setObjectName("paletteList")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        bind_text(self.list.setAccessibleName, "ui.palette.found")
        self.model = _Model(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self))
        self.list.clicked.connect(self._take)
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(1, 1, 1, 4)
        column.setSpacing(0)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.timeout.connect(self._ask_cases)

    def open(self, text: str = "") -> None:
        """Show it, with what can be done now; `text` is typed already."""
        if self.isHidden():
            self._actions = [
                Found(tr(b.label_key), b.action, tr(f"ui.keys.{b.context}"), "  ".join(key_text(k) for k in b.keys))
                for b in self._keys.active()
            ]
        self.field.setText(text)
        self._typed(text)
        super().open()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._steer(event.key())
        return super().eventFilter(watched, event)

    def _steer(self, key: int) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            rows = self.model.rowCount()
            if rows:
                self.list.setCurrentIndex(self.model.index((self.list.currentIndex().row() + step) % rows))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentIndex())
            return True
        if key == Qt.Key.Key_Escape:
            self.shut()
            return True
        return False

    def _typed(self, text: str) -> None:
        self._cases = []
        self._show(text)
        if self.provider is not None and text.strip():
            self._ask.start(ASK_AFTER_MS)
        else:
            self._ask.stop()

    def _ask_cases(self) -> None:
        text = self.field.text().strip()
        if self.provider is not None and text and not self.isHidden():
            self.provider(text, lambda found: self._arrived(text, found))

    def _arrived(self, text: str, found: Sequence[Found]) -> None:
        if self.field.text().strip() == text and not self.isHidden():  # else: an answer to what is no longer asked
            self._cases = list(found)
            self._show(text)

    def _show(self, text: str) -> None:
        query = text.strip()
        scored = [(score(query, found.title), found) for found in self._actions]
        actions = [found for points, found in sorted(scored, key=lambda pair: -(pair[0] or 0)) if points is not None]
        room = max(3, ROWS - len(self._cases))
        self.model.fill([*actions[:room], *self._cases])
        self.list.setCurrentIndex(self.model.index(0))
        self.list.setFixedHeight(32 * max(1, self.model.rowCount()) + 10)
        if not self.isHidden():
            self._place()

    def _take(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        found = self.model.rows[index.row()]
        self.shut()
        found.run()
