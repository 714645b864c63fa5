"""Cases as a table for other programs and for spreadsheets: which columns there are, and what a cell may hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

VERSION: Final = 1
"""Of the columns and of the manifest. A column that goes or changes its meaning makes a new one."""


class Format(StrEnum):
    """XLSX is for people: worded, in major units and local time. The others hold codes, minor units and UTC."""

    XLSX = "xlsx"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Purpose(StrEnum):
    """What unmasked personal data is wanted for. A closed list: free words would stay in the log for good."""

    AUTHORITY = "authority"
    CHARGEBACK = "chargeback"
    FRAUD = "fraud"
    PRIVACY_REQUEST = "privacy_request"
    LEGAL = "legal"


class Kind(StrEnum):
    """What a column holds. MONEY: integer minor units of the row's currency; TIME: an aware instant."""

    TEXT = "text"
    CODE = "code"
    WHOLE = "whole"
    MONEY = "money"
    YES = "yes"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """vocabulary: whose members a CODE is. personal: there only where personal data is shown."""

    name: str
    kind: Kind = Kind.TEXT
    vocabulary: str = ""
    personal: bool = False
    width: int = 12

    @property
    def key(self) -> str:
        """Its name in a file for programs, which says the unit."""
        return f"{self.name}_minor" if self.kind is Kind.MONEY else self.name


_ALL: Final = (
    Column("ref", width=14),
    Column("order", width=18),
    Column("customer", width=14),
    Column("email", personal=True, width=24),
    Column("phone", personal=True, width=16),
    Column("merchant", width=18),
    Column("kind", Kind.CODE, "kind"),
    Column("reason", Kind.CODE, "reason", width=18),
    Column("stage", Kind.CODE, "stage"),
    Column("progress", Kind.CODE, "progress"),
    Column("open", Kind.YES, width=8),
    Column("round", Kind.WHOLE, width=8),
    Column("channel"),
    Column("method", Kind.CODE, "method", width=14),
    Column("currency", width=9),
    Column("asked", Kind.MONEY),
    Column("decision", Kind.CODE, "decision", width=18),
    Column("decided_at", Kind.TIME, width=17),
    Column("paid_out", Kind.MONEY),
    Column("conflicts", Kind.WHOLE, width=9),
    Column("disputed", Kind.YES, width=9),
    Column("images", Kind.WHOLE, width=8),
    Column("assignee", width=14),
    Column("opened_at", Kind.TIME, width=17),
    Column("due_at", Kind.TIME, width=17),
    Column("closed_at", Kind.TIME, width=17),
    Column("changed_at", Kind.TIME, width=17),
)


def columns(*, personal: bool) -> tuple[Column, ...]:
    """Of an export. Without personal data `customer` is masked, and what can't be masked usefully is left out."""
    return tuple(column for column in _ALL if personal or not column.personal)


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants exported. filters: those of the queue, by name; language: of an xlsx."""

    format: Format
    filters: Mapping[str, Any] = field(default_factory=dict)
    purpose: Purpose | None = None
    language: str = "en"


_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet read text as a formula; some locales take the full-width signs as well."""


def harmless(text: str) -> str:
    """Text for a CSV cell, which a spreadsheet won't run: what begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_RUN) else text
