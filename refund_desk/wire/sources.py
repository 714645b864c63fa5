"""Sources as they cross HTTP: connectors, connections, their runs, and how one is set up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from refund_desk.domain.sources import SettingType
from refund_desk.wire.base import Coded, Time, Wire
from refund_desk.wire.commands import Reason

Name = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="Of the connection; the source of what it says.")
]
Value = str | int | bool


class SettingView(Wire):
    """One thing a connection needs."""

    name: str
    type: SettingType
    required: bool
    default: Value | None = None
    secret: bool = Field(description="Kept apart from the settings, and never shown again.")


class ConnectorView(Wire):
    """A kind of system that this installation can read."""

    name: str = Field(examples=["vendure"])
    version: str
    settings: list[SettingView]
    streams: list[str]
    hooks: bool = Field(description="It takes webhooks.")


class SourceCounts(Wire):
    """read = new + changed + unchanged + quarantined + ignored."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    ignored: int = 0
    gone: int = 0
    pages: int = 0
    reasons: dict[str, int] = Field(default_factory=dict, description="Quarantine reason code → records.")


class SourceRun(Wire):
    """One run: how it ended, and what it did."""

    id: int
    started_at: Time
    ended_at: Time | None = None
    status: Literal["running", "done", "failed", "stopped", "lost"] = Field(
        description="lost: its process ended in the middle; the next run went on from there."
    )
    counts: SourceCounts
    rate: int | None = Field(default=None, description="Records a second, once it has ended.")
    error: Coded | None = None


class SourceView(Wire):
    """A connection and how it goes."""

    name: str
    connector: str
    settings: dict[str, Any]
    secrets: list[str] = Field(description="Names of the secrets that are kept.")
    enabled: bool
    running: bool
    next_at: Time | None = Field(default=None, description="When it runs again by itself.")
    cursors: dict[str, Any] = Field(default_factory=dict, description="How far each stream was read.")
    quarantined: int = Field(description="Records of it that wait in quarantine.")
    hints: int = Field(description="Webhooks that wait to be read after.")
    hook: str | None = Field(default=None, description="Path to which its webhooks are sent.")
    last: SourceRun | None = None


class SourceDetail(SourceView):
    """With its history, newest first."""

    runs: list[SourceRun]


class SourceBody(Wire):
    """How a connection is to be. Secrets that aren't given stay as they are."""

    name: str = Field(max_length=40, examples=["shop"])
    connector: str = Field(max_length=40)
    settings: dict[str, Value] = Field(default_factory=dict)
    secrets: dict[str, Annotated[str, Field(min_length=1, max_length=8192)]] = Field(default_factory=dict)
    enabled: bool = True


class SourceProposal(SourceBody):
    reason: Reason


class SourceTried(Wire):
    """Whether a connection works, and what is wrong where it doesn't."""

    works: bool
    problem: Coded | None = None
