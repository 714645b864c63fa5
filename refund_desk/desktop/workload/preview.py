"""The right side: what somebody has, to be chosen and dragged; or a preview, grouped, with what stays and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.widgets.caserow import (
    ROW_HEIGHT,
    Badge,
    Fonts,
    InkCache,
    RowText,
    lay_row,
    paint_ground,
    row_text,
)
from refund_desk.desktop.words import formats, member, tr, word, words
from refund_desk.desktop.workload import figures as f
from refund_desk.desktop.workload.model import CASES
from refund_desk.wire.cases import QueueRow
from refund_desk.wire.workload import MovePreview, PlannedMove

_Index = QModelIndex | QPersistentModelIndex
_SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Two lines of words, and a badge at the right."""

    head: str
    detail: str
    badge: Badge | None = None

    def spoken(self) -> str:
        return " · ".join(part for part in (self.head, self.detail, self.badge.text if self.badge else "") if part)


def preview_lines(preview: MovePreview) -> list[Line]:
    """Moves from one to another as one line; then what stays, one line a case."""
    groups: dict[tuple[int, int], list[PlannedMove]] = defaultdict(list)
    for move in preview.moves:
        groups[move.of.id if move.of else 0, move.to.id if move.to else 0].append(move)
    standing = {each.person.id: each for each in preview.people}
    out = []
    for (of, _to), moves in groups.items():
        first = moves[0]
        head = tr("ui.board.group", of=f.name(first.of), to=f.name(first.to), n=len(moves))
        out.append(Line(head, _what(moves), _effect(standing.get(of), first)))
    for skipped in preview.skipped:
        head = tr("ui.board.stays", ref=skipped.ref)
        out.append(Line(head, word(skipped.why), Badge(tr("ui.board.skipped"), "warn", "")))
    return out


def _what(moves: Sequence[PlannedMove]) -> str:
    reasons = Counter(move.reason for move in moves)
    parts = [f"{member('reason', reason)} {count}" for reason, count in reasons.most_common(MOST_REASONS)]
    languages = sorted({move.language.partition("-")[0] for move in moves})
    return " · ".join([formats().join(parts), "/".join(member("language_short", each) for each in languages)])


def _effect(giver: Any, move: PlannedMove) -> Badge | None:
    if move.to is None:
        return Badge(tr("ui.board.unassigned"), "neutral", "")
    if giver is None:
        return None
    before, after = round(giver.before.missing), round(giver.after.missing)
    if before == after:
        return Badge(tr("ui.board.keeps", n=after), "ok" if not after else "neutral", "")
    return Badge(tr("ui.board.falls", before=before, after=after), "ok" if after < before else "danger", "")


class LinesModel(QAbstractListModel):
    """The lines of a preview."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preview: MovePreview | None = None
        self.lines: list[Line] = []
        words().changed.connect(self._reword)

    def fill(self, preview: MovePreview | None) -> None:
        self.beginResetModel()
        self.preview = preview
        self.lines = preview_lines(preview) if preview is not None else []
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.lines) or role not in _SPOKEN:
            return None
        return self.lines[index.row()].spoken()

    def _reword(self) -> None:
        self.fill(self.preview)


class CasesModel(QAbstractListModel):
    """Cases of one person. Chosen ones can be dragged onto somebody."""

    def __init__(self, clock: DeskClock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.rows: list[QueueRow] = []
        words().changed.connect(self._repaint)
        clock.minute.connect(self._repaint)

    def fill(self, rows: Sequence[QueueRow]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def text(self, number: int) -> RowText:
        row = self.rows[number]
        return row_text(row, self._clock.now(), row.assignee.id if row.assignee else None)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows) or role not in _SPOKEN:
            return None
        return self.text(index.row()).spoken()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [CASES]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(CASES, "\n".join(self.rows[index.row()].ref for index in indexes).encode())
        return data

    def _repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))


class SideDelegate(QStyledItemDelegate):
    """Rows of both lists, two lines each."""

    def __init__(self, clock: DeskClock, view: QWidget) -> None:
        super().__init__(view)
        self._clock, self._cache = clock, InkCache()
        self._fonts: Fonts | None = None

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(100, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        state = option.state
        if self._fonts is None:
            self._fonts = Fonts.of(option.font)
        painter.save()
        paint_ground(
            painter,
            option.rect,
            selected=bool(state & QStyle.StateFlag.State_Selected),
            hovered=bool(state & QStyle.StateFlag.State_MouseOver),
            focused=bool(state & QStyle.StateFlag.State_HasFocus),
        )
        text = _text(index)
        mark = (text, option.rect.width(), self._clock.minutes(), words().language)
        ink = self._cache.get(text.ref, mark) or self._cache.keep(
            text.ref, mark, lay_row(text, self._fonts, option.rect.width())
        )
        ink.paint(painter, option.rect.x(), option.rect.y())
        painter.restore()


def _text(index: _Index) -> RowText:
    model = index.model()
    if isinstance(model, CasesModel):
        return model.text(index.row())
    assert isinstance(model, LinesModel)
    line = model.lines[index.row()]
    return RowText(line.head, "", line.detail, "", (), line.badge, unseen=False)
