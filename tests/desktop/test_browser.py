"""The way out of the window leads to web addresses alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from refund_desk.desktop.browser import open_address


class Opener(QObject):
    """Stands where the system's browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.seen.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


@pytest.mark.usefixtures("qtbot")
def test_only_web_addresses_are_opened_and_as_they_are(qtbot: QtBot) -> None:
    opener = Opener()
    for scheme in ("http", "https", "file"):
        QDesktopServices.setUrlHandler(scheme, opener, "take")  # type: ignore[arg-type] # bytes in the stub, text in truth
    try:
        assert open_address("https://shop.example/o/a%2Fb%20c")
        assert opener.seen == ["https://shop.example/o/a%2Fb%20c"]
        for bad in ("file:///etc/passwd", "javascript:alert(1)", "https://", "shop.example/x", ""):
            assert not open_address(bad)
        assert len(opener.seen) == 1
    finally:
        for scheme in ("http", "https", "file"):
            QDesktopServices.unsetUrlHandler(scheme)
