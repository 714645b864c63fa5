"""Prepared sums of the figures, reports that are kept, lessons. Filled by `store.figures` and `store.lessons`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from refund_desk.domain.figures import Span, Sums
from refund_desk.domain.lessons import Lesson, Status
from refund_desk.domain.process_map import Standing


@dataclass(frozen=True, slots=True)
class Drilled:
    """A case behind a figure: on which day it adds how much to which parts."""

    ref: str
    reason: str
    stage: str
    day: date
    case: int
    parts: Sums


class FigureViews(Protocol):
    def sums(self, dimension: str, span: Span, member: str | None = None) -> Mapping[str, Sums]:
        """Sums of a span by member of a dimension (EVERYTHING: of all cases, under "")."""

    def line(self, dimension: str, member: str, span: Span) -> Mapping[date, Sums]:
        """Sums of one member by day; days of which there is nothing are left out."""

    def behind(
        self, part: str, span: Span, dimension: str, member: str, after: tuple[int, int] | None, limit: int
    ) -> list[Drilled]:
        """Cases that add to a part, newest day first; after: (day, case) of the last one before this page."""

    def standing(self, now: datetime, limits: Mapping[str, int | None]) -> Sequence[Standing]:
        """How many open cases stand in each stage, since when, and how many for longer than its limit (seconds)."""

    def merchants(self, numbers: Iterable[str]) -> Mapping[str, str]: ...

    def lock(self) -> None:
        """One process at a time keeps the sums."""

    def forget(self) -> None: ...
    def top(self) -> int:
        """The place of the newest entry of the log; -1: it is empty."""

    def cases_after(self, case_id: int, limit: int) -> list[int]: ...
    def changed(self, position: int, limit: int) -> tuple[int, list[int]]:
        """Cases that the next entries of the log concern, and the place of the last of those entries."""

    def count_again(self, case_ids: Sequence[int], zone: ZoneInfo) -> int:
        """Bring the sums to what these cases' rows say now; how many of them added something else before."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A month's report that was made and is kept. person_id None: by itself."""

    id: int
    month: str
    format: str
    language: str
    digest: bytes
    bytes: int
    at: datetime
    person_id: int | None


class LessonBook(Protocol):
    """Months that were reported, and what was learnt from a figure."""

    def keep_report(
        self, month: str, form: str, language: str, digest: bytes, size: int, at: datetime, person_id: int | None
    ) -> int: ...
    def reports(self, month: str | None = None) -> Sequence[KeptReport]:
        """Newest first."""

    def report(self, number: int) -> KeptReport:
        """Raises NotFound `report.not_kept`."""

    def add(self, **columns: Any) -> int: ...
    def all(self) -> Sequence[Lesson]:
        """Open ones by the day they are due, then settled ones, newest first."""

    def get(self, number: int, lock: bool = False) -> Lesson:
        """Raises NotFound `lesson.not_found`."""

    def settle(self, number: int, status: Status, at: datetime, person_id: int, result: str) -> None: ...
