"""What the window remembers between two days: language, theme, last view, sizes. One ini file; no case data."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QSplitter, QWidget

from refund_desk.client.words import LANGUAGES
from refund_desk.desktop.theme import MODES


class DeskState:
    """`desktop.ini` in `directory`. A value that makes no sense reads as never set."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._ini = QSettings(str(directory / "desktop.ini"), QSettings.Format.IniFormat)

    def text(self, name: str, default: str = "") -> str:
        value = self._ini.value(name)
        return value if isinstance(value, str) else default

    def set_text(self, name: str, value: str) -> None:
        self._ini.setValue(name, value)

    @property
    def language(self) -> str | None:
        value = self.text("look/language")
        return value if value in LANGUAGES else None

    @language.setter
    def language(self, value: str) -> None:
        self.set_text("look/language", value)

    @property
    def theme(self) -> str:
        value = self.text("look/theme")
        return value if value in MODES else MODES[0]

    @theme.setter
    def theme(self, value: str) -> None:
        self.set_text("look/theme", value)

    @property
    def view(self) -> str:
        """Key of the last rail entry."""
        return self.text("look/view")

    @view.setter
    def view(self, value: str) -> None:
        self.set_text("look/view", value)

    def keep_splitter(self, splitter: QSplitter, name: str) -> None:
        """Give a splitter its old sizes back and remember new ones. Call it after its panes are in."""
        saved = self._ini.value(f"split/{name}")
        if isinstance(saved, QByteArray):
            splitter.restoreState(saved)
        splitter.splitterMoved.connect(lambda: self._ini.setValue(f"split/{name}", splitter.saveState()))

    def restore_window(self, window: QWidget) -> bool:
        """Put the window where it was; False on the first start."""
        saved = self._ini.value("window/geometry")
        return isinstance(saved, QByteArray) and window.restoreGeometry(saved)

    def save_window(self, window: QWidget) -> None:
        self._ini.setValue("window/geometry", window.saveGeometry())
        self._ini.sync()
