"""Calendars from their file, strictly, and public holidays from the `holidays` package.

The package is imported when a calendar first asks for a year: opening a desk doesn't wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache, partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from refund_desk.domain.calendars import ALWAYS, DAY_MIN, Calendar, Hours, PublicDays, Shift, always
from refund_desk.domain.process import Label
from refund_desk.engines.plainfile import Node


class Weekday(StrEnum):
    """Monday is 0, as everywhere in Python."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_SHIFT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,5})?")
ALL_TIME = Label("全天候", "around the clock")


def read(node: Node) -> dict[str, Calendar]:
    """Calendars by id, `always` among them. A file of before there were any has that one alone."""
    found = {ALWAYS: always(ALL_TIME)}
    if node.value is not None:
        for key, each in node.items():
            if key == ALWAYS:
                node.problems.add(each.path, "calendar.always")
            found[key] = _calendar(key, each)
    return found


def _calendar(key: str, node: Node) -> Calendar:
    node.only("label zone week", "holidays make_up exceptions")
    week = _week(node["week"])
    places = tuple(_place(each) for each in node["holidays"].each())
    return Calendar(
        key,
        Label(*(node["label"][language].text() for language in ("zh", "en"))),
        zone(node["zone"]),
        week,
        dict(_exception(each) for each in node["exceptions"].each()),
        partial(public_days, places) if places else None,
        list(Weekday).index(node["make_up"].word(Weekday)) if "make_up" in node else None,
    )


def _week(node: Node) -> tuple[Hours, ...]:
    days = {}
    for key, each in node.items():
        days[Node(key, each.path, node.problems).word(Weekday)] = _hours(each)
    if not any(days.values()):
        node.problems.add(node.path, "calendar.no_hours")
    return tuple(days.get(day, ()) for day in Weekday)


def _hours(node: Node) -> Hours:
    return tuple(_shift(each) for each in node.each())


def _shift(node: Node) -> Shift:
    """ "09:00-17:30"; an end at or before the start is on the next day."""
    found = _SHIFT.fullmatch(node.text())
    if found is None:
        node.problems.add(node.path, "calendar.shift", text=str(node.value)[:80])
        return Shift(0, DAY_MIN)
    hour, minute, to_hour, to_minute = found.groups()
    start = int(hour) * 60 + int(minute)
    end = DAY_MIN if to_hour is None else int(to_hour) * 60 + int(to_minute)
    return Shift(start, end if end > start else end + DAY_MIN)


def _exception(node: Node) -> tuple[date, Hours]:
    node.only("date hours")
    try:
        day = date.fromisoformat(str(node["date"].value))
    except ValueError:
        node.problems.add(node["date"].path, "calendar.date", text=str(node["date"].value)[:80])
        day = date.min
    return day, _hours(node["hours"])


def zone(node: Node) -> str:
    """The name of an IANA time zone; a mistake is among the node's problems."""
    name = node.text()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        node.problems.add(node.path, "calendar.zone", text=name[:80])
        return "UTC"
    return name


def _place(node: Node) -> str:
    place = node.text()
    if not _PLACE.fullmatch(place):
        node.problems.add(node.path, "calendar.place", text=place[:80])
    return place


# ------------------------------------------------------------------ public holidays


@lru_cache(maxsize=256)
def public_days(places: tuple[str, ...], year: int) -> PublicDays:
    """Days off of a year in all of these places, and weekends that are worked in any. Raises NotImplementedError
    for a place that the package doesn't know."""
    import holidays

    closed, worked = set[date](), set[date]()
    for place in places:
        country, _, region = place.partition("-")
        found = holidays.country_holidays(country, subdiv=region or None, years=year)
        closed |= {day for day in found if day.year == year}
        worked |= {day for day in getattr(found, "weekend_workdays", ()) if day.year == year}
    return PublicDays(frozenset(closed), frozenset(worked - closed))


def unknown_places(calendars: Mapping[str, Calendar], year: int) -> list[tuple[str, str]]:
    """Calendars (id) with a place (as it was written) whose holidays nobody knows."""
    return [
        (calendar.id, place)
        for calendar in calendars.values()
        for place in _places(calendar.public)
        if not _known(place, year)
    ]


def _places(public: Callable[[int], PublicDays] | None) -> tuple[str, ...]:
    return public.args[0] if isinstance(public, partial) else ()


def _known(place: str, year: int) -> bool:
    try:
        public_days((place,), year)
    except NotImplementedError:
        return False
    return True
