"""What a figure taught us: a finding with an owner and a day, followed until it is settled, and its effect. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from refund_desk.domain.errors import Conflict, Invalid
from refund_desk.domain.figures import FIGURES, Span, Sums

LONGEST = 2000


class Status(StrEnum):
    """DROPPED: it was no finding, or isn't worth it."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Lesson:
    """sums: of the span on which it was seen, as they were counted then. dimension "": of all cases."""

    id: int
    figure: str
    dimension: str
    member: str
    span: Span
    sums: Sums
    text: str
    owner_id: int
    due: date
    made_by: int
    made_at: datetime
    status: Status
    settled_by: int | None
    settled_at: datetime | None
    result: str | None


def check_new(figure: str, text: str, due: date, today: date) -> None:
    """Raises Invalid `figures.unknown`, `lesson.text` or `lesson.due`."""
    if figure not in FIGURES:
        raise Invalid("figures.unknown", name=figure[:40])
    if not text.strip() or len(text) > LONGEST:
        raise Invalid("lesson.text", limit=LONGEST)
    if due < today:
        raise Invalid("lesson.due", due=due.isoformat())


def check_open(lesson: Lesson) -> None:
    """Raises Conflict `lesson.settled`."""
    if lesson.status is not Status.OPEN:
        raise Conflict("lesson.settled", id=lesson.id, status=lesson.status.value)


def effect_span(lesson: Lesson, settled: date | None, today: date) -> Span | None:
    """The days on which its effect shows: as many as it was seen on, from the day after it was done; the last ones
    while it is open. None before there are any, and for what was dropped."""
    days = lesson.span.last - lesson.span.first
    if lesson.status is Status.DROPPED:
        return None
    begins = max(today - days - timedelta(1), lesson.span.last) if settled is None else settled
    first = begins + timedelta(1)
    return Span(first, min(first + days, today)) if first <= today else None


def late(lesson: Lesson, today: date) -> bool:
    return lesson.status is Status.OPEN and lesson.due < today


def kept(sums: Sums) -> Mapping[str, int]:
    """What is kept of the sums: plain, and nothing that is zero."""
    return {part: n for part, n in sums.items() if n}
