"""Cases as a file: what to ask for, and the manifest that says what was written."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from refund_desk.domain.exports import Format, Kind, Purpose
from refund_desk.domain.words import Reason, RequestKind, Stage
from refund_desk.wire.base import MAX_INT, Time, Wire


class QueueFilters(Wire):
    """Those of `GET /v1/cases`."""

    chip: str | None = Field(default=None, max_length=40)
    q: str | None = Field(default=None, max_length=200, description="Words to search for.")
    stage: Stage | None = None
    reason: Reason | None = None
    kind: RequestKind | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    assignee: int | None = Field(default=None, ge=1, le=MAX_INT)
    merchant: str | None = Field(default=None, max_length=200)
    closed: bool = Field(default=False, description="Closed ones, too.")


class ExportOrder(Wire):
    """purpose: what unmasked personal data is wanted for; without one it is masked."""

    format: Format = Format.XLSX
    filters: QueueFilters = Field(default_factory=QueueFilters)
    purpose: Purpose | None = None
    language: Literal["zh", "en"] = Field(default="en", description="Of an xlsx, which is worded.")


class ExportColumn(Wire):
    """type: `money` is an integer of minor units of the row's currency (major units in an xlsx)."""

    name: str
    type: Kind


class ExportedBy(Wire):
    name: str
    actor: str = Field(description="As the audit log names them.")


class ExportManifest(Wire):
    """What a file holds; written beside it. The job's result."""

    format: Format
    version: int = Field(description="Of the columns and of this manifest.")
    rows: int
    sha256: str
    bytes: int
    filters: dict[str, Any]
    columns: list[ExportColumn]
    personal: bool = Field(description="Whether personal data is unmasked.")
    purpose: Purpose | None
    by: ExportedBy
    at: Time
