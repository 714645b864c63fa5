"""Light and dark: colour tokens, palette and style sheet. Switching is live.

Tokens are in resources/themes/{light,dark}.yaml, styles in resources/themes/NN-name.qss with `@token`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from refund_desk.client.flatyaml import read_flat
from refund_desk.client.resources import resource_dir
from refund_desk.desktop.fonts import mono_family, strong, ui_font

MODES = ("light", "dark")
KINDS = ("neutral", "info", "ok", "warn", "danger")
_TOKEN = re.compile(r"@([a-z_]+)")
_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "surface_alt",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "faint",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "accent_text",
    QPalette.ColorRole.Link: "info_fg",
    QPalette.ColorRole.LinkVisited: "info_fg",
    QPalette.ColorRole.ToolTipBase: "tip_bg",
    QPalette.ColorRole.ToolTipText: "tip_fg",
    QPalette.ColorRole.Light: "surface",
    QPalette.ColorRole.Midlight: "line",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border_strong",
    QPalette.ColorRole.Shadow: "border_strong",
    QPalette.ColorRole.Accent: "accent",
}
_DIMMED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def theme_dir() -> Path:
    return resource_dir() / "themes"


@cache
def load_tokens(mode: str) -> dict[str, str]:
    """Token name -> "#rrggbb"."""
    return read_flat(theme_dir() / f"{mode}.yaml")


def load_styles() -> str:
    """The numbered files in order, placeholders and all."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(theme_dir().glob("[0-9][0-9]-*.qss")))


def fill(styles: str, tokens: dict[str, str]) -> str:
    """Put tokens in. KeyError names one that doesn't exist."""
    return _TOKEN.sub(lambda found: tokens[found[1]], styles)


class Theme(QObject):
    """The present theme. `changed` after a switch: whatever paints by itself or holds icons repaints then."""

    changed = Signal()

    def __init__(self, mode: str = "light") -> None:
        super().__init__()
        self._app: QApplication | None = None
        self._set(mode)

    def apply(self, app: QApplication) -> None:
        """Fusion, font, palette and styles for the whole application; once, before the first window."""
        self._app = app
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(ui_font())
        self._paint()

    def use(self, mode: str) -> None:
        """Switch to `light` or `dark`."""
        if mode != self.mode:
            self._set(mode)
            self._paint()
            self.changed.emit()

    def toggle(self) -> None:
        self.use("dark" if self.mode == "light" else "light")

    def color(self, token: str) -> QColor:
        """A token as a colour, for painting. KeyError for a name that doesn't exist."""
        return self._colors[token]

    def pill(self, kind: str) -> tuple[QColor, QColor, QColor]:
        """Ground, text and line of a kind (neutral, info, ok, warn, danger), for delegates."""
        return self.color(f"{kind}_bg"), self.color(f"{kind}_fg"), self.color(f"{kind}_line")

    def palette(self) -> QPalette:
        palette = QPalette()
        for role, token in _ROLES.items():
            palette.setColor(role, self.color(token))
        for role in _DIMMED:
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("disabled"))
        return palette

    def styles(self) -> str:
        """The style sheet with colours, the fixed-width family, the folder of images and the strong weight put in."""
        images = (theme_dir() / "images").as_posix()
        rest = {"mono": f'"{mono_family()}"', "images": images, "strong": str(strong().value)}
        return fill(load_styles(), {**self.tokens, **rest})

    def _set(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(mode)
        self.mode = mode
        self.tokens = load_tokens(mode)
        self._colors = {name: QColor(value) for name, value in self.tokens.items()}

    def _paint(self) -> None:
        if self._app is not None:
            # Without a sheet in between, Qt takes the old one off each widget while others wear it: twice as long.
            self._app.setStyleSheet("")
            self._app.setPalette(self.palette())
            self._app.setStyleSheet(self.styles())


_current: Theme | None = None


def theme() -> Theme:
    """The theme of this process."""
    global _current
    if _current is None:
        _current = Theme()
    return _current
