"""Charts by pyqtgraph. Imported when the first one is drawn: it brings numpy, for which no window waits.

A chart is a picture of the table beside it: it takes no focus, and the table says its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from refund_desk.desktop.theme import theme
from refund_desk.desktop.words import bind_text

Tick = Callable[[float], str]
MARKS, LONGEST = 7, 14


class _Values(pg.AxisItem):  # type: ignore[misc]
    """An axis of values, worded as the table words them."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.word: Tick = str

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:
        return [self.word(value) for value in values]


class Chart(pg.PlotWidget):  # type: ignore[misc]
    """What both charts share: colours of the theme, no mouse, no menu."""

    def __init__(self, values_at: str, name_key: str, parent: QWidget | None = None) -> None:
        self.values = _Values(values_at)
        super().__init__(parent, axisItems={values_at: self.values})
        self.setMenuEnabled(False)
        menu = self.getPlotItem().ctrlMenu  # made all the same, and nobody's: they would outlive the chart
        for one in (menu, *(action.menu() for action in menu.actions() if action.menu() is not None)):
            one.setParent(self, Qt.WindowType.Popup)
            one.hide()
            for inside in one.findChildren(QWidget):
                inside.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 120)
        bind_text(self.setAccessibleName, name_key)
        bind_text(self.setAccessibleDescription, "ui.dashboards.chart_text")
        theme().changed.connect(self.paint_theme)
        self._again: Callable[[], None] = lambda: None

    def paint_theme(self) -> None:
        """Colours of the present theme, also after a switch."""
        color = theme().color
        self.setBackground(color("surface"))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(color("border_strong"))
            axis.setTextPen(color("muted"))
            axis.setStyle(tickLength=-4, autoExpandTextSpace=True)
            axis.setZValue(-1)  # its lines lie under bars, not over them
        self._again()

    def wheelEvent(self, event: object) -> None:
        """The page scrolls, not the chart."""
        event.ignore()  # type: ignore[attr-defined]


class LineChart(Chart):
    """Values by step. A step without a value is a gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", "ui.dashboards.line", parent)
        self.showGrid(x=False, y=True, alpha=0.25)

    def show_line(self, labels: Sequence[str], heights: Sequence[float | None], word: Tick) -> None:
        """labels: of the steps, of which a few are written."""
        self.values.word = word
        self._again = lambda: self._draw(labels, heights)
        self.paint_theme()

    def _draw(self, labels: Sequence[str], heights: Sequence[float | None]) -> None:
        self.clear()
        line = [nan if one is None else one for one in heights]
        accent, points = theme().color("accent"), len(labels) <= 62
        self.plot(
            list(range(len(line))),
            line,
            pen=pg.mkPen(accent, width=2),
            connect="finite",
            symbol="o" if points else None,
            symbolSize=5,
            symbolBrush=accent,
            symbolPen=None,
        )
        every = max(1, -(-len(labels) // MARKS))
        self.getAxis("bottom").setTicks([[(n, labels[n]) for n in range(0, len(labels), every)]])
        top = max((one for one in heights if one is not None), default=0.0)
        low = min((one for one in heights if one is not None), default=0.0)
        self.setYRange(min(0.0, low), top if top > 0 else 1.0, padding=0.06)
        self.setXRange(-0.3, max(0.3, len(labels) - 0.7), padding=0.02)


class BarChart(Chart):
    """Values by member, the first on top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("bottom", "ui.dashboards.bars", parent)
        self.showGrid(x=True, y=False, alpha=0.25)

    def show_bars(self, labels: Sequence[str], heights: Sequence[float | None], word: Tick) -> None:
        self.values.word = word
        self._again = lambda: self._draw(labels, heights)
        self.paint_theme()

    def _draw(self, labels: Sequence[str], heights: Sequence[float | None]) -> None:
        self.clear()
        places = [-n for n in range(len(labels))]
        bars = [one or 0.0 for one in heights]
        self.addItem(pg.BarGraphItem(x0=0, y=places, height=0.62, width=bars, brush=theme().color("accent"), pen=None))
        short = [one if len(one) <= LONGEST else one[: LONGEST - 1] + "…" for one in labels]
        self.getAxis("left").setTicks([list(zip(places, short, strict=True))])
        self.setYRange(-len(labels) + 0.4, 0.6, padding=0.02)
        self.setXRange(min([0.0, *bars]), max([*bars, 0.0]) or 1.0, padding=0.04)
