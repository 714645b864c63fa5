"""The only reader of environment and config file. Frozen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _config_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData/Roaming"))
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _data_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


class Settings(BaseSettings):
    """Names are REFUND_DESK_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="REFUND_DESK_", frozen=True, extra="ignore")

    home: Path | None = Field(default=None, description="The data directory: desk.db, blobs/, checkpoints/, drafts/.")
    database_url: str | None = Field(default=None, description="For serve, worker and db alone.")
    key_dir: Path | None = Field(default=None, description="Where signing keys live; never inside a home.")
    token: str | None = Field(default=None, description="Token of the account a command acts as.")
    server: str | None = Field(default=None, description="Server a command or window speaks to.")
    trusted_key: str | None = Field(default=None, description="Public key (vkey) that `audit verify` trusts.")
    language: str | None = Field(default=None, description="zh or en; default: the system's.")
    currency: str = Field(default="CNY", description="The desk's own currency: shown by its sign alone.")

    @property
    def data_dir(self) -> Path:
        """Your own desk, unless REFUND_DESK_HOME names another."""
        return (self.home or _data_home() / "refund-desk" / "desk").expanduser().absolute()

    @property
    def demo_dir(self) -> Path:
        """The demo has a home of its own, unless REFUND_DESK_HOME names one."""
        return (self.home or _data_home() / "refund-desk" / "demo").expanduser().absolute()

    @property
    def keys(self) -> Path:
        return (self.key_dir or _config_home() / "refund-desk" / "keys").expanduser().absolute()
