"""The one way out of the window: an address, opened by whatever the system opens addresses with."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_address(address: str) -> bool:
    """Open an http or https address outside; False for any other, and where nothing on this machine opens them."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    if not url.isValid() or url.scheme() not in ("http", "https") or not url.host():
        return False
    return QDesktopServices.openUrl(url)
