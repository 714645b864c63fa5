"""Business calendars: which time counts, where people work in shifts, in a zone, with days off.

A calendar is data and asks nobody the time. Shifts are wall times of a zone; what they come to in real
time follows its daylight saving: a night shift lasts seven hours when the clocks go forward and nine
when they go back. A wall time that comes twice means the first, one that is skipped the same distance after.
A shift belongs to the day on which it begins: a night shift begun before a holiday ends in it.

Instants are aware, answers are in UTC; inside, time is whole microseconds since 1970, prepared a year at
a time, so that a question costs a search in a list and never a walk over hours.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from refund_desk.domain.process import Label

ALWAYS = "always"
"""Id of the calendar on which all time counts: what a clock goes by that names none."""

DAY_MIN = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_FARTHEST = 60
"""Years that a question may reach over: a calendar in which nobody works any more answers nothing."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes after midnight of its day; an end above 1440 is on the day after."""

    start: int
    end: int


Hours = tuple[Shift, ...]
"""The shifts that begin on one day; none: nobody works."""


@dataclass(frozen=True, slots=True)
class PublicDays:
    """What the authorities say of a year: days off, and weekends that are worked to make up for them."""

    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()


class _Year(NamedTuple):
    """Working intervals of a year, sorted and apart, cut at its ends (UTC); `before`: work until each begins."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def done(self, at: int) -> int:
        """Work from the year's beginning until an instant in it."""
        found = bisect_right(self.starts, at) - 1
        return self.before[found] + min(at, self.ends[found]) - self.starts[found] if found >= 0 else 0

    def reached(self, work: int) -> int:
        """The first instant by which so much is done; more than none, at most all."""
        found = bisect_left(self.before, work) - 1
        return self.starts[found] + work - self.before[found]


@dataclass(frozen=True)
class Calendar:
    """One calendar. `week`: Monday first; None: all time counts. `exceptions` go before all else.

    `public` tells a year's days off; `make_up`: the weekday whose hours are worked on a weekend that
    makes up for one.
    """

    id: str
    label: Label | None = None
    zone: str = "UTC"
    week: tuple[Hours, ...] | None = None
    exceptions: Mapping[date, Hours] = field(default_factory=dict)
    public: Callable[[int], PublicDays] | None = field(default=None, compare=False)
    make_up: int | None = None
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    # ------------------------------------------------------------ questions

    def due(self, start: datetime, seconds: float) -> datetime:
        """The first instant by which so many seconds of working time have passed since `start`.

        Negative: so many before it. What is due at the end of a shift is due then, not when the next begins.
        """
        left = round(seconds * 1_000_000)
        if self.week is None:
            return start.astimezone(UTC) + left * _MICRO
        year = _year_of(start)
        left += self._year(year).done(_micros(start))
        for _ in range(_FARTHEST):
            total = self._year(year).total
            if 0 < left <= total:
                return _EPOCH + self._year(year).reached(left) * _MICRO
            year, left = (year + 1, left - total) if left > 0 else (year - 1, left + self._year(year - 1).total)
        raise OverflowError(f"calendar {self.id} has no working time within {_FARTHEST} years of {start}")

    def elapsed(self, start: datetime, end: datetime) -> float:
        """Seconds of working time from one instant to another; negative where the second is earlier."""
        if self.week is None:
            return (end - start).total_seconds()
        if end < start:
            return -self.elapsed(end, start)
        first, last = _year_of(start), _year_of(end)
        between = sum(self._year(year).total for year in range(first, last))
        return (between + self._year(last).done(_micros(end)) - self._year(first).done(_micros(start))) / 1_000_000

    def turns(self, at: datetime) -> tuple[bool, datetime | None]:
        """Whether an instant is working time, and when that changes; None: never."""
        if self.week is None:
            return True, None
        now, year = _micros(at), _year_of(at)
        for each in range(year, year + _FARTHEST):
            known = self._year(each)
            found = bisect_right(known.starts, now) - 1
            if found >= 0 and now < known.ends[found]:
                return True, _EPOCH + known.ends[found] * _MICRO
            if found + 1 < len(known.starts):
                return False, _EPOCH + known.starts[found + 1] * _MICRO
        return False, None

    def rest_of_day(self, at: datetime) -> tuple[float, datetime | None]:
        """Seconds of working time left of the shifts of a day, and when the last of them ends; (0, None): none.

        A night shift that began yesterday is still yesterday's.
        """
        zone = ZoneInfo(self.zone)
        today, now = at.astimezone(zone).date(), _micros(at)
        for day in (today - _DAY, today):
            spans = [(_wall(day, shift.start, zone), _wall(day, shift.end, zone)) for shift in self.hours_of(day)]
            if not spans or now >= (end := max(last for _, last in spans)):
                continue
            if day == today or now >= min(start for start, _ in spans):
                ends = _EPOCH + end * _MICRO
                return self.elapsed(at, ends), ends
        return 0.0, None

    # ------------------------------------------------------------ days

    def hours_of(self, day: date) -> Hours:
        """The shifts that begin on a day: its exception, else days off and weekends worked, else its weekday's."""
        if self.week is None:
            return (Shift(0, DAY_MIN),)
        if day in self.exceptions:
            return self.exceptions[day]
        public = self.public(day.year) if self.public else PublicDays()
        if self.make_up is not None and day in public.worked:
            return self.week[self.make_up]
        return () if day in public.closed else self.week[day.weekday()]

    def business_day(self, day: date) -> bool:
        """Whether anybody begins to work on a day."""
        return bool(self.hours_of(day))

    def business_days_after(self, start: datetime, days: int) -> datetime:
        """The same time of day, in the calendar's zone, so many business days later."""
        here = start.astimezone(ZoneInfo(self.zone))
        day = here.date()
        while days > 0:
            day += _DAY
            days -= self.business_day(day)
        return datetime.combine(day, here.time(), here.tzinfo).astimezone(UTC) if day != here.date() else start

    def business_days(self, start: datetime, end: datetime) -> int:
        """Business days from the day after `start` up to the day of `end`; 0 where it is the same day or earlier."""
        zone = ZoneInfo(self.zone)
        first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        return sum(self.business_day(first + _DAY * step) for step in range(1, (last - first).days + 1))

    # ------------------------------------------------------------ what is prepared

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = self._prepare(year)
        return found

    def _prepare(self, year: int) -> _Year:
        low, high = (_micros(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
        day, stop, zone = date(year, 1, 1) - 3 * _DAY, date(year + 1, 1, 1) + 2 * _DAY, ZoneInfo(self.zone)
        spans = []
        while day < stop:
            spans += [(_wall(day, shift.start, zone), _wall(day, shift.end, zone)) for shift in self.hours_of(day)]
            day += _DAY
        cut = [(max(start, low), min(end, high)) for start, end in joined(spans)]
        kept = [(start, end) for start, end in cut if start < end]
        sums = list(accumulate((end - start for start, end in kept), initial=0))
        return _Year([start for start, _ in kept], [end for _, end in kept], sums[:-1], sums[-1])


def always(label: Label | None = None) -> Calendar:
    """All time counts."""
    return Calendar(ALWAYS, label)


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or overlap made one; empty ones left out."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _year_of(at: datetime) -> int:
    return at.astimezone(UTC).year


def _wall(day: date, minutes: int, zone: ZoneInfo) -> int:
    """The instant of a wall time so many minutes after a day's midnight."""
    over, rest = divmod(minutes, DAY_MIN)
    return _micros(datetime.combine(day + over * _DAY, time(rest // 60, rest % 60), zone))
