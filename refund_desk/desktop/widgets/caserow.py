"""A case as a row of a list: its words, and a painter that lays a row out once and then only puts ink down."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText, QTransform

from refund_desk.client.plaintext import plain
from refund_desk.desktop.icons import draw_icon
from refund_desk.desktop.theme import theme
from refund_desk.desktop.widgets.badges import PILL_HEIGHT, pill_font
from refund_desk.desktop.widgets.text import tabular
from refund_desk.desktop.words import formats, member, tr

if TYPE_CHECKING:
    from refund_desk.wire.cases import QueueRow

SOON_S = 2 * 3600
ROW_HEIGHT = 54
_KEPT = 800
_PAD, _ICON, _GAP = 8, 11, 3
SEPARATOR = "\u2009·\u2009"
ELLIPSIS = Qt.TextElideMode.ElideRight


@dataclass(frozen=True, slots=True)
class Badge:
    """A pill to come: words, kind, icon."""

    text: str
    kind: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class RowText:
    """A row in words, before it is laid out."""

    ref: str
    who: str
    detail: str
    amount: str
    badges: tuple[Badge, ...]
    clock: Badge | None
    unseen: bool

    def spoken(self) -> str:
        """The row as one line, for screen readers and golden files."""
        marks = [badge.text for badge in self.badges] + ([tr("ui.row.unseen")] if self.unseen else [])
        parts = [self.ref, self.who, *marks, self.amount, self.detail, self.clock.text if self.clock else ""]
        return " · ".join(part.replace(SEPARATOR, " · ") for part in parts if part)


def clock_badge(due_at: datetime | None, now: datetime, *, overdue: bool = False, paused: bool = False) -> Badge | None:
    """How long is left: an icon and words of its own for late, soon, in time and paused."""
    if due_at is None:
        return Badge(tr("ui.row.paused"), "neutral", "pause-line") if paused else None
    seconds = int((due_at - now).total_seconds())
    if overdue or seconds < 0:
        return Badge(formats().left(min(seconds, -1)), "danger", "late")
    if seconds < SOON_S:
        return Badge(formats().left(seconds), "warn", "time")
    return Badge(formats().left(seconds), "ok", "time")


LIKELY = 0.5
"""From this likelihood on a row says that its case may be late."""


def row_text(row: QueueRow, now: datetime, me: int | None = None, miss: float = 0.0) -> RowText:
    """Words of a queue row for the present language. `me`: the viewer, whose own name isn't repeated; `miss`: how
    likely its deadline is missed as things stand."""
    detail = [member("reason", row.reason)]
    if row.stage.value != "review":
        detail.insert(0, member("stage", row.stage))
    if row.method:
        detail.append(member("method", row.method))
    if row.images:
        detail.append(tr("ui.row.images", n=row.images))
    if row.merchant:
        detail.append(plain(row.merchant, lines=False))
    if row.assignee is not None and row.assignee.id != me:
        detail.append(plain(row.assignee.name, lines=False))
    badges = []
    if row.conflicts:
        badges.append(Badge(tr("ui.row.conflict"), "danger", "conflict"))
    if row.disputed:
        badges.append(Badge(tr("ui.row.dispute"), "warn", "danger"))
    if row.round > 1:
        badges.append(Badge(tr("ui.row.round", n=row.round), "neutral"))
    if miss >= LIKELY and row.due_at is not None and row.due_at > now:
        badges.append(Badge(tr("ui.row.may_miss", share=round(miss * 100)), "warn", "line-chart-line"))
    return RowText(
        row.ref,
        plain(row.customer, lines=False),
        SEPARATOR.join(detail),
        formats().money(row.amount) if row.amount is not None else "",
        tuple(badges),
        clock_badge(row.due_at, now, overdue=row.overdue, paused=row.paused),
        row.unseen,
    )


@dataclass(slots=True)
class Ink:
    """A laid-out row: what to put where, relative to its top left corner. Colours are tokens."""

    texts: list[tuple[QPointF, QStaticText, QFont, str]] = field(default_factory=list)
    grounds: list[tuple[QRectF, str]] = field(default_factory=list)
    icons: list[tuple[QRectF, str, str]] = field(default_factory=list)

    def put(self, x: float, middle: float, text: str, font: QFont, token: str) -> None:
        """A text whose middle stands at a height."""
        if text:
            static = still(text, font)
            self.texts.append((QPointF(x, middle - static.size().height() / 2), static, font, token))

    def pill(self, x: float, middle: float, badge: Badge, font: QFont, *, bare: bool = False) -> float:
        """A pill with its left edge at x; `bare` leaves its words out. Returns its width."""
        wide = pill_room(badge, font, bare=bare)
        top = middle - PILL_HEIGHT / 2
        self.grounds.append((QRectF(x, top, wide, PILL_HEIGHT), f"{badge.kind}_bg"))
        left, ink = x + (_PAD - 3 if bare else _PAD), f"{badge.kind}_fg"
        if badge.icon:
            self.icons.append((QRectF(left, middle - _ICON / 2, _ICON, _ICON), badge.icon, ink))
            left += _ICON + _GAP
        if not bare:
            self.put(left, middle, badge.text, font, ink)
        return wide

    def paint(self, painter: QPainter, left: float, top: float) -> None:
        """Put it down. Nothing is measured, shaped or cut here."""
        colors = theme()
        painter.translate(left, top)
        if self.grounds:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            for rect, token in self.grounds:
                painter.setBrush(colors.color(token))
                painter.drawRoundedRect(rect, PILL_HEIGHT / 2, PILL_HEIGHT / 2)
        for rect, name, token in self.icons:
            draw_icon(painter, rect, name, token)
        for at, text, font, token in self.texts:
            painter.setFont(font)
            painter.setPen(colors.color(token))
            painter.drawStaticText(at, text)
        painter.translate(-left, -top)


def still(text: str, font: QFont) -> QStaticText:
    """Text shaped once, shown as it is."""
    static = QStaticText(text)
    static.setTextFormat(Qt.TextFormat.PlainText)
    static.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    static.prepare(QTransform(), font)
    return static


def pill_room(badge: Badge, font: QFont, *, bare: bool = False) -> float:
    """Width of a pill that `Ink.pill` puts; `font` is the pills' own."""
    icon = _ICON + (0 if bare else _GAP) if badge.icon else 0
    words = 0.0 if bare else QFontMetricsF(font).horizontalAdvance(badge.text)
    return words + icon + 2 * (_PAD - 3 if bare else _PAD)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The fonts of rows, made from the font of a view."""

    plain: QFont
    strong: QFont
    small: QFont
    pill: QFont

    @classmethod
    def of(cls, font: QFont) -> Fonts:
        strong, small = tabular(font), tabular(font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(12)
        return cls(tabular(font), strong, small, tabular(pill_font(font)))


class InkCache:
    """Laid-out rows, the least used forgotten. `mark` is anything that tells whether a layout still holds."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._rows: OrderedDict[str, tuple[object, Ink]] = OrderedDict()

    def get(self, key: str, mark: object) -> Ink | None:
        found = self._rows.get(key)
        if found is None or found[0] != mark:
            return None
        self._rows.move_to_end(key)
        return found[1]

    def keep(self, key: str, mark: object, ink: Ink) -> Ink:
        self._rows[key] = (mark, ink)
        if len(self._rows) > self._kept:
            self._rows.popitem(last=False)
        return ink

    def clear(self) -> None:
        self._rows.clear()


