"""The only reader of the environment. Frozen; light, for the window reads it before it is painted."""

from __future__ import annotations

import locale
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from refund_desk.domain.errors import Unavailable

PREFIX = "REFUND_DESK_"
Language = Literal["zh", "en"]


def _text(name: str) -> str | None:
    return os.environ.get(PREFIX + name) or None


def _path(name: str) -> Path | None:
    value = _text(name)
    return Path(value) if value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is REFUND_DESK_<FIELD>, unless given by hand. An empty variable counts as none."""

    home: Path | None = field(default_factory=lambda: _path("HOME"))
    """The data directory: desk.db, blobs/, checkpoints/, drafts/."""
    database_url: str | None = field(default_factory=lambda: _text("DATABASE_URL"))
    """For serve, worker and db alone."""
    key_dir: Path | None = field(default_factory=lambda: _path("KEY_DIR"))
    """Where signing keys live; never inside a home."""
    token: str | None = field(default_factory=lambda: _text("TOKEN"))
    """Token of the account a command acts as."""
    server: str | None = field(default_factory=lambda: _text("SERVER"))
    """Server a command or window speaks to."""
    trusted_key: str | None = field(default_factory=lambda: _text("TRUSTED_KEY"))
    """Public key (vkey) that `audit verify` trusts."""
    language: str | None = field(default_factory=lambda: _text("LANGUAGE"))
    """zh or en; otherwise the system's."""
    currency: str = field(default_factory=lambda: _text("CURRENCY") or "CNY")
    """The desk's own currency: shown by its sign alone."""

    @property
    def data_dir(self) -> Path:
        """Your own desk, unless REFUND_DESK_HOME names another."""
        return _absolute(self.home or _data_home() / "refund-desk" / "desk")

    @property
    def demo_dir(self) -> Path:
        """The demo has a home of its own, unless REFUND_DESK_HOME names one."""
        return _absolute(self.home or _data_home() / "refund-desk" / "demo")

    @property
    def keys(self) -> Path:
        return _absolute(self.key_dir or _config_home() / "refund-desk" / "keys")

    @property
    def words(self) -> Language:
        """The language people are spoken to in: the one set, else the system's, else English."""
        wanted = self.language or _system_language()
        return "zh" if wanted.lower().startswith("zh") else "en"


def platform() -> str:
    """What a window would be drawn on, as Qt names it: xcb, wayland, offscreen, cocoa, windows; empty: on nothing."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if chosen:
        return chosen
    if sys.platform in ("win32", "darwin"):
        return "windows" if sys.platform == "win32" else "cocoa"
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if os.environ.get("DISPLAY") else ""


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _user_home() -> Path:
    """Raises Unavailable `home.unknown` for a user who has none, as in some containers."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise Unavailable("home.unknown") from error


def _system_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    return locale.getlocale()[0] or ""


def _config_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or _user_home() / "AppData/Roaming")
    if sys.platform == "darwin":
        return _user_home() / "Library/Application Support"
    return Path(os.environ.get("XDG_CONFIG_HOME") or _user_home() / ".config")


def _data_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _user_home() / "AppData/Local")
    if sys.platform == "darwin":
        return _user_home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or _user_home() / ".local/share")
