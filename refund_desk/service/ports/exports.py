"""Cases as rows, read in pages whatever their number, and the files made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from refund_desk.domain.errors import DeskError
from refund_desk.domain.exports import Column, Format
from refund_desk.service.ports.views import QueueFilter

Batch = Sequence[Sequence[Any]]
"""Rows in the order of the columns: str, int, bool, aware datetime or None."""


class ExportViews(Protocol):
    """Filled by `store.exports`."""

    def count(self, viewer: int, wanted: QueueFilter, now: datetime) -> int:
        """How many cases there are, whatever their number."""

    def pages(
        self, viewer: int, wanted: QueueFilter, now: datetime, columns: Sequence[Column], size: int = ...
    ) -> Iterator[Batch]:
        """All of them, oldest first, a page at a time. Columns that are personal are given as they are."""


class Figures(Protocol):
    """How a language writes figures and times."""

    def number(self, value: int) -> str: ...
    def percent(self, value: float, digits: int = 0) -> str: ...
    def money(self, amount: Any) -> str: ...
    def stamp(self, at: datetime) -> str: ...
    def full(self, at: datetime) -> str: ...
    def duration(self, seconds: float) -> str: ...
    def yes(self, value: bool) -> str: ...
    def join(self, parts: list[str]) -> str: ...


class Catalogue(Protocol):
    """One language of the catalogue, for papers that people read."""

    @property
    def language(self) -> str: ...
    @property
    def formats(self) -> Figures: ...
    def tr(self, key: str, /, **params: Any) -> str: ...
    def member(self, vocabulary: str, value: Any) -> str: ...
    def word(self, coded: Any, kind: str = "") -> str: ...
    def error(self, error: DeskError) -> str: ...
    def text2(self, text: Any) -> str: ...
    def show(self, value: Any) -> str: ...
    def plain(self, text: str) -> str:
        """Text from outside, with its controls visible."""


class TableWriter(Protocol):
    """Filled by `engines.exports`."""

    def __call__(
        self, format: Format, path: Path, columns: Sequence[Column], batches: Iterable[Batch], words: Catalogue
    ) -> None:
        """Write all batches to a file, in memory that doesn't grow with them."""