def lay_row(text: RowText, fonts: Fonts, width: float, left: float = 13, right: float = 12) -> Ink:
    """Two lines as in a list of cases: reference, customer, badges and amount; detail and clock."""
    ink = Ink()
    upper, lower = ROW_HEIGHT / 2 - 10.0, ROW_HEIGHT / 2 + 11.0
    edge = width - right
    if text.unseen:
        ink.icons.append((QRectF(left - 9, upper - 3, 6, 6), "unseen", "accent"))
    if text.amount:
        edge -= QFontMetricsF(fonts.strong).horizontalAdvance(text.amount)
        ink.put(edge, upper, text.amount, fonts.strong, "text")
        edge -= 10
    _lay_head(ink, text, fonts, left, upper, edge)
    edge = width - right
    if text.clock is not None:
        edge -= pill_room(text.clock, fonts.pill)
        ink.pill(edge, lower, text.clock, fonts.pill)
        edge -= 10
    detail = QFontMetricsF(fonts.small).elidedText(text.detail, ELLIPSIS, edge - left)
    ink.put(left, lower, detail, fonts.small, "muted")
    return ink


def _lay_head(ink: Ink, text: RowText, fonts: Fonts, left: float, middle: float, edge: float) -> None:
    metrics = QFontMetricsF(fonts.strong)
    head = f"{text.ref}{SEPARATOR}{text.who}" if text.who else text.ref
    badges = sum(pill_room(badge, fonts.pill) + 6 for badge in text.badges)
    # Where not all fits, badges give up their words before a name gives up its letters.
    bare = left + metrics.horizontalAdvance(head) + badges > edge
    marks = [badge for badge in text.badges if badge.icon or not bare]
    badges = sum(pill_room(badge, fonts.pill, bare=bare) + 6 for badge in marks)
    shown = metrics.elidedText(head, ELLIPSIS, max(0.0, edge - badges - left))
    ink.put(left, middle, shown, fonts.strong, "text")
    x = left + metrics.horizontalAdvance(shown) + 6
    for badge in marks:
        x += ink.pill(x, middle, badge, fonts.pill, bare=bare) + 6


def paint_ground(painter: QPainter, rect: QRect, *, selected: bool, hovered: bool, focused: bool) -> None:
    """Ground, the bar of the chosen row, and the line below."""
    colors = theme()
    if selected:
        painter.fillRect(rect, colors.color("selection"))
        painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), colors.color("accent"))
    elif hovered:
        painter.fillRect(rect, colors.color("surface_alt"))
    painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), colors.color("line"))
    if selected and focused:
        painter.setPen(colors.color("focus"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawRect(rect.adjusted(0, 0, -1, -2))
