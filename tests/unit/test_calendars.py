"""Calendars: what counts, checked against a walk minute by minute, and the shipped ones read as they are meant."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund_desk.domain.calendars import DAY_MIN, Calendar, Hours, PublicDays, Shift, always, joined
from refund_desk.domain.errors import Invalid
from refund_desk.engines import calendars, process_book
from refund_desk.engines.versions import Versions

BEIJING = ZoneInfo("Asia/Shanghai")
DAY = (Shift(9 * 60, 12 * 60), Shift(13 * 60 + 30, 18 * 60 + 30))
NIGHT = (Shift(22 * 60, 30 * 60),)
MINUTE = timedelta(minutes=1)


def calendar(week: tuple[Hours, ...], zone: str = "Asia/Shanghai", **more: object) -> Calendar:
    return Calendar("ours", zone=zone, week=week, **more)  # type: ignore[arg-type]


SHIFTS = st.builds(
    lambda start, length: Shift(start, min(start + length, 2 * DAY_MIN)), st.integers(0, 1439), st.integers(1, 900)
)
WEEKS = st.lists(st.lists(SHIFTS, max_size=3).map(tuple), min_size=7, max_size=7).map(tuple).filter(any)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
TIMES = st.integers(0, 729 * DAY_MIN).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)


@given(WEEKS, ZONES, TIMES, st.integers(1, 3 * DAY_MIN))
@settings(max_examples=25, deadline=None)
def test_it_counts_as_a_walk_over_minutes_would(week: tuple[Hours, ...], zone: str, start: datetime, span: int) -> None:
    """The walk knows nothing of intervals: it asks of each minute whether a shift has it."""
    ours, end = calendar(week, zone), start + span * MINUTE
    walked = sum(_works(week, ZoneInfo(zone), start + step * MINUTE) for step in range(span))
    assert ours.elapsed(start, end) == walked * 60
    assert ours.elapsed(end, start) == -walked * 60


def _works(week: tuple[Hours, ...], zone: ZoneInfo, minute: datetime) -> bool:
    for back in (0, 1, 2):
        day = minute.astimezone(zone).date() - timedelta(days=back)
        for shift in week[day.weekday()]:
            begin, end = (_instant(day, minutes, zone) for minutes in (shift.start, shift.end))
            if begin <= minute < end:
                return True
    return False


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone).astimezone(UTC)


@given(WEEKS, ZONES, TIMES, st.integers(-200_000, 200_000))
@settings(max_examples=60, deadline=None)
def test_due_and_elapsed_are_each_other(week: tuple[Hours, ...], zone: str, start: datetime, seconds: int) -> None:
    ours = calendar(week, zone)
    due = ours.due(start, seconds)
    assert ours.elapsed(start, due) == seconds
    assert ours.elapsed(due - timedelta(microseconds=1), due) > 0  # the first such instant


@given(WEEKS, ZONES, TIMES, st.lists(st.integers(1, 90_000), min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_time_adds_up(week: tuple[Hours, ...], zone: str, start: datetime, steps: list[int]) -> None:
    ours, at = calendar(week, zone), start
    for step in steps:
        at = ours.due(at, step)
    assert at == ours.due(start, sum(steps))


def test_on_all_time_it_is_plain_time() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert always().due(start, 3600) == start.astimezone(UTC) + timedelta(hours=1)
    assert always().elapsed(start, start + timedelta(days=2)) == 2 * 86_400
    assert always().turns(start) == (True, None)


def test_when_it_turns() -> None:
    ours = calendar((DAY,) * 5 + ((), ()))
    friday = datetime(2026, 11, 20, 12, 30, tzinfo=BEIJING)
    assert ours.turns(friday) == (False, datetime(2026, 11, 20, 13, 30, tzinfo=BEIJING))
    assert ours.turns(friday + timedelta(hours=1)) == (True, datetime(2026, 11, 20, 18, 30, tzinfo=BEIJING))
    assert ours.turns(friday + timedelta(hours=7)) == (False, datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING))


def test_a_calendar_in_which_nobody_works_any_more_says_so() -> None:
    closed = calendar((DAY,) * 7, public=lambda year: PublicDays(frozenset(_days(year))))
    with pytest.raises(OverflowError):
        closed.due(datetime(2026, 1, 1, tzinfo=UTC), 1)


def _days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range(366)]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=12))
def test_joined_spans_are_apart_and_cover_the_same(spans: list[tuple[int, int]]) -> None:
    out = joined(spans)
    assert {n for a, b in spans for n in range(a, b)} == {n for a, b in out for n in range(a, b)}
    assert all(one[1] < other[0] for one, other in pairwise(out))


def test_a_question_costs_a_search_and_no_walk() -> None:
    """Ten years of due times from one prepared calendar: each year is prepared once."""
    asked: list[int] = []

    def public(year: int) -> PublicDays:
        asked.append(year)
        return PublicDays()

    ours = calendar((DAY,) * 5 + ((), ()), public=public)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ours.due(start, 10 * 1800 * 3600)
    first = len(asked)
    for hour in range(5_000):
        ours.due(start + timedelta(hours=hour), 40 * 3600)
    assert len(asked) == first


# ------------------------------------------------------------ the files


def test_the_shipped_calendars_know_holidays_and_weekends_that_are_worked() -> None:
    office = process_book.standard().calendars["office"]
    assert not office.business_day(date(2026, 10, 1))  # National Day, a Thursday
    assert office.business_day(date(2026, 10, 10))  # a Saturday that makes up for it
    assert office.hours_of(date(2026, 10, 10)) == office.hours_of(date(2026, 10, 12))
    assert not office.business_day(date(2026, 10, 11))


BAD = {
    "week": ({"monday": ["9-17"]}, "calendar.shift"),
    "zone": ("Mars/Olympus", "calendar.zone"),
    "holidays": (["China"], "calendar.place"),
    "exceptions": ([{"date": "tomorrow", "hours": []}], "calendar.date"),
}


@pytest.mark.parametrize("key", BAD)
def test_a_mistake_is_told_with_its_place(key: str) -> None:
    content = copy.deepcopy(process_book.standard_content())
    content["calendars"]["office"][key], code = BAD[key]
    with pytest.raises(Invalid) as caught:
        process_book.read(content)
    problems = caught.value.params["problems"]
    assert code in {problem["code"] for problem in problems}
    assert all(problem["path"].startswith(("calendars[office]", "calendars.office")) for problem in problems)


def test_a_week_without_hours_a_taken_name_and_an_unknown_one_are_refused() -> None:
    content = copy.deepcopy(process_book.standard_content())
    content["calendars"]["office"]["week"] = {"monday": []}
    content["calendars"]["always"] = content["calendars"]["banking"]
    with pytest.raises(Invalid) as caught:
        process_book.read(content)
    assert {p["code"] for p in caught.value.params["problems"]} >= {"calendar.no_hours", "calendar.always"}
    content = copy.deepcopy(process_book.standard_content())
    content["process"]["clocks"]["decision"]["calendar"] = "nowhere"
    with pytest.raises(Invalid) as caught:
        process_book.read(content)
    assert [p["code"] for p in caught.value.params["problems"]] == ["process.bad.calendar_unknown"]


def test_a_country_without_known_holidays_is_refused_when_it_is_proposed() -> None:
    content = copy.deepcopy(process_book.standard_content())
    content["calendars"]["office"]["holidays"] = ["CN", "ZZ"]
    with pytest.raises(Invalid) as caught:
        Versions().check("process", content)
    assert [p["code"] for p in caught.value.params["problems"]] == ["calendar.place"]


def test_a_process_of_before_calendars_is_still_read() -> None:
    content = copy.deepcopy(process_book.standard_content())
    del content["calendars"], content["process"]["waits"], content["process"]["arrival_calendar"]
    del content["process"]["clocks"]["payout"]["calendar"], content["process"]["stages"]["waiting_merchant"]
    process = content["process"]
    process["moves"] = [m for m in process["moves"] if not m["event"].startswith("merchant.")]
    for name in ("merchant.ask", "merchant.answer"):
        del process["activities"][name]
    assert set(process_book.read(content).calendars) == {"always"}


def test_several_countries_are_closed_together() -> None:
    days = calendars.public_days(("DE-BY", "CN"), 2026)
    assert {date(2026, 1, 6), date(2026, 10, 1)} <= days.closed  # Epiphany in Bavaria, National Day in China
